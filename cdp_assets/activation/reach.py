"""How many people a channel reaches, consent and suppressions considered: before there is any destination.

Belongs here: the count. Does not belong here: who may be told (`gates.py`).
"""

from __future__ import annotations

from datetime import datetime

import ibis.expr.types as ir

from cdp_assets.activation.audience import contact_point
from cdp_assets.activation.gates import with_permission
from cdp_assets.activation.spec import DestinationSpec, FileConnector

REACHED = ("email", "sms", "whatsapp", "app_push", "web_push", "ads", "onsite")
"""Channels that people can be reached on."""


def reach(people: ir.Table, consent_state: ir.Table, suppressions: ir.Table, channel: str, as_of: datetime) -> ir.Table:
    """One row about some people and marketing on a channel.

    Args:
        people: Rows of `customer_360`.
        consent_state, suppressions: Of privacy.
        channel: One of `REACHED`.
        as_of: Consent that ends at or before this instant has expired.

    Returns:
        ``contactable`` (there is a contact point) and ``reachable`` (and it may be used).
    """
    spec = DestinationSpec("reach", "", "", "", channel, "marketing", FileConnector("reach"), {})
    points = people.select("profile_id", contact_point=contact_point(spec, people))
    asked = with_permission(points.filter(points.contact_point.notnull()), consent_state, suppressions, spec, as_of)
    return asked.aggregate(contactable=asked.count(), reachable=asked.forbidden.isnull().sum().coalesce(0))
