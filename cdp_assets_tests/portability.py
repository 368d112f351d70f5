"""`cdp`, with every expression that reaches the engine translated into Spark's dialect as well.

Run as ``python portability.py FILE`` and what is typed after `cdp`; writes into the file how many expressions there
were, and those that failed.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import ibis
from ibis.backends.duckdb import Backend
from ibis.config import Config

from cdp_assets import cli


class _SparkOptions(Config):
    treat_nan_as_null: bool = False


def main() -> None:
    file = Path(sys.argv.pop(1))
    # Ibis reads these options when it writes Spark's dialect, and registers them only where PySpark is installed.
    if ibis.options.pyspark is None:
        ibis.options.pyspark = _SparkOptions()
    seen = 0
    failures: list[str] = []
    compiled = Backend.compile

    def translating(self: Backend, expression: Any, /, *arguments: Any, **named: Any) -> str:
        nonlocal seen
        seen += 1
        sql = str(compiled(self, expression, *arguments, **named))
        try:
            ibis.to_sql(expression, dialect="pyspark")
        except Exception as error:
            failures.append(f"{type(error).__name__}: {str(error)[:300]} in {sql[:300]}")
        return sql

    # Whatever an engine's method is for, what it computes is compiled here.
    Backend.compile = translating
    try:
        cli.main()
    finally:
        file.write_text("\n".join([f"{seen} expressions", *(failures or ["all translated"])]))


if __name__ == "__main__":
    main()
