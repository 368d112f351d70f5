"""What is known of each customer on a day, for learning who comes back.

Belongs here: features and labels as of any day, computed in the engine, and the groups of features that reasons are
given in. Does not belong here: learning (`churn_model.py`), and anything after the day, but for the label.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import ibis
import ibis.expr.types as ir

from cdp_assets.attributes.activity import EVENT_KINDS
from cdp_assets.attributes.intent import points

NONE_EXPECTED = "none_expected"
"""Log-odds of no visit within the horizon, by the purchase model: the feature that is added to those of the engine."""


@dataclass(frozen=True)
class FeatureGroup:
    """Features that tell one story.

    Args:
        features: Columns of the feature table.
        told_by: The feature whose value stands for the group in a reason.
        words: The reason, with ``{value}``; the usual value follows it.
        unit: Singular of what is counted, where the words do not say so.
    """

    features: tuple[str, ...]
    told_by: str
    words: str
    unit: str = ""


GROUPS: Mapping[str, FeatureGroup] = {
    "recency": FeatureGroup(
        ("recency_days", "silence_ratio", "expected_while_silent", "recency_rank", NONE_EXPECTED),
        "recency_days", "last purchase {value} ago", "day",
    ),
    "frequency": FeatureGroup(
        ("visits", "visit_rate", "visits_30d", "visits_60d", "visits_90d", "visits_180d", "visits_rank", "rate_rank"),
        "visits", "bought on {value} so far", "day",
    ),
    "rhythm": FeatureGroup(
        ("mean_gap", "gap_deviation", "longest_gap"), "mean_gap", "{value} between purchases on average", "day"
    ),
    "season": FeatureGroup(
        ("season_visits", "season_rate", "season_share"),
        "season_visits", "bought on {value} in this season of past years", "day",
    ),
    "tenure": FeatureGroup(("age_days",), "age_days", "customer for {value}", "day"),
    "spend": FeatureGroup(
        (
            "spend", "mean_spend", "last_spend", "first_spend", "spend_30d", "spend_60d", "spend_90d", "spend_180d",
            "spend_rank",
        ),
        "spend", "ordered for {value} in all",
    ),
    "refunds": FeatureGroup(("refunds", "refunded"), "refunds", "refunds: {value}"),
    "visits": FeatureGroup(
        ("events_30d", "events_90d", "intent_30d", "intent", "days_since_event"),
        "events_90d", "actions on web and app in 90 days: {value}",
    ),
    "messages": FeatureGroup(
        ("emails_sent_90d", "emails_opened_90d", "emails_clicked_90d"),
        "emails_opened_90d", "e-mails opened in 90 days: {value}",
    ),
    "support": FeatureGroup(("tickets_90d",), "tickets_90d", "support tickets in 90 days: {value}"),
}  # fmt: skip
"""What reasons are given in."""

FEATURES = tuple(feature for group in GROUPS.values() for feature in group.features)
AGEING = frozenset(
    {"recency_days", "visits", "mean_gap", "gap_deviation", "longest_gap", "age_days", "spend", "refunds", "refunded",
     "intent", "days_since_event", "expected_while_silent", "silence_ratio", *GROUPS["season"].features}
)  # fmt: skip
"""Features that grow as a shop and its customers grow older, or differ from season to season, though nobody behaves
otherwise."""

SEASON = GROUPS["season"].features
"""Features that know of past years: null where a year before the day nobody bought yet."""

_YEAR_DAYS = 365

_COMPUTED = tuple(feature for feature in FEATURES if feature != NONE_EXPECTED)


def features_at(
    purchases: ir.Table, activity: ir.Table, until: date | None, season_days: int | None = None
) -> ir.Table:
    """The features of every customer, from facts up to and including a day.

    Args:
        purchases: The table of `purchases.purchase_days`.
        activity: The table of `activity.daily_activity`.
        until: Last day that may be seen; None if the facts are beside theirs (`known_facts.at_each`), which then tells
            the customers of different days apart.
        season_days: Days from then on whose season is looked at in past years, as far as customers were such then; None
            looks at none.

    Returns:
        `profile_id`, `frequency` (visits after the first, as BG/NBD counts) and `FEATURES` but for `NONE_EXPECTED`
        (float64; null where not defined, such as the mean gap of somebody who came once). Money is in the reporting
        currency. Ranks are shares of all customers of the day: figures that grow with the shop's age, such as visits so
        far, mean the same on any day only by comparison.
    """
    return _features(*_looked_at(purchases, activity, until), season_days)


def _looked_at(purchases: ir.Table, activity: ir.Table, until: date | None) -> tuple[ir.Table, ir.Table, list[str]]:
    """The facts beside the day that they are looked at from, in the column `until`, and what tells customers apart."""
    if until is None:
        return purchases, activity, ["until", "profile_id"]
    day = ibis.literal(until)
    return purchases.mutate(until=day), activity.mutate(until=day), ["profile_id"]


def _features(purchases: ir.Table, activity: ir.Table, keys: list[str], season_days: int | None) -> ir.Table:
    bought = _purchase_features(purchases, keys, season_days)
    did = _activity_features(activity, keys)
    ranks = _ranks(bought, keys)
    joined = bought.left_join(did, keys).drop(*(f"{key}_right" for key in keys))
    zero = [name for name in did.columns if name not in (*keys, "days_since_event")]
    joined = joined.mutate(**{name: joined[name].fill_null(0) for name in zero})
    joined = joined.inner_join(ranks, keys)
    return joined.select(*keys, "frequency", **{name: joined[name].cast("float64") for name in _COMPUTED})


def _ranks(customers: ir.Table, keys: list[str]) -> ir.Table:
    """Of the figures that are ranked alone: whoever sorts rows carries all of their columns along."""
    ranked = {"recency_rank": "recency_days", "visits_rank": "visits", "rate_rank": "visit_rate", "spend_rank": "spend"}
    narrow = customers.select(*keys, *ranked.values())
    return narrow.select(*keys, **{rank: middle_rank(narrow[name], keys[:-1]) for rank, name in ranked.items()})


def middle_rank(value: ir.Value, among: Sequence[str] = ()) -> ir.FloatingValue:
    """Share of all rows with a smaller value, and half of those with an equal one.

    Args:
        value: The value.
        among: Columns that tell those apart that are not compared.
    """
    ordered = ibis.window(group_by=among, order_by=value)
    below = ibis.rank().over(ordered)
    everyone = value.count().over(ibis.window(group_by=among))
    # A share of whole rows, which is known to more digits than there are rows.
    up_to = (ibis.cume_dist().over(ordered) * everyone).round().cast("int64")
    return (below + up_to).cast("float64") / (everyone * 2)


def _purchase_features(purchases: ir.Table, keys: list[str], season_days: int | None) -> ir.Table:
    rows = purchases.filter(purchases.day <= purchases.until)
    rows = rows.mutate(
        age=rows.until.delta(rows.day, unit="day"),
        visit=rows.purchases > 0,
        gap=rows.days_since_previous,
    )

    def visits(days: int) -> ir.IntegerValue:
        return rows.visit.cast("int64").sum(where=rows.age < days).fill_null(0)

    def spend(days: int) -> ir.Value:
        return rows.net.sum(where=rows.age < days).fill_null(0).cast("float64")

    sums = rows.group_by(keys).aggregate(
        age_days=rows.age.max(where=rows.visit),
        recency_days=rows.age.min(where=rows.visit),
        visits=rows.visit.cast("int64").sum(),
        spend=rows.net.sum().cast("float64"),
        last_spend=rows.net.argmax(rows.day, where=rows.visit).cast("float64"),
        first_spend=rows.net.argmin(rows.day, where=rows.visit).cast("float64"),
        refunds=rows.refunds.sum(),
        refunded=rows.refunded.sum().cast("float64"),
        gaps=rows.gap.count(),
        gap_days=rows.gap.sum(),
        squared_gaps=(rows.gap * rows.gap).sum(),
        longest_gap=rows.gap.max(),
        in_season=rows.visit.cast("int64")
        .sum(where=rows.age % _YEAR_DAYS >= _YEAR_DAYS - (season_days or 0))
        .fill_null(0),
        **{f"visits_{days}d": visits(days) for days in (30, 60, 90, 180)},
        **{f"spend_{days}d": spend(days) for days in (30, 60, 90, 180)},
    )
    customers = sums.filter(sums.visits > 0)
    several = ibis.ifelse(customers.gaps > 1, customers.gaps, ibis.null("int64"))
    # From sums of whole numbers, which come out the same in whatever order an engine adds them.
    variance = (customers.squared_gaps - customers.gap_days * customers.gap_days / several) / (several - 1)
    rate = customers.visits.cast("float64") / (customers.age_days + 30)
    seasons = ((customers.age_days + season_days) // _YEAR_DAYS).nullif(0) if season_days else ibis.null("int64")
    season_visits = ibis.ifelse(seasons.notnull(), customers.in_season, ibis.null("int64"))
    return customers.mutate(
        frequency=customers.visits - 1,
        mean_gap=customers.gap_days / customers.gaps.nullif(0),
        gap_deviation=ibis.ifelse(variance < 0, 0, variance).sqrt(),
        mean_spend=customers.spend / customers.visits,
        season_visits=season_visits,
        season_rate=season_visits.cast("float64") / seasons,
        season_share=season_visits.cast("float64") / customers.visits,
        visit_rate=rate,
        expected_while_silent=rate * customers.recency_days,
        silence_ratio=customers.recency_days
        / ibis.greatest((customers.gap_days / customers.gaps.nullif(0)).fill_null(customers.age_days), 1),
    )


def _activity_features(activity: ir.Table, keys: list[str]) -> ir.Table:
    rows = activity.filter(activity.day <= activity.until)
    rows = rows.mutate(age=rows.until.delta(rows.day, unit="day"))

    def times(kinds: tuple[str, ...], days: int) -> ir.IntegerValue:
        return rows.times.sum(where=rows.activity.isin(kinds) & (rows.age < days)).fill_null(0)

    return rows.group_by(keys).aggregate(
        events_30d=times(EVENT_KINDS, 30),
        events_90d=times(EVENT_KINDS, 90),
        intent_30d=times(("product_added", "checkout_started"), 30),
        intent=points(rows),
        days_since_event=rows.age.min(where=rows.activity.isin(EVENT_KINDS)),
        emails_sent_90d=times(("email_sent",), 90),
        emails_opened_90d=times(("email_opened",), 90),
        emails_clicked_90d=times(("email_clicked",), 90),
        tickets_90d=times(("ticket_opened",), 90),
    )


def labelled(
    purchases: ir.Table, activity: ir.Table, cut: date | None, horizon_days: int, season_days: int | None = None
) -> ir.Table:
    """Features at a cut with what followed: `churned` is 1 for no visit in the ``horizon_days`` after it, `spent` is
    the money spent in them, net of refunds.

    Args:
        purchases: The table of `purchases.purchase_days`; must be complete up to the end of the horizon.
        activity: The table of `activity.daily_activity`.
        cut: Last day that the features may see; None as `features_at` says.
        horizon_days: Days after the cut in which a purchase makes the label 0.
        season_days: As `features_at` says; the horizon if not given.

    Returns:
        The columns of `features_at`, `churned` and `spent`, sorted by day and profile.
    """
    purchases, activity, keys = _looked_at(purchases, activity, cut)
    features = _features(purchases, activity, keys, season_days or horizon_days)
    ahead = purchases.day.delta(purchases.until, unit="day")
    after = purchases.filter(ahead > 0, ahead <= horizon_days)
    followed = after.group_by(keys).aggregate(
        came=(after.purchases > 0).cast("int64").sum(), spent=(after.net - after.refunded).sum().cast("float64")
    )
    joined = features.left_join(followed, keys).drop(*(f"{key}_right" for key in keys))
    return (
        joined.mutate(churned=ibis.ifelse(joined.came.fill_null(0) > 0, 0, 1), spent=joined.spent.fill_null(0.0))
        .drop("came")
        .order_by(keys)
    )
