"""What keeps a row out: values that break the stream's contract, each with its reason.

Belongs here: one column at a time. Does not belong here: reading text as a type (`sources/contract.py`), versions of
rows (`dispositions.py`) and what rows mean (`canonical_rows.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import ibis
import ibis.expr.types as ir

from cdp_assets.sources.contract import is_too_early, typed_value
from cdp_assets.sources.drift import keeps_misfits
from cdp_assets.sources.spec import ColumnSpec, StreamSpec

CLOCK_TOLERANCE = timedelta(days=1)
"""How far a time may lie ahead of the run's instant before it is a mistake: clocks and zones differ."""

IN_THE_FUTURE = "the time lies in the future"
"""The reason that time itself does away with."""

_FORMULA = r"^(=.|[-+@].*([A-Za-z]\(|\|))"


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


def faults(texts: dict[str, ir.StringValue], values: ir.Table, stream: StreamSpec, as_of: datetime) -> Iterator[Fault]:
    """What can be wrong with the columns of a row, in the order in which it is told.

    Args:
        texts: Column → its text without blanks around it, null if empty.
        values: Has the typed columns and the derived ones.
        stream: Their contract.
        as_of: The run's instant, UTC: times may not lie after it.
    """
    births = stream.birth_columns
    for column in stream.columns:
        text, value = texts[column.name], values[column.name]
        if _is_needed(column, stream):
            yield Fault(text.isnull(), "a required value is missing", column.name)
        if column.type == "string":
            yield Fault(_is_formula(text), "a spreadsheet formula stands in a cell", column.name)
        elif not _counts_without(column, stream):
            article = "an" if column.type == "integer" else "a"
            read = typed_value(text, column, stream.zone) if column.name in births else value
            yield Fault(text.notnull() & read.isnull(), f"the value is not {article} {column.type}", column.name)
        if column.name in stream.timed_columns - births:
            instant = value.cast("timestamp('UTC')")
            yield Fault(is_too_early(value), "the time is before 1900", column.name)
            yield Fault(instant > ibis.literal(as_of + CLOCK_TOLERANCE), IN_THE_FUTURE, column.name)


def plausible(value: ir.Value, column: ColumnSpec, stream: StreamSpec, loaded_at: ir.TimestampValue) -> ir.Value:
    """A typed value, or null in place of a time before 1900, where the row counts without it.

    Times by which rows are put in order are none of these, and a row with a time in the future waits for it. A birth
    before 1900, or after it was delivered, is a slip that no time does away with, and nobody is left out for it.

    Args:
        value, column, stream: The value, and its contract.
        loaded_at: When the row was delivered, UTC.
    """
    if column.name in stream.birth_columns:
        born = value.cast("timestamp('UTC')")
        slip = is_too_early(value) | (born > loaded_at + ibis.interval(days=CLOCK_TOLERANCE.days))
        return ibis.ifelse(slip, ibis.null(value.type()), value)
    ordering = column.name in (stream.event_time, stream.updated_at)
    if not column.past or ordering or not _counts_without(column, stream):
        return value
    return ibis.ifelse(is_too_early(value), ibis.null(value.type()), value)


def _counts_without(column: ColumnSpec, stream: StreamSpec) -> bool:
    """Whether a row counts without the value of a column that does not fit."""
    return keeps_misfits(stream) and not _is_needed(column, stream)


def _is_needed(column: ColumnSpec, stream: StreamSpec) -> bool:
    return column.required or column.name in stream.key


def _is_formula(text: ir.StringValue) -> ir.BooleanValue:
    # Patterns are slow, and few texts begin with one of + - = @, which comparisons can tell.
    begins = ((text >= "+") & (text < ".")) | ((text >= "=") & (text < "A"))
    return ibis.ifelse(begins, text.re_search(_FORMULA), ibis.literal(False))
