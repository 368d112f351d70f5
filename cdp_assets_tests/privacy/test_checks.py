"""The privacy checks pass on what the rules make and fail on what they would never make."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import ibis
import ibis.expr.types as ir
import pytest

from cdp_assets.canonical.schema import TableSchema
from cdp_assets.canonical.tables import CONSENTS, CONTACT_POINTS, ENGAGEMENTS
from cdp_assets.privacy import checks
from cdp_assets.privacy.consent import consent_state
from cdp_assets.privacy.schemas import CONSENT_STATE, SUPPRESSIONS
from cdp_assets.privacy.suppression import suppressions
from cdp_assets.quality.checks import standard_checks
from cdp_assets.quality.runner import evaluate
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine

T0 = datetime(2026, 1, 1, tzinfo=UTC)
T1 = datetime(2026, 1, 2, tzinfo=UTC)
AS_OF = datetime(2026, 2, 1, tzinfo=UTC)
ADA = "ada@example.org"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[DuckDBEngine]:
    connection = duckdb.connect(str(tmp_path / "warehouse.duckdb"))
    yield DuckDBEngine(connection)
    connection.close()


def publish(engine: DuckDBEngine, schema: TableSchema, rows: list[dict[str, Any]]) -> ir.Table:
    common = {"record_id": 1, "source": "forms", "load_id": "l", "source_row": 1}
    filled = [
        dict.fromkeys(schema.column_names) | common | {"native_id": f"{number}"} | row
        for number, row in enumerate(rows)
    ]
    engine.stage_table("normalised", schema, ibis.memtable(filled, schema=schema.ibis_schema))
    engine.publish([("normalised", schema.name)])
    return engine.table("normalised", schema.name)


def words(engine: DuckDBEngine) -> ir.Table:
    scope = {"contact_point": ADA, "purpose": "marketing", "channel": "email"}
    return publish(
        engine,
        CONSENTS,
        [
            scope | {"status": "denied", "explicit": True, "occurred_at": T0},
            scope | {"status": "granted", "explicit": False, "occurred_at": T1},
            scope | {"status": "granted", "explicit": True, "occurred_at": T0, "channel": "sms"},
        ],
    )


def passes(engine: DuckDBEngine, schema: TableSchema, table: ir.Table, extra: Any, inputs: Any) -> bool:
    staged = engine.stage_table("privacy", schema, table)
    return all(result.passed for result in evaluate(engine, [*standard_checks(schema), *extra], staged, inputs))


def test_the_state_passes_its_checks(engine: DuckDBEngine) -> None:
    consents = words(engine)
    state = consent_state(consents, AS_OF)
    assert passes(engine, CONSENT_STATE, state, checks.CONSENT_STATE, {"consents": consents})


def test_a_flag_that_overrode_a_refusal_would_be_caught(engine: DuckDBEngine) -> None:
    consents = words(engine)
    wrong = consent_state(consents.filter(~consents.explicit | (consents.channel == "sms")), AS_OF)
    assert not passes(engine, CONSENT_STATE, wrong, checks.CONSENT_STATE, {"consents": consents})


def test_a_lost_word_would_be_caught(engine: DuckDBEngine) -> None:
    consents = words(engine)
    wrong = consent_state(consents, AS_OF).filter(ibis._.channel == "email")
    assert not passes(engine, CONSENT_STATE, wrong, checks.CONSENT_STATE, {"consents": consents})


def test_a_complaint_that_is_not_heard_would_be_caught(engine: DuckDBEngine) -> None:
    engagements = publish(
        engine,
        ENGAGEMENTS,
        [
            {"channel": "email", "action": "complained", "contact_point": ADA, "occurred_at": T0},
            {"channel": "email", "action": "bounced", "contact_point": "bob@example.org", "occurred_at": T1},
        ],
    )
    points = publish(engine, CONTACT_POINTS, [])
    consents = words(engine)
    inputs = {"engagements": engagements, "contact_points": points, "consents": consents}
    right = suppressions(engagements, points, consents, AS_OF)
    assert passes(engine, SUPPRESSIONS, right, checks.SUPPRESSIONS, inputs)
    wrong = right.filter(right.reason != "complained")
    assert not passes(engine, SUPPRESSIONS, wrong, checks.SUPPRESSIONS, inputs)
