"""What stewards say: who is one person and who is not, and which evidence does not count.

Belongs here: keeping their words (with who, when and why), revoking them, and refusing what contradicts an earlier one.
Does not belong here: what follows for profiles (`identity/`), and what a record is called (`cli_identity.py`).

A word is never deleted: it is revoked, by somebody, for a reason. Decisions are called ``d1``, ``d2`` …, retractions
``r1``, ``r2`` ….
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, insert, select, update

from cdp_assets.ledger import bulk
from cdp_assets.ledger.models import StewardDecision, StewardRetraction

_DECISIONS = bulk.table_of(StewardDecision)
_RETRACTIONS = bulk.table_of(StewardRetraction)

OBSERVATION, PAIR, RULE, SOURCE = "observation", "pair", "rule", "source"


class Contradiction(ValueError):
    """A word that contradicts earlier ones; the message names them and how to revoke them."""


class UnknownWord(LookupError):
    """There is no word of that name, or it is revoked already."""


@dataclass(frozen=True)
class Spoken:
    """Who said something, when and why, and who took it back."""

    decided_by: str
    decided_at: datetime
    why: str
    revoked_by: str | None
    revoked_at: datetime | None
    revoked_why: str | None

    @property
    def in_force(self) -> bool:
        """Whether it counts."""
        return self.revoked_at is None


@dataclass(frozen=True)
class Decision(Spoken):
    """Two records are one person (``same``), or are not. The smaller record_id comes first."""

    id: int
    same: bool
    left_record_id: int
    right_record_id: int

    @property
    def name(self) -> str:
        """How people call it."""
        return f"d{self.id}"


@dataclass(frozen=True)
class Retraction(Spoken):
    """Evidence that does not count.

    Args:
        kind: `OBSERVATION`, `PAIR`, `RULE` or `SOURCE`.
        subject: Name of the identifier type or source; null for the other kinds.
        record_id, other_record_id: The record that carries the identifier; or the two that look alike.
        identifier_id: Keyed hash of the identifier (`identity.evidence.identifier_id_of`), for observations.
    """

    id: int
    kind: str
    subject: str | None
    record_id: int | None
    other_record_id: int | None
    identifier_id: int | None

    @property
    def name(self) -> str:
        """How people call it."""
        return f"r{self.id}"


@dataclass(frozen=True)
class Said:
    """A word as it stands in the ledger after somebody spoke.

    Args:
        name: ``d3`` or ``r2``.
        new: False if the same was said before and still holds.
    """

    name: str
    new: bool


def decisions(connection: Connection, *, revoked: bool = False) -> list[Decision]:
    """All decisions in force, oldest first; with ``revoked`` also those that no longer are."""
    rows = _rows(connection, _DECISIONS, revoked)
    return [Decision(**row) for row in rows]


def retractions(connection: Connection, *, revoked: bool = False) -> list[Retraction]:
    """All retractions in force, oldest first; with ``revoked`` also those that no longer are."""
    rows = _rows(connection, _RETRACTIONS, revoked)
    return [Retraction(subject=row.pop("name"), **row) for row in rows]


def in_force(connection: Connection) -> tuple[str, ...]:
    """The names of all words that count, in order: what a run must know to be up to date."""
    return (
        *(decision.name for decision in decisions(connection)),
        *(retraction.name for retraction in retractions(connection)),
    )


def decide(connection: Connection, left: int, right: int, *, same: bool, by: str, at: datetime, why: str) -> Said:
    """Say that two records are one person, or are not.

    Args:
        connection: Of a writing transaction.
        left, right: record_ids, in any order.
        same: Whether they are one person.
        by: Who says so.
        at: When, UTC.
        why: The reason.

    Raises:
        Contradiction: if earlier words, directly or one after the other, say the opposite.
    """
    if left == right:
        raise Contradiction("both are the same record: there is nothing to decide")
    left, right = sorted((left, right))
    earlier = decisions(connection)
    for decision in earlier:
        if (decision.same, decision.left_record_id, decision.right_record_id) == (same, left, right):
            return Said(decision.name, new=False)
    against = contradicting(earlier, left, right, same=same)
    if against:
        raise Contradiction(_against(against, same=same))
    row = {"same": same, "left_record_id": left, "right_record_id": right}
    return Said(f"d{_add(connection, _DECISIONS, row, by, at, why)}", new=True)


def contradicting(earlier: Iterable[Decision], left: int, right: int, *, same: bool) -> list[Decision]:
    """The earlier decisions, in order, that together say the opposite; empty if none do."""
    words = list(earlier)
    chain = _chain(words, left, right)
    if not same:
        return chain or []
    for apart in words:
        if apart.same:
            continue
        for one, two in (
            (apart.left_record_id, apart.right_record_id),
            (apart.right_record_id, apart.left_record_id),
        ):
            before, after = _chain(words, left, one), _chain(words, two, right)
            if before is not None and after is not None:
                return [*before, apart, *after]
    return []


def retract(
    connection: Connection,
    kind: str,
    *,
    by: str,
    at: datetime,
    why: str,
    name: str | None = None,
    record_id: int | None = None,
    other_record_id: int | None = None,
    identifier_id: int | None = None,
) -> Said:
    """Take evidence back; see `Retraction` for what goes with which kind.

    Args:
        connection: Of a writing transaction.
        kind: `OBSERVATION`, `PAIR`, `RULE` or `SOURCE`.
        by, at, why: Who, when (UTC), the reason.
        name, record_id, other_record_id, identifier_id: What.
    """
    if record_id is not None and other_record_id is not None:
        record_id, other_record_id = sorted((record_id, other_record_id))
    row = {
        "kind": kind,
        "name": name,
        "record_id": record_id,
        "other_record_id": other_record_id,
        "identifier_id": identifier_id,
    }
    for known in _rows(connection, _RETRACTIONS, revoked=False):
        if all(known[column] == value for column, value in row.items()):
            return Said(f"r{known['id']}", new=False)
    return Said(f"r{_add(connection, _RETRACTIONS, row, by, at, why)}", new=True)


def revoke(connection: Connection, name: str, *, by: str, at: datetime, why: str) -> None:
    """End a word, which stays in the ledger.

    Args:
        connection: Of a writing transaction.
        name: ``d3`` or ``r2``; a bare number is a decision's.
        by, at, why: Who, when (UTC), the reason.

    Raises:
        UnknownWord: if there is none of that name in force.
    """
    table, number = (_RETRACTIONS, name[1:]) if name[:1] == "r" else (_DECISIONS, name.removeprefix("d"))
    done = 0
    if number.isdecimal():
        found = table.c.id == int(number)
        result = connection.execute(
            update(table)
            .where(found, table.c.revoked_at.is_(None))
            .values(revoked_by=by, revoked_at=at, revoked_why=why)
        )
        done = result.rowcount
    if not done:
        known = ", ".join(in_force(connection)) or "none"
        raise UnknownWord(f"there is no word {name!r} in force; in force: {known}")


def _rows(connection: Connection, table: Table, revoked: bool) -> list[dict[str, Any]]:
    statement = select(table).order_by(table.c.id)
    if not revoked:
        statement = statement.where(table.c.revoked_at.is_(None))
    return [dict(row._mapping) for row in connection.execute(statement)]


def _add(connection: Connection, table: Table, row: dict[str, Any], by: str, at: datetime, why: str) -> int:
    statement = insert(table).values(**row, decided_by=by, decided_at=at, why=why)
    return int(connection.execute(statement.returning(table.c.id)).scalar_one())


def _chain(words: list[Decision], start: int, end: int) -> list[Decision] | None:
    """The fewest "one person" decisions that lead from one record to another; None if none do."""
    reached: dict[int, list[Decision]] = {start: []}
    waiting = [start]
    for record in waiting:
        if record == end:
            return reached[record]
        for decision in words:
            if decision.same and record in (decision.left_record_id, decision.right_record_id):
                other = decision.left_record_id + decision.right_record_id - record
                if other not in reached:
                    reached[other] = [*reached[record], decision]
                    waiting.append(other)
    return None


def _against(earlier: list[Decision], *, same: bool) -> str:
    said = "; ".join(
        f"{decision.name} ({decision.decided_by}, {decision.decided_at:%Y-%m-%d}): {decision.left_record_id} and "
        f"{decision.right_record_id} {'are one person' if decision.same else 'are different people'}"
        for decision in earlier
    )
    wanted = "one person" if same else "different people"
    first = min(earlier, key=lambda decision: (decision.same == same, decision.id))
    return (
        f"that they are {wanted} contradicts what was said before: {said}. "
        f"Revoke one of these first, e.g. `cdp identity revoke {first.name} --why …`"
    )
