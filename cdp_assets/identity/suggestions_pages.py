"""Device suggestions as people read them: what each signal is worth, and how right suggestions were.

Belongs here: words and drawing. Does not belong here: suggesting (`suggestions.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cdp_assets.identity.device_model import FEWEST_PAIRS, Weights, odds_in_words
from cdp_assets.identity.device_signals import LEVELS
from cdp_assets.identity.suggestions import SHOWN_FROM, Suggestions, Tested
from cdp_assets.warehouse.built import Built, ColumnLineage, markdown, plot

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure

_SIGNALS = {
    "network": "Networks in common, by how many other devices are on them",
    "place": "Places in common, rare ones weighing more",
    "days": "Days on which both were used",
    "hours": "Parts of the week in which they are used",
    "content": "Categories and pages looked at",
    "kind": "Kind of device",
}
_RECORDS = {("identity", "profile_map", "record_id")}
_BEHAVIOUR = {
    ("normalised", "events", name)
    for name in ("network", "place", "occurred_at", "properties", "page_url", "device_type")
}


def described(found: Suggestions) -> dict[str, Built]:
    """The tables with figures, pages and a picture."""
    metadata: dict[str, Any] = {
        "devices": found.devices,
        "unidentified devices": found.unidentified,
        "pairs compared": found.compared,
        "networks and places too crowded to compare": found.skipped,
    }
    if found.weights is None:
        metadata["why there are none"] = (
            f"Fewer than {FEWEST_PAIRS} pairs of identified devices of one person, or of two, share a network or "
            "place: too few to learn from."
        )
    else:
        metadata["known pairs of one person"] = found.weights.same
        metadata["known pairs of two people"] = found.weights.different
        metadata["what signals are worth"] = markdown(weights_page(found.weights))
    tests: dict[str, Any] = {}
    shown = next((test for test in found.tested if test.threshold == SHOWN_FROM), None)
    if shown is not None:
        judged = {"precision": shown.precision, "recall": shown.recall}
        tests = {name: round(value, 4) for name, value in judged.items() if value is not None}
        tests["judged pairs"] = shown.right + shown.wrong
        tests["outcome by score"] = markdown(tests_page(found.tested))
        tests["precision and recall"] = plot(_picture(found.tested))
    return {
        "device_suggestions": Built(found.table, metadata, _LINEAGE),
        "suggestion_tests": Built(found.tests, tests, _TEST_LINEAGE),
    }


_LINEAGE: ColumnLineage = {
    "left_record_id": _RECORDS,
    "right_record_id": _RECORDS,
    "score": _BEHAVIOUR | _RECORDS,
    "evidence": _BEHAVIOUR,
}
_TEST_LINEAGE: ColumnLineage = {
    name: {("identity", "device_suggestions", "score"), ("identity", "profile_map", "profile_id")}
    for name in ("right", "wrong", "unknown", "there_were", "precision", "recall")
}


def weights_page(weights: Weights) -> str:
    """One line per signal and level: by how much it changes the odds that two devices are one person's."""
    lines = ["| signal | if it is | odds that they are one person's |", "|---|---|--:|"]
    for name, levels in LEVELS.items():
        for level, (words, weight) in enumerate(zip(levels, weights.levels[name], strict=True)):
            lines.append(f"| {_SIGNALS[name] if level == 0 else ''} | {words} | {odds_in_words(weight)} |")
    lines.append(f"\nOf {weights.same + weights.different:,} known pairs {weights.same:,} are one person's.")
    return "\n".join(lines)


def tests_page(tested: Sequence[Tested]) -> str:
    """One line a score: what became of the suggestions of the past."""
    lines = [
        "| score from | one person | two people | not known yet | precision | recall |",
        "|--:|--:|--:|--:|--:|--:|",
    ]
    lines += [
        f"| {test.threshold:.2f} | {test.right:,} | {test.wrong:,} | {test.unknown:,} | {_percent(test.precision)} | "
        f"{_percent(test.recall)} |"
        for test in tested
    ]
    return "\n".join(lines)


def _percent(share: float | None) -> str:
    return "—" if share is None else f"{share:.0%}"


def _picture(tested: Sequence[Tested]) -> Figure:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 3))
    axes = figure.subplots()
    scores = [test.threshold for test in tested]
    for name, values, colour in (
        ("precision", [test.precision for test in tested], "#4c72b0"),
        ("recall", [test.recall for test in tested], "#55a868"),
    ):
        axes.plot(scores, [float("nan") if value is None else value for value in values], "o-", label=name, c=colour)
    axes.set_ylim(0, 1.02)
    axes.set_xlabel("suggestions with at least this score")
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    return figure
