"""The whole stage as one function: from canonical tables to all tables of identity.

Belongs here: the order of the steps. Does not belong here: any of them, and anything about Dagster.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir
from ibis import _

from cdp_assets.canonical.schema import INSTANT
from cdp_assets.identity.blocked_values import screen
from cdp_assets.identity.changes import changed_profiles
from cdp_assets.identity.evidence import collect
from cdp_assets.identity.ids import ProfileIdStore, assign_ids
from cdp_assets.identity.linkage import tables
from cdp_assets.identity.linkage.link import LIKENESS, Linked, link
from cdp_assets.identity.links import links, rejected_links
from cdp_assets.identity.partition import partition
from cdp_assets.identity.spec import IdentityRules
from cdp_assets.identity.stacking import stack
from cdp_assets.identity.stewarded_ids import with_guests
from cdp_assets.identity.stewardship import STEWARD, Stewardship, attribute_as_said, links_refused, links_said, news_of

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
    """All tables of the stage by name (`schemas.TABLES`), figures about them, and what likeness did."""

    tables: dict[str, ir.Table]
    figures: dict[str, Any]
    linked: Linked


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
        previous: The tables of the stage as last published; at least ``profile_map``, ``profile_changes`` and
            ``steward_words``.
        as_of: The run.
        engine: Computes.
        key: Secret of the keyed hashes of identifiers.
        stewardship: What stewards said; null for nothing.
    """
    said = (stewardship or Stewardship.of([], engine)).among(canonical.identity_records, engine)
    rules, canonical = said.rules(rules), said.heard(canonical)
    evidence = collect(
        canonical.identifiers, canonical.identifier_aliases, canonical.contacts, canonical.contact_points, rules,
        engine, key, said.observations,
    )  # fmt: skip
    screened = screen(evidence, engine)
    shared = partition(evidence, screened.usable, rules, engine, said)
    linked = link(
        shared, canonical.contacts, canonical.contact_points, evidence, screened.usable, rules.linkage,
        tables.last_model(previous.get("linkage_model"), engine), engine, said,
    )  # fmt: skip
    people = linked.partition
    devices = attribute_as_said(screened.usable, people.records, canonical.facts, said, engine)
    members = engine.scratch(_members(canonical.identity_records, people.records, devices.records))
    homes = engine.scratch(_homes(members, canonical.identity_records, people.records, said))
    store = with_guests(store, canonical.identity_records, said, as_of, engine)
    assignment = assign_ids(homes, store, as_of, engine)

    profile_map = engine.scratch(
        members.join(assignment.profiles, "label").select("record_id", "profile_id", "valid_from", "valid_to")
    )
    redirects = engine.scratch(
        assignment.redirects.semi_join(profile_map.select("profile_id").distinct(), "profile_id")
    )
    tied = engine.scratch(
        stack(links(evidence, screened.usable, people, devices), tables.links(linked, engine), links_said(said, people))
    )
    logged = _count(previous["profile_changes"], engine)
    types = sorted({identifier_type for _, identifier_type in evidence.type_names.values()} | {LIKENESS, STEWARD})
    news = news_of(previous["steward_words"], said.words)
    changes = changed_profiles(
        previous["profile_map"], profile_map, redirects, tied, types, previous["profile_changes"], logged, as_of, news,
        canonical.identity_records,
    )  # fmt: skip
    refused = stack(
        rejected_links(evidence, screened, people), tables.rejected_links(linked, engine), links_refused(said, people)
    )
    made = {
        "links": tied,
        "rejected_links": engine.scratch(refused),
        "profile_map": profile_map,
        "profile_changes": engine.scratch(changes),
        "redirects": redirects,
        "review_queue": tables.review_queue(
            linked, assignment.profiles, previous.get("review_queue"), rules.linkage, as_of, engine
        ),
        "linkage_model": tables.model_table(linked, previous.get("linkage_model"), as_of, engine),
        "likeness": tables.likeness(linked, engine),
        "steward_words": said.words,
    }
    assignment.save(store)
    figures = {
        "components": people.components,
        "components rebuilt": people.rebuilt,
        "new changes": _count(made["profile_changes"], engine) - logged,
        "identifier types without a rule": ", ".join(evidence.unknown_types) or "none",
    }
    return Resolution(made, figures, linked)


def _members(records: ir.Table, people: ir.Table, devices: ir.Table) -> ir.Table:
    """record_id, label, valid_from, valid_to of every record; one without usable evidence stands alone."""
    always = {"valid_from": ibis.null(INSTANT), "valid_to": ibis.null(INSTANT)}
    placed = stack(people.select("record_id", "label", **always), devices)
    known = records.select("record_id")
    alone = known.anti_join(placed, "record_id").mutate(label=known.record_id, **always)
    return stack(placed.semi_join(known, "record_id"), alone)


def _homes(members: ir.Table, records: ir.Table, people: ir.Table, said: Stewardship) -> ir.Table:
    """What `ids.assign_ids` wants: one row per record, with the label it had first."""
    first = members.filter(members.valid_from.isnull())
    described = first.join(records.select("record_id", "first_seen_at", is_guest=records.kind == "guest"), "record_id")
    if said.joins:  # a guest whom a steward joined to somebody is alone no longer
        by_word = said.joined().mutate(by_word=ibis.literal(True))
        described = described.left_join(by_word, "record_id").drop("record_id_right")
        described = described.mutate(is_guest=_.is_guest & _.by_word.isnull()).drop("by_word")
    persons = people.select("record_id", is_person=ibis.literal(True))
    joined = described.left_join(persons, "record_id")
    return joined.select("record_id", "label", "first_seen_at", "is_guest", is_person=joined.is_person.fill_null(False))


def _count(table: ir.Table, engine: Engine) -> int:
    return int(engine.to_arrow(table.aggregate(rows=table.count()))["rows"][0].as_py())
