"""The stage's models on one file: learnt from everything up to a day, judged by what followed.

Belongs here: which customers are judged by what, and the figures. Does not belong here: reading the file
(`transactions.py`), the models, and layout (`presentation/`).

Churned is who does not buy in the horizon after the cut; the cut's own day is still known. All baselines are fitted on
what was known at the cut as well, and judged on the same customers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import ibis.expr.types as ir
import numpy as np

from cdp_assets.attributes import (
    churn,
    churn_baselines,
    churn_model,
    lifetime_backtest,
    metrics,
    plain_value,
    spend_model,
)
from cdp_assets.attributes.backtest.transactions import Transactions, TransactionsError
from cdp_assets.attributes.churn_features import labelled
from cdp_assets.attributes.churn_frames import training_cuts
from cdp_assets.attributes.churn_learned import Learned
from cdp_assets.attributes.lifetime_backtest import value_metrics
from cdp_assets.attributes.newcomers import customary_days
from cdp_assets.attributes.penalty import choose_penalty
from cdp_assets.attributes.plain_value import NAIVE, PlainValue
from cdp_assets.attributes.purchase_models import Floats
from cdp_assets.attributes.purchases import gap_histogram, purchase_statistics
from cdp_assets.attributes.schemas import ACTIVITY
from cdp_assets.warehouse.engine import empty

if TYPE_CHECKING:
    import pandas as pd

    from cdp_assets.warehouse.engine import Engine


LONGEST_HORIZON = 3650


@dataclass(frozen=True)
class Judged:
    """How the models did.

    Args:
        figures: `churn`, `value`, `purchases`, `parameters`, `fallbacks` and `customers`, JSON-able.
        notes: What to know when reading them, in sentences.
        churned_share: Share of the customers that really churned.
        spent: What they really spent.
        models: What made the figures: of churn, and of value.
    """

    figures: Mapping[str, Any]
    notes: tuple[str, ...]
    churned_share: float
    spent: float
    models: tuple[str, str]


def judge(found: Transactions, cut: date, horizon_days: int, engine: Engine) -> Judged:
    """Judge churn, value and purchases at a day.

    Args:
        found: The file.
        cut: Last day that the models may see.
        horizon_days: Days after it that they are judged by.
        engine: Computes.

    Raises:
        TransactionsError: if nothing lies before or after the cut.
    """
    if not 1 <= horizon_days <= LONGEST_HORIZON:
        raise TransactionsError(f"a horizon of {horizon_days} days judges nothing; write 1 to {LONGEST_HORIZON}")
    if cut < found.first_day:
        raise TransactionsError(
            f"nothing was bought up to {cut.isoformat()}: the file begins on {found.first_day.isoformat()}"
        )
    if cut >= found.last_day:
        raise TransactionsError(
            f"nothing follows {cut.isoformat()}, so there is nothing to judge by: the file ends on "
            f"{found.last_day.isoformat()}"
        )
    purchases = found.purchases
    nothing = empty(ACTIVITY.ibis_schema, engine)
    known = engine.scratch(purchases.filter(purchases.day <= cut))
    customers = engine.to_pandas(labelled(purchases, nothing, cut, horizon_days))
    if not len(customers):
        raise TransactionsError(f"up to {cut.isoformat()} the file knows refunds, but no purchase")
    statistics = engine.to_pandas(purchase_statistics(known, cut).order_by("profile_id"))
    held_out = lifetime_backtest.choose_horizon((cut - found.first_day).days)
    penalty, _ = choose_penalty(known, cut, held_out, len(statistics), engine)
    plain = plain_value.fit(statistics, horizon_days, penalty)
    earlier = lifetime_backtest.backtest(known, cut, engine)
    plain = replace(plain, newcomer_days=customary_days(engine.to_pandas(gap_histogram(known, cut))))
    if earlier:
        plain = replace(
            plain,
            newcomer_days=earlier.days_of_newcomers(plain.newcomer_days),
            newcomer_level=earlier.newcomer_level,
            smoothed_share=earlier.smoothed_share,
        )
    learned = churn.learn(known, nothing, cut, engine, horizon_days=horizon_days)
    if learned.learnt_horizon_days not in (None, horizon_days):
        customers = engine.to_pandas(labelled(purchases, nothing, cut, horizon_days, learned.learnt_horizon_days))
    customers = learned.described(customers)
    spend = _spend(plain, learned, customers, statistics, horizon_days)
    visits = plain.visits(statistics, horizon_days)
    actual_visits = _visits_after(purchases, statistics, cut, horizon_days, engine)
    figures = {
        "churn": _churn(learned, plain, known, nothing, customers, cut, horizon_days, engine),
        "value": _value(plain, spend, customers, statistics, horizon_days),
        "purchases": {
            "actual": float(actual_visits.sum()),
            "predicted": metrics.rounded(visits.sum()),
            "correlation": metrics.correlation(visits, actual_visits),
            "rmse": metrics.root_mean_square_error(visits, actual_visits),
        },
        "parameters": {
            name: metrics.rounded(value, 6)
            for name, value in {**plain.purchases.model.parameters, **plain.worth.parameters}.items()
        },
        "fallbacks": _fallbacks(plain, learned),
        "customers": len(customers),
    }
    return Judged(
        figures,
        _notes(found, cut, horizon_days),
        float(customers["churned"].mean()),
        float(customers["spent"].sum()),
        (learned.published.name, plain.name + (" + learnt spend" if learned.spend else "")),
    )


def _churn(
    learned: Learned,
    plain: PlainValue,
    known: ir.Table,
    nothing: ir.Table,
    customers: pd.DataFrame,
    cut: date,
    horizon_days: int,
    engine: Engine,
) -> dict[str, Any]:
    happened = customers["churned"].to_numpy(float)
    score = learned.log_odds(customers)
    probability = churn_model.probability_of(score)
    earlier = cut - timedelta(days=learned.learnt_horizon_days or horizon_days)
    before = None
    if learned.learnt_horizon_days is not None:
        before = engine.to_pandas(labelled(known, nothing, earlier, learned.learnt_horizon_days))
    named = churn_baselines.baselines(plain.purchases, horizon_days, before)
    return {
        "auc": metrics.auc(score, happened),
        "pr_auc": metrics.pr_auc(score, happened),
        "brier": metrics.brier(probability, happened),
        "ece": metrics.expected_calibration_error(probability, happened),
        "baselines": {name: metrics.auc(baseline(customers), happened) for name, baseline in named.items()},
    }


def _spend(
    plain: PlainValue, learned: Learned, customers: pd.DataFrame, statistics: pd.DataFrame, horizon_days: int
) -> Floats:
    expected = plain.spend(statistics, horizon_days)
    if learned.spend is None:
        return expected
    within = learned.spend.horizon_days
    comparable = expected if within == horizon_days else plain.spend(statistics, within)
    learnt = np.where(plain.newcomers(statistics), np.nan, learned.spend.expected(customers))
    return np.asarray(expected * spend_model.correction(learnt, comparable), dtype=float)


def _value(
    plain: PlainValue, spend: Floats, customers: pd.DataFrame, statistics: pd.DataFrame, horizon_days: int
) -> dict[str, Any]:
    spent = customers["spent"].to_numpy(float)
    mean = statistics["mean_value"].fillna(0).to_numpy(float)
    past = mean * (statistics["frequency"].to_numpy(float) + 1)
    return {
        **value_metrics(spend, spent),
        "baselines": {
            "baseline: past spend": value_metrics(past, spent),
            NAIVE.name: value_metrics(NAIVE.expected(horizon_days, statistics) * mean, spent),
            "baseline: BG/NBD + Gamma-Gamma": value_metrics(plain.published(statistics, horizon_days), spent),
        },
    }


def _visits_after(
    purchases: ir.Table, statistics: pd.DataFrame, cut: date, horizon_days: int, engine: Engine
) -> Floats:
    after = purchases.filter(
        purchases.purchases > 0, purchases.day > cut, purchases.day <= cut + timedelta(days=horizon_days)
    )
    counted = engine.to_pandas(after.group_by("profile_id").aggregate(visits=after.count()))
    joined = statistics[["profile_id"]].merge(counted, on="profile_id", how="left")
    return joined["visits"].fillna(0).to_numpy(float)


def _fallbacks(plain: PlainValue, learned: Learned) -> list[str]:
    told = [f"{model}: {reason}" for model, reason in plain.refused.items()]
    if plain.refused:
        told.append(f"value by {plain.name}")
    if learned.published.name != churn_model.MODEL:
        told.append(f"churn by {learned.published.name}: {learned.why}")
    if learned.learnt_horizon_days not in (None, learned.horizon_days):
        told.append(
            f"the history before the cut is too short for {learned.horizon_days} days: who churns is learnt from "
            f"{learned.learnt_horizon_days} days, how many is forecast"
        )
    return told


def _notes(found: Transactions, cut: date, horizon_days: int) -> tuple[str, ...]:
    notes = [f"{count:,} of {found.rows:,} rows {reason} are left out." for reason, count in found.left_out.items()]
    if found.unknown_zones:
        zones = ", ".join(found.unknown_zones)
        notes.append(
            f"Zones that could be several, or none: {zones}. Days of such times are not in UTC, but as written."
        )
    if found.currencies:
        counted = ", ".join(f"{currency} in {rows:,} rows" for currency, rows in found.currencies.items())
        notes.append(
            f"Amounts are in several currencies ({counted}), and added up as they stand: figures of money mean little. "
            "Judge by one of them, or convert them with --amount."
        )
    end = cut + timedelta(days=horizon_days)
    if found.last_day < end:
        notes.append(
            f"The file ends on {found.last_day.isoformat()}, and the horizon on {end.isoformat()}: whoever buys in "
            "between counts as churned."
        )
    if not training_cuts(cut - timedelta(days=horizon_days), found.first_day, horizon_days):
        notes.append(f"The file begins on {found.first_day.isoformat()}: little history for such a horizon.")
    return tuple(notes)
