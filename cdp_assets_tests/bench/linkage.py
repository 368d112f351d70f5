"""Linking by likeness: how right it is on labelled data, and how fast it is against plain Splink.

Belongs here: the figures. Does not belong here: drawing people (`people.py`), and the peer (`plain_splink.py`).
"""

from __future__ import annotations

import json
import math
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cdp_assets_tests.attributes import datasets
from cdp_assets_tests.bench import people
from cdp_assets_tests.bench.harness import Figure, Measured, at_least, at_most, cdp, environment, measure

MOST_TIMES_SPLINK = 1.2
TRUTH = "cluster"


def figures(records: int = 1_000_000) -> list[Figure]:
    """Real labelled sets as far as they are there, then so many generated records with plain Splink in turn."""
    return [
        *labelled("historical_figures_with_errors_50k.parquet", precision=0.99, recall=0.64, best=0.86),
        *labelled("fake_1000.csv", precision=0.99, recall=None, best=0.93),
        *beside_splink(records),
        *in_crowds(records // 10, records * 5),
    ]


def labelled(name: str, precision: float, recall: float | None, best: float) -> list[Figure]:
    """Bars of one labelled file; ``recall`` None has none."""
    file = datasets.online_retail_file().with_name(name)
    if not file.exists():
        return [Figure(f"linking: {name} is not there", 0.0, "share", f"≥ {precision}")]
    found, run = evaluated(file)
    pairwise = found["pairwise"]
    reached = max(point["f1"] for point in found["curve"])
    return [
        at_least(f"{name}: pairwise precision", pairwise["precision"], precision),
        at_least(f"{name}: pairwise recall", pairwise["recall"], recall)
        if recall is not None
        else Figure(f"{name}: pairwise recall", round(pairwise["recall"], 5), "share"),
        at_least(f"{name}: best F1 of the curve", reached, best),
        Figure(f"{name}: share of true pairs compared", round(found["blocking_recall"], 5), "share"),
        Figure(f"{name}: evaluated in", round(run.seconds, 1), "s"),
    ]


def beside_splink(records: int, seed: int = 11) -> list[Figure]:
    """`evaluate` from end to end, and plain Splink on the same file after it."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "people.parquet"
        people.write(file, records, seed)
        found, run = evaluated(file)
        command = [sys.executable, "-m", "cdp_assets_tests.bench.plain_splink", str(file)]
        plain = measure(command, environment(Path(folder)))
    theirs: Mapping[str, float] = json.loads(plain.output.splitlines()[-1])["pairwise"]
    ours: Mapping[str, float] = found["pairwise"]
    ratio = run.seconds / plain.seconds
    what = f"{found['records']:,} records of {found['people']:,} people"
    peer = f"plain Splink: {plain.seconds:.1f} s, {plain.peak_bytes / 1e9:.1f} GB"
    return [
        Figure(f"{what}, evaluated in", round(run.seconds, 1), "s", f"ratio ≤ {MOST_TIMES_SPLINK}",
               ratio <= MOST_TIMES_SPLINK, peer, round(ratio, 2)),
        Figure(f"{what}: peak memory", round(run.peak_bytes / 1e9, 2), "GB"),
        at_least(f"{what}: pairwise precision", ours["precision"], 0.998),
        Figure(f"{what}: pairwise recall", round(ours["recall"], 5), "share", peer=f"Splink: {theirs['recall']:.4f}"),
        Figure(f"{what}: F1", round(ours["f1"], 5), "share", "not below the peer's", ours["f1"] >= theirs["f1"],
               f"Splink: {theirs['f1']:.4f} (precision {theirs['precision']:.4f})",
               round(ours["f1"] / theirs["f1"], 4)),
    ]  # fmt: skip


def in_crowds(few: int, many: int, seed: int = 11) -> list[Figure]:
    """Whether joins among many are as right as among few, and what many take."""
    shares: list[float] = []
    for records in (few, many):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "people.parquet"
            people.write(file, records, seed)
            found, run = evaluated(file)
        shares.append(found["pairwise"]["precision"])
        if records == few:
            # So much may be chance: two standard errors of what was found among few, of whom each has about one pair.
            chance = 2 * math.sqrt(shares[0] * (1 - shares[0]) / found["people"])
    return [
        Figure(f"{many:,} records: pairwise precision", round(shares[1], 5), "share",
               f"not below that of {few:,}, but for chance ({chance:.4f})", shares[1] >= shares[0] - chance,
               f"{few:,} records: {shares[0]:.5f}", round(shares[1] / shares[0], 4)),
        at_most(f"{many:,} records: peak memory", run.peak_bytes / 1e9, 8.0, "GB"),
    ]  # fmt: skip


def evaluated(file: Path) -> tuple[dict[str, Any], Measured]:
    """The documented command in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        run = measure(cdp("identity", "evaluate", str(file), "--truth", TRUTH, "--json"), environment(Path(folder)))
    return json.loads(run.output), run
