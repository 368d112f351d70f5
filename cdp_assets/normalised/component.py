"""The YAML form of the reporting currency.

Belongs here: fields and their descriptions, as editors show them. Does not belong here: what they mean (`spec.py`).
"""

from functools import cached_property

import dagster as dg
from pydantic import ConfigDict, Field

from cdp_assets.normalised import spec


class Reporting(dg.Component, dg.Model, dg.Resolvable):
    """The currency that amounts are reported in, converted by the dated `exchange_rates` that a source delivers."""

    model_config = ConfigDict(extra="forbid", ignored_types=(cached_property,))

    currency: str = Field(default="EUR", description="ISO 4217 code of the reporting currency.")

    @cached_property
    def spec(self) -> spec.Reporting:
        """The reporting currency, checked."""
        return spec.Reporting(currency=self.currency)

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """Nothing of its own: the currency is used by the canonical tables of money (`assets.py`)."""
        return dg.Definitions()
