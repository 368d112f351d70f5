"""What was learnt without having seen a hold-out, and which days it is learnt from: the last ones, or a year ago.

Belongs here: training, the hold-outs, and whether the same season a year ago says more than the last horizons. Does not
belong here: the days themselves and their rows (`churn_frames.py`), the learner (`churn_model.py`), and what is
published (`churn.py`).

Where people come because it is Christmas or summer, those of the last months tell nothing of who comes next, and those
of the same season a year ago all of it. Where two years of history let it be known, both are learnt, and tried on the
last horizon and on the season a year ago. There the last days before it are learnt from as well; the season itself
has not been seen before by enough, so that it is learnt from some of its customers and tried on the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

from cdp_assets.attributes import churn_baselines, churn_level, churn_model, metrics
from cdp_assets.attributes.challenge import YearAgo
from cdp_assets.attributes.churn_frames import Frames, SameSeason, same_season
from cdp_assets.attributes.churn_level import Forecast
from cdp_assets.attributes.churn_model import FOLDS, Calibrated
from cdp_assets.attributes.newcomers import Booleans
from cdp_assets.attributes.purchase_models import Floats

if TYPE_CHECKING:
    import pandas as pd

MINIMUM_LABELLED = 200
MINIMUM_CLASS = 30

WORTH_IT = 0.01
"""Share by which the season of a year ago has to lessen the mean squared error of risks: it is fewer customers, and
longer ago."""


@dataclass(frozen=True)
class Trial:
    """A model of a past day, and whom it is tried on.

    Args:
        cut: Last day of which anything was known.
        rows: What was learnt from.
        judge: What was learnt.
        held: Which of the labelled customers of the day it is tried on.
    """

    cut: date
    rows: pd.DataFrame = field(repr=False)
    judge: Calibrated
    held: Booleans = field(repr=False)

    def customers(self, frames: Frames) -> pd.DataFrame:
        """Whom it is tried on."""
        return frames.at(self.cut)[self.held]

    def auc(self, frames: Frames) -> float:
        """How well it ranks them."""
        customers = self.customers(frames)
        return metrics.auc(self.judge.score(customers), customers["churned"].to_numpy(float)) or 0.5

    def error(self, frames: Frames) -> float:
        """The mean squared error of its risks."""
        customers = self.customers(frames)
        happened = customers["churned"].to_numpy(float)
        return float(((self.judge.probability(customers) - happened) ** 2).mean())


@dataclass(frozen=True)
class Trials:
    """How a way of learning did.

    Args:
        each: On the last horizon first, then in the season a year ago if that was tried.
        season: The days of that season, if it is what is to be learnt from.
    """

    each: Sequence[Trial]
    season: SameSeason | None = None

    @property
    def judge(self) -> Calibrated:
        """What was learnt before the last horizon."""
        return self.each[0].judge

    def year_ago(self, frames: Frames) -> YearAgo | None:
        """How it and the baselines ranked the customers of the season a year ago."""
        if len(self.each) == 1:
            return None
        trial = self.each[1]
        customers = trial.customers(frames)
        happened = customers["churned"].to_numpy(float)
        before = frames.at(trial.cut - timedelta(days=frames.horizon))
        named = churn_baselines.baselines(frames.purchase_model(trial.cut), frames.horizon, before)
        ranked = {name: metrics.auc(baseline(customers), happened) or 0.5 for name, baseline in named.items()}
        return YearAgo(trial.auc(frames), ranked)


def enough(rows: pd.DataFrame) -> bool:
    """Whether there are customers to learn from, of both kinds."""
    churned = int(rows["churned"].sum())
    return len(rows) >= MINIMUM_LABELLED and min(churned, len(rows) - churned) >= MINIMUM_CLASS


def train(rows: pd.DataFrame) -> tuple[Calibrated, Floats]:
    """Learn from labelled customers and calibrate; also return their scores by what has not seen them."""
    scores = churn_model.out_of_fold_scores(rows)
    learner = churn_model.learn(rows)
    return churn_model.calibrate(churn_model.MODEL, learner, scores, rows["churned"].to_numpy(float)), scores


def levelled(model: Calibrated, customers: pd.DataFrame, ahead: Forecast | None) -> Calibrated:
    """The model with the level that is to be expected of these customers."""
    if ahead is None or model.slope == 0:
        return model
    log_odds = model.log_odds(customers)
    learnt = float(churn_model.probability_of(log_odds).mean())
    return churn_level.at_level(model, log_odds, ahead.level(learnt))


def tried(frames: Frames, cut: date, earlier: Sequence[date], until: date) -> Trials:
    """Try what the last days before a day said of it, and the season a year ago where that can be known.

    Args:
        frames: Labelled customers.
        cut: The latest day whose outcome is known.
        earlier: Days whose outcome was known by then.
        until: Today.

    Returns:
        Whichever erred less.
    """
    recent = _recent(frames, cut, earlier)
    season = same_season(until, frames.first_day, frames.horizon)
    if season is None:
        return Trials([recent])
    frames.look([season.now, *season.before])
    then, now = frames.at(season.then), frames.at(season.now)
    held = now["profile_id"].to_numpy(np.int64) % FOLDS == 0
    if not all(enough(rows) for rows in (then, now[held], now[~held])):
        return Trials([recent])
    lately = Trials([recent, _recent(frames, season.now, season.before, held)])
    yearly = Trials([_seasonal(cut, then, frames), _seasonal(season.now, now[~held], frames, held)], season)
    errors = [np.mean([trial.error(frames) for trial in way.each]) for way in (lately, yearly)]
    return yearly if errors[1] < errors[0] * (1 - WORTH_IT) else lately


def _recent(frames: Frames, cut: date, earlier: Sequence[date], held: Booleans | None = None) -> Trial:
    rows, customers = frames.stacked(earlier), frames.at(cut)
    judge = levelled(train(rows)[0], customers, frames.forecast(cut, frames.horizon))
    return Trial(cut, rows, judge, _all(customers) if held is None else held)


def _seasonal(cut: date, rows: pd.DataFrame, frames: Frames, held: Booleans | None = None) -> Trial:
    return Trial(cut, rows, train(rows)[0], _all(frames.at(cut)) if held is None else held)


def _all(customers: pd.DataFrame) -> Booleans:
    return np.ones(len(customers), dtype=bool)
