"""How readily a person opens the messages of one channel, and what too many of them cost.

Belongs here: fitting, judging and applying the model of opens, on counts as frames. Does not belong here: which message
was opened (`messages.py`), and tables (`engagement.py`).

A person opens a message with log-odds of a level of their own plus a slope of their own times ln(1 + messages of the
four weeks before). Both are normally distributed over people; mean and spread are found by expectation-maximisation
with Laplace's approximation, and a person's own are the most probable given their messages: whoever had few is taken
for the usual one. This is logistic regression with random effects; shrinkage and fatigue are the same thing in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from cdp_assets.attributes import metrics
from cdp_assets.attributes.churn_model import probability_of
from cdp_assets.attributes.messages import PRESSURES
from cdp_assets.attributes.metrics import Floats

if TYPE_CHECKING:
    import pandas as pd

TIRING = "own rate and fatigue"
STEADY = "own rate"
SAME = "baseline: the same for everybody"
OWN_SHARE = "baseline: own past share"
PRIOR = "prior"

MINIMUM_MESSAGES = 300
MINIMUM_PEOPLE = 50
"""Below these, nothing is learnt: rates are drawn towards everyone's by a stated spread."""

_ROUNDS = 60
_NEWTON = 6
_LEAST_SPREAD = 1e-4
_STEPS = np.log1p(np.array(PRESSURES, dtype=float))
_STATED_SPREAD = 1.0
"""Standard deviation of people's log-odds where it cannot be learnt: most of a rate of 20% between 8 and 40%."""


@dataclass(frozen=True)
class Responses:
    """Messages of people by the pressure under which they came.

    Args:
        sent, opened: One row a person, one column a step of `PRESSURES`.
        clicked: Messages clicked, one element a person.
    """

    sent: Floats
    opened: Floats
    clicked: Floats

    @staticmethod
    def of(frame: pd.DataFrame) -> Responses:
        """From the rows of `messages.by_pressure`."""
        steps = range(len(PRESSURES))
        return Responses(
            frame[[f"sent_{step}" for step in steps]].to_numpy(float),
            frame[[f"opened_{step}" for step in steps]].to_numpy(float),
            frame["clicked"].to_numpy(float),
        )


@dataclass(frozen=True)
class ResponseModel:
    """The usual person, and how far people are from it.

    Args:
        name: `TIRING`, `STEADY`, one of the baselines `SAME` and `OWN_SHARE`, or `PRIOR`.
        mean: Level and slope of the usual person, in log-odds.
        variance: Of people's levels and slopes.
        click_share: Share of opened messages that are clicked, over all.
        click_strength: Opened messages that ``click_share`` counts for against a person's own.
    """

    name: str
    mean: tuple[float, float]
    variance: tuple[float, float]
    click_share: float
    click_strength: float

    def people(self, seen: Responses) -> Floats:
        """The most probable level and slope of each person: two columns."""
        if self.name == SAME:
            return np.tile(np.array(self.mean), (len(seen.sent), 1))
        if self.name == OWN_SHARE:
            share = (seen.opened.sum(axis=1) + 0.5) / (seen.sent.sum(axis=1) + 1)
            return np.column_stack([np.log(share / (1 - share)), np.zeros(len(share))])
        return _modes(seen, np.array(self.mean), np.array(self.variance))[0]

    def open_rate(self, people: Floats, pressure: Floats) -> Floats:
        """Probability that each person opens the next message, after so many in the four weeks before."""
        return probability_of(people[:, 0] + np.minimum(people[:, 1], 0.0) * np.log1p(pressure))

    def fatigue(self, people: Floats, pressure: Floats) -> Floats:
        """Share of opens lost to that pressure."""
        return np.asarray(1 - self.open_rate(people, pressure) / self.open_rate(people, np.zeros(len(people))))

    def click_through(self, seen: Responses) -> Floats:
        """Probability that each person clicks what they open."""
        opened = seen.opened.sum(axis=1)
        strength = self.click_strength
        return np.asarray((seen.clicked + strength * self.click_share) / (opened + strength), dtype=float)


def fit(seen: Responses, name: str = TIRING) -> ResponseModel:
    """Fit to people's messages; with too few, the stated prior.

    Args:
        seen: The messages.
        name: `TIRING`; `STEADY`, under which pressure costs no opens; or a baseline.
    """
    sent, opened = float(seen.sent.sum()), float(seen.opened.sum())
    level = (opened + 1) / (sent + 5)
    mean = np.array([np.log(level / (1 - level)), 0.0])
    variance = np.array([_STATED_SPREAD**2, _LEAST_SPREAD])
    share, strength = _click_through(seen)
    if sent < MINIMUM_MESSAGES or len(seen.sent) < MINIMUM_PEOPLE or opened in (0.0, sent):
        name = PRIOR
    if name in (TIRING, STEADY):
        mean, variance = _among_people(seen, mean, tiring=name == TIRING)
    return ResponseModel(
        name,
        (float(mean[0]), float(mean[1])),
        (float(variance[0]), float(variance[1])),
        share,
        strength,
    )


def _among_people(seen: Responses, mean: Floats, *, tiring: bool) -> tuple[Floats, Floats]:
    """Mean and variance of people's levels and slopes, beginning with a mean."""
    variance = np.array([_STATED_SPREAD**2, 0.1 if tiring else _LEAST_SPREAD])
    for _ in range(_ROUNDS):
        modes, spread = _modes(seen, mean, variance)
        mean = modes.mean(axis=0)
        variance = np.maximum(((modes - mean) ** 2 + spread).mean(axis=0), _LEAST_SPREAD)
        if not tiring:
            mean[1], variance[1] = 0.0, _LEAST_SPREAD
    return mean, variance


def _modes(seen: Responses, mean: Floats, variance: Floats) -> tuple[Floats, Floats]:
    """Most probable level and slope of each person by Newton's method, and the variance that is left to each."""
    people = np.tile(mean, (len(seen.sent), 1))
    precision = 1 / variance
    for _ in range(_NEWTON):
        chance = probability_of(people[:, :1] + people[:, 1:] * _STEPS)
        missed = seen.opened - seen.sent * chance
        weight = seen.sent * chance * (1 - chance)
        gradient = np.column_stack([missed.sum(axis=1), missed @ _STEPS]) - (people - mean) * precision
        first = weight.sum(axis=1) + precision[0]
        cross = weight @ _STEPS
        second = weight @ _STEPS**2 + precision[1]
        determinant = first * second - cross**2
        step = np.column_stack(
            [second * gradient[:, 0] - cross * gradient[:, 1], first * gradient[:, 1] - cross * gradient[:, 0]]
        )
        people = people + np.clip(step / determinant[:, None], -2.0, 2.0)
    return people, np.column_stack([second, first]) / determinant[:, None]


def _click_through(seen: Responses) -> tuple[float, float]:
    """Share of opened messages that are clicked, and how far a person's own share is drawn towards it.

    By moments: what people differ by beyond chance.
    """
    opened = seen.opened.sum(axis=1)
    total = float(opened.sum())
    share = (float(seen.clicked.sum()) + 0.2) / (total + 1.0)
    several = opened >= 2
    if several.sum() < MINIMUM_PEOPLE or not 0 < share < 1:
        return share, 5.0
    own = seen.clicked[several] / opened[several]
    by_chance = float((share * (1 - share) / opened[several]).mean())
    beyond = float(((own - share) ** 2).mean()) - by_chance
    if beyond <= 0:
        return share, 100.0
    return share, float(np.clip(share * (1 - share) / beyond - 1, 1.0, 100.0))


@dataclass(frozen=True)
class Foretold:
    """How well models of earlier messages foretold which of the later ones would be opened.

    Args:
        models: Name → the model, as fitted to the earlier messages.
        losses: Name → its log loss per message.
        report: The back-test, JSON-able.
    """

    models: Mapping[str, ResponseModel]
    losses: Mapping[str, float]
    report: Mapping[str, Any]

    @property
    def best(self) -> str:
        """`TIRING` or `STEADY`, whichever foretold better."""
        return TIRING if self.losses[TIRING] <= self.losses[STEADY] else STEADY

    @property
    def baselines(self) -> dict[str, float]:
        """Name → log loss."""
        return {name: self.losses[name] for name in (SAME, OWN_SHARE)}


def foretell(known: Responses, later: Responses) -> Foretold | None:
    """Fit every model to some messages, and judge each by those that followed; None if there are too few.

    Args:
        known: Messages that may be learnt from.
        later: The messages that followed, of the same people in the same order.
    """
    models = {name: fit(known, name) for name in (TIRING, STEADY, SAME, OWN_SHARE)}
    if models[TIRING].name == PRIOR or later.sent.sum() == 0:
        return None
    losses = {name: loss(model, known, later) for name, model in models.items()}
    found = Foretold(models, losses, {})
    expected = float((_chances(models[found.best], known) * later.sent).sum() / later.sent.sum())
    report = {
        "messages": int(later.sent.sum()),
        "opened_share": metrics.rounded(float(later.opened.sum() / later.sent.sum())),
        "expected_share": metrics.rounded(expected),
        "log_loss": {name: metrics.rounded(loss) for name, loss in losses.items()},
    }
    return replace(found, report=report)


def loss(model: ResponseModel, known: Responses, later: Responses) -> float:
    """Log loss per message of what a model says of later messages, knowing earlier ones of the same people."""
    bounded = np.clip(_chances(model, known), 1e-6, 1 - 1e-6)
    lost = later.opened * np.log(bounded) + (later.sent - later.opened) * np.log(1 - bounded)
    return float(-lost.sum() / later.sent.sum())


def _chances(model: ResponseModel, known: Responses) -> Floats:
    """That each person opens the next message, under each step of pressure."""
    people = model.people(known)
    return np.column_stack([model.open_rate(people, np.full(len(people), float(at))) for at in PRESSURES])
