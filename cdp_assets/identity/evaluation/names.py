"""Which columns hold what people are called, where no phrase says so: by the word *name* in a heading, by two headings
that are halves of one another, and by values that can be names; and whether whole names stand in for missing parts.

Belongs here: choosing such columns. Does not belong here: phrases (`words.py`), and comparing names
(`identity/names.py`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence

from cdp_assets.identity.evaluation.shapes import SURE
from cdp_assets.identity.evaluation.words import THINGS, parts_of
from cdp_assets.sources.proposing import headings
from cdp_assets.sources.proposing.naming import of_roles
from cdp_assets.sources.proposing.roles import Column, names_of_companies
from cdp_assets.sources.proposing.values import Texts

_HALVES = (("first", "given_name"), ("last", "family_name"))
"""The last words of two headings that are the same otherwise: *CustFirst* and *CustLast*."""

_NEXT = r"[ .,'’`/-]+[^\W\d_]+"
_LETTERS = re.compile(rf"[^\W\d_]+({_NEXT}){{0,6}}[ .]*")
_SEVERAL = re.compile(rf"[^\W\d_]+({_NEXT})+[ .]*")
_OF_A_NAME = re.compile(rf"[^\W\d_]+({_NEXT}){{1,3}}[ .]*")
"""Two to four words."""
_COMPOUND = re.compile(r"(\w{3,})(?:name|naam)")
_HALF, _OFTEN, _SELDOM = 2, 10, 3
"""One of so many names has several words, and one of so many rows a name that no other has; of names that no heading
calls so, one of so many.
"""


def halves(names: Sequence[str], known: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, str]]:
    """Two columns that are called the same but for *first* and *last*, and hold words: what they are, and which."""
    by_parts = {tuple(parts_of(name)): name for name in names}
    for parts in by_parts:
        pair = [(what, by_parts.get((*parts[:-1], word))) for word, what in _HALVES]
        if parts[-1:] == ("first",) and all(name is not None and are_letters(known[name]) for _, name in pair):
            yield from ((what, name) for what, name in pair if name is not None)


def whole_name(judged: Sequence[Column], texts: Texts) -> Column | None:
    """The column that is called the name of somebody or something, and holds what can be people's whole names; of
    several the one that is called a person's, then the one with the most names. None if there is none.
    """
    said = [column for column in judged if _says_a_name(column) and may_name_people(column, judged, texts)]
    return max(
        said,
        key=lambda column: (_is_of_people(column), column.values.distinct),
        default=None,
    )


def written_as_names(judged: Sequence[Column], texts: Texts) -> Column | None:
    """The only column whose values are, in most rows, two to four capitalised words, few of them the same, whatever it
    is called. None if there is none, or several, or its heading says that it is of something else.
    """
    found = [
        column
        for column in judged
        if column.role is None
        and not column.words.endswith(("name", "naam"))
        and not _is_of_something(column.words.split())
        and _are_like_names([text.strip() for text in texts[column.address] if text], column.values.rows)
        and may_name_people(column, judged, texts)
    ]
    return found[0] if len(found) == 1 else None


def _are_like_names(values: Sequence[str], rows: int) -> bool:
    like = sum(bool(_OF_A_NAME.fullmatch(value)) and not value[0].islower() for value in values)
    return _HALF * len(values) >= rows and like >= SURE * len(values) and _SELDOM * len({*values}) >= len(values)


def stand_in(names: Sequence[str | None], parts: Sequence[Sequence[str | None]]) -> bool:
    """Whether whole names stand in most of the rows in which no part of a name is told."""
    left = [name for name, *told in zip(names, *parts, strict=True) if not any(told)]
    return _HALF * sum(name is not None for name in left) > len(left)


def _is_of_people(column: Column) -> bool:
    """Whether a heading says whose name it is by words for the person of the row, or not at all."""
    return headings.is_own(" ".join(word for word in headings.whose(column.words).split() if not word.isdigit()))


def _says_a_name(column: Column) -> bool:
    """Whether a heading ends with a word for a name, and not that of a thing."""
    *before, last = [word for word in column.words.split() if not word.isdigit()] or [""]
    if (compound := _COMPOUND.fullmatch(last)) is not None:
        before, last = [*before, compound[1]], "name"
    return column.role in (None, "name") and headings.says_a_name(last) and not _is_of_something(before)


def _is_of_something(words: Sequence[str]) -> bool:
    """Whether words of a heading are for what is no person."""
    of = " ".join(words)
    return (
        not THINGS.isdisjoint(words) or headings.is_of_a_thing(of) or headings.is_of_place(of) or headings.is_shared(of)
    )


def may_name_people(column: Column, judged: Sequence[Column], texts: Texts) -> bool:
    """Whether values can be people's whole names: letters, mostly several words, no companies, and about as many
    different ones as there are addresses.
    """
    values = [unicodedata.normalize("NFC", text) for text in texts[column.address] if text]
    different = set(values)
    reached = [each.values.distinct for each in of_roles(judged, "email", "phone")]
    return (
        bool(values)
        and are_letters(values)
        and _HALF * sum(bool(_SEVERAL.fullmatch(value.strip())) for value in values) >= len(values)
        and _OFTEN * len(different) >= len(values)
        and _HALF * len(different) >= max(reached, default=0)
        and _HALF * len(names_of_companies(different)) < len(different)
    )


def are_letters(values: Sequence[str]) -> bool:
    """Whether nearly all values are words without digits, or there are none."""
    return not values or sum(bool(_LETTERS.fullmatch(value.strip())) for value in values) >= SURE * len(values)
