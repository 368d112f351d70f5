"""When profiles are refreshed without anything happening: because time passes."""

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition


def refresh_schedule(job: UnresolvedAssetJobDefinition) -> dg.ScheduleDefinition:
    """Every hour: recency, churn risk and time-relative segments move even when no file arrives.

    The scheduled instant becomes the run's ``as_of``, so that a late or repeated run says the same.
    """
    return dg.ScheduleDefinition(
        name="hourly_refresh",
        job=job,
        cron_schedule="0 * * * *",
        execution_timezone="UTC",
        description="Refreshes every hour, as of the scheduled instant: values relative to time move even when no "
        "file arrives.",
    )
