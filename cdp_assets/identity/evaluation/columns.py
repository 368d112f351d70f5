"""Which column of an unknown table of people is what: by its name, and where that says nothing, by its values.

Belongs here: the guesses. Does not belong here: reading files, and what is made of the columns (`records.py`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from itertools import count

from cdp_assets.sources.proposing.headings import BIRTH_PARTS, is_of_others, meanings, times_of, words_of

_WORDS: Mapping[str, tuple[str, ...]] = {
    "record": ("unique id", "record id", "rec id", "row id", "uid", "id"),
    "birth_date": ("date of birth", "birth date", "birthdate", "birthday", "dob", "born", "geburtsdatum"),
    "birth_year": ("birth year", "year of birth", "dob year", "dob y", "yob", "by"),
    "birth_month": ("birth month", "month of birth", "dob month", "dob m", "bm"),
    "birth_day": ("birth day", "day of birth", "dob day", "dob d", "bd"),
    "email": ("email address", "e mail", "email", "mail"),
    "phone": ("phone number", "telephone", "phone", "mobile", "cell", "tel", "telefon"),
    "given_name": ("given name", "first name", "givenname", "firstname", "forename", "fname", "given", "vorname",
                   "name first", "first"),
    "middle_name": ("middle name", "middle initial", "middlename", "midl name", "name middle", "mname", "middle"),
    "family_name": ("family name", "last name", "lastname", "surname", "lname", "family", "nachname", "name last",
                    "last"),
    "name_suffix": ("name suffix", "generational suffix", "suffix"),
    "full_name": ("full name", "fullname", "customer name", "display name", "person name", "client name",
                  "contact name", "patient name", "name"),
    "house_number": ("street number", "house number", "street no", "house no", "house num", "hausnummer"),
    "street": ("address 1", "address line 1", "street address", "line 1", "address1", "addr 1", "street", "strasse",
               "home address", "postal address", "address"),
    "postal_code": ("postal code", "zip code", "zipcode", "postcode", "zip", "pcode", "plz"),
    "city": ("city", "town", "suburb", "locality", "birth place", "place of birth", "place",
             "ort"),
    "region": ("state", "province", "region", "county"),
    "country": ("country code", "country"),
    "gender": ("gender", "sex"),
    "company": ("company", "employer", "organisation", "organization"),
    "job_title": ("job title", "occupation", "profession", "job"),
    "national_id": ("social security", "soc sec id", "national id", "ssn", "tax id", "passport"),
}  # fmt: skip
"""What a column may be → words its name may consist of, the surest first."""

_ROLES: Mapping[str, str] = {
    **{what: what for what in _WORDS if what != "record"},
    "line_1": "street",
    "suburb": "city",
}
"""Role of a column in proposals (`sources.proposing`) → what it is here."""

_SHAPES: Mapping[str, re.Pattern[str]] = {
    "email": re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+"),
    "birth_date": re.compile(
        r"((1[89]|20)\d\d[-/.]?(0[1-9]|1[0-2])[-/.]?([0-2]\d|3[01])|[0-3]?\d([-/.])[0-3]?\d\5(1[89]|20)\d\d)([T ].*)?"
    ),
    "phone": re.compile(r"(\+|00|0)[\d\s()/.-]{7,}"),
}
_PARTS: Mapping[str, re.Pattern[str]] = {
    "birth_year": re.compile(r"(1[89]|20)\d\d(\.0)?"),
    "birth_month": re.compile(r"(0?[1-9]|1[0-2])(\.0)?"),
    "birth_day": re.compile(r"(0?[1-9]|[12]\d|3[01])(\.0)?"),
}
"""Whole numbers; where one is missing, some tools write all of them with a fraction."""
_SURE = 0.8
"""Share of values that must have the shape."""

_VAGUE = frozenset(
    {"name", "place", "given", "first", "family", "last", "middle", "suffix", "mail", "address", "by", "bm", "bd"}
)
"""Words that say what a column is only where they are all of its name: a user name or a file name is nobody's name."""

SEVERAL = ("email", "phone")
"""What a person may have more of: further columns of it are called `email_2`, `email_3` and so on."""

_OTHER_DATES = frozenset(
    {"created", "updated", "modified", "changed", "ordered", "signup", "registered", "at", "since"}
)
"""Words of a date column that say it is no birth date."""

WHATS = frozenset(_WORDS)
"""What a column may be, apart from further ones (`SEVERAL`)."""


def guess(columns: Sequence[str], samples: Mapping[str, Sequence[str]], taken: Collection[str] = ()) -> dict[str, str]:
    """Find out what the columns of a table of people are.

    Args:
        columns: Their names.
        samples: Column → some of its values.
        taken: Columns that are spoken for: the truth, the id.

    Returns:
        What → column; each once. A column that is nothing of all this is left out.
    """
    free = [name for name in columns if name not in taken]
    found: dict[str, str] = {}
    ranked = sorted(
        (rank, place, what, name)
        for place, name in enumerate(free)
        for what, wordings in _WORDS.items()
        for rank, words in enumerate(wordings)
        if _is(name, words) or (words not in _VAGUE and _says(name, words) and not _denied(what, samples.get(name, ())))
    )
    # An exact name before one that only contains the words.
    for _, _, what, name in sorted(ranked, key=lambda each: (not _is(each[3], _WORDS[each[2]][each[0]]), *each)):
        if name in found.values():
            continue
        if what not in found:
            found[what] = name
        elif what in SEVERAL:
            found[_another(what, found)] = name
    for name in free:
        # What else people call it, in the languages that proposals know.
        values = [value for value in samples.get(name, ()) if value]
        told = None if name in found.values() else _role(name, values)
        known = found.keys() | ({"full_name"} if found.keys() & {"given_name", "family_name"} else set())
        if told is not None and told not in known and not _denied(told, values):
            found[told] = name
    if not all(what in found and _fits(what, samples.get(found[what], ())) for what in BIRTH_PARTS):
        for what in BIRTH_PARTS:
            found.pop(what, None)
    for name in free:
        values = [value for value in samples.get(name, ()) if value]
        if name in found.values() or not values:
            continue
        for what in _SHAPES:
            if what == "birth_date" and not _OTHER_DATES.isdisjoint(_split(name)):
                continue
            if (what not in found or what in SEVERAL) and _shaped(what, values) >= _SURE:
                found[what if what not in found else _another(what, found)] = name
                break
    return found


def _role(name: str, values: Sequence[str]) -> str | None:
    """What a column is by the headings that proposals know; None for what is of somebody else, or nothing known."""
    words = words_of(name)
    if is_of_others(words):
        return None
    is_date = bool(values) and _shaped("birth_date", values) >= _SURE
    role = next(iter(meanings(words)), None) or (times_of(words) if is_date else None)
    return _ROLES.get(role) if role is not None else None


def is_a(what: str) -> str | None:
    """What a column is that is called so: itself, or that of which it is one more; None if that is nothing."""
    if what in WHATS:
        return what
    first, _, number = what.rpartition("_")
    return first if first in SEVERAL and number.isdigit() else None


def _another(what: str, found: Collection[str]) -> str:
    """What the next column of it is called."""
    return next(name for number in count(2) if (name := f"{what}_{number}") not in found)


def _fits(what: str, values: Sequence[str]) -> bool:
    """Whether values look like a part of a birth date, or there are none."""
    return not values or sum(bool(_PARTS[what].fullmatch(value.strip())) for value in values) / len(values) >= _SURE


def _shaped(what: str, values: Sequence[str]) -> float:
    return sum(bool(_SHAPES[what].fullmatch(value.strip())) for value in values) / len(values)


def _denied(what: str, values: Sequence[str]) -> bool:
    """Whether values contradict a name that only contains the words: `email_opt_in` holds no addresses."""
    known = [value for value in values if value]
    return bool(known) and what in ("email", "phone") and _shaped(what, known) == 0


def _split(name: str) -> list[str]:
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", name)
    plain = unicodedata.normalize("NFD", spaced.casefold())
    return re.findall(r"[a-z]+|\d+", "".join(letter for letter in plain if not unicodedata.combining(letter)))


def _says(name: str, words: str) -> bool:
    parts, wanted = _split(name), words.split()
    return any(parts[start : start + len(wanted)] == wanted for start in range(len(parts) - len(wanted) + 1))


def _is(name: str, words: str) -> bool:
    return _split(name) == words.split()
