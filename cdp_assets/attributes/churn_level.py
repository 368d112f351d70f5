"""How many will not come back: the level that the risks of all customers together should have.

Belongs here: forecasting the share of customers without a purchase within a horizon, and moving a score's probabilities
to it. Does not belong here: who of them (`churn_model.py`).

A learner ranks customers well on any day, but takes the level of the days it learnt from, when customers were younger
on average and the season another. The purchase model knows the customers of today and that people leave for good;
where it cannot be fitted, the smoothed rate stands in (`purchase_models.py`). A horizon is counted in days of an
average year of retail (`retail_year.py`), so that one before Christmas is long. How far this was off on past days is
known, and is taken off, on average over all of them, so that no single season counts for more than it lasted. Once the
same season has been seen a year ago, part of what was missed then is taken off as well, the more the better past years
foretold the next: what is the shop's own replaces what is usual. Where the errors differ much from day to day, the
learner is believed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import ibis.expr.types as ir
import numpy as np

from cdp_assets.attributes import retail_year
from cdp_assets.attributes.churn_model import Calibrated, probability_of
from cdp_assets.attributes.known_facts import at_each
from cdp_assets.attributes.purchase_models import DropoutModel, Floats, SmoothedRate, smoothed_rate
from cdp_assets.attributes.purchases import purchase_statistics

if TYPE_CHECKING:
    import pandas as pd

    from cdp_assets.warehouse.engine import Engine

MOST_CUTS = 8
LEAST_CUSTOMERS = 100
LEARNT_SPREAD = 0.2
"""Log-odds by which the level of a learner is off, as a rule, for want of other seasons to learn from."""

UNCORRECTED_COUNTS = 0.7
"""Horizons' worth of trust that what foretells has without any correction."""

LEAST_HISTORY, MOST_HISTORY = 14, 60
"""Bounds of the days, two thirds of a horizon between them, that a past day has behind it for its error to tell
something: a rate of a few days is off by more than any later one."""

YEAR = timedelta(days=365)
SETTLED_DAYS = 90
"""Days from the first purchase after which an error says something of its season: before, everybody is new."""

SEASON_SHARE, SEASON_COUNTS = 0.3, 1.0
"""Share of last year's deviation that is expected to come back, and for how much evidence (horizons' worth of squared
log-odds) that is believed against what the data say."""

MOST_MOVED = 1.0
"""Log-odds by which a level moves at most: beyond, the forecast is no better known than what was learnt."""

MOST_MOVED_UNLEARNT = 5.0
"""The same where nothing was learnt: of purchases alone the level is a guess; the forecast has seen what followed."""


def level_cuts(last: date, first_day: date, horizon_days: int) -> list[date]:
    """Days whose outcome is known, latest first: ``last`` and before it, a third of a horizon apart."""
    step = timedelta(days=max(horizon_days // 3, 1))
    history = timedelta(days=min(max(2 * horizon_days // 3, LEAST_HISTORY), MOST_HISTORY))
    cuts = [last - step * index for index in range(MOST_CUTS)]
    return [cut for cut in cuts if cut - history >= first_day]


def histories_at(
    purchases: ir.Table, days: Collection[date], engine: Engine, horizon_days: int | None = None, *, one_in: int = 1
) -> dict[date, pd.DataFrame]:
    """Customers at each of several days by their history: `frequency`, `recency_days`, `age_days`, `customers`.

    Args:
        purchases: The table of `purchases.purchase_days`.
        days: Last days that are seen.
        engine: Computes.
        horizon_days: With it also `churned`: how many of them did not buy in so many days after it.
        one_in: Take one profile in so many.
    """
    if one_in > 1:
        purchases = purchases.filter(purchases.profile_id % one_in == 0)
    customers = purchase_statistics(at_each(purchases, days), None)
    keys = ["until", "frequency", "recency_days", "age_days"]
    counts = {"customers": customers.count()}
    if horizon_days is not None:
        later = at_each(purchases.filter(purchases.purchases > 0), days)
        ahead = later.day.delta(later.until, unit="day")
        came = later.filter(ahead > 0, ahead <= horizon_days).select("until", "profile_id").distinct().mutate(came=1)
        customers = customers.left_join(came, ["until", "profile_id"]).drop("until_right", "profile_id_right")
        counts = {"customers": customers.count(), "churned": (1 - customers.came.fill_null(0)).sum()}
    found = engine.to_pandas(customers.group_by(keys).aggregate(**counts).order_by(keys))
    of_day = found.pop("until").dt.date
    return {day: found[of_day == day].reset_index(drop=True) for day in days}


def expected_share(
    histories: pd.DataFrame, day: date, horizon_days: int, model: DropoutModel | SmoothedRate | None = None
) -> float:
    """Share of customers without a purchase within the horizon after a day.

    Args:
        histories: The rows of `histories_at` of the day.
        day: The day.
        horizon_days: Days after it.
        model: The purchase model of the day; without one that knows of dropping out, the smoothed rate fitted to these
            histories, which counts all time as `retail_year.usual_days`.
    """
    [ahead] = retail_year.usual_days(day, np.array([horizon_days]))
    if not isinstance(model, DropoutModel):
        ages = -retail_year.usual_days(day, -histories["age_days"].to_numpy(float))
        histories = histories.assign(age_days=ages)
        model = smoothed_rate(histories)
    weights = histories["customers"].to_numpy(float)
    return float(weights @ model.none_within(float(ahead), histories) / weights.sum())


@dataclass(frozen=True)
class Forecast:
    """How many will not buy, by what foretells and its errors on past days.

    Args:
        log_odds: Of the share within the horizon that was asked for.
        past_log_odds: Of the share within the horizon of the past days' outcomes.
        spread: Standard deviation of the errors but for what comes back every year, in log-odds: how far this may be
            off.
    """

    log_odds: float
    past_log_odds: float
    spread: float

    def level(self, learnt: float | None = None) -> float:
        """The share to expect, as a number between 0 and 1.

        Args:
            learnt: What a learner expects within the past days' horizon; the wider the errors spread, beyond those of
                a learner, the more it counts.
        """
        moved = 0.0
        if learnt is not None:
            trust = 1 / (1 + (self.spread / LEARNT_SPREAD) ** 4)
            moved = (1 - trust) * (_logit(learnt) - self.past_log_odds)
        return float(probability_of(np.array([self.log_odds + moved]))[0])


Errors = Mapping[str, float]
"""What could foretell a past day → by how much it missed what happened, in log-odds."""

SMOOTHED = "smoothed rate"


def errors_of(histories: pd.DataFrame, day: date, horizon_days: int, model: DropoutModel | SmoothedRate) -> Errors:
    """By how much the smoothed rate, and the purchase model if it is one of dropping out, missed what happened after a
    past day: actual minus expected.

    Args:
        histories: The rows of `histories_at`, with `churned`.
        day: The day.
        horizon_days: Days after which the outcome was taken.
        model: The purchase model of the day.

    Returns:
        Nothing of too few customers to say.
    """
    customers, churned = float(histories["customers"].sum()), float(histories["churned"].sum())
    if customers < LEAST_CUSTOMERS:
        return {}
    actual = _logit((churned + 1) / (customers + 2))
    found = {SMOOTHED: actual - _logit(expected_share(histories, day, horizon_days))}
    if isinstance(model, DropoutModel):
        found[model.kind] = actual - _logit(expected_share(histories, day, horizon_days, model))
    return found


def to_foretell_by(
    model: DropoutModel | SmoothedRate, past: Sequence[Errors]
) -> tuple[DropoutModel | SmoothedRate | None, str]:
    """What foretells today, and its name among the errors: the purchase model if it could be fitted on at least half of
    the past days as well, else the smoothed rate, for which None is returned.
    """
    if isinstance(model, DropoutModel) and past and 2 * sum(model.kind in errors for errors in past) >= len(past):
        return model, model.kind
    return None, SMOOTHED


@dataclass(frozen=True)
class LastYear:
    """What was missed a year ago, in log-odds.

    Args:
        now: Its error a year before today.
        then: Its errors a year before each of the past days; None where there was too little history.
    """

    now: float
    then: Sequence[float | None]


def season(errors: Sequence[float], last_year: LastYear) -> tuple[float, list[float]]:
    """What of the error a year ago is to be expected again, besides the mean of all errors, in log-odds.

    Args:
        errors: What was missed on past days (`errors_of`), a third of a horizon apart.
        last_year: The errors a year before today and before each of these days.

    Returns:
        It, and what of each past day's error remains unexplained when the same is taken off there.
    """
    pairs = [(now, then) for now, then in zip(errors, last_year.then, strict=True) if then is not None]
    mean = float(np.mean([*errors, *(then for _, then in pairs)]))
    together = sum((now - mean) * (then - mean) for now, then in pairs) / 3
    alone = sum((then - mean) ** 2 for _, then in pairs) / 3
    share = min(max((together + SEASON_COUNTS * SEASON_SHARE) / (alone + SEASON_COUNTS), 0.0), 1.0)
    explained = [0.0 if then is None else share * (then - mean) for then in last_year.then]
    return share * (last_year.now - mean), [error - part for error, part in zip(errors, explained, strict=True)]


def forecast(
    today: pd.DataFrame,
    day: date,
    errors: Sequence[float],
    horizon_days: int,
    past_horizon_days: int | None = None,
    last_year: LastYear | None = None,
    model: DropoutModel | SmoothedRate | None = None,
) -> Forecast | None:
    """Forecast the share of today's customers that will not buy; None without a past to correct it by.

    Args:
        today: The rows of `histories_at` for today.
        day: Today.
        errors: What was missed on past days (`errors_of`), a third of a horizon apart.
        horizon_days: Days ahead.
        past_horizon_days: Days after which the past days' outcomes were taken, if others.
        last_year: The errors of a year ago, if that is known.
        model: What foretells, and missed by these errors (`to_foretell_by`).
    """
    if not errors:
        return None
    # Cuts a third of a horizon apart overlap: so many horizons' worth of outcomes are known.
    horizons = (len(errors) + 2) / 3
    correction = horizons / (horizons + UNCORRECTED_COUNTS) * float(np.mean(errors))
    unexplained = list(errors)
    if last_year is not None:
        again, unexplained = season(errors, last_year)
        correction += again
    ahead = _logit(expected_share(today, day, horizon_days, model)) + correction
    alike = past_horizon_days is None or past_horizon_days == horizon_days
    return Forecast(
        ahead,
        ahead if alike else _logit(expected_share(today, day, past_horizon_days or horizon_days, model)) + correction,
        float(np.std(unexplained, ddof=1)) if len(errors) > 1 else LEARNT_SPREAD,
    )


def at_level(model: Calibrated, log_odds: Floats, level: float, most: float = MOST_MOVED) -> Calibrated:
    """The model with its probabilities moved so that their mean is a level.

    Args:
        model: What is to be moved.
        log_odds: What it says of the customers that the level is about.
        level: The mean that their probabilities should have.
        most: Log-odds that they are moved by at most.
    """
    from scipy.optimize import brentq

    def excess(moved: float) -> float:
        return float(probability_of(log_odds + moved).mean()) - level

    if excess(-most) >= 0:
        moved = -most
    elif excess(most) <= 0:
        moved = most
    else:
        moved = float(brentq(excess, -most, most, xtol=1e-6))
    return replace(model, intercept=model.intercept + moved)


def _logit(share: float) -> float:
    bounded = min(max(share, 1e-6), 1 - 1e-6)
    return float(np.log(bounded / (1 - bounded)))
