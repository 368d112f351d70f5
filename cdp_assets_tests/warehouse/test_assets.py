"""The one decorator: write, audit, publish."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import ibis
import ibis.expr.types as ir
import pytest

from cdp_assets.canonical.schema import Column, Pii, TableSchema
from cdp_assets.quality.checks import Check, expect
from cdp_assets.warehouse.assets import table_asset, tables_asset
from cdp_assets.warehouse.built import Built, Stands, markdown
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine
from cdp_assets.warehouse.engine import Engine
from cdp_assets.warehouse.resources import LedgerResource, Warehouse
from cdp_assets.warehouse.standing import memory_of

PEOPLE = TableSchema(
    "people",
    "One row per person.",
    (
        Column("id", "int64", "Id.", required=True),
        Column("email", "string", "E-mail.", pii=Pii.DIRECT),
        Column("age", "int64", "Age.", unit="years"),
    ),
    key=("id",),
)
ADULTS = TableSchema("adults", "People of age.", (Column("id", "int64", "Id."), Column("doubled", "int64", "Twice.")))


_ODD = Check(
    "odd",
    "Nothing is even.",
    (expect("expect_column_values_to_be_between", column="doubled", max_value=1),),
    blocking=False,
)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    defs = tmp_path / "defs"
    defs.mkdir()
    monkeypatch.setenv("CDP_DATA", str(tmp_path))
    monkeypatch.setenv("CDP_DEFS", str(defs))
    monkeypatch.setenv("CDP_AS_OF", "2026-06-30")
    return tmp_path


def _people(rows: list[tuple[int, str, int]], check: Check | None = None) -> dg.AssetsDefinition:
    @table_asset(schema=PEOPLE, stage="people", checks=[check] if check else [])
    def people(engine: Engine) -> ir.Table:
        """Made up."""
        data = ibis.memtable(rows, schema=PEOPLE.ibis_schema) if rows else None
        return data if data is not None else engine.from_arrow(PEOPLE.ibis_schema.to_pyarrow().empty_table(),
                                                               PEOPLE.ibis_schema)  # fmt: skip

    return people


@table_asset(schema=ADULTS, stage="grown", inputs={"people": "people"})
def adults(people: ir.Table) -> Built:
    table = people.filter(people.age >= 18).select("id", doubled=people.age * 2)
    return Built(table, metadata={"note": markdown("**well**")})


def _run(
    *assets: dg.AssetsDefinition, raising: bool = True, instance: dg.DagsterInstance | None = None
) -> dg.ExecuteInProcessResult:
    job = dg.Definitions(
        assets=list(assets),
        jobs=[dg.define_asset_job("all", executor_def=dg.in_process_executor)],
        resources={"warehouse": Warehouse(), "ledger": LedgerResource()},
    ).resolve_job_def("all")
    return job.execute_in_process(raise_on_error=raising, instance=instance)


def _rows(home: Path, table: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as connection:
        return connection.execute(f"SELECT * FROM {table} ORDER BY ALL").fetchall()


def test_a_table_is_published_with_everything_the_ui_shows(home: Path) -> None:
    result = _run(_people([(1, "ann@example.org", 40), (2, "bob@example.org", 10)]), adults)

    assert result.success
    assert _rows(home, "grown.adults") == [(1, 80)]
    [materialisation] = result.asset_materializations_for_node("grown__adults")
    metadata = materialisation.metadata
    assert metadata["dagster/row_count"].value == 1
    assert {"bytes", "seconds", "preview", "dagster/column_schema", "column_lineage"} <= set(metadata)
    lineage = metadata["dagster/column_lineage"].value.deps_by_column
    assert lineage["doubled"] == [dg.TableColumnDep(asset_key=dg.AssetKey(["people", "people"]), column_name="age")]
    assert metadata["note"].value == "**well**"


def test_personal_data_is_masked_in_the_preview(home: Path) -> None:
    result = _run(_people([(1, "ann@example.org", 40)]))
    [materialisation] = result.asset_materializations_for_node("people__people")
    assert "ann@example" not in str(materialisation.metadata)


def test_a_failed_blocking_check_leaves_the_old_table_and_stops_what_is_downstream(home: Path) -> None:
    _run(_people([(1, "a", 40)]), adults)
    result = _run(_people([(2, "b", 50), (2, "b", 50)]), adults, raising=False)

    assert not result.success
    assert _rows(home, "people.people") == [(1, "a", 40)]
    assert _rows(home, "grown.adults") == [(1, 80)]
    failed = [check for check in result.get_asset_check_evaluations() if not check.passed]
    assert [check.check_name for check in failed] == ["schema_and_keys"]


def test_a_failed_check_that_does_not_block_is_shown_and_the_table_published(home: Path) -> None:
    warned = Check(
        "plausible_age",
        "Nobody is over 120.",
        (expect("expect_column_values_to_be_between", column="age", max_value=120),),
        blocking=False,
    )
    result = _run(_people([(1, "a", 400)], warned))

    assert result.success
    assert _rows(home, "people.people") == [(1, "a", 400)]
    assert {check.check_name: check.passed for check in result.get_asset_check_evaluations()} == {
        "schema_and_keys": True,
        "plausible_age": False,
    }


def test_unchanged_content_keeps_its_data_version(home: Path) -> None:
    versions = []
    for rows in ([(1, "a", 4), (2, "b", 5)], [(2, "b", 5), (1, "a", 4)], [(1, "a", 4)]):
        [materialisation] = _run(_people(rows)).asset_materializations_for_node("people__people")
        versions.append((materialisation.tags or {})["dagster/data_version"])
    assert versions[0] == versions[1] != versions[2]


def test_a_table_stands_while_what_it_is_made_of_does(home: Path) -> None:
    made: list[int] = []

    @table_asset(schema=ADULTS, stage="grown", inputs={"people": "people"}, checks=[_ODD])
    def adults(people: ir.Table) -> Built:
        made.append(1)
        return Built(people.select("id", doubled=people.age * 2), metadata={"note": "well"})

    told = []
    instance = dg.DagsterInstance.ephemeral()
    for rows in ([(1, "a", 4)], [(1, "a", 4)], [(1, "a", 5)]):
        result = _run(_people(rows), adults, instance=instance)
        [materialisation] = result.asset_materializations_for_node("grown__adults")
        checks = {check.check_name: check.passed for check in result.get_asset_check_evaluations()
                  if check.asset_key.path[0] == "grown"}  # fmt: skip
        told.append((len(made), materialisation.metadata["note"].value, checks["odd"]))
    assert told == [(1, "well", False), (1, "well", False), (2, "well", False)]
    assert _rows(home, "grown.adults") == [(1, 10)]


def test_another_definition_makes_a_table_anew_and_says_why(home: Path) -> None:
    def doubling(times: int) -> dg.AssetsDefinition:
        @table_asset(schema=ADULTS, stage="grown", inputs={"people": "people"}, definition=times)
        def adults(people: ir.Table) -> ir.Table:
            return people.select("id", doubled=people.age * times)

        return adults

    why = []
    for times in (2, 2, 3):
        result = _run(_people([(1, "a", 4)]), doubling(times))
        [materialisation] = result.asset_materializations_for_node("grown__adults")
        why.append(materialisation.metadata["made_anew_for"].value)
    assert why[1].startswith("nothing")
    assert why[2] == "definitions"
    assert _rows(home, "grown.adults") == [(1, 12)]


def test_what_a_function_remembers_is_there_until_code_or_definition_change(home: Path) -> None:
    remembered: list[object] = []

    def counting(definition: int) -> dg.AssetsDefinition:
        @table_asset(schema=ADULTS, stage="grown", inputs={"people": "people"}, definition=definition)
        def adults(people: ir.Table, memory: Mapping[str, Any]) -> Built | Stands:
            remembered.append(memory.get("seen"))
            if memory:
                return Stands()
            return Built(people.select("id", doubled=people.age * 2), memory={"seen": definition})

        return adults

    for definition in (1, 1, 1, 2):
        assert _run(_people([(1, "a", 4)]), counting(definition)).success
    assert remembered == [None, 1, 1, None]
    assert _rows(home, "grown.adults") == [(1, 8)]


def test_an_asset_reads_its_own_previous_state_and_swaps_several_tables_at_once(home: Path) -> None:
    state = TableSchema("state", "State.", (Column("runs", "int64", "Runs."),))
    log = TableSchema("log", "Log.", (Column("entry", "int64", "Entry."),))

    @tables_asset(stage="memory", schemas=[state, log])
    def memory(previous: dict[str, ir.Table], engine: Engine) -> dict[str, ir.Table]:
        count = engine.to_arrow(previous["log"]).num_rows
        new = ibis.memtable({"entry": [count + 1]}, schema=log.ibis_schema)
        return {"state": ibis.memtable({"runs": [count + 1]}), "log": previous["log"].union(new)}

    for _ in range(3):
        assert _run(memory).success
    assert _rows(home, "memory.state") == [(3,)]
    assert _rows(home, "memory.log") == [(1,), (2,), (3,)]


def test_one_of_several_tables_may_stand_while_another_is_made(home: Path) -> None:
    minors = TableSchema("minors", "People not of age.", (Column("id", "int64", "Id.", required=True),))

    @tables_asset(stage="grown", schemas=[ADULTS, minors], inputs={"people": "people"}, definition=1)
    def both(people: ir.Table, memory: Mapping[str, Any]) -> dict[str, Built | Stands]:
        seen = {"runs": memory.get("runs", 0) + 1}
        grown = people.filter(people.age >= 18).select("id", doubled=people.age * 2)
        young = Built(people.filter(people.age < 18).select("id"), memory=seen)
        return {"adults": Built(grown, memory=seen), "minors": Stands(memory=seen) if memory else young}

    first = _run(_people([(1, "a", 40), (2, "b", 4)]), both)
    again = _run(_people([(1, "a", 40), (2, "b", 4), (3, "c", 50)]), both)
    third = _run(_people([(4, "d", 20)]), both)
    assert [run.success for run in (first, again, third)] == [True] * 3
    assert _rows(home, "grown.adults") == [(4, 40)]
    assert _rows(home, "grown.minors") == [(2,)]
    with duckdb.connect(str(home / "warehouse.duckdb")) as connection:
        assert memory_of(DuckDBEngine(connection), ("grown", "minors")) == {"runs": 3}
    told = {event.asset_key.path[1]: event.metadata for event in again.asset_materializations_for_node("grown__both")}
    assert told["adults"]["dagster/row_count"].value == 2
    assert (told["minors"]["dagster/row_count"].value, told["minors"]["seconds"].value) == (1, 0.0)
    checked = {check.asset_check_key.asset_key.path[1] for check in again.get_asset_check_evaluations()}
    assert "minors" in checked


def test_a_parameter_that_is_no_input_is_refused_at_load() -> None:
    with pytest.raises(TypeError, match=r"parameters \['poeple'\] are neither inputs"):

        @table_asset(schema=ADULTS, stage="grown", inputs={"people": "people"})
        def adults(poeple: ir.Table) -> ir.Table:
            return poeple
