"""How often customers will buy: the published model where it holds, and a named fallback where it does not."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cdp_assets.attributes import purchase_models
from cdp_assets.attributes.purchase_models import DropoutModel, Fitted, PastRate, SmoothedRate, fit, score
from cdp_assets.attributes.purchases import distinct_histories, purchase_statistics
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine
from cdp_assets_tests.attributes.datasets import CDNOW_CALIBRATION_END, cdnow_sample, online_retail

PUBLISHED = {"r": 0.2426, "alpha": 4.4136, "a": 0.7929, "b": 2.4259}
"""Fader, Hardie and Lee (2005), on the calibration weeks of CDNOW's sample."""


def histories(*rows: tuple[int, int, int, int]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["frequency", "recency_days", "age_days", "customers"])


@pytest.fixture(scope="module")
def cdnow(engine: DuckDBEngine) -> pd.DataFrame:
    statistics = purchase_statistics(cdnow_sample(engine), CDNOW_CALIBRATION_END)
    return engine.to_pandas(distinct_histories(statistics))


@pytest.fixture(scope="module")
def fitted(cdnow: pd.DataFrame) -> Fitted:
    return fit(cdnow)


def test_bg_nbd_on_the_cdnow_sample_gives_the_published_parameters(cdnow: pd.DataFrame, fitted: Fitted) -> None:
    assert cdnow["customers"].sum() == 2357
    assert fitted.model.name == "BG/NBD"
    assert fitted.model.parameters == pytest.approx(PUBLISHED, rel=0.005)


def test_grouped_histories_give_the_same_fit_as_one_row_per_customer(cdnow: pd.DataFrame, fitted: Fitted) -> None:
    apart = cdnow.loc[cdnow.index.repeat(cdnow["customers"])].assign(customers=1)

    assert fit(apart).model.parameters == pytest.approx(fitted.model.parameters, rel=1e-4)


def test_each_history_is_scored_with_what_really_scored_it(fitted: Fitted) -> None:
    scored = score(fitted.model, fitted.fallback, histories((0, 0, 273, 1), (5, 250, 273, 1), (5, 30, 273, 1)), (90,))

    assert scored["model"].tolist() == ["BG/NBD"] * 3
    assert scored["probability_alive"].iloc[0] == 1.0
    active, lapsed = scored["expected_90d"].iloc[1], scored["expected_90d"].iloc[2]
    assert active > 10 * lapsed


def test_too_few_customers_get_the_smoothed_rate_and_the_reason() -> None:
    few = fit(histories((1, 20, 40, 10), (0, 0, 40, 30)))

    assert few.model.name == "smoothed empirical"
    assert few.refused["BG/NBD"] == "too few customers (40, of whom 10 came back)"


def test_no_repeat_buyer_gives_a_small_rate_for_everyone_rather_than_none() -> None:
    once = fit(histories((0, 0, 70, 500)))

    expected = once.model.expected(90, histories((0, 0, 70, 1)))
    assert 0 < expected[0] < 0.05


def test_no_customer_at_all_is_no_error() -> None:
    nobody = fit(histories())

    assert nobody.model.name == "smoothed empirical"
    assert score(nobody.model, nobody.fallback, histories(), (90, 365)).empty


def test_a_fit_that_finds_nobody_dropping_out_is_not_believed(engine: DuckDBEngine, online_retail_file: Path) -> None:
    # Real customers of nine months: all models drive a or b to zero, if they converge at all, which BG/NBD does on some
    # processors only.
    statistics = purchase_statistics(online_retail(engine, online_retail_file), date(2011, 9, 9))

    found = fit(engine.to_pandas(distinct_histories(statistics)))

    assert found.model.name == "smoothed empirical"
    nobody_drops_out = "dropping out could not be told from buying seldom (a or b is zero)"
    assert found.refused["BG/NBD"] in ("did not converge", nobody_drops_out)
    assert found.refused["MBG/NBD"] == nobody_drops_out


class _Overflowing:
    """A fitter whose expectations overflow for frequent buyers, as hyp2f1 does."""

    params_ = pd.Series({"r": 0.25, "alpha": 4.0, "a": 0.8, "b": 2.4})

    def conditional_expected_number_of_purchases_up_to_time(
        self, t: float, frequency: np.ndarray, recency: np.ndarray, age: np.ndarray
    ) -> np.ndarray:
        return np.select([frequency > 900, frequency > 500, frequency > 100], [-1.0, np.inf, np.nan], 0.01)

    def conditional_probability_alive(self, frequency: np.ndarray, recency: np.ndarray, age: np.ndarray) -> np.ndarray:
        return np.where(frequency > 2000, np.nan, 0.9)


def test_figures_that_cannot_be_true_are_replaced_row_by_row_and_named() -> None:
    model = DropoutModel("BG/NBD", _Overflowing())
    rows = histories((1, 70, 700, 1), (200, 690, 700, 1), (600, 690, 700, 1), (1000, 690, 700, 1))

    scored = score(model, SmoothedRate(1.0, 10.0), rows, (90,))

    assert scored["model"].tolist() == ["BG/NBD", *["smoothed empirical"] * 3]
    assert scored["expected_90d"].iloc[1] == pytest.approx(201 / 110 * 90 / 7)
    assert scored["probability_alive"].isna().tolist() == [False, True, True, True]


def test_a_model_that_expects_more_than_if_nobody_dropped_out_is_not_believed() -> None:
    model = DropoutModel("BG/NBD", _Overflowing())
    # (r + 3) / (alpha + 100 weeks) × 90 days: nobody who may have dropped out can be expected more often.
    ceiling = 3.25 / 104 * 90 / 7

    found = purchase_models.possible(
        model, np.array([0.9, 1.1]) * ceiling, 90, histories((3, 70, 700, 1), (3, 70, 700, 1))
    )

    assert found.tolist() == [True, False]


def test_very_frequent_buyers_get_finite_figures(fitted: Fitted) -> None:
    scored = score(fitted.model, fitted.fallback, histories(*((n, 725, 730, 1) for n in (200, 500, 725))), (90, 365))

    assert np.isfinite(scored["expected_365d"]).all()
    assert (scored["expected_365d"] > scored["expected_90d"]).all()
    assert scored["probability_alive"].between(0, 1).all()


def test_going_on_as_before_is_the_naive_baseline() -> None:
    assert PastRate().expected(28, histories((7, 40, 56, 1), (0, 0, 3, 1))).tolist() == [4.0, 1.0]
