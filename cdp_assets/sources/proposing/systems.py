"""Which files come from one system: those that number people and orders alike.

Belongs here: telling by the numbers in samples. Does not belong here: what a file's numbers are (`mapping.py`).

A source is a system: customer 12 of one shop is not customer 12 of another. Files that lie in one folder may be of
several, and then each becomes a source. Two files are of one system if a number that both have stands beside the same
addresses in both, or if there is nothing to compare, but they hold different things, in columns that are called alike
and share numbers: people and what they bought. They never are if the addresses differ, or if the same numbers of orders
are those of other customers or days, and known exports of different systems are not. What could be of two systems that
are not one goes to the one whose files are called more like it, or stays alone. Numbers of products tell nothing, since
many shops sell the same; a list of products goes to whoever sells them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import sqlglot.expressions as sge

from cdp_assets.sources import template
from cdp_assets.sources.proposing import headings
from cdp_assets.sources.proposing.json_rows import MOST_ROWS
from cdp_assets.sources.proposing.propose import Proposal
from cdp_assets.sources.spec import GLOBAL_TYPES, first_path
from cdp_assets.warehouse.sql_parsing import parsed, plain_name

_PRODUCT = "product"
_NUMBERED = {"order_id": "order_number", "product_id": _PRODUCT}
"""Columns that maps set → what their numbers are of."""


@dataclass(frozen=True)
class _Numbers:
    """The numbers of one kind in a file.

    Args:
        subject: What the column's name says they are of.
        addresses: Each number → the e-mail addresses and telephone numbers beside it.
        facts: Each number of an order → what stands beside it in columns that say whose it is and, where each has a row
            of its own, when it was.
        times: The columns that say when it was.
        whole: Whether these are all.
    """

    subject: str
    addresses: Mapping[str, Collection[str]]
    whole: bool
    facts: Mapping[str, Mapping[str, str]]
    times: Collection[str]


def systems(proposals: Sequence[Proposal], *, one: bool = False) -> list[list[Proposal]]:
    """Proposals by the system that their files come from, the one with most files first.

    Args:
        proposals: The proposals; files that number neither people nor orders are put to the first system.
        one: Whether somebody has said that it is one: then only what cannot be is kept apart.
    """
    numbers = {id(proposal): dict(_numbers(proposal)) for proposal in proposals}
    telling = [each for each in proposals if each.template is not None or numbers[id(each)].keys() - {_PRODUCT}]
    groups = [[proposal] for proposal in telling]

    told = {
        (id(left), id(right)): _alike(left, right, numbers)
        for left in telling
        for right in telling
        if left is not right
    }

    def surely(left: Proposal, right: Proposal) -> bool | None:
        if told[id(left), id(right)] and any(_rivals(*pair, telling, told) for pair in ((left, right), (right, left))):
            return False
        return told[id(left), id(right)]

    def alike(group: list[Proposal], other: list[Proposal]) -> bool:
        found = [surely(left, right) for left in group for right in other]
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


def _rivals(
    proposal: Proposal, other: Proposal, all_: Sequence[Proposal], told: Mapping[tuple[int, int], bool | None]
) -> bool:
    """Whether a file could as well be of another system than that of the other file, and is not called more like it."""
    return any(
        told[id(proposal), id(rival)] and told[id(other), id(rival)] is False
        and _kinship(proposal, rival) >= _kinship(proposal, other)
        for rival in all_
        if rival is not proposal and rival is not other
    )  # fmt: skip


def _kinship(one: Proposal, other: Proposal) -> tuple[bool, int]:
    """How much two files are called alike: by their folder, and by how many words."""
    shared = set(headings.file_words(one.path)) & set(headings.file_words(other.path))
    return one.path.resolve().parent == other.path.resolve().parent, len(shared)


def together(proposals: Sequence[Proposal]) -> list[tuple[Proposal, list[Path]]]:
    """Files of one layout and name become one stream with several files, unless their numbers are of other people."""
    found: dict[tuple[str, str], list[Proposal]] = {}
    for proposal in proposals:
        layout = str(proposal.template or sorted(proposal.stream["columns"]))
        found.setdefault((proposal.stream["name"], layout), []).append(proposal)
    parts: list[list[Proposal]] = []
    for alike in found.values():
        numbers = {id(each): dict(_numbers(each)) for each in alike} if len(alike) > 1 else {}
        apart = any(_alike(one, other, numbers) is False for one, other in combinations(alike, 2))
        parts += [[each] for each in alike] if apart else [alike]
    names: set[str] = set()
    for first, *_ in parts:
        name, number = first.stream["name"], 2
        while first.stream["name"] in names:
            first.stream["name"] = f"{name}_{number}"
            number += 1
        names.add(first.stream["name"])
    return [(part[0], [path for each in part for path in each.paths]) for part in parts]


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
    known = left.template is not None and right.template is not None
    if known and template.find(left.template or "").system != template.find(right.template or "").system:
        return False
    ours, theirs = numbers[id(left)], numbers[id(right)]
    types = (ours.keys() & theirs.keys()) - {_PRODUCT}
    found = [_same(ours[type_], theirs[type_], of_one_kind=left.kind == right.kind) for type_ in types]
    if False in found:
        return False
    return True if known or True in found else None


def _same(one: _Numbers, other: _Numbers, *, of_one_kind: bool) -> bool | None:
    shared = one.addresses.keys() & other.addresses.keys()
    compared = [number for number in shared if one.addresses[number] and other.addresses[number]]
    agreeing = sum(bool(set(one.addresses[number]) & set(other.addresses[number])) for number in compared)
    if compared:
        return agreeing * 2 >= len(compared)
    apart = () if of_one_kind else (*one.times, *other.times)
    told = [_agree(one.facts[number], other.facts[number], apart) for number in one.facts.keys() & other.facts.keys()]
    if told and sum(told) * 2 < len(told):
        return False
    # Two lists of the same numbers are not one list in two parts.
    named = not of_one_kind and bool(one.subject) and _same_word(one.subject, other.subject)
    return True if named and (shared or not (one.whole and other.whole)) else None


def _agree(one: Mapping[str, str], other: Mapping[str, str], apart: Collection[str]) -> bool:
    """Whether two rows of one number say the same in all columns that both have, but for those ``apart``."""
    return all(one[name] == other[name] for name in (one.keys() & other.keys()) - {*apart})


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
    whose = {address for _, sql in values for address in _addresses(sql, stream) if texts.get(address)}
    when = (
        {address for address in _addresses(plain_name(stream["event_time"]), stream) if texts.get(address)}
        if ("event_time" in stream)
        else set()
    )
    for type_, sql in numbered:
        read = [address for address in _addresses(sql, stream) if texts.get(address)]
        if not read:
            continue
        # Of till, day and number, the number.
        address = max(read, key=lambda each: len(set(texts[each])))
        beside: dict[str, set[str]] = {}
        facts: dict[str, dict[str, str]] = {}
        telling = whose | when if _is_key(address, stream) else whose
        for row, number in enumerate(texts[address]):
            if number is not None:
                found = beside.setdefault(_plain(number), set())
                found.update(_plain(text) for each in addresses if (text := each[row]) is not None)
                if type_ == "order_number" and len(read) == 1:
                    told = {name: text for name in telling - {address} if (text := texts[name][row]) is not None}
                    facts.setdefault(_plain(number), told)
        yield type_, _Numbers(_subject(address, proposal), beside, proposal.sample.rows < MOST_ROWS, facts, when)


def _is_key(address: str, stream: Mapping[str, Any]) -> bool:
    """Whether a delivered column alone tells rows apart."""
    columns = stream["columns"]
    return [first_path(name, columns[name]) for name in stream.get("key", ()) if name in columns] == [address]


def _addresses(sql: str, stream: Mapping[str, Any]) -> Iterator[str]:
    """The delivered columns that an expression reads, through derived ones."""
    read = {column.name for column in parsed(sql).find_all(sge.Column)}
    for name, fields in stream["columns"].items():
        if name in read:
            yield first_path(name, fields)
    for name, behind in stream.get("derive", {}).items():
        if name in read:
            yield from _addresses(behind, stream)


def _plain(text: str) -> str:
    return text.strip().lstrip("'#").removesuffix(".0").casefold()


def _subject(address: str, proposal: Proposal) -> str:
    """What numbers are of; where a column is only called a number, what the file is called."""
    return headings.subject(headings.words_of(address)) or headings.subject(proposal.sample.named)
