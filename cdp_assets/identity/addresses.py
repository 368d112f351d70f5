"""Parts of postal addresses in one plain spelling, and telephone numbers that are none.

Belongs here: street, postcode and telephone number. Does not belong here: names (`folding.py`), and what an address is
evidence of.
"""

from __future__ import annotations

import string

import ibis.expr.types as ir

_NO_LETTER_OR_DIGIT = r"[^\pL\pN]+"

_STREET = r"straße|strasse|straat|street|str\.|\bst\b"
"""Words for a street, which German and Dutch write as a part of its name."""
_KINDS_OF_STREETS = (
    (
        r"(s)q(?:uare)?", r"(r)(?:oad|d|ue|ua)?", r"(d)r(?:ive)?", r"(l)a?ne?", r"(h)(?:igh)?wa?y",
        r"(t)(?:er(?:r(?:ace)?)?|ravessa|rav|v)", r"(a)(?:venue|venida|ve?|lameda|lej[ae]|llee|llée|ll?)",
        r"(b)(?:oulevard|oul|lvd|ld|d)",
    ),
    (
        r"(c)(?:ourt|t|ircle|ir|rescent|res|lose|hemin|h|alle|l|arretera|tra|orso|\.so)?", r"(i)mp(?:asse)?",
        r"(p)(?:arkway|kwy|lace|lac|laza|lein|l|iazza|\.z?za)", r"(v)(?:iale|\.le|ia)?", r"(o)s(?:iedle)?",
        r"(u)(?:tca)?", "ul(?:ica)?",
    ),
)  # fmt: skip
"""Words for a road, a square, a drive … in full and cut short, of which the first letter stays; of Polish streets,
which are often left out, none does. No more letters at a time than engines can refer to."""

_COUNTED = ("01234567890123", "98765432109876")
MADE_UP_ENDINGS = (
    *(digit * 7 for digit in string.digits),
    *(digits[start : start + 7] for digits in _COUNTED for start in range(8)),
)
"""The last seven digits of telephone numbers that people type who have to type one."""

FEWEST_DIGITS = 5
"""Characters that a telephone number has at least."""


def plain_street(line: ir.StringValue) -> ir.StringValue:
    """A street and house number without capitals, spaces and signs; words for the kind of street cut short."""
    plain = line.lower().re_replace(_STREET, "str")
    for words in _KINDS_OF_STREETS:
        letters = "".join(rf"\{place}" for place, word in enumerate(words, start=1) if word.startswith("("))
        plain = plain.re_replace(rf"\b(?:{'|'.join(words)})\b", letters)
    return plain.re_replace(_NO_LETTER_OR_DIGIT, "")


def plain_postcode(code: ir.StringValue) -> ir.StringValue:
    """A postcode without capitals, spaces and signs."""
    return code.lower().re_replace(_NO_LETTER_OR_DIGIT, "")


def is_typed_for_nothing(phone: ir.StringValue) -> ir.BooleanValue:
    """Whether a telephone number is none: it ends as made-up ones do, or is too short."""
    return phone.right(7).isin(MADE_UP_ENDINGS) | (phone.length() < FEWEST_DIGITS)
