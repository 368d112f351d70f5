"""By which addresses and numbers people can be reached: whose a word or a refusal is for that names a person and no
address.

Belongs here: the addresses of each profile. Does not belong here: what is said of them (`consent.py`,
`suppression.py`).
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from cdp_assets.canonical.tables import KNOWN_BY

REACHING = {"email": "email", "sms": "phone", "whatsapp": "phone", "phone": "phone"}
"""Channel → the one kind of contact point that it reaches; others may go by either."""


def whose(profile_map: ir.Table) -> ir.Table:
    """record_id, profile_id: whose each record is now.

    Args:
        profile_map: `identity.schemas.PROFILE_MAP`.
    """
    return profile_map.filter(profile_map.valid_to.isnull()).select("record_id", "profile_id")


def addresses(contact_points: ir.Table, identifiers: ir.Table, profile_map: ir.Table) -> ir.Table:
    """The e-mail addresses and telephone numbers of each profile.

    Args:
        contact_points: `canonical.tables.CONTACT_POINTS`.
        identifiers: `canonical.tables.IDENTIFIERS`; facts know people by addresses that no source gives of them.
        profile_map: `identity.schemas.PROFILE_MAP`, or the rows of those whom it is about.

    Returns:
        profile_id, reached_kind, reached_point, given: whether a source gives it as a way to reach the person. One row
        per record that says so.
    """
    points = contact_points.filter(contact_points.kind.isin(KNOWN_BY))
    known = identifiers.filter(identifiers.identifier_type.isin(KNOWN_BY)).anti_join(
        points, ["record_id", ("identifier_value", "value")]
    )
    carried = points.select("record_id", reached_kind="kind", reached_point="value", given=ibis.literal(True)).union(
        known.select(
            "record_id",
            reached_kind="identifier_type",
            reached_point="identifier_value",
            given=ibis.literal(False),
        )
    )
    return carried.join(whose(profile_map), "record_id").drop("record_id")


def kind_reached(words: ir.Table) -> ir.StringValue:
    """The kind of contact point that a row's channel goes to; null where it may go to several."""
    return ibis.cases(
        *((words.channel == channel, kind) for channel, kind in REACHING.items()), else_=ibis.null("string")
    )
