"""Refused rows are kept as they came, alarm when there are more than usual, and can be retried after a fix."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import ibis
import pyarrow as pa
import pytest

from cdp_assets.canonical.tables import DISPOSITIONS
from cdp_assets.normalised.accounting import quarantine_of
from cdp_assets.normalised.refusal_rate import refusal_rates, unusual
from cdp_assets.normalised.retrying import retried
from cdp_assets.sources.schemas import LOAD_MANIFEST
from cdp_assets.sources.spec import ColumnSpec, ContractSpec
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine
from cdp_assets_tests.attributes.tables import spark_sql
from cdp_assets_tests.normalised.bench import load
from cdp_assets_tests.sources.shop import AS_OF, HEADER, Bench, content, orders, row, shop


def test_a_refused_row_is_kept_as_it_came_with_file_row_and_reason(bench: Bench) -> None:
    source = shop(orders())
    bench.drop("shop/orders.csv", content("csv", [row("1"), row("2", total="free")]))
    load(bench, source)
    names = {stage: {"shop__orders": bench.engine.table(stage, "shop__orders")} for stage in ("sources", "normalised")}
    [kept] = bench.engine.to_arrow(
        quarantine_of([source], names["normalised"], names["sources"], bench.engine)
    ).to_pylist()
    assert (kept["source_file"], kept["source_row"], kept["column_name"]) == ("shop/orders.csv", 2, "total")
    assert kept["reason"] == "the value is not a decimal"
    assert kept["raw"] == '{"order":"2","at":"2026-01-05 10:00:00","total":"free"}'


def test_after_a_fix_of_the_contract_only_the_refused_rows_are_looked_at_again(bench: Bench) -> None:
    source = shop(orders())
    given = [row("1"), row("2", total='"12,50"'), row("3", at="never")]
    bench.drop("shop/orders.csv", content("csv", given))
    load(bench, source)
    raw = bench.engine.table("sources", "shop__orders")
    refused = bench.engine.to_arrow(raw.filter(raw.source_row.isin([2, 3])))
    columns = tuple(
        replace(column, decimal_mark=",") if column.name == "total" else column for column in orders().columns
    )
    mended = shop(orders(columns=(*columns, ColumnSpec("note", "string"))))
    found = retried(mended, mended.streams[0], refused, engine=DuckDBEngine.in_memory(), as_of=AS_OF, hash_key="k")
    assert (found.rows, found.mended) == (2, 1)
    assert found.reasons == {("the value is not a timestamp", "at"): 1}


@pytest.mark.parametrize("format", ["csv", "jsonl"])
def test_a_row_refused_for_a_column_comes_back_when_the_contract_names_it(bench: Bench, format: str) -> None:
    strict = orders(format, contract=ContractSpec(columns="discard_row"))
    given = [row("1") | {"x": "a"}, row("2") | {"y": "b"}]
    bench.drop("shop/orders.1", content(format, given, (*HEADER, "x", "y")))
    load(bench, shop(strict))
    raw = bench.engine.table("sources", "shop__orders")
    refused = quarantine_of(
        [shop(strict)],
        {"shop__orders": bench.engine.table("normalised", "shop__orders")},
        {"shop__orders": raw},
        bench.engine,
    )
    kept = {each["source_row"]: json.loads(each["raw"]) for each in bench.engine.to_arrow(refused).to_pylist()}
    assert (kept[1]["x"], kept[2]["y"]) == ("a", "b")
    mended = replace(strict, columns=(*strict.columns, ColumnSpec("x", "string")))
    arguments = {"engine": DuckDBEngine.in_memory(), "as_of": AS_OF, "hash_key": "k"}
    found = retried(shop(mended), mended, bench.engine.to_arrow(raw), **arguments)
    assert found.reasons == {("it has the column `y`, which the contract does not name", None): 1}


def rated(*shares: tuple[int, int], day: int = 0) -> list[tuple[str, float, float]]:
    """Streams with more refusals than usual, for deliveries of (rows, refused), one a day."""
    engine = DuckDBEngine.in_memory()
    counted = [
        {"source": "shop", "stream": "orders", "load_id": str(place), "disposition": name, "rows": rows}
        for place, (total, refused) in enumerate(shares)
        for name, rows in (("accepted", total - refused), ("quarantined", refused))
    ]
    loads = [
        {"load_id": str(place), "source": "shop", "stream": "orders", "file": "f", "content_hash": "h", "bytes": 1,
         "sequence": place, "rows": total, "status": "loaded", "error": None,
         "loaded_at": datetime(2026, 1, 1 + place, tzinfo=UTC)}
        for place, (total, _) in enumerate(shares)
    ]  # fmt: skip
    dispositions, manifest = (
        engine.from_arrow(pa.Table.from_pylist(made, schema.ibis_schema.to_pyarrow()), schema.ibis_schema)
        for made, schema in ((counted, DISPOSITIONS), (loads, LOAD_MANIFEST))
    )
    rows = engine.to_arrow(unusual(dispositions, manifest)).to_pylist()
    return [(one["stream"], one["rate"], one["limit"]) for one in rows]


@pytest.mark.parametrize(
    ("shares", "alarms"),
    [
        ([(1000, 20)], False),
        ([(1000, 80)], True),
        ([(1000, 20), (1000, 25), (1000, 15), (1000, 30)], False),
        ([(1000, 20), (1000, 25), (1000, 15), (1000, 90)], True),
        ([(1000, 400), (1000, 380), (1000, 410), (1000, 390)], False),
        ([(1000, 0), (1000, 0), (1000, 0), (1000, 9)], False),
        ([(1000, 0), (1000, 0), (1000, 0), (1000, 30)], True),
        ([(1000, 10), (1000, 12), (1000, 9), (4, 1)], False),
    ],
)
def test_more_refusals_than_usual_alarm(shares: list[tuple[int, int]], alarms: bool) -> None:
    assert bool(rated(*shares)) == alarms


def test_the_rate_compiles_for_spark() -> None:
    schemas = {"dispositions": DISPOSITIONS, "manifest": LOAD_MANIFEST}
    made = refusal_rates(*(ibis.table(schema.ibis_schema, name=name) for name, schema in schemas.items()))
    assert spark_sql(made)
