"""The load manifest: which files were delivered to which stream, and what came of them.

Belongs here: manifest rows and remembered content hashes. Does not belong here: reading files (`sources/`).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

import pyarrow as pa
from sqlalchemy import Connection, func, select
from sqlalchemy.dialects import postgresql, sqlite

from cdp_assets.ledger import bulk
from cdp_assets.ledger.models import FileHash
from cdp_assets.ledger.models import Load as LoadRow

_LOADS = bulk.table_of(LoadRow)
_HASHES = bulk.table_of(FileHash)

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


def next_sequence(connection: Connection, source: str, stream: str) -> int:
    """The sequence number that the stream's next delivery gets."""
    statement = select(func.max(_LOADS.c.sequence)).where(_LOADS.c.source == source, _LOADS.c.stream == stream)
    return int(connection.execute(statement).scalar() or 0) + 1


def forget(connection: Connection, load_ids: list[str]) -> None:
    """Remove loads from the manifest, so that their files count as new."""
    bulk.delete(connection, LoadRow, "load_id", load_ids)


def remembered_hash(connection: Connection, file: str, size: int, modified_ns: int) -> str | None:
    """The content hash of ``file``, if it was last seen with this size and modification time.

    Args:
        file: Path relative to the landing folder.
        size: Its size in bytes.
        modified_ns: Its modification time in nanoseconds (`os.stat_result.st_mtime_ns`).
    """
    statement = select(_HASHES.c.content_hash).where(
        _HASHES.c.file == file, _HASHES.c.bytes == size, _HASHES.c.modified_ns == modified_ns
    )
    found = connection.execute(statement).scalar()
    return None if found is None else str(found)


def remember_hash(connection: Connection, file: str, size: int, modified_ns: int, content_hash: str) -> None:
    """Remember the content hash of ``file`` as it is now."""
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    values = {"bytes": size, "modified_ns": modified_ns, "content_hash": content_hash}
    connection.execute(
        insert(_HASHES).values(file=file, **values).on_conflict_do_update(index_elements=["file"], set_=values)
    )
