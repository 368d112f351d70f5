"""Which columns say what became of things: of the one that is called so, or of all by what they say.

Belongs here: columns of one file in the light of its others. Does not belong here: words of states (`states.py`), and
which orders count (`returns.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from cdp_assets.sources.proposing import cells, headings
from cdp_assets.sources.proposing.roles import Column, are_states_of_things
from cdp_assets.sources.proposing.states import ends_in, says_what_became

_FEW_KINDS = 12
"""So many states things have at most."""


def with_the_status(columns: list[Column], texts: Mapping[str, list[str | None]], *, sold: bool) -> list[Column]:
    """Where no heading speaks of a status, or of sales only of one that never says so, it is the one column that says
    which things were given up, or back. Of sales a single word of that is enough among few, or where the heading may be
    for a state; there also one for what became of them. Sales have several where each says little else: one of the
    order and one of the payment.

    Args:
        columns: The columns with their roles.
        texts: The sample, by address.
        sold: Whether rows are of sales.
    """
    called = [column for column in columns if column.role == "status"]
    if called and not sold:
        return columns
    further = [
        column
        for column in columns
        if sold
        and column.role is None
        and says_an_end_of_some(column, texts[column.address])
        and are_states_of_things(texts[column.address])
    ]
    if any(ends_in(texts[column.address]) for column in called) or len(further) > 1:
        return [replace(column, role="status") if column in further else column for column in columns]
    states = [each for each in columns if each.role in (None, "region") and headings.is_called_a_state(each.words)]
    found = [each for each in states if sold and any(says_what_became(text) for text in texts[each.address] if text)]
    found = found or [
        column
        for column in columns
        if column.role is None
        and column.values.distinct > 1
        and not headings.is_of_others(column.words)
        and ends_in(texts[column.address])
        and (are_states_of_things(texts[column.address]) or (sold and _is_of_few_kinds(column)))
    ]
    if len(found) != 1:
        return columns
    return [replace(column, role="status") if column is found[0] else column for column in columns]


def _is_of_few_kinds(column: Column) -> bool:
    return column.values.type == "string" and column.values.distinct <= min(_FEW_KINDS, column.values.filled // 4)


def says_an_end_of_some(column: Column, texts: Iterable[str | None]) -> bool:
    """Whether a column of few kinds says of some rows that something was given up, or back; a mere *credit* does not,
    which is also a kind of card.
    """
    few = column.values.distinct > 1 and _is_of_few_kinds(column)
    return few and bool({*ends_in(texts)} - {*cells.says("inbound")}) and not headings.is_of_others(column.words)
