"""Users' SQL expressions: checked against the columns they may see, then bound to a table as typed Ibis nodes.

Belongs here: typing and binding one expression. Does not belong here: what may be written in it (`sql_parsing.py`),
which functions are listed (`sql_functions.py`), and what an expression is for (a mapping, a segment: the stages).

An expression is one value in DuckDB's dialect over the columns of one row, for example
``orders >= 3 and last_order_at > as_of - interval 90 day``. Columns whose names have spaces are written in double
quotes (unless the expression is that name and nothing else), texts in single quotes. The word ``as_of`` stands for the
instant of the run. Three rules make an expression safe to run over data nobody has looked at:

- a value that cannot be cast, or a text that does not match its time format, is null and never an error;
- division by zero is null (DuckDB alone would say infinity or NaN, which is *greater* than any number);
- everything listed gives the same answer on every run, for any order of rows, on every engine.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import duckdb
import ibis
import ibis.expr.datashape as ds
import ibis.expr.datatypes as dt
import ibis.expr.operations as ops
import ibis.expr.types as ir
import sqlglot.expressions as sge
from ibis.backends.sql.compilers.base import SQLGlotCompiler
from ibis.backends.sql.datatypes import DuckDBType
from ibis.common.typing import VarTuple
from sqlglot.dialects.duckdb import DuckDB

from cdp_assets.warehouse.sql_functions import for_duckdb, for_spark, rewritten
from cdp_assets.warehouse.sql_parsing import ExpressionError, nearest, parsed, position_of

__all__ = ["AS_OF", "CheckedExpression", "ExpressionError", "bind", "check", "nearest"]

AS_OF = "as_of"
"""The word that stands for the instant of the run, unless a column has that name."""


@dataclass(frozen=True)
class CheckedExpression:
    """An expression that is known to be one value over known columns.

    Args:
        sql: The expression; a bare name with spaces has got its quotes.
        dtype: Its Ibis type.
        columns: The columns it reads, spelled as in the schema, in order of first use.
        uses_as_of: Whether it depends on the instant of the run.
    """

    sql: str
    dtype: dt.DataType
    columns: tuple[str, ...]
    uses_as_of: bool


def check(sql: str, schema: ibis.Schema, *, where: str = "", as_of: bool = False) -> CheckedExpression:
    """Check an expression against the columns it may use; nothing is run on data.

    Args:
        sql: One SQL expression in DuckDB's dialect.
        schema: The columns it may use. Names match exactly, or without regard to case where only one does.
        where: What the expression belongs to, for the error message.
        as_of: Whether the word ``as_of`` may be used.

    Raises:
        ExpressionError: if it is not one expression, calls a function that is not listed, names an unknown column
            (the nearest name is given) or does not fit the columns' types.
    """
    try:
        return _checked(sql, schema, as_of)
    except ExpressionError as error:
        raise (error.at(where) if where else error) from None


def bind(
    sql: str,
    table: ir.Table,
    *,
    as_of: datetime | None = None,
    schema: ibis.Schema | None = None,
    prefix: str = "",
) -> ir.Value:
    """Make an expression a typed Ibis value over the columns of a table.

    Args:
        sql: As for `check`.
        table: The table whose columns it reads. Lineage sees exactly those that it uses.
        as_of: What the word ``as_of`` stands for; must have a time zone.
        schema: The columns it may use, where the table has them under other names.
        prefix: What their names begin with in the table.

    Raises:
        ExpressionError: as `check`; also if it uses ``as_of`` and none is given.
    """
    checked = _checked(sql, schema or table.schema(), as_of is not None)
    instant = None
    if checked.uses_as_of and as_of is not None:
        if as_of.tzinfo is None:
            raise ValueError("as_of must have a time zone")
        instant = as_of.astimezone(UTC).isoformat(sep=" ")
    return SqlExpression(
        inputs=tuple(table[f"{prefix}{column}"].op() for column in checked.columns),
        columns=checked.columns,
        text=checked.sql,
        instant=instant,
        dtype=checked.dtype,
    ).to_expr()


class SqlExpression(ops.Value):
    """A user's SQL expression over the columns of one relation."""

    inputs: VarTuple[ops.Value]
    columns: VarTuple[str]
    text: str
    instant: str | None = None
    dtype: dt.DataType

    @property
    def shape(self) -> ds.DataShape:
        return ds.columnar if any(value.shape.is_columnar() for value in self.inputs) else ds.scalar

    @property
    def name(self) -> str:
        return self.text


def _visit_sql_expression(
    self: Any, op: SqlExpression, *, inputs: Any, columns: Any, text: Any, instant: Any, dtype: Any
) -> sge.Expr:
    by_name = {name: _enclosed(value) for name, value in zip(op.columns, inputs, strict=True)}
    tree = _prepared(op.text, op.columns, op.instant).copy()
    spell = for_duckdb if issubclass(self.dialect, DuckDB) else for_spark

    def substitute(node: sge.Expr) -> sge.Expr:
        return by_name[node.name].copy() if isinstance(node, sge.Column) else node

    result = _enclosed(spell(tree).transform(substitute))
    return self.cast(result, op.dtype) if isinstance(tree, sge.Null) else result


SQLGlotCompiler.visit_SqlExpression = _visit_sql_expression


def _enclosed(node: sge.Expr) -> sge.Expr:
    atomic = (sge.Column, sge.Literal, sge.Paren, sge.Cast, sge.Anonymous, sge.Null, sge.Boolean)
    return node if isinstance(node, atomic) else sge.Paren(this=node)


@lru_cache(maxsize=4096)
def _checked(sql: str, schema: ibis.Schema, as_of: bool) -> CheckedExpression:
    if sql in schema.names and not sql.isidentifier():
        sql = sge.to_identifier(sql, quoted=True).sql("duckdb")
    tree = parsed(sql)
    names = _resolve(tree, sql, schema, as_of)
    columns = tuple(dict.fromkeys(name for name in names.values() if name is not None))
    uses_as_of = None in names.values()
    instant = "2000-01-01 00:00:00+00:00" if uses_as_of else None
    dtype = _type_of(sql, tuple((name, schema[name]) for name in columns), instant)
    return CheckedExpression(sql, dtype, columns, uses_as_of)


def _resolve(tree: sge.Expr, sql: str, schema: ibis.Schema, as_of: bool) -> dict[str, str | None]:
    """The schema's name for every column written; None for the word ``as_of``."""
    found: dict[str, str | None] = {}
    for column in sorted(tree.find_all(sge.Column), key=lambda node: position_of(node) or 0):
        name = column.name
        if name in found:
            continue
        match = _column_name(name, schema.names)
        if match is None and name.lower() == AS_OF and not column.this.quoted:
            if not as_of:
                raise ExpressionError("`as_of` is not available here", sql, position_of(column))
        elif match is None:
            hint = nearest(name, schema.names)
            raise ExpressionError(f"unknown column `{name}`; {hint}", sql, position_of(column))
        found[name] = match
    return found


def _column_name(written: str, names: tuple[str, ...]) -> str | None:
    if written in names:
        return written
    alike = [name for name in names if name.casefold() == written.casefold()]
    return alike[0] if len(alike) == 1 else None


@lru_cache(maxsize=4096)
def _prepared(sql: str, columns: tuple[str, ...], instant: str | None) -> sge.Expr:
    """The tree with canonical column names, the instant filled in, and nothing in it that raises on bad data."""

    def prepare(node: sge.Expr) -> sge.Expr:
        if isinstance(node, sge.Column):
            name = _column_name(node.name, columns)
            if name is not None:
                return sge.column(name, quoted=True)
            return sge.Cast(this=sge.Literal.string(instant), to=sge.DataType.build("TIMESTAMPTZ", dialect="duckdb"))
        if type(node) is sge.Cast and not isinstance(node.this, sge.Literal):
            return sge.TryCast(this=node.this, to=node.to, safe=True)
        if isinstance(node, sge.Div | sge.Mod | sge.IntDiv) and not isinstance(node.expression, sge.Literal):
            divisor = sge.Nullif(this=node.expression.copy(), expression=sge.Literal.number(0))
            node.set("expression", divisor)
        if isinstance(node, sge.JSONExtract | sge.JSONExtractScalar) and isinstance(node.parent, sge.Expr):
            return sge.Paren(this=node.copy())
        if isinstance(node, sge.Anonymous) and node.name.lower() == "try_strptime" and len(node.expressions) == 2:
            text, pattern = node.expressions
            if isinstance(pattern, sge.Literal):
                return sge.StrToTime(this=text, format=pattern)
        return node

    return rewritten(parsed(sql).copy(), prepare)


_connection_lock = threading.Lock()


@lru_cache(maxsize=1)
def _connection() -> duckdb.DuckDBPyConnection:
    """An empty in-memory database without access to anything, to ask for types."""
    connection = duckdb.connect(config={"enable_external_access": "false", "threads": 1})
    connection.execute("SET TimeZone = 'UTC'")
    return connection


@lru_cache(maxsize=4096)
def _type_of(sql: str, columns: tuple[tuple[str, dt.DataType], ...], instant: str | None) -> dt.DataType:
    """Ask DuckDB for the type, over a row of nulls: this also tries the constants (a date of 31 February …)."""
    names = tuple(name for name, _ in columns)
    value = for_duckdb(_prepared(sql, names, instant).copy()).sql(dialect="duckdb")
    nulls = [
        f"CAST(NULL AS {DuckDBType.to_string(dtype)}) AS {sge.to_identifier(name, quoted=True).sql('duckdb')}"
        for name, dtype in columns
    ]
    query = f"SELECT typeof({value}), {value} FROM (SELECT {', '.join(nulls) or '1 AS one'})"
    try:
        with _connection_lock:
            text = _connection().execute(query).fetchall()[0][0]
    except duckdb.Error as error:
        message = str(error).splitlines()[0]
        raise ExpressionError(message.partition("Error: ")[2] or message, sql) from None
    if text.strip('"') == "NULL":
        return dt.string
    dtype = DuckDBType.from_string(text)
    return dt.Timestamp(timezone=dtype.timezone) if isinstance(dtype, dt.Timestamp) else dtype


@lru_cache(maxsize=1024)
def time_format_fault(pattern: str) -> str | None:
    """What is wrong with a strptime format of dates and times; None if nothing is."""
    try:
        with _connection_lock:
            _connection().execute("SELECT try_strptime('', ?)", [pattern])
    except duckdb.Error as error:
        return str(error).splitlines()[0].rpartition(": ")[2].replace("strftime", "strptime")
    return None if "%" in pattern else "nothing in it stands for a part of a date"
