"""Runs whose process is gone: found and marked failed, so that they do not hold the warehouse's pool for ever.

The default launcher has no health check: a run whose process was killed stays STARTED, and its pool slot stays taken.
Belongs here: telling dead runs from living ones. Does not belong here: repairing tables (they are swapped whole).
"""

import os
import re
from pathlib import Path

import dagster as dg

IN_PROGRESS = [
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]

PID_TAG = "cdp/pid"
"""Run tag with the process that executes a run, where Dagster's own launcher did not start it."""


def settle_dead_runs(instance: dg.DagsterInstance) -> list[str]:
    """Mark failed every run in progress whose process no longer lives on this machine.

    Returns:
        The ids of the runs that were settled.
    """
    settled = []
    for run in instance.get_runs(filters=dg.RunsFilter(statuses=IN_PROGRESS)):
        pid = _process_of(instance, run)
        if pid is not None and not lives(pid):
            instance.report_run_failed(run, f"The process of this run ({pid}) is gone; the run is marked as failed.")
            settled.append(run.run_id)
    return settled


def _process_of(instance: dg.DagsterInstance, run: dg.DagsterRun) -> int | None:
    if tag := run.tags.get(PID_TAG):
        return int(tag)
    for entry in instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ENGINE_EVENT):
        event = entry.dagster_event
        if event and (found := re.search(r"Started process for run \(pid: (\d+)\)", event.message or "")):
            return int(found.group(1))
    return None


def lives(pid: int) -> bool:
    """Whether a process of this number, which may be a run's, lives on this machine."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    command = Path(f"/proc/{pid}/cmdline")
    status = Path(f"/proc/{pid}/stat")
    if not command.exists():
        return True
    if status.read_text().rpartition(")")[2].split()[0] == "Z":
        return False
    words = command.read_bytes().decode(errors="replace")
    return any(word in words for word in ("dagster", "cdp", "python"))
