"""Customers as they were on past days, and what they did after: what churn is learnt and judged from.

Belongs here: the horizon, the days that are learnt from, and the labelled rows of a day. Does not belong here: features
(`churn_features.py`), and learning.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING

import ibis.expr.types as ir
import numpy as np

from cdp_assets.attributes import churn_baselines, churn_level, churn_model, purchase_models
from cdp_assets.attributes.churn_features import SEASON, features_at, labelled
from cdp_assets.attributes.churn_level import Errors, Forecast, LastYear
from cdp_assets.attributes.known_facts import at_each
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


@dataclass(frozen=True)
class SameSeason:
    """Days whose horizon lay in the season of others, a year later.

    Args:
        now: A year before today.
        then: A year before the latest day whose outcome is known.
        before: Days to learn from that were known at ``now``, latest first.
    """

    now: date
    then: date
    before: Sequence[date]


def same_season(until: date, first_day: date, horizon_days: int) -> SameSeason | None:
    """The days a year ago to learn from, where another year of history lies before them; else None."""
    now, horizon = until - churn_level.YEAR, timedelta(days=horizon_days)
    before = training_cuts(now - horizon, first_day, horizon_days)
    if horizon > churn_level.YEAR or now - churn_level.YEAR < first_day or not before:
        return None
    return SameSeason(now, now - horizon, before)


def learnable_horizon(until: date, first_day: date, horizon_days: int) -> int | None:
    """The longest of ``horizon_days`` and the shorter `HORIZONS` for which there is a day to learn from."""
    shorter = [days for days in HORIZONS if days < horizon_days]
    for days in (horizon_days, *reversed(shorter)):
        if training_cuts(until - timedelta(days=days), first_day, days):
            return days
    return None


def seasonless(customers: pd.DataFrame) -> pd.DataFrame:
    """Customers as if nothing were known of past years."""
    return customers.assign(**dict.fromkeys(SEASON, np.nan))


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
        first_day: First day on which anyone bought.
        known, outcomes, fitted, present: What was computed so far, by day.
    """

    purchases: ir.Table
    activity: ir.Table
    horizon: int
    customers: int
    engine: Engine
    first_day: date
    known: dict[date, pd.DataFrame] = field(default_factory=dict)
    outcomes: dict[date, Errors] = field(default_factory=dict)
    fitted: dict[date, Fitted] = field(default_factory=dict)
    present: dict[date, pd.DataFrame] = field(default_factory=dict)

    def look(self, cuts: Collection[date], fitted: Collection[date] = ()) -> None:
        """Compute the labelled customers of several days, and the purchase models of these and more, by one query each:
        to compile one takes longer than to run it.
        """
        asked = sorted(set(cuts) - set(self.known))
        self._fit({*asked, *fitted})
        if not asked:
            return
        rows = self.engine.to_pandas(labelled(*self._sampled(asked), None, self.horizon))
        of_day = rows.pop("until").dt.date
        for cut in asked:
            own = rows[of_day == cut].reset_index(drop=True)
            self.known[cut] = churn_baselines.described(self._seasoned(own, cut), self.fitted[cut], self.horizon)

    def _seasoned(self, customers: pd.DataFrame, day: date) -> pd.DataFrame:
        """Customers with what they did in past years only where a whole year of the shop is known."""
        return customers if day - churn_level.YEAR >= self.first_day else seasonless(customers)

    def at(self, cut: date) -> pd.DataFrame:
        """Labelled customers of a day."""
        self.look([cut])
        return self.known[cut]

    def stacked(self, cuts: Sequence[date]) -> pd.DataFrame:
        """Labelled customers of several days, without `SEASON`: few days say nothing of other seasons."""
        import pandas as pd

        self.look(cuts)
        return seasonless(pd.concat([self.at(cut) for cut in cuts], ignore_index=True))

    def today(self, until: date) -> pd.DataFrame:
        """Customers of a day, without labels."""
        rows = self.engine.to_pandas(features_at(*self._sampled([until]), None, self.horizon).order_by("profile_id"))
        del rows["until"]
        return churn_baselines.described(rows, self.purchase_model(until), self.horizon)

    def statistics(self, day: date) -> pd.DataFrame:
        """The sufficient statistics of exactly the customers that `at` gives, in its order."""
        purchases, _ = self._sampled([day])
        return self.engine.to_pandas(purchase_statistics(purchases, None).drop("until").order_by("profile_id"))

    def refuse_leaks(self, cut: date) -> None:
        """Compute features of a past day with and without all that came later; they must not differ.

        Raises:
            LeakError: if a feature of any of some customers does, naming it.
        """
        one_in = max(1, self.customers // LEAK_SAMPLE)
        purchases, activity = (
            facts.filter(facts.profile_id % one_in == 0) for facts in (self.purchases, self.activity)
        )
        # Beside its day, as what is learnt from is computed.
        past = (purchases.filter(purchases.day <= cut), activity.filter(activity.day <= cut))
        with_future, without = (
            features_at(at_each(bought, [cut]), at_each(did, [cut]), None, self.horizon)
            for bought, did in ((purchases, activity), past)
        )
        found, honest = (self.engine.to_pandas(table.order_by("profile_id")) for table in (with_future, without))
        if len(found) != len(honest):
            raise LeakError(f"who is a customer on {cut.isoformat()} depends on what came later")
        differing = [name for name in found.columns if not found[name].equals(honest[name])]
        if differing:
            raise LeakError(f"features know what came after {cut.isoformat()}: {', '.join(differing)}")

    def purchase_model(self, day: date) -> Fitted:
        """BG/NBD as of a day, in weeks: a feature and a baseline need no more precision."""
        self._fit([day])
        return self.fitted[day]

    def _fit(self, days: Collection[date]) -> None:
        asked = sorted(set(days) - set(self.fitted))
        if not asked:
            return
        statistics = purchase_statistics(self._sampled(asked)[0], None)
        histories = self.engine.to_pandas(distinct_histories(statistics, grain_days=7))
        of_day = histories.pop("until").dt.date
        for day in asked:
            own = histories[of_day == day].reset_index(drop=True)
            self.fitted[day] = purchase_models.fit(own, horizon_days=self.horizon)

    def _sampled(self, days: Collection[date]) -> tuple[ir.Table, ir.Table]:
        """Facts of a bounded number of customers beside days, of others each day: ids are hashes, so it is fair."""
        one_in = max(1, -(-self.customers * CUTS // TRAINING_ROWS))
        # Else all of a day would be of one fold, and of the same one every day.
        one_in += one_in > 1 and one_in % churn_model.FOLDS == 0
        return at_each(self.purchases, days, one_in), at_each(self.activity, days, one_in)

    def forecast(self, day: date, horizon_days: int) -> Forecast | None:
        """Forecast the share of a day's customers that will not buy within a horizon after it.

        Args:
            day: Last day that may be seen.
            horizon_days: Days ahead.
        """
        self.foresee([day])
        today = self.present[day]
        if not len(today):
            return None
        cuts, before = self._looked_back_on(day)
        cuts = [cut for cut in cuts if self.outcomes[cut]]
        model, name = churn_level.to_foretell_by(self.purchase_model(day).model, [self.outcomes[cut] for cut in cuts])
        cuts = [cut for cut in cuts if name in self.outcomes[cut]]
        errors = [self.outcomes[cut][name] for cut in cuts]
        then = [self.outcomes[before[each]].get(name) if each in before else None for each in (day, *cuts)]
        last_year = None if then[0] is None else LastYear(then[0], then[1:])
        return churn_level.forecast(today, day, errors, horizon_days, self.horizon, last_year, model)

    def foresee(self, days: Collection[date]) -> None:
        """Compute what the forecasts of several days need, by one query each for their customers and for the past."""
        asked = set(days) - set(self.present)
        if asked:
            self.present |= churn_level.histories_at(self.purchases, asked, self.engine, one_in=self._one_in)
        looked_back_on = [self._looked_back_on(day) for day in days]
        past = {each for cuts, before in looked_back_on for each in (*cuts, *before.values())} - set(self.outcomes)
        self._fit({*days, *past})
        if past:
            found = churn_level.histories_at(self.purchases, past, self.engine, self.horizon, one_in=self._one_in)
            self.outcomes |= {
                cut: churn_level.errors_of(rows, cut, self.horizon, self.purchase_model(cut).model)
                for cut, rows in found.items()
            }

    def _looked_back_on(self, day: date) -> tuple[list[date], dict[date, date]]:
        """Past days whose outcome a forecast is corrected by, and the days a year before it and them, where there is
        enough history.
        """
        cuts = churn_level.level_cuts(day - timedelta(days=self.horizon), self.first_day, self.horizon)
        settled = self.first_day + timedelta(days=churn_level.SETTLED_DAYS)
        return cuts, {each: each - churn_level.YEAR for each in (day, *cuts) if each - churn_level.YEAR >= settled}

    @property
    def _one_in(self) -> int:
        """Of how many profiles one is looked at to learn how many churn."""
        return max(1, -(-self.customers // TRAINING_ROWS))
