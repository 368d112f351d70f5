"""What is bought, paid back and sold to companies: maps into the tables of commerce.

Belongs here: orders, lines, products, refunds, subscriptions, opportunities, accounts, loyalty. Does not belong here:
everything else (`mapping.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from cdp_assets.sources.proposing.draft import Draft, Map, Set, money, person, unguarded
from cdp_assets.sources.proposing.roles import Column
from cdp_assets.warehouse.sql_parsing import plain_name


def orders(draft: Draft) -> Iterator[Map]:
    number, placed = draft.sql("order_id", "number", "id"), draft.sql("created_at", "happened_at")
    if number is None or placed is None:
        return
    sums = _sums(draft)
    yield {
        "to": "orders",
        "id": number,
        "set": {"order_id": number, "ordered_at": placed, "currency": money(draft), **sums},
    }
    yield from person(draft, id_=number)


def _sums(draft: Draft) -> Set:
    discount = draft.sql("discount")
    gross, net, amount = draft.sql("gross"), draft.sql("net"), draft.sql("amount")
    found = draft.given(shipping=draft.sql("shipping"), tax=draft.sql("tax"))
    if discount is not None:
        found["discount"] = f"abs({discount})"
    if gross is not None:
        found["gross"] = gross
    elif net is not None:
        found["gross"] = f"{net} + abs(coalesce({discount}, 0))" if discount else net
    elif amount is not None:
        draft.doubts.append(f"an order's gross amount is taken from {amount}: look whether tax and shipping are in it")
        found["gross"] = amount
    return found


def lines(draft: Draft) -> Iterator[Map]:
    order, placed = draft.of("order_id"), draft.sql("created_at", "happened_at")
    if order is None or placed is None:
        return
    number, currency = unguarded(draft, order), money(draft)
    quantity, price = draft.sql("quantity"), draft.sql("unit_price")
    head = _head_columns(draft, order)
    placed_only = f"{head} is not null" if head is not None else None
    sold = f"{quantity} > 0"
    counts = draft.of("quantity")
    returned = counts is not None and any((text or "").startswith("-") for text in draft.sample.columns[counts.address])
    # A return that bears a number of its own does not say which order it takes back.
    marked = any((text or "").startswith("C") for text in draft.sample.columns[order.address])
    if returned:
        draft.doubts.append("negative quantities are taken for returns: they become refunds, the others orders")
    gross = draft.sql("gross") if head is not None else None
    entry: Map = {"to": "orders"}
    condition = placed_only or (sold if returned else None)
    if condition:
        entry["where"] = condition
    entry |= {"grain": [draft.names[order.address]], "id": number}
    values = {"order_id": number, "ordered_at": placed, "currency": currency}
    if gross is not None:
        values |= _sums(draft)
    yield entry | {"set": values}
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
    if price is not None and quantity is not None:
        line["amount"] = f"{quantity} * {price}"
    elif draft.sql("gross") is not None:
        line |= {"amount": str(draft.sql("gross")), "unit_price": f"{draft.sql('gross')} / {quantity}"}
    yield {"to": "order_lines", **({"where": sold} if returned else {}), "set": line}
    if returned and price is not None:
        amount = f"abs({quantity} * {price})"
        refund = {"refund_id": number, "refunded_at": placed, "currency": currency, "amount": amount}
        if not marked:
            refund["order_id"] = number
        yield {"to": "refunds", "where": f"{quantity} < 0", "set": refund}
    yield from person(draft, where=placed_only, grain=[draft.names[order.address]], id_=number)


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
    amount = str(draft.sql("amount"))
    column = draft.of("amount")
    small = column is not None and column.values.type == "integer" and draft.sample.format != "csv"
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
    began, ended = draft.sql("created_at", "happened_at"), draft.sql("ended_at")
    number = draft.sql("id")
    common = draft.given(subscription_id=number, plan=draft.sql("plan"), amount=draft.sql("amount"))
    if draft.of("currency") is not None:
        common["currency"] = money(draft)
    yield {"to": "subscriptions", "set": common | {"action": "'started'", "occurred_at": str(began)}}
    if ended is not None:
        yield {
            "to": "subscriptions",
            "where": f"{ended} is not null",
            "id": f"{number} || '-cancelled'",
            "set": common | {"action": "'cancelled'", "occurred_at": ended},
        }


_OWNER = r"\bowner( id)?$"


def _headed(draft: Draft, pattern: str) -> str | None:
    """The first column whose heading is like this, as an expression."""
    found = next((column for column in draft.columns if re.search(pattern, column.words)), None)
    return draft.expression(found) if found else None


def opportunities(draft: Draft) -> Iterator[Map]:
    values = draft.given(
        opportunity_id=draft.sql("opportunity_id", "id"),
        account_id=draft.sql("account_id"),
        opportunity_name=_headed(draft, r"^(deal |opportunity )?name$"),
        stage=draft.sql("stage"),
        amount=draft.sql("amount"),
        owner=_headed(draft, _OWNER),
        opened_at=draft.sql("created_at", "happened_at"),
    )
    yield {"to": "opportunities", "set": values | {"currency": money(draft)}}


def accounts(draft: Draft) -> Iterator[Map]:
    website = draft.sql("website")
    values = draft.given(
        account_id=draft.sql("account_id", "id"),
        account_name=draft.sql("company", "name"),
        parent_account_id=draft.sql("parent_id"),
        industry=draft.sql("industry"),
        employees=draft.sql("employees"),
        city=draft.sql("city"),
        country=draft.sql("country"),
        owner=_headed(draft, _OWNER),
        created_at=draft.sql("created_at"),
    )
    if website is not None:
        values["domain"] = f"regexp_replace(lower({website}), '^(https?://)?(www\\.)?([^/]*).*$', '\\3')"
    yield {"to": "accounts", "set": values}


def loyalty(draft: Draft) -> Iterator[Map]:
    points = draft.sql("points")
    yield {
        "to": "loyalty",
        "where": f"{points} is not null",
        "set": {
            "movement": f"case when {points} < 0 then 'redeemed' else 'earned' end",
            "occurred_at": str(draft.sql("happened_at", "created_at")),
            "points": str(points),
        },
    }
