"""How values are written for people: numbers, money, instants, durations, names of things.

Belongs here: value → text. Does not belong here: any layout (`report.py`, the templates), any query.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cdp_assets.ledger.history import Message

NOTHING = "–"

_SHOWN = 3
"""So many files are named of many."""

_HOST = re.compile(r"https?://[^/\s]+")
_WINDOW = re.compile(r"_(\d+)d$")
_ACRONYMS = {"id": "ID", "nps": "NPS", "rfm": "RFM", "url": "URL", "crm": "CRM", "sms": "SMS", "clv": "CLV", "r": "R"}


def count(value: float | None) -> str:
    """A whole number with thin groups: ``12,345``."""
    return NOTHING if value is None else f"{value:,.0f}"


def plural(value: int, singular: str, several: str | None = None) -> str:
    """A count with its noun: ``1 profile``, ``2 profiles``."""
    return f"{value:,} {singular if value == 1 else several or singular + 's'}"


def untaken(names: Sequence[str]) -> str:
    """How many files no stream takes, and how the first few are called."""
    shown, more = [PurePosixPath(name).name for name in names[:_SHOWN]], len(names) - _SHOWN
    called = ", ".join(shown) + (f" and {more:,} more" if more > 0 else "")
    verb = "is" if len(names) == 1 else "are"
    return f"{plural(len(names), 'file')} in the landing folder {verb} taken by no stream: {called}"


def money(value: Decimal | float | None, currency: str = "") -> str:
    """An amount with two decimals and its currency, where one is known."""
    return NOTHING if value is None else f"{value:,.2f}{' ' + currency if currency else ''}"


def share(value: float | None, digits: int = 0) -> str:
    """A share of one as a percentage."""
    return NOTHING if value is None else f"{value * 100:.{digits}f}%"


def day(value: datetime | date | None) -> str:
    """A day: ``30 Jun 2026``."""
    return NOTHING if value is None else f"{value.day} {value:%b %Y}"


def instant(value: datetime | None) -> str:
    """A minute in UTC: ``30 Jun 2026, 14:05``; midnight is written as the day alone."""
    if value is None:
        return NOTHING
    if not (value.hour or value.minute or value.second):
        return day(value)
    return f"{day(value)}, {value:%H:%M}"


def month(value: datetime) -> str:
    """A month: ``June 2026``."""
    return f"{value:%B %Y}"


def ago(value: datetime | None, now: datetime) -> str:
    """How long before ``now``, coarsely: ``today``, ``3 days ago``, ``5 months ago``."""
    if value is None:
        return NOTHING
    days = (now - value).days
    if days < 0:
        return f"in {plural(-days, 'day')}"
    if days == 0:
        return "today"
    if days < 61:
        return f"{plural(days, 'day')} ago"
    if days < 730:
        return f"{round(days / 30.44)} months ago"
    return f"{days / 365.25:.1f} years ago"


def duration(seconds: float) -> str:
    """A duration: ``0.8 s``, ``42 s``, ``3 min 05 s``."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s"


def line(text: str) -> str:
    """A moment's line, without the host of addresses."""
    short = _HOST.sub("", text)
    return short[:1].upper() + short[1:]


def title(kind: str, text: str) -> str:
    """A moment's line that stands alone: with its kind where the line does not say it."""
    return line(f"{kind}: {text}" if kind in ("consent", "loyalty", "survey") else text)


def permission(purpose: str, channel: str) -> str:
    """What a consent is about: ``marketing by email``, ``analytics on any channel``."""
    return f"{purpose} on any channel" if channel == "any" else f"{purpose} by {channel.replace('_', ' ')}"


def message(told: Message, profile_id: int) -> str:
    """What a message says of a person: ``entered vip (2)``, with its number; and the id, where it is not today's."""
    variant = f", variant {told.variant}" if told.variant else ""
    under = f", as {told.profile_id}" if told.profile_id != profile_id else ""
    return f"{told.change} {told.segment} ({told.sequence}){variant}{under}"


def state(told: Message) -> str:
    """What has become of a message: ``delivered``, ``withheld (no_consent)``; in the words of `cdp deliveries list`."""
    return f"{told.status} ({told.reason})" if told.reason else told.status


def label(name: str) -> str:
    """A name for people: ``last_nps_score`` → ``Last NPS score``, ``events_30d`` → ``Events, 30 days``."""
    days = _WINDOW.search(name)
    name = _WINDOW.sub("", name)
    words = [_ACRONYMS.get(word, word) for word in name.split("_") if word]
    text = " ".join(words) + (f", {days.group(1)} days" if days else "")
    return text[:1].upper() + text[1:]


def value(item: Any) -> str:
    """Any value of a table for people."""
    if item is None or item == "":
        return NOTHING
    if isinstance(item, bool):
        return "yes" if item else "no"
    if isinstance(item, datetime):
        return instant(item)
    if isinstance(item, date):
        return day(item)
    if isinstance(item, Decimal):
        return money(item)
    if isinstance(item, float):
        return count(item) if item.is_integer() else f"{item:,.3f}".rstrip("0").rstrip(".")
    if isinstance(item, int):
        return count(item)
    return str(item)


def initials(name: str | None) -> str:
    """Up to two initials for an avatar; a dot for somebody without a name."""
    words = [word for word in (name or "").replace("-", " ").split() if word[:1].isalpha()]
    if not words:
        return "·"
    return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()
