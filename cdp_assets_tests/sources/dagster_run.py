"""The stage run in Dagster, in the folder that the environment names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dagster as dg
import duckdb

from cdp_assets.normalised import assets as normalising
from cdp_assets.normalised.spec import Reporting
from cdp_assets.sources import assets as sources
from cdp_assets.sources.spec import SourceSpec
from cdp_assets.warehouse.resources import LedgerResource, Warehouse


def run(
    specs: list[SourceSpec],
    raising: bool = True,
    config: dict[str, dict[str, str]] | None = None,
    *,
    normalised: bool = False,
) -> dg.ExecuteInProcessResult:
    """Materialise all assets of the stage, and of the next one if so told; ``config`` is the run config of some, by the
    names of their steps.
    """
    more = normalising.assets(specs, Reporting("EUR")) if normalised else []
    job = dg.Definitions(
        assets=[*sources.assets(specs), *more],
        jobs=[dg.define_asset_job("all", executor_def=dg.in_process_executor)],
        resources={"warehouse": Warehouse(), "ledger": LedgerResource()},
    ).resolve_job_def("all")
    ops = {name: {"config": given} for name, given in (config or {}).items()}
    return job.execute_in_process({"ops": ops}, raise_on_error=raising)


def rows(home: Path, query: str) -> list[tuple[Any, ...]]:
    """What a query gives on the warehouse."""
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as connection:
        return connection.execute(query).fetchall()
