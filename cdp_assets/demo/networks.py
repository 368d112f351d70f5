"""Where sessions happen: the network a visitor is on, and the city the website's edge takes it to be in.

Belongs here: homes, workplaces, mobile carriers and public networks as they truly were. Does not belong here: whose the
devices are (`devices.py`), and how an address is recorded (`web.py`).

Networks say something of who is behind a device, and mislead as well: a household shares one, neighbours share the
part of an address that is kept, colleagues share their employer's, a carrier's belongs to thousands, and a home gets
another one when it changes its provider. All addresses are from ranges that are nobody's: 3fff::/20 (RFC 9637, for
documentation), 198.18.0.0/15 (RFC 2544, for benchmarks) and 100.64.0.0/10 (RFC 6598, behind carriers).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cdp_assets.demo.devices import Devices, Sessions
from cdp_assets.demo.places import CODES
from cdp_assets.demo.text import DAY, Ints, Texts, digits, gather, glue, where
from cdp_assets.demo.world import World

AT_HOME_DESKTOP = 0.86
"""Share of sessions on computers that happen at home; the others at work."""

_MOBILE_SHARES = (0.55, 0.27, 0.12, 0.06)
"""Shares of sessions on phones: at home, through the carrier, at work, on a public network."""

_OLD_STYLE = 0.45
"""Share of homes with an IPv4 address, which neighbours share but for its last number."""

_CHANGES_PROVIDER = 0.2
_COLLEAGUES = 12
_PUBLIC = 60
"""People for each public network."""

_NEIGHBOURHOODS = 512
_CARRIER_NETWORKS = 4

HOME, CARRIER, WORK, PUBLIC = range(4)


@dataclass(frozen=True)
class Whereabouts:
    """One element a session.

    Args:
        network: The address but for its last number, as it is written: ``198.18.4.`` or ``3fff:3b1:6c02::``.
        city: The city.
        country: ISO 3166-1 alpha-2 code of its country.
    """

    network: Texts
    city: Texts
    country: Texts


def draw_whereabouts(world: World, devices: Devices, sessions: Sessions) -> Whereabouts:
    """Draw where each session happens."""
    rng = world.chance(54)
    people = world.people
    device, day = sessions.device, sessions.at // DAY
    owner = devices.owner[device]
    stranger = owner >= people.count
    # Nobody knows where strangers live: each lives in the town of somebody who is known.
    strangers = max(int(devices.owner.max()) + 1 - people.count, 0)
    townsman = rng.integers(0, people.count, max(strangers, 1))
    person = np.where(stranger, townsman[np.where(stranger, owner - people.count, 0)], owner)
    moved = ~stranger & (day >= world.reach.moved_at[person])

    households = int(people.home.max()) + 1
    home = np.select([stranger, moved], [households + owner, households + person], people.home[person])
    homes = households + people.count + strangers
    old_style = rng.random(homes) < _OLD_STYLE
    new_provider_at = np.where(
        rng.random(homes) < _CHANGES_PROVIDER, rng.integers(world.first_day, world.last_day + 1, homes), 2**40
    )
    prefix = 2 * home + (day >= new_provider_at[home])

    draw = rng.random(len(device))
    phone = np.searchsorted(np.cumsum(_MOBILE_SHARES)[:-1], draw, side="right")
    kind = np.where(devices.mobile[device], phone, np.where(draw < AT_HOME_DESKTOP, HOME, WORK))
    employer = rng.integers(0, max(people.count // _COLLEAGUES, 1), people.count + strangers)[owner]
    public = rng.integers(0, max(people.count // _PUBLIC, 4), len(device))
    carrier = people.country[person] * _CARRIER_NETWORKS + rng.integers(0, _CARRIER_NETWORKS, len(device))

    address = world.reach.address_at(person, np.where(stranger, world.last_day, day))
    block = np.select([kind == HOME, kind == WORK], [prefix, 2 * homes + employer], 2 * homes + people.count + public)
    neighbourhood = _neighbourhood(address.city, people.country[person], home)
    four = glue("198.", digits(18 + neighbourhood // 256), ".", digits(neighbourhood % 256), ".")
    network = where((kind == HOME) & old_style[home], four, _six(block))
    network = where(kind == CARRIER, glue("100.64.", digits(carrier), "."), network)
    # People work in the town of a colleague; the carrier and the home are where they live.
    elsewhere = (kind == WORK) & (rng.random(len(device)) < 0.5)
    city = where(
        elsewhere, world.reach.address.city.take(pa.array(employer * _COLLEAGUES % people.count)), address.city
    )
    country = np.where(elsewhere, people.country[employer * _COLLEAGUES % people.count], people.country[person])
    return Whereabouts(network, city, gather(CODES, country))


def _neighbourhood(city: Texts, country: Ints, home: Ints) -> Ints:
    """Number of the part of town a home is in; people of one town have few to be in."""
    town = pc.dictionary_encode(city).indices.to_numpy()
    return np.asarray((town * 31 + country * 7 + home % 4 * 101) % _NEIGHBOURHOODS)


def _six(block: Ints) -> Texts:
    """The first 48 bits of an IPv6 address, different for each number below 2²⁸."""
    scattered = block.astype(np.int64) * 40_503 % 2**28
    hexadecimal = np.array([f"{number:x}" for number in range(65_536)])
    return glue("3fff:", pa.array(hexadecimal[scattered >> 16]), ":", pa.array(hexadecimal[scattered & 0xFFFF]), "::")
