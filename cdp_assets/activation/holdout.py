"""Who is never told, so that the effect can be measured.

Belongs here: drawing arms, and following them through merges. Does not belong here: keeping them (`ledger/holdouts.py`)
and measuring with them (`measurement/`).

The arm is drawn by a hash of the campaign's name and the id the person had when first considered, and then kept: it
depends neither on the audience nor on the order of arrival, and no merge moves it.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from cdp_assets.activation.spec import DestinationSpec
from cdp_assets.warehouse.operations import stable_id

CONTROL = "control"
TREATMENT = "treatment"

_BUCKETS = 10_000


def with_arm(people: ir.Table, assignments: ir.Table, redirects: ir.Table, spec: DestinationSpec) -> ir.Table:
    """Add ``arm`` (null without a holdout) and ``assigned`` (whether the ledger holds it already).

    Args:
        people: Has person_id, the id of today.
        assignments: Of the campaign: profile_id (as it was), arm, assigned_at.
        redirects: Of identity: old_profile_id, profile_id.
        spec: Names campaign and share.
    """
    if spec.holdout == 0.0:
        return people.mutate(arm=ibis.null("string"), assigned=ibis.literal(False))
    kept = standing_assignments(assignments, redirects)
    joined = people.left_join(kept, [("person_id", "assigned_person")]).drop("assigned_person")
    return joined.mutate(
        arm=ibis.coalesce(joined.kept_arm, drawn(joined.person_id, spec)), assigned=joined.kept_arm.notnull()
    ).drop("kept_arm")


def drawn(person_id: ir.IntegerValue, spec: DestinationSpec) -> ir.StringValue:
    """The arm that an id draws."""
    bucket = stable_id(ibis.literal(spec.holdout_campaign), person_id) % _BUCKETS
    return ibis.cases((bucket < round(spec.holdout * _BUCKETS), ibis.literal(CONTROL)), else_=ibis.literal(TREATMENT))


def standing_assignments(assignments: ir.Table, redirects: ir.Table) -> ir.Table:
    """One arm per person of today: their own id's, else the earliest of the ids merged into it.

    Returns:
        assigned_person, kept_arm.
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
    return first.filter(first.place == 0).select(assigned_person="person_id", kept_arm="arm")


def contaminated(assignments: ir.Table, redirects: ir.Table) -> ir.Table:
    """Ids whose person has been in both arms, and that are not yet marked: profile_id."""
    resolved = of_today(assignments, redirects)
    both = resolved.group_by("person_id").agg(low=resolved.arm.min(), high=resolved.arm.max())
    mixed = both.filter(both.low != both.high)
    return resolved.semi_join(mixed, "person_id").filter(lambda t: ~t.contaminated).select("profile_id")


def of_today(told: ir.Table, redirects: ir.Table) -> ir.Table:
    """Add ``person_id``: the profile that ``profile_id`` leads to today."""
    leads = redirects.select(redirected_from="old_profile_id", redirected_to="profile_id")
    joined = told.left_join(leads, [("profile_id", "redirected_from")])
    return joined.mutate(person_id=ibis.coalesce(joined.redirected_to, joined.profile_id)).drop(
        "redirected_from", "redirected_to"
    )
