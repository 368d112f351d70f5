"""What each level of each signal is worth: log-odds, learned from devices whose people are known.

Belongs here: fitting weights to counts, and scoring. Does not belong here: the signals (`device_signals.py`), and which
pairs are known (`suggestions.py`).

A logistic regression with one weight for each level of each signal, drawn towards zero (ridge) so that what was hardly
ever seen weighs hardly anything. It is fitted to counts of pairs by their levels, of which there are a few hundred
however many pairs there are. Scores are honest as far as pairs of known devices are like all pairs; how far they are is
measured against later identifications.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from cdp_assets.identity.device_signals import LEVELS, SIGNALS

FEWEST_PAIRS = 30
"""Known pairs of one person, and of two, without which nothing is learned."""

_RIDGE = 1.0
_ROUNDS = 30


@dataclass(frozen=True)
class Weights:
    """A fitted model.

    Args:
        base: Log-odds of a pair in which every signal is as it is on average.
        levels: Signal → weight of each of its levels, in natural log-odds; zero on average over the known pairs.
        same: Known pairs of one person that it was learned from.
        different: Known pairs of two people.
    """

    base: float
    levels: Mapping[str, tuple[float, ...]]
    same: int
    different: int


@dataclass(frozen=True)
class LevelCount:
    """How many known pairs have these levels.

    Args:
        levels: The level of each of `SIGNALS`, in their order.
        same: Pairs of devices of one person.
        different: Pairs of devices of two people.
    """

    levels: tuple[int, ...]
    same: int
    different: int


def fit(counts: Sequence[LevelCount]) -> Weights | None:
    """Learn the weights; None if there are fewer than `FEWEST_PAIRS` known pairs of either kind."""
    import numpy as np

    same = np.array([count.same for count in counts], dtype=float)
    different = np.array([count.different for count in counts], dtype=float)
    if min(same.sum(), different.sum()) < FEWEST_PAIRS:
        return None
    columns = [(place, level) for place, name in enumerate(SIGNALS) for level in range(len(LEVELS[name]))]
    seen = np.array([[count.levels[place] == level for place, level in columns] for count in counts], dtype=float)
    pairs = same + different
    # Centred, so that a weight says how far a level is from what is usual, and the base is that of a usual pair.
    usual = pairs @ seen / pairs.sum()
    design = np.column_stack([np.ones(len(counts)), seen - usual])
    ridge = np.diag([0.0, *(_RIDGE for _ in columns)])
    weights = np.zeros(design.shape[1])
    for _ in range(_ROUNDS):  # Newton's method
        chance = 1 / (1 + np.exp(-design @ weights))
        gradient = design.T @ (same - pairs * chance) - ridge @ weights
        curvature = (design * (pairs * chance * (1 - chance))[:, None]).T @ design + ridge
        step = np.linalg.solve(curvature + 1e-9 * np.eye(len(weights)), gradient)
        weights = weights + np.clip(step, -2, 2)
        if np.abs(step).max() < 1e-9:
            break
    levels: dict[str, tuple[float, ...]] = {}
    for place, name in enumerate(SIGNALS):
        own = [number for number, (other, _) in enumerate(columns) if other == place]
        middle = sum(float(weights[1 + number] * usual[number]) for number in own)
        levels[name] = tuple(round(float(weights[1 + number]) - middle, 6) for number in own)
    return Weights(round(float(weights[0]), 6), levels, int(same.sum()), int(different.sum()))


def scored(pairs: ir.Table, weights: Weights) -> ir.Table:
    """Add ``score`` (0 to 1) and ``evidence`` (JSON text: signal → its share of all that speaks for or against it,
    in percent, negative where it speaks against) to graded pairs."""
    worth = {name: pairs[name].cases(*enumerate(weights.levels[name]), else_=0.0).cast("float64") for name in SIGNALS}
    weighed = pairs.mutate(**{f"{name}_worth": value for name, value in worth.items()})
    odds, strength = ibis.literal(weights.base), ibis.literal(0.0)
    for name in SIGNALS:
        odds = odds + weighed[f"{name}_worth"]
        strength = strength + weighed[f"{name}_worth"].abs()
    totalled = weighed.mutate(odds=odds, strength=strength)
    text = ibis.literal("")
    for name in SIGNALS:
        share = (totalled[f"{name}_worth"] * 100 / totalled.strength.nullif(0.0)).round(0).cast("int64").fill_null(0)
        text = text + ibis.ifelse(share == 0, "", ibis.literal(f', "{name}": ') + share.cast("string"))
    return totalled.mutate(
        score=1.0 / (1.0 + (-totalled.odds).exp()),
        evidence=ibis.literal("{") + text.substr(2) + ibis.literal("}"),
    ).drop("odds", "strength", *(f"{name}_worth" for name in SIGNALS))


def odds_in_words(weight: float) -> str:
    """A weight as a factor on the odds: "× 4.1", "÷ 2.0"."""
    return f"× {math.exp(weight):.1f}" if weight >= 0 else f"÷ {math.exp(-weight):.1f}"
