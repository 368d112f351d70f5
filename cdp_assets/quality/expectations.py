"""The expectations that Great Expectations lacks, as its own metrics and expectations.

Belongs here: classes that Great Expectations finds by registration. Does not belong here: anything imported before a
check is evaluated, since this module imports Great Expectations (some three seconds).

They count inside the engine, in a statement or two each, and never fetch a row: Great Expectations' own
`UnexpectedRowsExpectation` runs its query twice and buffers the rows, which are personal data.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from great_expectations.core.metric_domain_types import MetricDomainTypes
from great_expectations.execution_engine.sqlalchemy_execution_engine import SqlAlchemyExecutionEngine
from great_expectations.expectations.expectation import BatchExpectation
from great_expectations.expectations.metrics.metric_provider import metric_value
from great_expectations.expectations.metrics.table_metric_provider import TableMetricProvider


class UnexpectedRowCount(TableMetricProvider):
    """How many rows a query returns."""

    metric_name = "cdp.unexpected_row_count"
    value_keys = ("query",)

    @metric_value(engine=SqlAlchemyExecutionEngine)
    def _sqlalchemy(
        cls,  # noqa: N805 (Great Expectations calls it with the class)
        execution_engine: Any,
        metric_domain_kwargs: Any,
        metric_value_kwargs: Any,
        **_: Any,
    ) -> int:
        # As a literal column the text is left alone; in sa.text a colon would start a parameter.
        query: sa.Select[tuple[int]] = sa.select(
            sa.literal_column(f"(SELECT count(*) FROM ({metric_value_kwargs['query']}))")
        )
        return int(execution_engine.execute_query(query).scalar())


class MissingCounts(TableMetricProvider):
    """How many rows there are, and in how many of them each of some columns is null."""

    metric_name = "cdp.missing_counts"
    value_keys = ("columns",)

    @metric_value(engine=SqlAlchemyExecutionEngine)
    def _sqlalchemy(
        cls,  # noqa: N805 (Great Expectations calls it with the class)
        execution_engine: Any,
        metric_domain_kwargs: Any,
        metric_value_kwargs: Any,
        **_: Any,
    ) -> dict[str, Any]:
        table, _compute, _accessor = execution_engine.get_compute_domain(
            metric_domain_kwargs, domain_type=MetricDomainTypes.TABLE
        )
        columns = list(metric_value_kwargs["columns"])
        filled = [sa.func.count(sa.column(name)).label(f"filled_{position}") for position, name in enumerate(columns)]
        rows, *counts = execution_engine.execute_query(sa.select(sa.func.count(), *filled).select_from(table)).one()
        return {"rows": rows, "missing": {name: rows - count for name, count in zip(columns, counts, strict=True)}}


class RepeatedKeyCount(TableMetricProvider):
    """How many keys more than one row has.

    Where rows lie in the order of their key, each after the one before, none is there twice: one look at each row says
    so. Only otherwise they are grouped, which takes a hundred times as long and much memory.
    """

    metric_name = "cdp.repeated_key_count"
    value_keys = ("columns",)

    @metric_value(engine=SqlAlchemyExecutionEngine)
    def _sqlalchemy(
        cls,  # noqa: N805 (Great Expectations calls it with the class)
        execution_engine: Any,
        metric_domain_kwargs: Any,
        metric_value_kwargs: Any,
        **_: Any,
    ) -> int:
        table, _compute, _accessor = execution_engine.get_compute_domain(
            metric_domain_kwargs, domain_type=MetricDomainTypes.TABLE
        )
        key: list[sa.ColumnClause[Any]] = [sa.column(name) for name in metric_value_kwargs["columns"]]
        before = [sa.func.lag(column).over().label(f"before_{place}") for place, column in enumerate(key)]
        steps = sa.select(*key, *before, sa.func.row_number().over().label("place")).select_from(table).subquery()
        this = [steps.c[column.name] for column in key]
        last = [steps.c[label.name] for label in before]
        later = sa.or_(
            *(
                sa.and_(*(a == b for a, b in zip(this[:place], last[:place], strict=True)), this[place] > last[place])
                for place in range(len(key))
            )
        )
        not_later = sa.func.coalesce(sa.not_(later), sa.true())
        out_of_order = sa.select(steps.c.place).where(steps.c.place > 1, not_later).limit(1)
        if execution_engine.execute_query(out_of_order).first() is None:
            return 0
        repeated = sa.select(*key).select_from(table).group_by(*key).having(sa.func.count() > 1).subquery()
        return int(execution_engine.execute_query(sa.select(sa.func.count()).select_from(repeated)).scalar())


class ExpectNoRows(BatchExpectation):
    """Expect that a query over the table and its inputs returns no rows.

    Args:
        query: The compiled query.
    """

    query: str

    metric_dependencies = ("cdp.unexpected_row_count",)
    success_keys = ("query",)
    args_keys = ("query",)

    def _validate(self, metrics: Any, runtime_configuration: Any = None, execution_engine: Any = None) -> Any:
        count = metrics["cdp.unexpected_row_count"]
        return {"success": count == 0, "result": {"unexpected_count": count, "observed_value": f"{count:,} such rows"}}


class ExpectColumnsToBeFilled(BatchExpectation):
    """Expect that none of some columns is ever null; one pass over the table, however many columns.

    Args:
        columns: Names of the columns.
    """

    columns: list[str]

    metric_dependencies = ("cdp.missing_counts",)
    success_keys = ("columns",)
    args_keys = ("columns",)

    def _validate(self, metrics: Any, runtime_configuration: Any = None, execution_engine: Any = None) -> Any:
        counts = metrics["cdp.missing_counts"]
        missing = {name: count for name, count in counts["missing"].items() if count}
        return {
            "success": not missing,
            "result": {
                "element_count": counts["rows"],
                "unexpected_count": sum(missing.values()),
                "observed_value": ", ".join(f"{name}: {count} empty" for name, count in missing.items())
                or "all filled",
            },
        }


class ExpectKeyToBeUnique(BatchExpectation):
    """Expect that no two rows have the same key.

    Args:
        columns: The key's columns.
    """

    columns: list[str]

    metric_dependencies = ("cdp.repeated_key_count",)
    success_keys = ("columns",)
    args_keys = ("columns",)

    def _validate(self, metrics: Any, runtime_configuration: Any = None, execution_engine: Any = None) -> Any:
        count = metrics["cdp.repeated_key_count"]
        return {"success": count == 0, "result": {"unexpected_count": count, "observed_value": f"{count:,} such keys"}}
