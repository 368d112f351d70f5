"""Which files are new: deliveries are recognised by content, and what the raw table holds is the truth.

Belongs here: load ids, and the decision what to load. Does not belong here: finding files (`landing.py`), reading them
(`reading.py`), and the order of the steps (`ingest.py`).

The ledger remembers the deliveries; the raw table proves them. Warehouse and ledger share no transaction, so a delivery
is noted as begun, appended, then noted as loaded. After a crash in between, the raw table says which it was.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from cdp_assets.ledger.loads import LOADED, Load
from cdp_assets.sources.landing import LandedFile, natural
from cdp_assets.sources.spec import DatabaseSpec, RestSpec, StreamSpec

BEGUN = "begun"
"""Status of a load that was about to be appended."""


_FAR_FEWER = 0.2
"""Share of its rows that a list loses in one delivery at most, usually."""

_FEW_ROWS = 10
"""So few fewer are nothing to tell of."""


@dataclass(frozen=True)
class Delivery:
    """A file that is to be loaded.

    Args:
        file: The file.
        content_hash: SHA-256 of its bytes.
        load_id: Its id.
        sequence: Position among the stream's deliveries, from 1.
    """

    file: LandedFile
    content_hash: str
    load_id: str
    sequence: int


@dataclass(frozen=True)
class Held:
    """What a raw table holds of one load.

    Args:
        source: Name of the source.
        stream: Name of the stream.
        load_id: The load.
        file: The file it came from.
        rows: Its rows.
        as_of: The run's instant, for a load that nobody noted.
        encoding: Of the stream, for such a one.
        delimiter: Of the stream, for such a one.
    """

    source: str
    stream: str
    load_id: str
    file: str
    rows: int
    as_of: datetime
    encoding: str
    delimiter: str


def load_id(source: str, stream: str, content_hash: str, repetition: int) -> str:
    """The id of a delivery: the same content, delivered for the n-th time, has the same id on every installation.

    Args:
        source: Name of the source.
        stream: Name of the stream.
        content_hash: SHA-256 of the file's bytes.
        repetition: 1 for the first delivery of this content to the stream, 2 for the second …
    """
    text = "\x1f".join((source, stream, content_hash, str(repetition)))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def settled(
    noted: Sequence[Load], published: Sequence[Load], held: Sequence[Held], files: Sequence[tuple[LandedFile, str]]
) -> tuple[list[Load], list[Load]]:
    """Compare what is noted with what the raw table holds.

    Args:
        noted: The stream's loads by the ledger.
        published: The stream's loads by the manifest last published, for a ledger that was lost.
        held: What the raw table holds.
        files: Whole files with their content hashes, to recognise what nobody noted.

    Returns:
        The loads that stand, with their true status and rows; and those that are to be repeated if their file is still
        there: failed, lost with a deleted warehouse, or begun and never appended.
    """
    known = {load.load_id: load for load in published} | {load.load_id: load for load in noted}
    rows = {each.load_id: each for each in held}
    standing = [
        replace(load, status=LOADED, rows=rows[load.load_id].rows, error=None)
        for load in known.values()
        if load.load_id in rows
    ]
    in_ledger = {load.load_id for load in noted}
    standing += [load for load in noted if load.load_id not in rows and load.status == LOADED and load.rows == 0]
    settled_ids = {load.load_id for load in standing}
    repeat = [load for load in noted if load.load_id in in_ledger - settled_ids]
    free = max((load.sequence for load in (*standing, *repeat)), default=0)
    unknown = sorted((each for each in held if each.load_id not in known), key=lambda each: natural(each.file))
    for place, each in enumerate(unknown, start=free + 1):
        standing.append(_recognised(each, place, files))
    return sorted(standing, key=lambda load: load.sequence), repeat


def _recognised(held: Held, sequence: int, files: Sequence[tuple[LandedFile, str]]) -> Load:
    for file, content in files:
        if file.name == held.file and load_id(held.source, held.stream, content, 1) == held.load_id:
            break
    else:
        content = ""
    size = file.size if content else 0
    return Load(
        load_id=held.load_id,
        source=held.source,
        stream=held.stream,
        file=held.file,
        content_hash=content,
        bytes=size,
        sequence=sequence,
        rows=held.rows,
        status=LOADED,
        loaded_at=held.as_of,
        encoding=held.encoding,
        delimiter=held.delimiter,
    )


def new_deliveries(
    source: str,
    stream: StreamSpec,
    files: Sequence[tuple[LandedFile, str]],
    standing: Sequence[Load],
    repeat: Sequence[Load] = (),
) -> list[Delivery]:
    """Decide which files to load, in order.

    In snapshot streams a file is known if its path's latest delivery had the same content, so that A, B, A under one
    name are three deliveries, and so is an old content that comes back under a new name.

    In the others, content that was loaded once is known, whatever the file is called: copies of a file count once. With
    a key there are two exceptions, since what comes back is the latest word on its rows: A, B, A under one name, and a
    database or an API that says again what it had said before.

    Args:
        source: Name of the source.
        stream: The stream.
        files: Whole files with their content hashes, in the order to load them.
        standing: Loads that stand.
        repeat: Loads that do not; their files keep their place among the deliveries.
    """
    latest_of_path = {load.file: load.content_hash for load in sorted(standing, key=lambda load: load.sequence)}
    times: dict[str, int] = {}
    for load in standing:
        times[load.content_hash] = times.get(load.content_hash, 0) + 1
    places = {(load.file, load.content_hash): load.sequence for load in repeat}
    free = max((load.sequence for load in (*standing, *repeat)), default=0)
    last = max((natural(load.file) for load in (*standing, *repeat)), default=())
    fetched = isinstance(stream.origin, DatabaseSpec | RestSpec)
    found: list[Delivery] = []
    for file, content in files:
        of_path = latest_of_path.get(file.name)
        sequence = places.get((file.name, content))
        if of_path == content:
            continue
        if content in times and stream.load != "snapshot":
            # What was fetched lies in files that are numbered in the order in which it was said.
            said_again = fetched and (sequence is not None or natural(file.name) > last)
            if not stream.key or (of_path is None and not said_again):
                continue
        latest_of_path[file.name] = content
        times[content] = times.get(content, 0) + 1
        if sequence is None:
            free += 1
            sequence = free
        found.append(Delivery(file, content, load_id(source, stream.name, content, times[content]), sequence))
    return sorted(found, key=lambda delivery: delivery.sequence)


def repeated(
    stream: StreamSpec, files: Sequence[tuple[LandedFile, str]], standing: Sequence[Load]
) -> tuple[tuple[str, str], ...]:
    """Files that are passed over, since an earlier delivery of another name had their content, with its name.

    Args:
        stream: The stream.
        files: Whole files with their content hashes.
        standing: Loads that stand.
    """
    if stream.load == "snapshot":
        return ()
    first: dict[str, str] = {}
    for load in standing:
        first.setdefault(load.content_hash, load.file)
    loaded = {(load.file, load.content_hash) for load in standing}
    return tuple(
        (file.name, first[content])
        for file, content in files
        if content in first and (file.name, content) not in loaded
    )


def shrunk(stream: StreamSpec, standing: Sequence[Load]) -> tuple[Load, ...]:
    """The latest delivery of a snapshot stream and the one before, if it has far fewer rows.

    It may have been cut short, and what is missing in it counts as gone.

    Args:
        stream: The stream.
        standing: Loads that stand.
    """
    if stream.load != "snapshot" or len(standing) <= 1:
        return ()
    before, latest = sorted(standing, key=lambda load: load.sequence)[-2:]
    fewer = before.rows - latest.rows
    return (latest, before) if fewer >= max(_FEW_ROWS, _FAR_FEWER * before.rows) else ()


def gone(repeat: Sequence[Load], deliveries: Sequence[Delivery], growing: Sequence[str]) -> list[Load]:
    """The loads that were there once and can be taken from nowhere.

    Args:
        repeat: Loads that do not stand.
        deliveries: What is to be loaded.
        growing: Files that are still being written.
    """
    coming = {delivery.load_id for delivery in deliveries}
    return [
        load for load in repeat if load.status == LOADED and load.load_id not in coming and load.file not in growing
    ]
