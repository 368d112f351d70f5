"""What the learner of churn has to beat, and what stands in where nothing can be learnt.

Belongs here: the named baselines as plain data, and the prior. Does not belong here: the learner (`churn_model.py`),
and who beats whom (`churn.py`).

All take the table of `churn_features.features_at` as a frame; a score is higher for those less likely to return.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from cdp_assets.attributes.churn_features import NONE_EXPECTED
from cdp_assets.attributes.churn_model import SEED, Calibrated, Score
from cdp_assets.attributes.plain_models import Trees, one_thread
from cdp_assets.attributes.purchase_models import Fitted, Floats

if TYPE_CHECKING:
    import pandas as pd

RECENCY = "baseline: recency"
FREQUENCY = "baseline: frequency"
MINUS_EXPECTED = "baseline: minus expected purchases"
NOT_ALIVE = "baseline: 1 - P(alive)"
STOCK = "baseline: gradient boosting"
PRIOR = "prior"

STOCK_FEATURES = ("recency_days", "visits", "spend", "age_days")
"""Recency, frequency, monetary value and tenure: what anybody would try first, with the library's own settings."""


@dataclass(frozen=True)
class Recency:
    """The longer ago, the less likely to return."""

    def __call__(self, features: pd.DataFrame) -> Floats:
        return np.asarray(np.log1p(features["recency_days"].to_numpy(float)), dtype=float)


@dataclass(frozen=True)
class Frequency:
    """The more visits, the more likely to return."""

    def __call__(self, features: pd.DataFrame) -> Floats:
        return np.asarray(-np.log1p(features["visits"].to_numpy(float)), dtype=float)


@dataclass(frozen=True)
class MinusExpected:
    """Log-odds of no visit within a horizon, at the number of visits that a purchase model expects."""

    purchases: Fitted
    horizon_days: int

    def __call__(self, features: pd.DataFrame) -> Floats:
        return none_expected(self.purchases, self.horizon_days, features)


@dataclass(frozen=True)
class NotAlive:
    """One minus the probability of still being a customer, by a purchase model."""

    purchases: Fitted

    def __call__(self, features: pd.DataFrame) -> Floats:
        return np.nan_to_num(1.0 - self.purchases.model.alive(_histories(features)))


@dataclass(frozen=True)
class Stock:
    """The library's gradient boosting with its own settings, on `STOCK_FEATURES`."""

    trees: Trees = field(repr=False)

    def __call__(self, features: pd.DataFrame) -> Floats:
        return self.trees(features[list(STOCK_FEATURES)].to_numpy(float))


@dataclass(frozen=True)
class Nothing:
    """The same for everyone."""

    def __call__(self, features: pd.DataFrame) -> Floats:
        return np.zeros(len(features))


def prior(churned: int, customers: int) -> Calibrated:
    """The same stated risk for everyone: the share that churned so far, drawn towards one half."""
    share = (churned + 1) / (customers + 2)
    return Calibrated(PRIOR, Nothing(), 0.0, float(np.log(share / (1 - share))))


def baselines(purchases: Fitted, horizon_days: int, earlier: pd.DataFrame | None = None) -> dict[str, Score]:
    """The named baselines that the model has to beat.

    Args:
        purchases: The purchase model, fitted on what was known at the cut.
        horizon_days: Days in which not to buy is to churn.
        earlier: Labelled customers of an earlier day, whose labels were known at the cut, for the baseline that is
            itself learnt: stock gradient boosting. Without them, or with one class only, it is left out.
    """
    named: dict[str, Score] = {
        RECENCY: Recency(),
        FREQUENCY: Frequency(),
        MINUS_EXPECTED: MinusExpected(purchases, horizon_days),
        NOT_ALIVE: NotAlive(purchases),
    }
    if earlier is not None and earlier["churned"].nunique() == 2:
        named[STOCK] = _stock(earlier)
    return named


def unlearnt(purchases: Fitted, horizon_days: int) -> Calibrated:
    """Risks where there is nothing to learn from but purchases themselves: no visit, at the expected number of them."""
    return Calibrated(MINUS_EXPECTED, MinusExpected(purchases, horizon_days), 1.0, 0.0)


def described(features: pd.DataFrame, purchases: Fitted, horizon_days: int) -> pd.DataFrame:
    """Rows of `churn_features.features_at` with `NONE_EXPECTED`, by a purchase model fitted on what was known then."""
    return features.assign(**{NONE_EXPECTED: none_expected(purchases, horizon_days, features)})


def none_expected(purchases: Fitted, horizon_days: int, features: pd.DataFrame) -> Floats:
    """Log-odds of a Poisson number being none: ranks by minus the expected purchases."""
    histories = _histories(features)
    counts = purchases.model.expected(horizon_days, histories)
    counts = np.where(np.isfinite(counts), counts, purchases.fallback.expected(horizon_days, histories))
    # Written so that a small number of them keeps its difference from a smaller one, and a large from a larger.
    counts = np.maximum(counts, 1e-9)
    return np.asarray(-counts - np.log(-np.expm1(-counts)), dtype=float)


def _stock(labelled: pd.DataFrame) -> Stock:
    from sklearn.ensemble import GradientBoostingClassifier

    columns = list(STOCK_FEATURES)
    with one_thread():
        fitted = GradientBoostingClassifier(random_state=SEED).fit(
            labelled[columns].to_numpy(float), labelled["churned"].to_numpy(int)
        )
    return Stock(Trees.of_boosting(fitted))


def _histories(features: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(
        {
            "frequency": features["visits"] - 1,
            "recency_days": features["age_days"] - features["recency_days"],
            "age_days": features["age_days"],
        }
    )
