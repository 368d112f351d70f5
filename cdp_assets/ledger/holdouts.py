"""Which arm of a campaign each profile is in, and when it first came to be treated or, for control, not.

Belongs here: assignments and exposures as written. Does not belong here: drawing them (`activation/holdout.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import pyarrow as pa
from sqlalchemy import Connection, and_, bindparam, select, update

from cdp_assets.ledger import bulk
from cdp_assets.ledger.models import Exposure, HoldoutAssignment

_ASSIGNMENTS = bulk.table_of(HoldoutAssignment)
_EXPOSURES = bulk.table_of(Exposure)

ASSIGNMENTS = bulk.arrow_schema(_ASSIGNMENTS.c)
"""campaign, profile_id (as it was when assigned), arm, variant, contaminated, assigned_at."""

EXPOSURES = bulk.arrow_schema(_EXPOSURES.c)
"""campaign, profile_id, arm, variant, exposed_at."""


def assignments(connection: Connection, *campaigns: str) -> pa.Table:
    """The assignments of campaigns (`ASSIGNMENTS`; all if none is named), by campaign and profile_id."""
    statement = select(_ASSIGNMENTS).order_by(_ASSIGNMENTS.c.campaign, _ASSIGNMENTS.c.profile_id)
    return bulk.read(connection, statement.where(_ASSIGNMENTS.c.campaign.in_(campaigns)) if campaigns else statement)


def assign(connection: Connection, rows: pa.Table) -> None:
    """Add assignments; a profile that has one keeps it."""
    ordered = rows.select(ASSIGNMENTS.names).cast(ASSIGNMENTS).sort_by("profile_id")
    bulk.insert_new(connection, HoldoutAssignment, ordered)


def contaminate(connection: Connection, assigned: Sequence[tuple[str, int]]) -> None:
    """Mark profiles of different arms or variants that turned out to be one person, by campaign and profile_id."""
    if assigned:
        mark = update(_ASSIGNMENTS).where(
            _ASSIGNMENTS.c.campaign == bindparam("its_campaign"), _ASSIGNMENTS.c.profile_id == bindparam("its_profile")
        )
        rows = [{"its_campaign": campaign, "its_profile": profile_id} for campaign, profile_id in assigned]
        connection.execute(mark.values(contaminated=True), rows)


def expose(connection: Connection, rows: pa.Table) -> None:
    """Record exposures; the first of each profile and campaign counts."""
    bulk.insert_new(connection, Exposure, rows.select(EXPOSURES.names).cast(EXPOSURES).sort_by("profile_id"))


def exposures(connection: Connection, until: datetime) -> pa.Table:
    """All exposures up to an instant (`EXPOSURES`, and contaminated), by campaign and profile_id."""
    assigned = and_(
        _ASSIGNMENTS.c.campaign == _EXPOSURES.c.campaign, _ASSIGNMENTS.c.profile_id == _EXPOSURES.c.profile_id
    )
    statement = (
        select(*_EXPOSURES.c, _ASSIGNMENTS.c.contaminated)
        .select_from(_EXPOSURES.join(_ASSIGNMENTS, assigned))
        .where(_EXPOSURES.c.exposed_at <= until)
        .order_by(_EXPOSURES.c.campaign, _EXPOSURES.c.profile_id)
    )
    return bulk.read(connection, statement)
