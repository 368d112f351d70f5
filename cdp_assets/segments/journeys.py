"""Segments that depend on when another was entered or left.

Every segment NAME gives conditions two more columns: `NAME_entered_at`, when the person's membership began (the present
one, or else the last), and `NAME_left_at`, when it last ended. "Entered A at least 3 days ago and has not purchased
since" is then an ordinary condition. Instants are those of runs, so the answer depends on `as_of` and on the log alone.

Belongs here: the columns, and in which order segments have to be evaluated for them. Does not belong here: what else a
condition may say.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

import ibis
import ibis.expr.types as ir

from cdp_assets.canonical.schema import INSTANT, Column, TableSchema
from cdp_assets.segments.spec import SegmentError, SegmentSpec

_MOMENT = re.compile(r"\b([a-z][a-z0-9_]*)_(entered|left)_at\b", re.IGNORECASE)


def moments_in(condition: str, segments: Collection[str], taken: Collection[str] = ()) -> set[tuple[str, str]]:
    """The (segment, `entered` or `left`) that a condition asks for; a column of that name comes first."""
    return {
        (name.lower(), moment.lower())
        for name, moment in _MOMENT.findall(condition)
        if name.lower() in segments and f"{name}_{moment}_at".lower() not in taken
    }


def widened(customer: TableSchema, conditions: Iterable[str], segments: Collection[str]) -> TableSchema:
    """`customer_360` with the moments that conditions ask for."""
    taken = set(customer.column_names)
    asked = sorted({each for condition in conditions for each in moments_in(condition, segments, taken)})
    said = {"entered": "began: the present one, or the last", "left": "ended last"}
    columns = (
        Column(f"{name}_{moment}_at", INSTANT, f"When the membership in `{name}` {said[moment]}.")
        for name, moment in asked
    )
    return customer.extended(*columns)


def layers(specs: Sequence[SegmentSpec], taken: Collection[str]) -> list[list[SegmentSpec]]:
    """The segments in the order in which they can be evaluated: each after those whose moments it asks for.

    Args:
        specs: Composed segments.
        taken: The columns of `customer_360` as it is without moments.

    Raises:
        SegmentError: if segments wait for each other's moments in a circle.
    """
    names = {spec.name for spec in specs}
    needs = {spec.name: {name for name, _ in moments_in(spec.where, names, taken)} for spec in specs}
    found: list[list[SegmentSpec]] = []
    done: set[str] = set()
    while len(done) < len(needs):
        ready = [spec for spec in specs if spec.name not in done and needs[spec.name] <= done]
        if not ready:
            raise SegmentError(f"where: segments ask for each other's times in a circle: {_circle(needs, done)}")
        found.append(ready)
        done |= {spec.name for spec in ready}
    return found or [[]]


def _circle(needs: Mapping[str, set[str]], done: set[str]) -> str:
    path = [min(name for name in needs if name not in done)]
    while path.count(path[-1]) == 1:
        path.append(min(needs[path[-1]] - done))
    return " → ".join(path[path.index(path[-1]) :])


def with_moments(
    customer_360: ir.Table,
    asked: Iterable[tuple[str, str]],
    present: ir.Table,
    before: ir.Table,
    log: ir.Table,
    heirs: ir.Table,
    as_of: datetime,
) -> ir.Table:
    """Add the columns of moments.

    Args:
        customer_360: One row per profile.
        asked: (segment, moment): the columns to add.
        present: segment, profile_id: who is in now.
        before: The last memberships, under today's ids.
        log: `membership_changes` as last published.
        heirs: Who merged ids are now, all there ever were.
        as_of: The run's instant.
    """
    asked = sorted(asked)
    names = sorted({name for name, _ in asked})
    if not names:
        return customer_360
    instant = ibis.literal(as_of, type=INSTANT)
    ended = log.filter(log.segment.isin(names), log.change == "left")
    ended = ended.left_join(heirs, ended.profile_id == heirs.old_id).select(
        segment=ended.segment,
        profile_id=heirs.profile_id.coalesce(ended.profile_id),
        began=ended.entered_at.cast(INSTANT),
        ended=ended.changed_at.cast(INSTANT),
    )
    then, now = before.filter(before.segment.isin(names)), present.filter(present.segment.isin(names))
    leaving = then.anti_join(now, ["segment", "profile_id"])
    just_now = leaving.select("segment", "profile_id", began=leaving.entered_at.cast(INSTANT), ended=instant)
    ended = ended.union(just_now)
    staying = now.left_join(then, ["segment", "profile_id"]).select(
        segment=now.segment, profile_id=now.profile_id, began=then.entered_at.cast(INSTANT).coalesce(instant)
    )
    for name, moment in asked:
        column = f"{name}_{moment}_at"
        of = ended.filter(ended.segment == name)
        values = of.group_by("profile_id").agg(_then=of.ended.max() if moment == "left" else of.began.max())
        current = staying.filter(staying.segment == name).select(_who="profile_id", _began="began")
        found = customer_360.left_join(values.rename(_whose="profile_id"), [("profile_id", "_whose")]).drop("_whose")
        if moment == "left":
            customer_360 = found.rename({column: "_then"})
        else:
            joined = found.left_join(current, [("profile_id", "_who")])
            customer_360 = joined.mutate(**{column: joined._began.coalesce(joined._then)}).drop(
                "_who", "_began", "_then"
            )
    return customer_360
