"""The wanted side: whom a destination is about, and what it would be told of each.

Belongs here: mapping `customer_360` to payloads. Does not belong here: what the destination knows already
(`differences.py`) and whether it may be told (`gates.py`).
"""

from __future__ import annotations

import json
from datetime import datetime

import ibis
import ibis.expr.types as ir

from cdp_assets.activation.spec import DestinationSpec
from cdp_assets.normalised.identifier_values import PHONE, is_number_without_country
from cdp_assets.privacy.addresses import REACHING
from cdp_assets.warehouse.expressions import bind
from cdp_assets.warehouse.operations import stable_id

FIELD = "field_"
"""Prefix of the columns that hold payload fields, in the order of the definition."""


def members(spec: DestinationSpec, memberships: ir.Table) -> ir.Table:
    """The segment's members: profile_id."""
    return memberships.filter(memberships.segment == spec.segment).select("profile_id")


def contact_point(spec: DestinationSpec, customers: ir.Table) -> ir.StringValue:
    """What each person is reached by; null for whoever cannot be, as by a telephone number of no known country.

    Args:
        spec: The destination.
        customers: Rows of `customer_360`.
    """
    point = bind(spec.contact_expression, customers).cast("string").nullif("")
    if REACHING.get(spec.channel) != PHONE:
        return point
    return ibis.ifelse(is_number_without_country(point), ibis.null("string"), point)


def payloads(spec: DestinationSpec, customer_360: ir.Table, as_of: datetime) -> ir.Table:
    """What there is to tell of each profile.

    Args:
        spec: The destination.
        customer_360: One row per profile.
        as_of: The run's instant, for expressions that use it.

    Returns:
        profile_id, contact_point, timezone, payload_hash (int64), and one ``field_…`` per payload field.
    """
    values = [bind(expression, customer_360, as_of=as_of) for expression in spec.payload.values()]
    fields = {f"{FIELD}{number}": value for number, value in enumerate(values)}
    # Field names are part of what is told, so renaming one counts as a change.
    names = ibis.literal(json.dumps(list(spec.payload)))
    return customer_360.select(
        profile_id=customer_360.profile_id,
        contact_point=contact_point(spec, customer_360),
        timezone=customer_360.timezone,
        payload_hash=stable_id(names, *(value.cast("string") for value in values)),
        **fields,
    )
