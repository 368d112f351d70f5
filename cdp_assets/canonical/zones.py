"""Time zones by their IANA names.

Belongs here: whether there is one of a name. Does not belong here: what times in it mean.
"""

from __future__ import annotations

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


def zone_fault(zone: str) -> str | None:
    """What is wrong with the name of a time zone; None if there is such a zone."""
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return f"`{zone}` is no time zone; write an IANA name such as Europe/Berlin"
    return None
