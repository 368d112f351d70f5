"""Given names that people use for one another: short forms, pet names, and the same name in other languages.

Belongs here: the look-up in the table `nicknames.yaml`. Does not belong here: how names are compared (`names.py`).

Each line of the table is a group: whoever bears its first name, the full one, may appear under another one. Two of the
others are one person's only where they are alike: Bob and Rob may be one Robert, and the sisters Nora and Lena are not
one Eleanor. A name may be in several groups ("Alex" is Alexander and Alexandra), which does not join these: Alexander
and Alexandra stay different people. Names that are *kin* are two people's, and yet may stand for one another where more
than an address speaks for one. Further names, of which no other forms are known, are groups of their own. Spelling
is folded (`folding.fold`), so that accents, umlauts and scripts need no lines of their own.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from cdp_assets.identity.folding import fold

if TYPE_CHECKING:
    import pyarrow as pa

_NONE: frozenset[int] = frozenset()
_BEGINNING = 3
"""Letters at the beginning that make two forms of one name alike, such as Kate and Kathy."""


def are_nicknames(left: str, right: str) -> bool:
    """Whether two folded given names may belong to one person, by the table."""
    shared = _groups_of().get(left, _NONE) & _groups_of().get(right, _NONE)
    if not shared or _alike(left, right):
        return bool(shared)
    return any(_is_full(name, _table()[group][0]) for group in shared for name in (left, right))


def _is_full(name: str, full: str) -> bool:
    """Whether a form of a name is the full one, or that as others write it: Aleksandr beside Alexander."""
    return name[:_BEGINNING] == full[:_BEGINNING] and len(name) >= len(full) - 2


def _alike(left: str, right: str) -> bool:
    """Whether two forms of one name are so by their letters: they begin alike, one holds the other, or one letter of
    them is another one."""
    shorter, longer = sorted((left, right), key=len)
    same = sum(one == other for one, other in zip(left, right, strict=False))
    apart = len(left) - same if len(left) == len(right) else len(longer)
    return left[:_BEGINNING] == right[:_BEGINNING] or shorter in longer or apart == 1


def is_known(name: str) -> bool:
    """Whether a folded given name is in the table: a name of its own, and no typing error of another one."""
    return name in _groups_of()


def initials(name: str) -> frozenset[str]:
    """First letters of a folded given name and of the full names it is a short form of: B and R for "Bob", but M alone
    for "Maria", who may be called Polly and yet does not sign P. for it."""
    full = [_table()[group][0] for group in _groups_of().get(name, _NONE)]
    return frozenset(name[:1]) if name in full else frozenset({name[:1], *(each[0] for each in full)})


@cache
def _written() -> dict[str, str]:
    import yaml

    table: dict[str, str] = yaml.safe_load(Path(__file__).with_name("nicknames.yaml").read_text(encoding="utf-8"))
    return table


@cache
def _table() -> list[list[str]]:
    return [*_lines("groups"), *([fold(name)] for name in _written()["others"].split())]


def _lines(part: str) -> list[list[str]]:
    return [[fold(name) for name in line.split()] for line in _written()[part].splitlines()]


@cache
def _groups_of() -> dict[str, frozenset[int]]:
    return _numbered(_table())


def _numbered(lines: list[list[str]]) -> dict[str, frozenset[int]]:
    """Name → the numbers of the lines that have it."""
    collected: dict[str, set[int]] = {}
    for number, names in enumerate(lines):
        for name in names:
            collected.setdefault(name, set()).add(number)
    return {name: frozenset(groups) for name, groups in collected.items()}


@cache
def nickname_groups() -> pa.Table:
    """The table as columns: nickname (a folded given name), nicknames and kin (the numbers of its groups and of the
    lines of its kin, as text; null for no kin)."""
    import pyarrow as pa

    names, kin = sorted(_groups_of()), _numbered(_lines("kin"))
    columns = (
        [sorted(map(str, numbered[name])) if name in numbered else None for name in names]
        for numbered in (_groups_of(), kin)
    )
    arrays = [pa.array(column, pa.list_(pa.string())) for column in columns]
    return pa.table([pa.array(names, pa.string()), *arrays], names=["nickname", "nicknames", "kin"])
