"""The assets of the models: what training publishes, and scoring reads.

Belongs here: their Dagster face. Does not belong here: scores and all other attributes (`assets.py`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import dagster as dg
import ibis.expr.types as ir

from cdp_assets.attributes.cancellation_training import cancellation_model
from cdp_assets.attributes.challenge import CHALLENGER_WINS
from cdp_assets.attributes.churn_training import churn_model
from cdp_assets.attributes.known_facts import known_by, last_day
from cdp_assets.attributes.model_schemas import (
    CANCELLATION_MODEL,
    CHURN_MODEL,
    PURCHASE_MODEL,
    RESPONSE_MODEL,
    VALUE_MODEL,
)
from cdp_assets.attributes.model_training import TRAIN_TAG, Occasion, learner_version, unchanged
from cdp_assets.attributes.propensity import purchase_model
from cdp_assets.attributes.purchases import of_known_people
from cdp_assets.attributes.response_training import learnt_responses
from cdp_assets.attributes.value_model import value_model
from cdp_assets.canonical.schema import TableSchema
from cdp_assets.identity.facts import assign_profiles
from cdp_assets.warehouse.assets import table_asset
from cdp_assets.warehouse.built import Built, Stands
from cdp_assets.warehouse.engine import Engine, row_count
from cdp_assets.warehouse.resources import ANEW_TAG

OWNERS = ["team:analytics"]


@dataclass(frozen=True)
class Training:
    """How a model's asset is made.

    Args:
        schema: Of its table.
        told: What it is, beside the table's description.
        inputs: Table → its stage.
        learn: Learns where it is time to, from the inputs by name, as of an instant.
        kinds: Badges in the UI.
    """

    schema: TableSchema
    told: str
    inputs: Mapping[str, str]
    learn: Callable[[Mapping[str, ir.Table], datetime, Occasion, Engine], Built | Stands]
    kinds: frozenset[str] = frozenset({"python"})


def _churn(tables: Mapping[str, ir.Table], as_of: datetime, occasion: Occasion, engine: Engine) -> Built | Stands:
    bought = of_known_people(tables["purchases"], tables["golden_records"])
    return churn_model(bought, tables["activity"], occasion, engine)


def _purchases(tables: Mapping[str, ir.Table], as_of: datetime, occasion: Occasion, engine: Engine) -> Built | Stands:
    return purchase_model(**tables, occasion=occasion, engine=engine)


def _responses(tables: Mapping[str, ir.Table], as_of: datetime, occasion: Occasion, engine: Engine) -> Built | Stands:
    facts = {name: _owned(tables, name, as_of) for name in ("engagements", "events")}
    sizes = {name: row_count(tables[name], engine) for name in facts}
    people = tables["golden_records"]
    return learnt_responses(**facts, golden_records=people, occasion=occasion, sizes=sizes, engine=engine)


def _cancellations(
    tables: Mapping[str, ir.Table], as_of: datetime, occasion: Occasion, engine: Engine
) -> Built | Stands:
    return cancellation_model(_owned(tables, "subscriptions", as_of), tables["activity"], occasion, engine)


def _value(tables: Mapping[str, ir.Table], as_of: datetime, occasion: Occasion, engine: Engine) -> Built | Stands:
    return value_model(of_known_people(tables["purchases"], tables["golden_records"]), occasion, engine)


def _owned(tables: Mapping[str, ir.Table], name: str, as_of: datetime) -> ir.Table:
    """The facts of up to the run's instant, each with its profile."""
    return known_by(assign_profiles(tables[name], tables["profile_map"], "occurred_at"), "occurred_at", as_of)


_CUSTOMERS = {"purchases": "attributes", "activity": "attributes", "golden_records": "profiles"}
TRAININGS = (
    Training(
        CHURN_MODEL,
        "Learnt on customers as they were at past days.",
        _CUSTOMERS,
        _churn,
        frozenset({"python", "scikitlearn"}),
    ),
    Training(
        PURCHASE_MODEL,
        "The learner of churn 30 days ahead, and how often people who never bought do so.",
        _CUSTOMERS,
        _purchases,
        frozenset({"python", "scikitlearn"}),
    ),
    Training(
        RESPONSE_MODEL,
        "Learnt from who opened which message after how many others.",
        {
            "engagements": "normalised",
            "events": "normalised",
            "golden_records": "profiles",
            "profile_map": "identity",
        },
        _responses,
    ),
    Training(
        CANCELLATION_MODEL,
        "Learnt on subscriptions as they stood on past days, where there are any; it has to rank no worse than months "
        "running alone.",
        {"subscriptions": "normalised", "activity": "attributes", "profile_map": "identity"},
        _cancellations,
        kinds=frozenset({"python", "scikitlearn"}),
    ),
    Training(
        VALUE_MODEL,
        "BG/NBD and Gamma-Gamma, or what stands in for them, judged by the money that followed a day in the past.",
        {"purchases": "attributes", "golden_records": "profiles"},
        _value,
    ),
)
"""All models that are trained: each is published only if it does no worse in its back-test than its best named baseline
and its predecessor.
"""


def model_assets(currency: str) -> list[dg.AssetsDefinition]:
    """The assets of the models, which a refresh leaves as they are, and the training job learns anew.

    Args:
        currency: That money is reported in: models learn anew in another one.
    """
    return [_model_asset(training, learner_version(currency)) for training in TRAININGS]


def _model_asset(training: Training, learner: str) -> dg.AssetsDefinition:
    def trained(
        previous: ir.Table,
        memory: Mapping[str, Any],
        as_of: datetime,
        tags: Mapping[str, str],
        engine: Engine,
        **tables: ir.Table,
    ) -> Built | Stands:
        # What is made anew is made as if there had been nothing: the same facts then give the same model.
        published = previous.limit(0) if ANEW_TAG in tags else previous
        occasion = Occasion(published, unchanged(memory), last_day(as_of), learner, forced=TRAIN_TAG in tags)
        return training.learn(tables, as_of, occasion, engine)

    trained.__doc__ = training.told
    return table_asset(
        schema=training.schema,
        stage="attributes",
        inputs=training.inputs,
        judged=[CHALLENGER_WINS],
        kinds=set(training.kinds),
        owners=OWNERS,
        definition=learner,
    )(trained)
