"""Given names that people use for one another: short forms, pet names, and the same name in other languages.

Belongs here: the look-up in the table `nicknames.yaml`. Does not belong here: how names are compared (`names.py`).

Each line of the table is a group: whoever bears one of its names may appear under another one. A name may be in several
groups ("Alex" is Alexander and Alexandra), which does not join these: Alexander and Alexandra stay different people.
Spelling is folded (`folding.fold`), so that accents, umlauts and scripts need no lines of their own.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from cdp_assets.identity.folding import fold

if TYPE_CHECKING:
    import pyarrow as pa

_NONE: frozenset[int] = frozenset()


def are_nicknames(left: str, right: str) -> bool:
    """Whether two folded given names may belong to one person, by the table."""
    groups = _groups_of()
    return not groups.get(left, _NONE).isdisjoint(groups.get(right, _NONE))


def is_known(name: str) -> bool:
    """Whether a folded given name is in the table: a name of its own, and no typing error of another one."""
    return name in _groups_of()


def initials(name: str) -> frozenset[str]:
    """First letters of a folded given name and of all names that its bearer may also use: B and R for "Bob"."""
    return _initials_of().get(name, frozenset(name[:1]))


@cache
def _initials_of() -> dict[str, frozenset[str]]:
    letters: dict[int, set[str]] = {}
    for name, groups in _groups_of().items():
        for group in groups:
            letters.setdefault(group, set()).add(name[0])
    return {
        name: frozenset(letter for group in groups for letter in letters[group])
        for name, groups in _groups_of().items()
    }


@cache
def _groups_of() -> dict[str, frozenset[int]]:
    import yaml

    table = yaml.safe_load(Path(__file__).with_name("nicknames.yaml").read_text(encoding="utf-8"))
    collected: dict[str, set[int]] = {}
    for number, group in enumerate(table["groups"].splitlines()):
        for name in group.split():
            collected.setdefault(fold(name), set()).add(number)
    return {name: frozenset(groups) for name, groups in collected.items()}


@cache
def nickname_groups() -> pa.Table:
    """The table as columns: nickname (a folded given name), nicknames (the numbers of its groups, as text)."""
    import pyarrow as pa

    groups = sorted((name, sorted(map(str, numbers))) for name, numbers in _groups_of().items())
    return pa.table(
        {
            "nickname": pa.array([name for name, _ in groups], pa.string()),
            "nicknames": pa.array([numbers for _, numbers in groups], pa.list_(pa.string())),
        }
    )
