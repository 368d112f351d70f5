"""Whether customers today are like those whom a model was judged on.

Belongs here: the population stability index of figures, and the verdict on it. Does not belong here: which customers
and figures (`churn.py`), and how good a model is (`metrics.py`).

The index is the sum over bins of (share now − share then) × ln(share now / share then), with bins that held a tenth
each then. The customary reading: below .1 the same, from .25 another population (Siddiqi 2006, Credit Risk Scorecards).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from cdp_assets.attributes.purchase_models import Floats

if TYPE_CHECKING:
    import pandas as pd

    from cdp_assets.quality.checks import CheckResult, Judged

ANOTHER_POPULATION = 0.25
_BINS = 10


def stability_index(then: Floats, now: Floats) -> float:
    """The population stability index of a figure; what is not defined (NaN) is a bin of its own.

    Half a customer is added to each bin, so that an empty one says no more than its numbers can.
    """
    known = then[np.isfinite(then)]
    inner = np.linspace(0, 1, _BINS + 1)[1:-1]
    edges: Floats = np.unique(np.quantile(known, inner)) if len(known) else np.empty(0)
    before, after = (_shares(figures, edges) for figures in (then, now))
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


def compared(then: pd.DataFrame, now: pd.DataFrame, names: Iterable[str]) -> dict[str, float]:
    """Column → index of two frames' columns."""
    return {name: stability_index(then[name].to_numpy(float), now[name].to_numpy(float)) for name in names}
