"""What the UI shows about a segment besides its rows: how its size went.

Belongs here: figures for people. Does not belong here: anything that decides who is in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import ibis.expr.types as ir

from cdp_assets.warehouse.built import Markdown, Plot, drawing, markdown
from cdp_assets.warehouse.engine import Engine
from cdp_assets.warehouse.operations import quick_hash


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


@dataclass(frozen=True)
class Membership:
    """What there is to say about a segment's members.

    Args:
        members: How many.
        version: A hash of who they are.
        entered, left: How many came and went in the last run.
    """

    members: int
    version: str
    entered: int = 0
    left: int = 0


NOBODY = Membership(0, "0-0")


def present(engine: Engine, memberships: ir.Table, changes: ir.Table, sizes: ir.Table) -> dict[str, Membership]:
    """Segment → its members in figures; segments without members and without changes are not there."""
    counted = memberships.group_by("segment").agg(
        members=memberships.count(), digest=quick_hash(memberships.profile_id).cast("decimal(38, 0)").sum()
    )
    latest = changes.filter(changes.changed_at == sizes.as_of.max().as_scalar())
    moved = latest.group_by("segment").agg(
        entered=(latest.change == "entered").sum(), left=(latest.change == "left").sum()
    )
    found: dict[str, Membership] = {}
    for row in engine.to_arrow(counted.outer_join(moved, "segment")).to_pylist():
        members = row["members"] or 0
        version = f"{members}-{int(row['digest'] or 0):x}"
        name = row["segment"] or row["segment_right"]
        found[name] = Membership(members, version, row["entered"] or 0, row["left"] or 0)
    return found


_WIDTH, _HEIGHT, _LEFT, _TOP, _BOTTOM = 460, 120, 46, 22, 20


def size_history(name: str, history: Sequence[Size]) -> Plot | Markdown:
    """A segment's size over time: a picture from the second run on.

    Drawn by hand: it takes a plotting library a tenth of a second, and there may be a thousand segments.
    """
    if len(history) < 2:
        return markdown(f"{history[0].members} at the first run." if history else "No run yet.")
    most = max(1, *(size.members for size in history))
    first, last = history[0].as_of, history[-1].as_of
    span = max((last - first).total_seconds(), 1.0)
    points = [
        (
            _LEFT + (_WIDTH - _LEFT - 12) * (size.as_of - first).total_seconds() / span,
            _TOP + (_HEIGHT - _TOP - _BOTTOM) * (1 - size.members / most),
        )
        for size in history
    ]
    base = _HEIGHT - _BOTTOM
    days = [size.as_of.astimezone(UTC).strftime("%Y-%m-%d") for size in (history[0], history[-1])]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5"/>' for x, y in points[-60:])
    return drawing(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT}" font-family="sans-serif" '
        f'font-size="10" fill="#555"><rect width="100%" height="100%" fill="#fff"/>'
        f'<text x="{_LEFT}" y="14" font-size="11" fill="#222">{name}: members</text>'
        f'<text x="{_LEFT - 6}" y="{_TOP + 4}" text-anchor="end">{most:,}</text>'
        f'<text x="{_LEFT - 6}" y="{base + 3}" text-anchor="end">0</text>'
        f'<text x="{_LEFT}" y="{_HEIGHT - 5}">{days[0]}</text>'
        f'<text x="{_WIDTH - 12}" y="{_HEIGHT - 5}" text-anchor="end">{days[1]}</text>'
        f'<path d="M{_LEFT} {_TOP}V{base}H{_WIDTH - 12}" fill="none" stroke="#bbb"/>'
        f'<polyline points="{line}" fill="none" stroke="#4f43dd" stroke-width="1.5"/>'
        f'<g fill="#4f43dd">{dots}</g></svg>'
    )
