"""The whole stage as one function: from canonical tables to all tables of identity.

Belongs here: the order of the steps, for everybody or for those who are concerned by what changed. Does not belong
here: any of them, and anything about Dagster.

A run after another one does the same steps with the same functions, on whole components (`scope.py`), and patches the
tables of the last run. Since the partition depends on the evidence alone, the outcome is that of a run from nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir

from cdp_assets.canonical.schema import TableSchema
from cdp_assets.identity import schemas
from cdp_assets.identity.blocked_values import usable
from cdp_assets.identity.canonical import Canonical
from cdp_assets.identity.changes import Maps, changed_profiles, homes_of
from cdp_assets.identity.collecting import Collector, renamed_by
from cdp_assets.identity.comparable import Comparable
from cdp_assets.identity.delta import Delta, Told, changed_since, digests_of
from cdp_assets.identity.evidence import Types, described, types_of
from cdp_assets.identity.ids import ProfileIdStore, assign_ids
from cdp_assets.identity.linkage import tables
from cdp_assets.identity.linkage.link import LIKENESS, Linked, compares, link, link_again, look, not_compared, together
from cdp_assets.identity.linkage.memory import Memory
from cdp_assets.identity.linkage.model import Model
from cdp_assets.identity.links import links, rejected_links
from cdp_assets.identity.members import Groups, all_groups, changed_groups, members_of, profile_rows
from cdp_assets.identity.partition import Partition, partition
from cdp_assets.identity.scope import DeviceScope, Scope, as_they_are, concerned, devices_concerned, everybody, widened
from cdp_assets.identity.spec import IdentityRules
from cdp_assets.identity.state import Standing, State, last_state, version_of
from cdp_assets.identity.stewarded_ids import with_guests
from cdp_assets.identity.stewardship import Stewardship, attribute_as_said, links_refused, links_said, news_of
from cdp_assets.warehouse.built import Patch
from cdp_assets.warehouse.engine import empty, has_rows, row_count
from cdp_assets.warehouse.stacking import patched, restricted, stack, without_equal

if TYPE_CHECKING:
    from cdp_assets.warehouse.engine import Engine


@dataclass(frozen=True)
class Resolution:
    """All tables of the stage by name (`schemas.TABLES`), and figures about them.

    Args:
        tables: Each table whole.
        figures: For people to see.
        linked: What likeness did with those who were looked at.
        patches: How tables as last published become these; that of the log alone where everything was computed.
    """

    tables: dict[str, ir.Table]
    figures: dict[str, Any]
    linked: Linked
    patches: dict[str, Patch] = field(default_factory=dict)


@dataclass(frozen=True)
class _Run:
    """What all steps of one run are given: the arguments of `resolve` as stewards leave them, and what is made of them.

    Args:
        named: record_id of all whom a steward's word names or named; None for none.
        compared: Whether likeness compares anybody.
        version: `state.version_of`.
        known: The model of likeness and its frequencies, as the last run left them.
    """

    canonical: Canonical
    rules: IdentityRules
    store: ProfileIdStore
    previous: Mapping[str, ir.Table]
    as_of: datetime
    engine: Engine
    said: Stewardship
    collector: Collector
    named: ir.Table | None
    compared: bool
    version: str
    known: tuple[Model, ir.Table] | None

    @property
    def types(self) -> Types:
        return self.collector.types

    @property
    def touched(self) -> ir.Table | None:
        """record_id of the records that exist of those named."""
        return None if self.named is None else self.named.semi_join(self.canonical.identity_records, "record_id")


def resolve(
    canonical: Canonical,
    rules: IdentityRules,
    store: ProfileIdStore,
    previous: Mapping[str, ir.Table],
    as_of: datetime,
    engine: Engine,
    key: str,
    stewardship: Stewardship | None = None,
    told: Told | None = None,
) -> Resolution:
    """Find out who is who, and save the ids given.

    Args:
        canonical: What there is to know.
        rules: How far each identifier is to be trusted.
        store: What keeps profile ids; written before the tables are published (see `ids.py`).
        previous: The tables of the stage as last published. With ``profile_map``, ``profile_changes`` and
            ``steward_words`` alone, everything is computed.
        as_of: The run.
        engine: Computes.
        key: Secret of the keyed hashes of identifiers.
        stewardship: What stewards said; null for nothing.
        told: Of whom the canonical tables say something else than when the tables of the stage were last published
            (`delta.told_since`); null where that is not known.
    """
    said = (stewardship or Stewardship.of([], engine)).among(canonical.identity_records, engine)
    said = said.with_points(canonical, key, engine)
    told = None if told is None else replace(told, latest=_heard(told.latest, canonical, said))
    rules, canonical = said.rules(rules), said.heard(canonical)
    types = types_of(canonical.identifiers, rules, engine)
    renamed = renamed_by(canonical.identifier_aliases, engine, key)
    compared = compares(canonical.contacts, rules.linkage, engine, said)
    run = _Run(
        canonical, rules, with_guests(store, canonical.identity_records, said, as_of, engine), previous, as_of, engine,
        said, Collector(canonical, types, renamed, rules, key, engine, said.observations),
        said.named(previous["steward_words"], engine), compared,
        version_of(rules, types, said, key, engine, compared=compared), tables.last_model(previous, engine),
    )  # fmt: skip
    state = last_state(previous, run.version, engine)
    if state is None:
        return _resolved_wholly(run, "there is no earlier run, or it had other rules, types or code")
    if compared and rules.linkage.most_wrong is not None:
        return _resolved_wholly(run, "`most_wrong` sets the weight to join from by the joins of everybody")
    delta = changed_since(state, canonical, run.collector, engine, run.touched, told)
    scope = concerned(delta, run.touched, state, run.collector, engine)
    put = _put_together(run, scope, state)
    if put is None:
        return _resolved_wholly(run, "likeness has to learn a new model")
    return _resolved(run, put, delta.digests, delta, state)


def _heard(latest: Mapping[str, ir.Table], canonical: Canonical, said: Stewardship) -> dict[str, ir.Table]:
    """Of what was written last, what counts; whose source does not count is told by the records of all."""
    others = {name: part for name, part in latest.items() if name != "identity_records"}
    heard = said.heard(replace(canonical, **others))
    return {name: getattr(heard, name) if name in others else part for name, part in latest.items()}


def _resolved_wholly(run: _Run, reason: str) -> Resolution:
    """Compute everything.

    Args:
        run: All that is given.
        reason: Why, in words.
    """
    observations = partial(run.engine.stage_table, schemas.STAGE, schemas.OBSERVATIONS)
    rows = run.collector.rows(store=observations)
    scope = everybody(rows, run.collector, run.engine, observations)
    digests = run.engine.from_arrow(digests_of(run.canonical, run.engine), schemas.DIGESTS.ibis_schema)
    put = _put_together(run, scope, None)
    assert put is not None
    if scope.carriers is not None:
        run.engine.forget(scope.carriers, keep=[scope.rows, scope.blocked])
    built = _resolved(run, put, digests, None, None)
    return replace(built, figures={**built.figures, "everything was computed because": reason})


@dataclass(frozen=True)
class _Put:
    """People put together, by what they share and by likeness.

    Args:
        scope: Whom this is about.
        evidence: Their evidence without placeholders and hubs.
        shared: The partition by what they share.
        linked: What likeness made of it.
    """

    scope: Scope
    evidence: ir.Table
    shared: Partition
    linked: Linked


def _put_together(run: _Run, scope: Scope, state: State | None) -> _Put | None:
    """Put people together; None if likeness cannot build upon the last run.

    Args:
        run: All that is given.
        scope: Who is put together anew; those whom likeness draws in come to it.
        state: What the last run left; None where the scope is everybody.
    """
    canonical, engine, said, rules = run.canonical, run.engine, run.said, run.rules.linkage

    def by_what_they_share(scope: Scope) -> tuple[ir.Table, Partition]:
        evidence = usable(scope.evidence.observations)
        people = partition(scope.evidence, evidence, run.rules, engine, said, scope.carriers)
        return evidence, people.with_alone(restricted(canonical.identity_records, scope.records), evidence, engine)

    evidence, shared = by_what_they_share(scope)
    told = Comparable(run.collector, as_they_are(scope, state))
    if state is None:
        linked = link(shared, told, scope.evidence, evidence, rules, run.known, engine, said)
        return _Put(scope, evidence, shared, linked)
    if not run.compared:
        return _Put(scope, evidence, shared, not_compared(shared, run.known))
    while True:
        memory = _memory(run, scope, state)
        seen = look(shared, told, rules, run.known, memory, engine)
        if seen is None or run.known is None:
            return None
        if not has_rows(seen.drawn, engine):
            linked = link_again(shared, seen, scope.evidence, evidence, rules, run.known, engine, said)
            return _Put(scope, evidence, shared, linked)
        scope = widened(scope, seen.drawn, state, run.collector, engine)
        evidence, shared = by_what_they_share(scope)


def _memory(run: _Run, scope: Scope, state: State) -> Memory:
    assert scope.records is not None
    assert scope.gone is not None
    away = run.engine.scratch(scope.records.union(scope.gone).distinct())
    faces = state.faces.anti_join(away, state.faces.face == away.record_id)
    components = state.components.filter(state.components.label.notnull())
    return Memory(
        run.engine.scratch(faces),
        components.anti_join(away, "record_id").select("record_id", "label"),
    )


def _resolved(run: _Run, put: _Put, digests: ir.Table, delta: Delta | None, state: State | None) -> Resolution:
    """Take all steps after people are put together.

    Args:
        run: All that is given.
        put: Who is put together anew.
        digests: As they are now; of those that differ from the last run.
        delta, state: What changed since the last run, and what that left; None where the scope is everybody.
    """
    canonical, engine, previous, said = run.canonical, run.engine, run.previous, run.said

    def kept(schema: TableSchema, rows: ir.Table) -> ir.Table:
        """A whole table is written where it is published from, and rows that are to be patched into one are not."""
        return engine.stage_table(schemas.STAGE, schema, rows) if state is None else engine.scratch(rows)

    scope, linked, people = put.scope, put.linked, put.linked.partition
    at_devices = devices_concerned(scope, people.records, state, engine)
    devices = attribute_as_said(at_devices.usable, at_devices.people, canonical.facts, said, engine)
    records = _all(scope, at_devices, engine)
    before = None
    if state is not None and scope.gone is not None and records is not None:
        before = engine.scratch(restricted(state.components, records.union(scope.gone)))
    known = _described(canonical, records, before, delta)
    members = members_of(known, people, together(put.shared, linked, engine), devices, engine)
    members = kept(schemas.COMPONENTS, members)
    in_step = state is not None and state.standing.revision == run.store.revision()
    if in_step and state is not None and scope.gone is not None and before is not None:
        groups = changed_groups(members, devices, before, scope.gone, state, said, run.named, run.store, engine)
    else:
        groups = all_groups(members, scope.gone, state, said, previous["profile_map"])
    assignment = assign_ids(groups.homes, run.store, run.as_of, engine, groups.saved)
    rows = profile_rows(assignment.given, assignment.profiles, devices, state if groups.saved is not None else None)
    rows = kept(schemas.PROFILE_MAP, rows)
    engine.forget(assignment.given, keep=[assignment.profiles])

    made = {**_ties(run, put, devices), "profile_map": rows, "observations": scope.rows, "components": members}
    if state is None or delta is None:
        patches: dict[str, Patch] = {}
    else:
        assert before is not None
        patches = _patches(made, scope, delta, state, records, before, groups, engine)
    whole = {
        "digests": digests,
        **{name: patched(previous[name], patches[name]) if name in patches else table for name, table in made.items()},
    }
    if "digests" in patches:
        whole["digests"] = patched(previous["digests"], patches["digests"])
    logged = row_count(previous["profile_changes"], engine)
    led_to = restricted(whole["profile_map"], assignment.redirects, "profile_id")
    redirects = engine.scratch(assignment.redirects.semi_join(led_to, "profile_id"))
    moved = patches.get("profile_map")
    maps = Maps(
        before=previous["profile_map"],
        after=whole["profile_map"],
        left=groups.placed if moved is None else engine.scratch(restricted(groups.placed, moved.gone)),
        came=rows if moved is None else moved.rows,
    )
    log = changed_profiles(
        maps, redirects, made["links"], run.types, logged, run.as_of, engine,
        news_of(previous["steward_words"], said.words), canonical.identity_records,
    )  # fmt: skip
    log = engine.scratch(log) if logged else engine.stage_table(schemas.STAGE, schemas.PROFILE_CHANGES, log)
    patches["profile_changes"] = Patch("change_id", empty(ibis.schema({"change_id": "int64"}), engine), log)
    standing = Standing(run.version, assignment.save(run.store), *_counted(people, before, state, scope, engine))
    whole |= {
        "profile_changes": patched(previous["profile_changes"], patches["profile_changes"]) if logged else log,
        "redirects": redirects,
        "steward_words": said.words,
        "renamed_identifiers": _renamed(run.collector.renamed, engine),
        "resolution_state": standing.table(engine),
        "review_queue": _queue(run, linked, whole),
        "linkage_model": tables.model_table(linked, previous.get("linkage_model"), run.as_of, engine),
        "linkage_frequencies": tables.frequencies(linked, engine),
    }
    figures = {
        "components": standing.components,
        "components rebuilt": standing.rebuilt,
        "records looked at again": "all" if delta is None else row_count(members, engine),
        "new changes": row_count(log, engine),
        "identifier types without a rule": ", ".join(run.types.unknown) or "none",
    }
    ordered = {schema.name: whole[schema.name].select(*schema.column_names) for schema in schemas.TABLES}
    return Resolution(ordered, figures, linked, patches)


def _ties(run: _Run, put: _Put, devices: ir.Table) -> dict[str, ir.Table]:
    """What ties records, what was kept from it, and what likeness found, by table."""
    engine, linked, people = run.engine, put.linked, put.linked.partition
    refused = stack(
        rejected_links(run.types.table, put.scope.blocked, people),
        tables.rejected_links(linked, engine),
        links_refused(run.said, people),
    )
    return {
        "links": stack(
            links(run.types.table, put.evidence, put.shared, devices, engine),
            tables.links(linked, engine),
            links_said(run.said, people),
        ),
        "rejected_links": engine.scratch(refused),
        "likeness": tables.likeness(linked, engine),
        "faces": engine.scratch(tables.faces(linked, engine)),
        "undecided": tables.undecided(linked, engine),
    }


def _queue(run: _Run, linked: Linked, whole: Mapping[str, ir.Table]) -> ir.Table:
    if linked.model is None:
        return empty(schemas.REVIEW_QUEUE.ibis_schema, run.engine)
    pairs = whole["undecided"]
    decided = run.said.apart
    refused = whole["rejected_links"]
    refused = refused.filter(refused.identifier_type == LIKENESS)
    named = [pairs.select("label_l", "label_r"), decided, refused.select("left_record_id", "right_record_id")]
    ends = stack(*(each.select(record_id=each[side]) for each in named for side in each.columns)).distinct()
    homes = run.engine.scratch(homes_of(whole["profile_map"]).semi_join(ends, "record_id"))
    return tables.review_queue(
        pairs, homes, decided, refused, linked.model, run.previous.get("review_queue"),
        run.rules.linkage, run.as_of, run.engine,
    )  # fmt: skip


def _all(scope: Scope, devices: DeviceScope, engine: Engine) -> ir.Table | None:
    """record_id of everybody concerned; None for all."""
    if scope.records is None or devices.records is None:
        return None
    return engine.scratch(scope.records.union(devices.records).distinct())


def _described(
    canonical: Canonical, records: ir.Table | None, before: ir.Table | None, delta: Delta | None
) -> ir.Table:
    """What is known of everybody concerned (`evidence.described`): of those who were not looked at, what was known.

    Args:
        canonical: What there is to know.
        records: record_id of everybody concerned; None for all.
        before: What the last run left of them (`schemas.COMPONENTS`).
        delta: Who was looked at.
    """
    if records is None or before is None or delta is None:
        return described(canonical.identity_records, canonical.contacts, canonical.contact_points)
    others = before.select(delta.described.columns).anti_join(delta.described, "record_id")
    return restricted(stack(delta.described, others), records)


def _patches(
    made: Mapping[str, ir.Table],
    scope: Scope,
    delta: Delta,
    state: State,
    records: ir.Table | None,
    before: ir.Table,
    groups: Groups,
    engine: Engine,
) -> dict[str, Patch]:
    """How the tables of the last run become those of this one.

    Args:
        made: The rows computed in this run.
        scope: Whose observations and identifiers were judged.
        delta: What changed.
        state: What the last run left.
        records: record_id of everybody concerned.
        before: What the last run left of them and of those that are gone (`schemas.COMPONENTS`).
        groups: Where they were; without ids known as saved, the map is written as a whole.
        engine: Computes.
    """
    assert records is not None
    assert scope.replaced is not None
    assert scope.judged is not None
    away = engine.scratch(records.union(delta.gone).distinct())
    refused = state.rejected_links
    whole = refused.filter(refused.right_record_id.isnull()).semi_join(scope.judged, "identifier_id")
    pairs = refused.filter(refused.right_record_id.notnull()).semi_join(away, refused.left_record_id == away.record_id)
    faces, undecided = state.faces, state.undecided
    remembered = faces.semi_join(away, faces.face == away.record_id).select("face")
    waiting = undecided.semi_join(away, undecided.label_l == away.record_id).select("pair_id")
    waiting = waiting.union(undecided.semi_join(away, undecided.label_r == away.record_id).select("pair_id"))
    replaced = scope.replaced.select("record_id").distinct()
    patches = {
        "observations": Patch("record_id", engine.scratch(replaced), made["observations"]),
        "components": without_equal(Patch("record_id", away, made["components"]), before, engine),
        "digests": Patch("bucket", delta.buckets, delta.digests),
        "linkage_model": _unchanged(schemas.LINKAGE_MODEL, "model_id", engine),
        "linkage_frequencies": _unchanged(schemas.LINKAGE_FREQUENCIES, "value_id", engine),
        "links": Patch("left_record_id", away.rename(left_record_id="record_id"), made["links"]),
        "likeness": Patch("left_record_id", away.rename(left_record_id="record_id"), made["likeness"]),
        "faces": Patch("face", engine.scratch(remembered), made["faces"]),
        "undecided": Patch("pair_id", engine.scratch(waiting.distinct()), made["undecided"]),
        "rejected_links": Patch(
            "link_id",
            engine.scratch(whole.select("link_id").union(pairs.select("link_id")).distinct()),
            made["rejected_links"],
        ),
    }
    if groups.saved is not None:
        mapped = engine.scratch(made["profile_map"].select("record_id").union(delta.gone).distinct())
        of_map = Patch("record_id", mapped, made["profile_map"])
        patches["profile_map"] = without_equal(of_map, groups.placed, engine)
    return patches


def _unchanged(schema: TableSchema, key: str, engine: Engine) -> Patch:
    rows = empty(schema.ibis_schema, engine)
    return Patch(key, rows.select(key), rows)


def _counted(
    people: Partition, before: ir.Table | None, state: State | None, scope: Scope, engine: Engine
) -> tuple[int, int]:
    """How many components there are, and how many of them were rebuilt.

    Args:
        people: Those put together anew.
        before: What the last run left of those concerned (`schemas.COMPONENTS`).
        state, scope, engine: As in `_resolved`.
    """
    if before is None or state is None or scope.records is None or scope.gone is None:
        return people.components, people.rebuilt
    # The smallest record of each component is called like it.
    named = before.filter((before.record_id == before.component) & before.label.notnull())
    before = restricted(named, scope.records.union(scope.gone))
    return (
        state.standing.components - row_count(before, engine) + people.components,
        state.standing.rebuilt - row_count(before.filter(before.rebuilt), engine) + people.rebuilt,
    )


def _renamed(renamed: ir.Table | None, engine: Engine) -> ir.Table:
    if renamed is None:
        return empty(schemas.RENAMED_IDENTIFIERS.ibis_schema, engine)
    return renamed.select(identifier_id="node", stands_for="component")
