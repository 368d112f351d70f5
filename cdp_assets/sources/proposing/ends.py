"""What goes both ways between a company and people: of two columns, whoever is not the company.

Belongs here: telling the company's own addresses, and who is at the other end. Does not belong here: whose a single
column's addresses are (`whose.py`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from cdp_assets.sources.proposing import cells, headings
from cdp_assets.sources.proposing.beside import both
from cdp_assets.sources.proposing.naming import ADDRESSES
from cdp_assets.sources.proposing.phrases import NAMES
from cdp_assets.sources.proposing.roles import Column
from cdp_assets.sources.proposing.values import Texts, judge

_MANY = 4
"""A company writes to more than so many."""

_FEW_ENDS = 12
"""A company writes and calls from so many addresses at most."""

_NEARLY_ALL = 0.9

_SOME = 5
"""Of so many numbers one at least is written as only those of telephones are."""

_WRITTEN_OUT = re.compile(r"'?(\+\d|\+?[\d ]{0,4}\(\d+\)|([01]-)?\d{2,4}([ .-])\d{3,4}\3\d{3,4}(\D|$))")
"""The beginning of a telephone number with the code of a country, or of a town in brackets or before two more groups,
which is no date."""


@dataclass(frozen=True)
class Ends:
    """Two columns that say from whom to whom something went, in both directions.

    Args:
        one: The one column.
        other: The other one.
        own: The addresses of the company, of which one is at either end of each row; none if a direction tells.
        direction: The column that says which way something went, if there is one.
        ways: What it says, in lower case, each with the column of whoever is not the company.
        names: The columns that name who is at an end, each by the address of that end.
    """

    one: Column
    other: Column
    own: tuple[str, ...] = ()
    direction: Column | None = None
    ways: tuple[tuple[str, Column], ...] = ()
    names: tuple[tuple[str, Column], ...] = ()


def ends_of(columns: Sequence[Column], texts: Texts) -> Ends | None:
    """The two columns that say from whom to whom something went, if there are such; see `Ends`."""
    for role in ADDRESSES:
        # Whoever receives something is mostly somebody else, but for this.
        found = [each for each in columns if role in (each.role, *each.values.looks) and each.values.filled]
        if role == "phone":
            found += [each for each in columns if each not in found and _is_called(each, texts[each.address])]
        if (told := _told_by_direction(columns, found, texts)) is not None:
            return told
        for place, one in enumerate(found):
            for other in found[place + 1 :]:
                own = _company(texts[one.address], texts[other.address])
                if own:
                    return Ends(one, other, own)
    return None


def _is_called(column: Column, texts: Sequence[str | None]) -> bool:
    """Whether a column of where something came from or went to has telephone numbers, and not those of accounts or
    stores: some are written as only telephone numbers are.
    """
    is_end = headings.is_sender(column.words) or headings.is_called(column.words)
    if "reached" not in column.values.looks or not is_end or headings.is_shared(column.words):
        return False
    numbers = [text for text in texts if text]
    return sum(_WRITTEN_OUT.match(number) is not None for number in numbers) * _SOME >= len(numbers)


def _told_by_direction(columns: Sequence[Column], addresses: Sequence[Column], texts: Texts) -> Ends | None:
    """The two ends where a column says of each row whether it came in or went out: who sent what came in, and who got
    what went out, is the person.
    """
    senders = [each for each in addresses if headings.is_sender(each.words)]
    called = [each for each in addresses if headings.is_called(each.words) and each not in senders]
    if len(senders) != 1 or len(called) != 1:
        return None
    for direction in (each for each in columns if each.role == "direction"):
        said = sorted({_way(text) for text in texts[direction.address] if text})
        party = dict.fromkeys(cells.says("inbound"), senders[0])
        party |= dict.fromkeys(cells.says("outbound"), called[0])
        ways = tuple((way, party[way]) for way in said if way in party)
        if ways:
            return Ends(senders[0], called[0], direction=direction, ways=ways)
    return None


def _way(text: str) -> str:
    return text.strip().casefold()


def counterpart(ends: Ends, texts: Texts) -> tuple[Column, list[str | None]]:
    """The first of two ends as the column of whoever is not the company, and its texts."""
    role = next((role for role in ADDRESSES if role in (ends.one.role, *ends.one.values.looks)), "phone")
    ours = {end.address: texts[end.address] for end in (ends.one, ends.other)}
    there = _of_others(ends, texts, ours)
    return replace(ends.one, role=role, by_value=True, values=judge(there, code=role == "phone")), there


def with_names(ends: Ends, columns: Sequence[Column]) -> Ends:
    """The ends with the columns that say who is at them: *From Name* beside *From*."""
    theirs = [end for _, end in ends.ways] if ends.direction is not None else [ends.one, ends.other]
    found = {end.address: name for end in theirs for name in columns if _names(name, end)}
    return replace(ends, names=tuple(found.items()))


def names_of_others(ends: Ends, texts: Texts) -> list[str | None]:
    """The name of whoever is not the company, row by row."""
    return _of_others(ends, texts, {end: texts[name.address] for end, name in ends.names})


def _names(name: Column, end: Column) -> bool:
    """Whether a column names who is at an end, by words for where something came from or went to."""
    if name.role not in (None, "name", *NAMES) or "some_words" not in name.values.looks:
        return False
    sides = headings.is_sender(name.words), headings.is_called(name.words)
    return headings.says_a_name(name.words) and sides == (headings.is_sender(end.words), headings.is_called(end.words))


def _of_others(ends: Ends, texts: Texts, told: Texts) -> list[str | None]:
    """What is told, by the address of an end, of the end that is not the company's, row by row."""
    found = _ends_of_rows(ends, texts)
    return [told[end.address][row] if end and end.address in told else None for row, end in enumerate(found)]


def _ends_of_rows(ends: Ends, texts: Texts) -> list[Column | None]:
    """The end that is not the company's, row by row."""
    if ends.direction is not None:
        ways = dict(ends.ways)
        return [ways.get(_way(said or "")) for said in texts[ends.direction.address]]
    return [
        None if (left in ends.own) == (right in ends.own) else ends.other if left in ends.own else ends.one
        for left, right in zip(texts[ends.one.address], texts[ends.other.address], strict=True)
    ]


def _company(one: Sequence[str | None], other: Sequence[str | None]) -> tuple[str, ...]:
    """The addresses of which one is at either end of nearly all rows, and that are at both ends."""
    partners: dict[str, set[str]] = {}
    sides: dict[str, set[bool]] = {}
    for left, right in both(one, other):
        if left == right:
            continue
        for text, partner, side in ((left, right, True), (right, left, False)):
            partners.setdefault(text, set()).add(partner)
            sides.setdefault(text, set()).add(side)
    own = {text for text, found in partners.items() if len(found) > _MANY}
    if (
        not own
        or len(own) > _FEW_ENDS
        or len(own) * _MANY > len(partners)
        or not any(len(sides[each]) > 1 for each in own)
    ):
        return ()
    ends = [(left in own) + (right in own) for left, right in zip(one, other, strict=True) if left or right]
    return tuple(sorted(own)) if sum(each == 1 for each in ends) >= _NEARLY_ALL * len(ends) else ()
