"""Profile ids as state: which profile a record belongs to, and where ids no longer used lead.

Belongs here: reading and writing the assignments. Does not belong here: deciding them (`identity/`).
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
from sqlalchemy import Connection, insert, select

from cdp_assets.ledger import bulk
from cdp_assets.ledger.ledger import Ledger
from cdp_assets.ledger.models import ProfileId, ProfileIdHistory, ProfileRedirect

_IDS = bulk.table_of(ProfileId)
_HISTORY = bulk.table_of(ProfileIdHistory)
_AT_ONCE = 10_000
_REDIRECTS = bulk.table_of(ProfileRedirect)

ASSIGNED = bulk.arrow_schema(_IDS.c)
"""record_id, profile_id (int64) and since (timestamp, UTC)."""

REDIRECTED = bulk.arrow_schema(_REDIRECTS.c)
"""old_profile_id, profile_id (int64) and since (timestamp, UTC)."""


def assigned(connection: Connection) -> pa.Table:
    """All assignments (`ASSIGNED`), by record_id."""
    return bulk.read(connection, select(_IDS).order_by(_IDS.c.record_id))


def assign(connection: Connection, changes: pa.Table) -> None:
    """Write new and changed assignments.

    Args:
        connection: Of a writing transaction.
        changes: `ASSIGNED`; only what changes, since each row is a write.
    """
    # In key order, so that the tree grows at its end: several times faster for a million rows.
    bulk.upsert(connection, ProfileId, changes.select(ASSIGNED.names).cast(ASSIGNED).sort_by("record_id"))


def keep_history(connection: Connection, record_ids: Sequence[int]) -> None:
    """Note which profiles records belong to, before that changes; records without one are passed over."""
    if connection.execute(select(_IDS.c.record_id).limit(1)).first() is None:
        return
    for start in range(0, len(record_ids), _AT_ONCE):
        present = select(_IDS.c.record_id, _IDS.c.profile_id, _IDS.c.since).where(
            _IDS.c.record_id.in_(record_ids[start : start + _AT_ONCE])
        )
        connection.execute(insert(_HISTORY).from_select(["record_id", "profile_id", "since"], present))


def former(connection: Connection, record_ids: Sequence[int]) -> dict[int, list[int]]:
    """The profiles that records belonged to before, the latest first; records that never moved are left out."""
    found: dict[int, list[int]] = {}
    for start in range(0, len(record_ids), _AT_ONCE):
        statement = select(_HISTORY.c.record_id, _HISTORY.c.profile_id).where(
            _HISTORY.c.record_id.in_(record_ids[start : start + _AT_ONCE])
        )
        for record, profile in connection.execute(statement.order_by(_HISTORY.c.id.desc())):
            found.setdefault(record, []).append(profile)
    return found


def unassign(connection: Connection, record_ids: Sequence[int]) -> None:
    """Forget records that are gone."""
    bulk.delete(connection, ProfileId, "record_id", list(record_ids))


def redirects(connection: Connection) -> pa.Table:
    """All redirects (`REDIRECTED`), by old_profile_id; each leads straight to an id in use."""
    return bulk.read(connection, select(_REDIRECTS).order_by(_REDIRECTS.c.old_profile_id))


def redirect(connection: Connection, added: pa.Table, removed: Sequence[int] = ()) -> None:
    """Write new and changed redirects, and remove those of ids that are in use again.

    Args:
        connection: Of a writing transaction.
        added: `REDIRECTED`. The caller resolves chains: no ``profile_id`` is itself an old id.
        removed: Old profile ids whose redirect ends.
    """
    bulk.delete(connection, ProfileRedirect, "old_profile_id", list(removed))
    bulk.upsert(connection, ProfileRedirect, added.select(REDIRECTED.names).cast(REDIRECTED).sort_by("old_profile_id"))


class LedgerProfileIds:
    """What identity asks of whatever keeps profile ids (`identity.ids.ProfileIdStore`), on the ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def assigned(self) -> pa.Table:
        """All assignments (`ASSIGNED`)."""
        with self._ledger.reading() as connection:
            return assigned(connection)

    def redirects(self) -> pa.Table:
        """All redirects (`REDIRECTED`)."""
        with self._ledger.reading() as connection:
            return redirects(connection)

    def former(self, record_ids: Sequence[int]) -> dict[int, list[int]]:
        """The profiles that records belonged to before, the latest first."""
        with self._ledger.reading() as connection:
            return former(connection, record_ids)

    def save(self, assigned: pa.Table, unassigned: Sequence[int], redirected: pa.Table, revived: Sequence[int]) -> None:
        """Write new and changed assignments and redirects, and forget what is gone, all in one transaction.

        Args:
            assigned: `ASSIGNED`.
            unassigned: record_ids that are gone.
            redirected: `REDIRECTED`.
            revived: Old profile ids that are in use again.
        """
        with self._ledger.transaction() as connection:
            keep_history(connection, [*assigned["record_id"].to_pylist(), *unassigned])
            assign(connection, assigned)
            unassign(connection, unassigned)
            redirect(connection, redirected, revived)
