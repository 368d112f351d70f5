"""The refresh rehearsed: the same assets on copies, with nothing in the graph that could send or publish.

Belongs here: which assets are rehearsed, and running them. Does not belong here: the copies (`plan/workspace.py`), and
what is made of the outcome (`plan/compare.py`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

import dagster as dg

from cdp_assets.automation.refresh import Progress, execute
from cdp_assets.catalog import Catalog
from cdp_assets.identity.spec import ChangeGuard
from cdp_assets.warehouse.resources import LedgerResource, Warehouse

NEVER_STOPS = ChangeGuard(share=1.0)

_NOT_COMPARED = [dg.AssetKey(["sources", name]) for name in ("source_audit", "source_overlaps")]


def rehearse(catalog: Catalog, stages: Sequence[str], as_of: datetime) -> Iterator[Progress]:
    """Run stages of the refresh in this process, on the installation that the environment names.

    The graph is made for the occasion: it has neither deliveries nor sensors nor the snapshot, its run is kept in
    memory alone, and the guard against large changes lets everything through, since seeing them is the purpose.

    Args:
        catalog: The definitions to rehearse.
        stages: The stages to run; the others stand as they are.
        as_of: The run's instant, UTC.

    Yields:
        A `Progress` for each step that ended.

    Raises:
        RunFailed: at the end, if a step failed or a blocking check did not pass.
    """
    from cdp_assets.definitions import flow

    rules = replace(catalog.identity_rules, change_guard=NEVER_STOPS)
    job = dg.define_asset_job(
        "rehearsal",
        selection=dg.AssetSelection.groups(*stages) - dg.AssetSelection.assets(*_NOT_COMPARED),
        executor_def=dg.in_process_executor,
    )
    definitions = dg.Definitions(
        assets=flow(replace(catalog, identity_rules=rules)),
        jobs=[job],
        resources={"warehouse": Warehouse(), "ledger": LedgerResource()},
        executor=dg.in_process_executor,
    )
    with dg.DagsterInstance.ephemeral() as instance:
        yield from execute(definitions.resolve_job_def("rehearsal"), instance, as_of, {})
