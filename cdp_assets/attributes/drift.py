"""Whether customers today are like those whom a model was judged on.

Belongs here: the population stability index of figures, and the verdicts on it. Does not belong here: which customers
and figures (each model's own module), and how good a model is (`metrics.py`).

The index is the sum over bins of (share now − share then) × ln(share now / share then), with bins that held a tenth
each then. The customary reading: below .1 the same, from .25 another population (Siddiqi 2006, Credit Risk Scorecards).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import ibis.expr.types as ir
import numpy as np

from cdp_assets.attributes.metrics import Floats
from cdp_assets.attributes.plain_models import rounded
from cdp_assets.quality.checks import CheckResult, Judged

ANOTHER_POPULATION = 0.25
SCORE = "score"
"""The figure that is a model's own; the last word of its name, where a model has several."""

LEAST = 200
"""Customers of whom bins are kept: of fewer, a bin's edge would be near to somebody's own figure."""

SAMPLE = 20_000
"""Customers who tell what is usual today, and whether that has drifted."""

INPUTS_HOLD = Judged(
    "inputs_have_not_drifted",
    "Those who are scored today have figures like those whom the model was learnt from or judged on: no stability "
    "index from .25.",
    blocking=False,
)
SCORES_HOLD = Judged(
    "scores_have_not_drifted",
    "The model's scores today are spread like those of the people whom it was learnt from or judged on: a stability "
    "index below .25.",
    blocking=False,
)

_BINS = 10


@dataclass(frozen=True)
class Bins:
    """How customers were spread over a figure: all that is kept of them.

    Args:
        edges: Between the bins, each of which held a tenth of them.
        shares: Of each bin, and of those for whom the figure was not defined.
    """

    edges: Sequence[float]
    shares: Sequence[float]

    def to_plain(self) -> dict[str, list[float]]:
        """As values that JSON knows."""
        return {"edges": [rounded(edge) for edge in self.edges], "shares": [rounded(share) for share in self.shares]}

    @classmethod
    def of(cls, plain: Mapping[str, Sequence[float]]) -> Bins:
        """Read what `to_plain` wrote."""
        return cls(plain["edges"], plain["shares"])


def spread(figures: Mapping[str, Floats]) -> dict[str, Bins]:
    """How customers are spread over each of several figures; nothing of fewer than `LEAST` of them."""
    return {name: bins(values) for name, values in figures.items() if len(values) >= LEAST}


def stability(then: Mapping[str, Bins], now: Mapping[str, Floats]) -> dict[str, float]:
    """Figure → its stability index, of those that were known then and for which there is anybody now."""
    return {name: stability_index(bins, now[name]) for name, bins in then.items() if len(now.get(name, ()))}


def in_sample(rows: ir.Table, customers: int) -> ir.BooleanValue:
    """Which rows, of so many, are looked at: profile ids are hashes, so that this is a fair and repeatable sample."""
    return rows.profile_id % max(1, customers // SAMPLE) == 0


def bins(figures: Floats) -> Bins:
    """Spread customers over bins; what is not defined (NaN) is a bin of its own.

    Half a customer is added to each bin, so that an empty one says no more than its numbers can.
    """
    known = figures[np.isfinite(figures)]
    inner = np.linspace(0, 1, _BINS + 1)[1:-1]
    edges: Floats = np.unique(np.quantile(known, inner)) if len(known) else np.empty(0)
    return Bins(edges.tolist(), _shares(figures, edges).tolist())


def stability_index(then: Bins, now: Floats) -> float:
    """The population stability index of a figure."""
    before, after = np.array(then.shares), _shares(now, np.array(then.edges))
    return round(float(((after - before) * np.log(after / before)).sum()), 4)


def _shares(figures: Floats, edges: Floats) -> Floats:
    known = np.isfinite(figures)
    counts = np.bincount(np.searchsorted(edges, figures[known], side="left"), minlength=len(edges) + 1) + 0.5
    counts = np.append(counts, (~known).sum() + 0.5)
    return np.asarray(counts / counts.sum(), dtype=float)


def verdicts(found: Mapping[str, float], since: str) -> list[CheckResult]:
    """The outcomes of `INPUTS_HOLD` and `SCORES_HOLD`.

    Args:
        found: Figure → its stability index; empty if there was nothing to compare with.
        since: The day that was compared with.
    """
    scores = {name: index for name, index in found.items() if name.split()[-1] == SCORE}
    inputs = {name: index for name, index in found.items() if name not in scores}
    return [_verdict(INPUTS_HOLD, inputs, since), _verdict(SCORES_HOLD, scores, since)]


def _verdict(check: Judged, found: Mapping[str, float], since: str) -> CheckResult:
    if not found:
        return check.outcome(True, "nothing was learnt of enough people, so there is nothing to drift from")
    drifted = {name: index for name, index in found.items() if index >= ANOTHER_POPULATION}
    if not drifted:
        return check.outcome(True, f"like those of {since}", largest=max(found.values()))
    told = ", ".join(f"{name} ({index:.2f})" for name, index in sorted(drifted.items(), key=lambda each: -each[1]))
    return check.outcome(False, f"not like those of {since}: {told}", largest=max(found.values()))
