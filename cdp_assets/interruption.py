"""Who ends a run ends it, also in the midst of a statement.

DuckDB looks for signals while it runs a statement, and turns whatever their handler raises into a plain
``RuntimeError``. That is an error like any other to whoever expects errors, as Great Expectations does of checks and
Dagster of steps: the run would go on as though nobody had cancelled it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def interruptible() -> Iterator[None]:
    """Have an interruption that became an error in here leave as the interruption it was.

    Raises:
        BaseException: what the signal's handler raised: ``KeyboardInterrupt``, or Dagster's own.
    """
    try:
        yield
    except Exception as error:
        if (interruption := _interruption_behind(error)) is not None:
            raise interruption from None
        raise


def _interruption_behind(error: BaseException) -> BaseException | None:
    """What is no error among those that led to this one."""
    cause: BaseException | None = error
    while cause is not None:
        if not isinstance(cause, Exception):
            return cause
        cause = cause.__cause__ or cause.__context__
    return None
