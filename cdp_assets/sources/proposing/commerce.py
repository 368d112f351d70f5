"""What people buy: maps into the tables of commerce.

Belongs here: orders, lines, products, loyalty. Does not belong here: by what orders are known (`receipts.py`), what
became of them (`returns.py`), subscriptions (`subscribing.py`), what is sold to companies (`deals.py`), and everything
else (`mapping.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from cdp_assets.sources.proposing import cells, headings, phrases
from cdp_assets.sources.proposing.amounts import (
    added_to,
    discount_in_hundred,
    discounted_total,
    has_tax_in_it,
    is_less_by_fees,
    price_and_total,
    price_of_line,
    told_again,
    whole_amount,
)
from cdp_assets.sources.proposing.beside import stands_beside_several
from cdp_assets.sources.proposing.draft import Draft, Map, Set, among, money, only_where, quoted
from cdp_assets.sources.proposing.first_lines import (
    head_column,
    is_above,
    kinds_of_slips,
    stands_on,
    sum_above,
    without_sums_above,
)
from cdp_assets.sources.proposing.items import lines_within
from cdp_assets.sources.proposing.people import named, person
from cdp_assets.sources.proposing.receipts import made_up, receipt, without_gaps
from cdp_assets.sources.proposing.returns import (
    are_returns,
    given_back_at,
    has_negatives,
    is_given_back_above,
    not_given_up,
    number_taken_back,
    of_returns,
    refunds_of_lines,
    refunds_of_orders,
    said_to_be_returns,
)
from cdp_assets.sources.proposing.roles import Column
from cdp_assets.sources.proposing.values import is_negative
from cdp_assets.warehouse.sql_parsing import plain_name

_SOME = 5
"""Of so many orders all lines do not come to the same by chance."""


def orders(draft: Draft) -> Iterator[Map]:
    without_gaps(draft)
    known, placed = draft.sql("order_id", "number"), draft.sql("created_at", "started_at", "happened_at")
    if known is None and (row := draft.of("id")) is not None and not row.values.repeated:
        known = draft.expression(row)
    if known is None and len(draft.key) == 1:
        known = plain_name(draft.key[0])  # whatever it is called, it is another one in every row
    grain: list[str] = []
    if (order := draft.of("order_id")) is not None:
        known, own = receipt(draft, order)
        grain = [] if draft.key == own else own
    number = known or (made_up(draft, placed) if placed else None)
    if number is None or placed is None:
        return
    if draft.of("order_id") is None and phrases.called(draft.sample.named, "payments"):
        draft.doubts.append("payments are taken for orders: they count twice if another source has what they pay for")
    elif draft.of("order_id") is None and not phrases.called(draft.sample.named, "orders"):
        draft.doubts.append("rows are taken for sales, since each has a number, a time and a sum")
    sums, currency = _sums(draft), money(draft)
    (no_order, returned), given_up = are_returns(draft), dict(not_given_up(draft))
    stands = only_where(f"not coalesce({no_order}, false)" if no_order else None, *given_up.values())
    entry: Map = {"to": "orders", **stands, **({"grain": grain} if grain else {})}
    entry |= {"id": known} if known else {}
    paid = _paid_in_parts(draft) if grain else None
    total = sums if paid is None else {}
    entry["set"] = {"order_id": number, "ordered_at": placed, "currency": currency}
    yield entry | {"set": entry["set"] | total}
    if paid is not None:
        draft.doubts.append("orders have several rows: they come to the sum of these")
        yield part_of(entry, sums["gross"])
    yield from lines_within(draft, number, placed, currency, entry.get("where"))
    common = {"order_id": number, "currency": currency}
    yield from refunds_of_orders(draft, common, placed, sums, returned, given_up, numbered=not grain)
    yield from _buyers(draft, grain=grain, id_=known)


def part_of(order: Map, paid: str) -> Map:
    """A line for a part of what was paid for an order, by the map of orders and the amount."""
    values = {name: order["set"][name] for name in ("order_id", "ordered_at", "currency")}
    line = values | {"quantity": "1", "unit_price": paid, "amount": paid}
    return {"to": "order_lines", **only_where(order.get("where")), "set": line}


def _paid_in_parts(draft: Draft) -> Column | None:
    """The column of sums, if those of the rows of one order differ: what was paid in parts, and not the whole again."""
    sums = draft.of("gross", "net", "amount", "unit_price")
    if sums is None:
        return None
    paid = [None if is_negative(text) else text for text in draft.sample.columns[sums.address]]
    return sums if stands_beside_several(draft.numbers, paid) else None


def _sums(draft: Draft) -> Set:
    discount, said_gross = draft.sql("discount"), draft.of("gross")
    gross, net, paid = draft.sql("gross"), draft.sql("net"), draft.of("amount", "unit_price")
    found = draft.given(shipping=draft.sql("shipping"), tax=draft.sql("tax"))
    if is_less_by_fees(draft, whole=said_gross or draft.of("amount")):
        net = None
    elif said_gross is not None and (net or "tax" in found) and has_tax_in_it(draft, said_gross):
        gross = None if net else f"{gross} - coalesce({found['tax']}, 0)"
    if discount is not None:
        found["discount"] = f"abs({discount})"
    if gross is not None:
        found["gross"] = gross
    elif net is not None:
        found["gross"] = f"{net} + abs(coalesce({discount}, 0))" if discount else net
    elif paid is not None:
        amount, outside = draft.expression(paid := whole_amount(draft, paid)), added_to(draft, paid)
        inside = [name for name in ("shipping", "tax") if name in found and draft.of(name) not in outside]
        apart = "".join(f" - coalesce({found[name]}, 0)" for name in inside)
        if discount is not None:
            apart += f" + abs(coalesce({discount}, 0))"
        said = f"{' and '.join(inside)} are taken to be in it" if inside else "look whether tax and shipping are in it"
        if not outside or inside:
            draft.doubts.append(f"an order's gross amount is taken from {amount}: {said}")
        found["gross"] = f"{amount}{apart}"
    return found


@dataclass(frozen=True)
class _Amounts:
    """What the amounts of lines are.

    Args:
        price: That of one article, as an expression.
        line: What a line comes to, as an expression.
        order: What the whole order comes to, told again on each of its lines.
        below: The column that is below zero where something was given back: how many, or what that came to.
    """

    price: str | None
    line: str | None
    order: Column | None
    below: Column | None


def lines(draft: Draft) -> Iterator[Map]:
    order, placed = draft.of("order_id"), draft.sql("created_at", "started_at", "happened_at")
    if order is None:
        return
    number, grain = receipt(draft, order)
    # Without a time of its own, a line has the currency of its order too.
    currency = money(draft) if placed is not None or draft.of("currency") is not None else None
    amounts, head = _amounts_of_lines(draft, order), head_column(draft, order)
    first = f"{head} is not null" if head is not None else None
    given_up, kinds = dict(not_given_up(draft)), told_again(draft)
    once = [] if kinds is None else [_once(draft, *kinds)]
    if kinds is not None and placed is not None and (slips := kinds_of_slips(draft, *kinds)):
        common = draft.given(order_id=number, ordered_at=placed, currency=currency)
        yield from _of_slips(draft, kinds[0], slips, amounts, common, given_up, once=once, grain=grain)
        return
    kept, sold, taken_back, sums = [*once, *given_up.values()], None, None, {}
    if amounts.below is not None:
        sold, taken_back = (f"{draft.expression(amounts.below)} {sign} 0" for sign in "><")
        if (told := said_to_be_returns(draft, amounts.below)) is not None:
            taken_back = f"{taken_back} and {told}"
        else:
            what = "quantities" if amounts.below is draft.of("quantity") else "amounts"
            draft.doubts.append(f"negative {what} are taken for returns: they become refunds, the others orders")
    if placed is not None:
        values = draft.given(order_id=number, ordered_at=placed, currency=currency)
        sums = _sums_of_lines(draft, order, amounts, first=first)
        yield {"to": "orders", **only_where(first or sold, *kept), "grain": grain, "id": number, "set": values | sums}
    else:
        draft.doubts.append("lines have no time here: they get that of their order, which another file has to tell")
    if kinds is None and (below := without_sums_above(draft, order)) is not None:
        kept.insert(0, below)
    stands_above = first is not None and any(is_above(draft, order, address) for address in given_up)
    at = None if stands_above else placed  # else that of its order says whether a line stands
    line = draft.given(order_id=number, ordered_at=at) | _line(draft, amounts, currency)
    yield {"to": "order_lines", **only_where(sold, *kept), "set": line}
    if taken_back is not None and placed is not None and "amount" in line:
        # A return that bears a number of its own does not say which order it takes back.
        marked = any((text or "").startswith("C") for text in draft.sample.columns[order.address])
        refund = draft.given(refund_id=number, refunded_at=placed, currency=currency, amount=f"abs({line['amount']})")
        said = None if draft.receipt else number_taken_back(draft)
        refund |= {"order_id": said or number} if said or not marked else {}
        conditions = (taken_back, *once, *of_returns(draft, given_up, amounts.below))
        yield {"to": "refunds", **only_where(*conditions), "set": refund}
    elif placed is not None and "gross" in sums and is_given_back_above(draft, order):
        common = draft.given(order_id=number, currency=currency)
        for refund in refunds_of_orders(draft, common, placed, sums, None, given_up, numbered=True):
            yield refund | {"grain": grain}
    elif placed is not None:
        back_at = given_back_at(draft, placed)
        refund = draft.given(order_id=number, refund_id=number, refunded_at=back_at, currency=currency)
        whole = None if amounts.order is None else draft.expression(amounts.order)
        yield from refunds_of_lines(draft, order, refund, line.get("amount"), kept, grain, whole=whole)
    yield from _buyers(draft, where=first, grain=grain, id_=number)


def _amounts_of_lines(draft: Draft, order: Column) -> _Amounts:
    counts, summed = draft.of("quantity"), draft.of("line_total", "gross", "amount", "net")
    price, line, whole = draft.sql("unit_price"), None, None
    if (priced := price_and_total(draft)) is not None:
        price, line, summed = draft.expression(priced[0]), draft.expression(priced[1]), priced[1]
    elif (of_line := price_of_line(draft)) is not None:
        price, line = None, of_line
        draft.doubts.append(f"{of_line} is taken for what a line comes to, however many were bought")
    elif (one := draft.of("unit_price")) is not None and (total := discounted_total(draft, one)) is not None:
        line, summed = draft.expression(total), total
        with_tax = " with tax in it" if headings.has_tax(total.words) else ""
        draft.doubts.append(
            f"{draft.names[total.address]} is taken for what a line comes to,{with_tax} after discounts"
        )
        return _Amounts(price, line, None, _below(draft, counts, summed))
    elif price is not None and counts is not None:
        line = f"{draft.expression(counts)} * {price}"
        if (off := discount_in_hundred(draft)) is not None:
            share, whole_ = off
            line = f"{line} * (1 - coalesce({draft.expression(share)}, 0) / {whole_})"
            draft.doubts.append(f"{draft.names[share.address]} is let off what so many come to")
    again = summed is not None and _is_of_whole_orders(draft, order, summed)
    if price is not None and priced is None:
        summed = None
    if again and summed is None:
        line = line or price
    elif again:
        summed, line, whole = None, None, summed
    elif line is None:
        line = _without_tax(draft) or draft.sql("gross", "line_total", "amount", "net", "unit_price")
    return _Amounts(price, line, whole, _below(draft, counts, summed))


def _without_tax(draft: Draft) -> str | None:
    """What a line comes to without tax, where that stands beside what it does with tax in it."""
    gross, net = draft.of("gross"), draft.of("net")
    if gross is None or net is None or not headings.has_tax(gross.words) or is_less_by_fees(draft, whole=gross):
        return None
    name, other = draft.names[net.address], draft.names[gross.address]
    draft.doubts.append(f"{name} is taken for what a line comes to, without the tax that is in {other}")
    return draft.expression(net)


def _below(draft: Draft, *counted: Column | None) -> Column | None:
    """The first of some columns that has numbers below zero."""
    return next((each for each in counted if each is not None and has_negatives(draft, each)), None)


def _sums_of_lines(draft: Draft, order: Column, amounts: _Amounts, *, first: str | None) -> Set:
    """What lines say that their order comes to: the first of each, if there are such, or all of them."""
    paid = draft.of("gross", "amount")
    if first is not None and paid is not None and (paid.role == "gross" or is_above(draft, order, paid.address)):
        return _sums(draft)
    if (above := sum_above(draft, order)) is not None:
        return {"gross": above}
    if amounts.order is None:
        return {}
    name = draft.names[amounts.order.address]
    draft.doubts.append(f"each line says what its order comes to ({name}): look whether tax and shipping are in it")
    return {"gross": draft.expression(amounts.order)}


def _line(draft: Draft, amounts: _Amounts, currency: str | None) -> Set:
    """What a line says of what was bought."""
    quantity, price = draft.sql("quantity"), amounts.price
    if amounts.line is not None and (price is None or quantity is None):
        price = f"{amounts.line} / nullif({quantity}, 0)" if quantity else amounts.line
    if quantity is None:
        draft.doubts.append("no column says how many: each line is one unit")
    return draft.given(
        product_id=draft.sql("sku"),
        product_name=draft.sql("product_name", "description"),
        category=draft.sql("category"),
        quantity=quantity or "1",
        unit_price=price,
        currency=currency,
        amount=amounts.line,
    )


def _once(draft: Draft, kinds: Column, again: Sequence[str]) -> str:
    """A condition for rows that are lines, where others of the same order say again what these come to."""
    name = draft.names[kinds.address]
    draft.doubts.append(
        f"rows whose {name} is {' or '.join(again)} say again what others come to: they are left out (`where`)"
    )
    return f"not coalesce(lower(trim({plain_name(name)})) in ({', '.join(map(quoted, again))}), false)"


def _of_slips(
    draft: Draft,
    kinds: Column,
    told: Sequence[str],
    amounts: _Amounts,
    common: Set,
    given_up: Mapping[str, str],
    *,
    once: Sequence[str],
    grain: Sequence[str],
) -> Iterator[Map]:
    """Maps where a row of its own stands for each order beside its lines: what became of it is told there."""
    name, number, back = draft.names[kinds.address], common["order_id"], None
    slips = f"lower(trim({plain_name(name)})) in ({', '.join(map(quoted, told))})"
    draft.doubts.append(f"rows whose {name} is {' or '.join(told)} are taken for orders, and others for their lines")
    paid, sold = draft.of("line_total", "gross", "amount", "net"), None
    if paid is not None and has_negatives(draft, paid):
        back = f"{draft.expression(paid)} < 0"
        sold = f"not coalesce({draft.expression(amounts.below)} < 0, false)" if amounts.below is not None else None
        draft.doubts.append("negative amounts are taken for returns: they become refunds, the others orders")
    stands = [f"not coalesce({back}, false)" if back else None, *given_up.values()]
    own = {"grain": grain, "id": number}
    yield {"to": "orders", **only_where(slips, *stands), **own, "set": common | _sums(draft)}
    above = any(stands_on(draft, address, kinds, told) for address in given_up)
    line = {name: sql for name, sql in common.items() if name != "ordered_at" or not above}
    where = only_where(*once, sold, *(() if above else given_up.values()))
    yield {"to": "order_lines", **where, "set": line | _line(draft, amounts, common.get("currency"))}
    if back is not None and paid is not None:
        values = {"refund_id": number, "order_id": number, "refunded_at": common["ordered_at"]}
        values |= draft.given(currency=common.get("currency"), amount=f"abs({draft.expression(paid)})")
        yield {
            "to": "refunds",
            **only_where(slips, back, *given_up.values()),
            "grain": grain,
            "id": number,
            "set": values,
        }
    yield from _buyers(draft, where=slips, grain=grain, id_=number)


def _is_of_whole_orders(draft: Draft, order: Column, amount: Column) -> bool:
    """Whether an amount is the same on all lines of each order, of which some have several: it is said to be that of
    an order, or most orders come to another one, which prices of articles do not.
    """
    numbers, said = draft.sample.columns[order.address], draft.sample.columns[amount.address]
    found = Counter(zip(numbers, said, strict=True))
    again = sum(count > 1 for count in found.values())
    if not again or len(found) != len({*numbers}):
        return False
    different = again >= _SOME and 2 * len({*said}) > len(found) and amount.role != "line_total"
    return headings.is_of_an_order(amount.words) or different


def _buyers(draft: Draft, *, grain: Sequence[str], id_: str | None, where: str | None = None) -> Iterator[Map]:
    """Maps of who bought: once an order, or a row each where one order holds several people."""
    return person(draft) if draft.crowded else person(draft, where=where, grain=grain, id_=id_)


def products(draft: Draft) -> Iterator[Map]:
    title = draft.sql("product_name", "title", "name")
    values = draft.given(
        product_id=draft.sql("sku"),
        product_name=title,
        category=draft.sql("category", "type"),
        unit_price=draft.sql("unit_price"),
    )
    yield {"to": "products", "set": values | {"currency": money(draft)}}


def loyalty(draft: Draft) -> Iterator[Map]:
    points = str(draft.sql("points"))
    cases, taken = "", ""
    for column in (*draft.all_of("type"), *draft.all_of("reason")):
        said = {kind: among(draft, column, kind) for kind in ("redeemed", "expired")
                if draft.texts(column) & set(cells.says(kind))}  # fmt: skip
        if said:
            cases = "".join(f"when {condition} then '{kind}' " for kind, condition in said.items())
            taken = " or ".join(said.values())
            break
    yield {
        "to": "loyalty",
        "where": f"{points} is not null",
        "set": {
            "movement": f"case {cases}when {points} < 0 then 'redeemed' else 'earned' end",
            "occurred_at": str(draft.sql("happened_at", "created_at")),
            "points": f"case when {taken} then -abs({points}) else {points} end" if taken else points,
        },
    }
    yield from named(draft)
