"""How well support treats a person: a stated rule over what waits, what went wrong, and what they said.

Belongs here: what points are taken off for, and the words. Does not belong here: counts (`behaviour.py`), and how good
support is as a whole (`measurement`).

A rule rather than a model: it is to be read by whoever picks up the phone, and to be true of what they then see.
"""

from __future__ import annotations

from datetime import date, datetime

import ibis
import ibis.expr.types as ir

from cdp_assets.attributes.behaviour import last_nps, waits
from cdp_assets.attributes.known_facts import day_of, known_by, last_day

HALF_LIFE_DAYS = 90
"""Days after which half of what is past is forgiven."""

WINDOW_DAYS = 365

GOOD, STRAINED = 80, 50
"""Points from which the bands begin; below is `poor`."""

OPEN_AT_ONCE, OPEN_A_DAY, OPEN_MOST = 10.0, 2.0, 40.0
URGENT = 15.0
BAD_RATING = 25.0
SLOW_HOURS, SLOW = 48.0, 10.0
DETRACTOR, PASSIVE = 25.0, 5.0
MANY, EACH_OF_MANY = 3, 4.0
"""Tickets of a quarter beyond which each more costs points: nobody likes to write so often."""

_FINE = "nothing is wrong"


def support_health(tickets: ir.Table, survey_responses: ir.Table, as_of: datetime) -> ir.Table:
    """Score everybody who was in touch with support or answered the question for recommendation.

    Args:
        tickets: `profile_id` and the columns of `canonical.TICKETS`.
        survey_responses: `profile_id` and the columns of `canonical.SURVEY_RESPONSES`.
        as_of: The run's instant; nothing after it is seen.

    Returns:
        The columns of `schemas.SUPPORT_HEALTH`.
    """
    until = last_day(as_of)
    asked = _of_tickets(known_by(tickets, "opened_at", as_of), until, as_of)
    said = _of_answers(last_nps(known_by(survey_responses, "responded_at", as_of)), until)
    both = asked.outer_join(said, "profile_id")
    both = both.mutate(profile_id=both.profile_id.fill_null(both.profile_id_right)).drop("profile_id_right")
    costs = {
        "waiting": both.waiting_cost.fill_null(0),
        "rated": both.rated_cost.fill_null(0),
        "slow": both.slow_cost.fill_null(0),
        "many": both.many_cost.fill_null(0),
        "nps": both.nps_cost.fill_null(0),
    }
    words = {
        "waiting": ibis.literal("a ticket has waited for ") + _days(both.oldest_open_ticket_days),
        "rated": _counted(both.bad, "ticket", "tickets") + " rated bad",
        "slow": ibis.literal("tickets were first answered after ") + _whole(both.first_response_hours) + " hours",
        "many": _whole(both.tickets_90d) + " tickets in 90 days",
        "nps": ibis.literal("would recommend us with ") + _whole(both.last_nps_score) + " of 10",
    }
    total = sum(costs.values(), ibis.literal(0.0))
    score = ibis.greatest(100 - total, 0).round().cast("int64")
    return both.select(
        "profile_id",
        support_health=score,
        support_band=ibis.cases((score >= GOOD, "good"), (score >= STRAINED, "strained"), else_="poor"),
        support_reasons=_told(costs, words),
        oldest_open_ticket_days="oldest_open_ticket_days",
        first_response_hours=both.first_response_hours.round(1),
        resolution_hours=both.resolution_hours.round(1),
        satisfaction=both.satisfaction.round(4),
    )


def _faded(cost: float, age: ir.Value) -> ir.FloatingValue:
    return ibis.literal(cost) * ibis.literal(0.5) ** (age.cast("float64") / HALF_LIFE_DAYS)


def _of_tickets(tickets: ir.Table, until: date, as_of: datetime) -> ir.Table:
    rows = tickets.mutate(age=ibis.literal(until).delta(day_of(tickets.opened_at, as_of), unit="day"))
    # A ticket is in its latest state: what happened after the run's instant has not happened yet.
    known = {
        name: ibis.ifelse(rows[name] <= ibis.literal(as_of), rows[name], ibis.null(rows[name].type()))
        for name in ("first_response_at", "resolved_at")
    }
    rows = rows.mutate(**known, waiting=waits(rows))
    rows = rows.filter((rows.age < WINDOW_DAYS) | rows.waiting)
    counted = rows.age < WINDOW_DAYS
    rated = rows.satisfaction.isin(("good", "bad")) & counted
    bad = (rows.satisfaction == "bad") & counted
    urgent = rows.waiting & rows.priority.isin(("high", "urgent"))
    summed = rows.group_by("profile_id").aggregate(
        oldest_open_ticket_days=rows.age.max(where=rows.waiting),
        urgent=urgent.fill_null(False).max(),
        bad=bad.fill_null(False).cast("int64").sum(),
        rated_cost=_faded(BAD_RATING, rows.age).sum(where=bad),
        tickets_90d=(rows.age < 90).cast("int64").sum(),
        first_response_hours=_hours(rows.first_response_at, rows.opened_at).mean(where=counted),
        resolution_hours=_hours(rows.resolved_at, rows.opened_at).mean(where=counted),
        satisfaction=(rows.satisfaction == "good").cast("int64").mean(where=rated),
        newest=rows.age.min(),
    )
    oldest = summed.oldest_open_ticket_days
    waiting = ibis.least(OPEN_AT_ONCE + OPEN_A_DAY * oldest, OPEN_MOST) + ibis.ifelse(summed.urgent, URGENT, 0.0)
    return summed.mutate(
        waiting_cost=ibis.ifelse(oldest.isnull(), 0.0, waiting),
        slow_cost=ibis.ifelse(summed.first_response_hours > SLOW_HOURS, _faded(SLOW, summed.newest), 0.0),
        many_cost=ibis.greatest(summed.tickets_90d - MANY, 0) * EACH_OF_MANY,
    )


def _hours(later: ir.Value, earlier: ir.Value) -> ir.FloatingValue:
    seconds = later.epoch_seconds() - earlier.epoch_seconds()
    return ibis.ifelse(seconds < 0, 0, seconds) / 3600.0


def _of_answers(answers: ir.Table, until: date) -> ir.Table:
    age = ibis.greatest(ibis.literal(until).delta(answers.last_nps_at.date(), unit="day"), 0)
    cost = ibis.cases((answers.last_nps_score <= 6, DETRACTOR), (answers.last_nps_score <= 8, PASSIVE), else_=0.0)
    return answers.select(
        "profile_id", "last_nps_score", nps_cost=cost * ibis.literal(0.5) ** (age.cast("float64") / HALF_LIFE_DAYS)
    )


def _told(costs: dict[str, ir.Value], words: dict[str, ir.Value]) -> ir.StringValue:
    """The words of what costs a point or more."""
    told = ibis.literal("")
    for name, cost in costs.items():
        told = told + ibis.ifelse(cost >= 1, ibis.literal("; ") + words[name].fill_null(""), "")
    return ibis.ifelse(told == "", _FINE, told.substr(2))


def _whole(number: ir.Value) -> ir.StringValue:
    return number.round().cast("int64").cast("string").fill_null("")


def _days(number: ir.Value) -> ir.StringValue:
    return _counted(number, "day", "days")


def _counted(number: ir.Value, one: str, several: str) -> ir.StringValue:
    return _whole(number) + ibis.ifelse(number == 1, f" {one}", f" {several}")
