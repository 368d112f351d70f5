"""The YAML form of the rules of identity.

Belongs here: fields and their descriptions, as editors show them. Does not belong here: what they mean (`spec.py`).
"""

from functools import cached_property
from typing import Literal

import dagster as dg
from pydantic import ConfigDict, Field

from cdp_assets.identity import spec as rules
from cdp_assets.identity.spec import DEFAULT_IDENTIFIERS, IdentifierRule, Kind, LinkageRules, RulesError


class IdentifierType(dg.Model, dg.Resolvable):
    """How one type of identifier is treated; what is left out is as in the defaults of that type."""

    model_config = ConfigDict(extra="forbid")

    type: str = Field(description="The identifier type, as sources name it, e.g. `loyalty_number`.")
    kind: Literal["personal", "shareable", "device"] | None = Field(
        default=None,
        description="`personal`: links by itself; `shareable`: links unless something contradicts; `device`: never "
        "links people. Needed for a type that has no defaults.",
    )
    limit: int | None = Field(default=None, description="Most different values, per namespace, in one profile.")
    unlimited: bool = Field(default=False, description="True: any number of values, whatever the default.")
    hub: int | None = Field(
        default=None, description="A value seen with more different names, or birth dates, than this is nobody's."
    )
    strength: float | None = Field(default=None, description="Weight of a link by this type alone, above 0 to 1.")
    recycled_after_days: int | None = Field(
        default=None, description="Days without use after which a value may have passed to somebody else."
    )

    def rule(self) -> IdentifierRule:
        """The rule in plain form.

        Raises:
            RulesError: if the type has no defaults and no kind is given, or the values contradict one another.
        """
        default = DEFAULT_IDENTIFIERS.get(self.type)
        if self.kind is not None:
            kind = Kind(self.kind)
        elif default is not None:
            kind = default.kind
        else:
            raise RulesError(f"identifiers.{self.type}: a type of your own needs a `kind`")
        base = default if default is not None and default.kind is kind else IdentifierRule(kind)
        if self.unlimited and self.limit is not None:
            raise RulesError(f"identifiers.{self.type}: `limit` and `unlimited` exclude one another")
        try:
            return IdentifierRule(
                kind=kind,
                limit=None if self.unlimited else base.limit if self.limit is None else self.limit,
                hub=base.hub if self.hub is None else self.hub,
                strength=base.strength if self.strength is None else self.strength,
                recycled_after_days=(
                    base.recycled_after_days if self.recycled_after_days is None else self.recycled_after_days
                ),
            )
        except RulesError as error:
            raise RulesError(f"identifiers.{self.type}: {error}") from None


class ChangeGuard(dg.Model, dg.Resolvable):
    """How many known profiles one run may merge or split before somebody has to look first."""

    model_config = ConfigDict(extra="forbid")

    share: float = Field(
        default=0.05,
        description="A run that merges or splits more than this share of the known profiles is not published until "
        "somebody confirms it (`cdp plan` shows it). 1 for never.",
    )
    minimum: int = Field(default=20, description="So many always pass, whatever their share.")


class Linkage(dg.Model, dg.Resolvable):
    """How far profiles that share no identifier are joined because they look alike."""

    model_config = ConfigDict(extra="forbid")

    enabled: bool = Field(default=True, description="Whether profiles are compared at all.")
    auto_weight: float = Field(
        default=0.0,
        description="Groups of records are joined from this weight on: bits, as the mean over all pairs of what their "
        "records say of the person. Half a bit is added for each doubling of their number above 100,000.",
    )
    most_wrong: float | None = Field(
        default=None,
        description="A target instead: the share of joins that may be wrong, such as 0.001. Joining then starts at the "
        "lowest weight at which the model expects no more, and never below `auto_weight`.",
    )
    review_weight: float = Field(default=-4.0, description="From this weight on a steward is asked.")
    most_reviewed: int = Field(default=10_000, description="No more pairs than this wait for a steward.")
    generation: int = Field(default=1, description="Raise it to have the model trained anew.")

    def rules(self) -> LinkageRules:
        """In plain form.

        Raises:
            RulesError: if the values contradict one another.
        """
        try:
            return LinkageRules(**self.model_dump())
        except RulesError as error:
            raise RulesError(f"linkage.{error}") from error


class IdentityRules(dg.Component, dg.Model, dg.Resolvable):
    """Which identifiers there are, and how far each is to be trusted."""

    model_config = ConfigDict(extra="forbid", ignored_types=(cached_property,))

    identifiers: list[IdentifierType] = Field(
        default_factory=list, description="Types that are treated otherwise than by default, or that are your own."
    )
    placeholders: list[str] = Field(
        default_factory=list,
        description="More values that stand for 'nothing known', in lower case; of e-mails the part before the @.",
    )
    largest_rebuild: int = Field(
        default=200_000,
        description="Components of more groups of records than this are not rebuilt link by link; what people share is "
        "refused there.",
    )
    linkage: Linkage = Field(
        default_factory=Linkage, description="How far profiles are joined because they look alike."
    )
    change_guard: ChangeGuard | None = Field(
        default=None, description="What stops a run that would merge or split far more profiles than is usual."
    )

    @cached_property
    def spec(self) -> rules.IdentityRules:
        """The rules, checked."""
        names = [given.type for given in self.identifiers]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise RulesError(f"identifiers.{twice[0]}: is there twice")
        return rules.IdentityRules.extended(
            {given.type: given.rule() for given in self.identifiers},
            self.placeholders,
            linkage=self.linkage.rules(),
            largest_rebuild=self.largest_rebuild,
            change_guard=rules.ChangeGuard(**(self.change_guard or ChangeGuard()).model_dump()),
        )

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """Nothing of its own: identity is resolved as a whole (`assets.py`)."""
        return dg.Definitions()
