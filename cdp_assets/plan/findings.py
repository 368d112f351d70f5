"""A plan as plain values: what would change, and by how much.

Belongs here: the dataclasses between the comparison (`compare.py`) and those who show them. Does not belong here: how
anything is found or laid out. Values of people are masked before they get here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True)
class Detail:
    """One attribute of a definition: what it was and what it would be; None where it is not said."""

    path: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class DefinitionChange:
    """One definition that was added, removed or changed.

    Args:
        kind: What it is, e.g. ``segment``.
        name: Its name; empty for rules, of which there is one set.
        change: ``added``, ``removed`` or ``changed``.
        file: Its file, relative to the folder.
        stage: The first stage that looks at it.
        details: What changed in it, for changed ones.
    """

    kind: str
    name: str
    change: str
    file: str
    stage: str
    details: tuple[Detail, ...] = ()


@dataclass(frozen=True)
class Example:
    """Profiles that would change, without saying who they are.

    Args:
        change: ``merged``, ``split`` or ``moved``.
        profile: The one that has the records in the end, masked.
        other: The one that they come from, masked.
        records: How many records are concerned.
        evidence: Why, in sentences.
        record_ids: A record of either, for `cdp explain`.
    """

    change: str
    profile: str
    other: str
    records: int
    evidence: tuple[str, ...]
    record_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class People:
    """What would happen to profiles.

    Args:
        before, after: How many there are.
        merged: How many would become part of another one.
        split: From how many something would split off.
        split_off: How many would come into being by that.
        moved: How many would give records to one that both goes on …
        moved_records: … and how many records.
        created, removed: How many would come from records that are new, or go with their last record.
        known, known_touched: Of known people: how many there are, and how many of them would be merged or split.
        allowed: How many of these a run may merge or split unasked.
        examples: Some of them.
    """

    before: int
    after: int
    merged: int = 0
    split: int = 0
    split_off: int = 0
    moved: int = 0
    moved_records: int = 0
    created: int = 0
    removed: int = 0
    known: int = 0
    known_touched: int = 0
    allowed: int = 0
    examples: tuple[Example, ...] = ()

    @property
    def touched(self) -> int:
        """Changes of any kind."""
        return self.merged + self.split + self.moved + self.created + self.removed

    @property
    def needs_confirmation(self) -> bool:
        """Whether the guard would stop such a run."""
        return self.known_touched > self.allowed


@dataclass(frozen=True)
class Flow:
    """How many surviving values would come from another source than now."""

    source_before: str
    source_after: str
    profiles: int


@dataclass(frozen=True)
class ValueChange:
    """One attribute of the golden record, over the profiles that stay: values gained, lost, and replaced."""

    attribute: str
    gained: int
    lost: int
    replaced: int
    flows: tuple[Flow, ...] = ()

    @property
    def profiles(self) -> int:
        return self.gained + self.lost + self.replaced


@dataclass(frozen=True)
class SegmentChange:
    """One segment whose members would change.

    Args:
        segment: Its name.
        change: ``added``, ``removed`` or ``changed``.
        before, after: Members.
        entered, left: Who would come and go; a merge is neither.
        causes: Why, in the words of `membership_changes` → how many.
    """

    segment: str
    change: str
    before: int
    after: int
    entered: int
    left: int
    causes: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Sends:
    """What one destination would be told.

    Args:
        destination: Its name.
        change: ``added``, ``removed`` or ``changed`` (its audience or its payload).
        segment: Whose changes it is told; empty if it is gone.
        sends: Messages put up for sending, by what they tell (``entered``, ``updated``, ``left``).
        held: Messages that the volume guard would hold.
        withheld: Messages not sent, by the reason.
    """

    destination: str
    change: str
    segment: str
    sends: dict[str, int] = field(default_factory=dict)
    held: int = 0
    withheld: dict[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return sum(self.sends.values())


@dataclass(frozen=True)
class LifetimeValue:
    """Expected spend in the next year, and spend so far, before and after.

    Args:
        currency: The reporting currency.
        expected_before, expected_after: Over all profiles.
        touched_before, touched_after: Over the profiles that are merged, split, moved, created or removed.
        spend_before, spend_after: Net spend so far: moves only if facts come or go.
        customers_before, customers_after: Profiles with an expectation.
        profiles: How many profiles would have another expectation than now.
    """

    currency: str
    expected_before: Decimal
    expected_after: Decimal
    touched_before: Decimal
    touched_after: Decimal
    spend_before: Decimal
    spend_after: Decimal
    customers_before: int
    customers_after: int
    profiles: int


@dataclass(frozen=True)
class StreamChange:
    """Rows of one stream by what becomes of them, where that would change.

    Args:
        source, stream: Which.
        change: ``added``, ``removed`` or ``changed``.
        before, after: Disposition → rows.
    """

    source: str
    stream: str
    change: str
    before: dict[str, int]
    after: dict[str, int]


@dataclass(frozen=True)
class Plan:
    """What a folder of definitions would do.

    Args:
        defs: The folder.
        as_of: The instant that both sides are about.
        definitions: Definitions that differ.
        stages: Stages that were rehearsed.
        notes: What the reader has to know to read the figures.
        people, values, segments, sends, value, streams: What would change; None where nothing was rehearsed.
        warnings: Checks that would warn.
        seconds: How long the rehearsal took.
        copied_bytes: Disk that it used for its time.
    """

    defs: str
    as_of: datetime
    definitions: tuple[DefinitionChange, ...] = ()
    stages: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    people: People | None = None
    values: tuple[ValueChange, ...] = ()
    segments: tuple[SegmentChange, ...] = ()
    sends: tuple[Sends, ...] = ()
    value: LifetimeValue | None = None
    streams: tuple[StreamChange, ...] = ()
    warnings: tuple[str, ...] = ()
    seconds: float = 0.0
    copied_bytes: int = 0

    @property
    def changes(self) -> bool:
        """Whether anything would be other than it is."""
        people = self.people is not None and self.people.touched > 0
        moved = self.value is not None and (
            self.value.profiles > 0 or self.value.spend_before != self.value.spend_after
        )
        return bool(self.definitions or people or moved or self.values or self.segments or self.sends or self.streams)
