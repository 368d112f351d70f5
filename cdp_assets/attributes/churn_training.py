"""The model of churn risk, from one training to the next.

Belongs here: what training takes and keeps. Does not belong here: learning (`churn.py`), when to (`model_training.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis.expr.types as ir

from cdp_assets.attributes import churn
from cdp_assets.attributes.churn_card import card
from cdp_assets.attributes.churn_learned import Learned
from cdp_assets.attributes.model_documents import Document, document_of, learned_of
from cdp_assets.attributes.model_schemas import CHURN_MODEL
from cdp_assets.attributes.model_training import Occasion, Trainer, trained
from cdp_assets.attributes.schemas import CHURN_RISK
from cdp_assets.warehouse.built import Built, ColumnLineage, Stands

if TYPE_CHECKING:
    from cdp_assets.warehouse.engine import Engine

READ = {
    *(("attributes", "purchases", name) for name in ("profile_id", "day", "purchases", "net", "refunds", "refunded")),
    *(("attributes", "activity", name) for name in ("profile_id", "day", "activity", "times")),
}
LINEAGE: ColumnLineage = dict.fromkeys(("model", "horizon_days", "measure", "figure", "document"), READ)
"""Declared, since the learner stands between."""


def churn_model(purchases: ir.Table, activity: ir.Table, occasion: Occasion, engine: Engine) -> Built | Stands:
    """Learn who churns where it is time to.

    Args:
        purchases: The table of `purchases.purchase_days`.
        activity: The table of `activity.daily_activity`.
        occasion: What decides whether to.
        engine: Computes.
    """

    def learn(predecessor: Learned | None) -> Document:
        return document_of(churn.learn(purchases, activity, occasion.until, engine, predecessor=predecessor))

    trainer = Trainer(
        CHURN_MODEL,
        CHURN_RISK.name,
        learn,
        learned_of,
        lambda learned: learned.standing,
        lambda learned, _: card(learned),
        LINEAGE,
    )
    return trained(trainer, occasion, engine)
