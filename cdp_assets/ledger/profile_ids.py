"""Profile ids as state: which profile a record belongs to, and where ids no longer used lead.

Belongs here: reading and writing the assignments. Does not belong here: deciding them (`identity/`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, Select, delete, insert, select

from cdp_assets.ledger import bulk, fingerprints
from cdp_assets.ledger.ledger import Ledger
from cdp_assets.ledger.models import ProfileIdBlock, ProfileIdHistory, ProfileRedirect

_BLOCKS = bulk.table_of(ProfileIdBlock)
_HISTORY = bulk.table_of(ProfileIdHistory)
_REDIRECTS = bulk.table_of(ProfileRedirect)

ASSIGNED = pa.schema([("record_id", pa.int64()), ("profile_id", pa.int64()), ("since", pa.timestamp("us", tz="UTC"))])
"""Which profile a record belongs to, and since which run."""

_AT_ONCE = 10_000
_BLOCKS_AT_ONCE = 16
_BITS_IN_A_BLOCK = 55
"""Record ids are hashes of 63 bits: their first eight bits tell the block."""

_REVISION = "profile ids"

REDIRECTED = bulk.arrow_schema(_REDIRECTS.c)
"""old_profile_id, profile_id (int64) and since (timestamp, UTC)."""


def assigned(connection: Connection, records: Sequence[int] | None = None) -> pa.Table:
    """The assignments of some records, or of all (`ASSIGNED`), by record_id."""
    if records is None:
        found = [block for _number, block in _blocks(connection, select(_BLOCKS))]
    else:
        wanted = np.asarray(records, np.int64)
        found = [
            block.filter(_among(block, wanted[places]))
            for _number, places, block in _in_their_blocks(connection, select(_BLOCKS), wanted)
        ]
    return pa.concat_tables([ASSIGNED.empty_table(), *found])


def assign(connection: Connection, changes: pa.Table, gone: Sequence[int] = ()) -> pa.Table:
    """Write new and changed assignments, and forget records that are gone.

    Args:
        connection: Of a writing transaction.
        changes: `ASSIGNED`, each record once; only what changes, since each writes the block that it is in.
        gone: record_ids that are no more, and are not in ``changes``.

    Returns:
        What the assignments of these records were before (`ASSIGNED`), of those that had one.
    """
    changes = changes.select(ASSIGNED.names).cast(ASSIGNED).combine_chunks()
    records = changes["record_id"].to_numpy()
    if gone:
        records = np.append(records, np.asarray(gone, np.int64))
    before = [ASSIGNED.empty_table()]
    # Two that write at a time would each undo what the other did.
    for number, places, block in _in_their_blocks(connection, select(_BLOCKS).with_for_update(), records):
        coming = changes.take(pa.array(places[places < changes.num_rows]))
        if block.num_rows:
            replaced = _among(block, records[places])
            before.append(block.filter(replaced))
            coming = pa.concat_tables([block.filter(pc.invert(replaced)), coming]).sort_by("record_id")
            connection.execute(delete(_BLOCKS).where(_BLOCKS.c.block == number))
        if coming.num_rows:
            connection.execute(insert(_BLOCKS).values(block=number, records=coming.num_rows, assigned=_packed(coming)))
    return pa.concat_tables(before)


def _blocks(connection: Connection, statement: Select[tuple[int, int, bytes]]) -> Iterator[tuple[int, pa.Table]]:
    """Blocks with their numbers, in their order, unpacked."""
    for block in connection.execute(statement.order_by(_BLOCKS.c.block)):
        with pa.ipc.open_stream(block.assigned) as packed:
            yield block.block, packed.read_all()


def _in_their_blocks(
    connection: Connection, statement: Select[tuple[int, int, bytes]], records: npt.NDArray[np.int64]
) -> Iterator[tuple[int, npt.NDArray[np.int64], pa.Table]]:
    """Blocks that record ids belong to: the number of each, the places of those ids in their order, and all that it
    holds, by record_id."""
    # Small numbers are put in order without comparing them, and the few ids of a block by themselves.
    block_of = (records >> _BITS_IN_A_BLOCK).astype(np.int16)
    order = np.argsort(block_of, kind="stable")
    numbers, starts = np.unique(block_of[order], return_index=True)
    parts = np.split(order, starts[1:])
    for first in range(0, len(numbers), _BLOCKS_AT_ONCE):
        some = numbers[first : first + _BLOCKS_AT_ONCE].tolist()
        there = dict(_blocks(connection, statement.where(_BLOCKS.c.block.in_(some))))
        for place, number in enumerate(some, start=first):
            part = parts[place]
            yield number, part[np.argsort(records[part])], there.get(number, ASSIGNED.empty_table())


def _among(block: pa.Table, wanted: npt.NDArray[np.int64]) -> pa.Array:
    """Which rows of a block are of the records wanted, which are sorted and at least one."""
    records = block["record_id"].to_numpy()
    return pa.array(wanted[np.minimum(wanted.searchsorted(records), len(wanted) - 1)] == records)


def _packed(block: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, ASSIGNED, options=pa.ipc.IpcWriteOptions(compression="lz4")) as stream:
        stream.write_table(block.combine_chunks())
    packed: bytes = sink.getvalue().to_pybytes()
    return packed


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
            bulk.insert(connection, ProfileIdHistory, assign(connection, assigned, unassigned))
            redirect(connection, redirected, revived)
            new = next_revision(revision(connection), assigned, unassigned, redirected, revived)
            revise(connection, new)
            return new


def _all_of(numbers: pa.ChunkedArray) -> int:
    """One number out of many, whatever their order."""
    return int(np.bitwise_xor.reduce(numbers.to_numpy()))
