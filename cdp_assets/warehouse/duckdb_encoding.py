"""Columns of few known values, kept by DuckDB as numbers: a text takes ten times as long to write.

Belongs here: their types. Does not belong here: which columns these are (`Column.one_of`); to everybody else they are
texts.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import duckdb

if TYPE_CHECKING:
    from cdp_assets.canonical.schema import TableSchema


def type_of(values: Iterable[str]) -> str:
    """The type of a column that holds these values. They are ordered as texts are."""
    listed = ", ".join("'" + value.replace("'", "''") + "'" for value in sorted(set(values)))
    return f"ENUM({listed})"


def fresh_types(connection: duckdb.DuckDBPyConnection, place: str, schema: TableSchema) -> dict[str, str]:
    """The types of such columns in a table that is written anew; it may also hold what is in the published one.

    Args:
        connection: Where it is.
        place: The published table, quoted; it need not be there.
        schema: Its schema.
    """
    few = [column for column in schema.columns if column.one_of]
    there = _columns(connection, place) if few else {}
    return {
        column.name: type_of(
            [*column.one_of, *(_values(connection, place, column.name) if column.name in there else ())]
        )
        for column in few
    }


def widened_types(connection: duckdb.DuckDBPyConnection, place: str, schema: TableSchema) -> dict[str, str]:
    """The types of such columns in a published table, after it has been made to take all values there can be."""
    types: dict[str, str] = {}
    for column in schema.columns:
        if column.one_of:
            kind = _columns(connection, place)[column.name]
            known = _range(connection, place, column.name) if kind.startswith("ENUM") else None
            if known is None or not set(column.one_of) <= set(known):
                values = _values(connection, place, column.name) if known is None else known
                kind = type_of([*values, *column.one_of])
                connection.execute(f'ALTER TABLE {place} ALTER COLUMN "{column.name}" SET DATA TYPE {kind}')
            types[column.name] = kind
    return types


def _columns(connection: duckdb.DuckDBPyConnection, place: str) -> dict[str, str]:
    """Column → type; empty if there is no such table."""
    try:
        return {row[0]: row[1] for row in connection.execute(f"DESCRIBE {place}").fetchall()}
    except duckdb.CatalogException:
        return {}


def _values(connection: duckdb.DuckDBPyConnection, place: str, column: str) -> list[str]:
    query = f'SELECT DISTINCT "{column}"::VARCHAR FROM {place} WHERE "{column}" IS NOT NULL'
    return [row[0] for row in connection.execute(query).fetchall()]


def _range(connection: duckdb.DuckDBPyConnection, place: str, column: str) -> list[str]:
    [(values,)] = connection.execute(f'SELECT enum_range((SELECT "{column}" FROM {place} LIMIT 1))').fetchall()
    return list(values)
