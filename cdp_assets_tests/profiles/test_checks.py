"""The profile checks pass on what the rules make and fail on what they would never make."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import ibis.expr.types as ir
import pytest

from cdp_assets.canonical.schema import TableSchema
from cdp_assets.canonical.tables import CONTACT_POINTS, CONTACTS, IDENTIFIERS, IDENTITY_RECORDS
from cdp_assets.identity.schemas import PROFILE_MAP
from cdp_assets.profiles import checks, golden
from cdp_assets.profiles.schemas import GOLDEN_RECORDS, PROVENANCE, TIMELINE
from cdp_assets.profiles.spec import SurvivorshipRules
from cdp_assets.profiles.timeline import KINDS, timeline
from cdp_assets.quality.checks import Check, standard_checks
from cdp_assets.quality.runner import evaluate
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine
from cdp_assets_tests.profiles.tables import day, filled_rows

RULES = SurvivorshipRules.with_defaults(["crm", "shop"])


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[DuckDBEngine]:
    connection = duckdb.connect(str(tmp_path / "warehouse.duckdb"))
    yield DuckDBEngine(connection)
    connection.close()


def publish(
    engine: DuckDBEngine, schema: TableSchema, rows: list[dict[str, Any]], stage: str = "normalised"
) -> ir.Table:
    engine.stage_table(stage, schema, engine.from_arrow(filled_rows(schema, rows), schema.ibis_schema))
    engine.publish([(stage, schema.name)])
    return engine.table(stage, schema.name)


@pytest.fixture
def inputs(engine: DuckDBEngine) -> dict[str, ir.Table]:
    contacts = [
        {"record_id": 1, "full_name": "Ada King", "given_name": "Ada", "birth_date": day(0).date()},
        {"record_id": 2, "source": "shop", "given_name": "Ada", "family_name": "Byron", "company": "Engine Ltd"},
        {"record_id": 3, "source": "shop", "given_name": "Bob", "family_name": "Babbage"},
    ]
    point = {"record_id": 1, "status": "active", "changed_at": day(1)}
    points = [
        point | {"kind": "email", "value": "ada@example.org"},
        point | {"kind": "phone", "value": "+441234567890"},
        point | {"kind": "postal", "value": "1 Street, Bath", "line_1": "1 Street", "city": "Bath"},
        point | {"record_id": 3, "kind": "postal", "value": "9 Road"},
    ]
    records = [{"record_id": number, "stream": "s", "kind": "person", "rows": 1} for number in (1, 2, 3, 4)]
    known_by = {"record_id": 4, "namespace": "global"}
    known_by |= {"identifier_type": "phone", "identifier_value": "+441234567899"}
    mapped = [{"record_id": 1, "profile_id": 10}, {"record_id": 2, "profile_id": 10}]
    mapped += [{"record_id": 3, "profile_id": 20}, {"record_id": 4, "profile_id": 30}]
    return {
        "contacts": publish(engine, CONTACTS, contacts),
        "contact_points": publish(engine, CONTACT_POINTS, points),
        "identity_records": publish(engine, IDENTITY_RECORDS, records),
        "identifiers": publish(engine, IDENTIFIERS, [known_by]),
        "profile_map": publish(engine, PROFILE_MAP, mapped, "identity"),
    }


def made(engine: DuckDBEngine, inputs: dict[str, ir.Table]) -> tuple[ir.Table, ir.Table]:
    records = golden.Records(**{name: table for name, table in inputs.items() if name != "profile_map"})
    return golden.made(records, inputs["profile_map"], inputs["identifiers"].limit(0), RULES, engine)


def failed(
    engine: DuckDBEngine, schema: TableSchema, table: ir.Table, own: Sequence[Check], inputs: dict[str, ir.Table]
) -> set[str]:
    staged = engine.stage_table("profiles", schema, table)
    results = evaluate(engine, [*standard_checks(schema), *own], staged, inputs)
    return {result.name for result in results if not result.passed}


def test_golden_records_and_their_provenance_pass(engine: DuckDBEngine, inputs: dict[str, ir.Table]) -> None:
    records, provenance = made(engine, inputs)
    staged = engine.stage_table("profiles", PROVENANCE, provenance)
    both = {**inputs, "provenance": staged}
    assert failed(engine, GOLDEN_RECORDS, records, checks.GOLDEN_RECORDS, both) == set()
    assert failed(engine, PROVENANCE, provenance, checks.PROVENANCE, inputs) == set()


def test_a_profile_without_a_golden_record_is_caught(engine: DuckDBEngine, inputs: dict[str, ir.Table]) -> None:
    records, provenance = made(engine, inputs)
    both = {**inputs, "provenance": engine.stage_table("profiles", PROVENANCE, provenance)}
    fewer = records.filter(records.profile_id != 30)
    assert failed(engine, GOLDEN_RECORDS, fewer, checks.GOLDEN_RECORDS, both) == {"one_per_profile"}


def test_a_golden_value_without_provenance_is_caught(engine: DuckDBEngine, inputs: dict[str, ir.Table]) -> None:
    records, provenance = made(engine, inputs)
    lost = provenance.filter(provenance.attribute != "company")
    both = {**inputs, "provenance": engine.stage_table("profiles", PROVENANCE, lost)}
    assert failed(engine, GOLDEN_RECORDS, records, checks.GOLDEN_RECORDS, both) == {"values_are_explained"}


@pytest.mark.parametrize("attribute", ["full_name", "birth_date", "email", "phone", "address_line_1", "city"])
def test_a_value_that_its_record_does_not_hold_is_caught(
    engine: DuckDBEngine, inputs: dict[str, ir.Table], attribute: str
) -> None:
    _, provenance = made(engine, inputs)
    wrong = provenance.mutate(value=(provenance.attribute == attribute).ifelse("made up", provenance.value))
    assert failed(engine, PROVENANCE, wrong, checks.PROVENANCE, inputs) == {"values_are_real"}


def test_a_fact_that_is_missing_from_the_timeline_is_caught(engine: DuckDBEngine, inputs: dict[str, ir.Table]) -> None:
    facts = {kind.schema.name: publish(engine, kind.schema, []) for kind in KINDS}
    events = [{"record_id": 1, "event_name": "page", "occurred_at": day(number)} for number in (1, 2)]
    refund = {"record_id": 4, "refunded_at": day(3), "amount_reporting": Decimal(1)}
    facts["events"] = publish(engine, next(kind.schema for kind in KINDS if kind.name == "event"), events)
    facts["refunds"] = publish(engine, next(kind.schema for kind in KINDS if kind.name == "refund"), [refund])
    right = timeline(facts, inputs["profile_map"])
    assert failed(engine, TIMELINE, right, checks.TIMELINE, facts) == set()
    assert failed(engine, TIMELINE, right.filter(right.kind == "event"), checks.TIMELINE, facts) == {"every_fact_once"}
