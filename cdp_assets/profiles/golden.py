"""Golden records and their provenance, made from the order of the candidates.

Belongs here: the shape of the two tables. Does not belong here: who survives (`survivorship.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from functools import reduce
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir

from cdp_assets.canonical.tables import CONTACTS, KNOWN_BY
from cdp_assets.identity.spec import DEFAULT_IDENTIFIERS, DOCUMENTS, Kind
from cdp_assets.privacy.addresses import whose
from cdp_assets.profiles.schemas import ADDRESS_PARTS, ATTRIBUTES, GOLDEN_RECORDS, PROVENANCE
from cdp_assets.profiles.spec import SurvivorshipRules
from cdp_assets.profiles.survivorship import (
    ANYBODY,
    SEPARATOR,
    WITHOUT_COUNTRY,
    candidates,
    ranked,
    reaching,
    strategy_name,
)
from cdp_assets.warehouse.operations import stable_id
from cdp_assets.warehouse.stacking import restricted, stack

if TYPE_CHECKING:
    from cdp_assets.warehouse.engine import Engine, TableRef

_NOBODYS_NAME = (*(name for name, rule in DEFAULT_IDENTIFIERS.items() if rule.kind is Kind.DEVICE), *sorted(DOCUMENTS))
"""Types of identifiers that say which device it is, and not who."""

_IDENTIFIER = ["namespace", "identifier_type", "identifier_value"]
_CONTROL_CHARACTERS = r"[\x00-\x1f]"


INPUTS: tuple[TableRef, ...] = tuple(
    ("normalised", name) for name in ("contacts", "contact_points", "identity_records", "identifiers")
)
"""Tables whose rows say something of a record."""


@dataclass(frozen=True)
class Records:
    """What is known of records: the canonical tables of these names."""

    contacts: ir.Table
    contact_points: ir.Table
    identity_records: ir.Table
    identifiers: ir.Table

    def of(self, held: ir.Table, engine: Engine) -> Records:
        """What is known of some records, looked up once.

        Args:
            held: With their ``record_id``.
            engine: Computes.
        """
        return Records(
            **{each.name: engine.scratch(restricted(getattr(self, each.name), held)) for each in fields(self)}
        )


def made(
    records: Records, profile_map: ir.Table, nobodys: ir.Table, rules: SurvivorshipRules, engine: Engine
) -> tuple[ir.Table, ir.Table]:
    """Golden records and their provenance.

    Args:
        records: What is known of the records in ``profile_map``.
        profile_map: Of identity.
        nobodys: Of `nobodys_identifiers`.
        rules: Which value survives.
        engine: Keeps the candidates, which both tables are made of.
    """
    # Nobody is reached by an address that stands for none.
    named = nobodys.select(kind="identifier_type", value="identifier_value")
    records = replace(
        records,
        contact_points=records.contact_points.anti_join(named, ["kind", "value"]),
        identifiers=records.identifiers.anti_join(nobodys, _IDENTIFIER),
    )
    points = _with_known_by(records, profile_map, engine)
    listed = engine.scratch(candidates(records.contacts, points, profile_map, rules))
    order = engine.scratch(ranked(listed, rules))
    lost = engine.scratch(beaten(order, rules))
    return golden_records(order, profile_map, records, rules), provenance(order, lost, rules)


def _with_known_by(records: Records, profile_map: ir.Table, engine: Engine) -> ir.Table:
    """Contact points, and of profiles that can be reached by none of a kind the addresses and numbers that facts know
    them by: of whoever only wrote a ticket, agreed to a newsletter, or opened a mail. What a record said that its
    source has closed since reaches nobody.

    Returns:
        The columns of `canonical.tables.CONTACT_POINTS` that survivorship reads.
    """
    points = records.contact_points
    held = whose(profile_map)
    sound = points.filter(_reaching(points, KNOWN_BY, ANYBODY))
    reached = sound.join(held, "record_id").select("profile_id", kind="kind")
    carried = records.identifiers.filter(records.identifiers.identifier_type.isin(KNOWN_BY))
    known = carried.join(held, "record_id").anti_join(reached, ["profile_id", ("identifier_type", "kind")])
    open_records = records.identity_records.filter(~records.identity_records.closed.fill_null(False))
    of_systems = known.join(open_records.select("record_id", "source"), "record_id")
    told = of_systems.select(
        "record_id",
        kind="identifier_type",
        value="identifier_value",
        **dict.fromkeys(ADDRESS_PARTS.values(), ibis.null("string")),
        verified=ibis.null("boolean"),
        status=ibis.literal("active"),
        changed_at="first_seen_at",
        updated_at="last_seen_at",
        source="source",
    )
    return stack(points.select(told.columns), engine.scratch(told))


def golden_records(ranked: ir.Table, profile_map: ir.Table, records: Records, rules: SurvivorshipRules) -> ir.Table:
    """One row per profile of `profile_map`.

    Args:
        ranked: Of `survivorship.ranked`; best computed once, since provenance needs it too.
        profile_map: Of identity.
        records: What is known of the records in it, without what stands for nobody.
        rules: The rules that ``ranked`` was made with.

    Returns:
        The columns of `schemas.GOLDEN_RECORDS`.
    """
    survivors = ranked.filter(ranked.place == 0)
    values = survivors.group_by("profile_id").aggregate(
        **{
            name: _part(survivors.value, position, size).max(where=survivors.unit == unit)
            for unit, position, name, size in _parts(rules)
        }
    )
    typed = values.mutate(
        **{
            name: values[name].cast(CONTACTS.column(name).dtype)
            for name in ATTRIBUTES
            if name in CONTACTS.column_names and not CONTACTS.column(name).dtype.is_string()
        }
    )
    known = _known_records(records)
    everyone = _profiles(profile_map, records.identity_records, known)
    joined = everyone.left_join(typed, "profile_id")
    return joined.select(*GOLDEN_RECORDS.column_names)


def beaten(ranked: ir.Table, rules: SurvivorshipRules) -> ir.Table:
    """The values that did not survive.

    Args:
        ranked: Of `survivorship.ranked`.
        rules: The rules that it was made with.

    Returns:
        profile_id, attribute and losers (JSON objects, best first, separated by commas), for attributes that had
        another value. Of a group that did not survive, parts that agree with the survivor's are not beaten.
    """
    winners = ranked.filter(ranked.place == 0).select("profile_id", "unit", survivor="value")
    losers = ranked.filter(ranked.place > 0).join(winners, ["profile_id", "unit"])
    parts = []
    for unit, position, attribute, size in _parts(rules):
        ours = losers.filter(losers.unit == unit)
        value, survivor = _part(ours.value, position, size), _part(ours.survivor, position, size)
        other = ours.mutate(attribute=ibis.literal(attribute), part=value).filter(
            value.notnull(), value.lower() != survivor.fill_null("").lower()
        )
        parts.append(other.select("profile_id", "attribute", loser=_as_json(other)))
    together = reduce(lambda left, right: left.union(right), parts)
    return together.group_by("profile_id", "attribute").aggregate(losers=together.loser.collect().sort().join(", "))


def provenance(ranked: ir.Table, beaten: ir.Table, rules: SurvivorshipRules) -> ir.Table:
    """One row per surviving value of `golden_records`.

    Args:
        ranked: Of `survivorship.ranked`.
        beaten: Of `beaten`.
        rules: The rules that both were made with.

    Returns:
        The columns of `schemas.PROVENANCE`.
    """
    parts = []
    for unit, position, attribute, size in _parts(rules):
        ours = ranked.filter(ranked.place == 0, ranked.unit == unit)
        strategy = strategy_name(ours.decided, rules.groups[unit])
        survived = ours.mutate(
            attribute=ibis.literal(attribute), value=_part(ours.value, position, size), strategy=strategy
        )
        parts.append(survived.filter(survived.value.notnull()))
    together = reduce(lambda left, right: left.union(right), parts)
    joined = together.left_join(beaten, ["profile_id", "attribute"])
    listed = ibis.literal("[") + joined.losers.fill_null("") + "]"
    return joined.mutate(beaten=listed).select(*PROVENANCE.column_names)


def _parts(rules: SurvivorshipRules) -> Iterator[tuple[int, int, str, int]]:
    """Every attribute with its group's position in the rules, its own in the group, and the group's size."""
    for unit, group in enumerate(rules.groups):
        for position, attribute in enumerate(group.attributes):
            yield unit, position, attribute, len(group.attributes)


def _part(value: ir.StringValue, position: int, parts: int) -> ir.StringValue:
    return value if parts == 1 else value.split(SEPARATOR)[position].nullif("")


def _as_json(losers: ir.Table) -> ir.StringValue:
    """A beaten value as a JSON object. The place is padded, so that the texts sort by it."""
    shown = losers.part.re_replace(_CONTROL_CHARACTERS, " ")
    escaped = shown.replace("\\", "\\\\").replace('"', '\\"')
    observed_at = losers.observed_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    return (
        ibis.literal('{"place": ')
        + losers.place.cast("string").lpad(4, " ")
        + ', "value": "'
        + escaped
        + '", "source": "'
        + losers.source
        + '", "record_id": "'
        + losers.record_id.cast("string")
        + '", "observed_at": '
        + (ibis.literal('"') + observed_at + '"').fill_null("null")
        + "}"
    )


def nobodys_identifiers(identifiers: ir.Table, rejected_links: ir.Table, key: str) -> ir.Table:
    """Identifiers that identity has found to stand for "nothing known".

    Args:
        identifiers: The canonical table.
        rejected_links: Of identity; names an excluded identifier by its hash and one record that carries it.
        key: The key of that hash.

    Returns:
        namespace, identifier_type, identifier_value.
    """
    excluded = rejected_links.filter(rejected_links.right_record_id.isnull(), rejected_links.reason == "placeholder")
    carried = identifiers.join(excluded.select(record_id="left_record_id", excluded_id="identifier_id"), "record_id")
    hashed = stable_id(carried.namespace, carried.identifier_type, carried.identifier_value, key=key)
    return carried.filter(hashed == carried.excluded_id).select(*_IDENTIFIER).distinct()


def _reaching(points: ir.Table, kinds: Sequence[str], whom: int) -> ir.BooleanValue:
    """Which contact points are of these kinds, and reach at least that many."""
    return reduce(
        lambda left, right: left | right,
        [(points.kind == kind) & (reaching(kind, points.value) >= whom) for kind in kinds],
    )


def _known_records(records: Records) -> ir.Table:
    """Records that say who somebody is, and not just which device, or which order or receipt."""
    telling = records.identifiers.filter(records.identifiers.identifier_type.notin(_NOBODYS_NAME))
    points = records.contact_points
    reachable = points.filter(_reaching(points, (*KNOWN_BY, "postal"), WITHOUT_COUNTRY))
    return (
        records.contacts.select("record_id")
        .union(reachable.select("record_id"))
        .union(telling.select("record_id"))
        .distinct()
        .mutate(known=ibis.literal(1, "int8"))
    )


def _profiles(profile_map: ir.Table, identity_records: ir.Table, known: ir.Table) -> ir.Table:
    """Per profile: since when and until when it was seen, its records and sources, and whether anybody knows who it is.
    A record that several profiles share in time counts for each only within its time.
    """
    held = profile_map.join(identity_records, "record_id").left_join(known, "record_id")
    first = held.valid_from.isnull().ifelse(held.first_seen_at, ibis.greatest(held.first_seen_at, held.valid_from))
    last = held.valid_to.isnull().ifelse(held.last_seen_at, ibis.least(held.last_seen_at, held.valid_to))
    return held.group_by("profile_id").aggregate(
        anonymous=held.known.max().isnull(),
        first_seen_at=first.min(),
        last_seen_at=last.max(),
        records=held.record_id.nunique(),
        sources=held.source.collect(distinct=True).sort().join(","),
    )
