"""Runs in a process that waited for them: they end as others do, run what lies on disk, and can be ended.

They take some ten seconds, since the processes are real ones.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import dagster as dg
import pytest
from dagster._core.code_pointer import ModuleCodePointer
from dagster._core.launcher.base import LaunchRunContext
from dagster._core.origin import DEFAULT_DAGSTER_ENTRY_POINT, JobPythonOrigin, RepositoryPythonOrigin

from cdp_assets.automation.jobs import ACTIVATION, REFRESH
from cdp_assets.automation.recovery import PID_TAG
from cdp_assets.automation.warm_runs import WarmRunLauncher
from cdp_assets.settings import PROJECT
from cdp_assets.warehouse.resources import step
from cdp_assets_tests.e2e.services import wait_until


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    """The instance that the project's settings make, over definitions and data of this test's own."""
    shutil.copytree(PROJECT / "cdp_assets" / "defs", tmp_path / "defs")
    (tmp_path / "dagster").mkdir()
    shutil.copy(PROJECT / "dagster.yaml", tmp_path / "dagster")
    for name, folder in (("DAGSTER_HOME", "dagster"), ("CDP_DATA", "data"), ("CDP_DEFS", "defs")):
        monkeypatch.setenv(name, str(tmp_path / folder))
    with dg.DagsterInstance.get() as instance:
        yield instance


def _launcher(instance: dg.DagsterInstance) -> WarmRunLauncher:
    launcher = instance.run_launcher
    assert isinstance(launcher, WarmRunLauncher)
    return launcher


def _run(instance: dg.DagsterInstance, job: str = ACTIVATION, **tags: str) -> dg.DagsterRun:
    """A run of a job; that of activation delivers nothing, since the outbox is empty."""
    from cdp_assets.definitions import defs

    pointer = ModuleCodePointer("cdp_assets.definitions", "defs", str(PROJECT))
    repository = RepositoryPythonOrigin(
        executable_path=sys.executable, code_pointer=pointer, entry_point=DEFAULT_DAGSTER_ENTRY_POINT
    )
    return instance.create_run_for_job(
        job_def=defs.resolve_job_def(job),
        status=dg.DagsterRunStatus.STARTING,
        job_code_origin=JobPythonOrigin(job, repository),
        tags=tags,
    )


def _now(instance: dg.DagsterInstance, run: dg.DagsterRun) -> dg.DagsterRun:
    found = instance.get_run_by_id(run.run_id)
    assert found is not None
    return found


def test_a_run_goes_to_the_process_that_waits_unless_definitions_have_changed(
    instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    launcher, run = _launcher(instance), _run(instance)
    launcher.prepare()
    launcher.launch_run(LaunchRunContext(run, None))
    wait_until(lambda: _now(instance, run).is_finished, "the run to end", 120)
    assert _now(instance, run).status == dg.DagsterRunStatus.SUCCESS
    said = [str(entry.message) for entry in instance.all_logs(run.run_id)]
    assert f"Started process for run (pid: {_now(instance, run).tags[PID_TAG]})." in " ".join(said)

    (tmp_path / "defs" / "more.csv").write_text("something else\n")
    stale, other = launcher._next, _run(instance)
    with pytest.raises(dg.DagsterInvariantViolationError, match="workspace"):  # which Dagster's own launcher needs
        launcher.launch_run(LaunchRunContext(other, None))
    assert PID_TAG not in _now(instance, other).tags
    assert stale is not None
    assert stale.process.wait(timeout=120) == 0  # without a run


def test_a_run_that_is_at_work_can_be_cancelled_and_ends_its_process(instance: dg.DagsterInstance) -> None:
    launcher, run = _launcher(instance), _run(instance, REFRESH)
    launcher.prepare()
    taken = launcher._next
    assert taken is not None
    launcher.launch_run(LaunchRunContext(run, None))
    begun = {dg.DagsterEventType.STEP_START}
    wait_until(lambda: instance.all_logs(run.run_id, of_type=begun), "a step to begin", 120)
    assert launcher.terminate(run.run_id)
    wait_until(lambda: _now(instance, run).is_finished, "the run to end", 60)
    assert _now(instance, run).status == dg.DagsterRunStatus.CANCELED
    taken.process.wait(timeout=60)


def test_a_run_can_be_ended_by_its_process(instance: dg.DagsterInstance) -> None:
    # Whoever runs the tests in the background ignores what ends a process, and so would this one.
    waits = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_DFL); print(flush=True); time.sleep(60)"
    process = subprocess.Popen([sys.executable, "-c", waits], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    run = _run(instance, **{PID_TAG: str(process.pid)})
    assert _launcher(instance).terminate(run.run_id)
    assert process.wait(timeout=10) == -signal.SIGTERM
    process.stdout.close()
    assert _now(instance, run).status == dg.DagsterRunStatus.CANCELING


def test_a_run_that_is_to_end_begins_no_further_step(instance: dg.DagsterInstance) -> None:
    run = _run(instance, REFRESH)
    instance.report_run_canceling(run)
    context = SimpleNamespace(instance=instance, run=run)
    with pytest.raises(dg.DagsterExecutionInterruptedError), step(cast(dg.AssetExecutionContext, context)):
        pytest.fail("it began")
