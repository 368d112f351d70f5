"""Who came back in which month after their first purchase.

Belongs here: cohorts by month of first purchase, and their heat map. Does not belong here: what a purchase is
(`attributes/purchases.py`).
"""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import ibis.expr.types as ir

from cdp_assets.attributes.known_facts import last_day
from cdp_assets.canonical.schema import MONEY
from cdp_assets.warehouse.built import Built, plot

if TYPE_CHECKING:
    import pandas as pd

    from cdp_assets.warehouse.engine import Engine

SHOWN = 18
"""Most months and cohorts in the picture."""


def cohorts(purchases: ir.Table, until: date) -> ir.Table:
    """Follow the customers of each month of first purchase through the months since.

    Args:
        purchases: The table of `attributes.purchases`.
        until: Last day that may be seen; its month is the last, and may not be over yet.

    Returns:
        The columns of `schemas.COHORTS`; a month in which nobody of a cohort came back has a row with 0.
    """
    seen = purchases.filter(purchases.day <= until)
    visits = seen.filter(seen.purchases > 0)
    firsts = visits.group_by("profile_id").aggregate(cohort=visits.day.min().truncate("M"))
    sizes = firsts.group_by("cohort").aggregate(customers=firsts.count())
    rows = seen.select(
        "profile_id", month=seen.day.truncate("M"), bought=seen.purchases > 0, spend=seen.net - seen.refunded
    )
    rows = rows.inner_join(firsts, "profile_id")
    active = rows.group_by(["cohort", "month"]).aggregate(
        active=rows.profile_id.nunique(where=rows.bought), net_spend=rows.spend.sum().cast(MONEY)
    )
    months = rows.select("month").distinct()
    grid = sizes.cross_join(months)
    grid = grid.filter(grid.month >= grid.cohort)
    joined = grid.left_join(active, ["cohort", "month"])
    filled = joined.select(
        grid.cohort,
        grid.month,
        grid.customers,
        active=active.active.fill_null(0),
        net_spend=active.net_spend.fill_null(0).cast(MONEY),
    )
    return filled.select(
        "cohort",
        "customers",
        "active",
        "net_spend",
        months_since=_month_number(filled.month) - _month_number(filled.cohort),
        retention=filled.active.cast("float64") / filled.customers,
    )


def _month_number(day: ir.DateValue) -> ir.IntegerValue:
    return day.year().cast("int64") * 12 + day.month()


def cohorts_with_picture(purchases: ir.Table, as_of: datetime, engine: Engine) -> Built:
    """The cohorts with their heat map as metadata."""
    table = engine.scratch(cohorts(purchases, last_day(as_of)))
    rows = engine.to_pandas(table.order_by(["cohort", "months_since"]))
    return Built(table, {"heat_map": plot(heat_map(rows))} if len(rows) else {})


def heat_map(rows: pd.DataFrame) -> Any:
    """Draw retention by cohort and month since; a matplotlib figure.

    Args:
        rows: The rows of `cohorts`, not empty.
    """
    import numpy as np
    from matplotlib.figure import Figure

    table = rows[rows["months_since"] <= SHOWN].pivot(index="cohort", columns="months_since", values="retention")
    table = table.tail(SHOWN)
    values = table.to_numpy(float)
    figure = Figure(figsize=(max(6, 0.55 * values.shape[1] + 2), max(3, 0.35 * values.shape[0] + 1.5)))
    axes = figure.add_subplot()
    later = values[:, 1:]
    highest = float(np.nanmax(later)) if np.isfinite(later).any() else 1.0
    image = axes.imshow(values, cmap="YlGnBu", aspect="auto", vmin=0, vmax=max(highest, 0.01))
    for row, column in np.argwhere(np.isfinite(values)):
        share = values[row, column]
        axes.text(column, row, f"{share:.0%}", ha="center", va="center", fontsize=7,
                  color="white" if share > 0.6 * highest else "black")  # fmt: skip
    axes.set_xticks(range(values.shape[1]), [str(month) for month in table.columns])
    axes.set_yticks(range(values.shape[0]), [str(cohort)[:7] for cohort in table.index])
    axes.set_xlabel("Months since the first purchase")
    axes.set_ylabel("Month of the first purchase")
    axes.set_title("Share of each cohort that bought")
    figure.colorbar(image, ax=axes)
    return figure
