"""The published state and a rehearsed one, compared from end to end.

Belongs here: fetching the differences and putting them into a `Plan`. Does not belong here: how a difference is
computed (`people.py`, `tables.py`, `definitions.py`), the rehearsal, layout.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import ibis.expr.types as ir

from cdp_assets.activation.spec import DestinationSpec
from cdp_assets.identity.spec import IdentityRules
from cdp_assets.ledger.history import Written
from cdp_assets.ledger.outbox import HELD, WITHHELD
from cdp_assets.plan import tables as differences
from cdp_assets.plan.findings import (
    DefinitionChange,
    Flow,
    LifetimeValue,
    People,
    SegmentChange,
    Sends,
    StreamChange,
    ValueChange,
)
from cdp_assets.plan.people import Tables, new_changes, people, touched_profiles
from cdp_assets.profiles.schemas import ATTRIBUTES

_FLOWS = 2


@dataclass(frozen=True)
class Findings:
    """What differs between two states, in the terms of a `Plan`."""

    people: People
    values: tuple[ValueChange, ...]
    segments: tuple[SegmentChange, ...]
    sends: tuple[Sends, ...]
    value: LifetimeValue
    streams: tuple[StreamChange, ...]


def compare(
    before: Tables,
    after: Tables,
    written: Sequence[Written],
    *,
    rules: IdentityRules,
    destinations: Sequence[DestinationSpec],
    changed: Sequence[DefinitionChange],
    currency: str,
    key: str,
) -> Findings:
    """Find everything that differs.

    Args:
        before, after: Tables as published, and as rehearsed.
        written: What the rehearsal wrote to its outbox.
        rules: Rules of identity to come.
        destinations: Destinations to come.
        changed: Definitions that differ.
        currency: The reporting currency to come.
        key: Secret of the keyed hashes of identifiers.
    """
    return Findings(
        people=people(before, after, rules, key),
        values=value_changes(before, after),
        segments=segment_changes(before, after, changed),
        sends=sends(written, destinations, changed),
        value=lifetime_value(before, after, currency),
        streams=stream_changes(before, after),
    )


def value_changes(before: Tables, after: Tables) -> tuple[ValueChange, ...]:
    """Attributes of golden records that would change, those of most profiles first."""
    golden, provenance = ("profiles", "golden_records"), ("profiles", "provenance")
    [counts] = _rows(differences.value_changes(before(*golden), after(*golden), ATTRIBUTES))
    flows: dict[str, list[Flow]] = defaultdict(list)
    for row in _rows(differences.value_flows(before(*provenance), after(*provenance))):
        flows[row["attribute"]].append(Flow(row["source_before"], row["source_after"], row["profiles"]))
    found = [
        ValueChange(
            name,
            int(counts[f"gained_{name}"]),
            int(counts[f"lost_{name}"]),
            int(counts[f"replaced_{name}"]),
            tuple(
                sorted(flows[name], key=lambda flow: (-flow.profiles, flow.source_before, flow.source_after))[:_FLOWS]
            ),
        )
        for name in ATTRIBUTES
    ]
    return tuple(sorted((each for each in found if each.profiles), key=lambda each: (-each.profiles, each.attribute)))


def segment_changes(before: Tables, after: Tables, changed: Sequence[DefinitionChange]) -> tuple[SegmentChange, ...]:
    """Segments that would have other members, or are new or gone; those that move most first."""
    log, now = ("segments", "membership_changes"), ("segments", "memberships")
    counts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    causes: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in _rows(differences.membership_changes(before(*log), after(*log))):
        counts[row["segment"]][row["change"]] += row["profiles"]
        causes[row["segment"]][row["cause"]] += row["profiles"]
    old, new = (
        {row["segment"]: row["members"] for row in _rows(differences.members(tables(*now)))}
        for tables in (before, after)
    )
    defined = {each.name: each.change for each in changed if each.kind == "segment"}
    names = counts.keys() | {name for name, change in defined.items() if change != "changed"}
    found = [
        SegmentChange(
            name,
            defined.get(name, "changed"),
            old.get(name, 0),
            new.get(name, 0),
            counts[name]["entered"],
            counts[name]["left"],
            dict(sorted(causes[name].items(), key=lambda item: (-item[1], item[0]))),
        )
        for name in names
    ]
    return tuple(sorted(found, key=lambda each: (-(each.entered + each.left), each.segment)))


def sends(
    written: Iterable[Written], destinations: Sequence[DestinationSpec], changed: Sequence[DefinitionChange]
) -> tuple[Sends, ...]:
    """What destinations would be told, those that would send most first."""
    sent: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    held: dict[str, int] = defaultdict(int)
    withheld: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in written:
        if row.status == WITHHELD:
            withheld[row.destination][row.reason or WITHHELD] += row.rows
        elif row.status == HELD:
            held[row.destination] += row.rows
        else:
            sent[row.destination][row.change] += row.rows
    segments = {spec.name: spec.segment for spec in destinations}
    defined = {each.name: each.change for each in changed if each.kind == "destination"}
    names = {*sent, *held, *withheld, *(name for name, change in defined.items() if change != "changed")}
    found = [
        Sends(
            name,
            defined.get(name, "changed"),
            segments.get(name, ""),
            dict(sorted(sent[name].items())),
            held[name],
            dict(sorted(withheld[name].items(), key=lambda item: (-item[1], item[0]))),
        )
        for name in names
    ]
    return tuple(sorted(found, key=lambda each: (-each.total, -each.held, each.destination)))


def lifetime_value(before: Tables, after: Tables, currency: str) -> LifetimeValue:
    """Expected spend and spend so far, of all and of those who change."""
    log, wide = ("identity", "profile_changes"), ("attributes", "customer_360")
    touched = touched_profiles(new_changes(before(*log), after(*log)))
    [old] = _rows(differences.values(before(*wide), touched))
    [new] = _rows(differences.values(after(*wide), touched))
    return LifetimeValue(
        currency=currency,
        expected_before=_money(old["expected"]),
        expected_after=_money(new["expected"]),
        touched_before=_money(old["touched"]),
        touched_after=_money(new["touched"]),
        spend_before=_money(old["spend"]),
        spend_after=_money(new["spend"]),
        customers_before=int(old["customers"]),
        customers_after=int(new["customers"]),
        profiles=int(differences.other_values(before(*wide), after(*wide)).count().execute()),
    )


def stream_changes(before: Tables, after: Tables) -> tuple[StreamChange, ...]:
    """Streams whose rows would fare otherwise, or that are new or gone."""
    table = "normalised", "dispositions"
    old, new = (_by_stream(tables(*table)) for tables in (before, after))
    found = []
    for source, stream in sorted(old.keys() | new.keys()):
        was, will = old.get((source, stream)), new.get((source, stream))
        if was != will:
            change = "added" if was is None else "removed" if will is None else "changed"
            found.append(StreamChange(source, stream, change, was or {}, will or {}))
    return tuple(found)


def _by_stream(dispositions: ir.Table) -> dict[tuple[str, str], dict[str, int]]:
    found: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for row in _rows(differences.rows_by_disposition(dispositions)):
        if row["rows"]:
            found[row["source"], row["stream"]][row["disposition"]] = int(row["rows"])
    return {key: dict(sorted(rows.items())) for key, rows in found.items()}


def _money(value: Decimal) -> Decimal:
    return Decimal(value).quantize(Decimal("0.01"))


def _rows(table: ir.Table) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = table.to_pyarrow().to_pylist()
    return rows
