"""By which of its numbers a file is joined to the others: the one that they have too.

Belongs here: comparing columns of several samples, and choosing among the numbers of one file. Does not belong here:
what a column means by itself (`roles.py`), and which files come from one system (`systems.py`).

A shop numbers people and orders in several ways: by a long id of the database, and by what stands on invoices. A file
alone does not say which of the two the others speak of, but their values do: most of what one of them tells is among
what the file has. Numbers that are counted, such as 1 to 40, are in everybody's files, and so are only those of the
same if their columns are called alike.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from cdp_assets.sources.proposing import headings
from cdp_assets.sources.proposing.json_rows import MOST_ROWS
from cdp_assets.sources.proposing.numberings import addresses_of, are_counted, plain_number, subject_of
from cdp_assets.sources.proposing.propose import Proposal
from cdp_assets.sources.proposing.roles import Column

_OF_ORDERS = "order_number"
_OF_PEOPLE = ("customer_number", "user_id")
_GLOBALLY = ("email", "phone", "person_id", "loyalty_number", "external_id", "lead_id")
"""Roles by one of which a row is known already."""

_OF_NOBODY = (None, "products", "accounts")
"""Kinds whose rows are not known by numbers of people or orders."""

_SEVERAL, _MOST = 3, 0.5
"""So many numbers, and such a share of them, are in two files that number the same."""


@dataclass(frozen=True)
class _Numbers:
    """The numbers in a column of a file.

    Args:
        file: The file.
        column: The column.
        subject: What its heading, or the name of the file, says they are of.
        values: The different numbers.
    """

    file: Proposal
    column: Column
    subject: str
    values: Collection[str]


def joined(proposals: Sequence[Proposal]) -> Mapping[int, Mapping[str, str]]:
    """By which columns files have to be known so that they fit together.

    Args:
        proposals: The proposals of the files, each made for itself.

    Returns:
        Of those that are known by another column so far, or by none, by ``id``: address → type of identifier.
    """
    unknown = [each for each in proposals if each.template is None and each.kind not in _OF_NOBODY]
    found: dict[int, dict[str, str]] = {}
    for listed in unknown:
        if listed.kind == "contacts":
            _join(listed, _OF_PEOPLE, list(_of_people(listed)), unknown, found)
        elif listed.kind == "orders":
            _join(listed, (_OF_ORDERS,), list(_of_orders(listed)), unknown, found)
    return found


def _join(
    listed: Proposal,
    types: Sequence[str],
    own: Sequence[_Numbers],
    proposals: Sequence[Proposal],
    found: dict[int, dict[str, str]],
) -> None:
    """Add to what was found by which number people or orders, which a file lists, are known in it and in others."""
    told = [each for other in proposals if other is not listed for each in _told(other, types)]
    said = [[each for each in told if _are_of_the_same(numbers, each)] for numbers in own]
    type_, known_by = _known_by(listed, types)
    if not any(said) or len(known_by) > 1:
        return
    files = [len({id(each.file) for each in those}) for those in said]
    place = max(range(len(own)), key=lambda place: (files[place], own[place].column.address in known_by))
    if own[place].column.address not in known_by:
        found.setdefault(id(listed), {})[own[place].column.address] = type_
    for other in {id(each.file): each.file for each in said[place]}.values():
        _, others = _known_by(other, types)
        same = [each for each in said[place] if each.file is other]
        if len(others) > 1 or any(each.column.address in others for each in same):
            continue
        if type_ not in (there := found.setdefault(id(other), {})).values():
            there[max(same, key=lambda each: len({*each.values} & {*own[place].values})).column.address] = type_


def _of_people(listed: Proposal) -> Iterator[_Numbers]:
    """The numbers in a list of people of which each has one for itself.

    That of an account is a person's only where the list is one of accounts that bear the names of people: elsewhere
    several people belong to one.
    """
    named = any(column.role in ("given_name", "family_name") for column in listed.columns)
    for column in listed.columns:
        if column.role in ("person_id", "id", "number") or (
            column.role in (None, "account_id") and named and _is_called_as(listed, column)
        ):
            yield from _numbers(listed, column, each=True)


def _of_orders(listed: Proposal) -> Iterator[_Numbers]:
    """The numbers in a list of orders of which each has one for itself."""
    for column in listed.columns:
        if column.role in ("order_id", "id", "number"):
            yield from _numbers(listed, column, each=True)


def _told(other: Proposal, types: Sequence[str]) -> Iterator[_Numbers]:
    """The numbers in a file that may be of what another one lists."""
    if types == (_OF_ORDERS,):
        roles: Collection[str | None] = ("order_id",)
    elif any(each.role in _GLOBALLY and each.values.filled for each in other.columns):
        roles = ("person_id",)
    elif other.kind == "contacts":
        roles = ("person_id", None)
    else:
        roles = ("person_id", "account_id", None)  # without any, nobody would be known
    for column in other.columns:
        if column.role in roles:
            yield from _numbers(other, column, each=False)


def _numbers(file: Proposal, column: Column, *, each: bool) -> Iterator[_Numbers]:
    """The numbers of a column, if it holds any that can be of people or orders; ``each`` if no two rows may share one.
    Elsewhere they may be below what they are of: *contact*.

    Yields:
        One, or none.
    """
    words, values = column.words, column.values
    said = headings.is_number_of_row(words) or (not each and column.role is None and " " not in words)
    if not said or headings.is_of_others(words) or headings.is_of_a_thing(words):
        return
    if values.type not in ("string", "integer") or {"words", "rounded"} & values.looks or (each and values.repeated):
        return
    told = {plain_number(text) for text in file.sample.columns[column.address] if text}
    if len(told) >= _SEVERAL:
        yield _Numbers(file, column, subject_of(column.address, file), told)


def _are_of_the_same(own: _Numbers, other: _Numbers) -> bool:
    """Whether the numbers of a list are what another file tells of."""
    shared = {*own.values} & {*other.values}
    whole = own.file.sample.rows < MOST_ROWS
    compared = len(other.values) if whole else min(len(own.values), len(other.values))
    if len(shared) < max(_SEVERAL, _MOST * compared):
        return False
    if own.subject and headings.are_one_word(own.subject, other.subject):
        return True
    if other.column.role in (None, "account_id") or own.column.role in (None, "account_id"):
        return False
    return (headings.is_of_buyers(own.subject) and headings.is_of_buyers(other.subject)) or not are_counted(shared)


def _is_called_as(listed: Proposal, column: Column) -> bool:
    """Whether a number is said to be of what a file is called: *account code* in one of accounts."""
    subject = headings.subject(column.words)
    return any(headings.are_one_word(subject, word) for word in listed.sample.named.split())


def _known_by(proposal: Proposal, types: Sequence[str]) -> tuple[str, list[str]]:
    """By which type and columns people or orders are known in a file so far."""
    stream = proposal.stream
    told = [(each["type"], each["value"]) for each in stream.get("identifiers", ()) if each["type"] in types]
    if not told and types == (_OF_ORDERS,):
        maps = [map_["set"]["order_id"] for map_ in stream.get("maps", ()) if "order_id" in map_["set"]]
        told = [(_OF_ORDERS, sql) for sql in maps[:1]]
    if not told:
        return types[0], []
    type_, sql = told[0]
    return type_, list(addresses_of(sql, stream))
