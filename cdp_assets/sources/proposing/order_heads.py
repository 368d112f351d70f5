"""Orders that one file has and another one's lines or payments would tell again.

Belongs here: which of the two says what. Does not belong here: what the files of one system are (`systems.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cdp_assets.sources.proposing import phrases
from cdp_assets.sources.proposing.commerce import part_of
from cdp_assets.sources.proposing.json_rows import MOST_ROWS
from cdp_assets.sources.proposing.numberings import order_numbers
from cdp_assets.sources.proposing.propose import Proposal

_NEARLY_ALL, _MOST = 0.9, 0.5
"""Shares of the numbers of a file of payments: of all orders that there are, and of those of a sample."""


def told_once(system: Sequence[Proposal]) -> None:
    """Take from lines and payments what the orders of the same system say: that there is an order, when it was placed,
    and what was given back.

    Args:
        system: The proposals of a system; those of lines and payments are changed.
    """
    numbers = {id(each): set(order_numbers(each)) for each in system}
    paid = list(_paid(system, numbers))
    payments = {id(each) for each, _ in paid}
    orders = [each for each in system if id(each) not in payments]
    for each, head in paid:
        given_back = any(numbers[id(each)] & numbers[id(other)] and _tells(other, "refunds") for other in orders)
        bought = any(numbers[id(each)] & numbers[id(other)] and _tells(other, "order_lines") for other in orders)
        _take_orders_from_payments(each, head, given_back=given_back, bought=bought)
    heads = [each for each in orders if each.kind == "orders" and each.template is None]
    for each in system:
        if each.kind != "lines" or each.template is not None or not _tells(each, "orders"):
            continue
        if (known := next((head for head in heads if numbers[id(head)] & numbers[id(each)]), None)) is not None:
            _take_orders_from_lines(each, known)


def _paid(system: Sequence[Proposal], numbers: Mapping[int, set[str]]) -> Iterator[tuple[Proposal, Proposal]]:
    """Files of payments, each with the one that has their orders."""
    orders = [each for each in system if each.kind != "lines" and _tells(each, "orders") and numbers[id(each)]]
    for each in orders:
        called, counted, _ = _is_for_orders(each)
        heads = (
            head
            for head in orders
            if _layout(head) != _layout(each)
            and _is_for_orders(each) > _is_for_orders(head)
            and _are_within(numbers[id(each)], numbers[id(head)], whole=head.sample.rows < MOST_ROWS)
        )
        head = min(heads, key=_is_for_orders, default=None)
        if (called or counted) and each.template is None and head is not None:
            yield each, head


def _layout(proposal: Proposal) -> object:
    return proposal.template or proposal.stream["columns"].keys()


def _are_within(some: set[str], others: set[str], *, whole: bool) -> bool:
    return len(some & others) >= (_NEARLY_ALL if whole else _MOST) * len(some)


def _is_for_orders(proposal: Proposal) -> tuple[bool, bool, bool]:
    """How much rows with numbers of orders are something for these, rather than the orders: the file is called so, they
    have numbers of their own, or it is not called orders.
    """
    named = proposal.sample.named
    counted = any(map_["to"] == "orders" and "grain" in map_ for map_ in _maps(proposal))
    return phrases.called(named, "payments"), counted, not phrases.called(named, "orders")


def _maps(proposal: Proposal) -> Sequence[Mapping[str, Any]]:
    maps: Sequence[Mapping[str, Any]] = proposal.whole_stream.get("maps", ())
    return maps


def _tells(proposal: Proposal, table: str) -> bool:
    return any(map_["to"] == table for map_ in _maps(proposal))


def _take_orders_from_payments(payments: Proposal, head: Proposal, *, given_back: bool, bought: bool) -> None:
    """Leave what payments say besides their orders; the amounts too, if nothing else says what these came to.

    Args:
        payments: The proposal that is changed.
        head: The one that has their orders.
        given_back: Whether refunds of these are told elsewhere.
        bought: Whether lines of these are told elsewhere.
    """
    priced = bought or any(map_["to"] == "orders" and "gross" in map_["set"] for map_ in _maps(head))
    kept: list[dict[str, Any]] = []
    for map_ in payments.stream["maps"]:
        if map_["to"] == "orders" and not priced and "gross" in map_["set"]:
            kept.append(part_of(map_, map_["set"]["gross"]))
        elif map_["to"] == "order_lines":
            kept += [map_] if not bought and ("each" in map_ or not priced) else []
        elif map_["to"] != "orders" and not (map_["to"] == "refunds" and given_back):
            kept.append(map_)
    also = ", which are told with what was given back" if given_back and _tells(payments, "refunds") else ""
    payments.stream["maps"] = kept
    if not kept:
        del payments.stream["maps"]
    payments.doubts += (f"its rows pay for the orders of `{head.stream['name']}`{also}: they are none themselves",)


def _take_orders_from_lines(lines: Proposal, head: Proposal) -> None:
    given_back = _tells(head, "refunds") and _tells(lines, "refunds")
    told = ("orders", "refunds") if given_back else ("orders",)
    lines.stream["maps"] = [map_ for map_ in lines.stream["maps"] if map_["to"] not in told]
    for map_ in lines.stream["maps"]:
        if map_["to"] == "order_lines":
            map_["set"].pop("ordered_at", None)
            if map_["set"].get("currency") in lines.stream.get("derive", {}):
                del map_["set"]["currency"]  # a guess
    also = " and what was given back" if given_back else ""
    lines.doubts += (f"its orders are those of `{head.stream['name']}`, which say when they were placed{also}",)
