"""Profile ids as state: which profile a record belongs to, and where ids no longer used lead.

Belongs here: reading and writing the assignments. Does not belong here: deciding them (`identity/`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, delete, insert, select

from cdp_assets.ledger import bulk, fingerprints
from cdp_assets.ledger.ledger import Ledger
from cdp_assets.ledger.models import ProfileIdBlock, ProfileIdHistory, ProfileIdNews, ProfileRedirect

_BLOCKS = bulk.table_of(ProfileIdBlock)
_NEWS = bulk.table_of(ProfileIdNews)
_HISTORY = bulk.table_of(ProfileIdHistory)
_REDIRECTS = bulk.table_of(ProfileRedirect)

ASSIGNED = pa.schema([("record_id", pa.int64()), ("profile_id", pa.int64()), ("since", pa.timestamp("us", tz="UTC"))])
"""Which profile a record belongs to, and since which run."""

_BLOCKS_AT_ONCE = 16
_BITS_IN_A_BLOCK = 55
"""Record ids are hashes of 63 bits: their first eight bits tell the block."""

_BASE_TO_NEWS = 8
"""So many times as many rows a block has at least than news; with more news it is written anew."""

_ROWS_KEPT = 10_000_000
"""So many assignments, of 24 bytes, are kept at most between reading some and saving others."""

_EVERY = select(_BLOCKS.c.block, _BLOCKS.c.assigned, _NEWS.c.assigned).outerjoin(
    _NEWS, _NEWS.c.block == _BLOCKS.c.block
)

_REVISION = "profile ids"

_WAIT_SECONDS = 120
"""So long one who saves waits for another: ten million assignments take a few."""

REDIRECTED = bulk.arrow_schema(_REDIRECTS.c)
"""old_profile_id, profile_id (int64) and since (timestamp, UTC)."""


def assigned(
    connection: Connection, records: Sequence[int] | None = None, read: dict[int, _Block] | None = None
) -> pa.Table:
    """The assignments of some records, or of all (`ASSIGNED`), by record_id.

    Args:
        connection: To the ledger.
        records: record_ids; null for all.
        read: Blocks that were read and are what they were; takes in those that are read for these records.
    """
    if records is None:
        found = [block.merged() for block in _blocks(connection)]
    else:
        wanted = np.asarray(records, np.int64)
        found = [block.those(wanted[places]) for block, places in _in_their_blocks(connection, wanted, read)]
    return pa.concat_tables([ASSIGNED.empty_table(), *found])


def assign(
    connection: Connection, changes: pa.Table, gone: Sequence[int] = (), read: dict[int, _Block] | None = None
) -> pa.Table:
    """Write new and changed assignments, and forget records that are gone.

    Args:
        connection: Of a writing transaction of who writes assignments alone: others would undo what it does.
        changes: `ASSIGNED`, each record once; only what changes.
        gone: record_ids that are no more, and are not in ``changes``.
        read: As for `assigned`.

    Returns:
        What the assignments of these records were before (`ASSIGNED`), of those that had one.
    """
    changes = changes.select(ASSIGNED.names).cast(ASSIGNED)
    if gone:
        nulls = {name: pa.nulls(len(gone), ASSIGNED.field(name).type) for name in ("profile_id", "since")}
        changes = pa.concat_tables([changes, pa.table({"record_id": pa.array(gone, pa.int64()), **nulls}, ASSIGNED)])
    changes = changes.combine_chunks()
    records = changes["record_id"].to_numpy()
    before = [ASSIGNED.empty_table()]
    for block, places in _in_their_blocks(connection, records, read):
        before.append(block.those(records[places]))
        _write(connection, block, changes.take(pa.array(places)))
    return pa.concat_tables(before)


@dataclass(frozen=True)
class _Block:
    """The assignments of the records of one block.

    Args:
        number: The block.
        base: `ASSIGNED`, by record_id.
        news: What counts instead of rows of the base, or beside them (`ASSIGNED`), by record_id. A record without a
            profile_id is gone.
    """

    number: int
    base: pa.Table
    news: pa.Table

    def __len__(self) -> int:
        return int(self.base.num_rows + self.news.num_rows)

    def merged(self) -> pa.Table:
        """All assignments, by record_id."""
        merged = _instead(self.base, self.news)
        return merged.filter(pc.field("profile_id").is_valid()) if merged["profile_id"].null_count else merged

    def those(self, wanted: npt.NDArray[np.int64]) -> pa.Table:
        """The assignments of some records, by record_id.

        Args:
            wanted: record_ids, sorted.
        """
        news = self.news.take(_places(self.news, wanted))
        base = self.base.take(_places(self.base, wanted))
        return replace(self, base=base, news=news).merged()


def _write(connection: Connection, block: _Block, changes: pa.Table) -> None:
    """Write changes of a block, by record_id: what is gone is without a profile_id."""
    changed = replace(block, news=_instead(block.news, changes))
    if changed.news.num_rows * _BASE_TO_NEWS > changed.base.num_rows:
        changed = replace(block, base=changed.merged(), news=ASSIGNED.empty_table())
    for table, was, now in ((_BLOCKS, block.base, changed.base), (_NEWS, block.news, changed.news)):
        if now is was:
            continue
        if was.num_rows:
            connection.execute(delete(table).where(table.c.block == block.number))
        if now.num_rows:
            row = {"block": block.number, "records": now.num_rows, "assigned": _packed(now)}
            connection.execute(insert(table).values(row))


def _blocks(connection: Connection, numbers: Sequence[int] | None = None) -> Iterator[_Block]:
    """Blocks in their order, unpacked: some of them, or all."""
    wanted = _EVERY if numbers is None else _EVERY.where(_BLOCKS.c.block.in_(numbers))
    for number, base, news in connection.execute(wanted.order_by(_BLOCKS.c.block)):
        yield _Block(number, _unpacked(base), _unpacked(news))


def _in_their_blocks(
    connection: Connection, records: npt.NDArray[np.int64], read: dict[int, _Block] | None = None
) -> Iterator[tuple[_Block, npt.NDArray[np.int64]]]:
    """The blocks that record ids belong to, each with the places of those ids in their order; see `assigned`."""
    # Small numbers are put in order without comparing them, and the few ids of a block by themselves.
    block_of = (records >> _BITS_IN_A_BLOCK).astype(np.int16)
    order = np.argsort(block_of, kind="stable")
    counts = np.bincount(block_of)
    numbers = np.flatnonzero(counts)
    parts = np.split(order, np.cumsum(counts[numbers])[:-1])
    for first in range(0, len(numbers), _BLOCKS_AT_ONCE):
        some = numbers[first : first + _BLOCKS_AT_ONCE].tolist()
        there = {number: read[number] for number in some if read and number in read}
        unread = [number for number in some if number not in there]
        there |= {block.number: block for block in (_blocks(connection, unread) if unread else ())}
        if read is not None and sum(len(block) for block in read.values()) < _ROWS_KEPT:
            read |= there
        for part, number in zip(parts[first : first + _BLOCKS_AT_ONCE], some, strict=True):
            none = _Block(number, ASSIGNED.empty_table(), ASSIGNED.empty_table())
            yield there.get(number, none), part[np.argsort(records[part])]


def _places(rows: pa.Table, wanted: npt.NDArray[np.int64]) -> pa.Array:
    """The places of those record ids that are among the rows; both are sorted."""
    records = rows["record_id"].to_numpy()
    places = records.searchsorted(wanted)
    there = places < len(records)
    there[there] = records[places[there]] == wanted[there]
    return pa.array(places[there])


def _instead(rows: pa.Table, changes: pa.Table) -> pa.Table:
    """Rows, with those changed in place of what they were, by record_id; both are."""
    if not rows.num_rows or not changes.num_rows:
        return changes if changes.num_rows else rows
    kept = np.ones(rows.num_rows, dtype=bool)
    kept[_places(rows, changes["record_id"].to_numpy())] = False
    return pa.concat_tables([rows.filter(pa.array(kept)), changes]).sort_by("record_id")


def _packed(block: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, ASSIGNED, options=pa.ipc.IpcWriteOptions(compression="lz4")) as stream:
        stream.write_table(block.combine_chunks())
    packed: bytes = sink.getvalue().to_pybytes()
    return packed


def _unpacked(packed: bytes | None) -> pa.Table:
    if packed is None:
        return ASSIGNED.empty_table()
    with pa.ipc.open_stream(packed) as stream:
        return stream.read_all()


def former(connection: Connection, record_ids: Sequence[int]) -> dict[int, list[int]]:
    """The profiles that records belonged to before, the latest first; records that never moved are left out."""
    found: dict[int, list[int]] = {}
    for some in bulk.chunks(record_ids):
        statement = select(_HISTORY.c.record_id, _HISTORY.c.profile_id).where(_HISTORY.c.record_id.in_(some))
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
    """What identity asks of whatever keeps profile ids (`identity.ids.ProfileIdStore`), on the ledger.

    What was read last is not read again by `save`, unless somebody else has saved since.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._as_of = ""
        self._read: dict[int, _Block] = {}

    def revision(self) -> str:
        """What was saved last."""
        with self._ledger.reading() as connection:
            return revision(connection)

    def assigned(self, records: Sequence[int] | None = None) -> pa.Table:
        """The assignments of some records, or of all (`ASSIGNED`)."""
        with self._ledger.reading() as connection:
            return assigned(connection, records, self._still(connection))

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

        Raises:
            LedgerBusyError: if somebody else has been saving for two minutes.
        """
        with self._ledger.exclusive(_REVISION, wait=_WAIT_SECONDS), self._ledger.transaction() as connection:
            before = assign(connection, assigned, unassigned, self._still(connection))
            bulk.insert(connection, ProfileIdHistory, before)
            redirect(connection, redirected, revived)
            new = next_revision(revision(connection), assigned, unassigned, redirected, revived)
            revise(connection, new)
            self._read = {}
            return new

    def _still(self, connection: Connection) -> dict[int, _Block]:
        """The blocks that were read and are what they were; to be asked before others are read."""
        now = revision(connection)
        if now != self._as_of:
            self._as_of, self._read = now, {}
        return self._read


def _all_of(numbers: pa.ChunkedArray) -> int:
    """One number out of many, whatever their order."""
    return int(np.bitwise_xor.reduce(numbers.to_numpy()))
