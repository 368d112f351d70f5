"""One refresh as a call: what `cdp run` does, with progress.

Belongs here: whether there is anything to do, and running the job in this process. Does not belong here: printing.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg

from cdp_assets.attributes.model_training import TRAIN_TAG
from cdp_assets.automation.jobs import ACTIVATION, REFRESH
from cdp_assets.automation.landing import landing_listing
from cdp_assets.automation.recovery import PID_TAG, settle_dead_runs
from cdp_assets.definition_files import DefinitionError
from cdp_assets.identity.change_guard import CONFIRM_TAG
from cdp_assets.ledger import Ledger, stewardship
from cdp_assets.quality.checks import VERDICT
from cdp_assets.settings import PROJECT, Settings
from cdp_assets.sources.as_written import is_fetched, sources_as_written
from cdp_assets.warehouse.resources import ANEW_TAG, AS_OF_TAG
from cdp_assets.warehouse.standing import code_hash, definitions_hash

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
        failed_checks: ``stage.table: check`` of the checks that failed in this step, with the verdict of those that
            have one.
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
    code, definitions = code_hash(), definitions_hash(settings)
    mode = "production" if settings.production else "development"
    said = ",".join(sorted(words))
    return "/".join([landing_listing(settings.landing), definitions, code, as_of.isoformat(), mode, said])


def moved_since(settings: Settings, last: str, as_of: datetime) -> frozenset[str]:
    """Which of ``files``, ``definitions``, ``code`` and ``mode`` are no longer those of a fingerprint."""
    names = ("files", "definitions", "code", "as_of", "mode", "words")
    then, now = last.split("/"), current_fingerprint(settings, as_of, ()).split("/")
    moved = {name for name, old, new in zip(names, then, now, strict=True) if old != new}
    return frozenset(moved - {"as_of", "words"})


def launch_instant(settings: Settings) -> datetime:
    """The instant of a run started now: pinned by the settings, or the wall clock's, in whole seconds."""
    return settings.as_of or datetime.now(UTC).replace(microsecond=0)


def fetches(defs: Path) -> bool:
    """Whether a stream of the definitions is fetched, so that only fetching tells whether there is anything new."""
    try:
        sources = sources_as_written(defs)
    except DefinitionError:
        return False  # the run will say what is wrong
    return any(is_fetched(stream) for source in sources for stream in source["streams"])


def nothing_new(settings: Settings, ledger: Ledger, as_of: datetime) -> bool:
    """Whether the last successful refresh ran on the same files, definitions, code, instant and stewards' words, and
    what it made is still there.
    """
    made = (settings.warehouse_file, settings.serving_file)
    if fetches(settings.defs) or not all(file.exists() for file in made):
        return False
    with ledger.reading() as connection:
        words = stewardship.in_force(connection)
    return ledger.fingerprint(FINGERPRINT) == current_fingerprint(settings, as_of, words)


def dagster_instance(settings: Settings) -> dg.DagsterInstance:
    """The instance in ``DAGSTER_HOME`` (default: ``dagster`` in the data folder, with the project's settings)."""
    if "DAGSTER_HOME" not in os.environ:
        home = settings.data / "dagster"
        home.mkdir(parents=True, exist_ok=True)
        give_settings(home)
        os.environ["DAGSTER_HOME"] = str(home)
    Path(os.environ["DAGSTER_HOME"]).mkdir(parents=True, exist_ok=True)
    return dg.DagsterInstance.get()


def give_settings(home: Path) -> None:
    """Have an instance's folder bear the project's settings of Dagster, if the project has any; what somebody changed
    there stays.
    """
    configuration, given, template = home / "dagster.yaml", home / ".dagster.yaml.given", PROJECT / "dagster.yaml"
    if not template.exists():
        return
    theirs = configuration.exists() and (not given.exists() or given.read_bytes() != configuration.read_bytes())
    if not theirs:
        for file in (given, configuration):
            file.write_bytes(template.read_bytes())


def run_refresh(
    settings: Settings, *, as_of: datetime | None = None, confirmed: int = 0, anew: bool = False, train: bool = False
) -> Iterator[Progress]:
    """Run the refresh job in this process.

    Args:
        settings: Where things lie.
        as_of: The run's instant, UTC; `launch_instant` if not given.
        confirmed: How many merges and splits of known profiles somebody has confirmed for this run (see
            `identity.change_guard`).
        anew: Make every table anew, whatever it was made of.
        train: Learn the models anew, although there are some.

    Yields:
        A `Progress` for each step that ended.

    Raises:
        RunFailed: at the end, if a step failed or a blocking check did not pass.
    """
    tags = {CONFIRM_TAG: str(confirmed)} if confirmed else {}
    tags |= {ANEW_TAG: "true"} if anew else {}
    tags |= {TRAIN_TAG: "true"} if train else {}
    yield from _run(settings, REFRESH, as_of or launch_instant(settings), tags)


def run_activation(settings: Settings, *, as_of: datetime | None = None) -> Iterator[Progress]:
    """Run the activation job in this process: deliver what waits in the outbox. Like `run_refresh`."""
    yield from _run(settings, ACTIVATION, as_of or launch_instant(settings), {})


def _run(settings: Settings, job_name: str, as_of: datetime, tags: Mapping[str, str]) -> Iterator[Progress]:
    from cdp_assets.definitions import defs

    with dagster_instance(settings) as instance:
        settle_dead_runs(instance)
        yield from execute(defs.resolve_job_def(job_name), instance, as_of, tags)


def execute(
    job: dg.JobDefinition, instance: dg.DagsterInstance, as_of: datetime, tags: Mapping[str, str]
) -> Iterator[Progress]:
    """Run a job in this process, as `run_refresh` says.

    Args:
        job: What to run.
        instance: Where its run and events are kept.
        as_of: The run's instant, UTC.
        tags: More tags of the run.

    Raises:
        RunFailed: as `run_refresh` says.
        KeyboardInterrupt: if the run was told to end.
    """
    from dagster._core.definitions.job_base import InMemoryJob
    from dagster._core.errors import DagsterAssetCheckFailedError
    from dagster._core.execution.api import create_execution_plan, execute_run_iterator

    total = len(create_execution_plan(job).step_keys_to_execute)
    run = instance.create_run_for_job(
        job_def=job, run_config=QUIET, tags={AS_OF_TAG: as_of.isoformat(), PID_TAG: str(os.getpid()), **tags}
    )
    done, failed, interrupted = 0, False, False
    checks: list[str] = []
    first_error: str | None = None
    blocked: str | None = None
    for event in execute_run_iterator(InMemoryJob(job), run, instance):
        if event.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            evaluation = event.asset_check_evaluation_data
            if not evaluation.passed:
                checks.append(failed_check(evaluation))
                if evaluation.severity == dg.AssetCheckSeverity.ERROR:
                    blocked = blocked or f"stopped by the check {checks[-1]}"
        elif event.is_step_success or event.is_step_failure or event.is_step_skipped:
            error = _words(event) if event.is_step_failure else None
            if error and DagsterAssetCheckFailedError.__name__ in error:
                error = "stopped by its checks"
            first_error = first_error or error
            failed = failed or not event.is_step_success
            # Dagster makes a failed step of a Ctrl-C or a request to end.
            if (error or "").endswith(dg.DagsterExecutionInterruptedError.__name__):
                interrupted, error = True, "told to stop; the next run goes on from here"
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
    if interrupted:
        raise KeyboardInterrupt
    finished = instance.get_run_by_id(run.run_id)
    if failed or finished is None or finished.status != dg.DagsterRunStatus.SUCCESS:
        raise RunFailed(
            blocked or first_error or f"run {run.run_id} did not succeed; see it in the Dagster UI (`make ui`)"
        )


def failed_check(evaluation: dg.AssetCheckEvaluation) -> str:
    """A check that did not pass, with its verdict if it has one."""
    name = f"{'.'.join(evaluation.asset_key.path)}: {evaluation.check_name}"
    verdict = evaluation.metadata.get(VERDICT)
    return f"{name}: {verdict.value}" if verdict is not None else name


def _words(event: dg.DagsterEvent) -> str:
    error = event.step_failure_data.error
    while error is not None and error.cause is not None:
        error = error.cause
    return error.message.strip().splitlines()[0] if error is not None else "failed"
