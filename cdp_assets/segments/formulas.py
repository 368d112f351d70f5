"""A condition as a formula of yes and no over its terms.

SQL knows a third answer, null, and only those of whom a condition is true are in. So `not` moves inwards, to where it
stands before a single term: the term `not orders > 2` is true of nobody whose orders are unknown, as in SQL.

Belongs here: taking conditions apart. Does not belong here: what a term may contain (`warehouse/sql_parsing.py`).
"""

from __future__ import annotations

from functools import lru_cache

import sqlglot.expressions as sge

from cdp_assets.warehouse.matching import AND, NOT, OR, Formula
from cdp_assets.warehouse.sql_parsing import parsed


@lru_cache(maxsize=8192)
def formula_of(condition: str) -> Formula:
    """The formula that holds where a condition is true."""
    return _true(parsed(condition))


def _true(node: sge.Expr) -> Formula:
    if isinstance(node, sge.Paren):
        return _true(node.this)
    if isinstance(node, sge.And | sge.Or):
        return AND if isinstance(node, sge.And) else OR, tuple(dict.fromkeys(_true(part) for part in node.flatten()))
    if isinstance(node, sge.Not):
        return _false(node.this)
    if _is_settled(node):
        return _true(node.this)
    return node.sql(dialect="duckdb")


def _false(node: sge.Expr) -> Formula:
    if isinstance(node, sge.Paren):
        return _false(node.this)
    if isinstance(node, sge.And | sge.Or):
        return OR if isinstance(node, sge.And) else AND, tuple(dict.fromkeys(_false(part) for part in node.flatten()))
    if isinstance(node, sge.Not):
        return _true(node.this)
    if _is_settled(node):
        return NOT, (_true(node.this),)
    return f"NOT ({node.sql(dialect='duckdb')})"


def _is_settled(node: sge.Expr) -> bool:
    """Whether it is `coalesce(…, false)`: an answer that is never null."""
    others = node.expressions if isinstance(node, sge.Coalesce) else []
    return len(others) == 1 and isinstance(others[0], sge.Boolean) and not others[0].this
