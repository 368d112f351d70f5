"""The present audience as one compact JSON file, for a site or an edge to look people up in.

Written whole or not at all; doing a batch again leaves the same file. Beside it lies a file of our own that remembers
each profile's key, so that a person whose key changes does not stay under the old one.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from cdp_assets.activation.connectors.audience_hashes import sha256
from cdp_assets.activation.connectors.connector import DELIVERED, RETRY, Outcome
from cdp_assets.activation.connectors.templates import Unwritable, value_of
from cdp_assets.activation.differences import LEFT
from cdp_assets.activation.message import Message
from cdp_assets.activation.payload import instant
from cdp_assets.activation.ways import OnsiteWay


class Onsite:
    """Keeps one file equal to the segment."""

    batch_size = 50_000
    concurrency = 1

    def __init__(self, way: OnsiteWay, data: Path) -> None:
        self._way = way
        self._file = data / way.path
        self._keys = self._file.with_name(f".{self._file.name}.keys")

    def send(self, messages: Sequence[Message], at: datetime) -> list[Outcome]:
        outcomes = []
        try:
            members, keys = _read(self._file).get("members", {}), _read(self._keys)
            holders = Counter(keys.values())
            for message in messages:
                outcomes.append(self._apply(message, members, keys, holders))
            audience = {"segment": messages[0].segment, "updated_at": instant(at), "members": members}
            # The keys go first: a crash in between leaves a file that lacks news, never one nobody can take back.
            _write(self._keys, keys)
            _write(self._file, audience)
        except (OSError, ValueError) as error:
            return [Outcome(RETRY, error=type(error).__name__)] * len(messages)
        return outcomes

    def render(self, message: Message, at: datetime) -> dict[str, Any]:
        return {"kind": "file", "row": {"key": self._key(message), **self._entry(message)}}

    def close(self) -> None:
        """Nothing is kept open."""

    def _apply(self, message: Message, members: dict[str, Any], keys: dict[str, Any], holders: Counter[Any]) -> Outcome:
        """Change members and keys; a key that several ids of a person have stays with the last of them."""
        profile_id = str(message.profile_id)
        key = None
        if message.change != LEFT:
            try:
                key = self._key(message)
            except Unwritable as error:
                return error.outcome
        old = keys.pop(profile_id, None)
        holders[old] -= 1
        if old not in (None, key) and holders[old] <= 0:
            members.pop(old, None)
        if key is not None:
            keys[profile_id] = key
            holders[key] += 1
            members[key] = self._entry(message)
        return Outcome(DELIVERED)

    def _key(self, message: Message) -> str:
        text = str(value_of(message, self._way.key))
        return sha256(text.strip().lower()) if self._way.hashed else text

    def _entry(self, message: Message) -> dict[str, Any]:
        return {name: value for name, value in message.fields.items() if name != self._way.key}


def _read(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}


def _write(path: Path, value: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.part")
    with unfinished.open("w", encoding="utf-8") as file:
        json.dump(value, file, ensure_ascii=False, separators=(",", ":"))
        file.flush()
        os.fsync(file.fileno())
    os.replace(unfinished, path)
