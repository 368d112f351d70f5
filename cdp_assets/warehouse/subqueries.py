"""Keeping a step of a query apart, so that what it computes is computed once.

Ibis merges a selection with the one before it and writes the earlier expressions out wherever they are used; an engine
then computes them as often. Belongs here: what prevents that, for whole tables and for one value. Does not belong here:
any computation.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

import ibis
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


def in_steps(value: ir.StringValue, *steps: Callable[[ir.StringValue], ir.StringValue]) -> ir.StringValue:
    """What several steps make of a text, each of which may refer to it as often as it likes.

    Written out in one another, four steps that each refer to the one before four times are 256. Each is a function over
    a list of one instead, which takes longer than a plain expression: it is for texts that are the exception.

    Args:
        value: A text.
        steps: From text to text.
    """
    return reduce(lambda text, step: ibis.array([text]).map(step)[0], steps, value)


def _visit_kept_apart(self: Any, op: KeptApart, *, arg: Any) -> Any:
    return arg


SQLGlotCompiler.visit_KeptApart = _visit_kept_apart
