"""Where sessions happen says something of who is behind a device, and misleads as well."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from cdp_assets.demo.devices import Devices, Sessions, draw_devices, draw_sessions
from cdp_assets.demo.networks import Whereabouts, draw_whereabouts
from cdp_assets.demo.rates import DEFAULT
from cdp_assets.demo.world import World, draw_world


@pytest.fixture(scope="module")
def company() -> tuple[World, Devices, Sessions, Whereabouts]:
    world = draw_world(2_000, 7, datetime(2026, 6, 30, tzinfo=UTC), DEFAULT)
    devices = draw_devices(world)
    sessions = draw_sessions(world, devices)
    return world, devices, sessions, draw_whereabouts(world, devices, sessions)


def owners_by_network(company: tuple[World, Devices, Sessions, Whereabouts]) -> dict[str, set[int]]:
    _, devices, sessions, there = company
    found: dict[str, set[int]] = {}
    for network, owner in zip(there.network.to_pylist(), devices.owner[sessions.device].tolist(), strict=True):
        found.setdefault(network, set()).add(owner)
    return found


def test_every_session_has_a_network_and_a_place(company: tuple[World, Devices, Sessions, Whereabouts]) -> None:
    _, _, sessions, there = company
    assert len(there.network) == len(there.city) == len(there.country) == len(sessions.at)
    assert all(there.network.to_pylist())
    assert all(there.city.to_pylist())


def test_addresses_are_nobodys(company: tuple[World, Devices, Sessions, Whereabouts]) -> None:
    prefixes = ("3fff:", "198.18.", "198.19.", "100.64.")
    assert all(network.startswith(prefixes) for network in owners_by_network(company))


def test_most_networks_are_a_households_and_some_are_a_crowds(
    company: tuple[World, Devices, Sessions, Whereabouts],
) -> None:
    sizes = np.array([len(owners) for owners in owners_by_network(company).values()])
    assert np.mean(sizes <= 2) > 0.7
    assert sizes.max() > 50


def test_two_people_of_one_home_share_a_network(company: tuple[World, Devices, Sessions, Whereabouts]) -> None:
    world, devices, _, _ = company
    browsing = set(devices.owner.tolist())
    home = world.people.home
    couples = [
        {person, person + 1}
        for person in range(0, world.people.count - 1, 2)
        if home[person] == home[person + 1] and {person, person + 1} <= browsing
    ]
    networks = list(owners_by_network(company).values())
    together = [couple for couple in couples if any(couple <= owners for owners in networks)]
    assert len(couples) > 50
    assert len(together) > 0.6 * len(couples)


def test_the_same_world_gives_the_same_networks(company: tuple[World, Devices, Sessions, Whereabouts]) -> None:
    world, devices, sessions, there = company
    assert draw_whereabouts(world, devices, sessions).network.equals(there.network)
