"""Lifetime value per customer: expected visits times the expected value of a visit.

Belongs here: fitting on everyone's grouped histories, scoring each distinct history once, and the model card. Does not
belong here: the models themselves (`purchase_models.py`, `order_value.py`) and how they are judged
(`lifetime_backtest.py`).
"""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir
import numpy as np

from cdp_assets.attributes import lifetime_backtest, order_value, purchase_models
from cdp_assets.attributes.known_facts import last_day
from cdp_assets.attributes.lifetime_backtest import ValueBacktest
from cdp_assets.attributes.order_value import OrderValueModel
from cdp_assets.attributes.purchase_models import Fitted
from cdp_assets.attributes.purchases import distinct_histories, purchase_statistics
from cdp_assets.canonical.schema import MONEY
from cdp_assets.warehouse.built import Built, ColumnLineage, plot

if TYPE_CHECKING:
    from cdp_assets.warehouse.engine import Engine

HORIZONS = (90, 365)

FIT_ROWS = 60_000
"""Above so many distinct histories, they are rounded to weeks for fitting; scoring always uses days."""

_SCORES = ibis.schema(
    {
        "frequency": "int64",
        "recency_days": "int64",
        "age_days": "int64",
        "probability_alive": "float64",
        "expected_90d": "float64",
        "expected_365d": "float64",
        "purchase_model": "string",
    }
)

_VISITS = {("attributes", "purchases", name) for name in ("profile_id", "day", "purchases")}
_MONEY = {("attributes", "purchases", name) for name in ("net", "refunded")}

LINEAGE: ColumnLineage = {
    "profile_id": {("attributes", "purchases", "profile_id")},
    **dict.fromkeys(("frequency", "recency_days", "age_days", "probability_alive"), _VISITS),
    **dict.fromkeys(("expected_purchases_90d", "expected_purchases_365d"), _VISITS),
    **dict.fromkeys(("mean_order_value", "expected_value_90d", "expected_value_365d", "model"), _VISITS | _MONEY),
}
"""Declared, since the models stand between."""


def lifetime_value(purchases: ir.Table, as_of: datetime, engine: Engine) -> Built:
    """Score every customer; what the model could not be trusted with is scored by a fallback, named in `model`.

    Args:
        purchases: The table of `purchases.purchase_days`.
        as_of: The run's instant; nothing after it is seen.

    Returns:
        The columns of `schemas.LIFETIME_VALUE`, one row per customer, with the model card as metadata.
    """
    until = last_day(as_of)
    statistics = engine.scratch(purchase_statistics(purchases, until))
    fitted, grain = fit_purchases(statistics, engine)
    worth = fit_order_value(statistics, engine)
    judged = lifetime_backtest.backtest(purchases, until, engine)
    model = fitted.model if judged is None or judged.beats_naive else lifetime_backtest.NAIVE
    histories = engine.to_pandas(distinct_histories(statistics))
    scored = purchase_models.score(model, fitted.fallback, histories, HORIZONS).rename(
        columns={"model": "purchase_model"}
    )
    scored[["probability_alive", "expected_90d", "expected_365d"]] = np.round(
        scored[["probability_alive", "expected_90d", "expected_365d"]], 6
    )
    table = valued(statistics, engine.from_arrow(scored[list(_SCORES.names)], _SCORES), worth)
    customers = {str(name): int(rows["customers"].sum()) for name, rows in scored.groupby("purchase_model")}
    return Built(table, _card(until, fitted, worth, judged, grain, customers, model.name), LINEAGE)


def fit_purchases(statistics: ir.Table, engine: Engine) -> tuple[Fitted, int]:
    """Fit the purchase model on grouped histories; return it with the grain in days that kept them few enough."""
    for grain in (1, 7):
        histories = distinct_histories(statistics, grain_days=grain)
        rows = engine.to_pandas(histories.aggregate(rows=histories.count()))["rows"].iloc[0]
        if rows <= FIT_ROWS:
            break
    return purchase_models.fit(engine.to_pandas(histories)), grain


def fit_order_value(statistics: ir.Table, engine: Engine) -> OrderValueModel:
    """Fit the order value model on grouped values, to the cent or, where those are too many, to 1%."""
    for grain in (None, 0.01):
        values = order_value.distinct_values(statistics, grain=grain)
        rows = engine.to_pandas(values.aggregate(rows=values.count()))["rows"].iloc[0]
        if rows <= FIT_ROWS:
            break
    return order_value.fit(engine.to_pandas(values))


def valued(statistics: ir.Table, scores: ir.Table, worth: OrderValueModel) -> ir.Table:
    """Give each customer the scores of their history, and turn visits into money."""
    joined = statistics.inner_join(scores, ["frequency", "recency_days", "age_days"])
    # Gamma-Gamma was fitted on repeat visits, as published; the first visit's value is known too, and tells more
    # about those who came once than nothing would.
    mean = worth.expression(joined.frequency + 1, joined.mean_value)
    return joined.select(
        "profile_id",
        "frequency",
        "recency_days",
        "age_days",
        "probability_alive",
        mean_order_value=mean.round(2).cast(MONEY),
        expected_purchases_90d=joined.expected_90d,
        expected_purchases_365d=joined.expected_365d,
        expected_value_90d=(joined.expected_90d * mean).round(2).cast(MONEY),
        expected_value_365d=(joined.expected_365d * mean).round(2).cast(MONEY),
        model=joined.purchase_model + ibis.literal(f" + {worth.name}"),
    )


def _card(
    until: date,
    fitted: Fitted,
    worth: OrderValueModel,
    judged: ValueBacktest | None,
    grain: int,
    customers_by_model: dict[str, int],
    published: str,
) -> dict[str, Any]:
    card: dict[str, Any] = {
        "model_card": {
            "data_until": until.isoformat(),
            "time_unit": "weeks, counted in " + ("days" if grain == 1 else "whole weeks"),
            "features": ["frequency", "recency", "age", "mean value of repeat visits net of refunds"],
            "published": f"{published} + {worth.name}",
            "purchase_parameters": dict(fitted.model.parameters),
            "value_parameters": dict(worth.parameters),
            "refused": {**fitted.refused, **({"Gamma-Gamma": worth.refused} if worth.refused else {})},
            "customers_by_model": customers_by_model,
            "seed": "none: maximum likelihood, no randomness",
        },
        "backtest": judged.metrics if judged else "Too little history to hold any out.",
    }
    if judged:
        card["beats_baseline"] = judged.beats_naive
        card["backtest_plot"] = plot(lifetime_backtest.draw(judged))
    return card
