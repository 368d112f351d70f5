"""Who came and who left since the last run, when, and why.

Belongs here: the difference between the last memberships and the present ones, with its reasons. Does not belong here:
who meets a condition (`evaluate.py`), and what is sent because of it (`activation`, which compares with what it has
told, never with this log).

The reasons need the values that the conditions saw at the last run. They are kept in a narrow table of their own,
`segment_inputs` (one typed column per column that any condition names), rather than as text beside every membership: a
person who is in no segment needs them as well, it is written once a person instead of once a membership, and text is
only made of the few that change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import ibis
import ibis.expr.types as ir

from cdp_assets.canonical.schema import INSTANT, Pii, TableSchema
from cdp_assets.segments.composition import listed_profiles, with_heirs
from cdp_assets.segments.evaluate import evaluate
from cdp_assets.segments.journeys import layers, moments_in, widened, with_moments
from cdp_assets.segments.reasons import explain
from cdp_assets.segments.schemas import MEMBERSHIP_CHANGES, MEMBERSHIPS, SEGMENT_SIZES, inputs_schema
from cdp_assets.segments.spec import SegmentSpec
from cdp_assets.warehouse.built import Built, Patch
from cdp_assets.warehouse.engine import Engine

Tables = dict[str, Built]


def update(
    customer_360: ir.Table,
    redirects: ir.Table,
    previous: Mapping[str, ir.Table],
    specs: Sequence[SegmentSpec],
    customer: TableSchema,
    engine: Engine,
    as_of: datetime,
) -> Tables:
    """Bring memberships, their log, sizes and inputs up to date.

    Running it again on the same rows changes nothing, at the same instant or (conditions on time aside) a later one.

    Args:
        customer_360: One row per profile.
        redirects: old_profile_id → profile_id, for ids that were merged into others.
        previous: The four tables as last published.
        specs: The segments; names are unique.
        customer: Schema of ``customer_360``.
        engine: Computes what is needed more than once.
        as_of: The run's instant (UTC).

    Returns:
        ``memberships``, ``membership_changes`` (all there ever were), ``segment_sizes`` (of all runs) and
        ``segment_inputs``.
    """
    customer = widened(customer, [spec.where for spec in specs], {spec.name for spec in specs})
    inputs = inputs_schema(specs, customer)
    gone = redirects.anti_join(customer_360, redirects.old_profile_id == customer_360.profile_id)
    merged = gone.select(old_id="old_profile_id", profile_id="profile_id")
    seen_last = previous["segment_inputs"]
    heirs = engine.scratch(merged.semi_join(seen_last, merged.old_id == seen_last.profile_id))
    before = inherited_memberships(previous["memberships"], heirs)
    log = previous["membership_changes"]
    present, wide = evaluated(customer_360, specs, before, log, merged, engine, as_of)
    seen = seen_values(wide, inputs, customer)
    changes = engine.scratch(differences(present, before, as_of))
    explained = explain(
        changes,
        before=inherited_values(seen_last, heirs),
        after=seen,
        sizes=previous["segment_sizes"],
        specs=specs,
        customer=customer,
    )
    news = _shaped(engine.scratch(numbered(log, explained)), MEMBERSHIP_CHANGES)
    sizes = extended_sizes(previous["segment_sizes"], present, customer_360, specs, as_of)
    nobody = news.filter(ibis.literal(False)).select("profile_id").distinct()
    return {
        "memberships": Built(
            kept_memberships(present, before, as_of), patch=patched_memberships(present, before, changes, heirs, as_of)
        ),
        "membership_changes": Built(
            _shaped(log, MEMBERSHIP_CHANGES).union(news), patch=Patch("profile_id", nobody, news)
        ),
        "segment_sizes": Built(sizes),
        "segment_inputs": Built(seen),
    }


def evaluated(
    customer_360: ir.Table,
    specs: Sequence[SegmentSpec],
    before: ir.Table,
    log: ir.Table,
    merged: ir.Table,
    engine: Engine,
    as_of: datetime,
) -> tuple[ir.Table, ir.Table]:
    """Who is in which segment now, and `customer_360` with the moments that conditions ask for.

    Args:
        customer_360: One row per profile.
        specs: The segments.
        before: The last memberships, under today's ids.
        log: `membership_changes` as last published.
        merged: old_id → profile_id, of all ids that were merged into others.
        engine: Computes them.
        as_of: The run's instant.
    """
    followed = following(specs, merged, engine)
    names = {spec.name for spec in specs}
    present, wide = evaluate(customer_360, [], as_of, engine), customer_360
    for place, layer in enumerate(layers(followed, customer_360.columns)):
        if place:
            asked = {each for spec in layer for each in moments_in(spec.where, names, wide.columns)}
            wide = with_moments(wide, asked, present, before, log, merged, as_of)
            wide = engine.scratch(wide) if asked else wide
        found = evaluate(wide, layer, as_of, engine)
        present = engine.scratch(present.union(found)) if place else found
    return present, wide


def following(specs: Sequence[SegmentSpec], merged: ir.Table, engine: Engine) -> list[SegmentSpec]:
    """The segments with lists that hold today's ids beside those that are written and were merged into others."""
    listed = sorted({each for spec in specs for each in listed_profiles(spec.where)})
    if not listed:
        return list(specs)
    rows = engine.to_arrow(merged.filter(merged.old_id.isin(listed))).to_pylist()
    heirs = {row["old_id"]: row["profile_id"] for row in rows}
    return [replace(spec, where=with_heirs(spec.where, heirs)) for spec in specs] if heirs else list(specs)


def inherited_memberships(memberships: ir.Table, heirs: ir.Table) -> ir.Table:
    """The last memberships under today's ids; of two that have become one, the older stands."""
    concerned = heirs.select(profile_id="old_id").union(heirs.select("profile_id"))
    own = memberships.anti_join(concerned, "profile_id").select("segment", "profile_id", "entered_at")
    others = memberships.semi_join(concerned, "profile_id")
    joined = others.left_join(heirs, others.profile_id == heirs.old_id)
    renamed = joined.select(
        segment=others.segment,
        profile_id=heirs.profile_id.coalesce(others.profile_id),
        entered_at=others.entered_at,
    )
    older = renamed.group_by("segment", "profile_id").agg(entered_at=renamed.entered_at.min())
    return _instants(own).union(_instants(older))


def inherited_values(inputs: ir.Table, heirs: ir.Table) -> ir.Table:
    """The last seen values under today's ids; of two people that have become one, those of the id that remains."""
    own = inputs.anti_join(heirs, inputs.profile_id == heirs.old_id)
    merged = inputs.join(heirs, inputs.profile_id == heirs.old_id)
    renamed = merged.select(
        old_id=heirs.old_id,
        profile_id=heirs.profile_id,
        **{name: inputs[name] for name in inputs.columns if name != "profile_id"},
    )
    orphaned = renamed.anti_join(own, "profile_id")
    first = ibis.row_number().over(ibis.window(group_by="profile_id", order_by="old_id"))
    chosen = orphaned.mutate(position=first).filter(lambda t: t.position == 0)
    return own.union(chosen.select(*inputs.columns))


def seen_values(customer_360: ir.Table, inputs: TableSchema, customer: TableSchema) -> ir.Table:
    """What the conditions look at, one row per profile; of personal values only whether they are there."""
    values = {
        column.name: customer_360[column.name]
        if customer.column(column.name).pii is Pii.NONE
        else customer_360[column.name].notnull()
        for column in inputs.columns
        if column.name != "profile_id"
    }
    return customer_360.select(profile_id=customer_360.profile_id, **values)


def kept_memberships(present: ir.Table, before: ir.Table, as_of: datetime) -> ir.Table:
    """The present memberships, with the time of entering of those that were there before."""
    joined = present.left_join(before, ["segment", "profile_id"])
    return joined.select(
        segment=present.segment,
        profile_id=present.profile_id,
        entered_at=before.entered_at.coalesce(ibis.literal(as_of, type=INSTANT)),
    ).select(*MEMBERSHIPS.column_names)


def patched_memberships(
    present: ir.Table, before: ir.Table, changes: ir.Table, heirs: ir.Table, as_of: datetime
) -> Patch:
    """The same as a change of the last memberships: all those of whoever entered, left or was merged."""
    ids = (changes.select("profile_id"), heirs.select("profile_id"), heirs.select(profile_id="old_id"))
    gone = ibis.union(*ids).distinct()
    here, there = (table.semi_join(gone, "profile_id") for table in (present, before))
    return Patch("profile_id", gone, kept_memberships(here, there, as_of))


def differences(present: ir.Table, before: ir.Table, as_of: datetime) -> ir.Table:
    """Who entered and who left.

    Returns:
        Columns ``segment``, ``profile_id``, ``change``, ``changed_at``, ``entered_at``.
    """
    instant = ibis.literal(as_of, type=INSTANT)
    now = present.select("segment", "profile_id")
    then = before.select(
        then_segment="segment", then_profile_id="profile_id", then_entered_at=before.entered_at.cast(INSTANT)
    )
    both = now.outer_join(then, [("segment", "then_segment"), ("profile_id", "then_profile_id")])
    moved = both.filter(both.profile_id.isnull() | both.then_profile_id.isnull())
    return moved.select(
        segment=moved.segment.coalesce(moved.then_segment),
        profile_id=moved.profile_id.coalesce(moved.then_profile_id),
        change=ibis.ifelse(moved.then_profile_id.isnull(), "entered", "left"),
        changed_at=instant,
        entered_at=moved.then_entered_at.coalesce(instant),
    )


def numbered(log: ir.Table, explained: ir.Table) -> ir.Table:
    """The new changes as they stand in the log, each numbered within its person and segment."""
    earlier = log.semi_join(explained, ["segment", "profile_id"])
    counted = earlier.group_by("segment", "profile_id").agg(last=earlier.sequence.max())
    joined = explained.left_join(counted, ["segment", "profile_id"])
    found = joined.select(
        sequence=counted.last.coalesce(0) + 1,
        **{name: explained[name] for name in MEMBERSHIP_CHANGES.column_names if name != "sequence"},
    )
    return _shaped(found, MEMBERSHIP_CHANGES)


def extended_sizes(
    sizes: ir.Table, present: ir.Table, customer_360: ir.Table, specs: Sequence[SegmentSpec], as_of: datetime
) -> ir.Table:
    """The history of sizes with this run's; a segment without members has a size too."""
    instant = ibis.literal(as_of, type=INSTANT)
    earlier = sizes.filter(sizes.as_of != instant)
    if not specs:
        return earlier
    counted = present.group_by("segment").agg(members=present.count())
    defined = ibis.memtable(
        {"segment": [spec.name for spec in specs], "condition": [spec.where for spec in specs]},
        schema=ibis.schema({"segment": "string", "condition": "string"}),
    )
    joined = defined.left_join(counted, "segment")
    members = counted.members.coalesce(0)
    profiles = customer_360.count().as_scalar().cast("float64")
    now = joined.select(
        segment=defined.segment,
        as_of=instant,
        members=members,
        share=(members.cast("float64") / profiles.nullif(0.0)).coalesce(0.0),
        condition=defined.condition,
    )
    return _shaped(earlier, SEGMENT_SIZES).union(_shaped(now, SEGMENT_SIZES))


def _instants(memberships: ir.Table) -> ir.Table:
    """Ibis joins only tables that agree even in a timestamp's digits."""
    return memberships.select("segment", "profile_id", entered_at=memberships.entered_at.cast(INSTANT))


def _shaped(table: ir.Table, schema: TableSchema) -> ir.Table:
    """The schema's columns in its order and types: Ibis joins only tables that agree even in a timestamp's digits."""
    return table.select(**{column.name: table[column.name].cast(column.dtype) for column in schema.columns})
