"""Lifetime value per customer: expected visits times the expected value of a visit.

Belongs here: scoring each distinct history once, and turning visits into money. Does not belong here: what was learnt
of all (`value_model.py`), and the models themselves (`purchase_models.py`, `order_value.py`).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir
import numpy as np

from cdp_assets.attributes import drift, spend_model, value_model
from cdp_assets.attributes.known_facts import last_day
from cdp_assets.attributes.model_training import approved, recency
from cdp_assets.attributes.order_value import OrderValueModel
from cdp_assets.attributes.plain_value import PlainValue
from cdp_assets.attributes.purchases import distinct_histories, purchase_statistics
from cdp_assets.attributes.rescoring import whom_to_score
from cdp_assets.attributes.schemas import LIFETIME_VALUE
from cdp_assets.attributes.value_model import read, sampled
from cdp_assets.canonical.schema import MONEY
from cdp_assets.profiles.concerned import replaced
from cdp_assets.warehouse.built import Built, ColumnLineage, Stands
from cdp_assets.warehouse.engine import row_count

if TYPE_CHECKING:
    import pandas as pd

    from cdp_assets.warehouse.changes import Since
    from cdp_assets.warehouse.engine import Engine

HISTORY = ("frequency", "recency_days", "age_days")
HORIZONS = (30, 90, 365)
_LONGEST = HORIZONS[-1]

_WITHIN = "within"
"""Remembered with the scores: days of the horizon that spend was learnt for, if that was used."""

_DRIFTED = "drifted"
"""Remembered too: figure → its stability index, which stays as long as nobody bought and the model stands."""

_TOLD = {"purchase_model": "string", "is_new": "bool"}

_HISTORY = {("attributes", "purchases", name) for name in ("profile_id", "day", "purchases")}
_VISITS = {*_HISTORY, ("attributes", "value_model", "document")}
_MONEY = {("attributes", "purchases", name) for name in ("net", "refunded")}
_LEARNT = {("attributes", "churn_risk", name) for name in ("horizon_days", "learnt_spend")}

LINEAGE: ColumnLineage = {
    "profile_id": {("attributes", "purchases", "profile_id")},
    **dict.fromkeys(HISTORY, _HISTORY),
    "probability_alive": _VISITS,
    **{f"expected_purchases_{days}d": _VISITS for days in HORIZONS},
    "mean_order_value": _VISITS | _MONEY,
    **dict.fromkeys(
        (*(f"expected_value_{days}d" for days in HORIZONS), "value_365d_low", "value_365d_high", "model"),
        _VISITS | _MONEY | _LEARNT,
    ),
}
"""Declared, since the models stand between."""


def lifetime_value(
    model: ir.Table,
    purchases: ir.Table,
    churn_risk: ir.Table,
    as_of: datetime,
    engine: Engine,
    since: Since | None = None,
) -> Built | Stands:
    """Score every customer by the models that were approved last; what they could not be trusted with is scored by a
    fallback, named in `model`.

    Args:
        model: The table of `value_model.value_model`.
        purchases: The table of `purchases.purchase_days`.
        churn_risk: The table of `churn.churn_risk`, for what was learnt of spend.
        as_of: The run's instant; nothing after it is seen.
        engine: Computes.
        since: What has changed since they were last scored: whoever did nothing has the same value on the same day.

    Returns:
        The columns of `schemas.LIFETIME_VALUE`, one row per customer, with who was scored by what as metadata.
    """
    until, learned = last_day(as_of), read(approved(model, engine))
    within = None if learned.model.naive else _spend_within(churn_risk, engine)
    customers = purchases.filter(purchases.purchases > 0).select("profile_id")
    before = since.previous[LIFETIME_VALUE.name].select("profile_id") if since else None
    some = whom_to_score(
        since, customers, before, as_of, engine, stand=("value_model", "purchases"), move=("churn_risk",)
    )
    if some is not None and some.memory[_WITHIN] != within:
        some = None
    if some is not None and not row_count(some.profiles, engine):
        return Stands()
    whom = purchases if some is None else purchases.semi_join(some.profiles, "profile_id")
    statistics = engine.scratch(purchase_statistics(whom, until))
    table, by_model = _valued(learned.model, statistics, churn_risk, within, engine)
    if some is None:
        drifted = drift.stability(learned.then, value_model.figures(sampled(statistics, engine), learned.model))
        built = Built(table, {"customers_by_model": by_model}, memory={_WITHIN: within, _DRIFTED: drifted})
    else:
        built = replaced(LIFETIME_VALUE, some.since, some.profiles, table, engine)
    judged = [
        *drift.verdicts(built.memory[_DRIFTED], learned.until.isoformat()),
        recency(value_model.standing(learned), until),
    ]
    return replace(built, judged=judged, column_lineage=LINEAGE)


def _valued(
    model: PlainValue, statistics: ir.Table, churn_risk: ir.Table, within: int | None, engine: Engine
) -> tuple[ir.Table, dict[str, int]]:
    """The value of each customer, and how many were scored by which model."""
    scored = _scored(model, engine.to_pandas(distinct_histories(statistics)), within)
    figures = [name for name in scored.columns if name not in (*HISTORY, *_TOLD)]
    schema = ibis.schema({**dict.fromkeys(HISTORY, "int64"), **dict.fromkeys(figures, "float64"), **_TOLD})
    customers = {str(name): int(counts.sum()) for name, counts in scored.groupby("purchase_model")["customers"]}
    scores = engine.from_arrow(scored[list(schema.names)], schema)
    return valued(statistics, scores, model.visit_value, churn_risk if within else None), customers


def _spend_within(churn_risk: ir.Table, engine: Engine) -> int | None:
    """Days of the horizon that spend was learnt for; None if it was not."""
    learnt = churn_risk.aggregate(days=churn_risk.horizon_days.max(where=churn_risk.learnt_spend.notnull()))
    days = engine.to_arrow(learnt)["days"][0].as_py()
    return None if days is None else int(days)


def _scored(model: PlainValue, histories: pd.DataFrame, within: int | None) -> pd.DataFrame:
    """Each history with what is expected of it, also within ``within`` days (column `plain_visits`)."""
    horizons = HORIZONS if within is None or within in HORIZONS else (*HORIZONS, within)
    scored = model.scored(histories, horizons)
    bounds = model.interval(histories, scored[f"expected_{_LONGEST}d"].to_numpy(float))
    return (
        _rounded(scored)
        .assign(
            low=bounds[:, 0],
            high=bounds[:, 1],
            plain_visits=np.nan if within is None else scored[f"expected_{within}d"],
            purchase_model=scored["model"],
            is_new=model.newcomers(histories),
        )
        .drop(columns=["model"])
    )


def _rounded(scored: pd.DataFrame) -> pd.DataFrame:
    """Figures to six digits, so that runs agree whatever the order of sums."""
    figures = [name for name in scored.columns if name.startswith("expected_") or name == "probability_alive"]
    return scored.assign(**{name: scored[name].round(6) for name in figures})


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
    if churn_risk is not None:
        learnt = churn_risk.select(_profile="profile_id", learnt_spend="learnt_spend")
        joined = joined.left_join(learnt, joined.profile_id == learnt._profile).drop("_profile")
    # Gamma-Gamma was fitted on repeat visits, as published; the first visit's value is known too, and tells more
    # about those who came once than nothing would.
    mean = worth.expression(joined.frequency + 1, joined.mean_value)
    model = joined.purchase_model + ibis.literal(f" + {worth.name}")
    correction: ir.Value = ibis.literal(1.0)
    if churn_risk is not None:
        # What was learnt says something of each: of newcomers it is too early to.
        told = ibis.ifelse(joined.is_new, ibis.null("float64"), joined.learnt_spend)
        correction = spend_model.correction_expression(told, joined.plain_visits * mean)
        model += ibis.ifelse(joined.is_new, "", " + learnt spend")

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
