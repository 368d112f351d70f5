"""Text becomes values of the contract's types, or a fault with a reason.

Belongs here: one column at a time. Does not belong here: versions of rows (`dispositions.py`) and what rows mean
(`canonical_rows.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import ibis
import ibis.expr.types as ir

from cdp_assets.sources.spec import ColumnSpec, StreamSpec
from cdp_assets.warehouse.operations import try_timestamp

EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
"""No customer record is older; a time before it is a mistake."""

CLOCK_TOLERANCE = timedelta(days=1)
"""How far a time may lie ahead of the run's instant before it is a mistake: clocks and zones differ."""

_TRUE = ("true", "t", "yes", "y", "1", "on")
_FALSE = ("false", "f", "no", "n", "0", "off")
_INTEGER = r"^[+-]?\d{1,19}(\.0+)?$"
_GROUPED = {".": r"^[+-]?\d{1,3}(,\d{3})+(\.\d+)?$", ",": r"^[+-]?\d{1,3}(\.\d{3})+(,\d+)?$"}
_FORMULA = r"^\s*(=.|[-+@].*([A-Za-z]\(|\|))"


@dataclass(frozen=True)
class Fault:
    """Something that keeps a row out.

    Args:
        when: True for rows that have it.
        reason: What is wrong, without any value.
        column: The column at fault.
    """

    when: ir.BooleanValue
    reason: str
    column: str | None = None


def bare(text: ir.StringValue) -> ir.StringValue:
    """Text without surrounding space; null if nothing is left."""
    return text.strip().nullif("")


def typed(text: ir.StringValue, column: ColumnSpec, stream: StreamSpec) -> ir.Value:
    """The value of a contract's column, or null where the text is none of its type.

    Args:
        text: `bare` text.
        column: The column's contract.
        stream: Its stream, for the zone of times without one.
    """
    zone = column.zone or stream.zone
    if column.type in ("string", "json"):
        return text
    if column.type == "integer":
        whole = text.re_replace(r"\.0+$", "")
        return ibis.ifelse(text.re_search(_INTEGER), whole, ibis.null("string")).try_cast("int64")
    if column.type in ("decimal", "float"):
        number = _plain_number(text, column.decimal_mark).try_cast(column.dtype)
        return number if column.type == "decimal" else ibis.ifelse(number.isnan() | number.isinf(), None, number)
    if column.type == "boolean":
        word = text.lower()
        return ibis.cases((word.isin(_TRUE), True), (word.isin(_FALSE), False), else_=ibis.null("boolean"))
    if column.type == "date":
        return try_timestamp(text, column.format).date() if column.format else text.try_cast("date")
    return try_timestamp(text, column.format, zone)


def _plain_number(text: ir.StringValue, mark: str) -> ir.StringValue:
    """Numbers with a decimal point and no grouping. "1,5" stays as it is, and is refused where the mark is a point."""
    grouping = "," if mark == "." else "."
    grouped = text.re_search(_GROUPED[mark])
    plain = ibis.ifelse(grouped, text.replace(grouping, ""), text)
    if mark == ".":
        return plain
    return ibis.ifelse(plain.contains("."), ibis.null("string"), plain.replace(",", "."))


def faults(texts: dict[str, ir.StringValue], values: ir.Table, stream: StreamSpec, as_of: datetime) -> Iterator[Fault]:
    """What can be wrong with the columns of a row, in the order in which it is told.

    Args:
        texts: Column → its `bare` text.
        values: Has the typed columns and the derived ones.
        stream: Their contract.
        as_of: The run's instant, UTC: times may not lie after it.
    """
    for column in stream.columns:
        text, value = texts[column.name], values[column.name]
        if column.required or column.name in stream.key:
            yield Fault(text.isnull(), "a required value is missing", column.name)
        if column.type not in ("string", "json"):
            article = "an" if column.type == "integer" else "a"
            yield Fault(text.notnull() & value.isnull(), f"the value is not {article} {column.type}", column.name)
        elif column.type == "string":
            yield Fault(text.re_search(_FORMULA), "a spreadsheet formula stands in a cell", column.name)
        if column.name in stream.timed_columns:
            instant = value.cast("timestamp('UTC')")
            yield Fault(instant < ibis.literal(EARLIEST), "the time is before 1900", column.name)
            yield Fault(instant > ibis.literal(as_of + CLOCK_TOLERANCE), "the time lies in the future", column.name)
