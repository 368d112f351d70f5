"""Who came and who left since the last run, when, and why.

Belongs here: the difference between the last memberships and the present ones, with its reasons. Does not belong here:
who meets a condition (`evaluate.py`), and what is sent because of it (`activation`, which compares with what it has
told, never with this log).

The reasons need the values that the conditions saw at the last run. They are kept in a narrow table of their own,
`segment_inputs` (one typed column per column that any condition names), rather than as text beside every membership: a
person who is in no segment needs them as well, it is written once a person instead of once a membership, and text is
only made of the few that change.

With them stands a mark of the segments that each person was in. Whose mark is what it was is in the same segments, so
only the memberships of the others are unfolded and compared: with tens of millions of memberships, of which a few
change, comparing them all would be most of the work.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import ibis
import ibis.expr.types as ir

from cdp_assets.canonical.schema import INSTANT, Pii, TableSchema
from cdp_assets.segments.evaluate import evaluate, memberships
from cdp_assets.segments.history import is_known
from cdp_assets.segments.journeys import layers, moments_in, widened, with_moments
from cdp_assets.segments.lists import following
from cdp_assets.segments.reasons import explain
from cdp_assets.segments.schemas import (
    MARK,
    MEMBERSHIP_CHANGES,
    MEMBERSHIPS,
    SEGMENT_SIZES,
    inputs_schema,
    personal_terms,
)
from cdp_assets.segments.spec import SegmentSpec
from cdp_assets.warehouse.built import Built, Patch
from cdp_assets.warehouse.engine import Engine
from cdp_assets.warehouse.expressions import bind
from cdp_assets.warehouse.matching import NAME, Matches, Together

Tables = dict[str, Built]


class TimeRunsBackwards(ValueError):
    """A run as of an instant before the last one: the log of who entered and left is in order of time."""


def update(
    customer_360: ir.Table,
    redirects: ir.Table,
    previous: Mapping[str, ir.Table],
    specs: Sequence[SegmentSpec],
    customer: TableSchema,
    engine: Engine,
    as_of: datetime,
    owners: ir.Table | None = None,
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
        owners: Who carries the addresses that segments list (`lists.owners`).

    Returns:
        ``memberships``, ``membership_changes`` (all there ever were), ``segment_sizes`` (of all runs) and
        ``segment_inputs``.

    Raises:
        TimeRunsBackwards: if a run as of a later instant has said who is in which segment.
    """
    _look_forward(previous["segment_sizes"], as_of, engine)
    customer = widened(customer, [spec.where for spec in specs], {spec.name for spec in specs})
    inputs = inputs_schema(specs, customer)
    gone = redirects.anti_join(customer_360, redirects.old_profile_id == customer_360.profile_id)
    merged = gone.select(old_id="old_profile_id", profile_id="profile_id")
    seen_last, last, log = (previous[name] for name in ("segment_inputs", "memberships", "membership_changes"))
    heirs = engine.scratch(merged.semi_join(seen_last, merged.old_id == seen_last.profile_id))
    before = inherited_memberships(last, heirs)
    followed = following(specs, merged if owners is None else merged.union(owners), engine.to_arrow)
    found, wide = evaluated(customer_360, followed, before, log, merged, engine, as_of)
    totals = found.totals()
    marks = engine.scratch(found.marks().select(profile_id="profile_id", **{MARK.name: "mark"}))
    seen = seen_values(wide, inputs, customer, personal_terms(specs, customer), marks, as_of)
    if not is_known(previous, engine):
        moved = totals.select(segment=NAME, entered="rows", left=ibis.literal(0, "int64"))
        return {
            "memberships": Built(first_memberships(memberships(found), as_of)),
            "membership_changes": Built(first_changes(memberships(found), as_of)),
            "segment_sizes": Built(
                extended_sizes(previous["segment_sizes"], totals, moved, customer_360, specs, as_of)
            ),
            "segment_inputs": Built(seen),
        }
    suspects = engine.scratch(moved_profiles(marks, seen_last, heirs))
    now = engine.scratch(memberships(found, profiles=suspects))
    then = engine.scratch(inherited_memberships(last.semi_join(suspects, "profile_id"), heirs))
    changes = engine.scratch(differences(now, then, as_of))
    explained = explain(
        with_predecessors(changes, last, seen_last, heirs),
        before=seen_last.drop(MARK.name),
        after=seen.drop(MARK.name),
        merged=heirs.select("profile_id").distinct(),
        sizes=previous["segment_sizes"],
        specs=specs,
        followed=followed,
        customer=customer,
        engine=engine,
        as_of=as_of,
    )
    news = _shaped(engine.scratch(numbered(log, explained)), MEMBERSHIP_CHANGES)
    moved = counted_changes(log, news, as_of)
    nobody = news.filter(ibis.literal(False)).select("profile_id").distinct()
    return {
        "memberships": Built(
            kept_memberships(memberships(found), before, as_of),
            patch=patched_memberships(last, now, then, changes, heirs, as_of),
        ),
        "membership_changes": Built(
            _shaped(log, MEMBERSHIP_CHANGES).union(news), patch=Patch("profile_id", nobody, news)
        ),
        "segment_sizes": Built(extended_sizes(previous["segment_sizes"], totals, moved, customer_360, specs, as_of)),
        "segment_inputs": Built(seen),
    }


def _look_forward(sizes: ir.Table, as_of: datetime, engine: Engine) -> None:
    last = next(iter(engine.to_arrow(sizes.aggregate(last=sizes.as_of.max()))["last"].to_pylist()), None)
    if last is not None and last > as_of:
        raise TimeRunsBackwards(
            f"this run is as of {as_of.isoformat()}, but memberships were last told as of {last.isoformat()}, and who "
            "enters and leaves is logged in order of time. Run as of a later instant: set CDP_AS_OF to one, or leave "
            "it out to follow the clock"
        )


def evaluated(
    customer_360: ir.Table,
    specs: Sequence[SegmentSpec],
    before: ir.Table,
    log: ir.Table,
    merged: ir.Table,
    engine: Engine,
    as_of: datetime,
) -> tuple[Matches, ir.Table]:
    """Who is in which segment now, and `customer_360` with the moments that conditions ask for.

    Args:
        customer_360: One row per profile.
        specs: The segments, with lists that hold the ids of today (`lists.following`).
        before: The last memberships, under today's ids.
        log: `membership_changes` as last published.
        merged: old_id → profile_id, of all ids that were merged into others.
        engine: Computes them.
        as_of: The run's instant.
    """
    names = {spec.name for spec in specs}
    rounds: list[Matches] = []
    wide = customer_360
    for layer in layers(specs, customer_360.columns):
        asked = {each for spec in layer for each in moments_in(spec.where, names, wide.columns)} if rounds else set()
        if asked:
            present = memberships(Together(rounds, "profile_id"), {name for name, _ in asked})
            wide = engine.scratch(with_moments(wide, asked, engine.scratch(present), before, log, merged, as_of))
        rounds.append(evaluate(wide, layer, as_of, engine))
    return Together(rounds, "profile_id"), wide


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


def with_predecessors(changes: ir.Table, last: ir.Table, seen_last: ir.Table, heirs: ir.Table) -> ir.Table:
    """Add ``before_id``: who each person was at the last run.

    Of two who have become one, the change comes of the one who was in the segment; where neither was, it is told of the
    id that remains.

    Args:
        changes: What `differences` found.
        last: The memberships as last published.
        seen_last: `segment_inputs` as last published.
        heirs: old_id → profile_id, of ids that were merged since.
    """
    heads = heirs.select(before_id="profile_id", profile_id="profile_id").distinct()
    ids = heirs.select(before_id="old_id", profile_id="profile_id").union(heads)
    known = ids.semi_join(seen_last, ids.before_id == seen_last.profile_id)
    merged = changes.join(known, "profile_id")
    was_in = last.select("segment", was_id="profile_id")
    judged = merged.left_join(was_in, [("segment", "segment"), ("before_id", "was_id")])
    place = ibis.row_number().over(
        group_by=[judged.segment, judged.profile_id],
        order_by=[judged.was_id.isnull(), judged.before_id != judged.profile_id, judged.before_id],
    )
    first = judged.mutate(place=place).filter(lambda t: t.place == 0)
    others = changes.anti_join(known, "profile_id")
    columns = [*changes.columns, "before_id"]
    return others.mutate(before_id=others.profile_id).select(*columns).union(first.select(*columns))


def seen_values(
    customer_360: ir.Table,
    inputs: TableSchema,
    customer: TableSchema,
    terms: Mapping[str, str],
    marks: ir.Table,
    as_of: datetime,
) -> ir.Table:
    """What the conditions look at, one row per profile; of personal values only whether they are there.

    Args:
        customer_360: One row per profile, with moments.
        inputs: The columns there are to be.
        customer: Schema of ``customer_360``.
        terms: Terms over personal values → columns for their answers.
        marks: Each profile's mark.
        as_of: The run's instant.
    """
    answers = {name: bind(term, customer_360, as_of=as_of).fill_null(False) for term, name in terms.items()}
    values = {
        column.name: customer_360[column.name]
        if customer.column(column.name).pii is Pii.NONE
        else customer_360[column.name].notnull()
        for column in inputs.columns
        if column.name not in ("profile_id", MARK.name, *answers)
    }
    joined = customer_360.join(marks, "profile_id")
    return joined.select(profile_id=customer_360.profile_id, **values, **answers, **{MARK.name: marks[MARK.name]})


def first_memberships(present: ir.Table, as_of: datetime) -> ir.Table:
    """The memberships of a first run."""
    return _shaped(present.mutate(entered_at=ibis.literal(as_of, type=INSTANT)), MEMBERSHIPS)


def first_changes(present: ir.Table, as_of: datetime) -> ir.Table:
    """The log of a first run: everybody enters, since all segments are new."""
    instant = ibis.literal(as_of, type=INSTANT)
    said = {
        name: ibis.literal(value)
        for name, value in {"sequence": 1, "change": "entered", "cause": "new_segment", "reason": "{}"}.items()
    }
    said["crossed"] = ibis.null("string")
    return _shaped(present.mutate(changed_at=instant, entered_at=instant, **said), MEMBERSHIP_CHANGES)


def moved_profiles(marks: ir.Table, seen_last: ir.Table, heirs: ir.Table) -> ir.Table:
    """Whose segments may be others than at the last run: column ``profile_id``, today's and merged ids.

    Args:
        marks: Of whom there is now.
        seen_last: `segment_inputs` as last published. Whoever has no mark there is looked at.
        heirs: old_id → profile_id, of ids that were merged since.
    """
    known = seen_last.select(last_id="profile_id", last_mark=MARK.name)
    both = marks.outer_join(known, marks.profile_id == known.last_id)
    differing = both.filter(~(both[MARK.name] == both.last_mark).fill_null(False))
    ids = differing.select(profile_id=differing.profile_id.coalesce(differing.last_id))
    return ids.union(_concerned(heirs)).distinct()


def _concerned(heirs: ir.Table) -> ir.Table:
    """Both sides of all merges: column ``profile_id``."""
    return heirs.select(profile_id="old_id").union(heirs.select("profile_id")).distinct()


def kept_memberships(present: ir.Table, before: ir.Table, as_of: datetime) -> ir.Table:
    """The present memberships, with the time of entering of those that were there before."""
    joined = present.left_join(before, ["segment", "profile_id"])
    return joined.select(
        segment=present.segment,
        profile_id=present.profile_id,
        entered_at=before.entered_at.coalesce(ibis.literal(as_of, type=INSTANT)),
    ).select(*MEMBERSHIPS.column_names)


def patched_memberships(
    last: ir.Table, now: ir.Table, then: ir.Table, changes: ir.Table, heirs: ir.Table, as_of: datetime
) -> Patch:
    """The same as a change of the last memberships: those that began or ended, and all of whoever was merged.

    Args:
        last: The memberships as last published.
        now: The present ones of whoever has changes or was merged.
        then: Their last ones, under today's ids.
        changes: What `differences` found.
        heirs: old_id → profile_id, of ids that were merged since.
        as_of: The run's instant.
    """
    concerned = _concerned(heirs)
    others = changes.anti_join(concerned, "profile_id")
    key = ("segment", "profile_id")
    ended = others.filter(others.change == "left").select(*key)
    began = others.filter(others.change == "entered").select(*key, "entered_at")
    merged = kept_memberships(now.semi_join(concerned, "profile_id"), then, as_of)
    gone = ended.union(last.semi_join(concerned, "profile_id").select(*key))
    return Patch(key, gone, _instants(began).union(_instants(merged)))


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


def counted_changes(log: ir.Table, news: ir.Table, as_of: datetime) -> ir.Table:
    """How many entered and left at an instant: ``segment``, ``entered``, ``left``."""
    earlier = log.filter(log.changed_at == ibis.literal(as_of, type=INSTANT)).select("segment", "change")
    both = earlier.union(news.select("segment", "change"))
    return both.group_by("segment").agg(entered=(both.change == "entered").sum(), left=(both.change == "left").sum())


def extended_sizes(
    sizes: ir.Table,
    totals: ir.Table,
    moved: ir.Table,
    customer_360: ir.Table,
    specs: Sequence[SegmentSpec],
    as_of: datetime,
) -> ir.Table:
    """The history of sizes with this run's; a segment without members has a size too.

    Args:
        sizes: The history.
        totals: What there is to say about each segment's members (`Matches.totals`).
        moved: How many entered and left (`counted_changes`).
        customer_360: All profiles.
        specs: The segments.
        as_of: The run's instant.
    """
    instant = ibis.literal(as_of, type=INSTANT)
    earlier = sizes.filter(sizes.as_of != instant)
    if not specs:
        return earlier
    defined = ibis.memtable(
        {"segment": [spec.name for spec in specs], "condition": [spec.where for spec in specs]},
        schema=ibis.schema({"segment": "string", "condition": "string"}),
    )
    joined = defined.left_join(totals, defined.segment == totals[NAME])
    joined = joined.left_join(moved, defined.segment == moved.segment)
    members = totals.rows.coalesce(0)
    profiles = customer_360.count().as_scalar().cast("float64")
    now = joined.select(
        segment=defined.segment,
        as_of=instant,
        members=members,
        share=(members.cast("float64") / profiles.nullif(0.0)).coalesce(0.0),
        condition=defined.condition,
        version=members.cast("string") + "-" + totals.digest.coalesce(0).cast("string"),
        entered=moved.entered.coalesce(0),
        left=moved.left.coalesce(0),
    )
    return _shaped(earlier, SEGMENT_SIZES).union(_shaped(now, SEGMENT_SIZES))


def _instants(memberships: ir.Table) -> ir.Table:
    """Ibis joins only tables that agree even in a timestamp's digits."""
    return memberships.select("segment", "profile_id", entered_at=memberships.entered_at.cast(INSTANT))


def _shaped(table: ir.Table, schema: TableSchema) -> ir.Table:
    """The schema's columns in its order and types: Ibis joins only tables that agree even in a timestamp's digits."""
    return table.select(**{column.name: table[column.name].cast(column.dtype) for column in schema.columns})
