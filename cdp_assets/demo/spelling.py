"""How a system spells a person's name: script, surname at the time, nickname.

Belongs here: names as a system would hold them. Does not belong here: slips of the hand (`typing_errors.py`).
"""

from __future__ import annotations

import numpy as np

from cdp_assets.demo.names import NamePool
from cdp_assets.demo.people import People
from cdp_assets.demo.text import Bools, Ints, Texts, gather, where

NATIVE, WESTERN, ASCII = range(3)
"""In the person's own script; in ISO 8859-1 letters; without umlauts and accents."""


def given_names(people: People, person: Ints, script: Ints, nickname: Bools) -> Texts:
    """Given names.

    Args:
        people: The population.
        person: Indexes of people.
        script: `NATIVE`, `WESTERN` or `ASCII` for each.
        nickname: Whether the system uses the nickname, where the person goes by one.
    """
    formal = _in_script(people.given_names, people.given[person], script)
    familiar = gather(people.given_names.nickname, people.given[person])
    return where(nickname & people.nicknamed[person], familiar, formal)


def family_names(people: People, person: Ints, script: Ints, day: Ints) -> Texts:
    """Family names as they were on a day (in days since 1970-01-01)."""
    name = np.where(day >= people.renamed_at[person], people.family[person], people.family_before[person])
    return _in_script(people.family_names, name, script)


def scripts(rng: np.random.Generator, count: int, native: float, western: float) -> Ints:
    """Draw scripts: a share in the native one, a share in Western letters, the rest in ASCII."""
    chance = rng.random(count)
    return np.select([chance < native, chance < native + western], [NATIVE, WESTERN], ASCII)


def _in_script(pool: NamePool, name: Ints, script: Ints) -> Texts:
    return where(
        script == NATIVE,
        gather(pool.native, name),
        where(script == WESTERN, gather(pool.latin, name), gather(pool.plain, name)),
    )
