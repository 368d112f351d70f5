"""Lines that hold several rows become a line a row.

Belongs here: JSON lines with a list of rows in them, as Segment's libraries send batches. Does not belong here: what is
wrong with lines (`records.py`): one that cannot be unpacked is left as it is, and judged there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def mark_of(name: str) -> bytes:
    """What is in each line that has a property of this name, and hardly in others."""
    return json.dumps(name).encode()


def unpacked(plain: Path, name: str, folder: Path) -> Path:
    """A copy of the file in ``folder``, with a line a row.

    Args:
        plain: JSON lines in UTF-8.
        name: Property that holds the list. The properties beside it belong to each of its rows, which may have values
            of their own; of ``context`` each property by itself.
        folder: Where the copy is written.
    """
    mark = mark_of(name)
    copy = folder / f"{plain.name}.unpacked"
    with plain.open("rb") as opened, copy.open("wb") as out:
        for line in opened:
            for row in _rows(line, mark, name):
                out.write(row)
    return copy


def _rows(line: bytes, mark: bytes, name: str) -> Iterator[bytes]:
    if mark not in line:
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
    for row in unpacked_row(whole, name):
        yield json.dumps(row, ensure_ascii=False).encode() + b"\n"


def unpacked_row(whole: dict[str, Any], name: str) -> Iterator[Any]:
    """The items of a list in an object, each with what stands beside the list."""
    shared = {key: value for key, value in whole.items() if key != name}
    for item in whole[name]:
        yield _together(shared, item)


def _together(shared: dict[str, Any], item: Any) -> Any:
    if not isinstance(item, dict):
        return item
    contexts = [each["context"] for each in (shared, item) if isinstance(each.get("context"), dict)]
    merged = {**shared, **item}
    if len(contexts) > 1:
        merged["context"] = {**contexts[0], **contexts[1]}
    return merged
