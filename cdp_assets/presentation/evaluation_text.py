"""An evaluation of identity resolution in the terminal.

Belongs here: layout. Does not belong here: measuring (`identity/evaluation/`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cdp_assets.presentation.terminal import facts, indented

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cdp_assets.identity.evaluation.evaluate import CurvePoint, Evaluation, Mistake

_BAR = 24


def evaluation_text(found: Evaluation, seconds: float, peak_bytes: int) -> RenderableType:
    """Scores, curve, sizes of profiles, and the worst mistakes with what led to them."""
    score = found.score
    heading = Text(
        f"\n{score.units:,} records of {score.people:,} people became {score.profiles:,} profiles", style="bold"
    )
    read = ", ".join(f"{what.replace('_', ' ')} ← {column}" for what, column in sorted(found.columns.items()))
    return Group(
        *(Text(f"\n{warning[0].upper()}{warning[1:]}.", style="bold yellow") for warning in found.warnings),
        heading,
        facts(
            [
                ("read", Text(read, "dim")),
                *([("not read", Text(_unread(found.unread), "dim"))] if found.unread else []),
                *([("phones", Text(_undialled(found.undialled), "yellow"))] if found.undialled else []),
                *([("births", Text(_undated(found.undated), "yellow"))] if found.undated else []),
                ("compared", Text(f"{found.pairs_compared:,} pairs; {_found(found)}")),
                *([("left out", Text(f"{found.unreadable:,} lines that do not fit the header", "yellow"))]
                  if found.unreadable else []),
                ("took", Text(f"{seconds:.1f} s, {peak_bytes / 1e9:.2f} GB")),
            ]
        ),
        *([Text(f"\n{_nothing(found.not_compared)}", "yellow")] if found.not_compared is not None else []),
        _scores(found),
        *_thresholds(found),
        _sizes(found.sizes),
        *_mistakes("Joined, though they are two people", [each for each in found.worst if each.kind == "joined"]),
        *_mistakes("Kept apart, though they are one", [each for each in found.worst if each.kind == "missed"]),
        Text(),
    )  # fmt: skip


def _found(found: Evaluation) -> str:
    if found.score.people == found.score.units:
        return "no two records are of one person"
    return f"{found.blocking_recall:.1%} of the true pairs were compared or together anyway"


def _unread(unread: dict[str, str]) -> str:
    told = ", ".join(f"{column} ({why})" if why else column for column, why in unread.items())
    return f"{told}; what else they are can be said with --map, in lines such as `given_name: COLUMN`"


def _undialled(count: int) -> str:
    return f"{count:,} numbers name no country and link nobody; say from where they are dialled with --country"


def _undated(count: int) -> str:
    return f"{count:,} dates are not understood and part nobody; write them as 1980-02-03"


def _scores(found: Evaluation) -> Table:
    table = Table(title="How right", title_justify="left")
    table.add_column("")
    for heading in ("precision", "recall", "F1"):
        table.add_column(heading, justify="right")
    for name, score in (
        ("pairs, by what records share", found.deterministic.pairwise),
        ("pairs, with likeness", found.score.pairwise),
        ("B-cubed, with likeness", found.score.bcubed),
    ):
        table.add_row(name, f"{score.precision:.4f}", f"{score.recall:.4f}", f"{score.f1:.4f}")
    return table


def _thresholds(found: Evaluation) -> list[RenderableType]:
    """The curve with what follows from it; nothing where nothing was compared, since all its lines are the same."""
    if found.not_compared is not None:
        return []
    return [_curve(found.curve, found.threshold), Text(_advice(found), "dim")]


def _curve(curve: Sequence[CurvePoint], threshold: float) -> Table:
    table = Table(title="If groups were joined from another mean weight on", title_justify="left")
    for heading in ("bits", "precision", "recall", "F1"):
        table.add_column(heading, justify="right")
    table.add_column("")
    for point in curve:
        here = point.threshold == threshold
        table.add_row(
            f"{point.threshold:g}", f"{point.precision:.4f}", f"{point.recall:.4f}", f"{point.f1:.4f}",
            "█" * round(point.f1 * _BAR) + (" ← used" if here else ""), style="bold" if here else None,
        )  # fmt: skip
    return table


def _nothing(why: str) -> str:
    return f"Nothing was compared, so these labels say nothing about thresholds: {why}."


def _advice(found: Evaluation) -> str:
    if found.suggested_threshold is None:
        wrong = 1 - found.deterministic.pairwise.precision
        by_links = f": by what records share, {wrong:.2%} of the pairs are wrong before that" if wrong else ""
        return f"No threshold of the curve keeps wrong joins as rare as wanted{by_links}."
    return (
        f"With these labels, wrong joins stay as rare as wanted down to {found.suggested_threshold:g} bits "
        "(`linkage: {auto_weight: …}` in the identity rules)."
    )


def _sizes(sizes: dict[int, int]) -> Table:
    table = Table(title="Records per profile", title_justify="left")
    table.add_column("up to", justify="right")
    table.add_column("profiles", justify="right")
    for size, count in sizes.items():
        table.add_row(f"{size:,}", f"{count:,}")
    return table


def _mistakes(title: str, mistakes: Sequence[Mistake]) -> list[RenderableType]:
    if not mistakes:
        return []
    shown: list[RenderableType] = [Text(f"\n{title}", "bold")]
    for each in mistakes:
        parts = "; ".join(
            f"{part['comparison']}: {part['level']}" + (f" ({part['weight']:+.1f})" if "weight" in part else "")
            for part in each.evidence
        )
        shown.append(
            indented(Text.assemble((f"{each.left} and {each.right}", "cyan"), f"  {each.probability:.3f}: {parts}"))
        )
    return shown
