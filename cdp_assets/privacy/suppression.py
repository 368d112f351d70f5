"""Who must not be written to, whatever their consent says.

Belongs here: the rules of suppression. Does not belong here: consent (`consent.py`).

The rules:

1. A complaint, reported by a source or in a mail that came back, suppresses the contact point on every channel, for
   good.
2. A hard bounce, reported in the same ways or seen when sending, suppresses it on the channel that bounced, for good:
   the address is dead, not the person.
3. Unsubscribing, reported or seen when sending, suppresses it on that channel until the person explicitly grants
   marketing on it again.
4. An engagement without a contact point is the person's: a complaint or an unsubscription counts for each address and
   number of their profile that the channel can reach, a bounce where that is a single one.
5. What a source says of the contact point itself (bounced, complained, invalid) counts in the same way. A dead e-mail
   address is dead for e-mail; a dead phone number, for everything that goes to it.
"""

from __future__ import annotations

from datetime import datetime
from functools import reduce

import ibis
import ibis.expr.types as ir

from cdp_assets.privacy.addresses import addresses, kind_reached, whose
from cdp_assets.privacy.consent import ANY

REASONS = ("complained", "bounced", "invalid", "unsubscribed")


_FORBIDDING = ("complained", "bounced", "unsubscribed")
"""Actions that forbid sending."""


def of_contact_points(
    engagements: ir.Table, contact_points: ir.Table, identifiers: ir.Table, profile_map: ir.Table
) -> ir.Table:
    """Engagements by contact point (rule 4).

    Args:
        engagements: `canonical.tables.ENGAGEMENTS`.
        contact_points, identifiers, profile_map: As `addresses.addresses` needs them.

    Returns:
        The columns of ``engagements``, each row with a contact point.
    """
    told = engagements.filter(engagements.contact_point.notnull())
    persons = engagements.filter(engagements.contact_point.isnull(), engagements.action.isin(_FORBIDDING))
    theirs = persons.drop("contact_point").join(whose(profile_map), "record_id")
    # Few complain, and only their addresses are looked up.
    few = profile_map.semi_join(theirs, "profile_id")
    points, known = (table.semi_join(few, "record_id") for table in (contact_points, identifiers))
    reached = addresses(points, known, few).drop("given").distinct()
    of_kind = ibis.window(group_by=["profile_id", "reached_kind"])
    reached = reached.mutate(several=reached.count().over(of_kind) > 1)
    by_point = theirs.join(
        reached, [theirs.profile_id == reached.profile_id, kind_reached(theirs) == reached.reached_kind]
    )
    by_point = by_point.filter((by_point.action != "bounced") | ~by_point.several)
    return told.union(by_point.mutate(contact_point="reached_point").select(told.columns))


def suppressions(
    engagements: ir.Table,
    contact_points: ir.Table,
    consents: ir.Table,
    as_of: datetime,
    refusals: ir.Table | None = None,
) -> ir.Table:
    """Collect the reasons not to write to a contact point.

    Args:
        engagements: `canonical.tables.ENGAGEMENTS`, best as by `of_contact_points`.
        contact_points: `canonical.tables.CONTACT_POINTS`, in their latest state.
        consents: `canonical.tables.CONSENTS`; a later grant ends an unsubscription.
        as_of: The instant to decide for; what happened later does not count.
        refusals: Contact points that are dead, or whose owners complained about what was sent from here or have
            unsubscribed: ``contact_point``, ``channel``, ``reason``, ``since``. They count whenever they did, since
            sending goes by the clock.

    Returns:
        The columns of `schemas.SUPPRESSIONS`; ``since`` is the earliest time the reason was known (of the present
        unsubscription, for that).
    """
    instant = ibis.literal(as_of, type="timestamp('UTC')")
    reported = engagements.filter(engagements.contact_point.notnull(), engagements.occurred_at <= instant)
    left = reported.filter(reported.action == "unsubscribed").select("contact_point", "channel", since="occurred_at")
    found = [_complaints_and_bounces(reported), _dead_contact_points(contact_points, instant)]
    if refusals is not None:
        gone = refusals.filter(refusals.reason == "unsubscribed").select("contact_point", "channel", "since")
        left = left.union(gone)
        found.append(
            refusals.filter(refusals.reason != "unsubscribed").select("contact_point", "channel", "reason", "since")
        )
    found.append(_unsubscriptions(left, consents.filter(consents.occurred_at <= instant)))
    together = reduce(lambda left, right: left.union(right), found)
    return together.group_by("contact_point", "channel", "reason").aggregate(since=together.since.min())


def _complaints_and_bounces(reported: ir.Table) -> ir.Table:
    relevant = reported.filter(reported.action.isin(["complained", "bounced"]))
    return relevant.select(
        "contact_point",
        channel=(relevant.action == "complained").ifelse(ANY, relevant.channel),
        reason=relevant.action,
        since=relevant.occurred_at,
    )


def _unsubscriptions(left: ir.Table, consents: ir.Table) -> ir.Table:
    """Those that no later grant has ended.

    Args:
        left: contact_point, channel, since: who unsubscribed when.
        consents: Words of up to the instant.
    """
    latest = left.group_by("contact_point", "channel").aggregate(since=ibis._.since.max())
    granted = consents.filter(
        consents.explicit, consents.status == "granted", consents.purpose.isin(["marketing", ANY])
    ).select("contact_point", granted_channel=consents.channel, granted_at=consents.occurred_at)
    ended = (
        latest.join(granted, "contact_point")
        .filter(
            (ibis._.granted_channel == ibis._.channel) | (ibis._.granted_channel == ANY),
            ibis._.granted_at > ibis._.since,
        )
        .select("contact_point", "channel")
        .distinct()
    )
    return latest.anti_join(ended, ["contact_point", "channel"]).select(
        "contact_point", "channel", reason=ibis.literal("unsubscribed"), since=ibis._.since
    )


def _dead_contact_points(contact_points: ir.Table, instant: ir.TimestampScalar) -> ir.Table:
    since = contact_points.updated_at.coalesce(contact_points.changed_at)
    dead = contact_points.mutate(since=since).filter(
        contact_points.status.isin(["bounced", "complained", "invalid"]), since.isnull() | (since <= instant)
    )
    only_mail = (dead.status == "bounced") & (dead.kind == "email")
    return dead.select(
        contact_point=dead.value, channel=only_mail.ifelse("email", ANY), reason=dead.status, since=dead.since
    )
