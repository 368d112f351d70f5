"""What amounts of one row have to do with each other: some are others together, or so many times another.

Belongs here: computing with a sample. Does not belong here: what becomes of amounts (`commerce.py`).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence

from cdp_assets.sources.proposing import headings, phrases
from cdp_assets.sources.proposing.draft import Draft
from cdp_assets.sources.proposing.roles import Column
from cdp_assets.sources.proposing.values import amount_of

_SOME, _MOSTLY, _NEARLY_ALL = 3, 0.8, 0.9
"""So many rows or articles at least, and so much of all that can, have to show what an amount is."""

_ENOUGH, _RATES, _HIGHEST = 10, 3, 1.5
"""Of so many rows at least, so many rates of tax together with discounts, and the highest of them."""

_KINDS = 6
"""So many kinds of rows a file tells apart at most."""


def amounts_in(draft: Draft, column: Column) -> list[float]:
    """The amounts of a column, as its contract reads them."""
    known = column.values.type in ("integer", "decimal", "float")
    mark = column.values.decimal_mark if known else None
    return [amount_of(text, mark) for text in draft.sample.columns[column.address]]


def price_and_total(draft: Draft) -> tuple[Column, Column] | None:
    """Of several amounts of lines the price of one article, and what all of them come to: so many times that in nearly
    every row. None if no two amounts are these; of several that are, those without tax.
    """
    counts = draft.of("quantity")
    roles = ("unit_price", "net", "gross", "amount", "line_total")
    paid = [each for role in roles for each in draft.all_of(role) if not headings.is_of_an_order(each.words)]
    paid.sort(key=lambda column: headings.has_tax(column.words))
    if counts is None:
        return None
    pairs = itertools.permutations(paid, 2)
    return next(((price, total) for price, total in pairs if _is_so_many_times(draft, counts, price, total)), None)


def _is_so_many_times(draft: Draft, counts: Column, price: Column, total: Column) -> bool:
    rows = [(count, one, all_) for count, one, all_ in _rows(draft, counts, price, total) if count and one and all_]
    fitting = [count for count, one, all_ in rows if abs(count * one - all_) <= 0.01 * max(2, abs(count))]
    return sum(abs(count) != 1 for count in fitting) >= _SOME and len(fitting) >= _NEARLY_ALL * len(rows)


def discounted_total(draft: Draft, price: Column) -> Column | None:
    """What a line comes to after a discount, or with tax in it: nearly every row has so many times the price, less the
    discount, times one of a few rates. None if no amount is that.
    """
    counts = draft.of("quantity")
    if counts is None:
        return None
    roles = ("line_total", "amount", "gross", "net")
    totals = [each for role in roles for each in draft.all_of(role) if each is not price]
    shares = [each for each in draft.columns if _is_a_share(each)]
    less = [None, *shares, *draft.all_of("discount")]
    return next((total for total in totals for off in less if _has_few_rates(draft, counts, price, total, off)), None)


def discount_in_hundred(draft: Draft) -> tuple[Column, int] | None:
    """The column that says how much of a price is let off, and what the whole is there: 100, or 1."""
    shares = [each for each in draft.columns if _is_a_share(each)]
    off = [each for each in shares if any("discount" in phrases.meanings(word) for word in each.words.split())]
    if not off:
        return None
    [share, *_] = off
    texts = amounts_in(draft, share)
    return share, 1 if max(texts) <= 1 and any(0 < each < 1 for each in texts) else 100


def _is_a_share(column: Column) -> bool:
    numbers = column.values.type in ("integer", "decimal", "float")
    return numbers and column.role is None and headings.is_a_share(column.address)


def _has_few_rates(draft: Draft, counts: Column, price: Column, total: Column, off: Column | None) -> bool:
    """Whether totals are a few rates of so many times the price, less what is let off, however many were bought."""
    rates: dict[float, list[float]] = {}
    for count, one, all_, less in _rows(draft, counts, price, total, off or counts):
        share = less / 100 if off is not None and off.role is None else 0
        let_off = abs(less) if off is not None and off.role == "discount" else 0
        if (whole := count * one * (1 - share) - let_off) > 0 and all_:
            rates.setdefault(round(all_ / whole, 2), []).append(count)
    found = [bought for rate, bought in rates.items() if 0 < rate <= _HIGHEST and len({*bought}) > 1]
    common, rows = sorted(map(len, found), reverse=True)[:_RATES], sum(map(len, rates.values()))
    return rows >= _ENOUGH and sum(common) >= _NEARLY_ALL * rows


def _rows(draft: Draft, *columns: Column) -> Iterator[tuple[float, ...]]:
    return zip(*(amounts_in(draft, each) for each in columns), strict=True)


def price_of_line(draft: Draft) -> str | None:
    """A price that is that of a whole line: of articles that were bought in different numbers it is as much higher as
    there are more of them; or it stands beside the tax of the line, as in Amazon's reports of orders ("aggregates of
    the quantity, not unit prices"), and such articles do not show otherwise. None if it is not, or nothing shows it.
    """
    articles, counts, prices = (draft.of(role) for role in ("sku", "quantity", "unit_price"))
    if articles is None or counts is None or prices is None:
        return None
    bought: dict[str, set[tuple[float, float]]] = {}
    for article, (count, paid) in zip(
        draft.sample.columns[articles.address], _rows(draft, counts, prices), strict=True
    ):
        if article and count > 0 and paid > 0:
            bought.setdefault(article, set()).add((count, paid))
    several = [found for found in bought.values() if len({count for count, _ in found}) > 1]
    grown = [
        found
        for found in several
        if _alike([paid / count for count, paid in found]) and not _alike([paid for _, paid in found])
    ]
    taxed = prices.words == "item price" and any(each.words == "item tax" for each in draft.columns)
    same = sum(_alike([paid for _, paid in found]) for found in several)
    shown = len(grown) >= max(_SOME, _MOSTLY * len(several))
    return draft.sql("unit_price") if shown or (taxed and same <= len(grown)) else None


def _alike(amounts: Sequence[float]) -> bool:
    """Whether amounts are the same, but for what is lost where they are rounded."""
    return max(amounts) - min(amounts) <= max(0.02, 0.01 * max(amounts))


def whole_amount(draft: Draft, amount: Column) -> Column:
    """What an order comes to, where an amount is that of one night, day or seat: the one that is so many times it in
    nearly every row, by whatever counts these; else the amount itself.
    """
    counts = [each for each in draft.columns if each.values.type == "integer" and each.role in (None, "quantity")]
    others = [each for each in draft.all_of("amount") if each is not amount]
    return next(
        (whole for whole in others for count in counts if _is_so_many_times(draft, count, amount, whole)), amount
    )


def added_to(draft: Draft, amount: Column) -> Sequence[Column]:
    """What is not in an amount: tax, and maybe shipping and tips, that another amount has on top of it in nearly every
    row. Empty if no other shows that.
    """
    taxes = draft.of("tax")
    if taxes is None or taxes is amount:
        return ()
    more = [each for each in draft.columns if each.role in (None, "shipping") and each.values.type == "decimal"]
    more = [each for each in more if any(amounts_in(draft, each))][:_KINDS]
    for total in draft.all_of("amount"):
        for count in range(len(more) + 1) if total is not amount else ():
            for some in itertools.combinations(more, count):
                if _is_together(draft, total, amount, taxes, *some):
                    return (taxes, *some)
    return ()


def _is_together(draft: Draft, total: Column, amount: Column, taxes: Column, *more: Column) -> bool:
    rows = [row for row in _rows(draft, total, amount, taxes, *more) if row[0]]
    fitting = [tax for whole, one, tax, *others in rows if abs(whole - one - tax - sum(others)) < 0.02]
    return sum(map(bool, fitting)) >= _SOME and len(fitting) >= _NEARLY_ALL * len(rows)


def has_tax_in_it(draft: Draft, amount: Column) -> bool:
    """Whether tax is in an amount: it is called so, or is what rows with tax come to in all."""
    if headings.has_tax(amount.words):
        return True
    taxes = draft.of("tax")
    if taxes is None or taxes is amount:
        return False
    totals = [each for each in draft.all_of("amount") if headings.is_of_a_whole(each.words)]
    return any(_are_alike_with_tax(draft, amount, total, taxes) for total in totals)


def _are_alike_with_tax(draft: Draft, amount: Column, total: Column, taxes: Column) -> bool:
    rows = [(one, all_) for one, all_, tax in _rows(draft, amount, total, taxes) if tax and all_]
    fitting = [one for one, all_ in rows if abs(one - all_) < 0.02]
    return len(fitting) >= _SOME and len(fitting) >= _NEARLY_ALL * len(rows)


def told_again(draft: Draft) -> tuple[Column, list[str]] | None:
    """A column with kinds of rows, and those kinds that say again what others of the same order come to together, or
    neither that nor how many: the slip as a whole, and how it was paid, beside its lines. None if there is no such
    column.
    """
    paid, counts = draft.of("line_total", "gross", "amount", "net"), draft.of("quantity")
    if paid is None or counts is None:
        return None
    for column in draft.columns:
        values = column.values
        if values.type == "string" and values.filled == values.rows and 1 < values.distinct <= _KINDS:
            counted = _sums_of_kinds(draft, column, paid)
            again = [kind for kind in counted if any(_are_sums(counted[kind], parts) for parts in counted.values())]
            if again:
                numbered = _sums_of_kinds(draft, column, counts).keys() | counted.keys()
                return column, sorted({*again, *(draft.texts(column) - numbered)})
    return None


def _sums_of_kinds(draft: Draft, column: Column, said: Column) -> dict[str, dict[str, tuple[int, float]]]:
    """Kind of row → order → how many rows say a number, and what these come to; by `Draft.numbers`."""
    found: dict[str, dict[str, tuple[int, float]]] = {}
    texts, amounts = draft.sample.columns, amounts_in(draft, said)
    told = zip(draft.numbers, texts[column.address], texts[said.address], amounts, strict=True)
    for number, kind, text, amount in told:
        if number is not None and kind is not None and text is not None:
            of_kind = found.setdefault(kind.strip().casefold(), {})
            count, total = of_kind.get(number, (0, 0.0))
            of_kind[number] = count + 1, total + amount
    return found


def _are_sums(wholes: Mapping[str, tuple[int, float]], parts: Mapping[str, tuple[int, float]]) -> bool:
    """Whether each of nearly all amounts is what all parts of the same order come to, and some have several parts."""
    both = [(wholes[number], parts[number]) for number in wholes if number in parts]
    fitting = [count for (one, whole), (count, total) in both if one == 1 and abs(whole - total) <= 0.01 * (1 + count)]
    return sum(count > 1 for count in fitting) >= _SOME and len(fitting) >= _NEARLY_ALL * len(wholes)


def is_less_by_fees(draft: Draft, *, whole: Column | None) -> bool:
    """Whether what is left of whole amounts was paid to whoever took the money, and not as tax, as of gifts."""
    if whole is None:
        return False
    if draft.of("net") is not None and draft.of("tax") is None and headings.is_of_a_gift(whole.words):
        return True
    fees = [column for column in draft.columns if headings.is_a_fee(column.words) and column.role != "shipping"]
    net = draft.of("net")
    if net is None or not any(any(amounts_in(draft, column)) for column in fees):
        return False
    taxes = draft.of("tax")
    if taxes is None:
        return True
    return not all(abs(all_ - left - tax) < 0.02 for all_, left, tax in _rows(draft, whole, net, taxes))
