"""Run the refresh, and translate every expression that reaches the engine into Spark's dialect as well.

Run as ``python portability.py`` with CDP_DATA set; prints how many expressions there were, and those that failed.
"""

from __future__ import annotations

import sys
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis.config import Config

from cdp_assets.automation.refresh import run_refresh
from cdp_assets.settings import Settings
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine


class _SparkOptions(Config):
    treat_nan_as_null: bool = False


def main() -> int:
    # Ibis reads these options when it writes Spark's dialect, and registers them only where PySpark is installed.
    if ibis.options.pyspark is None:
        ibis.options.pyspark = _SparkOptions()
    seen: list[str] = []
    failures: list[str] = []
    step = "definitions"

    def translating(name: str, position: int) -> None:
        original = getattr(DuckDBEngine, name)

        def method(self: DuckDBEngine, *arguments: Any, **named: Any) -> Any:
            expression = arguments[position] if len(arguments) > position else named["expression"]
            if isinstance(expression, ir.Table):
                seen.append(name)
                try:
                    ibis.to_sql(expression, dialect="pyspark")
                except Exception as error:
                    failures.append(f"after {step}: {name}: {type(error).__name__}: {str(error)[:300]}")
            return original(self, *arguments, **named)

        setattr(DuckDBEngine, name, method)

    for name, position in (("stage_table", 2), ("scratch", 0), ("to_arrow", 0), ("to_pandas", 0), ("map_values", 0)):
        translating(name, position)
    for progress in run_refresh(Settings.from_env()):
        step = progress.step
    print(len(seen), "expressions")
    print(*failures or ["all translated"], sep="\n")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
