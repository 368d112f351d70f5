"""Looking into the outbox: what was said to whom, and what came back.

Belongs here: reading its rows for caps, gates, reports and previews. Does not belong here: writing and settling them
(`outbox.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import ColumnElement, Connection, case, func, literal_column, or_, select

from cdp_assets.ledger import bulk
from cdp_assets.ledger.models import Activation, OutboxRow
from cdp_assets.ledger.outbox import (
    COMPLAINED,
    DEAD,
    DELIVERED,
    EVERYWHERE,
    HELD,
    OPEN,
    SEED_ONLY,
    UNSUBSCRIBED,
    WITHHELD,
    is_open,
)

_OUTBOX = bulk.table_of(OutboxRow)
_ACTIVATIONS = bulk.table_of(Activation)


@dataclass(frozen=True)
class Written:
    """Rows of one destination that tell of one kind of change and fared alike."""

    destination: str
    change: str
    status: str
    reason: str | None
    rows: int


@dataclass(frozen=True)
class Told:
    """A message and what has become of it.

    Args:
        profile_id, sequence, segment, change: What it says of whom.
        payload: JSON object with the fields; null if there is none, or it is no longer kept.
        status, reason: What has become of it.
    """

    profile_id: int
    sequence: int
    segment: str
    change: str
    payload: str | None
    status: str
    reason: str | None


@dataclass(frozen=True)
class Message:
    """What a destination was to be told of a person, and what has become of it; without contents and contact point.

    Args:
        destination, segment, change: Who was to be told of what.
        profile_id: The id that the destination knows the person by.
        sequence: Its number among the messages of this destination and id.
        channel: What it goes out on: whose consent counts.
        variant: Of the campaign, where there are some.
        status, reason: What has become of it, and why it was withheld, held or given up.
        created_at: As-of instant of the refresh that found the difference.
        sent_at: When it was delivered.
    """

    destination: str
    segment: str
    change: str
    profile_id: int
    sequence: int
    channel: str
    variant: str | None
    status: str
    reason: str | None
    created_at: datetime
    sent_at: datetime | None


def of_profiles(connection: Connection, profile_ids: Sequence[int]) -> list[Message]:
    """All messages about these profiles, newest first."""
    columns = [_OUTBOX.c[each.name] for each in fields(Message)]
    # The outbox is sorted by destination and profile: with both at hand, nothing else of it is read.
    destinations = select(_ACTIVATIONS.c.destination).distinct()
    found: list[Any] = []
    for some in bulk.chunks(profile_ids):
        chosen = (_OUTBOX.c.destination.in_(destinations), _OUTBOX.c.profile_id.in_(some))
        found += connection.execute(select(_OUTBOX.c.id, *columns).where(*chosen)).all()
    return [Message(*row[1:]) for row in sorted(found, key=lambda row: -row.id)]


def last_payloads(connection: Connection, destination: str, profile_ids: Sequence[int]) -> dict[int, str]:
    """The payload that the destination was last told of each profile, or will be; seeded ones included, held ones not.

    Args:
        connection: Of a transaction.
        destination: Whose rows.
        profile_ids: Ids as the destination was told them.
    """
    found: dict[int, str] = {}
    for some in bulk.chunks(profile_ids):
        statement = (
            select(_OUTBOX.c.profile_id, _OUTBOX.c.payload)
            .where(
                _OUTBOX.c.destination == destination,
                _OUTBOX.c.profile_id.in_(some),
                _OUTBOX.c.change.in_(("entered", "updated")),
                _OUTBOX.c.payload.is_not(None),
                or_(_OUTBOX.c.status.not_in((WITHHELD, HELD)), _OUTBOX.c.reason == SEED_ONLY),
            )
            .order_by(_OUTBOX.c.profile_id, _OUTBOX.c.sequence)
        )
        found.update({row.profile_id: row.payload for row in connection.execute(statement)})
    return found


def messages_since(
    connection: Connection, since: datetime, *, channel: str | None = None, destinations: Sequence[str] | None = None
) -> pa.Table:
    """How many messages each profile has been or will be sent: profile_id, messages.

    Args:
        connection: Of a transaction.
        since: Counted from the as-of instant of the refresh that wrote them, this instant not included.
        channel: Only on this channel.
        destinations: Only by these destinations.
    """
    statement = (
        select(_OUTBOX.c.profile_id, func.count(type_=_OUTBOX.c.sequence.type).label("messages"))
        .where(
            *_counted(channel, destinations),
            _OUTBOX.c.created_at > since,
            _OUTBOX.c.status.in_((*OPEN, DELIVERED)),
        )
        .group_by(_OUTBOX.c.profile_id)
    )
    return bulk.read(connection, statement)


def delivered_since(
    connection: Connection,
    profile_ids: Sequence[int],
    since: datetime,
    *,
    channel: str | None = None,
    destinations: Sequence[str] | None = None,
) -> dict[int, int]:
    """How many messages each of these profiles was delivered after an instant; otherwise as `messages_since`."""
    found: dict[int, int] = {}
    for some in bulk.chunks(profile_ids):
        statement = (
            select(_OUTBOX.c.profile_id, func.count())
            .where(
                _OUTBOX.c.profile_id.in_(some),
                *_counted(channel, destinations),
                _OUTBOX.c.status == DELIVERED,
                _OUTBOX.c.sent_at > since,
            )
            .group_by(_OUTBOX.c.profile_id)
        )
        found.update({row[0]: row[1] for row in connection.execute(statement)})
    return found


def _counted(channel: str | None, destinations: Sequence[str] | None) -> list[ColumnElement[bool]]:
    """What caps count: rows that the gates are asked about, on one channel or by some destinations."""
    chosen: list[ColumnElement[bool]] = [_OUTBOX.c.gated.is_(True)]
    if channel is not None:
        chosen.append(_OUTBOX.c.channel == channel)
    if destinations is not None:
        chosen.append(_OUTBOX.c.destination.in_(destinations))
    return chosen


def open_contact_points(connection: Connection) -> list[str]:
    """The contact points that open rows are addressed to."""
    statement = select(_OUTBOX.c.contact_point).where(is_open(), _OUTBOX.c.contact_point.is_not(None)).distinct()
    return sorted(str(value) for value in connection.execute(statement).scalars())


def written_before(connection: Connection, as_of: datetime) -> pa.Table:
    """All rows written by refreshes as of an earlier instant, without payloads; by id."""
    columns = [column for column in _OUTBOX.c if column.name not in ("payload", "contact_point")]
    return bulk.read(connection, select(*columns).where(_OUTBOX.c.created_at < as_of).order_by(_OUTBOX.c.id))


def written_at(connection: Connection, as_of: datetime) -> pa.Table:
    """All rows written by refreshes as of this instant, without payloads; by id."""
    columns = [column for column in _OUTBOX.c if column.name not in ("payload", "contact_point")]
    return bulk.read(connection, select(*columns).where(_OUTBOX.c.created_at == as_of).order_by(_OUTBOX.c.id))


def highest_id(connection: Connection) -> int:
    """The highest id given so far; 0 if there is no row."""
    return int(connection.execute(select(func.max(_OUTBOX.c.id))).scalar() or 0)


def written_after(connection: Connection, outbox_id: int) -> list[Written]:
    """What was written after the row of this id, counted."""
    columns = (_OUTBOX.c.destination, _OUTBOX.c.change, _OUTBOX.c.status, _OUTBOX.c.reason)
    statement = select(*columns, func.count()).where(_OUTBOX.c.id > outbox_id).group_by(*columns).order_by(*columns)
    return [Written(*row) for row in connection.execute(statement)]


def refusals(connection: Connection, contact_points: Sequence[str] | None = None) -> pa.Table:
    """Contact points that are dead, or whose owners complained or unsubscribed: contact_point, channel, reason, since.

    Args:
        connection: Of a transaction.
        contact_points: Only these.

    Returns:
        A mailbox that is not there matters on its channel, as does unsubscribing, of which the latest counts; whoever
        complained is to be left alone `EVERYWHERE`.
    """
    columns = _OUTBOX.c
    channel = case((columns.reason == COMPLAINED, EVERYWHERE), else_=columns.channel)
    # Spelled as the partial index is, in part.
    refused: ColumnElement[bool] = literal_column("outbox.reason in ('bounced', 'complained', 'unsubscribed')")
    statement = (
        select(
            columns.contact_point,
            channel.label("channel"),
            columns.reason,
            case(
                (columns.reason == UNSUBSCRIBED, func.max(columns.first_tried_at)),
                else_=func.min(columns.first_tried_at),
            ).label("since"),
        )
        .where(refused, columns.status.in_((DEAD, DELIVERED)), columns.contact_point.is_not(None))
        .group_by(columns.contact_point, channel, columns.reason)
        .order_by(columns.contact_point, columns.reason, channel)
    )
    found = bulk.read(connection, statement)
    if contact_points is None:
        return found
    return found.filter(pc.is_in(found["contact_point"], pa.array(contact_points, pa.string())))


def latest(connection: Connection, destination: str, rows: int = 5) -> list[Told]:
    """The messages of a destination that were written last, newest first."""
    columns = [_OUTBOX.c[each.name] for each in fields(Told)]
    statement = select(*columns).where(_OUTBOX.c.destination == destination).order_by(_OUTBOX.c.id.desc()).limit(rows)
    return [Told(*row) for row in connection.execute(statement)]


def outcomes(connection: Connection, destination: str | None = None) -> list[tuple[str, str, str | None, int]]:
    """How many rows there are by destination, status and reason."""
    columns = (_OUTBOX.c.destination, _OUTBOX.c.status, _OUTBOX.c.reason)
    statement = select(*columns, func.count()).group_by(*columns).order_by(*columns)
    if destination is not None:
        statement = statement.where(_OUTBOX.c.destination == destination)
    return [(row[0], row[1], row[2], row[3]) for row in connection.execute(statement)]
