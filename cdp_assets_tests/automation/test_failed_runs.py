"""Whoever answers for the platform hears of runs that failed."""

from __future__ import annotations

import traceback

import dagster as dg
import pytest

from cdp_assets.automation.sensors import failed_runs
from cdp_assets_tests.activation.servers import api


@dg.op
def breaks() -> None:
    raise ValueError("ann@example.org is not a number")


@dg.job
def breaking() -> None:
    breaks()


def _tell(instance: dg.DagsterInstance) -> str:
    """Let the job fail and the sensor see it; the run's id."""
    run = breaking.execute_in_process(instance=instance, raise_on_error=False)
    context = dg.build_run_status_sensor_context(
        sensor_name=failed_runs.name,
        dagster_instance=instance,
        dagster_run=run.dagster_run,
        dagster_event=run.get_run_failure_event(),
    )
    failed_runs(context.for_run_failure())
    return run.run_id


def test_a_failed_run_is_posted_with_its_steps_and_nothing_of_what_it_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with dg.DagsterInstance.ephemeral() as instance, api() as (address, calls):
        monkeypatch.setenv("CDP_ALERT_WEBHOOK", address)
        run_id = _tell(instance)
    text = f"breaking failed at breaks (run {run_id})"
    assert [call.json for call in calls] == [
        {"job": "breaking", "run_id": run_id, "failed_steps": ["breaks"], "text": text}
    ]


@pytest.mark.parametrize(("closed", "told"), [(False, "answered 500"), (True, "was not reached: ConnectError")])
def test_an_alert_that_is_refused_does_not_tell_its_address(
    monkeypatch: pytest.MonkeyPatch, closed: bool, told: str
) -> None:
    with dg.DagsterInstance.ephemeral() as instance, api(lambda _call: (500, {})) as (address, _calls):
        address = "http://127.0.0.1:9" if closed else address
        monkeypatch.setenv("CDP_ALERT_WEBHOOK", f"{address}/services/a-secret")
        with pytest.raises(RuntimeError, match=f"CDP_ALERT_WEBHOOK {told}") as raised:
            _tell(instance)
    assert "a-secret" not in "".join(traceback.format_exception(raised.value))


def test_without_an_address_a_failed_run_is_logged(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("CDP_ALERT_WEBHOOK", raising=False)
    with dg.DagsterInstance.ephemeral() as instance:
        run_id = _tell(instance)
    assert (
        f'run failed: {{"job": "breaking", "run_id": "{run_id}", "failed_steps": ["breaks"]}}' in capfd.readouterr().err
    )
