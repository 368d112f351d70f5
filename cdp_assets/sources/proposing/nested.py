"""Who a row is about, where it has a person in an object of their own, beside addresses that may be others'.

Belongs here: which objects of a row are the person. Does not belong here: whose columns are that lie in no object, or
are told by their headings (`whose.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cdp_assets.sources.proposing import phrases
from cdp_assets.sources.proposing.beside import same
from cdp_assets.sources.proposing.naming import ADDRESSES
from cdp_assets.sources.proposing.phrases import NAMES, words_of
from cdp_assets.sources.proposing.roles import Column
from cdp_assets.sources.proposing.values import Texts

_TOLD = frozenset({*ADDRESSES, *NAMES, *phrases.ADDRESS_PARTS, "person_id", "birth_date", "company"})
"""Roles of what an object says of a person."""


def of_one_person(columns: Sequence[Column], texts: Texts) -> tuple[list[Column], list[tuple[str, str]]]:
    """Take the role from what lies outside the object that holds a person: numbers, names and ways to reach somebody.

    What the object lacks may lie outside: where names are not others than those within. So may what is the same.

    Args:
        columns: The columns with their roles.
        texts: The sample, by address.

    Returns:
        The columns, and the addresses of those that lost their role, each with the reason.
    """
    paths = dict.fromkeys(_object_of(column) for column in columns)
    people = [path for path in paths if _is_a_person(path, columns)]
    if len(people) != 1:
        return list(columns), []
    (path,) = people
    within = [each for each in columns if each.address.startswith(f"{path}.") and each.values.filled]
    lost = [
        column
        for column in columns
        if column.role in _TOLD
        and not column.address.startswith(f"{path}.")
        and _is_anothers(column, within, columns, texts)
    ]
    left = [replace(each, role=None, by_value=False) if each in lost else each for each in columns]
    why = f"lies outside {path}, and may be somebody else's"
    return left, [(each.address, why) for each in lost if each.role in (*ADDRESSES, "person_id") and each.values.filled]


def _object_of(column: Column) -> str:
    return column.address.rpartition(".")[0]


def _is_a_person(path: str, columns: Sequence[Column]) -> bool:
    """Whether an object is called as people are, and holds a number and a name or an address."""
    called = set(phrases.meanings(words_of(path.rpartition(".")[2])))
    roles = {column.role for column in columns if path and _object_of(column) == path and column.values.filled}
    return bool(called & {"person_id", "full_name"} and roles & {"id", "person_id"} and roles & {*ADDRESSES, *NAMES})


def _is_anothers(column: Column, within: Sequence[Column], columns: Sequence[Column], texts: Texts) -> bool:
    mine = [each for each in within if each.role == column.role]
    if any(same(texts[column.address], texts[each.address]) for each in mine):
        return False
    place = column.role in phrases.ADDRESS_PARTS
    if mine or (place and any(each.role in phrases.ADDRESS_PARTS for each in within)):
        return True
    path = _object_of(column)
    names = [each for each in columns if path and _object_of(each) == path and each.role in NAMES]
    return any(
        not same(texts[name.address], texts[each.address])
        for name in names
        for each in within
        if name.role == each.role
    )
