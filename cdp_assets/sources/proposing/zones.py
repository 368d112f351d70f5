"""The zone of times that bear none, where a column of the file names it.

Belongs here: such columns. Does not belong here: zones in headings (`headings.py`) or beside times (`values.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import available_timezones

from cdp_assets.sources.proposing import headings
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


def zones_in(column: Column, texts: Texts) -> list[str]:
    """The different zones that a column names, as it does; none if it is no column of zones."""
    if "timezone" not in headings.meanings(column.words):
        return []
    return sorted({text.strip() for text in texts[column.address] if text})


def zone_of_rows(columns: Sequence[Column], texts: Texts) -> tuple[Column, str] | None:
    """The column that names one zone for all rows, and that zone as an IANA name; None if there is no such column."""
    for column in columns:
        zones = {_REGIONS.get(zone.upper(), zone) for zone in zones_in(column, texts)}
        if len(zones) == 1 and column.values.filled == column.values.rows and zones <= available_timezones():
            return column, zones.pop()
    return None
