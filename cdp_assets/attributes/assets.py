"""The attributes stage: what each profile did, is worth, and risks, and the one wide row of everything."""

from collections.abc import Sequence
from datetime import datetime

import dagster as dg
import ibis.expr.types as ir

from cdp_assets.attributes import checks, rfm, signal_checks
from cdp_assets.attributes.activity import daily_activity
from cdp_assets.attributes.behaviour import behaviour as counted
from cdp_assets.attributes.churn_scores import churn_risk as scored_risk
from cdp_assets.attributes.drift import INPUTS_HOLD, SCORES_HOLD
from cdp_assets.attributes.engagement import LINEAGE as ENGAGEMENT_LINEAGE
from cdp_assets.attributes.engagement import engagement as responses
from cdp_assets.attributes.engagement import judged as judged_responses
from cdp_assets.attributes.following import followed, owned
from cdp_assets.attributes.intent import intent as shown_intent
from cdp_assets.attributes.known_facts import last_day
from cdp_assets.attributes.lifetime_value import lifetime_value as expected_value
from cdp_assets.attributes.model_assets import model_assets
from cdp_assets.attributes.model_training import IS_RECENT, approved
from cdp_assets.attributes.propensity import purchase_propensity as scored_propensity
from cdp_assets.attributes.purchases import of_known_people, purchase_days
from cdp_assets.attributes.response_training import read as read_responses
from cdp_assets.attributes.schemas import (
    ACTIVITY,
    BEHAVIOUR,
    CHURN_RISK,
    LIFETIME_VALUE,
    PURCHASES,
    RFM,
)
from cdp_assets.attributes.signal_schemas import (
    ENGAGEMENT,
    INTENT,
    PURCHASE_PROPENSITY,
    SUBSCRIPTION_RISK,
    SUPPORT_HEALTH,
)
from cdp_assets.attributes.subscription_risk import subscription_risk as scored_cancellation
from cdp_assets.attributes.support_health import support_health as judged_support
from cdp_assets.attributes.trait_spec import TraitSpec
from cdp_assets.attributes.wide_assets import customer_360_asset, traits_asset
from cdp_assets.identity.facts import assign_profiles
from cdp_assets.warehouse.assets import Result, table_asset
from cdp_assets.warehouse.built import Built, Stands
from cdp_assets.warehouse.changes import Since
from cdp_assets.warehouse.engine import Engine

OWNERS = ["team:analytics"]

SCORED_BY_A_MODEL = (INPUTS_HOLD, SCORES_HOLD, IS_RECENT)
"""What must hold of whatever is scored by a model that was learnt earlier."""


def assets(specs: Sequence[TraitSpec] = (), currency: str = "") -> list[dg.AssetsDefinition]:
    """The stage's assets.

    Args:
        specs: The traits, of different names.
        currency: That money is reported in.
    """
    return [
        purchases,
        activity,
        behaviour,
        rfm_scores,
        *model_assets(currency),
        churn_risk,
        lifetime_value,
        purchase_propensity,
        subscription_risk,
        intent,
        engagement,
        support_health,
        *([traits_asset(specs)] if specs else []),
        customer_360_asset(specs),
    ]


@table_asset(
    schema=PURCHASES,
    stage="attributes",
    inputs={"orders": "normalised", "refunds": "normalised", "profile_map": "identity"},
    checks=checks.PURCHASES,
    owners=OWNERS,
)
def purchases(
    orders: ir.Table, refunds: ir.Table, profile_map: ir.Table, as_of: datetime, engine: Engine, since: Since | None
) -> Result:
    """Each order and refund goes to the profile that its record belongs to, and is added up by day."""
    facts = {"orders": (orders, "ordered_at"), "refunds": (refunds, "refunded_at")}

    def made(held: ir.Table) -> ir.Table:
        return purchase_days(**owned(facts, held), as_of=as_of)

    return followed(PURCHASES, made, facts=facts, profile_map=profile_map, since=since, as_of=as_of, engine=engine)


@table_asset(
    schema=ACTIVITY,
    stage="attributes",
    inputs={
        "events": "normalised",
        "engagements": "normalised",
        "tickets": "normalised",
        "interactions": "normalised",
        "survey_responses": "normalised",
        "profile_map": "identity",
    },
    checks=checks.ACTIVITY,
    owners=OWNERS,
)
def activity(
    events: ir.Table,
    engagements: ir.Table,
    tickets: ir.Table,
    interactions: ir.Table,
    survey_responses: ir.Table,
    profile_map: ir.Table,
    as_of: datetime,
    engine: Engine,
    since: Since | None,
) -> Result:
    """One pass over each table of facts; whatever counts in windows reads the result."""
    facts = {
        "events": (events, "occurred_at"),
        "engagements": (engagements, "occurred_at"),
        "tickets": (tickets, "opened_at"),
        "interactions": (interactions, "occurred_at"),
        "survey_responses": (survey_responses, "responded_at"),
    }

    def made(held: ir.Table) -> ir.Table:
        return daily_activity(**owned(facts, held), as_of=as_of)

    return followed(ACTIVITY, made, facts=facts, profile_map=profile_map, since=since, as_of=as_of, engine=engine)


@table_asset(
    schema=BEHAVIOUR,
    stage="attributes",
    inputs={
        "activity": "attributes",
        "tickets": "normalised",
        "survey_responses": "normalised",
        "loyalty": "normalised",
        "order_lines": "normalised",
        "products": "normalised",
        "profile_map": "identity",
    },
    checks=checks.BEHAVIOUR,
    owners=OWNERS,
)
def behaviour(
    activity: ir.Table,
    tickets: ir.Table,
    survey_responses: ir.Table,
    loyalty: ir.Table,
    order_lines: ir.Table,
    products: ir.Table,
    profile_map: ir.Table,
    as_of: datetime,
    engine: Engine,
    since: Since | None,
) -> Result:
    """Windows over the daily activity, and the latest word of tickets, surveys and loyalty."""
    facts = {
        "tickets": (tickets, "opened_at"),
        "survey_responses": (survey_responses, "responded_at"),
        "loyalty": (loyalty, "occurred_at"),
        "order_lines": (order_lines, "ordered_at"),
    }

    def made(held: ir.Table) -> ir.Table:
        theirs = activity if held is profile_map else activity.semi_join(held, "profile_id")
        return counted(theirs, **owned(facts, held), products=products, as_of=as_of, engine=engine)

    others = [("attributes", "activity"), ("normalised", "products")]
    return followed(
        BEHAVIOUR, made, facts=facts, profile_map=profile_map, since=since, as_of=as_of, engine=engine, others=others
    )


@table_asset(
    schema=RFM,
    stage="attributes",
    inputs={"purchases": "attributes", "golden_records": "profiles"},
    checks=checks.RFM,
    owners=OWNERS,
    compared="profile_id",
)
def rfm_scores(purchases: ir.Table, golden_records: ir.Table, as_of: datetime, engine: Engine) -> Built:
    """Quintiles of recency, frequency and monetary value among all known customers."""
    return rfm.scored_with_picture(of_known_people(purchases, golden_records), last_day(as_of), engine)


@table_asset(
    schema=LIFETIME_VALUE,
    stage="attributes",
    inputs={
        "value_model": "attributes",
        "purchases": "attributes",
        "churn_risk": "attributes",
        "golden_records": "profiles",
    },
    checks=checks.LIFETIME_VALUE,
    judged=SCORED_BY_A_MODEL,
    kinds={"python"},
    owners=OWNERS,
    compared="profile_id",
)
def lifetime_value(
    value_model: ir.Table,
    purchases: ir.Table,
    churn_risk: ir.Table,
    golden_records: ir.Table,
    as_of: datetime,
    engine: Engine,
    since: Since | None,
) -> Built | Stands:
    """Scored by the models that were approved last, with what was learnt of spend."""
    bought = of_known_people(purchases, golden_records)
    return expected_value(value_model, bought, churn_risk, as_of, engine, since)


@table_asset(
    schema=CHURN_RISK,
    stage="attributes",
    inputs={
        "churn_model": "attributes",
        "purchases": "attributes",
        "activity": "attributes",
        "golden_records": "profiles",
    },
    checks=checks.CHURN_RISK,
    judged=SCORED_BY_A_MODEL,
    kinds={"python"},
    owners=OWNERS,
    compared="profile_id",
)
def churn_risk(
    churn_model: ir.Table,
    purchases: ir.Table,
    activity: ir.Table,
    golden_records: ir.Table,
    as_of: datetime,
    engine: Engine,
    since: Since | None,
) -> Built | Stands:
    """Scored by the model that was approved last."""
    return scored_risk(churn_model, of_known_people(purchases, golden_records), activity, as_of, engine, since)


@table_asset(
    schema=PURCHASE_PROPENSITY,
    stage="attributes",
    inputs={
        "purchase_model": "attributes",
        "purchases": "attributes",
        "activity": "attributes",
        "golden_records": "profiles",
    },
    checks=signal_checks.PURCHASE_PROPENSITY,
    judged=SCORED_BY_A_MODEL,
    kinds={"python"},
    owners=OWNERS,
    compared="profile_id",
)
def purchase_propensity(
    purchase_model: ir.Table,
    purchases: ir.Table,
    activity: ir.Table,
    golden_records: ir.Table,
    as_of: datetime,
    engine: Engine,
    since: Since | None,
) -> Built | Stands:
    """Customers by the model that was approved last; others by first purchases of those who behaved alike."""
    return scored_propensity(purchase_model, purchases, activity, golden_records, as_of, engine, since)


@table_asset(
    schema=SUBSCRIPTION_RISK,
    stage="attributes",
    inputs={
        "cancellation_model": "attributes",
        "subscriptions": "normalised",
        "activity": "attributes",
        "profile_map": "identity",
    },
    checks=signal_checks.SUBSCRIPTION_RISK,
    judged=SCORED_BY_A_MODEL,
    kinds={"python"},
    owners=OWNERS,
    compared="profile_id",
)
def subscription_risk(
    cancellation_model: ir.Table,
    subscriptions: ir.Table,
    activity: ir.Table,
    profile_map: ir.Table,
    as_of: datetime,
    engine: Engine,
) -> Built:
    """Scored by the model that was approved last."""
    owned_by = assign_profiles(subscriptions, profile_map, "occurred_at")
    return scored_cancellation(cancellation_model, owned_by, activity, as_of, engine)


@table_asset(
    schema=INTENT,
    stage="attributes",
    inputs={"activity": "attributes", "purchases": "attributes"},
    checks=signal_checks.INTENT,
    owners=OWNERS,
    compared="profile_id",
)
def intent(activity: ir.Table, purchases: ir.Table, as_of: datetime) -> ir.Table:
    """Points for what people do before they buy, halved every few days, since their last purchase."""
    return shown_intent(activity, purchases, last_day(as_of))


@table_asset(
    schema=ENGAGEMENT,
    stage="attributes",
    inputs={
        "response_model": "attributes",
        "engagements": "normalised",
        "events": "normalised",
        "golden_records": "profiles",
        "profile_map": "identity",
    },
    checks=signal_checks.ENGAGEMENT,
    judged=SCORED_BY_A_MODEL,
    kinds={"python"},
    owners=OWNERS,
)
def engagement(
    response_model: ir.Table,
    engagements: ir.Table,
    events: ir.Table,
    golden_records: ir.Table,
    profile_map: ir.Table,
    as_of: datetime,
    engine: Engine,
    since: Since | None,
) -> Result:
    """Each person's own rates and fatigue, by what was learnt of all."""
    facts = {"engagements": (engagements, "occurred_at"), "events": (events, "occurred_at")}
    learnt = read_responses(approved(response_model, engine))

    def made(held: ir.Table) -> ir.Table:
        people = golden_records if held is profile_map else golden_records.semi_join(held, "profile_id")
        return responses(learnt, **owned(facts, held), golden_records=people, as_of=as_of, engine=engine)

    others = [("attributes", "response_model"), ("profiles", "golden_records")]
    found = followed(
        ENGAGEMENT, made, facts=facts, profile_map=profile_map, since=since, as_of=as_of, engine=engine,
        others=others, lineage=ENGAGEMENT_LINEAGE,
    )  # fmt: skip
    return judged_responses(found, learnt, as_of, engine)


@table_asset(
    schema=SUPPORT_HEALTH,
    stage="attributes",
    inputs={"tickets": "normalised", "survey_responses": "normalised", "profile_map": "identity"},
    checks=signal_checks.SUPPORT_HEALTH,
    owners=OWNERS,
    compared="profile_id",
)
def support_health(tickets: ir.Table, survey_responses: ir.Table, profile_map: ir.Table, as_of: datetime) -> ir.Table:
    """Points off for what waits, what was rated bad, and what people said."""
    return judged_support(
        assign_profiles(tickets, profile_map, "opened_at"),
        assign_profiles(survey_responses, profile_map, "responded_at"),
        as_of,
    )
