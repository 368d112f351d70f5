"""What happens because time passes: profiles are refreshed, and models learn anew."""

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from cdp_assets.attributes.model_training import TRAIN_TAG


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


def training_schedule(job: UnresolvedAssetJobDefinition) -> dg.ScheduleDefinition:
    """Every week, on Sunday night between two hourly refreshes: who buys changes with the season, not with the hour."""
    return dg.ScheduleDefinition(
        name="weekly_training",
        job=job,
        cron_schedule="30 2 * * 0",
        tags={TRAIN_TAG: "true"},
        execution_timezone="UTC",
        description="Learns the models anew every week, as of the scheduled instant. Refreshes score by the model that "
        "was approved last.",
    )
