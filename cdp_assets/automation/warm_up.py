"""A run that makes nothing, in a folder of its own, so that what a process loads with its first run is loaded.

Belongs here: that run. Does not belong here: when it is worth its time (`warm_runs.py`).
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import ibis

from cdp_assets.automation.refresh import QUIET, give_settings
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine


@dg.asset(check_specs=[dg.AssetCheckSpec("sound", asset="nothing")])
def nothing() -> Iterator[dg.AssetCheckResult | dg.Output[None]]:
    """A table of one row, in memory."""
    engine = DuckDBEngine.in_memory()
    rows = engine.to_arrow(engine.scratch(ibis.range(1).unnest().name("number").as_table())).num_rows
    yield dg.AssetCheckResult(passed=rows == 1)
    yield dg.Output(None)


def warm_up() -> bool:
    """Run it with the instance's settings, once. It takes a second or so.

    Returns:
        Whether it ended well.
    """
    with tempfile.TemporaryDirectory() as folder, _home(folder):
        give_settings(Path(folder))
        with dg.DagsterInstance.from_config(folder) as instance:
            found = dg.materialize([nothing], instance=instance, run_config=QUIET, raise_on_error=False)
            return found.success and all(check.passed for check in found.get_asset_check_evaluations())


@contextmanager
def _home(folder: str) -> Iterator[None]:
    """Have instances keep their files in a folder for a while: this run is in no other one's history."""
    before = os.environ.get("DAGSTER_HOME")
    os.environ["DAGSTER_HOME"] = folder
    try:
        yield
    finally:
        del os.environ["DAGSTER_HOME"]
        if before is not None:
            os.environ["DAGSTER_HOME"] = before
