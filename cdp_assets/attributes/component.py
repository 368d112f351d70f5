"""The YAML form of a trait.

Belongs here: fields and their descriptions, as editors show them. Does not belong here: what they mean
(`trait_spec.py`).
"""

from functools import cached_property
from typing import Any

import dagster as dg
from pydantic import BaseModel, ConfigDict, Field

from cdp_assets.attributes.trait_spec import TraitSpec
from cdp_assets.warehouse.sql_fields import OptionalSql


class TraitTest(BaseModel, dg.Resolvable):
    """A few facts of one profile, and what is to come out of them."""

    model_config = ConfigDict(extra="forbid")

    as_of: str = Field(description="The instant of the run, ISO 8601 with a zone, in quotes.")
    rows: dict[str, list[dict[str, Any]]] = Field(
        description="Table → facts of the profile; columns that are not given are null."
    )
    expect: Any = Field(description="The value of the trait.")


class Trait(dg.Component, dg.Model, dg.Resolvable):
    """A figure about every profile: made of one table of facts, or of other traits."""

    model_config = ConfigDict(extra="forbid", ignored_types=(cached_property,))

    name: str = Field(description="Lower case with underscores; names the column in `traits` and `customer_360`.")
    description: str = Field(description="What it says of a profile, in a sentence.")
    table: str = Field(default="", description="The table of facts: events, orders, order_lines, tickets …")
    aggregate: str = Field(
        default="",
        description="count, sum, average, min, max, first, last, distinct, days_since, most_frequent or top.",
    )
    of: OptionalSql = Field(
        default=None, description="SQL expression over the columns of the table; not for count and days_since."
    )
    weight: OptionalSql = Field(
        default=None, description="For most_frequent and top: what a fact counts for, e.g. `amount`; 1 if absent."
    )
    where: OptionalSql = Field(default=None, description="SQL condition; other facts do not count.")
    days: int | None = Field(default=None, description="Only facts of so many days, ending with the day of the run.")
    top: int = Field(default=3, description="For top: how many values, the highest first.")
    expression: OptionalSql = Field(
        default=None, description="Instead of a table: SQL expression over traits that are made of tables."
    )
    unit: str | None = Field(default=None, description="Unit of a number: days, orders …")
    tests: list[TraitTest] = Field(default_factory=list, description="Small tables and what is to come out.")

    @cached_property
    def spec(self) -> TraitSpec:
        """The trait, with its expressions checked; those over other traits once all are known."""
        spec = TraitSpec(
            name=self.name,
            description=self.description,
            table=self.table,
            aggregate=self.aggregate,
            of=self.of or "",
            weight=self.weight or "",
            where=self.where or "",
            days=self.days,
            top=self.top,
            expression=self.expression or "",
            unit=self.unit,
            tests=tuple(test.model_dump() for test in self.tests),
        )
        if not spec.composed:
            spec.column()
        return spec

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """Nothing of its own: all traits are computed together (`assets.py`)."""
        return dg.Definitions()
