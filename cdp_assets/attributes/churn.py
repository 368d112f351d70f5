"""Churn risk per customer: the probability of not buying within a horizon that fits the data.

Belongs here: the back-test that decides what is published, and scoring. Does not belong here: features
(`churn_features.py`), the days that are learnt from (`churn_frames.py`), the learner (`churn_model.py`), how many churn
in all (`churn_level.py`), the wording of reasons (`churn_reasons.py`) and pictures (`churn_card.py`).

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

from cdp_assets.attributes import (
    churn_level,
    churn_model,
    churn_reasons,
    drift,
    metrics,
    plain_value,
    purchase_models,
    spend_model,
)
from cdp_assets.attributes.churn_features import AGEING, FEATURES, NONE_EXPECTED, features_at
from cdp_assets.attributes.churn_frames import Frames, choose_horizon, learnable_horizon, training_cuts
from cdp_assets.attributes.churn_level import Forecast
from cdp_assets.attributes.churn_model import Calibrated, Score
from cdp_assets.attributes.churn_reasons import reasons, usual
from cdp_assets.attributes.known_facts import last_day
from cdp_assets.attributes.purchase_models import Fitted, Floats
from cdp_assets.attributes.purchases import gap_histogram, observed_days
from cdp_assets.attributes.spend_model import SpendModel
from cdp_assets.quality.checks import Judged
from cdp_assets.warehouse.built import Built, ColumnLineage

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from cdp_assets.warehouse.engine import Engine

Labels = np.ndarray[Any, np.dtype[np.int64]]

MINIMUM_LABELLED = 200
MINIMUM_CLASS = 30

MEDIUM, HIGH = 0.4, 0.7
"""Risk from which the bands `medium` and `high` begin."""

COLD_DAYS = 7
"""Whoever came first less than so many days ago, and once, is not told apart from others of whom no more is known."""

COLD_START = "cold start"
_COLD_REASON = "too little is known yet: the risk of all whose first purchase is less than a week ago"

_SCORES = ibis.schema(
    {
        "profile_id": "int64",
        "churn_risk": "float64",
        "risk_band": "string",
        "reasons": "string",
        "horizon_days": "int64",
        "learnt_spend": "float64",
        "model": "string",
    }
)

_READ = {
    *(("attributes", "purchases", name) for name in ("day", "purchases", "net", "refunds", "refunded")),
    *(("attributes", "activity", name) for name in ("day", "activity", "times")),
}

LINEAGE: ColumnLineage = {
    "profile_id": {("attributes", "purchases", "profile_id")},
    **dict.fromkeys(("churn_risk", "risk_band", "reasons", "horizon_days", "learnt_spend", "model"), _READ),
}
"""Declared, since the model stands between."""


INPUTS_HOLD = Judged(
    "inputs_have_not_drifted",
    "Customers today have features like those of the day that the model was judged on, but for those that grow with "
    "age: no stability index from .25.",
    blocking=False,
)
SCORES_HOLD = Judged(
    "scores_have_not_drifted",
    "The model's scores today are spread like those of the day that it was judged on: a stability index below .25.",
    blocking=False,
)


@dataclass(frozen=True)
class Learned:
    """What is published, and why.

    Args:
        published: The model, a baseline, or the prior.
        until: Last day that was seen.
        horizon_days: Days in which not to buy is to churn; None if no horizon fits the history.
        report: Back-test and choices, JSON-able.
        judged: Probability and label of the customers of the back-test, for the calibration plot; None without one.
        spend: What is spent within the horizon, as far as it was learnt and improves on the published models.
        purchases: The purchase model as of `until`; None if nothing was learnt.
        cold: Log-odds for those of whom too little is known; None if everybody has the same anyway.
    """

    published: Calibrated
    until: date
    horizon_days: int | None
    report: dict[str, Any]
    judged: tuple[Floats, Floats] | None = field(default=None, repr=False)
    spend: SpendModel | None = field(default=None, repr=False)
    purchases: Fitted | None = field(default=None, repr=False)
    cold: float | None = None

    def log_odds(self, described: pd.DataFrame, score: Floats | None = None) -> Floats:
        """Log-odds of not returning, those of the model but for customers of whom too little is known.

        Args:
            described: The customers.
            score: What the score of the published model says of them, where it is known already.
        """
        score = self.published.score(described) if score is None else score
        found = self.published.slope * score + self.published.intercept
        return found if self.cold is None else np.where(is_cold(described), self.cold, found)

    def spent(self, described: pd.DataFrame, score: Floats) -> pa.Array:
        """What is spent within the horizon, to the cent; null where it was not learnt. As `log_odds`."""
        import pyarrow as pa

        if self.spend is None:
            return pa.nulls(len(described), "float64")
        # The same learner mostly stands behind both, and its trees are most of the work.
        same = self.spend.returning.score is self.published.score
        return pa.array(self.spend.expected(described, score if same else None).round(2))

    def described(self, features: pd.DataFrame) -> pd.DataFrame:
        """Rows of `churn_features.features_at` as of `until` with all that the published model reads."""
        if self.purchases is None or self.learnt_horizon_days is None:
            return features.assign(**{NONE_EXPECTED: 0.0})
        return churn_model.described(features, self.purchases, self.learnt_horizon_days)

    @property
    def learnt_horizon_days(self) -> int | None:
        """The horizon that was learnt from; None if nothing was."""
        return self.report.get("horizon_days")

    @property
    def why(self) -> str:
        """Why it is not the model that is published."""
        return str(self.report.get("none", "the model ranked no better than its best baseline"))


def learn(
    purchases: ir.Table, activity: ir.Table, until: date, engine: Engine, horizon_days: int | None = None
) -> Learned:
    """Learn from everything up to a day who will not come back within the horizon after it.

    Where the horizon is longer than the history can judge, who is learnt from a shorter one, and how many is forecast.

    Args:
        purchases: The table of `purchases.purchase_days`.
        activity: The table of `activity.daily_activity`.
        until: Last day that may be seen.
        engine: Computes.
        horizon_days: Churn horizon; chosen from the data if not given.

    Raises:
        LeakError: if a feature knows what it may not.
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
    learnable = learnable_horizon(until, first_day, horizon)
    frames = Frames(purchases, activity, learnable or horizon, customers, engine)
    if learnable is None:
        return _unlearnt(frames, first_day, until, horizon, "there is too little history before the horizon")
    latest = until - timedelta(days=learnable)
    churned = frames.at(latest)["churned"].to_numpy(int)
    if len(churned) < MINIMUM_LABELLED:
        return _unlearnt(
            frames, first_day, until, horizon, f"too few customers to learn from ({len(churned)})", churned
        )
    stayed = len(churned) - int(churned.sum())
    if min(stayed, len(churned) - stayed) < MINIMUM_CLASS:
        problem = f"of {len(churned)} customers, {stayed} came back: too nearly all or none"
        return _unlearnt(frames, first_day, until, horizon, problem, churned)
    cuts = training_cuts(latest, first_day, learnable)
    frames.refuse_leaks(cuts[-1])
    return _judge_and_choose(frames, cuts, first_day, until, horizon)


def _unlearnt(
    frames: Frames, first_day: date, until: date, horizon: int, problem: str, churned: Labels | None = None
) -> Learned:
    """Publish what the purchases alone say, if enough people came back for them to say anything; else the prior."""
    today = churn_level.histories_at(frames.purchases, [until], frames.engine)[until]
    repeating = int(today.loc[today["frequency"] > 0, "customers"].sum())
    if repeating < purchase_models.MINIMUM_REPEAT_CUSTOMERS:
        known = (0, 0) if churned is None else (int(churned.sum()), len(churned))
        return _without_model(churn_model.prior(*known), until, horizon, problem)
    fitted = purchase_models.fit(today, horizon_days=horizon)
    published = churn_model.unlearnt(fitted, horizon)
    found = frames.forecast(until, first_day, horizon)
    level = found.level() if found else churn_level.expected_share(today, horizon)
    log_odds = published.log_odds(frames.today(until))
    published = churn_level.at_level(published, log_odds, level, churn_level.MOST_MOVED_UNLEARNT)
    return _without_model(published, until, horizon, problem)


def _train(frames: Frames, cuts: list[date]) -> tuple[Calibrated, Floats]:
    """Learn from the cuts and calibrate; also return the out-of-fold scores of the latest cut."""
    rows = frames.stacked(cuts)
    scores = churn_model.out_of_fold_scores(rows)
    calibrated = churn_model.calibrate(
        churn_model.MODEL, churn_model.learn(rows).score, scores, rows["churned"].to_numpy(float)
    )
    return calibrated, scores[: len(frames.at(cuts[0]))]


def _judge_and_choose(frames: Frames, cuts: list[date], first_day: date, until: date, horizon: int) -> Learned:
    """Back-test the model against the baselines, then publish whichever ranked better, learnt anew on all cuts."""
    judged_at = cuts[0]
    customers = frames.at(judged_at)
    happened = customers["churned"].to_numpy(float)
    model, out_of_fold = _train(frames, cuts)
    earlier = training_cuts(judged_at - timedelta(days=frames.horizon), first_day, frames.horizon)
    if earlier and frames.stacked(earlier)["churned"].nunique() == 2:
        split = "time"
        judge, _ = _train(frames, earlier)
        judge = _levelled(judge, customers, frames.forecast(judged_at, first_day, frames.horizon))
        score, probability = judge.score(customers), judge.probability(customers)
        value = _judge_value(frames, judged_at, earlier, judge)
    else:
        split = "customers: too little history to learn before the cut"
        known = np.where(np.isfinite(out_of_fold), out_of_fold, np.nanmean(out_of_fold))
        score = known
        probability = churn_model.probability_of(model.slope * known + model.intercept)
        value = {}
    before = frames.at(earlier[0]) if earlier else None
    named = churn_model.baselines(frames.purchase_model(judged_at), frames.horizon, before)
    ranked = {name: metrics.auc(baseline(customers), happened) or 0.5 for name, baseline in named.items()}
    best = max(ranked, key=lambda name: ranked[name])
    area = metrics.auc(score, happened) or 0.5
    published = model if area >= ranked[best] else _baseline(best, frames, judged_at, before, until)
    today, ahead = frames.today(until), frames.forecast(until, first_day, horizon)
    published = _levelled(published, today, ahead)
    spend = None
    if value.get("learnt_improves", True):
        within = ahead if horizon == frames.horizon else frames.forecast(until, first_day, frames.horizon)
        returning = _levelled(model, today, within)
        past_spend = value.get("past_spend", spend_model.PAST_SPEND[0])
        spend = spend_model.learn(frames.stacked(cuts), returning, frames.horizon, past_spend)
    report = {
        "split": split,
        "cut": judged_at.isoformat(),
        "learnt_before_it": [cut.isoformat() for cut in earlier],
        "horizon_days": frames.horizon,
        "customers": len(customers),
        "churned_share": metrics.rounded(float(happened.mean())),
        "expected_share_now": metrics.rounded(float(published.probability(today).mean())),
        "auc": area,
        "pr_auc": metrics.pr_auc(score, happened),
        "top_decile_lift": metrics.top_decile_lift(score, happened),
        "brier": metrics.brier(probability, happened),
        "expected_calibration_error": metrics.expected_calibration_error(probability, happened),
        "baselines": ranked,
        "best_baseline": best,
        "beats_baseline": area >= ranked[best],
        "published_learnt_from": [cut.isoformat() for cut in cuts],
        "rows": len(frames.stacked(cuts)),
        "spend": value,
        "drift": {
            "features": drift.compared(customers, today, [name for name in FEATURES if name not in AGEING]),
            "score": drift.stability_index(model.score(customers), model.score(today)),
        },
    }
    return Learned(
        published,
        until,
        horizon,
        report,
        (probability, happened),
        spend,
        frames.purchase_model(until),
        _cold(published, today),
    )


def is_cold(features: pd.DataFrame) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Who came first less than `COLD_DAYS` ago, and only once."""
    return np.asarray((features["visits"] <= 1) & (features["age_days"] < COLD_DAYS), dtype=bool)


def _cold(model: Calibrated, today: pd.DataFrame) -> float | None:
    """The log-odds of the mean risk of those of whom too little is known, or of everybody if there are none."""
    if not len(today):
        return None
    chosen = is_cold(today)
    mean = float(model.probability(today[chosen] if chosen.any() else today).mean())
    mean = min(max(mean, 1e-6), 1 - 1e-6)
    return float(np.log(mean / (1 - mean)))


def _levelled(model: Calibrated, customers: pd.DataFrame, ahead: Forecast | None) -> Calibrated:
    """The model with the level that is to be expected of these customers."""
    if ahead is None or model.slope == 0:
        return model
    log_odds = model.log_odds(customers)
    learnt = float(churn_model.probability_of(log_odds).mean())
    return churn_level.at_level(model, log_odds, ahead.level(learnt))


def _judge_value(frames: Frames, cut: date, cuts: list[date], judge: Calibrated) -> dict[str, Any]:
    """Whether learnt spend made the published models' better on the customers of a day, and with which past spend."""
    rows, customers = frames.stacked(cuts), frames.at(cut)
    learnt = spend_model.learn(rows, judge, frames.horizon)
    if learnt is None:
        return {}
    known = frames.statistics(cut)
    plain = plain_value.fit(known, frames.horizon).spend(known, frames.horizon)
    spent = customers["spent"].to_numpy(float)
    without = _ranked(plain, spent)
    found = {}
    for weight in spend_model.PAST_SPEND:
        expected = learnt.weighing(weight, rows).expected(customers)
        found[weight] = _ranked(plain * spend_model.correction(expected, plain), spent)
    best = max(found, key=lambda weight: sum(found[weight].values()))
    return {
        **found[best],
        "without": without,
        "past_spend": best,
        "learnt_improves": sum(found[best].values()) >= sum(without.values()),
    }


def _ranked(expected: Floats, spent: Floats) -> dict[str, float]:
    return {
        "spearman": metrics.spearman(expected, spent) or 0.0,
        "top_decile_capture": metrics.top_decile_capture(expected, spent) or 0.0,
    }


def _baseline(name: str, frames: Frames, cut: date, before: pd.DataFrame | None, until: date) -> Calibrated:
    """A baseline as of today, with the probabilities that its scores stood for at the latest labelled cut."""
    rows = frames.at(cut)
    then = churn_model.baselines(frames.purchase_model(cut), frames.horizon, before)[name]
    fitted = churn_model.calibrate(name, then, then(rows), rows["churned"].to_numpy(float))
    now: Score = churn_model.baselines(frames.purchase_model(until), frames.horizon, rows)[name]
    return Calibrated(name, now, fitted.slope, fitted.intercept)


def _without_model(published: Calibrated, until: date, horizon: int | None, reason: str) -> Learned:
    return Learned(published, until, horizon, {"none": f"No model: {reason}."})


def churn_scores(
    learned: Learned,
    purchases: ir.Table,
    activity: ir.Table,
    engine: Engine,
    leading: tuple[str, str] = churn_reasons.LEADING,
) -> ir.Table:
    """Score every customer as of the last day that was seen, in batches.

    Args:
        learned: The model.
        purchases: The table of `purchases.purchase_days`.
        activity: The table of `activity.daily_activity`.
        engine: Computes.
        leading: What reasons begin with for those of more risk, and of less.

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
    compared = usual(learned.described(sample), model) if len(sample) else None
    pieces = []
    for batch in engine.batches(features):
        rows = batch.to_pandas()
        if compared is None or not len(rows):
            continue
        rows = learned.described(rows)
        score = model.score(rows)
        log_odds = learned.log_odds(rows, score)
        cold = is_cold(rows) & (learned.cold is not None)
        risk = np.round(churn_model.probability_of(log_odds), 4)
        bands = np.select([risk >= HIGH, risk >= MEDIUM], ["high", "medium"], default="low")
        pieces.append(
            pa.table(
                [
                    rows["profile_id"],
                    risk,
                    bands.tolist(),
                    np.where(cold, _COLD_REASON, reasons(rows, log_odds, model, compared, leading)).tolist(),
                    pa.array([learned.horizon_days] * len(rows), "int64"),
                    learned.spent(rows, score),
                    np.where(cold, COLD_START, model.name).tolist(),
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
    moved, since = learned.report.get("drift"), str(learned.report.get("cut"))
    judged = [
        drift.verdict(INPUTS_HOLD, moved and moved["features"], since),
        drift.verdict(SCORES_HOLD, moved and {"score": moved["score"]}, since),
    ]
    return Built(churn_scores(learned, purchases, activity, engine), card(learned), LINEAGE, judged)
