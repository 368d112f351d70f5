"""The read-only snapshot that everything which only reads attaches.

Readers never touch the warehouse file, so they neither wait for a run nor disturb it. Belongs here: opening the
snapshot and reading from it. Does not belong here: publishing it (`Engine.snapshot`), and anything about Dagster.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import duckdb

from cdp_assets.damage import damage_told

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from cdp_assets.warehouse.duckdb_engine import DuckDBEngine
    from cdp_assets.warehouse.engine import Engine, TableRef

_SHARE_BLOCKS = 0x40049409
"""Linux's FICLONE."""


PUBLISHED = ("serving", "definitions")
"""The table that bears the instant of the run that published the snapshot, as its note."""


REMEDY = "`cdp run --force` publishes it anew"
"""What to do about a snapshot that is damaged."""


class NothingServed(LookupError):
    """No successful run has published a snapshot yet."""


class Reader:
    """Reads one snapshot.

    An in-memory connection attaches the file read-only; opening the file itself would show an old version to a process
    that still holds it open.

    Args:
        file: The snapshot (`Settings.serving_file`).

    Raises:
        NothingServed: if there is no snapshot yet.
        DamagedFile: if it is none.
    """

    def __init__(self, file: Path) -> None:
        self._connection = _opened(file)
        self._connection.execute("USE serving")

    def __enter__(self) -> Reader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._connection.close()

    def tables(self) -> set[TableRef]:
        """The tables that the snapshot holds."""
        listed = "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'serving'"
        return {(row["schema_name"], row["table_name"]) for row in self.rows(listed)}

    def has(self, stage: str, name: str) -> bool:
        """Whether the snapshot holds a table."""
        return (stage, name) in self.tables()

    def note(self, stage: str, name: str) -> str | None:
        """What is noted with a table; None if nothing is."""
        noted = "SELECT comment FROM duckdb_tables() WHERE (database_name, schema_name, table_name) = ('serving', ?, ?)"
        row = self.one(noted, [stage, name])
        return row["comment"] if row else None

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """Run a query over ``stage.table`` names and return its rows as dicts."""
        cursor = self._connection.execute(sql, list(parameters))
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def arrow(self, sql: str, parameters: Sequence[Any] = ()) -> pa.Table:
        """Run a query over ``stage.table`` names and return its rows as an Arrow table."""
        return self._connection.execute(sql, list(parameters)).to_arrow_table()

    def batches(self, sql: str) -> pa.RecordBatchReader:
        """Run a query over ``stage.table`` names and return its rows piece by piece; no other query meanwhile."""
        return self._connection.execute(sql).to_arrow_reader()

    def one(self, sql: str, parameters: Sequence[Any] = ()) -> dict[str, Any] | None:
        """The first row of a query, or None."""
        found = self.rows(sql, parameters)
        return found[0] if found else None


def unlike(engine: Engine, file: Path, tables: Iterable[TableRef]) -> list[TableRef]:
    """Published tables that a snapshot lacks, or holds with another number of rows.

    Args:
        engine: Holds the published ones.
        file: The snapshot.
        tables: Which to look at; those that are not published are passed over.
    """
    published = [ref for ref in tables if engine.has_table(*ref)]
    with closing(engine.cursor()) as cursor, Reader(file) as reader:
        served = reader.tables()
        there = [ref for ref in published if ref in served]
        if not there:
            return published
        counts = " UNION ALL ".join(
            f'SELECT {place} AS place, count(*) AS number FROM "{stage}"."{name}"'
            for place, (stage, name) in enumerate(there)
        )
        wanted = dict(cursor.execute(counts).fetchall())
        found = {row["place"]: row["number"] for row in reader.rows(counts)}
    alike = {ref for place, ref in enumerate(there) if wanted[place] == found[place]}
    return [ref for ref in published if ref not in alike]


def hold(file: Path, kept: Path) -> None:
    """Give a snapshot a second name under which it stays as it is now: publishing puts a new file in its place."""
    try:
        os.link(file, kept)
    except OSError:
        clone(file, kept)


def clone(source: Path, target: Path) -> int:
    """Copy a warehouse file that nobody writes, sharing its blocks where the file system can.

    Returns:
        The bytes that were really copied.
    """
    with source.open("rb") as original, target.open("wb") as copy:
        try:
            import fcntl

            fcntl.ioctl(copy.fileno(), _SHARE_BLOCKS, original.fileno())
            return 0
        except (ImportError, OSError):
            pass
    shutil.copyfile(source, target)
    return target.stat().st_size


@contextmanager
def engine_over(file: Path) -> Iterator[DuckDBEngine]:
    """An engine whose tables are those of a snapshot, which it never writes; what it makes lives in memory.

    Raises:
        NothingServed: if there is no snapshot yet.
    """
    from cdp_assets.warehouse.duckdb_engine import DuckDBEngine

    with _opened(file) as connection:
        engine = DuckDBEngine(connection, catalog="serving")
        try:
            yield engine
        finally:
            engine.backend.disconnect()


@contextmanager
def attached(**files: Path) -> Iterator[dict[str, Callable[[str, str], ir.Table]]]:
    """Attach warehouse files read-only to one connection, so that expressions may reach over several.

    Args:
        files: Name → file.

    Yields:
        Name → what gives a table of that file by stage and name.
    """
    import ibis

    connection = ibis.duckdb.connect(threads=2)
    connection.con.execute("SET TimeZone = 'UTC'")

    def tables(name: str) -> Callable[[str, str], ir.Table]:
        return lambda stage, table: connection.table(table, database=(name, stage))

    try:
        for name, file in files.items():
            connection.attach(file, name=name, read_only=True)
        yield {name: tables(name) for name in files}
    finally:
        connection.disconnect()


def _opened(file: Path) -> duckdb.DuckDBPyConnection:
    """A connection in memory to which a snapshot is attached, read-only, as ``serving``."""
    if not file.exists():
        raise NothingServed(f"{file} does not exist yet: no refresh has succeeded. Run `cdp run`.")
    connection = duckdb.connect(":memory:", config={"threads": 2})
    connection.execute("SET GLOBAL TimeZone = 'UTC'")
    escaped = str(file).replace("'", "''")
    with damage_told(file, REMEDY):
        connection.execute(f"ATTACH '{escaped}' AS serving (READ_ONLY)")
    return connection
