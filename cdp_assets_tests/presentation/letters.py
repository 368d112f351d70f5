"""An inbox with messages written out, in the form that destinations write it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def entry(destination: str, number: int, received: dict[str, Any], *, change: str = "entered") -> dict[str, Any]:
    return {
        "destination": destination,
        "idempotency_key": f"{destination}-{number}",
        "change": change,
        "segment": "vip",
        "profile_id": "4611686018427387905",
        "sequence": number,
        "written_at": f"2026-06-30T08:0{number}:00Z",
        "sent": False,
        "received": received,
    }


def request(number: int) -> dict[str, Any]:
    return {
        "kind": "http",
        "method": "POST",
        "url": "https://example.org/hook",
        "headers": {"idempotency-key": f"welcome-{number}", "webhook-signature": "v1,c2lnbmVk"},
        "body": {"type": "segment.entered", "data": {"email": "ada@example.org", "name": "<i>Ada</i>"}},
    }


def write_inbox(folder: Path) -> Path:
    """Two requests to `welcome`, one row for `ads_upload`."""
    folder.mkdir(parents=True, exist_ok=True)
    letters = {
        "welcome": [entry("welcome", 1, request(1)), entry("welcome", 2, request(2), change="left")],
        "ads_upload": [
            entry(
                "ads_upload", 1, {"kind": "file", "format": "csv", "row": {"change": "entered", "email_hash": "ab12"}}
            )
        ],
    }
    for destination, entries in letters.items():
        lines = "".join(json.dumps(each) + "\n" for each in entries)
        (folder / f"{destination}.jsonl").write_text(lines, encoding="utf-8")
    return folder
