"""From the development inbox to trays, one a destination, of messages as their receivers see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cdp_assets.activation.connectors import inbox_entries


@dataclass(frozen=True)
class Tray:
    """The messages to one destination.

    Args:
        destination: Its name.
        total: How many there are.
        kind: ``http`` or ``file``: how the receiver gets them.
        messages: The latest ones, newest first.
    """

    destination: str
    total: int
    kind: str
    messages: tuple[inbox_entries.InboxEntry, ...]

    @property
    def columns(self) -> list[str]:
        """For files: the columns of the rows."""
        return list(dict.fromkeys(name for entry in self.messages for name in row(entry)))


class UnknownDestination(LookupError):
    """Nothing was ever sent to a destination of that name."""


def read_inbox(folder: Path, destination: str | None = None, *, latest: int = 50) -> list[Tray]:
    """All trays, or one.

    Args:
        folder: `Settings.inbox`.
        destination: The one wanted, or None for all.
        latest: How many messages of each to keep.

    Raises:
        UnknownDestination: if there is no tray for the one wanted.
    """
    names = inbox_entries.destinations(folder)
    if destination is not None and destination not in names:
        known = f"there is something for {', '.join(names)}" if names else "the inbox is empty; `cdp run` delivers"
        raise UnknownDestination(f"nothing in the inbox for {destination!r}; {known}")
    return [_tray(folder, name, latest) for name in ([destination] if destination else names)]


def row(entry: inbox_entries.InboxEntry) -> dict[str, Any]:
    """For files: the row that the receiver gets, with its envelope; nothing for requests."""
    found: dict[str, Any] = entry.received.get("row", {})
    return found


def _tray(folder: Path, destination: str, latest: int) -> Tray:
    entries: Sequence[inbox_entries.InboxEntry] = list(inbox_entries.entries(folder, destination))
    kept = tuple(reversed(entries[-latest:])) if latest else ()
    return Tray(destination, len(entries), kept[0].received["kind"] if kept else "http", kept)
