"""The stage as a whole, through Dagster and its checks."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest

from cdp_assets.activation.schemas import DELIVERIES, EXPOSURES
from cdp_assets.attributes.schemas import ACTIVITY, PURCHASES
from cdp_assets.canonical.schema import TableSchema
from cdp_assets.identity.schemas import REDIRECTS
from cdp_assets.measurement.assets import assets
from cdp_assets.profiles.schemas import GOLDEN_RECORDS
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine
from cdp_assets.warehouse.resources import LedgerResource, Warehouse
from cdp_assets_tests.attributes.tables import day, filled, noon

ORDER = {"orders": 1, "purchases": 1, "unpriced_orders": 0, "refunds": 0, "refunded": Decimal(0)}

GIVEN: list[tuple[str, TableSchema, list[dict[str, Any]]]] = [
    ("attributes", PURCHASES, [
        {"profile_id": 1, "day": day(5), "net": Decimal("20.00"), **ORDER},
        {"profile_id": 1, "day": day(45), "net": Decimal("30.00"), "days_since_previous": 40, **ORDER},
        {"profile_id": 2, "day": day(50), "net": Decimal("9.00"), **ORDER},
    ]),
    ("attributes", ACTIVITY, [
        {"profile_id": 1, "day": day(4), "activity": kind, "times": 1, "last_at": noon(4)}
        for kind in ("product_viewed", "product_added")
    ]),
    ("activation", DELIVERIES, [
        {"destination": "winback", "profile_id": 1, "status": "delivered", "created_at": noon(40)},
    ]),
    ("activation", EXPOSURES, [
        {"campaign": "winback", "profile_id": who, "person_id": who, "arm": arm, "contaminated": False,
         "exposed_at": noon(40)}
        for who, arm in ((1, "treatment"), (2, "control"))
    ]),
    ("identity", REDIRECTS, []),
    ("profiles", GOLDEN_RECORDS, [
        {"profile_id": profile, "anonymous": False, "records": 1, "sources": "shop", "first_seen_at": noon(1)}
        for profile in (1, 2)
    ]),
]  # fmt: skip


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    defs = tmp_path / "defs"
    defs.mkdir()
    monkeypatch.setenv("CDP_DATA", str(tmp_path))
    monkeypatch.setenv("CDP_DEFS", str(defs))
    monkeypatch.setenv("CDP_AS_OF", "2026-04-11")
    return tmp_path


@pytest.mark.parametrize("empty", [False, True])
def test_every_measure_is_taken_and_holds_its_checks(home: Path, empty: bool) -> None:
    with duckdb.connect(str(home / "warehouse.duckdb")) as connection:
        engine = DuckDBEngine(connection)
        for stage, schema, rows in GIVEN:
            engine.stage_table(stage, schema, filled(engine, schema, *([] if empty else rows)))
            engine.publish([(stage, schema.name)])
        engine.drop_scratch()
    job = dg.Definitions(
        assets=assets(),
        jobs=[dg.define_asset_job("all", executor_def=dg.in_process_executor)],
        resources={"warehouse": Warehouse(), "ledger": LedgerResource()},
    ).resolve_job_def("all")

    result = job.execute_in_process()

    assert all(check.passed for check in result.get_asset_check_evaluations())
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as connection:
        counts = connection.execute(
            """SELECT (SELECT count(*) FROM measurement.funnels), (SELECT count(*) FROM measurement.cohorts),
            (SELECT count(*) FROM measurement.campaign_lift), (SELECT count(*) FROM measurement.profile_quality)"""
        ).fetchone()
    assert counts is not None
    assert counts[:3] == ((0, 0, 0) if empty else (4, 3, 1))
    assert (counts[3] == 0) == empty
