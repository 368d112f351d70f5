"""The stage as a whole: from facts to the wide row, through Dagster and its checks."""

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest

from cdp_assets.attributes.assets import assets
from cdp_assets.attributes.challenge import CHALLENGER_WINS
from cdp_assets.attributes.customer_360 import customer_360
from cdp_assets.attributes.drift import INPUTS_HOLD, SCORES_HOLD
from cdp_assets.attributes.model_schemas import MODELS
from cdp_assets.attributes.model_training import IS_RECENT
from cdp_assets.attributes.schemas import BEHAVIOUR, CHURN_RISK, CUSTOMER_360, LIFETIME_VALUE, RFM
from cdp_assets.attributes.signal_schemas import (
    ENGAGEMENT,
    INTENT,
    PURCHASE_PROPENSITY,
    SUBSCRIPTION_RISK,
    SUPPORT_HEALTH,
)
from cdp_assets.canonical import tables as canonical
from cdp_assets.identity.schemas import PROFILE_MAP
from cdp_assets.profiles.schemas import GOLDEN_RECORDS
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine
from cdp_assets.warehouse.resources import LedgerResource, Warehouse
from cdp_assets_tests.attributes.tables import filled, noon, purchases, rows, spark_sql

NORMALISED = ("orders", "refunds", "events", "engagements", "tickets", "interactions", "survey_responses", "loyalty",
              "order_lines", "products", "subscriptions")  # fmt: skip

ORDERS = [
    {"record_id": 10, "order_id": "1", "ordered_at": noon(0), "currency": "EUR", "net_reporting": Decimal("40.00")},
    {"record_id": 10, "order_id": "2", "ordered_at": noon(60), "currency": "EUR", "net_reporting": Decimal("60.00")},
    {"record_id": 20, "order_id": "3", "ordered_at": noon(90), "currency": "EUR", "net_reporting": Decimal("5.00")},
]
REFUNDS = [
    {"record_id": 11, "refund_id": "1", "refunded_at": noon(61), "currency": "EUR", "amount": Decimal("10.00"),
     "amount_reporting": Decimal("10.00")}
]  # fmt: skip
EVENTS = [{"record_id": 30, "event_id": "1", "event_name": "page", "occurred_at": noon(99)}]


def prepare(home: Path, monkeypatch: pytest.MonkeyPatch, profile_of: dict[int, int]) -> None:
    """Publish what the stages before would have: facts of four records, and who they belong to."""
    defs = home / "defs"
    defs.mkdir()
    monkeypatch.setenv("CDP_DATA", str(home))
    monkeypatch.setenv("CDP_DEFS", str(defs))
    monkeypatch.setenv("CDP_AS_OF", "2026-04-11")
    with duckdb.connect(str(home / "warehouse.duckdb")) as connection:
        engine = DuckDBEngine(connection)
        given: dict[str, list[dict[str, Any]]] = {"orders": ORDERS, "refunds": REFUNDS, "events": EVENTS}
        made = [("normalised", canonical.TABLES[name], given.get(name, [])) for name in NORMALISED]
        made.append(("identity", PROFILE_MAP, [
            {"record_id": record, "profile_id": profile} for record, profile in profile_of.items()
        ]))  # fmt: skip
        made.append(("profiles", GOLDEN_RECORDS, [
            {"profile_id": profile, "anonymous": profile == 3, "records": 1, "sources": "shop"} for profile in (1, 2, 3)
        ]))  # fmt: skip
        for stage, schema, given_rows in made:
            engine.stage_table(stage, schema, filled(engine, schema, *given_rows))
            engine.publish([(stage, schema.name)])
        engine.drop_scratch()


def run(raising: bool = True) -> dg.ExecuteInProcessResult:
    job = dg.Definitions(
        assets=assets(),
        jobs=[dg.define_asset_job("all", executor_def=dg.in_process_executor)],
        resources={"warehouse": Warehouse(), "ledger": LedgerResource()},
    ).resolve_job_def("all")
    return job.execute_in_process(raise_on_error=raising)


def published(home: Path, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as connection:
        return connection.execute(query).fetchall()


@dataclass(frozen=True)
class Ran:
    """A run of the stage, and where it published."""

    home: Path
    checks: list[dg.AssetCheckEvaluation]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """The stage on facts of which each belongs to somebody."""
    home = tmp_path_factory.mktemp("stage")
    with pytest.MonkeyPatch.context() as monkeypatch:
        prepare(home, monkeypatch, {10: 1, 11: 1, 20: 2, 30: 3})
        return Ran(home, run().get_asset_check_evaluations())


def test_facts_become_one_wide_row_per_profile(ran: Ran) -> None:
    assert all(check.passed for check in ran.checks if check.blocking)
    assert published(
        ran.home,
        """SELECT profile_id, orders, net_spend, average_order_value, days_since_order, frequency, rfm_group,
        churn_model, events_30d, expected_value_90d IS NULL FROM attributes.customer_360 ORDER BY profile_id""",
    ) == [
        (1, 2, Decimal("90.00"), Decimal("50.00"), 39, 2, "at risk", "prior", 0, False),
        (2, 1, Decimal("5.00"), Decimal("5.00"), 9, 1, "promising", "prior", 0, False),
        (3, 0, Decimal("0.00"), None, None, None, None, None, 1, True),
    ]


def test_models_that_fell_back_say_so_in_a_check_and_are_published_all_the_same(ran: Ran) -> None:
    failed = {check.check_name for check in ran.checks if not check.passed}

    assert failed == {"model_earned_its_place", "model_beats_its_best_baseline"}


def test_every_model_has_a_challenger_and_whatever_it_scores_is_watched() -> None:
    promised = {(key.asset_key.path[-1], key.name) for asset in assets() for key in asset.check_keys}
    watched = {INPUTS_HOLD.name, SCORES_HOLD.name, IS_RECENT.name}

    assert {table for table, check in promised if check == CHALLENGER_WINS.name} == {model.name for model in MODELS}
    for scores in ("churn_risk", "purchase_propensity", "lifetime_value", "subscription_risk", "engagement"):
        assert {(scores, check) for check in watched} <= promised


def test_an_order_of_nobody_stops_the_stage_before_anything_is_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(tmp_path, monkeypatch, {10: 1, 11: 1, 30: 3})

    result = run(raising=False)

    failed = {(check.asset_key.to_user_string(), check.check_name) for check in result.get_asset_check_evaluations()
              if not check.passed}  # fmt: skip
    assert ("attributes/purchases", "money_reconciles") in failed
    there = published(tmp_path, "SELECT table_name FROM information_schema.tables WHERE table_schema = 'attributes'")
    assert not {("purchases",), ("rfm",), ("customer_360",)} & set(there)


def test_the_wide_row_has_every_documented_column_and_zero_for_those_who_did_nothing(engine: DuckDBEngine) -> None:
    golden = filled(engine, GOLDEN_RECORDS, {"profile_id": 7, "anonymous": False, "records": 1, "sources": "crm"})
    parts = (RFM, LIFETIME_VALUE, CHURN_RISK, PURCHASE_PROPENSITY, SUBSCRIPTION_RISK, INTENT, ENGAGEMENT,
             SUPPORT_HEALTH, BEHAVIOUR)  # fmt: skip
    empty = [filled(engine, schema) for schema in parts]

    table = customer_360(golden, purchases(engine, []), *empty, as_of=noon(5))

    assert table.columns == CUSTOMER_360.column_names
    assert rows(engine, table, "profile_id", "orders", "net_spend", "events_30d", "open_tickets", "churn_risk") == [
        (7, 0, Decimal("0.00"), 0, 0, None)
    ]
    assert spark_sql(table)


def test_every_column_is_documented() -> None:
    for column in CUSTOMER_360.columns:
        assert column.description.endswith((".", "…")), column.name
