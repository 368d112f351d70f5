"""`make bench`: run the benchmarks (all, or those named), print the table, write data/bench.json."""

from __future__ import annotations

import sys
from collections.abc import Callable

from cdp_assets_tests.bench import (
    demo,
    deterministic,
    faults,
    ingesting,
    kills,
    latency,
    linkage,
    million,
    models,
    proposing,
    scale,
    segments,
    throughput,
    traits,
)
from cdp_assets_tests.bench.harness import Figure, tell

BENCHMARKS: dict[str, Callable[[], list[Figure]]] = {
    "definitions": demo.loading_definitions,
    "models": models.figures,
    "million": million.figures,
    "traits": traits.figures,
    "segments": segments.figures,
    "demo": demo.identity_and_second_run,
    "proposing": proposing.figures,
    "linkage": linkage.figures,
    "kills": kills.figures,
    "ingesting": ingesting.figures,
    "scale": scale.full_run,
    "deterministic": deterministic.figures,
    "throughput": throughput.figures,
    "faults": faults.figures,
    "latency": latency.figures,
}


def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        print(f"no benchmark is called {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}", file=sys.stderr)
        return 2
    missed = 0
    for name in names or BENCHMARKS:
        print(f"measuring {name} …", file=sys.stderr)
        figures = BENCHMARKS[name]()
        tell(figures)
        missed += sum(figure.met is False for figure in figures)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
