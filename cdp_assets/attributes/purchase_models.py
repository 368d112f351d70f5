"""Models of how often a customer will buy: BG/NBD, and what stands in for it where it cannot be fitted or trusted.

Belongs here: fitting on grouped histories, detecting fits and figures that cannot be true, and the fallbacks. Does not
belong here: the value of a purchase (`order_value.py`), tables and back-tests (`lifetime_value.py`).

Histories are rows of `frequency`, `recency_days`, `age_days` and `customers` (how many share the row), as
`purchases.distinct_histories` makes them. Parameters are per week, the unit in which they are published.
"""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

Floats = np.ndarray[Any, np.dtype[np.float64]]

WEEK = 7.0
"""Days in the models' unit of time."""

MINIMUM_CUSTOMERS = 100
MINIMUM_REPEAT_CUSTOMERS = 20
"""Below these, four parameters say more about chance than about customers."""

LEAST_DROPOUT = 1e-4
"""Mean chance of dropping out after a purchase, a / (a + b), below which (or of staying, below which) the data could
not tell dropping out from buying seldom."""

SMOOTHED_SHARES = (0.25, 0.0)
"""Weights of the smoothed rate in what a model of dropping out expects, in logarithms, to choose from. Such models give
up customers who are only slow: so averaged, ranks are nearer to the truth on CDNOW and in shops where people come in
clumps. Where the model is nearly true it does better alone. The first where nothing can be chosen by.
"""

PENALTIES = (0.0, 0.001, 0.01)
"""Penalties on the size of the parameters: `penalty.choose_penalty` says which is tried first."""

NAMES = ("BG/NBD", "MBG/NBD")


class PurchaseModel(Protocol):
    """Anything that expects purchases of customers with known histories."""

    @property
    def name(self) -> str: ...

    @property
    def parameters(self) -> Mapping[str, float]: ...

    def expected(self, days: float, histories: pd.DataFrame) -> Floats:
        """Visits expected within the coming ``days`` from each history."""

    def alive(self, histories: pd.DataFrame) -> Floats:
        """Probability that each customer still is one; NaN where the model does not say."""


@dataclass(frozen=True)
class SmoothedRate:
    """Each customer's own rate, drawn towards everyone's: ``(r + frequency) / (alpha + age)``.

    The posterior mean of a Gamma-Poisson model: nobody is ever lost, so that it says nothing on being alive.
    """

    r: float
    alpha: float
    name: str = "smoothed empirical"

    @property
    def parameters(self) -> Mapping[str, float]:
        return {"r": self.r, "alpha": self.alpha}

    def expected(self, days: float, histories: pd.DataFrame) -> Floats:
        frequency, _, age = weeks_of(histories)
        return (self.r + frequency) / (self.alpha + age) * days / WEEK

    def none_within(self, days: float, histories: pd.DataFrame) -> Floats:
        """Probability of no visit within the coming ``days``: the rate's uncertainty is taken into account."""
        frequency, _, age = weeks_of(histories)
        return np.asarray(((self.alpha + age) / (self.alpha + age + days / WEEK)) ** (self.r + frequency), dtype=float)

    def alive(self, histories: pd.DataFrame) -> Floats:
        return np.full(len(histories), np.nan)

    def expected_since_first(self, days: Floats) -> Floats:
        """Repeat visits expected of a new customer within each number of days after the first purchase."""
        return self.r / self.alpha * days / WEEK


@dataclass(frozen=True)
class PastRate:
    """The naive baseline: everyone goes on buying as often as so far, with at least four weeks to judge by."""

    name: str = "baseline: past rate"
    parameters: Mapping[str, float] = field(default_factory=dict)

    def expected(self, days: float, histories: pd.DataFrame) -> Floats:
        frequency, _, age = weeks_of(histories)
        return (frequency + 1) / np.maximum(age, 4.0) * days / WEEK

    def alive(self, histories: pd.DataFrame) -> Floats:
        return np.full(len(histories), np.nan)


@dataclass(frozen=True)
class DropoutModel:
    """BG/NBD or MBG/NBD as fitted by `lifetimes`: customers buy at their own rate until they drop out unseen."""

    name: str
    fitter: Any = field(repr=False)

    @property
    def parameters(self) -> Mapping[str, float]:
        return {name: float(value) for name, value in self.fitter.params_.items()}

    @property
    def kind(self) -> str:
        """Its name, whatever it was fitted with."""
        return self.name.partition(" (")[0]

    @property
    def keeps_who_came_once(self) -> bool:
        """Whether it takes everybody who came once for a customer still: BG/NBD loses people only when they return."""
        return self.kind == NAMES[0]

    def expected(self, days: float, histories: pd.DataFrame) -> Floats:
        with quiet():
            return np.asarray(
                self.fitter.conditional_expected_number_of_purchases_up_to_time(days / WEEK, *weeks_of(histories)),
                dtype=float,
            )

    def alive(self, histories: pd.DataFrame) -> Floats:
        with quiet():
            return np.asarray(self.fitter.conditional_probability_alive(*weeks_of(histories)), dtype=float)

    def none_within(self, days: float, histories: pd.DataFrame) -> Floats:
        """Probability of no visit within the coming ``days``: of whoever is no longer a customer, and of those who are
        and do not come, at a rate that is known as well as the history lets it be.
        """
        r, alpha = self.parameters["r"], self.parameters["alpha"]
        frequency, _, age = weeks_of(histories)
        comes = 1 - ((alpha + age) / (alpha + age + days / WEEK)) ** (r + frequency)
        return np.asarray(1 - np.nan_to_num(self.alive(histories), nan=1.0) * comes, dtype=float)

    def expected_since_first(self, days: Floats) -> Floats:
        """Repeat visits expected of a new customer within each number of days after the first purchase."""
        with quiet():
            return np.asarray(self.fitter.expected_number_of_purchases_up_to_time(days / WEEK), dtype=float)


@dataclass(frozen=True)
class Fitted:
    """The outcome of fitting.

    Args:
        model: The best model that could be trusted.
        fallback: What scores the rows for which it gives no possible figure.
        refused: Model → why it was not trusted.
    """

    model: DropoutModel | SmoothedRate
    fallback: SmoothedRate
    refused: Mapping[str, str]


def weeks_of(histories: pd.DataFrame) -> tuple[Floats, Floats, Floats]:
    """Frequency, recency and age of histories, the latter two in weeks."""
    return (
        histories["frequency"].to_numpy(float),
        histories["recency_days"].to_numpy(float) / WEEK,
        histories["age_days"].to_numpy(float) / WEEK,
    )


def fit(
    histories: pd.DataFrame,
    *,
    horizon_days: float = 365.0,
    penalties: Sequence[float] = (PENALTIES[0], PENALTIES[-1]),
    names: Sequence[str] = NAMES,
) -> Fitted:
    """Fit BG/NBD, or the first of MBG/NBD and the smoothed empirical rate that can be trusted.

    Args:
        histories: Grouped histories; may be empty.
        horizon_days: How far ahead the model must give possible figures.
        penalties: On the size of the parameters, tried in this order.
        names: The models, tried in this order, each with all penalties.
    """
    fallback = smoothed_rate(histories)
    customers = int(histories["customers"].sum())
    repeating = int(histories.loc[histories["frequency"] > 0, "customers"].sum())
    if customers < MINIMUM_CUSTOMERS or repeating < MINIMUM_REPEAT_CUSTOMERS:
        reason = f"too few customers ({customers}, of whom {repeating} came back)"
        return Fitted(fallback, fallback, dict.fromkeys(names, reason))
    refused: dict[str, str] = {}
    for name, penalty, fitter in _attempts(names, penalties):
        label = name if penalty == 0 else f"{name} (penalty {penalty:g})"
        problem = _fit_quietly(fitter, histories)
        if problem is None:
            model = DropoutModel(label, fitter)
            problem = _impossible(model, histories, horizon_days)
            if problem is None:
                return Fitted(model, fallback, refused)
        refused[label] = problem
    return Fitted(fallback, fallback, refused)


def starting_with(penalty: float) -> tuple[float, ...]:
    """The penalties in the order in which they are tried once one has been chosen."""
    return (penalty, *(other for other in (PENALTIES[0], PENALTIES[-1]) if other != penalty))


def _attempts(names: Sequence[str], penalties: Sequence[float]) -> Iterator[tuple[str, float, Any]]:
    with quiet():
        from lifetimes import BetaGeoFitter, ModifiedBetaGeoFitter
    fitters = dict(zip(NAMES, (BetaGeoFitter, ModifiedBetaGeoFitter), strict=True))
    for name in names:
        for penalty in penalties:
            yield name, penalty, fitters[name](penalizer_coef=penalty)


def restored(name: str, parameters: Mapping[str, float]) -> DropoutModel:
    """A model of dropping out with parameters that were fitted before.

    Args:
        name: As it was told, with the penalty that it was fitted with.
        parameters: As they were fitted.

    Raises:
        ValueError: if no model is called so.
    """
    import pandas as pd

    kind = name.partition(" (")[0]
    if kind not in NAMES:
        raise ValueError(f"no purchase model is called {kind!r}")
    [(_, _, fitter)] = _attempts([kind], [0.0])
    fitter.params_ = pd.Series(dict(parameters))
    return DropoutModel(name, fitter)


def _fit_quietly(fitter: Any, histories: pd.DataFrame) -> str | None:
    """Fit a `lifetimes` fitter; return what went wrong, if anything."""
    from lifetimes.utils import ConvergenceError

    frequency, recency, age = weeks_of(histories)
    with quiet():
        try:
            fitter.fit(frequency, recency, age, weights=histories["customers"].to_numpy(float))
        except ConvergenceError:
            return "did not converge"
        except (ValueError, ArithmeticError, np.linalg.LinAlgError) as error:
            return f"could not be fitted ({type(error).__name__})"
    return None


def _impossible(model: DropoutModel, histories: pd.DataFrame, days: float) -> str | None:
    """Why a converged model cannot be trusted, or None."""
    parameters = model.parameters
    if not all(np.isfinite(value) and value > 0 for value in parameters.values()):
        return "a parameter is not a positive number"
    dropping_out = parameters["a"] / (parameters["a"] + parameters["b"])
    if not LEAST_DROPOUT <= dropping_out <= 1 - LEAST_DROPOUT:
        return "dropping out could not be told from buying seldom (a or b is zero)"
    wrong = ~possible(model, model.expected(days, histories), days, histories)
    share = float(histories["customers"].to_numpy(float)[wrong].sum() / histories["customers"].sum())
    if share > 0.01:
        return f"gives no possible figure for {share:.1%} of the customers"
    return None


def possible(model: PurchaseModel, expected: Floats, days: float, histories: pd.DataFrame) -> np.ndarray[Any, Any]:
    """Which expected counts can be true: finite, not negative, and no more than if nobody ever dropped out."""
    finite = np.isfinite(expected) & (expected >= 0)
    if not isinstance(model, DropoutModel):
        return finite
    frequency, _, age = weeks_of(histories)
    ceiling = (model.parameters["r"] + frequency) / (model.parameters["alpha"] + age) * days / WEEK
    return finite & (np.where(finite, expected, 0) <= ceiling * 1.001)


def smoothed_rate(histories: pd.DataFrame) -> SmoothedRate:
    """Fit the Gamma-Poisson rate by maximum likelihood; with nothing to go by, a stated prior.

    The prior is one customer's worth of the pooled rate, itself drawn towards one repeat purchase in two years.
    """
    frequency, _, age = weeks_of(histories)
    customers = histories["customers"].to_numpy(float)
    pooled = (customers @ frequency + 0.5) / (customers @ age + 52.0)
    prior = SmoothedRate(1.0, 1.0 / float(pooled))
    if customers @ (frequency > 0) < MINIMUM_REPEAT_CUSTOMERS:
        return prior
    from scipy.optimize import minimize
    from scipy.special import gammaln

    def loss(logarithms: Floats) -> float:
        r, alpha = np.exp(logarithms)
        likelihood = gammaln(r + frequency) - gammaln(r) + r * np.log(alpha) - (r + frequency) * np.log(alpha + age)
        return float(-(customers @ likelihood) / customers.sum())

    with quiet():
        found = minimize(loss, np.log([1.0, prior.alpha]), method="L-BFGS-B", bounds=[(-7, 7), (-7, 12)])
    r, alpha = np.exp(found.x)
    return SmoothedRate(float(r), float(alpha)) if found.success and np.isfinite([r, alpha]).all() else prior


INTERVAL = 0.8


def interval(model: PurchaseModel, fallback: SmoothedRate, histories: pd.DataFrame, expected: Floats) -> Floats:
    """Between how many visits `INTERVAL` of customers with a history come, given how many are expected: two columns.

    Counts are negative binomial: Poisson around a rate that is known as well as the history lets it be (its gamma
    distribution has shape ``r + frequency`` under every model here).
    """
    from scipy.stats import nbinom

    shape = model.parameters.get("r", fallback.r) + histories["frequency"].to_numpy(float)
    chance = shape / (shape + np.maximum(expected, 1e-9))
    tail = (1 - INTERVAL) / 2
    return np.column_stack([nbinom.ppf(tail, shape, chance), nbinom.ppf(1 - tail, shape, chance)])


def score(
    model: PurchaseModel,
    fallback: SmoothedRate,
    histories: pd.DataFrame,
    horizons: tuple[int, ...],
    *,
    smoothed_share: float = SMOOTHED_SHARES[0],
    at_once: int = 100_000,
) -> pd.DataFrame:
    """Score each history once; rows for which ``model`` gives no possible figure by ``fallback`` alone.

    What a model of dropping out expects is averaged with what the smoothed rate does, which weighs `smoothed_share`.

    Returns:
        The histories with `probability_alive` (NaN where not estimated), `expected_<days>d` for each horizon, and
        `model`: the name of what really scored the row.
    """
    import pandas as pd

    pieces = [
        _score_piece(model, fallback, histories.iloc[start : start + at_once], horizons, smoothed_share)
        for start in range(0, max(len(histories), 1), at_once)
    ]
    return pd.concat(pieces, ignore_index=True)


def _score_piece(
    model: PurchaseModel,
    fallback: SmoothedRate,
    histories: pd.DataFrame,
    horizons: tuple[int, ...],
    smoothed_share: float,
) -> pd.DataFrame:
    alive = model.alive(histories)
    trusted = np.isnan(alive) | ((alive >= 0) & (alive <= 1))
    share = smoothed_share if isinstance(model, DropoutModel) else 0.0
    expected = {}
    for days in horizons:
        expected[days] = model.expected(days, histories)
        trusted &= possible(model, expected[days], days, histories)
    columns: dict[str, Any] = {"probability_alive": np.where(trusted, alive, np.nan)}
    for days, counts in expected.items():
        smoothed = fallback.expected(days, histories)
        averaged = np.where(trusted, counts, 0.0) ** (1 - share) * smoothed**share
        columns[f"expected_{days}d"] = np.where(trusted, averaged, smoothed)
    columns["model"] = np.where(trusted, model.name, fallback.name)
    return histories.assign(**columns)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep what the libraries print and warn of out of the logs: every outcome is checked instead."""
    with warnings.catch_warnings(), np.errstate(all="ignore"), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        yield
