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
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir

from cdp_assets.identity import schemas
from cdp_assets.identity.blocked_values import usable
from cdp_assets.identity.changes import Maps, changed_profiles, homes_of
from cdp_assets.identity.collecting import Collector, renamed_by
from cdp_assets.identity.delta import Delta, changed_since, digests_of
from cdp_assets.identity.evidence import KINDS, Types, types_of
from cdp_assets.identity.ids import ProfileIdStore, assign_ids
from cdp_assets.identity.linkage import tables
from cdp_assets.identity.linkage.link import Linked, compares, link
from cdp_assets.identity.links import links, rejected_links
from cdp_assets.identity.members import all_groups, changed_groups, members_of, profile_rows
from cdp_assets.identity.partition import Partition, partition
from cdp_assets.identity.scope import DeviceScope, Scope, concerned, devices_concerned, everybody
from cdp_assets.identity.spec import IdentityRules, Kind
from cdp_assets.identity.state import Standing, State, last_state, likeness_of, version_of
from cdp_assets.identity.stewarded_ids import with_guests
from cdp_assets.identity.stewardship import Stewardship, attribute_as_said, links_refused, links_said, news_of
from cdp_assets.warehouse.built import Patch
from cdp_assets.warehouse.engine import row_count
from cdp_assets.warehouse.stacking import patched, restricted, stack

if TYPE_CHECKING:
    from cdp_assets.warehouse.engine import Engine


@dataclass(frozen=True)
class Canonical:
    """The canonical tables that identity reads.

    Args:
        identity_records, identifiers, contacts, contact_points, identifier_aliases: As in `canonical.tables`.
        facts: Canonical fact tables by name, for the times at which shared devices were used.
    """

    identity_records: ir.Table
    identifiers: ir.Table
    contacts: ir.Table
    contact_points: ir.Table
    identifier_aliases: ir.Table
    facts: Mapping[str, ir.Table]


@dataclass(frozen=True)
class Resolution:
    """All tables of the stage by name (`schemas.TABLES`), and figures about them.

    Args:
        tables: Each table whole.
        figures: For people to see.
        linked: What likeness did; where it did nothing since what it compares is what it was, with its model alone.
        patches: How tables as last published become these; none where everything was computed.
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
        likeness: `state.likeness_of`, where likeness compares anybody.
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
    likeness: str

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
    """
    said = (stewardship or Stewardship.of([], engine)).among(canonical.identity_records, engine)
    rules, canonical = said.rules(rules), said.heard(canonical)
    types = types_of(canonical.identifiers, rules, engine)
    renamed = renamed_by(canonical.identifier_aliases, engine, key)
    compared = compares(canonical.contacts, rules.linkage, engine, said)
    run = _Run(
        canonical, rules, with_guests(store, canonical.identity_records, said, as_of, engine), previous, as_of, engine,
        said, Collector(canonical, types, renamed, rules, key, engine, said.observations),
        said.named(previous["steward_words"], engine), compared,
        version_of(rules, types, said, key, engine, compared=compared),
        likeness_of(canonical.contacts, canonical.contact_points, engine) if compared else "",
    )  # fmt: skip
    state = last_state(previous, run.version, engine)
    if state is None:
        return _resolved_wholly(run, "there is no earlier run, or it had other rules, types or code")
    if compared and state.standing.likeness != run.likeness:
        return _resolved_wholly(run, "likeness compares everybody, and what it compares changed")
    if compared and state.standing.revision != store.revision():
        return _resolved_wholly(run, "profile ids are not those that were published, and likeness compares everybody")
    delta = changed_since(state, canonical, run.collector, engine, run.touched)
    scope = concerned(delta, run.touched, state, canonical.contacts, types, engine)
    if compared and _has_people(scope, state, engine):
        return _resolved_wholly(run, "likeness compares everybody, and records of people changed")
    built = _resolved(run, scope, delta.digests, delta, state)
    return built or _resolved_wholly(run, "profiles that wait for a steward have other ids")


def _resolved_wholly(run: _Run, reason: str) -> Resolution:
    """Compute everything.

    Args:
        run: All that is given.
        reason: Why, in words.
    """
    scope = everybody(run.collector.rows(), run.canonical.contacts, run.types, run.engine)
    digests = run.engine.from_arrow(digests_of(run.canonical, run.engine), schemas.DIGESTS.ibis_schema)
    built = _resolved(run, scope, digests, None, None)
    assert built is not None
    return replace(built, figures={**built.figures, "everything was computed because": reason})


def _resolved(
    run: _Run, scope: Scope, digests: ir.Table, delta: Delta | None, state: State | None
) -> Resolution | None:
    """Take all steps; None if what likeness left behind does not fit any more.

    Args:
        run: All that is given.
        scope: Who is put together anew.
        digests: As they are now; of those that differ from the last run.
        delta, state: What changed since the last run, and what that left; None where the scope is everybody.
    """
    canonical, engine, previous, said = run.canonical, run.engine, run.previous, run.said
    evidence = usable(scope.evidence.observations)
    shared = partition(scope.evidence, evidence, run.rules, engine, said, scope.carriers)
    # Likeness compares everybody or nobody: what it joined in the last run stands where no person changed.
    stands = run.compared and state is not None
    model = tables.last_model(previous.get("linkage_model"), engine)
    if stands:
        linked = Linked(shared, None, model, trained=False, shown=None)
    else:
        linked = link(
            shared, canonical.contacts, canonical.contact_points, scope.evidence, evidence, run.rules.linkage,
            model, engine, said,
        )  # fmt: skip
    people = linked.partition
    at_devices = devices_concerned(scope, people.records, state, engine)
    devices = attribute_as_said(at_devices.usable, at_devices.people, canonical.facts, said, engine)
    records = _all(scope, at_devices, engine)
    members = members_of(canonical, records, people, devices, engine)

    in_step = state is not None and state.standing.revision == run.store.revision()
    if in_step and state is not None and scope.gone is not None:
        groups = changed_groups(members, scope.gone, state, canonical, said, run.named, run.store, engine)
    else:
        groups = all_groups(members, scope.gone, state, canonical, said)
    assignment = assign_ids(groups.homes, run.store, run.as_of, engine, groups.saved)
    rows = engine.scratch(
        profile_rows(assignment.given, assignment.profiles, devices, state if groups.saved is not None else None)
    )

    refused = stack(
        rejected_links(run.types.table, scope.blocked, people),
        tables.rejected_links(linked, engine),
        links_refused(said, people),
    )
    made = {
        "links": engine.scratch(
            stack(
                links(run.types.table, evidence, people, devices, engine),
                tables.links(linked, engine),
                links_said(said, people),
            )
        ),
        "rejected_links": engine.scratch(refused),
        "profile_map": rows,
        "observations": scope.rows,
        "components": members.drop("first_seen_at"),
    }
    if state is None or delta is None:
        patches: dict[str, Patch] = {}
    else:
        patches = _patches(made, scope, delta, state, records, engine)
        if groups.saved is None:
            del patches["profile_map"]
    whole = {
        "digests": digests,
        **{name: patched(previous[name], patches[name]) if name in patches else table for name, table in made.items()},
    }
    if "digests" in patches:
        whole["digests"] = patched(previous["digests"], patches["digests"])
    if stands and _queue_moved(previous["review_queue"], whole["profile_map"], engine):
        return None

    logged = row_count(previous["profile_changes"], engine)
    redirects = engine.scratch(assignment.redirects.semi_join(whole["profile_map"], "profile_id"))
    maps = Maps(
        before=previous["profile_map"],
        after=whole["profile_map"],
        left=restricted(previous["profile_map"], patches["profile_map"].gone)
        if "profile_map" in patches
        else previous["profile_map"],
        came=rows,
    )
    log = engine.scratch(
        changed_profiles(
            maps, redirects, whole["links"], run.types, logged, run.as_of, engine,
            news_of(previous["steward_words"], said.words), canonical.identity_records,
        )
    )  # fmt: skip
    patches["profile_changes"] = Patch("change_id", _empty(ibis.schema({"change_id": "int64"}), engine), log)
    standing = Standing(run.version, assignment.save(run.store), run.likeness, *_counted(people, state, scope, engine))
    whole |= {
        "profile_changes": patched(previous["profile_changes"], patches["profile_changes"]),
        "redirects": redirects,
        "steward_words": said.words,
        "renamed_identifiers": _renamed(run.collector.renamed, engine),
        "resolution_state": standing.table(engine),
        **(
            {name: previous[name] for name in _OF_LIKENESS}
            if stands
            else _of_likeness(run, linked, assignment.profiles)
        ),
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


_OF_LIKENESS = (schemas.REVIEW_QUEUE.name, schemas.LINKAGE_MODEL.name, schemas.LIKENESS.name)


def _of_likeness(run: _Run, linked: Linked, profiles: ir.Table) -> dict[str, ir.Table]:
    previous, engine = run.previous, run.engine
    queue = tables.review_queue(linked, profiles, previous.get("review_queue"), run.rules.linkage, run.as_of, engine)
    model = tables.model_table(linked, previous.get("linkage_model"), run.as_of, engine)
    return dict(zip(_OF_LIKENESS, (queue, model, tables.likeness(linked, engine)), strict=True))


def _has_people(scope: Scope, state: State, engine: Engine) -> bool:
    """Whether any of those concerned is, or was, a record of a person."""
    assert scope.records is not None
    assert scope.gone is not None
    evidence = usable(scope.evidence.observations)
    now = evidence.filter(evidence.kind != KINDS[Kind.DEVICE]).select("record_id")
    before = restricted(state.components, scope.records.union(scope.gone))
    found = now.union(before.filter(before.label.notnull()).select("record_id"))
    return bool(engine.to_arrow(found.limit(1)).num_rows)


def _queue_moved(queue: ir.Table, profile_map: ir.Table, engine: Engine) -> bool:
    """Whether records that wait for a steward are in other profiles than the queue says."""
    ends = queue.select(record_id="left_record_id", said="left_profile_id").union(
        queue.select(record_id="right_record_id", said="right_profile_id")
    )
    placed = ends.left_join(homes_of(profile_map).semi_join(ends, "record_id"), "record_id")
    moved = placed.filter(~placed.profile_id.identical_to(placed.said))
    return bool(engine.to_arrow(moved.limit(1)).num_rows)


def _all(scope: Scope, devices: DeviceScope, engine: Engine) -> ir.Table | None:
    """record_id of everybody concerned; None for all."""
    if scope.records is None or devices.records is None:
        return None
    return engine.scratch(scope.records.union(devices.records).distinct())


def _patches(
    made: Mapping[str, ir.Table], scope: Scope, delta: Delta, state: State, records: ir.Table | None, engine: Engine
) -> dict[str, Patch]:
    """How the tables of the last run become those of this one.

    Args:
        made: The rows computed in this run.
        scope: Whose observations and identifiers were judged.
        delta: What changed.
        state: What the last run left.
        records: record_id of everybody concerned.
        engine: Computes.
    """
    assert records is not None
    assert scope.replaced is not None
    assert scope.judged is not None
    away = engine.scratch(records.union(delta.gone).distinct())
    refused = state.rejected_links
    whole = refused.filter(refused.right_record_id.isnull()).semi_join(scope.judged, "identifier_id")
    pairs = refused.filter(refused.right_record_id.notnull()).semi_join(away, refused.left_record_id == away.record_id)
    mapped = made["profile_map"].select("record_id").union(delta.gone).distinct()
    replaced = scope.replaced.select("record_id").distinct()
    return {
        "observations": Patch("record_id", engine.scratch(replaced), made["observations"]),
        "components": Patch("record_id", away, made["components"]),
        "digests": Patch("bucket", delta.buckets, delta.digests),
        "links": Patch("left_record_id", away.rename(left_record_id="record_id"), made["links"]),
        "rejected_links": Patch(
            "link_id",
            engine.scratch(whole.select("link_id").union(pairs.select("link_id")).distinct()),
            made["rejected_links"],
        ),
        "profile_map": Patch("record_id", engine.scratch(mapped), made["profile_map"]),
    }


def _counted(people: Partition, state: State | None, scope: Scope, engine: Engine) -> tuple[int, int]:
    """How many components there are, and how many of them were rebuilt."""
    if state is None or scope.records is None or scope.gone is None:
        return people.components, people.rebuilt
    # The smallest record of each component is called like it.
    named = state.components.filter(state.components.record_id == state.components.component)
    before = restricted(named.filter(named.label.notnull()), scope.records.union(scope.gone))
    return (
        state.standing.components - row_count(before, engine) + people.components,
        state.standing.rebuilt - row_count(before.filter(before.rebuilt), engine) + people.rebuilt,
    )


def _renamed(renamed: ir.Table | None, engine: Engine) -> ir.Table:
    if renamed is None:
        return _empty(schemas.RENAMED_IDENTIFIERS.ibis_schema, engine)
    return renamed.select(identifier_id="node", stands_for="component")


def _empty(schema: ibis.Schema, engine: Engine) -> ir.Table:
    return engine.from_arrow(schema.to_pyarrow().empty_table(), schema)
