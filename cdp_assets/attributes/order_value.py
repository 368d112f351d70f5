"""What a customer's next purchase is worth: Gamma-Gamma, and what stands in for it.

Belongs here: the expected money per visit, given the visits so far. Does not belong here: how many visits are to come
(`purchase_models.py`), and tables (`lifetime_value.py`).

Values are rows of `frequency` (repeat visits), `value` (their mean, in the reporting currency, above zero) and
`customers`, as `distinct_values` makes them. Refunds have been taken off.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir
import numpy as np

from cdp_assets.attributes.purchase_models import MINIMUM_REPEAT_CUSTOMERS, Floats, quiet

if TYPE_CHECKING:
    import pandas as pd


MOST_DEPENDENT = 0.3
"""Beyond such a correlation of frequency and value, the expected values of frequent buyers are off."""


@dataclass(frozen=True)
class OrderValueModel:
    """The mean value of a visit, drawn from each customer's own mean towards everyone's.

    Gamma-Gamma's conditional expectation (Fader and Hardie 2013, "The Gamma-Gamma model of monetary value", equation 5)
    has this form, with ``strength = (q - 1) / p`` and ``everyone = p v / (q - 1)``.

    Args:
        name: What made it.
        everyone: Mean value of a visit over all customers.
        strength: Visits that ``everyone`` counts for against the customer's own.
        parameters: As fitted.
        refused: Why a better model was not trusted, or None.
        dependence: Correlation of how often customers buy and what they spend each time, both in logarithms, which
            Gamma-Gamma takes for zero; None where it is not defined.
    """

    name: str
    everyone: float
    strength: float
    parameters: Mapping[str, float]
    refused: str | None = None
    dependence: float | None = None

    @property
    def independent(self) -> bool:
        """Whether Gamma-Gamma's assumption holds well enough."""
        return self.dependence is None or abs(self.dependence) <= MOST_DEPENDENT

    def expected(self, visits: Floats, mean_value: Floats) -> Floats:
        """Expected value of the next visit after so many with this mean; an unknown mean counts as no visit."""
        known = np.where(np.isnan(mean_value), 0.0, visits)
        own = np.maximum(np.nan_to_num(mean_value), 0.0)
        return (known * own + self.strength * self.everyone) / (known + self.strength)

    def expression(self, visits: ir.Value, mean_value: ir.Value) -> ir.FloatingValue:
        """`expected` as an expression, for the engine."""
        known = ibis.ifelse(mean_value.isnull(), 0, visits).cast("float64")
        own = ibis.greatest(mean_value.fill_null(0), 0).cast("float64")
        prior = ibis.literal(self.strength * self.everyone)
        return (known * own + prior) / (known + ibis.literal(self.strength))


def distinct_values(statistics: ir.Table, *, grain: float | None = None) -> ir.Table:
    """How many customers share each (repeat visits, mean value).

    Args:
        statistics: The table of `purchases.purchase_statistics`.
        grain: None for exact means; otherwise means are rounded to steps of this share of their value (0.01: 1%),
            which bounds the number of rows.

    Returns:
        `frequency`, `value`, `customers`, sorted. Only customers who came back, with a mean above zero.
    """
    repeat = statistics.filter(statistics.frequency > 0, statistics.repeat_value > 0)
    value = repeat.repeat_value
    if grain is not None:
        value = ((value.ln() / grain).round().cast("float64") * grain).exp()
    rounded = repeat.mutate(value=value)
    keys = ["frequency", "value"]
    return rounded.group_by(keys).aggregate(customers=rounded.count()).order_by(keys)


def fit(values: pd.DataFrame) -> OrderValueModel:
    """Fit Gamma-Gamma; a smoothed mean where it cannot be fitted or has no finite mean (q ≤ 1).

    Args:
        values: Grouped values; may be empty (everyone is then expected to spend nothing, under the name ``prior``).
    """
    customers = values["customers"].to_numpy(float)
    frequency = values["frequency"].to_numpy(float)
    value = values["value"].to_numpy(float)
    repeating = int(customers.sum())
    if repeating == 0:
        return OrderValueModel("prior", 0.0, 1e-9, {}, "nobody has come back and paid yet")
    smoothed = float((customers * frequency) @ value / (customers @ frequency))
    if repeating < MINIMUM_REPEAT_CUSTOMERS:
        return _smoothed(smoothed, f"only {repeating} customers came back and paid")
    problem, parameters = _fit_gamma_gamma(frequency, value, customers)
    if problem is not None:
        return _smoothed(smoothed, problem)
    p, q, v = (parameters[name] for name in "pqv")
    dependence = _correlation(np.log(frequency), np.log(value), customers)
    return OrderValueModel("Gamma-Gamma", p * v / (q - 1), (q - 1) / p, parameters, dependence=dependence)


def _correlation(left: Floats, right: Floats, weights: Floats) -> float | None:
    if len(left) < 2:
        return None
    covariance = np.cov(left, right, aweights=weights)
    spread = float(np.sqrt(covariance[0, 0] * covariance[1, 1]))
    return round(float(covariance[0, 1]) / spread, 4) if spread > 0 else None


def _smoothed(everyone: float, refused: str) -> OrderValueModel:
    return OrderValueModel("smoothed mean", everyone, 1.0, {"mean": everyone}, refused)


def _fit_gamma_gamma(frequency: Floats, value: Floats, customers: Floats) -> tuple[str | None, dict[str, float]]:
    with quiet():
        from lifetimes import GammaGammaFitter
        from lifetimes.utils import ConvergenceError

        fitter: Any = GammaGammaFitter()
        try:
            fitter.fit(frequency, value, weights=customers)
        except ConvergenceError:
            return "did not converge", {}
        except (ValueError, ArithmeticError, np.linalg.LinAlgError) as error:
            return f"could not be fitted ({type(error).__name__})", {}
    parameters = {name: float(found) for name, found in fitter.params_.items()}
    if not all(np.isfinite(found) and found > 0 for found in parameters.values()):
        return "a parameter is not a positive number", {}
    if parameters["q"] <= 1:
        return "the mean value of a visit would be infinite (q ≤ 1)", {}
    return None, parameters
