"""What being chosen for a destination's messages changed."""

from __future__ import annotations

import math
from typing import Any

import ibis.expr.types as ir
import pytest
from scipy import stats

from cdp_assets.activation.schemas import DELIVERIES, EXPOSURES
from cdp_assets.identity.schemas import REDIRECTS
from cdp_assets.measurement.campaign_lift import campaign_lift
from cdp_assets.measurement.schemas import CAMPAIGN_LIFT
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine
from cdp_assets_tests.attributes.tables import filled, noon, purchases, spark_sql

CAMPAIGNS = {"winback_mail": ["winback", "global_control"], "winback_sms": ["winback"], "welcome_mail": ["welcome"]}


def exposed(person: int, arm: str, number: int = 10, campaign: str = "winback", **more: Any) -> dict[str, Any]:
    row = {"campaign": campaign, "profile_id": person, "person_id": person, "arm": arm, "exposed_at": noon(number)}
    return {**row, "contaminated": False, **more}


def told(profile: int, number: int = 10, destination: str = "winback_mail", **more: Any) -> dict[str, Any]:
    row = {"destination": destination, "profile_id": profile, "status": "delivered", "created_at": noon(number)}
    return {**row, **more}


def lifted(
    engine: DuckDBEngine,
    exposures: list[dict[str, Any]],
    orders: list[tuple[int, int, str]],
    deliveries: list[dict[str, Any]] = (),
    merged: list[tuple[int, int]] = (),
    refunds: list[tuple[int, int, str]] = (),
) -> ir.Table:
    redirects = [{"old_profile_id": old, "profile_id": new, "since": noon(11)} for old, new in merged]
    return campaign_lift(
        filled(engine, EXPOSURES, *exposures),
        filled(engine, DELIVERIES, *deliveries),
        filled(engine, REDIRECTS, *redirects),
        purchases(engine, orders, refunds),
        CAMPAIGNS,
    )


def only(engine: DuckDBEngine, table: ir.Table) -> dict[str, Any]:
    [row] = engine.to_arrow(table).to_pylist()
    return row


def test_arms_are_compared_by_who_bought_and_what_they_spent(engine: DuckDBEngine) -> None:
    people = [exposed(number, "treatment" if number <= 4 else "control") for number in range(1, 9)]
    orders = [(1, 12, "30.00"), (2, 20, "10.00"), (2, 25, "20.00"), (3, 40, "40.00"), (5, 15, "20.00")]

    found = only(engine, lifted(engine, people, orders, refunds=[(1, 14, "10.00")]))

    assert set(found) == set(CAMPAIGN_LIFT.column_names)
    assert (found["treated"], found["control"], found["contaminated"]) == (4, 4, 0)
    assert (found["treated_converted"], found["control_converted"]) == (3, 1)
    assert (found["treated_rate"], found["control_rate"], found["lift"]) == (0.75, 0.25, 0.5)
    assert (found["treated_spend"], found["control_spend"], found["spend_lift"]) == (22.5, 5.0, 17.5)


def test_the_intervals_are_those_of_the_literature(engine: DuckDBEngine) -> None:
    people = [exposed(number, "treatment" if number <= 4 else "control") for number in range(1, 9)]
    orders = [(1, 12, "20.00"), (2, 20, "30.00"), (3, 40, "40.00"), (5, 15, "20.00")]

    found = only(engine, lifted(engine, people, orders))

    treated, control = 4 / 6, 2 / 6
    wide = 1.96 * math.sqrt(treated * (1 - treated) / 6 + control * (1 - control) / 6)
    assert found["lift_low"] == pytest.approx(treated - control - wide)
    assert found["lift_high"] == pytest.approx(min(treated - control + wide, 1))
    welch = stats.ttest_ind([20, 30, 40, 0], [20, 0, 0, 0], equal_var=False)
    error = found["spend_lift"] / welch.statistic
    assert found["spend_lift_high"] == pytest.approx(found["spend_lift"] + 1.96 * error)


def test_only_the_days_after_the_exposure_count_and_only_a_window_of_them(engine: DuckDBEngine) -> None:
    people = [exposed(1, "treatment"), exposed(2, "treatment"), exposed(3, "treatment"), exposed(4, "control")]
    orders = [(1, 10, "5.00"), (2, 40, "5.00"), (3, 41, "5.00")]

    assert only(engine, lifted(engine, people, orders))["treated_converted"] == 1


def test_whoever_never_came_to_the_point_of_sending_is_in_neither_arm(engine: DuckDBEngine) -> None:
    """Without consent nobody is exposed, though a message was withheld from them."""
    withheld = [told(number, status="withheld", reason="no_consent") for number in (7, 8)]
    people = [exposed(1, "treatment"), exposed(2, "control")]

    found = only(engine, lifted(engine, people, [(7, 20, "5.00")], withheld))

    assert (found["treated"], found["control"], found["treated_converted"]) == (1, 1, 0)


def test_what_reached_people_is_told_beside_what_was_meant_for_them(engine: DuckDBEngine) -> None:
    people = [exposed(number, "treatment" if number <= 4 else "control") for number in range(1, 9)]
    deliveries = [
        told(1),
        told(1, 12, "winback_sms"),
        told(2, status="dead"),
        told(3, 5),  # before the experiment
        told(4, destination="welcome_mail"),
        told(19, 11, "winback_sms"),  # who is 4 now
    ]

    found = only(engine, lifted(engine, people, [(1, 20, "5.00")], deliveries, merged=[(19, 4)]))

    assert (found["treated"], found["delivered"], found["lift"]) == (4, 2, 0.25)
    assert found["lift_of_delivered"] == 0.5


def test_the_first_exposure_counts_under_whatever_id(engine: DuckDBEngine) -> None:
    people = [exposed(1, "treatment", 50), exposed(5, "treatment", 10, person_id=1), exposed(2, "control")]

    found = only(engine, lifted(engine, people, [(1, 20, "5.00"), (1, 60, "5.00")]))

    assert (found["treated"], found["treated_converted"], found["treated_spend"]) == (1, 1, 5.0)


@pytest.mark.parametrize(
    "mixed",
    [
        [exposed(1, "treatment"), exposed(2, "control", person_id=1)],
        [exposed(1, "treatment", variant="short"), exposed(2, "treatment", variant="long", person_id=1)],
        [exposed(1, "treatment", contaminated=True)],
    ],
)
def test_whoever_was_in_several_arms_or_variants_is_taken_out_of_all(
    engine: DuckDBEngine, mixed: list[dict[str, Any]]
) -> None:
    people = [*mixed, exposed(3, "treatment"), exposed(4, "control")]

    table = engine.to_arrow(lifted(engine, people, [(1, 20, "5.00"), (3, 20, "5.00")])).to_pylist()

    [found] = [row for row in table if row["variant"] == "all"]
    assert (found["treated"], found["control"], found["contaminated"]) == (1, 1, 1)


def test_each_variant_is_compared_with_all_who_were_held_out(engine: DuckDBEngine) -> None:
    people = [
        exposed(1, "treatment", variant="short"),
        exposed(2, "treatment", variant="long"),
        exposed(3, "treatment", variant="long"),
        exposed(4, "control"),
        exposed(5, "control"),
    ]

    table = lifted(engine, people, [(2, 20, "5.00"), (4, 20, "5.00")]).order_by("variant")

    rows = engine.to_arrow(table.select("variant", "treated", "control", "lift")).to_pylist()
    assert [tuple(row.values()) for row in rows] == [
        ("all", 3, 2, pytest.approx(1 / 3 - 0.5)),
        ("long", 2, 2, 0.0),
        ("short", 1, 2, -0.5),
    ]


def test_one_arm_alone_is_not_compared(engine: DuckDBEngine) -> None:
    found = only(engine, lifted(engine, [exposed(1, "treatment")], [(1, 20, "5.00")]))

    assert (found["treated"], found["control"]) == (1, 0)
    assert [found[name] for name in ("lift", "lift_low", "lift_high", "spend_lift", "spend_lift_low")] == [None] * 5


def test_campaigns_are_compared_apart_the_global_control_group_among_them(engine: DuckDBEngine) -> None:
    people = [exposed(1, "treatment"), exposed(2, "control", campaign="global_control"), exposed(3, "control")]
    people.append(exposed(1, "treatment", campaign="global_control"))

    table = engine.to_arrow(lifted(engine, people, [], [told(1)]).order_by("campaign")).to_pylist()

    assert [(row["campaign"], row["treated"], row["delivered"], row["control"]) for row in table] == [
        ("global_control", 1, 1, 1),
        ("winback", 1, 1, 1),
    ]


def test_no_exposures_give_an_empty_typed_table(engine: DuckDBEngine) -> None:
    table = lifted(engine, [], [])

    assert engine.to_arrow(table).num_rows == 0
    assert set(table.columns) == set(CAMPAIGN_LIFT.column_names)
    assert spark_sql(table)
