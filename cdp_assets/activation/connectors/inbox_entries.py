"""What the development inbox holds, read again.

Belongs here: reading the inbox. Does not belong here: writing it (`inbox.py`), and the page that shows it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cdp_assets.activation.connectors.rows import safe_cells


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
