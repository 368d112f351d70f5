"""The rows of a JSON text, which may have been cut after its first bytes.

Belongs here: finding the list that holds them. Does not belong here: their columns (`sample.py`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from cdp_assets.sources.proposing.phrases import called, words_of

MOST_ROWS = 5_000
_DEEPEST = 4
_SOME = 3
_SPACE = re.compile(r"\s*")
_DECODER = json.JSONDecoder()

_LISTS = frozenset({
    "batch", "content", "contents", "data", "docs", "documents", "edges", "elements", "entries", "hits", "list",
    "members", "nodes", "objects", "payload", "records", "response", "result", "results", "resultset", "rows", "value",
    "values",
})  # fmt: skip
"""What APIs call the list of what was asked for, however little is in it."""

_ASKED_FOR = ("people", "orders", "loyalty", "refunds", "subscriptions")
"""Kinds of files, by which APIs also call the list: what is in it is seldom a part of something else."""

_OF_PAGES = frozenset({
    "count", "cursor", "has", "limit", "link", "links", "max", "meta", "metadata", "more", "next", "offset", "page",
    "pages", "pagination", "paging", "params", "per", "position", "prev", "previous", "results", "size", "start",
    "summary", "time", "took", "total",
})  # fmt: skip
"""Words for where in a longer list an answer is: they tell nothing of a row."""
_PLACES = frozenset({"cursor", "offset"})

_NUMBERS = frozenset({"id", "number", "no", "nr", "email", "uuid", "key"})
_OF_THE_ANSWER = frozenset({"request", "trace", "job", "query", "page", "response", "account", "shop", "store"})
"""How an object is numbered that is a row itself, and whose numbers say nothing of that."""


@dataclass(frozen=True)
class Found:
    """The rows of a text.

    Args:
        rows: Objects.
        within: Dotted path of the list that holds them; empty if that is the whole text.
        whole: Whether the text was read to its end.
        others: Dotted paths of other lists of objects.
    """

    rows: list[dict[str, Any]]
    within: str = ""
    whole: bool = True
    others: tuple[str, ...] = ()


def of_array(text: str) -> Found:
    """The objects of an array, up to the first thing that is no JSON."""
    walk = _Walk(text)
    walk.run(lambda: walk.array(walk.next(0), ""))
    return Found([each for each in walk.lists.get("", ()) if isinstance(each, dict)], whole=bool(walk.after))


def of_object(text: str) -> Found | None:
    """The rows that one object holds, as APIs answer; None if it is a row itself, or several one below the other."""
    walk = _Walk(text)
    walk.run(lambda: walk.object(walk.next(0), ""))
    if walk.after and text[walk.after :].strip():
        return None
    held = {path: [each for each in items if isinstance(each, dict)] for path, items in walk.lists.items()}
    within = max(held, key=lambda path: (len(held[path]), _is_asked_for(path)), default="")
    if not within or not _holds_rows(within, len(held[within]), walk.beside):
        return None
    others = tuple(path for path, rows in held.items() if rows and path != within)
    return Found(held[within], within, whole=bool(walk.after), others=others)


def objects(text: str, *, whole: bool) -> list[dict[str, Any]]:
    """The objects that a text is, one after another; none if it is something else.

    Args:
        text: The text.
        whole: Whether it was not cut.
    """
    found: list[dict[str, Any]] = []
    at = 0
    while (begin := _SPACE.match(text, at)) and begin.end() < len(text) and len(found) < MOST_ROWS:
        try:
            value, at = _DECODER.raw_decode(text, begin.end())
        except (ValueError, RecursionError):
            return [] if whole else found
        if not isinstance(value, dict):
            return []
        found.append(value)
    return found


def list_of(row: dict[str, Any]) -> str | None:
    """The property of a line that holds rows, as batches of events do; None if the line is a row itself."""
    lists = [key for key, value in row.items() if isinstance(value, list) and value and isinstance(value[0], dict)]
    return lists[0] if len(lists) == 1 and lists[0].lower() in _LISTS else None


def keyed(whole: dict[str, Any]) -> list[str]:
    """The keys of an object of which each holds a row, as databases give out what has a number; none if it is a row."""
    if len(whole) == 1 and isinstance(inner := next(iter(whole.values())), dict):
        return keyed(inner)
    properties = [set(each) if isinstance(each, dict) else set() for each in whole.values()]
    numbered = all(any(map(str.isdigit, key)) for key in whole)
    if len(properties) < (2 if numbered else _SOME):
        return []
    alike = [2 * len(each & properties[0]) >= len(each) and len(each & properties[0]) > 1 for each in properties]
    return list(whole) if all(alike) else []


def _holds_rows(path: str, rows: int, beside: set[str]) -> bool:
    """Whether a list is what an object is there for: an order has a number of its own, and fewer lines than it says of
    itself.
    """
    if rows == 0 or path.rsplit(".", 1)[-1].lower() in _LISTS:
        return rows > 0
    said = [each for each in beside if not any(map(_is_of_pages, each.split(".")))]
    return not any(map(_is_own_number, said)) and (_is_asked_for(path) or rows > len(said))


def _is_asked_for(path: str) -> bool:
    words = words_of(path.rsplit(".", 1)[-1])
    return any(called(words, kind) for kind in _ASKED_FOR)


def _is_of_pages(key: str) -> bool:
    words = words_of(key).split()
    return set(words) <= _OF_PAGES or words[-1] in _PLACES


def _is_own_number(path: str) -> bool:
    *before, last = words_of(path.rsplit(".", 1)[-1]).split() or [""]
    return last in _NUMBERS and not _OF_THE_ANSWER & set(before)


@dataclass
class _Walk:
    """One walk through a text.

    Args:
        text: JSON.
        lists: Dotted path → the items of the list there.
        beside: Paths of single values.
        after: Where the outermost value ended; 0 if it did not.
    """

    text: str
    lists: dict[str, list[Any]] = field(default_factory=dict)
    beside: set[str] = field(default_factory=set)
    after: int = 0

    def run(self, walk: Callable[[], int]) -> None:
        """Walk to the end, or to what cannot be read; what was found before stays found."""
        with suppress(IndexError, ValueError, RecursionError):
            self.after = walk()

    def next(self, at: int) -> int:
        """The place of the next character that is no space."""
        found = _SPACE.match(self.text, at)
        return found.end() if found else at

    def object(self, at: int, path: str, depth: int = 1) -> int:
        """Walk through an object that begins at a place; the place after it."""
        at = self._begun(at, "{")
        while self.text[at] != "}":
            key, at = _DECODER.raw_decode(self.text, at)
            at = self._begun(self.next(at), ":")
            at = self._value(at, f"{path}.{key}" if path else key, depth if "." not in key else _DEEPEST)
            at = self._continued(at)
        return at + 1

    def array(self, at: int, path: str) -> int:
        """Walk through an array that begins at a place; the place after it."""
        items = self.lists.setdefault(path, [])
        at = self._begun(at, "[")
        while self.text[at] != "]":
            item, at = _DECODER.raw_decode(self.text, at)
            if len(items) < MOST_ROWS:
                items.append(item)
            at = self._continued(at)
        return at + 1

    def _value(self, at: int, path: str, depth: int) -> int:
        if self.text[at] == "{" and depth < _DEEPEST:
            return self.object(at, path, depth + 1)
        if self.text[at] == "[" and depth < _DEEPEST:
            return self.array(at, path)
        _, at = _DECODER.raw_decode(self.text, at)
        self.beside.add(path)
        return at

    def _begun(self, at: int, mark: str) -> int:
        if self.text[at] != mark:
            raise ValueError
        return self.next(at + 1)

    def _continued(self, at: int) -> int:
        at = self.next(at)
        return self.next(at + 1) if self.text[at] == "," else at
