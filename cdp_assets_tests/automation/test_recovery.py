"""Runs whose process is gone are settled; living ones are left alone."""

from __future__ import annotations

import os
import subprocess
import sys

import dagster as dg

from cdp_assets.automation.recovery import PID_TAG, settle_dead_runs
from cdp_assets.settings import Settings
from cdp_assets.warehouse.resources import AS_OF_TAG, SCHEDULED_TAG, run_as_of


@dg.op
def nothing() -> None:
    """Does nothing."""


@dg.job
def idle() -> None:
    nothing()


def _started(instance: dg.DagsterInstance, pid: int) -> str:
    run = instance.create_run_for_job(idle, tags={PID_TAG: str(pid)})
    instance.report_dagster_event(
        dg.DagsterEvent(event_type_value=dg.DagsterEventType.RUN_START.value, job_name="idle"), run.run_id
    )
    return run.run_id


def test_a_run_whose_process_died_is_marked_failed_and_a_living_one_is_not() -> None:
    died = subprocess.Popen([sys.executable, "-c", "pass"])
    died.wait()
    with dg.DagsterInstance.ephemeral() as instance:
        dead, alive = _started(instance, died.pid), _started(instance, os.getpid())

        assert settle_dead_runs(instance) == [dead]

        statuses = {run.run_id: run.status for run in instance.get_runs()}
        assert statuses == {dead: dg.DagsterRunStatus.FAILURE, alive: dg.DagsterRunStatus.STARTED}


def test_a_run_is_about_its_tag_or_the_pinned_or_the_scheduled_instant_or_its_launch() -> None:
    from dataclasses import replace
    from datetime import UTC, datetime
    from pathlib import Path

    launched = datetime(2026, 5, 1, 10, 0, 0, 123, tzinfo=UTC)
    free = Settings(data=Path("data"), defs=Path("defs"))
    pinned = replace(free, as_of=datetime(2026, 1, 1, tzinfo=UTC))
    tag, scheduled = {AS_OF_TAG: "2026-02-02"}, {SCHEDULED_TAG: "2026-03-03T04:00:00+00:00"}

    assert run_as_of({**tag, **scheduled}, lambda: launched, pinned) == datetime(2026, 2, 2, tzinfo=UTC)
    assert run_as_of(scheduled, lambda: launched, pinned) == datetime(2026, 1, 1, tzinfo=UTC)
    assert run_as_of(scheduled, lambda: launched, free) == datetime(2026, 3, 3, 4, tzinfo=UTC)
    assert run_as_of({}, lambda: launched, free) == datetime(2026, 5, 1, 10, tzinfo=UTC)
