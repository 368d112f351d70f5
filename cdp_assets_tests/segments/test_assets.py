"""The assets of the segments stage in Dagster."""

from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import ibis.expr.types as ir
import pyarrow as pa
import pytest

from cdp_assets.attributes.schemas import CUSTOMER_360
from cdp_assets.identity.schemas import REDIRECTS
from cdp_assets.segments.assets import assets
from cdp_assets.warehouse.assets import table_asset
from cdp_assets.warehouse.engine import Engine
from cdp_assets.warehouse.resources import LedgerResource, Warehouse
from cdp_assets_tests.segments.people import segment

LOYAL = segment("loyal", "orders >= 3", maximum=0.5)
GERMAN = segment("german", "country = 'DE'")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "defs").mkdir()
    monkeypatch.setenv("CDP_DATA", str(tmp_path))
    monkeypatch.setenv("CDP_DEFS", str(tmp_path / "defs"))
    monkeypatch.setenv("CDP_AS_OF", "2026-06-30")
    return tmp_path


def _customer(profile_id: int, orders: int, country: str = "FR") -> dict[str, Any]:
    row: dict[str, Any] = {
        column.name: 0 if column.dtype.is_numeric() else False if column.dtype.is_boolean() else None
        for column in CUSTOMER_360.columns
        if column.required
    }
    return {**row, "profile_id": profile_id, "orders": orders, "country": country}


def _run(rows: list[dict[str, Any]], *, only: str | None = None) -> dg.ExecuteInProcessResult:
    @table_asset(schema=CUSTOMER_360, stage="attributes")
    def customer_360(engine: Engine) -> ir.Table:
        schema = CUSTOMER_360.ibis_schema
        filled = [{**dict.fromkeys(schema.names), **row, "records": 1, "sources": "shop"} for row in rows]
        return engine.from_arrow(pa.Table.from_pylist(filled, schema=schema.to_pyarrow()), schema)

    @table_asset(schema=REDIRECTS, stage="identity")
    def redirects(engine: Engine) -> ir.Table:
        schema = REDIRECTS.ibis_schema
        return engine.from_arrow(schema.to_pyarrow().empty_table(), schema)

    job = dg.Definitions(
        assets=[customer_360, redirects, *assets([LOYAL, GERMAN])],
        jobs=[dg.define_asset_job("all", executor_def=dg.in_process_executor)],
        resources={"warehouse": Warehouse(), "ledger": LedgerResource()},
    ).resolve_job_def("all")
    selection = None if only is None else [dg.AssetKey(["segments", only])]
    return job.execute_in_process(asset_selection=selection)


def _versions(result: dg.ExecuteInProcessResult) -> dict[str, str]:
    return {
        event.asset_key.path[-1]: event.step_materialization_data.materialization.tags["dagster/data_version"]
        for event in result.get_asset_materialization_events()
        if event.asset_key is not None and event.asset_key.path[0] == "segments"
    }


def test_each_segment_is_an_asset_with_owner_size_history_and_condition(home: Path) -> None:
    result = _run([_customer(1, 5, "DE"), _customer(2, 0)])
    shown = {
        materialisation.asset_key.path[-1]: materialisation.metadata
        for materialisation in result.asset_materializations_for_node("segments__each_1")
    }
    assert shown["loyal"]["dagster/row_count"].value == 1
    assert shown["loyal"]["share"].value == 0.5
    assert "orders >= 3" in str(shown["loyal"]["condition"].value)
    assert shown["german"]["size history"].value == "1 at the first run."
    assert str(shown["loyal"]["preview"].value).splitlines()[2:] == ["| ••• | 2026-06-30 00:00:00+00:00 |"]
    each = next(definition for definition in assets([LOYAL, GERMAN]) if definition.op.name == "segments__each_1")
    assert each.specs_by_key[dg.AssetKey(["segments", "loyal"])].owners == ["team:test"]


def test_of_a_segment_without_members_the_preview_says_so(home: Path) -> None:
    result = _run([_customer(1, 0)])
    shown = result.asset_materializations_for_node("segments__each_1")
    previews = [str(materialisation.metadata["preview"].value) for materialisation in shown]
    assert [text.startswith("Nobody among the first") for text in previews] == [True, True]


def test_the_history_of_sizes_says_what_its_columns_are_made_of(home: Path) -> None:
    result = _run([_customer(1, 5, "DE")])
    [sizes] = [
        event
        for event in result.get_asset_materialization_events()
        if event.asset_key == dg.AssetKey(["segments", "segment_sizes"])
    ]
    lineage = sizes.materialization.metadata["dagster/column_lineage"].value.deps_by_column
    assert [dep.column_name for dep in lineage["members"]] == ["profile_id"]


def test_the_size_history_is_a_picture_from_the_second_run_on(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _run([_customer(1, 5, "DE")])
    monkeypatch.setenv("CDP_AS_OF", "2026-07-01")
    result = _run([_customer(1, 5, "DE")])
    shown = result.asset_materializations_for_node("segments__each_1")
    pictures = [str(materialisation.metadata["size history"].value) for materialisation in shown]
    assert [text.startswith("![plot](data:image/svg+xml;base64,") for text in pictures] == [True, True]


def test_the_data_version_of_a_segment_changes_only_with_its_members(home: Path) -> None:
    first = _versions(_run([_customer(1, 5, "DE"), _customer(2, 0)]))
    second = _versions(_run([_customer(1, 9, "DE"), _customer(2, 4)]))
    assert first["loyal"] != second["loyal"]
    assert first["german"] == second["german"]


def test_one_segment_can_be_looked_at_alone(home: Path) -> None:
    _run([_customer(1, 5, "DE"), _customer(2, 0)])
    assert set(_versions(_run([], only="loyal"))) == {"loyal"}


def test_an_implausible_size_warns_and_does_not_stop(home: Path) -> None:
    result = _run([_customer(1, 5), _customer(2, 4)])
    outcomes = {
        check.asset_key.path[-1]: check.passed
        for check in result.get_asset_check_evaluations()
        if check.check_name == "plausible_size"
    }
    assert outcomes == {"loyal": False, "german": False}
    crossed = {
        check.asset_key.path[-1]: check.metadata["crossed bound"].value
        for check in result.get_asset_check_evaluations()
        if check.check_name == "plausible_size"
    }
    assert crossed == {"loyal": "maximum: 100.00% is above 50.00%", "german": "minimum: nobody is in it"}
    assert result.success


def test_all_other_checks_of_the_stage_pass_run_after_run(home: Path) -> None:
    _run([_customer(1, 5, "DE"), _customer(2, 0)])
    result = _run([_customer(1, 2, "DE"), _customer(3, 7)])
    failed = [check for check in result.get_asset_check_evaluations() if not check.passed]
    assert [check.check_name for check in failed] == []
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as connection:
        log = connection.execute(
            "SELECT segment, profile_id, change, cause FROM segments.membership_changes ORDER BY ALL"
        ).fetchall()
    assert log == [
        ("german", 1, "entered", "new_segment"),
        ("loyal", 1, "entered", "new_segment"),
        ("loyal", 1, "left", "values_changed"),
        ("loyal", 3, "entered", "new_profile"),
    ]


def _memberships(file: Path) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(file), read_only=True) as connection:
        return connection.execute(
            "SELECT segment, profile_id, strftime(entered_at AT TIME ZONE 'UTC', '%Y-%m-%d') FROM segments.memberships "
            "ORDER BY ALL"
        ).fetchall()


@pytest.mark.parametrize("served", [True, False])
def test_memberships_go_on_where_the_warehouse_was_lost_and_the_copy_of_readers_was_not(
    home: Path, monkeypatch: pytest.MonkeyPatch, served: bool
) -> None:
    _run([_customer(1, 5, "DE"), _customer(2, 7)])
    warehouse = home / "warehouse.duckdb"
    warehouse.rename(home / ("serving.duckdb" if served else "lost.duckdb"))
    monkeypatch.setenv("CDP_AS_OF", "2026-07-03")
    _run([_customer(1, 5), _customer(3, 4)])
    before, now = "2026-06-30", "2026-07-03"
    assert _memberships(warehouse) == [("loyal", 1, before if served else now), ("loyal", 3, now)]
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        log = connection.execute(
            "SELECT segment, profile_id, change, cause FROM segments.membership_changes "
            "WHERE changed_at >= '2026-07-01' ORDER BY ALL"
        ).fetchall()
    left = [("german", 1, "left", "values_changed"), ("loyal", 2, "left", "profile_gone")]
    came = [("loyal", 3, "entered", "new_profile")]
    assert log == (
        sorted(left + came)
        if served
        else [("loyal", 1, "entered", "new_segment"), ("loyal", 3, "entered", "new_segment")]
    )


def test_what_was_said_as_of_a_later_instant_is_not_recalled(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _run([_customer(1, 5)])
    warehouse = home / "warehouse.duckdb"
    warehouse.rename(home / "serving.duckdb")
    monkeypatch.setenv("CDP_AS_OF", "2026-06-01")
    _run([_customer(1, 5)])
    assert _memberships(warehouse) == [("loyal", 1, "2026-06-01")]


def test_without_segments_the_tables_are_there_and_empty(home: Path) -> None:
    assert [definition.op.name for definition in assets([])] == ["segments__memberships"]
