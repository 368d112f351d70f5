"""From a visit to an order, week by week. Day 4 is Monday, 5 January 2026."""

from __future__ import annotations

from cdp_assets.measurement.funnels import funnels
from cdp_assets.measurement.schemas import FUNNELS
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine
from cdp_assets_tests.attributes.tables import activity, day, purchases, rows, spark_sql


def test_a_step_counts_only_with_all_before_it_in_the_same_week(engine: DuckDBEngine) -> None:
    did = activity(
        engine,
        [
            (1, 4, "page_viewed", 1), (1, 4, "product_viewed", 1), (1, 5, "product_added", 1),
            (2, 4, "product_viewed", 3), (2, 11, "product_added", 1),
            (3, 6, "page_viewed", 1), (3, 6, "product_added", 1),
            (4, 6, "email_opened", 1),
        ],
    )  # fmt: skip
    bought = purchases(engine, [(1, 10, "9.00"), (2, 4, "5.00"), (3, 6, "5.00"), (4, 6, "5.00")])

    table = funnels(did, bought)

    assert set(table.columns) == set(FUNNELS.column_names)
    assert rows(engine, table, "week", "step", "name", "profiles", "share_of_first", "share_of_previous") == [
        (day(4), 1, "visited", 3, 1.0, 1.0),
        (day(4), 2, "viewed a product", 2, 2 / 3, 2 / 3),
        (day(4), 3, "added to cart", 1, 1 / 3, 0.5),
        (day(4), 4, "ordered", 1, 1 / 3, 1.0),
        (day(11), 1, "visited", 1, 1.0, 1.0),
        (day(11), 2, "viewed a product", 0, 0.0, 0.0),
        (day(11), 3, "added to cart", 0, 0.0, None),
        (day(11), 4, "ordered", 0, 0.0, None),
    ]
    assert spark_sql(table)


def test_a_correction_is_no_order(engine: DuckDBEngine) -> None:
    did = activity(engine, [(1, 4, "product_viewed", 1), (1, 4, "product_added", 1)])

    assert rows(engine, funnels(did, purchases(engine, [(1, 4, "-5.00")])), "week", "step", "profiles")[-1] == (
        day(4), 4, 0,
    )  # fmt: skip


def test_no_events_give_an_empty_table(engine: DuckDBEngine) -> None:
    assert rows(engine, funnels(activity(engine), purchases(engine, [(1, 4, "5.00")]))) == []
