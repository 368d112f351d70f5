"""What customers will spend within the churn horizon, learnt from what those like them spent in the past.

Belongs here: the learner, and its combination with the published models. Does not belong here: who returns at all
(`churn_model.py`), and what the published models say (`plain_value.py`).

BG/NBD and Gamma-Gamma know three figures of a customer and assume the world to stand still; the learner knows all
features, but only from a few days, and is smooth where few spend much: there past spend itself tells most. Each errs on
its own, so that their geometric mean ranks better than any. How much past spend tells depends on how many customers
are long gone, and is found by a back-test.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir
import numpy as np

from cdp_assets.attributes import churn_model
from cdp_assets.attributes.churn_model import Calibrated, Read
from cdp_assets.attributes.plain_models import Line, Trees, one_thread
from cdp_assets.attributes.purchase_models import Floats

if TYPE_CHECKING:
    import pandas as pd

RIDGE = 30.0
LEARNT_WEIGHT = 0.6
"""Weight of what was learnt against the published models, in logarithms."""

PAST_SPEND = (1 / 3, 0.0)
"""Weights of past spend in what was learnt, in logarithms, to choose from. The first where nothing can be chosen by: in
so short a history nobody is long gone."""

MINIMUM_SPENDERS = 100
MOST_CORRECTED = 5.0
"""Factor by which the learner may correct the published models at most, either way."""


@dataclass(frozen=True)
class SpendModel:
    """The chance of returning times the spend of those who do, averaged with past spend in logarithms.

    Args:
        returning: The risk of not returning within the horizon.
        horizon_days: The horizon.
        trees, line: From features to the logarithm of spend.
        past_spend: Weight of past spend.
        scale: Brings the predictions' total to what was really spent by the customers it was learnt from.
        bounds: Least and largest logarithm that was seen, in tenths, which tell no customer's own figure; nothing
            beyond is predicted.
    """

    returning: Calibrated
    horizon_days: int
    trees: Trees = field(repr=False)
    line: Line = field(repr=False)
    past_spend: float
    scale: float
    bounds: tuple[float, float]

    def expected(self, features: pd.DataFrame, score: Floats | None = None, read: Read | None = None) -> Floats:
        """Money expected within the horizon.

        Args:
            features: The customers.
            score: What the score of ``returning`` says of them, where it is known already.
            read: The customers as learners read them, likewise.
        """
        score = self.returning.score(features) if score is None else score
        read = read or Read.of(features)
        with one_thread():
            trees, line = self.trees(read.stepped), self.line(read.linear)
        returned = np.exp(np.clip((trees + line) / 2, *self.bounds))
        learnt = (1 - self.returning.probability_at(score)) * returned
        past = np.maximum(features["spend"].to_numpy(float) - features["refunded"].to_numpy(float), 0.0) + 1
        return np.asarray(learnt ** (1 - self.past_spend) * past**self.past_spend * self.scale, dtype=float)

    def weighing(self, past_spend: float, labelled: pd.DataFrame) -> SpendModel:
        """The same with another weight of past spend, its scale found on the rows that it was learnt from."""
        unscaled = replace(self, past_spend=past_spend, scale=1.0)
        total = float(labelled["spent"].clip(lower=0).sum())
        return replace(unscaled, scale=total / float(unscaled.expected(labelled).sum()))


def learn(
    labelled: pd.DataFrame, returning: Calibrated, horizon_days: int, past_spend: float = PAST_SPEND[0]
) -> SpendModel | None:
    """Learn from customers with what they `spent` within a horizon; None if too few spent anything."""
    from sklearn.ensemble import HistGradientBoostingRegressor
    from sklearn.linear_model import Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    rows = labelled[labelled["spent"] > 0]
    if len(rows) < MINIMUM_SPENDERS:
        return None
    logarithm, read = np.log1p(rows["spent"].to_numpy(float)), Read.of(rows)
    trees = HistGradientBoostingRegressor(random_state=churn_model.SEED, early_stopping=False, **churn_model.BOOSTING)
    line = make_pipeline(StandardScaler(), Ridge(RIDGE))
    with one_thread():
        trees.fit(read.stepped, logarithm)
        line.fit(read.linear, logarithm)
    bounds = (float(np.floor(logarithm.min() * 10) / 10), float(np.ceil(logarithm.max() * 10) / 10))
    plain = (Trees.of_histograms(trees), Line.of(line))
    found = SpendModel(returning, horizon_days, *plain, past_spend, 1.0, bounds)
    return found.weighing(past_spend, labelled)


def correction_expression(learnt: ir.Value, plain: ir.Value) -> ir.FloatingValue:
    """`correction` as an expression, for the engine; a null ``learnt`` corrects nothing."""
    ratio = (ibis.greatest(learnt, 1e-9) / ibis.greatest(plain, 1e-9)) ** LEARNT_WEIGHT
    bounded = ibis.greatest(ibis.least(ratio, MOST_CORRECTED), 1 / MOST_CORRECTED)
    return ibis.ifelse(learnt.isnull(), 1.0, bounded)


def correction(learnt: Floats, plain: Floats) -> Floats:
    """The factor that brings the published models' spend `LEARNT_WEIGHT` of the way to the learner's.

    Args:
        learnt: Spend within the horizon by the learner; NaN leaves the published models as they are.
        plain: The same by the published models.
    """
    ratio = (np.maximum(learnt, 1e-9) / np.maximum(plain, 1e-9)) ** LEARNT_WEIGHT
    return np.asarray(np.where(np.isnan(learnt), 1.0, np.clip(ratio, 1 / MOST_CORRECTED, MOST_CORRECTED)), dtype=float)
