"""The assets of the profiles stage in Dagster, and the rules that come with the project."""

from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import ibis.expr.types as ir
import pytest
import yaml

from cdp_assets.canonical.schema import TableSchema
from cdp_assets.canonical.tables import CONTACT_POINTS, CONTACTS, IDENTIFIERS, IDENTITY_RECORDS
from cdp_assets.identity.schemas import PROFILE_MAP, REJECTED_LINKS
from cdp_assets.profiles.assets import assets
from cdp_assets.profiles.component import Survivorship
from cdp_assets.profiles.spec import SurvivorshipError, SurvivorshipRules
from cdp_assets.profiles.timeline import KINDS
from cdp_assets.settings import PROJECT
from cdp_assets.warehouse.assets import table_asset
from cdp_assets.warehouse.engine import Engine
from cdp_assets.warehouse.resources import LedgerResource, Warehouse
from cdp_assets_tests.profiles.tables import day, filled_rows

SHIPPED = [
    PROJECT / "cdp_assets" / "defs" / "profiles" / "defs.yaml",
    PROJECT / "examples" / "online_retail" / "profiles" / "defs.yaml",
]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "defs").mkdir()
    monkeypatch.setenv("CDP_DATA", str(tmp_path))
    monkeypatch.setenv("CDP_DEFS", str(tmp_path / "defs"))
    monkeypatch.setenv("CDP_AS_OF", "2026-06-30")
    return tmp_path


def given(schema: TableSchema, rows: list[dict[str, Any]], stage: str = "normalised") -> dg.AssetsDefinition:
    @table_asset(schema=schema, stage=stage)
    def source(engine: Engine) -> ir.Table:
        return engine.from_arrow(filled_rows(schema, rows), schema.ibis_schema)

    return source


def refresh() -> dg.ExecuteInProcessResult:
    people = [
        {"record_id": 1, "given_name": "Ada", "family_name": "King", "birth_date": day(0).date()},
        {"record_id": 2, "source": "shop", "full_name": "Ada Byron"},
    ]
    points = [{"record_id": 1, "kind": "email", "value": "ada@example.org", "status": "active"}]
    record = {"stream": "s", "kind": "person", "rows": 1, "closed": False}
    records = [record | {"record_id": 1}, record | {"record_id": 2, "source": "shop"}, record | {"record_id": 3}]
    mapped = [{"record_id": number, "profile_id": profile} for number, profile in ((1, 10), (2, 10), (3, 30))]
    events = [{"record_id": 3, "event_name": "page", "event_id": "e", "occurred_at": day(1)}]
    facts = {kind.schema.name: kind.schema for kind in KINDS}
    job = dg.Definitions(
        assets=[
            given(CONTACTS, people),
            given(CONTACT_POINTS, points),
            given(IDENTITY_RECORDS, records),
            given(IDENTIFIERS, []),
            given(PROFILE_MAP, mapped, "identity"),
            given(REJECTED_LINKS, [], "identity"),
            *(given(schema, events if name == "events" else []) for name, schema in facts.items()),
            *assets(SurvivorshipRules.with_defaults(["crm", "shop"])),
        ],
        jobs=[dg.define_asset_job("all", executor_def=dg.in_process_executor)],
        resources={"warehouse": Warehouse(), "ledger": LedgerResource()},
    ).resolve_job_def("all")
    return job.execute_in_process()


def materialised(result: dg.ExecuteInProcessResult, name: str) -> dg.AssetMaterialization:
    (found,) = [
        event.materialization
        for event in result.get_asset_materialization_events()
        if event.asset_key == dg.AssetKey(["profiles", name])
    ]
    return found


def test_the_stage_publishes_golden_records_provenance_and_timeline(home: Path) -> None:
    result = refresh()
    assert result.success
    assert all(evaluation.passed for evaluation in result.get_asset_check_evaluations())
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as connection:
        golden = connection.execute(
            "SELECT profile_id, anonymous, full_name, email, records, sources FROM profiles.golden_records ORDER BY ALL"
        ).fetchall()
        timeline = connection.execute("SELECT profile_id, title FROM profiles.timeline").fetchall()
        why = connection.execute(
            "SELECT strategy FROM profiles.provenance WHERE profile_id = 10 AND attribute = 'full_name'"
        ).fetchall()
    assert golden == [
        (10, False, "Ada King", "ada@example.org", 2, "crm,shop"),
        (30, True, None, None, 1, "crm"),
    ]
    assert timeline == [(30, "page")]
    assert why == [("most_complete",)]


def test_what_the_ui_shows_holds_no_personal_data(home: Path) -> None:
    result = refresh()
    shown = [str(event.event_specific_data) for event in result.all_events if event.event_specific_data is not None]
    text = "".join(shown)
    assert "golden_records" in text
    for value in ("Ada King", "Byron", "ada@example.org"):
        assert value not in text
    docs = "".join(file.read_text() for file in (home / "data_docs").rglob("*.json"))
    assert "schema_and_keys" in docs
    assert "Byron" not in docs


def test_golden_values_can_be_followed_to_their_columns(home: Path) -> None:
    lineage = materialised(refresh(), "golden_records").metadata["dagster/column_lineage"].value
    sources = {(tuple(dep.asset_key.path), dep.column_name) for dep in lineage.deps_by_column["birth_date"]}
    assert (("normalised", "contacts"), "birth_date") in sources
    sources = {(tuple(dep.asset_key.path), dep.column_name) for dep in lineage.deps_by_column["email"]}
    assert (("normalised", "contact_points"), "value") in sources


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.parent.parent.name)
def test_the_rules_that_come_with_the_project_are_valid(file: Path) -> None:
    attributes = yaml.safe_load(file.read_text())["attributes"]
    assert Survivorship.resolve_from_yaml(yaml.safe_dump(attributes)).spec.groups


def test_a_rule_for_a_source_that_does_not_exist_is_refused() -> None:
    with pytest.raises(SurvivorshipError, match="'cmr'"):
        assets(SurvivorshipRules.with_defaults(["cmr"]), sources=["crm", "shop"])
