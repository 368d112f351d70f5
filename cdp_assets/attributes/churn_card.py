"""The churn model's card: what it was learnt from, how it was judged, and the calibration plot.

Belongs here: presentation of what `churn.learn` found. Does not belong here: learning and judging.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cdp_assets.attributes import churn_model, metrics
from cdp_assets.attributes.churn_features import FEATURES
from cdp_assets.attributes.metrics import Floats
from cdp_assets.warehouse.built import plot

if TYPE_CHECKING:
    from cdp_assets.attributes.churn import Learned


def card(learned: Learned) -> dict[str, Any]:
    """Metadata of the asset."""
    found: dict[str, Any] = {
        "model_card": {
            "published": learned.published.name,
            "churned_means": "not known yet"
            if learned.horizon_days is None
            else f"no purchase within {learned.horizon_days} days",
            "data_until": learned.until.isoformat(),
            "population": "profiles with at least one purchase",
            "features": list(FEATURES),
            "parameters": {
                "trees": dict(churn_model.BOOSTING),
                "line": {"C": churn_model.LOGISTIC_C},
                "calibration": {"slope": learned.published.slope, "intercept": learned.published.intercept},
            },
            "seed": churn_model.SEED,
        },
        "backtest": learned.report,
    }
    if learned.judged is not None:
        found["beats_baseline"] = learned.report["beats_baseline"]
        found["calibration_plot"] = plot(draw(learned, *learned.judged, "Predicted risk", "Share that churned"))
    return found


def draw(learned: Learned, probability: Floats, happened: Floats, predicted: str, actual: str) -> Any:
    """Predicted against actual share, in ten equally filled bins; a matplotlib figure.

    Args:
        learned: With a back-test.
        probability: What was predicted of each customer of the back-test.
        happened: Whether it came so (0 or 1).
        predicted: What the former is called.
        actual: What the share of the latter is called.
    """
    from matplotlib.figure import Figure

    bins = metrics.calibration(probability, happened)
    figure = Figure(figsize=(5, 4.5))
    axes = figure.add_subplot()
    axes.plot([0, 1], [0, 1], color="grey", linewidth=1)
    axes.plot(bins["predicted"], bins["actual"], "o-", color="tab:blue")
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.set_xlabel(predicted)
    axes.set_ylabel(actual)
    axes.set_title(f"Back-test at {learned.report['cut']}: AUC {learned.report['auc']:.3f}", fontsize=10)
    return figure
