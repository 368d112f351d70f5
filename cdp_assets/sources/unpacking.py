"""Lines that hold several rows become a line a row.

Belongs here: JSON lines with a list of rows in them, as Segment's libraries send batches. Does not belong here: what is
wrong with lines (`records.py`): one that cannot be unpacked is left as it is, and judged there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cdp_assets.warehouse.files import BLOCK


def unpacked(plain: Path, name: str, folder: Path) -> Path:
    """The file with a line a row: itself if no line has the list, else a copy in ``folder``.

    Args:
        plain: JSON lines in UTF-8.
        name: Property that holds the list. The properties beside it belong to each of its rows, which may have values
            of their own; of ``context`` each property by itself.
        folder: Where a copy may be written.
    """
    needle = json.dumps(name).encode()
    if not _contains(plain, needle):
        return plain
    copy = folder / f"{plain.name}.unpacked"
    with plain.open("rb") as opened, copy.open("wb") as out:
        for line in opened:
            for row in _rows(line, needle, name):
                out.write(row)
    return copy


def _contains(plain: Path, needle: bytes) -> bool:
    tail = b""
    with plain.open("rb") as opened:
        while block := opened.read(BLOCK):
            # From the end, which takes half as long as `in` does among so many quotes.
            if block.rfind(needle) >= 0 or needle in tail + block[: len(needle)]:
                return True
            tail = block[-len(needle) :]
    return False


def _rows(line: bytes, needle: bytes, name: str) -> Iterator[bytes]:
    if needle not in line:
        yield line
        return
    try:
        whole = json.loads(line)
    except ValueError:
        yield line
        return
    if not isinstance(whole, dict) or not isinstance(whole.get(name), list):
        yield line
        return
    shared = {key: value for key, value in whole.items() if key != name}
    for item in whole[name]:
        yield json.dumps(_together(shared, item), ensure_ascii=False).encode() + b"\n"


def _together(shared: dict[str, Any], item: Any) -> Any:
    if not isinstance(item, dict):
        return item
    contexts = [each["context"] for each in (shared, item) if isinstance(each.get("context"), dict)]
    merged = {**shared, **item}
    if len(contexts) > 1:
        merged["context"] = {**contexts[0], **contexts[1]}
    return merged
