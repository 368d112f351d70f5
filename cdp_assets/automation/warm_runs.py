"""Runs that begin at once: a process that has everything loaded waits for the next run of the daemon.

A run of Dagster's own launcher begins by importing everything, which takes some five seconds of a processor, and twice
so between a row that lands and the message that follows from it. Here each launch starts one process ahead, which loads
the graph and what checks need, and waits. It takes one run, as ``dagster api execute_run`` would, and ends with it, so
that no run finds anything that another left behind.

Belongs here: that process, and when it is used. Does not belong here: what runs do.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dagster._core.launcher.default_run_launcher import DefaultRunLauncher
from dagster._core.storage.tags import GRPC_INFO_TAG

from cdp_assets.automation.recovery import PID_TAG, lives
from cdp_assets.settings import DEFINITION_SUFFIXES, PROJECT, Settings, SettingsError
from cdp_assets.trees import code_hash_of, tree_hash

if TYPE_CHECKING:
    from dagster import DagsterRun
    from dagster._core.launcher.base import LaunchRunContext
    from dagster._serdes import ConfigurableClassData


@dataclass(frozen=True)
class Waiting:
    """A process that waits for a run.

    Args:
        process: Reads what to run from its input, a line.
        loaded: What it has loaded, as `_on_disk` told before it began.
    """

    process: subprocess.Popen[str]
    loaded: str

    @classmethod
    def for_a_run(cls) -> Waiting:
        """A process that begins to load what there is now."""
        loaded = _on_disk()
        command = [sys.executable, "-m", __name__]
        return cls(subprocess.Popen(command, stdin=subprocess.PIPE, text=True, encoding="utf-8"), loaded)

    @property
    def is_current(self) -> bool:
        """Whether it lives, and has loaded, or is about to, what a new process would."""
        return self.process.poll() is None and self.loaded == _on_disk()

    def take(self, line: str) -> None:
        """Give it what to run."""
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def leave(self) -> None:
        """Say no more to it: without a run, it ends."""
        assert self.process.stdin is not None
        with suppress(BrokenPipeError):
            self.process.stdin.close()


class WarmRunLauncher(DefaultRunLauncher):
    """Dagster's own launcher, with a process ahead; without one, and for the first run, it does as Dagster's does."""

    def __init__(self, inst_data: ConfigurableClassData | None = None) -> None:
        super().__init__(inst_data)
        self._one_at_a_time = threading.Lock()
        self._next: Waiting | None = None

    def launch_run(self, context: LaunchRunContext) -> None:
        with self._one_at_a_time:
            waiting, self._next = self._next, None
            try:
                if waiting is None or not self._taken(waiting, context.dagster_run):
                    super().launch_run(context)
            finally:
                self.prepare()

    def prepare(self) -> None:
        """Begin a process for the next run. If it cannot be, that run is begun as Dagster's own launcher does."""
        with suppress(OSError, SettingsError):
            self._next = Waiting.for_a_run()

    def _taken(self, waiting: Waiting, run: DagsterRun) -> bool:
        """Give a run to a process that waits, if it may have it."""
        from dagster._grpc.types import ExecuteRunArgs
        from dagster._serdes import serialize_value

        origin = run.job_code_origin
        try:
            if origin is None or origin.repository_origin.executable_path != sys.executable or not waiting.is_current:
                return False
            waiting.take(serialize_value(ExecuteRunArgs(origin, run.run_id, self._instance.get_ref())))
        except BrokenPipeError:
            return False  # it ended this very moment
        finally:
            waiting.leave()
        self._instance.add_run_tags(run.run_id, {PID_TAG: str(waiting.process.pid)})
        self._run_ids.add(run.run_id)
        return True

    def terminate(self, run_id: str) -> bool:
        run = self._instance.get_run_by_id(run_id) if self.has_instance else None
        if run is None or run.is_finished or GRPC_INFO_TAG in run.tags or PID_TAG not in run.tags:
            return bool(super().terminate(run_id))  # type: ignore[no-untyped-call]
        self._instance.report_run_canceling(run)
        process = int(run.tags[PID_TAG])
        if not lives(process):
            return False
        os.kill(process, signal.SIGTERM)
        return True

    def dispose(self) -> None:
        with self._one_at_a_time:
            if self._next is not None:
                self._next.leave()
                self._next = None
        super().dispose()


def _on_disk() -> str:
    """A text that is another one when code or definitions are."""
    return f"{code_hash_of(PROJECT)}/{tree_hash(Settings.from_env().defs, (*DEFINITION_SUFFIXES, '.py'))}"


def load() -> None:
    """Load what takes longest of what runs use. What is wrong with any of it, the run says."""
    import matplotlib.backends.backend_agg
    import matplotlib.figure  # noqa: F401
    import pyarrow.dataset  # noqa: F401

    from cdp_assets.automation.event_log import EventLog
    from cdp_assets.automation.warm_up import warm_up
    from cdp_assets.quality import runner
    from cdp_assets.warehouse.standing import code_hash

    with suppress(Exception):
        from cdp_assets.automation.jobs import REFRESH
        from cdp_assets.definitions import defs

        defs.resolve_job_def(REFRESH)
    runner.load()
    code_hash()
    with suppress(Exception):
        EventLog.prepare()
        warm_up()


def main() -> None:
    """Load, wait for a line, and run what it says; end without one when whoever began this has ended."""
    from dagster._cli.api import execute_run_command

    # Whoever interrupts the daemon from the terminal means its runs too, but there is none yet.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    load()
    if line := sys.stdin.readline():
        signal.signal(signal.SIGINT, signal.default_int_handler)
        assert execute_run_command.callback is not None
        execute_run_command.callback(line, None)


if __name__ == "__main__":
    main()
