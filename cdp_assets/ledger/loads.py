"""The load manifest: which files were delivered to which stream, and what came of them.

Belongs here: manifest rows and remembered content hashes. Does not belong here: reading files (`sources/`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

import pyarrow as pa
from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from cdp_assets.ledger import bulk
from cdp_assets.ledger.models import FileHash
from cdp_assets.ledger.models import Load as LoadRow

_LOADS = bulk.table_of(LoadRow)
_HASHES = bulk.table_of(FileHash)

_AT_ONCE = 500
"""Files that one statement asks for: databases take no more than some thousand values."""

LOADED = "loaded"
FAILED = "failed"


@dataclass(frozen=True)
class Load:
    """One delivery of one file to one stream.

    Args:
        load_id: Its id; recording the same one again overwrites it.
        source: Name of the source.
        stream: Name of the stream within the source.
        file: Path relative to the landing folder.
        content_hash: Hash of the file's bytes.
        bytes: Size of the file.
        sequence: Position among the stream's deliveries, from 1.
        rows: Rows read, 0 if it failed.
        status: `LOADED` or `FAILED`.
        error: What to tell the user if it failed; no personal data.
        loaded_at: The run's as-of instant.
        encoding: The one of the contract by which it was read; None if that was not noted yet when it was loaded.
        delimiter: Likewise.
    """

    load_id: str
    source: str
    stream: str
    file: str
    content_hash: str
    bytes: int
    sequence: int
    rows: int
    status: str
    loaded_at: datetime
    error: str | None = None
    encoding: str | None = None
    delimiter: str | None = None


def record(connection: Connection, loads: list[Load]) -> None:
    """Write ``loads``; one whose ``load_id`` is known is overwritten."""
    rows = pa.Table.from_pylist([asdict(load) for load in loads], bulk.arrow_schema(_LOADS.c))
    bulk.upsert(connection, LoadRow, rows)


def of_stream(connection: Connection, source: str, stream: str) -> list[Load]:
    """The stream's deliveries in order, failed ones included."""
    rows = connection.execute(
        select(_LOADS)
        .where(_LOADS.c.source == source, _LOADS.c.stream == stream)
        .order_by(_LOADS.c.sequence, _LOADS.c.load_id)
    )
    return [Load(**row._mapping) for row in rows]


def everything(connection: Connection) -> list[Load]:
    """All deliveries, by source, stream and sequence."""
    rows = connection.execute(
        select(_LOADS).order_by(_LOADS.c.source, _LOADS.c.stream, _LOADS.c.sequence, _LOADS.c.load_id)
    )
    return [Load(**row._mapping) for row in rows]


def forget(connection: Connection, load_ids: list[str]) -> None:
    """Remove loads from the manifest, so that their files count as new."""
    bulk.delete(connection, LoadRow, "load_id", load_ids)


def remembered_hashes(connection: Connection, files: Sequence[str]) -> dict[str, tuple[int, int, str]]:
    """What was remembered of files: size in bytes, modification time in nanoseconds, and content hash, when last seen.

    Args:
        connection: An open transaction.
        files: Paths relative to the landing folder; one that was never seen is not in the answer.
    """
    wanted = select(_HASHES.c.file, _HASHES.c.bytes, _HASHES.c.modified_ns, _HASHES.c.content_hash)
    found: dict[str, tuple[int, int, str]] = {}
    for start in range(0, len(files), _AT_ONCE):
        some = wanted.where(_HASHES.c.file.in_(files[start : start + _AT_ONCE]))
        found |= {file: (size, modified_ns, digest) for file, size, modified_ns, digest in connection.execute(some)}
    return found


def remember_hash(connection: Connection, file: str, size: int, modified_ns: int, content_hash: str) -> None:
    """Remember the content hash of ``file`` as it is now: so many bytes, changed then (nanoseconds since 1970)."""
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    values = {"bytes": size, "modified_ns": modified_ns, "content_hash": content_hash}
    connection.execute(
        insert(_HASHES).values(file=file, **values).on_conflict_do_update(index_elements=["file"], set_=values)
    )
