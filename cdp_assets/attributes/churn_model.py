"""Learning who comes back from labelled customers of past days.

Belongs here: the learner, and turning a score into a probability. Does not belong here: what it has to beat
(`churn_baselines.py`), where features come from (`churn_features.py`), which days are learnt from and what is published
(`churn.py`).

All take the table of `churn_features.features_at` as a frame; a score is higher for those less likely to return.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from cdp_assets.attributes.churn_features import FEATURES, NONE_EXPECTED
from cdp_assets.attributes.plain_models import Line, Trees, one_thread
from cdp_assets.attributes.purchase_models import Floats

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

_SUREST = float(np.log((1 - 1e-6) / 1e-6))
"""Log-odds beyond which trees are not believed."""

_MISSING = ("mean_gap", "gap_deviation", "days_since_event", "season_visits")
"""Features that may be null; that they are is a feature of the line."""

LINEAR_COLUMNS = len(FEATURES) + len(_MISSING)
"""Columns of what a line reads."""

_MAY_MISS = [FEATURES.index(name) for name in _MISSING]
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
        trees, line, expected: The three, fitted, each in log-odds.
        weight: Of the purchase model; the other two share the rest.
    """

    trees: Trees = field(repr=False)
    line: Line = field(repr=False)
    expected: Line = field(repr=False)
    weight: float

    def __call__(self, features: pd.DataFrame) -> Floats:
        return self.at(Read.of(features))

    def at(self, read: Read) -> Floats:
        """The score of customers that have been read already."""
        with one_thread():
            return self._together(self.trees(read.stepped), read)

    def walk(self, read: Read) -> Walked:
        """The same, with what each tree says of them."""
        with one_thread():
            each = self.trees.each(read.stepped)
            total = np.full(len(read.stepped), self.trees.start)
            for one in each:
                total += one
            return Walked(read, each, total, self._together(total, read))

    def with_other(
        self, walked: Walked, rows: np.ndarray[Any, np.dtype[np.bool_]], other: Mapping[str, float]
    ) -> Floats:
        """The score that some of the customers would have with other values of some features, which are defined: only
        trees that ask for these are walked again.
        """
        read = walked.read.replaced(rows, other)
        places = self.trees.reading([FEATURES.index(name) for name in other])
        with one_thread():
            moved = self.trees.each(read.stepped, places).sum(axis=0) - walked.each[places].sum(axis=0)[rows]
            return self._together(walked.total[rows] + moved, read)

    def _together(self, trees: Floats, read: Read) -> Floats:
        line = self.line(read.linear)
        expected = self.expected(read.stepped[:, [_LOG_ODDS]])
        learnt = (np.clip(trees, -_SUREST, _SUREST) + line) / 2
        return np.asarray((1 - self.weight) * learnt + self.weight * expected, dtype=float)


@dataclass(frozen=True)
class Read:
    """Customers as learners read them.

    Args:
        stepped: `FEATURES` for trees.
        linear: The same for a line: logarithms, and whether they are defined.
    """

    stepped: Floats
    linear: Floats

    @classmethod
    def of(cls, features: pd.DataFrame) -> Read:
        values = features[list(FEATURES)].to_numpy(float)
        missing = np.isnan(values)
        logarithms = np.where(missing, 0.0, values)
        signs = np.sign(logarithms)
        logarithms = signs * np.log1p(np.abs(logarithms))
        logarithms[:, _LOG_ODDS] = values[:, _LOG_ODDS]
        # Scikit-learn's binning fails on a feature that nobody has; none that may be null is negative, so −1 is apart.
        return cls(np.where(missing, -1.0, values), np.hstack([logarithms, missing[:, _MAY_MISS].astype(float)]))

    def replaced(self, rows: np.ndarray[Any, np.dtype[np.bool_]], other: Mapping[str, float]) -> Read:
        """Some of the customers with other values of some features, which are defined."""
        stepped, linear = self.stepped[rows], self.linear[rows]
        for name, value in other.items():
            place = FEATURES.index(name)
            stepped[:, place] = value
            linear[:, place] = value if place == _LOG_ODDS else np.sign(value) * np.log1p(abs(value))
            if name in _MISSING:
                linear[:, len(FEATURES) + _MISSING.index(name)] = 0.0
        return Read(stepped, linear)


@dataclass(frozen=True)
class Walked:
    """What a learner says of customers, tree by tree.

    Args:
        read: The customers.
        each: What each tree says, one row a tree.
        total: The sum over trees.
        score: The learner's.
    """

    read: Read
    each: Floats
    total: Floats
    score: Floats


def learn(labelled: pd.DataFrame) -> Learner:
    """Fit the learner to rows of features with `churned` (0 or 1)."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    churned, read = labelled["churned"].to_numpy(int), Read.of(labelled)
    trees = HistGradientBoostingClassifier(random_state=SEED, early_stopping=False, **BOOSTING)
    line = make_pipeline(StandardScaler(), LogisticRegression(C=LOGISTIC_C, max_iter=1000))
    with one_thread():
        trees.fit(read.stepped, churned)
        line.fit(read.linear, churned)
        expected = LogisticRegression(C=1.0).fit(labelled[[NONE_EXPECTED]].to_numpy(float), churned)
    weight = EXPECTED_ROWS / (EXPECTED_ROWS + len(labelled))
    return Learner(Trees.of_histograms(trees), Line.of(line), Line.of(expected), weight)


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
            scores[test] = learn(train)(labelled[test])
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
