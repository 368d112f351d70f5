"""Runs are recorded with connections that are kept."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.runs import SqliteRunStorage

from cdp_assets.automation.refresh import dagster_instance
from cdp_assets.automation.run_storage import RunStorage
from cdp_assets.settings import Settings


@dg.asset
def thing() -> None: ...


def test_runs_are_where_dagster_keeps_them_and_threads_do_not_mind_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CDP_DATA", str(tmp_path))
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    settings = Settings.from_env()
    with dagster_instance(settings) as instance:
        assert isinstance(instance.run_storage, RunStorage)
        runs = [dg.materialize([thing], instance=instance).run_id for _ in range(2)]

        kept = {f"key {number}": str(number) for number in range(40)}
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda pair: instance.run_storage.set_cursor_values(dict([pair])), kept.items()))
        assert instance.run_storage.get_cursor_values(set(kept)) == kept
    theirs = SqliteRunStorage.from_local(str(settings.data / "dagster" / "history"))
    assert {run.run_id: run.status for run in theirs.get_runs()} == dict.fromkeys(runs, dg.DagsterRunStatus.SUCCESS)
