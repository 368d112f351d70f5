"""Who cancels a running subscription within 30 days: churn where there is a contract.

Belongs here: subscriptions as they stood on a day, and the models of them. Does not belong here: which days are learnt
from, and what is published (`cancellation_training.py`), scores (`subscription_risk.py`), and customers who just stop
buying (`churn.py`): of them nobody says so, here somebody does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir
import numpy as np

from cdp_assets.attributes.activity import EVENT_KINDS
from cdp_assets.attributes.churn_model import probability_of
from cdp_assets.attributes.metrics import Floats
from cdp_assets.attributes.plain_models import Line, one_thread, rounded

if TYPE_CHECKING:
    import pandas as pd

HORIZON_DAYS = 30
MODEL = "logistic regression"
BASELINE = "baseline: months running"
PRIOR = "prior"

PRIOR_SHARE, PRIOR_COUNTS = 0.05, 20.0
"""Share of cancellations in a month that is assumed before any has been seen, and for how many months it counts."""

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


@dataclass(frozen=True)
class Risks:
    """What risks are made by.

    Args:
        name: `MODEL`, `BASELINE` or `PRIOR`.
        shares: For the baseline: upper bound of months running → share that cancels within the horizon.
        line: The model; None of the others.
        medians: Feature → its median over the subscriptions that were learnt from.
    """

    name: str
    shares: Mapping[float, float]
    line: Line | None = field(repr=False)
    medians: Mapping[str, float]

    def log_odds(self, features: pd.DataFrame) -> Floats:
        if self.line is None:
            share = _by_age(self.shares, features)
            return np.asarray(np.log(share / (1 - share)), dtype=float)
        with one_thread():
            return self.line(_linear(features))

    def probability(self, features: pd.DataFrame) -> Floats:
        """That each is cancelled, to four digits: as it is published."""
        return probability_of(self.log_odds(features)).round(4)

    def to_plain(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "name": self.name,
            # The last bound is none, which JSON has no number for.
            "shares": [[bound if np.isfinite(bound) else None, rounded(share)] for bound, share in self.shares.items()],
            "line": self.line and self.line.to_plain(),
            "medians": dict(self.medians),
        }

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Risks:
        """Read what `to_plain` wrote.

        Raises:
            ValueError: if it is of other features than these.
        """
        if set(plain["medians"]) != set(FEATURES):
            raise ValueError("the model has other features")
        shares = {np.inf if bound is None else float(bound): float(share) for bound, share in plain["shares"]}
        line = plain["line"] and Line.from_plain(plain["line"], LINEAR_COLUMNS)
        return cls(plain["name"], shares, line, plain["medians"])


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


def prior(labelled: pd.DataFrame) -> Risks:
    """The same for everybody: the share that cancelled so far, drawn towards a stated one."""
    return Risks(PRIOR, {np.inf: _everybody(labelled)}, None, _medians(labelled))


def baseline(labelled: pd.DataFrame) -> Risks:
    """The share that cancelled among those running as long."""
    return Risks(BASELINE, _shares(labelled), None, _medians(labelled))


def fit(labelled: pd.DataFrame) -> Risks:
    """Fit the model to subscriptions as they stood on past days, with `cancelled` (0 or 1)."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    line = make_pipeline(StandardScaler(), LogisticRegression(C=LOGISTIC_C, max_iter=1000))
    with one_thread():
        plain = Line.of(line.fit(_linear(labelled), labelled["cancelled"].to_numpy(int)))
    # As it is kept: what is judged is what the next one will meet.
    return Risks(MODEL, _shares(labelled), Line.from_plain(plain.to_plain(), LINEAR_COLUMNS), _medians(labelled))


def _medians(labelled: pd.DataFrame) -> dict[str, float]:
    return {name: float(labelled[name].median()) if len(labelled) else 0.0 for name in FEATURES}


def _everybody(labelled: pd.DataFrame) -> float:
    return float((labelled["cancelled"].sum() + PRIOR_COUNTS * PRIOR_SHARE) / (len(labelled) + PRIOR_COUNTS))


def _linear(features: pd.DataFrame) -> Floats:
    """Features as a line reads them: logarithms, and the squares of the times, for what peaks at an age."""
    logarithms = np.log1p(np.maximum(features[list(FEATURES)].to_numpy(float), 0))
    return np.hstack([logarithms, logarithms[:, [0, 2]] ** 2])


_MONTHS = (1.0, 2.0, 3.0, 6.0, 12.0, 24.0, np.inf)


def _shares(labelled: pd.DataFrame) -> dict[float, float]:
    """Months running (upper bound) → share that cancelled, drawn towards everyone's."""
    everybody = _everybody(labelled)
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
