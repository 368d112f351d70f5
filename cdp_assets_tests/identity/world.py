"""A small world of records to resolve, written out in a test."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa

from cdp_assets.canonical import tables as canonical
from cdp_assets.canonical.schema import TableSchema
from cdp_assets.identity import schemas
from cdp_assets.identity.canonical import Canonical
from cdp_assets.identity.delta import Told
from cdp_assets.identity.ids import ProfileIdStore
from cdp_assets.identity.resolve import resolve
from cdp_assets.identity.spec import IdentityRules
from cdp_assets.identity.stewardship import Stewardship, Word
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine
from cdp_assets_tests.identity.profile_ids import InMemoryProfileIds

AS_OF = datetime(2025, 1, 1, tzinfo=UTC)
KEY = "a key for tests"
NAMESPACES = {"email": "global", "email_base": "global", "phone": "global"}


def at(day: float) -> datetime:
    """An instant so many days into 2023."""
    return datetime(2023, 1, 1, tzinfo=UTC) + timedelta(days=day)


@dataclass(frozen=True)
class Record:
    """One record: what it carries as "type value", or "namespace/type value"; its name; when it was seen."""

    id: int
    carries: tuple[str, ...] = ()
    name: str | None = None
    born: date | None = None
    seen: float = 0
    until: float | None = None
    kind: str = "fact"
    address: str | None = None
    events: tuple[tuple[float, str | None], ...] = ()  # (day, session)
    source: str = "test"
    year: int | None = None
    mail: tuple[str, ...] = ()
    gender: str | None = None
    company: str | None = None
    family: str | None = None  # where the given name is not known

    def identifiers(self) -> list[dict[str, Any]]:
        rows = []
        for text in self.carries:
            head, value = text.split(" ", 1)
            namespace, _, kind = head.rpartition("/")
            rows.append(
                {
                    "record_id": self.id,
                    "namespace": namespace or NAMESPACES.get(kind, "web"),
                    "identifier_type": kind,
                    "identifier_value": value,
                    "first_seen_at": at(self.seen),
                    "last_seen_at": at(self.seen if self.until is None else self.until),
                }
            )
        return rows


@dataclass
class World:
    """Everything that stays between runs: the ids' store and the tables published.

    With ``tells``, it is kept what is said of each record, so that a run can be told of whom there is news since the
    last one that was published.
    """

    rules: IdentityRules = field(default_factory=IdentityRules)
    store: ProfileIdStore = field(default_factory=InMemoryProfileIds)
    engine: DuckDBEngine = field(default_factory=DuckDBEngine.in_memory)
    tables: dict[str, pa.Table] = field(default_factory=dict)
    figures: dict[str, Any] = field(default_factory=dict)
    tells: bool = False
    said: dict[str, dict[int, list[str]]] = field(default_factory=dict)

    def run(
        self,
        records: Sequence[Record],
        aliases: Iterable[tuple[str, str]] = (),
        as_of: datetime = AS_OF,
        publish: bool = True,
        words: Iterable[Word] = (),
        whole: bool = False,
        told: bool = False,
    ) -> dict[str, pa.Table]:
        """Resolve records, publish the tables, and return them.

        With ``whole``, everything is computed although there are tables of an earlier run; with ``told``, only those
        are looked at of whom there is news.
        """
        engine = self.engine
        known = [schema for schema in schemas.TABLES if not (whole and schema in schemas.STATE)]
        previous = {
            schema.name: engine.from_arrow(self.tables[schema.name], schema.ibis_schema)
            if self.tables
            else load(engine, schema, [])
            for schema in known
        }
        given = canonical_tables(engine, records, aliases)
        said = said_of_records(given, engine) if self.tells else {}
        resolution = resolve(
            given, self.rules, self.store, previous, as_of, engine, KEY, Stewardship.of(words, engine),
            self._told(given, said) if told and self.tables else None,
        )  # fmt: skip
        self.figures = resolution.figures
        result = {name: engine.to_arrow(table) for name, table in resolution.tables.items()}
        engine.drop_scratch()
        if publish:
            self.tables, self.said = result, said
        return result

    def _told(self, given: Canonical, said: dict[str, dict[int, list[str]]]) -> Told:
        differing = {
            name: {id for id in before.keys() | said[name].keys() if before.get(id) != said[name].get(id)}
            for name, before in self.said.items()
        }
        changed = {name: self._ids(records) for name, records in differing.items()}
        # Of some tables it is known which rows were written last, of others not.
        latest = {name: getattr(given, name).semi_join(changed[name], "record_id") for name in sorted(changed)[::2]}
        return Told(self._ids(set[int]().union(*differing.values())), changed, latest)

    def _ids(self, records: set[int]) -> Any:
        return self.engine.from_arrow(pa.table({"record_id": pa.array(sorted(records), pa.int64())}))

    def groups(self, records: Sequence[Record], **more: Any) -> set[frozenset[int]]:
        """The partition of records, as sets of record ids."""
        return groups(self.run(records, **more))


def together(*records: Record, **more: Any) -> set[frozenset[int]]:
    """Who is with whom among records seen for the first time."""
    return World().groups(records, **more)


def groups(tables: dict[str, pa.Table]) -> set[frozenset[int]]:
    """The partition of a `profile_map`; records split in time count with their first profile."""
    members: dict[int, set[int]] = {}
    for row in tables["profile_map"].to_pylist():
        if row["valid_from"] is None:
            members.setdefault(row["profile_id"], set()).add(row["record_id"])
    return {frozenset(group) for group in members.values()}


def canonical_tables(
    engine: DuckDBEngine, records: Sequence[Record], aliases: Iterable[tuple[str, str]] = ()
) -> Canonical:
    """The canonical tables that such records would make."""
    lineage = {"source": "test", "load_id": "1", "source_row": 1}
    contacts, points = [], []
    for record in records:
        told = (record.name, record.family, record.born, record.year, record.gender, record.company)
        if any(each is not None for each in told):
            contacts.append(
                {
                    "record_id": record.id,
                    "full_name": record.name,
                    "family_name": record.family,
                    "birth_date": record.born,
                    "birth_year": record.year,
                    "gender": record.gender,
                    "company": record.company,
                    "native_id": str(record.id),
                }
            )
        points += [
            {"record_id": record.id, "kind": "email", "value": address, "changed_at": at(record.seen),
             "native_id": str(record.id)}
            for address in record.mail
        ]  # fmt: skip
        if record.address is not None:
            street, _, postcode = record.address.rpartition(", ")
            points.append(
                {"record_id": record.id, "kind": "postal", "value": record.address, "line_1": street,
                 "postal_code": postcode, "country": "DE", "status": "active", "changed_at": at(record.seen),
                 "native_id": str(record.id)}
            )  # fmt: skip
    return Canonical(
        identity_records=load(
            engine,
            canonical.IDENTITY_RECORDS,
            [
                {"record_id": record.id, "source": record.source, "stream": "test", "kind": record.kind, "rows": 1,
                 "first_seen_at": at(record.seen), "last_seen_at": at(record.until or record.seen)}
                for record in records
            ],
        ),
        identifiers=load(engine, canonical.IDENTIFIERS, [row for record in records for row in record.identifiers()]),
        contacts=load(engine, canonical.CONTACTS, [{**lineage, **row} for row in contacts]),
        contact_points=load(engine, canonical.CONTACT_POINTS, [{**lineage, **row} for row in points]),
        identifier_aliases=load(
            engine,
            canonical.IDENTIFIER_ALIASES,
            [
                {**lineage, "namespace": "web", "identifier_type": "user_id", "old_value": old, "new_value": new,
                 "native_id": f"{old}>{new}", "occurred_at": at(0)}
                for old, new in aliases
            ],
        ),
        facts={
            "events": load(
                engine,
                canonical.EVENTS,
                [
                    {**lineage, "record_id": record.id, "native_id": f"{record.id}-{number}", "event_id": "e",
                     "event_name": "page", "occurred_at": at(day), "session_id": session}
                    for record in records
                    for number, (day, session) in enumerate(record.events)
                ],
            )
        },
    )  # fmt: skip


def said_of_records(given: Canonical, engine: DuckDBEngine) -> dict[str, dict[int, list[str]]]:
    """All that each of the tables by record says of each."""
    told: dict[str, dict[int, list[str]]] = {}
    for name in ("identity_records", "identifiers", "contacts", "contact_points"):
        said: dict[int, list[str]] = defaultdict(list)
        for row in engine.to_arrow(getattr(given, name)).to_pylist():
            said[row["record_id"]].append(str(row))
        told[name] = {record: sorted(rows) for record, rows in said.items()}
    return told


def load(engine: DuckDBEngine, schema: TableSchema, rows: Sequence[dict[str, Any]]) -> Any:
    """A table of the engine with some columns given and the others null."""
    arrow = schema.ibis_schema.to_pyarrow()
    blank = dict.fromkeys(schema.column_names)
    return engine.from_arrow(pa.Table.from_pylist([{**blank, **row} for row in rows], arrow), schema.ibis_schema)


def published(
    engine: DuckDBEngine, schema: TableSchema, rows: Sequence[dict[str, Any]], stage: str = "identity"
) -> Any:
    """A table as `load` makes it, published: what checks need, since they do not see temporary tables."""
    engine.stage_table(stage, schema, load(engine, schema, rows))
    engine.publish([(stage, schema.name)])
    return engine.table(stage, schema.name)
