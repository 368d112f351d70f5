"""Which profile a fact belongs to.

Belongs here: the one join by which every later stage gets from records to profiles. Does not belong here: how the map
is made.
"""

from __future__ import annotations

import ibis.expr.types as ir

from cdp_assets.canonical.schema import INSTANT


def assign_profiles(facts: ir.Table, profile_map: ir.Table, time: str) -> ir.Table:
    """Add ``profile_id`` to facts: exactly one profile a fact.

    Args:
        facts: Any table with ``record_id``.
        profile_map: The table `identity.profile_map`.
        time: The column of ``facts`` (an instant, UTC) that says when the fact happened. It decides for records of
            devices that several people used; a fact without a time goes to the first of them.
    """
    plain = facts.drop("profile_id") if "profile_id" in facts.columns else facts
    happened = plain[time].cast(INSTANT)
    span = profile_map.select(
        _record_id="record_id", profile_id="profile_id", _valid_from="valid_from", _valid_to="valid_to"
    )
    joined = plain.join(
        span,
        [
            plain.record_id == span._record_id,
            span._valid_from.isnull() | (happened >= span._valid_from).fill_null(False),
            span._valid_to.isnull() | (happened < span._valid_to) | (happened.isnull() & span._valid_from.isnull()),
        ],
    )
    return joined.drop("_record_id", "_valid_from", "_valid_to")
