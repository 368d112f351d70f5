"""The development inbox: what would have gone out, one JSON line a message, as its receiver would have seen it.

Belongs here: writing and reading the inbox. Does not belong here: the page that shows it.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from cdp_assets.activation.connectors.connector import DELIVERED, Connector, Outcome
from cdp_assets.activation.connectors.file import safe_cells
from cdp_assets.activation.connectors.templates import Unwritable
from cdp_assets.activation.message import Message
from cdp_assets.activation.payload import instant


@dataclass(frozen=True)
class InboxEntry:
    """One message in the inbox.

    Args:
        destination: Its destination.
        idempotency_key: Its key; an entry written twice counts once.
        change: ``entered``, ``updated`` or ``left``.
        segment: The segment it is about.
        profile_id: The profile, as text.
        sequence: Its number among the messages on this profile.
        written_at: When, ISO 8601 UTC.
        sent: Whether it also went to a receiver on this machine.
        received: The message as its receiver sees it (see `render`).
    """

    destination: str
    idempotency_key: str
    change: str
    segment: str
    profile_id: str
    sequence: int
    written_at: str
    sent: bool
    received: dict[str, Any]


class Inbox:
    """Appends messages to the inbox instead of sending them, or after another connector has sent them."""

    def __init__(self, folder: Path, shown_by: Connector, *, forward: bool = False) -> None:
        """Make an inbox.

        Args:
            folder: The inbox folder; one file a destination.
            shown_by: The connector that would send; it renders the messages.
            forward: Whether that connector really sends (a receiver on this machine).
        """
        self._folder = folder
        self._connector = shown_by
        self._forward = forward
        self._lock = threading.Lock()
        self.batch_size = shown_by.batch_size if forward else 500
        self.concurrency = shown_by.concurrency if forward else 1

    def send(self, messages: Sequence[Message], at: datetime) -> list[Outcome]:
        sent = self._connector.send(messages, at) if self._forward else [Outcome(DELIVERED)] * len(messages)
        outcomes, lines = [], []
        for message, outcome in zip(messages, sent, strict=True):
            if outcome.kind == DELIVERED:
                try:
                    entry = self._entry(message, at)
                except Unwritable as error:
                    outcome = error.outcome
                else:
                    lines.append(json.dumps(vars(entry), ensure_ascii=False, separators=(",", ":")))
            outcomes.append(outcome)
        if lines:
            self._append(self._folder / f"{messages[0].destination}.jsonl", lines)
        return outcomes

    def render(self, message: Message, at: datetime) -> dict[str, Any]:
        return self._connector.render(message, at)

    def close(self) -> None:
        self._connector.close()

    def _entry(self, message: Message, at: datetime) -> InboxEntry:
        return InboxEntry(
            destination=message.destination,
            idempotency_key=message.idempotency_key,
            change=message.change,
            segment=message.segment,
            profile_id=str(message.profile_id),
            sequence=message.sequence,
            written_at=instant(at),
            sent=self._forward,
            received=self.render(message, at),
        )

    def _append(self, path: Path, lines: list[str]) -> None:
        with self._lock:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("ab") as file:
                # A process killed while writing leaves half a line: end it, so that it spoils no other.
                if file.tell() and not _ends_with_newline(path):
                    file.write(b"\n")
                file.write("".join(f"{line}\n" for line in lines).encode())


def destinations(folder: Path) -> list[str]:
    """The destinations that have messages in the inbox."""
    return sorted(path.stem for path in folder.glob("*.jsonl"))


def entries(folder: Path, destination: str) -> Iterator[InboxEntry]:
    """A destination's messages in the order written, each once."""
    seen: set[str] = set()
    path = folder / f"{destination}.jsonl"
    if not path.exists():
        return
    with path.open(encoding="utf-8") as file:
        for line in file:
            try:
                entry = InboxEntry(**json.loads(line))
            except (ValueError, TypeError):
                continue
            if entry.idempotency_key not in seen:
                seen.add(entry.idempotency_key)
                yield entry


def render(entry: InboxEntry) -> str:
    """A message as text, as its receiver would see it: an HTTP request, or a row of a file."""
    received = entry.received
    if received["kind"] == "http":
        head = "\n".join(f"{name}: {value}" for name, value in received["headers"].items())
        body = json.dumps(received["body"], ensure_ascii=False, indent=2)
        return f"{received['method']} {received['url']}\n{head}\n\n{body}"
    return "\n".join(f"{name}: {value}" for name, value in safe_cells(received["row"]).items())


def _ends_with_newline(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"
