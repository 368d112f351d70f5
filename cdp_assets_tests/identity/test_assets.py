"""The stage as Dagster runs it: tables published together, checked, described, and ids kept in the ledger."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import ibis
import pytest
from ibis.config import Config

from cdp_assets.canonical import tables as canonical
from cdp_assets.identity import schemas
from cdp_assets.identity.assets import assets
from cdp_assets.identity.canonical import Canonical
from cdp_assets.identity.checks import all_checks
from cdp_assets.identity.resolve import resolve
from cdp_assets.identity.spec import IdentityRules
from cdp_assets.identity.stewardship import Stewardship, Word
from cdp_assets.ledger import Ledger
from cdp_assets.ledger.profile_ids import LedgerProfileIds
from cdp_assets.quality.news import answered_by_news, narrowed
from cdp_assets.quality.runner import evaluate
from cdp_assets.settings import Settings
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine
from cdp_assets.warehouse.resources import LedgerResource, Warehouse
from cdp_assets_tests.identity.profile_ids import InMemoryProfileIds
from cdp_assets_tests.identity.world import AS_OF, KEY, Record, World, canonical_tables, load, published

ALL = (*schemas.TABLES, schemas.DEVICE_SUGGESTIONS, schemas.SUGGESTION_TESTS, schemas.HEALTH)

PEOPLE = [
    Record(1, ("shop/customer_number 1001", "email family@example.com"), "Anna Meyer", seen=1),
    Record(2, ("till/loyalty_number 77", "email family@example.com"), "Bert Meyer", seen=2),
    Record(3, ("user_id u1", "shop/customer_number 1001", "anonymous_id X"), seen=3, events=((3, None),)),
    Record(4, ("user_id u2", "till/loyalty_number 77", "anonymous_id X"), seen=9, events=((9, None),)),
    Record(5, ("anonymous_id X",), seen=1, events=((1, None), (20, None))),
    Record(6, ("email noreply@example.com",), seen=4),
    Record(7, kind="guest", seen=5),
]


def settle(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have the folder hold the data."""
    monkeypatch.setenv("CDP_DATA", str(folder))
    monkeypatch.setenv("CDP_AS_OF", AS_OF.isoformat())
    monkeypatch.setenv("CDP_HASH_KEY", KEY)
    return folder


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return settle(tmp_path, monkeypatch)


def published_normalised(records: list[Record]) -> None:
    """Publish the canonical tables that such records would make."""
    with dg.DagsterInstance.ephemeral(), _warehouse() as engine:
        given = canonical_tables(engine, records)
        tables = {
            canonical.IDENTITY_RECORDS: given.identity_records,
            canonical.IDENTIFIERS: given.identifiers,
            canonical.CONTACTS: given.contacts,
            canonical.CONTACT_POINTS: given.contact_points,
            canonical.IDENTIFIER_ALIASES: given.identifier_aliases,
            **{schema: load(engine, schema, []) for schema in canonical.FACTS},
            canonical.EVENTS: given.facts["events"],
        }
        for schema, table in tables.items():
            engine.stage_table("normalised", schema, table)
        engine.publish([("normalised", schema.name) for schema in tables])


class _warehouse:  # noqa: N801
    """The warehouse's engine, outside a run."""

    def __enter__(self) -> DuckDBEngine:
        import duckdb

        self._connection = duckdb.connect(str(Settings.from_env().warehouse_file))
        self._connection.execute("SET TimeZone = 'UTC'")
        return DuckDBEngine(self._connection)

    def __exit__(self, *_: object) -> None:
        self._connection.close()


def run() -> dg.ExecuteInProcessResult:
    with dg.DagsterInstance.ephemeral() as instance:
        return dg.materialize(
            assets(IdentityRules()),
            resources={"warehouse": Warehouse(), "ledger": LedgerResource()},
            instance=instance,
            raise_on_error=False,
        )


@dataclass(frozen=True)
class Ran:
    """A run that has ended, and where its data lie."""

    folder: Path
    result: dg.ExecuteInProcessResult


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """The first run, on those people."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        folder = settle(tmp_path_factory.mktemp("first"), monkeypatch)
        published_normalised(PEOPLE)
        return Ran(folder, run())


@pytest.fixture
def after_first(first: Ran, data: Path) -> None:
    """What the first run left, in a folder of the test's own."""
    shutil.copytree(first.folder, data, dirs_exist_ok=True)


def test_all_tables_are_published_checked_and_described(first: Ran) -> None:
    result = first.result
    assert result.success
    evaluations = result.get_asset_check_evaluations()
    assert evaluations
    assert [check.check_name for check in evaluations if not check.passed] == []
    materialised = {event.asset_key.path[-1]: event for event in result.get_asset_materialization_events()}
    assert set(materialised) == {schema.name for schema in ALL}
    metadata = materialised["profile_map"].materialization.metadata
    assert {"profile sizes", "components", "dagster/column_lineage", "dagster/row_count"} <= set(metadata)
    assert {"health", "scorecard", "profiles"} <= set(materialised["health"].materialization.metadata)
    shown = " ".join(str(value) for event in materialised.values() for value in event.materialization.metadata.values())
    assert not any(value in shown for value in ("family@example.com", "Anna", "Meyer", "1001"))


@pytest.mark.usefixtures("after_first")
def test_a_second_run_publishes_equal_tables_and_leaves_the_ledger_alone() -> None:
    before = contents()
    ledger = Ledger.open(Settings.from_env().ledger_url)
    kept = LedgerProfileIds(ledger).assigned()
    assert kept
    assert run().success
    assert contents() == before
    assert LedgerProfileIds(ledger).assigned() == kept
    ledger.close()


@pytest.mark.usefixtures("after_first")
def test_a_run_after_another_one_patches_what_a_run_from_nothing_would_write() -> None:
    published_normalised([*PEOPLE[1:], Record(8, ("user_id u1", "till/loyalty_number 99"), seen=8)])
    result = run()
    assert [check.check_name for check in result.get_asset_check_evaluations() if not check.passed] == []
    patched = contents("revision")
    with _warehouse() as engine:
        engine.backend.con.execute("DELETE FROM identity.resolution_state")
    assert run().success
    assert contents("revision") == patched


@pytest.mark.parametrize("lost", [False, True], ids=["another", "lost"])
def test_a_run_whose_ledger_is_another_or_lost_gives_the_ids_there_were(
    lost: bool, after_first: None, data: Path
) -> None:
    """As where a run was killed between the ledger and the warehouse, or nobody kept the ledger."""
    before = _profiles()
    if lost:
        (data / "ledger.sqlite").unlink()
    else:
        with _warehouse() as engine:
            engine.backend.con.execute("UPDATE identity.resolution_state SET revision = 'another'")
    assert run().success
    assert _profiles() == before


def test_log_and_figures_go_on_where_the_warehouse_was_lost_and_the_copy_of_readers_was_not(
    after_first: None, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    profiles = _profiles()
    warehouse = Settings.from_env().warehouse_file
    warehouse.rename(Settings.from_env().serving_file)
    monkeypatch.setenv("CDP_AS_OF", (AS_OF + timedelta(days=1)).isoformat())
    published_normalised([*PEOPLE, Record(8, ("email new@example.com",), seen=6)])
    assert run().success
    assert {profile for profile in profiles if profile not in _profiles()} == set()
    told = contents()
    created = [row for row in told["profile_changes"] if "'created'" in row]
    assert len(created) == len(told["profile_changes"]) == len({profile for _, profile in _profiles()})
    with _warehouse() as engine:
        found = {
            name: engine.to_arrow(engine.table("identity", name).as_of.name("as_of").as_table().distinct()).num_rows
            for name in ("profile_changes", "health")
        }
    assert found == {"profile_changes": 2, "health": 2}
    told = contents()
    assert run().success
    assert contents() == told


def _profiles() -> list[tuple[int, int]]:
    with _warehouse() as engine:
        rows = engine.to_arrow(engine.table("identity", "profile_map")).to_pylist()
    return sorted((row["record_id"], row["profile_id"]) for row in rows)


def contents(*without: str) -> dict[str, list[str]]:
    """All tables of the stage as sorted text, without some columns."""
    with _warehouse() as engine:
        return {
            schema.name: sorted(
                str({name: value for name, value in row.items() if name not in without})
                for row in engine.to_arrow(engine.table("identity", schema.name)).to_pylist()
            )
            for schema in ALL
        }


def test_the_ledger_keeps_what_memory_keeps(tmp_path: Path) -> None:
    ledger = Ledger.open(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    kept, remembered = LedgerProfileIds(ledger), InMemoryProfileIds()
    bridge = Record(8, ("user_id u1", "till/loyalty_number 99"), seen=8)
    alone = Record(9, ("till/loyalty_number 99",), seen=1)
    for store in (kept, remembered):
        world = World(store=store)
        world.run([*PEOPLE, alone])
        world.run([*PEOPLE, alone, bridge])
        world.run([*PEOPLE[:2], alone, bridge])
    assert kept.assigned() == remembered.assigned()
    assert kept.redirects() == remembered.redirects()
    ledger.close()


def test_a_record_that_breaks_a_limit_by_itself_stops_nothing(data: Path) -> None:
    published_normalised([*PEOPLE, Record(8, ("user_id a", "user_id b"))])
    assert [check.check_name for check in run().get_asset_check_evaluations() if not check.passed] == []


@pytest.fixture(scope="module")
def world() -> World:
    """Where those people have been resolved."""
    made = World()
    made.run(PEOPLE)
    return made


@pytest.mark.parametrize(
    ("table", "broken"),
    [
        ("profile_map", "covers_every_record"),
        ("profile_map", "limits_hold"),
        ("profile_map", "no_gaps_no_overlaps"),
        ("links", "ends_are_known_and_together"),
        ("redirects", "lead_to_profiles_in_use"),
        ("profile_changes", "reconciles_with_the_map"),
    ],
)
def test_the_checks_find_what_is_broken(table: str, broken: str, world: World, data: Path) -> None:
    engine = world.engine
    given = canonical_tables(engine, PEOPLE)
    rows = {name: found.to_pylist() for name, found in world.tables.items()}
    assert failing(table, rows, given, engine) == []
    break_one(rows, broken)
    assert broken in failing(table, rows, given, engine)


@pytest.mark.parametrize(
    ("table", "broken", "concerned", "others"),
    [
        ("profile_map", "limits_hold", 2, 6),
        ("profile_map", "no_gaps_no_overlaps", 1, 6),
        ("links", "ends_are_known_and_together", 1, 5),
    ],
)
def test_checks_asked_of_whom_a_change_concerns_find_what_they_find_of_everybody(
    table: str, broken: str, concerned: int, others: int, world: World, data: Path
) -> None:
    given = canonical_tables(world.engine, PEOPLE)
    rows = {name: found.to_pylist() for name, found in world.tables.items()}
    assert failing(table, rows, given, world.engine, of_record=concerned) == []
    break_one(rows, broken)
    assert broken in failing(table, rows, given, world.engine)
    assert failing(table, rows, given, world.engine, of_record=concerned) == [broken]
    assert failing(table, rows, given, world.engine, of_record=others) == []


def break_one(rows: dict[str, list[dict[str, Any]]], broken: str) -> None:
    """Change the rows of the stage's tables so that one check must fail."""
    profiles = rows["profile_map"] = sorted(rows["profile_map"], key=lambda row: row["record_id"])
    if broken == "covers_every_record":
        rows["profile_map"] = [row for row in profiles if row["record_id"] != 1]
    elif broken == "limits_hold":
        everything = {"profile_id": 1, "valid_from": None, "valid_to": None}
        rows["profile_map"] = [{"record_id": record, **everything} for record in (1, 2, 3, 4)]
    elif broken == "no_gaps_no_overlaps":
        profiles.append(dict(profiles[0]))
    elif broken == "ends_are_known_and_together":
        rows["links"].append({**rows["links"][0], "left_record_id": 1, "right_record_id": 2, "identifier_id": 5})
    elif broken == "lead_to_profiles_in_use":
        rows["redirects"].append({"old_profile_id": 1, "profile_id": 2, "since": AS_OF})
    else:
        rows["profile_changes"].pop()


def failing(
    table: str,
    rows: dict[str, list[dict[str, Any]]],
    given: Canonical,
    engine: DuckDBEngine,
    of_record: int | None = None,
) -> list[str]:
    """The checks that a table fails, given the rows of all tables of the stage; or those that are asked of a record's
    rows alone when these come."""
    tables = {schema.name: published(engine, schema, rows[schema.name]) for schema in schemas.TABLES}
    for schema in (canonical.IDENTITY_RECORDS, canonical.IDENTIFIERS, canonical.IDENTIFIER_ALIASES):
        arrow = engine.to_arrow(getattr(given, schema.name))
        tables[schema.name] = published(engine, schema, arrow.to_pylist())
    checks, asked = all_checks(IdentityRules())[table], tables[table]
    if of_record is not None:
        record = "record_id" if "record_id" in asked.columns else "left_record_id"
        [schema] = [schema for schema in schemas.TABLES if schema.name == table]
        asked = published(engine, schema, [row for row in rows[table] if row[record] == of_record], "coming")
        few = [
            each
            for each in checks
            if all(answered_by_news(one, [record], asked, tables, told=True) for one in each.expectations)
        ]
        checks = [narrowed(each, tables[table], asked) for each in few]
    outcomes = evaluate(engine, checks, asked, tables)
    return [outcome.name for outcome in outcomes if not outcome.passed]


class _SparkOptions(Config):
    """Ibis reads these when it writes Spark's dialect, and registers them only where PySpark is installed."""

    treat_nan_as_null: bool = False


def test_every_table_can_be_written_for_spark(monkeypatch: pytest.MonkeyPatch) -> None:
    if ibis.options.pyspark is None:
        monkeypatch.setattr(ibis.options, "pyspark", _SparkOptions())
    world = World()
    engine = world.engine
    previous = {schema.name: load(engine, schema, []) for schema in schemas.TABLES}
    compiled: list[str] = []
    scratch = engine.scratch

    def watched(expression: ibis.Table) -> ibis.Table:
        compiled.append(str(ibis.to_sql(expression, dialect="pyspark")))
        return scratch(expression)

    engine.scratch = watched
    words = [
        Word("d1", "same", None, 1, 7),
        Word("d2", "different", None, 1, 3),
        Word("d3", "different", None, 4, 5),
        Word("r1", "observation", None, 2, None, 5),
        Word("r2", "rule", "click_id"),
        Word("r3", "source", "nobody"),
    ]
    said = Stewardship.of(words, engine)
    for people in (PEOPLE, [*PEOPLE[1:], Record(8, ("user_id u1",), "Anna Meyer")]):
        given = canonical_tables(engine, people)
        resolution = resolve(given, IdentityRules(), world.store, previous, AS_OF, engine, KEY, said)
        compiled += [str(ibis.to_sql(table, dialect="pyspark")) for table in resolution.tables.values()]
        previous = resolution.tables
    assert resolution.figures["records looked at again"] != "all"
    assert len(compiled) > 60
