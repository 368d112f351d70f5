"""Drift: whether customers today are like those whom a model was judged on."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cdp_assets.attributes.churn_scores import SCORES_HOLD
from cdp_assets.attributes.drift import bins, stability_index, verdict

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


def test_the_verdict_names_what_drifted_the_furthest_first() -> None:
    found = verdict(SCORES_HOLD, {"visits": 0.3, "spend": 0.01, "age_days": 2.0}, "2026-01-01")

    assert not found.passed
    assert found.metadata["verdict"] == "not like those of 2026-01-01: age_days (2.00), visits (0.30)"
    assert verdict(SCORES_HOLD, None, "").passed
