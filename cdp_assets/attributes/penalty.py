"""How strongly the parameters of the purchase model are held small: chosen by a hold-out.

Belongs here: the choice. Does not belong here: fitting (`purchase_models.py`), and judging what is published
(`lifetime_backtest.py`).
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import ibis.expr.types as ir
import numpy as np

from cdp_assets.attributes import purchase_models
from cdp_assets.attributes.purchase_models import PENALTIES, Floats
from cdp_assets.attributes.purchases import purchase_statistics, rounded_days

if TYPE_CHECKING:
    from cdp_assets.warehouse.engine import Engine

CUSTOMERS = 10_000
"""Most customers to choose by."""

WORTH_IT = 0.01
"""Share by which a penalty has to lessen the hold-out's deviance: without one, parameters are as in the literature."""


def choose_penalty(
    purchases: ir.Table, until: date, horizon_days: int | None, customers: int, engine: Engine
) -> tuple[float, dict[str, float]]:
    """Fit with each penalty on what was known a horizon ago, and compare what was expected with the visits since.

    Args:
        purchases: The table of `purchases.purchase_days`.
        until: Last day that may be seen.
        horizon_days: Days to hold out; None if there is too little history for any.
        customers: How many there are, of whom a sample is looked at.
        engine: Computes.

    Returns:
        The penalty, and the mean Poisson deviance of each that gave possible figures; none where there is nothing to
        choose by.
    """
    if horizon_days is None:
        return PENALTIES[0], {}
    sample = purchases.filter(purchases.profile_id % max(1, -(-customers // CUSTOMERS)) == 0)
    cut = until - timedelta(days=horizon_days)
    known = purchase_statistics(sample, cut)
    later = sample.filter(sample.purchases > 0, sample.day > cut, sample.day <= until)
    later = later.group_by("profile_id").aggregate(visits=later.count())
    joined = known.left_join(later, "profile_id")
    keys = ["frequency", "recency_days", "age_days"]
    # In weeks, as many histories then are alike: the choice needs no more precision.
    rows = joined.select(
        frequency=known.frequency,
        recency_days=rounded_days(known.recency_days, 7),
        age_days=rounded_days(known.age_days, 7),
        visits=later.visits.fill_null(0),
    )
    histories = engine.to_pandas(
        rows.group_by(keys).aggregate(customers=rows.count(), visits=rows.visits.sum()).order_by(keys)
    )
    deviances = {}
    for penalty in PENALTIES:
        fitted = purchase_models.fit(histories, horizon_days=horizon_days, penalties=(penalty,), names=("BG/NBD",))
        if not fitted.refused:
            expected = fitted.model.expected(horizon_days, histories)
            expected = np.where(np.isfinite(expected), expected, fitted.fallback.expected(horizon_days, histories))
            deviances[penalty] = _deviance(
                histories["visits"].to_numpy(float), expected * histories["customers"].to_numpy(float)
            )
    if not deviances:
        return PENALTIES[0], {}
    least = min(deviances.values())
    chosen = next(penalty for penalty, deviance in deviances.items() if deviance <= least * (1 + WORTH_IT))
    return chosen, {f"{penalty:g}": round(deviance, 6) for penalty, deviance in deviances.items()}


def _deviance(actual: Floats, expected: Floats) -> float:
    """Mean Poisson deviance."""
    bounded = np.maximum(expected, 1e-9)
    logarithm = np.where(actual > 0, actual * np.log(np.maximum(actual, 1e-9) / bounded), 0.0)
    return float(2 * (logarithm - actual + bounded).sum() / len(actual)) if len(actual) else 0.0
