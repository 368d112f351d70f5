"""Run the refresh, and translate every expression that reaches the engine into Spark's dialect as well.

Run as ``python portability.py`` with CDP_DATA set; prints how many expressions there were, and those that failed.
"""

from __future__ import annotations

import sys
from typing import Any

import ibis
from ibis.backends.duckdb import Backend
from ibis.config import Config

from cdp_assets.automation.refresh import run_refresh
from cdp_assets.settings import Settings


class _SparkOptions(Config):
    treat_nan_as_null: bool = False


def main() -> int:
    # Ibis reads these options when it writes Spark's dialect, and registers them only where PySpark is installed.
    if ibis.options.pyspark is None:
        ibis.options.pyspark = _SparkOptions()
    seen = 0
    failures: list[str] = []
    step = "definitions"
    compiled = Backend.compile

    def translating(self: Backend, expression: Any, /, *arguments: Any, **named: Any) -> str:
        nonlocal seen
        seen += 1
        try:
            ibis.to_sql(expression, dialect="pyspark")
        except Exception as error:
            failures.append(f"after {step}: {type(error).__name__}: {str(error)[:300]}")
        return str(compiled(self, expression, *arguments, **named))

    # Whatever an engine's method is for, what it computes is compiled here.
    Backend.compile = translating
    for progress in run_refresh(Settings.from_env()):
        step = progress.step
    print(seen, "expressions")
    print(*failures or ["all translated"], sep="\n")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
