"""Orders that were given up, and what was paid back.

Belongs here: conditions for orders and lines that stand, and maps of refunds. Does not belong here: orders and lines
themselves (`commerce.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from cdp_assets.sources.proposing import cells, headings, phrases
from cdp_assets.sources.proposing.amounts import is_less_by_fees
from cdp_assets.sources.proposing.answers import says_yes
from cdp_assets.sources.proposing.beside import both, plain
from cdp_assets.sources.proposing.draft import Draft, Map, Set, among, first_of, money, only_where, quoted
from cdp_assets.sources.proposing.first_lines import is_above
from cdp_assets.sources.proposing.roles import Column
from cdp_assets.sources.proposing.states import ends_in, says_given_up, says_what_became
from cdp_assets.sources.proposing.statuses import says_an_end_of_some
from cdp_assets.sources.proposing.values import is_negative
from cdp_assets.warehouse.sql_parsing import plain_name

_IN_PARTS = frozenset({"partially_refunded", "partially refunded", "partial refund"})
"""What cells say of orders of which a part was paid back."""

_FEW_KINDS = 20
"""So many statuses orders have at most."""


_NO_STATES = frozenset({None, "stage", "reason", "category", "tags", "name", "title"})
"""Roles of columns that may say what became of orders, without being taken for their state."""


def not_given_up(draft: Draft) -> Iterator[tuple[str, str]]:
    """Conditions for orders that stand, by the address of each column that says which were cancelled, or else by that
    of one that says what became of them, as in the next file it may be that.
    """
    statuses = [column for column in draft.all_of("status") if column.values.type == "string" and column.values.filled]
    said = [column for column in statuses if any(map(says_given_up, draft.texts(column)))]
    asked = {each.address: standing for each in draft.columns if (standing := _standing(draft, each)) is not None}
    if not said and not asked:
        said = [each for each in statuses if _is_of_orders(each)][:1]
    for column in said:
        name = draft.names[column.address]
        draft.doubts.append(f"orders whose {name} is a word for cancelled or failed are left out (`where`)")
        _tell_what_counts(draft, column)
        yield column.address, f"not coalesce({_given_up(draft, column)}, false)"
    for column in (each for each in statuses if each in said or headings.is_status_of_an_order(each.words)):
        _tell_what_waits(draft, column)
    for address, standing in asked.items():
        draft.doubts.append(f"orders are left out that {draft.names[address]} says were given up (`where`)")
        yield address, standing
    _tell_what_is_not_heard(draft)


def _given_up(draft: Draft, column: Column) -> str:
    """A condition for orders whose status is a word for cancelled or failed, or a phrase of the sample with one."""
    texts = cells.words_in(text for text in draft.texts(column) if says_given_up(text))
    return among(draft, column, "void", more=sorted(texts - {*cells.says("void")}))


def _tell_what_counts(draft: Draft, column: Column) -> None:
    """Say which statuses nobody understands: orders of them count. Many kinds are no statuses, and not told."""
    unknown = sorted(text for text in draft.texts(column) if not says_what_became(text))
    if unknown and column.values.distinct <= _FEW_KINDS:
        name = draft.names[column.address]
        draft.doubts.append(f"orders count whose {name} is not understood: {', '.join(unknown)}")


def _tell_what_waits(draft: Draft, column: Column) -> None:
    """Say which statuses say that nobody has paid yet: orders of them count."""
    waiting = sorted(text for text in draft.texts(column) if cells.word_in(text) in cells.says("waiting"))
    if waiting:
        name = draft.names[column.address]
        draft.doubts.append(f"orders count whose {name} is {' or '.join(waiting)}: look whether they stand yet")


def _tell_what_is_not_heard(draft: Draft) -> None:
    """Say which columns have words for cancelled or paid back, and are taken for no state of orders."""
    for column in draft.columns:
        texts = draft.sample.columns[column.address]
        if column.role in _NO_STATES and says_an_end_of_some(column, texts) and _standing(draft, column) is None:
            name, words = draft.names[column.address], ", ".join(ends_in(texts))
            draft.doubts.append(f"{name} says {words} of some rows, which is not heard: look whether those count")


def of_returns(draft: Draft, given_up: Mapping[str, str], paid: Column | None) -> Iterator[str]:
    """Those of the conditions for orders that stand under which returns do, by the amounts that are negative in these:
    not those of columns that say so of amounts below zero only, which are what gives up the orders.
    """
    words = cells.said_by(("yes",))
    for address, standing in given_up.items():
        column = next(each for each in draft.columns if each.address == address)
        dated = column.values.type in ("date", "timestamp")
        said = zip(draft.sample.columns[address], draft.sample.columns[paid.address] if paid else (), strict=False)
        amounts = [
            amount for text, amount in said if text and (dated or cells.word_in(text) in words or says_given_up(text))
        ]
        if not amounts or not all(map(is_negative, filter(None, amounts))):
            yield standing


def _is_of_orders(status: Column) -> bool:
    """Whether a status is what became of orders, by its name or its values, and not that of something else: *tax
    status*.
    """
    elsewhere = "status" in phrases.meanings(status.words) and not phrases.is_just(status.words, "status")
    return not elsewhere or phrases.called(status.words, "orders")


def _standing(draft: Draft, column: Column) -> str | None:
    """A condition for orders that stand, by a column called *voided* that says of each whether, or when, it was given
    up; None if it is called otherwise, or says so in a way that nobody knows.
    """
    values = column.values
    if not headings.is_given_up(column.words) or not values.filled:
        return None
    if values.type in ("date", "timestamp"):
        return f"{plain_name(draft.names[column.address])} is null" if values.filled < values.rows else None
    given_up = says_yes(draft, column)
    return None if given_up is None else f"not coalesce({given_up}, false)"


def are_returns(draft: Draft) -> tuple[str | None, str | None]:
    """Conditions for rows that are no orders, and for those of them that take an order back: their type says so, or
    their amounts are negative. Of these the others are no returns where types speak of some: money that was moved to a
    bank, say.
    """
    words = set(cells.says("refund"))
    for column in draft.all_of("type"):
        said = [cells.word_in(text) in words for text in draft.sample.columns[column.address] if text]
        if any(said) and sum(said) * 2 < len(said) and not _below_zero_elsewhere(draft, column, words):
            returned = among(draft, column, "refund")
            return returned, returned
    paid = draft.of("amount", "gross", "net")
    if paid is None or not has_negatives(draft, paid):
        return None, None
    below = f"{draft.expression(paid)} < 0"
    told = said_to_be_returns(draft, paid)
    return below, below if told is None else f"{below} and {told}"


def said_to_be_returns(draft: Draft, paid: Column) -> str | None:
    """A condition for returns among rows that are below zero, where types speak of some, and of others say something
    else: money that was moved to a bank, say; None where nothing tells them apart.
    """
    words = set(cells.says("refund"))
    for column in draft.all_of("type"):
        texts = draft.sample.columns[column.address]
        types = {text for text, amount in zip(texts, draft.sample.columns[paid.address], strict=True)
                if text and is_negative(amount)}  # fmt: skip
        back = {
            plain(text)
            for text in types
            if cells.word_in(text) in words or phrases.called(phrases.words_of(text), "refunds")
        }
        if back and len(back) < len(types):
            name = draft.names[column.address]
            draft.doubts.append(f"amounts below zero are returns where {name} says so, and no orders elsewhere")
            known = ", ".join(map(quoted, sorted({*back, *words})))
            return f"lower(trim({plain_name(name)})) in ({known})"
    return None


def _below_zero_elsewhere(draft: Draft, column: Column, words: Collection[str]) -> bool:
    """Whether amounts are below zero in rows whose type is none of some words, too."""
    paid = draft.of("amount", "gross", "net")
    if paid is None:
        return False
    rows = zip(draft.sample.columns[column.address], draft.sample.columns[paid.address], strict=True)
    return any(is_negative(amount) and cells.word_in(text or "") not in words for text, amount in rows)


def number_taken_back(draft: Draft) -> str | None:
    """The number of the order that a return takes back, where a heading speaks of another transaction than the row."""
    known = [each for each in draft.columns if headings.refers_to_another(each.words) and each.values.type == "string"]
    return draft.expression(known[0]) if len(known) == 1 else None


def _given_back(draft: Draft) -> Column | None:
    """A status that says of orders that they were paid back."""
    words = {*cells.says("refund")}
    found = (each for each in draft.all_of("status") if each.values.type == "string" and draft.texts(each) & words)
    return next(found, None)


def given_back_at(draft: Draft, *otherwise: str | None) -> str | None:
    """When something was paid back: the instant that says so, or the first of others that there is."""
    return first_of(draft.sql("refunded_at"), *otherwise)


def is_given_back_above(draft: Draft, order: Column) -> bool:
    """Whether the first line of each order alone says, by a status, if all of it was paid back."""
    status = _given_back(draft) if draft.of("refunded") is None else None
    return status is not None and is_above(draft, order, status.address)


def refunds_of_orders(
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
    paid = None if is_less_by_fees(draft, whole=draft.of("gross", "amount")) else draft.sql("net")
    paid = paid or sums.get("gross")
    if paid is not None and paid == sums.get("gross") and "discount" in sums:
        paid = f"{paid} - coalesce({sums['discount']}, 0)"
    back = draft.sql("refunded")
    status = None if back else _given_back(draft)
    if back is None and (parts := [each for each in draft.all_of("status") if draft.texts(each) & _IN_PARTS]):
        name = draft.names[parts[0].address]
        draft.doubts.append(f"{name} says that parts of orders were paid back, and no column says how much")
    if returned and paid:
        draft.doubts.append("some rows are taken for returns: they become refunds, the others orders")
        refund_id = draft.sql("refund_id", "payment_id") or number
        values = {"refund_id": refund_id, "refunded_at": placed, "amount": f"abs({paid})"}
        own = {"id": refund_id} if numbered else {}
        kept = list(of_returns(draft, given_up, draft.of("amount", "gross", "net")))
        if (taken_back := number_taken_back(draft)) is not None:
            values["order_id"] = taken_back
        yield {"to": "refunds", **only_where(returned, *kept), **own, "set": common | values}
    elif back or (status is not None and paid):
        where = f"{back} > 0" if status is None else among(draft, status, "refund")
        values = {"refund_id": number, "amount": back or f"abs({paid})"}
        values |= draft.given(refunded_at=given_back_at(draft, changed, placed))
        own = {"id": number} if numbered else {}
        kept = [each for address, each in given_up.items() if status is None or address != status.address]
        yield {"to": "refunds", **only_where(where, *kept), **own, "set": common | values}


def refunds_of_lines(
    draft: Draft,
    order: Column,
    common: Set,
    amount: str | None,
    kept: Sequence[str],
    grain: Sequence[str],
    *,
    whole: str | None = None,
) -> Iterator[Map]:
    """A map of what was given back, where lines say how much, or that it was all of ``amount``, which they come to, or
    of ``whole``, which each says again of its order.
    """
    told, all_ = draft.of("refunded"), _all_given_back(draft, order)
    some = None if told is None else f"{draft.expression(told)} > 0"
    if told is not None and order.values.repeated and _is_one_for_each(draft, order, told):
        values = common | {"amount": draft.expression(told)}
        yield {"to": "refunds", **only_where(str(some), *kept), "grain": grain, "id": common["order_id"], "set": values}
    elif all_ is not None and amount is None and whole is not None and told is None:
        own = {"grain": grain, "id": common["order_id"]}
        yield {"to": "refunds", **only_where(all_, *kept), **own, "set": common | {"amount": whole}}
    elif all_ is not None and amount is not None:
        draft.doubts.append(f"where {all_} what a line comes to is taken for given back")
        if told is not None:
            all_, amount = f"({all_} or {some})", f"case when {all_} then {amount} else {draft.expression(told)} end"
        yield {"to": "refunds", **only_where(all_, *kept), "set": common | {"amount": amount}}
    elif told is not None:
        yield {"to": "refunds", **only_where(str(some), *kept), "set": common | {"amount": draft.expression(told)}}


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
        if (said_so := says_yes(draft, column)) is not None:
            return said_so
    words = {*cells.says("refund")}
    for column in (*draft.all_of("status"), *draft.all_of("type")):
        texts = draft.texts(column)
        below = not order.values.repeated or not is_above(draft, order, column.address)
        if column.values.type == "string" and texts & words and not texts & _IN_PARTS and below:
            said = [cells.word_in(text) in words for text in draft.sample.columns[column.address] if text]
            if column.role == "status" or sum(said) * 2 < len(said):  # *credit* is also a kind of card
                return among(draft, column, "refund")
    return None


def has_negatives(draft: Draft, column: Column) -> bool:
    return any(map(is_negative, draft.sample.columns[column.address]))


def refunds(draft: Draft) -> Iterator[Map]:
    at = draft.sql("created_at", "happened_at")
    if at is None:
        return
    amount = draft.sql("amount", "refunded")
    values = draft.given(
        refund_id=draft.sql("refund_id", "id"),
        order_id=draft.sql("order_id", "payment_id"),
        refunded_at=at,
        reason=draft.sql("reason"),
    )
    yield {
        "to": "refunds",
        "set": values | {"currency": money(draft), "amount": f"abs({amount})"},
    }
