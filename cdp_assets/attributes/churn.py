"""Churn risk per customer: the probability of not buying within a horizon that fits the data.

Belongs here: the horizon, the days that are learnt from, the back-test that decides what is published, and scoring.
Does not belong here: features (`churn_features.py`), the learner (`churn_model.py`), the wording of reasons
(`churn_reasons.py`) and pictures (`churn_card.py`).

Time is split, never shuffled: a model is learnt on customers as they were at past days (cuts) with what they did in the
horizon after each, and judged on a later cut whose horizon lies wholly after everything that was learnt.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir
import numpy as np

from cdp_assets.attributes import churn_model, metrics, purchase_models
from cdp_assets.attributes.churn_features import features_at, labelled
from cdp_assets.attributes.churn_model import Calibrated, Score
from cdp_assets.attributes.churn_reasons import reasons, usual
from cdp_assets.attributes.known_facts import last_day
from cdp_assets.attributes.purchase_models import Floats
from cdp_assets.attributes.purchases import (
    distinct_histories,
    gap_histogram,
    observed_days,
    purchase_statistics,
)
from cdp_assets.warehouse.built import Built, ColumnLineage

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

MINIMUM_LABELLED = 200
MINIMUM_CLASS = 30

MEDIUM, HIGH = 0.4, 0.7
"""Risk from which the bands `medium` and `high` begin."""

_SCORES = ibis.schema(
    {"profile_id": "int64", "churn_risk": "float64", "risk_band": "string", "reasons": "string", "model": "string"}
)

_READ = {
    *(("attributes", "purchases", name) for name in ("day", "purchases", "net", "refunds", "refunded")),
    *(("attributes", "activity", name) for name in ("day", "activity", "times")),
}

LINEAGE: ColumnLineage = {
    "profile_id": {("attributes", "purchases", "profile_id")},
    **dict.fromkeys(("churn_risk", "risk_band", "reasons", "model"), _READ),
}
"""Declared, since the model stands between."""


@dataclass(frozen=True)
class Learned:
    """What is published, and why.

    Args:
        published: The model, a baseline, or the prior.
        until: Last day that was seen.
        horizon_days: Days in which not to buy is to churn; None if no horizon fits the history.
        report: Back-test and choices, JSON-able.
        judged: Probability and label of the customers of the back-test, for the calibration plot; None without one.
    """

    published: Calibrated
    until: date
    horizon_days: int | None
    report: dict[str, Any]
    judged: tuple[Floats, Floats] | None = field(default=None, repr=False)


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


def learn(
    purchases: ir.Table, activity: ir.Table, until: date, engine: Engine, horizon_days: int | None = None
) -> Learned:
    """Learn from everything up to a day who will not come back within the horizon after it.

    Args:
        purchases: The table of `purchases.purchase_days`.
        activity: The table of `activity.daily_activity`.
        until: Last day that may be seen.
        horizon_days: Churn horizon; chosen from the data if not given.
    """
    import pandas as pd

    observed = engine.to_pandas(observed_days(purchases, until)).iloc[0]
    customers = int(observed["customers"])
    if customers == 0:
        return _without_model(churn_model.prior(0, 0), until, horizon_days, "nobody has bought anything yet")
    first_day = pd.Timestamp(observed["first_day"]).date()
    horizon = horizon_days or choose_horizon(
        engine.to_pandas(gap_histogram(purchases, until)), (until - first_day).days
    )
    if horizon is None:
        return _without_model(churn_model.prior(0, 0), until, None, "the history is too short for any horizon")
    frames = _Frames(purchases, activity, horizon, customers, engine)
    latest = until - timedelta(days=horizon)
    cuts = training_cuts(latest, first_day, horizon)
    churned = frames.at(latest)["churned"].to_numpy(int)
    if problem := _too_little(churned, bool(cuts)):
        return _without_model(churn_model.prior(int(churned.sum()), len(churned)), until, horizon, problem)
    return _judge_and_choose(frames, cuts, first_day, until)


def _too_little(churned: np.ndarray[Any, Any], has_cuts: bool) -> str | None:
    """Why nothing can be learnt from the latest labelled customers, or None."""
    if not has_cuts:
        return "there is too little history before the horizon"
    if len(churned) < MINIMUM_LABELLED:
        return f"too few customers to learn from ({len(churned)})"
    stayed = len(churned) - int(churned.sum())
    if min(stayed, len(churned) - stayed) < MINIMUM_CLASS:
        return f"of {len(churned)} customers, {stayed} came back: too nearly all or none"
    return None


@dataclass
class _Frames:
    """Labelled customers by cut, each computed once and bounded."""

    purchases: ir.Table
    activity: ir.Table
    horizon: int
    customers: int
    engine: Engine
    known: dict[date, pd.DataFrame] = field(default_factory=dict)

    def at(self, cut: date) -> pd.DataFrame:
        if cut not in self.known:
            one_in = max(1, -(-self.customers * CUTS // TRAINING_ROWS))
            self.known[cut] = self.engine.to_pandas(
                labelled(self.purchases, self.activity, cut, self.horizon, one_in=one_in, offset=len(self.known))
            )
        return self.known[cut]

    def stacked(self, cuts: list[date]) -> pd.DataFrame:
        import pandas as pd

        return pd.concat([self.at(cut) for cut in cuts], ignore_index=True)

    def purchase_model(self, cut: date) -> purchase_models.Fitted:
        """BG/NBD as of the cut, in weeks: a baseline that needs no more precision."""
        statistics = purchase_statistics(self.purchases, cut)
        return purchase_models.fit(
            self.engine.to_pandas(distinct_histories(statistics, grain_days=7)), horizon_days=self.horizon
        )


def _train(frames: _Frames, cuts: list[date]) -> tuple[Calibrated, Floats]:
    """Learn from the cuts and calibrate; also return the out-of-fold scores of the latest cut."""
    rows = frames.stacked(cuts)
    scores = churn_model.out_of_fold_scores(rows)
    # On all cuts: the share of churners moves with the season, and their mean foretells the next better than the last.
    calibrated = churn_model.calibrate(
        churn_model.MODEL, churn_model.learn(rows).score, scores, rows["churned"].to_numpy(float)
    )
    return calibrated, scores[: len(frames.at(cuts[0]))]


def _judge_and_choose(frames: _Frames, cuts: list[date], first_day: date, until: date) -> Learned:
    """Back-test the model against the baselines, then publish whichever ranked better, learnt anew on all cuts."""
    judged_at = cuts[0]
    customers = frames.at(judged_at)
    happened = customers["churned"].to_numpy(float)
    model, out_of_fold = _train(frames, cuts)
    earlier = training_cuts(judged_at - timedelta(days=frames.horizon), first_day, frames.horizon)
    if earlier and frames.stacked(earlier)["churned"].nunique() == 2:
        split = "time"
        judge, _ = _train(frames, earlier)
        score, probability = judge.score(customers), judge.probability(customers)
    else:
        split = "customers: too little history to learn before the cut"
        known = np.where(np.isfinite(out_of_fold), out_of_fold, np.nanmean(out_of_fold))
        score = known
        probability = churn_model.probability_of(model.slope * known + model.intercept)
    named = churn_model.baselines(frames.purchase_model(judged_at), frames.horizon)
    ranked = {name: metrics.auc(baseline(customers), happened) or 0.5 for name, baseline in named.items()}
    best = max(ranked, key=lambda name: ranked[name])
    area = metrics.auc(score, happened) or 0.5
    published = model
    if area < ranked[best]:
        published = _baseline(best, frames, judged_at, until)
    report = {
        "split": split,
        "cut": judged_at.isoformat(),
        "learnt_before_it": [cut.isoformat() for cut in earlier],
        "customers": len(customers),
        "churned_share": metrics.rounded(float(happened.mean())),
        "auc": area,
        "pr_auc": metrics.pr_auc(score, happened),
        "brier": metrics.brier(probability, happened),
        "expected_calibration_error": metrics.expected_calibration_error(probability, happened),
        "baselines": ranked,
        "best_baseline": best,
        "beats_baseline": area >= ranked[best],
        "published_learnt_from": [cut.isoformat() for cut in cuts],
        "rows": len(frames.stacked(cuts)),
    }
    return Learned(published, until, frames.horizon, report, (probability, happened))


def _baseline(name: str, frames: _Frames, cut: date, until: date) -> Calibrated:
    """A baseline as of today, with the probabilities that its scores stood for at the latest labelled cut."""
    rows = frames.at(cut)
    then = churn_model.baselines(frames.purchase_model(cut), frames.horizon)[name]
    fitted = churn_model.calibrate(name, then, then(rows), rows["churned"].to_numpy(float))
    now: Score = churn_model.baselines(frames.purchase_model(until), frames.horizon)[name]
    return Calibrated(name, now, fitted.slope, fitted.intercept)


def _without_model(published: Calibrated, until: date, horizon: int | None, reason: str) -> Learned:
    return Learned(published, until, horizon, {"none": f"No model: {reason}."})


def churn_scores(learned: Learned, purchases: ir.Table, activity: ir.Table, engine: Engine) -> ir.Table:
    """Score every customer as of the last day that was seen, in batches.

    Returns:
        The columns of `schemas.CHURN_RISK`, one row per customer.
    """
    import pyarrow as pa

    model = learned.published
    features = engine.scratch(features_at(purchases, activity, learned.until))
    size = int(engine.to_pandas(features.aggregate(rows=features.count()))["rows"].iloc[0])
    sample = engine.to_pandas(features.filter(features.profile_id % max(1, size // 20_000) == 0).order_by("profile_id"))
    schema = _SCORES.to_pyarrow()
    if not len(sample):
        sample = engine.to_pandas(features.order_by("profile_id").limit(20_000))
    compared = usual(sample, model) if len(sample) else None
    pieces = []
    for batch in engine.batches(features):
        rows = batch.to_pandas()
        if compared is None or not len(rows):
            continue
        log_odds = model.log_odds(rows)
        risk = np.round(churn_model.probability_of(log_odds), 4)
        bands = np.select([risk >= HIGH, risk >= MEDIUM], ["high", "medium"], default="low")
        pieces.append(
            pa.table(
                [
                    rows["profile_id"],
                    risk,
                    bands.tolist(),
                    reasons(rows, log_odds, model, compared),
                    [model.name] * len(rows),
                ],
                schema=schema,
            )
        )
    return engine.from_arrow(pa.concat_tables(pieces) if pieces else schema.empty_table(), _SCORES)


def churn_risk(purchases: ir.Table, activity: ir.Table, as_of: datetime, engine: Engine) -> Built:
    """Learn, judge and score.

    Args:
        purchases: The table of `purchases.purchase_days`.
        activity: The table of `activity.daily_activity`.
        as_of: The run's instant; nothing after it is seen.

    Returns:
        The columns of `schemas.CHURN_RISK`, one row per customer, with the model card as metadata.
    """
    from cdp_assets.attributes.churn_card import card

    learned = learn(purchases, activity, last_day(as_of), engine)
    return Built(churn_scores(learned, purchases, activity, engine), card(learned), LINEAGE)
