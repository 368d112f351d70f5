"""What being chosen for a destination's messages changed."""

from __future__ import annotations

import math
from typing import Any

import ibis.expr.types as ir
import pytest
from scipy import stats

from cdp_assets.activation.schemas import DELIVERIES
from cdp_assets.identity.schemas import REDIRECTS
from cdp_assets.measurement.campaign_lift import campaign_lift
from cdp_assets.measurement.schemas import CAMPAIGN_LIFT
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine
from cdp_assets_tests.attributes.tables import filled, noon, purchases, spark_sql


def told(profile: int, arm: str | None, number: int = 10, destination: str = "winback") -> dict[str, Any]:
    return {"destination": destination, "profile_id": profile, "arm": arm, "created_at": noon(number)}


def lifted(
    engine: DuckDBEngine,
    deliveries: list[dict[str, Any]],
    orders: list[tuple[int, int, str]],
    merged: list[tuple[int, int]] = (),  # type: ignore[assignment]
    refunds: list[tuple[int, int, str]] = (),  # type: ignore[assignment]
) -> ir.Table:
    redirects = [{"old_profile_id": old, "profile_id": new, "since": noon(11)} for old, new in merged]
    told_of = filled(engine, DELIVERIES, *deliveries)
    return campaign_lift(
        told_of,
        filled(engine, REDIRECTS, *redirects),
        purchases(engine, orders, refunds),
    )


def only(engine: DuckDBEngine, table: ir.Table) -> dict[str, Any]:
    [row] = engine.to_arrow(table).to_pylist()
    return row


def test_arms_are_compared_by_who_bought_and_what_they_spent(engine: DuckDBEngine) -> None:
    deliveries = [told(number, "treatment" if number <= 4 else "control") for number in range(1, 9)]
    orders = [(1, 12, "30.00"), (2, 20, "10.00"), (2, 25, "20.00"), (3, 40, "40.00"), (5, 15, "20.00")]

    found = only(engine, lifted(engine, deliveries, orders, refunds=[(1, 14, "10.00")]))

    assert set(found) == set(CAMPAIGN_LIFT.column_names)
    assert (found["treated"], found["control"], found["contaminated"]) == (4, 4, 0)
    assert (found["treated_converted"], found["control_converted"]) == (3, 1)
    assert (found["treated_rate"], found["control_rate"], found["lift"]) == (0.75, 0.25, 0.5)
    assert (found["treated_spend"], found["control_spend"], found["spend_lift"]) == (22.5, 5.0, 17.5)


def test_the_intervals_are_those_of_the_literature(engine: DuckDBEngine) -> None:
    deliveries = [told(number, "treatment" if number <= 4 else "control") for number in range(1, 9)]
    orders = [(1, 12, "20.00"), (2, 20, "30.00"), (3, 40, "40.00"), (5, 15, "20.00")]

    found = only(engine, lifted(engine, deliveries, orders))

    treated, control = 4 / 6, 2 / 6
    wide = 1.96 * math.sqrt(treated * (1 - treated) / 6 + control * (1 - control) / 6)
    assert found["lift_low"] == pytest.approx(treated - control - wide)
    assert found["lift_high"] == pytest.approx(min(treated - control + wide, 1))
    welch = stats.ttest_ind([20, 30, 40, 0], [20, 0, 0, 0], equal_var=False)
    error = found["spend_lift"] / welch.statistic
    assert found["spend_lift_high"] == pytest.approx(found["spend_lift"] + 1.96 * error)


def test_only_the_days_after_the_draw_count_and_only_a_window_of_them(engine: DuckDBEngine) -> None:
    deliveries = [told(1, "treatment"), told(2, "treatment"), told(3, "treatment"), told(4, "control")]
    orders = [(1, 10, "5.00"), (2, 40, "5.00"), (3, 41, "5.00")]

    assert only(engine, lifted(engine, deliveries, orders))["treated_converted"] == 1


def test_everyone_counts_in_the_arm_they_drew_from_the_first_time_they_were_considered(engine: DuckDBEngine) -> None:
    deliveries = [
        told(1, "treatment", 10) | {"status": "dead"},
        told(1, "treatment", 50) | {"status": "delivered"},
        told(2, "control", 10) | {"status": "withheld"},
    ]

    found = only(engine, lifted(engine, deliveries, [(1, 20, "5.00"), (1, 60, "5.00")]))

    assert (found["treated"], found["treated_converted"], found["treated_spend"]) == (1, 1, 5.0)


def test_a_merge_of_two_people_of_different_arms_takes_them_out_of_both(engine: DuckDBEngine) -> None:
    deliveries = [told(1, "treatment"), told(2, "control"), told(3, "treatment"), told(4, "control")]

    found = only(engine, lifted(engine, deliveries, [(1, 20, "5.00"), (3, 20, "5.00")], merged=[(2, 1)]))

    assert (found["treated"], found["control"], found["contaminated"]) == (1, 1, 1)


def test_the_purchases_of_a_merged_person_count_under_the_id_of_today(engine: DuckDBEngine) -> None:
    deliveries = [told(1, "treatment"), told(2, "control")]

    found = only(engine, lifted(engine, deliveries, [(9, 20, "5.00")], merged=[(1, 9)]))

    assert (found["treated"], found["treated_converted"]) == (1, 1)


def test_one_arm_alone_is_not_compared(engine: DuckDBEngine) -> None:
    found = only(engine, lifted(engine, [told(1, "treatment")], [(1, 20, "5.00")]))

    assert (found["treated"], found["control"]) == (1, 0)
    assert [found[name] for name in ("lift", "lift_low", "lift_high", "spend_lift", "spend_lift_low")] == [None] * 5


def test_destinations_are_compared_apart_and_those_without_a_holdout_not_at_all(engine: DuckDBEngine) -> None:
    deliveries = [told(1, "treatment"), told(1, None, destination="mirror"), told(1, "control", destination="welcome")]

    table = engine.to_arrow(lifted(engine, deliveries, []).order_by("destination"))

    assert table["destination"].to_pylist() == ["welcome", "winback"]


def test_no_deliveries_give_an_empty_typed_table(engine: DuckDBEngine) -> None:
    table = lifted(engine, [], [])

    assert engine.to_arrow(table).num_rows == 0
    assert set(table.columns) == set(CAMPAIGN_LIFT.column_names)
    assert spark_sql(table)
