"""Numbers by which a register knows one person: of citizens, of taxpayers, of passports.

Belongs here: reading them off identifiers, and comparing two people's. Does not belong here: what follows for a link
(`agreement.py`), and how much they weigh (`linkage/`).
"""

from __future__ import annotations

from enum import IntEnum
from functools import lru_cache

import ibis.expr.types as ir

from cdp_assets.identity.edits import edits

NUMBER = "national_id"
"""The identifier type of such numbers; the namespace is the register."""

MOST_SLIPS, LONG = 2, 8
"""Edits by which two numbers of so many characters may be one, slipped; of shorter ones, one less."""

BETWEEN_PARTS, _BETWEEN_NUMBERS = "\x1f", "\x1e"
_ISSUER = r" ([^ \d]{2,})$"
"""Who gave a number of a document, if it is said behind the number."""

Numbers = tuple[tuple[str, str], ...]
"""Register and number, of one record."""


class SameNumber(IntEnum):
    """How the numbers of two records agree, from worst to best."""

    DIFFERENT = 0
    UNKNOWN = 1  # no register knows both
    CLOSE = 2  # a slip of the pen apart
    SAME = 3


def registered(identifiers: ir.Table) -> ir.Table:
    """record_id, number_kinds (the registers), numbers (each behind its register), both sorted: of records that have
    any.

    Args:
        identifiers: Rows of the canonical table that are such numbers, and count.
    """
    issuer = identifiers.identifier_value.lower().re_extract(_ISSUER, 1).fill_null("")
    plain = identifiers.identifier_value.lower().re_replace(_ISSUER, "").re_replace(r"[^\pL\pN]+", "")
    kind = identifiers.namespace + " " + issuer
    told = identifiers.select("record_id", kind=kind, number=kind + BETWEEN_PARTS + plain.re_replace("^0+", ""))
    return told.group_by("record_id").aggregate(
        number_kinds=told.kind.collect(distinct=True).sort(), numbers=told.number.collect(distinct=True).sort()
    )


def as_text(numbers: ir.ArrayValue) -> ir.StringValue:
    """Numbers of a record (`registered`) as one text."""
    return numbers.join(_BETWEEN_NUMBERS)


def of_text(text: str | None) -> Numbers:
    """The reverse of `as_text`."""
    pairs = (each.partition(BETWEEN_PARTS) for each in (text or "").split(_BETWEEN_NUMBERS) if each)
    return tuple((register, number) for register, _, number in pairs)


@lru_cache(maxsize=500_000)
def compare_numbers(left: Numbers, right: Numbers) -> SameNumber:
    """How the numbers of two records agree, in the register in which they agree best."""
    grades = [_compare(one, other) for kind, one in left for register, other in right if kind == register]
    return max(grades, default=SameNumber.UNKNOWN)


def _compare(left: str, right: str) -> SameNumber:
    if left == right:
        return SameNumber.SAME
    most = MOST_SLIPS if min(len(left), len(right)) >= LONG else MOST_SLIPS - 1
    return SameNumber.CLOSE if edits(left, right, most) <= most else SameNumber.DIFFERENT
