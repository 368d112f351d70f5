"""The rules of survivorship: which of several values of an attribute becomes the golden one.

Belongs here: the plain description of the rules, their defaults, and what makes them valid. Does not belong here: their
YAML form (`component.py`) and anything that applies them (`survivorship.py`).
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from cdp_assets.canonical.tables import CONTACT_VALUES
from cdp_assets.profiles.schemas import ADDRESS_PARTS, ATTRIBUTES, POINTS

STRATEGIES = {
    "reachable_first": "contact points that have not bounced, complained or proved invalid, before those that have",
    "verified_first": "contact points that a source has verified, before all others",
    "source_priority": "the source that comes first in the list of sources; unlisted ones last",
    "most_recently_changed": "the value that changed last (a delivery that repeats an old value is no change)",
    "most_frequent": "the value that most of the profile's records agree on, whatever the case of its letters",
    "most_complete": "the group with the most parts filled; of single values the longest",
}
"""Name → what it prefers."""

FOR_CONTACT_POINTS = ("reachable_first", "verified_first")
"""Strategies that say nothing about attributes of a contact."""

_ADDRESS = tuple(ADDRESS_PARTS)


class SurvivorshipError(ValueError):
    """Rules of survivorship cannot be used; the message says what to change."""


@dataclass(frozen=True)
class Group:
    """Attributes that survive together, from one record, by the same strategies; mostly just one attribute.

    Args:
        name: How the group is called.
        attributes: Columns of `golden_records`.
        strategies: Tried in order; the next one decides only where the one before calls it even.
    """

    name: str
    attributes: tuple[str, ...]
    strategies: tuple[str, ...]

    @property
    def of_contacts(self) -> bool:
        """Whether its values come from `contacts` (otherwise from `contact_points`)."""
        return self.attributes[0] in CONTACT_VALUES


_DEFAULT_STRATEGIES = ("source_priority", "most_recently_changed", "most_frequent")
_DEFAULT_PUSH_STRATEGIES = ("reachable_first", "most_recently_changed", "most_frequent")
_DEFAULT_POINT_STRATEGIES = ("reachable_first", "verified_first", "most_recently_changed", "most_frequent")

DEFAULT_GROUPS = (
    # Sources that know a name in one piece only would otherwise cost the given name by which one is greeted.
    Group("name", ("full_name", "given_name", "family_name"), ("most_complete", *_DEFAULT_STRATEGIES)),
    *(
        Group(name, (name,), _DEFAULT_STRATEGIES)
        for name in CONTACT_VALUES
        if name not in ("full_name", "given_name", "family_name")
    ),
    Group("email", ("email",), _DEFAULT_POINT_STRATEGIES),
    Group("phone", ("phone",), _DEFAULT_POINT_STRATEGIES),
    # What a device was given last is the one that works.
    *(Group(name, (name,), _DEFAULT_PUSH_STRATEGIES) for name in ("push_token", "push_subscription")),
    Group("address", _ADDRESS, (*_DEFAULT_POINT_STRATEGIES, "most_complete")),
)
"""What holds for attributes that no rule names."""


@dataclass(frozen=True)
class SurvivorshipRules:
    """Which value of each attribute survives.

    Args:
        sources: Source systems, the most trusted first; for ``source_priority``.
        groups: Every attribute in exactly one group. Use `with_defaults` to name only those that differ.
    """

    sources: tuple[str, ...] = ()
    groups: tuple[Group, ...] = DEFAULT_GROUPS

    def __post_init__(self) -> None:
        _no_repetition("source", self.sources)
        _no_repetition("group", [group.name for group in self.groups])
        _no_repetition("attribute", [name for group in self.groups for name in group.attributes])
        for group in self.groups:
            _check(group)
        missing = set(ATTRIBUTES) - {name for group in self.groups for name in group.attributes}
        if missing:
            raise SurvivorshipError(f"no group has the attributes {', '.join(sorted(missing))}")

    @classmethod
    def with_defaults(cls, sources: Iterable[str] = (), groups: Iterable[Group] = ()) -> SurvivorshipRules:
        """Rules for some attributes; the rest by `DEFAULT_GROUPS`, of which a rule that names a part dissolves the
        group.
        """
        given = tuple(groups)
        named = {name for group in given for name in group.attributes}
        rest: list[Group] = []
        for group in DEFAULT_GROUPS:
            if not named & set(group.attributes):
                rest.append(group)
            elif group.of_contacts:
                left = [name for name in group.attributes if name not in named]
                rest.extend(Group(name, (name,), group.strategies) for name in left)
        return cls(tuple(sources), (*given, *rest))

    def check_sources(self, existing: Collection[str]) -> None:
        """Make sure that every source of the rules exists.

        Raises:
            SurvivorshipError: naming the first that does not.
        """
        for source in self.sources:
            if source not in existing:
                raise SurvivorshipError(f"there is no source {source!r}{_nearest(source, tuple(sorted(existing)))}")

    def as_markdown(self) -> str:
        """The rules as a table for people."""
        lines = [f"| {', '.join(group.attributes)} | {', then '.join(group.strategies)} |" for group in self.groups]
        order = f"\n\nSources, the most trusted first: {', '.join(self.sources)}." if self.sources else ""
        return "\n".join(("| attributes | decided by |", "|---|---|", *lines)) + order


def _check(group: Group) -> None:
    if not group.attributes:
        raise SurvivorshipError(f"group {group.name!r} names no attributes")
    for name in group.attributes:
        if name not in ATTRIBUTES:
            raise SurvivorshipError(f"there is no attribute {name!r}{_nearest(name, ATTRIBUTES)}")
    contacts = [name for name in group.attributes if name in CONTACT_VALUES]
    if contacts and len(contacts) < len(group.attributes):
        raise SurvivorshipError(
            f"group {group.name!r} mixes attributes of a contact ({', '.join(contacts)}) with contact points, which "
            "are held per address or number: make them separate groups"
        )
    one_point = len(group.attributes) == 1 and group.attributes[0] in POINTS
    if not contacts and set(group.attributes) != set(_ADDRESS) and not one_point:
        raise SurvivorshipError(
            f"group {group.name!r} has {', '.join(group.attributes)}; contact points survive as one of "
            f"{', '.join(POINTS)}, or as the whole address: {', '.join(_ADDRESS)}"
        )
    if not group.strategies:
        raise SurvivorshipError(f"group {group.name!r} names no strategies; there are {', '.join(STRATEGIES)}")
    _no_repetition(f"strategy of group {group.name!r}", group.strategies)
    for strategy in group.strategies:
        if strategy not in STRATEGIES:
            raise SurvivorshipError(f"there is no strategy {strategy!r}{_nearest(strategy, tuple(STRATEGIES))}")
        if contacts and strategy in FOR_CONTACT_POINTS:
            raise SurvivorshipError(f"{strategy!r} says something of contact points only, not of {', '.join(contacts)}")


def _no_repetition(what: str, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise SurvivorshipError(f"{what} {name!r} is named twice")
        seen.add(name)


def _nearest(name: str, names: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(name, names, n=1)
    return f"; did you mean {near[0]!r}?" if near else f"; there are: {', '.join(names) or 'none'}"
