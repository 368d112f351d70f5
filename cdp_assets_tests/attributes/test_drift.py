"""Drift: whether customers today are like those whom a model was judged on."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cdp_assets.attributes.drift import (
    INPUTS_HOLD,
    SCORES_HOLD,
    Bins,
    bins,
    spread,
    stability,
    stability_index,
    verdicts,
)

THEN = np.arange(1000.0)


def test_the_same_customers_have_not_drifted() -> None:
    assert stability_index(bins(THEN), THEN) == 0.0
    assert stability_index(bins(THEN), THEN[::2]) < 0.01


def test_the_index_is_the_published_sum_over_tenths() -> None:
    # The lower five tenths are gone, the upper five twice as large; half a customer more in each of eleven bins, the
    # last of which is for what is not defined.
    now = np.concatenate([THEN[500:], THEN[500:]])
    then, gone, twice = 100.5 / 1005.5, 0.5 / 1005.5, 200.5 / 1005.5

    expected = 5 * (gone - then) * math.log(gone / then) + 5 * (twice - then) * math.log(twice / then)

    assert stability_index(bins(THEN), now) == pytest.approx(expected, abs=1e-3)


def test_figures_that_are_no_longer_known_are_a_drift() -> None:
    assert stability_index(bins(THEN), np.where(THEN < 500, np.nan, THEN)) > 0.25


def test_a_figure_that_is_the_same_for_all_can_drift() -> None:
    assert stability_index(bins(np.zeros(100)), np.zeros(50)) < 0.02
    assert stability_index(bins(np.zeros(100)), np.ones(100)) > 0.25


def test_the_verdicts_name_what_drifted_the_furthest_first() -> None:
    inputs, score = verdicts({"visits": 0.3, "spend": 0.01, "age_days": 2.0, "score": 0.1}, "2026-01-01")

    assert (inputs.name, score.name) == (INPUTS_HOLD.name, SCORES_HOLD.name)
    assert not inputs.passed
    assert inputs.metadata["verdict"] == "not like those of 2026-01-01: age_days (2.00), visits (0.30)"
    assert score.passed
    assert all(outcome.passed for outcome in verdicts({}, ""))


def test_of_fewer_than_two_hundred_nothing_is_kept() -> None:
    assert spread({"visits": THEN[:199]}) == {}
    assert spread({"visits": THEN[:200]}).keys() == {"visits"}


def test_what_is_kept_is_compared_with_whoever_is_there_now() -> None:
    then = {name: Bins.of(kept.to_plain()) for name, kept in spread({"visits": THEN, "email score": THEN}).items()}

    assert stability(then, {"visits": THEN, "email score": THEN + 500}) == {
        "visits": 0.0,
        "email score": pytest.approx(3.9, abs=0.5),
    }
    assert stability(then, {"visits": THEN[:0]}) == {}
