"""Which arm of a campaign each profile is in, and when it first came to be treated or, for control, not.

Belongs here: assignments and exposures as written. Does not belong here: drawing them (`activation/holdout.py`).
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
from sqlalchemy import Connection, select, update

from cdp_assets.ledger import bulk
from cdp_assets.ledger.models import Exposure, HoldoutAssignment

_ASSIGNMENTS = bulk.table_of(HoldoutAssignment)
_EXPOSURES = bulk.table_of(Exposure)

ASSIGNMENTS = bulk.arrow_schema(_ASSIGNMENTS.c)
"""campaign, profile_id (as it was when assigned), arm, variant, contaminated, assigned_at."""

EXPOSURES = bulk.arrow_schema(_EXPOSURES.c)
"""campaign, profile_id, arm, variant, exposed_at."""


def assignments(connection: Connection, campaign: str) -> pa.Table:
    """The campaign's assignments (`ASSIGNMENTS`), by profile_id."""
    statement = select(_ASSIGNMENTS).where(_ASSIGNMENTS.c.campaign == campaign).order_by(_ASSIGNMENTS.c.profile_id)
    return bulk.read(connection, statement)


def assign(connection: Connection, rows: pa.Table) -> None:
    """Add assignments; a profile that has one keeps it."""
    ordered = rows.select(ASSIGNMENTS.names).cast(ASSIGNMENTS).sort_by("profile_id")
    bulk.insert_new(connection, HoldoutAssignment, ordered)


def contaminate(connection: Connection, campaign: str, profile_ids: Sequence[int]) -> None:
    """Mark profiles of different arms that turned out to be one person."""
    for start in range(0, len(profile_ids), 10_000):
        connection.execute(
            update(_ASSIGNMENTS)
            .where(_ASSIGNMENTS.c.campaign == campaign)
            .where(_ASSIGNMENTS.c.profile_id.in_(profile_ids[start : start + 10_000]))
            .values(contaminated=True)
        )


def expose(connection: Connection, rows: pa.Table) -> None:
    """Record exposures; the first of each profile and campaign counts."""
    bulk.insert_new(connection, Exposure, rows.select(EXPOSURES.names).cast(EXPOSURES).sort_by("profile_id"))


def exposures(connection: Connection) -> pa.Table:
    """All exposures (`EXPOSURES`), by campaign and profile_id."""
    return bulk.read(connection, select(_EXPOSURES).order_by(_EXPOSURES.c.campaign, _EXPOSURES.c.profile_id))
