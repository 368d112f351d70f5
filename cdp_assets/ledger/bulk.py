"""Many rows in and out of the ledger as Arrow tables.

Belongs here: the conversion between SQLAlchemy's tables and Arrow, and executemany. Does not belong here: any
particular table.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

import pyarrow as pa
from sqlalchemy import BigInteger, Boolean, Column, Connection, Float, FromClause, Integer, Select, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase

from cdp_assets.ledger.models import Instant

_Value = TypeVar("_Value")

_AT_ONCE = 10_000
_CHUNK = 50_000
_VALUES = 900
"""Values in one statement, fewer than any SQLite refuses: many rows at once take half the time of one after another."""


def table_of(model: type[DeclarativeBase]) -> Table:
    """The Core table behind a model."""
    table: FromClause = model.__table__
    assert isinstance(table, Table)
    return table


def arrow_type(column: Column[Any]) -> pa.DataType:
    """The Arrow type of a ledger column: instants are ``timestamp('us', 'UTC')``."""
    if isinstance(column.type, Instant):
        return pa.timestamp("us", tz="UTC")
    if isinstance(column.type, Boolean):
        return pa.bool_()
    if isinstance(column.type, Float):
        return pa.float64()
    if isinstance(column.type, BigInteger | Integer):
        return pa.int64()
    return pa.string()


def arrow_schema(columns: Iterable[Column[Any]]) -> pa.Schema:
    """The Arrow schema of ledger columns, in their order."""
    return pa.schema([pa.field(column.name, arrow_type(column)) for column in columns])


def read(connection: Connection, statement: Select[Any]) -> pa.Table:
    """The rows of a select over plain (possibly labelled) columns, typed, also when there are none."""
    schema = pa.schema([pa.field(column.key, arrow_type(column)) for column in statement.selected_columns])  # type: ignore[arg-type]
    batches = []
    with connection.execute(statement) as result:
        # The cursor's own tuples: instants stay numbers, which Arrow takes as they are.
        while rows := result.cursor.fetchmany(_CHUNK):
            batches.append(_batch(rows, schema))
    return pa.Table.from_batches(batches, schema)


def insert(connection: Connection, model: type[DeclarativeBase], rows: pa.Table) -> None:
    """Insert ``rows``; columns that ``rows`` lacks get the database's default or null.

    Raises:
        sqlalchemy.exc.IntegrityError: if a key exists already.
    """
    _execute_many(connection, _insert(connection, table_of(model)), rows)


def upsert(connection: Connection, model: type[DeclarativeBase], rows: pa.Table, *, keep: Sequence[str] = ()) -> None:
    """Insert ``rows``, or overwrite the columns given where the primary key exists, but those in ``keep``."""
    table = table_of(model)
    key = [column.name for column in table.primary_key]
    statement = _insert(connection, table)
    changed = {name: statement.excluded[name] for name in rows.column_names if name not in (*key, *keep)}
    if changed:
        statement = statement.on_conflict_do_update(index_elements=key, set_=changed)
    else:
        statement = statement.on_conflict_do_nothing(index_elements=key)
    _execute_many(connection, statement, rows)


def insert_new(connection: Connection, model: type[DeclarativeBase], rows: pa.Table) -> None:
    """Insert those of ``rows`` whose key is not there yet; leave the others as they are."""
    _execute_many(connection, _insert(connection, table_of(model)).on_conflict_do_nothing(), rows)


def chunks(values: Sequence[_Value]) -> Iterator[Sequence[_Value]]:
    """Values in parts of as many as a statement may ask for at once."""
    for start in range(0, len(values), _AT_ONCE):
        yield values[start : start + _AT_ONCE]


def delete(connection: Connection, model: type[DeclarativeBase], column: str, values: Sequence[Any]) -> None:
    """Delete the rows whose ``column`` has one of ``values``."""
    table = table_of(model)
    for some in chunks(values):
        connection.execute(table.delete().where(table.c[column].in_(some)))


def _insert(connection: Connection, table: Table) -> Any:
    if connection.dialect.name == "sqlite":
        return sqlite.insert(table)
    return postgresql.insert(table)


def _execute_many(connection: Connection, statement: Any, rows: pa.Table) -> None:
    """Run an insert once for each row, past SQLAlchemy's work per row."""
    compiled = statement.compile(dialect=connection.dialect, column_keys=rows.column_names)
    order = compiled.positiontup or rows.column_names
    for batch in rows.select(order).to_batches(max_chunksize=_CHUNK):
        if batch.num_rows == 0:
            continue
        columns = [_python(column) for column in batch.columns]
        if compiled.positional:
            _execute_positional(connection, compiled.string, columns)
        else:
            values = zip(*columns, strict=True)
            connection.exec_driver_sql(compiled.string, [dict(zip(order, row, strict=True)) for row in values])


def _execute_positional(connection: Connection, statement: str, columns: Sequence[list[Any]]) -> None:
    """Run an insert of one row, as SQLAlchemy writes it, for many at once."""
    width, rows = len(columns), len(columns[0])
    flat: list[Any] = [None] * (width * rows)
    for place, column in enumerate(columns):
        flat[place::width] = column
    row = f"({', '.join('?' * width)})"
    most = max(_VALUES // width, 1)
    whole = rows - rows % most
    for at_once, start, end in ((most, 0, whole), (1, whole, rows)):
        if start < end:
            several = statement.replace(f"VALUES {row}", "VALUES " + ", ".join([row] * at_once), 1)
            steps = range(start * width, end * width, at_once * width)
            connection.exec_driver_sql(several, [tuple(flat[step : step + at_once * width]) for step in steps])


def _python(column: pa.Array) -> list[Any]:
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp("us", tz="UTC")).cast(pa.int64())
    if pa.types.is_integer(column.type) and column.null_count == 0:
        values: list[Any] = column.to_numpy(zero_copy_only=False).tolist()
        return values
    return list(column.to_pylist())


def _batch(rows: Sequence[Sequence[Any]], schema: pa.Schema) -> pa.RecordBatch:
    columns = []
    for values, field in zip(zip(*rows, strict=True), schema, strict=True):
        if pa.types.is_timestamp(field.type):
            columns.append(pa.array(values, pa.int64()).cast(field.type))
        elif pa.types.is_boolean(field.type):
            columns.append(pa.array([None if value is None else bool(value) for value in values], field.type))
        else:
            columns.append(pa.array(values, field.type))
    return pa.RecordBatch.from_arrays(columns, schema=schema)
