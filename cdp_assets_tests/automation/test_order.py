"""The order of a refresh: what the outbox needs goes first."""

from __future__ import annotations

import dagster as dg
from dagster._core.execution.api import create_execution_plan

from cdp_assets.automation.jobs import REFRESH
from cdp_assets.definitions import defs
from cdp_assets.warehouse.assets import LATER

OUTBOX = dg.AssetKey(["activation", "outbox"])


def test_steps_give_way_exactly_if_the_outbox_does_not_need_them() -> None:
    job = defs.resolve_job_def(REFRESH)
    graph = job.asset_layer.asset_graph
    needed = {OUTBOX, *graph.get_ancestor_asset_keys(OUTBOX)}
    gives_way = {
        step.key: LATER.items() <= step.tags.items()
        for step in create_execution_plan(job).get_steps_to_execute_in_topo_order()
    }
    for definition in graph.assets_defs:
        step = definition.op.name if definition.is_executable else ""
        if step in gives_way:
            free = not definition.keys & needed and definition.keys != {dg.AssetKey(["normalised", "accounts"])}
            assert gives_way[step] == free, step
