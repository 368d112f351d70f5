"""The demo's bars: how well identity is resolved, how quickly a run with nothing new ends, how fast all loads."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path

from cdp_assets.settings import PROJECT
from cdp_assets_tests.bench.harness import Figure, at_least, at_most, cdp, environment, measure


def loading_definitions() -> list[Figure]:
    """Import the definitions in a new process, three times; the median counts."""
    with tempfile.TemporaryDirectory() as folder:
        env = environment(Path(folder))
        command = [sys.executable, "-c", "import cdp_assets.definitions"]
        seconds = sorted(measure(command, env).seconds for _ in range(3))[1]
    return [at_most("loading the definitions", seconds, 5.0, "s")]


def identity_and_second_run(people: int = 20_000, seed: int = 7) -> list[Figure]:
    """Run the demo of 20,000 people, score identity against its truth, then run again with nothing new."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        env = environment(data)
        measure(cdp("demo", "generate", "--people", str(people), "--seed", str(seed), "--out", str(data)), env)
        first = measure(cdp("run", "--json"), env)
        again = measure(cdp("run", "--json"), env)
        forced = measure(cdp("run", "--force", "--json"), env)
        by_identifiers = measure(cdp("run", "--json"), _without_likeness(data, Path(folder) / "by_identifiers"))
    report, second, third, plain = (json.loads(run.output) for run in (first, again, forced, by_identifiers))
    identity, alone = report["identity"], plain["identity"]
    return [
        Figure(f"demo of {people:,} people, whole run", round(first.seconds, 1), "s"),
        Figure(f"demo of {people:,} people, peak memory", round(first.peak_bytes / 1e9, 2), "GB"),
        at_least("identity: pairwise precision", identity["pairwise"]["precision"], 0.998),
        at_least("identity: pairwise recall", identity["pairwise"]["recall"], 0.93),
        at_least("identity by identifiers alone: pairwise precision", alone["pairwise"]["precision"], 0.995),
        at_least("identity by identifiers alone: pairwise recall", alone["pairwise"]["recall"], 0.85),
        at_least("anonymous activity with the right person", identity["anonymous"]["right"], 0.98),
        at_most("anonymous activity with a wrong person", identity["anonymous"]["wrong"], 0.005, "share"),
        at_most("second run with nothing new", again.seconds, 10.0, "s"),
        Figure("assets launched in it", second["run"]["launched"], "runs", "= 0", not second["run"]["launched"]),
        Figure(
            "a forced run with nothing new changes a figure of the report",
            float(_essence(report) != _essence(third)),
            "changes",
            "= 0",
            _essence(report) == _essence(third),
        ),
    ]


def _without_likeness(demo: Path, folder: Path) -> dict[str, str]:
    """The environment of a run on the same files, under rules that compare nobody who shares no identifier."""
    for part in ("landing", "truth"):
        shutil.copytree(demo / part, folder / part)
    defs = folder / "defs"
    shutil.copytree(PROJECT / "cdp_assets" / "defs", defs)
    with (defs / "identity" / "defs.yaml").open("a", encoding="utf-8") as rules:
        rules.write("  linkage: {enabled: false}\n")
    return environment(folder, CDP_DEFS=str(defs))


def _essence(report: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in report.items() if name not in ("run", "sample")}
