"""Snapshots held, copied, and read side by side."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import ibis

from cdp_assets.warehouse.duckdb_engine import DuckDBEngine
from cdp_assets.warehouse.serving import attached, clone, engine_over, hold, unlike


def snapshot(file: Path, *cities: str) -> Path:
    with duckdb.connect(str(file)) as connection:
        connection.execute("CREATE SCHEMA profiles; CREATE TABLE profiles.places (id BIGINT, city VARCHAR)")
        connection.executemany("INSERT INTO profiles.places VALUES (?, ?)", list(enumerate(cities)))
    return file


def test_a_held_snapshot_stays_what_it_was_when_another_takes_its_place(tmp_path: Path) -> None:
    served, kept = snapshot(tmp_path / "serving.duckdb", "Bonn"), tmp_path / "kept.duckdb"
    hold(served, kept)
    before = kept.read_bytes()
    snapshot(tmp_path / "new.duckdb", "Köln").replace(served)
    assert kept.read_bytes() == before != served.read_bytes()


def test_a_clone_is_equal_and_goes_its_own_way(tmp_path: Path) -> None:
    served, copy = snapshot(tmp_path / "serving.duckdb", "Bonn"), tmp_path / "copy.duckdb"
    assert clone(served, copy) in (0, served.stat().st_size)
    before = served.read_bytes()
    assert copy.read_bytes() == before
    with duckdb.connect(str(copy)) as connection:
        connection.execute("DELETE FROM profiles.places; CHECKPOINT")
    assert served.read_bytes() == before


def test_every_cursor_of_an_engine_over_a_snapshot_sees_its_tables(tmp_path: Path) -> None:
    served = snapshot(tmp_path / "serving.duckdb", "Bonn", "Rome")
    with engine_over(served) as engine, ThreadPoolExecutor(1) as pool:

        def cities() -> list[str]:
            pieces = engine.batches(engine.table("profiles", "places"))
            return [row["city"] for piece in pieces for row in piece.to_pylist()]

        assert cities() == pool.submit(cities).result() == ["Bonn", "Rome"]
        kept = engine.scratch(engine.table("profiles", "places"))
        assert engine.to_arrow(kept).num_rows == 2
        with engine.cursor() as cursor:
            assert cursor.execute("SELECT current_setting('TimeZone')").fetchall() == [("UTC",)]


def test_expressions_reach_over_attached_files(tmp_path: Path) -> None:
    old, new = snapshot(tmp_path / "old.duckdb", "Bonn", "Rome"), snapshot(tmp_path / "new.duckdb", "Köln", "Rome")
    with attached(before=old, after=new) as tables:
        before, after = (tables[name]("profiles", "places") for name in ("before", "after"))
        moved = after.anti_join(before, ["id", "city"])
        assert moved.to_pyarrow().to_pylist() == [{"id": 0, "city": "Köln"}]


def test_tables_that_a_snapshot_lacks_or_holds_with_other_rows_are_named(tmp_path: Path) -> None:
    served = snapshot(tmp_path / "serving.duckdb", "Bonn", "Rome")
    engine = DuckDBEngine.in_memory()
    engine.append("profiles", "places", ibis.memtable({"id": [0, 1], "city": ["Bonn", "Rome"]}))
    tables = [("profiles", "places"), ("profiles", "timeline")]
    assert unlike(engine, served, tables) == []
    engine.append("profiles", "timeline", ibis.memtable({"id": [0]}))
    assert unlike(engine, served, tables) == [("profiles", "timeline")]
    engine.append("profiles", "places", ibis.memtable({"id": [2], "city": ["Köln"]}))
    assert unlike(engine, served, tables) == tables
