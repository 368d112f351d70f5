"""New files of a stream go into its raw table, each in one transaction of its own.

Belongs here: the order of the steps, so that a crash between any two loses nothing and doubles nothing. Does not belong
here: the steps themselves (`landing.py`, `manifest.py`, `reading.py`).
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import ibis
import ibis.expr.types as ir

from cdp_assets.ledger import Ledger, loads
from cdp_assets.ledger.loads import FAILED, LOADED, Load
from cdp_assets.sources import keeping, manifest
from cdp_assets.sources.errors import ChangedWhileReadingError, DeliveryError
from cdp_assets.sources.fetching import Fetched, fetch
from cdp_assets.sources.landing import Landed, LandedFile, content_hash, look, unchanged
from cdp_assets.sources.manifest import BEGUN, Delivery, Held
from cdp_assets.sources.origins import Span
from cdp_assets.sources.preparing import Scan, scanned_ahead
from cdp_assets.sources.raw_table import bring_up_to_date
from cdp_assets.sources.reading import accounted, read, refuse_what_is_cut_off
from cdp_assets.sources.schemas import LOAD_MANIFEST
from cdp_assets.sources.spec import SourceSpec, StreamSpec, stream_table
from cdp_assets.warehouse.engine import Engine, row_count
from cdp_assets.warehouse.standing import note_of

STAGE = "sources"
_LARGE = 1 << 22
"""Bytes from which on it takes longer to read a file than to begin a thread."""


@dataclass(frozen=True)
class Ingested:
    """What one look at a stream's files came to.

    Args:
        loaded: Deliveries appended in this run.
        failed: Files that could not be loaded.
        growing: Files left for the next run, since they are still being written.
        broken: Rows of this run's deliveries that could not be split into columns.
        absent: File → optional columns of the contract that it did not have.
        restored: Deliveries that came from where they are kept, since the table lacked them.
        repeated: Files that are passed over, since an earlier delivery had their content, with its name.
        fetched: Files that were fetched in this run.
        reshaped: Whether the table was made, or given other columns, before that.
        rows: How many rows the table holds, of all deliveries.
        shrunk: Of a snapshot stream, the latest delivery and the one before, if it has far fewer rows.
    """

    loaded: tuple[Load, ...] = ()
    failed: tuple[DeliveryError, ...] = ()
    growing: tuple[str, ...] = ()
    broken: int = 0
    absent: tuple[tuple[str, tuple[str, ...]], ...] = ()
    restored: tuple[Load, ...] = ()
    repeated: tuple[tuple[str, str], ...] = ()
    fetched: tuple[str, ...] = ()
    reshaped: bool = False
    rows: int = 0
    shrunk: tuple[Load, ...] = ()

    @property
    def arrived(self) -> tuple[Load, ...]:
        """All that came into the table."""
        return (*self.restored, *self.loaded)

    @property
    def absent_somewhere(self) -> set[str]:
        """Columns that some file did not have."""
        return {name for _, names in self.absent for name in names}

    @property
    def absent_everywhere(self) -> set[str]:
        """Columns of which nothing came into the table."""
        if not self.absent or len(self.absent) < len(self.arrived):
            return set()
        return set.intersection(*(set(names) for _, names in self.absent))

    @property
    def is_nothing(self) -> bool:
        """Whether there was no news, good or bad; files that are passed over are none, nor is a list that shrank."""
        return self == Ingested(rows=self.rows, repeated=self.repeated, shrunk=self.shrunk)


@dataclass(frozen=True)
class Arrivals:
    """How files are looked for.

    Args:
        landing: The landing folder.
        kept: A folder for deliveries whose file's name is used again.
        work: A folder for temporary copies.
        clock: Seconds since 1970, as file times are.
        wait: Sleeps so many seconds.
        memory: Where it is remembered what was fetched; None if nothing is to be fetched.
        span: Fetch this span of time once more, instead of what is new.
    """

    landing: Path
    kept: Path
    work: Path
    clock: Callable[[], float]
    wait: Callable[[float], None]
    memory: Path | None = None
    span: Span | None = None


def ingest(
    source: SourceSpec, stream: StreamSpec, *, engine: Engine, ledger: Ledger, arrivals: Arrivals, as_of: datetime
) -> Ingested:
    """Append every new file of a stream to its raw table, which is made if it is missing.

    Args:
        source: The source.
        stream: One of its streams.
        engine: Holds the raw table.
        ledger: Holds the manifest.
        arrivals: Where and how to look for files.
        as_of: The run's instant, noted as the time of loading.
    """
    reshaped = bring_up_to_date(engine, STAGE, source, stream)
    new = Fetched()
    if stream.origin is not None and arrivals.memory is not None:
        new = fetch(source, stream, arrivals.landing, arrivals.memory, arrivals.span)
    landed = look(arrivals.landing, [stream.files], source.settle_seconds, arrivals.clock, arrivals.wait)
    files, scans = _hashed(landed, stream, ledger)
    published = _published(engine, source, stream)
    held = _held(engine, source, stream, as_of, published)
    standing, repeat = manifest.settled(_noted(ledger, source, stream), published, held, files)
    kept = arrivals.kept / stream_table(source, stream)
    restored = _restored(repeat, kept, source, stream, engine)
    standing = sorted([*standing, *restored], key=lambda load: load.sequence)
    repeat = [load for load in repeat if load not in restored]
    _note(ledger, standing)
    for load in keeping.to_keep(standing, files, kept):
        keeping.keep(load, engine.table(STAGE, stream_table(source, stream)), kept, engine)
    deliveries = manifest.new_deliveries(source.name, stream, files, standing, repeat)
    gone = manifest.gone(repeat, deliveries, landed.growing)
    once = {load.load_id: load for load in repeat if load.status == LOADED}
    loaded: list[Load] = []
    failed: list[DeliveryError] = [*new.failed, *landed.refused, *(keeping.lost(load, kept) for load in gone)]
    growing = list(landed.growing)
    broken = 0
    absent: list[tuple[str, tuple[str, ...]]] = []
    for delivery in deliveries:
        earlier = once.get(delivery.load_id)
        load = _begun(source, stream, delivery, as_of if earlier is None else earlier.loaded_at)
        try:
            done, of_them_broken, missing = _append(
                source, stream, delivery, load, earlier, engine, ledger, arrivals, scans
            )
        except ChangedWhileReadingError:
            growing.append(delivery.file.name)
            continue
        except DeliveryError as error:
            # What was loaded once stays noted as such, so that the run stops rather than goes on without it.
            failed.append(error if earlier is None else keeping.refused(earlier, error))
            if earlier is None:
                _note(ledger, [replace(load, status=FAILED, error=str(error))])
            continue
        finally:
            engine.drop_scratch()
        _note(ledger, [done])
        loaded.append(done)
        broken += of_them_broken
        if missing:
            absent.append((delivery.file.name, missing))
    return Ingested(
        loaded=tuple(loaded),
        failed=tuple(failed),
        growing=tuple(sorted(growing)),
        broken=broken,
        absent=tuple(absent),
        restored=tuple(restored),
        repeated=manifest.repeated(stream, files, [*standing, *loaded]),
        fetched=new.files,
        reshaped=reshaped,
        rows=sum(each.rows for each in held) + sum(load.rows for load in (*restored, *loaded)),
        shrunk=manifest.shrunk(stream, [*standing, *loaded]),
    )


def _restored(repeat: Sequence[Load], kept: Path, source: SourceSpec, stream: StreamSpec, engine: Engine) -> list[Load]:
    """The loads that were there and are kept, which the raw table has again."""
    found = []
    for load in repeat:
        rows = keeping.restored(load, kept, source, stream, engine)
        if rows is not None:
            engine.append(STAGE, stream_table(source, stream), rows)
            engine.drop_scratch()
            found.append(load)
    return found


def _append(
    source: SourceSpec,
    stream: StreamSpec,
    delivery: Delivery,
    load: Load,
    earlier: Load | None,
    engine: Engine,
    ledger: Ledger,
    arrivals: Arrivals,
    scans: Mapping[LandedFile, Scan],
) -> tuple[Load, int, tuple[str, ...]]:
    """The load as it was appended, how many of its rows are broken, and columns that its file does not have."""
    arrivals.work.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=arrivals.work, prefix="delivery-") as folder:
        try:
            found = read(delivery.file, stream, engine, Path(folder), scans.get(delivery.file))
        except DeliveryError:
            then = _as_then(stream, earlier)
            if then == stream:
                raise
            found = read(delivery.file, then, engine, Path(folder))
            load = replace(load, encoding=then.encoding, delimiter=then.delimiter)
        if earlier is None:
            _note(ledger, [load])
        table = found.table.mutate(load_id=ibis.literal(load.load_id), source_file=ibis.literal(load.file))
        with engine.appending(STAGE, stream_table(source, stream), table) as raw:
            if not unchanged(delivery.file):
                raise ChangedWhileReadingError(
                    delivery.file.name, "it changed while it was read", "The next run takes it"
                )
            account, rows = found.account, raw.filter(raw.load_id == load.load_id)
            if account is None:
                account = accounted(delivery.file, stream, engine, rows, found.rows)
            if earlier is None:
                refuse_what_is_cut_off(delivery.file, stream, engine, rows, found)
    return replace(load, status=LOADED, rows=found.rows), account.broken, account.absent


def _as_then(stream: StreamSpec, earlier: Load | None) -> StreamSpec:
    """The stream with the encoding and the delimiter with which a file of it was read before."""
    if earlier is None:
        return stream
    return replace(
        stream, encoding=earlier.encoding or stream.encoding, delimiter=earlier.delimiter or stream.delimiter
    )


def _begun(source: SourceSpec, stream: StreamSpec, delivery: Delivery, loaded_at: datetime) -> Load:
    return Load(
        load_id=delivery.load_id,
        source=source.name,
        stream=stream.name,
        file=delivery.file.name,
        content_hash=delivery.content_hash,
        bytes=delivery.file.size,
        sequence=delivery.sequence,
        rows=0,
        status=BEGUN,
        loaded_at=loaded_at,
        encoding=stream.encoding,
        delimiter=stream.delimiter,
    )


def _hashed(
    landed: Landed, stream: StreamSpec, ledger: Ledger
) -> tuple[list[tuple[LandedFile, str]], dict[LandedFile, Scan]]:
    """The files with their content hashes; only files that are new or changed are read for it.

    A large one is looked through beside it, since each keeps one processor busy.
    """
    with ledger.reading() as connection:
        seen = loads.remembered_hashes(connection, [file.name for file in landed.files])
    known = {file: _as_seen(file, seen.get(file.name)) for file in landed.files}
    scans: dict[LandedFile, Scan] = {}
    found: list[tuple[LandedFile, str]] = []
    with ThreadPoolExecutor(max_workers=1) as beside:
        for file in landed.files:
            digest = known[file]
            if digest is None and file.size >= _LARGE:
                hashing = beside.submit(content_hash, file)
                if scan := scanned_ahead(file, stream):
                    scans[file] = scan
                digest = hashing.result()
            found.append((file, digest or content_hash(file)))
    if new := [(file, digest) for file, digest in found if known[file] is None and unchanged(file)]:
        with ledger.transaction() as connection:
            for file, digest in new:
                loads.remember_hash(connection, file.name, file.size, file.modified_ns, digest)
    return found, scans


def _as_seen(file: LandedFile, seen: tuple[int, int, str] | None) -> str | None:
    """The content hash that a file had when it was last seen, if it is as it was."""
    return seen[2] if seen is not None and seen[:2] == (file.size, file.modified_ns) else None


def _noted(ledger: Ledger, source: SourceSpec, stream: StreamSpec) -> list[Load]:
    with ledger.reading() as connection:
        return loads.of_stream(connection, source.name, stream.name)


def _published(engine: Engine, source: SourceSpec, stream: StreamSpec) -> list[Load]:
    if not engine.has_table(STAGE, LOAD_MANIFEST.name):
        return []
    table = engine.table(STAGE, LOAD_MANIFEST.name)
    mine = table.filter(table.source == source.name, table.stream == stream.name)
    rows = engine.to_arrow(mine.select(*LOAD_MANIFEST.column_names)).to_pylist()
    return [Load(**row, encoding=stream.encoding, delimiter=stream.delimiter) for row in rows]


def _held(
    engine: Engine, source: SourceSpec, stream: StreamSpec, as_of: datetime, published: Sequence[Load]
) -> list[Held]:
    """What the raw table holds: as was published of it, where no row came or went since."""
    ref = (STAGE, stream_table(source, stream))
    raw: ir.Table = engine.table(*ref)
    note, told = note_of(engine, ref), [load for load in published if load.status == LOADED and load.rows]
    if note is not None and note.fingerprint.rows == sum(load.rows for load in told) == row_count(raw, engine):
        found = [(load.load_id, load.file, load.rows) for load in told]
    else:
        # All rows of a load are of one file.
        counted = raw.group_by("load_id").aggregate(source_file=raw.source_file.arbitrary(), rows=raw.count())
        rows = engine.to_arrow(counted).to_pylist()
        found = [(row["load_id"], row["source_file"], row["rows"]) for row in rows]
    return [Held(source.name, stream.name, *each, as_of, stream.encoding, stream.delimiter) for each in found]


def _note(ledger: Ledger, noted: Sequence[Load]) -> None:
    if noted:
        with ledger.transaction() as connection:
            loads.record(connection, list(noted))
