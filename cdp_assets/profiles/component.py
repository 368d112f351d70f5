"""The YAML form of the rules of survivorship.

Belongs here: fields and their descriptions, as editors show them. Does not belong here: what they mean (`spec.py`).
"""

from functools import cached_property

import dagster as dg
from pydantic import ConfigDict, Field

from cdp_assets.profiles.spec import STRATEGIES, Group, SurvivorshipRules

_STRATEGIES = "; ".join(f"`{name}`: {meaning}" for name, meaning in STRATEGIES.items())


class SurvivorshipGroup(dg.Model, dg.Resolvable):
    """Attributes that survive together, from one record."""

    model_config = ConfigDict(extra="forbid")

    attributes: list[str] = Field(description="Columns of `golden_records`; the address only as a whole.")
    strategies: list[str] = Field(
        description=f"Tried in order; the next one decides where the one before calls it even. {_STRATEGIES}."
    )
    name: str | None = Field(default=None, description="How the group is called; its first attribute if left out.")

    def group(self) -> Group:
        """The group in plain form."""
        return Group(
            self.name or next(iter(self.attributes), "unnamed"), tuple(self.attributes), tuple(self.strategies)
        )


class Survivorship(dg.Component, dg.Model, dg.Resolvable):
    """Which of several values of an attribute becomes the golden one."""

    model_config = ConfigDict(extra="forbid", ignored_types=(cached_property,))

    sources: list[str] = Field(
        default_factory=list, description="Source systems, the most trusted first; for `source_priority`."
    )
    groups: list[SurvivorshipGroup] = Field(
        default_factory=list, description="Rules for some attributes; all others survive by sensible defaults."
    )

    @cached_property
    def spec(self) -> SurvivorshipRules:
        """The rules, checked."""
        return SurvivorshipRules.with_defaults(self.sources, [group.group() for group in self.groups])

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """Nothing of its own: the golden records are one asset (`assets.py`)."""
        return dg.Definitions()
