"""What a table is made of: columns with their type, unit, PII class and description.

Belongs here: the vocabulary for describing a table, for canonical tables and for every other asset alike.
Does not belong here: any table itself (`tables.py`, or the `schemas.py` of a stage), and anything that reads data.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property

import ibis.expr.datatypes as dt
import ibis.expr.schema as sch

MONEY = "decimal(18, 2)"
"""Amounts of money: exact, with their currency in a column beside them."""

INSTANT = "timestamp('UTC')"
"""Points in time: always UTC."""


class Pii(StrEnum):
    """How closely a value points at a person. Lineage carries the class downstream; previews mask all but NONE."""

    NONE = "none"
    PSEUDONYM = "pseudonym"  # an id that means nothing outside this platform
    DIRECT = "direct"  # names a person or reaches them: e-mail, phone, name, address
    SENSITIVE = "sensitive"  # free text and anything whose content is unknown


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Args:
        name: Column name, snake_case.
        type: Ibis type string, e.g. ``"int64"``, ``"string"``, `MONEY` or `INSTANT`.
        description: One sentence for people; ends up in the Dagster UI and the data dictionary.
        unit: Unit of a number ("days", "share 0..1", the name of the currency column …), else None.
        pii: How closely the value points at a person.
        required: Whether null is forbidden. Becomes a blocking data-quality check.
        source: Where a value that is only passed on comes from: ``stage.table.column``, or the table it is made of.
        one_of: The values there can be, of a text of few and known ones. What a published table holds besides stays.
    """

    name: str
    type: str
    description: str
    unit: str | None = None
    pii: Pii = Pii.NONE
    required: bool = False
    source: str | None = None
    one_of: tuple[str, ...] = ()

    @property
    def dtype(self) -> dt.DataType:
        return dt.dtype(self.type)


@dataclass(frozen=True)
class TableSchema:
    """The documented shape of one table.

    Args:
        name: Table name, also the last part of the asset key.
        description: What one row is, and what the table promises.
        columns: Its columns in order.
        key: Columns that together identify a row; unique and non-null. Empty if rows have no key.
        event_time: The column that says when the row's fact happened, for tables of facts.
    """

    name: str
    description: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    event_time: str | None = None

    def __post_init__(self) -> None:
        unknown = set(self.key) - set(self.column_names)
        if unknown:
            raise ValueError(f"{self.name}: key names unknown columns {sorted(unknown)}")

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    @cached_property
    def ibis_schema(self) -> sch.Schema:
        return sch.Schema({column.name: column.dtype for column in self.columns})

    def column(self, name: str) -> Column:
        """Return the column called ``name``.

        Raises:
            KeyError: if there is none.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.name} has no column {name!r}; it has {', '.join(self.column_names)}")

    def extended(self, *columns: Column) -> TableSchema:
        """This schema with more columns at its end."""
        return replace(self, columns=self.columns + columns)
