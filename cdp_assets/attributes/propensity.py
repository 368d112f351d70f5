"""The probability of a purchase in the next 30 days: of customers, and of people who have never bought.

Belongs here: training and scoring of both populations. Does not belong here: the learner (`churn.py`; not to buy is
what it learns), counting first purchases (`first_purchases.py`), and intent itself (`intent.py`).

Customers are told apart by the learner of churn, at a horizon of its own, judged against the same baselines.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir

from cdp_assets.attributes import churn, churn_card, churn_training, metrics
from cdp_assets.attributes.churn_learned import Learned
from cdp_assets.attributes.churn_scores import churn_scores, described, scored_again
from cdp_assets.attributes.first_purchases import (
    GROUPS,
    HORIZON_DAYS,
    PRIOR_SHARE,
    learn_first_purchases,
    never_bought,
)
from cdp_assets.attributes.known_facts import last_day
from cdp_assets.attributes.model_documents import Document, document_of, learned_of
from cdp_assets.attributes.model_schemas import PURCHASE_MODEL
from cdp_assets.attributes.model_training import Occasion, Trainer, approved, trained
from cdp_assets.attributes.purchases import of_known_people
from cdp_assets.attributes.rescoring import whom_to_score
from cdp_assets.attributes.signal_schemas import PURCHASE_PROPENSITY
from cdp_assets.profiles.concerned import replaced
from cdp_assets.warehouse.built import Built, ColumnLineage, Stands, plot
from cdp_assets.warehouse.engine import row_count

if TYPE_CHECKING:
    from cdp_assets.warehouse.changes import Since
    from cdp_assets.warehouse.engine import Engine

FIRST_PURCHASE = "first purchase by intent"

_FIRST = "first_purchases"
"""Part of the model's document: shares of groups, and what they were counted from."""

_READ = {
    ("attributes", "purchase_model", "document"),
    *(("attributes", "purchases", name) for name in ("day", "purchases", "net", "refunds", "refunded")),
    *(("attributes", "activity", name) for name in ("day", "activity", "times")),
}
LINEAGE: ColumnLineage = {
    "profile_id": {("attributes", "purchases", "profile_id"), ("profiles", "golden_records", "profile_id")},
    **dict.fromkeys(("purchase_propensity_30d", "propensity_reasons", "model"), _READ),
}
"""Declared, since the model stands between."""

MODEL_LINEAGE: ColumnLineage = {
    column: {*read, ("profiles", "golden_records", "first_seen_at")} for column, read in churn_training.LINEAGE.items()
}


def _known_people(golden_records: ir.Table) -> ir.Table:
    return golden_records.filter(~golden_records.anonymous).select("profile_id", "first_seen_at")


def purchase_model(
    purchases: ir.Table, activity: ir.Table, golden_records: ir.Table, occasion: Occasion, engine: Engine
) -> Built | Stands:
    """Learn who buys within the horizon where it is time to.

    Args:
        purchases: The table of `purchases.purchase_days`.
        activity: The table of `activity.daily_activity`.
        golden_records: The table of the profiles stage.
        occasion: What decides whether to.
        engine: Computes.
    """

    def learn(predecessor: Learned | None) -> Document:
        bought, until = of_known_people(purchases, golden_records), occasion.until
        learned = churn.learn(bought, activity, until, engine, HORIZON_DAYS, predecessor)
        first = learn_first_purchases(_known_people(golden_records), bought, activity, until, engine)
        return {**document_of(_turned(learned)), _FIRST: {"shares": dict(first.shares), "report": first.report}}

    trainer = Trainer(
        PURCHASE_MODEL,
        PURCHASE_PROPENSITY.name,
        learn,
        learned_of,
        lambda learned: learned.standing,
        _card,
        MODEL_LINEAGE,
    )
    return trained(trainer, occasion, engine)


def purchase_propensity(
    purchase_model: ir.Table,
    purchases: ir.Table,
    activity: ir.Table,
    golden_records: ir.Table,
    as_of: datetime,
    engine: Engine,
    since: Since | None = None,
) -> Built | Stands:
    """Score everybody by the model that was approved last.

    Args:
        purchase_model: The table of `purchase_model`.
        purchases: The table of `purchases.purchase_days`.
        activity: The table of `activity.daily_activity`.
        golden_records: The table of the profiles stage.
        as_of: The run's instant; nothing after it is seen.
        engine: Computes.
        since: What has changed since they were last scored.

    Returns:
        The columns of `schemas.PURCHASE_PROPENSITY`, with the outcomes of its checks.
    """
    document, until = approved(purchase_model, engine), last_day(as_of)
    learned, bought = learned_of(document), of_known_people(purchases, golden_records)
    customers = bought.filter(bought.purchases > 0).select("profile_id")
    before = since.previous[PURCHASE_PROPENSITY.name] if since else None
    were = None if before is None else before.filter(before.model != FIRST_PURCHASE).select("profile_id")
    some = whom_to_score(
        since, customers, were, as_of, engine, stand=("purchase_model", "purchases"), move=("activity",)
    )
    if some is not None and not row_count(some.profiles, engine):
        return Stands()
    leading = ("less likely", "more likely")
    scored, some = scored_again(
        lambda whom: churn_scores(learned, bought, activity, until, engine, leading, whom), some
    )
    people = _known_people(golden_records)
    if some is not None:
        people, bought, activity = (each.semi_join(some.profiles, "profile_id") for each in (people, bought, activity))
    table = propensity_scores(scored.table, document[_FIRST]["shares"], people, bought, activity, until)
    built = Built(table)
    if some is not None:
        built = replaced(PURCHASE_PROPENSITY, some.since, some.profiles, table, engine)
    return replace(built, **described(learned, scored, until), column_lineage=LINEAGE)


def propensity_scores(
    risk: ir.Table, shares: Mapping[str, float], people: ir.Table, purchases: ir.Table, activity: ir.Table, until: date
) -> ir.Table:
    """Everybody's propensity.

    Args:
        risk: Of not buying within the horizon, as `churn_scores.churn_scores` makes it.
        shares: Group of people who never bought → probability.
        people: `profile_id` of known people, whenever they were first seen: a source may date that after the run.
        purchases: The table of `purchases.purchase_days`.
        activity: The table of `activity.daily_activity`.
        until: Last day that may be seen.

    Returns:
        The columns of `schemas.PURCHASE_PROPENSITY`, one row per known person.
    """
    customers = risk.select(
        "profile_id",
        purchase_propensity_30d=(1 - risk.churn_risk).round(4),
        propensity_reasons=risk.reasons,
        model=risk.model,
    )
    leads = never_bought(people, purchases, activity, until)
    scored = leads.select(
        "profile_id",
        purchase_propensity_30d=ibis.cases(
            *((leads.behaviour == name, round(share, 4)) for name, share in shares.items()), else_=PRIOR_SHARE
        ).cast("float64"),
        propensity_reasons=ibis.cases(
            *((leads.behaviour == name, words) for name, words in GROUPS.items()), else_="never bought"
        ),
        model=ibis.literal(FIRST_PURCHASE),
    )
    return ibis.union(customers, scored, distinct=False)


def _turned(learned: Learned) -> Learned:
    """With figures of the back-test that are about buying, where those of not buying differ."""
    if learned.judged is None:
        return learned
    probability, happened = (1 - figures for figures in learned.judged)
    figures = {
        "pr_auc": metrics.pr_auc(probability, happened),
        "top_decile_lift": metrics.top_decile_lift(probability, happened),
    }
    return replace(learned, report={**learned.report, **figures})


def _card(learned: Learned, document: Document) -> dict[str, Any]:
    card = churn_card.card(learned)
    card["model_card"] |= {
        "published": f"1 - ({learned.published.name})",
        "churned_means": f"no purchase within {HORIZON_DAYS} days; the propensity is one minus that",
        "population": "known people: customers by the model, others by first purchases of those who behaved alike",
    }
    card[_FIRST] = document[_FIRST]["report"]
    if learned.is_learnt:
        card["calibration_plot"] = plot(
            churn_card.draw(learned.report, "Predicted propensity", "Share that bought", turned=True)
        )
    return card
