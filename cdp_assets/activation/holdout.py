"""Who is never told, and who is told which variant, so that the effect can be measured.

Belongs here: drawing arms, and following them through merges. Does not belong here: keeping them (`ledger/holdouts.py`)
and measuring with them (`measurement/`).

The arm is drawn by a hash of the campaign's name and the id the person had when first considered, and then kept: it
depends neither on the audience nor on the order of arrival, and no merge moves it.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from cdp_assets.activation.spec import GLOBAL_CONTROL, DestinationSpec
from cdp_assets.warehouse.operations import stable_id

CONTROL = "control"
TREATMENT = "treatment"

_BUCKETS = 10_000


def with_arm(people: ir.Table, assignments: ir.Table, redirects: ir.Table, spec: DestinationSpec) -> ir.Table:
    """Add ``arm`` (null without an experiment), ``variant`` (of the treated, where there are some) and
    ``global_arm`` (null without a global control group; who is in that has no arm in the campaign).

    Args:
        people: Has person_id, the id of today.
        assignments: Of the campaign and of `GLOBAL_CONTROL`: campaign, profile_id (as it was), arm, variant,
            assigned_at.
        redirects: Of identity: old_profile_id, profile_id.
        spec: Names campaign, shares and variants.
    """
    text = ibis.null("string")
    if spec.global_control > 0.0:
        joined = _with_kept(people, assignments.filter(assignments.campaign == GLOBAL_CONTROL), redirects)
        found = ibis.coalesce(joined.kept_arm, _drawn_arm(joined.person_id, GLOBAL_CONTROL, spec.global_control))
        people = joined.mutate(global_arm=found).drop("kept_arm", "kept_variant")
    else:
        people = people.mutate(global_arm=text)
    if not spec.is_experiment:
        return people.mutate(arm=text, variant=text)
    joined = _with_kept(people, assignments.filter(assignments.campaign == spec.holdout_campaign), redirects)
    arm = ibis.coalesce(joined.kept_arm, drawn(joined.person_id, spec))
    joined = joined.mutate(arm=ibis.ifelse((joined.global_arm == CONTROL).fill_null(False), text, arm))
    variant = ibis.coalesce(joined.kept_variant, drawn_variant(joined.person_id, spec))
    return joined.mutate(variant=ibis.ifelse((joined.arm == TREATMENT).fill_null(False), variant, text)).drop(
        "kept_arm", "kept_variant"
    )


def drawn(person_id: ir.IntegerValue, spec: DestinationSpec) -> ir.StringValue:
    """The arm that an id draws."""
    return _drawn_arm(person_id, spec.holdout_campaign, spec.holdout)


def drawn_variant(person_id: ir.IntegerValue, spec: DestinationSpec) -> ir.StringValue:
    """The variant that an id draws, by the variants' weights; by another hash than the arm, so that the two have
    nothing to do with each other."""
    if not spec.variants:
        return ibis.null("string")
    total, bound, cases = sum(spec.variants.values()), 0.0, []
    bucket = stable_id(ibis.literal(f"{spec.holdout_campaign} variant"), person_id) % _BUCKETS
    for name, weight in spec.variants.items():
        bound += weight
        cases.append((bucket < round(bound / total * _BUCKETS), ibis.literal(name)))
    return ibis.cases(*cases, else_=ibis.null("string"))


def standing_assignments(assignments: ir.Table, redirects: ir.Table) -> ir.Table:
    """One arm per person of today: their own id's, else the earliest of the ids merged into it.

    Returns:
        assigned_person, kept_arm, kept_variant.
    """
    resolved = of_today(assignments, redirects)
    place = ibis.row_number().over(
        group_by=resolved.person_id,
        order_by=[
            (resolved.profile_id == resolved.person_id).desc(),
            resolved.assigned_at,
            resolved.profile_id,
        ],
    )
    first = resolved.mutate(place=place)
    return first.filter(first.place == 0).select(assigned_person="person_id", kept_arm="arm", kept_variant="variant")


def contaminated(assignments: ir.Table, redirects: ir.Table) -> ir.Table:
    """Assignments of people who have been in several arms or variants of a campaign, and that are not yet marked:
    campaign, profile_id."""
    resolved = of_today(assignments, redirects)
    resolved = resolved.mutate(place=resolved.arm + ":" + resolved.variant.fill_null(""))
    places = resolved.group_by(["campaign", "person_id"]).agg(low=resolved.place.min(), high=resolved.place.max())
    mixed = places.filter(places.low != places.high)
    marked = resolved.semi_join(mixed, ["campaign", "person_id"])
    return marked.filter(~marked.contaminated).select("campaign", "profile_id")


def _with_kept(people: ir.Table, assignments: ir.Table, redirects: ir.Table) -> ir.Table:
    kept = standing_assignments(assignments, redirects)
    return people.left_join(kept, [("person_id", "assigned_person")]).drop("assigned_person")


def _drawn_arm(person_id: ir.IntegerValue, campaign: str, share: float) -> ir.StringValue:
    bucket = stable_id(ibis.literal(campaign), person_id) % _BUCKETS
    return ibis.cases((bucket < round(share * _BUCKETS), ibis.literal(CONTROL)), else_=ibis.literal(TREATMENT))


def of_today(told: ir.Table, redirects: ir.Table) -> ir.Table:
    """Add ``person_id``: the profile that ``profile_id`` leads to today."""
    leads = redirects.select(redirected_from="old_profile_id", redirected_to="profile_id")
    joined = told.left_join(leads, [("profile_id", "redirected_from")])
    return joined.mutate(person_id=ibis.coalesce(joined.redirected_to, joined.profile_id)).drop(
        "redirected_from", "redirected_to"
    )
