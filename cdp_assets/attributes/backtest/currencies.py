"""The currencies that a file of transactions names, beside its amounts or in a column of their own.

Belongs here: whether they are several. Does not belong here: reading the amounts (`values.py`), which are added up
whatever their currency.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir

from cdp_assets.sources.proposing.currencies import currencies_of
from cdp_assets.sources.proposing.phrases import meanings, words_of

if TYPE_CHECKING:
    from cdp_assets.warehouse.engine import Engine

_SPELLINGS = 200
"""So many different ones of a column are looked at, the commonest first."""


def several_currencies(table: ir.Table, amounts: Sequence[str], engine: Engine) -> dict[str, int]:
    """Sign or code of each currency → its rows, the most rows first; empty if there is no more than one.

    Args:
        table: The file, all as text.
        amounts: The columns that amounts are made of.
        engine: Computes.
    """
    beside = [table[name].re_replace(r"[^\pL\p{Sc}]", "") for name in amounts]
    own = [table[name].strip().upper() for name in table.columns if _says_currency(name)]
    for signs in (*beside, *own):
        found = _counted(signs, table, engine)
        if _are_several(found):
            return found
    return {}


def _says_currency(heading: str) -> bool:
    return next(meanings(words_of(heading)), None) == "currency"


def _counted(signs: ir.StringValue, table: ir.Table, engine: Engine) -> dict[str, int]:
    counted = table.select(sign=signs).group_by("sign").aggregate(rows=lambda t: t.count())
    commonest = counted.order_by([ibis.desc("rows"), "sign"]).limit(_SPELLINGS)
    rows = engine.to_arrow(commonest).to_pylist()
    return {row["sign"]: row["rows"] for row in rows if row["sign"] and currencies_of(row["sign"])}


def _are_several(signs: Iterable[str]) -> bool:
    """Whether no currency could be meant by all of them, as the dollar of the USA by *$* and *USD*."""
    meant = [set(currencies_of(sign)) for sign in signs]
    return bool(meant) and not set.intersection(*meant)
