"""Events are kept with connections that stay open."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.storage.event_log import SqliteEventLogStorage

from cdp_assets.automation.event_log import EventLog
from cdp_assets.automation.refresh import dagster_instance
from cdp_assets.settings import Settings


@dg.asset(check_specs=[dg.AssetCheckSpec("sound", asset="thing")])
def thing() -> dg.MaterializeResult:
    return dg.MaterializeResult(metadata={"rows": 3}, check_results=[dg.AssetCheckResult(passed=True)])


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    (tmp_path / "defs").mkdir()
    monkeypatch.setenv("CDP_DATA", str(tmp_path))
    monkeypatch.setenv("CDP_DEFS", str(tmp_path / "defs"))
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    return Settings.from_env()


def test_what_is_written_is_what_dagsters_own_storage_reads_in_its_own_place(settings: Settings) -> None:
    with dagster_instance(settings) as instance:
        assert isinstance(instance.event_log_storage, EventLog)
        runs = [dg.materialize([thing], instance=instance).run_id for _ in range(12)]
        assert len(instance.all_logs(runs[0])) > 5
        assert instance.get_latest_materialization_event(thing.key) is not None
    theirs = SqliteEventLogStorage(str(settings.data / "dagster" / "history" / "runs"))
    assert {run: len(theirs.get_logs_for_run(run)) > 5 for run in runs} == dict.fromkeys(runs, True)
    [check] = theirs.get_asset_check_execution_history(dg.AssetCheckKey(thing.key, "sound"), limit=1)
    assert check.run_id == runs[-1]


def test_two_processes_worth_of_storages_write_side_by_side(settings: Settings) -> None:
    with dagster_instance(settings) as one, dagster_instance(settings) as other:
        runs = [dg.materialize([thing], instance=instance).run_id for instance in (one, other, one, other)]
        found = [record.run_id for record in one.fetch_materializations(thing.key, limit=10).records]
        assert found == list(reversed(runs))
        other.wipe()
        assert other.get_runs() == []


def test_a_shard_that_was_made_ahead_is_one_as_dagster_makes_it(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(EventLog, "_empty", None)
    EventLog.prepare()
    made: list[bool] = []
    own = EventLog._initdb

    def counted(self: EventLog, engine: Any, for_index_shard: bool = False) -> None:
        made.append(for_index_shard)
        own(self, engine, for_index_shard)

    monkeypatch.setattr(EventLog, "_initdb", counted)
    with dagster_instance(settings) as instance:
        runs = [dg.materialize([thing], instance=instance).run_id for _ in range(2)]
        folder = settings.data / "dagster" / "history" / "runs"
        assert {file.name.split(".")[0] for file in folder.iterdir()} == {"index", *runs}
        monkeypatch.setattr(EventLog, "_empty", None)
        other = dg.materialize([thing], instance=instance).run_id
    assert made.count(False) == 1  # the last run's
    theirs = SqliteEventLogStorage(str(folder))
    logs = {run: len(theirs.get_logs_for_run(run)) for run in (*runs, other)}
    assert len(set(logs.values())) == 1
    assert logs[other] > 5


def test_where_another_process_has_begun_the_shard_it_is_taken_as_it_is(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(EventLog, "_empty", None)
    EventLog.prepare()

    def begun(_source: object, target: Path) -> None:
        Path(target).touch()  # empty as yet
        raise FileExistsError

    monkeypatch.setattr(os, "link", begun)
    with dagster_instance(settings) as instance:
        run = dg.materialize([thing], instance=instance).run_id
        assert len(instance.all_logs(run)) > 5


def test_an_index_that_is_as_new_as_the_code_is_not_looked_into(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with dagster_instance(settings) as instance:
        dg.materialize([thing], instance=instance)
    EventLog.prepare()
    asked: list[bool] = []
    monkeypatch.setattr(SqliteEventLogStorage, "_initdb", lambda *_, for_index_shard=False: asked.append(True))
    with dagster_instance(settings) as instance:
        assert instance.get_latest_materialization_event(thing.key) is not None
    assert not asked
    monkeypatch.setattr(EventLog, "_revision", "of another time")
    with dagster_instance(settings) as instance:
        instance.get_latest_materialization_event(thing.key)
    assert asked
