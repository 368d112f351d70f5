"""What a segment is: a name and a condition over the columns of `customer_360`.

Belongs here: the plain description and what makes one valid. Does not belong here: its YAML form (`component.py`), and
who is in it (`evaluate.py`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from cdp_assets.canonical.schema import Pii, TableSchema
from cdp_assets.warehouse.expressions import CheckedExpression, ExpressionError, check

RESERVED = frozenset({"memberships", "membership_changes", "segment_sizes", "segment_inputs"})
"""Names of this stage's own tables, whose assets stand beside those of the segments."""

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_LONGEST_NAME = 60


class SegmentError(ValueError):
    """A segment's definition cannot be used; the message begins with the attribute at fault."""


@dataclass(frozen=True)
class SegmentTest:
    """A small example of whom a segment holds.

    Args:
        name: What it shows, in a sentence.
        given: Columns of one row of `customer_360`; the others are null.
        member: Whether such a person is in.
        as_of: The instant, ISO 8601; null where the condition does not ask for it.
    """

    name: str
    given: Mapping[str, Any]
    member: bool
    as_of: datetime | None = None


@dataclass(frozen=True)
class SegmentSpec:
    """One segment.

    Args:
        name: Its name; also the last part of its asset key.
        where: SQL condition over `customer_360`; ``as_of`` is the instant of the run. Those for whom it is true are
            in; false and unknown (null) are out.
        description: Whom it is meant to hold, for people.
        owner: Who answers for it (``team:…``, or an e-mail address).
        minimum: Smallest share of all profiles (0..1) that is plausible; fewer raise a warning.
        maximum: Largest share that is plausible.
        all_of: Segments that all have to hold.
        any_of: Segments of which one has to hold.
        none_of: Segments of which none may hold.
        include: People who are in whatever the conditions say: profile ids, e-mail addresses, phone numbers.
        exclude: People who are out whatever the conditions say.
        sample: Share of those who meet the conditions that is in (0..1), always the same people.
        tests: Rows, and whether they are in.
        listed: The addresses that its condition names, by the numbers that stand for them there (`lists.py`).
    """

    name: str
    where: str
    description: str
    owner: str
    minimum: float | None = None
    maximum: float | None = None
    all_of: tuple[str, ...] = ()
    any_of: tuple[str, ...] = ()
    none_of: tuple[str, ...] = ()
    include: tuple[int | str, ...] = ()
    exclude: tuple[int | str, ...] = ()
    sample: float | None = None
    tests: tuple[SegmentTest, ...] = ()
    listed: tuple[tuple[int, str], ...] = ()

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name) or len(self.name) > _LONGEST_NAME:
            raise SegmentError(
                f"name: `{self.name}` must be lower case letters and digits with single underscores, "
                f"such as `big_spenders`, and at most {_LONGEST_NAME} characters"
            )
        if self.name in RESERVED:
            raise SegmentError(f"name: `{self.name}` is the name of a table of this stage; choose another")
        for attribute, share in (("minimum", self.minimum), ("maximum", self.maximum), ("sample", self.sample)):
            if share is not None and not 0.0 <= share <= 1.0:
                raise SegmentError(f"{attribute}: {share} is not a share between 0 and 1 (0.05 is five per cent)")
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            raise SegmentError(f"minimum: {self.minimum} is above the maximum, {self.maximum}")

        if not (self.where or self.all_of or self.any_of or self.include):
            raise SegmentError("where: write a condition, or name segments in all_of or any_of")

    @property
    def is_composed(self) -> bool:
        """Whether its condition is not the whole of it."""
        return self.plain != self

    @property
    def plain(self) -> SegmentSpec:
        """The segment without what it is made of but its condition."""
        where = self.where or "profile_id is null"
        return replace(self, where=where, all_of=(), any_of=(), none_of=(), include=(), exclude=(), sample=None)

    def condition(self, customer: TableSchema) -> CheckedExpression:
        """The condition, checked against the columns there are.

        Raises:
            ExpressionError: if it is not a condition over them; also if it reads free text, whose content nobody knows.
        """
        checked = check(self.where, customer.ibis_schema, where="where", as_of=True)
        if not checked.dtype.is_boolean():
            raise ExpressionError(
                f"a condition is true or false, and this is a value of type {checked.dtype}; compare it with something",
                self.where,
                where="where",
            )
        if not checked.columns:
            raise ExpressionError("the condition names no column, so it is the same for all", self.where, where="where")
        for column in checked.columns:
            if customer.column(column).pii is Pii.SENSITIVE:
                raise ExpressionError(
                    f"column `{column}` is sensitive and must not decide who is in", self.where, where="where"
                )
        return checked
