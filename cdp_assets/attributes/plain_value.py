"""What customers are expected to spend: visits by BG/NBD times value by Gamma-Gamma, or what stands in for them.

Belongs here: both models together, what newcomers get instead, and the whole as plain values. Does not belong here: the
models (`purchase_models.py`, `order_value.py`), who is a newcomer (`newcomers.py`), and scoring everybody in the engine
(`lifetime_value.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from cdp_assets.attributes import newcomers, order_value, purchase_models
from cdp_assets.attributes.model_documents import fitted_of_plain, plain_fitted
from cdp_assets.attributes.newcomers import Booleans
from cdp_assets.attributes.order_value import OrderValueModel
from cdp_assets.attributes.purchase_models import SMOOTHED_SHARES, DropoutModel, Fitted, Floats, PastRate, PurchaseModel

if TYPE_CHECKING:
    import pandas as pd

NAIVE = PastRate()
OWN_MEAN = OrderValueModel("own mean", 0.0, 1e-9, {})
"""Each customer's own mean value of a visit: what goes with `NAIVE`."""


@dataclass(frozen=True)
class PlainValue:
    """Both models, fitted.

    Args:
        purchases: How often customers buy.
        worth: What a visit is worth.
        newcomer_days: Days from the first visit for which whoever came once gets what is expected of all such.
        newcomer_level: How many visits newcomers of a hold-out made, for each that was expected of them.
        naive: Whether everyone else is taken to go on as before, since the models came no nearer to the truth.
        smoothed_share: Weight of the smoothed rate in what a model of dropping out expects.
    """

    purchases: Fitted
    worth: OrderValueModel
    newcomer_days: int = 0
    newcomer_level: float = 1.0
    naive: bool = False
    smoothed_share: float = SMOOTHED_SHARES[0]

    @property
    def going_on(self) -> PlainValue:
        """The baseline: everyone goes on as before."""
        return replace(self, naive=True)

    @property
    def visit_model(self) -> PurchaseModel:
        """What expects visits."""
        return NAIVE if self.naive else self.purchases.model

    @property
    def visit_value(self) -> OrderValueModel:
        """What says how much a visit is worth."""
        return OWN_MEAN if self.naive else self.worth

    @property
    def name(self) -> str:
        return f"{self.visit_model.name} + {self.visit_value.name}"

    @property
    def refused(self) -> dict[str, str]:
        """Model → why it was not trusted."""
        return {**self.purchases.refused, **({"Gamma-Gamma": self.worth.refused} if self.worth.refused else {})}

    def newcomers(self, histories: pd.DataFrame) -> Booleans:
        """Of whom too little is known."""
        return newcomers.are_new(histories["frequency"], histories["age_days"], self.newcomer_days)

    def scored(self, histories: pd.DataFrame, horizons: tuple[int, ...]) -> pd.DataFrame:
        """The histories as `purchase_models.score` gives them, newcomers with what is expected of the usual one, who
        came half of `newcomer_days` ago, at the level of what such went on to do: a prior, the same for all of them,
        that does not say who is still a customer. BG/NBD lets nobody go who came once, which is no finding either and
        is not told.
        """
        import pandas as pd

        fallback, new = self.purchases.fallback, self.newcomers(histories)
        share = self.smoothed_share
        scored = purchase_models.score(self.visit_model, fallback, histories, horizons, smoothed_share=share)
        usual = pd.DataFrame({"frequency": [0], "recency_days": [0], "age_days": [self.newcomer_days // 2]})
        prior = purchase_models.score(self.purchases.model, fallback, usual, horizons, smoothed_share=share).iloc[0]
        unsaid = new
        if isinstance(self.visit_model, DropoutModel) and self.visit_model.keeps_who_came_once:
            unsaid = new | (histories["frequency"].to_numpy() <= 0)
        return scored.assign(
            probability_alive=np.where(unsaid, np.nan, scored["probability_alive"]),
            model=np.where(new, newcomers.PRIOR, scored["model"]),
            **{
                name: np.where(new, prior[name] * self.newcomer_level, scored[name])
                for name in (f"expected_{days}d" for days in horizons)
            },
        )

    def visits(self, customers: pd.DataFrame, days: int) -> Floats:
        """Visits expected of each customer within so many days."""
        return self.scored(customers, (days,))[f"expected_{days}d"].to_numpy(float)

    def interval(self, histories: pd.DataFrame, expected: Floats) -> Floats:
        """Between how many visits most customers with a history come: two columns."""
        return purchase_models.interval(self.visit_model, self.purchases.fallback, histories, expected)

    def spend(self, customers: pd.DataFrame, days: int) -> Floats:
        """Money expected of each customer within so many days."""
        return np.asarray(self.visits(customers, days) * self.values(customers), dtype=float)

    def values(self, customers: pd.DataFrame) -> Floats:
        """What each customer's next visit is expected to be worth."""
        return _values(self.visit_value, customers)

    def published(self, customers: pd.DataFrame, days: int) -> Floats:
        """Money by the models exactly as they are in the literature, with nothing averaged in: a baseline."""
        visits = self.purchases.model.expected(days, customers)
        known = np.where(np.isfinite(visits), visits, self.purchases.fallback.expected(days, customers))
        return np.asarray(known * _values(self.worth, customers), dtype=float)

    def to_plain(self) -> dict[str, Any]:
        """As plain values, to the last digit."""
        return {
            "fitted": plain_fitted(self.purchases),
            "worth": {**asdict(self.worth), "parameters": dict(self.worth.parameters)},
            "newcomer_days": self.newcomer_days,
            "newcomer_level": self.newcomer_level,
            "naive": self.naive,
            "smoothed_share": self.smoothed_share,
        }

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> PlainValue:
        """Read what `to_plain` wrote."""
        return cls(
            fitted_of_plain(plain["fitted"]),
            OrderValueModel(**plain["worth"]),
            int(plain["newcomer_days"]),
            float(plain["newcomer_level"]),
            bool(plain["naive"]),
            float(plain["smoothed_share"]),
        )


def _values(worth: OrderValueModel, customers: pd.DataFrame) -> Floats:
    frequency, mean_value = (customers[name].to_numpy(float) for name in ("frequency", "mean_value"))
    return worth.expected(frequency + 1, mean_value)


def fit(
    customers: pd.DataFrame, horizon_days: float = 365.0, penalty: float = 0.0, newcomer_days: int = 0
) -> PlainValue:
    """Fit both models.

    Args:
        customers: The rows of `purchases.purchase_statistics`.
        horizon_days: How far ahead the figures must be possible.
        penalty: On the parameters of the purchase model, tried first.
        newcomer_days: As in `PlainValue`.
    """
    histories = customers.groupby(["frequency", "recency_days", "age_days"], as_index=False).agg(
        customers=("frequency", "size")
    )
    repeat = customers[(customers["frequency"] > 0) & (customers["repeat_value"] > 0)]
    values = repeat.groupby(["frequency", "repeat_value"], as_index=False).agg(customers=("frequency", "size"))
    return PlainValue(
        purchase_models.fit(histories, horizon_days=horizon_days, penalties=purchase_models.starting_with(penalty)),
        order_value.fit(values.rename(columns={"repeat_value": "value"})),
        newcomer_days,
    )
