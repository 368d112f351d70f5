"""The wall clock: the one hidden input of this stage, and only of sending. Tests pass their own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def wall_clock() -> datetime:
    """The present instant, UTC."""
    return datetime.now(UTC)
