"""What customers are expected to spend by the published models alone: visits by BG/NBD times value by Gamma-Gamma.

Belongs here: both models fitted to customers that are at hand as a frame, as back-tests need it. Does not belong here:
the models (`purchase_models.py`, `order_value.py`), and scoring everybody in the engine (`lifetime_value.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cdp_assets.attributes import order_value, purchase_models
from cdp_assets.attributes.order_value import OrderValueModel
from cdp_assets.attributes.purchase_models import Fitted, Floats

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class PlainValue:
    """Both models, fitted.

    Args:
        purchases: How often customers buy.
        worth: What a visit is worth.
    """

    purchases: Fitted
    worth: OrderValueModel

    @property
    def name(self) -> str:
        return f"{self.purchases.model.name} + {self.worth.name}"

    @property
    def refused(self) -> dict[str, str]:
        """Model → why it was not trusted."""
        return {**self.purchases.refused, **({"Gamma-Gamma": self.worth.refused} if self.worth.refused else {})}

    def visits(self, customers: pd.DataFrame, days: int) -> Floats:
        """Visits expected of each customer within so many days."""
        scored = purchase_models.score(self.purchases.model, self.purchases.fallback, customers, (days,))
        return scored[f"expected_{days}d"].to_numpy(float)

    def published(self, customers: pd.DataFrame, days: int) -> Floats:
        """Money by the purchase model exactly as it is in the literature, with nothing averaged in: a baseline."""
        visits = self.purchases.model.expected(days, customers)
        known = np.where(np.isfinite(visits), visits, self.purchases.fallback.expected(days, customers))
        return np.asarray(known * self._values(customers), dtype=float)

    def spend(self, customers: pd.DataFrame, days: int) -> Floats:
        """Money expected of each customer within so many days."""
        return np.asarray(self.visits(customers, days) * self._values(customers), dtype=float)

    def _values(self, customers: pd.DataFrame) -> Floats:
        frequency, mean_value = (customers[name].to_numpy(float) for name in ("frequency", "mean_value"))
        return self.worth.expected(frequency + 1, mean_value)


def fit(customers: pd.DataFrame, horizon_days: float = 365.0, penalty: float = 0.0) -> PlainValue:
    """Fit both models.

    Args:
        customers: The rows of `purchases.purchase_statistics`.
        horizon_days: How far ahead the figures must be possible.
        penalty: On the parameters of the purchase model, tried first.
    """
    histories = customers.groupby(["frequency", "recency_days", "age_days"], as_index=False).agg(
        customers=("frequency", "size")
    )
    repeat = customers[(customers["frequency"] > 0) & (customers["repeat_value"] > 0)]
    values = repeat.groupby(["frequency", "repeat_value"], as_index=False).agg(customers=("frequency", "size"))
    return PlainValue(
        purchase_models.fit(histories, horizon_days=horizon_days, penalties=purchase_models.starting_with(penalty)),
        order_value.fit(values.rename(columns={"repeat_value": "value"})),
    )
