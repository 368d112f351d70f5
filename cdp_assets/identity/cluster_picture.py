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
_OTHER_KIND = "#5B6472"
_NUMBER = "number or id"
_MOST_LABELLED = 12
"""With more lines than this, the legend alone says what they are."""


def picture(cluster: Cluster) -> Figure:
    """One cluster as a figure."""
    from matplotlib.figure import Figure

    side = 5.2 + min(len(cluster.points), 24) * 0.16
    figure = Figure(figsize=(side * 1.25, side), layout="constrained")
    _draw(figure.subplots(), cluster)
    return figure


def pictures(clusters: Sequence[Cluster]) -> Figure:
    """Several clusters side by side, smaller."""
    from matplotlib.figure import Figure

    columns = min(2, max(1, len(clusters)))
    rows = math.ceil(len(clusters) / columns) or 1
    figure = Figure(figsize=(6.4 * columns, 4.8 * rows), layout="constrained")
    axes: list[Axes] = list(figure.subplots(rows, columns, squeeze=False).flat)
    for axis, cluster in zip(axes, clusters, strict=False):
        _draw(axis, cluster)
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


def _draw(axes: Axes, cluster: Cluster) -> None:
    import matplotlib.patheffects as effects

    points = list(cluster.points)
    place = {point.key: at for point, at in zip(points, _layout(points, cluster.lines), strict=True)}
    sources = sorted({point.source for point in points if not point.outside})
    colour = {source: _SOURCES[number % len(_SOURCES)] for number, source in enumerate(sources)}
    halo = [effects.withStroke(linewidth=2.6, foreground="white")]
    axes.margins(0.16)
    axes.set_aspect("equal", adjustable="datalim")
    for line in cluster.lines:
        _draw_line(axes, line, place, halo, labelled=len(cluster.lines) <= _MOST_LABELLED)
    for point in points:
        x, y = place[point.key]
        size = 240 + 200 * math.log2(point.records)
        face = "white" if point.outside else colour[point.source]
        edge = _REFUSED if point.outside else "white"
        axes.scatter([x], [y], s=size, c=face, edgecolors=edge, linewidths=1.6, zorder=3)
        text = point.label if point.outside else f"{point.label}\n{point.stream}"
        axes.annotate(
            text, (x, y), xytext=(0, -(4 + math.sqrt(size) / 2)), textcoords="offset points", ha="center", va="top",
            fontsize=7.5, color=_FAINT if point.outside else _INK, zorder=5, linespacing=1.15, path_effects=halo,
        )  # fmt: skip
    axes.set_title(_title(cluster), fontsize=10, color=_INK, loc="left")
    axes.axis("off")
    axes.legend(
        handles=_legend(cluster, colour), loc="upper center", bbox_to_anchor=(0.5, 0.0), ncols=6, frameon=False,
        fontsize=7.5, handletextpad=0.5, columnspacing=1.2,
    )  # fmt: skip


def _legend(cluster: Cluster, colour: dict[str, str]) -> list[Any]:
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], marker="o", linestyle="", color=tone, markersize=7, label=source)
        for source, tone in colour.items()
    ]
    kinds = dict.fromkeys(_kind(line) for line in cluster.lines if not line.refused)
    handles += [Line2D([], [], color=_tone(kind), linewidth=2.4, label=kind) for kind in kinds]
    if any(line.refused for line in cluster.lines):
        handles.append(Line2D([], [], linestyle=(0, (4, 3)), color=_REFUSED, label="refused"))
    return handles


def _kind(line: Line) -> str:
    """What a line stands for in the legend."""
    return line.kinds[0] if line.kinds[0] in _KINDS else _NUMBER


def _tone(kind: str) -> str:
    return _KINDS.get(kind, _OTHER_KIND)


def _draw_line(
    axes: Axes, line: Line, place: dict[str, tuple[float, float]], halo: list[Any], *, labelled: bool
) -> None:
    (x1, y1), (x2, y2) = place[line.left], place[line.right]
    style: Any = (0, (4, 3)) if line.refused else "solid"
    tone = _REFUSED if line.refused else _tone(_kind(line))
    width = 1.1 if line.refused else 0.6 + 2.6 * line.strength**2
    axes.plot([x1, x2], [y1, y2], color=tone, linewidth=width, linestyle=style, alpha=0.8, zorder=1)
    if labelled or line.refused:
        more = " …" if len(line.kinds) > 1 else ""
        text = line.refused or f"{line.kinds[0]}{more} {line.strength:.2f}"
        angle = math.degrees(math.atan2(y2 - y1, x2 - x1))
        upright = angle - 180 if angle > 90 else angle + 180 if angle < -90 else angle
        axes.annotate(
            text, ((x1 + x2) / 2, (y1 + y2) / 2), ha="center", va="center", fontsize=6.5, color=tone, rotation=upright,
            rotation_mode="anchor", zorder=2, path_effects=halo,
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
    # The picture is wider than high: the longer side of the cluster lies along it.
    at = at - at.mean(axis=0)
    axis = np.linalg.eigh(at.T @ at)[1][:, ::-1]
    at = at @ (axis * np.where(axis[np.abs(axis).argmax(axis=0), [0, 1]] < 0, -1, 1))
    return [(float(x), float(y)) for x, y in at]
