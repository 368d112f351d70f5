"""Lifetime value per customer: expected visits times the expected value of a visit.

Belongs here: fitting on everyone's grouped histories, scoring each distinct history once, and the model card. Does not
belong here: the models themselves (`purchase_models.py`, `order_value.py`) and how they are judged
(`lifetime_backtest.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir
import numpy as np

from cdp_assets.attributes import lifetime_backtest, order_value, purchase_models, spend_model
from cdp_assets.attributes.known_facts import last_day
from cdp_assets.attributes.lifetime_backtest import ValueBacktest
from cdp_assets.attributes.model_documents import fitted_of_plain, plain_fitted
from cdp_assets.attributes.order_value import OrderValueModel
from cdp_assets.attributes.penalty import choose_penalty
from cdp_assets.attributes.purchase_models import Fitted, PurchaseModel
from cdp_assets.attributes.purchases import distinct_histories, observed_days, purchase_statistics
from cdp_assets.attributes.rescoring import Rescored, whom_to_score
from cdp_assets.attributes.schemas import LIFETIME_VALUE
from cdp_assets.canonical.schema import MONEY
from cdp_assets.profiles.concerned import replaced
from cdp_assets.warehouse.built import Built, ColumnLineage, Stands, plot
from cdp_assets.warehouse.engine import row_count

if TYPE_CHECKING:
    import pandas as pd

    from cdp_assets.warehouse.changes import Since
    from cdp_assets.warehouse.engine import Engine

HISTORY = ("frequency", "recency_days", "age_days")
HORIZONS = (30, 90, 365)
_LONGEST = HORIZONS[-1]

FIT_ROWS = 60_000
"""Above so many distinct histories, they are rounded to weeks for fitting; scoring always uses days."""

_VISITS = {("attributes", "purchases", name) for name in ("profile_id", "day", "purchases")}
_MONEY = {("attributes", "purchases", name) for name in ("net", "refunded")}
_LEARNT = {("attributes", "churn_risk", name) for name in ("horizon_days", "learnt_spend")}

LINEAGE: ColumnLineage = {
    "profile_id": {("attributes", "purchases", "profile_id")},
    **dict.fromkeys(("frequency", "recency_days", "age_days", "probability_alive"), _VISITS),
    **{f"expected_purchases_{days}d": _VISITS for days in HORIZONS},
    "mean_order_value": _VISITS | _MONEY,
    **dict.fromkeys(
        (*(f"expected_value_{days}d" for days in HORIZONS), "value_365d_low", "value_365d_high", "model"),
        _VISITS | _MONEY | _LEARNT,
    ),
}
"""Declared, since the models stand between."""


@dataclass(frozen=True)
class _Learnt:
    """What all customers taught, on one day.

    Args:
        fitted: Models of visits.
        worth: What a visit is worth.
        trusted: Whether the model of visits did better than going on as before.
        within: Days of the horizon that spend was learnt for, if that is used.
    """

    fitted: Fitted
    worth: OrderValueModel
    trusted: bool
    within: int | None

    @property
    def model(self) -> PurchaseModel:
        return self.fitted.model if self.trusted else lifetime_backtest.NAIVE

    def to_memory(self) -> dict[str, Any]:
        """As plain values, to the last digit."""
        worth = {**asdict(self.worth), "parameters": dict(self.worth.parameters)}
        return {"fitted": plain_fitted(self.fitted), "worth": worth, "trusted": self.trusted, "within": self.within}

    @classmethod
    def of(cls, memory: Mapping[str, Any]) -> _Learnt:
        """Read what `to_memory` wrote."""
        return cls(
            fitted_of_plain(memory["fitted"]), OrderValueModel(**memory["worth"]), memory["trusted"], memory["within"]
        )

    def valued(self, statistics: ir.Table, churn_risk: ir.Table, engine: Engine) -> tuple[ir.Table, dict[str, int]]:
        """The value of each customer, and how many were scored by which model."""
        scored = _scored(self.model, self.fitted, engine.to_pandas(distinct_histories(statistics)), self.within)
        schema = ibis.schema(
            {
                **dict.fromkeys(HISTORY, "int64"),
                **dict.fromkeys(
                    [name for name in scored.columns if name not in (*HISTORY, "purchase_model")], "float64"
                ),
                "purchase_model": "string",
            }
        )
        customers = {str(name): int(counts.sum()) for name, counts in scored.groupby("purchase_model")["customers"]}
        scored_table = engine.from_arrow(scored[list(schema.names)], schema)
        return valued(statistics, scored_table, self.worth, churn_risk if self.within else None), customers


def lifetime_value(
    purchases: ir.Table, churn_risk: ir.Table, as_of: datetime, engine: Engine, since: Since | None = None
) -> Built | Stands:
    """Score every customer; what the model could not be trusted with is scored by a fallback, named in `model`.

    Args:
        purchases: The table of `purchases.purchase_days`.
        churn_risk: The table of `churn.churn_risk`, for what was learnt of spend.
        as_of: The run's instant; nothing after it is seen.
        engine: Computes.
        since: What has changed since they were last scored: where nobody bought, there is nothing to learn from.

    Returns:
        The columns of `schemas.LIFETIME_VALUE`, one row per customer, with the model card as metadata.
    """
    until = last_day(as_of)
    spend_within = _spend_within(churn_risk, engine)
    customers = purchases.filter(purchases.purchases > 0).select("profile_id")
    before = since.previous[LIFETIME_VALUE.name].select("profile_id") if since else None
    some = whom_to_score(since, customers, before, as_of, engine, stand=("purchases",), move=("churn_risk",))
    if some is not None:
        learnt = _Learnt.of(some.memory)
        if not learnt.trusted or learnt.within == spend_within:
            return _of_some(learnt, some, purchases, churn_risk, until, engine)
    statistics = engine.scratch(purchase_statistics(purchases, until))
    penalty, deviances = choose_penalty(purchases, until, _held_out_days(purchases, until, engine), engine)
    fitted, grain = fit_purchases(statistics, engine, penalty)
    worth = fit_order_value(statistics, engine)
    judged = lifetime_backtest.backtest(purchases, until, engine)
    trusted = judged is None or judged.beats_naive
    learnt = _Learnt(fitted, worth, trusted, spend_within if trusted else None)
    table, by_model = learnt.valued(statistics, churn_risk, engine)
    card = _card(until, fitted, worth, judged, grain, by_model, learnt.model.name)
    card["model_card"]["penalty"] = {"chosen": penalty, "deviance_in_hold_out": deviances}
    return Built(table, card, LINEAGE, memory=learnt.to_memory())


def _of_some(
    learnt: _Learnt, some: Rescored, purchases: ir.Table, churn_risk: ir.Table, until: date, engine: Engine
) -> Built | Stands:
    """Score those of whom something else is known, beside scores that stay."""
    if not row_count(some.profiles, engine):
        return Stands()
    statistics = engine.scratch(purchase_statistics(purchases.semi_join(some.profiles, "profile_id"), until))
    table, _ = learnt.valued(statistics, churn_risk, engine)
    return replace(replaced(LIFETIME_VALUE, some.since, some.profiles, table, engine), column_lineage=LINEAGE)


def _spend_within(churn_risk: ir.Table, engine: Engine) -> int | None:
    """Days of the horizon that spend was learnt for; None if it was not."""
    learnt = churn_risk.aggregate(days=churn_risk.horizon_days.max(where=churn_risk.learnt_spend.notnull()))
    days = engine.to_arrow(learnt)["days"][0].as_py()
    return None if days is None else int(days)


def _held_out_days(purchases: ir.Table, until: date, engine: Engine) -> int | None:
    """Days of the history that a hold-out can have."""
    import pandas as pd

    first = engine.to_pandas(observed_days(purchases, until))["first_day"].iloc[0]
    return (
        None if pd.isna(first) else lifetime_backtest.choose_horizon((pd.Timestamp(until) - pd.Timestamp(first)).days)
    )


def _scored(model: PurchaseModel, fitted: Fitted, histories: pd.DataFrame, within: int | None) -> pd.DataFrame:
    """Each history with what is expected of it, also within ``within`` days (column `plain_visits`)."""
    horizons = HORIZONS if within is None or within in HORIZONS else (*HORIZONS, within)
    scored = purchase_models.score(model, fitted.fallback, histories, horizons)
    expected = scored[f"expected_{_LONGEST}d"].to_numpy(float)
    bounds = purchase_models.interval(model, fitted.fallback, histories, expected)
    return (
        _rounded(scored)
        .assign(
            low=bounds[:, 0],
            high=bounds[:, 1],
            plain_visits=np.nan if within is None else scored[f"expected_{within}d"],
            purchase_model=scored["model"],
        )
        .drop(columns=["model"])
    )


def _rounded(scored: pd.DataFrame) -> pd.DataFrame:
    """Figures to six digits, so that runs agree whatever the order of sums."""
    figures = [name for name in scored.columns if name.startswith("expected_") or name == "probability_alive"]
    return scored.assign(**{name: scored[name].round(6) for name in figures})


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


def valued(
    statistics: ir.Table, scores: ir.Table, worth: OrderValueModel, churn_risk: ir.Table | None = None
) -> ir.Table:
    """Give each customer the scores of their history, and turn visits into money.

    Args:
        statistics: The table of `purchases.purchase_statistics`.
        scores: One row a history.
        worth: What a visit is worth.
        churn_risk: With `learnt_spend`, towards which money is corrected.
    """
    joined = statistics.inner_join(scores, list(HISTORY))
    # Gamma-Gamma was fitted on repeat visits, as published; the first visit's value is known too, and tells more
    # about those who came once than nothing would.
    mean = worth.expression(joined.frequency + 1, joined.mean_value)
    model = joined.purchase_model + ibis.literal(f" + {worth.name}")
    correction: ir.Value = ibis.literal(1.0)
    if churn_risk is not None:
        learnt = churn_risk.select(_profile="profile_id", learnt_spend="learnt_spend")
        joined = joined.left_join(learnt, joined.profile_id == learnt._profile).drop("_profile")
        mean = worth.expression(joined.frequency + 1, joined.mean_value)
        correction = spend_model.correction_expression(joined.learnt_spend, joined.plain_visits * mean)
        model = joined.purchase_model + ibis.literal(f" + {worth.name} + learnt spend")

    def money(visits: str) -> ir.Value:
        return (joined[visits] * mean * correction).round(2).cast(MONEY)

    return joined.select(
        "profile_id",
        *HISTORY,
        "probability_alive",
        mean_order_value=mean.round(2).cast(MONEY),
        **{f"expected_purchases_{days}d": joined[f"expected_{days}d"] for days in HORIZONS},
        **{f"expected_value_{days}d": money(f"expected_{days}d") for days in HORIZONS},
        value_365d_low=money("low"),
        value_365d_high=money("high"),
        model=model,
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
            "frequency_and_value": {"correlation": worth.dependence, "independent_enough": worth.independent},
            "customers_by_model": customers_by_model,
            "seed": "none: maximum likelihood, no randomness",
        },
        "backtest": judged.metrics if judged else "Too little history to hold any out.",
    }
    if judged:
        card["beats_baseline"] = judged.beats_naive
        card["backtest_plot"] = plot(lifetime_backtest.draw(judged))
    return card
