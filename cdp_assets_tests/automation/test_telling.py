"""Whatever Dagster's UI lists tells what it is; tables also who answers for them."""

from __future__ import annotations

from cdp_assets.automation.jobs import ACTIVATION, REFRESH, TRAINING
from cdp_assets.definitions import defs


def test_jobs_schedules_and_sensors_tell_what_they_do() -> None:
    jobs = [defs.resolve_job_def(name) for name in (REFRESH, TRAINING, ACTIVATION)]
    listed = [*jobs, *(defs.schedules or []), *(defs.sensors or [])]
    assert len(listed) == 9
    for each in listed:
        assert each.description, each.name


def test_tables_tell_what_they_hold_and_whose_they_are() -> None:
    graph = defs.resolve_asset_graph()
    made = [graph.get(key) for key in graph.materializable_asset_keys]
    assert made
    for asset in made:
        assert asset.description, asset.key
        assert asset.owners, asset.key
        assert asset.group_name != "default", asset.key
