"""A segment's size is judged by what its definition states, or else by what is usual."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from cdp_assets.segments.bands import FEWEST, judged
from cdp_assets.segments.report import Size
from cdp_assets.segments.spec import SegmentSpec

PROFILES = 10_000
START = datetime(2026, 6, 1, tzinfo=UTC)


def spec(minimum: float | None = None, maximum: float | None = None) -> SegmentSpec:
    return SegmentSpec("loyal", "orders >= 3", "People who come back.", "team:crm", minimum, maximum)


def history(*members: int, condition: str = "orders >= 3") -> list[Size]:
    return [
        Size(START + timedelta(days=day), number, share=number / PROFILES, condition=condition)
        for day, number in enumerate(members)
    ]


@pytest.mark.parametrize(
    ("minimum", "maximum", "members", "crossed"),
    [
        (None, None, 0, "minimum: nobody is in it"),
        (None, 0.2, 0, "minimum: nobody is in it"),
        (0.0, None, 0, "none"),
        (0.01, None, 99, "minimum: 0.99% is below 1.00%"),
        (None, 0.2, 2_001, "maximum: 20.01% is above 20.00%"),
        (0.01, 0.2, 1_000, "none"),
    ],
)
def test_stated_bounds_count(minimum: float | None, maximum: float | None, members: int, crossed: str) -> None:
    found = judged(spec(minimum, maximum), history(*[1_000] * 9, members), PROFILES)
    assert found.crossed == crossed
    assert found.passed == (crossed == "none")


@pytest.mark.parametrize(
    ("members", "crossed"),
    [
        # Between 900 / 2 - 3 * 30 and 2 * 1,000 + 3 * 31.6 people.
        (361, "none"),
        (359, "minimum: 3.59% is below 3.60%"),
        (2_094, "none"),
        (2_096, "maximum: 20.96% is above 20.95%"),
    ],
)
def test_without_them_half_the_smallest_to_twice_the_largest_is_usual(members: int, crossed: str) -> None:
    assert judged(spec(), history(900, 1_000, 950, 900, 1_000, members), PROFILES).crossed == crossed


def test_small_segments_differ_by_chance() -> None:
    assert judged(spec(), history(4, 3, 4, 5, 4, 12), PROFILES).passed
    assert not judged(spec(), history(4, 3, 4, 5, 4, 18), PROFILES).passed


def test_there_is_nothing_usual_in_a_few_runs_or_under_another_condition() -> None:
    assert judged(spec(), history(*[1_000] * (FEWEST - 1), 9_000), PROFILES).passed
    assert not judged(spec(), history(*[1_000] * FEWEST, 9_000), PROFILES).passed
    before = history(*[1_000] * FEWEST, condition="orders >= 9")
    assert judged(spec(), [*before, *history(9_000)], PROFILES).passed


def test_a_segment_that_was_never_evaluated_has_nobody_in_it() -> None:
    assert judged(spec(), [], 0).crossed == "minimum: nobody is in it"
