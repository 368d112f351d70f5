"""When nobody is to be disturbed.

Belongs here: until when a message waits. Does not belong here: the waiting (the ledger's `due_at`).
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cdp_assets.activation.spec import QuietHours

REASON = "quiet_hours"


def quiet_until(now: datetime, hours: QuietHours, timezone: str | None) -> datetime | None:
    """The end of the quiet hours that ``now`` falls into, UTC; null if it does not.

    Args:
        now: The instant, timezone-aware.
        hours: Begin (included) and end (not included) by the wall clock; they may span midnight.
        timezone: The person's IANA time zone; where null or unknown, that of ``hours``.
    """
    zone = _zone(timezone) or _zone(hours.zone)
    local = now.astimezone(zone)
    clock = local.time()
    begun, over = clock >= hours.start, clock >= hours.end
    spans_midnight = hours.start > hours.end
    if not ((begun or not over) if spans_midnight else (begun and not over)):
        return None
    day = local.date() + timedelta(days=1 if over else 0)
    return datetime.combine(day, hours.end, tzinfo=zone).astimezone(UTC)


def clock_time(text: str) -> time:
    """Read ``HH:MM``.

    Raises:
        ValueError: if ``text`` is no time of day.
    """
    return time.fromisoformat(text)


@lru_cache(maxsize=512)
def _zone(name: str | None) -> ZoneInfo | None:
    if name is None:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
