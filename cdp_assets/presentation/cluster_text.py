"""A profile's cluster in the terminal: a tree of its strongest links, then what else ties, then what was refused."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text
from rich.tree import Tree

from cdp_assets.presentation.terminal import heading, indented

if TYPE_CHECKING:
    from cdp_assets.identity.cluster import Cluster, Line, Point

_COLOURS = ("blue", "dark_orange", "green", "magenta", "red", "cyan", "yellow", "white")
_MOST_SPARE = 12


def cluster_text(cluster: Cluster) -> RenderableType:
    """The whole drawing."""
    points = {point.key: point for point in cluster.points}
    sources = sorted({point.source for point in cluster.points if not point.outside})
    colour = {source: _COLOURS[number % len(_COLOURS)] for number, source in enumerate(sources)}
    holding = [line for line in cluster.lines if not line.refused]
    refused = [line for line in cluster.lines if line.refused]
    title = f"Profile {cluster.profile_id}: {cluster.records:,} record{'' if cluster.records == 1 else 's'}"
    parts: list[RenderableType] = [Text(f"\n{title}", "bold")]
    if cluster.summarised:
        parts.append(Text("Records that are alike are drawn as one.", "dim"))
    legend = Text.assemble(*(part for source in sources for part in ((f"● {source}", colour[source]), "   ")))
    parts += [legend, Text()]
    trees, spare = _trees(cluster, holding, points, colour)
    parts += trees
    if spare:
        parts.append(heading("Also tied"))
        shown = spare[:_MOST_SPARE]
        parts += [indented(Text.assemble(f"{line.left} ", _link(line), f" {line.right}")) for line in shown]
        if len(spare) > len(shown):
            parts.append(indented(Text(f"and {len(spare) - len(shown)} more", "dim")))
    if refused:
        parts.append(heading("Refused"))
        for line in refused:
            end = points[line.right]
            dashed = Text(f" ┄┄ {', '.join(line.kinds)} ┄┄ ", "red dim")
            parts.append(
                indented(Text.assemble(line.left, dashed, (f"✗ {end.label}", "red"), (f"  {line.refused}", "dim")))
            )
    if cluster.unseen:
        parts.append(indented(Text(f"and links to {cluster.unseen} more profiles", "dim")))
    return Group(*parts, Text())


def _trees(
    cluster: Cluster, lines: list[Line], points: dict[str, Point], colour: dict[str, str]
) -> tuple[list[Tree], list[Line]]:
    """The strongest spanning tree of every part, as drawn; and the lines that it does not need."""
    leader = {point.key: point.key for point in cluster.points}

    def lead(key: str) -> str:
        while leader[key] != key:
            leader[key] = leader[leader[key]]
            key = leader[key]
        return key

    needed: dict[str, list[Line]] = defaultdict(list)
    spare: list[Line] = []
    for line in sorted(lines, key=lambda line: (-line.strength, -line.links, int(line.left), int(line.right))):
        one, two = lead(line.left), lead(line.right)
        if one == two:
            spare.append(line)
            continue
        leader[two] = one
        needed[line.left].append(line)
        needed[line.right].append(line)
    inside = [point for point in cluster.points if not point.outside]
    roots = sorted(inside, key=lambda point: (-len(needed[point.key]), int(point.key)))
    seen: set[str] = set()
    trees = []
    for root in roots:
        if root.key not in seen:
            seen.add(root.key)
            tree = Tree(_node(root, colour), guide_style="dim")
            waiting = [(root.key, tree)]
            for key, branch in waiting:
                for line in needed[key]:
                    other = line.right if line.left == key else line.left
                    if other not in seen:
                        seen.add(other)
                        label = Text.assemble(_link(line), " ", _node(points[other], colour))
                        waiting.append((other, branch.add(label)))
            trees.append(tree)
    return trees, spare


def _node(point: Point, colour: dict[str, str]) -> Text:
    tone = colour[point.source]
    where = f"{point.source} {point.stream}".strip()
    size = "⬤" if point.records > 1 else "●"
    return Text.assemble((f"{size} ", tone), (f"{point.key} ", "dim"), (point.label, "bold"), (f"  {where}", tone))


def _link(line: Line) -> Text:
    bar = "━" if line.strength >= 0.99 else "─"
    times = f" ×{line.links}" if line.links > 1 else ""
    return Text(f"{bar}{bar} {', '.join(line.kinds)} {line.strength:.2f}{times} {bar}{bar}", "dim")
