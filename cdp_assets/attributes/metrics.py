"""How good predictions were: the measures that model cards report.

Belongs here: measures on arrays, each of which answers None where it is not defined (one class only, no variation,
nobody to judge). Does not belong here: models, tables and plots.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

Floats = np.ndarray[Any, np.dtype[np.float64]]


def rounded(value: float | None, digits: int = 4) -> float | None:
    """A number fit for metadata; None where it is not finite."""
    return None if value is None or not np.isfinite(value) else round(float(value), digits)


def spearman(predicted: Floats, actual: Floats) -> float | None:
    """Spearman's rank correlation; ties share their mean rank."""
    return correlation(_ranks(predicted), _ranks(actual))


def correlation(predicted: Floats, actual: Floats) -> float | None:
    """Pearson's correlation."""
    if len(actual) < 2 or np.ptp(predicted) == 0 or np.ptp(actual) == 0:
        return None
    return rounded(float(np.corrcoef(predicted, actual)[0, 1]))


def _ranks(values: Floats) -> Floats:
    _, position, counts = np.unique(values, return_inverse=True, return_counts=True)
    upper = np.cumsum(counts)
    ranks: Floats = ((2 * upper - counts + 1) / 2)[position]
    return ranks


def top_decile_capture(predicted: Floats, actual: Floats) -> float | None:
    """Share of the actual total that came from the tenth of customers with the highest predictions."""
    total = float(actual.sum())
    tenth = len(actual) // 10
    if tenth == 0 or total <= 0:
        return None
    best = np.argsort(-predicted, kind="stable")[:tenth]
    return rounded(float(actual[best].sum()) / total)


def mean_absolute_error(predicted: Floats, actual: Floats) -> float | None:
    return rounded(float(np.abs(predicted - actual).mean())) if len(actual) else None


def root_mean_square_error(predicted: Floats, actual: Floats) -> float | None:
    return rounded(float(np.sqrt(((predicted - actual) ** 2).mean()))) if len(actual) else None


def total_error(predicted: Floats, actual: Floats) -> float | None:
    """How far the predicted total is from the actual one, as a share of it: −.1 is a tenth too low."""
    total = float(actual.sum())
    return rounded(float(predicted.sum()) / total - 1) if total > 0 else None


def auc(score: Floats, happened: Floats) -> float | None:
    """Area under the ROC curve: how often a random case that happened scores above one that did not."""
    positives = float(happened.sum())
    negatives = len(happened) - positives
    if positives == 0 or negatives == 0:
        return None
    ranked = float(_ranks(score)[happened > 0].sum())
    return rounded((ranked - positives * (positives + 1) / 2) / (positives * negatives))


def pr_auc(score: Floats, happened: Floats) -> float | None:
    """Average precision: area under the precision-recall curve."""
    if happened.sum() in (0, len(happened)):
        return None
    from sklearn.metrics import average_precision_score

    return rounded(float(average_precision_score(happened, score)))


def top_decile_lift(score: Floats, happened: Floats) -> float | None:
    """How many times as often it happened to the tenth with the highest scores as to all."""
    tenth = len(happened) // 10
    if tenth == 0 or happened.sum() == 0:
        return None
    best = np.argsort(-score, kind="stable")[:tenth]
    return rounded(float(happened[best].mean() / happened.mean()))


def brier(probability: Floats, happened: Floats) -> float | None:
    """Mean squared difference between the probability and what happened (0 or 1)."""
    return rounded(float(((probability - happened) ** 2).mean())) if len(happened) else None


def calibration(probability: Floats, happened: Floats, bins: int = 10) -> pd.DataFrame:
    """Equally filled bins of the probability: `predicted` (mean), `actual` (share that happened), `customers`."""
    import pandas as pd

    order = np.argsort(probability, kind="stable")
    pieces = [piece for piece in np.array_split(order, bins) if len(piece)]
    return pd.DataFrame(
        {
            "predicted": [float(probability[piece].mean()) for piece in pieces],
            "actual": [float(happened[piece].mean()) for piece in pieces],
            "customers": [len(piece) for piece in pieces],
        }
    )


def expected_calibration_error(probability: Floats, happened: Floats) -> float | None:
    """Mean distance between predicted and actual share over equally filled bins (`calibration`)."""
    if not len(happened):
        return None
    table = calibration(probability, happened)
    distance = (table["predicted"] - table["actual"]).abs()
    return rounded(float((distance * table["customers"]).sum() / table["customers"].sum()))
