"""Counting what profiles did."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import ibis
import ibis.expr.types as ir

from cdp_assets.attributes.activity import daily_activity
from cdp_assets.attributes.behaviour import behaviour
from cdp_assets.attributes.schemas import BEHAVIOUR
from cdp_assets.canonical import tables as canonical
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine
from cdp_assets_tests.attributes.tables import activity, day, filled, noon, rows, spark_sql

AS_OF = datetime(2026, 4, 11, tzinfo=UTC)  # day 99 is the last that has begun
COUNTED = ("events", "engagements", "tickets", "interactions", "survey_responses")
NPS = {"survey": "nps", "responded_at": noon(1)}


def facts(engine: DuckDBEngine, **given: list[dict[str, Any]]) -> dict[str, ir.Table]:
    names = (*COUNTED, "loyalty", "order_lines")
    tables = {name: filled(engine, canonical.TABLES[name], *given.get(name, []), profile_id="int64") for name in names}
    return {**tables, "products": filled(engine, canonical.PRODUCTS, *given.get("products", []))}


def counted(engine: DuckDBEngine, did: list[tuple[int, int, str, int]] = (), **given: list[dict[str, Any]]) -> ir.Table:
    tables = facts(engine, **given)
    return behaviour(
        activity(engine, did), tables["tickets"], tables["survey_responses"], tables["loyalty"],
        tables["order_lines"], tables["products"], AS_OF, engine,
    )  # fmt: skip


def test_facts_are_counted_by_profile_day_and_kind(engine: DuckDBEngine) -> None:
    tables = facts(
        engine,
        events=[
            {"profile_id": 1, "event_name": "Product Viewed", "occurred_at": noon(3)},
            {"profile_id": 1, "event_name": "product viewed ", "occurred_at": noon(3)},
            {"profile_id": 1, "event_name": "page", "occurred_at": noon(4)},
            {"profile_id": 2, "event_name": "Quiz Finished", "occurred_at": noon(4)},
            {"profile_id": 2, "event_name": "identify", "occurred_at": noon(4)},
        ],
        engagements=[{"profile_id": 1, "channel": "email", "action": "opened", "occurred_at": noon(3)}],
        tickets=[{"profile_id": 2, "opened_at": noon(5)}],
        interactions=[
            {"profile_id": 2, "kind": "call", "direction": "inbound", "occurred_at": noon(5)},
            {"profile_id": 2, "kind": "note", "occurred_at": noon(5)},
        ],
        survey_responses=[{"profile_id": 2, "responded_at": noon(6)}],
    )
    counted = daily_activity(*(tables[name] for name in COUNTED), AS_OF)

    assert sorted(rows(engine, counted, "profile_id", "day", "activity", "times")) == [
        (1, day(3), "email_opened", 1),
        (1, day(3), "product_viewed", 2),
        (1, day(4), "page_viewed", 1),
        (2, day(4), "identified", 1),
        (2, day(4), "other_event", 1),
        (2, day(5), "call_inbound", 1),
        (2, day(5), "note_unknown", 1),
        (2, day(5), "ticket_opened", 1),
        (2, day(6), "survey_answered", 1),
    ]


def test_windows_end_with_the_last_day_that_has_begun(engine: DuckDBEngine) -> None:
    table = counted(
        engine,
        [
            (1, 99, "page_viewed", 1), (1, 70, "product_viewed", 2), (1, 69, "product_added", 4),
            (1, 10, "page_viewed", 8), (1, 9, "page_viewed", 16), (1, 99, "email_opened", 32),
        ],
    )  # fmt: skip

    assert rows(engine, table, "events_30d", "events_90d", "active_days_30d", "product_views_30d", "carts_30d",
                "emails_opened_90d", "last_event_at") == [(3, 15, 2, 2, 0, 32, noon(99))]  # fmt: skip


def test_every_profile_that_did_anything_has_one_row_with_counts_and_no_gaps(engine: DuckDBEngine) -> None:
    table = counted(
        engine,
        [(1, 99, "page_viewed", 1)],
        tickets=[{"profile_id": 2, "opened_at": noon(9), "status": "open"}],
        survey_responses=[{"profile_id": 3, "score": 9.0, **NPS}],
        loyalty=[{"profile_id": 4, "movement": "earned", "occurred_at": noon(1), "points": 5.0}],
        order_lines=[{"profile_id": 5, "category": "tea", "amount": Decimal("3.00"), "ordered_at": noon(1)}],
    )

    assert set(table.columns) == set(BEHAVIOUR.column_names)
    assert rows(engine, table, "profile_id", "events_30d", "open_tickets", "last_nps_score", "loyalty_points",
                "favourite_category") == [
        (1, 1, 0, None, None, None),
        (2, 0, 1, None, None, None),
        (3, 0, 0, 9.0, None, None),
        (4, 0, 0, None, 5.0, None),
        (5, 0, 0, None, None, "tea"),
    ]  # fmt: skip


def test_a_ticket_without_a_status_waits_until_it_is_resolved(engine: DuckDBEngine) -> None:
    table = counted(
        engine,
        tickets=[
            {"profile_id": 1, "opened_at": noon(1), "status": "pending", "satisfaction": "bad"},
            {"profile_id": 1, "opened_at": noon(2)},
            {"profile_id": 1, "opened_at": noon(3), "resolved_at": noon(4)},
            {"profile_id": 1, "opened_at": noon(4), "status": "closed", "satisfaction": "good"},
        ],
    )

    assert rows(engine, table, "open_tickets", "bad_ratings", "last_ticket_at") == [(2, 1, noon(4))]


def test_the_latest_answer_and_tier_count_and_ties_go_to_the_greater_id(engine: DuckDBEngine) -> None:
    table = counted(
        engine,
        survey_responses=[
            {"profile_id": 1, "score": 2.0, **NPS, "responded_at": noon(5), "native_id": "a"},
            {"profile_id": 1, "score": 8.0, **NPS, "responded_at": noon(5), "native_id": "b"},
            {"profile_id": 1, "score": 10.0, **NPS, "responded_at": noon(4), "native_id": "c"},
            {"profile_id": 1, "score": 1.0, "survey": "csat", "responded_at": noon(9)},
        ],
        loyalty=[
            {"profile_id": 1, "movement": "joined", "occurred_at": noon(1), "tier": "silver"},
            {"profile_id": 1, "movement": "tier_changed", "occurred_at": noon(8), "tier": "gold"},
            {"profile_id": 1, "movement": "redeemed", "occurred_at": noon(9), "points": -20.0},
        ],
    )

    assert rows(engine, table, "last_nps_score", "last_nps_at", "loyalty_tier", "loyalty_points") == [
        (8.0, noon(5), "gold", -20.0)
    ]


def test_the_favourite_category_is_the_one_most_was_spent_on(engine: DuckDBEngine) -> None:
    lines = [("tea", "5.00"), ("cups", "4.00"), ("tea", "1.00"), ("cups", "2.00"), ("cups", "-9.00"), (None, "99.00")]
    table = counted(
        engine,
        order_lines=[
            {"profile_id": 1, "category": category, "amount": Decimal(amount), "ordered_at": noon(1)}
            for category, amount in lines
        ],
    )

    # 6.00 each: the first in the alphabet.
    assert rows(engine, table, "favourite_category") == [("cups",)]


def test_a_line_without_a_category_has_that_of_its_product(engine: DuckDBEngine) -> None:
    line = {"profile_id": 1, "product_id": "p1", "amount": Decimal("3.00"), "ordered_at": noon(1)}
    table = counted(
        engine,
        order_lines=[line, {**line, "source": "till", "profile_id": 2}],
        products=[{"product_id": "p1", "category": "lamps"}],
    )

    assert rows(engine, table, "profile_id", "favourite_category") == [(1, "lamps")]


def test_nothing_done_is_an_empty_table(engine: DuckDBEngine) -> None:
    assert rows(engine, counted(engine)) == []


def test_it_compiles_for_spark(engine: DuckDBEngine) -> None:
    tables = {
        name: ibis.table({**dict(canonical.TABLES[name].ibis_schema.items()), "profile_id": "int64"}, name=name)
        for name in facts(engine)
    }

    assert spark_sql(daily_activity(*(tables[name] for name in COUNTED), AS_OF))
    own = DuckDBEngine.in_memory()
    assert spark_sql(counted(own))
    assert all(spark_sql(part) for part in own.origins.values())
