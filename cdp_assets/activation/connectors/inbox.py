"""The development inbox: what would have gone out, one JSON line a message, as its receiver would have seen it.

Belongs here: writing the inbox. Does not belong here: reading it (`inbox_entries.py`), and the page that shows it.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from cdp_assets.activation.connectors.connector import DELIVERED, Connector, Outcome
from cdp_assets.activation.connectors.inbox_entries import InboxEntry
from cdp_assets.activation.connectors.templates import Unwritable
from cdp_assets.activation.message import Message
from cdp_assets.activation.payload import instant


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


def _ends_with_newline(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"
