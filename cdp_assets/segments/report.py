"""What the UI shows about a segment: how its size went, and some of its members, masked.

Belongs here: figures for people. Does not belong here: anything that decides who is in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis import _

from cdp_assets.segments.schemas import members_schema
from cdp_assets.segments.spec import SegmentSpec
from cdp_assets.warehouse.built import ColumnLineage, Markdown, Plot, markdown
from cdp_assets.warehouse.drawing import drawing
from cdp_assets.warehouse.engine import Engine
from cdp_assets.warehouse.preview import masked_rows


@dataclass(frozen=True)
class Size:
    """A segment at one run.

    Args:
        as_of: The run's instant.
        members: How many are in it.
        version: A hash of who they are.
        entered, left: How many came and went in that run.
        share: Members as a share of all profiles, 0 to 1.
        condition: That made it.
    """

    as_of: datetime
    members: int
    version: str = "0-0"
    entered: int = 0
    left: int = 0
    share: float = 0.0
    condition: str = ""


NEVER = Size(datetime.min.replace(tzinfo=UTC), 0)
"""Of a segment that was never evaluated."""


def histories(engine: Engine, sizes: ir.Table, names: Sequence[str]) -> dict[str, list[Size]]:
    """Segment → its sizes from the first run to the last.

    Args:
        engine: Holds them.
        sizes: `segment_sizes`.
        names: The segments.
    """
    wanted = sizes.filter(sizes.segment.isin(names)).order_by("as_of")
    found: dict[str, list[Size]] = {}
    columns = [each.name for each in fields(Size)]
    for row in engine.to_arrow(wanted.select("segment", *columns)).to_pylist():
        found.setdefault(row.pop("segment"), []).append(Size(**row))
    return found


_WHO = {("segments", "memberships", "profile_id")}
_CHANGED = {("segments", "membership_changes", "change"), ("segments", "membership_changes", "changed_at")}

SIZES_LINEAGE: ColumnLineage = {
    "segment": {("segments", "memberships", "segment")},
    "members": _WHO,
    "share": {*_WHO, ("attributes", "customer_360", "profile_id")},
    "version": _WHO,
    "entered": _CHANGED,
    "left": _CHANGED,
}
"""Declared for `segment_sizes`, since members are counted in memory."""

_LOOKED_AT = 200_000
"""Memberships among which examples are looked for: more would cost a scan of all of them for every few segments."""


def examples(engine: Engine, memberships: ir.Table, specs: Sequence[SegmentSpec], rows: int = 5) -> dict[str, Markdown]:
    """Segment → some of its members, masked, if there are some among the first memberships.

    Args:
        engine: Holds them.
        memberships: The table.
        specs: The segments.
        rows: How many of each.
    """
    wanted = {spec.name: members_schema(spec) for spec in specs}
    first = memberships.limit(_LOOKED_AT).filter(_.segment.isin(list(wanted)))
    place = ibis.row_number().over(group_by="segment", order_by="profile_id")
    found: dict[str, list[dict[str, Any]]] = {}
    numbered = first.mutate(place=place).filter(_.place < rows).order_by("segment", "place")
    for row in engine.to_arrow(numbered).to_pylist():
        found.setdefault(row["segment"], []).append(row)
    nobody = markdown(f"Nobody among the first {_LOOKED_AT:,} memberships.")
    return {
        name: markdown(masked_rows(found[name], schema.column_names, schema)) if name in found else nobody
        for name, schema in wanted.items()
    }


_WIDTH, _HEIGHT, _LEFT, _TOP, _BOTTOM = 460, 120, 46, 22, 20


def size_history(name: str, history: Sequence[Size]) -> Plot | Markdown:
    """A segment's size over time: a picture from the second run on."""
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
        _WIDTH,
        _HEIGHT,
        f'<text x="{_LEFT}" y="14" font-size="11" fill="#222">{name}: members</text>'
        f'<text x="{_LEFT - 6}" y="{_TOP + 4}" text-anchor="end">{most:,}</text>'
        f'<text x="{_LEFT - 6}" y="{base + 3}" text-anchor="end">0</text>'
        f'<text x="{_LEFT}" y="{_HEIGHT - 5}">{days[0]}</text>'
        f'<text x="{_WIDTH - 12}" y="{_HEIGHT - 5}" text-anchor="end">{days[1]}</text>'
        f'<path d="M{_LEFT} {_TOP}V{base}H{_WIDTH - 12}" fill="none" stroke="#bbb"/>'
        f'<polyline points="{line}" fill="none" stroke="#4f43dd" stroke-width="1.5"/>'
        f'<g fill="#4f43dd">{dots}</g>',
    )
