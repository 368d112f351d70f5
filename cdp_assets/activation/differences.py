"""What a destination has to be told: the wanted state against what the ledger says it has been told.

Belongs here: comparing, set-wise. Does not belong here: writing the result down (`outbox.py`).

People are compared under the ids of today: what was told under an id that has since been merged counts for the person
it was merged into. So a merge is neither an entering nor a leaving, and undoing it needs no repair; new messages after
it bear the id of today. Only a list that is kept equal to the segment is told of the merge, so that everybody is on it
once, under the id of today: that one enters where it was not told of, the others leave, and enter again if the merge is
undone.
"""

from __future__ import annotations

from datetime import datetime

import ibis
import ibis.expr.types as ir

from cdp_assets.activation import audience, gates, holdout
from cdp_assets.activation.spec import DestinationSpec

ENTERED = "entered"
UPDATED = "updated"
LEFT = "left"
FORGOTTEN = "forgotten"
"""Not a message: a person who was withheld is wanted no more, so the reason is forgotten."""


def differences(
    spec: DestinationSpec,
    *,
    memberships: ir.Table,
    customer_360: ir.Table,
    consent_state: ir.Table,
    suppressions: ir.Table,
    redirects: ir.Table,
    state: ir.Table,
    assignments: ir.Table,
    as_of: datetime,
) -> ir.Table:
    """Compare a destination with its segment.

    Args:
        spec: The destination.
        memberships: Of segments.
        customer_360: One row per profile.
        consent_state: Of privacy.
        suppressions: Of privacy.
        redirects: Of identity.
        state: Of the ledger: what the destination has been told, and ``unsettled``: whether the last message under that
            id may still go out, or have arrived.
        assignments: Of the ledger: the arms of the campaign and of the global control group.
        as_of: The run's instant.

    Returns:
        One row per difference: person_id (of today), told_id (what the destination knows the person by), change,
        withdrawn (a removal because a gate has shut), twin (one of several ids told of the same person), stays (a twin
        that leaves while its person stays under another id, or the id that takes its place), sequence (last used), gate
        (reason not to send, or null), told_hash (payload last told), told_change and told_reason (as withheld before),
        arm, variant, global_arm, contact_point, timezone, payload_hash and the payload's ``field_…`` columns. A
        difference that is withheld for the same reason as before is left out.
    """
    told = _told(state, redirects)
    first = told.filter(told.place == 0)
    wanted = audience.members(spec, memberships)
    both = wanted.rename(wanted_id="profile_id").outer_join(first, [("wanted_id", "person_id")])
    candidates = both.select(
        person_id=ibis.coalesce(both.wanted_id, both.person_id),
        wanted=both.wanted_id.notnull(),
        told_id=ibis.coalesce(both.told_id, both.wanted_id),
        told_member=both.member.fill_null(False),
        told_hash=both.payload_hash,
        sequence=both.sequence.fill_null(0),
        told_change=both.withheld_change,
        told_reason=both.withheld_reason,
        unsettled=both.unsettled.fill_null(False),
        own_sequence=both.own_sequence.fill_null(0),
    )
    payloads = audience.payloads(spec, customer_360, as_of)
    people = payloads.right_join(candidates, [("profile_id", "person_id")]).drop("profile_id")
    people = gates.with_permission(people, consent_state, suppressions, spec, as_of)
    people = holdout.with_arm(people, assignments, redirects, spec)
    named = _handed_over(_named(gates.with_gate(people), spec), spec)
    twins = _twins(named, told, spec)
    changes = _changes(named).union(twins)
    return changes.drop("wanted", "told_member", "forbidden", "unsettled", "own_sequence", "moves")


def _told(state: ir.Table, redirects: ir.Table) -> ir.Table:
    """What was told, by person of today; ``place`` 0 is the id that the destination knows the person by, and
    ``own_sequence`` the number last used under the id of today."""
    resolved = holdout.of_today(state, redirects).rename(told_id="profile_id")
    place = ibis.row_number().over(
        group_by=resolved.person_id,
        order_by=[resolved.member.desc(), (resolved.told_id == resolved.person_id).desc(), resolved.told_id],
    )
    own = ibis.ifelse(resolved.told_id == resolved.person_id, resolved.sequence, 0)
    return resolved.mutate(place=place, own_sequence=own.max().over(group_by=resolved.person_id))


def _named(people: ir.Table, spec: DestinationSpec) -> ir.Table:
    """Name each person's difference; null for whoever has none."""
    mirrored = spec.mode == "mirror"
    # A list kept equal holds nobody whom it could not take in today, however they got there.
    shut = people.gate.notnull() & ~people.gate.isin(gates.CONTROLS)
    withdrawn = people.told_member & people.wanted & shut & mirrored
    same_payload = (people.payload_hash == people.told_hash).fill_null(False)
    change = ibis.cases(
        (withdrawn, ibis.literal(LEFT)),
        (people.wanted & ~people.told_member, ibis.literal(ENTERED)),
        (~people.wanted & people.told_member, ibis.literal(LEFT)),
        (people.wanted & ~same_payload & mirrored, ibis.literal(UPDATED)),
        (~people.wanted & people.told_change.notnull(), ibis.literal(FORGOTTEN)),
        else_=ibis.null("string"),
    )
    return people.mutate(change=change, withdrawn=withdrawn, twin=ibis.literal(False), stays=ibis.literal(False))


def _handed_over(named: ir.Table, spec: DestinationSpec) -> ir.Table:
    """Give new messages the id of today, where the destination knows the person by one since given up (``moves``). A
    list kept equal gets that id in the other's place, also where nothing else is to be told.

    Not while a message under the other id is unsettled: the person could get both. Nor where a gate is shut: nothing
    goes out then.
    """
    mirrored = spec.mode == "mirror"
    fresh = (
        named.wanted if mirrored else (named.change == {"enter": ENTERED, "leave": LEFT}[spec.mode]).fill_null(False)
    )
    named = named.mutate(moves=fresh & named.gate.isnull() & (named.told_id != named.person_id) & ~named.unsettled)
    moves = named.moves
    return named.mutate(
        told_id=ibis.ifelse(moves, named.person_id, named.told_id),
        sequence=ibis.ifelse(moves, named.own_sequence, named.sequence),
        change=ibis.ifelse(moves & mirrored, ibis.literal(ENTERED), named.change),
        stays=moves & named.told_member & mirrored,
        told_hash=ibis.ifelse(moves, ibis.null("int64"), named.told_hash),
        told_change=ibis.ifelse(moves, ibis.null("string"), named.told_change),
        told_reason=ibis.ifelse(moves, ibis.null("string"), named.told_reason),
    )


def _changes(named: ir.Table) -> ir.Table:
    """Leave out what is no difference, or is withheld as before."""
    known = (named.told_change == named.change) & (named.told_reason == named.gate)
    return named.filter(named.change.notnull() & ~known.fill_null(False))


def _twins(named: ir.Table, told: ir.Table, spec: DestinationSpec) -> ir.Table:
    """A leaving for every other id under which the destination was told of a person who leaves, and from a list that is
    kept equal also of one who stays; what was withheld under an id whose place that of today takes is forgotten."""
    others = told.filter(told.member | told.withheld_change.notnull()).select(
        "person_id", twin_id="told_id", twin_sequence="sequence", twin_member="member"
    )
    leaves = (named.change == LEFT).fill_null(False)
    concerned = named.mutate(stays=~leaves).filter(leaves | named.moves | (spec.mode == "mirror"))
    twins = concerned.inner_join(others, "person_id")
    twins = twins.filter(twins.twin_id != twins.told_id, twins.twin_member | twins.moves)
    twins = twins.mutate(change=ibis.ifelse(twins.twin_member, LEFT, FORGOTTEN), twin=ibis.literal(True))
    return twins.mutate(told_id=twins.twin_id, sequence=twins.twin_sequence).select(named.columns)
