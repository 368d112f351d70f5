"""The slow path between tables: components that break a rule out of the engine, their rebuilt groups back into it.

Belongs here: choosing the atoms, fetching and loading. Does not belong here: what is decided (`slow_path.py`), and
which components come here (`partition.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir

from cdp_assets.canonical.schema import INSTANT
from cdp_assets.identity.agreement import SAID_OF_PEOPLE, Signature, signature_of
from cdp_assets.identity.evidence import KINDS, Evidence
from cdp_assets.identity.groups import Atom, TypeRule, Use
from cdp_assets.identity.slow_path import SILENCE, Refusal, Settlement, Words, said, settle
from cdp_assets.identity.spec import IdentityRules, Kind, spoken
from cdp_assets.warehouse.engine import empty, has_rows

if TYPE_CHECKING:
    import pyarrow as pa

    from cdp_assets.identity.stewardship import Stewardship
    from cdp_assets.warehouse.engine import Engine

REFUSALS = ibis.schema(
    {
        "left_record_id": "int64",
        "right_record_id": "int64",
        "identifier_id": "int64",
        "type_id": "int16",
        "reason": "string",
        "detail": "string",
        "first_seen_at": INSTANT,
    }
)
"""Pairs kept apart although they share an identifier."""

_RECORDS = ibis.schema({"record_id": "int64", "label": "int64", "settled": "boolean"})
_LABELS = ibis.schema({"atom": "int64", "label": "int64", "settled": "boolean"})


@dataclass(frozen=True)
class Rebuilt:
    """What the slow path made of the components given to it.

    Args:
        records: record_id, label, settled.
        refusals: `REFUSALS`.
        count: How many components were rebuilt.
    """

    records: ir.Table
    refusals: ir.Table
    count: int


def rebuild_components(
    ties: ir.Table,
    component: ir.Table,
    breaking: ir.Table,
    evidence: Evidence,
    rules: IdentityRules,
    engine: Engine,
    stewardship: Stewardship | None = None,
) -> Rebuilt:
    """Rebuild the components listed in ``breaking``.

    Args:
        ties: Usable evidence that is no device's.
        component: record_id, component.
        breaking: Column component, distinct.
        evidence: Names and types.
        rules: The largest component that is rebuilt.
        engine: Computes.
        stewardship: What stewards said.
    """
    records = engine.scratch(component.semi_join(breaking, "component"))
    if not has_rows(records, engine):
        none = empty(_RECORDS, engine)
        return Rebuilt(none, empty(REFUSALS, engine), 0)
    slow = engine.scratch(ties.join(records, "record_id"))
    atoms = engine.scratch(_atoms(records, slow, evidence, engine, stewardship))
    words = _words(records, atoms, stewardship, engine)
    # Whom a steward named is there even without anything that ties.
    uses = records.join(atoms, "record_id").left_join(slow.drop("component"), "record_id")
    uses = uses.group_by("component", "atom", "identifier_id", "type_id").aggregate(
        # Seconds of 1900, or of 2055, are no int32, which ibis takes them for.
        first=uses.first_seen_at.min().truncate("s").epoch_seconds().cast("int64"),
        last=uses.last_seen_at.max().truncate("s").epoch_seconds().cast("int64"),
        carrier=uses.record_id.min(),
    )
    named = records.join(atoms, "record_id").join(evidence.names, "record_id")
    names = named.select("component", "atom", *SAID_OF_PEOPLE).distinct()
    types = {
        row["type_id"]: TypeRule(
            called=spoken(row["namespace"], row["identifier_type"]),
            personal=row["kind"] == KINDS[Kind.PERSONAL],
            limit=row["most"],
            strength=row["strength"],
            recycled_after_days=row["recycled_after_days"],
        )
        for row in evidence.type_rows.to_pylist()
    }
    labels: list[tuple[int, int, bool]] = []
    refusals: list[Refusal] = []
    count = 0
    for number, members in _components(
        engine.to_arrow(uses.order_by("component", "atom", "identifier_id")),
        engine.to_arrow(names.order_by("component", "atom")),
    ):
        settlement = _settle(members, types, rules.largest_rebuild, words.get(number, SILENCE))
        labels += [(key, label, key not in settlement.unsettled) for key, label in settlement.labels.items()]
        refusals += settlement.refusals
        count += 1
    labelled = engine.from_arrow(_columns(labels, _LABELS), _LABELS)
    return Rebuilt(
        records=atoms.join(labelled, "atom").select("record_id", "label", "settled"),
        refusals=engine.from_arrow(_columns([_with_instant(refusal) for refusal in refusals], REFUSALS), REFUSALS),
        count=count,
    )


def _atoms(
    records: ir.Table, slow: ir.Table, evidence: Evidence, engine: Engine, stewardship: Stewardship | None
) -> ir.Table:
    """record_id → atom: records that share personal identifiers, unless these break a limit together or a steward
    said that some of them are different people."""
    personal = slow.filter(slow.kind == KINDS[Kind.PERSONAL])
    centres = personal.group_by("identifier_id").aggregate(centre=personal.record_id.min())
    edges = personal.join(centres, "identifier_id").select(left="record_id", right="centre")
    joined = engine.connected_components(engine.scratch(edges.distinct()))
    limited = evidence.types.filter(evidence.types.most.notnull()).select("type_id", "most")
    held = slow.join(joined, slow.record_id == joined.node).join(limited, "type_id")
    counted = held.group_by("component_right", "type_id", "most").aggregate(values=held.identifier_id.nunique())
    apart = counted.filter(counted["values"] > counted.most).select(component="component_right").distinct()
    if stewardship is not None and stewardship.parts:
        apart = apart.union(_parted(joined, stewardship, engine)).distinct()
    whole = joined.anti_join(apart, "component").select(record_id="node", atom="component")
    placed = records.select("record_id").left_join(whole, "record_id")
    return placed.select("record_id", atom=ibis.coalesce(placed.atom, placed.record_id))


def _parted(joined: ir.Table, stewardship: Stewardship, engine: Engine) -> ir.Table:
    """Column component: atoms that cannot stay whole if all that stewards said is to hold.

    These are the atoms that hang together, by themselves or by stewards' words, with two records of which a steward
    said that they are different people.

    Args:
        joined: node (a record), component (its atom).
        stewardship: What stewards said.
        engine: Computes.
    """
    atoms = joined.select(left="node", right="component")
    edges = atoms.union(stewardship.must.select(left="left_record_id", right="right_record_id"))
    contracted = engine.connected_components(engine.scratch(edges))
    one = contracted.select(left_record_id="node", whole="component")
    two = contracted.select(right_record_id="node", whole="component")
    broken = stewardship.cannot.join(one, "left_record_id").join(two, ["right_record_id", "whole"]).select("whole")
    there = contracted.join(broken.distinct(), contracted.component == broken.whole).select("node")
    return joined.semi_join(there, "node").select("component").distinct()


def _words(records: ir.Table, atoms: ir.Table, stewardship: Stewardship | None, engine: Engine) -> dict[int, Words]:
    """What stewards said of the atoms of each component."""
    if stewardship is None or not (stewardship.joins or stewardship.parts):
        return {}
    placed = records.join(atoms, "record_id")
    found: dict[int, tuple[list[tuple[int, int]], list[tuple[int, int]]]] = {}
    for which, pairs in enumerate((stewardship.must, stewardship.cannot)):
        left = placed.select("component", left_record_id="record_id", left="atom")
        right = placed.select("component", right_record_id="record_id", right="atom")
        said_of = pairs.join(left, "left_record_id").join(right, ["right_record_id", "component"])
        for row in engine.to_arrow(said_of.select("component", "left", "right").distinct()).to_pylist():
            if row["left"] != row["right"]:
                found.setdefault(row["component"], ([], []))[which].append((row["left"], row["right"]))
    return {component: Words(*pairs) for component, pairs in found.items()}


def _components(uses: pa.Table, names: pa.Table) -> Iterator[tuple[int, list[Atom]]]:
    """Each component with its atoms, from tables sorted by component and atom."""
    bearing: dict[int, dict[Signature, None]] = {}
    columns = [names[name].to_pylist() for name in ("atom", *SAID_OF_PEOPLE)]
    for atom, *told in zip(*columns, strict=True):
        signature = signature_of(*told)
        if signature is not None:
            bearing.setdefault(atom, {})[signature] = None
    columns = [
        uses[name].to_pylist() for name in ("component", "atom", "identifier_id", "type_id", "first", "last", "carrier")
    ]
    current: int | None = None
    members: list[Atom] = []
    for component, key, identifier, type_id, first, last, carrier in zip(*columns, strict=True):
        if component != current:
            if current is not None:
                yield current, members
            current, members = component, []
        if not members or members[-1].key != key:
            members.append(Atom(key, None, {}, bearing.get(key, {})))
        if identifier is None:
            continue
        atom = members[-1]
        atom.uses[identifier] = Use(type_id, first, last, carrier)
        if first is not None and (atom.since is None or first < atom.since):
            atom.since = first
    if current is not None:
        yield current, members


def _settle(members: list[Atom], types: dict[int, TypeRule], largest: int, words: Words) -> Settlement:
    if len(members) <= largest:
        return settle(members, types, words)
    whole = min(members, key=lambda atom: atom.age)
    labels = said(members, types, words)
    return Settlement(
        labels,
        set(),
        [
            Refusal(
                min(use.carrier, whole.key), max(use.carrier, whole.key), identifier, use.type_id, "too_large",
                "so many records hang together here that only personal identifiers count", use.first,
            )
            for atom in members
            for identifier, use in atom.uses.items()
            if labels[atom.key] != labels[whole.key]
        ],
    )  # fmt: skip


def _with_instant(refusal: Refusal) -> tuple[Any, ...]:
    since = None if refusal.since is None else datetime.fromtimestamp(refusal.since, UTC)
    return (*refusal[:-1], since)


def _columns(rows: list[Any], schema: ibis.Schema) -> pa.Table:
    import pyarrow as pa

    if not rows:
        return schema.to_pyarrow().empty_table()
    columns = list(zip(*rows, strict=True))
    return pa.table(
        [pa.array(values, field.type) for values, field in zip(columns, schema.to_pyarrow(), strict=True)],
        schema=schema.to_pyarrow(),
    )
