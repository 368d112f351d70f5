"""Putting tables of equal columns on top of one another, and cutting them down to some records.

Belongs here: `stack`, `stacked`, `restricted`, `patched`, `contents`, `without_equal`. Does not belong here: anything
about identity.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis.expr.types as ir

from cdp_assets.canonical.schema import INSTANT
from cdp_assets.warehouse.built import Patch
from cdp_assets.warehouse.engine import empty
from cdp_assets.warehouse.operations import quick_hash

if TYPE_CHECKING:
    from collections.abc import Sequence

    import ibis.expr.schema as sch

    from cdp_assets.warehouse.engine import Engine


def stack(first: ir.Table, *others: ir.Table) -> ir.Table:
    """All rows of some tables, in the column order of the first.

    Instants are brought to one type: an engine may report a precision that expressions do not have.
    """
    tables = [_typed(table, first.columns) for table in (first, *others)]
    # Two by two: a statement in which each of many tables stands below the one before is too deep to be written.
    while len(tables) > 1:
        odd = tables[len(tables) // 2 * 2 :]
        tables = [top.union(bottom) for top, bottom in zip(tables[::2], tables[1::2], strict=False)] + odd
    return tables[0]


def stacked(parts: Sequence[ir.Table], schema: sch.Schema, engine: Engine) -> ir.Table:
    """All rows of some tables of one schema; empty and typed if there are none."""
    return stack(*parts) if parts else empty(schema, engine)


def restricted(table: ir.Table, records: ir.Table | None, key: str = "record_id") -> ir.Table:
    """The rows of a table whose ``key`` is among that of ``records``; all of them if that is None."""
    return table if records is None else table.semi_join(_sought(records, key), key)


def _sought(ids: ir.Table, key: str) -> ir.Table:
    """The same ids under a condition that all of them meet.

    DuckDB takes a Bloom filter of the ids along when it reads the table, and so passes over most of its other columns,
    only where what is looked for has a condition: it takes that for a sign that few are (`build_side_has_filter` in its
    `JoinFilterPushdownInfo`). Looking up one percent of ten million rows takes a third less time that way.
    """
    return ids.filter((ids[key] & 1) >= 0) if ids[key].type().is_integer() else ids


def patched(table: ir.Table, patch: Patch) -> ir.Table:
    """A table as it is after a patch."""
    columns = table.columns
    return stack(table.anti_join(patch.gone, list(patch.columns)).select(columns), patch.rows.select(columns))


def contents(rows: ir.Table, key: Sequence[str]) -> ir.Table:
    """Some columns of rows, and all that each says as one number, ``content``: compared in a tenth of the time."""
    return rows.select(*key, content=quick_hash(*(rows[name] for name in rows.columns)))


def without_equal(patch: Patch, standing: ir.Table, engine: Engine) -> Patch:
    """A patch that leaves alone what it would not change: keys whose rows are the same before and after.

    Args:
        patch: A patch of a table whose rows differ from one another.
        standing: All rows of the table that it replaces, and maybe others of keys that it does not bring.
        engine: Computes.
    """
    key = list(patch.columns)
    going, coming = (
        contents(rows, key)
        for rows in (_typed(some, patch.rows.columns) for some in (standing.semi_join(patch.gone, key), patch.rows))
    )
    both = [*key, "content"]
    differing = [going.anti_join(coming, both).select(key), coming.anti_join(going, both).select(key)]
    gone = engine.scratch(stack(*differing).distinct())
    return Patch(patch.key, gone, engine.scratch(patch.rows.semi_join(gone, key)))


def _typed(table: ir.Table, columns: tuple[str, ...]) -> ir.Table:
    return table.select(
        **{name: table[name].cast(INSTANT) if table[name].type().is_timestamp() else table[name] for name in columns}
    )
