"""Segments that depend on when another was entered or left."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest

from cdp_assets.segments.journeys import layers, widened
from cdp_assets.segments.spec import SegmentError
from cdp_assets_tests.segments.people import CUSTOMER, JUNE_1, Stage, segment

CART = segment("cart", "churn_risk > 0")
FORGOTTEN = segment(
    "forgotten",
    "cart_entered_at <= as_of - interval 3 day and (last_order_at is null or last_order_at < cart_entered_at)",
)
LAPSED = segment("lapsed", "cart_left_at >= as_of - interval 2 day")


def day(number: int) -> datetime:
    return JUNE_1 + timedelta(days=number)


def test_entered_at_least_three_days_ago_and_not_purchased_since() -> None:
    stage = Stage([CART, FORGOTTEN])
    people = [{"profile_id": 1, "churn_risk": 1}, {"profile_id": 2, "churn_risk": 1}]
    for number in range(3):
        stage.run(day(number), people)
        assert stage.members("forgotten") == set()
    bought = [people[0], {**people[1], "last_order_at": day(2)}]
    stage.run(day(3), bought)
    assert stage.members("forgotten") == {1}
    reason = json.loads(stage.log("segment", "reason")[-1][1])
    assert reason["cart_entered_at"] == {"before": "2026-06-01T00:00:00Z", "after": "2026-06-01T00:00:00Z"}
    assert stage.log()[-1] == ("forgotten", 1, "entered", "time_passed")


def test_leaving_is_known_in_the_same_run_and_ages_from_then_on() -> None:
    stage = Stage([CART, LAPSED]).run(day(0), [{"profile_id": 1, "churn_risk": 1}])
    gone = [{"profile_id": 1, "churn_risk": 0}]
    found = []
    for number in range(1, 5):
        stage.run(day(number), gone).run(day(number), gone)
        found.append(stage.members("lapsed"))
    assert found == [{1}, {1}, {1}, set()]


def test_a_merge_keeps_the_journey() -> None:
    stage = Stage([CART, FORGOTTEN]).run(day(0), [{"profile_id": 1, "churn_risk": 1}, {"profile_id": 2}])
    stage.run(day(3), [{"profile_id": 2, "churn_risk": 1}], merged=[(1, 2)])
    assert stage.members("forgotten") == {2}
    left = Stage([CART, LAPSED]).run(day(0), [{"profile_id": 1, "churn_risk": 1}, {"profile_id": 2}])
    left.run(day(1), [{"profile_id": 1, "churn_risk": 0}, {"profile_id": 2}])
    left.run(day(2), [{"profile_id": 2}], merged=[(1, 2)])
    assert left.members("lapsed") == {2}


def test_segments_that_wait_for_each_other_are_refused() -> None:
    one, two = segment("one", "two_entered_at is null"), segment("two", "one_left_at is null")
    with pytest.raises(SegmentError, match="one → two → one"):
        layers([one, two], CUSTOMER.column_names)


def test_a_column_of_that_name_comes_first_and_only_segments_have_moments() -> None:
    assert widened(CUSTOMER, ["cart_entered_at < as_of", "other_left_at < as_of"], {"cart"}).column_names == (
        *CUSTOMER.column_names,
        "cart_entered_at",
    )


@pytest.mark.parametrize(("lists", "expected"), [({"include": (1,)}, {2, 3}), ({"exclude": (1,)}, {3})])
def test_lists_follow_merges(lists: dict[str, tuple[int, ...]], expected: set[int]) -> None:
    from dataclasses import replace

    from cdp_assets.segments.composition import composed

    where = "orders > 5" if "include" in lists else "orders > 0"
    people = [{"profile_id": 2, "orders": 1}, {"profile_id": 3, "orders": 9}]
    stage = Stage(composed([replace(segment("chosen", where), **lists)]))
    stage.run(JUNE_1, [{"profile_id": 1, "orders": 1}, *people]).run(day(1), people, merged=[(1, 2)])
    assert stage.members("chosen") == expected
