"""The probability that a running subscription is cancelled within 30 days: churn where there is a contract.

Belongs here: subscriptions as they stood on a day, learning from past days, the back-test, and scores. Does not belong
here: customers who just stop buying (`churn.py`): of them nobody says so, here somebody does.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir
import numpy as np

from cdp_assets.attributes import metrics
from cdp_assets.attributes.activity import EVENT_KINDS
from cdp_assets.attributes.churn_model import probability_of
from cdp_assets.attributes.known_facts import known_by, last_day
from cdp_assets.attributes.metrics import Floats
from cdp_assets.attributes.plain_models import one_thread
from cdp_assets.warehouse.built import Built, ColumnLineage
from cdp_assets.warehouse.engine import gathered

if TYPE_CHECKING:
    import pandas as pd

    from cdp_assets.warehouse.engine import Engine

HORIZON_DAYS = 30
LOOKS = 12
"""Past days that are learnt from, a horizon apart."""

MINIMUM_CANCELLED = 20
MINIMUM_LABELLED = 200

MODEL = "logistic regression"
BASELINE = "baseline: months running"
PRIOR = "prior"

PRIOR_SHARE, PRIOR_COUNTS = 0.05, 20.0
"""Share of cancellations in a month that is assumed before any has been seen, and for how many months it counts."""

TRAINING_ROWS = 100_000

FEATURES = {
    "age_days": "running for {} days",
    "renewals": "renewed {} times",
    "days_since_renewal": "last renewed {} days ago",
    "amount": "{} per period",
    "cancelled_before": "{} subscriptions cancelled before",
    "tickets_90d": "{} support tickets in 90 days",
    "events_30d": "{} actions on web and app in 30 days",
}
"""Feature → how it is told."""

_MOST_REASONS = 3
_NOTICEABLE = 0.1
_SCORES = ibis.schema(
    {
        "profile_id": "int64",
        "running_subscriptions": "int64",
        "cancellation_risk_30d": "float64",
        "cancellation_reasons": "string",
        "model": "string",
    }
)
_READ = {
    *(("normalised", "subscriptions", name) for name in ("subscription_id", "action", "occurred_at", "amount")),
    *(("attributes", "activity", name) for name in ("day", "activity", "times")),
}
LINEAGE: ColumnLineage = {
    "profile_id": {("identity", "profile_map", "profile_id")},
    **dict.fromkeys(("running_subscriptions", "cancellation_risk_30d", "cancellation_reasons", "model"), _READ),
}
"""Declared, since the model stands between."""


@dataclass(frozen=True)
class Learned:
    """What risks are made by.

    Args:
        name: `MODEL`, `BASELINE` or `PRIOR`.
        shares: For the baseline: upper bound of months running → share that cancels within the horizon.
        line: The model, fitted; None of the others.
        medians: Feature → its median over the subscriptions that were learnt from.
        report: The back-test, JSON-able.
    """

    name: str
    shares: dict[float, float]
    line: Any = field(repr=False)
    medians: dict[str, float]
    report: dict[str, Any]

    def log_odds(self, features: pd.DataFrame) -> Floats:
        if self.line is None:
            share = _by_age(self.shares, features)
            return np.asarray(np.log(share / (1 - share)), dtype=float)
        with one_thread():
            return np.asarray(self.line.decision_function(_linear(features)), dtype=float)


def running_at(subscriptions: ir.Table, activity: ir.Table, until: date, followed_days: int | None = None) -> ir.Table:
    """Subscriptions that run on a day, with what was known of each.

    Args:
        subscriptions: `profile_id` and the columns of `canonical.SUBSCRIPTIONS`.
        activity: The table of `activity.daily_activity`.
        until: Last day that may be seen.
        followed_days: With it also `cancelled`: whether each (0 or 1) was cancelled in so many days after.

    Returns:
        `profile_id`, `source`, `subscription_id`, `FEATURES` (float64), sorted.
    """
    day = subscriptions.occurred_at.date()
    changes = subscriptions.mutate(day=day)
    seen = changes.filter(changes.day <= until)
    seen = seen.mutate(age=ibis.literal(until).delta(seen.day, unit="day"))
    keys = ["profile_id", "source", "subscription_id"]
    begins, ends = seen.action.isin(("started", "renewed")), seen.action == "cancelled"
    stood = seen.group_by(keys).aggregate(
        age_days=seen.age.max(where=begins),
        renewals=(seen.action == "renewed").cast("int64").sum(),
        days_since_renewal=seen.age.min(where=begins),
        amount=seen.amount.max().cast("float64"),
        ended=seen.age.min(where=ends),
    )
    by_person = stood.group_by("profile_id").aggregate(cancelled_before=stood.ended.count())
    did = activity.filter(activity.day <= until, activity.day > until - timedelta(days=90))
    age = ibis.literal(until).delta(did.day, unit="day")
    did = did.group_by("profile_id").aggregate(
        tickets_90d=did.times.sum(where=did.activity == "ticket_opened").fill_null(0),
        events_30d=did.times.sum(where=did.activity.isin(EVENT_KINDS) & (age < 30)).fill_null(0),
    )
    # Whoever renews or starts again after cancelling runs again.
    runs = stood.filter(stood.age_days.notnull(), stood.ended.isnull() | (stood.days_since_renewal < stood.ended))
    joined = runs.left_join(by_person, "profile_id").drop("profile_id_right")
    joined = joined.left_join(did, "profile_id").drop("profile_id_right")
    known = joined.select(*keys, **{name: joined[name].fill_null(0).cast("float64") for name in FEATURES})
    if followed_days is None:
        return known.order_by(keys)
    after = changes.filter(
        changes.action == "cancelled", changes.day > until, changes.day <= until + timedelta(days=followed_days)
    )
    after = after.select(*keys).distinct().mutate(came=1)
    followed = known.left_join(after, keys)
    return followed.select(*(followed[name] for name in known.columns), cancelled=after.came.fill_null(0)).order_by(
        keys
    )


def learn(subscriptions: ir.Table, activity: ir.Table, until: date, engine: Engine) -> Learned:
    """Learn from subscriptions as they stood on past days, and judge on the latest of them.

    The model is fitted to all days but the latest, judged there beside the baseline, and, if it ranks no worse, learnt
    anew on all of them.
    """
    import pandas as pd

    looks = [
        engine.to_pandas(running_at(subscriptions, activity, until - timedelta(days=look * HORIZON_DAYS), HORIZON_DAYS))
        for look in range(1, LOOKS + 1)
    ]
    one_in = max(1, -(-sum(len(rows) for rows in looks) // TRAINING_ROWS))
    looks = [rows[rows["profile_id"] % one_in == 0] for rows in looks]
    everything = pd.concat(looks, ignore_index=True)
    cancelled = float(everything["cancelled"].sum())
    medians = {name: float(everything[name].median()) if len(everything) else 0.0 for name in FEATURES}
    shares = _shares(everything)
    if len(everything) < MINIMUM_LABELLED or min(cancelled, len(everything) - cancelled) < MINIMUM_CANCELLED:
        share = (cancelled + PRIOR_COUNTS * PRIOR_SHARE) / (len(everything) + PRIOR_COUNTS)
        problem = f"No model: of {len(everything)} past months of subscriptions, {cancelled:.0f} ended in cancelling."
        return Learned(PRIOR, {np.inf: share}, None, medians, {"none": problem})
    latest, before = looks[0], pd.concat(looks[1:], ignore_index=True)
    happened = latest["cancelled"].to_numpy(float)
    report: dict[str, Any] = {"cut": (until - timedelta(days=HORIZON_DAYS)).isoformat(), "subscriptions": len(latest)}
    if min(before["cancelled"].sum(), len(before) - before["cancelled"].sum()) < MINIMUM_CANCELLED:
        return Learned(BASELINE, shares, None, medians, {"none": "No model: nothing to judge it by."})
    score = np.asarray(_fit(before).decision_function(_linear(latest)), dtype=float)
    aged = _by_age(_shares(before), latest)
    areas = {name: metrics.auc(each, happened) for name, each in ((MODEL, score), (BASELINE, aged))}
    probability = probability_of(score)
    report |= {
        "cancelled_share": metrics.rounded(float(happened.mean())),
        "auc": areas[MODEL],
        "pr_auc": metrics.pr_auc(score, happened),
        "brier": metrics.brier(probability, happened),
        "expected_calibration_error": metrics.expected_calibration_error(probability, happened),
        "baselines": {BASELINE: areas[BASELINE]},
        "beats_baseline": (areas[MODEL] or 0.5) >= (areas[BASELINE] or 0.5),
    }
    if report["beats_baseline"]:
        return Learned(MODEL, shares, _fit(everything), medians, report)
    return Learned(BASELINE, shares, None, medians, report)


def _fit(labelled: pd.DataFrame) -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    line = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=1000))
    with one_thread():
        return line.fit(_linear(labelled), labelled["cancelled"].to_numpy(int))


def _linear(features: pd.DataFrame) -> Floats:
    """Features as a line reads them: logarithms, and the squares of the times, for what peaks at an age."""
    logarithms = np.log1p(np.maximum(features[list(FEATURES)].to_numpy(float), 0))
    return np.hstack([logarithms, logarithms[:, [0, 2]] ** 2])


_MONTHS = (1.0, 2.0, 3.0, 6.0, 12.0, 24.0, np.inf)


def _shares(labelled: pd.DataFrame) -> dict[float, float]:
    """Months running (upper bound) → share that cancelled, drawn towards everyone's."""
    everybody = (labelled["cancelled"].sum() + PRIOR_COUNTS * PRIOR_SHARE) / (len(labelled) + PRIOR_COUNTS)
    months = labelled["age_days"].to_numpy(float) / 30
    cancelled = labelled["cancelled"].to_numpy(float)
    shares, least = {}, -np.inf
    for bound in _MONTHS:
        chosen = (months > least) & (months <= bound)
        shares[bound] = float((cancelled[chosen].sum() + PRIOR_COUNTS * everybody) / (chosen.sum() + PRIOR_COUNTS))
        least = bound
    return shares


def _by_age(shares: dict[float, float], features: pd.DataFrame) -> Floats:
    bounds = np.array(list(shares))
    months = features["age_days"].to_numpy(float) / 30
    return np.array(list(shares.values()))[np.minimum(np.searchsorted(bounds, months), len(bounds) - 1)]


def _reasons(features: pd.DataFrame, learned: Learned) -> list[str]:
    """What sets each subscription apart from the median one, in words."""
    if learned.name == PRIOR:
        return ["too little is known yet: the same prior for everyone"] * len(features)
    log_odds = learned.log_odds(features)
    effects = np.column_stack(
        [log_odds - learned.log_odds(features.assign(**{name: learned.medians[name]})) for name in FEATURES]
    )
    sentences = []
    for row, effect in enumerate(effects):
        raising = effect.clip(min=0).sum() >= -effect.clip(max=0).sum()
        strength = effect if raising else -effect
        order = [
            place for place in np.argsort(-strength, kind="stable")[:_MOST_REASONS] if strength[place] > _NOTICEABLE
        ]
        names = [list(FEATURES)[place] for place in order]
        told = [FEATURES[name].format(f"{features[name].iloc[row]:,.0f}") for name in names]
        sentences.append(
            f"{'more' if raising else 'less'} risk: {'; '.join(told)}" if told else "like most subscriptions"
        )
    return sentences


def subscription_risk(subscriptions: ir.Table, activity: ir.Table, as_of: datetime, engine: Engine) -> Built:
    """Learn, judge and score.

    Args:
        subscriptions: `profile_id` and the columns of `canonical.SUBSCRIPTIONS`.
        activity: The table of `activity.daily_activity`.
        as_of: The run's instant; nothing after it is seen.
        engine: Computes.

    Returns:
        The columns of `schemas.SUBSCRIPTION_RISK`, one row per profile with a running subscription.
    """
    import pyarrow as pa

    until = last_day(as_of)
    changes = engine.scratch(known_by(subscriptions, "occurred_at", as_of))
    learned = learn(changes, activity, until, engine)
    schema = _SCORES.to_pyarrow()
    pieces = []
    for batch in engine.batches(running_at(changes, activity, until)):
        rows = batch.to_pandas()
        if not len(rows):
            continue
        scored = rows.assign(
            running_subscriptions=1,
            cancellation_risk_30d=probability_of(learned.log_odds(rows)).round(4),
            cancellation_reasons=_reasons(rows, learned),
            model=learned.name,
        )
        pieces.append(pa.Table.from_pandas(scored[list(_SCORES.names)], schema=schema, preserve_index=False))
    each = gathered(pieces, _SCORES, engine)
    order = ibis.window(group_by="profile_id", order_by=[each.cancellation_risk_30d.desc(), each.cancellation_reasons])
    ranked = each.mutate(
        place=ibis.row_number().over(order),
        running_subscriptions=each.running_subscriptions.sum().over(ibis.window(group_by="profile_id")),
    )
    table = ranked.filter(ranked.place == 0).select(*_SCORES.names)
    return Built(table, _card(learned, until), LINEAGE)


def _card(learned: Learned, until: date) -> dict[str, Any]:
    return {
        "model_card": {
            "published": learned.name,
            "churned_means": f"cancelled within {HORIZON_DAYS} days",
            "data_until": until.isoformat(),
            "population": "running subscriptions",
            "features": list(FEATURES),
            "parameters": {"C": 0.1, "shares_by_months": {str(k): round(v, 4) for k, v in learned.shares.items()}},
            "seed": "none: no randomness",
        },
        "backtest": learned.report,
    }
