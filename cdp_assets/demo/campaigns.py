"""Who was sent which newsletter, and what they did with it.

Belongs here: behaviour of readers. Does not belong here: how the e-mail platform exports it (`email.py`).

Opening depends on how readily a person opens mails, on whether the theme is theirs, and on how many mails came in the
last four weeks: those who tire fast open less, and sooner or later unsubscribe.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cdp_assets.demo.catalogue import CATEGORIES
from cdp_assets.demo.people import NEVER
from cdp_assets.demo.text import DAY, Bools, Floats, Ints
from cdp_assets.demo.world import World

WEEK = 7 * DAY
WEEKS = 78
"""One campaign a week, the last in the week before the end of the data."""

_RHYTHM_SHARE = (0.45, 0.35, 0.20)
_RHYTHM_SENDS = np.array([5.5, 12.0, 26.0])
"""Mails over the whole period for monthly, fortnightly and weekly readers."""


@dataclass(frozen=True)
class Members:
    """The audience, one element a member.

    Args:
        person: Index of the person.
        joined_at: When, in epoch seconds.
        double_opt_in: Whether they were asked to confirm; the others were imported.
        confirmed: Whether they did.
        left_at: When they unsubscribed or complained; `NEVER` for most.
        cleaned_at: When the address bounced for good; `NEVER` for most.
    """

    person: Ints
    joined_at: Ints
    double_opt_in: Bools
    confirmed: Bools
    left_at: Ints
    cleaned_at: Ints


ACTIONS = ("sent", "open", "click", "bounce", "unsubscribe", "abuse")
SENT, OPEN, CLICK, BOUNCE, UNSUBSCRIBE, ABUSE = range(6)


@dataclass(frozen=True)
class Activity:
    """What happened to mails, one element an action.

    Args:
        member: Index of the member.
        campaign: Number of the campaign, from 0.
        action: Index in `ACTIONS`.
        at: When, in epoch seconds.
        hard: For bounces: whether for good.
    """

    member: Ints
    campaign: Ints
    action: Ints
    at: Ints
    hard: Bools


def themes(world: World) -> Ints:
    """The category that each campaign is about."""
    return world.chance(31).integers(0, len(CATEGORIES), WEEKS)


def draw_audience(world: World) -> tuple[Members, Activity]:
    """Draw the audience and what its members did."""
    rng = world.chance(32)
    person = np.flatnonzero(world.presence.mailing)
    count = len(person)
    joined_at = world.presence.mailing_since[person] * DAY + rng.integers(8 * 3600, 22 * 3600, count)
    double = rng.random(count) < 0.85
    confirmed = double & (rng.random(count) < 0.94)
    receives = confirmed | ~double

    member, campaign = _sends(world, rng, joined_at, receives)
    first_week = world.as_of - WEEKS * WEEK
    sent_at = first_week + campaign * WEEK + 2 * DAY + 8 * 3600 + rng.integers(0, 7200, len(member))
    recent = _sends_in_last_month(member, campaign)
    who = person[member]
    people = world.people
    theme = themes(world)[campaign]
    match = (theme == people.interest[who]) + 0.5 * (theme == people.second_interest[who])
    drive = -1.3 + 2.6 * people.reads_mail[who] + 0.7 * match - 1.7 * people.tires[who] * np.log1p(recent)
    opened = rng.random(len(member)) < _sigmoid(drive)
    sale = campaign % 4 == 3
    drive = -2.2 + 1.0 * match + 1.2 * people.price_sensitivity[who] * sale
    clicked = opened & (rng.random(len(member)) < _sigmoid(drive))
    annoyed = 0.003 + 0.08 * people.tires[who] * np.maximum(recent - 1, 0) / 3
    unsubscribed = rng.random(len(member)) < annoyed
    complained = unsubscribed & (rng.random(len(member)) < 0.08)
    hard = rng.random(len(member)) < 0.0035
    soft = ~hard & (rng.random(len(member)) < 0.008)

    # After leaving or a hard bounce nothing more is sent; a bounced mail is not read.
    ends = unsubscribed | hard
    before: Ints = np.cumsum(ends) - ends
    starts = np.concatenate(([0], np.flatnonzero(np.diff(member)) + 1)) if len(member) else np.zeros(0, dtype=np.int64)
    base = np.zeros(count, dtype=np.int64)
    base[member[starts]] = before[starts]
    alive: Bools = before == base[member]
    reached = alive & ~hard & ~soft
    unsubscribed &= reached
    complained &= reached
    opened = (opened | unsubscribed) & reached
    clicked &= reached

    opened_at = sent_at + rng.exponential(9 * 3600, len(member)).astype(np.int64) + 60
    later = rng.integers(20, 600, len(member))
    kinds = (
        (SENT, alive, sent_at),
        (OPEN, opened, opened_at),
        (CLICK, clicked, opened_at + later),
        (BOUNCE, alive & (hard | soft), sent_at + 120),
        (UNSUBSCRIBE, unsubscribed & ~complained, opened_at + later + 60),
        (ABUSE, complained, opened_at + later + 60),
    )
    activity = Activity(
        member=np.concatenate([member[mask] for _, mask, _ in kinds]),
        campaign=np.concatenate([campaign[mask] for _, mask, _ in kinds]),
        action=np.concatenate([np.full(int(mask.sum()), action) for action, mask, _ in kinds]),
        at=np.concatenate([at[mask] for _, mask, at in kinds]),
        hard=np.concatenate([hard[mask] for _, mask, _ in kinds]),
    )
    activity = _before(activity, world.as_of)
    members = Members(
        person=person,
        joined_at=joined_at,
        double_opt_in=double,
        confirmed=confirmed,
        left_at=_when(count, activity, np.isin(activity.action, (UNSUBSCRIBE, ABUSE))),
        cleaned_at=_when(count, activity, (activity.action == BOUNCE) & activity.hard),
    )
    return members, activity


def _sends(world: World, rng: np.random.Generator, joined_at: Ints, receives: Bools) -> tuple[Ints, Ints]:
    """Members and campaigns, distinct pairs, in order of member and campaign."""
    count = len(joined_at)
    first_week = world.as_of - WEEKS * WEEK
    first_campaign = np.clip(-(-(joined_at - first_week) // WEEK), 0, WEEKS)
    rhythm = rng.choice(3, count, p=_RHYTHM_SHARE)
    open_weeks = WEEKS - first_campaign
    sends = rng.poisson(_RHYTHM_SENDS[rhythm] * open_weeks / WEEKS) * receives
    member = np.repeat(np.arange(count), sends)
    campaign = first_campaign[member] + (rng.random(len(member)) * open_weeks[member]).astype(np.int64)
    pairs = np.unique(member * WEEKS + np.minimum(campaign, WEEKS - 1))
    return pairs // WEEKS, pairs % WEEKS


def _sends_in_last_month(member: Ints, campaign: Ints) -> Ints:
    """For each send, how many the member had in the four weeks before."""
    key = member * (2 * WEEKS) + campaign
    return np.asarray(np.arange(len(key)) - np.searchsorted(key, np.maximum(key - 4, member * (2 * WEEKS))))


def _before(activity: Activity, end: int) -> Activity:
    """The actions before an instant, in order of time."""
    order = np.argsort(activity.at, kind="stable")
    order = order[activity.at[order] < end]
    return Activity(
        activity.member[order],
        activity.campaign[order],
        activity.action[order],
        activity.at[order],
        activity.hard[order],
    )


def _when(count: int, activity: Activity, chosen: Bools) -> Ints:
    at = np.full(count, NEVER)
    at[activity.member[chosen]] = activity.at[chosen]
    return at


def _sigmoid(x: Floats) -> Floats:
    return 1 / (1 + np.exp(-x))
