"""Which files come from one system: those that number people and orders alike.

Belongs here: telling by the numbers in samples. Does not belong here: what a file's numbers are (`mapping.py`).

A source is a system: customer 12 of one shop is not customer 12 of another. Files that lie in one folder may be of
several, and then each becomes a source. Two files are of one system if a number that both have stands beside the same
addresses in both, or if there is nothing to compare, but they hold different things, in columns that are called alike
and share numbers: people and what they bought. They never are if the addresses differ, and known exports of different
systems are not. Numbers of products tell nothing, since many shops sell the same; a list of products goes to whoever
sells them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlglot.expressions as sge

from cdp_assets.sources import template
from cdp_assets.sources.proposing import headings
from cdp_assets.sources.proposing.propose import Proposal
from cdp_assets.sources.proposing.sample import MOST_ROWS
from cdp_assets.sources.spec import GLOBAL_TYPES
from cdp_assets.warehouse.sql_parsing import parsed

_PRODUCT = "product"
_NUMBERED = {"order_id": "order_number", "product_id": _PRODUCT}
"""Columns that maps set → what their numbers are of."""


@dataclass(frozen=True)
class _Numbers:
    """The numbers of one kind in a file.

    Args:
        subject: What the column's name says they are of.
        addresses: Each number → the e-mail addresses and telephone numbers beside it.
        whole: Whether these are all.
    """

    subject: str
    addresses: Mapping[str, Collection[str]]
    whole: bool


def systems(proposals: Sequence[Proposal], *, one: bool = False) -> list[list[Proposal]]:
    """Proposals by the system that their files come from, the one with most files first.

    Args:
        proposals: The proposals; files that number neither people nor orders are put to the first system.
        one: Whether somebody has said that it is one: then only what cannot be is kept apart.
    """
    numbers = {id(proposal): dict(_numbers(proposal)) for proposal in proposals}
    telling = [each for each in proposals if each.template is not None or numbers[id(each)].keys() - {_PRODUCT}]
    groups = [[proposal] for proposal in telling]

    def alike(group: list[Proposal], other: list[Proposal]) -> bool:
        found = [_alike(left, right, numbers) for left in group for right in other]
        return False not in found and (one or True in found)

    joined = True
    while joined:
        joined = False
        for place, group in enumerate(groups):
            for other in groups[place + 1 :]:
                if alike(group, other):
                    group.extend(other)
                    groups.remove(other)
                    joined = True
    groups = sorted(groups, key=len, reverse=True) or [[]]
    for proposal in proposals:
        if proposal not in telling:
            sold = [sum(_sells(each, proposal, numbers) for each in group) for group in groups]
            groups[sold.index(max(sold))].append(proposal)
    order = {id(proposal): place for place, proposal in enumerate(proposals)}
    return [sorted(group, key=lambda proposal: order[id(proposal)]) for group in groups]


def order_numbers(proposal: Proposal) -> Collection[str]:
    """The numbers of orders in a file's sample."""
    found = dict(_numbers(proposal)).get("order_number")
    return found.addresses.keys() if found is not None else ()


def _sells(seller: Proposal, listed: Proposal, numbers: Mapping[int, Mapping[str, _Numbers]]) -> int:
    """How many products of a list a file has."""
    ours, theirs = (numbers[id(each)].get(_PRODUCT) for each in (seller, listed))
    return len(ours.addresses.keys() & theirs.addresses.keys()) if ours is not None and theirs is not None else 0


def _alike(left: Proposal, right: Proposal, numbers: Mapping[int, Mapping[str, _Numbers]]) -> bool | None:
    """Whether two files are of one system; None if nothing tells."""
    if left.template is not None and right.template is not None:
        return template.find(left.template).system == template.find(right.template).system
    ours, theirs = numbers[id(left)], numbers[id(right)]
    types = (ours.keys() & theirs.keys()) - {_PRODUCT}
    found = [_same(ours[type_], theirs[type_], of_one_kind=left.kind == right.kind) for type_ in types]
    if False in found:
        return False
    return True if True in found else None


def _same(one: _Numbers, other: _Numbers, *, of_one_kind: bool) -> bool | None:
    shared = one.addresses.keys() & other.addresses.keys()
    compared = [number for number in shared if one.addresses[number] and other.addresses[number]]
    agreeing = sum(bool(set(one.addresses[number]) & set(other.addresses[number])) for number in compared)
    if compared:
        return agreeing * 2 >= len(compared)
    # Two lists of the same numbers are not one list in two parts.
    named = not of_one_kind and bool(one.subject) and _same_word(one.subject, other.subject)
    return True if named and (shared or not (one.whole and other.whole)) else None


def _same_word(one: str, other: str) -> bool:
    """Whether two words are one, but for their endings: *customer* and *customers*, *Kunde* and *Kunden*."""
    short, long = sorted((one, other), key=len)
    return long == short or (len(short) >= 4 and long.startswith(short) and len(long) - len(short) <= 2)


def _numbers(proposal: Proposal) -> Iterator[tuple[str, _Numbers]]:
    known = template.find(proposal.template).stream if proposal.template is not None else {}
    stream = {**known, **proposal.stream}
    values = [(each["type"], each["value"]) for each in stream.get("identifiers", ())]
    reached = [sql for type_, sql in values if type_ in GLOBAL_TYPES]
    numbered = [(type_, sql) for type_, sql in values if type_ not in GLOBAL_TYPES]
    numbered += [
        (type_, map_["set"][column])
        for map_ in stream.get("maps", ())
        for column, type_ in _NUMBERED.items()
        if column in map_["set"] and "each" not in map_
    ]
    texts = proposal.sample.columns
    addresses = [
        texts[address] for sql in reached for address in _addresses(sql, stream) if texts.get(address) is not None
    ]
    for type_, sql in numbered:
        address = next((address for address in _addresses(sql, stream) if texts.get(address)), None)
        if address is None:
            continue
        beside: dict[str, set[str]] = {}
        for row, number in enumerate(texts[address]):
            if number is not None:
                found = beside.setdefault(_plain(number), set())
                found.update(_plain(text) for each in addresses if (text := each[row]) is not None)
        yield type_, _Numbers(_subject(address, proposal), beside, proposal.sample.rows < MOST_ROWS)


def _addresses(sql: str, stream: Mapping[str, Any]) -> Iterator[str]:
    """The delivered columns that an expression reads, through derived ones."""
    read = {column.name for column in parsed(sql).find_all(sge.Column)}
    for name, fields in stream["columns"].items():
        if name in read:
            yield fields.get("path") or name
    for name, behind in stream.get("derive", {}).items():
        if name in read:
            yield from _addresses(behind, stream)


def _plain(text: str) -> str:
    return text.strip().lstrip("'#").removesuffix(".0").casefold()


def _subject(address: str, proposal: Proposal) -> str:
    """What numbers are of; where a column is only called a number, what the file is called."""
    return headings.subject(headings.words_of(address)) or headings.subject(proposal.sample.named)
