"""The outbox: what each destination is to be told, in order, and what became of it.

Belongs here: writing, claiming and settling rows. Does not belong here: correcting those that wait (`waiting.py`),
looking back at them (`history.py`), what to tell (`activation/differences.py`) and sending it
(`activation/delivery.py`).

A row is `PENDING` (to be sent), `FAILED` (tried, will be tried again), `HELD` (by the volume guard), or settled:
`DELIVERED`, `DEAD` (given up) or `WITHHELD` (with its reason). Rows of one profile go out in the order of their
sequence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

import pyarrow as pa
from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    and_,
    bindparam,
    exists,
    func,
    literal_column,
    or_,
    select,
    update,
)

from cdp_assets.ledger import bulk
from cdp_assets.ledger.models import DeliveryAttempt, DestinationState, DestinationStatus, Instant, OutboxRow

_OUTBOX = bulk.table_of(OutboxRow)
_ATTEMPTS = bulk.table_of(DeliveryAttempt)
_STATE = bulk.table_of(DestinationState)
_STATUS = bulk.table_of(DestinationStatus)

PENDING = "pending"
FAILED = "failed"
HELD = "held"
DELIVERED = "delivered"
DEAD = "dead"
BOUNCED = "bounced"
"""Reason of a row that was given up because its contact point is dead."""
UNSUBSCRIBED = "unsubscribed"
"""Reason of a row that was given up because its receiver wants no more from this sender, as the service knows."""
COMPLAINED = "complained"
"""Remark on a row that was delivered, and about which its receiver complained."""
EVERYWHERE = "any"
"""The channel of what holds on all of them."""
WITHHELD = "withheld"

OPEN = (PENDING, FAILED, HELD)

SEED_ONLY = "seed_only"
"""The reason of members that a first activation records without telling."""

DROPPED = "dropped"
"""The reason of messages that somebody dropped."""

OVERTAKEN = "overtaken"
"""The reason of messages that were held when their profile was to be taken off."""

ROWS = bulk.arrow_schema(column for column in _OUTBOX.c if column.name != "id")
"""What `append` takes."""


@dataclass(frozen=True)
class Pending:
    """A row that may be sent now."""

    id: int
    destination: str
    profile_id: int
    sequence: int
    idempotency_key: str
    segment: str
    change: str
    payload: str
    contact_point: str | None
    purpose: str
    channel: str
    timezone: str | None
    gated: bool
    arm: str | None
    variant: str | None
    attempts: int
    reason: str | None
    created_at: datetime
    first_tried_at: datetime | None


@dataclass(frozen=True)
class Settlement:
    """What became of one row at one moment.

    Args:
        id: The outbox row.
        status: Its new status.
        reason: Why, in one word or short phrase without personal data; null if delivered.
        at: When.
        due_at: When it may be tried again; null for at once or never.
        attempts: Tries so far, this one included.
        tried: Whether the destination was called; false if a gate decided.
        response_code: The receiver's answer, where there was one.
        payload, contact_point: What was sent and where to, which the row may say otherwise by now; null to leave them.
    """

    id: int
    status: str
    reason: str | None
    at: datetime
    due_at: datetime | None = None
    attempts: int = 0
    tried: bool = False
    response_code: int | None = None
    payload: str | None = None
    contact_point: str | None = None


@dataclass(frozen=True)
class Due:
    """What one destination has to do.

    Args:
        destination: Its name.
        rows: Rows due.
        highest: The highest id among them.
        runs: Delivery runs begun so far.
    """

    destination: str
    rows: int
    highest: int
    runs: int


def append(connection: Connection, rows: pa.Table) -> None:
    """Add rows (`ROWS`).

    Raises:
        sqlalchemy.exc.IntegrityError: if a sequence or key was used before: somebody else wrote meanwhile.
    """
    bulk.insert(connection, OutboxRow, rows.select(ROWS.names).cast(ROWS))


def next_rows(
    connection: Connection, destination: str, now: datetime, *, after: int = 0, limit: int = 500
) -> list[Pending]:
    """Rows that may be sent now, by id: those due, and of each profile only the first open one.

    Args:
        connection: Of a transaction.
        destination: Whose rows.
        now: Rows due later are left out.
        after: Only ids above this one.
        limit: At most so many.
    """
    return _pending(connection, destination, _is_next(now), after, limit)


def open_rows(connection: Connection, destination: str, *, after: int = 0, limit: int = 500) -> list[Pending]:
    """All rows that are not settled, by id: also those that wait for their time, for another row, or for a person."""
    return _pending(connection, destination, is_open(), after, limit)


def still_open(connection: Connection, rows: Sequence[Pending]) -> list[Pending]:
    """Those of these rows that are not settled, as they are now; by id."""
    ids = [row.id for row in rows]
    found: list[Pending] = []
    for some in bulk.chunks(ids):
        found += _read(connection, is_open(), _OUTBOX.c.id.in_(some))
    return found


def next_due_at(connection: Connection, destination: str, now: datetime) -> datetime | None:
    """When the next row that waits for its time becomes due; null if none waits."""
    statement = select(func.min(_OUTBOX.c.due_at, type_=Instant())).where(
        _OUTBOX.c.destination == destination, is_open(), _OUTBOX.c.status != HELD, _OUTBOX.c.due_at > now
    )
    found: datetime | None = connection.execute(statement).scalar()
    return found


def due(connection: Connection, now: datetime) -> list[Due]:
    """Destinations with rows due, by name; without those paused or told to wait."""
    statement = (
        select(
            _OUTBOX.c.destination,
            func.count(),
            func.max(_OUTBOX.c.id),
            func.coalesce(func.max(_STATUS.c.runs), 0),
        )
        .select_from(_OUTBOX.outerjoin(_STATUS, _STATUS.c.destination == _OUTBOX.c.destination))
        .where(_is_next(now))
        .where(or_(_STATUS.c.paused.is_(None), _STATUS.c.paused.is_(False)))
        .where(or_(_STATUS.c.not_before.is_(None), _STATUS.c.not_before <= now))
        .group_by(_OUTBOX.c.destination)
        .order_by(_OUTBOX.c.destination)
    )
    return [Due(*row) for row in connection.execute(statement)]


def settle(connection: Connection, settlements: Sequence[Settlement]) -> None:
    """Write what became of rows.

    A row withheld here, at the moment of sending, also takes back what `destination_state` took for told, so that the
    next refresh sees the difference again. One that was withdrawn while it was under way stays so, unless it has been
    delivered or given up.
    """
    if not settlements:
        return
    withdrawn = _settled_meanwhile(connection, [row.id for row in settlements if row.status not in (DELIVERED, DEAD)])
    written = [replace(row, **withdrawn[row.id]) if row.id in withdrawn else row for row in settlements]
    connection.execute(
        update(_OUTBOX)
        .where(_OUTBOX.c.id == bindparam("row_id"))
        .values(
            status=bindparam("new_status"),
            reason=bindparam("new_reason"),
            due_at=bindparam("new_due_at", type_=Instant()),
            attempts=bindparam("new_attempts"),
            response_code=func.coalesce(bindparam("new_code"), _OUTBOX.c.response_code),
            sent_at=func.coalesce(bindparam("new_sent_at", type_=Instant()), _OUTBOX.c.sent_at),
            first_tried_at=func.coalesce(_OUTBOX.c.first_tried_at, bindparam("new_tried_at", type_=Instant())),
            payload=func.coalesce(bindparam("sent_payload"), _OUTBOX.c.payload),
            contact_point=func.coalesce(bindparam("sent_to"), _OUTBOX.c.contact_point),
        ),
        [
            {
                "row_id": row.id,
                "new_status": row.status,
                "new_reason": row.reason,
                "new_due_at": row.due_at,
                "new_attempts": row.attempts,
                "new_code": row.response_code,
                "new_sent_at": row.at if row.status == DELIVERED else None,
                "new_tried_at": row.at if row.tried else None,
                "sent_payload": row.payload,
                "sent_to": row.contact_point,
            }
            for row in written
        ],
    )
    tried = [row for row in settlements if row.tried]
    if tried:
        connection.execute(
            _ATTEMPTS.insert(),
            [
                {
                    "outbox_id": row.id,
                    "attempt": row.attempts,
                    "outcome": row.status,
                    "response_code": row.response_code,
                    "error": row.reason,
                    "finished_at": row.at,
                }
                for row in tried
            ],
        )
    take_back(connection, [row.id for row in settlements if row.status == WITHHELD and row.id not in withdrawn])


def _settled_meanwhile(connection: Connection, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """How those of these rows stand that are open no more."""
    columns = (_OUTBOX.c.id, _OUTBOX.c.status, _OUTBOX.c.reason)
    found = {}
    for some in bulk.chunks(ids):
        statement = select(*columns).where(_OUTBOX.c.id.in_(some)).with_for_update()
        for row in connection.execute(statement):
            if row.status not in OPEN:
                found[row.id] = {"status": row.status, "reason": row.reason, "due_at": None}
    return found


def revive(connection: Connection, destination: str, reason: str | None = None) -> int:
    """Put messages that were given up back in line; returns how many. They have their whole time again, but no more
    than the tries that are left, or one.

    A message is left out where a later one of its profile has been delivered: order per profile is kept. So is the last
    one where its reason is gone: it tells of entering, and the person has left since, or the other way round.
    """
    later = _OUTBOX.alias("later")
    overtaken = exists().where(of_profile(later), later.c.sequence > _OUTBOX.c.sequence, later.c.status == DELIVERED)
    outlived = exists().where(
        of_profile(_STATE), _STATE.c.sequence == _OUTBOX.c.sequence, _STATE.c.member == (_OUTBOX.c.change == "left")
    )
    chosen = [_OUTBOX.c.destination == destination, _OUTBOX.c.status == DEAD, ~overtaken, ~outlived]
    if reason is not None:
        chosen.append(_OUTBOX.c.reason == reason)
    ids = list(connection.execute(select(_OUTBOX.c.id).where(*chosen)).scalars())
    for some in bulk.chunks(ids):
        connection.execute(
            update(_OUTBOX)
            .where(_OUTBOX.c.id.in_(some))
            .values(status=PENDING, reason=None, due_at=None, first_tried_at=None)
        )
    return len(ids)


def drop(connection: Connection, destination: str, at: datetime) -> int:
    """Withhold all open messages of a destination with the reason `DROPPED`; returns how many."""
    chosen = select(_OUTBOX.c.id, _OUTBOX.c.attempts).where(_OUTBOX.c.destination == destination, is_open())
    rows = connection.execute(chosen).all()
    settle(connection, [Settlement(row.id, WITHHELD, DROPPED, at, attempts=row.attempts) for row in rows])
    return len(rows)


def overtake(connection: Connection, destination: str, rows: pa.Table) -> None:
    """Withhold, with the reason `OVERTAKEN`, what is held of profiles that are to be taken off: no removal waits until
    someone has decided on it. Who never got onto the list is not taken off either.

    Args:
        connection: Of a writing transaction.
        destination: Whose rows.
        rows: What was appended (`ROWS`).
    """
    holds = select(_OUTBOX.c.profile_id).where(
        _OUTBOX.c.destination == destination, is_open(), _OUTBOX.c.status == HELD
    )
    held = set(connection.execute(holds).scalars())
    columns = (rows[name].to_pylist() for name in ("profile_id", "sequence", "change"))
    removals = [
        {"its_profile": profile_id, "its_sequence": sequence}
        for profile_id, sequence, change in zip(*columns, strict=True)
        if change == "left" and profile_id in held
    ]
    if removals:
        connection.execute(
            update(_OUTBOX)
            .where(
                _OUTBOX.c.destination == destination,
                _OUTBOX.c.profile_id == bindparam("its_profile"),
                _OUTBOX.c.sequence < bindparam("its_sequence"),
                _OUTBOX.c.status == HELD,
            )
            .values(status=WITHHELD, reason=OVERTAKEN),
            removals,
        )
        _spare_strangers(connection, destination, [removal["its_profile"] for removal in removals])


def _spare_strangers(connection: Connection, destination: str, profile_ids: Sequence[int]) -> None:
    """Withhold open removals of profiles that the destination was never told of, or has taken off since."""
    for some in bulk.chunks(profile_ids):
        removals = select(_OUTBOX.c.id).where(
            _OUTBOX.c.destination == destination,
            _OUTBOX.c.profile_id.in_(some),
            _OUTBOX.c.change == "left",
            is_open(),
        )
        before = _told_before(connection, list(connection.execute(removals).scalars()))
        strangers = [row_id for row_id, (member, _) in before.items() if not member]
        connection.execute(
            update(_OUTBOX).where(_OUTBOX.c.id.in_(strangers)).values(status=WITHHELD, reason=OVERTAKEN, payload=None)
        )


def take_back(connection: Connection, ids: Sequence[int]) -> None:
    """Correct the state of destinations that were not told after all, so that the next refresh judges anew: who was to
    be taken off is on it still, as last told.

    Only where no later row of the profile has been or will be told, which has decided anew.
    """
    last = _OUTBOX.alias("last")
    columns = (last.c.id, last.c.destination, last.c.profile_id, last.c.sequence, last.c.change, last.c.reason)
    for some in bulk.chunks(ids):
        statement = (
            select(*columns)
            .distinct()
            .select_from(_OUTBOX.join(_STATE, of_profile(_STATE)).join(last, of_profile(last)))
            .where(_OUTBOX.c.id.in_(some), last.c.sequence == _STATE.c.sequence)
            .where(last.c.status == WITHHELD, last.c.reason != SEED_ONLY)
        )
        found = connection.execute(statement).all()
        before = _told_before(connection, [row.id for row in found if row.change != "entered"])
        rows = []
        for row in found:
            member, payload_hash = before.get(row.id, (row.change != "entered", None))
            outstanding = row.change != "left"
            rows.append(
                {
                    "its_destination": row.destination,
                    "its_profile": row.profile_id,
                    "its_sequence": row.sequence,
                    "still_member": member,
                    "its_hash": payload_hash,
                    "its_change": (row.change if member else "entered") if outstanding else None,
                    "its_reason": row.reason if outstanding else None,
                }
            )
        if rows:
            connection.execute(
                update(_STATE)
                .where(
                    _STATE.c.destination == bindparam("its_destination"),
                    _STATE.c.profile_id == bindparam("its_profile"),
                    _STATE.c.sequence == bindparam("its_sequence"),
                )
                .values(
                    member=bindparam("still_member"),
                    payload_hash=bindparam("its_hash"),
                    withheld_change=bindparam("its_change"),
                    withheld_reason=bindparam("its_reason"),
                ),
                rows,
            )


def _told_before(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[bool, int | None]]:
    """Whether a destination holds the profiles of rows that it was not told of, and the hash of the payload it has, by
    what was told before; left out where nothing was."""
    earlier = _OUTBOX.alias("earlier")
    statement = (
        select(_OUTBOX.c.id, earlier.c.change, earlier.c.payload_hash, earlier.c.status, earlier.c.reason)
        .select_from(_OUTBOX.join(earlier, of_profile(earlier)))
        .where(_OUTBOX.c.id.in_(ids), earlier.c.sequence < _OUTBOX.c.sequence)
        .order_by(_OUTBOX.c.id, earlier.c.sequence.desc())
    )
    found = {}
    for row_id, rows in groupby(connection.execute(statement), key=itemgetter(0)):
        member, payload_hash = True, None
        for row in rows:
            if row.status != WITHHELD or row.reason == SEED_ONLY:
                payload_hash = row.payload_hash if member and row.change != "left" else None
                break
            # Who never got onto a list need not be taken off it.
            member = member and row.change != "entered"
        found[row_id] = (member, payload_hash)
    return found


def of_profile(other: FromClause) -> ColumnElement[bool]:
    """Of the same destination and profile as a row of the outbox."""
    return and_(other.c.destination == _OUTBOX.c.destination, other.c.profile_id == _OUTBOX.c.profile_id)


_REPORTED = ("id", "idempotency_key", "attempts", "sent_at", "contact_point", "channel")


def reported(connection: Connection, reasons: Mapping[str, str], at: datetime) -> list[tuple[str, str, str]]:
    """Note what came back about messages that were delivered; returns contact point, channel (see `refusals`) and
    reason of each.

    Args:
        connection: Of a writing transaction.
        reasons: Idempotency key → `BOUNCED`, which makes the message one that was given up, or `COMPLAINED`. Keys of no
            message, and what is known already, are passed over.
        at: When it was read.
    """
    columns = _OUTBOX.c
    keys = sorted(reasons)
    rows: list[Any] = []
    for some in bulk.chunks(keys):
        statement = select(*(columns[name] for name in _REPORTED))
        chosen = columns.idempotency_key.in_(some)
        news = statement.where(chosen, columns.status == DELIVERED, columns.reason.is_distinct_from(COMPLAINED))
        rows += connection.execute(news).all()
    told = [(row, reasons[row.idempotency_key]) for row in rows]
    settle(
        connection,
        [
            Settlement(row.id, DEAD if reason == BOUNCED else DELIVERED, reason, row.sent_at or at, None, row.attempts)
            for row, reason in told
        ],
    )
    return [
        (row.contact_point, EVERYWHERE if reason == COMPLAINED else row.channel, reason)
        for row, reason in told
        if row.contact_point is not None
    ]


def _pending(
    connection: Connection, destination: str, chosen: ColumnElement[bool], after: int, limit: int
) -> list[Pending]:
    return _read(connection, chosen, _OUTBOX.c.destination == destination, _OUTBOX.c.id > after, limit=limit)


def _read(connection: Connection, *chosen: ColumnElement[bool], limit: int | None = None) -> list[Pending]:
    columns = [_OUTBOX.c[name] for name in Pending.__dataclass_fields__]
    statement = select(*columns).where(*chosen).order_by(_OUTBOX.c.id).limit(limit)
    return [Pending(**row._mapping) for row in connection.execute(statement)]


def is_open() -> ColumnElement[Any]:
    """Whether a row is `OPEN`, spelled as the partial index is: a database uses it only where it sees these words."""
    return literal_column("outbox.status in ('pending', 'failed', 'held')")


def _is_next(now: datetime) -> ColumnElement[bool]:
    """Due, and the first open row of its profile."""
    earlier = _OUTBOX.alias("earlier")
    waits = exists().where(
        of_profile(earlier),
        earlier.c.sequence < _OUTBOX.c.sequence,
        earlier.c.status.in_(OPEN),
    )
    due = or_(_OUTBOX.c.due_at.is_(None), _OUTBOX.c.due_at <= now)
    return and_(is_open(), _OUTBOX.c.status != HELD, due, ~waits)
