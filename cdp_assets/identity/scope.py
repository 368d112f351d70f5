"""Who is to be put together anew: everybody, or those who hang together with what changed.

Belongs here: closing a change over components of people and of devices, before and after, so that the steps that follow
see whole components and need not know whether these are all there are. Does not belong here: what changed (`delta.py`),
and those steps (`partition.py`, `devices.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import ibis.expr.types as ir
from ibis import _

from cdp_assets.identity.blocked_values import Screened, screen, usable, with_hubs, without_hubs
from cdp_assets.identity.delta import Delta
from cdp_assets.identity.evidence import HUB, KINDS, SOUND, Evidence, names_of, with_numbers
from cdp_assets.identity.spec import Kind
from cdp_assets.identity.state import State
from cdp_assets.warehouse.engine import has_rows
from cdp_assets.warehouse.stacking import restricted, stack

if TYPE_CHECKING:
    from cdp_assets.identity.collecting import Collector
    from cdp_assets.warehouse.engine import Engine


@dataclass(frozen=True)
class Scope:
    """The evidence of those who are to be put together anew.

    Args:
        evidence: Of whole components of people, hubs marked.
        blocked: Identifiers that are nobody's own (`Screened.blocked`), of those judged.
        judged: identifier_id of those; None for all.
        records: record_id of the records concerned, devices' not counted in; None for all.
        gone: record_id of records that exist no more; None where nothing is known of a last run.
        replaced: record_id of those whose observations in the last run do not stand; None for all.
        rows: Observations that are new in the state.
        carriers: `Screened.carriers` without the hubs, where all identifiers were judged.
    """

    evidence: Evidence
    blocked: ir.Table
    judged: ir.Table | None
    records: ir.Table | None
    gone: ir.Table | None
    replaced: ir.Table | None
    rows: ir.Table
    carriers: ir.Table | None = None


def everybody(
    rows: ir.Table,
    collector: Collector,
    engine: Engine,
    store: Callable[[ir.Table], ir.Table] = lambda rows: rows,
) -> Scope:
    """The scope of a run that knows of none before it.

    Args:
        rows: All observations, before hubs are looked for.
        collector: Knows what records say of people, and made the observations of it.
        engine: Computes.
        store: Where observations in which hubs are marked are kept, if anywhere.
    """
    canonical, types = collector.canonical, collector.types
    names = engine.scratch(names_of(canonical.contacts, canonical.contact_points))
    screened = screen(Evidence(rows, names, types), rows, engine)
    observations = store(screened.observations)
    carriers = screened.carriers.anti_join(screened.hubs, "identifier_id")
    named = engine.scratch(with_numbers(names, collector.numbers(observations)))
    evidence = Evidence(observations, named, types)
    return Scope(evidence, screened.blocked, None, None, None, None, observations, carriers)


def concerned(delta: Delta, touched: ir.Table | None, state: State, collector: Collector, engine: Engine) -> Scope:
    """The scope of a run after another one.

    Args:
        delta: What changed.
        touched: record_id of records whose component is to be rebuilt though their evidence is what it was; None for
            none.
        state: What the last run left.
        collector: As in `everybody`.
        engine: Computes.
    """
    judged = engine.scratch(delta.rows.select("identifier_id").union(delta.before.select("identifier_id")).distinct())
    # Of new records there is nothing to leave out.
    known = engine.scratch(delta.before.select("record_id").distinct())
    standing = state.observations.anti_join(known, "record_id")
    # Few carry one of these identifiers: only they are looked up among those known.
    carriers = engine.scratch(restricted(state.observations, judged, "identifier_id").anti_join(known, "record_id"))
    screened = screen(
        Evidence(stack(delta.rows, without_hubs(carriers)), names_of(collector.canonical.contacts), collector.types),
        without_hubs(stack(delta.rows, standing)),
        engine,
    )
    replaced, rows = _replaced(delta, known, carriers, screened, state, engine)
    linked = carriers.filter(carriers.flaw == SOUND).union(
        carriers.filter(carriers.flaw == HUB).anti_join(screened.hubs, "identifier_id")
    )
    seeds = linked.select("record_id").union(delta.records, replaced)
    seeds = engine.scratch((seeds if touched is None else seeds.union(touched.select("record_id"))).distinct())
    records = _hanging_with(seeds, delta.gone, state, engine)
    evidence = _evidence_of(records, rows, replaced, state, collector, engine)
    return Scope(evidence, screened.blocked, judged, records, delta.gone, replaced, rows)


def widened(scope: Scope, drawn: ir.Table, state: State, collector: Collector, engine: Engine) -> Scope:
    """A scope with more records, and all that hang together with them.

    Args:
        scope: The scope.
        drawn: record_id of those who come to it.
        state, collector, engine: As in `concerned`.
    """
    assert scope.records is not None
    assert scope.gone is not None
    assert scope.replaced is not None
    seeds = engine.scratch(scope.records.union(drawn.select("record_id")).distinct())
    records = _hanging_with(seeds, scope.gone, state, engine)
    evidence = _evidence_of(records, scope.rows, scope.replaced, state, collector, engine)
    return replace(scope, evidence=evidence, records=records)


def _hanging_with(seeds: ir.Table, gone: ir.Table, state: State, engine: Engine) -> ir.Table:
    hanging = restricted(state.components, seeds).filter(_.together.notnull()).select("together").distinct()
    members = restricted(state.components, engine.scratch(hanging), "together").select("record_id")
    return engine.scratch(members.union(seeds).distinct().anti_join(gone, "record_id"))


def _evidence_of(
    records: ir.Table,
    rows: ir.Table,
    replaced: ir.Table,
    state: State,
    collector: Collector,
    engine: Engine,
) -> Evidence:
    observations = engine.scratch(_current(rows, replaced, state, records))
    known = collector.canonical
    said = (restricted(table, records) for table in (known.contacts, known.contact_points))
    names = with_numbers(names_of(*said), collector.numbers(observations))
    return Evidence(observations, engine.scratch(names), collector.types)


def _replaced(
    delta: Delta, known: ir.Table, carriers: ir.Table, screened: Screened, state: State, engine: Engine
) -> tuple[ir.Table, ir.Table]:
    """Whose observations do not stand, and what there is instead: what changed, and became or ceased to be a hub.

    Args:
        delta: What changed.
        known: record_id of those among them who had observations in the last run.
        carriers: Observations, as in the last run, of what else carries identifiers that changed records carry.
        screened: The verdict on these identifiers.
        state: What the last run left.
        engine: Computes.
    """
    changed = with_hubs(delta.rows, screened.hubs)
    began = carriers.filter(carriers.flaw == SOUND).semi_join(screened.hubs, "identifier_id")
    ended = carriers.filter(carriers.flaw == HUB).anti_join(screened.hubs, "identifier_id")
    flipped = engine.scratch(
        began.select("record_id", "identifier_id").union(ended.select("record_id", "identifier_id"))
    )
    if not has_rows(flipped, engine):
        return known, engine.scratch(changed)
    ids = flipped.select("identifier_id").distinct()
    kept = restricted(state.observations, engine.scratch(flipped.select("record_id").distinct()))
    others = kept.anti_join(ids, "identifier_id")
    turned = with_hubs(without_hubs(kept.semi_join(ids, "identifier_id")), screened.hubs)
    replaced = known.union(flipped.select("record_id")).distinct()
    return engine.scratch(replaced), engine.scratch(stack(changed, others, turned))


def as_they_are(scope: Scope, state: State | None) -> ir.Table:
    """All observations as they are now, of everybody.

    Args:
        scope: Who is put together anew.
        state: What the last run left; None where the scope is everybody.
    """
    if state is None or scope.replaced is None:
        return scope.evidence.observations
    return _current(scope.rows, scope.replaced, state, None)


def _current(rows: ir.Table, replaced: ir.Table, state: State, records: ir.Table | None) -> ir.Table:
    """Observations as they are now, of some records."""
    standing = restricted(state.observations, records).anti_join(replaced, "record_id")
    return stack(restricted(rows, records), standing)


@dataclass(frozen=True)
class DeviceScope:
    """What is known of the devices concerned.

    Args:
        usable: Usable observations of these devices, by whomever.
        people: record_id, label, settled of the records of people among them.
        records: record_id of the records without a person; None for all.
    """

    usable: ir.Table
    people: ir.Table
    records: ir.Table | None


def devices_concerned(scope: Scope, people: ir.Table, state: State | None, engine: Engine) -> DeviceScope:
    """Close the scope over devices: of each that one of its records uses, all records.

    Devices that several people used are always concerned: whose they were when is told by facts, which no digest
    covers.

    Args:
        scope: Who is put together anew.
        people: Partition of the people among them (`Partition.records`).
        state: What the last run left; None where the scope is everybody.
        engine: Computes.
    """
    own = usable(scope.evidence.observations)
    own = own.filter(own.kind == KINDS[Kind.DEVICE])
    if state is None or scope.records is None:
        return DeviceScope(own, people, None)
    everywhere = usable(as_they_are(scope, state))
    everywhere = everywhere.filter(everywhere.kind == KINDS[Kind.DEVICE])
    bare = state.components.filter(state.components.label.isnull() & state.components.component.notnull())
    seen = restricted(everywhere, engine.scratch(own.select("identifier_id").distinct()), "identifier_id")
    users = engine.scratch(seen.select("record_id").union(scope.records).distinct())
    hanging = restricted(bare, users).select("component").union(bare.filter(bare.shared).select("component"))
    members = restricted(bare, engine.scratch(hanging.distinct()), "component").select("record_id")
    candidates = members.union(users).distinct().anti_join(people, "record_id")
    if scope.gone is not None:
        candidates = candidates.anti_join(scope.gone, "record_id")
    candidates = engine.scratch(candidates)
    standing = state.components.filter(state.components.label.notnull())
    # Looked up among the few, since a look-up among all records takes their memory.
    elsewhere = restricted(standing, candidates).anti_join(scope.records, "record_id")
    records = engine.scratch(candidates.anti_join(elsewhere, "record_id"))
    devices = restricted(everywhere, records).select("identifier_id").union(own.select("identifier_id")).distinct()
    concerned = engine.scratch(restricted(everywhere, engine.scratch(devices), "identifier_id"))
    others = restricted(standing, concerned).anti_join(scope.records, "record_id")
    known = stack(people.select("record_id", "label", "settled"), others.select("record_id", "settled", label="home"))
    return DeviceScope(concerned, engine.scratch(known), records)
