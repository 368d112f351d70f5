"""Messages that wait in the outbox, corrected before they go out: each goes on under the key that it has.

Belongs here: finding, withdrawing, rewording, reopening and releasing them. Does not belong here: what is to be
corrected (`activation/outlived.py`), and sending (`outbox.py`).

A message may be under way, or have been tried without an answer. So it is never replaced by one of another key.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa
from sqlalchemy import ColumnElement, Connection, and_, bindparam, or_, select, update

from cdp_assets.ledger import bulk, outbox
from cdp_assets.ledger.models import DestinationState, OutboxRow

_OUTBOX = bulk.table_of(OutboxRow)
_STATE = bulk.table_of(DestinationState)

_ADDRESS = ("profile_id", "sequence")
_WORDS = ("payload", "payload_hash", "contact_point", "timezone")
_REOPENED = tuple(
    name
    for name in outbox.ROWS.names
    if name not in (*_ADDRESS, "destination", "idempotency_key", "attempts", "response_code", "sent_at")
)

WORDS = bulk.arrow_schema(_OUTBOX.c[name] for name in ("id", *_WORDS))
"""What `reword` takes."""


def messages(connection: Connection, destination: str, change: str) -> pa.Table:
    """The open messages of a destination that tell of a change: id, profile_id, payload_hash, contact_point, timezone;
    by id."""
    return _open(connection, destination, change, ("id", "profile_id", "payload_hash", "contact_point", "timezone"))


def held_removals(connection: Connection, destination: str) -> pa.Table:
    """Who is to be taken off a list, and held: id, profile_id; by id."""
    return _open(connection, destination, "left", ("id", "profile_id"), _OUTBOX.c.status == outbox.HELD)


def release(connection: Connection, ids: Sequence[int]) -> None:
    """Let those of these messages go out that are still held."""
    for some in bulk.chunks(ids):
        connection.execute(
            update(_OUTBOX)
            .where(_OUTBOX.c.id.in_(some), _OUTBOX.c.status == outbox.HELD)
            .values(status=outbox.PENDING, reason=None)
        )


def withdraw(connection: Connection, ids: Sequence[int], reason: str) -> None:
    """Withhold those of these messages that are still open."""
    for some in bulk.chunks(ids):
        connection.execute(
            update(_OUTBOX)
            .where(_OUTBOX.c.id.in_(some), outbox.is_open())
            .values(status=outbox.WITHHELD, reason=reason, due_at=None)
        )


def reword(connection: Connection, rows: pa.Table) -> None:
    """Give those of these messages that are still open other contents (`WORDS`)."""
    if rows.num_rows:
        connection.execute(
            update(_OUTBOX)
            .where(_OUTBOX.c.id == bindparam("its_id"), outbox.is_open())
            .values({name: bindparam(f"new_{name}") for name in _WORDS}),
            [{"its_id": row["id"], **_new(row, _WORDS)} for row in rows.to_pylist()],
        )


def reopenable(
    connection: Connection, destination: str, change: str, reason: str, profile_ids: Sequence[int]
) -> set[int]:
    """Those of these profiles whose last message tells of the same change, and can go out after all: it is open,
    was withdrawn for this reason, or was tried and then withheld.
    """
    columns = _OUTBOX.c
    withheld = and_(columns.status == outbox.WITHHELD, or_(columns.reason == reason, columns.attempts > 0))
    open_or_withheld = or_(columns.status.in_(outbox.OPEN), withheld)
    return _last_is(connection, destination, profile_ids, and_(columns.change == change, open_or_withheld))


def unsettled(connection: Connection, destination: str, reason: str, profile_ids: Sequence[int]) -> set[int]:
    """Those of these profiles whose last message may yet go out under its key, or have arrived without our knowing: not
    delivered, nor withheld for another reason than this before its first try."""
    columns = _OUTBOX.c
    withheld = and_(columns.status == outbox.WITHHELD, or_(columns.reason == reason, columns.attempts > 0))
    unsettled = or_(columns.status.in_((*outbox.OPEN, outbox.DEAD)), withheld)
    return _last_is(connection, destination, profile_ids, unsettled)


def _last_is(
    connection: Connection, destination: str, profile_ids: Sequence[int], chosen: ColumnElement[bool]
) -> set[int]:
    """Those of these profiles whose last message is one of these."""
    last = and_(outbox.of_profile(_STATE), _STATE.c.sequence == _OUTBOX.c.sequence)
    found: set[int] = set()
    for some in bulk.chunks(profile_ids):
        statement = (
            select(_OUTBOX.c.profile_id)
            .select_from(_OUTBOX.join(_STATE, last))
            .where(_OUTBOX.c.destination == destination, _OUTBOX.c.profile_id.in_(some), chosen)
        )
        found.update(connection.execute(statement).scalars())
    return found


def reopen(connection: Connection, destination: str, rows: pa.Table) -> None:
    """Write rows (`outbox.ROWS`) over those of the same profile and sequence, unless these have been delivered or
    given up meanwhile. They have their whole time again, but no more than the tries that are left, or one.
    """
    if rows.num_rows:
        connection.execute(
            update(_OUTBOX)
            .where(
                _OUTBOX.c.destination == destination,
                _OUTBOX.c.profile_id == bindparam("its_profile_id"),
                _OUTBOX.c.sequence == bindparam("its_sequence"),
                or_(outbox.is_open(), _OUTBOX.c.status == outbox.WITHHELD),
            )
            .values({name: bindparam(f"new_{name}", type_=_OUTBOX.c[name].type) for name in _REOPENED}),
            [{**{f"its_{name}": row[name] for name in _ADDRESS}, **_new(row, _REOPENED)} for row in rows.to_pylist()],
        )


def _open(
    connection: Connection, destination: str, change: str, names: Iterable[str], *chosen: ColumnElement[bool]
) -> pa.Table:
    statement = select(*(_OUTBOX.c[name] for name in names))
    statement = statement.where(_OUTBOX.c.destination == destination, outbox.is_open(), *chosen)
    return bulk.read(connection, statement.where(_OUTBOX.c.change == change).order_by(_OUTBOX.c.id))


def _new(row: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {f"new_{name}": row[name] for name in names}
