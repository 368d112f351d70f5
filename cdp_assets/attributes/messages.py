"""Messages that were sent to profiles, each with how it was received and how many had come before it.

Belongs here: which reaction belongs to which message, and the counts by pressure that a model reads. Does not belong
here: the model (`response_model.py`), and hours of the day (`sending_hours.py`).
"""

from __future__ import annotations

from datetime import date, timedelta

import ibis
import ibis.expr.types as ir

CHANNELS = ("app_push", "email", "sms", "web_push", "whatsapp")
"""Channels by which single messages are sent to single people."""

READ = ("opened", "clicked")
LEFT = ("unsubscribed", "complained")

PRESSURE_DAYS = 28
PRESSURES = (0, 1, 2, 3, 5, 9)
"""Lower bounds of the steps in which the messages of the days before are counted."""


def messages(engagements: ir.Table, until: date) -> ir.Table:
    """One row per message that did not bounce.

    A reaction belongs to the last message of its campaign (where no campaign is told: of the channel) before it. What
    was delivered counts as sent where a system tells only that.

    Args:
        engagements: `profile_id`, `channel`, `campaign_id`, `action`, `occurred_at`, `source`.
        until: Last day that may be seen.

    Returns:
        `profile_id`, `channel`, `sent_at`, `day`, `opened`, `clicked` (0 or 1), `pressure` (messages of the channel in
        the `PRESSURE_DAYS` before the day).
    """
    rows = engagements.filter(engagements.channel.isin(CHANNELS), engagements.occurred_at.date() <= ibis.literal(until))
    keys = ["profile_id", "channel", "source", "campaign"]
    rows = rows.select(
        "profile_id", "channel", "source", "action", at=rows.occurred_at, campaign=rows.campaign_id.fill_null("")
    )
    by_campaign = ibis.window(group_by=keys)
    rows = rows.mutate(tells_sent=(rows.action == "sent").cast("int64").max().over(by_campaign))
    rows = rows.mutate(
        begins=((rows.action == "sent") | ((rows.action == "delivered") & (rows.tells_sent == 0))).cast("int64")
    )
    order = ibis.window(
        group_by=keys, order_by=[rows["at"], rows.begins.desc(), rows.action], preceding=None, following=0
    )
    numbered = rows.mutate(number=rows.begins.sum().over(order))
    sent = numbered.group_by([*keys, "number"]).aggregate(
        sent_at=numbered["at"].min(where=numbered.begins == 1),
        opened=numbered.action.isin(READ).cast("int64").max(),
        clicked=(numbered.action == "clicked").cast("int64").max(),
        bounced=(numbered.action == "bounced").cast("int64").max(),
    )
    sent = sent.filter(sent.number > 0, sent.bounced == 0)
    sent = sent.mutate(day=sent.sent_at.date())
    sent = sent.mutate(day_number=sent.day.delta(ibis.date(1970, 1, 1), unit="day"))
    # Those of the day itself have not worn anybody out yet; and windows over the same day would see themselves.
    before = ibis.range_window(
        group_by=["profile_id", "channel"], order_by="day_number", preceding=PRESSURE_DAYS, following=0
    )
    same_day = ibis.window(group_by=["profile_id", "channel", "day_number"])
    pressure = sent.number.count().over(before) - sent.number.count().over(same_day)
    return sent.mutate(pressure=pressure).select(
        "profile_id", "channel", "sent_at", "day", "opened", "clicked", "pressure"
    )


def by_pressure(sent: ir.Table, after: date, until: date) -> ir.Table:
    """Each profile's messages of a channel by the pressure under which they came.

    Args:
        sent: The table of `messages`.
        after: The day before the first that counts.
        until: The last day that counts.

    Returns:
        `profile_id`, `channel`, `clicked`, and for each step of `PRESSURES` ``sent_<i>`` and ``opened_<i>``.
    """
    rows = sent.filter(sent.day > after, sent.day <= until)
    columns: dict[str, ir.Value] = {}
    for place, least in enumerate(PRESSURES):
        chosen = rows.pressure >= least
        if place + 1 < len(PRESSURES):
            chosen &= rows.pressure < PRESSURES[place + 1]
        columns[f"sent_{place}"] = chosen.cast("int64").sum()
        columns[f"opened_{place}"] = rows.opened.sum(where=chosen).fill_null(0)
    return rows.group_by(["profile_id", "channel"]).aggregate(clicked=rows.clicked.sum(), **columns)


def standing(sent: ir.Table, engagements: ir.Table, until: date) -> ir.Table:
    """How each profile stands in a channel: the pressure of today, and whether it left after the last message.

    Returns:
        `profile_id`, `channel`, `sent_28d`, `has_left`.
    """
    recent = sent.day > until - timedelta(days=PRESSURE_DAYS)
    keys = ["profile_id", "channel"]
    now = sent.group_by(keys).aggregate(sent_28d=recent.cast("int64").sum(), last_sent_at=sent.sent_at.max())
    goodbyes = engagements.filter(
        engagements.action.isin(LEFT), engagements.occurred_at.date() <= ibis.literal(until)
    )  # fmt: skip
    gone = goodbyes.group_by(keys).aggregate(left_at=goodbyes.occurred_at.max())
    joined = now.left_join(gone, keys)
    return joined.select(
        now.profile_id,
        now.channel,
        now.sent_28d,
        has_left=(gone.left_at >= now.last_sent_at).fill_null(False),
    )
