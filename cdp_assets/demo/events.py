"""What happens within sessions: pages, products looked at, carts, orders, and who says who they are.

Belongs here: single events as they truly happen. Does not belong here: their JSON (`web.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cdp_assets.demo.catalogue import CATEGORIES, PER_CATEGORY
from cdp_assets.demo.devices import ALIAS, BY_ACCOUNT, BY_EMAIL, FIRST, KNOWN, Devices, Sessions
from cdp_assets.demo.text import Bools, Ints
from cdp_assets.demo.world import World

VIEW, LISTED, SEARCHED, PRODUCT, ADDED, CHECKOUT, ORDERED, IDENTIFY, RENAME = range(9)
"""Kinds of events: a page or screen; the track events; identify; alias."""

TRACKED = {
    LISTED: "Product List Viewed",
    SEARCHED: "Products Searched",
    PRODUCT: "Product Viewed",
    ADDED: "Product Added",
    CHECKOUT: "Checkout Started",
    ORDERED: "Order Completed",
}
"""Names of the track events, as the Segment specification for shops has them."""

DIRECT, NEWSLETTER, SEARCH_AD, SOCIAL_AD, ORGANIC = range(5)
"""Where a session comes from."""

_ORIGIN_SHARE = (0.42, 0.17, 0.14, 0.06, 0.21)


@dataclass(frozen=True)
class Events:
    """Events, those of one session together and in order of time.

    Args:
        session: Index of the session.
        kind: See `VIEW` to `RENAME`.
        product: Index of the product it is about.
        at: When, in epoch milliseconds, by a right clock.
        user: Whether it bears the owner's user id.
        mail: Whether it bears the owner's e-mail (in an identify event's traits).
        origin: Where its session comes from; `DIRECT` but for the first event.
        first: Whether it is the first of its session.
    """

    session: Ints
    kind: Ints
    product: Ints
    at: Ints
    user: Bools
    mail: Bools
    origin: Ints
    first: Bools


def draw_events(world: World, devices: Devices, sessions: Sessions) -> Events:
    """Draw the events of all sessions."""
    rng = world.chance(43)
    count = len(sessions.device)
    state = sessions.state
    owner = devices.owner[sessions.device]
    person = np.minimum(owner, world.people.count - 1)
    identifying = (state == FIRST) | ((state == KNOWN) & (rng.random(count) < 0.18))
    renaming = state == ALIAS
    buying = sessions.order >= 0
    looks = 2 + rng.poisson(1.0 + 0.3 * buying, count)
    length = looks + identifying + renaming + 2 * buying

    session = np.repeat(np.arange(count), length)
    start = np.cumsum(length) - length
    position = np.arange(len(session)) - start[session]
    # The owner logs in early or late; on devices that others use too, at once.
    login = np.where(identifying, (rng.random(count) * np.minimum(looks, 3)).astype(np.int64), -1)
    login = np.where(identifying & (devices.strict[sessions.device] | (state == KNOWN)), 0, login)
    is_login = position == login[session]
    is_rename = renaming[session] & (position == (1 + identifying)[session])
    left = length[session] - 1 - position
    mood = rng.random(len(session))
    kind = np.select([mood < 0.36, mood < 0.45, mood < 0.51, mood < 0.88], [VIEW, LISTED, SEARCHED, PRODUCT], ADDED)
    kind = np.where(position - (is_login | (login[session] == 0)) <= 0, VIEW, kind)
    kind = np.where(buying[session] & (left == 1), CHECKOUT, np.where(buying[session] & (left == 0), ORDERED, kind))
    kind = np.where(is_login, IDENTIFY, np.where(is_rename, RENAME, kind))

    taste = rng.random(len(session))
    theirs = person[session]
    category = np.select(
        [(owner[session] >= world.people.count) | (taste > 0.8), taste < 0.6],
        [rng.integers(0, len(CATEGORIES), len(session)), world.people.interest[theirs]],
        world.people.second_interest[theirs],
    )
    product = category * PER_CATEGORY + rng.integers(0, PER_CATEGORY, len(session))

    pause = rng.exponential(38_000, len(session)).astype(np.int64) + 1_500
    pause[start] = 0
    elapsed = np.cumsum(pause)
    at = sessions.at[session] * 1000 + elapsed - elapsed[start[session]]
    bought = kind == ORDERED
    at[bought] = np.maximum(at[bought], world.orders.at[sessions.order[session[bought]]] * 1000)

    way = devices.way[sessions.device[session]]
    after_login = np.isin(state[session], (KNOWN, ALIAS)) | ((state[session] == FIRST) & (position >= login[session]))
    first = position == 0
    origin = rng.choice(len(_ORIGIN_SHARE), count, p=_ORIGIN_SHARE)
    by_mail = identifying & (devices.way[sessions.device] == BY_EMAIL)
    origin = np.where(by_mail & (login <= 1), NEWSLETTER, origin)
    shows_mail = rng.random(len(session)) < 0.8
    return Events(
        session=session,
        kind=kind,
        product=product,
        at=np.minimum(at, world.as_of * 1000 - 1),
        user=after_login & (way == BY_ACCOUNT),
        mail=(kind == IDENTIFY) & (shows_mail | (way == BY_EMAIL)),
        origin=np.where(first, origin[session], DIRECT),
        first=first,
    )
