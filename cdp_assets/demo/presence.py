"""Which systems of the company know whom, and since when.

Belongs here: memberships. Does not belong here: with which e-mail, phone and name (`reach.py`, `spelling.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cdp_assets.demo.orders import Orders
from cdp_assets.demo.people import COUPLE, NEVER, People
from cdp_assets.demo.text import DAY, Bools, Ints


@dataclass(frozen=True)
class Presence:
    """One element a person; days count from 1970-01-01.

    Args:
        start: First day the company had to do with the person.
        buys_online: Whether there is an order on the web.
        buys_in_store: Whether there is an order in a store.
        shop: Has an account in the web shop.
        till: Has a loyalty card, and so stands in the till's directory.
        crm: Stands in the CRM.
        mailing: Is (or was) a member of the mailing audience.
        shop_since, till_since, crm_since, mailing_since: Day of entry.
        crm_touched: Day on which the CRM's record was last changed.
        silent_partner: Shares the partner's e-mail, and so cannot have an account or subscription of their own where
            a system knows people by it.
    """

    start: Ints
    buys_online: Bools
    buys_in_store: Bools
    shop: Bools
    till: Bools
    crm: Bools
    mailing: Bools
    shop_since: Ints
    till_since: Ints
    crm_since: Ints
    mailing_since: Ints
    crm_touched: Ints
    silent_partner: Bools


def silent_partners(people: People) -> Bools:
    """The second of each pair that shares an e-mail."""
    silent = np.zeros(people.count, dtype=bool)
    silent[np.array(people.families.email) * 2 + 1] = True
    return silent


def settle_channels(people: People) -> None:
    """Fit the channels to the families: silent partners buy in stores, those who share a device also on the web."""
    people.store_share[silent_partners(people)] = 1.0
    pairs = np.array(people.families.device, dtype=np.int64)
    for person in (pairs * 2, pairs * 2 + 1):
        people.store_share[person] = np.minimum(people.store_share[person], 0.4)


def draw_presence(rng: np.random.Generator, people: People, orders: Orders, first_day: int, last_day: int) -> Presence:
    """Draw who stands in which system."""
    count = people.count
    day = orders.at // DAY
    first_online = _first(count, orders.person[~orders.store], day[~orders.store])
    first_in_store = _first(count, orders.person[orders.store], day[orders.store])
    first = np.minimum(first_online, first_in_store)
    start = np.where(first < NEVER, first, rng.integers(first_day, last_day - 20, count))
    buys_online, buys_in_store = first_online < NEVER, first_in_store < NEVER

    silent = silent_partners(people)
    pairs = np.array(people.families.device, dtype=np.int64)
    device_sharer = np.zeros(count, dtype=bool)
    device_sharer[np.concatenate((pairs * 2, pairs * 2 + 1))] = True
    sharer = silent.copy()
    sharer[np.flatnonzero(silent) - 1] = True

    chance = rng.random((4, count))
    shop = ((buys_online & (chance[0] < 0.82)) | device_sharer | (chance[0] < 0.04)) & ~silent
    till = buys_in_store & ((chance[1] < 0.6) | silent)
    crm = chance[2] < np.where(sharer, 0.8, 0.45)
    mailing = (chance[3] < 0.58) & ~silent
    for row, values in ((COUPLE[0], (True, False, True, True)), (COUPLE[1], (False, True, True, False))):
        shop[row], till[row], crm[row], mailing[row] = values
    nowhere = ~(shop | till | crm | mailing | buys_online)
    mailing |= nowhere & ~silent
    crm |= nowhere & silent

    entered = np.clip(start + rng.integers(-20, 250, count), first_day - 200, last_day - 2)
    return Presence(
        start=start,
        buys_online=buys_online,
        buys_in_store=buys_in_store,
        shop=shop,
        till=till,
        crm=crm,
        mailing=mailing,
        shop_since=np.where(buys_online, first_online, start) - rng.integers(0, 8, count) * (chance[0] < 0.3),
        till_since=np.where(buys_in_store, first_in_store, start),
        crm_since=entered,
        mailing_since=np.clip(start + rng.integers(-30, 120, count), first_day - 100, last_day - 2),
        crm_touched=rng.integers(entered, last_day),
        silent_partner=silent,
    )


def _first(count: int, person: Ints, day: Ints) -> Ints:
    first = np.full(count, NEVER)
    first[person[::-1]] = day[::-1]
    return first
