"""What stands beside what: comparing columns of a sample row by row.

Belongs here: texts. Does not belong here: what columns mean (`roles.py`), and what follows for people (`whose.py`).
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

_ENOUGH_ROWS = 10
"""Fewer pairs tell nothing."""

_MANY = 4
"""Whose address stands beside so many others on average, is not one of those."""

_SOME = 3
_OFTEN, _CONTRADICTED, _ALIKE = 1 / 3, 0.3, 0.9

_ONE_NAME = 0.7
"""From this ratio on two names may be one, misspelt."""


def both(one: Sequence[str | None], other: Sequence[str | None]) -> Iterator[tuple[str, str]]:
    """What stands in two columns of the rows that have both."""
    return ((left, right) for left, right in zip(one, other, strict=True) if left is not None and right is not None)


def plain(text: str | None) -> str:
    """A text as it is compared: without the spaces around it, and in small letters."""
    return (text or "").strip().casefold()


def beside(numbers: Sequence[str | None], texts: Sequence[str | None]) -> list[str | None]:
    """Numbers together with what stands beside them."""
    return [None if number is None else f"{text}-{number}" for number, text in zip(numbers, texts, strict=True)]


def same(one: Sequence[str | None], other: Sequence[str | None]) -> bool:
    """Whether two columns say the same in nearly all rows that have both."""
    pairs = list(both(one, other))
    return bool(pairs) and sum(plain(left) == plain(right) for left, right in pairs) >= _ALIKE * len(pairs)


def comes_as(second: Sequence[str | None], first: Sequence[str | None]) -> bool:
    """Whether what stands in the second column beside something else is in other rows the first."""
    firsts = {plain(text) for text in first}
    apart = {plain(right) for left, right in both(first, second) if plain(left) != plain(right)}
    shared = len(apart & firsts)
    return shared >= _SOME and shared * 10 >= len(apart)


def stands_alone(second: Sequence[str | None], first: Sequence[str | None]) -> bool:
    """Whether what stands in the second column is in some rows all that there is."""
    return any(there is not None and here is None for there, here in zip(second, first, strict=True))


def stands_beside_several(
    numbers: Sequence[str | None], beside: Sequence[str | None], share: float = _CONTRADICTED
) -> bool:
    """Whether so many of the numbers that come again stand beside several values of a column."""
    found: dict[str, set[str]] = {}
    rows: dict[str, int] = {}
    for number, text in zip(numbers, beside, strict=True):
        if number is not None and text is not None:
            found.setdefault(number, set()).add(text)
            rows[number] = rows.get(number, 0) + 1
    again = [found[number] for number, count in rows.items() if count > 1]
    contradicted = sum(len(texts) > 1 for texts in again)
    return contradicted >= _SOME and contradicted >= share * len(again)


def changing(customers: Sequence[str | None], reached: Sequence[str | None]) -> tuple[int, int]:
    """Beside how many customers who come again several values of a column stand, and how many customers these are."""
    found: dict[str, list[str]] = {}
    for customer, text in both(customers, reached):
        found.setdefault(customer, []).append(text)
    again = [texts for texts in found.values() if len(texts) > 1]
    return sum(len(set(texts)) > 1 for texts in again), len(again)


def median_beside(values: Sequence[str | None], who: Sequence[str | None]) -> float:
    """Beside how many different people the value of a row stands, in the middle of all rows."""
    people: dict[str, set[str]] = {}
    rows = [(value.casefold(), each) for value, each in zip(values, who, strict=True) if value and each]
    for value, each in rows:
        people.setdefault(value, set()).add(each)
    return float(statistics.median([len(people[value]) for value, _ in rows])) if rows else 1.0


def beside_many(one: Sequence[str | None], other: Sequence[str | None]) -> bool:
    """Whether what stands in one column stands beside many different texts of another."""
    pairs = {(plain(left), plain(right)) for left, right in both(one, other)}
    lefts, rights = {left for left, _ in pairs}, {right for _, right in pairs}
    return len(pairs) >= max(_ENOUGH_ROWS, _MANY * len(lefts)) and len(rights) >= _SOME * len(lefts)


def are_of_several(values: Sequence[str | None], names: Sequence[set[str]]) -> bool:
    """Whether numbers that come again mostly do with names that cannot be one person's."""
    found: dict[str, list[set[str]]] = {}
    for value, name in zip(values, names, strict=True):
        if value and name:
            found.setdefault(value, []).append(name)
    several = [group for group in found.values() if len(group) > 1]
    different = [strangers(group) for group in several]
    often = sum(different) >= _OFTEN * sum(map(len, several))
    return sum(map(bool, different)) >= _SOME and often


def strangers(names: Sequence[set[str]]) -> int:
    """How many of some rows' names cannot be that of the person who is named most."""
    most, _ = Counter(map(frozenset, names)).most_common(1)[0]
    return sum(two_people(set(most), name) for name in names)


def two_people(one: set[str], other: set[str]) -> bool:
    """Whether the words of two names cannot be those of one person."""
    fewer, more = sorted((sorted(one - other), sorted(other - one)), key=len)
    return not all(any(_one_word(mine, theirs) for theirs in more) for mine in fewer)


def _one_word(one: str, other: str) -> bool:
    """Whether two words of names may be one: an initial, or another way to write it."""
    begins = one.startswith(other) or other.startswith(one)
    return begins or SequenceMatcher(None, one, other).ratio() >= _ONE_NAME
