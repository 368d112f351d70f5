"""Which files count as new, and what a crash at any point leaves behind."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import ibis.expr.types as ir
import pytest

from cdp_assets.ledger import loads
from cdp_assets.sources import ingest as steps
from cdp_assets.sources.spec import ColumnSpec
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine
from cdp_assets_tests.sources.shop import AS_OF, Bench, content, narrow, orders, row, shop

A = content("csv", [row("1")])
B = content("csv", [row("2")])
C = content("csv", [row("3")])


def orders_in(bench: Bench) -> list[str]:
    return sorted(each["order"] for each in bench.raw())


def test_nothing_new_loads_nothing(bench: Bench) -> None:
    bench.drop("shop/orders.1", A)
    assert len(bench.ingest(orders()).loaded) == 1
    assert bench.ingest(orders()).loaded == ()
    assert orders_in(bench) == ["1"]


@pytest.mark.parametrize("load", ["append", "upsert"])
def test_the_same_content_under_another_name_is_no_new_delivery(bench: Bench, load: Any) -> None:
    bench.drop("shop/orders.1", A)
    bench.ingest(orders(load=load))
    bench.drop("shop/orders.2", A)
    assert bench.ingest(orders(load=load)).loaded == ()
    assert orders_in(bench) == ["1"]


@pytest.mark.parametrize("load", ["append", "upsert", "snapshot"])
def test_a_file_that_returns_to_an_old_content_is_a_new_delivery(bench: Bench, load: Any) -> None:
    stream = orders(load=load)
    for data in (A, B, A, A):
        bench.drop("shop/orders.1", data)
        bench.ingest(stream)
    assert orders_in(bench) == ["1", "1", "2"]
    assert [load.sequence for load in bench.manifest()] == [1, 2, 3]
    assert len({load.load_id for load in bench.manifest()}) == 3


def test_content_that_returns_counts_once_where_nothing_tells_rows_apart(bench: Bench) -> None:
    for data in (A, B, A):
        bench.drop("shop/orders.1", data)
        bench.ingest(orders(key=()))
    assert orders_in(bench) == ["1", "2"]


def test_snapshots_under_dated_names_are_deliveries_each(bench: Bench) -> None:
    for number, data in enumerate((A, B, A), start=9):
        bench.drop(f"shop/orders_{number}", data)
    bench.ingest(orders(load="snapshot"))
    assert [(load.sequence, load.file) for load in bench.manifest()] == [
        (1, "shop/orders_9"), (2, "shop/orders_10"), (3, "shop/orders_11")
    ]  # fmt: skip
    assert bench.ingest(orders(load="snapshot")).loaded == ()


def test_the_id_of_a_load_depends_on_nothing_but_its_content(bench: Bench, tmp_path: Any) -> None:
    other = Bench(tmp_path / "other")
    bench.drop("shop/orders.1", A)
    bench.drop("shop/orders.2", B)
    other.drop("shop/orders.b", A)
    other.ingest(orders())
    other.drop("shop/orders.a", B)
    for each in (bench, other):
        each.ingest(orders())
    assert {load.load_id for load in bench.manifest()} == {load.load_id for load in other.manifest()}


@pytest.mark.parametrize("format", ["csv", "jsonl", "json", "parquet"])
def test_a_growing_file_is_left_for_the_next_run(bench: Bench, format: str) -> None:
    whole = content(format, [row("1"), row("2")])
    half = len(whole) // 2
    path = bench.drop("shop/orders.1", whole[:half])
    bench.now = path.stat().st_mtime + 0.5
    stream = orders(format)
    source = shop(stream, settle_seconds=2.0)

    def grow(seconds: float) -> None:
        bench.waited.append(seconds)
        with path.open("ab") as file:
            file.write(whole[half:])

    arrivals = steps.Arrivals(bench.landing, bench.folder / "kept", bench.folder / "tmp", lambda: bench.now, grow)
    found = steps.ingest(source, stream, engine=bench.engine, ledger=bench.ledger, arrivals=arrivals, as_of=AS_OF)
    assert (found.loaded, found.growing, bench.waited) == ((), ("shop/orders.1",), [2.0])
    bench.now += 1e9
    assert len(bench.ingest(stream, source).loaded) == 1
    assert orders_in(bench) == ["1", "2"]


def test_a_young_file_that_stands_still_is_loaded_after_a_moment(bench: Bench) -> None:
    path = bench.drop("shop/orders.1", A)
    bench.now = path.stat().st_mtime + 0.5
    assert len(bench.ingest(orders(), shop(orders(), settle_seconds=2.0)).loaded) == 1
    assert bench.waited == [2.0]


@pytest.mark.parametrize("format", ["csv", "jsonl"])
def test_a_file_that_changes_while_it_is_read_is_left_for_the_next_run(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, format: str
) -> None:
    path = bench.drop("shop/orders.1", content(format, [row("1")]))
    more = content(format, [row("2")]).splitlines(keepends=True)[-1]
    read = steps.read  # type: ignore[attr-defined]

    def read_while_someone_writes(*args: Any) -> Any:
        found = read(*args)
        with path.open("ab") as file:
            file.write(more)
        return found

    monkeypatch.setattr(steps, "read", read_while_someone_writes)
    assert bench.ingest(orders(format=format)).growing == ("shop/orders.1",)
    assert orders_in(bench) == []
    monkeypatch.undo()
    bench.ingest(orders(format=format))
    assert orders_in(bench) == ["1", "2"]


class Crash(BaseException):
    """The process dies here."""


@pytest.mark.parametrize("before", [True, False], ids=["before the append", "after the append"])
def test_a_crash_around_the_append_neither_loses_nor_doubles(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, before: bool
) -> None:
    bench.drop("shop/orders.1", A)
    appending = DuckDBEngine.appending

    @contextmanager
    def dying(self: DuckDBEngine, *args: Any) -> Iterator[ir.Table]:
        if not before:
            with appending(self, *args) as table:
                yield table
        raise Crash

    with monkeypatch.context() as patch:
        patch.setattr(DuckDBEngine, "appending", dying)
        with pytest.raises(Crash):
            bench.ingest(orders())
    assert [load.status for load in bench.manifest()] == ["begun"]
    found = bench.ingest(orders())
    assert len(found.loaded) == int(before)
    assert orders_in(bench) == ["1"]
    assert [(load.status, load.rows, load.sequence) for load in bench.manifest()] == [("loaded", 1, 1)]


def test_a_file_replaced_after_a_crash_is_a_second_delivery(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.drop("shop/orders.1", A)
    appending = DuckDBEngine.appending

    @contextmanager
    def dying(self: DuckDBEngine, *args: Any) -> Iterator[ir.Table]:
        with appending(self, *args) as table:
            yield table
        raise Crash

    with monkeypatch.context() as patch:
        patch.setattr(DuckDBEngine, "appending", dying)
        with pytest.raises(Crash):
            bench.ingest(orders())
    bench.drop("shop/orders.1", B)
    bench.ingest(orders())
    assert orders_in(bench) == ["1", "2"]
    assert [(load.status, load.rows) for load in bench.manifest()] == [("loaded", 1), ("loaded", 1)]


def test_a_deleted_warehouse_is_filled_again_with_the_same_ids_order_and_times(bench: Bench) -> None:
    bench.drop("shop/orders.b", A)
    bench.ingest(orders())
    bench.drop("shop/orders.a", B)
    bench.ingest(orders())
    before, manifest = bench.raw(), bench.manifest()
    bench.engine = DuckDBEngine.in_memory()
    assert len(bench.ingest(orders(), as_of=AS_OF + timedelta(days=7)).loaded) == 2
    assert (bench.raw(), bench.manifest()) == (before, manifest)


@pytest.mark.parametrize("load", ["append", "upsert", "snapshot"])
def test_what_a_file_held_before_its_name_was_used_again_outlives_the_warehouse(bench: Bench, load: Any) -> None:
    stream = orders(load=load)
    for data in (A, B, A, C):
        bench.drop("shop/orders.1", data)
        bench.ingest(stream)
    before, manifest = bench.raw(), bench.manifest()
    assert len(manifest) == 4
    bench.engine = DuckDBEngine.in_memory()
    found = bench.ingest(stream)
    assert (len(found.restored), len(found.loaded), found.failed) == (len(manifest) - 1, 1, ())
    assert (bench.raw(), bench.manifest()) == (before, manifest)
    assert bench.ingest(stream).is_nothing


def test_what_was_kept_follows_the_contract(bench: Bench) -> None:
    bench.drop("shop/orders.1", content("csv", [row("1", email="a@example.com")]))
    few = narrow("csv", ColumnSpec("order", "string", path="order_no"))
    bench.ingest(few)
    bench.drop("shop/orders.1", B)
    bench.ingest(few)
    bench.engine = DuckDBEngine.in_memory()
    bench.ingest(orders())
    assert {each["order"]: each["email"] for each in bench.raw()} == {"1": "a@example.com", "2": None}


@pytest.mark.parametrize("damage", ["gone", "no Parquet", "cut short", "of another delivery"])
def test_a_delivery_that_can_be_taken_from_nowhere_is_named_until_it_is_given_up(bench: Bench, damage: str) -> None:
    for data in (content("csv", [row("1"), row("9")]), B, C):
        bench.drop("shop/orders.1", data)
        bench.ingest(orders())
    [kept, other] = [
        bench.folder / "kept" / "shop__orders" / f"{load.load_id}.parquet" for load in bench.manifest()[:2]
    ]
    whole = kept.read_bytes()
    match damage:
        case "gone":
            kept.unlink()
        case "no Parquet":
            kept.write_bytes(b"PAR1")
        case "cut short":
            kept.write_bytes(whole[: len(whole) // 2] + whole[-50:])
        case _:
            kept.write_bytes(other.read_bytes())
    bench.engine = DuckDBEngine.in_memory()
    found = bench.ingest(orders())
    [error] = found.failed
    lost = bench.manifest()[0]
    assert "the 2 rows that it brought on" in str(error)
    assert str(error).endswith(f"`cdp sources forget {lost.load_id}`.")
    assert orders_in(bench) == ["2", "3"]
    with bench.ledger.transaction() as connection:
        loads.forget(connection, [lost.load_id])
    assert bench.ingest(orders()).is_nothing


@pytest.mark.parametrize(
    "then", [{"encoding": "latin-1"}, {"delimiter": ";"}, {"encoding": "latin-1", "delimiter": "|"}]
)
def test_a_deleted_warehouse_is_filled_with_what_was_read_under_a_contract_of_then(bench: Bench, then: Any) -> None:
    text = content("csv", [row("1", email="müller@example.org")]).decode().replace(",", then.get("delimiter", ","))
    bench.drop("shop/orders.1", text.encode(then.get("encoding", "utf-8")))
    bench.ingest(orders(**then))
    bench.drop("shop/orders.2", content("csv", [row("2", email="jürgen@example.org")]))
    bench.ingest(orders())
    before, manifest = bench.raw(), bench.manifest()
    for _ in range(2):
        bench.engine = DuckDBEngine.in_memory()
        found = bench.ingest(orders())
        assert (len(found.loaded), found.failed) == (2, ())
        assert (bench.raw(), bench.manifest()) == (before, manifest)


@pytest.mark.parametrize("format", ["csv", "jsonl", "json", "parquet"])
def test_a_delivery_that_was_loaded_and_is_refused_when_a_warehouse_is_filled_again_is_not_passed_over(
    bench: Bench, format: str
) -> None:
    bench.drop("shop/orders.1", content(format, [{"order_no": "1", "at": "t"}], ("order_no", "at")))
    bench.drop("shop/orders.2", content(format, [row("2", email="b@example.org")]))
    bench.ingest(orders(format))
    manifest = bench.manifest()
    bench.engine = DuckDBEngine.in_memory()
    columns = (*orders().columns[:-1], ColumnSpec("email", "string", required=True))
    tightened = orders(format, columns=columns)
    for _ in range(2):
        [error] = bench.ingest(tightened).failed
        assert (error.name, error.column) == ("lost_delivery", "email")
        assert "the 1 rows that it brought on" in error.problem
        assert "(missing_column)" in error.problem
        assert error.advice.endswith(f"`cdp sources forget {manifest[0].load_id}`")
        assert (orders_in(bench), bench.manifest()) == (["2"], manifest)
    bench.ingest(orders(format))
    assert bench.ingest(tightened).is_nothing
    assert (orders_in(bench), bench.manifest()) == (["1", "2"], manifest)


def test_a_deleted_ledger_is_filled_again_from_the_raw_table(bench: Bench) -> None:
    bench.drop("shop/orders.1", A)
    bench.drop("shop/orders.2", B)
    bench.ingest(orders())
    before = bench.manifest()
    with bench.ledger.transaction() as connection:
        loads.forget(connection, [load.load_id for load in before])
    assert bench.ingest(orders()).loaded == ()
    assert bench.manifest() == before
    assert orders_in(bench) == ["1", "2"]


def test_a_failed_file_is_tried_again_and_its_correction_loads(bench: Bench) -> None:
    bench.drop("shop/orders.1", b"order_nr,at\n1,t\n")
    assert [error.name for error in bench.ingest(orders()).failed] == ["missing_column"]
    assert [error.name for error in bench.ingest(orders()).failed] == ["missing_column"]
    bench.drop("shop/orders.1", A)
    assert len(bench.ingest(orders()).loaded) == 1
    assert [load.status for load in bench.manifest()] == ["failed", "loaded"]


def test_a_corrected_contract_loads_the_file_that_failed(bench: Bench) -> None:
    bench.drop("shop/orders.1", A.replace(b",", b";"))
    assert bench.ingest(orders()).failed
    assert bench.ingest(orders(delimiter=";")).failed == ()
    assert [(load.status, load.sequence) for load in bench.manifest()] == [("loaded", 1)]


def test_a_contract_that_changes_moves_values_between_columns_and_extra(bench: Bench) -> None:
    bench.drop("shop/orders.1", 'order_no,at,total,email,note\n1,t,1,a@b,"x ""y"" \\"\n2,t,,,\n')
    bench.ingest(orders())
    bench.ingest(
        narrow("csv", ColumnSpec("order", "string", path="order_no"), ColumnSpec("remark", "string", path="note"))
    )
    assert [(each["order"], each["remark"]) for each in bench.raw()] == [("1", 'x "y" \\'), ("2", None)]
    wide = (*orders().columns, ColumnSpec("note", "string"))
    bench.ingest(orders(columns=wide))
    assert [(each["order"], each["at"], each["total"], each["email"]) for each in bench.raw()] == [
        ("1", "t", "1", "a@b"), ("2", "t", None, None)
    ]  # fmt: skip


def test_an_object_that_columns_took_apart_is_put_together_for_a_column_that_joins(bench: Bench) -> None:
    whole = {"shop": {"city": 'K"ln', "zip": "50667"}, "till": "7"}
    lines = [{"order": "1", "at": whole}, {"order": "2", "at": {"floor": 3}}, {"order": "3"}]
    bench.drop("shop/orders.1", "\n".join(map(json.dumps, lines)))
    parts = (
        ColumnSpec("order", "string"),
        ColumnSpec("city", "string", path="at.shop.city"),
        ColumnSpec("zip", "string", path="at.shop.zip"),
        ColumnSpec("till", "string", path="at.till"),
    )
    bench.ingest(narrow("jsonl", *parts))
    assert [each["extra"] for each in bench.raw()] == [None, '{"at":{"floor":3}}', None]
    bench.ingest(narrow("jsonl", *parts, ColumnSpec("place", "string", path="at")))
    assert [json.loads(each["place"] or "null") for each in bench.raw()] == [whole, {"floor": 3}, None]


def test_hidden_and_unfinished_files_are_not_looked_at(bench: Bench) -> None:
    bench.drop("shop/orders.1.part", A)
    bench.drop("shop/.orders", A)
    assert bench.ingest(orders(files="shop/*")).loaded == ()


def test_an_unchanged_file_is_not_hashed_again(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    path = bench.drop("shop/orders.1", A)
    bench.ingest(orders())
    monkeypatch.setattr(steps, "content_hash", lambda file: pytest.fail("read again"))
    bench.ingest(orders())
    os.utime(path, (1, 1))
    with pytest.raises(pytest.fail.Exception):
        bench.ingest(orders())
