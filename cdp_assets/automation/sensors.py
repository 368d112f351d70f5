"""What makes runs happen: files that land, rows that wait in the outbox, runs that die or fail.

Belongs here: the Dagster face of each sensor. Does not belong here: deciding (`landing.py`, `activation/sensing.py`,
`recovery.py`).
"""

import json
import os
from collections.abc import Sequence
from datetime import UTC, datetime

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from cdp_assets.automation.jobs import REFRESH
from cdp_assets.automation.landing import look
from cdp_assets.automation.recovery import IN_PROGRESS, settle_dead_runs
from cdp_assets.settings import Settings

WAITING = [dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.NOT_STARTED, *IN_PROGRESS]

EVERY_LOOK = 4
"""Seconds from one tick of a sensor to the next. Dagster looks for sensors to tick every 5 s, and passes over one whose
last tick was less than this ago; at 5, it would pass over every other tick that comes a moment early."""


def landing_sensor(job: UnresolvedAssetJobDefinition, snapshots: Sequence[str]) -> dg.SensorDefinition:
    """Refresh when files have come or changed, and are whole.

    Args:
        job: The refresh.
        snapshots: Globs of files whose rows are all there are.
    """

    @dg.sensor(
        name="landing_folders",
        job=job,
        minimum_interval_seconds=EVERY_LOOK,
        description="Looks at the landing folders every 5 s. When files have come or changed, and have stayed the same "
        "for long enough to be whole (5 s; 20 s if they do not end with a line's end, or are snapshots), it requests a "
        "refresh; and another some minutes after one that failed.",
    )
    def landing_folders(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        memory = json.loads(context.cursor) if context.cursor else {}
        under_way = context.instance.get_runs(filters=dg.RunsFilter(job_name=REFRESH, statuses=WAITING), limit=1)
        found = look(
            Settings.from_env().landing,
            memory,
            datetime.now(UTC),
            busy=bool(under_way),
            snapshots=snapshots,
            failed_at=_failed_at(context.instance),
        )
        if not found.wanted:
            context.update_cursor(json.dumps(found.memory))
            return dg.SkipReason(found.waits)
        return dg.SensorResult(
            run_requests=[dg.RunRequest(tags={"cdp/cause": "landing"})], cursor=json.dumps(found.memory)
        )

    return landing_folders


def _failed_at(instance: dg.DagsterInstance) -> datetime | None:
    """When the last refresh failed; None if it did not."""
    last = instance.get_run_records(filters=dg.RunsFilter(job_name=REFRESH), limit=1)
    if not last or last[0].dagster_run.status != dg.DagsterRunStatus.FAILURE:
        return None
    record = last[0]
    return datetime.fromtimestamp(record.end_time, UTC) if record.end_time else record.update_timestamp


def activation_sensor(job: UnresolvedAssetJobDefinition, destinations: Sequence[str]) -> dg.SensorDefinition:
    """Run exactly the destinations that have something due in the outbox."""

    @dg.sensor(
        name="segment_changes",
        job=job,
        minimum_interval_seconds=EVERY_LOOK,
        description="When a refresh has put segment changes into the outbox, runs exactly the destinations concerned. "
        "A paused destination keeps its outbox.",
    )
    def segment_changes(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        from cdp_assets.activation.sensing import due_destinations
        from cdp_assets.ledger import Ledger

        with Ledger.open(Settings.from_env().ledger_url) as ledger:
            due = due_destinations(ledger, destinations, cursor=context.cursor)
        if not due.requests:
            return dg.SkipReason("nothing is due in the outbox")
        return dg.SensorResult(
            run_requests=[
                dg.RunRequest(
                    run_key=request.run_key,
                    asset_selection=[dg.AssetKey(["activation", request.destination])],
                    tags={"cdp/destination": request.destination},
                )
                for request in due.requests
            ],
            cursor=due.cursor,
        )

    return segment_changes


@dg.sensor(
    name="dead_runs",
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Marks runs failed whose process is gone (a killed machine or terminal), so that the warehouse's pool "
    "is free again.",
)
def dead_runs(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    settled = settle_dead_runs(context.instance)
    return dg.SkipReason(f"settled {len(settled)} dead runs" if settled else "no dead runs")


@dg.run_failure_sensor(
    name="failed_runs",
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Logs every failed run and, if CDP_ALERT_WEBHOOK names an address, posts job, run and step there.",
)
def failed_runs(context: dg.RunFailureSensorContext) -> None:
    run = context.dagster_run
    steps = [event.step_key for event in context.get_step_failure_events() if event.step_key]
    alert = {"job": run.job_name, "run_id": run.run_id, "failed_steps": steps}
    context.log.error(f"run failed: {json.dumps(alert)}")
    if address := os.environ.get("CDP_ALERT_WEBHOOK"):
        import httpx

        text = f"{run.job_name} failed at {', '.join(steps) or 'its start'} (run {run.run_id})"
        try:
            httpx.post(address, json={**alert, "text": text}, timeout=10).raise_for_status()
        except httpx.HTTPStatusError as error:
            # The error's own words hold the address, which is a secret where it has a token in it.
            raise RuntimeError(f"CDP_ALERT_WEBHOOK answered {error.response.status_code}") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise RuntimeError(f"CDP_ALERT_WEBHOOK was not reached: {type(error).__name__}") from None
