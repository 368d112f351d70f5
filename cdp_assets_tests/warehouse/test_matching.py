"""Very many conditions over few terms."""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from cdp_assets.segments.formulas import formula_of
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine
from cdp_assets.warehouse.expressions import bind
from cdp_assets.warehouse.matching import Expressed, Matches, terms_of
from cdp_assets_tests.examples import examples

SCHEMA = ibis.schema({"who": "int64", "a": "int64", "b": "int64"})
ATOMS = ("a > 1", "b = 2", "a is null", "a < b")
CONDITIONS = st.recursive(
    st.sampled_from(ATOMS),
    lambda inner: st.one_of(
        st.builds("({} and {})".format, inner, inner),
        st.builds("({} or {})".format, inner, inner),
        st.builds("not ({})".format, inner),
        st.builds("coalesce(({}), false)".format, inner),
    ),
    max_leaves=6,
)
VALUES = st.one_of(st.none(), st.integers(0, 3))


@examples(60)
@given(st.lists(CONDITIONS, min_size=1, max_size=4), st.lists(st.tuples(VALUES, VALUES), max_size=20))
def test_bits_say_what_sql_says(conditions: list[str], people: list[tuple[int | None, int | None]]) -> None:
    engine = DuckDBEngine.in_memory()
    rows = [{"who": who, "a": a, "b": b} for who, (a, b) in enumerate(people)]
    table = engine.from_arrow(pa.Table.from_pylist(rows, SCHEMA.to_pyarrow()), SCHEMA)
    formulas = {f"{place}: {condition}": formula_of(condition) for place, condition in enumerate(conditions)}
    terms = {term: bind(term, table).fill_null(False) for term in terms_of(list(formulas.values()))}
    by_bits = engine.matches(table, "who", formulas, terms)
    by_rows = Expressed(table, "who", formulas, terms)
    said = {
        (name, who)
        for name in formulas
        for who in engine.to_arrow(table.filter(bind(name.partition(": ")[2], table)).select("who"))["who"].to_pylist()
    }
    few = table.filter(table.who % 2 == 0).select("who")
    chosen = list(formulas)[:1]
    assert _pairs(engine, by_bits) == _pairs(engine, by_rows) == said
    assert (
        _pairs(engine, by_bits, keys=few)
        == _pairs(engine, by_rows, keys=few)
        == {(n, w) for n, w in said if w % 2 == 0}
    )
    assert (
        _pairs(engine, by_bits, chosen) == _pairs(engine, by_rows, chosen) == {(n, w) for n, w in said if n in chosen}
    )
    assert _rows(engine, by_bits.marks()) == _rows(engine, by_rows.marks())
    assert {row for row in _rows(engine, by_bits.totals()) if row[1]} == _rows(engine, by_rows.totals())


def _pairs(engine: DuckDBEngine, found: Matches, names: list[str] | None = None, keys: ir.Table | None = None) -> Any:
    return _rows(engine, found.pairs(names, keys))


def _rows(engine: DuckDBEngine, table: ir.Table) -> set[tuple[Any, ...]]:
    return {tuple(row.values()) for row in engine.to_arrow(table).to_pylist()}


def test_more_rows_than_fit_into_a_batch_are_all_answered() -> None:
    engine = DuckDBEngine.in_memory()
    table = ibis.range(300_001).unnest().name("who").as_table().mutate(who=lambda t: t.who.cast("int64"))
    numbers = engine.scratch(table)
    formula = formula_of("not (who % 3 = 0) and who > 7")
    terms = {term: bind(term, numbers).fill_null(False) for term in terms_of([formula])}
    found = engine.to_arrow(engine.matches(numbers, "who", {"x": formula}, terms).pairs())["who"].to_pylist()
    assert sorted(found) == [who for who in range(300_001) if who % 3 and who > 7]
