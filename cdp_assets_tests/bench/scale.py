"""One full run over 200,000 people, with the floor under it measured in the same run."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from pathlib import Path

from cdp_assets_tests.bench.harness import GIB, Figure, at_most, at_most_times, cdp, environment, measure, plain_duckdb


def full_run(people: int = 200_000, seed: int = 7) -> list[Figure]:
    """Generate, run everything, read the same files with plain DuckDB; report time by stage, memory and the ratio."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        env = environment(data)
        measure(cdp("demo", "generate", "--people", str(people), "--seed", str(seed), "--out", str(data)), env)
        floor = plain_duckdb(data, env)
        run = measure(cdp("run", "--json"), env)
        stages = stage_seconds(data)
    rows = int(floor.output)
    what = f"full run over {people:,} people, {rows:,} source rows"
    return [
        at_most_times(what, run.seconds, 6, floor.seconds, "plain DuckDB reading the same files"),
        at_most("its peak memory", run.peak_bytes / GIB, 8.0, "GiB"),
        *(Figure(f"of it in stage {stage}", round(seconds, 1), "s") for stage, seconds in stages.items()),
    ]


def stage_seconds(data: Path) -> dict[str, float]:
    """Seconds spent in each stage's steps of the latest refresh, in the order of the flow."""
    import os

    from dagster import DagsterEventType, DagsterInstance, RunsFilter

    os.environ["DAGSTER_HOME"] = str(data / "dagster")
    spent: dict[str, float] = defaultdict(float)
    with DagsterInstance.get() as instance:
        [run] = instance.get_runs(filters=RunsFilter(job_name="refresh"), limit=1)
        for entry in instance.all_logs(run.run_id, of_type=DagsterEventType.STEP_SUCCESS):
            event = entry.dagster_event
            if event is not None:
                spent[(event.step_key or "").partition("__")[0]] += event.step_success_data.duration_ms / 1000
    return dict(spent)
