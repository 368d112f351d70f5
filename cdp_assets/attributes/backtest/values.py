"""Numbers and days in whatever way people write them.

Belongs here: reading one column of text as numbers or days. Does not belong here: files, and what a column is for
(`transactions.py`).

How a column is written is decided by most of its values, once for all of them: one mistyped value must not turn a
column round. What then does not fit is null, never an error.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir

from cdp_assets.warehouse.operations import try_timestamp

if TYPE_CHECKING:
    from cdp_assets.warehouse.engine import Engine

LARGEST = 1e12
"""A larger amount is a mistake, and would not fit a column of money."""

_TIME_OF_DAY = r"[T ,]+\d{1,2}:\d{2}.*$"
_PATTERNS = {
    "year first": ("%Y/%m/%d",),
    "digits": ("%Y%m%d",),
    "day first": ("%d/%m/%Y", "%d/%m/%y"),
    "month first": ("%m/%d/%Y", "%m/%d/%y"),
    "month by name": ("%d/%b/%Y", "%d/%B/%Y", "%d/%b/%y", "%b/%d/%Y", "%B/%d/%Y"),
}
_EPOCHS = {"seconds": 1, "milliseconds": 1_000, "microseconds": 1_000_000, "nanoseconds": 1_000_000_000}
_FIRST, _LAST = date(1950, 1, 1), date(2150, 1, 1)


class AmbiguousDaysError(ValueError):
    """The days could be read in two ways, and nothing tells which is meant."""


def numbers(text: ir.StringValue, rows: ir.Table, engine: Engine) -> ir.FloatingValue:
    """Read text as numbers: also with thousands separated, decimal commas, currencies and accountants' parentheses.

    Args:
        text: A column of ``rows``.
        rows: The table, whose other values decide what a comma means.
        engine: Computes.
    """
    kept = text.re_replace(r"[^0-9.,()+-]", "")
    commas = kept.re_search(r"^[(+-]*(\d{1,3}(\.\d{3})+|\d+),\d{1,2}\)?-?$")
    points = kept.re_search(r"\.\d{1,2}\)?-?$|,\d{3}(\D|$)")
    counted = engine.to_arrow(
        rows.aggregate(commas=commas.cast("int64").sum().fill_null(0), points=points.cast("int64").sum().fill_null(0))
    ).to_pylist()[0]
    if counted["commas"] > counted["points"]:
        plain = kept.replace(".", "").replace(",", ".")
        direct = ibis.ifelse(text.contains(",") | text.contains("."), ibis.null("float64"), text.try_cast("float64"))
    else:
        plain = kept.replace(",", "")
        direct = text.try_cast("float64")
    negative = plain.startswith("(") | plain.endswith("-")
    digits = plain.re_replace(r"[()]", "").re_replace(r"-$", "")
    cleaned = digits.try_cast("float64")
    value = ibis.coalesce(direct, ibis.ifelse(negative, -cleaned, cleaned))
    return ibis.ifelse(value.isnan() | value.isinf() | (value.abs() > LARGEST), ibis.null("float64"), value)


def days(text: ir.StringValue, rows: ir.Table, engine: Engine) -> ir.DateValue:
    """Read text as UTC days: ISO (with a zone or without), day, month or year first, months by name, or an epoch.

    Args:
        text: A column of ``rows``.
        rows: The table, most of whose values decide how days are written.
        engine: Computes.

    Raises:
        AmbiguousDaysError: if day first and month first fit equally well.
    """
    written = text.re_replace(_TIME_OF_DAY, "").strip().re_replace(r"[-. /,]+", "/")
    readings: dict[str, ir.DateValue] = {"ISO": try_timestamp(text).date()}
    for name, patterns in _PATTERNS.items():
        tried = [try_timestamp(written, pattern).date() for pattern in patterns]
        # Of four digits or two: the one that does not fit reads years of the first century.
        readings[name] = ibis.coalesce(*(_plausible(day) for day in tried))
    number = text.re_replace(r"\.0+$", "").try_cast("int64")
    for unit, per_second in _EPOCHS.items():
        seconds = number // per_second
        readings[f"epoch in {unit}"] = (
            ibis.ifelse(
                (seconds > 0) & (seconds < 4_000_000_000) & (number >= 100_000_000), seconds, ibis.null("int64")
            )
            .as_timestamp("s")
            .date()
        )
    readings = {name: _plausible(day) for name, day in readings.items()}
    names = {f"reading_{place}": name for place, name in enumerate(readings)}
    counted = engine.to_arrow(
        rows.aggregate(**{key: readings[name].count() for key, name in names.items()})
    ).to_pylist()
    fitting = {name: counted[0][key] for key, name in names.items()}
    best = max(fitting, key=lambda name: fitting[name])
    if best in ("day first", "month first") and fitting["day first"] == fitting["month first"]:
        raise AmbiguousDaysError("day first and month first fit equally well")
    return readings[best]


def _plausible(day: ir.DateValue) -> ir.DateValue:
    return ibis.ifelse((day >= ibis.literal(_FIRST)) & (day < ibis.literal(_LAST)), day, ibis.null("date"))
