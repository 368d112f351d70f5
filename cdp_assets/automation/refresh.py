"""One refresh as a call: what `cdp run` does, with progress.

Belongs here: whether there is anything to do, and running the job in this process. Does not belong here: printing.
"""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg

from cdp_assets.automation.jobs import ACTIVATION, REFRESH
from cdp_assets.automation.landing import landing_listing, tree_hash
from cdp_assets.automation.recovery import PID_TAG, settle_dead_runs
from cdp_assets.ledger import Ledger, stewardship
from cdp_assets.settings import PROJECT, Settings
from cdp_assets.warehouse.resources import AS_OF_TAG

FINGERPRINT = "refresh"
"""Name under which the ledger keeps what the last successful refresh ran on."""


QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
"""Run configuration of runs whose caller shows the progress itself; their events are kept all the same."""


@dataclass(frozen=True)
class Progress:
    """One step of a run has ended.

    Args:
        run_id: The Dagster run.
        step: Name of the step, ``stage__table``.
        done: Steps ended so far.
        total: Steps of the run.
        succeeded: Whether this step did.
        failed_checks: ``stage.table: check`` of the checks that failed in this step.
        error: What went wrong, in one line.
    """

    run_id: str
    step: str
    done: int
    total: int
    succeeded: bool
    failed_checks: tuple[str, ...] = ()
    error: str | None = None

    @property
    def stage(self) -> str:
        return self.step.partition("__")[0]

    @property
    def asset(self) -> str:
        return self.step.partition("__")[2]


class RunFailed(RuntimeError):
    """A run ended without success."""


def current_fingerprint(settings: Settings, as_of: datetime, words: Iterable[str]) -> str:
    """What a refresh would run on: files, definitions, code, instant, and what stewards said.

    Args:
        settings: Where things lie.
        as_of: The run's instant, UTC.
        words: Names of the stewards' words that it obeys.
    """
    code = tree_hash(PROJECT / "cdp_assets", frozenset({".py"}))
    definitions = tree_hash(settings.defs, frozenset({".yaml", ".yml", ".csv", ".j2"}))
    mode = "production" if settings.production else "development"
    said = ",".join(sorted(words))
    return "/".join([landing_listing(settings.landing), definitions, code, as_of.isoformat(), mode, said])


def launch_instant(settings: Settings) -> datetime:
    """The instant of a run started now: pinned by the settings, or the wall clock's, in whole seconds."""
    return settings.as_of or datetime.now(UTC).replace(microsecond=0)


def nothing_new(settings: Settings, ledger: Ledger, as_of: datetime) -> bool:
    """Whether the last successful refresh ran on the same files, definitions, code, instant and stewards' words."""
    with ledger.reading() as connection:
        words = stewardship.in_force(connection)
    current = current_fingerprint(settings, as_of, words)
    return settings.serving_file.exists() and ledger.fingerprint(FINGERPRINT) == current


def dagster_instance(settings: Settings) -> dg.DagsterInstance:
    """The instance in ``DAGSTER_HOME`` (default: ``dagster`` in the data folder, with the project's settings)."""
    if "DAGSTER_HOME" not in os.environ:
        home = settings.data / "dagster"
        home.mkdir(parents=True, exist_ok=True)
        configuration = home / "dagster.yaml"
        template = PROJECT / "dagster.yaml"
        if template.exists() and (not configuration.exists() or configuration.read_bytes() != template.read_bytes()):
            configuration.write_bytes(template.read_bytes())
        os.environ["DAGSTER_HOME"] = str(home)
    Path(os.environ["DAGSTER_HOME"]).mkdir(parents=True, exist_ok=True)
    return dg.DagsterInstance.get()


def run_refresh(settings: Settings, *, as_of: datetime | None = None) -> Iterator[Progress]:
    """Run the refresh job in this process.

    Args:
        settings: Where things lie.
        as_of: The run's instant, UTC; `launch_instant` if not given.

    Yields:
        A `Progress` for each step that ended.

    Raises:
        RunFailed: at the end, if a step failed or a blocking check did not pass.
    """
    yield from _run(settings, REFRESH, as_of or launch_instant(settings))


def run_activation(settings: Settings, *, as_of: datetime | None = None) -> Iterator[Progress]:
    """Run the activation job in this process: deliver what waits in the outbox. Like `run_refresh`."""
    yield from _run(settings, ACTIVATION, as_of or launch_instant(settings))


def _run(settings: Settings, job_name: str, as_of: datetime) -> Iterator[Progress]:
    from dagster._core.definitions.job_base import InMemoryJob
    from dagster._core.execution.api import create_execution_plan, execute_run_iterator

    from cdp_assets.definitions import defs

    with dagster_instance(settings) as instance:
        settle_dead_runs(instance)
        job = defs.resolve_job_def(job_name)
        total = len(create_execution_plan(job).step_keys_to_execute)
        run = instance.create_run_for_job(
            job_def=job, run_config=QUIET, tags={AS_OF_TAG: as_of.isoformat(), PID_TAG: str(os.getpid())}
        )
        done, failed = 0, False
        checks: list[str] = []
        first_error: str | None = None
        for event in execute_run_iterator(InMemoryJob(job), run, instance):
            if event.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION:
                evaluation = event.asset_check_evaluation_data
                if not evaluation.passed:
                    checks.append(f"{'.'.join(evaluation.asset_key.path)}: {evaluation.check_name}")
            elif event.is_step_success or event.is_step_failure or event.is_step_skipped:
                error = _words(event) if event.is_step_failure else None
                first_error = first_error or error
                failed = failed or not event.is_step_success
                done += 1
                yield Progress(
                    run_id=run.run_id,
                    step=event.step_key or "",
                    done=done,
                    total=total,
                    succeeded=event.is_step_success,
                    failed_checks=tuple(checks),
                    error=error,
                )
                checks = []
        finished = instance.get_run_by_id(run.run_id)
        if failed or finished is None or finished.status != dg.DagsterRunStatus.SUCCESS:
            raise RunFailed(first_error or f"run {run.run_id} did not succeed; see it in the Dagster UI (`make ui`)")


def _words(event: dg.DagsterEvent) -> str:
    error = event.step_failure_data.error
    while error is not None and error.cause is not None:
        error = error.cause
    return error.message.strip().splitlines()[0] if error is not None else "failed"
