"""Days of times that say their zone, in UTC.

Belongs here: which zones can be known by what is written behind a time. Does not belong here: reading the day itself
(`values.py`).
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import TYPE_CHECKING
from zoneinfo import available_timezones

import ibis
import ibis.expr.types as ir

from cdp_assets.warehouse.operations import try_timestamp

if TYPE_CHECKING:
    from cdp_assets.warehouse.engine import Engine

_CLOCK = (
    r"([0-9]{1,2}):([0-9]{2})(?::[0-9]{2}(?:[.,][0-9]+)?)?(?:\s?([AaPp])\.?[Mm]\b\.?)?"
    r"\s*([Zz]|(?:UTC|GMT)?\s?[+-][0-9]{1,2}(?::?[0-9]{2})?|[A-Z][A-Za-z_]+(?:/[A-Za-z0-9_+-]+)+|[A-Z]{3,5}|[CEMPU]T|utc|gmt)"
    r"(?:\[[^\]]*\])?$"
)
"""The end of a text: hour, minute, the half of the day, and the zone."""
_OFFSET = re.compile(r"(?:UTC|GMT)?\s?([+-])(\d{1,2}?):?(\d{2})?")
_FURTHEST = 15
"""Hours between UTC and whatever zone, at most."""
_HOURS = {
    "Z": 0, "UTC": 0, "GMT": 0, "UT": 0, "WET": 0, "WEST": 1, "CET": 1, "CEST": 2, "MEZ": 1, "MESZ": 2, "EET": 2,
    "EEST": 3, "MSK": 3, "EST": -5, "EDT": -4, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7, "AKST": -9,
    "AKDT": -8, "HST": -10, "JST": 9, "KST": 9, "AEST": 10, "AEDT": 11, "NZST": 12, "NZDT": 13,
}  # fmt: skip
"""Names of one zone each, with the hours it is ahead of UTC."""
_TOLD_BY = {"CST": ("CDT", -6), "BST": ("GMT", 1)}
"""Names that other countries have too, with what else stands in the column where one of them is meant."""


def days_in_utc(
    day: ir.DateValue, text: ir.StringValue, rows: ir.Table, engine: Engine
) -> tuple[ir.DateValue, list[str]]:
    """The days of times in UTC; where no zone is written, or none that can be known, the days as they are.

    Args:
        day: What is written as the day.
        text: The times, columns of ``rows`` both.
        rows: The table.
        engine: Computes.

    Returns:
        The days, and the zones that cannot be known.
    """
    zone = text.re_extract(_CLOCK, 4).nullif("")
    written = [row["zone"] for row in engine.to_arrow(rows.select(zone=zone).distinct()).to_pylist() if row["zone"]]
    known = {name: found for name in written if (found := _known(name, written)) is not None}
    unknown = sorted(set(written) - known.keys())
    if not known:
        return day, unknown
    hour = text.re_extract(_CLOCK, 1).try_cast("int64")
    half = text.re_extract(_CLOCK, 3).upper()
    hour = ibis.cases((half == "P", hour % 12 + 12), (half == "A", hour % 12), else_=hour)
    clock = hour.cast("string") + ":" + text.re_extract(_CLOCK, 2)
    local = day.cast("string") + " " + clock + " " + zone.cases(*known.items(), else_=ibis.null("string"))
    instant = ibis.coalesce(*(try_timestamp(local, f"%Y-%m-%d %H:%M {part}") for part in ("%z", "%Z")))
    return ibis.coalesce(instant.date(), day), unknown


def without_zone(text: ir.StringValue) -> ir.StringValue:
    """Times as they were on the clock, to the minute, where a zone is written; else as they are."""
    return ibis.ifelse(text.re_search(_CLOCK), text.re_replace(r"(:[0-9]{2}).*$", r"\1"), text)


def _known(zone: str, beside: Collection[str]) -> str | None:
    """A zone as an offset or an IANA name; None if it cannot be known."""
    offset = _OFFSET.fullmatch(zone)
    if offset is not None:
        sign, hours, minutes = offset.groups()
        return f"{sign}{int(hours):02}:{minutes or '00'}" if int(hours) <= _FURTHEST else None
    if "/" in zone:
        return zone if zone in available_timezones() else None
    name = zone.upper()
    witness, told = _TOLD_BY.get(name, ("", 0))
    ahead = told if witness in beside else _HOURS.get(name)
    return None if ahead is None else f"{ahead:+03}:00"
