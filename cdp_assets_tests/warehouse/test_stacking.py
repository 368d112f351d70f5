"""A patch writes what differs, and nothing else; as many tables as there are can be put on top of one another."""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from cdp_assets.warehouse.built import Patch
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine
from cdp_assets.warehouse.engine import row_count
from cdp_assets.warehouse.stacking import patched, stack, without_equal

SCHEMA = ibis.schema({"record_id": "int64", "page": "string"})
Row = tuple[int, str | None]


def _table(engine: DuckDBEngine, rows: Sequence[Row]) -> ir.Table:
    columns = {name: [row[place] for row in rows] for place, name in enumerate(SCHEMA.names)}
    return engine.from_arrow(pa.table(columns, schema=SCHEMA.to_pyarrow()), SCHEMA)


def _rows(engine: DuckDBEngine, table: ir.Table) -> list[Row]:
    return sorted((tuple(row.values()) for row in engine.to_arrow(table).to_pylist()), key=str)


def test_rows_that_are_there_already_are_neither_taken_away_nor_brought() -> None:
    engine = DuckDBEngine.in_memory()
    stays: list[Row] = [(1, "home"), (2, "a"), (2, "b"), (3, None)]
    before = _table(engine, [*stays, (4, "home"), (5, None), (6, "a"), (6, "b"), (7, "gone"), (9, "not asked")])
    coming: list[Row] = [*stays, (4, None), (5, "home"), (6, "a"), (8, "new")]
    gone = engine.from_arrow(pa.table({"record_id": list(range(1, 9))}))
    patch = Patch("record_id", gone, _table(engine, coming))
    narrowed = without_equal(patch, before, engine)
    assert sorted(engine.to_arrow(narrowed.gone)["record_id"].to_pylist()) == [4, 5, 6, 7, 8]
    assert _rows(engine, narrowed.rows) == [(4, None), (5, "home"), (6, "a"), (8, "new")]
    assert _rows(engine, patched(before, narrowed)) == _rows(engine, patched(before, patch))


def test_hundreds_of_tables_can_be_stacked() -> None:
    engine = DuckDBEngine.in_memory()
    tables = [engine.scratch(ibis.range(1).unnest().name("number").as_table()) for _ in range(301)]
    assert row_count(stack(*tables), engine) == 301
