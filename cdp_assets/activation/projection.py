"""The ledger as tables of the warehouse, for analysis.

Belongs here: ledger rows as Arrow in the shape of `schemas.py`. Does not belong here: anything that acts.

What is shown depends on the as-of instant alone, not on how often or how late a refresh ran: the outbox as of this
instant without what became of it since, and deliveries of earlier instants.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from cdp_assets.activation import decisions
from cdp_assets.activation.holdout import of_today
from cdp_assets.activation.schemas import DELIVERIES, DESTINATION_STATE, EXPOSURES, OUTBOX
from cdp_assets.ledger import Ledger, destinations, guard, history, holdouts
from cdp_assets.warehouse.built import ColumnLineage

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from cdp_assets.warehouse.engine import Engine


_MEMBERS = {("segments", "memberships", "segment"), ("segments", "memberships", "profile_id")}
_TOLD = {*_MEMBERS, ("identity", "redirects", "old_profile_id"), ("identity", "redirects", "profile_id")}
_ASKED = {
    ("privacy", "consent_state", "status"),
    ("privacy", "consent_state", "expires_at"),
    ("privacy", "suppressions", "reason"),
}

OUTBOX_LINEAGE: ColumnLineage = {
    "profile_id": _TOLD,
    "segment": {("segments", "memberships", "segment")},
    "change": _TOLD,
    "decision": _TOLD | _ASKED,
    "gate": _ASKED,
}
"""Declared, since the ledger stands between."""

EXPOSURES_LINEAGE: ColumnLineage = {"profile_id": _TOLD, "person_id": _TOLD, "exposed_at": _ASKED}
"""Declared, since the ledger stands between."""

DELIVERIES_LINEAGE: ColumnLineage = {
    name: {("activation", OUTBOX.name, name)} for name in DELIVERIES.column_names if name in OUTBOX.column_names
}
"""Declared, since the ledger stands between."""

STATE_LINEAGE: ColumnLineage = {
    "profile_id": _TOLD,
    "person_id": _TOLD,
    "member": _TOLD | _ASKED,
    "withheld_change": _TOLD | _ASKED,
    "withheld_reason": _ASKED,
}
"""Declared, since the ledger stands between."""


def outbox_table(engine: Engine, ledger: Ledger, as_of: datetime) -> ir.Table:
    """What refreshes as of this instant put into the outbox (`OUTBOX`)."""
    with ledger.reading() as connection:
        rows = history.written_at(connection, as_of)
    gate = rows["gate"]
    decision = pc.if_else(
        pc.is_null(gate),
        decisions.SEND,
        pc.if_else(pc.equal(gate, guard.REASON), decisions.HOLD, decisions.WITHHOLD),
    )
    rows = rows.append_column("decision", decision.cast(pa.string()))
    return engine.from_arrow(rows.select(OUTBOX.column_names), OUTBOX.ibis_schema)


def state_table(engine: Engine, ledger: Ledger, names: Sequence[str], redirects: ir.Table) -> ir.Table:
    """What these destinations have been told (`DESTINATION_STATE`)."""
    with ledger.reading() as connection:
        states = [destinations.state(connection, name) for name in names]
    told = pa.concat_tables([destinations.STATE.empty_table(), *states])
    table = engine.from_arrow(told)
    return of_today(table, redirects).select(DESTINATION_STATE.column_names)


def exposures_table(engine: Engine, ledger: Ledger, as_of: datetime, redirects: ir.Table) -> ir.Table:
    """Who came to be treated or held out up to this instant (`EXPOSURES`)."""
    with ledger.reading() as connection:
        exposed = holdouts.exposures(connection, as_of)
    table = engine.from_arrow(exposed)
    return of_today(table, redirects).select(EXPOSURES.column_names)


def deliveries_table(engine: Engine, ledger: Ledger, as_of: datetime) -> ir.Table:
    """The messages of earlier refreshes and what has become of them (`DELIVERIES`)."""
    with ledger.reading() as connection:
        rows = history.written_before(connection, as_of)
    return engine.from_arrow(rows.select(DELIVERIES.column_names), DELIVERIES.ibis_schema)
