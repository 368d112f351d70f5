"""Which expectations of a table that changes by key can be answered by the rows that come.

Belongs here: telling them apart, and asking them of no more rows than that takes. Does not belong here: evaluating them
(`runner.py`), and whether they held before.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from functools import reduce
from operator import or_

import ibis.expr.operations as ops
import ibis.expr.types as ir

from cdp_assets.quality.checks import FILLED, Check, Expectation, no_rows

_OF_EACH_ROW = "expect_column_values_to_"
_OF_SEVERAL_ROWS = frozenset(
    {"expect_column_values_to_be_unique", "expect_column_values_to_be_increasing",
     "expect_column_values_to_be_decreasing"}
)  # fmt: skip
_OF_COLUMNS = frozenset({"expect_table_columns_to_match_set", FILLED})


def answered_by_news(
    expectation: Expectation,
    key: Collection[str],
    coming: ir.Table,
    inputs: dict[str, ir.Table],
    *,
    told: bool = False,
) -> bool:
    """Whether what held of a table holds of the changed one exactly if it holds of the rows that come.

    So it is with what is expected of each row by itself, or of all rows of a value of ``key``, and with a key's
    uniqueness: all rows that had the changed values of ``key`` before are gone, and rows of other values differ from
    those that come.

    Args:
        expectation: What held.
        key: Columns that rows go and come by.
        coming: The rows that come; each has values of ``key`` whose rows go.
        inputs: The asset's inputs by name.
        told: Whether the rows that come are all that were made anew, rather than those of them that differ.
    """
    if told and expectation.of is not None:
        return True
    if expectation.unique:
        return set(key) <= set(expectation.unique)
    if expectation.rows is not None and expectation.by is not None:
        return set(key) == {expectation.by}
    if expectation.rows is not None:
        return _row_by_row(expectation.rows(coming, inputs), coming)
    if expectation.type in _OF_COLUMNS:
        return True
    return expectation.type.startswith(_OF_EACH_ROW) and expectation.type not in _OF_SEVERAL_ROWS


def narrowed(check: Check, staged: ir.Table, coming: ir.Table) -> Check:
    """A check that is answered by the rows that come, to be asked of these; what needs others beside them has them.

    Args:
        check: The check.
        staged: The table as it will be.
        coming: The rows that come.
    """
    return replace(check, expectations=tuple(_narrowed(each, staged, coming) for each in check.expectations))


def _narrowed(expectation: Expectation, staged: ir.Table, coming: ir.Table) -> Expectation:
    rows, of = expectation.rows, expectation.of
    if rows is None or of is None:
        return expectation
    concerned = staged.semi_join(coming.select(of).distinct(), of)
    return replace(expectation, rows=lambda _, tables: rows(concerned, tables))


def of_rows(expectation: Expectation, rows: ir.Table) -> Expectation:
    """What is expected of a table, to be asked of some of its rows, if it is expected of each of them by itself.

    Args:
        expectation: What is expected.
        rows: An expression that reads the table.
    """
    if expectation.type != FILLED:
        return expectation
    empty = reduce(or_, (rows[column].isnull() for column in expectation.arguments["columns"]))
    return no_rows(lambda *_: rows.filter(empty), expectation.description)


def _row_by_row(unexpected: ir.Table, coming: ir.Table) -> bool:
    """Whether an expression only filters and computes on the rows of one table."""
    read = coming.op()
    relations = unexpected.op().find(ops.Relation)
    return all(each == read or isinstance(each, ops.Filter | ops.Project) for each in relations) and not (
        unexpected.op().find((ops.Reduction, ops.Analytic, ops.Subquery))
    )
