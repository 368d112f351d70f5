"""What the next purchase is worth."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cdp_assets.attributes.order_value import OrderValueModel, distinct_values, fit
from cdp_assets.attributes.purchases import purchase_statistics
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine
from cdp_assets_tests.attributes.datasets import CDNOW_CALIBRATION_END, cdnow_sample
from cdp_assets_tests.attributes.tables import day, purchases, rows, spark_sql

PUBLISHED = {"p": 6.25, "q": 3.74, "v": 15.45}
"""Fader and Hardie (2013), on the 946 customers of CDNOW's sample who came back."""


def values(*rows: tuple[int, float, int]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["frequency", "value", "customers"])


def test_gamma_gamma_on_the_cdnow_sample_gives_the_published_parameters(engine: DuckDBEngine) -> None:
    statistics = purchase_statistics(cdnow_sample(engine), CDNOW_CALIBRATION_END)
    grouped = engine.to_pandas(distinct_values(statistics))

    found = fit(grouped)

    assert grouped["customers"].sum() == 946
    assert found.name == "Gamma-Gamma"
    assert found.parameters == pytest.approx(PUBLISHED, rel=0.01)
    assert found.everyone == pytest.approx(15.45 * 6.25 / 2.74, rel=0.01)


def test_the_more_often_a_customer_came_the_more_their_own_mean_counts() -> None:
    model = OrderValueModel("Gamma-Gamma", everyone=30.0, strength=2.0, parameters={})

    assert model.expected(np.array([0.0, 2.0, 8.0]), np.array([np.nan, 90.0, 90.0])).tolist() == [30.0, 60.0, 78.0]


def test_the_engine_computes_the_same_as_the_model(engine: DuckDBEngine) -> None:
    model = OrderValueModel("Gamma-Gamma", everyone=30.0, strength=2.0, parameters={})
    table = purchases(engine, [(1, 0, "90.00"), (1, 5, "90.00"), (2, 0, None), (3, 0, "12.00")])
    statistics = purchase_statistics(table, day(9))
    valued = statistics.mutate(worth=model.expression(statistics.frequency + 1, statistics.mean_value))

    assert rows(engine, valued, "profile_id", "worth") == [(1, 60.0), (2, 30.0), (3, 24.0)]
    assert spark_sql(valued)


def test_values_are_grouped_to_the_cent_or_to_a_share(engine: DuckDBEngine) -> None:
    orders = [(profile, 0, "1.00") for profile in range(1, 4)]
    orders += [(1, 5, "100.00"), (2, 5, "100.00"), (3, 5, "100.30")]
    statistics = purchase_statistics(purchases(engine, orders), day(9))

    assert rows(engine, distinct_values(statistics)) == [(1, 100.0, 2), (1, 100.3, 1)]
    [(frequency, value, customers)] = rows(engine, distinct_values(statistics, grain=0.01))
    assert (frequency, customers) == (1, 3)
    assert value == pytest.approx(100, rel=0.01)


def test_with_few_who_came_back_the_mean_is_smoothed_instead() -> None:
    found = fit(values((1, 10.0, 2), (3, 50.0, 1)))

    assert found.name == "smoothed mean"
    assert found.refused == "only 3 customers came back and paid"
    assert found.everyone == pytest.approx((2 * 10 + 3 * 50) / 5)


def test_values_without_a_finite_mean_are_refused() -> None:
    # Mean values over twelve orders of magnitude: the fitted q is below 1.
    wild = values(*((1, 10.0**exponent, 10) for exponent in range(-4, 9)))

    assert fit(wild).name == "smoothed mean"


def test_nobody_who_came_back_and_paid_is_no_error() -> None:
    found = fit(values())

    assert (found.name, found.refused) == ("prior", "nobody has come back and paid yet")
    assert found.expected(np.array([1.0]), np.array([25.0])).tolist() == pytest.approx([25.0])
