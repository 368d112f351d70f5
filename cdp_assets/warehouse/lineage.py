"""Where a column comes from: lineage read off the Ibis expression itself, without running or printing any SQL.

Belongs here: walking an expression's graph down to published tables, and what follows from that (a readable table, the
class of a value made of others). Does not belong here: Dagster's form of it (`assets.py`).

Lineage is of values: the columns whose values end up in a column. A column that merely filters, joins or sorts rows is
not among them; the keys of a window are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import ibis.expr.datatypes as dt
import ibis.expr.operations as ops
import ibis.expr.types as ir

from cdp_assets.canonical.schema import Pii

ColumnRef = tuple[str, str, str]
"""Stage, table, column."""

_STRENGTH = {Pii.NONE: 0, Pii.PSEUDONYM: 1, Pii.SENSITIVE: 2, Pii.DIRECT: 3}


def column_lineage(expression: ir.Table, origins: Mapping[str, ir.Table] | None = None) -> dict[str, set[ColumnRef]]:
    """Find the published columns that every column of an expression is made from.

    Args:
        expression: A table expression over published tables.
        origins: Name of each intermediate table → the expression it was computed from; lineage goes through them.
            Intermediates of unknown origin (computed in Python) end it.

    Returns:
        Column → set of (stage, table, column); empty where nothing published stands behind it (constants, counts of
        rows, values computed in Python).
    """
    walker = _Walker(origins or {})
    relation = expression.op()
    return {name: set(walker.of_column(relation, name)) for name in relation.schema.names}


def as_markdown(lineage: Mapping[str, Iterable[ColumnRef]]) -> str:
    """Lineage as a Markdown table, since the open-source UI does not draw it."""
    lines = ["| column | made from |", "|---|---|"]
    for column, sources in lineage.items():
        by_table: dict[str, list[str]] = {}
        for stage, table, name in sorted(sources):
            by_table.setdefault(f"{stage}.{table}", []).append(name)
        shown = "; ".join(f"{table}: {', '.join(names)}" for table, names in by_table.items()) or "—"
        lines.append(f"| `{column}` | {shown} |".replace("\n", " "))
    return "\n".join(lines)


def class_of_value(dtype: dt.DataType, classes: Iterable[Pii]) -> Pii:
    """The class of a value that is made of columns of these classes.

    A yes or no points at nobody, whatever it was asked of; a number made of text (a count, a length, a hash) is a
    pseudonym at most.
    """
    strongest = max(classes, key=_STRENGTH.__getitem__, default=Pii.NONE)
    if dtype.is_boolean():
        return Pii.NONE
    if dtype.is_numeric() and _STRENGTH[strongest] > _STRENGTH[Pii.PSEUDONYM]:
        return Pii.PSEUDONYM
    return strongest


class _Walker:
    def __init__(self, origins: Mapping[str, ir.Table]) -> None:
        self._origins = origins
        self._known: dict[tuple[ops.Relation, str], frozenset[ColumnRef]] = {}

    def of_column(self, relation: ops.Relation, name: str) -> frozenset[ColumnRef]:
        key = (relation, name)
        if key not in self._known:
            self._known[key] = self._find(relation, name)
        return self._known[key]

    def _find(self, relation: ops.Relation, name: str) -> frozenset[ColumnRef]:
        if isinstance(relation, ops.DatabaseTable):
            return self._of_table(relation, name)
        if isinstance(relation, ops.Set):
            return self.of_column(relation.left, name) | self.of_column(relation.right, name)
        if isinstance(relation, ops.SelfReference | ops.AliasedRelation):
            return self.of_column(relation.parent, name)
        if isinstance(relation, ops.TableUnnest) and name == relation.column_name:
            return self._of_value(relation.column)
        value = relation.values.get(name)
        return frozenset() if value is None else self._of_value(value)

    def _of_table(self, table: ops.DatabaseTable, name: str) -> frozenset[ColumnRef]:
        if table.name in self._origins:
            return self.of_column(self._origins[table.name].op(), name)
        if table.namespace.catalog == "temp":
            return frozenset()
        return frozenset({(str(table.namespace.database), table.name, name)})

    def _of_value(self, value: ops.Value) -> frozenset[ColumnRef]:
        found: set[ColumnRef] = set()
        for node in value.find((ops.Field, ops.ScalarSubquery), filter=ops.Value):
            if isinstance(node, ops.ScalarSubquery):
                found |= self.of_column(node.rel, node.rel.schema.names[0])
            else:
                found |= self.of_column(node.rel, node.name)
        return frozenset(found)
