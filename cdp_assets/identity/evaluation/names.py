"""Which columns hold what people are called, where no phrase says so: by the word *name* in a heading, by two headings
that are halves of one another, and by values that can be names.

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

_LETTERS = re.compile(r"[^\W\d_]+([ .,'’`/-]+[^\W\d_]+){0,6}[ .]*")
_SEVERAL = re.compile(r"[^\W\d_]+([ .,'’-]+[^\W\d_]+)+[ .]*")
_COMPOUND = re.compile(r"(\w{3,})(?:name|naam)")
_HALF, _OFTEN = 2, 10
"""One of so many names has several words, and one of so many rows a name that no other has."""


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


def _is_of_people(column: Column) -> bool:
    """Whether a heading says whose name it is by words for the person of the row, or not at all."""
    return headings.is_own(" ".join(word for word in headings.whose(column.words).split() if not word.isdigit()))


def _says_a_name(column: Column) -> bool:
    """Whether a heading ends with a word for a name, and not that of a thing."""
    *before, last = [word for word in column.words.split() if not word.isdigit()] or [""]
    if (compound := _COMPOUND.fullmatch(last)) is not None:
        before, last = [*before, compound[1]], "name"
    of = " ".join(before)
    return (
        column.role in (None, "name")
        and headings.says_a_name(last)
        and THINGS.isdisjoint(before)
        and not (headings.is_of_a_thing(of) or headings.is_of_place(of) or headings.is_shared(of))
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
