"""What a contract does about what it does not foresee: evolve, freeze, discard the row or the value."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cdp_assets.sources.drift import Drift, drift
from cdp_assets.sources.ingest import Ingested
from cdp_assets.sources.landing import strays
from cdp_assets.sources.spec import ColumnSpec, ContractSpec, StreamSpec
from cdp_assets.sources.untaken import untaken
from cdp_assets_tests.normalised.bench import load, outcome, typed
from cdp_assets_tests.sources.shop import HEADER, Bench, content, narrow, orders, row, shop

EVERY = pytest.mark.parametrize("format", ["csv", "jsonl", "json", "parquet"])
ACCEPTED = ("accepted", None)


def strict(format: str = "csv", **modes: str) -> StreamSpec:
    return orders(format, contract=ContractSpec(**modes))


def with_size(format: str) -> bytes:
    """Two orders, of which the second has a column that the contract does not name."""
    return content(format, [row("1"), row("2") | {"size": "XL"}], (*HEADER, "size"))


def seen(bench: Bench, found: Ingested, known: tuple[str, ...] | None = None) -> Drift:
    """How the deliveries of one look at the files differ from those before."""
    raw = bench.engine.table("sources", "shop__orders")
    loads = [load.load_id for load in found.loaded]
    return drift(raw, orders(), loads, found.absent_somewhere, bench.engine, known, found.absent_everywhere)


@EVERY
@pytest.mark.parametrize(
    ("mode", "outcomes", "extra"),
    [
        ("evolve", [ACCEPTED, ACCEPTED], '{"size":"XL"}'),
        ("discard_value", [ACCEPTED, ACCEPTED], None),
        (
            "discard_row",
            [ACCEPTED, ("quarantined", "it has the column `size`, which the contract does not name")],
            '{"size":"XL"}',
        ),
    ],
)
def test_a_new_column_is_kept_dropped_or_keeps_its_rows_out(
    bench: Bench, format: str, mode: str, outcomes: list[tuple[str, str | None]], extra: str | None
) -> None:
    bench.drop("shop/orders.1", with_size(format))
    load(bench, shop(strict(format, columns=mode)))
    assert outcome(bench) == outcomes
    assert bench.raw()[1]["extra"] == extra


@EVERY
def test_a_frozen_contract_refuses_a_file_with_a_new_column_and_names_it(bench: Bench, format: str) -> None:
    bench.drop("shop/orders.1", with_size(format))
    bench.drop("shop/orders.2", content(format, [row("3")]))
    found = bench.ingest(strict(format, columns="freeze"))
    (error,) = found.failed
    assert (error.name, error.column) == ("schema_drift", "size")
    assert "does not name `size`" in str(error)
    assert [each["order"] for each in bench.raw()] == ["3"]


@pytest.mark.parametrize(
    ("mode", "outcomes"),
    [
        ("discard_row", [ACCEPTED, ("quarantined", "the value is not a decimal")]),
        ("discard_value", [ACCEPTED, ACCEPTED]),
        ("evolve", [ACCEPTED, ACCEPTED]),
    ],
)
def test_a_value_of_another_type_keeps_its_row_out_or_only_itself(
    bench: Bench, mode: str, outcomes: list[tuple[str, str | None]]
) -> None:
    bench.drop("shop/orders.1", content("csv", [row("1"), row("2", total="free")]))
    load(bench, shop(strict(data_type=mode)))
    assert outcome(bench) == outcomes
    assert typed(bench)[1]["total"] is None
    assert bench.raw()[1]["total"] == "free"


@pytest.mark.parametrize(
    ("mode", "changes", "first"),
    [
        ("discard_row", {}, ("quarantined", "the time is before 1900")),
        ("discard_value", {}, ACCEPTED),
        # By it rows are put in order.
        ("discard_value", {"event_time": "at"}, ("quarantined", "the time is before 1900")),
    ],
)
def test_a_time_before_1900_keeps_its_row_out_or_only_itself(
    bench: Bench, mode: str, changes: dict[str, str], first: tuple[str, str | None]
) -> None:
    columns = (ColumnSpec("order", "string", required=True), ColumnSpec("at", "date", past=True))
    bench.drop("shop/orders.1", content("csv", [{"order": "1", "at": "1800-01-01"}, {"order": "2"}], ("order", "at")))
    load(bench, shop(narrow("csv", *columns, contract=ContractSpec(data_type=mode), **changes)))
    assert outcome(bench) == [first, ACCEPTED]
    assert first != ACCEPTED or typed(bench)[0]["at"] is None


def test_what_is_required_is_not_let_pass_without_its_value(bench: Bench) -> None:
    bench.drop("shop/orders.1", content("csv", [row("1", at="yesterday")]))
    load(bench, shop(strict(data_type="evolve")))
    assert outcome(bench) == [("quarantined", "the value is not a timestamp")]


def test_a_frozen_contract_refuses_a_file_with_values_of_another_type(bench: Bench) -> None:
    bench.drop("shop/orders.1", content("csv", [row("1"), row("2", total="free")]))
    (error,) = bench.ingest(strict(data_type="freeze")).failed
    assert (error.name, error.column) == ("schema_drift", "total")
    assert "free" not in str(error)


def test_the_difference_names_columns_that_are_new_or_of_another_type(bench: Bench) -> None:
    bench.drop("shop/orders.1", content("csv", [row("1") | {"note": "x"}], (*HEADER, "note")))
    first = bench.ingest(orders())
    bench.drop(
        "shop/orders.2", content("csv", [row("2", total="€ 5") | {"note": "y", "size": "M"}], (*HEADER, "note", "size"))
    )
    second = bench.ingest(orders())
    assert seen(bench, first).mistyped == ()
    assert seen(bench, second) == Drift(new=("size",), mistyped=("total",), known=("note", "size"))


@EVERY
def test_a_column_that_one_file_lacks_is_tried_in_the_others(bench: Bench, format: str) -> None:
    def without_total(number: str) -> bytes:
        kept = {name: value for name, value in row(number).items() if name != "total"}
        return content(format, [kept], tuple(name for name in HEADER if name != "total"))

    bench.drop("shop/orders.1", without_total("1"))
    bench.drop("shop/orders.2", content(format, [row("2", total="€ 5"), row("3", total="€ 6")]))
    found = bench.ingest(orders(format))
    assert "total" in found.absent_somewhere - found.absent_everywhere
    assert seen(bench, found).mistyped == ("total",)
    bench.drop("shop/orders.3", without_total("4"))
    found = bench.ingest(orders(format))
    assert "total" in found.absent_everywhere
    assert seen(bench, found).mistyped == ()


def test_the_first_delivery_of_a_stream_has_no_new_columns(bench: Bench) -> None:
    bench.drop("shop/orders.1", with_size("csv"))
    assert seen(bench, bench.ingest(orders())) == Drift(known=("size",))


def test_of_earlier_deliveries_it_is_enough_to_know_their_columns(bench: Bench) -> None:
    bench.drop("shop/orders.1", content("csv", [row("1")]))
    before = seen(bench, bench.ingest(orders())).known
    bench.drop("shop/orders.2", with_size("csv"))
    found = bench.ingest(orders())
    assert before == ()
    assert seen(bench, found, before) == seen(bench, found) == Drift(new=("size",), known=("size",))
    assert seen(bench, found, ("size", "note")) == Drift(known=("note", "size"))
    assert seen(bench, bench.ingest(orders()), ("size",)) == Drift(known=("size",))


def test_files_in_a_sources_folder_that_no_stream_takes_are_found(bench: Bench) -> None:
    for name in ("shop/orders.1", "shop/returns.csv", "shop/.hidden", "shop/x.part", "other/orders.1"):
        bench.drop(name, "x")
    assert strays(bench.landing, [shop(orders())]) == {"shop": ["shop/returns.csv"]}
    assert strays(bench.landing, [shop(orders(files="**/orders*"))]) == {"shop": []}
    beside = replace(shop(orders(files="shop/returns*")), name="returns")
    assert strays(bench.landing, [shop(orders()), beside]) == {"shop": [], "returns": []}


@pytest.mark.parametrize(
    ("contract", "left"),
    [("", ("more/x.csv", "shop/returns.csv")), ("  contract: {tables: discard_row}\n", ("more/x.csv",))],
)
def test_files_that_no_stream_takes_are_told_by_definitions_as_they_are_written(
    tmp_path: Path, contract: str, left: tuple[str, ...]
) -> None:
    for name in ("shop/orders_1.csv", "shop/returns.csv", "shop/api/1.jsonl", "more/x.csv", "more/y.csv.part"):
        (tmp_path / "landing" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "landing" / name).write_text("x")
    file = tmp_path / "defs" / "shop" / "defs.yaml"
    file.parent.mkdir(parents=True)
    streams = "  streams:\n  - {name: orders, files: 'shop/orders*'}\n  - {name: api, rest: {}}\n"
    file.write_text(f"type: cdp_assets.sources.component.Source\nattributes:\n  name: shop\n{contract}{streams}")
    assert untaken(tmp_path / "defs", tmp_path / "landing") == left
    file.write_text("a: [")
    assert untaken(tmp_path / "defs", tmp_path / "landing") == ()
