"""Which files come from one system: those that number people and orders alike.

Belongs here: telling by the numbers in samples. Does not belong here: what a file's numbers are (`mapping.py`).

A source is a system: customer 12 of one shop is not customer 12 of another. Files that lie in one folder may be of
several, and then each becomes a source. Two files are of one system if a number that both have stands beside the same
addresses in both, or if there is nothing to compare, but they hold different things, in columns that are called alike
and share numbers: people and what they bought. They never are if the addresses differ, or if the same numbers of orders
are those of other customers or days, and known exports of different systems are not. If the same addresses have other
numbers of people in each, that tells nothing: a system may hold two numberings (`numberings.py`). What could be of two
systems that are not one goes to the one whose files are called more like it, or stays alone. Numbers of products tell
nothing, since many shops sell the same; a list of products goes to whoever sells them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

from cdp_assets.sources import template
from cdp_assets.sources.proposing import headings
from cdp_assets.sources.proposing.file_names import file_words
from cdp_assets.sources.proposing.numberings import OF_PEOPLE, PRODUCT, Numbers, counted_apart, numbers_of
from cdp_assets.sources.proposing.own_columns import join
from cdp_assets.sources.proposing.propose import Proposal

_OF_COLUMNS = frozenset({"columns", "derive", "identifiers", "maps"})
"""Fields of a stream that say more where there are more columns."""


def systems(proposals: Sequence[Proposal], *, one: bool = False) -> list[list[Proposal]]:
    """Proposals by the system that their files come from, the one with most files first.

    Args:
        proposals: The proposals; files that number neither people nor orders are put to the first system.
        one: Whether somebody has said that it is one: then only what cannot be is kept apart.
    """
    numbers = {id(proposal): dict(numbers_of(proposal)) for proposal in proposals}
    telling = [each for each in proposals if each.template is not None or numbers[id(each)].keys() - {PRODUCT}]
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
    shared = set(file_words(one.path)) & set(file_words(other.path))
    return one.path.resolve().parent == other.path.resolve().parent, len(shared)


def together(proposals: Sequence[Proposal]) -> list[tuple[Proposal, list[Path]]]:
    """Files of one layout and name become one stream of several files, unless their numbers are of other people; those
    that lack columns do, if the others are read alike without these.
    """
    found: dict[tuple[str, str], list[Proposal]] = {}
    for proposal in proposals:
        layout = str(proposal.template or sorted(proposal.stream["columns"]))
        found.setdefault((proposal.stream["name"], layout), []).append(proposal)
    parts: list[list[Proposal]] = []
    for alike in _with_fewer_columns(list(found.values())):
        numbers = {id(each): dict(numbers_of(each)) for each in alike} if len(alike) > 1 else {}
        apart = any(_alike(one, other, numbers) is False for one, other in combinations(alike, 2))
        parts += [[each] for each in alike] if apart else [alike]
    names: set[str] = set()
    for first, *others in parts:
        if first.template is not None:
            for other in others:
                join(first.stream, other.stream, template.find(first.template))
        name, number = first.stream["name"], 2
        while first.stream["name"] in names:
            first.stream["name"] = f"{name}_{number}"
            number += 1
        names.add(first.stream["name"])
    return [(part[0], [path for each in part for path in each.paths]) for part in parts]


def _with_fewer_columns(groups: list[list[Proposal]]) -> list[list[Proposal]]:
    """Groups of files of one layout, with those that lack columns behind the ones that have these."""
    by_columns = sorted(groups, key=lambda group: -len(group[0].whole_stream["columns"]))
    into: dict[int, list[Proposal]] = {}
    for place, group in enumerate(by_columns):
        wider = (more for more in by_columns[:place] if id(more) not in into and _adds_to(more[0], group[0]))
        if (more := next(wider, None)) is not None:
            into[id(group)] = more
    for less, more in ((group, into[id(group)]) for group in groups if id(group) in into):
        more.extend(less)
    return [group for group in groups if id(group) not in into]


def _adds_to(more: Proposal, less: Proposal) -> bool:
    """Whether a proposal says all that another one of the same name does, and besides only what further columns say."""
    if more.template is not None or less.template is not None or more.kind != less.kind:
        return False
    ours, theirs = more.stream, less.stream
    if any(ours.get(name) != theirs.get(name) for name in (ours.keys() | theirs.keys()) - _OF_COLUMNS):
        return False
    further = ours["columns"].keys() - theirs["columns"].keys()
    return (
        theirs["columns"].items() <= ours["columns"].items()
        and not any(ours["columns"][name].get("required") for name in further)
        and theirs.get("derive", {}).items() <= ours.get("derive", {}).items()
        and all(each in ours.get("identifiers", ()) for each in theirs.get("identifiers", ()))
        and all(any(_is_within(each, other) for other in ours.get("maps", ())) for each in theirs.get("maps", ()))
    )


def _is_within(map_: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether another map takes the same rows for the same table, and sets the same and maybe more."""
    parts = (map_.keys() | other.keys()) - {"set"}
    return all(map_.get(part) == other.get(part) for part in parts) and map_["set"].items() <= other["set"].items()


def _sells(seller: Proposal, listed: Proposal, numbers: Mapping[int, Mapping[str, Numbers]]) -> int:
    """How many products of a list a file has."""
    ours, theirs = (numbers[id(each)].get(PRODUCT) for each in (seller, listed))
    return len(ours.addresses.keys() & theirs.addresses.keys()) if ours is not None and theirs is not None else 0


def _alike(left: Proposal, right: Proposal, numbers: Mapping[int, Mapping[str, Numbers]]) -> bool | None:
    """Whether two files are of one system; None if nothing tells."""
    known = left.template is not None and right.template is not None
    if known and template.find(left.template or "").system != template.find(right.template or "").system:
        return False
    ours, theirs = numbers[id(left)], numbers[id(right)]
    types = (ours.keys() & theirs.keys()) - {PRODUCT}
    found = [
        _same(ours[type_], theirs[type_], of_one_kind=left.kind == right.kind, of_people=type_ in OF_PEOPLE)
        for type_ in types
    ]
    if False in found:
        return False
    return True if known or True in found else None


def _same(one: Numbers, other: Numbers, *, of_one_kind: bool, of_people: bool) -> bool | None:
    shared = one.addresses.keys() & other.addresses.keys()
    compared = [number for number in shared if one.addresses[number] and other.addresses[number]]
    agreeing = sum(bool(set(one.addresses[number]) & set(other.addresses[number])) for number in compared)
    if compared:
        return agreeing * 2 >= len(compared)
    if of_people and counted_apart(one, other):
        return None
    apart = () if of_one_kind else (*one.times, *other.times)
    told = [_agree(one.facts[number], other.facts[number], apart) for number in one.facts.keys() & other.facts.keys()]
    if told and sum(told) * 2 < len(told):
        return False
    # Two lists of the same numbers are not one list in two parts.
    return True if not of_one_kind and bool(one.subject) and _called_alike(one, other) else None


def _called_alike(one: Numbers, other: Numbers) -> bool:
    """Whether numbers are said to be of the same, and some are in both; most of them if they are so in other words."""
    shared, whole = one.addresses.keys() & other.addresses.keys(), one.whole and other.whole
    if headings.are_one_word(one.subject, other.subject):
        return bool(shared) or not whole
    bought = headings.is_of_buyers(one.subject) and headings.is_of_buyers(other.subject)
    needed = min(len(one.addresses), len(other.addresses)) / 2 if whole else 1
    return bought and len(shared) >= needed


def _agree(one: Mapping[str, str], other: Mapping[str, str], apart: Collection[str]) -> bool:
    """Whether two rows of one number say the same in all columns that both have, but for those ``apart``."""
    return all(one[name] == other[name] for name in (one.keys() & other.keys()) - {*apart})
