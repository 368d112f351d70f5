"""The probability of a purchase in the next 30 days: of customers, and of people who have never bought.

Belongs here: both populations, and what is known of how good the figures are. Does not belong here: the learner
(`churn.py`; not to buy is what it learns), and intent itself (`intent.py`).

Customers are told apart by the learner of churn, at a horizon of its own, judged against the same baselines. Of people
who never bought there is little but their behaviour: each has the share of first purchases among those who lately
behaved alike, drawn towards everyone's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir
import numpy as np

from cdp_assets.attributes import churn, metrics
from cdp_assets.attributes.churn import Learned
from cdp_assets.attributes.intent import intent
from cdp_assets.attributes.known_facts import last_day
from cdp_assets.attributes.purchases import of_known_people
from cdp_assets.warehouse.built import Built, ColumnLineage, plot

if TYPE_CHECKING:
    import pandas as pd

    from cdp_assets.warehouse.engine import Engine

HORIZON_DAYS = 30
FIRST_PURCHASE = "first purchase by intent"

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

_READ = {
    *(("attributes", "purchases", name) for name in ("day", "purchases", "net", "refunds", "refunded")),
    *(("attributes", "activity", name) for name in ("day", "activity", "times")),
    ("profiles", "golden_records", "first_seen_at"),
}
LINEAGE: ColumnLineage = {
    "profile_id": {("attributes", "purchases", "profile_id"), ("profiles", "golden_records", "profile_id")},
    **dict.fromkeys(("purchase_propensity_30d", "propensity_reasons", "model"), _READ),
}
"""Declared, since the model stands between."""


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
        people: `profile_id` and `first_seen_at` of known people.
        purchases: The table of `purchases.purchase_days`.
        activity: The table of `activity.daily_activity`.
        until: Last day that may be seen.
        followed_days: With it also `bought`: whether each (0 or 1) bought in so many days after.

    Returns:
        `profile_id` and `behaviour`, a name of `GROUPS`.
    """
    bought = purchases.filter(purchases.purchases > 0)
    before = bought.filter(bought.day <= until).select("profile_id").distinct()
    there = people.filter(people.first_seen_at.isnull() | (people.first_seen_at.date() <= ibis.literal(until)))
    leads = there.select("profile_id").anti_join(before, "profile_id")
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
    """Count first purchases after past days, and judge the shares on the latest of them."""
    counted: list[pd.DataFrame] = []
    for look in range(1, LOOKS + 1):
        day = until - timedelta(days=look * HORIZON_DAYS)
        leads = never_bought(people, purchases, activity, day, HORIZON_DAYS)
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


def propensity_scores(
    learned: Learned,
    first: FirstPurchases,
    people: ir.Table,
    purchases: ir.Table,
    activity: ir.Table,
    engine: Engine,
) -> ir.Table:
    """Score everybody: the columns of `schemas.PURCHASE_PROPENSITY`, one row per known person."""
    risk = churn.churn_scores(learned, purchases, activity, engine, leading=("less likely", "more likely"))
    customers = risk.select(
        "profile_id",
        purchase_propensity_30d=(1 - risk.churn_risk).round(4),
        propensity_reasons=risk.reasons,
        model=risk.model,
    )
    leads = never_bought(people, purchases, activity, learned.until)
    scored = leads.select(
        "profile_id",
        purchase_propensity_30d=ibis.cases(
            *((leads.behaviour == name, round(share, 4)) for name, share in first.shares.items()), else_=PRIOR_SHARE
        ).cast("float64"),
        propensity_reasons=ibis.cases(
            *((leads.behaviour == name, words) for name, words in GROUPS.items()), else_="never bought"
        ),
        model=ibis.literal(FIRST_PURCHASE),
    )
    return ibis.union(customers, scored, distinct=False)


def purchase_propensity(
    purchases: ir.Table, activity: ir.Table, golden_records: ir.Table, as_of: datetime, engine: Engine
) -> Built:
    """Learn, judge and score.

    Args:
        purchases: The table of `purchases.purchase_days`.
        activity: The table of `activity.daily_activity`.
        golden_records: The table of the profiles stage.
        as_of: The run's instant; nothing after it is seen.

    Returns:
        The columns of `schemas.PURCHASE_PROPENSITY`, with the model card as metadata.
    """
    until = last_day(as_of)
    bought = of_known_people(purchases, golden_records)
    people = golden_records.filter(~golden_records.anonymous).select("profile_id", "first_seen_at")
    learned = churn.learn(bought, activity, until, engine, horizon_days=HORIZON_DAYS)
    first = learn_first_purchases(people, bought, activity, until, engine)
    table = propensity_scores(learned, first, people, bought, activity, engine)
    return Built(table, _card(learned, first), LINEAGE)


def _card(learned: Learned, first: FirstPurchases) -> dict[str, Any]:
    from cdp_assets.attributes import churn_card

    card = churn_card.card(learned)
    card["model_card"] |= {
        "published": f"1 - ({learned.published.name})",
        "churned_means": f"no purchase within {HORIZON_DAYS} days; the propensity is one minus that",
        "population": "known people: customers by the model, others by first purchases of those who behaved alike",
    }
    card["first_purchases"] = first.report
    if learned.judged is not None:
        probability, happened = (1 - figures for figures in learned.judged)
        card["backtest"] = {
            **learned.report,
            "pr_auc": metrics.pr_auc(probability, happened),
            "top_decile_lift": metrics.top_decile_lift(probability, happened),
        }
        card["calibration_plot"] = plot(
            churn_card.draw(learned, probability, happened, "Predicted propensity", "Share that bought")
        )
    return card
