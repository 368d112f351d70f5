"""Keeping a step of a query apart, so that what it computes is computed once.

Ibis merges a selection with the one before it and writes the earlier expressions out wherever they are used; an engine
then computes them as often. Belongs here: what prevents that. Does not belong here: any computation.
"""

from __future__ import annotations

from typing import Any

import ibis.expr.operations as ops
import ibis.expr.rules as rlz
import ibis.expr.types as ir
from ibis.backends.sql.compilers.base import SQLGlotCompiler


class KeptApart(ops.Impure):
    """A value as it is; a selection that holds one is not merged with the next."""

    arg: ops.Value
    dtype = rlz.dtype_like("arg")
    shape = rlz.shape_like("arg")


def computed_once(table: ir.Table) -> ir.Table:
    """The same table; what is selected from it next refers to its columns instead of repeating their expressions."""
    first, *others = table.columns
    return table.select(KeptApart(table[first]).to_expr().name(first), *(table[name] for name in others))


def _visit_kept_apart(self: Any, op: KeptApart, *, arg: Any) -> Any:
    return arg


SQLGlotCompiler.visit_KeptApart = _visit_kept_apart
