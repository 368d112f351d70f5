"""Whom a change concerns is made anew, and the tables are those that are made of everything."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import ibis
import ibis.expr.types as ir
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdp_assets.attributes.activity import daily_activity
from cdp_assets.attributes.behaviour import behaviour
from cdp_assets.attributes.following import followed, owned
from cdp_assets.attributes.purchases import purchase_days
from cdp_assets.attributes.schemas import ACTIVITY, BEHAVIOUR, PURCHASES
from cdp_assets.canonical import tables as canonical
from cdp_assets.canonical.schema import TableSchema
from cdp_assets.identity.schemas import PROFILE_MAP
from cdp_assets.profiles import golden
from cdp_assets.profiles.concerned import concerned, replaced
from cdp_assets.profiles.schemas import GOLDEN_RECORDS, PROVENANCE, TIMELINE
from cdp_assets.profiles.spec import SurvivorshipRules
from cdp_assets.profiles.timeline import KINDS, timeline
from cdp_assets.warehouse import changes
from cdp_assets.warehouse.built import Built, Stands
from cdp_assets.warehouse.changes import Since
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine
from cdp_assets_tests.attributes.tables import filled, noon
from cdp_assets_tests.examples import examples

BEFORE, NOW = noon(100), noon(100) + timedelta(hours=4)
RULES = SurvivorshipRules.with_defaults(["crm", "shop"])
SCHEMAS = {
    schema.name: schema
    for schema in (
        canonical.IDENTITY_RECORDS, canonical.IDENTIFIERS, canonical.CONTACTS, canonical.CONTACT_POINTS,
        canonical.ORDER_LINES, canonical.PRODUCTS, *(kind.schema for kind in KINDS), PROFILE_MAP,
    )
}  # fmt: skip
FACTS: Mapping[str, dict[str, Any]] = {
    "events": {"event_id": "e", "event_name": "Page"},
    "orders": {"order_id": "o", "net_reporting": Decimal("7.50")},
    "refunds": {"order_id": "o", "amount_reporting": Decimal("2.50")},
    "tickets": {"status": "open"},
    "engagements": {"channel": "email", "action": "opened"},
    "survey_responses": {"survey": "nps", "score": 9.0},
    "loyalty": {"movement": "earned", "points": 5.0, "tier": "gold"},
}

Row = dict[str, Any]
World = dict[str, dict[str, Row]]
"""Table → a name for the row → the row."""


class Life:
    """People whose records, values and facts change by chance."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.world: World = {name: {} for name in SCHEMAS}
        self.made = 0
        for _ in range(14):
            self.record()
        for _ in range(40):
            self.fact()

    def some(self, table: str) -> Row:
        return self.chance.choice(list(self.world[table].values()))

    def record(self) -> None:
        self.made += 1
        record, name = self.made, str(self.made)
        self.world["identity_records"][name] = {
            "record_id": record, "stream": "s", "kind": "person", "rows": 1,
            "first_seen_at": noon(record), "last_seen_at": noon(50 + record),
        }  # fmt: skip
        self.world["profile_map"][name] = {"record_id": record, "profile_id": self.chance.randint(1, 8)}
        if self.chance.random() < 0.7:
            self.world["contacts"][name] = {"record_id": record, "full_name": self.chance.choice(("Ada", "Ed", "Ida"))}
            self.world["contact_points"][name] = {"record_id": record, "kind": "email", "value": f"{record % 5}@x.org"}

    def fact(self) -> None:
        self.made += 1
        table = self.chance.choice(list(FACTS))
        # Some are of the day after tomorrow: a run does not know them until their time has come.
        at = noon(100) - timedelta(hours=self.chance.randint(-27, 2_000))
        self.world[table][str(self.made)] = {
            **FACTS[table], "native_id": str(self.made), "record_id": self.some("identity_records")["record_id"],
            str(SCHEMAS[table].event_time): at,
        }  # fmt: skip

    def moves(self) -> None:
        self.some("profile_map")["profile_id"] = self.chance.randint(1, 9)

    def splits(self) -> None:
        name, row = self.chance.choice(list(self.world["profile_map"].items()))
        if "valid_from" not in row:
            at = noon(self.chance.randint(20, 100))
            self.world["profile_map"][f"{name} later"] = {**row, "profile_id": 9, "valid_from": at}
            self.world["profile_map"][name] = {**row, "valid_from": None, "valid_to": at}

    def renames(self) -> None:
        self.some("contacts")["full_name"] = self.chance.choice(("Ada", "Ed", "Ida", None))

    def leaves(self) -> None:
        record = self.some("identity_records")["record_id"]
        for rows in self.world.values():
            for name in [name for name, row in rows.items() if row.get("record_id") == record]:
                del rows[name]

    def hands_over(self) -> None:
        self.some("events")["record_id"] = self.some("identity_records")["record_id"]

    def lives(self, steps: int) -> None:
        for _ in range(steps):
            self.chance.choice(
                (self.record, self.fact, self.fact, self.moves, self.splits, self.renames, self.leaves, self.hands_over)
            )()


def copied(world: World) -> World:
    return {name: {key: dict(row) for key, row in rows.items()} for name, rows in world.items()}


def loaded(world: World, engine: DuckDBEngine) -> dict[str, ir.Table]:
    return {name: filled(engine, SCHEMAS[name], *rows.values()) for name, rows in world.items()}


def since(before: World, now: World, schemas: list[TableSchema], made: list[ir.Table], engine: DuckDBEngine) -> Since:
    """What has changed from one world to another, by comparing them row by row."""

    def changed(_stage: str, name: str) -> ir.Table:
        ids = [each for each in changes.IDS if each in SCHEMAS[name].column_names] or list(changes.IDS)
        old, new = (
            {repr(sorted(row.items(), key=str)): row for row in world[name].values()} for world in (before, now)
        )
        rows = [
            {each: row.get(each) for each in ids} for key, row in {**old, **new}.items() if (key in old) != (key in new)
        ]
        return ibis.memtable(rows, schema=dict.fromkeys(ids, "int64")).distinct()

    previous = {schema.name: table.cast(schema.ibis_schema) for schema, table in zip(schemas, made, strict=True)}
    return Since(previous, {}, BEFORE, changed)


Make = Callable[[dict[str, ir.Table], ir.Table, datetime], ir.Table]


def of_facts(schema: TableSchema, names: tuple[str, ...], engine: DuckDBEngine) -> Make:
    def made(tables: dict[str, ir.Table], held: ir.Table, as_of: datetime) -> ir.Table:
        facts = owned({name: (tables[name], str(SCHEMAS[name].event_time)) for name in names}, held)
        if schema is PURCHASES:
            return purchase_days(**facts, as_of=as_of)
        if schema is ACTIVITY:
            return daily_activity(**facts, as_of=as_of)
        active = daily_activity(
            **owned({name: (tables[name], str(SCHEMAS[name].event_time)) for name in _ACTIVE}, held), as_of=as_of
        )
        return behaviour(active, **facts, products=tables["products"], as_of=as_of, engine=engine)

    return made


_ACTIVE = ("events", "engagements", "tickets", "interactions", "survey_responses")
_OF_FACTS = {
    PURCHASES: ("orders", "refunds"),
    ACTIVITY: _ACTIVE,
    BEHAVIOUR: ("tickets", "survey_responses", "loyalty", "order_lines"),
}


def rows(table: ir.Table, schema: TableSchema, engine: DuckDBEngine) -> list[Row]:
    found = engine.to_arrow(table.select(*schema.column_names).cast(schema.ibis_schema)).to_pylist()
    return sorted(found, key=repr)


@pytest.fixture(autouse=True)
def few_may_be_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "FEW", 2.0)


@given(st.integers(0, 10**6), st.integers(0, 4))
@examples(8)
def test_golden_records_and_the_timeline_follow_what_changes(seed: int, steps: int) -> None:
    engine, life = DuckDBEngine.in_memory(), Life(seed)
    before = copied(life.world)
    life.lives(steps)
    old, new = loaded(before, engine), loaded(life.world, engine)

    def made(tables: dict[str, ir.Table], held: ir.Table) -> tuple[ir.Table, ...]:
        records = golden.Records(*(tables[name] for _, name in golden.INPUTS))
        facts = {kind.schema.name: tables[kind.schema.name] for kind in KINDS}
        nobodys = tables["identifiers"].limit(0)
        return *golden.made(records, held, nobodys, RULES, engine), timeline(facts, held)

    schemas = [GOLDEN_RECORDS, PROVENANCE, TIMELINE]
    known = since(before, life.world, schemas, [engine.scratch(t) for t in made(old, old["profile_map"])], engine)
    inputs = [*golden.INPUTS, *(("normalised", kind.schema.name) for kind in KINDS)]
    some = concerned(known, inputs, new["profile_map"], engine)
    assert some is not None
    assert some.nobody or steps
    for schema, whole, part in zip(schemas, made(new, new["profile_map"]), made(new, some.held), strict=True):
        found = replaced(schema, known, some.profiles, part, engine).table
        assert rows(found, schema, engine) == rows(whole, schema, engine), schema.name


@pytest.mark.parametrize("schema", _OF_FACTS, ids=lambda schema: schema.name)
@given(st.integers(0, 10**6), st.integers(0, 4), st.booleans())
@examples(8)
def test_what_is_counted_of_each_profile_follows_its_facts(
    schema: TableSchema, seed: int, steps: int, later: bool
) -> None:
    engine, life = DuckDBEngine.in_memory(), Life(seed)
    before = copied(life.world)
    life.lives(steps)
    old, new = loaded(before, engine), loaded(life.world, engine)
    make = of_facts(schema, _OF_FACTS[schema], engine)
    as_of = NOW if later else BEFORE
    names = {*_OF_FACTS[schema], *(_ACTIVE if schema is BEHAVIOUR else ())}
    found = followed(
        schema,
        lambda held: make(new, held, as_of),
        facts={name: (new[name], str(SCHEMAS[name].event_time)) for name in names},
        profile_map=new["profile_map"],
        since=since(before, life.world, [schema], [engine.scratch(make(old, old["profile_map"], BEFORE))], engine),
        as_of=as_of,
        engine=engine,
        others=[("normalised", "products")],
    )
    table = make(old, old["profile_map"], BEFORE) if isinstance(found, Stands) else found.table
    assert isinstance(found, Stands) or found.patch is not None
    assert rows(table, schema, engine) == rows(make(new, new["profile_map"], as_of), schema, engine)


def test_on_another_day_everybody_is_made_anew() -> None:
    engine, life = DuckDBEngine.in_memory(), Life(1)
    tables = loaded(life.world, engine)
    make = of_facts(ACTIVITY, _ACTIVE, engine)
    made = engine.scratch(make(tables, tables["profile_map"], BEFORE))
    for as_of in (BEFORE + timedelta(days=1), BEFORE - timedelta(hours=1)):
        found = followed(
            ACTIVITY,
            lambda held, as_of=as_of: make(tables, held, as_of),
            facts={name: (tables[name], str(SCHEMAS[name].event_time)) for name in _ACTIVE},
            profile_map=tables["profile_map"],
            since=since(life.world, life.world, [ACTIVITY], [made], engine),
            as_of=as_of,
            engine=engine,
        )
        assert isinstance(found, Built)
        assert found.patch is None
