"""What the UI shows about a segment besides its rows: how its size went.

Belongs here: figures for people. Does not belong here: anything that decides who is in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import ibis.expr.types as ir

from cdp_assets.warehouse.built import Markdown, Plot, markdown, plot
from cdp_assets.warehouse.engine import Engine


@dataclass(frozen=True)
class Size:
    """A segment's size at one run."""

    as_of: datetime
    members: int


def histories(engine: Engine, sizes: ir.Table) -> dict[str, list[Size]]:
    """Segment → its sizes from the first run to the last."""
    found: dict[str, list[Size]] = {}
    for row in engine.to_arrow(sizes.select("segment", "as_of", "members").order_by("as_of")).to_pylist():
        found.setdefault(row["segment"], []).append(Size(row["as_of"], row["members"]))
    return found


def size_history(name: str, history: Sequence[Size]) -> Plot | Markdown:
    """A segment's size over time: a picture from the second run on."""
    if len(history) < 2:
        return markdown(f"{history[0].members} at the first run." if history else "No run yet.")
    import numpy as np
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5, 1.8))
    axes = figure.subplots()
    instants = np.array([size.as_of.astimezone(UTC).replace(tzinfo=None) for size in history], dtype="datetime64[s]")
    axes.plot(instants, np.array([size.members for size in history]), marker="o", color="#4f43dd")
    axes.set_title(f"{name}: members", fontsize=9, loc="left")
    axes.set_ylim(0, max(1.0, 1.15 * max(size.members for size in history)))
    locator = AutoDateLocator(minticks=3, maxticks=7)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
    axes.tick_params(labelsize=7)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    return plot(figure)
