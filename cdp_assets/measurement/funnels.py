"""From a visit to an order, week by week.

Belongs here: which steps there are, and counting who takes them. Does not belong here: what counts as an activity
(`attributes/activity.py`).
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from cdp_assets.attributes.activity import EVENT_KINDS

STEPS = ("visited", "viewed a product", "added to cart", "ordered")


def funnels(activity: ir.Table, purchases: ir.Table) -> ir.Table:
    """Count the profiles that took each step and all before it within one week (Monday to Sunday, UTC).

    Args:
        activity: The table of `attributes.activity`.
        purchases: The table of `attributes.purchases`.

    Returns:
        The columns of `schemas.FUNNELS`.
    """
    events = activity.filter(activity.activity.isin(EVENT_KINDS))
    seen = events.select(
        "profile_id",
        week=events.day.truncate("W"),
        viewed=(events.activity == "product_viewed").cast("int8"),
        added=(events.activity == "product_added").cast("int8"),
    )
    visits = seen.group_by(["profile_id", "week"]).aggregate(viewed=seen.viewed.max(), added=seen.added.max())
    bought = purchases.filter(purchases.purchases > 0)
    orders = (
        bought.select("profile_id", week=bought.day.truncate("W")).distinct().mutate(ordered=ibis.literal(1, "int8"))
    )
    joined = visits.left_join(orders, ["profile_id", "week"])
    steps = joined.select(
        visits.week,
        first=ibis.literal(1, "int64"),
        second=visits.viewed.cast("int64"),
        third=(visits.viewed * visits.added).cast("int64"),
        fourth=(visits.viewed * visits.added * orders.ordered.fill_null(0)).cast("int64"),
    )
    counts = steps.group_by("week").aggregate(
        **{f"reached_{number}": steps[name].sum() for number, name in enumerate(("first", "second", "third", "fourth"))}
    )
    return ibis.union(*(_step(counts, number) for number in range(len(STEPS))), distinct=False)


def _step(counts: ir.Table, number: int) -> ir.Table:
    reached = counts[f"reached_{number}"]
    before = counts[f"reached_{max(number - 1, 0)}"]
    return counts.select(
        "week",
        step=ibis.literal(number + 1, "int8"),
        name=ibis.literal(STEPS[number]),
        profiles=reached,
        share_of_first=reached.cast("float64") / counts.reached_0.nullif(0),
        share_of_previous=reached.cast("float64") / before.nullif(0),
    )
