"""What was learnt of who comes back: plain data, and what it says of customers.

Belongs here: the value that learning hands to scoring, today or weeks later. Does not belong here: how it comes about
(`churn.py`), how it is kept (`model_documents.py`), and scoring everybody (`churn_scores.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from cdp_assets.attributes import challenge, churn_baselines, newcomers
from cdp_assets.attributes.challenge import Contest, Standing
from cdp_assets.attributes.churn_features import NONE_EXPECTED
from cdp_assets.attributes.churn_model import Calibrated, Read, Score
from cdp_assets.attributes.drift import Bins
from cdp_assets.attributes.newcomers import Booleans
from cdp_assets.attributes.purchase_models import Fitted, Floats
from cdp_assets.attributes.spend_model import SpendModel

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


@dataclass(frozen=True)
class Rehearsed:
    """A score with the purchase model of its day, which `NONE_EXPECTED` is computed by.

    Args:
        score: From features to a score.
        purchases: The purchase model.
    """

    score: Score
    purchases: Fitted

    def __call__(self, customers: pd.DataFrame, horizon_days: int) -> Floats:
        return self.score(churn_baselines.described(customers, self.purchases, horizon_days))


@dataclass(frozen=True)
class Learned:
    """What is published, and why.

    Args:
        published: The model, a baseline, or the prior.
        until: Last day that was seen.
        horizon_days: Days in which not to buy is to churn; None if no horizon fits the history.
        report: Back-test and choices, JSON-able.
        judged: Probability and label of the customers of the back-test; None without one, and not kept.
        spend: What is spent within the horizon, as far as it was learnt and improves on the published models.
        purchases: The purchase model as of `until`; None if nothing was learnt.
        cold: Log-odds for those of whom too little is known; None if everybody has the same anyway.
        rehearsed: What is published, as it was when nothing after the back-test's day had been seen.
        then: Figure → how the customers of that day were spread over it.
        contest: The last that it took part in; None if nothing was learnt.
    """

    published: Calibrated
    until: date
    horizon_days: int | None
    report: dict[str, Any]
    judged: tuple[Floats, Floats] | None = field(default=None, repr=False)
    spend: SpendModel | None = field(default=None, repr=False)
    purchases: Fitted | None = field(default=None, repr=False)
    cold: float | None = None
    rehearsed: Rehearsed | None = field(default=None, repr=False)
    then: Mapping[str, Bins] = field(default_factory=dict, repr=False)
    contest: Contest | None = None

    def log_odds(self, described: pd.DataFrame, score: Floats | None = None) -> Floats:
        """Log-odds of not returning, those of the model but for customers of whom too little is known.

        Args:
            described: The customers.
            score: What the score of the published model says of them, where it is known already.
        """
        score = self.published.score(described) if score is None else score
        found = self.published.slope * score + self.published.intercept
        return found if self.cold is None else np.where(is_cold(described), self.cold, found)

    def spent(self, described: pd.DataFrame, score: Floats, read: Read) -> pa.Array:
        """What is spent within the horizon, to the cent; null where it was not learnt. As `log_odds`."""
        import pyarrow as pa

        if self.spend is None:
            return pa.nulls(len(described), "float64")
        # The same learner mostly stands behind both, and its trees are most of the work.
        same = self.spend.returning.score is self.published.score
        return pa.array(self.spend.expected(described, score if same else None, read).round(2))

    def described(self, features: pd.DataFrame) -> pd.DataFrame:
        """Rows of `churn_features.features_at` as of `until` with all that the published model reads."""
        if self.purchases is None or self.learnt_horizon_days is None:
            return features.assign(**{NONE_EXPECTED: 0.0})
        return churn_baselines.described(features, self.purchases, self.learnt_horizon_days)

    @property
    def learnt_horizon_days(self) -> int | None:
        """The horizon that was learnt from; None if nothing was."""
        return self.report.get("horizon_days")

    @property
    def is_learnt(self) -> bool:
        """Whether it was learnt and judged, rather than stated for want of history."""
        return self.purchases is not None

    def unseeing(self, cut: date) -> Rehearsed | None:
        """What it would have scored customers by on a day, having seen nothing after it; None if it has."""
        if self.purchases is None:
            return None
        whole = Rehearsed(self.published.score, self.purchases)
        rehearsed_at = date.fromisoformat(self.report["cut"])
        return challenge.unseeing(cut, (whole, self.until), (self.rehearsed, rehearsed_at))

    @property
    def standing(self) -> Standing:
        """What it is, and how it came to be published."""
        contests = {} if self.contest is None else {"who returns": self.contest}
        return Standing(self.published.name, self.is_learnt, self.until, contests, self.why, self.horizon_days)

    @property
    def why(self) -> str:
        """Why it is not the model that is published."""
        return str(self.report.get("none", "the model ranked no better than its best baseline"))


def is_cold(features: pd.DataFrame) -> Booleans:
    """Who came first less than `newcomers.LEAST_DAYS` ago, and only once: not told apart from others of whom no more is
    known.
    """
    return newcomers.are_new(features["visits"] - 1, features["age_days"], newcomers.LEAST_DAYS)
