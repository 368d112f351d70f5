"""How a run's end is told: the check that stopped it, the step that failed, the hand that ended it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from cdp_assets.automation.refresh import Progress, RunFailed, execute, give_settings
from cdp_assets.quality.checks import VERDICT
from cdp_assets.settings import PROJECT

AS_OF = datetime(2026, 6, 30, tzinfo=UTC)


def job(body: Callable[[], Iterator[Any]]) -> dg.JobDefinition:
    """A job of one asset with one blocking check."""

    @dg.multi_asset(
        name="identity__map",
        specs=[dg.AssetSpec(["identity", "map"], skippable=True)],
        check_specs=[dg.AssetCheckSpec("few_changes", asset=["identity", "map"], blocking=True)],
    )
    def asset() -> Iterator[Any]:
        yield from body()

    made = dg.define_asset_job("one", executor_def=dg.in_process_executor)
    return dg.Definitions(assets=[asset], jobs=[made]).resolve_job_def("one")


def check(passed: bool) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=["identity", "map"], check_name="few_changes", passed=passed, metadata={VERDICT: "9 of 10 merged"}
    )


def run(body: Callable[[], Iterator[Any]], steps: list[Progress]) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        steps.extend(execute(job(body), instance, AS_OF, {}))


def test_a_run_that_succeeds_tells_its_steps() -> None:
    def body() -> Iterator[Any]:
        yield check(True)
        yield dg.MaterializeResult(asset_key=["identity", "map"])

    steps: list[Progress] = []
    run(body, steps)
    [step] = steps
    assert (step.stage, step.asset, step.done, step.total, step.succeeded) == ("identity", "map", 1, 1, True)
    assert step.failed_checks == ()


def test_a_run_that_a_check_stops_is_told_by_the_check_and_its_verdict() -> None:
    def body() -> Iterator[Any]:
        yield check(False)

    with pytest.raises(RunFailed, match=r"stopped by the check identity\.map: few_changes: 9 of 10 merged"):
        run(body, [])


def test_a_run_whose_step_fails_is_told_by_its_error() -> None:
    def body() -> Iterator[Any]:
        yield check(True)
        raise ValueError("no such thing")

    with pytest.raises(RunFailed, match="no such thing"):
        run(body, [])


def test_a_run_that_is_told_to_end_is_no_failure_of_its_own() -> None:
    def body() -> Iterator[Any]:
        yield check(True)
        raise dg.DagsterExecutionInterruptedError

    with pytest.raises(KeyboardInterrupt):
        run(body, [])


def test_settings_of_dagster_that_somebody_changed_stay(tmp_path: Path) -> None:
    home, theirs = tmp_path / "dagster.yaml", "telemetry: {enabled: false}\n"
    give_settings(tmp_path)
    given = home.read_bytes()
    home.write_text(theirs)
    give_settings(tmp_path)
    assert home.read_text() == theirs
    home.unlink()
    give_settings(tmp_path)
    assert home.read_bytes() == given == (PROJECT / "dagster.yaml").read_bytes()


def test_settings_of_dagster_that_nobody_changed_follow_the_projects(tmp_path: Path) -> None:
    give_settings(tmp_path)
    for file in tmp_path.iterdir():
        file.write_text("what an earlier version gave\n")
    give_settings(tmp_path)
    assert (tmp_path / "dagster.yaml").read_bytes() == (PROJECT / "dagster.yaml").read_bytes()
