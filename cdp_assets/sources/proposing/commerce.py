"""What people buy and give back: maps into the tables of commerce.

Belongs here: orders, lines, products, refunds, subscriptions, loyalty. Does not belong here: what is sold to companies
(`deals.py`), and everything else (`mapping.py`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from cdp_assets.sources.proposing import headings
from cdp_assets.sources.proposing.amounts import (
    added_to,
    is_less_by_fees,
    price_and_total,
    price_of_line,
    told_again,
    whole_amount,
)
from cdp_assets.sources.proposing.draft import (
    Draft,
    Map,
    Set,
    among,
    money,
    named,
    person,
    quoted,
    telling_more,
    together,
    unguarded,
)
from cdp_assets.sources.proposing.items import lines_within
from cdp_assets.sources.proposing.roles import Column
from cdp_assets.sources.proposing.values import is_negative
from cdp_assets.sources.proposing.whose import beside, both, several_people, stands_beside_several
from cdp_assets.warehouse.sql_parsing import plain_name

_IN_PARTS = frozenset({"partially_refunded", "partially refunded", "partial refund"})
"""What cells say of orders of which a part was paid back."""

_COUNTED = re.compile(r"#?\d{1,6}")
"""A number that is short enough for a till to have counted to it."""


def orders(draft: Draft) -> Iterator[Map]:
    _without_gaps(draft)
    known, placed = draft.sql("order_id", "number"), draft.sql("created_at", "started_at", "happened_at")
    if known is None and (row := draft.of("id")) is not None and not row.values.repeated:
        known = draft.expression(row)
    if known is None and len(draft.key) == 1:
        known = plain_name(draft.key[0])  # whatever it is called, it is another one in every row
    grain: list[str] = []
    if (order := draft.of("order_id")) is not None:
        known, own = _receipt(draft, order)
        grain = [] if draft.key == own else own
    number = known or (_made_up(draft, placed) if placed else None)
    if number is None or placed is None:
        return
    sums, currency = _sums(draft), money(draft)
    returned, given_up = _returned(draft), dict(_not_given_up(draft))
    kept = list(given_up.values())
    conditions = [*([f"not coalesce({returned}, false)"] if returned else []), *kept]
    entry: Map = {"to": "orders", **_where(conditions), **({"grain": grain} if grain else {})}
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
    yield from _refunds_of_orders(draft, common, placed, sums, returned, given_up, numbered=not grain)
    yield from _buyers(draft, grain=grain, id_=known)


def part_of(order: Map, paid: str) -> Map:
    """A line for a part of what was paid for an order, by the map of orders and the amount."""
    values = {name: order["set"][name] for name in ("order_id", "ordered_at", "currency")}
    where = [order["where"]] if "where" in order else []
    line = values | {"quantity": "1", "unit_price": paid, "amount": paid}
    return {"to": "order_lines", **_where(where), "set": line}


def _without_gaps(draft: Draft) -> None:
    """Take the role from numbers of orders that some rows lack, where another number tells every row apart."""
    order = draft.of("order_id")
    if order is None or not draft.key or order.values.repeated or order.values.filled == order.values.rows:
        return
    draft.doubts.append(f"{draft.names[order.address]} is blank in some rows: orders are not known by it")
    draft.columns = [replace(each, role=None) if each is order else each for each in draft.columns]


def _paid_in_parts(draft: Draft) -> Column | None:
    """The column of sums, if those of the rows of one order differ: what was paid in parts, and not the whole again."""
    sums = draft.of("gross", "net", "amount", "unit_price")
    if sums is None:
        return None
    paid = [None if is_negative(text) else text for text in draft.sample.columns[sums.address]]
    return sums if stands_beside_several(draft.numbers, paid) else None


def _where(conditions: Sequence[str]) -> Map:
    """The part of a map that says which rows it takes; nothing if it takes all."""
    return {"where": " and ".join(conditions)} if conditions else {}


def _made_up(draft: Draft, placed: str) -> str | None:
    """A number for orders that have none: when, and who, with what else tells rows apart, such as those of nobody."""
    who, at = draft.of("person_id", "email"), draft.of("created_at", "started_at", "happened_at")
    if who is None or at is None:
        return None
    more = list(telling_more(draft, (at, who)))
    also = ", ".join(draft.names[column.address] for column in more)
    known_by = f"who, when and {also} stand" if more else "who and when stand"
    draft.doubts.append(f"orders have no number here: {known_by} for it, and each row is one (`order_number`)")
    parts = map(draft.expression, (who, *more))
    return draft.derived("order_number", together([f"cast({placed} as varchar)"], parts))


def _not_given_up(draft: Draft) -> Iterator[tuple[str, str]]:
    """Conditions for orders that stand, by the address of each column that says which were cancelled, or else by that
    of one that says what became of them, as in the next file it may be that.
    """
    statuses = [column for column in draft.all_of("status") if column.values.type == "string" and column.values.filled]
    said = [column for column in statuses if draft.texts(column) & {*headings.says("void")}]
    asked = {each.address: standing for each in draft.columns if (standing := _standing(draft, each)) is not None}
    if not said and not asked:
        said = [each for each in statuses if _is_of_orders(each)][:1]
    for column in said:
        name = draft.names[column.address]
        draft.doubts.append(f"orders whose {name} is a word for cancelled or failed are left out (`where`)")
        yield column.address, f"not coalesce({among(draft, column, 'void')}, false)"
    for address, standing in asked.items():
        draft.doubts.append(f"orders are left out that {draft.names[address]} says were given up (`where`)")
        yield address, standing


def _of_returns(draft: Draft, given_up: Mapping[str, str], paid: Column | None) -> Iterator[str]:
    """Those of the conditions for orders that stand under which returns do, by the amounts that are negative in these:
    not those of columns that say so of amounts below zero only, which are what gives up the orders.
    """
    words = headings.said_by(("void", "yes"))
    for address, standing in given_up.items():
        column = next(each for each in draft.columns if each.address == address)
        dated = column.values.type in ("date", "timestamp")
        said = zip(draft.sample.columns[address], draft.sample.columns[paid.address] if paid else (), strict=False)
        amounts = [amount for text, amount in said if text and (dated or text.strip(". ").casefold() in words)]
        if not amounts or not all(map(is_negative, filter(None, amounts))):
            yield standing


def _is_of_orders(status: Column) -> bool:
    """Whether a status is what became of orders, by its name or its values, and not that of something else: *tax
    status*.
    """
    elsewhere = "status" in headings.meanings(status.words) and not headings.is_just(status.words, "status")
    return not elsewhere or headings.called(status.words, "orders")


def _standing(draft: Draft, column: Column) -> str | None:
    """A condition for orders that stand, by a column called *voided* that says of each whether, or when, it was given
    up; None if it is called otherwise, or says so in a way that nobody knows.
    """
    name, values, texts = plain_name(draft.names[column.address]), column.values, draft.texts(column)
    if not headings.is_given_up(column.words) or not values.filled:
        return None
    if values.type in ("date", "timestamp"):
        return f"{name} is null" if values.filled < values.rows else None
    if values.type == "boolean":
        return f"not coalesce({name}, false)"
    if values.type == "integer" and texts <= {"0", "1"}:
        return f"coalesce({name}, 0) = 0"
    answered = values.type == "string" and texts <= headings.said_by(("yes", "no"))
    return f"not coalesce({among(draft, column, 'yes', seen=True)}, false)" if answered else None


def _returned(draft: Draft) -> str | None:
    """A condition for rows that take an order back: their type says so, or their amounts are negative."""
    words = set(headings.says("refund"))
    for column in draft.all_of("type"):
        said = [text.strip(". ").casefold() in words for text in draft.sample.columns[column.address] if text]
        if any(said) and sum(said) * 2 < len(said):  # *credit* is also a kind of card
            return among(draft, column, "refund")
    paid = draft.of("amount", "gross", "net")
    if paid is not None and _has_negatives(draft, paid):
        return f"{draft.expression(paid)} < 0"
    return None


def _given_back(draft: Draft) -> Column | None:
    """A status that says of orders that they were paid back."""
    words = {*headings.says("refund")}
    found = (each for each in draft.all_of("status") if each.values.type == "string" and draft.texts(each) & words)
    return next(found, None)


def _refunds_of_orders(
    draft: Draft,
    common: Set,
    placed: str,
    sums: Set,
    returned: str | None,
    given_up: Mapping[str, str],
    *,
    numbered: bool,
) -> Iterator[Map]:
    """Maps of what was given back for orders that stand by the conditions ``given_up``; ``numbered`` if each row is an
    order of its own, and so has a number for them.
    """
    number, changed = common["order_id"], draft.sql("updated_at")
    paid = draft.sql("net") or sums.get("gross")
    if paid is not None and paid == sums.get("gross") and "discount" in sums:
        paid = f"{paid} - coalesce({sums['discount']}, 0)"
    back = draft.sql("refunded")
    status = None if back else _given_back(draft)
    if returned and paid:
        draft.doubts.append("some rows are taken for returns: they become refunds, the others orders")
        refund_id = draft.sql("refund_id", "payment_id") or number
        values = {"refund_id": refund_id, "refunded_at": placed, "amount": f"abs({paid})"}
        own = {"id": refund_id} if numbered else {}
        kept = list(_of_returns(draft, given_up, draft.of("amount", "gross", "net")))
        yield {"to": "refunds", **_where([returned, *kept]), **own, "set": common | values}
    elif back or (status is not None and paid):
        where = f"{back} > 0" if status is None else among(draft, status, "refund")
        at = f"coalesce({changed}, {placed})" if changed else placed
        values = {"refund_id": number, "refunded_at": at, "amount": back or f"abs({paid})"}
        own = {"id": number} if numbered else {}
        kept = [each for address, each in given_up.items() if status is None or address != status.address]
        yield {"to": "refunds", **_where([where, *kept]), **own, "set": common | values}


def _sums(draft: Draft) -> Set:
    discount, said_gross = draft.sql("discount"), draft.of("gross")
    gross, net, paid = draft.sql("gross"), draft.sql("net"), draft.of("amount", "unit_price")
    found = draft.given(shipping=draft.sql("shipping"), tax=draft.sql("tax"))
    if said_gross is not None and is_less_by_fees(draft, said_gross):
        net = None
    elif said_gross is not None and headings.has_tax(said_gross.words) and (net or "tax" in found):
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


def lines(draft: Draft) -> Iterator[Map]:
    order, placed = draft.of("order_id"), draft.sql("created_at", "started_at", "happened_at")
    if order is None:
        return
    number, grain = _receipt(draft, order)
    # Without a time of its own, a line has the currency of its order too.
    currency = money(draft) if placed is not None or draft.of("currency") is not None else None
    quantity, price = draft.sql("quantity"), draft.sql("unit_price")
    of_line, priced = None, price_and_total(draft)
    if priced is not None:
        price = draft.expression(priced[0])
    elif (of_line := price_of_line(draft)) is not None:
        price = None
        draft.doubts.append(f"{of_line} is taken for what a line comes to, however many were bought")
    head = _head_columns(draft, order)
    placed_only = f"{head} is not null" if head is not None else None
    given_up = dict(_not_given_up(draft))
    once = list(_once(draft))
    kept = [*once, *given_up.values()]
    counts = draft.of("quantity")
    summed = priced[1] if priced else draft.of("line_total", "gross", "amount", "net") if price is None else None
    total = summed if summed is not None and _is_of_whole_orders(draft, order, summed) else None
    summed = summed if total is None else None
    back = next((each for each in (counts, summed) if each is not None and _has_negatives(draft, each)), None)
    returned = back is not None
    sold, taken_back = (f"{draft.expression(back)} > 0", f"{draft.expression(back)} < 0") if back else ("", "")
    # A return that bears a number of its own does not say which order it takes back.
    marked = any((text or "").startswith("C") for text in draft.sample.columns[order.address])
    if returned:
        what = "quantities" if back is counts else "amounts"
        draft.doubts.append(f"negative {what} are taken for returns: they become refunds, the others orders")
    gross = draft.sql("gross") if head is not None else None
    conditions = [each for each in (placed_only or (sold if returned else None), *kept) if each]
    if placed is not None:
        entry: Map = {"to": "orders", **_where(conditions), "grain": grain, "id": number}
        values = draft.given(order_id=number, ordered_at=placed, currency=currency)
        if gross is not None:
            values |= _sums(draft)
        elif (whole := _sum_above(draft, order)) is not None:
            values["gross"] = whole
        elif total is not None:
            name = draft.names[total.address]
            draft.doubts.append(
                f"each line says what its order comes to ({name}): look whether tax and shipping are in it"
            )
            values["gross"] = draft.expression(total)
        yield entry | {"set": values}
    else:
        draft.doubts.append("lines have no time here: they get that of their order, which another file has to tell")
    line = draft.given(
        order_id=number,
        ordered_at=placed,
        product_id=draft.sql("sku"),
        product_name=draft.sql("product_name", "description"),
        category=draft.sql("category"),
        quantity=quantity,
        unit_price=price,
        currency=currency,
    )
    amount = of_line or draft.sql("gross", "line_total", "amount", "net", "unit_price") if total is None else None
    if priced is not None:
        line["amount"] = draft.expression(priced[1])
    elif price is not None and quantity is not None:
        line["amount"] = f"{quantity} * {price}"
    elif amount is not None:
        line |= {"amount": amount, "unit_price": f"{amount} / nullif({quantity}, 0)" if quantity else amount}
    if head is not None and any(_is_above(draft, order, address) for address in given_up):
        line.pop("ordered_at", None)  # that of its order says whether this one stands
    if quantity is None:
        draft.doubts.append("no column says how many: each line is one unit")
        line["quantity"] = "1"
    conditions = [each for each in (sold if returned else None, *kept) if each]
    yield {"to": "order_lines", **_where(conditions), "set": line}
    if returned and placed is not None and (price is not None or "amount" in line):
        amount = f"abs({line['amount']})"
        refund = draft.given(refund_id=number, refunded_at=placed, currency=currency, amount=amount)
        if not marked:
            refund["order_id"] = number
        yield {"to": "refunds", **_where([taken_back, *once, *_of_returns(draft, given_up, back)]), "set": refund}
    elif placed is not None:
        refund = draft.given(order_id=number, refund_id=number, refunded_at=placed, currency=currency)
        yield from _refunds_of_lines(draft, order, refund, line.get("amount"), kept, grain)
    yield from _buyers(draft, where=placed_only, grain=grain, id_=number)


def _refunds_of_lines(
    draft: Draft, order: Column, common: Set, amount: str | None, kept: Sequence[str], grain: Sequence[str]
) -> Iterator[Map]:
    """A map of what was given back, where lines say how much, or that it was all of ``amount``, which they come to."""
    told, all_ = draft.of("refunded"), _all_given_back(draft, order)
    some = None if told is None else f"{draft.expression(told)} > 0"
    if told is not None and order.values.repeated and _is_one_for_each(draft, order, told):
        values = common | {"amount": draft.expression(told)}
        yield {"to": "refunds", **_where([str(some), *kept]), "grain": grain, "id": common["order_id"], "set": values}
    elif all_ is not None and amount is not None:
        draft.doubts.append(f"where {all_} what a line comes to is taken for given back")
        if told is not None:
            all_, amount = f"({all_} or {some})", f"case when {all_} then {amount} else {draft.expression(told)} end"
        yield {"to": "refunds", **_where([all_, *kept]), "set": common | {"amount": amount}}
    elif told is not None:
        yield {"to": "refunds", **_where([str(some), *kept]), "set": common | {"amount": draft.expression(told)}}


def _is_one_for_each(draft: Draft, order: Column, column: Column) -> bool:
    """Whether a column says one thing only of each order, be it on one of its lines or on all of them."""
    said = {*both(draft.sample.columns[order.address], draft.sample.columns[column.address])}
    return len(said) == len({number for number, _ in said})


def _all_given_back(draft: Draft, order: Column) -> str | None:
    """A condition for lines that were paid back altogether: by a column that asks for it, or by a status or a type that
    every line has, and that never says that it was a part.
    """
    asked = [each for each in draft.columns if each.values.filled and headings.is_given_back(each.words)]
    for column in sorted(asked, key=lambda column: not headings.is_of_all(column.words)):
        name, texts = plain_name(draft.names[column.address]), draft.texts(column)
        if column.values.type == "boolean":
            return f"coalesce({name}, false)"
        if column.values.type == "integer" and texts <= {"0", "1"}:
            return f"coalesce({name}, 0) = 1"
        if column.values.type == "string" and texts <= headings.said_by(("yes", "no")):
            return among(draft, column, "yes", seen=True)
    words = {*headings.says("refund")}
    for column in (*draft.all_of("status"), *draft.all_of("type")):
        texts = draft.texts(column)
        below = not order.values.repeated or not _is_above(draft, order, column.address)
        if column.values.type == "string" and texts & words and not texts & _IN_PARTS and below:
            said = [text.strip(". ").casefold() in words for text in draft.sample.columns[column.address] if text]
            if column.role == "status" or sum(said) * 2 < len(said):  # *credit* is also a kind of card
                return among(draft, column, "refund")
    return None


def _once(draft: Draft) -> Iterator[str]:
    """A condition for rows that are lines, where others of the same order say again what these come to."""
    if (found := told_again(draft)) is not None:
        column, kinds = found
        name = draft.names[column.address]
        draft.doubts.append(
            f"rows whose {name} is {' or '.join(kinds)} say again what others come to: they are left out (`where`)"
        )
        yield f"not coalesce(lower(trim({plain_name(name)})) in ({', '.join(map(quoted, kinds))}), false)"


def _is_of_whole_orders(draft: Draft, order: Column, amount: Column) -> bool:
    """Whether an amount is said to be that of an order, and is the same on all lines of each; some have several."""
    if not headings.is_of_an_order(amount.words):
        return False
    numbers, said = draft.sample.columns[order.address], draft.sample.columns[amount.address]
    found = Counter(zip(numbers, said, strict=True))
    return max(found.values()) > 1 and len(found) == len({*numbers})


def _sum_above(draft: Draft, order: Column) -> str | None:
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


def _buyers(draft: Draft, *, grain: Sequence[str], id_: str | None, where: str | None = None) -> Iterator[Map]:
    """Maps of who bought: once an order, or a row each where one order holds several people."""
    return person(draft) if draft.crowded else person(draft, where=where, grain=grain, id_=id_)


def _has_negatives(draft: Draft, column: Column) -> bool:
    return any(map(is_negative, draft.sample.columns[column.address]))


def _receipt(draft: Draft, order: Column) -> tuple[str, list[str]]:
    """What tells orders apart, and the columns of it: each till begins with number 1, and some do each day."""
    number, name = unguarded(draft, order), draft.names[order.address]
    texts, parts, known_by = list(draft.sample.columns[order.address]), [number], ["number"]
    day, places = beside_number(draft, order)
    for place in places:
        parts.insert(0, f"cast({plain_name(draft.names[place.address])} as varchar)")
        known_by.append(draft.names[place.address])
        texts = beside(texts, draft.sample.columns[place.address])
    if day is not None:
        at = plain_name(draft.names[day.address])
        parts.insert(0, f"cast({at if day.values.type == 'date' else f'cast({at} as date)'} as varchar)")
        known_by.append("day")
        texts = beside(texts, _days(draft.sample.columns[day.address]))
    draft.numbers = texts
    draft.crowded = several_people(texts, draft.columns, draft.sample.columns)
    if draft.crowded:
        draft.doubts.append(f"rows of one {name} are of different people: nobody is known by it")
    if len(parts) == 1:
        return number, [name]
    why = "comes again on other days" if not places else "comes again in other rows"
    if _till(places) is not None:
        why = "is counted at each till"
    draft.doubts.append(f"{name} {why}, so that an order is known by {' and '.join(known_by)} (`receipt`)")
    draft.receipt = draft.derived("receipt", " || '-' || ".join(parts))
    return draft.receipt, [draft.receipt]


def beside_number(draft: Draft, order: Column) -> tuple[Column | None, list[Column]]:
    """What tells apart orders of one number: the day, if it does, and shops or tills."""
    texts, places = list(draft.sample.columns[order.address]), _places_of(draft, order)
    for place in places:
        texts = beside(texts, draft.sample.columns[place.address])
    day = draft.of("created_at", "happened_at")
    if day is None or day.values.type not in ("date", "timestamp"):
        return None, places
    again = _comes_on_other_days(texts, draft.sample.columns[day.address], day.values.type)
    return day if again or _till(places) is not None else None, places


def _places_of(draft: Draft, order: Column) -> list[Column]:
    """The shops or tills that give out the same numbers: columns of which many a number has several values, and all of
    them where one is a till and numbers are short, whatever a sample shows: each till counts for itself.
    """
    found, numbers = [], list(draft.sample.columns[order.address])
    places = [column for column in draft.columns if _is_place(column)]
    if _till(places) is not None and all(_COUNTED.fullmatch(number) for number in numbers if number):
        return places
    for column in places if order.values.repeated else ():
        texts = draft.sample.columns[column.address]
        if stands_beside_several(numbers, texts):
            found.append(column)
            numbers = beside(numbers, texts)
    return found


def _is_place(column: Column) -> bool:
    """Whether a column says of each row in which of a few shops, or at which till, something was sold."""
    values = column.values
    whole = values.filled == values.rows and 1 < values.distinct * 3 <= values.rows
    return whole and headings.is_of_place(column.words)


def _till(places: Sequence[Column]) -> Column | None:
    return next((column for column in places if headings.is_of_till(column.words)), None)


def _comes_on_other_days(numbers: Sequence[str | None], times: Sequence[str | None], type_: str) -> bool:
    """Whether numbers begin anew each day, and not only a few come again for a return."""
    days: dict[str, set[str]] = {}
    for each, at in both(numbers, _days(times) if type_ == "timestamp" else times):
        days.setdefault(each, set()).add(at)
    again = sum(len(found) > 1 for found in days.values())
    return again * (10 if type_ == "date" else 2) >= len(days)


def _days(times: Sequence[str | None]) -> list[str | None]:
    return [re.split("[ T,]", text)[0] if text else None for text in times]


def _head_columns(draft: Draft, order: Column) -> str | None:
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


def _is_above(draft: Draft, order: Column, address: str) -> bool:
    """Whether a column is filled on no line of an order but the first."""
    seen: set[str | None] = set()
    for number, text in zip(draft.sample.columns[order.address], draft.sample.columns[address], strict=True):
        if number in seen and text is not None:
            return False
        seen.add(number)
    return True


def products(draft: Draft) -> Iterator[Map]:
    title = draft.sql("product_name", "title", "name")
    values = draft.given(
        product_id=draft.sql("sku"),
        product_name=title,
        category=draft.sql("category", "type"),
        unit_price=draft.sql("unit_price"),
    )
    yield {"to": "products", "set": values | {"currency": money(draft)}}


def refunds(draft: Draft) -> Iterator[Map]:
    at = draft.sql("created_at", "happened_at")
    if at is None:
        return
    amount = str(draft.sql("amount", "refunded"))
    column = draft.of("amount", "refunded")
    whole = column is not None and column.values.type == "integer" and not column.in_cents
    small = whole and draft.sample.format != "csv"
    if small:
        draft.doubts.append(f"{amount} is a whole number: it is taken for cents")
    values = draft.given(
        refund_id=draft.sql("refund_id", "id"),
        order_id=draft.sql("order_id", "payment_id"),
        refunded_at=at,
        reason=draft.sql("reason"),
    )
    yield {
        "to": "refunds",
        "set": values | {"currency": money(draft), "amount": f"abs({amount}){' / 100' if small else ''}"},
    }


def subscriptions(draft: Draft) -> Iterator[Map]:
    began, number = _beginning(draft), draft.sql("subscription_id", "id")
    if began is None or number is None:
        return
    own = draft.of("subscription_id", "id")
    alone = own is not None and draft.key == [draft.names[own.address]]
    common = draft.given(subscription_id=number, plan=draft.sql("plan"), amount=draft.sql("amount", "unit_price"))
    if draft.of("currency") is not None:
        common["currency"] = money(draft)
    if "amount" in common and _all_in_hundreds(draft, draft.of("amount", "unit_price")):
        draft.doubts.append(f"{common['amount']} has whole numbers from 100 on only: look whether they are hundredths")
    ended, stopped = _ending(draft)
    yield {"to": "subscriptions", "set": common | {"action": "'started'", "occurred_at": began}}
    yield from named(draft)
    if ended is not None:
        yield {
            "to": "subscriptions",
            "where": stopped,
            **({"id": f"{number} || '-cancelled'"} if alone else {}),
            "set": common | {"action": "'cancelled'", "occurred_at": ended},
        }


def _beginning(draft: Draft) -> str | None:
    """When a subscription began, which is not when its present period did, if something else says so."""
    found = [column for role in ("started_at", "created_at", "happened_at") for column in draft.all_of(role)]
    found.sort(key=lambda column: headings.is_of_a_period(column.words))
    return draft.expression(found[0]) if found else None


def _ending(draft: Draft) -> tuple[str | None, str]:
    """When a subscription was cancelled, and a condition for those that were.

    The end of a period or of a term, which all have, is no cancellation where nothing else says that they were.
    """
    ends = draft.all_of("ended_at")
    said = [column for column in ends if headings.is_cancelled(column.words)]
    partly = [
        each for each in ends if not headings.is_of_a_period(each.words) and each.values.filled < each.values.rows
    ]
    if said or partly:
        at = draft.expression((said or partly)[0])
        return at, f"{at} is not null"
    if not ends:
        return None, ""
    at = draft.expression(ends[0])
    status = draft.of("status")
    if status is not None and draft.texts(status) & {*headings.says("void")}:
        return at, f"{among(draft, status, 'void')} and {at} is not null"
    draft.doubts.append(f"{at} is taken for the end of a period or a term, and for no cancellation")
    return None, ""


def _all_in_hundreds(draft: Draft, column: Column | None) -> bool:
    """Whether amounts are whole and none is small, as those in hundredths are."""
    texts = [] if column is None or column.in_cents else [text for text in draft.sample.columns[column.address] if text]
    return bool(texts) and all(text.isdigit() and (len(text) > 2 or text == "0") for text in texts)


def loyalty(draft: Draft) -> Iterator[Map]:
    points = str(draft.sql("points"))
    cases, taken = "", ""
    for column in (*draft.all_of("type"), *draft.all_of("reason")):
        said = {kind: among(draft, column, kind) for kind in ("redeemed", "expired")
                if draft.texts(column) & set(headings.says(kind))}  # fmt: skip
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
