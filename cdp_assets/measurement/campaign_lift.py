"""What being chosen for a campaign changed, against those held out of it.

Belongs here: the comparison of arms by intention to treat. Does not belong here: drawing and keeping the arms, and who
was exposed when (`activation/holdout.py`, `activation.exposures`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import ibis
import ibis.expr.types as ir

from cdp_assets.activation.holdout import CONTROL, TREATMENT
from cdp_assets.canonical.schema import MONEY
from cdp_assets.ledger.outbox import DELIVERED

WINDOW_DAYS = 30
ALL = "all"
"""The variant of all the treated together."""

_NORMAL = 1.96


def campaign_lift(
    exposures: ir.Table,
    deliveries: ir.Table,
    redirects: ir.Table,
    purchases: ir.Table,
    campaigns: Mapping[str, Sequence[str]],
) -> ir.Table:
    """Compare the arms of every campaign that holds people out or has variants.

    A person counts from the day after they were exposed: came to the point where a message goes out or, for those held
    out, would have. Those whom consent, suppression or the lack of an address stopped before that point are in neither
    arm, so both are of the same kind. From there on everybody counts in the arm they drew, whatever became of the
    message. The interval of the share who bought is Agresti and Caffo's (2000: one success and one failure added to
    each arm), which holds for small arms too; that of the spend is Welch's, with the normal quantile.

    Args:
        exposures: The table of the activation stage.
        deliveries: `destination`, `profile_id`, `status`, `created_at`.
        redirects: `old_profile_id` and the `profile_id` it has become.
        purchases: The table of `attributes.purchases`.
        campaigns: Destination → the campaigns that it belongs to.

    Returns:
        The columns of `schemas.CAMPAIGN_LIFT`: a row per campaign, and one more per variant where there are some.
    """
    people = _people(exposures)
    counted = people.filter(~people.mixed)
    outcomes = _with_variants(_reached(_outcomes(counted, purchases), deliveries, redirects, campaigns))
    key = ["campaign", "variant"]
    arms = outcomes.group_by(key).aggregate(
        **_sums(outcomes, "treated"),
        **_sums(outcomes, "control"),
        delivered=outcomes.delivered.sum(where=outcomes.arm == TREATMENT),
    )
    mixed = people.group_by("campaign").aggregate(contaminated=people.mixed.cast("int64").sum())
    joined = mixed.left_join(arms, "campaign").drop("campaign_right")
    counts = [name for name in arms.columns if name not in key]
    filled = joined.mutate(
        variant=joined.variant.fill_null(ALL), **{name: joined[name].fill_null(0) for name in counts}
    )
    return _compared(filled)


def _people(exposures: ir.Table) -> ir.Table:
    """One row per campaign and person of today: when first exposed, arm and variant, and whether in several."""
    rows = exposures.select(
        "campaign", "arm", "contaminated", variant=exposures.variant.fill_null(""), person="person_id",
        day=exposures.exposed_at.date(),
    )  # fmt: skip
    found = rows.group_by(["campaign", "person"]).aggregate(
        since=rows.day.min(),
        arm=rows.arm.min(),
        variant=rows.variant.min(),
        mixed=rows.contaminated.any() | (rows.arm.nunique() > 1) | (rows.variant.nunique() > 1),
    )
    return found.mutate(variant=found.variant.nullif(""))


def _reached(
    outcomes: ir.Table, deliveries: ir.Table, redirects: ir.Table, campaigns: Mapping[str, Sequence[str]]
) -> ir.Table:
    """Add ``delivered``: 1 for those to whom a message of the campaign was delivered since they were exposed."""
    pairs = [(name, campaign) for name, its in campaigns.items() for campaign in its]
    belonging = ibis.memtable(
        {"destination": [name for name, _ in pairs], "campaign": [campaign for _, campaign in pairs]},
        schema=ibis.schema({"destination": "string", "campaign": "string"}),
    )
    arrived = deliveries.filter(deliveries.status == DELIVERED)
    leading = redirects.select("old_profile_id", today=redirects.profile_id)
    moved = arrived.left_join(leading, arrived.profile_id == leading.old_profile_id)
    told = moved.select("destination", person=ibis.coalesce(moved.today, moved.profile_id), day=moved.created_at.date())
    told = told.join(belonging, "destination").select("campaign", "person", "day")
    reached = outcomes.join(told, ["campaign", "person"]).filter(lambda t: t.day >= t.since)
    known = reached.select("campaign", "person").distinct().mutate(told=ibis.literal(1, "int64"))
    joined = outcomes.left_join(known, ["campaign", "person"])
    return joined.select(*(outcomes[name] for name in outcomes.columns), delivered=known.told.fill_null(0))


def _with_variants(outcomes: ir.Table) -> ir.Table:
    """Everybody once under `ALL`, and each variant once more beside all those held out."""
    whole = outcomes.mutate(variant=ibis.literal(ALL))
    named = outcomes.filter(outcomes.variant.notnull())
    variants = named.select("campaign", its="variant").distinct()
    control = outcomes.filter(outcomes.arm == CONTROL).join(variants, "campaign")
    beside = control.mutate(variant=control.its).select(*outcomes.columns)
    return whole.select(*outcomes.columns).union(named.select(*outcomes.columns)).union(beside)


def _outcomes(people: ir.Table, purchases: ir.Table) -> ir.Table:
    joined = people.left_join(
        purchases,
        [
            people.person == purchases.profile_id,
            purchases.day > people.since,
            purchases.day.delta(people.since, unit="day") <= WINDOW_DAYS,
        ],
    )
    return joined.group_by(["campaign", "person", "arm", "variant", "since"]).aggregate(
        bought=(joined.purchases.fill_null(0) > 0).cast("int64").max(),
        spend=(joined.net.fill_null(0) - joined.refunded.fill_null(0)).sum().cast(MONEY),
    )


def _sums(outcomes: ir.Table, name: str) -> dict[str, ir.Value]:
    mine = outcomes.arm == (TREATMENT if name == "treated" else CONTROL)
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
    lift = rates["treated"] - rates["control"]
    return arms.select(
        "campaign", "variant", "treated", "delivered", "control", "contaminated", "treated_converted",
        "control_converted",
        window_days=ibis.literal(WINDOW_DAYS, "int64"),
        treated_rate=rates["treated"],
        control_rate=rates["control"],
        lift=lift,
        lift_of_delivered=lift * arms.treated / arms.delivered.nullif(0),
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
