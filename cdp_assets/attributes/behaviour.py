"""Simple counts of behaviour per profile: visits, messages, support, satisfaction, loyalty, tastes.

Belongs here: windows over the daily activity, and the latest word of small tables of facts. Does not belong here: money
(`purchases.py`), anything learned from data, and consent.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir

from cdp_assets.attributes.activity import EVENT_KINDS
from cdp_assets.attributes.known_facts import known_by, last_day

if TYPE_CHECKING:
    from cdp_assets.warehouse.engine import Engine

OPEN_STATUSES = ("open", "pending")
"""Ticket statuses that mean that somebody waits."""


def behaviour(
    activity: ir.Table,
    tickets: ir.Table,
    survey_responses: ir.Table,
    loyalty: ir.Table,
    order_lines: ir.Table,
    products: ir.Table,
    as_of: datetime,
    engine: Engine,
) -> ir.Table:
    """Count what each profile did, in windows of whole UTC days that end with the last day begun before ``as_of``.

    Args:
        activity: The table of `activity.daily_activity`.
        tickets: `profile_id` and the columns of `canonical.TICKETS`.
        survey_responses: `profile_id` and the columns of `canonical.SURVEY_RESPONSES`.
        loyalty: `profile_id` and the columns of `canonical.LOYALTY`.
        order_lines: `profile_id` and the columns of `canonical.ORDER_LINES`.
        products: The columns of `canonical.PRODUCTS`; gives lines their category where they bear none.
        as_of: The run's instant.
        engine: Keeps each part, since it is read twice: for who is in it, and for what it says.

    Returns:
        The columns of `schemas.BEHAVIOUR`, one row per profile that did anything.
    """
    parts = [
        engine.scratch(part)
        for part in (
            _from_activity(activity, last_day(as_of)),
            _from_tickets(known_by(tickets, "opened_at", as_of)),
            last_nps(known_by(survey_responses, "responded_at", as_of)),
            _from_loyalty(known_by(loyalty, "occurred_at", as_of)),
            _favourite_category(known_by(order_lines, "ordered_at", as_of), products),
        )
    ]
    everyone = ibis.union(*(part.select("profile_id") for part in parts), distinct=True)
    joined = everyone
    for part in parts:
        renamed = part.rename(_key="profile_id")
        joined = joined.left_join(renamed, joined.profile_id == renamed._key).drop("_key")
    counts = [name for part in parts for name, dtype in part.schema().items() if dtype.is_integer()]
    return joined.mutate(**{name: joined[name].fill_null(0) for name in counts if name != "profile_id"})


def _from_activity(activity: ir.Table, until: date) -> ir.Table:
    rows = activity.mutate(age=ibis.literal(until).delta(activity.day, unit="day"))

    def times(kinds: Sequence[str], days: int) -> ir.IntegerValue:
        return rows.times.sum(where=rows.activity.isin(kinds) & (rows.age < days)).fill_null(0)

    is_event = rows.activity.isin(EVENT_KINDS)
    return rows.group_by("profile_id").aggregate(
        last_event_at=rows.last_at.max(where=is_event),
        events_30d=times(EVENT_KINDS, 30),
        events_90d=times(EVENT_KINDS, 90),
        active_days_30d=rows.day.nunique(where=is_event & (rows.age < 30)),
        product_views_30d=times(("product_viewed",), 30),
        carts_30d=times(("product_added",), 30),
        checkouts_30d=times(("checkout_started",), 30),
        emails_sent_90d=times(("email_sent",), 90),
        emails_opened_90d=times(("email_opened",), 90),
        emails_clicked_90d=times(("email_clicked",), 90),
        last_email_opened_at=rows.last_at.max(where=rows.activity.isin(("email_opened", "email_clicked"))),
        ads_clicked_90d=times(("ads_clicked",), 90),
        tickets_365d=times(("ticket_opened",), 365),
    )


def waits(tickets: ir.Table) -> ir.BooleanValue:
    """Which tickets wait for an answer or a solution."""
    return tickets.status.isin(OPEN_STATUSES) | (tickets.status.isnull() & tickets.resolved_at.isnull())


def _from_tickets(tickets: ir.Table) -> ir.Table:
    waiting = waits(tickets)
    return tickets.group_by("profile_id").aggregate(
        open_tickets=waiting.cast("int64").sum(),
        bad_ratings=(tickets.satisfaction == "bad").cast("int64").sum().fill_null(0),
        last_ticket_at=tickets.opened_at.max(),
    )


def last_nps(responses: ir.Table) -> ir.Table:
    """Each profile's last answer to the question for recommendation: `profile_id`, `last_nps_score`, `last_nps_at`."""
    scored = responses.filter(responses.survey.lower() == "nps", responses.score.notnull())
    last = _latest(scored, "responded_at")
    return last.select("profile_id", last_nps_score=last.score, last_nps_at=last.responded_at)


def _from_loyalty(loyalty: ir.Table) -> ir.Table:
    points = loyalty.group_by("profile_id").aggregate(loyalty_points=loyalty.points.sum().fill_null(0))
    tiers = _latest(loyalty.filter(loyalty.tier.notnull()), "occurred_at")
    tiers = tiers.select("profile_id", loyalty_tier=tiers.tier)
    return points.left_join(tiers, "profile_id").select(points.profile_id, points.loyalty_points, tiers.loyalty_tier)


def _favourite_category(lines: ir.Table, products: ir.Table) -> ir.Table:
    """By order value in the currency of the lines, which is one for nearly everybody."""
    listed = products.select("source", "product_id", listed_category=products.category)
    known = lines.left_join(listed, ["source", "product_id"])
    known = known.select("profile_id", "amount", category=known.category.fill_null(known.listed_category))
    spent = known.filter(known.category.notnull(), known.amount > 0)
    spent = spent.group_by(["profile_id", "category"]).aggregate(amount=spent.amount.sum())
    best = ibis.row_number().over(ibis.window(group_by="profile_id", order_by=[spent.amount.desc(), spent.category]))
    ranked = spent.mutate(place=best)
    ranked = ranked.filter(ranked.place == 0)
    return ranked.select("profile_id", favourite_category=ranked.category)


def _latest(facts: ir.Table, time: str) -> ir.Table:
    """Each profile's last fact; of several at one instant, the one with the greatest id, so that runs agree."""
    order = [facts[time].desc(), facts.source.desc(), facts.native_id.desc()]
    ranked = facts.mutate(place=ibis.row_number().over(ibis.window(group_by="profile_id", order_by=order)))
    return ranked.filter(ranked.place == 0).drop("place")
