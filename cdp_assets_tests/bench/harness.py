"""What a benchmark is, how a process is measured, and how the results are told.

Belongs here: measuring and printing. Does not belong here: what is measured (`demo.py`, `models.py`, `scale.py` …).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from cdp_assets.settings import PROJECT

GIB = 1024**3


@dataclass(frozen=True)
class Figure:
    """One measured figure.

    Args:
        name: What was measured.
        value: The figure.
        unit: Its unit.
        target: The bar, in words or as a number; None for figures that are only reported.
        met: Whether the bar is reached; None where there is none.
        peer: What it is compared with, in the same run.
        ratio: value ÷ the peer's value.
    """

    name: str
    value: float
    unit: str
    target: str | None = None
    met: bool | None = None
    peer: str | None = None
    ratio: float | None = None


def at_least(name: str, value: float, bar: float, unit: str = "share") -> Figure:
    """A figure that must reach ``bar``."""
    return Figure(name, round(value, 5), unit, f"≥ {bar}", value >= bar)


def at_most(name: str, value: float, bar: float, unit: str) -> Figure:
    """A figure that must not exceed ``bar``."""
    return Figure(name, round(value, 5), unit, f"≤ {bar}", value <= bar)


def at_most_times(name: str, seconds: float, times: float, of: float, against: str) -> Figure:
    """Seconds that must not exceed ``times`` those of something else, measured in the same run."""
    ratio = seconds / of
    return Figure(
        name, round(seconds, 1), "s", f"ratio ≤ {times:g}", ratio <= times, f"{against}: {of:.1f} s", round(ratio, 3)
    )


@dataclass(frozen=True)
class Measured:
    """A finished process: wall seconds, its own peak memory in bytes, what it printed."""

    seconds: float
    peak_bytes: int
    output: str


def environment(data: Path, **more: str) -> dict[str, str]:
    """The environment of a run on a data folder of its own, pinned to the demo's instant."""
    from cdp_assets.demo.generator import DEMO_AS_OF

    clean = {name: value for name, value in os.environ.items() if not name.startswith(("CDP_", "DAGSTER_"))}
    pinned = {"CDP_DATA": str(data), "CDP_AS_OF": DEMO_AS_OF.isoformat(), "CDP_HASH_KEY": "benchmark"}
    return {**clean, **pinned, **more}


def measure(command: Sequence[str], env: Mapping[str, str], timeout: float = 3600) -> Measured:
    """Run a command to its end. What was written before it, by whomever, is on the disk when it begins.

    Raises:
        RuntimeError: if it fails; the message ends with what it printed last.
    """
    os.sync()
    started = time.perf_counter()
    process = subprocess.Popen(command, env=dict(env), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    sampler = _PeakMemory(process.pid)
    sampler.start()
    try:
        output, errors = process.communicate(timeout=timeout)
    finally:
        sampler.stop()
    seconds = time.perf_counter() - started
    if process.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}:\n{output[-2000:]}\n{errors[-4000:]}")
    return Measured(seconds, sampler.peak, output)


def plain_duckdb(data: Path, env: Mapping[str, str]) -> Measured:
    """The floor under an ingest (`floor.py`) of what lies in a data folder's landing folder; it prints the rows."""
    return measure(
        [sys.executable, "-m", "cdp_assets_tests.bench.floor", str(data / "landing"), str(data / "floor.duckdb")], env
    )


class _PeakMemory:
    """Reads the high-water mark of a process's resident memory while it lives."""

    def __init__(self, pid: int) -> None:
        import threading

        self.peak = 0
        self._status = Path(f"/proc/{pid}/status")
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stopped.wait(0.05):
            try:
                lines = self._status.read_text().splitlines()
            except OSError:
                return
            for line in lines:
                if line.startswith("VmHWM:"):
                    self.peak = max(self.peak, int(line.split()[1]) * 1024)


def cdp(*arguments: str) -> list[str]:
    """The `cdp` command of this environment."""
    return [str(Path(sys.executable).with_name("cdp")), *arguments]


def tell(figures: Sequence[Figure], file: Path = PROJECT / "data" / "bench.json") -> None:
    """Print figures as a table and keep them in ``file``, in place of earlier ones of the same name."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title="Benchmarks")
    for heading in ("what", "value", "unit", "bar", "", "against", "ratio"):
        table.add_column(heading, justify="right" if heading in ("value", "ratio") else "left")
    for figure in figures:
        verdict = {True: "[green]met[/]", False: "[red]missed[/]", None: ""}[figure.met]
        ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
        table.add_row(
            figure.name, f"{figure.value:g}", figure.unit, figure.target or "", verdict, figure.peer or "", ratio
        )
    Console().print(table)
    earlier = json.loads(file.read_text()) if file.exists() else []
    names = {figure.name for figure in figures}
    kept = [row for row in earlier if row["name"] not in names]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps([*kept, *(asdict(figure) for figure in figures)], indent=2, ensure_ascii=False) + "\n")
