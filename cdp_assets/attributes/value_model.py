"""The models of lifetime value, from one training to the next: how often customers buy, and what a visit is worth.

Belongs here: fitting to everyone's grouped histories, the back-test, the model card, and what is kept. Does not belong
here: the models themselves (`purchase_models.py`, `order_value.py`), how they are judged (`lifetime_backtest.py`), and
everybody's value (`lifetime_value.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import ibis.expr.types as ir

from cdp_assets.attributes import lifetime_backtest, order_value, purchase_models
from cdp_assets.attributes.lifetime_backtest import ValueBacktest
from cdp_assets.attributes.model_documents import Document, fitted_of_plain, plain_fitted
from cdp_assets.attributes.model_schemas import VALUE_MODEL
from cdp_assets.attributes.model_training import Occasion, approved
from cdp_assets.attributes.order_value import OrderValueModel
from cdp_assets.attributes.penalty import choose_penalty
from cdp_assets.attributes.purchase_models import Fitted, PurchaseModel
from cdp_assets.attributes.purchases import distinct_histories, observed_days, purchase_statistics
from cdp_assets.attributes.schemas import LIFETIME_VALUE
from cdp_assets.attributes.unchallenged import Teacher, taught
from cdp_assets.warehouse.built import Built, ColumnLineage, Stands, plot
from cdp_assets.warehouse.engine import row_count

if TYPE_CHECKING:
    from cdp_assets.warehouse.engine import Engine

FIT_ROWS = 60_000
"""Above so many distinct histories, they are rounded to weeks for fitting; scoring always uses days."""

READ = {("attributes", "purchases", name) for name in ("profile_id", "day", "purchases", "net", "refunded")}
LINEAGE: ColumnLineage = {"document": READ}
"""Declared, since the models stand between."""


@dataclass(frozen=True)
class ValueModel:
    """What all customers taught.

    Args:
        fitted: Models of visits.
        worth: What a visit is worth.
        trusted: Whether the model of visits did better than going on as before.
    """

    fitted: Fitted
    worth: OrderValueModel
    trusted: bool

    @property
    def visits(self) -> PurchaseModel:
        """What expects visits."""
        return self.fitted.model if self.trusted else lifetime_backtest.NAIVE

    def to_document(self) -> Document:
        """As plain values, to the last digit."""
        worth = {**asdict(self.worth), "parameters": dict(self.worth.parameters)}
        return {"fitted": plain_fitted(self.fitted), "worth": worth, "trusted": self.trusted}

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> ValueModel:
        """Read what `to_document` wrote."""
        return cls(fitted_of_plain(document["fitted"]), OrderValueModel(**document["worth"]), document["trusted"])


def value_model(purchases: ir.Table, occasion: Occasion, engine: Engine) -> Built | Stands:
    """Fit where it is time to, as `unchallenged.taught` says. Where the model of visits came no nearer to what was
    spent after a day in the past than going on as before would have, that is what is approved, by its name.

    Args:
        purchases: The table of `purchases.purchase_days`.
        occasion: What decides whether to.
        engine: Computes.

    Returns:
        The columns of `model_schemas.VALUE_MODEL`, with the model card as metadata.
    """
    teacher = Teacher(
        VALUE_MODEL,
        LIFETIME_VALUE.name,
        lambda: _learn(purchases, occasion.until, engine),
        lambda document: document["fitted"]["model"] != document["fitted"]["fallback"],
        _card,
        LINEAGE,
    )
    return taught(teacher, occasion, {"purchases": row_count(purchases, engine)}, engine)


def learned_of(model: ir.Table, engine: Engine) -> ValueModel:
    """Read from the table that `value_model` made."""
    return ValueModel.of(approved(model, engine))


def _learn(purchases: ir.Table, until: date, engine: Engine) -> Document:
    statistics = engine.scratch(purchase_statistics(purchases, until))
    penalty, deviances = choose_penalty(purchases, until, _held_out_days(purchases, until, engine), engine)
    fitted, grain = fit_purchases(statistics, engine, penalty)
    judged = lifetime_backtest.backtest(purchases, until, engine)
    learned = ValueModel(fitted, fit_order_value(statistics, engine), judged is None or judged.beats_naive)
    return {
        **learned.to_document(),
        "until": until.isoformat(),
        "grain_days": grain,
        "penalty": {"chosen": penalty, "deviance_in_hold_out": deviances},
        "backtest": judged and judged.to_plain(),
    }


def _held_out_days(purchases: ir.Table, until: date, engine: Engine) -> int | None:
    """Days of the history that a hold-out can have."""
    import pandas as pd

    first = engine.to_pandas(observed_days(purchases, until))["first_day"].iloc[0]
    return (
        None if pd.isna(first) else lifetime_backtest.choose_horizon((pd.Timestamp(until) - pd.Timestamp(first)).days)
    )


def fit_purchases(statistics: ir.Table, engine: Engine, penalty: float = 0.0) -> tuple[Fitted, int]:
    """Fit the purchase model on grouped histories; return it with the grain in days that kept them few enough.

    Args:
        statistics: The table of `purchases.purchase_statistics`.
        engine: Computes.
        penalty: On the parameters, tried first.
    """
    for grain in (1, 7):
        histories = distinct_histories(statistics, grain_days=grain)
        rows = row_count(histories, engine)
        if rows <= FIT_ROWS:
            break
    penalties = purchase_models.starting_with(penalty)
    return purchase_models.fit(engine.to_pandas(histories), penalties=penalties), grain


def fit_order_value(statistics: ir.Table, engine: Engine) -> OrderValueModel:
    """Fit the order value model on grouped values, to the cent or, where those are too many, to 1%."""
    for grain in (None, 0.01):
        values = order_value.distinct_values(statistics, grain=grain)
        rows = row_count(values, engine)
        if rows <= FIT_ROWS:
            break
    return order_value.fit(engine.to_pandas(values))


def _card(document: Document) -> dict[str, Any]:
    learned = ValueModel.of(document)
    fitted, worth = learned.fitted, learned.worth
    judged = document["backtest"] and ValueBacktest.of(document["backtest"])
    card: dict[str, Any] = {
        "model_card": {
            "data_until": document["until"],
            "time_unit": "weeks, counted in " + ("days" if document["grain_days"] == 1 else "whole weeks"),
            "features": ["frequency", "recency", "age", "mean value of repeat visits net of refunds"],
            "published": f"{learned.visits.name} + {worth.name}",
            "purchase_parameters": dict(fitted.model.parameters),
            "value_parameters": dict(worth.parameters),
            "refused": {**fitted.refused, **({"Gamma-Gamma": worth.refused} if worth.refused else {})},
            "frequency_and_value": {"correlation": worth.dependence, "independent_enough": worth.independent},
            "penalty": document["penalty"],
            "seed": "none: maximum likelihood, no randomness",
        },
        "backtest": judged.metrics if judged else "Too little history to hold any out.",
    }
    if judged:
        card["beats_baseline"] = judged.beats_naive
        card["backtest_plot"] = plot(lifetime_backtest.draw(judged))
    return card
