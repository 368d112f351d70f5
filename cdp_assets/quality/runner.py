"""Evaluating checks on a staged table, inside the engine, with Great Expectations.

Belongs here: from checks to a suite, from validation results to `CheckResult`s, and keeping personal data out of both.
Does not belong here: what is checked (`checks.py` and each stage's own), how SQLAlchemy reaches DuckDB (`dialect.py`),
and the pages people read (`docs.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Protocol

import ibis.expr.types as ir

from cdp_assets.quality.checks import EXPECTATIONS, FILLED, Check, CheckResult, Expectation
from cdp_assets.quality.loaded_later import loaded_when_used

if TYPE_CHECKING:
    import duckdb

SAFE_COUNTS = (
    "element_count",
    "unexpected_count",
    "unexpected_percent",
    "missing_count",
    "missing_percent",
)
"""Parts of a validation result that hold counts and never a value of the data."""

OBSERVATIONS_WITHOUT_VALUES = (
    "expect_no_rows",
    FILLED,
    "expect_key_to_be_unique",
    "expect_table_columns_to_match_set",
    "expect_table_row_count_to_be_between",
    "expect_table_row_count_to_equal",
    "expect_column_proportion_of_unique_values_to_be_between",
    "expect_column_unique_value_count_to_be_between",
    "expect_column_proportion_of_non_null_values_to_be_between",
)
"""Expectations whose observed value is a count, a share, or names of columns. All others' is dropped: the greatest
value of a column, say, is somebody's."""

_RESULT_FORMAT = {
    "result_format": "BASIC",
    "partial_unexpected_count": 0,
    "exclude_unexpected_values": True,
    "include_unexpected_rows": False,
}

_FOR_ONE_EXPECTATION = ("altair", "scipy.stats")
"""What Great Expectations imports at once for a single expectation, about divergence: almost half of its own time."""

_STAGED = "__staged"
_TELLING_ERRORS = re.compile(
    r'((?:Binder|Catalog|Parser)Exception\) ?[^\n]*|The column "[^"\n]*" in BatchData does not exist)'
)
_ANY_ERROR = re.compile(r"\b(\w+(?:Exception|Error))\b")


class RunsOnCursors(Protocol):
    """An engine whose committed tables a DuckDB cursor can read."""

    def cursor(self) -> duckdb.DuckDBPyConnection: ...


def evaluate(
    engine: RunsOnCursors,
    checks: Sequence[Check],
    staged: ir.Table,
    inputs: dict[str, ir.Table],
    docs: Path | None = None,
) -> list[CheckResult]:
    """Evaluate checks on a table.

    Args:
        engine: The engine that holds the table.
        checks: What to check; all in one suite and, where they can be, one query.
        staged: A committed table (not an expression) of a stage's schema.
        inputs: The asset's inputs by parameter name, for `no_rows`; committed tables too.
        docs: Folder of the Data Docs. If given, the result is kept there for `docs.build_data_docs`.

    Returns:
        One result a check, in their order. An expectation that cannot be evaluated counts as failed.
    """
    if not checks:
        return []
    schema, table = _location(staged)
    name = f"{schema}.{table.removesuffix(_STAGED)}"
    suite = _suite(name, checks, staged, inputs)
    validator = _validator(engine, schema, table)
    try:
        # Given to validate() and not to the validator, which would keep one expectation of a type and column only.
        validated = validator.validate(expectation_suite=suite, result_format=_RESULT_FORMAT)
    finally:
        # A cursor left to the garbage collector would keep the warehouse file open after the run.
        validator.execution_engine.close()
    for result in validated.results:
        _drop_values(result)
    if docs is not None:
        from cdp_assets.quality.docs import keep

        keep(docs, validated)
    return [_check_result(check, validated.results) for check in checks]


def _location(table: ir.Table) -> tuple[str, str]:
    operation = table.op()
    schema = getattr(getattr(operation, "namespace", None), "database", None)
    if schema is None:
        raise ValueError("checks run on a committed table in a stage's schema, not on an expression")
    return schema, operation.name


def load() -> None:
    """Import Great Expectations now, rather than with the first check."""
    _context()


@cache
def _context() -> Any:
    """The process's Great Expectations context; in memory, with our expectations registered."""
    with loaded_when_used(*_FOR_ONE_EXPECTATION):
        import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    import cdp_assets.quality.dialect
    import cdp_assets.quality.expectations

    cdp_assets.quality.dialect.dialect()
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    return context


def _validator(engine: RunsOnCursors, schema: str, table: str) -> Any:
    """What validates suites on a table of the engine. The one place that knows how an engine is asked: another engine
    brings its own execution engine of Great Expectations and is told apart here.
    """
    from great_expectations.core.batch import Batch
    from great_expectations.execution_engine.sqlalchemy_batch_data import SqlAlchemyBatchData
    from great_expectations.execution_engine.sqlalchemy_execution_engine import SqlAlchemyExecutionEngine
    from great_expectations.validator.validator import Validator

    from cdp_assets.quality.dialect import sqlalchemy_engine

    execution = SqlAlchemyExecutionEngine(engine=sqlalchemy_engine(engine.cursor), create_temp_table=False)
    # Great Expectations knows regular expressions by dialect; Dremio's REGEXP_MATCHES is DuckDB's too.
    execution.dialect_module = SimpleNamespace(DremioDialect=True)  # type: ignore[assignment]
    data: Any = SqlAlchemyBatchData(
        execution_engine=execution,
        schema_name=schema,
        table_name=table,
        create_temp_table=False,
        use_quoted_name=True,
    )
    return Validator(execution_engine=execution, batches=[Batch(data=data)], data_context=_context())


def _suite(name: str, checks: Sequence[Check], staged: ir.Table, inputs: dict[str, ir.Table]) -> Any:
    _context()
    from great_expectations.core import ExpectationSuite
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    configurations = []
    for check in checks:
        for position, expectation in enumerate(check.expectations):
            type_, arguments = _compiled(expectation, staged, inputs)
            configurations.append(
                ExpectationConfiguration(
                    type=type_,
                    kwargs=arguments,
                    description=expectation.description,
                    meta={
                        "check": check.name,
                        "promise": check.description,
                        "position": position,
                        "blocking": check.blocking,
                    },
                )
            )
    suite = ExpectationSuite(name=name, expectations=configurations)
    if len(suite.expectations) != len(configurations):
        raise ValueError(f"{name}: an expectation is not valid; Great Expectations has logged which")
    return suite


def _compiled(expectation: Expectation, staged: ir.Table, inputs: dict[str, ir.Table]) -> tuple[str, dict[str, Any]]:
    if expectation.rows is None:
        return expectation.type, dict(expectation.arguments)
    # By the backend itself: `ibis.to_sql` takes the expression off it first, which takes as long as half the rest.
    return "expect_no_rows", {"query": staged.get_backend().compile(expectation.rows(staged, inputs))}


def _drop_values(result: Any) -> None:
    """Leave only counts in a validation result, and of an error only what cannot quote the data."""
    kept = {key: result.result[key] for key in SAFE_COUNTS if key in result.result}
    if result.expectation_config.type in OBSERVATIONS_WITHOUT_VALUES and "observed_value" in result.result:
        kept["observed_value"] = result.result["observed_value"]
    result.result = kept
    error = _error(result.exception_info)
    result.exception_info = {
        "raised_exception": error is not None,
        "exception_message": error or "",
        "exception_traceback": "",
    }


def _error(info: Any) -> str | None:
    """Say in one line what went wrong. Only messages about names and syntax are passed on; others quote values."""
    raised = [info] if "raised_exception" in info else list(info.values())
    texts = [str(part["exception_message"]) + str(part["exception_traceback"]) for part in raised
             if part["raised_exception"]]  # fmt: skip
    if not texts:
        return None
    if telling := _TELLING_ERRORS.search(texts[0]):
        return telling.group(1).replace("Exception)", "Exception:")
    named = _ANY_ERROR.findall(texts[0])
    return f"{named[-1] if named else 'an error'} while evaluating; its message may quote data and is withheld"


def _check_result(check: Check, results: Iterable[Any]) -> CheckResult:
    own = sorted(
        (result for result in results if result.expectation_config.meta["check"] == check.name),
        key=lambda result: result.expectation_config.meta["position"],
    )
    passed = len(own) == len(check.expectations) and all(result.success for result in own)
    described = [
        {
            "expectation": result.expectation_config.description,
            "success": bool(result.success),
            **result.result,
            **({"error": message} if (message := result.exception_info["exception_message"]) else {}),
        }
        for result in own
    ]
    return CheckResult(
        name=check.name,
        passed=passed,
        blocking=check.blocking,
        description=check.description,
        metadata={EXPECTATIONS: described},
    )
