"""Of the address of a client only its network is kept, as a keyed hash."""

from __future__ import annotations

import ibis
import pytest

from cdp_assets.normalised.networks import with_networks
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine


def networks(*addresses: str | None, key: str = "a key for tests") -> list[str | None]:
    engine = DuckDBEngine.in_memory()
    rows = [{"position": position, "network": address} for position, address in enumerate(addresses)]
    events = ibis.memtable(rows, schema={"position": "int64", "network": "string"})
    found = engine.to_arrow(with_networks(events, engine, key).order_by("position"))
    networks: list[str | None] = found["network"].to_pylist()
    return networks


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("203.0.113.7", "203.0.113.250", True),
        ("203.0.113.7", "203.0.114.7", False),
        ("2001:db8:12::1", "2001:db8:12:7:1:2:3:4", True),
        ("2001:db8:12::1", "2001:DB8:12::9", True),
        ("2001:db8:12::1", "2001:db8:13::1", False),
        ("2001:db8::1", "2001:db8:0:7::1", True),
        ("::ffff:203.0.113.7", "203.0.113.250", True),
        (" 203.0.113.7 ", "203.0.113.7", True),
    ],
)
def test_addresses_of_one_network_are_one_value(one: str, other: str, same: bool) -> None:
    first, second = networks(one, other)
    assert first is not None
    assert (first == second) is same


@pytest.mark.parametrize(
    "address",
    [None, "", "unknown", "10.1.2.3", "192.168.1.4", "172.16.0.1", "127.0.0.1", "169.254.1.1", "::1", "fe80::1",
     "fd12:3456::1", "203.0.113", "203.0.113.7:443"],
)  # fmt: skip
def test_private_addresses_and_what_is_none_say_nothing(address: str | None) -> None:
    assert networks(address) == [None]


def test_an_address_cannot_be_read_off_its_network_without_the_key() -> None:
    [one] = networks("203.0.113.7")
    [other] = networks("203.0.113.7", key="another key")
    assert one != other
    assert one is not None
