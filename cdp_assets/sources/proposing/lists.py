"""Columns with a list of somebody's addresses or telephones in each row: the first one stands for the list.

Belongs here: which columns these are, and where in them the first one is. Does not belong here: what an address means
(`roles.py`), and lists of what was bought (`items.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cdp_assets.sources.proposing import headings, phrases
from cdp_assets.sources.proposing.values import Texts, judge, parsed

_LOOKS = {"email": frozenset({"email"}), "phone": frozenset({"phone", "reached"})}
"""What a heading says that is below it → what that looks like; most telephone numbers look like any others."""

_NAMES = (["id"], ["uuid"], ["key"])
"""The last words of what a property is called that only tells items apart."""


def first_items(texts: Texts, words: Mapping[str, str]) -> dict[str, tuple[str, list[str | None]]]:
    """The first address or number of each row, where a column has lists of them.

    Args:
        texts: The columns of a sample.
        words: The words of what each is called.

    Returns:
        Address of the column → path (JSONPath) of the first one in its cells, and the texts there.
    """
    found = {}
    for address, cells in texts.items():
        looks = frozenset[str]().union(*(_LOOKS.get(role, ()) for role in _meant(words[address])))
        if not looks or not lists_addresses(words[address]) or not any(cells):
            continue
        lists: list[Any] = [parsed(cell) if cell else [] for cell in cells]
        if all(isinstance(each, list) for each in lists):
            at = next(_paths(lists, looks), None)
            if at is not None:
                found[address] = at
    return found


def lists_addresses(words: str) -> bool:
    """Whether a heading says that there are several addresses or numbers of one person below it."""
    return bool(_meant(words) & {*_LOOKS, "street"}) and not headings.is_of_others(words)


def _meant(words: str) -> set[str]:
    singular = (words.removesuffix(ending) for ending in ("", "s", "es"))
    return {role for word in singular for role in phrases.meanings(word)}


def _paths(lists: list[list[Any]], looks: frozenset[str]) -> Iterator[tuple[str, list[str | None]]]:
    """Where the first items are, or their properties are, that are an address or a number."""
    firsts = [each[0] if each else None for each in lists]
    if all(first is None or isinstance(first, str) for first in firsts):
        yield from _reached("$[0]", firsts, looks)
    elif all(first is None or isinstance(first, dict) for first in firsts):
        for key in dict.fromkeys(key for first in firsts for key in first or ()):
            values = [(first or {}).get(key) for first in firsts]
            is_name = phrases.words_of(key).split()[-1:] in _NAMES or not key.isidentifier()
            if not is_name and all(value is None or isinstance(value, str) for value in values):
                yield from _reached(f"$[0].{key}", values, looks)


def _reached(path: str, values: list[str | None], looks: frozenset[str]) -> Iterator[tuple[str, list[str | None]]]:
    texts = [value.strip() or None if value else None for value in values]
    if judge(texts).looks & looks:
        yield path, texts
