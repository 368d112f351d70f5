"""What customers will spend within the churn horizon, learnt from what those like them spent in the past.

Belongs here: the learner, and its combination with the published models. Does not belong here: who returns at all
(`churn_model.py`), and what the published models say (`plain_value.py`).

BG/NBD and Gamma-Gamma know three figures of a customer and assume the world to stand still; the learner knows all
features, but only from a few days. Each errs on its own, so that their geometric mean ranks better than either.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from cdp_assets.attributes import churn_model
from cdp_assets.attributes.churn_model import Calibrated
from cdp_assets.attributes.purchase_models import Floats

if TYPE_CHECKING:
    import pandas as pd

RIDGE = 30.0
MINIMUM_SPENDERS = 100
MOST_CORRECTED = 5.0
"""Factor by which the learner may correct the published models at most, either way."""


@dataclass(frozen=True)
class SpendModel:
    """The chance of returning times the spend of those who do: trees and a line, averaged in logarithms.

    Args:
        returning: The risk of not returning within the horizon.
        horizon_days: The horizon.
        trees, line: From features to the logarithm of spend.
        scale: Brings the predictions' total to what was really spent by those it was learnt from.
        bounds: Least and largest logarithm that was seen; nothing beyond is predicted.
    """

    returning: Calibrated
    horizon_days: int
    trees: Any = field(repr=False)
    line: Any = field(repr=False)
    scale: float
    bounds: tuple[float, float]

    def expected(self, features: pd.DataFrame) -> Floats:
        """Money expected within the horizon."""
        logarithm = _predicted(self.trees, self.line, features, self.bounds)
        return np.asarray((1 - self.returning.probability(features)) * np.exp(logarithm) * self.scale, dtype=float)


def learn(labelled: pd.DataFrame, returning: Calibrated, horizon_days: int) -> SpendModel | None:
    """Learn from customers with what they `spent` within a horizon; None if too few spent anything."""
    from sklearn.ensemble import HistGradientBoostingRegressor
    from sklearn.linear_model import Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    rows = labelled[labelled["spent"] > 0]
    if len(rows) < MINIMUM_SPENDERS:
        return None
    spent = rows["spent"].to_numpy(float)
    logarithm = np.log1p(spent)
    trees = HistGradientBoostingRegressor(random_state=churn_model.SEED, early_stopping=False, **churn_model.BOOSTING)
    line = make_pipeline(StandardScaler(), Ridge(RIDGE))
    with churn_model.one_thread():
        trees.fit(churn_model.stepped(rows), logarithm)
        line.fit(churn_model.linear(rows), logarithm)
    bounds = (float(logarithm.min()), float(logarithm.max()))
    scale = float(spent.sum() / np.exp(_predicted(trees, line, rows, bounds)).sum())
    return SpendModel(returning, horizon_days, trees, line, scale, bounds)


def _predicted(trees: Any, line: Any, features: pd.DataFrame, bounds: tuple[float, float]) -> Floats:
    with churn_model.one_thread():
        mean = (trees.predict(churn_model.stepped(features)) + line.predict(churn_model.linear(features))) / 2
    return np.asarray(np.clip(mean, *bounds), dtype=float)


def correction(learnt: Floats, plain: Floats) -> Floats:
    """The factor that brings the published models' spend half way (in logarithms) to the learner's.

    Args:
        learnt: Spend within the horizon by the learner; NaN leaves the published models as they are.
        plain: The same by the published models.
    """
    ratio = np.sqrt(np.maximum(learnt, 1e-9) / np.maximum(plain, 1e-9))
    return np.asarray(np.where(np.isnan(learnt), 1.0, np.clip(ratio, 1 / MOST_CORRECTED, MOST_CORRECTED)), dtype=float)
