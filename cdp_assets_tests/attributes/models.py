"""Models for tests: trained as the assets do it, or bad on purpose.

Belongs here: what several tests of models need. Does not belong here: tests.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING

import ibis.expr.types as ir
import numpy as np

from cdp_assets.attributes import churn_scores, churn_training, value_model
from cdp_assets.attributes.churn_model import LINEAR_COLUMNS, Learner
from cdp_assets.attributes.model_schemas import CHURN_MODEL, VALUE_MODEL
from cdp_assets.attributes.model_training import Occasion
from cdp_assets.attributes.plain_models import Line, Trees
from cdp_assets.canonical.schema import TableSchema
from cdp_assets.warehouse.built import Built
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine
from cdp_assets_tests.attributes.tables import filled

if TYPE_CHECKING:
    import pandas as pd

LEARNER = "this version"


def trained_and_scored(
    purchases: ir.Table, activity: ir.Table, until: date, engine: DuckDBEngine
) -> tuple[Built, Built]:
    """The first model of churn risk as of noon of a day, and the scores that it gives."""
    model = churn_training.churn_model(purchases, activity, first_occasion(until, engine), engine)
    assert isinstance(model, Built)
    as_of = datetime.combine(until, time(12), UTC)
    return model, churn_scores.churn_risk(model.table, purchases, activity, as_of, engine)


def first_occasion(until: date, engine: DuckDBEngine, schema: TableSchema = CHURN_MODEL) -> Occasion:
    """To learn where nothing has been published so far."""
    return Occasion(filled(engine, schema), False, until, LEARNER, forced=False)


def valuing(purchases: ir.Table, until: date, engine: DuckDBEngine) -> Built:
    """The first models of lifetime value as of a day."""
    model = value_model.value_model(purchases, first_occasion(until, engine, VALUE_MODEL), engine)
    assert isinstance(model, Built)
    return model


def guessing() -> Learner:
    """A learner that ranks customers by nothing."""

    class Guess(Learner):
        def __call__(self, features: pd.DataFrame) -> np.ndarray:
            return (features["profile_id"] % 97).to_numpy(float)

    return Guess(Trees(0.0, []), Line((0.0,) * LINEAR_COLUMNS, 0.0), Line((0.0,), 0.0), 0.0)
