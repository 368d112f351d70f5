"""What files number, and which of them number people otherwise than others do.

Belongs here: reading the numbers in samples, and keeping two numberings of one system apart. Does not belong here:
which files come from one system (`systems.py`).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from os.path import commonprefix
from typing import Any

import sqlglot.expressions as sge

from cdp_assets.sources.proposing import headings, phrases
from cdp_assets.sources.proposing.json_rows import MOST_ROWS
from cdp_assets.sources.proposing.naming import differ_in
from cdp_assets.sources.proposing.phrases import NAMES
from cdp_assets.sources.proposing.propose import Proposal
from cdp_assets.sources.spec import GLOBAL_TYPES, first_path
from cdp_assets.warehouse.sql_parsing import parsed, plain_name

OF_PEOPLE = ("customer_number", "user_id", "loyalty_number", "external_id")
"""Types of which a person has one number in each system."""

PRODUCT = "product"
_NUMBERED = {"order_id": "order_number", "product_id": PRODUCT}
"""Columns that maps set → what their numbers are of."""

_FEW, _MOST = 0.1, 0.5
"""Shares of the addresses of the smaller of two files."""

_SPREAD = 10
"""Numbers of which each so many-th at least is given out are counted."""

_SEVERAL = 3
"""Addresses with other numbers in another file that are no mere oversight."""


@dataclass(frozen=True)
class Numbers:
    """The numbers of one kind in a file.

    Args:
        subject: What the column's name says they are of.
        addresses: Each number → the e-mail addresses and telephone numbers beside it.
        names: Each number → the words of the names of people beside it; none where no name is.
        is_bare: Whether the column is only called a number, and nothing beside it names or reaches people.
        facts: Each number of an order → what stands beside it in columns that say whose it is and, where each has a row
            of its own, when it was.
        times: The columns that say when it was.
        whole: Whether these are all.
    """

    subject: str
    addresses: Mapping[str, Collection[str]]
    names: Mapping[str, set[str]]
    is_bare: bool
    whole: bool
    facts: Mapping[str, Mapping[str, str]]
    times: Collection[str]

    @cached_property
    def by_address(self) -> Mapping[str, Collection[str]]:
        """Each address → the numbers beside it."""
        found: dict[str, set[str]] = {}
        for number, addresses in self.addresses.items():
            for address in addresses:
                found.setdefault(address, set()).add(number)
        return found

    @cached_property
    def look(self) -> tuple[str, bool]:
        """How numbers are written: what all begin with, and whether they have but digits."""
        same = re.match(r"\D*", commonprefix(list(self.addresses)))  # noqa: RUF071 (letters are what it is about)
        return same[0] if same else "", all(map(str.isdigit, self.addresses))


_Told = tuple[Proposal, Numbers]


def order_numbers(proposal: Proposal) -> Collection[str]:
    """The numbers of orders in a file's sample."""
    found = dict(numbers_of(proposal)).get("order_number")
    return found.addresses.keys() if found is not None else ()


def counted_apart(one: Numbers, other: Numbers) -> bool:
    """Whether two files number the same people differently: most addresses that both have bear no number of both, or
    most numbers that both have are those of people with other names.

    Where either file goes on below its sample, other people may be there, and whoever has an address in both may only
    have registered twice. So most of the people of one have to be in the other, unless numbers are written differently.
    """
    numbers = one.names.keys() & other.names.keys()
    if differ_in([one.names[each] for each in numbers], [other.names[each] for each in numbers], _MOST):
        return True
    ours, theirs = one.by_address, other.by_address
    shared = ours.keys() & theirs.keys()
    differing = sum(not {*ours[address]} & {*theirs[address]} for address in shared)
    share = _FEW if one.look != other.look or (one.whole and other.whole) else _MOST
    return 2 * differing > len(shared) >= max(_SEVERAL, share * min(len(ours), len(theirs)))


def keep_apart(source: str, system: Sequence[Proposal]) -> None:
    """Give numbers of people that are counted otherwise than those of the same type in another file a namespace.

    Args:
        source: The name of the source.
        system: Its proposals; identifiers and doubts of those with such numbers are changed.
    """
    numbers = {id(each): dict(numbers_of(each)) for each in system}
    for type_ in OF_PEOPLE:
        first, *others = _numberings(
            [(each, numbers[id(each)][type_]) for each in system if type_ in numbers[id(each)]]
        )
        for numbering in others:
            namespace = f"{source}.{numbering[0][0].stream['name']}"  # which no source can be called
            named = next(known[0].stream["name"] for known in first if any(_apart(known, each) for each in numbering))
            for proposal, _ in numbering:
                for identifier in proposal.stream["identifiers"]:
                    if identifier["type"] == type_:
                        identifier["namespace"] = namespace
                proposal.doubts += (
                    f"its {type_} is another one than that of `{named}`, where the same people have other numbers: it "
                    "has a `namespace` of its own",
                )


def _numberings(told: Sequence[_Told]) -> list[list[_Told]]:
    """Files by how they count, those first that count as known exports do, or lists of people."""
    found: list[list[_Told]] = [[]]
    for each in sorted(told, key=_says_least):
        possible = [numbering for numbering in found if not any(_apart(each, other) for other in numbering)]
        best = max(possible, key=partial(_shared, each), default=None)
        if best is None or (best is not found[0] and not _shared(each, best)):
            found.append([each])
        else:
            best.append(each)
    return found


def _shared(one: _Told, numbering: Sequence[_Told]) -> int:
    """How many numbers a file has in common with those of a numbering."""
    return sum(len(one[1].addresses.keys() & numbers.addresses.keys()) for _, numbers in numbering)


def _apart(one: _Told, other: _Told) -> bool:
    known = one[0].template is not None and other[0].template is not None
    return not known and (counted_apart(one[1], other[1]) or _counts_other_rows(one[1], other[1]))


def _counts_other_rows(one: Numbers, other: Numbers) -> bool:
    """Whether numbers of which nothing says that they are people's only count the rows of a file, as the other's do."""
    shared = one.addresses.keys() & other.addresses.keys()
    return (
        one.is_bare != other.is_bare
        and not headings.are_one_word(one.subject, other.subject)
        and bool(shared)
        and are_counted(shared)
    )


def are_counted(numbers: Collection[str]) -> bool:
    """Whether numbers are given out one after the other, so that those of other things are the same by chance."""
    same = commonprefix(list(numbers))  # noqa: RUF071 (letters are what it is about)
    left = [number.removeprefix(same.rstrip("0123456789")) for number in numbers]
    if not all(re.fullmatch("[0-9]+", each) for each in left):
        return False
    counted = sorted(map(int, left))
    return counted[-1] - counted[0] < _SPREAD * len(counted)


def _says_least(told: _Told) -> tuple[bool, bool, int]:
    proposal, numbers = told
    return proposal.template is None, proposal.kind != "contacts", -len(numbers.by_address)


def numbers_of(proposal: Proposal) -> Iterator[tuple[str, Numbers]]:
    """The numbers in a file's sample, by the type of identifier, or `PRODUCT`."""
    stream = proposal.whole_stream
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
        texts[address] for sql in reached for address in addresses_of(sql, stream) if texts.get(address) is not None
    ]
    naming = [
        texts[address]
        for map_ in stream.get("maps", ())
        for role, sql in map_["set"].items()
        if map_["to"] == "contacts" and role in NAMES
        for address in addresses_of(sql, stream)
        if texts.get(address)
    ]
    whose = {address for _, sql in values for address in addresses_of(sql, stream) if texts.get(address)}
    when = (
        {address for address in addresses_of(plain_name(stream["event_time"]), stream) if texts.get(address)}
        if ("event_time" in stream)
        else set()
    )
    for type_, sql in numbered:
        read = [address for address in addresses_of(sql, stream) if texts.get(address)]
        if not read:
            continue
        # Of till, day and number, the number.
        address = max(read, key=lambda each: len(set(texts[each])))
        beside: dict[str, set[str]] = {}
        names: dict[str, set[str]] = {}
        facts: dict[str, dict[str, str]] = {}
        telling = whose | when if _is_key(address, stream) else whose
        for row, number in enumerate(texts[address]):
            if number is not None:
                found = beside.setdefault(plain_number(number), set())
                found.update(plain_number(text) for each in addresses if (text := each[row]) is not None)
                if said := {*phrases.words_of(" ".join(filter(None, (each[row] for each in naming)))).split()}:
                    names.setdefault(plain_number(number), set()).update(said)
                if type_ == "order_number" and len(read) == 1:
                    told = {name: text for name in telling - {address} if (text := texts[name][row]) is not None}
                    facts.setdefault(plain_number(number), told)
        is_bare = not (headings.subject(phrases.words_of(address)) or names or any(beside.values()))
        whole = proposal.sample.rows < MOST_ROWS
        yield type_, Numbers(subject_of(address, proposal), beside, names, is_bare, whole, facts, when)


def _is_key(address: str, stream: Mapping[str, Any]) -> bool:
    """Whether a delivered column alone tells rows apart."""
    columns = stream["columns"]
    return [first_path(name, columns[name]) for name in stream.get("key", ()) if name in columns] == [address]


def addresses_of(sql: str, stream: Mapping[str, Any]) -> Iterator[str]:
    """The delivered columns that an expression reads, through derived ones."""
    read = {column.name for column in parsed(sql).find_all(sge.Column)}
    for name, fields in stream["columns"].items():
        if name in read:
            yield first_path(name, fields)
    for name, behind in stream.get("derive", {}).items():
        if name in read:
            yield from addresses_of(behind, stream)


def plain_number(text: str) -> str:
    return text.strip().lstrip("'#").removesuffix(".0").casefold()


def subject_of(address: str, proposal: Proposal) -> str:
    """What numbers are of; where a column is only called a number, what the file is called."""
    return headings.subject(phrases.words_of(address)) or headings.subject(proposal.sample.named)
