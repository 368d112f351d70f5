"""What changes in the names of files from one delivery to the next: numbers, dates, months, hashes and random letters.

Belongs here: names without their folders. Does not belong here: patterns (`writing.py`), and what words mean
(`headings.py`).
"""

from __future__ import annotations

import itertools
import re
from pathlib import Path

from cdp_assets.sources.proposing.months import IN_ENGLISH, IN_OTHER_WORDS
from cdp_assets.sources.proposing.phrases import words_of

HEX = 6
"""So many digits a hash has at least that stands in the name of a file."""

_UUID = r"[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}"
_HASH = rf"(?=[\da-f]*\d)(?=[\da-f]*[a-f])[\da-f]{{{HEX},}}"
_LETTERS = r"(?=[a-z\d]*\d[a-z])(?=(?:[a-z]*\d){2})[a-z\d]{8,}"
"""Random ones, with digits among them."""
ENDINGS = re.compile(r"(?:\.[A-Za-z][A-Za-z\d]*)+$")
NUMBERS = re.compile(rf"(?<![^\W_])(?:{_UUID}|{_HASH})(?![^\W_])|\d+", re.IGNORECASE)
LONG_NUMBERS = re.compile(r"(?<![^\W_])\d{4,}(?:[_-]\d+)*(?![^\W_])")
"""Dates within names, and what is as long."""
_SHORT_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sept?", "oct", "nov", "dec")
_MONTHS = "|".join(
    itertools.chain(_SHORT_MONTHS, IN_ENGLISH, (way for names in IN_OTHER_WORDS for ways in names for way in ways))
)
_CHANGING = re.compile(
    rf"[\s_.-]+(?:{_UUID}|{_HASH}|{_LETTERS}|{_MONTHS}|(?:q|w|cw|kw)\d+)$|"
    r"\s*\(\d+\)$|[_.-]?\d[\d_-]*(?:T\d[\d_-]*Z?)?$",
    re.IGNORECASE,
)
"""What the next file of a stream has another one of at the end of its name."""


def without_what_changes(stem: str) -> str:
    """What is left of a name, without its endings, once all that changes at its end is taken away; never nothing."""
    while (found := _CHANGING.search(stem)) is not None and found.start():
        stem = stem[: found.start()]
    return stem


def file_words(path: Path) -> list[str]:
    """The words of a file's name without its endings, dates, numbers, and what else changes at its end."""
    stem = without_what_changes(path.name.split(".")[0])
    return [word for word in words_of(stem).split() if not word.isdigit()]
