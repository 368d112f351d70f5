"""Which column of an unknown table of people is what: by its name, and where that says nothing, by its values.

Belongs here: the guesses. Does not belong here: reading files, and what is made of the columns (`records.py`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import count
from typing import NamedTuple

from cdp_assets.sources.proposing.headings import ADDRESS_PARTS, BIRTH_PARTS, NAMES, is_of_others, times_of, words_of
from cdp_assets.sources.proposing.naming import named_in_addresses
from cdp_assets.sources.proposing.roles import Column, columns_of
from cdp_assets.sources.proposing.whose import own

_WORDS: Mapping[str, tuple[str, ...]] = {
    "record": ("unique id", "record id", "rec id", "row id", "uid", "id"),
    "birth_date": ("date of birth", "birth date", "birthdate", "birthday", "dob", "born", "geburtsdatum"),
    "birth_year": ("birth year", "year of birth", "dob year", "dob y", "yob", "by"),
    "birth_month": ("birth month", "month of birth", "dob month", "dob m", "bm"),
    "birth_day": ("birth day", "day of birth", "dob day", "dob d", "bd"),
    "age": ("age",),
    "age_told": ("census year", "survey year", "survey date", "snapshot date", "snapshot dt", "snapshot",
                 "extract date", "as of date", "as of", "year"),
    "email": ("email address", "e mail", "email", "mail"),
    "phone": ("phone number", "telephone", "phone", "mobile", "cell", "tel", "telefon"),
    "given_name": ("given name", "first name", "givenname", "firstname", "forename", "fname", "given", "vorname",
                   "name first", "first"),
    "middle_name": ("middle name", "middle initial", "middlename", "midl name", "name middle", "mname", "middle", "mi"),
    "family_name": ("family name", "last name", "lastname", "surname", "lname", "family", "nachname", "name last",
                    "last"),
    "second_family_name": ("second family name",),
    "name_suffix": ("name suffix", "name sufx cd", "name sufx", "generational suffix", "suffix", "sufx"),
    "full_name": ("full name", "fullname", "customer name", "display name", "person name", "client name",
                  "contact name", "patient name", "name full", "name"),
    "house_number": ("street number", "house number", "street no", "house no", "house num", "hausnummer"),
    "street": ("address 1", "address line 1", "street address", "line 1", "address1", "addr 1", "street", "strasse",
               "home address", "postal address", "address"),
    "full_address": ("full address", "address full", "addr full", "whole address", "complete address"),
    "postal_code": ("postal code", "zip code", "zipcode", "postcode", "zip", "pcode", "plz"),
    "city": ("city", "town", "suburb", "locality", "ort", "place"),
    "region": ("state", "province", "region", "county"),
    "country": ("country code", "country"),
    "gender": ("gender", "sex"),
    "company": ("company", "employer", "organisation", "organization"),
    "job_title": ("job title", "occupation", "profession", "job"),
    "national_id": ("social security", "soc sec id", "national id", "national insurance", "ssn", "nin", "tax id",
                    "personal administrative number", "personal identity", "identity card", "identity number",
                    "identity no", "national identity", "national identification", "nhs number", "nhs no",
                    "citizen id", "passport", "pasaporte", "passeport", "passaporto", "passaporte", "paspoort",
                    "paszport", "reisepass", "reisepassnummer",
                    "driver license", "drivers license", "driving licence", "driver s license", "medical record",
                    "mrn", "mrns", "medicare", "medicaid", "loyalty id", "loyalty number", "loyalty card", "aadhaar",
                    "aadhar", "pan number", "cpf", "curp", "dni", "nif", "cuit", "cuil", "pesel", "cnp", "bsn", "rrn",
                    "codice fiscale", "tc kimlik", "personnummer", "rodne cislo", "henkilotunnus"),
}  # fmt: skip
"""What a column may be → words its name may consist of, the surest first. A ``national_id`` is any number that is one
person's for life in whatever numbering: a citizen's, a patient's, a member's."""

_ROLES: Mapping[str, str] = {
    **{what: what for what in _WORDS if what != "record"},
    "salutation": "gender",
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
_DIALLED = re.compile(r"[^\d@a-z]*(\d[^\d@a-z]*){7,15}((x|ext|extension)\W*\d+)?", re.IGNORECASE)
"""What may be a telephone number where a heading says so: as people write it at home, with an extension."""
_FEW = 0.2
"""Share of values below which they deny what a heading says."""

_NUMBERED = re.compile(r"(?=.*\d)\W*(\w\W*){5,}|(?=.*\d)(?=.*[^\W\d])\W*(\w\W*){4}")
"""What may be a number of a person: a few letters and digits, but not the last four digits of one."""

_PARTS: Mapping[str, re.Pattern[str]] = {
    "birth_year": re.compile(r"(1[89]|20)\d\d(\.0)?"),
    "birth_month": re.compile(r"(0?[1-9]|1[0-2])(\.0)?"),
    "birth_day": re.compile(r"(0?[1-9]|[12]\d|3[01])(\.0)?"),
    "age": re.compile(r"(\d|[1-9]\d|1[01]\d)(\.0)?"),
    "age_told": re.compile(r".*\b(19|20)\d\d(\d{4})?(\b.*|\.0)?"),
}
"""Whole numbers; where one is missing, some tools write all of them with a fraction."""
_NEEDED: Mapping[str, frozenset[str]] = {"birth_year": frozenset(), "age": frozenset(), "age_told": frozenset({"age"})}
"""What has to be there beside a part of a birth, for it to say something; all of a date, where it is not told."""

_SURE = 0.8
"""Share of values that must have the shape."""

_VAGUE = frozenset(
    {"age", "year", "as of", "snapshot", "name", "place", "given", "first", "family", "last", "middle",
     "mi", "suffix", "sufx", "mail", "address", "by", "bm", "bd"}
)  # fmt: skip
"""Words that say what a column is only where they are all of its name: a user name or a file name is nobody's name."""

_LEAST = frozenset({"place", "suburb", "locality", "county"})
"""Words of places that are it only where no other column says it plainer."""

REACHED = ("email", "phone")
"""By what people are reached."""

SEVERAL = (*REACHED, "national_id", "full_name")
"""What a person may have more of: further columns of it are called `email_2`, `email_3` and so on."""

_SCRIPTS = frozenset({"native", "local", "latin", "ar", "cn", "en", "ja", "jp", "ko", "ru", "th", "zh"})
"""Words of a further column with a whole name: in another script. It counts where the first one says nothing."""

_SECOND = frozenset({"second", "maternal", "materno", "segundo"})
"""Words of the second of two family names."""

_PLACES = frozenset({*ADDRESS_PARTS, "full_address"})
_NO_HOME = frozenset(
    {"birth", "born", "nationality", "passport", "license", "licence", "visa", "permit", "document", "national",
     "identity", "tax", "issuing", "issued", "issuer"}
)  # fmt: skip
"""Words beside which a place is not where somebody lives: of births, and of documents with their issuers."""

_ABOUT_A_NUMBER = frozenset(
    {"country", "state", "region", "city", "place", "type", "date", "year", "issued", "issuing", "issuer", "expiry",
     "expires", "expiration", "valid", "status", "authority", "last", "points", "balance", "tier", "level"}
)  # fmt: skip
"""Words of what is said of a number of a person, and is not the number."""
_ISSUERS = ("country", "state", "issuer", "issuing country", "issuing state", "country code", "state code")
_NUMBERS = ("number", "num", "no", "nr", "id")

_OTHER_DATES = frozenset(
    {"created", "updated", "modified", "changed", "ordered", "signup", "registered", "at", "since", "issued", "expiry",
     "expires", "expiration", "valid", "death", "died", "deceased"}
)  # fmt: skip
"""Words of a date column that say it is no birth date."""

WHATS = frozenset(_WORDS)
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
        name: "not where they live" if _words(name) & _NO_HOME else "somebody or something else's"
        for name in free
        if is_of_others(words_of(name))
    }
    free = [name for name in free if name not in doubts]
    judged = columns_of({name: texts[name] for name in free})
    found: dict[str, str] = {}
    for what, name in _ranked(free, known):
        _take(what, name, found)
    for what, name in _told(judged, known):
        if what != "full_name" or found.keys().isdisjoint(("given_name", "family_name")):
            _take(what, name, found)
    listed = named_in_addresses(judged, texts) if found.keys().isdisjoint(NAMES) else None
    if listed is not None:
        _take("full_name", listed.address, found)
    fitting = {what for what in _PARTS if what in found and _fits(what, known[found[what]])}
    for what in _PARTS:
        needed = _NEEDED.get(what, frozenset(BIRTH_PARTS))
        if what not in fitting or not fitting.issuperset(needed):
            found.pop(what, None)
    for name in free:
        values = known[name]
        if name in found.values() or not values:
            continue
        for what in _SHAPES:
            if what == "birth_date" and not _OTHER_DATES.isdisjoint(_split(name)):
                continue
            if (what not in found or what in SEVERAL) and _shaped(what, values) >= _SURE:
                found[what if what not in found else _another(what, found)] = name
                break
    if "city" not in found:
        # Of whom nothing else says where they live, most were born near there.
        for name in [name for name in texts if _is_birth_place(name) and name not in found.values()][:1]:
            found["city"] = name
            doubts.pop(name, None)
    for name, why in _of_others(found, judged, texts).items():
        found = {what: column for what, column in found.items() if column != name}
        doubts[name] = why
    return Guess(found, doubts)


def _take(what: str, name: str, found: dict[str, str]) -> None:
    """Note what a column is, unless it is something already, or that is known and no person has more of it."""
    if name in found.values():
        return
    if what not in found:
        found[what] = name
    elif what in SEVERAL and (what != "full_name" or _words(name) & _SCRIPTS):
        found[_another(what, found)] = name


def _aligned(samples: Mapping[str, Sequence[str | None]]) -> dict[str, list[str | None]]:
    """Values of as many rows for each column."""
    rows = max(map(len, samples.values()), default=0)
    return {name: [*values, *[None] * (rows - len(values))] for name, values in samples.items()}


def _ranked(free: Sequence[str], known: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, str]]:
    """What columns are by the words of this module, the surest first; an exact name comes before one that only contains
    the words.
    """
    ranked = sorted(
        (words in _LEAST or not _is(name, words), rank, place, what, name)
        for place, name in enumerate(free)
        for what, wordings in _WORDS.items()
        for rank, words in enumerate(wordings)
        if (_is(name, words) or (words not in _VAGUE and _says(name, words)))
        and not _contradicted(what, name)
        and ((_is(name, words) and what != "national_id") or not _denied(what, known[name]))
    )
    for _, _, _, what, name in ranked:
        yield what, name


def _told(judged: Sequence[Column], known: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, str]]:
    """What else people call columns, in the languages that proposals know."""
    # How somebody is addressed tells the gender where no column does.
    for column in sorted(judged, key=lambda column: column.role == "salutation"):
        name, values = column.address, known[column.address]
        is_date = bool(values) and _shaped("birth_date", values) >= _SURE
        born = is_date and times_of(column.words) == "birth_date"
        role = "birth_date" if born else column.role
        what = _ROLES.get(role) if role is not None else None
        if what is not None and not _contradicted(what, name) and not _denied(what, values):
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


def _fits(what: str, values: Sequence[str]) -> bool:
    """Whether values look like a part of a birth date, or there are none."""
    return not values or sum(bool(_PARTS[what].fullmatch(value.strip())) for value in values) / len(values) >= _SURE


def _shaped(what: str, values: Sequence[str]) -> float:
    return sum(bool(_SHAPES[what].fullmatch(value.strip())) for value in values) / len(values)


def _denied(what: str, values: Sequence[str]) -> bool:
    """Whether values contradict a name that only contains the words: `email_opt_in` holds no addresses."""
    if not values:
        return False
    if what == "email":
        return _shaped(what, values) == 0
    looks = {"phone": _DIALLED, "national_id": _NUMBERED}.get(what)
    return looks is not None and sum(_is_number(value, looks) for value in values) < _FEW * len(values)


def _is_number(value: str, looks: re.Pattern[str]) -> bool:
    """Whether a value looks like a number of some kind, and is no date."""
    return bool(looks.fullmatch(value.strip())) and not _SHAPES["birth_date"].fullmatch(value.strip())


def _contradicted(what: str, name: str) -> bool:
    """Whether the name of a column says that it is not what some of its words say."""
    if what == "national_id":
        return bool(_words(name) & _ABOUT_A_NUMBER)
    if what == "record":
        return any(_says(name, words) for words in _WORDS["national_id"])
    if what == "family_name":
        return bool(_words(name) & _SECOND)
    return what in _PLACES and bool(_words(name) & _NO_HOME)


def _is_birth_place(name: str) -> bool:
    words = _words(name)
    return not words.isdisjoint(("birth", "born")) and not words.isdisjoint(("place", "city", "town"))


def _words(name: str) -> frozenset[str]:
    return frozenset(_split(name))


def issuer_of(number: str, columns: Sequence[str]) -> str | None:
    """The column that says whose numbering a number of a document is: *PASSPORT_COUNTRY* of *PASSPORT_NUMBER*.

    Args:
        number: The column with the numbers.
        columns: All columns.
    """
    parts = _split(number)
    of = parts[:-1] if parts[-1] in _NUMBERS and len(parts) > 1 else parts
    wanted = [[*stem, *said.split()] for stem in (of, parts) for said in _ISSUERS]
    return next((name for name in columns if _split(name) in wanted), None)


def _split(name: str) -> list[str]:
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", name)
    plain = unicodedata.normalize("NFD", spaced.casefold())
    return re.findall(r"[a-z]+|\d+", "".join(letter for letter in plain if not unicodedata.combining(letter)))


def _says(name: str, words: str) -> bool:
    parts, wanted = _split(name), words.split()
    return any(parts[start : start + len(wanted)] == wanted for start in range(len(parts) - len(wanted) + 1))


def _is(name: str, words: str) -> bool:
    return _split(name) == words.split()
