"""What steps print is kept, and shown where it was meant for."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.local_compute_log_manager import LocalComputeLogManager

from cdp_assets.automation.compute_logs import ComputeLogs
from cdp_assets.automation.refresh import dagster_instance
from cdp_assets.settings import PROJECT, Settings

_RUN = """
import os, sys
import dagster as dg
from cdp_assets.automation.refresh import QUIET, dagster_instance
from cdp_assets.settings import Settings

@dg.asset
def talks():
    print("to output")
    os.write(1, b"beside Python\\n")
    print("to error", file=sys.stderr)
    print(open(f"/proc/self/task/{os.getpid()}/children").read().split(), file=sys.stderr)

with dagster_instance(Settings.from_env()) as instance:
    print(dg.materialize([talks], instance=instance, run_config=QUIET).run_id)
"""


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    (tmp_path / "defs").mkdir()
    monkeypatch.setenv("CDP_DATA", str(tmp_path))
    monkeypatch.setenv("CDP_DEFS", str(tmp_path / "defs"))
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    return dict(os.environ)


def _keys(folder: Path, run: str) -> list[str]:
    [file] = (folder / run / "compute_logs").glob("*.complete")
    return [run, "compute_logs", file.stem]


def test_what_a_step_prints_is_shown_and_kept_where_dagster_looks_for_it(environment: dict[str, str]) -> None:
    command = [sys.executable, "-c", _RUN]
    done = subprocess.run(command, capture_output=True, text=True, cwd=PROJECT, env=environment, check=True)
    *shown, run = done.stdout.splitlines()
    assert shown == ["to output", "beside Python"]
    assert done.stderr.splitlines() == ["to error", "[]"]
    folder = Settings.from_env().data / "dagster" / "storage"
    with dagster_instance(Settings.from_env()) as instance:
        assert isinstance(instance.compute_log_manager, ComputeLogs)
        mine = instance.compute_log_manager.get_log_data(_keys(folder, run))
    theirs = LocalComputeLogManager(str(folder)).get_log_data(_keys(folder, run))
    assert mine == theirs
    assert (mine.stdout, mine.stderr) == (b"to output\nbeside Python\n", b"to error\n[]\n")


def test_whoever_looked_and_left_stops_nothing(environment: dict[str, str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-c", _RUN.replace("print(dg.", "(dg.")]
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, cwd=PROJECT, env=environment)
    os.close(writing)
    assert done.stderr.decode().splitlines() == ["to error", "[]"]
    with dagster_instance(Settings.from_env()) as instance:
        [run] = instance.get_runs()
        assert run.status == dg.DagsterRunStatus.SUCCESS
