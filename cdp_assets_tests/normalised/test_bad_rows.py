"""What a canonical table cannot hold keeps its own row out, is told, and leaves the rest as it is."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import ibis
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdp_assets.canonical.schema import MONEY
from cdp_assets.normalised.accounting import quarantine_of
from cdp_assets.normalised.order_totals import with_totals_of_lines
from cdp_assets.normalised.retrying import retried
from cdp_assets.sources.spec import ColumnSpec, MapSpec, SourceSpec, StreamSpec
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine
from cdp_assets_tests.examples import examples
from cdp_assets_tests.normalised.bench import canonical, load, outcome, published, typed_tables, updated
from cdp_assets_tests.sources.shop import AS_OF, COLUMNS, Bench, content, orders, row, shop

HEADER = ("order_no", "at", "total", "email", "currency")
SLIP = (("order_id", "split_part(\"order\", '-', 1)"), ("ordered_at", "at"), ("gross", "total"))
NUMBERED = MapSpec("orders", (*SLIP, ("currency", "'EUR'")), id=SLIP[0][1])
"""Of a stream whose rows nothing else tells apart."""


def quarantined(bench: Bench, source: SourceSpec) -> list[tuple[int, str]]:
    """Row and reason of what is in quarantine, by delivery."""
    raw = {name: bench.engine.table("sources", name) for name in typed_tables(bench, source)}
    found = bench.engine.to_arrow(quarantine_of([source], typed_tables(bench, source), raw, bench.engine)).to_pylist()
    return [
        (each["source_row"], each["reason"]) for each in sorted(found, key=lambda it: (it["load_id"], it["source_row"]))
    ]


def told(table: str, **values: str) -> StreamSpec:
    """A stream of orders whose rows say these values for a table."""
    return orders(maps=(MapSpec(table, tuple(values.items())),))


CONSENT = {"purpose": "'news'", "channel": "'any'", "status": "email", "explicit": "true", "occurred_at": "at"}
ORDER = {"order_id": '"order"', "ordered_at": "at", "currency": "'EUR'"}


@pytest.mark.parametrize(
    ("stream", "bad", "reason"),
    [
        (told("consents", **CONSENT), {"email": "gone"},
         "consents: `status` is none of granted, denied, withdrawn and pending"),
        (told("refunds", refund_id='"order"', refunded_at="at", currency="'EUR'", amount="total"), {"total": "-5"},
         "refunds: `amount` is below zero"),
        (told("contact_points", kind="email", value="'x'"), {"email": "fax"},
         "contact_points: `kind` is none of email, phone, postal, push_token and push_subscription"),
        (told("exchange_rates", currency="'USD'", valid_from="at", rate="cast(total as double)"), {"total": "0"},
         "exchange_rates: `rate` is not above zero"),
        (told("orders", **ORDER, gross="total", discount="1", net="total - 1 - length(coalesce(email, ''))"),
         {"email": "abc"}, "orders: `net` is not gross − discount"),
        (told("orders", **ORDER, gross="cast(total as double) * 1e10"), {"total": "99999999"},
         "orders holds no `gross` as large"),
        (replace(told("orders", **ORDER), maps=(MapSpec("orders", tuple(ORDER.items()), id="nullif(email, 'none')"),)),
         {"email": "none"}, "orders needs `native_id`, which came out empty"),
    ],
)  # fmt: skip
def test_a_value_that_a_table_cannot_hold_quarantines_its_row(
    bench: Bench, stream: StreamSpec, bad: dict[str, str], reason: str
) -> None:
    good = {"consents": "granted", "contact_points": "email"}.get(stream.maps[0].to)
    fine = row("A1", email=good or ("a" if stream.maps[0].id else None))
    bench.drop("shop/orders.csv", content("csv", [fine, {**fine, "order_no": "A2", **bad}]))
    load(bench, shop(stream))
    assert outcome(bench) == [("accepted", None), ("quarantined", reason)]
    assert len(canonical(bench, shop(stream), stream.maps[0].to)) == 1


def lines(**changes: Any) -> SourceSpec:
    """Lines of orders of which some bear what the order needs."""
    head = MapSpec("orders", (*SLIP, ("currency", "currency")), id="shop_order", grain=("shop_order",))
    derive = (("shop_order", "split_part(\"order\", '-', 1)"),)
    columns = (*COLUMNS, ColumnSpec("currency", "string"))
    return shop(orders(**{"columns": columns, "derive": derive, "maps": (head,), **changes}))


def line(order: str, currency: str, total: str = "5", at: str = "2026-01-05 10:00:00") -> dict[str, Any]:
    return row(order, at, total) | {"currency": currency}


def test_the_row_of_an_order_that_has_what_it_needs_speaks_and_an_order_without_is_told(bench: Bench) -> None:
    source = lines()
    given_ = [
        line("A-1", "EUR"),
        line("A-2", ""),
        line("B-1", ""),
        line("B-2", ""),
        line("C-1", "", "1"),
        line("C-2", "USD"),
    ]
    bench.drop("shop/orders_1.csv", content("csv", given_, HEADER))
    load(bench, source)
    assert {each["order_id"]: each["currency"] for each in canonical(bench, source, "orders")} == {
        "A": "EUR",
        "C": "USD",
    }
    empty = "orders needs `currency`, which came out empty"
    assert quarantined(bench, source) == [(3, empty), (4, empty)]
    bench.drop("shop/orders_2.csv", content("csv", [line("B-3", "CHF")], HEADER))
    load(bench, source)
    assert quarantined(bench, source) == []
    assert [each["currency"] for each in canonical(bench, source, "orders")] == ["EUR", "CHF", "USD"]


def test_after_a_fix_an_order_that_was_left_out_would_be_taken(bench: Bench) -> None:
    source = lines()
    bench.drop("shop/orders.csv", content("csv", [line("B-1", "")], HEADER))
    load(bench, source)
    refused = bench.engine.to_arrow(bench.engine.table("sources", "shop__orders"))
    mended = MapSpec(
        "orders", (*SLIP, ("currency", "coalesce(currency, 'EUR')")), id="shop_order", grain=("shop_order",)
    )
    for each, rows in ((source, 0), (lines(maps=(mended,)), 1)):
        found = retried(each, each.streams[0], refused, engine=DuckDBEngine.in_memory(), as_of=AS_OF, hash_key="k")
        assert found.mended == rows


def test_an_item_that_a_table_cannot_hold_is_left_out_and_told(bench: Bench) -> None:
    amount = "cast(json_extract_string(item, '$.amount') as decimal(18, 2))"
    sets = (("refund_id", '"order"'), ("refunded_at", "at"), ("currency", "'EUR'"), ("amount", amount))
    stream = orders(
        "jsonl", columns=(*COLUMNS, ColumnSpec("lines", "json")), maps=(MapSpec("refunds", sets, each="lines"),)
    )
    given_ = [
        row(str(place)) | {"lines": items} for place, items in enumerate(['[{"amount": 2}, {"amount": -3}]', "[{}]"])
    ]
    bench.drop("shop/orders.1", "\n".join(map(json.dumps, given_)))
    load(bench, shop(stream))
    assert [each["amount"] for each in canonical(bench, shop(stream), "refunds")] == [2]
    assert quarantined(bench, shop(stream)) == [(1, "refunds: `amount` is below zero")]


def test_of_facts_with_one_id_the_latest_stands_and_what_differs_is_told(bench: Bench) -> None:
    source = shop(orders(key=(), maps=(NUMBERED,)))
    bench.drop(
        "shop/orders_1.csv", content("csv", [row("A", total="9"), row("A", total="9"), row("B", total="1"), row("C")])
    )
    bench.drop("shop/orders_2.csv", content("csv", [row("B", total="2")]))
    load(bench, source)
    assert {each["order_id"]: each["gross"] for each in canonical(bench, source, "orders")} == {
        "A": 9, "B": 2, "C": Decimal("12.50")
    }  # fmt: skip
    assert quarantined(bench, source) == [(3, "orders has another row of the same id, and a later one")]


def test_a_corrected_order_has_the_head_of_its_latest_version(bench: Bench) -> None:
    source = lines(load="upsert", updated_at="at", key=("order",))
    first = [line("X-1", "EUR", "30"), line("X-2", "EUR", "30"), line("Y-1", "EUR", "30"), line("Y-2", "EUR", "")]
    bench.drop("shop/orders_1.csv", content("csv", first, HEADER))
    # Of X the second line alone comes again, with the new total; of Y one that never states it.
    later = "2026-01-06 10:00:00"
    news = [
        line("X-2", "EUR", "60", later),
        line("X-3", "EUR", "50", "2026-01-04 10:00:00"),
        line("Y-2", "EUR", "", later),
    ]
    bench.drop("shop/orders_2.csv", content("csv", news, HEADER))
    load(bench, source)
    assert {each["order_id"]: each["gross"] for each in canonical(bench, source, "orders")} == {"X": 60, "Y": 30}


def test_without_times_of_change_the_latest_delivery_says_what_an_order_is(bench: Bench) -> None:
    source = lines()
    bench.drop("shop/orders_1.csv", content("csv", [line("X-1", "EUR", "30"), line("X-2", "EUR", "31")], HEADER))
    bench.drop("shop/orders_2.csv", content("csv", [line("X-2", "EUR", "60"), line("X-3", "EUR", "61")], HEADER))
    load(bench, source)
    assert [each["gross"] for each in canonical(bench, source, "orders")] == [60]


def test_an_order_adds_up_whatever_its_lines_come_to() -> None:
    stated = {"source": "shop", "discount": Decimal("2.00")}
    orders_ = [
        {**stated, "order_id": "A", "gross": None, "net": Decimal("8.00")},
        {**stated, "order_id": "B", "gross": None, "net": None},
    ]
    lines_ = [{"source": "shop", "order_id": name, "amount": Decimal("11.90")} for name in ("A", "B")]
    engine, money = DuckDBEngine.in_memory(), {"gross": MONEY, "discount": MONEY, "net": MONEY}
    made = with_totals_of_lines(
        engine.from_arrow(
            pa.Table.from_pylist(orders_), ibis.schema({"source": "string", "order_id": "string", **money})
        ),
        engine.from_arrow(
            pa.Table.from_pylist(lines_), ibis.schema({"source": "string", "order_id": "string", "amount": MONEY})
        ),
    )
    found = {each["order_id"]: (each["gross"], each["net"]) for each in engine.to_arrow(made).to_pylist()}
    assert found == {"A": (Decimal("10.00"), Decimal("8.00")), "B": (Decimal("11.90"), Decimal("9.90"))}


def test_no_two_keys_are_spelled_alike(bench: Bench) -> None:
    parts = ["A", "A/1", "1/2", "2", "/", "//", "\\", "A\\", "\\/1", "/1", "A/", "\\\\"]
    pairs = [(first, second) for first in parts for second in parts]
    columns = (*COLUMNS, ColumnSpec("currency", "string"))
    source = shop(orders(columns=columns, key=("order", "currency"), maps=()))
    bench.drop("shop/orders.csv", content("csv", [line(first, second) for first, second in pairs], HEADER))
    load(bench, source)
    assert {found for found, _ in outcome(bench)} == {"accepted"}
    keys = bench.engine.to_arrow(bench.engine.table("normalised", "shop__orders")).to_pylist()
    found = {(each["order"], each["currency"]): each["cdp_native_id"] for each in keys}
    assert len(set(found.values())) == len(pairs)
    assert all(key == "/".join(pair) for pair, key in found.items() if not {*"/\\"} & {*pair[0], *pair[1]})


rows = st.builds(
    line,
    st.sampled_from(["A-1", "A-2", "B-1", "B-2", "C-1"]),
    st.sampled_from(["EUR", "USD", ""]),
    st.sampled_from(["1", "2", ""]),
    st.sampled_from(["2026-01-05 10:00:00", "2026-02-05 10:00:00", "never"]),
)
deliveries = st.lists(st.lists(rows, min_size=1, max_size=5), min_size=2, max_size=3)


@pytest.mark.parametrize(
    "changes",
    [
        {"key": (), "maps": (NUMBERED,)},
        {"load": "upsert", "updated_at": "at", "maps": (NUMBERED,)},
        {"load": "upsert", "updated_at": "at"},
        {},
        {"maps": (replace(lines().streams[0].maps[0], id="coalesce(currency, 'none')"),)},
    ],
    ids=["ids without a key", "ids beside the key", "heads by time", "heads by delivery", "ids beside the grain"],
)
@examples(4)
@given(delivered=deliveries)
def test_what_comes_in_pieces_equals_what_is_made_from_nothing(
    changes: dict[str, Any], delivered: list[list[dict[str, Any]]]
) -> None:
    source = lines(**changes)
    with TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        for day, some in enumerate(delivered):
            # So many at first that what comes later is little.
            many = [] if day else [line(f"{number}-1", f"C{number}") for number in range(60)]
            bench.drop(f"shop/orders_{day}.csv", content("csv", [*some, *many], HEADER))
            load(bench, source, AS_OF + timedelta(days=day))
            assert updated(bench, source, "orders") or not day
            found, anew = published(bench, "orders"), canonical(bench, source, "orders")
            assert sorted(map(repr, found)) == sorted(map(repr, anew))
            assert len({each["native_id"] for each in found}) == len(found)
