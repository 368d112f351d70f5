"""Whoever ends a run in the midst of a statement ends the run, and not the statement alone."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

import duckdb
import pytest

from cdp_assets.interruption import interruptible
from cdp_assets.quality.dialect import CursorConnection

LONG = "SELECT sum(sqrt(range)) FROM range(1_000_000_000)"


class Ended(BaseException):
    """What a handler raises."""


@pytest.fixture
def end_soon() -> Iterator[None]:
    """A signal in .2 s, at which `Ended` is raised."""

    def end(*_: Any) -> None:
        raise Ended

    before = signal.signal(signal.SIGUSR1, end)
    timer = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGUSR1))
    timer.start()
    yield
    timer.join()
    signal.signal(signal.SIGUSR1, before)


def _within_a_step(connection: duckdb.DuckDBPyConnection) -> None:
    with interruptible():
        try:
            connection.execute(LONG)
        except RuntimeError as error:
            raise ValueError("what a library makes of an error") from error


def _within_a_check(connection: duckdb.DuckDBPyConnection) -> None:
    CursorConnection(connection.cursor()).cursor().execute(LONG)


@pytest.mark.parametrize("asked", [_within_a_step, _within_a_check])
@pytest.mark.usefixtures("end_soon")
def test_an_interrupted_statement_raises_what_the_handler_raised(
    asked: Callable[[duckdb.DuckDBPyConnection], None],
) -> None:
    with duckdb.connect() as connection:
        with pytest.raises(Ended):
            asked(connection)
        assert connection.execute("SELECT 1").fetchall() == [(1,)]


def test_any_other_error_stays_what_it_was() -> None:
    with pytest.raises(ZeroDivisionError), interruptible():
        raise ZeroDivisionError
