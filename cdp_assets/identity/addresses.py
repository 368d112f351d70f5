"""Parts of postal addresses in one plain spelling, and telephone numbers that are none.

Belongs here: street, postcode and telephone number. Does not belong here: names (`folding.py`), and what an address is
evidence of.
"""

from __future__ import annotations

import string

import ibis.expr.types as ir

_NO_LETTER_OR_DIGIT = r"[^\pL\pN]+"

_COUNTED = ("01234567890123", "98765432109876")
MADE_UP_ENDINGS = (
    *(digit * 7 for digit in string.digits),
    *(digits[start : start + 7] for digits in _COUNTED for start in range(8)),
)
"""The last seven digits of telephone numbers that people type who have to type one."""

FEWEST_DIGITS = 5
"""Characters that a telephone number has at least."""


def plain_street(line: ir.StringValue) -> ir.StringValue:
    """A street and house number without capitals, spaces and signs; German for street in its short form."""
    return line.lower().re_replace(r"(straße|strasse|str\.)", "str").re_replace(_NO_LETTER_OR_DIGIT, "")


def plain_postcode(code: ir.StringValue) -> ir.StringValue:
    """A postcode without capitals, spaces and signs."""
    return code.lower().re_replace(_NO_LETTER_OR_DIGIT, "")


def is_typed_for_nothing(phone: ir.StringValue) -> ir.BooleanValue:
    """Whether a telephone number is none: it ends as made-up ones do, or is too short."""
    return phone.right(7).isin(MADE_UP_ENDINGS) | (phone.length() < FEWEST_DIGITS)
