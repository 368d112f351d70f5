"""The training job: the models and all that they are learnt from, told to learn anew."""

from __future__ import annotations

from datetime import UTC, datetime

import dagster as dg

from cdp_assets.attributes.model_training import TRAIN_TAG
from cdp_assets.automation.jobs import MODELS, REFRESH, TRAINING
from cdp_assets.definitions import defs


def test_it_brings_the_facts_up_to_date_and_scores_and_sends_nothing() -> None:
    keys = defs.resolve_job_def(TRAINING).asset_layer.selected_asset_keys

    assert set(MODELS) < keys
    assert dg.AssetKey(["attributes", "purchases"]) in keys
    assert not {key.path[0] for key in keys} & {"segments", "activation", "serving"}
    assert dg.AssetKey(["attributes", "churn_risk"]) not in keys


def test_its_runs_are_told_to_learn_and_those_of_a_refresh_are_not() -> None:
    assert TRAIN_TAG in defs.resolve_job_def(TRAINING).tags
    assert TRAIN_TAG not in defs.resolve_job_def(REFRESH).tags

    night = datetime(2026, 7, 5, 2, 30, tzinfo=UTC)
    with dg.build_schedule_context(scheduled_execution_time=night) as context:
        tick = defs.resolve_schedule_def("weekly_training").evaluate_tick(context)
    assert tick.run_requests is not None
    [request] = tick.run_requests
    assert TRAIN_TAG in request.tags


def test_a_refresh_knows_the_models_so_that_there_is_one_from_the_first_run_on() -> None:
    assert set(MODELS) < defs.resolve_job_def(REFRESH).asset_layer.selected_asset_keys


def test_its_schedule_is_off_until_somebody_turns_it_on() -> None:
    schedule = defs.resolve_schedule_def("weekly_training")

    assert schedule.default_status == dg.DefaultScheduleStatus.STOPPED
    assert schedule.cron_schedule == "30 2 * * 0"
