"""Putting tables of equal columns on top of one another.

Belongs here: `stack`. Does not belong here: anything about identity.
"""

from __future__ import annotations

from functools import reduce

import ibis.expr.types as ir

from cdp_assets.canonical.schema import INSTANT


def stack(first: ir.Table, *others: ir.Table) -> ir.Table:
    """All rows of some tables, in the column order of the first.

    Instants are brought to one type: an engine may report a precision that expressions do not have.
    """
    return reduce(lambda top, bottom: top.union(bottom), [_typed(table, first.columns) for table in (first, *others)])


def _typed(table: ir.Table, columns: tuple[str, ...]) -> ir.Table:
    return table.select(
        **{name: table[name].cast(INSTANT) if table[name].type().is_timestamp() else table[name] for name in columns}
    )
