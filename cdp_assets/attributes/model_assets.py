"""The assets of the models: what training publishes, and scoring reads.

Belongs here: their Dagster face. Does not belong here: scores and all other attributes (`assets.py`).
"""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

import dagster as dg
import ibis.expr.types as ir

from cdp_assets.attributes.churn_training import churn_model as trained_churn
from cdp_assets.attributes.known_facts import known_by, last_day
from cdp_assets.attributes.model_schemas import CHURN_MODEL, PURCHASE_MODEL, RESPONSE_MODEL
from cdp_assets.attributes.model_training import CHALLENGER_WINS, TRAIN_TAG, Occasion, learner_version, unchanged
from cdp_assets.attributes.propensity import purchase_model as trained_propensity
from cdp_assets.attributes.purchases import of_known_people
from cdp_assets.attributes.response_training import learnt_responses
from cdp_assets.identity.facts import assign_profiles
from cdp_assets.warehouse.assets import table_asset
from cdp_assets.warehouse.built import Built, Stands
from cdp_assets.warehouse.engine import Engine, row_count
from cdp_assets.warehouse.resources import ANEW_TAG

OWNERS = ["team:analytics"]


def model_assets(currency: str) -> list[dg.AssetsDefinition]:
    """The assets of the models, which a refresh leaves as they are, and the training job learns anew."""
    learner = learner_version(currency)
    model_asset = partial(
        table_asset,
        stage="attributes",
        inputs={"purchases": "attributes", "activity": "attributes", "golden_records": "profiles"},
        judged=[CHALLENGER_WINS],
        kinds={"python", "scikitlearn"},
        owners=OWNERS,
        definition=learner,
    )

    @model_asset(schema=CHURN_MODEL)
    def churn_model(
        purchases: ir.Table,
        activity: ir.Table,
        golden_records: ir.Table,
        previous: ir.Table,
        memory: Mapping[str, Any],
        as_of: datetime,
        tags: Mapping[str, str],
        engine: Engine,
    ) -> Built | Stands:
        """Learnt on customers as they were at past days; published only if it beats its best named baseline and its
        predecessor.
        """
        occasion = _occasion(previous, memory, as_of, learner, tags)
        return trained_churn(of_known_people(purchases, golden_records), activity, occasion, engine)

    @model_asset(schema=PURCHASE_MODEL)
    def purchase_model(
        purchases: ir.Table,
        activity: ir.Table,
        golden_records: ir.Table,
        previous: ir.Table,
        memory: Mapping[str, Any],
        as_of: datetime,
        tags: Mapping[str, str],
        engine: Engine,
    ) -> Built | Stands:
        """The learner of churn 30 days ahead, and how often people who never bought do so."""
        occasion = _occasion(previous, memory, as_of, learner, tags)
        return trained_propensity(purchases, activity, golden_records, occasion, engine)

    @table_asset(
        schema=RESPONSE_MODEL,
        stage="attributes",
        inputs={
            "engagements": "normalised",
            "events": "normalised",
            "golden_records": "profiles",
            "profile_map": "identity",
        },
        kinds={"python"},
        owners=OWNERS,
        definition=learner,
    )
    def response_model(
        engagements: ir.Table,
        events: ir.Table,
        golden_records: ir.Table,
        profile_map: ir.Table,
        previous: ir.Table,
        memory: Mapping[str, Any],
        as_of: datetime,
        tags: Mapping[str, str],
        engine: Engine,
    ) -> Built | Stands:
        """Learnt from who opened which message after how many others."""
        facts = {
            name: known_by(assign_profiles(table, profile_map, "occurred_at"), "occurred_at", as_of)
            for name, table in (("engagements", engagements), ("events", events))
        }
        sizes = {"engagements": row_count(engagements, engine), "events": row_count(events, engine)}
        occasion = _occasion(previous, memory, as_of, learner, tags)
        return learnt_responses(**facts, golden_records=golden_records, occasion=occasion, sizes=sizes, engine=engine)

    return [churn_model, purchase_model, response_model]


def _occasion(
    previous: ir.Table, memory: Mapping[str, Any], as_of: datetime, learner: str, tags: Mapping[str, str]
) -> Occasion:
    # What is made anew is made as if there had been nothing: the same facts then give the same model.
    published = previous.limit(0) if ANEW_TAG in tags else previous
    return Occasion(published, unchanged(memory), last_day(as_of), learner, forced=TRAIN_TAG in tags)
