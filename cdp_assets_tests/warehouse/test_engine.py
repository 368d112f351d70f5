"""The embedded engine keeps tables whole, typed and atomically swapped."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import duckdb
import ibis
import pyarrow as pa
import pytest

from cdp_assets.canonical.schema import INSTANT, MONEY, Column, TableSchema
from cdp_assets.settings import Settings
from cdp_assets.warehouse.built import Patch
from cdp_assets.warehouse.connection import WarehouseBusy, warehouse_connection
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine
from cdp_assets.warehouse.duckdb_streams import Stream
from cdp_assets.warehouse.engine import SchemaMismatch, TableMissing, row_count
from cdp_assets.warehouse.lineage import column_lineage
from cdp_assets.warehouse.serving import NothingServed, Reader

AMOUNTS = TableSchema("amounts", "Amounts.", (Column("id", "int64", "Id."), Column("amount", MONEY, "Amount.")))
TIMES = TableSchema("times", "Times.", (Column("id", "int64", "Id."), Column("at", INSTANT, "When.")))


def _amounts(engine: DuckDBEngine, *rows: tuple[int, str]) -> ibis.Table:
    data = pa.table({"id": [row[0] for row in rows], "amount": [row[1] for row in rows]})
    return engine.from_arrow(data, ibis.schema({"id": "int64", "amount": "string"}))


def _published(engine: DuckDBEngine) -> list[tuple[int, str]]:
    table = engine.to_arrow(engine.table("shop", "amounts").order_by("id"))
    return [(row["id"], str(row["amount"])) for row in table.to_pylist()]


def test_a_staged_table_is_not_visible_until_it_is_published() -> None:
    engine = DuckDBEngine.in_memory()
    engine.stage_table("shop", AMOUNTS, _amounts(engine, (1, "2.50")))

    with pytest.raises(TableMissing, match=r"shop\.amounts has not been materialised yet"):
        engine.table("shop", "amounts")

    engine.publish([("shop", "amounts")])
    assert _published(engine) == [(1, "2.50")]


def test_a_discarded_table_leaves_the_published_one_standing() -> None:
    engine = DuckDBEngine.in_memory()
    engine.stage_table("shop", AMOUNTS, _amounts(engine, (1, "2.50")))
    engine.publish([("shop", "amounts")])
    engine.stage_table("shop", AMOUNTS, _amounts(engine, (9, "9.00")))
    engine.discard([("shop", "amounts")])

    assert _published(engine) == [(1, "2.50")]


def test_two_tables_are_swapped_together_or_not_at_all() -> None:
    engine = DuckDBEngine.in_memory()
    engine.stage_table("shop", AMOUNTS, _amounts(engine, (1, "1.00")))
    engine.publish([("shop", "amounts")])
    engine.stage_table("shop", AMOUNTS, _amounts(engine, (2, "2.00")))

    with pytest.raises(duckdb.CatalogException):
        engine.publish([("shop", "amounts"), ("shop", "never_staged")])

    assert _published(engine) == [(1, "1.00")]


def test_what_is_staged_is_read_by_what_comes_after_it_and_written_once() -> None:
    engine = DuckDBEngine.in_memory()
    engine.stage_table("till", AMOUNTS, _amounts(engine, (1, "1.00"), (2, "2.00")))
    engine.publish([("till", "amounts")])
    engine.drop_scratch()
    source = engine.table("till", "amounts")

    early = engine.stage_table("shop", AMOUNTS, source.filter(source.id > 1))
    engine.append("till", "amounts", source.mutate(id=source.id + 10))
    again = engine.stage_table("shop", AMOUNTS, early.select("id", "amount"))
    assert again.equals(early)
    assert column_lineage(again, engine.origins)["amount"] == {("till", "amounts", "amount")}

    dearer = engine.stage_table("shop", AMOUNTS, again.mutate(amount=again.amount + 1))
    assert column_lineage(dearer, engine.origins)["amount"] == {("till", "amounts", "amount")}
    engine.publish([("shop", "amounts")])
    assert _published(engine) == [(2, "3.00")]

    more = engine.stage_table("shop", AMOUNTS, _amounts(engine, (3, "3.00")))
    nobody = engine.from_arrow(pa.table({"id": pa.array([], pa.int64())}))
    engine.stage_patch("shop", AMOUNTS, Patch("id", nobody, more))
    engine.publish([("shop", "amounts")])
    assert _published(engine) == [(2, "3.00"), (3, "3.00")]


def test_a_staged_table_with_instants_is_written_once_too() -> None:
    engine = DuckDBEngine.in_memory()
    early = engine.stage_table("shop", TIMES, engine.from_arrow(TIMES.ibis_schema.to_pyarrow().empty_table()))
    engine.cursor().execute('INSERT INTO shop."times__staged" VALUES (7, NULL)')
    engine.stage_table("shop", TIMES, early.select("id", "at"))
    engine.publish([("shop", "times")])
    assert row_count(engine.table("shop", "times"), engine) == 1


def _patch(engine: DuckDBEngine, gone: list[int], *rows: tuple[int, str]) -> Patch:
    ids = engine.from_arrow(pa.table({"id": pa.array(gone, pa.int64())}), ibis.schema({"id": "int64"}))
    return Patch("id", ids, _amounts(engine, *rows))


def test_a_patch_replaces_rows_by_key_when_it_is_published() -> None:
    engine = DuckDBEngine.in_memory()
    engine.stage_table("shop", AMOUNTS, _amounts(engine, (1, "1.00"), (2, "2.00"), (3, "3.00")))
    engine.publish([("shop", "amounts")])
    assert engine.can_patch("shop", AMOUNTS)

    staged = engine.stage_patch("shop", AMOUNTS, _patch(engine, [2, 3, 7], (2, "2.20"), (4, "4.00")))

    wanted = [(1, "1.00"), (2, "2.20"), (4, "4.00")]
    assert [(row["id"], str(row["amount"])) for row in engine.to_arrow(staged.order_by("id")).to_pylist()] == wanted
    assert _published(engine) == [(1, "1.00"), (2, "2.00"), (3, "3.00")]
    engine.publish([("shop", "amounts")])
    assert _published(engine) == wanted
    engine.stage_table("shop", AMOUNTS, _amounts(engine, (9, "9.00")))
    engine.publish([("shop", "amounts")])
    assert _published(engine) == [(9, "9.00")]


PETS = TableSchema(
    "pets",
    "Pets.",
    (Column("id", "int64", "Id."), Column("kind", "string", "Kind.", one_of=("dog", "cat"))),
    key=("id",),
)


def _pets(*rows: tuple[int, str | None]) -> ibis.Table:
    return ibis.memtable(list(rows), schema=PETS.ibis_schema)


def _more_kinds(*kinds: str) -> TableSchema:
    return TableSchema("pets", "Pets.", (PETS.columns[0], replace(PETS.columns[1], one_of=kinds)), key=("id",))


def test_a_text_of_few_values_is_a_text_to_everybody_and_new_values_may_come() -> None:
    engine = DuckDBEngine.in_memory()
    engine.stage_table("shop", PETS, _pets((1, "dog"), (2, "cat"), (3, None)))
    engine.publish([("shop", "pets")])
    assert engine.table("shop", "pets").schema()["kind"].is_string()

    wider = _more_kinds("ant", "cat", "dog")
    assert engine.can_patch("shop", wider)
    came = _pets((4, "ant"))
    engine.stage_patch("shop", wider, Patch("id", came.select("id"), came))
    engine.publish([("shop", "pets")])
    pets = engine.table("shop", "pets")
    assert engine.to_arrow(pets.order_by("kind"))["kind"].to_pylist() == ["ant", "cat", "dog", None]
    assert engine.to_arrow(pets.filter(pets.kind == "cow")).num_rows == 0


def test_values_that_are_published_stay_possible_in_a_table_that_is_written_anew() -> None:
    engine = DuckDBEngine.in_memory()
    engine.stage_table("shop", PETS, _pets((1, "dog")))
    engine.publish([("shop", "pets")])
    before = engine.fingerprint(engine.table("shop", "pets"))
    engine.stage_table("shop", _more_kinds("cat"), engine.table("shop", "pets"))
    engine.publish([("shop", "pets")])
    assert engine.fingerprint(engine.table("shop", "pets")) == before


def test_a_table_that_was_published_with_plain_texts_can_be_patched() -> None:
    engine = DuckDBEngine.in_memory()
    engine.stage_table("shop", TableSchema("pets", "Pets.", (PETS.columns[0], Column("kind", "string", "Kind."))),
                       _pets((1, "elk")))  # fmt: skip
    engine.publish([("shop", "pets")])
    came = _pets((2, "dog"))
    engine.stage_patch("shop", PETS, Patch("id", came.select("id"), came))
    engine.publish([("shop", "pets")])
    assert engine.to_arrow(engine.table("shop", "pets").order_by("id"))["kind"].to_pylist() == ["elk", "dog"]


def test_a_patch_by_several_columns_leaves_rows_without_a_key_alone() -> None:
    engine = DuckDBEngine.in_memory()
    schema = TableSchema("lines", "Lines.", (Column("order", "string", "Order."), Column("line", "int64", "Line.")))
    stored = ibis.memtable([("a", 1), ("a", 2), ("b", 1), (None, 1)], schema=schema.ibis_schema)
    engine.stage_table("shop", schema, stored)
    engine.publish([("shop", "lines")])
    gone = engine.scratch(ibis.memtable([("a", 1), ("b", 2), (None, 1)], schema=schema.ibis_schema))
    came = engine.scratch(ibis.memtable([("c", 3)], schema=schema.ibis_schema))
    engine.stage_patch("shop", schema, Patch(("order", "line"), gone, came))
    engine.publish([("shop", "lines")])
    found = engine.to_arrow(engine.table("shop", "lines")).to_pylist()
    assert sorted((row["order"] or "", row["line"]) for row in found) == [("", 1), ("a", 2), ("b", 1), ("c", 3)]


def test_appended_rows_are_looked_at_before_they_stay() -> None:
    engine = DuckDBEngine.in_memory()
    engine.append("shop", "amounts", _amounts(engine, (1, "1.00")))

    def refused() -> None:
        with engine.appending("shop", "amounts", _amounts(engine, (2, "2.00"))) as table:
            raise ValueError(f"{row_count(table, engine)} rows")

    with pytest.raises(ValueError, match="2 rows"):
        refused()
    assert _published(engine) == [(1, "1.00")]
    with engine.appending("shop", "amounts", _amounts(engine, (3, "3.00"))):
        pass
    assert _published(engine) == [(1, "1.00"), (3, "3.00")]


def test_rows_that_cannot_be_computed_leave_the_table_and_the_engine_as_they_were() -> None:
    engine = DuckDBEngine.in_memory()
    engine.append("shop", "amounts", _amounts(engine, (1, "1.00")))
    wrong = _amounts(engine, (2, "two"))
    with pytest.raises(duckdb.ConversionException):
        engine.append("shop", "amounts", wrong.mutate(id=wrong.amount.cast("int64")))
    assert _published(engine) == [(1, "1.00")]
    told = engine.backend.con.execute("SELECT current_setting('preserve_insertion_order')").fetchall()
    assert told == [(True,)]


def test_a_note_lasts_until_its_table_changes() -> None:
    engine = DuckDBEngine.in_memory()
    engine.stage_table("shop", AMOUNTS, _amounts(engine, (1, "1.00")))
    engine.publish([("shop", "amounts")], {("shop", "amounts"): "it's new"})
    assert engine.note("shop", "amounts") == "it's new"
    engine.append("shop", "amounts", _amounts(engine, (2, "2.00")))
    assert engine.note("shop", "amounts") is None
    engine.take_note("shop", "amounts", "two rows")
    engine.stage_patch("shop", AMOUNTS, _patch(engine, [2]))
    assert engine.note("shop", "amounts") == "two rows"
    engine.publish([("shop", "amounts")])
    assert engine.note("shop", "amounts") is None


def test_the_fingerprint_of_what_was_appended_adds_up() -> None:
    engine = DuckDBEngine.in_memory()
    one, more = _amounts(engine, (1, "1.00"), (2, "2.00")), _amounts(engine, (3, "3.00"))
    whole = _amounts(engine, (3, "3.00"), (2, "2.00"), (1, "1.00"))
    assert engine.fingerprint(one).with_more(engine.fingerprint(more)) == engine.fingerprint(whole)


def test_any_thread_takes_the_fingerprint_of_what_is_committed_and_leaves_nothing_open(tmp_path: Path) -> None:
    file = tmp_path / "w.duckdb"
    with warehouse_connection(file) as connection, ThreadPoolExecutor(1) as beside:
        engine = DuckDBEngine(connection)
        engine.stage_table("shop", AMOUNTS, _amounts(engine, (1, "1.00"), (2, "2.00")))
        engine.publish([("shop", "amounts")])
        table = engine.table("shop", "amounts")
        one = table.filter(table.id == 1)
        for each in (table, one):
            assert beside.submit(engine.fingerprint, each).result() == engine.fingerprint(engine.scratch(each))
        engine.backend.disconnect()
    with duckdb.connect(str(file), read_only=True) as connection:  # which is refused while anything writes the file
        assert connection.execute("SELECT count(*) FROM shop.amounts").fetchone() == (2,)


def test_the_fingerprint_of_what_was_taken_away_is_taken_off() -> None:
    engine = DuckDBEngine.in_memory()
    whole = _amounts(engine, (1, "1.00"), (2, "2.00"), (3, "3.00"))
    some, rest = _amounts(engine, (2, "2.00")), _amounts(engine, (1, "1.00"), (3, "3.00"))
    assert engine.fingerprint(whole).with_less(engine.fingerprint(some)) == engine.fingerprint(rest)


def test_a_staged_change_can_be_looked_at() -> None:
    engine = DuckDBEngine.in_memory()
    engine.stage_table("shop", AMOUNTS, _amounts(engine, (1, "1.00")))
    assert engine.staged_patch("shop", "amounts") is None
    engine.publish([("shop", "amounts")])
    engine.stage_patch("shop", AMOUNTS, _patch(engine, [1], (2, "2.00")))
    found = engine.staged_patch("shop", "amounts")
    assert found is not None
    assert found.columns == ("id",)
    assert engine.to_arrow(found.gone)["id"].to_pylist() == [1]
    assert engine.to_arrow(found.rows)["id"].to_pylist() == [2]
    engine.publish([("shop", "amounts")])
    assert engine.staged_patch("shop", "amounts") is None


def test_a_discarded_patch_changes_nothing() -> None:
    engine = DuckDBEngine.in_memory()
    engine.stage_table("shop", AMOUNTS, _amounts(engine, (1, "1.00")))
    engine.publish([("shop", "amounts")])
    engine.stage_patch("shop", AMOUNTS, _patch(engine, [1], (2, "2.00")))
    engine.discard([("shop", "amounts")])
    assert _published(engine) == [(1, "1.00")]
    assert [name for name in engine.backend.list_tables(database="shop") if "__" in name] == []


def test_a_patch_and_a_whole_table_are_published_together_or_not_at_all() -> None:
    engine = DuckDBEngine.in_memory()
    engine.stage_table("shop", AMOUNTS, _amounts(engine, (1, "1.00")))
    engine.publish([("shop", "amounts")])
    engine.stage_patch("shop", AMOUNTS, _patch(engine, [1], (2, "2.00")))
    with pytest.raises(duckdb.CatalogException):
        engine.publish([("shop", "amounts"), ("shop", "never_staged")])
    assert _published(engine) == [(1, "1.00")]


def test_a_table_that_is_missing_or_has_other_columns_cannot_be_patched() -> None:
    engine = DuckDBEngine.in_memory()
    assert not engine.can_patch("shop", AMOUNTS)
    engine.stage_table("shop", AMOUNTS, _amounts(engine, (1, "1.00")))
    engine.publish([("shop", "amounts")])
    assert not engine.can_patch("shop", AMOUNTS.extended(Column("note", "string", "Note.")))


def test_sums_of_buckets_wrap_around_and_leave_out_zero() -> None:
    engine = DuckDBEngine.in_memory()
    schema = ibis.schema({"bucket": "int64", "digest": "int64"})
    one = engine.from_arrow(pa.table({"bucket": [0, 3, 3, 5], "digest": [7, 2**62, 2**62, 4]}), schema)
    two = engine.from_arrow(pa.table({"bucket": [5, 1], "digest": [-4, 6]}), schema)
    assert engine.bucket_sums([one, two], 8).to_pydict() == {"bucket": [0, 1, 3], "digest": [7, 6, -(2**63)]}


def test_an_empty_result_is_a_real_typed_table() -> None:
    engine = DuckDBEngine.in_memory()
    empty = engine.from_arrow(AMOUNTS.ibis_schema.to_pyarrow().empty_table(), AMOUNTS.ibis_schema)
    engine.stage_table("shop", AMOUNTS, empty)
    engine.publish([("shop", "amounts")])

    table = engine.table("shop", "amounts")
    assert table.schema()["amount"].is_decimal()
    assert engine.fingerprint(table).rows == 0


def test_a_table_without_a_promised_column_is_refused() -> None:
    engine = DuckDBEngine.in_memory()
    with pytest.raises(SchemaMismatch, match=r"shop\.amounts was computed without the columns amount"):
        engine.stage_table("shop", AMOUNTS, _amounts(engine, (1, "1.00")).select("id"))


def test_appended_rows_may_bring_a_new_column() -> None:
    engine = DuckDBEngine.in_memory()
    engine.append("shop", "raw", _amounts(engine, (1, "1.00")))
    engine.append("shop", "raw", _amounts(engine, (2, "2.00")).mutate(note=ibis.literal("late")))

    rows = engine.to_arrow(engine.table("shop", "raw").order_by("id")).to_pylist()
    assert [(row["id"], row["note"]) for row in rows] == [(1, None), (2, "late")]


def test_the_fingerprint_counts_duplicates_and_ignores_order() -> None:
    engine = DuckDBEngine.in_memory()
    one = engine.fingerprint(_amounts(engine, (1, "1"), (2, "2")))
    other_order = engine.fingerprint(_amounts(engine, (2, "2"), (1, "1")))
    twice = engine.fingerprint(_amounts(engine, (1, "1"), (1, "1"), (2, "2"), (2, "2")))

    assert one == other_order
    assert twice.version != one.version


def test_components_are_labelled_by_their_smallest_node() -> None:
    engine = DuckDBEngine.in_memory()
    edges = pa.table({"left": [5, 7, 9], "right": [3, 5, 9]})
    labelled = engine.connected_components(engine.from_arrow(edges, ibis.schema({"left": "int64", "right": "int64"})))

    found = {row["node"]: row["component"] for row in engine.to_arrow(labelled).to_pylist()}
    assert found == {3: 3, 5: 3, 7: 3, 9: 9}


def test_no_edges_have_no_components() -> None:
    engine = DuckDBEngine.in_memory()
    schema = ibis.schema({"left": "int64", "right": "int64"})
    empty = engine.from_arrow(schema.to_pyarrow().empty_table(), schema)
    assert engine.to_arrow(engine.connected_components(empty)).num_rows == 0


def test_what_is_made_as_it_is_read_is_staged_in_its_order(tmp_path: Path) -> None:
    columns = (Column("id", "int64", "Id."), Column("word", "string", "A text."))
    numbers = TableSchema("numbers", "Numbers.", columns)
    schema = pa.schema([("id", pa.int64()), ("word", pa.string())])

    def batches() -> Iterator[pa.RecordBatch]:
        for first in range(0, 1_000_000, 50_000):
            ids = range(first, first + 50_000)
            yield pa.record_batch([pa.array(ids), pa.array([f"word {n % 7}" for n in ids])], schema=schema)

    with warehouse_connection(tmp_path / "warehouse.duckdb", config={"threads": "4"}) as connection:
        engine = DuckDBEngine(connection)
        engine.stage_table("shop", numbers, engine.stream(Stream(schema, batches), _amounts(engine)))
        engine.publish([("shop", "numbers")])
        found = engine.to_arrow(engine.table("shop", "numbers"))["id"].to_pylist()
    assert found == list(range(1_000_000))


def test_values_are_mapped_piece_by_piece() -> None:
    engine = DuckDBEngine.in_memory()
    schema = ibis.schema({"id": "int64", "double": "int64"})
    sizes: list[int] = []

    def double(batch: pa.Table) -> pa.Table:
        sizes.append(batch.num_rows)
        return pa.table({"double": [2 * value for value in batch["id"].to_pylist()], "id": batch["id"]})

    mapped = engine.map_values(_amounts(engine, (1, "1"), (2, "2"), (3, "3")).select("id"), double, schema, rows=2)

    assert sizes == [2, 1]
    assert {row["id"]: row["double"] for row in engine.to_arrow(mapped).to_pylist()} == {1: 2, 2: 4, 3: 6}


def test_each_thread_reads_through_its_own_cursor() -> None:
    engine = DuckDBEngine.in_memory()
    engine.stage_table("shop", AMOUNTS, _amounts(engine, (1, "1.00")))
    engine.publish([("shop", "amounts")])
    wrong: list[object] = []

    def read(expected: int) -> None:
        for _ in range(30):
            table = engine.table("shop", "amounts")
            got = engine.to_arrow(table.mutate(mark=ibis.literal(expected)))["mark"].to_pylist()
            if got != [expected]:
                wrong.append(got)

    threads = [threading.Thread(target=read, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_users_in_one_process_share_the_connection_and_the_last_one_closes_it(tmp_path: Path) -> None:
    file = tmp_path / "warehouse.duckdb"
    with warehouse_connection(file) as first:
        with warehouse_connection(file) as second:
            assert first is second
        first.execute("CREATE TABLE t (a INTEGER)")
    with pytest.raises(duckdb.ConnectionException):
        first.execute("SELECT 1")


def test_the_connection_is_closed_after_an_exception(tmp_path: Path) -> None:
    file = tmp_path / "warehouse.duckdb"
    with pytest.raises(RuntimeError, match="broken"), warehouse_connection(file) as connection:
        raise RuntimeError("broken")
    with pytest.raises(duckdb.ConnectionException):
        connection.execute("SELECT 1")


def test_a_second_process_waits_says_so_and_gives_up_in_words(tmp_path: Path) -> None:
    import subprocess
    import sys

    file = tmp_path / "warehouse.duckdb"
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from cdp_assets.warehouse.connection import warehouse_connection\n"
        "with warehouse_connection(Path(sys.argv[1])):\n"
        "    print('open', flush=True)\n"
        "    sys.stdin.read()\n"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", program, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline().strip() == "open"
        said: list[str] = []
        with (
            pytest.raises(WarehouseBusy, match="wait for that run to end"),
            warehouse_connection(file, wait_seconds=0.5, waiting=said.append),
        ):
            pass
        assert said == [f"waiting for process {holder.pid}, which is writing warehouse.duckdb"]
    finally:
        holder.communicate("")


def test_readers_see_each_new_snapshot_and_never_the_warehouse(tmp_path: Path) -> None:
    file, served = tmp_path / "warehouse.duckdb", tmp_path / "serving.duckdb"
    with pytest.raises(NothingServed, match="no refresh has succeeded"):
        Reader(served)
    with warehouse_connection(file) as connection:
        engine = DuckDBEngine(connection, file)
        for amount in ("1.00", "2.00"):
            engine.stage_table("shop", AMOUNTS, _amounts(engine, (1, amount)))
            engine.publish([("shop", "amounts")])
            engine.snapshot(served)
            with Reader(served) as reader:
                assert reader.has("shop", "amounts")
                row = reader.one("SELECT amount FROM shop.amounts")
                assert row is not None
                assert str(row["amount"]) == amount


def test_the_ends_of_tables_are_put_together_with_the_copy_for_readers_and_not_before(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, defs=tmp_path)
    for load in range(4):
        with warehouse_connection(settings.warehouse_file, config=settings.duckdb_config) as connection:
            engine = DuckDBEngine(connection, settings.warehouse_file)
            engine.append("shop", "loads", ibis.range(1000).unnest().name("row").as_table().mutate(load=load))
    with warehouse_connection(settings.warehouse_file, config=settings.duckdb_config) as connection:
        groups = "SELECT count(DISTINCT row_group_id) FROM pragma_storage_info('shop.loads')"
        assert connection.execute(groups).fetchall() == [(4,)]
        engine = DuckDBEngine(connection, settings.warehouse_file)
        engine.stage_table("shop", AMOUNTS, _amounts(engine, (1, "1.00")))
        engine.publish([("shop", "amounts")])
        engine.snapshot(settings.serving_file)
        assert connection.execute(groups).fetchall() == [(1,)]
        assert row_count(engine.table("shop", "loads"), engine) == 4000


def test_what_exceeds_the_memory_of_an_engine_without_a_file_finds_a_place(tmp_path: Path) -> None:
    nowhere = tmp_path / "data" / "tmp"
    engine = DuckDBEngine.in_memory({"memory_limit": "64MB", "threads": "1", "temp_directory": str(nowhere)})
    numbers = ibis.range(4_000_000).unnest().name("number").as_table()
    kept = engine.scratch(numbers.mutate(text=numbers.number.cast("string") + "-" + numbers.number.cast("string")))
    assert engine.to_arrow(kept.aggregate(rows=kept.count()))["rows"][0].as_py() == 4_000_000
    assert not nowhere.parent.exists()
