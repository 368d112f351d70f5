"""Who came, who left, and what is said about why."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdp_assets.segments.membership import TimeRunsBackwards
from cdp_assets_tests.examples import examples
from cdp_assets_tests.segments.people import JUNE_1, JUNE_2, JUNE_3, Stage, segment, tables

LOYAL = segment("loyal", "orders >= 3")
RECENT = segment("recent", "last_order_at > as_of - interval 30 day")


def test_the_first_run_enters_everybody_who_meets_the_condition():
    stage = Stage([LOYAL]).run(JUNE_1, [{"profile_id": 1, "orders": 5}, {"profile_id": 2, "orders": 1}])
    assert stage.members("loyal") == {1}
    assert stage.log() == [("loyal", 1, "entered", "new_segment")]
    assert stage.sizes() == [(JUNE_1, "loyal", 1)]


def test_entering_and_leaving_are_logged_with_the_values_that_changed():
    stage = Stage([LOYAL]).run(JUNE_1, [{"profile_id": 1, "orders": 5}, {"profile_id": 2, "orders": 1}])
    stage.run(JUNE_2, [{"profile_id": 1, "orders": 2}, {"profile_id": 2, "orders": 3}])
    assert stage.members("loyal") == {2}
    assert stage.log()[1:] == [("loyal", 1, "left", "values_changed"), ("loyal", 2, "entered", "values_changed")]
    reasons = {profile: json.loads(reason) for profile, reason in stage.log("profile_id", "reason")[1:]}
    assert reasons == {1: {"orders": {"before": 5, "after": 2}}, 2: {"orders": {"before": 1, "after": 3}}}


def test_members_who_stay_keep_the_time_they_entered():
    people = [{"profile_id": 1, "orders": 5}]
    stage = Stage([LOYAL]).run(JUNE_1, people).run(JUNE_2, people)
    assert stage.entered_at("loyal") == {1: JUNE_1}
    assert len(stage.log()) == 1


def test_leaving_and_coming_back_starts_a_new_membership():
    stage = Stage([LOYAL])
    for as_of, orders in ((JUNE_1, 5), (JUNE_2, 0), (JUNE_3, 4)):
        stage.run(as_of, [{"profile_id": 1, "orders": orders}])
    assert stage.entered_at("loyal") == {1: JUNE_3}
    assert stage.log("change", "sequence", "changed_at", "entered_at") == [
        ("entered", 1, JUNE_1, JUNE_1),
        ("left", 2, JUNE_2, JUNE_1),
        ("entered", 3, JUNE_3, JUNE_3),
    ]


def test_the_passing_of_time_alone_is_named_as_the_cause():
    people = [{"profile_id": 1, "last_order_at": JUNE_1 - timedelta(days=29)}]
    stage = Stage([RECENT]).run(JUNE_1, people).run(JUNE_3, people)
    assert stage.log() == [("recent", 1, "entered", "new_segment"), ("recent", 1, "left", "time_passed")]
    assert json.loads(stage.log("reason")[1][0]) == {
        "last_order_at": {"before": "2026-05-03T00:00:00Z", "after": "2026-05-03T00:00:00Z"}
    }


def test_new_and_gone_profiles_are_named_as_the_cause():
    stage = Stage([LOYAL]).run(JUNE_1, [{"profile_id": 1, "orders": 5}]).run(JUNE_2, [{"profile_id": 2, "orders": 4}])
    assert stage.log()[1:] == [("loyal", 1, "left", "profile_gone"), ("loyal", 2, "entered", "new_profile")]
    assert json.loads(stage.log("reason")[1][0]) == {"orders": {"before": 5, "after": None}}


def test_a_changed_condition_is_named_as_the_cause():
    people = [{"profile_id": 1, "orders": 3}, {"profile_id": 2, "orders": 9}]
    stage = Stage([LOYAL]).run(JUNE_1, people)
    stage.specs = [segment("loyal", "orders >= 5")]
    stage.run(JUNE_2, people)
    assert stage.log()[2:] == [("loyal", 1, "left", "condition_changed")]


def test_members_of_a_removed_segment_leave_and_those_of_a_new_one_enter():
    people = [{"profile_id": 1, "orders": 3, "churn_risk": 0.9}]
    stage = Stage([LOYAL]).run(JUNE_1, people)
    stage.specs = [segment("at_risk", "churn_risk > 0.5")]
    stage.run(JUNE_2, people)
    assert stage.log()[1:] == [("at_risk", 1, "entered", "new_segment"), ("loyal", 1, "left", "segment_removed")]
    assert stage.members("loyal") == set()


def test_a_segment_that_was_empty_is_not_new_when_somebody_enters():
    stage = Stage([LOYAL]).run(JUNE_1, [{"profile_id": 1, "orders": 0}]).run(JUNE_2, [{"profile_id": 1, "orders": 3}])
    assert stage.sizes() == [(JUNE_1, "loyal", 0), (JUNE_2, "loyal", 1)]
    assert stage.log() == [("loyal", 1, "entered", "values_changed")]


def test_a_merge_of_two_members_is_neither_entering_nor_leaving():
    stage = Stage([LOYAL]).run(JUNE_1, [{"profile_id": 1, "orders": 3}])
    stage.run(JUNE_2, [{"profile_id": 1, "orders": 3}, {"profile_id": 2, "orders": 4}])
    logged = stage.log()
    stage.run(JUNE_3, [{"profile_id": 2, "orders": 7}], merged=[(1, 2)])
    assert stage.log() == logged
    assert stage.entered_at("loyal") == {2: JUNE_1}


def test_a_merge_of_a_member_into_somebody_who_was_none_is_not_entering():
    stage = Stage([LOYAL]).run(JUNE_1, [{"profile_id": 1, "orders": 3}, {"profile_id": 2, "orders": 1}])
    stage.run(JUNE_2, [{"profile_id": 2, "orders": 4}], merged=[(1, 2)])
    assert stage.log() == [("loyal", 1, "entered", "new_segment")]
    assert stage.entered_at("loyal") == {2: JUNE_1}


def test_an_id_that_is_alive_again_stands_for_itself():
    stage = Stage([LOYAL]).run(JUNE_1, [{"profile_id": 1, "orders": 3}, {"profile_id": 2, "orders": 1}])
    stage.run(JUNE_2, [{"profile_id": 1, "orders": 3}, {"profile_id": 2, "orders": 1}], merged=[(1, 2)])
    assert stage.entered_at("loyal") == {1: JUNE_1}
    assert len(stage.log()) == 1


def test_a_new_segment_explains_its_members_without_values():
    stage = Stage([LOYAL]).run(JUNE_1, [{"profile_id": 1, "orders": 5}])
    assert stage.log("cause", "reason") == [("new_segment", "{}")]


def test_somebody_who_meets_a_condition_only_by_merging_enters_with_the_values_of_the_id_that_remains():
    stage = Stage([LOYAL]).run(JUNE_1, [{"profile_id": 1, "orders": 2}, {"profile_id": 2, "orders": 1}])
    stage.run(JUNE_2, [{"profile_id": 2, "orders": 3}], merged=[(1, 2)])
    assert stage.log() == [("loyal", 2, "entered", "merged")]
    assert json.loads(stage.log("reason")[0][0]) == {"orders": {"before": 1, "after": 3}}


def test_running_again_at_the_same_instant_changes_nothing():
    people = [{"profile_id": 1, "orders": 3}, {"profile_id": 2, "orders": 1}]
    stage = Stage([LOYAL, RECENT]).run(JUNE_1, people)
    once = tables(stage)
    assert tables(stage.run(JUNE_1, people)) == once


def test_a_run_before_the_last_one_is_refused_in_words():
    stage = Stage([LOYAL]).run(JUNE_2, [{"profile_id": 1, "orders": 5}])
    said = stage.log(), stage.sizes()
    with pytest.raises(TimeRunsBackwards, match=r"as of 2026-06-01.* last told as of 2026-06-02.* set CDP_AS_OF"):
        stage.run(JUNE_1, [{"profile_id": 1, "orders": 0}])
    assert (stage.log(), stage.sizes()) == said


def test_reasons_never_hold_personal_values():
    reachable = segment("reachable", "email is not null and country = 'DE'")
    stage = Stage([reachable]).run(JUNE_1, [{"profile_id": 1, "country": "DE"}])
    stage.run(JUNE_2, [{"profile_id": 1, "country": "DE", "email": "anna@example.org"}])
    reason = stage.log("reason")[0][0]
    assert json.loads(reason) == {
        "email": {"before": "absent", "after": "present"},
        "country": {"before": "DE", "after": "DE"},
    }
    assert "anna" not in repr(stage.published["segment_inputs"].to_pylist())


def test_reasons_are_json_whatever_the_values_are():
    odd = segment("odd", "country is not null and churn_risk >= 0 and net_spend > 0 and last_order_at is null")
    row = {"profile_id": 1, "country": 'a"b\\c\nd', "churn_risk": 0.1234567, "net_spend": 12}
    stage = Stage([odd]).run(JUNE_1, []).run(JUNE_2, [row])
    assert json.loads(stage.log("reason")[0][0]) == {
        "country": {"before": None, "after": 'a"b\\c\nd'},
        "churn_risk": {"before": None, "after": 0.1235},
        "net_spend": {"before": None, "after": 12.00},
        "last_order_at": {"before": None, "after": None},
    }


def test_without_any_segment_the_tables_are_empty():
    stage = Stage([]).run(JUNE_1, [{"profile_id": 1, "orders": 3}])
    assert stage.published["memberships"].num_rows == 0
    assert stage.published["segment_sizes"].num_rows == 0


def test_a_first_run_says_what_a_later_one_says_of_new_segments():
    people = [{"profile_id": who, "orders": who % 6, "last_order_at": JUNE_1} for who in range(9)]
    first = Stage([LOYAL, RECENT]).run(JUNE_2, people)
    later = Stage([]).run(JUNE_1, people)
    later.published["segment_sizes"] = Stage([segment("old", "orders > 90")]).run(JUNE_1, []).published["segment_sizes"]
    later.specs = [LOYAL, RECENT]
    later.run(JUNE_2, people)
    for name in ("memberships", "membership_changes"):
        assert tables(first)[name] == tables(later)[name]


def test_people_without_a_mark_are_compared():
    stage = Stage([LOYAL]).run(JUNE_1, [{"profile_id": 1, "orders": 5}, {"profile_id": 2, "orders": 1}])
    stage.published["segment_inputs"] = stage.published["segment_inputs"].drop_columns("segments_mark")
    stage.run(JUNE_2, [{"profile_id": 1, "orders": 2}, {"profile_id": 2, "orders": 3}])
    assert stage.log()[1:] == [("loyal", 1, "left", "values_changed"), ("loyal", 2, "entered", "values_changed")]


def test_sizes_tell_how_many_came_and_went_and_a_version_of_who_is_in():
    stage = Stage([LOYAL]).run(JUNE_1, [{"profile_id": 1, "orders": 5}, {"profile_id": 2, "orders": 1}])
    stage.run(JUNE_2, [{"profile_id": 1, "orders": 2}, {"profile_id": 2, "orders": 3}])
    stage.run(JUNE_3, [{"profile_id": 1, "orders": 0}, {"profile_id": 2, "orders": 9}])
    sizes = sorted(stage.published["segment_sizes"].to_pylist(), key=lambda row: row["as_of"])
    assert [(row["members"], row["entered"], row["left"]) for row in sizes] == [(1, 1, 0), (1, 1, 1), (1, 0, 0)]
    assert sizes[0]["version"] != sizes[1]["version"] == sizes[2]["version"]


@examples(12)
@given(st.lists(st.dictionaries(st.integers(1, 4), st.integers(0, 5), max_size=4), min_size=1, max_size=4))
def test_the_log_replayed_gives_the_memberships(days):
    stage = Stage([LOYAL])
    for number, orders in enumerate(days):
        as_of = datetime(2026, 6, 1, tzinfo=UTC) + timedelta(days=number)
        stage.run(as_of, [{"profile_id": who, "orders": count} for who, count in orders.items()])
    replayed: dict[int, datetime] = {}
    for who, change, when in stage.log("profile_id", "change", "changed_at"):
        if change == "entered":
            assert who not in replayed
            replayed[who] = when
        else:
            del replayed[who]
    assert replayed == stage.entered_at("loyal")
