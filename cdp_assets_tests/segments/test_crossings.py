"""Which value crossed which bound: why somebody entered or left."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdp_assets.segments.composition import composed
from cdp_assets_tests.examples import examples
from cdp_assets_tests.segments.people import JUNE_1, JUNE_2, JUNE_3, Stage, segment

BOTH = segment("both", "orders >= 3 and churn_risk > 0.5")
EITHER = segment("either", "orders >= 3 or churn_risk > 0.5")
NEITHER = segment("neither", "not (orders >= 3 or churn_risk > 0.5)")
NESTED = segment("nested", "(orders >= 3 or net_spend > 100) and churn_risk > 0.5")
AT_HOME = segment("at_home", "email like '%@home.example' and orders >= 0")
RECENT = segment("recent", "orders >= 1 and last_order_at > as_of - interval 30 day")
GERMANS = segment("germans", "country = 'DE'")
LOYAL_ABROAD = segment("loyal_abroad", "orders >= 3", none_of=("germans",))
STEPS_UP = segment("steps_up", "", all_of=("both",), none_of=("germans",))

SEGMENTS = composed([BOTH, EITHER, NEITHER, NESTED, AT_HOME, RECENT, GERMANS, LOYAL_ABROAD, STEPS_UP])

FULL = {"country": "AT", "orders": 1, "churn_risk": 0.1, "net_spend": 10, "email": "a@work.example"}


@pytest.fixture(scope="module")
def moved() -> dict[tuple[int, str], tuple[Any, ...]]:
    """Each person and segment: change, cause and bounds crossed, between two days."""
    yesterday = {
        1: FULL,
        2: FULL | {"churn_risk": 0.9},
        3: FULL | {"orders": 5, "churn_risk": 0.9},
        4: FULL | {"orders": 5},
        5: FULL | {"orders": 5, "churn_risk": 0.9, "country": "DE"},
        6: FULL | {"last_order_at": JUNE_1 - timedelta(days=29)},
        7: FULL | {"last_order_at": JUNE_1 - timedelta(days=29), "country": "FR"},
    }
    today = {
        1: FULL | {"orders": 4, "churn_risk": 0.7},
        2: FULL | {"orders": 3, "churn_risk": 0.9, "net_spend": 500},
        3: FULL | {"orders": 5, "churn_risk": 0.2},
        4: FULL | {"orders": 5, "net_spend": 500, "churn_risk": 0.6, "email": "a@home.example"},
        5: FULL | {"orders": 5, "churn_risk": 0.9, "country": "NL"},
        6: FULL | {"last_order_at": JUNE_1 - timedelta(days=29)},
        7: FULL | {"last_order_at": JUNE_1 - timedelta(days=29), "orders": 2},
        8: FULL | {"orders": 9},
    }
    stage = Stage(SEGMENTS)
    stage.run(JUNE_1, rows(yesterday)).run(JUNE_3, rows(today))
    log = stage.log("profile_id", "segment", "changed_at", "change", "cause", "crossed")
    return {(who, name): tuple(told) for who, name, at, *told in log if at == JUNE_3}


def rows(people: Mapping[int, Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{"profile_id": who, **values} for who, values in people.items()]


VALUES = "values_changed"


@pytest.mark.parametrize(
    ("who", "name", "expected"),
    [
        # Both bounds had to be crossed; for `either`, both were.
        (1, "both", ("entered", VALUES, "churn_risk > 0.5; orders >= 3")),
        (1, "either", ("entered", VALUES, "churn_risk > 0.5; orders >= 3")),
        # Below `not`, what became true is why somebody left.
        (1, "neither", ("left", VALUES, "NOT (churn_risk > 0.5); NOT (orders >= 3)")),
        # The risk was there already; the spend crossed its bound too.
        (2, "both", ("entered", VALUES, "orders >= 3")),
        (2, "nested", ("entered", VALUES, "net_spend > 100; orders >= 3")),
        (3, "both", ("left", VALUES, "churn_risk > 0.5")),
        # The spend crossed its bound, but enough orders were there before: it is not why.
        (4, "nested", ("entered", VALUES, "churn_risk > 0.5")),
        # Of a personal value the term is told, not the value.
        (4, "at_home", ("entered", VALUES, "email LIKE '%@home.example'")),
        # Segments of segments: leaving one is why another was entered.
        (5, "germans", ("left", VALUES, "country = 'DE'")),
        (5, "loyal_abroad", ("entered", VALUES, "country = 'DE'")),
        (5, "steps_up", ("entered", VALUES, "country = 'DE'")),
        # Time passed; another value changed, but crossed nothing.
        (6, "recent", ("left", "time_passed", "last_order_at > as_of - INTERVAL '30' DAY")),
        (7, "recent", ("left", "time_passed", "last_order_at > as_of - INTERVAL '30' DAY")),
        (8, "either", ("entered", "new_profile", "orders >= 3")),
    ],
)
def test_the_bounds_told_are_those_whose_crossing_turned_the_whole(
    moved: dict[tuple[int, str], tuple[Any, ...]], who: int, name: str, expected: tuple[str, ...]
) -> None:
    assert moved[who, name] == expected


def test_nobody_else_moved(moved: dict[tuple[int, str], tuple[Any, ...]]) -> None:
    assert {name for who, name in moved if who == 2} == {"both", "steps_up", "nested", "loyal_abroad"}
    assert {name for who, name in moved if who == 3} == {"both", "steps_up", "nested"}
    assert {name for who, name in moved if who == 6} == {"recent"}


def test_whoever_leaves_by_a_merge_is_told_of_by_the_one_who_was_in() -> None:
    exact = segment("exact", "orders = 3")
    stage = Stage([exact]).run(JUNE_1, [{"profile_id": 1, "orders": 3}, {"profile_id": 2, "orders": 1}])
    stage.run(JUNE_2, [{"profile_id": 2, "orders": 4}], merged=[(1, 2)])
    assert stage.log("profile_id", "change", "cause", "crossed")[1:] == [(2, "left", "merged", "orders = 3")]
    assert json.loads(stage.log("reason")[1][0]) == {"orders": {"before": 3, "after": 4}}


def test_another_condition_is_no_bound_that_anybody_crossed() -> None:
    people = [{"profile_id": 1, "orders": 3}]
    stage = Stage([segment("loyal", "orders >= 3")]).run(JUNE_1, people)
    stage.specs = [segment("loyal", "orders >= 5")]
    stage.run(JUNE_2, people)
    assert stage.log("cause", "crossed")[1:] == [("condition_changed", None)]


VALUE = st.fixed_dictionaries({name: st.sampled_from([None, 0, 2]) for name in ("orders", "churn_risk", "net_spend")})
TERM = st.sampled_from(["orders > 1", "churn_risk > 1", "net_spend > 1", "orders is null"])
CONDITION = st.recursive(
    TERM,
    lambda part: st.one_of(
        st.builds("not ({})".format, part),
        st.builds("({}) and ({})".format, part, part),
        st.builds("({}) or ({})".format, part, part),
    ),
    max_leaves=6,
)


@examples(8)
@given(condition=CONDITION, people=st.lists(st.tuples(VALUE, VALUE), min_size=1, max_size=8))
def test_everybody_who_moves_has_crossed_a_bound(condition: str, people: list[tuple[dict[str, Any], ...]]) -> None:
    stage = Stage([segment("some", condition)])
    for day, values in ((JUNE_1, 0), (JUNE_2, 1)):
        stage.run(day, [{"profile_id": who, **told[values]} for who, told in enumerate(people)])
    news = [told for at, *told in stage.log("changed_at", "cause", "crossed") if at == JUNE_2]
    assert all(cause == VALUES and crossed for cause, crossed in news)
