"""What only the first line of each order says, or a row of its own above the lines, with blanks below.

Belongs here: finding such columns and rows. Does not belong here: what they say (`commerce.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from cdp_assets.sources.proposing.beside import plain
from cdp_assets.sources.proposing.draft import Draft
from cdp_assets.sources.proposing.roles import Column
from cdp_assets.warehouse.sql_parsing import plain_name


def head_column(draft: Draft, order: Column) -> str | None:
    """A column that is filled on the first line of each order only, if there are such columns."""
    numbers = draft.sample.columns[order.address]
    firsts = [place for place, number in enumerate(numbers) if number not in numbers[:place]]
    if len(firsts) == len(numbers):
        return None
    for column in draft.columns:
        texts = draft.sample.columns[column.address]
        if column.role is not None and [place for place, text in enumerate(texts) if text] == firsts:
            return plain_name(draft.names[column.address])
    return None


def kinds_of_slips(draft: Draft, kinds: Column, again: Collection[str]) -> list[str]:
    """Of kinds of rows that say again what lines come to, those of which each order has one row together, and of which
    alone something is told, such as what became of the order. Empty if there are no such kinds.

    Args:
        draft: The draft, which knows the numbers of orders.
        kinds: The column with kinds of rows.
        again: Those that say again what others come to.
    """
    orders = sorted({*filter(None, draft.numbers)})
    for column in draft.columns:
        told = _told_by(draft, column.address, kinds) if column.role is not None else set()
        if told and told <= {*again}:
            numbered = zip(draft.numbers, _kinds(draft, kinds), strict=True)
            if sorted(number for number, kind in numbered if number and kind in told) == orders:
                return sorted(told)
    return []


def stands_on(draft: Draft, address: str, kinds: Column, told: Collection[str]) -> bool:
    """Whether a column is filled on rows of some kinds only."""
    return _told_by(draft, address, kinds) <= {*told}


def _told_by(draft: Draft, address: str, kinds: Column) -> set[str]:
    """The kinds of rows on which a column is filled."""
    texts = draft.sample.columns[address]
    return {kind for text, kind in zip(texts, _kinds(draft, kinds), strict=True) if text is not None}


def _kinds(draft: Draft, kinds: Column) -> list[str]:
    """The kind of each row."""
    return [plain(text) for text in draft.sample.columns[kinds.address]]


def is_above(draft: Draft, order: Column, address: str) -> bool:
    """Whether a column is filled on no line of an order but the first."""
    seen: set[str | None] = set()
    for number, text in zip(draft.sample.columns[order.address], draft.sample.columns[address], strict=True):
        if number in seen and text is not None:
            return False
        seen.add(number)
    return True


def without_sums_above(draft: Draft, order: Column) -> str | None:
    """A condition for rows that are lines, where one without an article stands above those of each order that has
    several; None if there are no such rows.
    """
    article, numbers = draft.of("sku", "product_name"), draft.sample.columns[order.address]
    if article is None:
        return None
    blank = [place for place, text in enumerate(draft.sample.columns[article.address]) if text is None]
    times = Counter(numbers)
    first_places = {number: place for place, number in reversed([*enumerate(numbers)])}
    above = [numbers[place] for place in blank if first_places[numbers[place]] == place and times[numbers[place]] > 1]
    if not blank or len(above) < len(blank) or None in above:
        return None
    name = draft.names[article.address]
    draft.doubts.append(f"rows without {name} above those of an order say what these come to: they are no lines")
    return f"{plain_name(name)} is not null"


def sum_above(draft: Draft, order: Column) -> str | None:
    """What an order comes to where that, and its number, stand on its first line only, with blanks below; None if they
    do not.
    """
    numbered = [text is not None for text in draft.sample.columns[order.address]]
    if all(numbered):
        return None
    above = [
        column
        for column in draft.columns
        if column is not order and [text is not None for text in draft.sample.columns[column.address]] == numbered
    ]
    below = any(column.values.filled == column.values.rows for column in draft.columns)
    if not below or draft.of("created_at", "started_at", "happened_at") not in above:
        return None
    name = draft.names[order.address]
    draft.doubts.append(
        f"rows without {name} seem to be further lines of the order above, and say nothing of that: they are refused, "
        f"unless {name} is filled in on every line before it is delivered"
    )
    whole = next((each for role in ("gross", "net", "amount") for each in above if each.role == role), None)
    return None if whole is None else draft.expression(whole)
