"""Learning who comes back from labelled customers of past days.

Belongs here: the learner, its named baselines, and turning either's score into a probability. Does not belong here:
where features come from (`churn_features.py`), which days are learnt from and what is published (`churn.py`).

All take the table of `churn_features.features_at` as a frame; a score is higher for those less likely to return.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from cdp_assets.attributes.churn_features import FEATURES, NONE_EXPECTED
from cdp_assets.attributes.purchase_models import Fitted, Floats

if TYPE_CHECKING:
    import pandas as pd

Score = Callable[["pd.DataFrame"], Floats]

SEED = 7
FOLDS = 3

MODEL = "gradient boosting, logistic regression and expected purchases"

BOOSTING = {
    "max_iter": 60,
    "learning_rate": 0.08,
    "max_leaf_nodes": 8,
    "min_samples_leaf": 40,
    "l2_regularization": 1.0,
}
"""Few and small trees: what is learnt has to hold in another season. Twice as many, half as fast, rank no better."""

LOGISTIC_C = 0.03

EXPECTED_ROWS = 1000
"""Rows' worth of trust in what the purchase model expects: beside so many labelled customers it counts for half."""

MINUS_EXPECTED = "baseline: minus expected purchases"
STOCK = "baseline: gradient boosting"
STOCK_FEATURES = ("recency_days", "visits", "spend", "age_days")
"""Recency, frequency, monetary value and tenure: what anybody would try first, with the library's own settings."""

_MISSING = ("mean_gap", "gap_deviation", "days_since_event")
"""Features that may be null; that they are is a feature of the line."""

_LOG_ODDS = FEATURES.index(NONE_EXPECTED)
"""Where the one feature is that is a logarithm already."""


@dataclass(frozen=True)
class Calibrated:
    """A score and the probability that it stands for.

    Args:
        name: What made the score: the model, ``baseline: …`` or ``prior``.
        score: From features to a score.
        slope: Log-odds per unit of score.
        intercept: Log-odds at score 0.
    """

    name: str
    score: Score = field(repr=False)
    slope: float
    intercept: float

    def log_odds(self, features: pd.DataFrame) -> Floats:
        return self.slope * self.score(features) + self.intercept

    def probability(self, features: pd.DataFrame) -> Floats:
        return self.probability_at(self.score(features))

    def probability_at(self, score: Floats) -> Floats:
        """What a score stands for."""
        return probability_of(self.slope * score + self.intercept)


def probability_of(log_odds: Floats) -> Floats:
    """The probability that log-odds stand for."""
    from scipy.special import expit

    return np.asarray(expit(log_odds), dtype=float)


@dataclass(frozen=True)
class Learner:
    """Gradient boosting, logistic regression and what the purchase model expects, averaged in log-odds.

    Trees find steps and interactions, the line extrapolates where few customers are, and the purchase model needs next
    to nothing to learn from; together they rank better out of time than any two of them.

    Args:
        trees, line, expected: The three, fitted.
        weight: Of the purchase model; the other two share the rest.
    """

    trees: Any = field(repr=False)
    line: Any = field(repr=False)
    expected: Any = field(repr=False)
    weight: float

    def score(self, features: pd.DataFrame) -> Floats:
        from scipy.special import logit

        with one_thread():
            trees = self.trees.predict_proba(stepped(features))[:, 1]
            line = self.line.decision_function(linear(features))
            expected = self.expected.decision_function(features[[NONE_EXPECTED]].to_numpy(float))
        learnt = (logit(np.clip(trees, 1e-6, 1 - 1e-6)) + line) / 2
        return np.asarray((1 - self.weight) * learnt + self.weight * expected, dtype=float)


def described(features: pd.DataFrame, purchases: Fitted, horizon_days: int) -> pd.DataFrame:
    """Rows of `churn_features.features_at` with `NONE_EXPECTED`, by a purchase model fitted on what was known then."""
    return features.assign(**{NONE_EXPECTED: _none_expected(purchases, horizon_days, features)})


def one_thread() -> contextlib.AbstractContextManager[Any]:
    """Compute in one thread: with so few rows more of them wait for each other, and sums would differ between runs."""
    from threadpoolctl import threadpool_limits

    limited: contextlib.AbstractContextManager[Any] = threadpool_limits(limits=1)
    return limited


def stepped(features: pd.DataFrame) -> Floats:
    """Features as trees read them."""
    # Scikit-learn's binning fails on a feature that nobody has; none that may be null is negative, so −1 stands apart.
    stepped: Floats = np.nan_to_num(features[list(FEATURES)].to_numpy(float), nan=-1.0)
    return stepped


def linear(features: pd.DataFrame) -> Floats:
    """Features as a line reads them: logarithms, and whether they are defined."""
    values = features[list(FEATURES)].to_numpy(float)
    missing = np.isnan(features[list(_MISSING)].to_numpy(float)).astype(float)
    filled = np.nan_to_num(values)
    logarithms = np.sign(filled) * np.log1p(np.abs(filled))
    logarithms[:, _LOG_ODDS] = filled[:, _LOG_ODDS]
    return np.hstack([logarithms, missing])


def learn(labelled: pd.DataFrame) -> Learner:
    """Fit the learner to rows of features with `churned` (0 or 1)."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    churned = labelled["churned"].to_numpy(int)
    trees = HistGradientBoostingClassifier(random_state=SEED, early_stopping=False, **BOOSTING)
    line = make_pipeline(StandardScaler(), LogisticRegression(C=LOGISTIC_C, max_iter=1000))
    with one_thread():
        trees.fit(stepped(labelled), churned)
        line.fit(linear(labelled), churned)
        expected = LogisticRegression(C=1.0).fit(labelled[[NONE_EXPECTED]].to_numpy(float), churned)
    return Learner(trees, line, expected, EXPECTED_ROWS / (EXPECTED_ROWS + len(labelled)))


def out_of_fold_scores(labelled: pd.DataFrame) -> Floats:
    """Score each row by a learner that has not seen its customer, on any day.

    Customers are dealt to folds by their id; rows of a fold that could not be scored (all others of one class) are NaN.
    """
    fold = labelled["profile_id"].to_numpy(np.int64) % FOLDS
    scores = np.full(len(labelled), np.nan)
    for held_out in range(FOLDS):
        test = fold == held_out
        train = labelled[~test]
        if test.any() and train["churned"].nunique() == 2:
            scores[test] = learn(train).score(labelled[test])
    return scores


def calibrate(name: str, score: Score, scores: Floats, churned: Floats) -> Calibrated:
    """Find the probability that a score stands for (Platt's scaling), from scores that have not seen their labels.

    A slope that would turn the score upside down is not believed: then everyone gets the mean.
    """
    from sklearn.linear_model import LogisticRegression

    known = np.isfinite(scores)
    mean = (churned[known].sum() + 1) / (known.sum() + 2)
    level = float(np.log(mean / (1 - mean)))
    if len(np.unique(churned[known])) < 2:
        return Calibrated(name, score, 0.0, level)
    fitted = LogisticRegression(C=1e6).fit(scores[known].reshape(-1, 1), churned[known])
    slope = float(fitted.coef_[0, 0])
    if slope <= 0:
        return Calibrated(name, score, 0.0, level)
    return Calibrated(name, score, slope, float(fitted.intercept_[0]))


def prior(churned: int, customers: int) -> Calibrated:
    """The same stated risk for everyone: the share that churned so far, drawn towards one half."""
    share = (churned + 1) / (customers + 2)
    return Calibrated("prior", _nothing, 0.0, float(np.log(share / (1 - share))))


def _nothing(features: pd.DataFrame) -> Floats:
    return np.zeros(len(features))


def baselines(purchases: Fitted, horizon_days: int, earlier: pd.DataFrame | None = None) -> dict[str, Score]:
    """The named baselines that the model has to beat.

    Args:
        purchases: The purchase model, fitted on what was known at the cut.
        horizon_days: Days in which not to buy is to churn.
        earlier: Labelled customers of an earlier day, whose labels were known at the cut, for the baseline that is
            itself learnt: stock gradient boosting. Without them, or with one class only, it is left out.
    """

    def not_alive(features: pd.DataFrame) -> Floats:
        return np.nan_to_num(1.0 - purchases.model.alive(_histories(features)))

    named: dict[str, Score] = {
        "baseline: recency": lambda features: np.log1p(features["recency_days"].to_numpy(float)),
        "baseline: frequency": lambda features: -np.log1p(features["visits"].to_numpy(float)),
        MINUS_EXPECTED: lambda features: _none_expected(purchases, horizon_days, features),
        "baseline: 1 - P(alive)": not_alive,
    }
    if earlier is not None and earlier["churned"].nunique() == 2:
        named[STOCK] = _stock(earlier)
    return named


def unlearnt(purchases: Fitted, horizon_days: int) -> Calibrated:
    """Risks where there is nothing to learn from but purchases themselves: no visit, at the expected number of them."""
    return Calibrated(MINUS_EXPECTED, lambda features: _none_expected(purchases, horizon_days, features), 1.0, 0.0)


def _none_expected(purchases: Fitted, horizon_days: int, features: pd.DataFrame) -> Floats:
    """Log-odds of a Poisson number being none: ranks by minus the expected purchases."""
    histories = _histories(features)
    counts = purchases.model.expected(horizon_days, histories)
    counts = np.where(np.isfinite(counts), counts, purchases.fallback.expected(horizon_days, histories))
    # Written so that a small number of them keeps its difference from a smaller one, and a large from a larger.
    counts = np.maximum(counts, 1e-9)
    return np.asarray(-counts - np.log(-np.expm1(-counts)), dtype=float)


def _stock(labelled: pd.DataFrame) -> Score:
    from sklearn.ensemble import GradientBoostingClassifier

    columns = list(STOCK_FEATURES)
    with one_thread():
        fitted = GradientBoostingClassifier(random_state=SEED).fit(
            labelled[columns].to_numpy(float), labelled["churned"].to_numpy(int)
        )

    def score(features: pd.DataFrame) -> Floats:
        return np.asarray(fitted.decision_function(features[columns].to_numpy(float)), dtype=float)

    return score


def _histories(features: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(
        {
            "frequency": features["visits"] - 1,
            "recency_days": features["age_days"] - features["recency_days"],
            "age_days": features["age_days"],
        }
    )
