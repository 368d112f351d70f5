"""The churn model's card: what it was learnt from, how it was judged, and the calibration plot.

Belongs here: presentation of what `churn.learn` found. Does not belong here: learning and judging.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cdp_assets.attributes import churn_model
from cdp_assets.attributes.churn_features import FEATURES
from cdp_assets.warehouse.built import plot

if TYPE_CHECKING:
    from cdp_assets.attributes.churn_learned import Learned


def card(learned: Learned) -> dict[str, Any]:
    """Metadata of the asset of the model."""
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
    if learned.is_learnt:
        found["calibration_plot"] = plot(draw(learned.report, "Predicted risk", "Share that churned"))
    return found


def draw(report: Mapping[str, Any], predicted: str, actual: str, *, turned: bool = False) -> Any:
    """Predicted against actual share, in ten equally filled bins; a matplotlib figure.

    Args:
        report: Of a back-test.
        predicted: What the probability is called.
        actual: What the share is called.
        turned: Whether to show the opposite of what the back-test is about.
    """
    from matplotlib.figure import Figure

    bins = report["calibration"]
    across, up = ([1 - share if turned else share for share in bins[name]] for name in ("predicted", "actual"))
    figure = Figure(figsize=(5, 4.5))
    axes = figure.add_subplot()
    axes.plot([0, 1], [0, 1], color="grey", linewidth=1)
    axes.plot(across, up, "o-", color="tab:blue")
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.set_xlabel(predicted)
    axes.set_ylabel(actual)
    axes.set_title(f"Back-test at {report['cut']}: AUC {report['auc']:.3f}", fontsize=10)
    return figure
