"""Support health: a rule that whoever picks up the phone can follow."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import ibis.expr.types as ir

from cdp_assets.attributes.signal_schemas import SUPPORT_HEALTH
from cdp_assets.attributes.support_health import support_health
from cdp_assets.canonical import tables as canonical
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine
from cdp_assets_tests.attributes.tables import filled, noon, rows, spark_sql

AS_OF = noon(400)


def judged(
    engine: DuckDBEngine, tickets: list[dict[str, Any]], answers: list[dict[str, Any]] | None = None
) -> ir.Table:
    return support_health(
        filled(engine, canonical.TICKETS, *tickets, profile_id="int64"),
        filled(engine, canonical.SURVEY_RESPONSES, *(answers or []), profile_id="int64"),
        AS_OF,
    )


def ticket(profile: int, opened: int, **more: Any) -> dict[str, Any]:
    return {"profile_id": profile, "ticket_id": f"{profile}-{opened}", "opened_at": noon(opened), **more}


def solved(profile: int, opened: int, hours: float = 10.0, **more: Any) -> dict[str, Any]:
    at = noon(opened)
    given = {"first_response_at": at + timedelta(hours=hours), "resolved_at": at + timedelta(hours=2 * hours)}
    return ticket(profile, opened, status="closed", **given, **more)


def test_what_went_well_costs_nothing(engine: DuckDBEngine) -> None:
    table = judged(engine, [solved(1, 390, satisfaction="good")])

    assert rows(engine, table) == [(1, 100, "good", "nothing is wrong", None, 10.0, 20.0, 1.0)]
    assert tuple(table.columns) == SUPPORT_HEALTH.column_names


def test_a_ticket_that_waits_costs_more_the_longer_it_does(engine: DuckDBEngine) -> None:
    table = judged(
        engine,
        [ticket(1, 400, status="open"), ticket(2, 390, status="pending"),
         ticket(3, 390, status="open", priority="urgent"), ticket(4, 1, status="open")],
    )  # fmt: skip

    assert rows(engine, table, "profile_id", "support_health", "support_band", "support_reasons") == [
        (1, 90, "good", "a ticket has waited for 0 days"),
        (2, 70, "strained", "a ticket has waited for 10 days"),
        (3, 55, "strained", "a ticket has waited for 10 days"),
        (4, 60, "strained", "a ticket has waited for 399 days"),
    ]


def test_bad_experiences_are_forgiven_by_half_in_90_days(engine: DuckDBEngine) -> None:
    table = judged(engine, [solved(1, 400, satisfaction="bad"), solved(2, 310, satisfaction="bad")])

    assert rows(engine, table, "profile_id", "support_health", "support_reasons", "satisfaction") == [
        (1, 75, "1 ticket rated bad", 0.0),
        (2, 88, "1 ticket rated bad", 0.0),
    ]


def test_what_people_said_last_counts(engine: DuckDBEngine) -> None:
    said = [
        {"profile_id": 1, "survey": "nps", "score": 2.0, "responded_at": noon(400)},
        {"profile_id": 2, "survey": "nps", "score": 2.0, "responded_at": noon(300)},
        {"profile_id": 2, "survey": "nps", "score": 10.0, "responded_at": noon(400)},
    ]

    assert rows(engine, judged(engine, [], said), "profile_id", "support_health", "support_reasons") == [
        (1, 75, "would recommend us with 2 of 10"),
        (2, 100, "nothing is wrong"),
    ]


def test_slow_answers_and_many_tickets_are_told_and_points_never_fall_below_none(engine: DuckDBEngine) -> None:
    slow = [solved(1, 391 - number, hours=100, satisfaction="bad") for number in range(5)]

    assert rows(engine, judged(engine, slow), "support_health", "support_band", "support_reasons") == [
        (0, "poor", "5 tickets rated bad; tickets were first answered after 100 hours; 5 tickets in 90 days")
    ]


def test_what_happened_later_has_not_happened_yet(engine: DuckDBEngine) -> None:
    table = judged(engine, [solved(1, 400, hours=48), solved(2, 410)])

    assert rows(engine, table, "profile_id", "first_response_hours", "resolution_hours") == [(1, None, None)]
    assert spark_sql(table)
