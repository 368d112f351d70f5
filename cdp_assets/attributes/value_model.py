"""The models of lifetime value, from one training to the next: how often customers buy, and what a visit is worth.

Belongs here: fitting to everyone's grouped histories, the back-test, the model card, and what is kept. Does not belong
here: the models themselves (`purchase_models.py`, `order_value.py`), how they are judged (`lifetime_backtest.py`), and
everybody's value (`lifetime_value.py`).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import ibis.expr.types as ir

from cdp_assets.attributes import lifetime_backtest, order_value, purchase_models
from cdp_assets.attributes.challenge import Approved, Standing
from cdp_assets.attributes.drift import SCORE, in_sample, spread
from cdp_assets.attributes.lifetime_backtest import ValueBacktest
from cdp_assets.attributes.model_documents import Document, read_by
from cdp_assets.attributes.model_schemas import VALUE_MODEL
from cdp_assets.attributes.model_training import Occasion, Trainer, trained
from cdp_assets.attributes.newcomers import customary_days
from cdp_assets.attributes.order_value import OrderValueModel
from cdp_assets.attributes.penalty import choose_penalty
from cdp_assets.attributes.plain_value import PlainValue
from cdp_assets.attributes.purchase_models import SMOOTHED_SHARES, Fitted, Floats
from cdp_assets.attributes.purchases import distinct_histories, gap_histogram, purchase_statistics
from cdp_assets.attributes.schemas import LIFETIME_VALUE
from cdp_assets.warehouse.built import Built, ColumnLineage, Stands, plot
from cdp_assets.warehouse.engine import row_count

if TYPE_CHECKING:
    import pandas as pd

    from cdp_assets.warehouse.engine import Engine

SCORED_DAYS = 365
"""Days ahead of the value whose spread over customers is watched."""

FIT_ROWS = 60_000
"""Above so many distinct histories, they are rounded to weeks for fitting; scoring always uses days."""

READ = {("attributes", "purchases", name) for name in ("profile_id", "day", "purchases", "net", "refunded")}
LINEAGE: ColumnLineage = dict.fromkeys(("model", "measure", "figure", "document"), READ)
"""Declared, since the models stand between."""


ValueModel = Approved[PlainValue]


def value_model(purchases: ir.Table, occasion: Occasion, engine: Engine) -> Built | Stands:
    """Fit where it is time to. Where the models came no nearer to what was spent after a day in the past than going on
    as before would have, or than their predecessor, that is what is approved.

    Args:
        purchases: The table of `purchases.purchase_days`.
        occasion: What decides whether to.
        engine: Computes.

    Returns:
        The columns of `model_schemas.VALUE_MODEL`, with the model card as metadata.
    """

    def learn(predecessor: ValueModel | None) -> Document:
        return _learn(purchases, occasion.until, predecessor, engine).to_plain(PlainValue.to_plain)

    trainer = Trainer(
        VALUE_MODEL,
        LIFETIME_VALUE.name,
        learn,
        read,
        standing,
        lambda model, _: _card(model),
        LINEAGE,
        sizes={"purchases": row_count(purchases, engine)},
    )
    return trained(trainer, occasion, engine)


def read(document: Document) -> ValueModel:
    """The model of a document."""
    return read_by(lambda plain: Approved.of(plain, PlainValue.of), document)


def standing(model: ValueModel) -> Standing:
    """What it is, and how it came to be published."""
    fitted = model.model.purchases
    return Standing.of(model, model.model.name, "spend", is_learnt=fitted.model != fitted.fallback)


def figures(customers: pd.DataFrame, model: PlainValue) -> dict[str, Floats]:
    """What is compared of customers to see whether they have become others.

    Args:
        customers: The rows of `purchases.purchase_statistics`.
        model: Whose score it is.
    """
    inputs = {name: customers[name].to_numpy(float) for name in ("frequency", "recency_days", "age_days")}
    # To the cent, as a figure that many share lies on an edge, and must lie on the same side of it again.
    value = customers["mean_value"].to_numpy(float).round(2)
    return {**inputs, "mean_value": value, SCORE: model.spend(customers, SCORED_DAYS).round(2)}


def sampled(statistics: ir.Table, engine: Engine) -> pd.DataFrame:
    """The customers who are compared: as many as tell how all are spread."""
    chosen = statistics.filter(in_sample(statistics, row_count(statistics, engine)))
    return engine.to_pandas(chosen.order_by("profile_id"))


def _learn(purchases: ir.Table, until: date, predecessor: ValueModel | None, engine: Engine) -> ValueModel:
    judged = lifetime_backtest.backtest(purchases, until, engine, predecessor=predecessor)
    contest = None if judged is None else judged.contest
    if predecessor is not None and contest is not None and contest.winner == "predecessor":
        return predecessor.after(contest)
    naive = contest is not None and not contest.beats_baseline
    statistics = engine.scratch(purchase_statistics(purchases, until))
    held_out, customers = _held_out_days(statistics, engine), row_count(statistics, engine)
    penalty, deviances = choose_penalty(purchases, until, held_out, customers, engine)
    fitted, grain = fit_purchases(statistics, engine, penalty)
    days = customary_days(engine.to_pandas(gap_histogram(purchases, until)))
    days = judged.days_of_newcomers(days) if judged else days
    level, share = (judged.newcomer_level, judged.smoothed_share) if judged else (1.0, SMOOTHED_SHARES[0])
    model = PlainValue(fitted, fit_order_value(statistics, engine), days, level, naive, share)
    report = {
        "grain_days": grain,
        "penalty": {"chosen": penalty, "deviance_in_hold_out": deviances},
        "backtest": judged and judged.to_plain(),
        "none": "" if judged else "too little history to hold any out",
    }
    rehearsed = None if judged is None or judged.learnt is None else replace(judged.learnt, naive=naive)
    then = spread(figures(sampled(statistics, engine), model))
    return Approved(model, until, report, contest, rehearsed, contest.cut if contest else None, then)


def _held_out_days(statistics: ir.Table, engine: Engine) -> int | None:
    """Days of the history that a hold-out can have."""
    days = engine.to_arrow(statistics.aggregate(days=statistics.age_days.max()))["days"][0].as_py()
    return None if days is None else lifetime_backtest.choose_horizon(int(days))


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


def _card(model: ValueModel) -> dict[str, Any]:
    plain, report = model.model, model.report
    fitted, worth = plain.purchases, plain.worth
    judged = report["backtest"] and ValueBacktest.of(report["backtest"])
    card: dict[str, Any] = {
        "model_card": {
            "data_until": model.until.isoformat(),
            "time_unit": "weeks, counted in " + ("days" if report["grain_days"] == 1 else "whole weeks"),
            "features": ["frequency", "recency", "age", "mean value of repeat visits net of refunds"],
            "published": plain.name,
            "newcomers": {
                "who": f"came once, less than {plain.newcomer_days} days ago: half of all repeat visits come in them",
                "what": "the visits that are expected of the usual one of them, times the level",
                "level": plain.newcomer_level,
            },
            "purchase_parameters": dict(fitted.model.parameters),
            "weight_of_smoothed_rate": plain.smoothed_share,
            "value_parameters": dict(worth.parameters),
            "refused": plain.refused,
            "frequency_and_value": {"correlation": worth.dependence, "independent_enough": worth.independent},
            "penalty": report["penalty"],
            "seed": "none: maximum likelihood, no randomness",
        },
        "backtest": judged.metrics if judged else "Too little history to hold any out.",
    }
    if judged:
        card["backtest_plot"] = plot(lifetime_backtest.draw(judged))
    return card
