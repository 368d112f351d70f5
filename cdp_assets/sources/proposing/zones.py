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

_FIXED = {
    "GMT": "UTC", "UTC": "UTC", "Z": "UTC", "PST": "Etc/GMT+8", "PDT": "Etc/GMT+7", "MST": "Etc/GMT+7",
    "MDT": "Etc/GMT+6", "EST": "Etc/GMT+5", "EDT": "Etc/GMT+4", "CET": "Etc/GMT-1", "CEST": "Etc/GMT-2",
    "EET": "Etc/GMT-2", "EEST": "Etc/GMT-3", "JST": "Asia/Tokyo",
}  # fmt: skip
"""Abbreviations that stand for one offset only."""


def zones_in(column: Column, texts: Texts) -> list[str]:
    """The different zones that a column names, as it does; none if it is no column of zones."""
    if "timezone" not in headings.meanings(column.words):
        return []
    return sorted({text.strip() for text in texts[column.address] if text})


def zone_of_rows(columns: Sequence[Column], texts: Texts) -> tuple[Column, str] | None:
    """The column that names one zone for all rows, and that zone as an IANA name; None if there is no such column."""
    for column in columns:
        zones = zones_in(column, texts)
        if len(zones) == 1 and column.values.filled == column.values.rows:
            zone = _FIXED.get(zones[0].upper(), zones[0])
            if zone in available_timezones():
                return column, zone
    return None
