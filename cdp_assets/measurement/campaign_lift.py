"""What being chosen for a destination's messages changed, against those held out.

Belongs here: the comparison of arms by intention to treat. Does not belong here: drawing and keeping the arms
(`activation/holdout.py`).
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from cdp_assets.canonical.schema import MONEY

WINDOW_DAYS = 30
TREATED, CONTROL = "treatment", "control"
_NORMAL = 1.96


def campaign_lift(deliveries: ir.Table, redirects: ir.Table, purchases: ir.Table) -> ir.Table:
    """Compare the arms of every destination with a holdout.

    A person counts from the day after the first refresh that considered them, in the arm they drew, whatever became of
    the message. The interval of the share who bought is Agresti and Caffo's (2000: one success and one failure added to
    each arm), which holds for small arms too; that of the spend is Welch's, with the normal quantile.

    Args:
        deliveries: `destination`, `profile_id`, `arm` (`treatment`, `control` or null), `created_at`.
        redirects: `old_profile_id` and the `profile_id` it has become.
        purchases: The table of `attributes.purchases`.

    Returns:
        The columns of `schemas.CAMPAIGN_LIFT`, one row per destination.
    """
    people = _people(deliveries, redirects)
    outcomes = _outcomes(people.filter(people.arms == 1), purchases)
    arms = outcomes.group_by("destination").aggregate(**_sums(outcomes, "treated"), **_sums(outcomes, "control"))
    mixed = people.group_by("destination").aggregate(contaminated=(people.arms > 1).cast("int64").sum())
    joined = mixed.left_join(arms, "destination").drop("destination_right")
    counts = [name for name in arms.columns if name != "destination"]
    return _compared(joined.mutate(**{name: joined[name].fill_null(0) for name in counts}))


def _people(deliveries: ir.Table, redirects: ir.Table) -> ir.Table:
    """One row per destination and person of today: when first considered, the arm, and how many arms they were in."""
    drawn = deliveries.filter(deliveries.arm.isin((TREATED, CONTROL)))
    leading = redirects.select("old_profile_id", today=redirects.profile_id)
    moved = drawn.left_join(leading, drawn.profile_id == leading.old_profile_id)
    rows = moved.select(
        "destination", "arm", person=ibis.coalesce(moved.today, moved.profile_id), day=moved.created_at.date()
    )
    return rows.group_by(["destination", "person"]).aggregate(
        since=rows.day.min(), arm=rows.arm.min(), arms=rows.arm.nunique()
    )


def _outcomes(people: ir.Table, purchases: ir.Table) -> ir.Table:
    joined = people.left_join(
        purchases,
        [
            people.person == purchases.profile_id,
            purchases.day > people.since,
            purchases.day.delta(people.since, unit="day") <= WINDOW_DAYS,
        ],
    )
    return joined.group_by(["destination", "person", "arm"]).aggregate(
        bought=(joined.purchases.fill_null(0) > 0).cast("int64").max(),
        spend=(joined.net.fill_null(0) - joined.refunded.fill_null(0)).sum().cast(MONEY),
    )


def _sums(outcomes: ir.Table, name: str) -> dict[str, ir.Value]:
    mine = outcomes.arm == (TREATED if name == "treated" else CONTROL)
    return {
        name: mine.cast("int64").sum(),
        f"{name}_converted": outcomes.bought.sum(where=mine),
        # In decimals, whose sums do not depend on the order of the rows.
        f"{name}_sum": outcomes.spend.sum(where=mine).cast("float64"),
        f"{name}_squares": (outcomes.spend * outcomes.spend).sum(where=mine).cast("float64"),
    }


def _compared(arms: ir.Table) -> ir.Table:
    both = (arms.treated > 0) & (arms.control > 0)
    rates = {name: arms[f"{name}_converted"].cast("float64") / arms[name].nullif(0) for name in ("treated", "control")}
    means = {name: arms[f"{name}_sum"] / arms[name].nullif(0) for name in ("treated", "control")}
    adjusted = {name: (arms[f"{name}_converted"] + 1) / (arms[name] + 2) for name in ("treated", "control")}
    middle = adjusted["treated"] - adjusted["control"]
    wide = _NORMAL * sum(adjusted[name] * (1 - adjusted[name]) / (arms[name] + 2) for name in adjusted).sqrt()
    spend_wide = _NORMAL * sum(_variance(arms, name) / arms[name].nullif(0) for name in means).sqrt()
    spend = means["treated"] - means["control"]
    return arms.select(
        "destination", "treated", "control", "contaminated", "treated_converted", "control_converted",
        window_days=ibis.literal(WINDOW_DAYS, "int64"),
        treated_rate=rates["treated"],
        control_rate=rates["control"],
        lift=rates["treated"] - rates["control"],
        lift_low=_only(both, ibis.greatest(middle - wide, -1)),
        lift_high=_only(both, ibis.least(middle + wide, 1)),
        treated_spend=means["treated"],
        control_spend=means["control"],
        spend_lift=spend,
        spend_lift_low=spend - spend_wide,
        spend_lift_high=spend + spend_wide,
    )  # fmt: skip


def _only(condition: ir.BooleanValue, value: ir.Value) -> ir.Value:
    return ibis.ifelse(condition, value, ibis.null("float64"))


def _variance(arms: ir.Table, name: str) -> ir.FloatingValue:
    """Sample variance of the spend; null for fewer than two people."""
    people = arms[name]
    deviation = arms[f"{name}_squares"] - arms[f"{name}_sum"] * arms[f"{name}_sum"] / people.nullif(0)
    return ibis.ifelse(deviation > 0, deviation, 0) / (people - 1).nullif(0)
