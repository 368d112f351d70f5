"""Amounts in hundredths that no name of theirs says to be so, as interfaces for billing have them.

Belongs here: telling by all amounts of a file. Does not belong here: what a single name says (`headings.py`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from cdp_assets.sources.proposing import phrases
from cdp_assets.sources.proposing.roles import MONEY, Column

_WITHOUT_CENTS = frozenset({
    "BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF",
})  # fmt: skip
"""Currencies whose amounts such interfaces do not multiply."""

_WHOLE = re.compile(r"-?\d+")

_SEVERAL, _HIGH = 2, 1_000
"""So many amounts at least, and one as high as this, may be in hundredths where all are whole."""


def in_hundredths(
    columns: Sequence[Column], texts: Mapping[str, Sequence[str | None]]
) -> tuple[list[Column], list[Column]]:
    """The columns of a file that is no table of texts, with those marked that hold hundredths: all its amounts are
    whole, some are no full hundreds, and one is called as in billing. Beside them those of which nobody knows: they are
    whole, and nothing else tells.
    """
    paid = [each for each in columns if each.values.filled and (each.role in MONEY or _is_billed(each))]
    open_ = [each for each in paid if each.role in MONEY and not each.in_cents]
    told = {each.address: [text for text in texts[each.address] if text] for each in paid}
    if not open_ or not all(_WHOLE.fullmatch(text) for some in told.values() for text in some):
        return list(columns), []
    amounts = [abs(int(text)) for some in told.values() for text in some]
    if _are_not_multiplied(columns, texts):
        return list(columns), []
    if any(map(_is_billed, paid)) and any(amount % 100 for amount in amounts):
        return [replace(each, in_cents=True) if each in open_ else each for each in columns], []
    several = sum(any(map(int, some)) for some in told.values()) >= _SEVERAL
    return list(columns), open_ if several and max(amounts) >= _HIGH else []


def _is_billed(column: Column) -> bool:
    return phrases.mentions(column.words, "billed") and column.values.type in ("integer", "decimal")


def _are_not_multiplied(columns: Sequence[Column], texts: Mapping[str, Sequence[str | None]]) -> bool:
    """Whether some amounts are in a currency without cents."""
    named = {text.upper() for each in columns if each.role == "currency" for text in texts[each.address] if text}
    return not named.isdisjoint(_WITHOUT_CENTS)
