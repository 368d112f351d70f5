"""The words that proposals know, by kind: `headings.yaml` in eight languages, `headings_further.yaml` in further ones.

Belongs here: reading these files. Does not belong here: comparing headings (`phrases.py`) or cells (`cells.py`) with
them.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml

_FILES = ("headings.yaml", "headings_further.yaml")


def words_by_kind(*, further: bool = True) -> dict[str, Any]:
    """What both files say, or the first alone: lists of words, or such lists by key, below the name of a kind."""
    return _contents()[further]


@cache
def _contents() -> tuple[dict[str, Any], dict[str, Any]]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    first, further = (yaml.load(Path(__file__).with_name(file).read_text(encoding="utf-8"), loader) for file in _FILES)
    return first, _added(first, further)


def _added(content: Any, further: Any) -> Any:
    """The content of two files: lists one after the other, and what lies below the same key together."""
    if isinstance(content, list):
        return list(dict.fromkeys([*content, *further]))
    return content | {key: _added(content[key], more) if key in content else more for key, more in further.items()}
