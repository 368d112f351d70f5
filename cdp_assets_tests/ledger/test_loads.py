"""The load manifest and remembered content hashes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from cdp_assets.ledger import Ledger, loads

LOAD = loads.Load(
    load_id="l1",
    source="shop",
    stream="orders",
    file="shop/orders.csv",
    content_hash="h1",
    bytes=10,
    sequence=1,
    rows=3,
    status=loads.LOADED,
    loaded_at=datetime(2026, 6, 1, tzinfo=UTC),
)


def test_deliveries_of_a_stream_come_back_in_their_order(ledger: Ledger) -> None:
    second = replace(LOAD, load_id="a0", sequence=2, status=loads.FAILED, error="line 3: no such column", rows=0)
    other = replace(LOAD, load_id="z", stream="customers")
    with ledger.transaction() as connection:
        loads.record(connection, [second, other, LOAD])
        assert loads.of_stream(connection, "shop", "orders") == [LOAD, second]
        assert len(loads.everything(connection)) == 3


def test_recording_a_load_again_overwrites_it(ledger: Ledger) -> None:
    with ledger.transaction() as connection:
        loads.record(connection, [replace(LOAD, status=loads.FAILED)])
        loads.record(connection, [LOAD])
        assert loads.of_stream(connection, "shop", "orders") == [LOAD]
        loads.forget(connection, ["l1"])
        assert loads.everything(connection) == []


def test_hashes_are_remembered_with_what_files_were_when_seen(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loads, "_AT_ONCE", 2)
    with ledger.transaction() as connection:
        for number, name in enumerate(("a.csv", "b.csv", "c.csv"), 1):
            loads.remember_hash(connection, name, 10 * number, 111, f"h{number}")
        assert loads.remembered_hashes(connection, ["a.csv", "c.csv", "never.csv", "b.csv"]) == {
            "a.csv": (10, 111, "h1"), "b.csv": (20, 111, "h2"), "c.csv": (30, 111, "h3"),
        }  # fmt: skip
        loads.remember_hash(connection, "a.csv", 11, 112, "h4")
        assert loads.remembered_hashes(connection, ["a.csv"]) == {"a.csv": (11, 112, "h4")}
        assert loads.remembered_hashes(connection, []) == {}
