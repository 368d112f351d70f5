"""What values of columns look like, and whether they agree with what a heading says.

Belongs here: values of one column. Does not belong here: headings (`words.py`), and which columns are chosen
(`columns.py`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

SHAPES: Mapping[str, re.Pattern[str]] = {
    "email": re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+"),
    "birth_date": re.compile(
        r"((1[89]|20)\d\d[-/.]?(0[1-9]|1[0-2])[-/.]?([0-2]\d|3[01])|[0-3]?\d([-/.])[0-3]?\d\5(1[89]|20)\d\d)([T ].*)?"
    ),
    "phone": re.compile(r"(\+|(?!000)00?)[\d\s()/.-]{7,}"),
}
"""What columns of which the heading says nothing are, by their values."""

SURE = 0.8
"""Share of values that must have the shape."""

_DIALLED = re.compile(r"[^\d@a-z]*(\d[^\d@a-z]*){7,15}((x|ext|extension)\W*\d+)?", re.IGNORECASE)
"""What may be a telephone number where a heading says so: as people write it at home, with an extension."""
_NUMBERED = re.compile(r"(?=.*\d)\W*(\w\W*){5,}|(?=.*\d)(?=.*[^\W\d])\W*(\w\W*){4}")
"""What may be a number of a person: a few letters and digits, but not the last four digits of one."""
_INITIALS = re.compile(r"[^\W\d_]{1,4}|([^\W\d_]{1,3}[.\s-]+){1,8}[^\W\d_]{0,2}")
_AREA = re.compile(r"\W*\d{2,5}\W*(\.0)?")
_SUFFIX = re.compile(r"[^\W\d_]{1,6}\W?")
_POSTAL = re.compile(r"(?=.*\d)[\w .-]{3,12}")
_HOUSE = re.compile(r"\d{1,5}\W{0,2}\w{0,4}")

_LOOKS: Mapping[str, re.Pattern[str]] = {
    "phone": _DIALLED,
    "national_id": _NUMBERED,
    "initials": _INITIALS,
    "area_code": _AREA,
    "house_number": _HOUSE,
    "name_suffix": _SUFFIX,
    "postal_code": _POSTAL,
}
_BANK_CARD = re.compile(r"[3-6]\d{14,15}")
_FEW = 0.2
"""Share of values below which they deny what a heading says."""

PARTS: Mapping[str, re.Pattern[str]] = {
    "birth_year": re.compile(r"(1[89]|20)\d\d(\.0)?"),
    "birth_month": re.compile(r"(0?[1-9]|1[0-2])(\.0)?"),
    "birth_day": re.compile(r"(0?[1-9]|[12]\d|3[01])(\.0)?"),
    "age": re.compile(r"(\d|[1-9]\d|1[01]\d)(\.0)?"),
    "age_told": re.compile(r".*\b(1[89]|20)\d\d(\d{4})?(\b.*|\.0)?"),
}
"""Whole numbers; where one is missing, some tools write all of them with a fraction."""


def shaped(what: str, values: Sequence[str]) -> float:
    """The share of values that look like this by themselves."""
    return _share(SHAPES[what], values)


def fits(what: str, values: Sequence[str]) -> bool:
    """Whether values look like a part of a birth date, or there are none."""
    return not values or _share(PARTS[what], values) >= SURE


def denied(what: str, values: Sequence[str]) -> bool:
    """Whether values contradict a name that only contains the words: `email_opt_in` holds no addresses."""
    if not values:
        return False
    if what == "email":
        return shaped(what, values) == 0
    if what == "birth_date":
        return not any(letter.isdigit() for value in values for letter in value)
    if what == "national_id" and all(map(_is_bank_card, values)):
        return True
    looks = _LOOKS.get(what)
    return looks is not None and sum(_is_number(value, looks) for value in values) < _FEW * len(values)


def _share(look: re.Pattern[str], values: Sequence[str]) -> float:
    return sum(bool(look.fullmatch(value.strip())) for value in values) / len(values)


def _is_number(value: str, looks: re.Pattern[str]) -> bool:
    """Whether a value looks like a number of some kind, and is no date."""
    return bool(looks.fullmatch(value.strip())) and not SHAPES["birth_date"].fullmatch(value.strip())


def _is_bank_card(value: str) -> bool:
    """Whether a number is that of a bank card, by its length and its last digit (Luhn)."""
    digits = re.sub(r"[\s-]", "", value)
    if not _BANK_CARD.fullmatch(digits):
        return False
    doubled = (str(int(digit) * (1 + place % 2)) for place, digit in enumerate(reversed(digits)))
    return sum(int(digit) for each in doubled for digit in each) % 10 == 0
