"""Whether customers today are like those whom a model was judged on.

Belongs here: the population stability index of figures, and the verdict on it. Does not belong here: which customers
and figures (`churn.py`), and how good a model is (`metrics.py`).

The index is the sum over bins of (share now − share then) × ln(share now / share then), with bins that held a tenth
each then. The customary reading: below .1 the same, from .25 another population (Siddiqi 2006, Credit Risk Scorecards).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cdp_assets.attributes.purchase_models import Floats

if TYPE_CHECKING:
    from cdp_assets.quality.checks import CheckResult, Judged

ANOTHER_POPULATION = 0.25
SCORE = "score"
"""The figure that is a model's own."""

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


def verdict(check: Judged, found: Mapping[str, float] | None, since: str) -> CheckResult:
    """The outcome of a check that none of some figures has become another population's.

    Args:
        check: The check.
        found: Figure → its index; None if there was no day to compare with.
        since: The day that was compared with.
    """
    if not found:
        return check.outcome(True, "nothing was learnt, so there is nothing to drift from")
    drifted = {name: index for name, index in found.items() if index >= ANOTHER_POPULATION}
    if not drifted:
        return check.outcome(True, f"like those of {since}", largest=max(found.values()))
    told = ", ".join(f"{name} ({index:.2f})" for name, index in sorted(drifted.items(), key=lambda each: -each[1]))
    return check.outcome(False, f"not like those of {since}: {told}", largest=max(found.values()))
