"""What tells lines of orders apart, so that each counts once however often an export of all of them is delivered.

Belongs here: the key of lines. Does not belong here: what tells their orders apart (`receipts.py`), and the keys of all
other rows (`mapping.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cdp_assets.sources.proposing.draft import Draft, telling_apart
from cdp_assets.sources.proposing.roles import Column
from cdp_assets.sources.proposing.values import is_negative

_ARTICLES = ("sku", "product_name", "description")
_COUNTED = ("quantity", "line_total", "gross", "amount", "net")


def key_of_lines(
    draft: Draft, slip: Sequence[Column | None], day: Column | None, numbers: Sequence[Column]
) -> list[str]:
    """The names of the columns that tell lines apart: the number of a line, or what was sold; within one file also the
    place among those of the same order, for what has neither. None where lines of one file are alike in all they say,
    for each of these counts.

    Args:
        draft: The draft, which is told if rows of one file that share the key may be different ones.
        slip: What tells orders apart; none of these columns may be missing.
        day: The day, where numbers of orders begin anew each day.
        numbers: The columns that number rows, by their headings.
    """
    orders = [each for each in slip if each is not None]
    if len(orders) < len(slip) or any(each.values.filled < each.values.rows for each in orders):
        return []
    if key := telling_apart(draft, *orders, draft.of("line_number")):
        return key
    if day is not None and day not in orders:
        orders = [day, *orders]
    number = next((each for each in numbers if each not in orders and each.role not in _ARTICLES), None)
    if number is not None and orders[-1].values.repeated:
        return telling_apart(draft, *orders, number)
    rows = list(zip(*draft.sample.columns.values(), strict=True))
    if len(set(rows)) < len(rows):
        return []
    known = [*orders, *_times_of_returns(draft, orders)]
    told = [*_told(draft, _ARTICLES[:1]), *([number] if number is not None else []), *_told(draft, _ARTICLES[1:])]
    apart = next((each for each in told if telling_apart(draft, *known, each)), next(iter(told), None))
    key = [draft.names[each.address] for each in (*known, *([apart] if apart is not None else []))]
    draft.key_repeats = True
    draft.doubts.append(
        f"lines of different files that agree in {' and '.join(key)} are taken for one line that comes again"
    )
    return key


def _told(draft: Draft, roles: Sequence[str]) -> Iterator[Column]:
    """The first column of each of these roles that every row has."""
    for column in map(draft.of, roles):
        if column is not None and column.values.filled == column.values.rows > 0:
            yield column


def _times_of_returns(draft: Draft, orders: Sequence[Column]) -> Iterator[Column]:
    """When it was, where some lines take others back: the next file may return what this one sells."""
    counts = [column for role in _COUNTED for column in draft.all_of(role)]
    if any(is_negative(text) for column in counts for text in draft.sample.columns[column.address]):
        yield from (each for each in [*_told(draft, ("created_at", "happened_at"))][:1] if each not in orders)
