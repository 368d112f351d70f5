"""Which columns make up one postal address, where rows have several: at home, at work, for letters, for parcels.

Belongs here: telling addresses apart by their headings. Does not belong here: what a heading is (`headings.py`), and
whose an address is (`whose.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cdp_assets.sources.proposing import headings, phrases
from cdp_assets.sources.proposing.roles import Column

_STREETS = {"street", "line_1"}
_WHERE = {"street", "line_1", "city", "suburb"}
"""Of which an address has one, and another part."""


def of_a_delivery(columns: Sequence[Column]) -> tuple[list[Column], list[Column]]:
    """Take the role from parts of an address of which the rest says that it is where something was delivered, or the
    name beside it to whom: that is somebody else where it is a gift.

    Args:
        columns: The columns with their roles.

    Returns:
        The columns, and those that lost their role.
    """
    parts = [column for column in columns if column.role in phrases.ADDRESS_PARTS and column.role != "country"]
    bare = [column for column in parts if not headings.which_address(column.words)]
    named = any(column.role in ("full_name", "family_name") for column in columns)
    sent = named and any(headings.is_of_receivers(each.words) and "words" in each.values.looks for each in columns)
    there = any(headings.is_street_of_a_delivery(each.words) and each.role is None for each in columns)
    own = [each for each in parts if each not in bare or (each.role in _STREETS and not sent)]
    others = [] if own or not (sent or there) else bare
    return [replace(column, role=None) if column in others else column for column in columns], others


def of_one_address(columns: Sequence[Column]) -> tuple[list[Column], list[Column]]:
    """Take the role from what is part of another address than the person's own, or that of which most is told.

    Args:
        columns: The columns with their roles.

    Returns:
        The columns, and those that lost their role.
    """
    parts = [column for column in columns if column.role in phrases.ADDRESS_PARTS]
    filled = [column for column in parts if column.values.filled] or parts
    addresses: dict[str, list[Column]] = {}
    for column in parts:
        addresses.setdefault(headings.which_address(column.words), []).append(column)
    told = {name: {column.role for column in of if column in filled} for name, of in addresses.items()}
    whole = [name for name, roles in told.items() if len(roles) > 1 and roles & _WHERE]
    several = len({column.role for column in filled}) < len(filled)
    if not whole or not (several or len(addresses) > 1):
        return list(columns), []
    mine = max(whole, key=lambda name: (headings.is_own(name), len(told[name]), not headings.is_second(name)))
    # What no word tells whose it is, such as the country, goes with any address that lacks it.
    others = [
        column
        for name, of in addresses.items()
        for column in of
        if name != mine
        and (headings.is_second(name) or (several and (name or column.role in told[mine])) or column not in filled)
    ]
    return [replace(column, role=None) if column in others else column for column in columns], others
