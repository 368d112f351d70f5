"""The health of the identity graph as people read it: a scorecard, tables and one composed picture.

Belongs here: words and drawing. Does not belong here: measuring (`health.py`) and bounds (`health_checks.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from cdp_assets.identity.health import METRICS, Health
from cdp_assets.identity.health_checks import Limits, in_words
from cdp_assets.warehouse.built import Built, ColumnLineage, markdown, plot

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from cdp_assets.warehouse.engine import Engine

MOST_RUNS = 40
"""Trends show so many runs at most: the last ones."""

_BLUE, _GREEN, _RED, _ORANGE, _GREY = "#4c72b0", "#55a868", "#c44e52", "#dd8452", "#8c8c8c"
_CHANGES = {"merged": _BLUE, "split": _RED, "moved": _ORANGE, "removed": _GREY}

Trend = Mapping[tuple[str, str], Sequence[float | None]]
"""(metric, part) → its value in each of the runs shown, None where it was not measured."""


@dataclass(frozen=True)
class History:
    """The last runs.

    Args:
        runs: Their instants, in order of time.
        values: The figures.
    """

    runs: Sequence[datetime]
    values: Trend

    def line(self, metric: str, part: str = "") -> Sequence[float | None]:
        """One figure over the runs."""
        return self.values.get((metric, part), [None] * len(self.runs))


def described(health: Health, limits: Limits, engine: Engine) -> Built:
    """The table with its figures, pages and picture."""
    history = _history(health, engine)
    figures = {
        metric.replace("_", " "): _plain(value) for metric in METRICS if (value := health.value(metric)) is not None
    }
    metadata: dict[str, Any] = {
        "health": plot(picture(health, history, limits)),
        "scorecard": markdown(scorecard(health, limits)),
        "by kind": markdown(parts_page(health)),
        **figures,
    }
    return Built(health.table, metadata, _LINEAGE)


_IDENTITY = {("identity", name, column) for name, column in (
    ("profile_map", "profile_id"), ("profile_map", "record_id"), ("links", "identifier_type"),
    ("rejected_links", "reason"), ("profile_changes", "change"), ("review_queue", "since"),
)}  # fmt: skip
_NORMALISED = {("normalised", name, column) for name, column in (
    ("contacts", "given_name"), ("contacts", "birth_date"), ("events", "occurred_at"),
    ("identifiers", "identifier_type"),
)}  # fmt: skip
_LINEAGE: ColumnLineage = {"value": _IDENTITY | _NORMALISED, "part": _IDENTITY}


def _plain(value: float) -> int | float:
    return int(value) if value == int(value) else round(value, 5)


def _history(health: Health, engine: Engine) -> History:
    table = health.table
    runs = engine.to_arrow(table.select("as_of").distinct().order_by(table.as_of.desc()).limit(MOST_RUNS))
    instants = sorted(runs["as_of"].to_pylist())
    recent = table.semi_join(table.select("as_of").distinct().order_by(table.as_of.desc()).limit(MOST_RUNS), "as_of")
    place = {instant: number for number, instant in enumerate(instants)}
    values: dict[tuple[str, str], list[float | None]] = {}
    for row in engine.to_arrow(recent.select("as_of", "metric", "part", "value")).to_pylist():
        line = values.setdefault((row["metric"], row["part"]), [None] * len(instants))
        line[place[row["as_of"]]] = row["value"]
    return History(instants, values)


def scorecard(health: Health, limits: Limits) -> str:
    """One line a figure: now, in the run before, its bounds, and whether it keeps them."""
    lines = ["| | figure | now | before | healthy | |", "|---|---|--:|--:|---|---|"]
    bounds = limits.bounds()
    for metric, (unit, explanation) in METRICS.items():
        if not any(reading.metric == metric and not reading.part for reading in health.readings):
            continue
        value = health.value(metric)
        sound = limits.holds(metric, value)
        mark = "" if metric not in bounds else "✓" if sound else "✗"
        lines.append(
            f"| {mark} | {metric.replace('_', ' ')} | {_shown(value, unit)} | {_shown(health.earlier(metric), unit)} | "
            f"{in_words(*bounds[metric]) if metric in bounds else ''} | {explanation} |"
        )
    return "\n".join(lines)


def parts_page(health: Health) -> str:
    """One line a part of each figure that has parts, beside the run before."""
    lines = ["| figure | part | now | before |", "|---|---|--:|--:|"]
    for reading in health.readings:
        if reading.part:
            unit = METRICS[reading.metric][0]
            before = health.earlier(reading.metric, reading.part)
            lines.append(
                f"| {reading.metric.replace('_', ' ')} | {reading.part.replace('_', ' ')} | "
                f"{_shown(reading.value, unit)} | {_shown(before, unit)} |"
            )
    return "\n".join(lines)


def _shown(value: float | None, unit: str) -> str:
    if value is None:
        return "—"
    if unit.startswith("share"):
        return f"{value:.2%}"
    return f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"


def picture(health: Health, history: History, limits: Limits) -> Figure:
    """Six small pictures: sizes, links, changes, hubs, identified events, and the review queue."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 6.2))
    axes = figure.subplots(2, 3)
    drawn: Sequence[tuple[str, Callable[[Axes], None]]] = (
        ("Profiles by number of records", lambda a: _bars(a, health.parts("profiles_by_size"), log=True)),
        ("Links by kind", lambda a: _sideways(a, health.parts("links_by_kind"))),
        ("Profiles changed, by run", lambda a: _stacked(a, history)),
        ("Values excluded, by run", lambda a: _lines(a, history, {"hubs": _BLUE, "placeholders": _GREY})),
        ("Share of events with a known person", lambda a: _identified(a, history)),
        ("Oldest pair in review, days", lambda a: _waiting(a, history, limits)),
    )
    for place, (title, draw) in zip(axes.flat, drawn, strict=True):
        place.set_title(title, fontsize=10, loc="left")
        place.spines[["top", "right"]].set_visible(False)
        place.tick_params(labelsize=8)
        draw(place)
    # Given, since finding it out (a tight layout) takes longer than drawing everything.
    figure.subplots_adjust(left=0.04, right=0.99, top=0.95, bottom=0.09, wspace=0.3, hspace=0.42)
    return figure


def _bars(axes: Axes, values: Mapping[str, float], *, log: bool) -> None:
    axes.bar(range(len(values)), list(values.values()), color=_BLUE)
    axes.set_xticks(range(len(values)), list(values), rotation=45, ha="right", fontsize=7)
    if log and any(values.values()):
        axes.set_yscale("log")
        axes.minorticks_off()


def _sideways(axes: Axes, values: Mapping[str, float]) -> None:
    ordered = sorted(values.items(), key=lambda item: (item[1], item[0]))
    bars = axes.barh([name.replace("_", " ") for name, _ in ordered], [count for _, count in ordered], color=_GREEN)
    axes.bar_label(bars, labels=[f"{count:,.0f}" for _, count in ordered], padding=2, fontsize=7)
    axes.margins(x=0.18)


def _stacked(axes: Axes, history: History) -> None:
    under = [0.0] * len(history.runs)
    for change, colour in _CHANGES.items():
        counts = [value or 0.0 for value in history.line("changes", change)]
        axes.bar(range(len(counts)), counts, bottom=under, color=colour, label=change)
        under = [low + count for low, count in zip(under, counts, strict=True)]
    axes.set_ylim(0, max(*under, 1.0) * 1.05)
    axes.legend(frameon=False, fontsize=7)
    _dated(axes, history)


def _lines(axes: Axes, history: History, metrics: Mapping[str, str]) -> None:
    for metric, colour in metrics.items():
        axes.plot(_numbers(history.line(metric)), "o-", ms=3, color=colour, label=metric.replace("_", " "))
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False, fontsize=7)
    _dated(axes, history)


def _identified(axes: Axes, history: History) -> None:
    axes.plot(_numbers(history.line("identified_share")), "o-", ms=3, color=_GREEN)
    axes.set_ylim(0, 1.02)
    _dated(axes, history)


def _waiting(axes: Axes, history: History, limits: Limits) -> None:
    axes.plot(_numbers(history.line("review_oldest_days")), "o-", ms=3, color=_ORANGE)
    axes.axhline(limits.review_oldest_days, color=_RED, lw=0.8, ls="--")
    axes.set_ylim(bottom=0)
    _dated(axes, history)


def _numbers(values: Sequence[float | None]) -> list[float]:
    return [float("nan") if value is None else value for value in values]


def _dated(axes: Axes, history: History) -> None:
    """Runs at even distances, a few of them with their day."""
    last = len(history.runs) - 1
    shown = sorted({0, last // 2, last}) if last >= 0 else []
    axes.set_xticks(shown, [f"{history.runs[number]:%d %b %y}" for number in shown])
    axes.set_xlim(-0.6, max(last, 0) + 0.6)
