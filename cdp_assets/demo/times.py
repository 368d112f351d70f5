"""Local times as exports write them.

Belongs here: offsets of time zones. Does not belong here: plain times in UTC (`text.py`).
"""

from __future__ import annotations

import functools
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from cdp_assets.demo.text import Ints, Texts, gather, glue, stamps, texts

_YEARS = range(2020, 2036)


def local_seconds(epoch: Ints, zone: str) -> Ints:
    """Epoch seconds shifted to the wall clock of a zone."""
    changes, offsets = _offsets(zone)
    return np.asarray(epoch) + offsets[np.searchsorted(changes, epoch, side="right")]


def local_stamps(epoch: Ints, zone: str) -> Texts:
    """``YYYY-MM-DD HH:MM:SS +hhmm`` on the wall clock of a zone; negative instants give the empty text."""
    epoch = np.asarray(epoch)
    changes, offsets = _offsets(zone)
    index = np.searchsorted(changes, epoch, side="right")
    written = texts([f" {'-' if o < 0 else '+'}{abs(o) // 3600:02d}{abs(o) // 60 % 60:02d}" for o in offsets.tolist()])
    wall = stamps(np.where(epoch < 0, -1, epoch + offsets[index]))
    return glue(wall, gather(written, np.where(epoch < 0, -1, index)))


@functools.cache
def _offsets(zone: str) -> tuple[Ints, Ints]:
    """Instants at which the zone's offset changes, and the offsets before, between and after them, in seconds."""
    place = ZoneInfo(zone)
    hour = timedelta(hours=1)
    at = datetime(_YEARS[0], 1, 1, tzinfo=UTC)
    end = datetime(_YEARS[-1], 1, 1, tzinfo=UTC)
    changes: list[int] = []
    offsets = [_offset(at, place)]
    while at < end:
        later = at + timedelta(days=1)
        if _offset(later, place) != offsets[-1]:
            while _offset(at, place) == offsets[-1]:
                at += hour
            changes.append(int(at.timestamp()))
            offsets.append(_offset(at, place))
        at = later
    return np.array(changes, dtype=np.int64), np.array(offsets, dtype=np.int64)


def _offset(at: datetime, place: ZoneInfo) -> int:
    return int(at.astimezone(place).utcoffset().total_seconds())  # type: ignore[union-attr]
