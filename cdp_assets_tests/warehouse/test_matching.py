"""Very many conditions over few terms."""

from __future__ import annotations

import ibis
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from cdp_assets.segments.formulas import formula_of
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine
from cdp_assets.warehouse.expressions import bind
from cdp_assets.warehouse.matching import as_expression, terms_of
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
    by_bits, by_rows = (
        {tuple(row.values()) for row in engine.to_arrow(found).to_pylist()}
        for found in (
            engine.matches(table, "who", formulas, terms),
            as_expression(table, "who", formulas, terms),
        )
    )
    said = {
        (name, who)
        for name in formulas
        for who in engine.to_arrow(table.filter(bind(name.partition(": ")[2], table)).select("who"))["who"].to_pylist()
    }
    assert by_bits == by_rows == said


def test_more_rows_than_fit_into_a_batch_are_all_answered() -> None:
    engine = DuckDBEngine.in_memory()
    table = ibis.range(300_001).unnest().name("who").as_table().mutate(who=lambda t: t.who.cast("int64"))
    numbers = engine.scratch(table)
    formula = formula_of("not (who % 3 = 0) and who > 7")
    terms = {term: bind(term, numbers).fill_null(False) for term in terms_of([formula])}
    found = engine.to_arrow(engine.matches(numbers, "who", {"x": formula}, terms))["who"].to_pylist()
    assert sorted(found) == [who for who in range(300_001) if who % 3 and who > 7]
