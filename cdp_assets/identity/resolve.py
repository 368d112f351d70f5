"""The whole stage as one function: from canonical tables to all tables of identity.

Belongs here: the order of the steps, for everybody or for those who are concerned by what changed. Does not belong
here: any of them, and anything about Dagster.

A run after another one does the same steps with the same functions, on whole components (`scope.py`), and patches the
tables of the last run. Since the partition depends on the evidence alone, the outcome is that of a run from nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir

from cdp_assets.identity import schemas
from cdp_assets.identity.blocked_values import usable
from cdp_assets.identity.changes import Maps, changed_profiles
from cdp_assets.identity.collecting import Collector, renamed_by
from cdp_assets.identity.delta import Delta, changed_since, digests_of
from cdp_assets.identity.devices import attribute_devices
from cdp_assets.identity.evidence import types_of
from cdp_assets.identity.ids import ProfileIdStore, assign_ids
from cdp_assets.identity.links import links, rejected_links
from cdp_assets.identity.members import all_groups, changed_groups, members_of, profile_rows
from cdp_assets.identity.partition import Partition, partition
from cdp_assets.identity.scope import DeviceScope, Scope, concerned, devices_concerned, everybody
from cdp_assets.identity.spec import IdentityRules
from cdp_assets.identity.stacking import patched, restricted
from cdp_assets.identity.state import Standing, State, last_state, version_of
from cdp_assets.warehouse.built import Patch

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
        patches: How tables as last published become these; none where everything was computed.
    """

    tables: dict[str, ir.Table]
    figures: dict[str, Any]
    patches: dict[str, Patch] = field(default_factory=dict)


def resolve(
    canonical: Canonical,
    rules: IdentityRules,
    store: ProfileIdStore,
    previous: Mapping[str, ir.Table],
    as_of: datetime,
    engine: Engine,
    key: str,
    touched: ir.Table | None = None,
) -> Resolution:
    """Find out who is who, and save the ids given.

    Args:
        canonical: What there is to know.
        rules: How far each identifier is to be trusted.
        store: What keeps profile ids; written before the tables are published (see `ids.py`).
        previous: The tables of the stage as last published. With ``profile_map`` and ``profile_changes`` alone,
            everything is computed.
        as_of: The run.
        engine: Computes.
        key: Secret of the keyed hashes of identifiers.
        touched: record_id of records whose component is to be rebuilt though their evidence is what it was: what was
            said of them from outside changed. None for none.
    """
    types = types_of(canonical.identifiers, rules, engine)
    renamed = renamed_by(canonical.identifier_aliases, engine, key)
    collector = Collector(canonical, types, renamed, rules, key, engine)
    version = version_of(rules, types, key, engine)
    state = last_state(previous, version, engine)
    delta = None
    if state is None:
        digests = engine.from_arrow(digests_of(canonical, engine), schemas.DIGESTS.ibis_schema)
        scope = everybody(collector.rows(), canonical.contacts, types, engine)
    else:
        delta = changed_since(state, canonical, collector, engine)
        digests = delta.digests
        scope = concerned(delta, touched, state, canonical.contacts, types, engine)

    evidence = usable(scope.evidence.observations)
    people = partition(scope.evidence, evidence, rules, engine, scope.carriers)
    at_devices = devices_concerned(scope, people.records, state, engine)
    devices = attribute_devices(at_devices.usable, at_devices.people, canonical.facts, engine)
    records = _all(scope, at_devices, engine)
    members = members_of(canonical, records, people, devices, engine)

    in_step = state is not None and state.standing.revision == store.revision()
    if in_step and state is not None and scope.gone is not None:
        groups = changed_groups(members, scope.gone, state, canonical, engine)
    else:
        groups = all_groups(members, scope.gone, state, canonical)
    assignment = assign_ids(groups.homes, store, as_of, engine, groups.saved)
    rows = engine.scratch(
        profile_rows(assignment.given, assignment.profiles, devices, state if groups.saved is not None else None)
    )

    made = {
        "links": links(types.table, evidence, people, devices, engine),
        "rejected_links": engine.scratch(rejected_links(types.table, scope.blocked, people)),
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
    tables = {
        "digests": digests,
        **{name: patched(previous[name], patches[name]) if name in patches else table for name, table in made.items()},
    }
    if "digests" in patches:
        tables["digests"] = patched(previous["digests"], patches["digests"])

    logged = _count(previous["profile_changes"], engine)
    redirects = engine.scratch(assignment.redirects.semi_join(tables["profile_map"], "profile_id"))
    maps = Maps(
        before=previous["profile_map"],
        after=tables["profile_map"],
        left=restricted(previous["profile_map"], patches["profile_map"].gone)
        if "profile_map" in patches
        else previous["profile_map"],
        came=rows,
    )
    log = engine.scratch(changed_profiles(maps, redirects, tables["links"], types, logged, as_of, engine))
    patches["profile_changes"] = Patch("change_id", _empty(ibis.schema({"change_id": "int64"}), engine), log)
    standing = Standing(version, assignment.save(store), *_counted(people, state, scope, engine))
    tables |= {
        "profile_changes": patched(previous["profile_changes"], patches["profile_changes"]),
        "redirects": redirects,
        "review_queue": _empty(schemas.REVIEW_QUEUE.ibis_schema, engine),
        "device_suggestions": _empty(schemas.DEVICE_SUGGESTIONS.ibis_schema, engine),
        "renamed_identifiers": _renamed(renamed, engine),
        "resolution_state": standing.table(engine),
    }
    figures = {
        "components": standing.components,
        "components rebuilt": standing.rebuilt,
        "records looked at again": "all" if delta is None else _count(members, engine),
        "new changes": _count(log, engine),
        "identifier types without a rule": ", ".join(types.unknown) or "none",
    }
    ordered = {schema.name: tables[schema.name].select(*schema.column_names) for schema in schemas.TABLES}
    return Resolution(ordered, figures, patches)


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
        state.standing.components - _count(before, engine) + people.components,
        state.standing.rebuilt - _count(before.filter(before.rebuilt), engine) + people.rebuilt,
    )


def _renamed(renamed: ir.Table | None, engine: Engine) -> ir.Table:
    if renamed is None:
        return _empty(schemas.RENAMED_IDENTIFIERS.ibis_schema, engine)
    return renamed.select(identifier_id="node", stands_for="component")


def _count(table: ir.Table, engine: Engine) -> int:
    return int(engine.to_arrow(table.aggregate(rows=table.count()))["rows"][0].as_py())


def _empty(schema: ibis.Schema, engine: Engine) -> ir.Table:
    return engine.from_arrow(schema.to_pyarrow().empty_table(), schema)
