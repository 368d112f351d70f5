"""Parts of postal addresses in one plain spelling.

Belongs here: street and postcode. Does not belong here: names (`folding.py`), and what an address is evidence of.
"""

from __future__ import annotations

import ibis.expr.types as ir

_NO_LETTER_OR_DIGIT = r"[^\pL\pN]+"


def plain_street(line: ir.StringValue) -> ir.StringValue:
    """A street and house number without capitals, spaces and signs; German for street in its short form."""
    return line.lower().re_replace(r"(straße|strasse|str\.)", "str").re_replace(_NO_LETTER_OR_DIGIT, "")


def plain_postcode(code: ir.StringValue) -> ir.StringValue:
    """A postcode without capitals, spaces and signs."""
    return code.lower().re_replace(_NO_LETTER_OR_DIGIT, "")
