"""Profile ids as state: which profile a record belongs to, and where ids no longer used lead.

Belongs here: reading and writing the assignments. Does not belong here: deciding them (`identity/`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from sqlalchemy import Connection, insert, select

from cdp_assets.ledger import bulk, fingerprints
from cdp_assets.ledger.ledger import Ledger
from cdp_assets.ledger.models import ProfileId, ProfileIdHistory, ProfileRedirect

_IDS = bulk.table_of(ProfileId)
_HISTORY = bulk.table_of(ProfileIdHistory)
_REDIRECTS = bulk.table_of(ProfileRedirect)

ASSIGNED = bulk.arrow_schema(_IDS.c)
"""record_id, profile_id (int64) and since (timestamp, UTC)."""

_AT_ONCE = 10_000
_REVISION = "profile ids"

REDIRECTED = bulk.arrow_schema(_REDIRECTS.c)
"""old_profile_id, profile_id (int64) and since (timestamp, UTC)."""


def assigned(connection: Connection, records: Sequence[int] | None = None) -> pa.Table:
    """The assignments of some records, or of all (`ASSIGNED`), by record_id."""
    everything = select(_IDS).order_by(_IDS.c.record_id)
    if records is None:
        return bulk.read(connection, everything)
    wanted = sorted(records)
    parts = [wanted[start : start + _AT_ONCE] for start in range(0, len(wanted), _AT_ONCE)]
    return pa.concat_tables(
        [ASSIGNED.empty_table()]
        + [bulk.read(connection, everything.where(_IDS.c.record_id.in_(part))) for part in parts]
    )


def assign(connection: Connection, changes: pa.Table) -> None:
    """Write new and changed assignments.

    Args:
        connection: Of a writing transaction.
        changes: `ASSIGNED`; only what changes, since each row is a write.
    """
    # In key order, so that the tree grows at its end: several times faster for a million rows.
    bulk.upsert(connection, ProfileId, changes.select(ASSIGNED.names).cast(ASSIGNED).sort_by("record_id"))


def keep_history(connection: Connection, record_ids: npt.NDArray[np.int64]) -> None:
    """Note which profiles records belong to, before that changes; records without one are passed over."""
    if connection.execute(select(_IDS.c.record_id).limit(1)).first() is None:
        return
    # In key order, so that each page is read once.
    record_ids = np.sort(record_ids)
    for start in range(0, len(record_ids), _AT_ONCE):
        present = select(_IDS.c.record_id, _IDS.c.profile_id, _IDS.c.since).where(
            _IDS.c.record_id.in_(record_ids[start : start + _AT_ONCE].tolist())
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


def revision(connection: Connection) -> str:
    """What was saved last: another text after each change, empty before the first."""
    found = fingerprints.last(connection, _REVISION)
    return "" if found is None else found.value


def revise(connection: Connection, new: str) -> None:
    """Give the assignments a new revision (`next_revision`)."""
    fingerprints.remember(connection, fingerprints.Fingerprint(_REVISION, new, "", datetime.fromtimestamp(0, UTC)))


def next_revision(
    last: str, assigned: pa.Table, unassigned: Sequence[int], redirected: pa.Table, revived: Sequence[int]
) -> str:
    """The revision made of the last one and of what changed since.

    A counter would not tell a ledger restored from a backup, and continued otherwise, from the one it replaced.

    Args:
        last: The last revision.
        assigned, unassigned, redirected, revived: As `LedgerProfileIds.save` takes them.
    """
    columns = ((assigned, "record_id"), (assigned, "profile_id"), (redirected, "profile_id"))
    sums = [number for table, column in columns for number in (table.num_rows, _all_of(table[column]))]
    digest = hashlib.sha256(last.encode())
    for change in (*sums, *sorted(unassigned), *sorted(revived)):
        digest.update(f"\x1f{change}".encode())
    return digest.hexdigest()[:32]


class LedgerProfileIds:
    """What identity asks of whatever keeps profile ids (`identity.ids.ProfileIdStore`), on the ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def revision(self) -> str:
        """What was saved last."""
        with self._ledger.reading() as connection:
            return revision(connection)

    def assigned(self, records: Sequence[int] | None = None) -> pa.Table:
        """The assignments of some records, or of all (`ASSIGNED`)."""
        with self._ledger.reading() as connection:
            return assigned(connection, records)

    def redirects(self) -> pa.Table:
        """All redirects (`REDIRECTED`)."""
        with self._ledger.reading() as connection:
            return redirects(connection)

    def former(self, record_ids: Sequence[int]) -> dict[int, list[int]]:
        """The profiles that records belonged to before, the latest first."""
        with self._ledger.reading() as connection:
            return former(connection, record_ids)

    def revision_after(
        self, assigned: pa.Table, unassigned: Sequence[int], redirected: pa.Table, revived: Sequence[int]
    ) -> str:
        """The revision that `save` will return."""
        return next_revision(self.revision(), assigned, unassigned, redirected, revived)

    def save(self, assigned: pa.Table, unassigned: Sequence[int], redirected: pa.Table, revived: Sequence[int]) -> str:
        """Write new and changed assignments and redirects, and forget what is gone, all in one transaction.

        Returns:
            The new revision.

        Args:
            assigned: `ASSIGNED`.
            unassigned: record_ids that are gone.
            redirected: `REDIRECTED`.
            revived: Old profile ids that are in use again.
        """
        with self._ledger.transaction() as connection:
            keep_history(connection, np.append(assigned["record_id"].to_numpy(), np.array(unassigned, np.int64)))
            assign(connection, assigned)
            unassign(connection, unassigned)
            redirect(connection, redirected, revived)
            new = next_revision(revision(connection), assigned, unassigned, redirected, revived)
            revise(connection, new)
            return new


def _all_of(numbers: pa.ChunkedArray) -> int:
    """One number out of many, whatever their order."""
    return int(np.bitwise_xor.reduce(numbers.to_numpy()))
