"""What stewards said, as tables that identity obeys.

Belongs here: their words in the form that the stage's steps take, leaving retracted evidence out, and what is published
of them. Does not belong here: keeping the words (`ledger/stewardship.py`), and what follows from them inside a
component (`groups.py`, `slow_path.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir
from ibis import _

from cdp_assets.identity.collecting import points_of
from cdp_assets.identity.devices import DeviceMap, attribute_devices
from cdp_assets.identity.evidence import KINDS_OF_POINTS
from cdp_assets.identity.schemas import STEWARD_WORDS
from cdp_assets.identity.spec import IdentityRules
from cdp_assets.ledger import stewardship as ledger_words
from cdp_assets.warehouse.engine import has_rows
from cdp_assets.warehouse.operations import stable_id
from cdp_assets.warehouse.stacking import stack

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa
    from sqlalchemy import Connection

    from cdp_assets.identity.canonical import Canonical
    from cdp_assets.identity.partition import Partition
    from cdp_assets.warehouse.engine import Engine

SAME, DIFFERENT = "same", "different"
OBSERVATION, PAIR, RULE, SOURCE = (
    ledger_words.OBSERVATION,
    ledger_words.PAIR,
    ledger_words.RULE,
    ledger_words.SOURCE,
)

STEWARD = "steward"
"""Namespace and identifier type of links that stewards made, and reason of those that they refused."""

CONTRADICTION = "stewards_contradict"
"""Reason for which a steward's link was not applied."""


@dataclass(frozen=True)
class Word:
    """One thing that a steward said: a row of `schemas.STEWARD_WORDS`."""

    word: str
    kind: str
    subject: str | None = None
    left_record_id: int | None = None
    right_record_id: int | None = None
    identifier_id: int | None = None
    decided_at: Any = None


@dataclass(frozen=True)
class Stewardship:
    """Everything that stewards said and that counts.

    Args:
        words: `schemas.STEWARD_WORDS`.
        must, cannot: left_record_id, right_record_id, decision_id, decided_at: who is one person, and who is not.
        joins, parts: Whether there are any of the first, and of the second.
        types: Identifier types that do not count (``likeness`` among them: probabilistic links).
        sources: Sources whose identifiers and names do not count.
        observations: record_id, identifier_id that do not count; null for none.
        pairs: left_record_id, right_record_id of records whose likeness does not count, the smaller id first.
        points: record_id, kind, value of contact points that do not count, as their observations do not; null for none.
    """

    words: ir.Table
    must: ir.Table
    cannot: ir.Table
    joins: bool
    parts: bool
    types: frozenset[str]
    sources: frozenset[str]
    observations: ir.Table | None
    pairs: ir.Table
    points: ir.Table | None = None

    @classmethod
    def of(cls, words: Iterable[Word], engine: Engine) -> Stewardship:
        """What these words come to."""
        said = sorted(words, key=lambda word: word.word)
        table = _loaded(said, engine)
        same = [word for word in said if word.kind == SAME]
        different = [word for word in said if word.kind == DIFFERENT]
        observed = table.filter(table.kind == OBSERVATION).select("identifier_id", record_id="left_record_id")
        return cls(
            words=table,
            must=_pairs(table, SAME),
            cannot=_pairs(table, DIFFERENT),
            joins=bool(same),
            parts=bool(different),
            types=frozenset(word.subject for word in said if word.kind == RULE and word.subject),
            sources=frozenset(word.subject for word in said if word.kind == SOURCE and word.subject),
            observations=observed if any(word.kind == OBSERVATION for word in said) else None,
            pairs=table.filter(table.kind == PAIR).select("left_record_id", "right_record_id"),
        )

    def among(self, records: ir.Table, engine: Engine) -> Stewardship:
        """The same, without pairs of records that do not exist.

        Args:
            records: With record_id.
            engine: Computes.
        """
        if not (self.joins or self.parts):
            return self
        left = records.select(left_record_id="record_id")
        right = records.select(right_record_id="record_id")
        must, cannot = (
            engine.scratch(pairs.semi_join(left, "left_record_id").semi_join(right, "right_record_id"))
            for pairs in (self.must, self.cannot)
        )
        some = [has_rows(pairs, engine) for pairs in (must, cannot)]
        return replace(self, must=must, cannot=cannot, joins=some[0], parts=some[1])

    def with_points(self, canonical: Canonical, key: str, engine: Engine) -> Stewardship:
        """The same, with the contact points of the observations that do not count.

        Args:
            canonical: What there is to know.
            key: Secret of the keyed hashes of identifiers.
            engine: Computes.
        """
        if self.observations is None:
            return self
        return replace(self, points=engine.scratch(points_of(self.observations, canonical, key)))

    @property
    def apart(self) -> ir.Table:
        """left_record_id, right_record_id of pairs that likeness is not to join, be it that they are two people."""
        return self.cannot.select("left_record_id", "right_record_id").union(self.pairs)

    def joined(self) -> ir.Table:
        """record_id of everyone whom a steward joined to somebody."""
        return (
            self.must.select(record_id="left_record_id").union(self.must.select(record_id="right_record_id")).distinct()
        )

    def concerned(self, component: ir.Table) -> ir.Table:
        """Column component: those with a pair of which a steward said something.

        Args:
            component: record_id, component.
        """
        pairs = self.must.union(self.cannot)
        left = component.select(left_record_id="record_id", component="component")
        right = component.select(right_record_id="record_id", component="component")
        return pairs.join(left, "left_record_id").join(right, ["right_record_id", "component"]).select("component")

    def rules(self, rules: IdentityRules) -> IdentityRules:
        """The rules without the identifier types that do not count."""
        if not self.types & set(rules.identifiers):
            return rules
        kept = {name: rule for name, rule in rules.identifiers.items() if name not in self.types}
        return replace(rules, identifiers=kept)

    def heard(self, canonical: Canonical) -> Canonical:
        """The canonical tables without what sources, identifier types and observations that do not count have to say;
        the identifiers of such observations are left out where they are collected."""
        if self.types:
            silent = list(self.types)
            points = [kind for identifier_type, kind in KINDS_OF_POINTS.items() if identifier_type in self.types]
            canonical = replace(
                canonical,
                identifiers=canonical.identifiers.filter(~_.identifier_type.isin(silent)),
                contact_points=canonical.contact_points.filter(~_.kind.isin(points)),
                identifier_aliases=canonical.identifier_aliases.filter(~_.identifier_type.isin(silent)),
            )
        if self.points is not None:
            reached = canonical.contact_points.anti_join(self.points, ["record_id", "kind", "value"])
            canonical = replace(canonical, contact_points=reached)
        if self.sources:
            sources = sorted(self.sources)
            silenced = canonical.identity_records.filter(_.source.isin(sources)).select("record_id")
            # Not by joins: what is joined to a join of the same table has no name for its own columns.
            heard = {
                name: table.filter(~table.record_id.isin(silenced.record_id))
                for name in ("identifiers", "contacts", "contact_points")
                for table in [getattr(canonical, name)]
            }
            canonical = replace(
                canonical,
                **heard,
                identifier_aliases=canonical.identifier_aliases.filter(~_.source.isin(sources)),
            )
        return canonical

    def named(self, before: ir.Table, engine: Engine) -> ir.Table | None:
        """record_id, distinct, of all records that a word names or named, whether they exist or not; null for none.

        All of them, not only those of news: a word takes effect also when a record that it names comes back, and it
        forbids whom a device is given to wherever that device turns up.

        Args:
            before: `schemas.STEWARD_WORDS` as last published.
            engine: Computes.
        """
        words = stack(before, self.words)
        sides = [
            words.filter(words[side].notnull()).select(record_id=side) for side in ("left_record_id", "right_record_id")
        ]
        found = engine.scratch(ibis.union(*sides, distinct=True))
        return found if has_rows(found, engine) else None


def words_in_ledger(connection: Connection) -> list[Word]:
    """All words in force."""
    decided = [
        Word(
            decision.name,
            SAME if decision.same else DIFFERENT,
            None,
            decision.left_record_id,
            decision.right_record_id,
            None,
            decision.decided_at,
        )
        for decision in ledger_words.decisions(connection)
    ]
    retracted = [
        Word(
            taken.name,
            taken.kind,
            taken.subject,
            taken.record_id,
            taken.other_record_id,
            taken.identifier_id,
            taken.decided_at,
        )
        for taken in ledger_words.retractions(connection)
    ]
    return [*decided, *retracted]


def news_of(before: ir.Table, after: ir.Table) -> ir.Table:
    """The words (`schemas.STEWARD_WORDS`) that are in one table and not in the other: spoken or revoked since."""
    return stack(before.anti_join(after, "word"), after.anti_join(before, "word"))


def attribute_as_said(
    usable: ir.Table, people: ir.Table, facts: Mapping[str, ir.Table], stewardship: Stewardship, engine: Engine
) -> DeviceMap:
    """Give the records of devices to people as `devices.attribute_devices` does, but to nobody whom they are not.

    Args:
        usable, people, facts, engine: As there.
        stewardship: What stewards said; their pairs are of records that exist.
    """
    if not stewardship.parts:
        return attribute_devices(usable, people, facts, engine)
    pairs = stewardship.cannot
    foes = engine.scratch(
        pairs.select(record_id="left_record_id", other="right_record_id").union(
            pairs.select(record_id="right_record_id", other="left_record_id")
        )
    )
    known = people.select("label", other="record_id")
    denied = engine.scratch(foes.join(known, "other").select("record_id", "label").distinct())
    while True:
        given = attribute_devices(usable, people, facts, engine, denied)
        one = given.records.select("record_id", "label")
        two = given.records.select(other="record_id", label="label")
        # Of two devices' records the one with the greater id goes, so that no label goes with it.
        clashing = foes.filter(_.record_id > _.other).join(one, "record_id").join(two, ["other", "label"])
        alone = engine.scratch(clashing.select("record_id").distinct())
        if not has_rows(alone, engine):
            return given
        usable = engine.scratch(usable.anti_join(alone, "record_id"))


def links_said(stewardship: Stewardship, partition: Partition) -> ir.Table:
    """Rows of `schemas.LINKS` for what stewards joined."""
    return _placed(stewardship.must, partition, together=True).select(
        "left_record_id",
        "right_record_id",
        namespace=ibis.literal(STEWARD),
        identifier_type=ibis.literal(STEWARD),
        identifier_id="decision_id",
        strength=ibis.literal(1.0),
        first_seen_at="decided_at",
    )


def links_refused(stewardship: Stewardship, partition: Partition) -> ir.Table:
    """Rows of `schemas.REJECTED_LINKS` for what stewards parted, and for what they joined in contradiction to it."""
    parted = stewardship.cannot.mutate(
        reason=ibis.literal(STEWARD), detail=ibis.literal("a steward said that they are different people")
    )
    contradicted = _placed(stewardship.must, partition, together=False).mutate(
        reason=ibis.literal(CONTRADICTION),
        detail=ibis.literal("a steward said that they are one person, which contradicts what stewards said of others"),
    )
    rows = stack(parted, contradicted.select(parted.columns))
    return rows.select(
        "left_record_id",
        "right_record_id",
        "reason",
        "detail",
        namespace=ibis.literal(STEWARD),
        identifier_type=ibis.literal(STEWARD),
        identifier_id="decision_id",
        records=ibis.literal(2, "int64"),
        first_seen_at="decided_at",
        link_id=stable_id(rows.left_record_id, rows.right_record_id, rows.decision_id),
    )


def _placed(pairs: ir.Table, partition: Partition, *, together: bool) -> ir.Table:
    left = partition.records.select(left_record_id="record_id", left_label="label")
    right = partition.records.select(right_record_id="record_id", right_label="label")
    placed = pairs.join(left, "left_record_id").join(right, "right_record_id")
    return placed.filter((placed.left_label == placed.right_label) == together).select(pairs.columns)


def _pairs(words: ir.Table, kind: str) -> ir.Table:
    return words.filter(words.kind == kind).select(
        "left_record_id", "right_record_id", "decided_at", decision_id=words.word.substr(1).cast("int64")
    )


def _loaded(words: list[Word], engine: Engine) -> ir.Table:
    import pyarrow as pa

    schema = STEWARD_WORDS.ibis_schema
    rows: pa.Table = pa.Table.from_pylist([vars(word) for word in words], schema.to_pyarrow())
    return engine.from_arrow(rows, schema)
