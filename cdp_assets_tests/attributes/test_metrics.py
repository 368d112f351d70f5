"""The measures in model cards."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from cdp_assets.attributes import metrics


def array(*values: float) -> np.ndarray:
    return np.array(values, dtype=float)


def test_auc_is_how_often_the_one_that_happened_scored_higher() -> None:
    assert metrics.auc(array(1, 2, 3, 4), array(0, 1, 0, 1)) == 0.75
    assert metrics.auc(array(1, 1, 1, 1), array(0, 1, 0, 1)) == 0.5


def test_auc_and_spearman_agree_with_the_libraries_on_ties() -> None:
    rng = np.random.default_rng(5)
    score, happened = rng.integers(0, 9, 300).astype(float), rng.integers(0, 2, 300).astype(float)

    assert metrics.auc(score, happened) == pytest.approx(roc_auc_score(happened, score), abs=1e-4)
    assert metrics.spearman(score, happened) == pytest.approx(stats.spearmanr(score, happened)[0], abs=1e-4)


def test_the_top_decile_captures_its_share_of_the_total() -> None:
    assert metrics.top_decile_capture(array(*range(20)), array(*[1.0] * 18, 2.0, 10.0)) == 0.4


def test_perfect_probabilities_are_calibrated_and_opposite_ones_are_not() -> None:
    happened = array(*[0.0] * 10, *[1.0] * 10)

    assert metrics.expected_calibration_error(happened, happened) == 0
    assert metrics.expected_calibration_error(1 - happened, happened) == 1
    assert metrics.brier(happened, happened) == 0


def test_what_is_not_defined_is_none() -> None:
    assert metrics.auc(array(1, 2), array(1, 1)) is None
    assert metrics.pr_auc(array(1, 2), array(0, 0)) is None
    assert metrics.spearman(array(1, 1), array(1, 2)) is None
    assert metrics.top_decile_capture(array(1, 2), array(1, 2)) is None
    assert metrics.total_error(array(1), array(0)) is None
    assert metrics.mean_absolute_error(array(), array()) is None
    assert metrics.rounded(float("nan")) is None
