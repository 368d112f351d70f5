"""Recency, frequency and monetary value as quintiles, and the customary named groups.

Belongs here: the scores and their names. Does not belong here: what a purchase is (`purchases.py`), and predictions.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir

from cdp_assets.attributes.known_facts import days_since
from cdp_assets.canonical.schema import MONEY
from cdp_assets.warehouse.built import Built, markdown, plot

if TYPE_CHECKING:
    import pandas as pd

    from cdp_assets.warehouse.engine import Engine

GROUPS = {
    "champions": "bought very recently and buy often",
    "loyal": "buy often, and not long ago",
    "potential loyalists": "recent customers who have come back",
    "new customers": "bought very recently for the first time",
    "promising": "bought recently, but for the first time or seldom",
    "need attention": "average in everything",
    "about to sleep": "seldom bought, and some time ago",
    "cannot lose": "used to buy very often, but not for long",
    "at risk": "used to buy often, but not for long",
    "hibernating": "seldom bought, and long ago",
}
"""Name of each group → whom it holds."""

_BY_FREQUENCY = {
    5: ("new customers", "potential loyalists", "potential loyalists", "champions", "champions"),
    4: ("promising", "potential loyalists", "potential loyalists", "loyal", "loyal"),
    3: ("about to sleep", "about to sleep", "need attention", "loyal", "loyal"),
    2: ("hibernating", "hibernating", "at risk", "at risk", "cannot lose"),
    1: ("hibernating", "hibernating", "at risk", "at risk", "cannot lose"),
}
"""Recency score → the group for frequency scores 1 to 5: the grid that marketers customarily use."""


def rfm_scores(purchases: ir.Table, until: date) -> ir.Table:
    """Score every customer who has bought by a day.

    A score is the quintile of the middle rank among equal values: equal customers always get equal scores, whatever
    the order of the rows, and where most bought once, they do not fill several quintiles by chance. Whoever bought once
    has the lowest frequency score however many they are: nobody is a loyalist for having come once.

    Args:
        purchases: The table of `purchases.purchase_days`.
        until: Last day that may be seen.

    Returns:
        `profile_id`, `recency_days` (since the last purchase), `frequency` (purchases), `monetary` (net spend minus
        refunds, reporting currency), `r_score`, `f_score`, `m_score` (1 to 5, 5 is best) and `rfm_group`.
    """
    seen = purchases.filter(purchases.day <= until)
    summed = seen.group_by("profile_id").aggregate(
        last_visit=seen.day.max(where=seen.purchases > 0),
        frequency=seen.purchases.sum(),
        monetary=(seen.net - seen.refunded).sum().cast(MONEY),
    )
    customers = summed.filter(summed.frequency > 0)
    customers = customers.select(
        "profile_id", "frequency", "monetary", recency_days=days_since(customers.last_visit, until)
    )
    scored = customers.mutate(
        r_score=_quintile(-customers.recency_days),
        f_score=ibis.ifelse(customers.frequency == 1, 1, _quintile(customers.frequency)).cast("int8"),
        m_score=_quintile(customers.monetary),
    )
    return scored.mutate(rfm_group=_group(scored.r_score, scored.f_score))


def _quintile(value: ir.Value) -> ir.IntegerValue:
    below = ibis.rank().over(ibis.window(order_by=value))
    equal = value.count().over(ibis.window(group_by=value))
    everyone = value.count().over(ibis.window())
    # The middle rank, doubled to stay a whole number, in fifths of everyone.
    return ibis.least(((below * 2 + equal) * 5 // (everyone * 2)) + 1, 5).cast("int8")


def _group(r_score: ir.Value, f_score: ir.Value) -> ir.StringValue:
    branches = [
        ((r_score == r) & (f_score == f), name)
        for r, names in _BY_FREQUENCY.items()
        for f, name in enumerate(names, start=1)
    ]
    return ibis.cases(*branches, else_="hibernating")


def group_sizes(scores: ir.Table) -> ir.Table:
    """Customers and their money per cell of the recency × frequency grid, sorted."""
    return (
        scores.group_by(["r_score", "f_score", "rfm_group"])
        .aggregate(customers=scores.count(), monetary=scores.monetary.sum().cast(MONEY))
        .order_by(["r_score", "f_score"])
    )


def scored_with_picture(purchases: ir.Table, until: date, engine: Engine) -> Built:
    """The scores with their heat map and the size of each group as metadata."""
    scores = engine.scratch(rfm_scores(purchases, until))
    cells = engine.to_pandas(group_sizes(scores))
    sizes = cells.groupby("rfm_group")["customers"].sum()
    metadata: dict[str, Any] = {
        "customers_by_group": {name: int(sizes.get(name, 0)) for name in GROUPS},
        "groups": markdown("\n".join(f"- **{name}**: {meaning}" for name, meaning in GROUPS.items())),
    }
    if len(cells):
        metadata["heat_map"] = plot(heat_map(cells))
    return Built(scores, metadata)


def heat_map(cells: pd.DataFrame) -> Any:
    """Draw how many customers are in each cell of the grid; a matplotlib figure.

    Args:
        cells: The rows of `group_sizes`.
    """
    import numpy as np
    from matplotlib.figure import Figure

    counts = np.zeros((5, 5))
    counts[cells["r_score"].to_numpy(int) - 1, cells["f_score"].to_numpy(int) - 1] = cells["customers"]
    share = counts / max(counts.sum(), 1)
    figure = Figure(figsize=(8, 5.5))
    axes = figure.add_subplot()
    image = axes.imshow(share, origin="lower", cmap="YlGnBu", aspect="auto", vmin=0)
    for r in range(5):
        for f in range(5):
            name = _BY_FREQUENCY[r + 1][f].replace(" ", "\n")
            axes.text(
                f, r, f"{name}\n{int(counts[r, f]):,}", ha="center", va="center", fontsize=8,
                color="white" if share[r, f] > 0.6 * max(share.max(), 1e-9) else "black",
            )  # fmt: skip
    axes.set_xticks(range(5), [str(score) for score in range(1, 6)])
    axes.set_yticks(range(5), [str(score) for score in range(1, 6)])
    axes.set_xlabel("Frequency score (5 = buys most often)")
    axes.set_ylabel("Recency score (5 = bought most recently)")
    axes.set_title("Customers by recency and frequency")
    figure.colorbar(image, ax=axes, label="Share of customers")
    return figure
