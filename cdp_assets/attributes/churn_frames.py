"""Customers as they were on past days, and what they did after: what churn is learnt and judged from.

Belongs here: the horizon, the days that are learnt from, and the labelled rows of a day. Does not belong here: features
(`churn_features.py`), and learning.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING

import ibis.expr.types as ir
import numpy as np

from cdp_assets.attributes import churn_baselines, churn_level, purchase_models
from cdp_assets.attributes.churn_features import features_at, labelled
from cdp_assets.attributes.churn_level import Forecast, LastYear
from cdp_assets.attributes.purchase_models import Fitted
from cdp_assets.attributes.purchases import distinct_histories, purchase_statistics

if TYPE_CHECKING:
    import pandas as pd

    from cdp_assets.warehouse.engine import Engine

HORIZONS = (14, 30, 60, 90, 120, 180, 270, 365)
"""Days to choose from, so that the definition of churn does not move by a day with every run."""

RETURNING_SHARE = 0.9
"""The horizon is the shortest within which this share of repeat purchases came."""

CUTS = 4
TRAINING_ROWS = 50_000
"""Most rows to learn from; on CDNOW, twice as many do not rank better."""


def choose_horizon(gaps: pd.DataFrame, history_days: int) -> int | None:
    """The shortest of `HORIZONS` within which most repeat purchases came, and at most a third of the history.

    Args:
        gaps: The rows of `purchases.gap_histogram`.
        history_days: Days from the first purchase to the last day seen.

    Returns:
        Days; None if even the shortest is more than a third of the history.
    """
    possible = [days for days in HORIZONS if days * 3 <= history_days]
    if not possible:
        return None
    visits = gaps["visits"].to_numpy(float)
    if visits.sum() == 0:
        return min(90, possible[-1])
    within = np.cumsum(visits) / visits.sum()
    typical = float(gaps["days"].to_numpy(float)[np.searchsorted(within, RETURNING_SHARE)])
    return next((days for days in possible if days >= typical), possible[-1])


def training_cuts(last: date, first_day: date, horizon_days: int) -> list[date]:
    """Days to learn from, latest first: ``last`` and up to three before it, a third of a horizon apart.

    Each has at least two thirds of a horizon, and thirty days, of history before it.
    """
    step = max(horizon_days // 3, 1)
    history = timedelta(days=max(30, 2 * horizon_days // 3))
    cuts = [last - timedelta(days=step * index) for index in range(CUTS)]
    return [cut for cut in cuts if cut - history >= first_day]


def learnable_horizon(until: date, first_day: date, horizon_days: int) -> int | None:
    """The longest of ``horizon_days`` and the shorter `HORIZONS` for which there is a day to learn from."""
    shorter = [days for days in HORIZONS if days < horizon_days]
    for days in (horizon_days, *reversed(shorter)):
        if training_cuts(until - timedelta(days=days), first_day, days):
            return days
    return None


LEAK_SAMPLE = 200
"""Customers on whom features are looked at for what they may not know."""


class LeakError(RuntimeError):
    """A feature knows what happened after its day; nothing may be learnt from it."""


@dataclass
class Frames:
    """Labelled customers by cut, each computed once and bounded.

    Args:
        purchases: The table of `purchases.purchase_days`.
        activity: The table of `activity.daily_activity`.
        horizon: Days after a cut in which not to buy is to churn.
        customers: How many there are in all.
        engine: Computes.
        known, outcomes, fitted: What was computed so far, by cut.
    """

    purchases: ir.Table
    activity: ir.Table
    horizon: int
    customers: int
    engine: Engine
    known: dict[date, pd.DataFrame] = field(default_factory=dict)
    outcomes: dict[date, float | None] = field(default_factory=dict)
    fitted: dict[date, Fitted] = field(default_factory=dict)

    def at(self, cut: date) -> pd.DataFrame:
        """Labelled customers of a day."""
        if cut not in self.known:
            rows = self.engine.to_pandas(labelled(*self._sampled(cut), cut, self.horizon))
            self.known[cut] = churn_baselines.described(rows, self.purchase_model(cut), self.horizon)
        return self.known[cut]

    def stacked(self, cuts: list[date]) -> pd.DataFrame:
        """Labelled customers of several days."""
        import pandas as pd

        return pd.concat([self.at(cut) for cut in cuts], ignore_index=True)

    def today(self, until: date) -> pd.DataFrame:
        """Customers of a day, without labels."""
        rows = self.engine.to_pandas(features_at(*self._sampled(until), until).order_by("profile_id"))
        return churn_baselines.described(rows, self.purchase_model(until), self.horizon)

    def statistics(self, day: date) -> pd.DataFrame:
        """The sufficient statistics of exactly the customers that `at` gives, in its order."""
        purchases, _ = self._sampled(day)
        return self.engine.to_pandas(purchase_statistics(purchases, day).order_by("profile_id"))

    def refuse_leaks(self, cut: date) -> None:
        """Compute features of a past day with and without all that came later; they must not differ.

        Raises:
            LeakError: if a feature of any of some customers does, naming it.
        """
        one_in = max(1, self.customers // LEAK_SAMPLE)
        purchases, activity = (
            facts.filter(facts.profile_id % one_in == 0) for facts in (self.purchases, self.activity)
        )
        with_future = features_at(purchases, activity, cut)
        without = features_at(purchases.filter(purchases.day <= cut), activity.filter(activity.day <= cut), cut)
        found, honest = (self.engine.to_pandas(table.order_by("profile_id")) for table in (with_future, without))
        if len(found) != len(honest):
            raise LeakError(f"who is a customer on {cut.isoformat()} depends on what came later")
        differing = [name for name in found.columns if not found[name].equals(honest[name])]
        if differing:
            raise LeakError(f"features know what came after {cut.isoformat()}: {', '.join(differing)}")

    def purchase_model(self, day: date) -> Fitted:
        """BG/NBD as of a day, in weeks: a feature and a baseline need no more precision."""
        if day not in self.fitted:
            histories = distinct_histories(purchase_statistics(self._sampled(day)[0], day), grain_days=7)
            self.fitted[day] = purchase_models.fit(self.engine.to_pandas(histories), horizon_days=self.horizon)
        return self.fitted[day]

    def _sampled(self, day: date) -> tuple[ir.Table, ir.Table]:
        """Facts of a bounded number of customers, of others each day: ids are hashes, so the sample is fair."""
        one_in = max(1, -(-self.customers * CUTS // TRAINING_ROWS))
        if one_in == 1:
            return self.purchases, self.activity
        place = day.toordinal() % one_in
        return (
            self.purchases.filter(self.purchases.profile_id % one_in == place),
            self.activity.filter(self.activity.profile_id % one_in == place),
        )

    def forecast(self, day: date, first_day: date, horizon_days: int) -> Forecast | None:
        """Forecast the share of a day's customers that will not buy within a horizon after it.

        Args:
            day: Last day that may be seen.
            first_day: First day on which anyone bought.
            horizon_days: Days ahead.
        """
        today = churn_level.histories_at(self.purchases, [day], self.engine, one_in=self._one_in)[day]
        if not len(today):
            return None
        cuts = churn_level.level_cuts(day - timedelta(days=self.horizon), first_day, self.horizon)
        settled = first_day + timedelta(days=churn_level.SETTLED_DAYS)
        before = {each: each - churn_level.YEAR for each in (day, *cuts) if each - churn_level.YEAR >= settled}
        error = self._errors([*cuts, *before.values()])
        cuts = [cut for cut in cuts if error[cut] is not None]
        errors = [found for cut in cuts if (found := error[cut]) is not None]
        then = [error[before[each]] if each in before else None for each in (day, *cuts)]
        last_year = None if then[0] is None else LastYear(then[0], then[1:])
        return churn_level.forecast(today, errors, horizon_days, self.horizon, last_year)

    @property
    def _one_in(self) -> int:
        """Of how many profiles one is looked at to learn how many churn."""
        return max(1, -(-self.customers // TRAINING_ROWS))

    def _errors(self, cuts: Collection[date]) -> Mapping[date, float | None]:
        """By how much the smoothed rate missed what followed past days."""
        asked = set(cuts) - set(self.outcomes)
        if asked:
            found = churn_level.histories_at(self.purchases, asked, self.engine, self.horizon, one_in=self._one_in)
            self.outcomes |= {cut: churn_level.error_of(rows, self.horizon) for cut, rows in found.items()}
        return self.outcomes
