"""The whole invented company at once: its people, their histories, and what the systems know of them.

Belongs here: putting the parts together in one order. Does not belong here: the parts, and any export.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from cdp_assets.demo.accounts import Accounts, draw_accounts
from cdp_assets.demo.histories import OBSERVED_DAYS, draw_purchases
from cdp_assets.demo.orders import Orders, draw_orders, satisfaction
from cdp_assets.demo.people import People, draw_people
from cdp_assets.demo.places import COUNTRIES
from cdp_assets.demo.presence import Presence, draw_presence, settle_channels
from cdp_assets.demo.rates import Rates
from cdp_assets.demo.reach import Reach, draw_reach
from cdp_assets.demo.text import DAY, Bools, Floats, Ints

FEWEST = 20
"""The smallest population that has a pair for everything that pairs share."""


@dataclass(frozen=True)
class World:
    """Everything true.

    Args:
        seed: Seed of all chance.
        rates: How messy things are.
        as_of: End of the data, in epoch seconds.
        first_day: First day of the data, in days since 1970-01-01.
        last_day: Last complete day.
        people: Who there is.
        content: How content each person is, from 0 to 1.
        orders: What they bought.
        presence: Which systems know them.
        reach: How they can be reached.
        accounts: Their numbers in the systems.
    """

    seed: int
    rates: Rates
    as_of: int
    first_day: int
    last_day: int
    people: People
    content: Floats
    orders: Orders
    presence: Presence
    reach: Reach
    accounts: Accounts

    def chance(self, topic: int) -> np.random.Generator:
        """A source of chance for one part of the exports, the same whatever the others draw."""
        return np.random.default_rng([self.seed, 1_000 + topic])

    def native_share(self, person: Ints) -> Bools:
        """Whether each person's country writes in another script than the Latin one."""
        other = np.array([country.code in {"GR", "BG", "JP"} for country in COUNTRIES])
        return other[self.people.country[person]]


def draw_world(people: int, seed: int, as_of: datetime, rates: Rates) -> World:
    """Invent the company.

    Args:
        people: How many people; at least `FEWEST`.
        seed: Seed of all chance.
        as_of: End of the data, with a time zone.
        rates: How messy things are.

    Raises:
        ValueError: if ``people`` is too small or ``as_of`` bears no time zone.
    """
    if people < FEWEST:
        raise ValueError(f"the demo needs at least {FEWEST} people, not {people}")
    if as_of.tzinfo is None:
        raise ValueError("as_of must have a time zone")
    end = int(as_of.timestamp())
    last_day = end // DAY - 1
    first_day = last_day - OBSERVED_DAYS + 1
    rng = np.random.default_rng([seed, 1])

    population = draw_people(rng, seed, people, rates, first_day, last_day)
    settle_channels(population)
    purchases = draw_purchases(rng, np.flatnonzero(population.buys), 2, last_day)
    content = satisfaction(rng, purchases, people, last_day)
    orders = draw_orders(rng, population, purchases, content, end)
    presence = draw_presence(rng, population, orders, first_day, last_day)
    reach = draw_reach(rng, seed, population, presence, rates, first_day, last_day)
    return World(
        seed=seed,
        rates=rates,
        as_of=end,
        first_day=first_day,
        last_day=last_day,
        people=population,
        content=content,
        orders=orders,
        presence=presence,
        reach=reach,
        accounts=draw_accounts(rng, reach),
    )
