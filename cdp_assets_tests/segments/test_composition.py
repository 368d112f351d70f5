"""Segments of segments, lists and samples."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cdp_assets.segments import testing
from cdp_assets.segments.composition import composed
from cdp_assets.segments.evaluate import evaluate, memberships
from cdp_assets.segments.spec import SegmentError, SegmentSpec, SegmentTest
from cdp_assets_tests.segments.people import CUSTOMER, JUNE_1, Stage, segment

BUYERS = segment("buyers", "orders > 0")
GERMANS = segment("germans", "country = 'DE'")
PEOPLE = [
    {"profile_id": 1, "orders": 3, "country": "DE"},
    {"profile_id": 2, "orders": 3, "country": None},
    {"profile_id": 3, "orders": 0, "country": "DE"},
    {"profile_id": 4, "orders": None, "country": "FR"},
]


def members(spec: SegmentSpec, *others: SegmentSpec) -> list[int]:
    stage = Stage([])
    specs = composed([spec, *others])
    specs[0].condition(CUSTOMER)
    found = stage.engine.to_arrow(memberships(evaluate(stage.customers(PEOPLE), specs[:1], JUNE_1, stage.engine)))
    return sorted(found["profile_id"].to_pylist())


@pytest.mark.parametrize(
    ("made_of", "expected"),
    [
        ({"all_of": ("buyers", "germans")}, [1]),
        ({"any_of": ("buyers", "germans")}, [1, 2, 3]),
        # Whose country is unknown is not among the Germans, so not left out with them.
        ({"where": "orders > 0", "none_of": ("germans",)}, [2]),
        ({"where": "orders > 0", "include": (4,), "exclude": (1,)}, [2, 4]),
        ({"include": (3, 4)}, [3, 4]),
        ({"where": "orders > 0 or orders = 0", "all_of": ("germans",)}, [1, 3]),
    ],
)
def test_a_segment_is_made_of_others_and_of_lists(made_of: dict[str, object], expected: list[int]) -> None:
    assert members(replace(segment("mix", "orders > 100"), **{"where": "", **made_of}), BUYERS, GERMANS) == expected


def test_a_segment_of_a_segment_of_segments() -> None:
    middle = replace(segment("middle", "orders > 0"), none_of=("germans",))
    assert members(replace(middle, name="top", where="", none_of=(), all_of=("middle",)), middle, GERMANS) == [2]


def test_segments_in_a_circle_or_without_a_member_of_that_name_are_refused() -> None:
    one, two = (replace(BUYERS, name=name, all_of=(other,)) for name, other in (("one", "two"), ("two", "one")))
    with pytest.raises(SegmentError, match="one → two → one"):
        composed([one, two])
    with pytest.raises(SegmentError, match="no segment `two`"):
        composed([one])


def test_a_sample_is_fair_stable_nested_and_independent() -> None:
    stage = Stage([])
    people = stage.customers([{"profile_id": 2**40 * number + 7 * number, "orders": 1} for number in range(1, 20_001)])

    def sample(name: str, share: float) -> set[int]:
        specs = composed([replace(BUYERS, name=name, sample=share)])
        return set(
            stage.engine.to_arrow(memberships(evaluate(people, specs, JUNE_1, stage.engine)))["profile_id"].to_pylist()
        )

    tenth, fifth, other = sample("buyers", 0.1), sample("buyers", 0.2), sample("lovers", 0.1)
    assert 1_850 < len(tenth) < 2_150
    assert tenth < fifth
    assert 130 < len(tenth & other) < 270
    assert tenth == sample("buyers", 0.1)


def test_a_segment_carries_tests_of_its_own() -> None:
    spec = replace(
        segment("lapsed", "orders > 0 and last_order_at < as_of - interval 90 day"),
        tests=(
            SegmentTest("long ago", {"orders": 1, "last_order_at": "2026-01-01T00:00:00Z"}, True, JUNE_1),
            SegmentTest("lately", {"orders": 1, "last_order_at": "2026-05-31T00:00:00Z"}, True, JUNE_1),
            SegmentTest("never", {}, False, JUNE_1),
        ),
    )
    assert [(each.test, each.passed) for each in testing.run([spec], CUSTOMER)] == [
        ("long ago", True),
        ("lately", False),
        ("never", True),
    ]
