"""The YAML form of a segment.

Belongs here: fields and their descriptions, as editors show them. Does not belong here: what they mean (`spec.py`).
"""

from functools import cached_property

import dagster as dg
from pydantic import ConfigDict, Field

from cdp_assets.attributes.schemas import CUSTOMER_360
from cdp_assets.canonical.schema import TableSchema
from cdp_assets.segments.spec import SegmentSpec
from cdp_assets.warehouse.sql_fields import Sql


class Segment(dg.Component, dg.Model, dg.Resolvable):
    """People for whom a condition over their row in `customer_360` is true."""

    model_config = ConfigDict(extra="forbid", ignored_types=(cached_property,))

    name: str = Field(description="Lower case with underscores; names the asset.")
    description: str = Field(description="Whom it is meant to hold, in a sentence.")
    owner: str = Field(description="Who answers for it: `team:…` or an e-mail address.")
    where: Sql = Field(
        description="SQL condition over `customer_360`, e.g. `orders > 2 and last_order_at > as_of - interval 90 day`."
    )
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
            where=self.where,
            description=self.description,
            owner=self.owner,
            minimum=self.minimum,
            maximum=self.maximum,
        )
        spec.condition(customer)
        return spec

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """Nothing of its own: all segments are evaluated together (`assets.py`)."""
        return dg.Definitions()
