"""The YAML form of a segment.

Belongs here: fields and their descriptions, as editors show them. Does not belong here: what they mean (`spec.py`).
"""

from datetime import UTC, datetime
from functools import cached_property
from typing import Annotated, Any

import dagster as dg
from pydantic import ConfigDict, Field

from cdp_assets.attributes.schemas import CUSTOMER_360
from cdp_assets.canonical.schema import TableSchema
from cdp_assets.segments.lists import normalised
from cdp_assets.segments.spec import SegmentError, SegmentSpec, SegmentTest
from cdp_assets.warehouse.expressions import nearest
from cdp_assets.warehouse.sql_fields import OptionalSql

Given = Annotated[dict[str, Any], dg.Resolver(lambda _context, written: written, model_field_type=dict[str, Any])]
"""Values of columns, as written."""


class Test(dg.Model, dg.Resolvable):
    """A row, and whether such a person is in."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(description="What it shows, in a sentence.")
    given: Given = Field(description="Columns of `customer_360` with their values; the others are empty.")
    member: bool = Field(description="Whether such a person is in.")
    as_of: str | None = Field(default=None, description="The instant, for conditions that ask for it.")

    def checked(self, customer: TableSchema) -> SegmentTest:
        """The test, with its columns checked."""
        for column in self.given:
            if column not in customer.column_names:
                hint = nearest(column, customer.column_names)
                raise SegmentError(f"tests: `{self.name}` gives `{column}`, which is no column; {hint}")
        try:
            instant = datetime.fromisoformat(self.as_of) if self.as_of else None
        except ValueError:
            raise SegmentError(f"tests: `{self.name}`: as_of is no instant; write 2026-06-30T00:00:00Z") from None
        if instant is not None and instant.tzinfo is None:
            instant = instant.replace(tzinfo=UTC)
        return SegmentTest(self.name, dict(self.given), self.member, instant)


class Segment(dg.Component, dg.Model, dg.Resolvable):
    """People for whom a condition over their row in `customer_360` is true."""

    model_config = ConfigDict(extra="forbid", ignored_types=(cached_property,))

    name: str = Field(description="Lower case with underscores; names the asset.")
    description: str = Field(description="Whom it is meant to hold, in a sentence.")
    owner: str = Field(description="Who answers for it: `team:…` or an e-mail address.")
    where: OptionalSql = Field(
        default=None,
        description="SQL condition over `customer_360`, e.g. `orders > 2 and last_order_at > as_of - interval 90 day`.",
    )
    all_of: list[str] = Field(default=[], description="Segments that all have to hold as well.")
    any_of: list[str] = Field(default=[], description="Segments of which one has to hold as well.")
    none_of: list[str] = Field(default=[], description="Segments of which none may hold.")
    include: list[int | str] = Field(
        default=[],
        description="Who is in whatever the conditions say: e-mail addresses, phone numbers with `+`, profile ids.",
    )
    exclude: list[int | str] = Field(
        default=[],
        description="Who is out whatever the conditions say: e-mail addresses, phone numbers with `+`, profile ids.",
    )
    sample: float | None = Field(default=None, description="Share that is in, 0 to 1; always the same people.")
    tests: list[Test] = Field(default=[], description="Small examples, run by `cdp test`.")
    minimum: float | None = Field(default=None, description="Smallest plausible share of all profiles, 0 to 1.")
    maximum: float | None = Field(default=None, description="Largest plausible share of all profiles, 0 to 1.")

    @cached_property
    def spec(self) -> SegmentSpec:
        """The segment, with its condition checked against the columns that `customer_360` always has."""
        return self.spec_over(CUSTOMER_360)

    def spec_over(self, customer: TableSchema) -> SegmentSpec:
        """The segment, with its condition checked against `customer_360` as it will be, traits included."""
        spec = SegmentSpec(
            name=self.name,
            where=(self.where or "").strip(),
            description=self.description,
            owner=self.owner,
            minimum=self.minimum,
            maximum=self.maximum,
            all_of=tuple(self.all_of),
            any_of=tuple(self.any_of),
            none_of=tuple(self.none_of),
            include=tuple(normalised("include", each) for each in self.include),
            exclude=tuple(normalised("exclude", each) for each in self.exclude),
            sample=self.sample,
            tests=tuple(test.checked(customer) for test in self.tests),
        )
        spec.plain.condition(customer)
        return spec

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """Nothing of its own: all segments are evaluated together (`assets.py`)."""
        return dg.Definitions()
