"""The tables of what people are about to do, how they respond to messages, and how support treats them.

Belongs here: columns and their documentation. Does not belong here: the tables of purchases, value and churn, and the
wide row (`schemas.py`).
"""

from __future__ import annotations

from cdp_assets.canonical.schema import INSTANT, Column, Pii, TableSchema

PROFILE_ID = Column("profile_id", "int64", "The profile.", pii=Pii.PSEUDONYM, required=True)

INTENT = TableSchema(
    "intent",
    "One row per profile that lately behaved as people do before they buy, and has not bought since.",
    (
        PROFILE_ID,
        Column("intent_score", "float64", "Points for checkouts started, products put in the cart and looked at, and "
               "searches of the last 30 days, halved every five days; what came before the last purchase does not "
               "count.", unit="points", required=True),
        Column("intent_band", "string", "`high` (from 6: a checkout just started), `medium` (from 2) or `low`.",
               required=True),
        Column("intent_reason", "string", "The strongest sign, and when it was last seen.", required=True),
        Column("last_intent_at", INSTANT, "When any such sign was last seen.", required=True),
    ),
    key=("profile_id",),
)  # fmt: skip

PURCHASE_PROPENSITY = TableSchema(
    "purchase_propensity",
    "One row per known person: the probability of a purchase in the next 30 days, and why.",
    (
        PROFILE_ID,
        Column("purchase_propensity_30d", "float64", "Probability of a purchase in the next 30 days.",
               unit="share 0..1", required=True),
        Column("propensity_reasons", "string", "What sets the person apart from the usual one, strongest first.",
               required=True),
        Column("model", "string", "What made the figure: the model, a named baseline, the prior, `cold start`, or "
               "`first purchase by intent` for people who have never bought.", required=True),
    ),
    key=("profile_id",),
)  # fmt: skip

ENGAGEMENT = TableSchema(
    "engagement",
    "One row per profile and channel that messages were sent by: how readily they are opened and clicked, what too "
    "many of them cost, and when they are best sent.",
    (
        PROFILE_ID,
        Column("channel", "string", "`email`, `sms`, `whatsapp`, `web_push` or `app_push`.", required=True),
        Column("sent_365d", "int64", "Messages sent in 365 days that did not bounce.", unit="messages", required=True),
        Column("opened_365d", "int64", "Of these, opened or clicked.", unit="messages", required=True),
        Column("clicked_365d", "int64", "Of these, clicked.", unit="messages", required=True),
        Column("sent_28d", "int64", "Messages sent in 28 days: the pressure that the next one would add to.",
               unit="messages", required=True),
        Column("open_rate", "float64", "Probability that the next message is opened, drawn towards everyone's as far "
               "as there is little to go by.", unit="share 0..1", required=True),
        Column("click_rate", "float64", "The same for clicks.", unit="share 0..1", required=True),
        Column("fatigue", "float64", "Share of opens lost to the messages of the last 28 days: what the next one's "
               "chance would gain if there had been none. 0 where no loss has been learnt.", unit="share 0..1",
               required=True),
        Column("best_hour", "int64", "Hour of the day, in `time_zone`, at which the person most readily reacts, drawn "
               "towards everyone's.", unit="hour 0..23", required=True),
        Column("time_zone", "string", "IANA zone of `best_hour`: the person's, or the commonest of all where theirs is "
               "not known.", required=True),
        Column("preferred", "bool", "Whether this is the channel in which the person clicks most readily.",
               required=True),
        Column("model", "string", "What made the rates: `own rate and fatigue`, `own rate`, a named baseline, or "
               "`prior` where the channel has too few messages to learn from.", required=True),
    ),
    key=("profile_id", "channel"),
)  # fmt: skip

SUPPORT_HEALTH = TableSchema(
    "support_health",
    "One row per profile that was in touch with support or answered the question for recommendation.",
    (
        PROFILE_ID,
        Column("support_health", "int64", "100 where nothing is wrong; points are taken off for what is, and come back "
               "with time.", unit="points 0..100", required=True),
        Column("support_band", "string", "`good` (from 80), `strained` (from 50) or `poor`.", required=True),
        Column("support_reasons", "string", "What points were taken off for.", required=True),
        Column("oldest_open_ticket_days", "int64", "Age of the oldest ticket that waits for an answer or a solution; "
               "null without one.", unit="days"),
        Column("first_response_hours", "float64", "Hours until tickets of 365 days were first answered, on average; "
               "null if none was.", unit="hours"),
        Column("resolution_hours", "float64", "Hours until tickets of 365 days were resolved, on average; null if none "
               "was.", unit="hours"),
        Column("satisfaction", "float64", "Share of the rated tickets of 365 days that were rated good; null if none "
               "was.", unit="share 0..1"),
    ),
    key=("profile_id",),
)  # fmt: skip

SUBSCRIPTION_RISK = TableSchema(
    "subscription_risk",
    "One row per profile with a running subscription: the probability of cancelling one of them in the next 30 days.",
    (
        PROFILE_ID,
        Column("running_subscriptions", "int64", "Subscriptions that have begun and are not cancelled.",
               unit="subscriptions", required=True),
        Column("cancellation_risk_30d", "float64", "Probability that the subscription most at risk is cancelled in the "
               "next 30 days.", unit="share 0..1", required=True),
        Column("cancellation_reasons", "string", "What sets that subscription apart from the usual one.",
               required=True),
        Column("model", "string", "What made the figure: the model, the named baseline, or the prior.", required=True),
    ),
    key=("profile_id",),
)  # fmt: skip
