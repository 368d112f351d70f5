"""A profile's cluster as a picture.

Belongs here: layout, colours, and drawing with matplotlib. Does not belong here: what is drawn (`cluster.py`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cdp_assets.identity.cluster import Cluster, Line, Point

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SOURCES = ("#3B6FB6", "#D9822B", "#3A9D5D", "#8E5EA2", "#B5493B", "#2A9D9D", "#A08A2E", "#6B6B6B")
_INK, _FAINT, _REFUSED = "#23272F", "#9AA1AC", "#C0392B"
_KINDS = {
    "steward": "#111111",
    "likeness": "#8E5EA2",
    "e-mail": "#2F6DB5",
    "e-mail mailbox": "#7FA7D6",
    "phone": "#3A9D5D",
    "address": "#C98B2B",
}
_OTHER_KIND = "#4B5563"


def picture(cluster: Cluster) -> Figure:
    """One cluster as a figure."""
    from matplotlib.figure import Figure

    side = 5.2 + min(len(cluster.points), 24) * 0.16
    figure = Figure(figsize=(side * 1.25, side), layout="constrained")
    _draw(figure.subplots(), cluster, labelled=True)
    return figure


def pictures(clusters: Sequence[Cluster]) -> Figure:
    """Several clusters side by side, smaller."""
    from matplotlib.figure import Figure

    columns = min(2, max(1, len(clusters)))
    rows = math.ceil(len(clusters) / columns) or 1
    figure = Figure(figsize=(6.4 * columns, 4.8 * rows), layout="constrained")
    axes: list[Axes] = list(figure.subplots(rows, columns, squeeze=False).flat)
    for axis, cluster in zip(axes, clusters, strict=False):
        _draw(axis, cluster, labelled=len(cluster.points) <= 12)
    for axis in axes[len(clusters) :]:
        axis.axis("off")
    return figure


def picture_bytes(cluster: Cluster, kind: str) -> bytes:
    """The picture as a file's content: ``svg`` or ``png``."""
    import io

    from matplotlib import rc_context

    buffer = io.BytesIO()
    with rc_context({"svg.hashsalt": "cluster"}):
        metadata: dict[str, Any] = {"Date": None} if kind == "svg" else {}
        picture(cluster).savefig(buffer, format=kind, dpi=150, metadata=metadata)
    return buffer.getvalue()


def _draw(axes: Axes, cluster: Cluster, *, labelled: bool) -> None:
    from matplotlib.lines import Line2D

    points = list(cluster.points)
    place = {point.key: at for point, at in zip(points, _layout(points, cluster.lines), strict=True)}
    sources = sorted({point.source for point in points if not point.outside})
    colour = {source: _SOURCES[number % len(_SOURCES)] for number, source in enumerate(sources)}
    for line in cluster.lines:
        _draw_line(axes, line, place, labelled=labelled)
    for point in points:
        x, y = place[point.key]
        size = 260 + 210 * math.log2(point.records)
        face = "white" if point.outside else colour[point.source]
        edge = _REFUSED if point.outside else "white"
        axes.scatter([x], [y], s=size, c=face, edgecolors=edge, linewidths=1.6, zorder=3)
        text = point.label if point.outside else f"{point.label}\n{point.stream}"
        axes.annotate(
            text, (x, y), xytext=(0, -(9 + math.sqrt(size) / 2)), textcoords="offset points", ha="center", va="top",
            fontsize=7.5, color=_FAINT if point.outside else _INK, zorder=4, linespacing=1.15,
        )  # fmt: skip
    axes.set_title(_title(cluster), fontsize=10, color=_INK, loc="left")
    handles = [
        Line2D([], [], marker="o", linestyle="", color=colour[source], markersize=8, label=source) for source in sources
    ]
    if any(line.refused for line in cluster.lines):
        handles.append(Line2D([], [], linestyle=(0, (4, 3)), color=_REFUSED, label="refused"))
    axes.legend(
        handles=handles, loc="upper center", bbox_to_anchor=(0.5, -0.01), ncols=6, frameon=False, fontsize=8,
        handletextpad=0.4, columnspacing=1.2,
    )  # fmt: skip
    axes.margins(0.16)
    axes.set_aspect("equal", adjustable="datalim")
    axes.axis("off")


def _draw_line(axes: Axes, line: Line, place: dict[str, tuple[float, float]], *, labelled: bool) -> None:
    (x1, y1), (x2, y2) = place[line.left], place[line.right]
    style: Any = "solid"
    if line.refused:
        colour, width, style = _REFUSED, 1.1, (0, (4, 3))
    else:
        colour, width = _KINDS.get(line.kinds[0], _OTHER_KIND), 0.8 + 2.4 * line.strength
    axes.plot([x1, x2], [y1, y2], color=colour, linewidth=width, linestyle=style, alpha=0.85, zorder=1)
    if labelled:
        text = ", ".join(line.kinds[:2]) + (" …" if len(line.kinds) > 2 else "")
        text = f"{text}: {line.refused}" if line.refused else f"{text} {line.strength:.2g}"
        box = {"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none", "alpha": 0.8}
        axes.annotate(
            text, ((x1 + x2) / 2, (y1 + y2) / 2), ha="center", va="center", fontsize=6.5, color=colour, bbox=box,
            zorder=2,
        )  # fmt: skip


def _title(cluster: Cluster) -> str:
    text = f"Profile •••{str(cluster.profile_id)[-4:]}: {cluster.records:,} record{'' if cluster.records == 1 else 's'}"
    text += ", those alike drawn as one" if cluster.summarised else ""
    return f"{text}; {cluster.unseen} more profiles refused" if cluster.unseen else text


def _layout(points: list[Point], lines: Sequence[Line]) -> list[tuple[float, float]]:
    """Places of points: springs along lines, repulsion everywhere (Fruchterman and Reingold 1991), from a circle on.

    The same cluster is always drawn the same.
    """
    import numpy as np

    count = len(points)
    if count == 1:
        return [(0.0, 0.0)]
    number = {point.key: index for index, point in enumerate(points)}
    angle = np.arange(count) * (math.pi * (3 - math.sqrt(5)))
    radius = np.sqrt(np.arange(count) + 0.5)
    at: npt.NDArray[np.float64] = np.column_stack([np.cos(angle) * radius, np.sin(angle) * radius])
    pull = np.zeros((count, count))
    for line in lines:
        one, two = number[line.left], number[line.right]
        pull[one, two] = pull[two, one] = 0.45 if line.refused else 0.6 + line.strength
    ideal = 1.6
    heat = 1.2
    for _step in range(320):
        difference = at[:, None, :] - at[None, :, :]
        distance = np.maximum(np.linalg.norm(difference, axis=2), 0.02)
        force = ideal**2 / distance**2 - pull * distance / ideal
        np.fill_diagonal(force, 0.0)
        # A little gravity keeps points without lines in the picture.
        move = (difference * force[:, :, None]).sum(axis=1) - at * 0.04
        length = np.maximum(np.linalg.norm(move, axis=1, keepdims=True), 1e-9)
        at = at + move / length * np.minimum(length, heat)
        heat *= 0.985
    at = at - at.mean(axis=0)
    return [(float(x), float(y)) for x, y in at]
