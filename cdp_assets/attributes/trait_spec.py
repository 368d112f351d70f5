"""What a trait is: one figure about a profile, from one table of facts or from other traits.

Belongs here: the plain description and what makes one valid. Does not belong here: its YAML form (`component.py`), and
computing it (`traits.py`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import ibis
import ibis.expr.datatypes as dt
import sqlglot.expressions as sge

from cdp_assets.canonical import tables
from cdp_assets.canonical.schema import Column, Pii, TableSchema
from cdp_assets.warehouse.expressions import CheckedExpression, ExpressionError, check
from cdp_assets.warehouse.sql_parsing import nearest, parsed

FACTS: Mapping[str, TableSchema] = {
    schema.name: schema
    for schema in (
        tables.EVENTS, tables.ORDERS, tables.ORDER_LINES, tables.REFUNDS, tables.SUBSCRIPTIONS, tables.LOYALTY,
        tables.ENGAGEMENTS, tables.INTERACTIONS, tables.TICKETS, tables.SURVEY_RESPONSES,
    )
}  # fmt: skip
"""Tables that traits can be made of."""

PLAIN = ("count", "sum", "average", "min", "max", "first", "last", "distinct", "days_since")
RANKED = ("most_frequent", "top")
AGGREGATES = (*PLAIN, *RANKED)
_OF_NOTHING = ("count", "days_since")
_NUMERIC = ("sum", "average")

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_LONGEST_NAME = 60
_PII_ORDER = (Pii.NONE, Pii.PSEUDONYM, Pii.DIRECT, Pii.SENSITIVE)


class TraitError(ValueError):
    """A trait's definition cannot be used; the message begins with the attribute at fault."""


@dataclass(frozen=True)
class TraitSpec:
    """One trait.

    Args:
        name: Its name; also its column in `traits` and `customer_360`.
        description: What it says of a profile, for people.
        table: The table of facts; empty for a composed trait.
        aggregate: One of `AGGREGATES`.
        of: SQL expression over the table's columns that is aggregated; for `most_frequent` and `top` what is ranked.
        weight: For those two: what a fact counts for (1 if empty), e.g. ``amount`` for a favourite by spend.
        where: SQL condition; facts for which it is not true do not count.
        days: Whole UTC days, ending with the run's, whose facts count; None for all.
        top: For `top`: how many.
        expression: For a composed trait: SQL expression over other traits that are not composed.
        unit: Unit of a number.
        tests: Small tables and what is to come out (`traits.failures`).
    """

    name: str
    description: str
    table: str = ""
    aggregate: str = ""
    of: str = ""
    weight: str = ""
    where: str = ""
    days: int | None = None
    top: int = 3
    expression: str = ""
    unit: str | None = None
    tests: Sequence[Mapping[str, Any]] = field(default=(), hash=False)

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name) or len(self.name) > _LONGEST_NAME:
            raise TraitError(
                f"name: `{self.name}` must be lower case letters and digits with single underscores, such as "
                f"`shoe_views_7d`, and at most {_LONGEST_NAME} characters"
            )
        if bool(self.expression) == bool(self.table):
            raise TraitError("table: a trait has either a table with an aggregate, or an expression over other traits")
        self._check_tests()
        if self.expression:
            return
        if self.table not in FACTS:
            raise TraitError(f"table: `{self.table}` is no table of facts; there are {', '.join(sorted(FACTS))}")
        if self.aggregate not in AGGREGATES:
            raise TraitError(f"aggregate: `{self.aggregate}` is unknown; there are {', '.join(AGGREGATES)}")
        if bool(self.of) == (self.aggregate in _OF_NOTHING):
            problem = "takes no `of`" if self.of else "needs `of`: an expression over the columns of its table"
            raise TraitError(f"of: {self.aggregate} {problem}")
        if self.days is not None and self.days < 1:
            raise TraitError(f"days: {self.days} is no number of days")
        if self.top < 1:
            raise TraitError(f"top: {self.top} is no number of values")

    def _check_tests(self) -> None:
        for table, rows in ((table, rows) for test in self.tests for table, rows in test["rows"].items()):
            if table not in FACTS:
                raise TraitError(f"tests: `{table}` is no table of facts; {nearest(table, sorted(FACTS))}")
            columns = ("profile_id", *FACTS[table].column_names)
            for name in (name for row in rows for name in row if name not in columns):
                raise TraitError(f"tests: `{name}` is no column of `{table}`; {nearest(name, columns)}")

    @property
    def composed(self) -> bool:
        return bool(self.expression)

    @property
    def facts(self) -> TableSchema:
        return FACTS[self.table]

    def column(self, simple: Sequence[Column] = ()) -> Column:
        """The trait's column, with every expression checked.

        Args:
            simple: For a composed trait: the columns of the traits that are not composed.

        Raises:
            ExpressionError: if an expression does not fit the table, or reads what must not decide anything.
        """
        if self.composed:
            checked = check(self.expression, ibis.schema({column.name: column.dtype for column in simple}),
                            where="expression", as_of=True)  # fmt: skip
            known = {column.name: column.pii for column in simple}
            return self._column(_stored(checked.dtype), [known[name] for name in checked.columns])
        schema = self.facts
        read: list[str] = []
        value = self._checked(self.of, "of", read) if self.of else None
        if self.where and not self._checked(self.where, "where", read).dtype.is_boolean():
            raise ExpressionError("a condition is true or false; compare it with something", self.where, where="where")
        if self.weight and not self._checked(self.weight, "weight", read).dtype.is_numeric():
            raise ExpressionError("a weight is a number", self.weight, where="weight")
        classes = [schema.column(name).pii for name in read]
        return self._column(self._dtype(value.dtype if value else dt.int64), classes)

    def _checked(self, sql: str, attribute: str, read: list[str]) -> CheckedExpression:
        checked = check(sql, self.facts.ibis_schema, where=attribute, as_of=True)
        for name in checked.columns:
            if self.facts.column(name).pii is Pii.SENSITIVE and self.facts.column(name).dtype.is_string():
                raise ExpressionError(f"column `{name}` is sensitive; nothing may be made of it", sql, where=attribute)
        read.extend(checked.columns)
        return checked

    def _dtype(self, value: dt.DataType) -> dt.DataType:
        if self.aggregate in _NUMERIC and not value.is_numeric():
            raise ExpressionError(f"{self.aggregate} needs a number, and this is a {value}", self.of, where="of")
        if self.aggregate in ("count", "distinct", "days_since"):
            return dt.int64
        if self.aggregate in RANKED:
            return dt.string
        if self.aggregate in _NUMERIC:
            return dt.float64
        return _stored(value)

    def _column(self, dtype: dt.DataType, classes: Sequence[Pii]) -> Column:
        pii = max(classes, key=_PII_ORDER.index, default=Pii.NONE)
        name = "timestamp('UTC')" if dtype.is_timestamp() else str(dtype)
        return Column(
            self.name,
            name,
            self.description.rstrip(".") + ".",
            unit=self.unit,
            pii=pii,
            required=self.aggregate == "count",
            source="attributes.traits" if self.composed else f"normalised.{self.table}",
        )


def check_reads(spec: TraitSpec, composed: Mapping[str, TraitSpec]) -> None:
    """Refuse a composed trait that reads others of its kind.

    Args:
        spec: The trait.
        composed: All composed traits by name.

    Raises:
        TraitError: if it does, and whether they name each other in a circle.
        ExpressionError: if the expression of one of them cannot be read.
    """
    read = _read_of(spec, composed)
    if not read:
        return
    if circle := _circle([spec.name], composed):
        raise TraitError(f"expression: traits name each other in a circle: {' → '.join(circle)}")
    raise TraitError(f"expression: `{read[0]}` is made of other traits itself, and may not be read by one that is, too")


def _read_of(spec: TraitSpec, composed: Mapping[str, TraitSpec]) -> list[str]:
    named = (column.name for column in parsed(spec.expression).find_all(sge.Column))
    return [name for name in dict.fromkeys(named) if name in composed]


def _circle(above: list[str], composed: Mapping[str, TraitSpec]) -> list[str]:
    """The way from the first of some traits, each of which reads the next, back to it; empty if there is none."""
    for name in _read_of(composed[above[-1]], composed):
        if name == above[0]:
            return [*above, name]
        if name not in above and (found := _circle([*above, name], composed)):
            return found
    return []


def _stored(dtype: dt.DataType) -> dt.DataType:
    """The type a value is kept in: whole numbers and floats in their widest."""
    if dtype.is_integer():
        return dt.int64
    if dtype.is_decimal() or dtype.is_floating():
        return dt.float64
    return dtype(nullable=True)
