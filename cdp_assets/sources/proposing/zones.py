"""The zone of times that bear none, where a heading or a column of the file names it.

Belongs here: such headings and columns. Does not belong here: zones beside times (`values.py`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from zoneinfo import available_timezones

from cdp_assets.sources.proposing import phrases
from cdp_assets.sources.proposing.roles import Column
from cdp_assets.sources.proposing.values import Texts

SOLD_OR_SAID = frozenset({"orders", "lines", "refunds", "tickets", "interactions", "subscriptions", "loyalty"})
"""Kinds of which a zone is that of the times: that of people is where they live, and that of events their device's."""

_REGIONS = {
    "GMT": "UTC", "UTC": "UTC", "Z": "UTC", "JST": "Asia/Tokyo",
    **dict.fromkeys(("PST", "PDT"), "America/Los_Angeles"), **dict.fromkeys(("MST", "MDT"), "America/Denver"),
    **dict.fromkeys(("EST", "EDT"), "America/New_York"), **dict.fromkeys(("EET", "EEST"), "Europe/Athens"),
    **dict.fromkeys(("CET", "CEST", "MEZ", "MESZ"), "Europe/Berlin"),
}  # fmt: skip
"""Abbreviations of one zone each, and a place of it: whoever exports in summer writes another one in winter."""

_NAMED = {
    **dict.fromkeys(("eastern time (us & canada)", "eastern standard time"), "America/New_York"),
    **dict.fromkeys(("central time (us & canada)", "central standard time"), "America/Chicago"),
    **dict.fromkeys(("mountain time (us & canada)", "mountain standard time"), "America/Denver"),
    **dict.fromkeys(("pacific time (us & canada)", "pacific standard time"), "America/Los_Angeles"),
    **dict.fromkeys(("arizona", "us mountain standard time"), "America/Phoenix"),
    **dict.fromkeys(("alaska", "alaskan standard time"), "America/Anchorage"),
    **dict.fromkeys(("hawaii", "hawaiian standard time"), "Pacific/Honolulu"),
    **dict.fromkeys(("indiana (east)", "us eastern standard time"), "America/Indiana/Indianapolis"),
    **dict.fromkeys(("atlantic time (canada)", "atlantic standard time"), "America/Halifax"),
    **dict.fromkeys(("newfoundland", "newfoundland standard time"), "America/St_Johns"),
    **dict.fromkeys(("saskatchewan", "canada central standard time"), "America/Regina"),
    **dict.fromkeys(("edinburgh", "gmt standard time"), "Europe/London"),
    **dict.fromkeys(("bern", "w. europe standard time"), "Europe/Berlin"),
    **dict.fromkeys(("osaka", "sapporo", "tokyo standard time"), "Asia/Tokyo"),
    "romance standard time": "Europe/Paris",
    "central europe standard time": "Europe/Budapest",
    "central european standard time": "Europe/Warsaw",
    "aus eastern standard time": "Australia/Sydney",
    "new zealand standard time": "Pacific/Auckland",
}
"""What Rails and Windows call zones that they do not name by a city of them."""

_CONTINENTS = frozenset({"Africa", "America", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"})
"""The regions under which zones are called after cities."""

_IANA = re.compile(r"\b[A-Z][A-Za-z]+/[A-Z][A-Za-z_]+(?:/[A-Z][A-Za-z_]+)?\b")
_IN_BRACKETS = re.compile(r"[(\[]([A-Z]{3,4})[)\]]")

_OFFSET = re.compile(r"^\((UTC|GMT)[^)]*\) *")
"""What they may write before such a name."""


def zone_in_heading(name: str) -> str | None:
    """The IANA zone that a heading names: of ``Created (Europe/London)`` *Europe/London*, of ``Last seen (CET)``
    *Europe/Berlin*.
    """
    named = next((found for found in _IANA.findall(name) if found in available_timezones()), None)
    return named or next((_REGIONS[found] for found in _IN_BRACKETS.findall(name) if found in _REGIONS), None)


def zones_in(column: Column, texts: Texts) -> list[str]:
    """The different zones that a column names, as it does; none if it is no column of zones."""
    if "timezone" not in phrases.meanings(column.words):
        return []
    return sorted({text.strip() for text in texts[column.address] if text})


def zone_of_rows(columns: Sequence[Column], texts: Texts) -> tuple[Column, str] | None:
    """The column that names one zone for all rows, and that zone as an IANA name; None if there is no such column."""
    for column in columns:
        zones = {_iana(zone) for zone in zones_in(column, texts)}
        if len(zones) == 1 and column.values.filled == column.values.rows and zones <= available_timezones():
            return column, zones.pop()
    return None


def _iana(zone: str) -> str:
    """The IANA name of a zone as systems write it, or what they write if it is not known."""
    name = _OFFSET.sub("", zone)
    return _REGIONS.get(name.upper()) or _NAMED.get(name.lower()) or _by_city().get(name.lower(), zone)


@cache
def _by_city() -> dict[str, str]:
    """The zones by the cities that they are called after, in lower case, without those that several have."""
    found: dict[str, str | None] = {}
    for zone in available_timezones():
        region, _, city = zone.rpartition("/")
        if region in _CONTINENTS:
            name = city.replace("_", " ").lower()
            found[name] = None if name in found else zone
    return {name: zone for name, zone in found.items() if zone is not None}
