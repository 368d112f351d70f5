"""Traits: figures that definitions ask for, from one pass over each table, right after any merge."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import ibis.expr.types as ir
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdp_assets.attributes.trait_spec import FACTS, TraitError, TraitSpec, check_reads
from cdp_assets.attributes.traits import failures, trait_columns, traits, traits_schema, wide_schema
from cdp_assets.canonical.schema import Pii
from cdp_assets.settings import PROJECT
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine
from cdp_assets.warehouse.expressions import ExpressionError
from cdp_assets_tests.attributes.tables import filled, noon, rows, spark_sql
from cdp_assets_tests.examples import examples

ENGINE = DuckDBEngine.in_memory()
AS_OF = noon(40)


def trait(name: str = "views", **said: Any) -> TraitSpec:
    return TraitSpec(**{"name": name, "description": "Something", "table": "events", "aggregate": "count", **said})


def events(*happened: tuple[int, int, str], engine: DuckDBEngine = ENGINE) -> ir.Table:
    """(profile, day, name)."""
    facts = [{"profile_id": profile, "occurred_at": noon(day), "event_name": name} for profile, day, name in happened]
    return filled(engine, FACTS["events"], *facts, profile_id="int64")


def found(table: ir.Table, *specs: TraitSpec, **more: ir.Table) -> list[tuple[Any, ...]]:
    made = traits({"events": table, **more}, specs, AS_OF, ENGINE)
    return rows(ENGINE, made, "profile_id", *(spec.name for spec in specs))


HAPPENED = events((1, 1, "view"), (1, 33, "view"), (1, 34, "view"), (1, 35, "buy"), (1, 39, "view"), (2, 2, "buy"))


def test_a_window_of_seven_days_ends_with_the_day_of_the_run() -> None:
    assert found(HAPPENED, trait(where="event_name = 'view'", days=7)) == [(1, 2)]
    assert found(HAPPENED, trait(where="event_name = 'view'")) == [(1, 4), (2, 0)]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"aggregate": "distinct", "of": "event_name"}, [(1, 2), (2, 1)]),
        ({"aggregate": "first", "of": "event_name"}, [(1, "view"), (2, "buy")]),
        ({"aggregate": "last", "of": "event_name", "days": 6}, [(1, "view")]),
        ({"aggregate": "days_since", "where": "event_name = 'buy'"}, [(1, 5), (2, 38)]),
        ({"aggregate": "sum", "of": "length(event_name)"}, [(1, 19.0), (2, 3.0)]),
        ({"aggregate": "average", "of": "length(event_name)"}, [(1, 3.8), (2, 3.0)]),
        ({"aggregate": "min", "of": "event_name"}, [(1, "buy"), (2, "buy")]),
        ({"aggregate": "max", "of": "occurred_at"}, [(1, noon(39)), (2, noon(2))]),
        ({"aggregate": "most_frequent", "of": "event_name"}, [(1, "view"), (2, "buy")]),
        ({"aggregate": "top", "of": "event_name", "top": 2}, [(1, "view, buy"), (2, "buy")]),
        ({"aggregate": "top", "of": "event_name", "where": "event_name = 'view'"}, [(1, "view"), (2, None)]),
    ],
)
def test_every_aggregate_says_what_its_name_does(said: dict[str, Any], expected: list[tuple[Any, ...]]) -> None:
    assert found(HAPPENED, trait(**said)) == expected


def test_equal_values_are_ranked_by_themselves_so_that_runs_agree() -> None:
    table = events((1, 1, "b"), (1, 2, "a"), (1, 3, "c"))

    assert found(table, trait(aggregate="top", of="event_name", top=2)) == [(1, "a, b")]


def test_a_favourite_may_be_by_weight() -> None:
    lines = filled(
        ENGINE, FACTS["order_lines"],
        {"profile_id": 1, "ordered_at": noon(1), "category": "Hats", "amount": 30},
        {"profile_id": 1, "ordered_at": noon(2), "category": "Shoes", "amount": 20},
        {"profile_id": 1, "ordered_at": noon(3), "category": "Shoes", "amount": 5},
        {"profile_id": 1, "ordered_at": noon(3), "category": None, "amount": 500},
        profile_id="int64",
    )  # fmt: skip
    asked = {"table": "order_lines", "aggregate": "most_frequent", "of": "category"}

    specs = (trait("by_lines", **asked), trait("by_spend", **asked, weight="amount"))

    assert found(HAPPENED, *specs, order_lines=lines) == [(1, "Shoes", "Hats")]


def test_traits_of_several_tables_meet_in_one_row_and_counts_are_zero_where_there_is_nothing() -> None:
    ticket = {"profile_id": 3, "opened_at": noon(30)}
    tickets = filled(ENGINE, FACTS["tickets"], ticket, profile_id="int64")

    specs = (trait(), trait("silence", table="tickets", aggregate="days_since"))

    assert found(HAPPENED, *specs, tickets=tickets) == [(1, 5, None), (2, 1, None), (3, 0, 10)]


def test_a_trait_may_be_made_of_others() -> None:
    views, buys = trait("views", where="event_name = 'view'"), trait("buys", where="event_name = 'buy'")
    composed = TraitSpec("share", "Share of buys", expression="buys / (views + buys)")

    assert found(HAPPENED, views, buys, composed) == [(1, 4, 1, 0.2), (2, 0, 1, 1.0)]


def test_a_hundred_counts_are_each_exact() -> None:
    table = events(*((1, day, "view") for day in range(1, 40)), (2, 39, "view"))
    specs = [trait(f"views_{days}d", days=days) for days in range(1, 101)]

    [(_, *of_one), (_, *of_two)] = found(table, *specs)

    # The run is in the middle of day 40, so that day 39 is the second of the window.
    assert of_one == [min(max(days - 1, 0), 39) for days in range(1, 101)]
    assert of_two == [0] + [1] * 99


def test_what_happens_after_the_instant_is_not_seen() -> None:
    assert found(events((1, 39, "view"), (1, 45, "view"), (2, 50, "view")), trait()) == [(1, 1)]


@examples(20)
@given(st.lists(st.tuples(st.integers(1, 4), st.integers(0, 40), st.sampled_from(["a", "b"])), min_size=1, max_size=12))
def test_people_who_merge_have_the_traits_of_one_who_did_everything(happened: list[tuple[int, int, str]]) -> None:
    specs = (
        trait("times"), trait("recent", days=10), trait("kinds", aggregate="distinct", of="event_name"),
        trait("best", aggregate="most_frequent", of="event_name"), trait("ago", aggregate="days_since"),
    )  # fmt: skip

    merged = events(*((1, day, name) for _, day, name in happened))
    one = {
        "times": len(happened),
        "recent": sum(day > 30 for _, day, _ in happened),
        "kinds": len({name for *_, name in happened}),
        "best": min("ab", key=lambda name: (-sum(other == name for *_, other in happened), name)),
        "ago": 40 - max(day for _, day, _ in happened),
    }

    assert found(merged, *specs) == [(1, *one.values())]


@pytest.mark.parametrize(
    ("said", "because"),
    [
        ({"name": "Views"}, "name: `Views` must be lower case"),
        ({"table": "evnts"}, "table: `evnts` is no table of facts; there are engagements, events"),
        ({"aggregate": "median"}, "aggregate: `median` is unknown"),
        ({"aggregate": "sum"}, "of: sum needs `of`"),
        ({"of": "event_name"}, "of: count takes no `of`"),
        ({"days": 0}, "days: 0 is no number of days"),
        ({"expression": "1"}, "either a table with an aggregate, or an expression"),
    ],
)
def test_what_makes_no_sense_is_refused(said: dict[str, Any], because: str) -> None:
    with pytest.raises(TraitError, match=because):
        trait(**said)


@pytest.mark.parametrize(
    ("said", "because"),
    [
        ({"where": "event = 'x'"}, "unknown column `event`"),
        ({"where": "event_name"}, "a condition is true or false"),
        ({"aggregate": "sum", "of": "event_name"}, "sum needs a number"),
        ({"aggregate": "last", "of": "subject", "table": "tickets"}, "column `subject` is sensitive"),
        ({"table": "", "aggregate": "", "expression": "clicks + 1"}, "unknown column `clicks`"),
    ],
)
def test_an_expression_that_does_not_fit_is_refused(said: dict[str, Any], because: str) -> None:
    with pytest.raises(ExpressionError, match=because):
        trait(**said).column()


@pytest.mark.parametrize(
    ("expressions", "because"),
    [
        ({"ta": "tb + 1", "tb": "ta + 1"}, "traits name each other in a circle: ta → tb → ta"),
        ({"ta": "ta + 1"}, "in a circle: ta → ta"),
        ({"ta": "views + tb", "tb": "views + 1"}, "`tb` is made of other traits itself"),
    ],
)
def test_a_composed_trait_that_reads_another_is_refused(expressions: dict[str, str], because: str) -> None:
    composed = {name: TraitSpec(name, "Something", expression=sql) for name, sql in expressions.items()}
    with pytest.raises(TraitError, match=because):
        check_reads(composed["ta"], composed)
    check_reads(TraitSpec("tc", "Something", expression="views + 1"), composed)


def test_a_trait_is_a_documented_column_of_the_wide_row_with_the_class_of_what_it_was_made_of() -> None:
    [column] = trait_columns([trait("place", aggregate="last", of="place", unit=None)])

    assert column.description == "Something."
    assert column.pii is FACTS["events"].column("place").pii
    assert wide_schema([trait("views")]).column("views").pii is Pii.NONE
    with pytest.raises(TraitError, match="`orders` is a column of `customer_360` already"):
        wide_schema([trait("orders")])


def test_a_definition_carries_its_own_small_tests(engine: DuckDBEngine) -> None:
    test = {"as_of": "2026-02-10T00:00:00Z", "rows": {"events": [{"occurred_at": "2026-02-09T10:00:00Z"}]}}
    right, wrong = trait(tests=({**test, "expect": 1},)), trait(tests=({**test, "expect": 2},))

    assert list(failures([right], engine)) == []
    assert [problem for _, problem in failures([wrong], engine)] == ["1 instead of 2"]


def test_the_tests_of_the_definitions_that_come_with_the_project_pass(engine: DuckDBEngine) -> None:
    from cdp_assets.catalog import load_catalog

    specs = load_catalog(PROJECT / "cdp_assets" / "defs").traits

    assert any(spec.tests for spec in specs)
    assert list(failures(specs, engine)) == []


def test_it_compiles_for_spark(engine: DuckDBEngine) -> None:
    specs = [trait(), trait("best", aggregate="top", of="event_name"), trait("last", aggregate="last", of="event_name")]

    table = traits({"events": events(engine=engine)}, specs, datetime(2026, 3, 1, tzinfo=UTC), engine)

    assert table.columns == traits_schema(specs).column_names
    assert spark_sql(table)
