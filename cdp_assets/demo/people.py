"""The people of the demo: who they are, whom they live with, how they change, and what drives them.

Belongs here: drawing a population. Does not belong here: what they buy (`histories.py`, `orders.py`), their e-mails
and phones (`reach.py`), and how systems spell any of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cdp_assets.demo.catalogue import CATEGORIES
from cdp_assets.demo.names import NamePool, pools
from cdp_assets.demo.places import COUNTRIES
from cdp_assets.demo.rates import Rates
from cdp_assets.demo.text import Bools, Floats, Ints

NEVER = 2**40
"""A day or instant that does not come."""

PAIRED = 0.50
"""Share of people who live with another person of the data."""

BUYERS = 0.88
"""Share of people who ever buy; the others are leads and readers of the newsletter."""

COUPLE = (0, 1)
"""The two people whose story the report tells: they share an e-mail and a phone."""

COUPLE_NAMES = (("Katharina", "Thomas"), "Lindner")
_COUPLE_BIRTHS = ("1984-03-17", "1981-11-02")


@dataclass(frozen=True)
class Families:
    """Which pairs share what. Pair i is made of the people 2 i and 2 i + 1."""

    pairs: int
    email: range
    phone: tuple[range, range]
    device: range

    @classmethod
    def of(cls, people: int, rates: Rates) -> Families:
        """Cut the pairs so that the shares of people are as the rates say; half of what shares an e-mail shares a
        phone as well."""
        email = max(1, round(people * rates.shared_email / 2))
        phone = max(1, round(people * rates.shared_phone / 2))
        device = round(people * rates.shared_device / 2)
        both = min(email, max(1, phone // 2))
        only_phone = range(email, email + phone - both)
        devices = range(only_phone.stop, only_phone.stop + device)
        return cls(max(round(people * PAIRED / 2), devices.stop), range(email), (range(both), only_phone), devices)


@dataclass(frozen=True)
class People:
    """One element a person in every array.

    Args:
        families: Which of them share an e-mail, a phone, a device.
        given_names: Pool that ``given`` counts in.
        family_names: Pool that ``family`` and ``family_before`` count in.
        country: Index of the country.
        female: Whether she is a woman.
        given: Index of the given name.
        family: Index of the family name now.
        family_before: Index of the family name before it changed; the same if it never did.
        renamed_at: Day from which the family name holds; `NEVER` if it never changed.
        nicknamed: Whether systems know the person by a nickname.
        birth: Day of birth.
        home: Index of the household.
        interest: Index of the favourite category of products.
        second_interest: Index of the next one.
        price_sensitivity: From 0 to 1: how much a discount matters.
        reads_mail: From 0 to 1: how readily mails are opened.
        tires: From 0 to 1: how fast frequent mails annoy.
        store_share: Share of purchases made in a store.
        buys: Whether there are purchases at all.
    """

    families: Families
    given_names: NamePool
    family_names: NamePool
    country: Ints
    female: Bools
    given: Ints
    family: Ints
    family_before: Ints
    renamed_at: Ints
    nicknamed: Bools
    birth: Ints
    home: Ints
    interest: Ints
    second_interest: Ints
    price_sensitivity: Floats
    reads_mail: Floats
    tires: Floats
    store_share: Floats
    buys: Bools

    @property
    def count(self) -> int:
        return len(self.country)


def draw_people(rng: np.random.Generator, seed: int, count: int, rates: Rates, first_day: int, last_day: int) -> People:
    """Draw a population.

    Args:
        rng: Source of chance.
        seed: Seed of the name pools.
        count: How many people.
        rates: How many of them share, change and move.
        first_day: First day of the period that the data covers, in days since 1970-01-01.
        last_day: Last day of it.
    """
    given_names, family_names = pools(seed)
    families = Families.of(count, rates)
    person = np.arange(count)
    second = (person < 2 * families.pairs) & (person % 2 == 1)
    home = np.where(person < 2 * families.pairs, person // 2, person - families.pairs)

    country = rng.choice(len(COUNTRIES), count, p=[place.share for place in COUNTRIES])
    country[second] = country[person[second] - 1]
    female = rng.random(count) < 0.53
    opposite = second & (rng.random(count) < 0.85)
    female[opposite] = ~female[person[opposite] - 1]

    family = family_names.draw(rng, country)
    same = second & (rng.random(count) < 0.75)
    family[same] = family[person[same] - 1]
    renamed = rng.random(count) < rates.changed_surname
    family_before = np.where(renamed, family_names.draw(rng, country), family)
    renamed &= family_before != family
    renamed_at = np.where(renamed, rng.integers(first_day + 60, last_day - 40, count), NEVER)

    age = np.clip(rng.normal(43, 14, count), 18, 88)
    kin = np.where(rng.random(count) < 0.2, 26.0, 0.0) + rng.normal(0, 4, count)
    age[second] = np.clip(age[person[second] - 1] - kin[second], 18, 88)
    birth = (last_day - age * 365.25).astype(np.int64)

    people = People(
        families=families,
        given_names=given_names,
        family_names=family_names,
        country=country,
        female=female,
        given=_given_names(rng, given_names, country, female, second),
        family=family,
        family_before=family_before,
        renamed_at=renamed_at,
        nicknamed=np.zeros(count, dtype=bool),
        birth=birth,
        home=home,
        interest=rng.integers(0, len(CATEGORIES), count),
        second_interest=rng.integers(0, len(CATEGORIES), count),
        price_sensitivity=rng.beta(2, 3, count),
        reads_mail=rng.beta(2, 3, count),
        tires=rng.beta(2, 4, count),
        store_share=_store_share(rng, count),
        buys=rng.random(count) < BUYERS,
    )
    _set_couple(people)
    _set_nicknames(rng, people, rates)
    return people


def _given_names(rng: np.random.Generator, names: NamePool, country: Ints, female: Bools, second: Bools) -> Ints:
    """Given names; the two of a pair never begin with the same letter, as one name must not pass for the other."""
    group = country * 2 + ~female
    given = names.draw(rng, group)
    initials = np.array([slug[0] for slug in names.slug.to_pylist()])
    rows = np.flatnonzero(second)
    while len(rows):
        rows = rows[initials[given[rows]] == initials[given[rows - 1]]]
        given[rows] = names.draw(rng, group[rows])
    return given


def _store_share(rng: np.random.Generator, count: int) -> Floats:
    """Most people buy only on the web, some only in stores, some in both."""
    kind = rng.random(count)
    return np.select([kind < 0.52, kind < 0.72], [0.0, 1.0], rng.uniform(0.2, 0.8, count))


def _set_couple(people: People) -> None:
    """Give the couple of the story names, births and habits of their own."""
    (hers, his), family = COUPLE_NAMES
    for person, name, born in zip(COUPLE, (hers, his), _COUPLE_BIRTHS, strict=True):
        people.country[person] = 0
        people.female[person] = name == hers
        group = 0 if name == hers else 1
        people.given[person] = _index_of(people.given_names, name, group)
        people.family[person] = people.family_before[person] = _index_of(people.family_names, family, 0)
        people.renamed_at[person] = NEVER
        people.birth[person] = int(np.datetime64(born, "D").astype(np.int64))
        people.buys[person] = True
    people.store_share[COUPLE[0]] = 0.0
    people.store_share[COUPLE[1]] = 1.0


def _index_of(names: NamePool, name: str, group: int) -> int:
    """Where a name stands in a group of the pool; its first name if it is not there."""
    low, high = int(names.start[group]), int(names.start[group + 1])
    group_names = names.native.slice(low, high - low).to_pylist()
    return low + (group_names.index(name) if name in group_names else 0)


def _set_nicknames(rng: np.random.Generator, people: People, rates: Rates) -> None:
    """Choose who goes by a nickname, among those whose name has one, so that the share of all people is right."""
    has_one = np.array([bool(text) for text in people.given_names.nickname.to_pylist()])[people.given]
    has_one[list(COUPLE)] = False
    able = np.flatnonzero(has_one)
    chosen = rng.choice(able, min(len(able), round(people.count * rates.nickname)), replace=False)
    people.nicknamed[chosen] = True
