"""The progress of a run in the terminal: a bar where a person looks on, a line per stage where a log is written."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from cdp_assets.presentation import wording


class Step(Protocol):
    """One step of a run that has ended, as `automation.refresh` yields them."""

    @property
    def run_id(self) -> str: ...
    @property
    def stage(self) -> str: ...
    @property
    def asset(self) -> str: ...
    @property
    def done(self) -> int: ...
    @property
    def total(self) -> int: ...
    @property
    def succeeded(self) -> bool: ...
    @property
    def failed_checks(self) -> tuple[str, ...]: ...
    @property
    def error(self) -> str | None: ...


def follow(console: Console, steps: Iterable[Step], doing: str) -> str | None:
    """Consume ``steps`` and show how far they are.

    Args:
        console: Where to show it.
        steps: Steps as they end; what they raise passes through.
        doing: What is being done, in a word or two.

    Returns:
        The run whose steps these were; None if there were none.
    """
    run_id = None
    shown = _bar(console, steps, doing) if console.is_terminal else _lines(console, steps, doing)
    for step in shown:
        run_id = step.run_id
        for check in step.failed_checks:
            console.print(f"  check failed: {check}", style="yellow", highlight=False, markup=False)
        if not step.succeeded:
            console.print(
                f"  {step.stage}.{step.asset}: {step.error or 'skipped'}", style="red", highlight=False, markup=False
            )
    return run_id


def _bar(console: Console, steps: Iterable[Step], doing: str) -> Iterator[Step]:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", style="bold"),
        BarColumn(bar_width=28),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[latest]}", style="dim"),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(doing, total=None, latest="loading the definitions")
        for step in steps:
            bar.update(task, total=step.total, completed=step.done, latest=f"{step.stage} · {step.asset}")
            yield step


def _lines(console: Console, steps: Iterable[Step], doing: str) -> Iterator[Step]:
    started, stage, latest = time.perf_counter(), "", None
    console.print(f"{doing} …", highlight=False)
    for step in steps:
        if stage and step.stage != stage and latest:
            _line(console, latest, time.perf_counter() - started)
        stage, latest = step.stage, step
        yield step
    if latest:
        _line(console, latest, time.perf_counter() - started)


def _line(console: Console, step: Step, seconds: float) -> None:
    console.print(
        f"  {step.done:>3}/{step.total}  {wording.duration(seconds):>10}  {step.stage}", highlight=False, markup=False
    )


@contextmanager
def waiting(console: Console, doing: str) -> Iterator[None]:
    """Show that something is going on, and for how long: a spinner where a person looks on, a line where not."""
    if not console.is_terminal:
        console.print(f"{doing} …", highlight=False)
        yield
        return
    with Progress(SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=console) as shown:
        shown.add_task(f"{doing} …", total=None)
        yield
