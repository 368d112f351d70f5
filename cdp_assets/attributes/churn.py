"""Who will not buy within a horizon that fits the data: what is learnt, judged, and chosen to be published.

Belongs here: the back-test between what was learnt, its baselines and its predecessor. Does not belong here: features
(`churn_features.py`), the days that are learnt from (`churn_frames.py`), the learner (`churn_model.py`) and what it has
to beat (`churn_baselines.py`), how many churn in all (`churn_level.py`), when to learn at all (`model_training.py`),
scoring (`churn_scores.py`) and pictures (`churn_card.py`).

Time is split, never shuffled: a model is learnt on customers as they were at past days (cuts) with what they did in the
horizon after each, and judged on a later cut whose horizon lies wholly after everything that was learnt.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import ibis.expr.types as ir
import numpy as np

from cdp_assets.attributes import (
    churn_baselines,
    churn_level,
    churn_model,
    churn_trials,
    drift,
    metrics,
    plain_value,
    purchase_models,
    spend_model,
)
from cdp_assets.attributes.challenge import AUC, Contest
from cdp_assets.attributes.churn_features import AGEING, FEATURES
from cdp_assets.attributes.churn_frames import Frames, choose_horizon, learnable_horizon, training_cuts
from cdp_assets.attributes.churn_learned import Learned, Rehearsed, is_cold
from cdp_assets.attributes.churn_model import Calibrated, Score
from cdp_assets.attributes.churn_trials import Trials, levelled
from cdp_assets.attributes.purchase_models import Floats
from cdp_assets.attributes.purchases import gap_histogram, observed_days

if TYPE_CHECKING:
    import pandas as pd

    from cdp_assets.warehouse.engine import Engine

Labels = np.ndarray[Any, np.dtype[np.int64]]


def learn(
    purchases: ir.Table,
    activity: ir.Table,
    until: date,
    engine: Engine,
    horizon_days: int | None = None,
    predecessor: Learned | None = None,
) -> Learned:
    """Learn from everything up to a day who will not come back within the horizon after it.

    Where the horizon is longer than the history can judge, who is learnt from a shorter one, and how many is forecast.

    Args:
        purchases: The table of `purchases.purchase_days`.
        activity: The table of `activity.daily_activity`.
        until: Last day that may be seen.
        engine: Computes.
        horizon_days: Churn horizon; chosen from the data if not given.
        predecessor: What was published so far; it stays if it ranks better.

    Raises:
        LeakError: if a feature knows what it may not.
    """
    import pandas as pd

    observed = engine.to_pandas(observed_days(purchases, until)).iloc[0]
    customers = int(observed["customers"])
    if customers == 0:
        return _without_model(churn_baselines.prior(0, 0), until, horizon_days, "nobody has bought anything yet")
    first_day = pd.Timestamp(observed["first_day"]).date()
    horizon = horizon_days or choose_horizon(
        engine.to_pandas(gap_histogram(purchases, until)), (until - first_day).days
    )
    if horizon is None:
        return _without_model(churn_baselines.prior(0, 0), until, None, "the history is too short for any horizon")
    learnable = learnable_horizon(until, first_day, horizon)
    frames = Frames(purchases, activity, learnable or horizon, customers, engine, first_day)
    if learnable is None:
        return _unlearnt(frames, until, horizon, "there is too little history before the horizon")
    latest = until - timedelta(days=learnable)
    cuts = training_cuts(latest, first_day, learnable)
    earlier = training_cuts(latest - timedelta(days=learnable), first_day, learnable)
    frames.look([*cuts, *earlier], fitted=[until])
    churned = frames.at(latest)["churned"].to_numpy(int)
    if len(churned) < churn_trials.MINIMUM_LABELLED:
        return _unlearnt(frames, until, horizon, f"too few customers to learn from ({len(churned)})", churned)
    stayed = len(churned) - int(churned.sum())
    if min(stayed, len(churned) - stayed) < churn_trials.MINIMUM_CLASS:
        problem = f"of {len(churned)} customers, {stayed} came back: too nearly all or none"
        return _unlearnt(frames, until, horizon, problem, churned)
    frames.refuse_leaks(cuts[-1])
    frames.foresee([latest, until])
    return _judge_and_choose(frames, cuts, earlier, until, horizon, predecessor)


def _unlearnt(frames: Frames, until: date, horizon: int, problem: str, churned: Labels | None = None) -> Learned:
    """Publish what the purchases alone say, if enough people came back for them to say anything; else the prior."""
    today = churn_level.histories_at(frames.purchases, [until], frames.engine)[until]
    repeating = int(today.loc[today["frequency"] > 0, "customers"].sum())
    if repeating < purchase_models.MINIMUM_REPEAT_CUSTOMERS:
        known = (0, 0) if churned is None else (int(churned.sum()), len(churned))
        return _without_model(churn_baselines.prior(*known), until, horizon, problem)
    fitted = purchase_models.fit(today, horizon_days=horizon)
    published = churn_baselines.unlearnt(fitted, horizon)
    found = frames.forecast(until, horizon)
    level = found.level() if found else churn_level.expected_share(today, until, horizon, fitted.model)
    log_odds = published.log_odds(frames.today(until))
    published = churn_level.at_level(published, log_odds, level, churn_level.MOST_MOVED_UNLEARNT)
    return _without_model(published, until, horizon, problem)


def _judge_and_choose(
    frames: Frames,
    cuts: list[date],
    earlier: list[date],
    until: date,
    horizon: int,
    predecessor: Learned | None,
) -> Learned:
    """Back-test the model against the baselines and its predecessor, then publish whichever ranked best; what was
    learnt now is learnt anew on all cuts for that.
    """
    judged_at = cuts[0]
    customers = frames.at(judged_at)
    happened = customers["churned"].to_numpy(float)
    trials: Trials | None = None
    if earlier and frames.stacked(earlier)["churned"].nunique() == 2:
        split = "time"
        trials = churn_trials.tried(frames, judged_at, earlier, until)
    season = trials and trials.season
    learnt_from, known_before = ([season.now], [season.then]) if season else (cuts, earlier)
    rows = frames.at(season.now) if season else frames.stacked(cuts)
    model, out_of_fold = churn_trials.train(rows)
    if trials:
        score, probability = trials.judge.score(customers), trials.judge.probability(customers)
    else:
        split = "customers: too little history to learn before the cut"
        scores = out_of_fold[: len(customers)]
        score = np.where(np.isfinite(scores), scores, np.nanmean(scores))
        probability = churn_model.probability_of(model.slope * score + model.intercept)
    value = _judge_value(frames, trials) if trials else {}
    before = frames.at(earlier[0]) if earlier else None
    named = churn_baselines.baselines(frames.purchase_model(judged_at), frames.horizon, before)
    ranked = {name: metrics.auc(baseline(customers), happened) or 0.5 for name, baseline in named.items()}
    area = metrics.auc(score, happened) or 0.5
    before_it = _ranked_before(predecessor, frames, judged_at, horizon)
    contest = Contest(
        AUC,
        judged_at,
        until,
        len(customers),
        area,
        ranked,
        before_it,
        predecessor.until if predecessor else None,
        None if trials is None else trials.year_ago(frames),
    )
    if predecessor is not None and contest.winner == "predecessor":
        return replace(predecessor, contest=contest)
    report = {
        "split": split,
        "cut": judged_at.isoformat(),
        "learnt_before_it": [cut.isoformat() for cut in known_before],
        "horizon_days": frames.horizon,
        "customers": len(customers),
        "churned_share": metrics.rounded(float(happened.mean())),
        "auc": area,
        "pr_auc": metrics.pr_auc(score, happened),
        "top_decile_lift": metrics.top_decile_lift(score, happened),
        "brier": metrics.brier(probability, happened),
        "expected_calibration_error": metrics.expected_calibration_error(probability, happened),
        "calibration": metrics.calibration(probability, happened).round(4).to_dict("list"),
        "baselines": ranked,
    }
    best, beats_baseline = contest.best_baseline, contest.beats_baseline
    today, ahead = frames.today(until), frames.forecast(until, horizon)
    within = ahead if horizon == frames.horizon else frames.forecast(until, frames.horizon)
    if season:
        # It has seen the season, and so its level.
        ahead, within = (None if horizon == frames.horizon else ahead), None
    before = frames.at(known_before[0]) if known_before else None
    published = model if beats_baseline else _baseline(best, frames, learnt_from[0], before, until)
    published = levelled(published, today, ahead)
    spend = None
    if value.get("learnt_improves", True):
        past_spend = value.get("past_spend", spend_model.PAST_SPEND[0])
        spend = spend_model.learn(rows, levelled(model, today, within), frames.horizon, past_spend)
    report |= {
        "expected_share_now": metrics.rounded(float(published.probability(today).mean())),
        "published_learnt_from": [cut.isoformat() for cut in learnt_from],
        "rows": len(rows),
        "spend": value,
    }
    unseeing = (trials and trials.judge.score) if beats_baseline else named[best]
    watched = {name: customers[name].to_numpy(float) for name in FEATURES if name not in AGEING}
    watched[drift.SCORE] = published.score(customers)
    return Learned(
        published,
        until,
        horizon,
        report,
        (probability, happened),
        spend,
        frames.purchase_model(until),
        _cold(published, today),
        Rehearsed(unseeing, frames.purchase_model(judged_at)) if unseeing else None,
        drift.spread(watched),
        contest,
    )


def _ranked_before(predecessor: Learned | None, frames: Frames, cut: date, horizon: int) -> float | None:
    """How well what was published so far ranks the customers of the back-test, as it was kept; None if that cannot be
    said: it foretells something else, or has seen what followed.
    """
    if predecessor is None or (predecessor.horizon_days, predecessor.learnt_horizon_days) != (horizon, frames.horizon):
        return None
    scored = predecessor.unseeing(cut)
    if scored is None:
        return None
    customers = frames.at(cut)
    return metrics.auc(scored(customers, frames.horizon), customers["churned"].to_numpy(float)) or 0.5


def _cold(model: Calibrated, today: pd.DataFrame) -> float | None:
    """The log-odds of the mean risk of those of whom too little is known, or of everybody if there are none."""
    if not len(today):
        return None
    chosen = is_cold(today)
    mean = float(model.probability(today[chosen] if chosen.any() else today).mean())
    mean = min(max(mean, 1e-6), 1 - 1e-6)
    return float(np.log(mean / (1 - mean)))


def _judge_value(frames: Frames, trials: Trials) -> dict[str, Any]:
    """Whether learnt spend made the published models' better in the trials, and with which past spend."""
    found: dict[float, list[dict[str, float]]] = {weight: [] for weight in spend_model.PAST_SPEND}
    without = []
    for trial in trials.each:
        learnt = spend_model.learn(trial.rows, trial.judge, frames.horizon)
        if learnt is None:
            return {}
        known, customers = frames.statistics(trial.cut), trial.customers(frames)
        plain = plain_value.fit(known, frames.horizon).spend(known[trial.held], frames.horizon)
        spent = customers["spent"].to_numpy(float)
        without.append(_ranked(plain, spent))
        for weight, judged in found.items():
            expected = learnt.weighing(weight, trial.rows).expected(customers)
            judged.append(_ranked(plain * spend_model.correction(expected, plain), spent))
    means = {weight: _mean(judged) for weight, judged in found.items()}
    best = max(means, key=lambda weight: sum(means[weight].values()))
    return {
        **means[best],
        "without": _mean(without),
        "past_spend": best,
        "learnt_improves": sum(means[best].values()) >= sum(_mean(without).values()),
    }


def _mean(judged: Sequence[Mapping[str, float]]) -> dict[str, float]:
    return {name: sum(figures[name] for figures in judged) / len(judged) for name in judged[0]}


def _ranked(expected: Floats, spent: Floats) -> dict[str, float]:
    return {
        "spearman": metrics.spearman(expected, spent) or 0.0,
        "top_decile_capture": metrics.top_decile_capture(expected, spent) or 0.0,
    }


def _baseline(name: str, frames: Frames, cut: date, before: pd.DataFrame | None, until: date) -> Calibrated:
    """A baseline as of today, with the probabilities that its scores stood for at the latest labelled cut."""
    rows = frames.at(cut)
    then = churn_baselines.baselines(frames.purchase_model(cut), frames.horizon, before)[name]
    fitted = churn_model.calibrate(name, then, then(rows), rows["churned"].to_numpy(float))
    now: Score = churn_baselines.baselines(frames.purchase_model(until), frames.horizon, rows)[name]
    return Calibrated(name, now, fitted.slope, fitted.intercept)


def _without_model(published: Calibrated, until: date, horizon: int | None, reason: str) -> Learned:
    return Learned(published, until, horizon, {"none": f"No model: {reason}."})
