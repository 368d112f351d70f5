"""Changes that the volume guard holds until someone confirms or discards them.

Belongs here: holds and what a decision does to their rows. Does not belong here: when to hold
(`activation/decisions.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from cdp_assets.ledger import bulk, outbox
from cdp_assets.ledger.models import GuardHold, OutboxRow

_HOLDS = bulk.table_of(GuardHold)
_OUTBOX = bulk.table_of(OutboxRow)

OPEN = "open"
CONFIRMED = "confirmed"
DISCARDED = "discarded"
REASON = "volume_guard"


@dataclass(frozen=True)
class Hold:
    """A held change: how many rows, against how many usually, and who decided."""

    id: int
    destination: str
    as_of: datetime
    changes: int
    usual: int
    status: str
    decided_by: str | None
    decided_at: datetime | None


def hold(connection: Connection, destination: str, as_of: datetime, changes: int, usual: int) -> int:
    """Open a hold, and return its id."""
    statement = insert(_HOLDS).values(destination=destination, as_of=as_of, changes=changes, usual=usual, status=OPEN)
    return int(connection.execute(statement.returning(_HOLDS.c.id)).scalar_one())


def holds(connection: Connection, status: str | None = OPEN) -> list[Hold]:
    """The holds of this status (null: all), oldest first."""
    statement = select(_HOLDS).order_by(_HOLDS.c.id)
    if status is not None:
        statement = statement.where(_HOLDS.c.status == status)
    return [Hold(**row._mapping) for row in connection.execute(statement)]


def confirm(connection: Connection, hold_id: int, by: str, at: datetime) -> int:
    """Release a hold's rows for sending, and return how many.

    Raises:
        LookupError: if there is no open hold of this id.
    """
    _decide(connection, hold_id, CONFIRMED, by, at)
    return _move(connection, hold_id, outbox.PENDING, None)


def discard(connection: Connection, hold_id: int, by: str, at: datetime) -> int:
    """Withhold a hold's rows, and return how many; what is still different at the next refresh is judged anew.

    Raises:
        LookupError: if there is no open hold of this id.
    """
    _decide(connection, hold_id, DISCARDED, by, at)
    moved = _move(connection, hold_id, outbox.WITHHELD, DISCARDED)
    ids = select(_OUTBOX.c.id).where(_OUTBOX.c.hold_id == hold_id, _OUTBOX.c.reason == DISCARDED)
    outbox.take_back(connection, list(connection.execute(ids).scalars()))
    return moved


def _decide(connection: Connection, hold_id: int, status: str, by: str, at: datetime) -> None:
    decided = connection.execute(
        update(_HOLDS)
        .where(_HOLDS.c.id == hold_id, _HOLDS.c.status == OPEN)
        .values(status=status, decided_by=by, decided_at=at)
    )
    if decided.rowcount == 0:
        known = ", ".join(str(found.id) for found in holds(connection)) or "none"
        raise LookupError(f"there is no open hold {hold_id}; open holds: {known}")


def _move(connection: Connection, hold_id: int, status: str, reason: str | None) -> int:
    moved = connection.execute(
        update(_OUTBOX)
        .where(_OUTBOX.c.hold_id == hold_id, _OUTBOX.c.status == outbox.HELD)
        .values(status=status, reason=reason)
    )
    return int(moved.rowcount)
