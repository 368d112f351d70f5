"""What is learnt of who cancels a running subscription within 30 days: churn where there is a contract.

Belongs here: subscriptions as they stood on a day, learning from past days, the back-test, and what of it is kept. Does
not belong here: scores (`subscription_risk.py`), and customers who just stop buying (`churn.py`): of them nobody says
so, here somebody does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir
import numpy as np

from cdp_assets.attributes import metrics
from cdp_assets.attributes.activity import EVENT_KINDS
from cdp_assets.attributes.churn_model import probability_of
from cdp_assets.attributes.metrics import Floats
from cdp_assets.attributes.model_documents import Document
from cdp_assets.attributes.model_schemas import CANCELLATION_MODEL
from cdp_assets.attributes.model_training import Occasion, approved
from cdp_assets.attributes.plain_models import Line, one_thread, rounded
from cdp_assets.attributes.signal_schemas import SUBSCRIPTION_RISK
from cdp_assets.attributes.unchallenged import Teacher, taught
from cdp_assets.warehouse.built import Built, ColumnLineage, Stands
from cdp_assets.warehouse.engine import row_count

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

LINEAR_COLUMNS = len(FEATURES) + 2
"""Columns of what the line reads: features, and the squares of the two times."""

LOGISTIC_C = 0.1

READ = {
    *(("normalised", "subscriptions", name) for name in ("subscription_id", "action", "occurred_at", "amount")),
    *(("attributes", "activity", name) for name in ("day", "activity", "times")),
}
LINEAGE: ColumnLineage = {"document": READ}
"""Declared, since the learner stands between."""


@dataclass(frozen=True)
class Learned:
    """What risks are made by.

    Args:
        name: `MODEL`, `BASELINE` or `PRIOR`.
        shares: For the baseline: upper bound of months running → share that cancels within the horizon.
        line: The model; None of the others.
        medians: Feature → its median over the subscriptions that were learnt from.
        report: The back-test, JSON-able.
    """

    name: str
    shares: Mapping[float, float]
    line: Line | None = field(repr=False)
    medians: Mapping[str, float]
    report: Mapping[str, Any]

    def log_odds(self, features: pd.DataFrame) -> Floats:
        if self.line is None:
            share = _by_age(self.shares, features)
            return np.asarray(np.log(share / (1 - share)), dtype=float)
        with one_thread():
            return self.line(_linear(features))

    def to_document(self) -> Document:
        """As plain values."""
        return {
            "name": self.name,
            # The last bound is none, which JSON has no number for.
            "shares": [[bound if np.isfinite(bound) else None, rounded(share)] for bound, share in self.shares.items()],
            "line": self.line and self.line.to_plain(),
            "medians": dict(self.medians),
            "report": dict(self.report),
        }

    @classmethod
    def of(cls, document: Document) -> Learned:
        """Read what `to_document` wrote."""
        shares = {np.inf if bound is None else float(bound): float(share) for bound, share in document["shares"]}
        line = document["line"] and Line.from_plain(document["line"], LINEAR_COLUMNS)
        return cls(document["name"], shares, line, document["medians"], document["report"])


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
    score = _fit(before)(_linear(latest))
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


def _fit(labelled: pd.DataFrame) -> Line:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    line = make_pipeline(StandardScaler(), LogisticRegression(C=LOGISTIC_C, max_iter=1000))
    with one_thread():
        return Line.of(line.fit(_linear(labelled), labelled["cancelled"].to_numpy(int)))


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


def _by_age(shares: Mapping[float, float], features: pd.DataFrame) -> Floats:
    bounds = np.array(list(shares))
    months = features["age_days"].to_numpy(float) / 30
    return np.array(list(shares.values()))[np.minimum(np.searchsorted(bounds, months), len(bounds) - 1)]


def cancellation_model(
    subscriptions: ir.Table, activity: ir.Table, occasion: Occasion, engine: Engine
) -> Built | Stands:
    """Learn who cancels where it is time to, as `unchallenged.taught` says.

    Args:
        subscriptions: `profile_id` and the columns of `canonical.SUBSCRIPTIONS`, of up to the run's instant.
        activity: The table of `activity.daily_activity`.
        occasion: What decides whether to.
        engine: Computes.

    Returns:
        The columns of `model_schemas.CANCELLATION_MODEL`, with the model card as metadata.
    """
    changes = engine.scratch(subscriptions)
    until = occasion.until

    def learnt() -> Document:
        return {**learn(changes, activity, until, engine).to_document(), "until": until.isoformat()}

    teacher = Teacher(
        CANCELLATION_MODEL, SUBSCRIPTION_RISK.name, learnt, lambda document: document["name"] != PRIOR, _card, LINEAGE
    )
    return taught(teacher, occasion, {"subscriptions": row_count(changes, engine)}, engine)


def learned_of(model: ir.Table, engine: Engine) -> Learned:
    """Read from the table that `cancellation_model` made."""
    return Learned.of(approved(model, engine))


def _card(document: Document) -> dict[str, Any]:
    return {
        "model_card": {
            "published": document["name"],
            "churned_means": f"cancelled within {HORIZON_DAYS} days",
            "data_until": document["until"],
            "population": "running subscriptions",
            "features": list(FEATURES),
            "parameters": {
                "C": LOGISTIC_C,
                "shares_by_months": {
                    "more" if bound is None else f"up to {bound:g}": round(share, 4)
                    for bound, share in document["shares"]
                },
            },
            "seed": "none: no randomness",
        },
        "backtest": document["report"],
    }
