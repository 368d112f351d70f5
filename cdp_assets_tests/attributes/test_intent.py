"""Intent: what people do before they buy, faded with time, and over once they have bought."""

from __future__ import annotations

from cdp_assets.attributes.intent import intent
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine
from cdp_assets_tests.attributes.tables import activity, day, purchases, rows, spark_sql

SHOWN = ("profile_id", "intent_score", "intent_band", "intent_reason")


def test_steps_nearer_to_buying_weigh_more_and_all_fade(engine: DuckDBEngine) -> None:
    did = activity(
        engine,
        [
            (1, 60, "checkout_started", 1),  # 6 today
            (2, 55, "product_added", 1), (2, 60, "product_viewed", 1),  # 3 halved once, and 1
            (3, 50, "searched", 1),  # 1 halved twice
            (4, 60, "page_viewed", 9),
            (5, 20, "checkout_started", 1),  # forty days ago
        ],
    )  # fmt: skip

    assert rows(engine, intent(did, purchases(engine, []), day(60)), *SHOWN) == [
        (1, 6.0, "high", "started a checkout today"),
        (2, 2.5, "medium", "put a product in the cart 5 days ago"),
        (3, 0.3, "low", "searched 10 days ago"),
    ]


def test_whoever_bought_since_has_no_such_intent_any_more(engine: DuckDBEngine) -> None:
    did = activity(engine, [(1, 58, "checkout_started", 1), (2, 58, "checkout_started", 1), (2, 59, "searched", 1)])

    found = intent(did, purchases(engine, [(1, 58, "10"), (2, 58, "10")]), day(60))

    assert rows(engine, found, *SHOWN) == [(2, 0.9, "low", "searched yesterday")]


def test_a_page_that_reloads_itself_counts_five_times_a_day(engine: DuckDBEngine) -> None:
    did = activity(engine, [(1, 60, "product_viewed", 400)])

    assert rows(engine, intent(did, purchases(engine, []), day(60)), "profile_id", "intent_score") == [(1, 5.0)]


def test_what_came_later_is_not_seen_and_it_compiles_for_spark(engine: DuckDBEngine) -> None:
    found = intent(activity(engine, [(1, 61, "searched", 1)]), purchases(engine, [(1, 62, "10")]), day(60))

    assert rows(engine, found) == []
    assert spark_sql(found)
