"""The tables of the attributes stage.

Belongs here: columns and their documentation. Does not belong here: how they are computed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from cdp_assets.attributes import signal_schemas
from cdp_assets.attributes.signal_schemas import (
    ENGAGEMENT,
    INTENT,
    PURCHASE_PROPENSITY,
    SUBSCRIPTION_RISK,
    SUPPORT_HEALTH,
)
from cdp_assets.canonical.schema import INSTANT, MONEY, Column, TableSchema
from cdp_assets.profiles.schemas import GOLDEN_RECORDS

PROFILE_ID = signal_schemas.PROFILE_ID
_DAY = Column("day", "date", "The day, in UTC.", required=True)
_REPORTING = "reporting currency"


def _score(letter: str, what: str) -> Column:
    once = "; 1 for one purchase" if letter == "f" else ""
    return Column(f"{letter}_score", "int8", f"{what}: quintile, 5 is best{once}; equal customers score equally.",
                  unit="1..5", required=True)  # fmt: skip


PURCHASES = TableSchema(
    "purchases",
    "One row per profile and UTC day with an order or a refund. Every model and every sum of money reads this table.",
    (
        PROFILE_ID,
        _DAY,
        Column("orders", "int64", "Orders placed.", unit="orders", required=True),
        Column("purchases", "int64", "Orders that count as purchases: not of negative value (those are corrections).",
               unit="orders", required=True),
        Column("net", MONEY, "Net value of the orders: list price minus discount, without tax and shipping.",
               unit=_REPORTING, required=True),
        Column("unpriced_orders", "int64", "Orders whose value is not known for want of an exchange rate.",
               unit="orders", required=True),
        Column("first_order_at", INSTANT, "First order of the day."),
        Column("last_order_at", INSTANT, "Last order of the day."),
        Column("refunds", "int64", "Refunds given.", unit="refunds", required=True),
        Column("refunded", MONEY, "Money given back that day, as a positive number.", unit=_REPORTING, required=True),
        Column("last_refund_at", INSTANT, "Last refund of the day."),
        Column("days_since_previous", "int64", "Days since the profile's previous day with a purchase; null for its "
               "first, and for days without.", unit="days"),
    ),
    key=("profile_id", "day"),
)  # fmt: skip

ACTIVITY = TableSchema(
    "activity",
    "One row per profile, UTC day and kind of activity: what people did, and what was done to them, counted.",
    (
        PROFILE_ID,
        _DAY,
        Column("activity", "string", "`page_viewed`, `searched`, `product_viewed`, `product_added`, "
               "`checkout_started`, `other_event`; `identified` (a tracker learnt who it is); `<channel>_<action>` of "
               "messages, e.g. `email_opened`; `ticket_opened`; `<kind>_<direction>` of calls and chats; "
               "`survey_answered`.", required=True),
        Column("times", "int64", "How often.", unit="times", required=True),
        Column("last_at", INSTANT, "Last time that day.", required=True),
    ),
    key=("profile_id", "day", "activity"),
)  # fmt: skip

RFM = TableSchema(
    "rfm",
    "One row per customer (profile with a purchase): recency, frequency and monetary value, as quintiles and as the "
    "customary named groups.",
    (
        PROFILE_ID,
        Column("recency_days", "int64", "Days since the last purchase.", unit="days", required=True),
        Column("frequency", "int64", "Purchases so far.", unit="orders", required=True),
        Column("monetary", MONEY, "Net spend so far: orders minus refunds.", unit=_REPORTING, required=True),
        _score("r", "How recently they bought"),
        _score("f", "How often they bought"),
        _score("m", "How much they spent"),
        Column("rfm_group", "string", "Named group by recency and frequency: `champions`, `loyal`, `potential "
               "loyalists`, `new customers`, `promising`, `need attention`, `about to sleep`, `cannot lose`, `at risk` "
               "or `hibernating`.", required=True),
    ),
    key=("profile_id",),
)  # fmt: skip

LIFETIME_VALUE = TableSchema(
    "lifetime_value",
    "One row per customer: how much they are expected to buy, by BG/NBD and Gamma-Gamma or a named fallback.",
    (
        PROFILE_ID,
        Column("frequency", "int64", "Days with a purchase after the first such day (x in the literature).",
               unit="days", required=True),
        Column("recency_days", "int64", "Days from the first to the last day with a purchase (t_x; not the time "
               "since the last, which is `rfm.recency_days`).", unit="days", required=True),
        Column("age_days", "int64", "Days since the first purchase (T).", unit="days", required=True),
        Column("probability_alive", "float64", "Probability of still being a customer; null where the model does not "
               "say: of newcomers, and of everybody who has bought once where it is BG/NBD, which lets nobody go "
               "before a second purchase.",
               unit="share 0..1"),
        Column("mean_order_value", MONEY, "Expected value of the next purchase.", unit=_REPORTING, required=True),
        Column("expected_purchases_30d", "float64", "Days with a purchase expected in the next 30 days.",
               unit="purchases", required=True),
        Column("expected_purchases_90d", "float64", "The same in the next 90 days.", unit="purchases", required=True),
        Column("expected_purchases_365d", "float64", "The same in the next 365 days.", unit="purchases",
               required=True),
        Column("expected_value_30d", MONEY, "Spend expected in the next 30 days.", unit=_REPORTING, required=True),
        Column("expected_value_90d", MONEY, "Spend expected in the next 90 days.", unit=_REPORTING, required=True),
        Column("expected_value_365d", MONEY, "Spend expected in the next 365 days.", unit=_REPORTING, required=True),
        Column("value_365d_low", MONEY, "Spend in the next 365 days that nine of ten like this one will reach.",
               unit=_REPORTING, required=True),
        Column("value_365d_high", MONEY, "Spend in the next 365 days that one of ten like this one will exceed.",
               unit=_REPORTING, required=True),
        Column("model", "string", "What made the figures of this row: purchase model + order value model, and learnt "
               "spend where it has its part. `newcomers' prior` for whoever came once, so lately that those who come "
               "again mostly have not yet (`value_model` says how many days): visits and their range are those "
               "expected of all such.", required=True),
    ),
    key=("profile_id",),
)  # fmt: skip

CHURN_RISK = TableSchema(
    "churn_risk",
    "One row per customer: the probability of not buying again within the churn horizon, and why.",
    (
        PROFILE_ID,
        Column("churn_risk", "float64", "Probability of no purchase within the horizon (see the model card).",
               unit="share 0..1", required=True),
        Column("risk_band", "string", "`low` (below .4), `medium` or `high` (from .7).", required=True),
        Column("reasons", "string", "What sets the customer apart from the usual one, strongest first.",
               required=True),
        Column("horizon_days", "int64", "Days in which not to buy is to churn, chosen from the data; null as long as "
               "the history is too short for any.", unit="days"),
        Column("learnt_spend", "float64", "Spend within the horizon as learnt from past days; null where that does not "
               "rank better than the published models.", unit=_REPORTING),
        Column("model", "string", "What made the figure: the model, a named baseline, the prior, or `cold start` for "
               "those whose one purchase is less than a week old.", required=True),
    ),
    key=("profile_id",),
)  # fmt: skip

BEHAVIOUR = TableSchema(
    "behaviour",
    "One row per profile that did anything: simple counts of visits, messages, support, satisfaction, loyalty and "
    "tastes. Windows are whole UTC days and end with the day of the run.",
    (
        PROFILE_ID,
        Column("last_event_at", INSTANT, "Last event on web or app."),
        Column("events_30d", "int64", "Events on web and app in 30 days.", unit="events", required=True),
        Column("events_90d", "int64", "Events on web and app in 90 days.", unit="events", required=True),
        Column("active_days_30d", "int64", "Days with an event, of the last 30.", unit="days", required=True),
        Column("product_views_30d", "int64", "Product views in 30 days.", unit="events", required=True),
        Column("carts_30d", "int64", "Products put in the cart in 30 days.", unit="events", required=True),
        Column("checkouts_30d", "int64", "Checkouts started in 30 days.", unit="events", required=True),
        Column("emails_sent_90d", "int64", "E-mails sent to the profile in 90 days.", unit="messages", required=True),
        Column("emails_opened_90d", "int64", "E-mails opened in 90 days.", unit="messages", required=True),
        Column("emails_clicked_90d", "int64", "E-mails clicked in 90 days.", unit="messages", required=True),
        Column("last_email_opened_at", INSTANT, "Last time an e-mail was opened or clicked."),
        Column("ads_clicked_90d", "int64", "Ads clicked in 90 days.", unit="clicks", required=True),
        Column("tickets_365d", "int64", "Support tickets opened in 365 days.", unit="tickets", required=True),
        Column("open_tickets", "int64", "Support tickets that wait for an answer or a solution.", unit="tickets",
               required=True),
        Column("bad_ratings", "int64", "Support tickets rated bad, ever.", unit="tickets", required=True),
        Column("last_ticket_at", INSTANT, "When the last support ticket was opened."),
        Column("last_nps_score", "float64", "Last answer to the question for recommendation.", unit="points 0..10"),
        Column("last_nps_at", INSTANT, "When it was given."),
        Column("loyalty_points", "float64", "Balance of loyalty points; null without an account.", unit="points"),
        Column("loyalty_tier", "string", "Loyalty tier after the last movement."),
        Column("favourite_category", "string", "Product category with the highest order value so far."),
    ),
    key=("profile_id",),
)  # fmt: skip

TOTALS = (
    Column("orders", "int64", "Orders so far.", unit="orders", required=True),
    Column("order_value", MONEY, "Net value of all orders, before refunds.", unit=_REPORTING, required=True),
    Column("refunds", "int64", "Refunds so far.", unit="refunds", required=True),
    Column("refunded", MONEY, "Money given back so far.", unit=_REPORTING, required=True),
    Column("net_spend", MONEY, "Net value of all orders minus refunds.", unit=_REPORTING, required=True),
    Column(
        "average_order_value",
        MONEY,
        "Net value of an order on average, of those with an exchange rate; null without one.",
        unit=_REPORTING,
    ),
    Column("first_order_at", INSTANT, "First order."),
    Column("last_order_at", INSTANT, "Last order."),
    Column("days_since_order", "int64", "Days since the last order; null without one.", unit="days"),
    Column("orders_90d", "int64", "Orders in the last 90 days.", unit="orders", required=True),
    Column("orders_365d", "int64", "Orders in the last 365 days.", unit="orders", required=True),
    Column("net_spend_365d", MONEY, "Orders minus refunds in the last 365 days.", unit=_REPORTING, required=True),
)


NEVER_BOUGHT = "profiles that never bought"


def _optional(schema: TableSchema, names: Mapping[str, str], absent: str = NEVER_BOUGHT) -> tuple[Column, ...]:
    """Columns of another table under the names they have in the wide row; null for profiles that are not in it."""
    suffix = f" Null for {absent}."
    return tuple(
        replace(
            column,
            name=names[column.name],
            description=column.description + suffix,
            required=False,
            source=f"attributes.{schema.name}.{column.name}",
        )
        for column in schema.columns
        if column.name in names
    )


def _passed_on(stage: str, table: str, columns: Iterable[Column]) -> tuple[Column, ...]:
    """Columns of another table as they are, with where they come from."""
    return tuple(replace(column, source=f"{stage}.{table}.{column.name}") for column in columns)


FROM_RFM = {
    name: name
    for name in ("recency_days", "frequency", "monetary", "r_score", "f_score", "m_score", "rfm_group")
}  # fmt: skip
FROM_LIFETIME_VALUE = {
    "probability_alive": "probability_alive",
    "mean_order_value": "mean_order_value",
    "expected_purchases_30d": "expected_purchases_30d",
    "expected_purchases_90d": "expected_purchases_90d",
    "expected_purchases_365d": "expected_purchases_365d",
    "expected_value_30d": "expected_value_30d",
    "expected_value_90d": "expected_value_90d",
    "expected_value_365d": "expected_value_365d",
    "value_365d_low": "value_365d_low",
    "value_365d_high": "value_365d_high",
    "model": "lifetime_value_model",
}
FROM_CHURN_RISK = {
    "churn_risk": "churn_risk",
    "risk_band": "risk_band",
    "reasons": "churn_reasons",
    "model": "churn_model",
}
FROM_PROPENSITY = {
    "purchase_propensity_30d": "purchase_propensity_30d",
    "propensity_reasons": "propensity_reasons",
    "model": "propensity_model",
}
FROM_SUBSCRIPTION_RISK = {
    name: name for name in ("running_subscriptions", "cancellation_risk_30d", "cancellation_reasons")
}
FROM_INTENT = {name: name for name in ("intent_score", "intent_band", "intent_reason", "last_intent_at")}
FROM_SUPPORT_HEALTH = {
    name: name for name in ("support_health", "support_band", "support_reasons", "first_response_hours", "satisfaction")
}
FROM_EMAIL = {"open_rate": "email_open_rate", "click_rate": "email_click_rate", "fatigue": "email_fatigue"}
FROM_PREFERRED = {"channel": "preferred_channel", "best_hour": "best_hour", "time_zone": "best_hour_zone"}
FROM_BEHAVIOUR = tuple(column for column in BEHAVIOUR.columns if column.name != "profile_id")

CUSTOMER_360 = TableSchema(
    "customer_360",
    "One row per profile: the golden record and everything computed about it. Conditions of segments and payloads of "
    "destinations are written over these columns.",
    (
        *_passed_on("profiles", GOLDEN_RECORDS.name, GOLDEN_RECORDS.columns),
        *(replace(column, source=f"attributes.{PURCHASES.name}") for column in TOTALS),
        *_optional(RFM, FROM_RFM),
        *_optional(LIFETIME_VALUE, FROM_LIFETIME_VALUE),
        *_optional(CHURN_RISK, FROM_CHURN_RISK),
        *_optional(PURCHASE_PROPENSITY, FROM_PROPENSITY, "anonymous profiles"),
        *_optional(SUBSCRIPTION_RISK, FROM_SUBSCRIPTION_RISK, "profiles without a running subscription"),
        *_optional(INTENT, FROM_INTENT, "profiles without such behaviour"),
        *_optional(ENGAGEMENT, FROM_EMAIL, "profiles that no e-mail was sent to"),
        *_optional(ENGAGEMENT, FROM_PREFERRED, "profiles that no message was sent to, or that left all channels"),
        *_optional(SUPPORT_HEALTH, FROM_SUPPORT_HEALTH, "profiles that support has not heard of"),
        *_passed_on("attributes", BEHAVIOUR.name, FROM_BEHAVIOUR),
    ),
    key=("profile_id",),
)

TABLES = (PURCHASES, ACTIVITY, RFM, LIFETIME_VALUE, CHURN_RISK, BEHAVIOUR)
"""The tables that the wide row is made of."""
