"""First purchases: how often people who have never bought do so within 30 days, by how they lately behaved.

Belongs here: who never bought, their groups, and what is known of how good the shares are. Does not belong here:
customers (`churn.py`), the scores of both (`propensity.py`), and intent itself (`intent.py`).

There is little of such people but their behaviour: each has the share of first purchases among those who lately
behaved alike, drawn towards everyone's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir
import numpy as np

from cdp_assets.attributes import metrics
from cdp_assets.attributes.intent import intent

if TYPE_CHECKING:
    import pandas as pd

    from cdp_assets.warehouse.engine import Engine

HORIZON_DAYS = 30

LOOKS = 6
"""Past days on which people without a purchase are looked at, a horizon apart."""

EVERYBODY_COUNTS = 50.0
"""People's worth of trust that the share of all has against that of those who behaved alike."""

PRIOR_SHARE = 0.02
"""Share of first purchases that is assumed of a horizon before any has been seen."""

ACTIVE_DAYS = 30

GROUPS: Mapping[str, str] = {
    "high intent": "never bought; lately close to it",
    "medium intent": "never bought; lately looked at products",
    "low intent": "never bought; some time ago looked at products",
    "active": "never bought; active in the last 30 days",
    "quiet": "never bought; nothing was seen in the last 30 days",
}
"""Group of people who never bought → how it is told."""


@dataclass(frozen=True)
class FirstPurchases:
    """How often people who never bought do so within the horizon.

    Args:
        shares: Group → probability.
        report: What was counted, and the back-test on the latest past day; JSON-able.
    """

    shares: Mapping[str, float]
    report: dict[str, Any]


def never_bought(
    people: ir.Table, purchases: ir.Table, activity: ir.Table, until: date, followed_days: int | None = None
) -> ir.Table:
    """Known people who have not bought by a day, by how they lately behaved.

    Args:
        people: `profile_id` of known people.
        purchases: The table of `purchases.purchase_days`.
        activity: The table of `activity.daily_activity`.
        until: Last day that may be seen.
        followed_days: With it also `bought`: whether each (0 or 1) bought in so many days after.

    Returns:
        `profile_id` and `behaviour`, a name of `GROUPS`.
    """
    bought = purchases.filter(purchases.purchases > 0)
    before = bought.filter(bought.day <= until).select("profile_id").distinct()
    leads = people.select("profile_id").anti_join(before, "profile_id")
    shown = intent(activity, purchases, until).select("profile_id", "intent_band")
    acted = ~activity.activity.re_search("_(sent|delivered|bounced)$")
    recent = activity.filter(acted, activity.day <= until, activity.day > until - timedelta(days=ACTIVE_DAYS))
    recent = recent.select("profile_id").distinct().mutate(active=True)
    joined = leads.left_join(shown, "profile_id").drop("profile_id_right")
    joined = joined.left_join(recent, "profile_id").drop("profile_id_right")
    grouped = joined.select(
        "profile_id",
        behaviour=ibis.cases(
            (joined.intent_band.notnull(), joined.intent_band + " intent"),
            (joined.active.fill_null(False), "active"),
            else_="quiet",
        ),
    )
    if followed_days is None:
        return grouped
    after = bought.filter(bought.day > until, bought.day <= until + timedelta(days=followed_days))
    after = after.select("profile_id").distinct().mutate(came=1)
    followed = grouped.left_join(after, "profile_id").drop("profile_id_right")
    return followed.select("profile_id", "behaviour", bought=followed.came.fill_null(0))


def learn_first_purchases(
    people: ir.Table, purchases: ir.Table, activity: ir.Table, until: date, engine: Engine
) -> FirstPurchases:
    """Count first purchases after past days, and judge the shares on the latest of them.

    Args:
        people: `profile_id` and `first_seen_at` of known people; on each day those count who had been seen by then.
        purchases: The table of `purchases.purchase_days`.
        activity: The table of `activity.daily_activity`.
        until: Last day that may be seen.
        engine: Computes.
    """
    counted: list[pd.DataFrame] = []
    for look in range(1, LOOKS + 1):
        day = until - timedelta(days=look * HORIZON_DAYS)
        there = people.filter(people.first_seen_at.isnull() | (people.first_seen_at.date() <= ibis.literal(day)))
        leads = never_bought(there, purchases, activity, day, HORIZON_DAYS)
        sums = leads.group_by("behaviour").aggregate(people=leads.count(), bought=leads.bought.sum())
        counted.append(engine.to_pandas(sums.order_by("behaviour")))
    shares = shares_of(counted)
    report: dict[str, Any] = {"shares": {name: metrics.rounded(share) for name, share in shares.items()}}
    latest = counted[0]
    report["people"] = int(latest["people"].sum())
    if latest["bought"].sum() > 0:
        before = shares_of(counted[1:])
        score = np.repeat([before[name] for name in latest["behaviour"]], latest["people"])
        happened = np.concatenate(
            [np.arange(people) < bought for people, bought in zip(latest["people"], latest["bought"], strict=True)]
        ).astype(float)
        report |= {"auc": metrics.auc(score, happened), "brier": metrics.brier(score, happened)}
        report["baselines"] = {"the same for everybody": {"auc": 0.5, "brier": metrics.brier(
            np.full(len(happened), _everybody(counted[1:])), happened
        )}}  # fmt: skip
    return FirstPurchases(shares, report)


def shares_of(counted: Sequence[pd.DataFrame]) -> dict[str, float]:
    """Group → share of first purchases, drawn towards everyone's.

    Args:
        counted: For past days, rows of `behaviour`, `people` and `bought`.
    """
    everybody = _everybody(counted)
    shares = {}
    for name in GROUPS:
        rows = [table[table["behaviour"] == name] for table in counted]
        people, bought = (sum(float(table[column].sum()) for table in rows) for column in ("people", "bought"))
        shares[name] = (bought + EVERYBODY_COUNTS * everybody) / (people + EVERYBODY_COUNTS)
    return shares


def _everybody(counted: Sequence[pd.DataFrame]) -> float:
    people, bought = (sum(float(table[column].sum()) for table in counted) for column in ("people", "bought"))
    return (bought + EVERYBODY_COUNTS * PRIOR_SHARE) / (people + EVERYBODY_COUNTS)
