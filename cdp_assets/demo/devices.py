"""Browsers and apps, and the sessions on them: who used which when, and whether the site knew who it was.

Belongs here: behaviour on the web as it truly was. Does not belong here: single events (`events.py`) and how they are
recorded (`web.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cdp_assets.demo.text import DAY, Bools, Floats, Ints
from cdp_assets.demo.world import World

BY_ACCOUNT, BY_EMAIL = range(2)
"""How a device's owner is identified on it: logged in with the account, or by a link in a newsletter."""

STAYS_LOGGED_IN = 0.88
"""Share of sessions after the first identification in which the owner is logged in."""

VISITORS = 0.65
"""Share of never identified devices that belong to people nobody knows; the others are second devices of people."""


@dataclass(frozen=True)
class Devices:
    """Cookies of browsers and installations of apps, one element each. Two people who share a browser and log out
    properly have a cookie each; else one cookie stands here once for each of them, with one number.

    Args:
        owner: Index of the person; visitors nobody knows count on from the number of people.
        cookie: Number of the anonymous id.
        hardware: Number of the physical device that apps report; −1 for browsers.
        mobile: Whether it is a phone.
        identified: Whether the owner is ever identified on it.
        way: `BY_ACCOUNT` or `BY_EMAIL`.
        legacy: Whether the owner was first known by a user id of the old shop, later renamed.
        skew: Seconds by which its clock is wrong.
        strict: Whether another person uses it too: whoever comes after the other one logs in at once.
    """

    owner: Ints
    cookie: Ints
    hardware: Ints
    mobile: Bools
    identified: Bools
    way: Ints
    legacy: Bools
    skew: Ints
    strict: Bools

    @property
    def count(self) -> int:
        return len(self.owner)


BEFORE, FIRST, KNOWN, UNKNOWN, ALIAS = range(5)
"""What the site knows in a session: nobody yet; the owner identifies in it for the first time; logged in; logged out
later on; logged in, and renamed in it."""


@dataclass(frozen=True)
class Sessions:
    """Sessions, those of one device together and in order of time.

    Args:
        device: Index of the device.
        at: Begin, in epoch seconds.
        order: Index of the order placed in it; −1 for most.
        state: See `BEFORE` to `ALIAS`.
        renamed: Whether the owner's new user id holds in it.
    """

    device: Ints
    at: Ints
    order: Ints
    state: Ints
    renamed: Bools


def draw_devices(world: World) -> Devices:
    """Draw who has which browsers and apps."""
    rng = world.chance(41)
    people, presence = world.people, world.presence
    account = np.flatnonzero(presence.shop)
    pairs = np.array(people.families.device, dtype=np.int64)
    sharers = np.concatenate((pairs * 2, pairs * 2 + 1))
    firsts = account[(rng.random(len(account)) < 0.80) | np.isin(account, sharers)]
    seconds = firsts[rng.random(len(firsts)) < 0.32]
    readers = np.flatnonzero(presence.mailing & ~presence.shop & ~presence.silent_partner)
    readers = readers[rng.random(len(readers)) < 0.25]

    known = np.concatenate((firsts, seconds, readers))
    unknown_count = round(len(known) * world.rates.unidentified_device / (1 - world.rates.unidentified_device))
    visitor = rng.random(unknown_count) < VISITORS
    strangers = np.where(
        visitor, people.count + np.arange(unknown_count), rng.choice(np.concatenate((firsts, readers)), unknown_count)
    )
    owner = np.concatenate((known, strangers))
    count = len(owner)
    identified = np.arange(count) < len(known)
    is_first = np.arange(count) < len(firsts)
    is_second = ~is_first & (np.arange(count) < len(firsts) + len(seconds))
    app = is_second & (rng.random(count) < 0.55)
    cookie = np.arange(count)
    hardware = np.where(app, np.arange(count), -1)
    strict = np.zeros(count, dtype=bool)

    # The first devices of a pair: one app, one browser with one cookie, or one browser with a cookie each.
    place = np.full(people.count, -1)
    place[firsts] = np.arange(len(firsts))
    mine, theirs = place[pairs * 2], place[pairs * 2 + 1]
    kind = rng.random(len(pairs))
    in_app, one_cookie = kind < 0.4, (kind >= 0.4) & (kind < 0.7)
    hardware[mine[in_app]] = hardware[theirs[in_app]] = mine[in_app] + count
    cookie[theirs[one_cookie]] = cookie[mine[one_cookie]]
    for both in (mine, theirs):
        strict[both[in_app | one_cookie]] = True

    way = np.where(np.isin(owner, readers) & ~np.isin(owner, account), BY_EMAIL, BY_ACCOUNT)
    wrong_clock = rng.random(count) < 0.02
    return Devices(
        owner=owner,
        cookie=cookie,
        hardware=hardware,
        mobile=(hardware >= 0) | (rng.random(count) < 0.45),
        identified=identified,
        way=way,
        legacy=identified & (way == BY_ACCOUNT) & (rng.random(count) < 0.06) & ~strict,
        skew=np.where(wrong_clock, rng.integers(-4 * 3600, 4 * 3600, count), 0),
        strict=strict,
    )


def draw_sessions(world: World, devices: Devices) -> Sessions:
    """Draw sessions: some around orders, the others when people feel like it."""
    rng = world.chance(42)
    device, at, order = _placed(world, devices, rng)
    sequence = np.lexsort((at, device))
    device, at, order = device[sequence], at[sequence], order[sequence]

    starts = np.concatenate(([True], np.diff(device) > 0))
    position = np.arange(len(device)) - np.maximum.accumulate(np.where(starts, np.arange(len(device)), 0))
    length = np.bincount(device, minlength=devices.count)
    first = _first_identified(rng, devices, length, world.rates.anonymous_session)[device]
    known = devices.identified[device]
    logged_in = rng.random(len(device)) < STAYS_LOGGED_IN
    state = np.select(
        [~known, position < first, position == first, logged_in | devices.strict[device]],
        [BEFORE, BEFORE, FIRST, KNOWN],
        UNKNOWN,
    )
    # Those of the old shop are renamed in the session after their first login, if there is one.
    renaming = devices.legacy[device] & (position == first + 1)
    state = np.where(renaming, ALIAS, state)
    state = np.where(_lingering(rng, devices, device, at, state), UNKNOWN, state)
    return Sessions(device, at, order, state, renamed=~devices.legacy[device] | (position > first + 1))


def _lingering(rng: np.random.Generator, devices: Devices, device: Ints, at: Ints, state: Ints) -> Bools:
    """Which sessions on shared devices are without a login.

    Mostly those that follow one of the same person; a few times the other person's visit looks like theirs.
    """
    shared = np.where(devices.hardware >= 0, devices.hardware + 2 * devices.count, devices.cookie)[device]
    sequence = np.lexsort((at, shared))
    same = np.zeros(len(device), dtype=bool)
    same[sequence[1:]] = device[sequence[1:]] == device[sequence[:-1]]
    careless = np.where(same, 0.3, 0.03)
    return np.asarray(devices.strict[device] & (state == KNOWN) & (rng.random(len(device)) < careless))


def _placed(world: World, devices: Devices, rng: np.random.Generator) -> tuple[Ints, Ints, Ints]:
    """Device, begin and order of each session, in no particular order."""
    orders, people = world.orders, world.people
    # Orders on the web happen on one of the buyer's identified devices, if there is one and it is not missed.
    first_device = np.full(people.count, -1)
    known = np.flatnonzero(devices.identified)[::-1]
    first_device[devices.owner[known]] = known
    order = np.flatnonzero(~orders.store & (rng.random(orders.count) < 0.72))
    order = order[first_device[orders.person[order]] >= 0]
    buying = first_device[orders.person[order]]

    shares = rng.gamma(1.3, 1.0, devices.count)
    visits = np.where(devices.identified, 1 + rng.poisson(1.3 * shares), 1 + rng.poisson(0.3 * shares))
    visits = np.where(devices.identified & np.isin(np.arange(devices.count), buying), visits - 1, visits)
    browsing = np.repeat(np.arange(devices.count), visits)
    at = _browsing_times(world, devices, rng, browsing)
    return (
        np.concatenate((buying, browsing)),
        np.concatenate((orders.at[order] - rng.integers(240, 1500, len(order)), at)),
        np.concatenate((order, np.full(len(browsing), -1))),
    )


def _browsing_times(world: World, devices: Devices, rng: np.random.Generator, device: Ints) -> Ints:
    """Half of the sessions of buyers fall into the days before one of their orders."""
    orders, count = world.orders, world.people.count
    owner = devices.owner[device]
    person = np.minimum(owner, count - 1)
    begin = np.where(owner < count, np.maximum(world.presence.start[person] - 30, world.first_day), world.first_day)
    end = world.as_of - 3600
    anywhere = begin * DAY + (rng.random(len(device)) * (end - begin * DAY)).astype(np.int64)
    bought = np.bincount(orders.person, minlength=count)
    offset = np.concatenate(([0], np.cumsum(bought)[:-1]))
    near = (owner < count) & (bought[person] > 0) & (rng.random(len(device)) < 0.5)
    chosen = offset[person] + (rng.random(len(device)) * bought[person]).astype(np.int64)
    before = orders.at[np.minimum(chosen, orders.count - 1)] - rng.exponential(6 * DAY, len(device)).astype(np.int64)
    at = np.where(near, np.maximum(before, world.first_day * DAY), anywhere)
    hour = rng.triangular(6.5, 19.5, 23.9, len(device))
    return np.asarray(np.minimum(at // DAY * DAY + (hour * 3600).astype(np.int64), end))


def _first_identified(rng: np.random.Generator, devices: Devices, length: Ints, share: Floats | float) -> Ints:
    """For each device the position of the session in which its owner is first identified.

    Of all sessions on identified devices, the given share lies before it.
    """
    free = devices.identified & ~devices.strict
    spare = np.where(free, np.maximum(length - 1, 0), 0)
    total = float(length[devices.identified].sum())
    chance = min(0.95, share * total / max(1.0, float(spare.sum())))
    return np.asarray(rng.binomial(spare, chance))
