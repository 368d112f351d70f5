"""Numbers and days in whatever way people write them.

Belongs here: reading one column of text as numbers or days. Does not belong here: zones of times (`zones.py`), files,
and what a column is for (`transactions.py`).

How a column is written is decided by most of its values, once for all of them: one mistyped value must not turn a
column round. What then does not fit is null, never an error and never another number.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir

from cdp_assets.attributes.backtest.zones import days_in_utc, without_zone
from cdp_assets.warehouse.operations import try_timestamp, with_hyphens

if TYPE_CHECKING:
    from cdp_assets.warehouse.engine import Engine

LARGEST = 1e12
"""A larger amount is a mistake, and would not fit a column of money."""

_SPACED = r"\pZ\t'’‘ʼ´`"
"""Spaces and apostrophes that group thousands, whatever the decimal mark is."""
_BEFORE = r"^[^0-9]*(?:[\pL/][.]|[^0-9.,])"
"""What stands before a number; an abbreviation keeps its full stop: Rs.450."""
_BEHIND = r"(?:([.,])\s?-)?[^0-9]*$"
"""What stands behind a number; a hyphen in place of cents leaves the mark before it."""
_NEGATIVE = "|".join(
    (
        r"^[^0-9]*\([^0-9)]*[0-9]",
        r"^(?:[^0-9]*[^\pL0-9])?-[^0-9]*[0-9]",
        r"^[^0-9]*-\s*[.,]?[0-9]",
        r"[0-9]\s*-[^0-9]*$",
        r"[0-9][^0-9]*[^0-9.,/\s-]\s*-\W*$",
    )
)
"""In brackets, or with a hyphen that neither joins words nor stands in place of cents: US-$ 5, 100,- and 450/-."""
_TIME_OF_DAY = r"[T ,]+\d{1,2}:\d{2}.*$"
_PATTERNS = {
    "year first": ("%Y/%m/%d", "%y/%m/%d"),
    "digits": ("%Y%m%d",),
    "day first": ("%d/%m/%Y", "%d/%m/%y"),
    "month first": ("%m/%d/%Y", "%m/%d/%y"),
    "month by name": ("%d/%b/%Y", "%d/%B/%Y", "%d/%b/%y", "%b/%d/%Y", "%B/%d/%Y"),
}
_EITHER_WAY = ("day first", "month first")
_NEARLY = 0.9
"""Where so many of the best fitting fit, years of two digits do not tell that they are no days."""
_EPOCHS = {"seconds": 1, "milliseconds": 1_000, "microseconds": 1_000_000, "nanoseconds": 1_000_000_000}
_FIRST, _LAST = date(1950, 1, 1), date(2150, 1, 1)


class AmbiguousDaysError(ValueError):
    """The days could be read in several ways, and nothing tells which is meant; the message names these."""


def numbers(text: ir.StringValue, rows: ir.Table, engine: Engine) -> ir.FloatingValue:
    """Read text as numbers: also with thousands separated, decimal commas, currencies and accountants' parentheses.

    Args:
        text: A column of ``rows``.
        rows: The table, whose other values decide what a comma means.
        engine: Computes.
    """
    written = with_hyphens(text)
    alone = text.re_search(r"^[0-9]+([.,][0-9]+)*$")
    bare = ibis.ifelse(alone, text, written.re_replace(_BEFORE, "").re_replace(_BEHIND, r"\1"))
    commas = bare.re_search(_with_decimals(",", ".")) | bare.re_search(r"^[1-9][0-9]{0,2}(\.[0-9]{3}){2,}(,|$)")
    points = bare.re_search(_with_decimals(".", ",")) | bare.re_search(r"^[1-9][0-9]{0,2}(,[0-9]{3})+(\.|$)")
    counted = engine.to_arrow(
        rows.aggregate(commas=commas.cast("int64").sum().fill_null(0), points=points.cast("int64").sum().fill_null(0))
    ).to_pylist()[0]
    mark, group = (",", ".") if counted["commas"] > counted["points"] else (".", ",")
    fits = bare.re_search(rf"^(?:{_whole(group)}(?:\{mark}[0-9]*)?|\{mark}[0-9]+)(?:[eE][+-]?[0-9]+)?$")
    digits = bare.re_replace(rf"[{group}{_SPACED}]", "").replace(mark, ".")
    value = ibis.ifelse(fits, digits, ibis.null("string")).try_cast("float64")
    value = ibis.ifelse(~alone & written.re_search(_NEGATIVE), -value, value)
    return ibis.ifelse(value.abs() > LARGEST, ibis.null("float64"), value)


def _whole(group: str) -> str:
    """Digits, maybe in groups of thousands, or of lakhs as in India."""
    thousands = rf"[1-9][0-9]{{0,2}}(?:[{group}{_SPACED}][0-9]{{3}})+"
    lakhs = rf"[1-9][0-9]?(?:\{group}[0-9]{{2}})+\{group}[0-9]{{3}}"
    return rf"(?:{thousands}|{lakhs}|[0-9]+)"


def _with_decimals(mark: str, group: str) -> str:
    """Numbers in which a mark can be none of thousands."""
    return rf"^(?:{_whole(group)}\{mark}(?:[0-9]{{0,2}}|[0-9]{{4,}})|(?:0|[0-9]{{4,}})?\{mark}[0-9]+)$"


def days(text: ir.StringValue, rows: ir.Table, engine: Engine) -> tuple[ir.DateValue, list[str]]:
    """Read text as UTC days: ISO, day, month or year first, months by name, or an epoch; with a zone or without.

    Args:
        text: A column of ``rows``.
        rows: The table, most of whose values decide how days are written.
        engine: Computes.

    Returns:
        The days, and the zones that cannot be known: days of these are as they are written.

    Raises:
        AmbiguousDaysError: if several orders fit equally well.
    """
    written = text.re_replace(_TIME_OF_DAY, "").strip().re_replace(r"[-. /,]+", "/")
    readings: dict[str, ir.DateValue] = {"ISO": try_timestamp(without_zone(text)).date()}
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
    if best in _EITHER_WAY or best == "year first":
        best = _order({name: fitting[name] for name in (*_EITHER_WAY, "year first")}, readings, rows, engine)
    return days_in_utc(readings[best], text, rows, engine)


def _order(fitting: Mapping[str, int], readings: Mapping[str, ir.DateValue], rows: ir.Table, engine: Engine) -> str:
    """Which number comes first. Where years of two digits could be days, it is the order that makes fewer years."""
    most = max(fitting.values())
    orders = {name for name, fits in fitting.items() if fits >= _NEARLY * most}
    if "year first" in orders and len(orders) > 1:
        years = {name: readings[name].year().nunique() for name in sorted(orders)}
        [counted] = engine.to_arrow(rows.aggregate(**years)).to_pylist()
        orders = {name for name in orders if counted[name] == min(counted.values())}
    if "year first" not in orders:
        most = max(fitting[name] for name in orders)
        orders = {name for name in orders if fitting[name] == most}
    if len(orders) > 1:
        raise AmbiguousDaysError(" or ".join(sorted(orders)))
    return orders.pop()


def _plausible(day: ir.DateValue) -> ir.DateValue:
    return ibis.ifelse((day >= ibis.literal(_FIRST)) & (day < ibis.literal(_LAST)), day, ibis.null("date"))
