"""Reasons are true of the customer and of the model."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cdp_assets.attributes.churn_features import FEATURES
from cdp_assets.attributes.churn_model import Calibrated
from cdp_assets.attributes.churn_reasons import NO_HISTORY, ORDINARY, Usual, reasons, usual


def customers(**values: list[float]) -> pd.DataFrame:
    size = len(next(iter(values.values())))
    return pd.DataFrame({feature: values.get(feature, [1.0] * size) for feature in FEATURES})


def told(people: pd.DataFrame, model: Calibrated, compared: Usual | None = None) -> list[str]:
    return list(reasons(people, model.log_odds(people), model, compared or usual(people, model)))


def by_recency(features: pd.DataFrame) -> np.ndarray:
    return np.log1p(features["recency_days"].to_numpy(float))


def test_the_longer_silent_have_more_risk_and_the_usual_one_no_reason() -> None:
    people = customers(recency_days=[1, 40, 40, 200])
    model = Calibrated("baseline: recency", by_recency, slope=1.0, intercept=-3.0)

    assert told(people, model) == [
        "less risk: last purchase 1 day ago (usual: 40)",
        ORDINARY,
        ORDINARY,
        "more risk: last purchase 200 days ago (usual: 40)",
    ]


def test_what_the_model_does_not_look_at_is_no_reason() -> None:
    people = customers(recency_days=[1, 40, 200], visits=[900, 2, 2])
    model = Calibrated("baseline: recency", by_recency, slope=1.0, intercept=-3.0)

    assert ["bought on" in text for text in told(people, model)] == [False] * 3


def test_a_figure_that_points_the_other_way_is_not_told() -> None:
    # The group's effect comes from `silence_ratio`; the figure that would be told says the opposite.
    people = customers(recency_days=[10, 20, 30, 40, 5], silence_ratio=[1, 2, 3, 4, 90])
    model = Calibrated("model", lambda rows: np.log1p(rows["silence_ratio"].to_numpy(float)), 1.0, 0.0)
    compared = usual(people, model)
    compared = type(compared)(compared.medians, {**compared.directions, "recency": 1})

    assert told(people, model, compared)[4] == ORDINARY


def test_the_strongest_of_several_reasons_comes_first() -> None:
    people = customers(recency_days=[10, 10, 10, 500], visits=[5, 5, 5, 1])

    def score(rows: pd.DataFrame) -> np.ndarray:
        return 0.01 * rows["recency_days"].to_numpy(float) - 0.2 * rows["visits"].to_numpy(float)

    model = Calibrated("model", score, 1.0, 0.0)

    assert told(people, model)[3] == (
        "more risk: last purchase 500 days ago (usual: 10); bought on 1 day so far (usual: 5)"
    )


def test_under_the_prior_nothing_tells_anyone_apart() -> None:
    people = customers(recency_days=[1, 500])
    model = Calibrated("prior", by_recency, slope=0.0, intercept=0.3)

    assert told(people, model) == [NO_HISTORY] * 2
