"""A back-test of the attributes' models in the terminal.

Belongs here: layout. Does not belong here: judging (`attributes/backtest/`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cdp_assets.presentation.terminal import facts

if TYPE_CHECKING:
    from cdp_assets.attributes.backtest.judge import Judged


def backtest_text(judged: Judged, cut: date, horizon_days: int, seconds: float) -> RenderableType:
    """Churn, value and purchases, each beside its baselines."""
    figures = judged.figures
    churn_by, value_by = judged.models
    return Group(
        Text(
            f"\n{figures['customers']:,} customers as of {cut}, judged by the {horizon_days} days after", style="bold"
        ),
        facts(
            [
                ("churned", Text(f"{judged.churned_share:.1%} did not buy; they spent {judged.spent:,.2f} in all")),
                *([("fallbacks", Text("\n".join(figures["fallbacks"]), "yellow"))] if figures["fallbacks"] else []),
                *([("mind", Text("\n".join(judged.notes), "yellow"))] if judged.notes else []),
                ("took", Text(f"{seconds:.1f} s")),
            ]
        ),
        _churn(figures["churn"], churn_by),
        _value(figures["value"], value_by),
        _purchases(figures["purchases"], figures["parameters"]),
        Text(),
    )


def _churn(found: Mapping[str, Any], made_by: str) -> Table:
    table = _table("Who will not come back", "AUC", "PR AUC", "Brier", "ECE")
    table.add_row(made_by, *(_figure(found[name]) for name in ("auc", "pr_auc", "brier", "ece")), style="bold")
    for name, area in found["baselines"].items():
        table.add_row(name, _figure(area))
    return table


def _value(found: Mapping[str, Any], made_by: str) -> Table:
    names = ("spearman", "top_decile_capture", "mae", "total_error")
    table = _table("What they will spend", "Spearman", "top tenth has", "mean error", "total")
    table.add_row(made_by, *(_figure(found[name]) for name in names), style="bold")
    for baseline, figures in found["baselines"].items():
        table.add_row(baseline, *(_figure(figures[name]) for name in names))
    return table


def _purchases(found: Mapping[str, Any], parameters: Mapping[str, float]) -> Table:
    table = _table("How often they will buy", "actual", "predicted", "correlation", "RMSE")
    fitted = ", ".join(f"{name} {value:g}" for name, value in parameters.items())
    table.add_row(fitted, *(_figure(found[name]) for name in ("actual", "predicted", "correlation", "rmse")))
    return table


def _table(title: str, *headings: str) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column("")
    for heading in headings:
        table.add_column(heading, justify="right")
    return table


def _figure(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.4f}"
