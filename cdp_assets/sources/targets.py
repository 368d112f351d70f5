"""What a map may say about each canonical table: which columns are its to set, and which it must.

Belongs here: the rules that follow from the canonical schemas. Does not belong here: checking a particular map
(`validation.py`) and filling tables (`normalised/`).
"""

from __future__ import annotations

from collections.abc import Iterable

import ibis.expr.datatypes as dt

from cdp_assets.canonical import tables
from cdp_assets.canonical.schema import Column, TableSchema
from cdp_assets.sources.spec import SourceSpec, StreamSpec

TARGETS: dict[str, TableSchema] = {table.name: table for table in tables.MAPPED}
"""The canonical tables that a map may feed."""

_GIVEN = frozenset({"record_id", *(column.name for column in tables.LINEAGE_COLUMNS)})

_COMPUTED: dict[str, frozenset[str]] = {
    "contacts": frozenset(f"{name}_changed_at" for name in tables.CONTACT_VALUES),
    "contact_points": frozenset({"changed_at"}),
    "orders": frozenset(column.name for column in tables.ORDERS.columns if column.name.endswith("_reporting")),
    "refunds": frozenset({"amount_reporting"}),
    "exchange_rates": frozenset({"reporting_currency"}),
}
"""Columns that the platform computes."""

_DEFAULTED: dict[str, frozenset[str]] = {
    "contact_points": frozenset({"status", "value"}),
    "identifier_aliases": frozenset({"namespace"}),
    "orders": frozenset({"net"}),
    "order_lines": frozenset({"amount", "ordered_at"}),
}
"""Required or derivable columns that have a value when a map leaves them out."""

FILLED_WHEN_EMPTY: dict[str, frozenset[str]] = {"contact_points": frozenset({"status"})}
"""Required columns that have a value also where a map's comes out empty."""

SKIPPED_WHEN_EMPTY: dict[str, str] = {
    "contact_points": "value",
    "consents": "contact_point",
    "identifier_aliases": "old_value",
}
"""Column without which a source row simply says nothing to that table, and is no error; if the map sets it, or must. A
person's own refusal that names no contact point is for all of theirs (`normalised/canonical_rows.py`)."""


def observes_people(stream: StreamSpec) -> bool:
    """Whether a stream's rows say something of people, if only that somebody did something; lists of products, shops or
    rates do not, and neither does what feeds no table and identifies nobody.
    """
    about = {name for name, table in TARGETS.items() if "record_id" in table.column_names}
    return stream.person or bool(stream.identifiers) or any(map_.to in about for map_ in stream.maps)


def speak_of_people(sources: Iterable[SourceSpec], table: str) -> bool:
    """Whether a source says who has consented, or engaged: which of their addresses that is for depends on who they
    are.

    Args:
        sources: All sources.
        table: ``consents`` or ``engagements``.
    """
    maps = (map_ for source in sources for stream in source.streams for map_ in stream.maps)
    return any(map_.to == table for map_ in maps)


def settable(table: TableSchema) -> tuple[Column, ...]:
    """The columns of a canonical table that a map may set."""
    computed = _GIVEN | _COMPUTED.get(table.name, frozenset())
    return tuple(column for column in table.columns if column.name not in computed)


def needed(table: TableSchema) -> tuple[str, ...]:
    """The columns of a canonical table that a map must set."""
    defaulted = _DEFAULTED.get(table.name, frozenset())
    return tuple(column.name for column in settable(table) if column.required and column.name not in defaulted)


def fits(value: dt.DataType, column: Column) -> bool:
    """Whether an expression of this type can fill a column: numbers for numbers, times for times, anything scalar for
    text.
    """
    target = column.dtype
    if target.is_string():
        return not (value.is_array() or value.is_struct() or value.is_map() or value.is_binary())
    if target.is_numeric():
        return bool(value.is_numeric())
    if target.is_timestamp() or target.is_date():
        return bool(value.is_timestamp() or value.is_date())
    return bool(value == target)
