"""Newcomers: whoever came once has told nothing by not coming again, for as long as others mostly do not either."""

from __future__ import annotations

import pandas as pd
import pytest

from cdp_assets.attributes.newcomers import LEAST_DAYS, are_new, customary_days, level


@pytest.mark.parametrize(
    ("gaps", "days"),
    [
        ({10: 5, 30: 5, 50: 11, 90: 9}, 50),
        ({20: 15, 90: 15}, 20),
        ({1: 100, 60: 50}, LEAST_DAYS),
        ({60: 19}, LEAST_DAYS),
        ({}, LEAST_DAYS),
    ],
    ids=["the median gap", "half of them is enough", "a week at least", "too few gaps to say", "nobody came back"],
)
def test_how_long_somebody_is_new_is_read_from_the_shops_own_purchases(gaps: dict[int, int], days: int) -> None:
    assert customary_days(pd.DataFrame({"days": list(gaps), "visits": list(gaps.values())})) == days


def test_who_came_again_or_long_ago_is_not_new() -> None:
    assert are_new([0, 0, 0, 1], [0, 29, 30, 5], 30).tolist() == [True, True, False, False]


def test_what_newcomers_went_on_to_do_counts_the_more_the_more_of_them_there_were() -> None:
    assert level(0, 0) == 1.0
    assert level(5, 10) == pytest.approx(25 / 30, abs=1e-4)
    assert level(5000, 10000) == 0.501
