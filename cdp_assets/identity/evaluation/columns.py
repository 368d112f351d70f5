"""Which column of an unknown table of people is what: by its name, and where that says nothing, by its values.

Belongs here: the guesses. Does not belong here: reading files, and what is made of the columns (`records.py`).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import count
from typing import NamedTuple

from cdp_assets.identity.evaluation.births import are_from_births
from cdp_assets.identity.evaluation.names import halves, stand_in, whole_name, written_as_names
from cdp_assets.identity.evaluation.shapes import PARTS, SHAPES, SURE, denied, fits, shaped
from cdp_assets.identity.evaluation.words import (
    ABOUT_A_NUMBER,
    ABOUT_AN_ADDRESS,
    BY_VALUE,
    FURTHER,
    ISSUERS,
    LEAST,
    MAILING,
    NO_HOME,
    NUMBERS,
    OTHER_DATES,
    REPEATED,
    SCRIPTS,
    SECOND,
    VAGUE,
    WORDS,
    is_called,
    parts_of,
    said_in,
    says,
)
from cdp_assets.sources.proposing.columns import columns_of
from cdp_assets.sources.proposing.dates import are_spread_like_births
from cdp_assets.sources.proposing.headings import is_elsewhere, is_of_others, times_of
from cdp_assets.sources.proposing.naming import named_in_addresses
from cdp_assets.sources.proposing.phrases import ADDRESS_PARTS, BIRTH_PARTS, NAMES, words_of
from cdp_assets.sources.proposing.roles import Column
from cdp_assets.sources.proposing.whose import own

_ROLES: Mapping[str, str] = {
    **{what: what for what in WORDS if what != "record"},
    "person_id": "record",
    "salutation": "gender",
    "name_reading": "full_name",
    "loyalty_number": "national_id",
    "line_1": "street",
    "suburb": "city",
}
"""Role of a column in proposals (`sources.proposing`) → what it is here."""

_NEEDED: Mapping[str, frozenset[str]] = {"birth_year": frozenset(), "age": frozenset(), "age_told": frozenset({"age"})}
"""What has to be there beside a part of a birth, for it to say something; all of a date, where it is not told."""

REACHED = ("email", "phone")
"""By what people are reached."""

SEVERAL = (*REACHED, "national_id", "full_name")
"""What a person may have more of: further columns of it are called `email_2`, `email_3` and so on."""

_MANY = 20
"""So many houses do not have a number each that no other has, and so many people are not of a few years."""

_FEW_ROWS = 10
"""So many rows a number of a person has at most, as a mean."""

_NUMBER = re.compile(r"(?=.*\d)[\w-]{1,40}")
"""What may number a row: one word with a digit."""

NOT_OF_ROWS = "not every row has one of its own"
"""Why a column does not number the records."""

_PLACES = frozenset({*ADDRESS_PARTS, "full_address"})
_NOT_BESIDE: Mapping[str, Collection[str]] = {
    "national_id": ABOUT_A_NUMBER,
    "phone": ABOUT_AN_ADDRESS,
    "email": ABOUT_AN_ADDRESS,
    "country": ("phone", "telephone", "mobile", "dial", "calling"),
    "family_name": SECOND,
    "full_name": MAILING,
    "initials": ("middle",),
    "birth_date": ("where",),
}
"""What a column may be → words that deny it."""

WHATS = frozenset(WORDS)
"""What a column may be, apart from further ones (`SEVERAL`)."""


class Guess(NamedTuple):
    """What the columns of a table seem to be.

    Args:
        found: What → column; each once. A column that is nothing of all this is left out.
        doubts: Column that seems to be something, but is not read → why.
    """

    found: dict[str, str]
    doubts: dict[str, str]


def guess(columns: Sequence[str], samples: Mapping[str, Sequence[str | None]], taken: Collection[str] = ()) -> Guess:
    """Find out what the columns of a table of people are.

    Args:
        columns: Their names.
        samples: Column → its values in some rows, the same for all columns; None for nothing.
        taken: Columns that are spoken for: the truth, the id.
    """
    free = [name for name in columns if name not in taken]
    texts = _aligned({name: samples.get(name, ()) for name in free})
    known = {name: [value for value in values if value] for name, values in texts.items()}
    doubts = {
        name: "not where they live" if said_in(name) & NO_HOME else "somebody or something else's"
        for name in free
        if is_of_others(words_of(name))
    }
    free = [name for name in free if name not in doubts]
    judged = columns_of({name: texts[name] for name in free})
    found: dict[str, str] = {}
    numbering = {name for name in free if _numbers_rows(texts[name])}
    half = {column.address for column in judged if column.role in ("given_name", "family_name")}
    for what, name in _ranked(WORDS, free, known):
        if what == "record" and name not in numbering:
            doubts[name] = NOT_OF_ROWS
        elif what != "full_name" or name not in half:
            _take(what, name, found)
    for what, name in _told(judged, known):
        if what == "record" and name not in numbering:
            doubts[name] = NOT_OF_ROWS
        elif what != "full_name" or _is_wanted(name, found, texts):
            _take(what, name, found)
    for what, name in _ranked(FURTHER, free, known):
        _take(what, name, found)
    if found.keys().isdisjoint(NAMES):
        for what, name in halves(free, known):
            _take(what, name, found)
    named = named_in_addresses(judged, texts) if found.keys().isdisjoint(NAMES) else None
    if named is None and "full_name" not in found:
        named = whole_name([column for column in judged if column.address not in found.values()], texts)
    if named is None and found.keys().isdisjoint(NAMES):
        named = written_as_names([column for column in judged if column.address not in found.values()], texts)
    if named is not None and _is_wanted(named.address, found, texts):
        _take("full_name", named.address, found)
    fitting = {what for what in PARTS if what in found and fits(what, known[found[what]])}
    for what in PARTS:
        needed = _NEEDED.get(what, frozenset(BIRTH_PARTS))
        if what not in fitting or not fitting.issuperset(needed):
            found.pop(what, None)
    if "age" in found and "age_told" not in found and any(_tells_rounds(name, known[name]) for name in free):
        doubts[found.pop("age")] = "told in several rounds, of which nothing says the year"
    if "house_number" in found:
        name, streets = found["house_number"], known.get(found.get("street", ""), ())
        if _has_numbers(streets) or (name in numbering and len(known[name]) >= _MANY):
            found.pop("house_number")
    if "phone" not in found:
        found.pop("area_code", None)
    dated = {column.address for column in judged if _is_when_else(column)}
    for name in free:
        values = known[name]
        if name in found.values() or not values:
            continue
        for what in SHAPES:
            if what == "birth_date" and (name in dated or not _may_be_births(values)):
                continue
            if (what not in found or what in SEVERAL) and shaped(what, values) >= SURE:
                found[what if what not in found else _another(what, found)] = name
                break
    if "record" not in found:
        numbers = (name for name in free if name in numbering and name not in found.values())
        for name in [name for name in numbers if _number_many(known[name])][:1]:
            found["record"] = name
    if "city" not in found:
        # Of whom nothing else says where they live, most were born near there.
        for name in [name for name in texts if _is_birth_place(name) and name not in found.values()][:1]:
            found["city"] = name
            doubts.pop(name, None)
    for name, why in _of_others(found, judged, texts).items():
        found = {what: column for what, column in found.items() if column != name}
        doubts[name] = why
    return Guess(found, {name: why for name, why in doubts.items() if name not in found.values()})


def _take(what: str, name: str, found: dict[str, str]) -> None:
    """Note what a column is, unless it is something already, or that is known and no person has more of it."""
    if name in found.values():
        return
    if what not in found:
        found[what] = name
    elif what in SEVERAL and (what != "full_name" or said_in(name) & SCRIPTS):
        found[_another(what, found)] = name


def _is_wanted(name: str, found: Mapping[str, str], texts: Mapping[str, list[str | None]]) -> bool:
    """Whether a column with whole names says what no column with parts of names does."""
    parts = [texts[found[what]] for what in ("given_name", "family_name") if what in found]
    return not parts or stand_in(texts[name], parts)


def _aligned(samples: Mapping[str, Sequence[str | None]]) -> dict[str, list[str | None]]:
    """Values of as many rows for each column."""
    rows = max(map(len, samples.values()), default=0)
    return {name: [*values, *[None] * (rows - len(values))] for name, values in samples.items()}


def _numbers_rows(values: Sequence[str | None]) -> bool:
    """Whether every row has a value that no other has, or there are none."""
    return None not in values and len(set(values)) == len(values)


def _has_numbers(streets: Sequence[str]) -> bool:
    """Whether most streets are told with the number of the house."""
    return 2 * sum(any(letter.isdigit() for letter in street) for street in streets) > len(streets)


def _ranked(
    phrases: Mapping[str, tuple[str, ...]], free: Sequence[str], known: Mapping[str, Sequence[str]]
) -> Iterator[tuple[str, str]]:
    """What columns are by some words, the surest first; an exact name comes before one that only contains
    the words.
    """
    ranked = sorted(
        (_is_for_post(what, name), words in LEAST or not is_called(name, words), rank, place, what, name)
        for place, name in enumerate(free)
        for what, wordings in phrases.items()
        for rank, words in enumerate(wordings)
        if (is_called(name, words) or (words not in VAGUE and says(name, words)))
        and not _contradicted(what, name)
        and (words not in REPEATED or _come_again(known[name]) or are_from_births(known[name]))
        and (_is_surely(what, name, words) or not denied(what, known[name]))
        and (what not in PARTS or fits(what, known[name]))
    )
    for _, _, _, _, what, name in ranked:
        yield what, name


def _come_again(values: Sequence[str]) -> bool:
    """Whether some values are those of several rows, and most are not those of many."""
    return len(values) // _FEW_ROWS < len({*values}) < len(values)


def _number_many(values: Sequence[str]) -> bool:
    """Whether values that no two rows share can be numbers of many rows, by which mistakes are named."""
    return len(values) >= _MANY and all(_NUMBER.fullmatch(value) for value in values)


def _is_when_else(column: Column) -> bool:
    """Whether a heading says of a date that something else happened then than a birth."""
    said = times_of(column.words) not in (None, "birth_date") or is_elsewhere(column.words)
    return said or not OTHER_DATES.isdisjoint(parts_of(column.address))


def _may_be_births(values: Sequence[str]) -> bool:
    """Whether dates are of as many years as people are born in, or too few to tell."""
    return len(values) < _MANY or are_spread_like_births(values)


def _is_for_post(what: str, name: str) -> bool:
    """Whether a column is a part of an address that post goes to."""
    return what in _PLACES and bool(said_in(name) & MAILING)


def _is_surely(what: str, name: str, words: str) -> bool:
    """Whether a column is something whatever its values say."""
    return is_called(name, words) and words not in BY_VALUE and what not in ("national_id", "initials", "area_code")


def _told(judged: Sequence[Column], known: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, str]]:
    """What else people call columns, in the languages that proposals know."""
    # How somebody is addressed tells the gender where no column does, a part of a town the town, and how a name is read
    # the name.
    for column in sorted(judged, key=lambda column: column.role in ("salutation", "suburb", "name_reading")):
        name, values = column.address, known[column.address]
        is_date = bool(values) and shaped("birth_date", values) >= SURE
        born = is_date and times_of(column.words) == "birth_date"
        role = "birth_date" if born else column.role
        what = _ROLES.get(role) if role is not None else None
        if role == "loyalty_number" and not _come_again(values):
            continue
        if what is not None and not _contradicted(what, name) and not denied(what, values):
            yield what, name


def _of_others(
    found: Mapping[str, str], judged: Sequence[Column], texts: Mapping[str, list[str | None]]
) -> dict[str, str]:
    """Further addresses and telephones that are somebody else's by what stands beside them → why."""
    roles = {name: is_a(what) for what, name in found.items()}
    read = [replace(column, role=roles.get(column.address)) for column in judged]
    further = {name for what, name in found.items() if is_a(what) in REACHED and what not in REACHED}
    return {name: why for name, why in own(read, texts)[1] if name in further} if further else {}


def is_a(what: str) -> str | None:
    """What a column is that is called so: itself, or that of which it is one more; None if that is nothing."""
    if what in WHATS:
        return what
    first, _, number = what.rpartition("_")
    return first if first in SEVERAL and number.isdigit() else None


def _another(what: str, found: Collection[str]) -> str:
    """What the next column of it is called."""
    return next(name for number in count(2) if (name := f"{what}_{number}") not in found)


def _contradicted(what: str, name: str) -> bool:
    """Whether the name of a column says that it is not what some of its words say."""
    words = said_in(name)
    if what == "record":
        surely = (each for each in WORDS["national_id"] if each not in REPEATED)
        return any(is_called(name, each) or (each not in VAGUE and says(name, each)) for each in surely)
    if what in _PLACES and not words.isdisjoint(NO_HOME):
        return True
    return not words.isdisjoint(_NOT_BESIDE.get(what, ()))


def _tells_rounds(name: str, values: Sequence[str]) -> bool:
    """Whether a column says in which of several rounds of a survey a row was told."""
    return parts_of(name)[-1:] in (["round"], ["wave"]) and len({*values}) > 1


def _is_birth_place(name: str) -> bool:
    words = said_in(name)
    return not words.isdisjoint(("birth", "born")) and not words.isdisjoint(("place", "city", "town", "where"))


def issuer_of(number: str, columns: Sequence[str]) -> str | None:
    """The column that says whose numbering a number of a document is: *PASSPORT_COUNTRY* of *PASSPORT_NUMBER*.

    Args:
        number: The column with the numbers.
        columns: All columns.
    """
    parts = parts_of(number)
    of = parts[:-1] if parts[1:] and parts[-1] in NUMBERS else parts
    wanted = [[*stem, *said.split()] for stem in (of, parts) for said in ISSUERS if stem]
    return next((name for name in columns if parts_of(name) in wanted), None)
