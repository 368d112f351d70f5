"""A SQLAlchemy dialect through which Great Expectations asks the DuckDB connection a run already has open.

Belongs here: how SQLAlchemy talks to a cursor of ours. Does not belong here: what is asked (`runner.py`).

The published dialect cannot serve: a second connection to the file is refused while a run holds it, and a DuckDB cursor
*is* its connection, so that a result vanishes as soon as the connection goes back to the pool, which is when Great
Expectations starts reading it. Here every statement is read to its end inside `execute`, and transactions are no-ops,
since everything that is asked has been committed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, cast

import duckdb
import sqlalchemy as sa
from duckdb_engine import DBAPI, Dialect
from sqlalchemy.engine.url import URL
from sqlalchemy.pool import StaticPool

from cdp_assets.interruption import interruptible

if TYPE_CHECKING:
    from sqlalchemy.engine.interfaces import DBAPIConnection

Row = tuple[Any, ...]


class BufferedCursor:
    """A DB-API cursor over one DuckDB cursor that holds its result, whoever uses the connection next."""

    rowcount = -1
    arraysize = 1000

    def __init__(self, connection: CursorConnection) -> None:
        self.connection = connection
        self._rows: list[Row] = []
        self._next = 0
        self.description: Sequence[Any] | None = None

    def execute(self, statement: str, parameters: Any = None, context: Any = None) -> None:
        duck = self.connection.duck
        with interruptible():
            result = duck.execute(statement, parameters) if parameters else duck.execute(statement)
            self.description = result.description
            self._rows, self._next = result.fetchall(), 0

    def executemany(self, statement: str, parameters: Any = None, context: Any = None) -> None:
        raise NotImplementedError("checks read; they never write")

    def fetchone(self) -> Row | None:
        rows = self.fetchmany(1)
        return rows[0] if rows else None

    def fetchmany(self, size: int | None = None) -> list[Row]:
        start, self._next = self._next, min(self._next + (size or self.arraysize), len(self._rows))
        return self._rows[start : self._next]

    def fetchall(self) -> list[Row]:
        return self.fetchmany(len(self._rows) or 1)

    def close(self) -> None:
        self._rows = []


class CursorConnection:
    """A DB-API connection that is a cursor of the run's DuckDB connection."""

    closed = False

    def __init__(self, duck: duckdb.DuckDBPyConnection) -> None:
        self.duck = duck
        self.notices: list[str] = []

    def cursor(self) -> BufferedCursor:
        return BufferedCursor(self)

    def begin(self) -> None: ...

    def commit(self) -> None: ...

    def rollback(self) -> None: ...

    def close(self) -> None:
        self.duck.close()
        self.closed = True


class RunDialect(Dialect):
    """duckdb-engine's dialect for a `CursorConnection`. Its name stays ``duckdb``: taken for PostgreSQL, Great
    Expectations would write ``~`` for regular expressions, which in DuckDB means a full match.
    """

    supports_statement_cache = False

    def initialize(self, connection: Any) -> None:
        """Skip the probing of server version, isolation level and standards: there is no server."""

    def do_begin(self, connection: Any) -> None: ...

    def do_commit(self, connection: Any) -> None: ...

    def do_rollback(self, connection: Any) -> None: ...

    def has_table(self, connection: Any, table_name: str, schema: str | None = None, **options: Any) -> bool:
        return bool(self.get_columns(connection, table_name, schema))

    def get_pk_constraint(self, connection: Any, table_name: str, schema: str | None = None, **options: Any) -> Any:
        return {"constrained_columns": [], "name": None}

    def get_columns(self, connection: Any, table_name: str, schema: str | None = None, **options: Any) -> Any:
        """List a table's columns. The catalogue's own list is one of all tables, made anew each time it is asked."""
        quoted = ".".join('"' + name.replace('"', '""') + '"' for name in (schema or "main", str(table_name)))
        try:
            found = connection.exec_driver_sql(f"DESCRIBE {quoted}").fetchall()
        except sa.exc.DBAPIError as error:
            if isinstance(error.orig, duckdb.CatalogException):
                return []
            raise
        return [
            {"name": name, "type": self._named_type(kind), "nullable": True, "default": None}
            for name, kind, *_ in found
        ]

    def _named_type(self, kind: str) -> Any:
        known = self.ischema_names.get(kind.lower().partition("(")[0])
        return known() if known else sa.types.NullType()


def sqlalchemy_engine(cursor_factory: Callable[[], duckdb.DuckDBPyConnection]) -> sa.Engine:
    """A SQLAlchemy engine whose only connection is a cursor made by ``cursor_factory``."""
    pool = StaticPool(lambda: cast("DBAPIConnection", CursorConnection(cursor_factory())))
    return sa.Engine(pool, dialect(), URL.create("duckdb"))


@cache
def dialect() -> RunDialect:
    """The process's dialect, which asks a DuckDB of its own for the reserved words when it is made."""
    return RunDialect(dbapi=DBAPI)
