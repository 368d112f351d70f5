"""What profiles did, counted by day: one pass over each table of facts, for everything that counts in windows.

Belongs here: which facts count as which activity. Does not belong here: purchases (`purchases.py`), and the windows
(`behaviour.py`, `churn_features.py`, `measurement/funnels.py`), which read this small table instead of the facts.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import ibis
import ibis.expr.types as ir

from cdp_assets.attributes.known_facts import day_of, known_by

EVENT_ACTIVITIES: Mapping[str, tuple[str, ...]] = {
    "page_viewed": ("page", "screen", "page viewed", "page_view", "screen_view", "pageview"),
    "searched": ("products searched", "search", "searched", "view_search_results"),
    "product_viewed": ("product viewed", "view_item", "product_viewed", "view item", "viewed product"),
    "product_added": ("product added", "add_to_cart", "product_added", "added to cart", "add to cart"),
    "checkout_started": ("checkout started", "begin_checkout", "checkout_started", "started checkout"),
}
"""Activity → the event names (lower case) that mean it, in the customary specifications. Others are `other_event`."""

OTHER_EVENT = "other_event"

EVENT_KINDS = (*EVENT_ACTIVITIES, OTHER_EVENT)
"""Activities that are events on web or app."""

IDENTIFIED = "identified"
_IDENTIFYING = ("identify", "alias", "group")
"""Calls by which a tracker says who somebody is: nothing that the person did."""


def daily_activity(
    events: ir.Table,
    engagements: ir.Table,
    tickets: ir.Table,
    interactions: ir.Table,
    survey_responses: ir.Table,
    as_of: datetime,
) -> ir.Table:
    """Count each profile's activities by UTC day.

    Args:
        events: `profile_id`, `event_name`, `occurred_at`.
        engagements: `profile_id`, `channel`, `action`, `occurred_at`; become `<channel>_<action>`.
        tickets: `profile_id`, `opened_at`; become `ticket_opened`.
        interactions: `profile_id`, `kind`, `direction`, `occurred_at`; become `<kind>_<direction>`.
        survey_responses: `profile_id`, `responded_at`; become `survey_answered`.
        as_of: The run's instant; nothing after it is seen.

    Returns:
        `profile_id`, `day`, `activity`, `times`, `last_at`.
    """
    pieces = [
        _counted(events, "occurred_at", as_of, _event_activity(events.event_name)),
        _counted(engagements, "occurred_at", as_of, engagements.channel + "_" + engagements.action),
        _counted(tickets, "opened_at", as_of, ibis.literal("ticket_opened")),
        _counted(interactions, "occurred_at", as_of, _interaction_activity(interactions)),
        _counted(survey_responses, "responded_at", as_of, ibis.literal("survey_answered")),
    ]
    return ibis.union(*pieces, distinct=False)


def _event_activity(name: ir.StringValue) -> ir.StringValue:
    lowered = name.strip().lower()
    return ibis.cases(
        *((lowered.isin(names), activity) for activity, names in EVENT_ACTIVITIES.items()),
        (lowered.isin(_IDENTIFYING), IDENTIFIED),
        else_=OTHER_EVENT,
    )


def _interaction_activity(interactions: ir.Table) -> ir.StringValue:
    return interactions.kind + "_" + interactions.direction.fill_null("unknown")


def _counted(facts: ir.Table, time: str, as_of: datetime, activity: ir.StringValue) -> ir.Table:
    # Sources differ in their precision; a union wants one type.
    at = facts[time].cast("timestamp('UTC', 6)")
    rows = known_by(facts.select("profile_id", day=day_of(at, as_of), activity=activity, at=at), "at", as_of)
    return rows.group_by(["profile_id", "day", "activity"]).aggregate(times=rows.count(), last_at=rows["at"].max())
