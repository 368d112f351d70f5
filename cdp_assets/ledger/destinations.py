"""What destinations have been told, how they fare, and how large their changes usually are.

Belongs here: reading and writing that. Does not belong here: comparing it with what is wanted (`activation/`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from statistics import median

import pyarrow as pa
from sqlalchemy import Connection, and_, func, or_, select, update

from cdp_assets.ledger import bulk, outbox
from cdp_assets.ledger.models import Activation, DestinationState, DestinationStatus, OutboxRow

_OUTBOX = bulk.table_of(OutboxRow)
_STATE = bulk.table_of(DestinationState)
_STATUS = bulk.table_of(DestinationStatus)
_ACTIVATIONS = bulk.table_of(Activation)

STATE = bulk.arrow_schema(_STATE.c)
"""destination, profile_id (as the destination was told it), member, payload_hash, sequence, withheld_change,
withheld_reason, changed_at."""

ACTIVATION = bulk.arrow_schema(_ACTIVATIONS.c)
"""One comparison of a destination with its segment, in numbers."""

_USUAL_OVER = 10
_ENOUGH_HISTORY = 3


@dataclass(frozen=True)
class Status:
    """How a destination fares.

    Args:
        paused: Whether someone paused it; its outbox stays.
        not_before: The instant before which it is not to be called: it asked for that, or has failed too often.
        failures: Calls that failed in a row, the last one included.
    """

    paused: bool = False
    not_before: datetime | None = None
    failures: int = 0


def state(connection: Connection, destination: str) -> pa.Table:
    """What the destination has been told (`STATE`), by profile_id."""
    statement = select(_STATE).where(_STATE.c.destination == destination).order_by(_STATE.c.profile_id)
    return bulk.read(connection, statement)


def standing(connection: Connection, destination: str) -> list[tuple[int, str | None]]:
    """Everybody whom the destination takes for a member or has to wait for: profile_id, and why they were not told.

    The reason is null for whom it was told of; for members it is that of their last message.
    """
    last = and_(
        _OUTBOX.c.destination == _STATE.c.destination,
        _OUTBOX.c.profile_id == _STATE.c.profile_id,
        _OUTBOX.c.sequence == _STATE.c.sequence,
        _OUTBOX.c.status.in_((outbox.DEAD, outbox.WITHHELD)),
    )
    statement = (
        select(_STATE.c.profile_id, func.coalesce(_STATE.c.withheld_reason, _OUTBOX.c.reason))
        .select_from(_STATE.outerjoin(_OUTBOX, last))
        .where(_STATE.c.destination == destination)
        .where(or_(_STATE.c.member, _STATE.c.withheld_reason.is_not(None)))
        .order_by(_STATE.c.profile_id)
    )
    return [(row[0], row[1]) for row in connection.execute(statement)]


def write_state(connection: Connection, rows: pa.Table) -> None:
    """Write new and changed rows of the state (`STATE`)."""
    bulk.upsert(connection, DestinationState, rows.select(STATE.names).cast(STATE).sort_by("profile_id"))


def forget(connection: Connection, destination: str) -> tuple[int, int]:
    """Forget what a kept list holds, so that the next comparison tells it everything again.

    Everybody it was told of counts as told, with a payload that is not known any more: members are told anew, and
    whoever was taken off it is taken off again.

    Returns:
        How many members it has, and how many were taken off it before.
    """
    known = (_STATE.c.destination == destination) & (_STATE.c.sequence > 0) & _STATE.c.withheld_change.is_(None)
    counted = select(_STATE.c.member, func.count()).where(known).group_by(_STATE.c.member)
    numbers = {bool(member): int(count) for member, count in connection.execute(counted)}
    connection.execute(update(_STATE).where(known).values(member=True, payload_hash=None))
    return numbers.get(True, 0), numbers.get(False, 0)


def is_first(connection: Connection, destination: str) -> bool:
    """Whether the destination was never compared with its segment."""
    statement = select(_ACTIVATIONS.c.destination).where(_ACTIVATIONS.c.destination == destination).limit(1)
    return connection.execute(statement).first() is None


def record_activation(connection: Connection, rows: pa.Table) -> None:
    """Record comparisons (`ACTIVATION`); repeating one with the same as-of instant keeps the first."""
    bulk.insert_new(connection, Activation, rows.select(ACTIVATION.names).cast(ACTIVATION))


def usual_change(connection: Connection, destination: str) -> int | None:
    """The median size of the last ten changes, the first activation left out; null until there are three."""
    columns = _ACTIVATIONS.c
    statement = (
        select(columns.entered + columns.updated + columns.left)
        .where(columns.destination == destination, columns.initial.is_(False))
        .where(columns.entered + columns.updated + columns.left > 0)
        .order_by(columns.as_of.desc())
        .limit(_USUAL_OVER)
    )
    sizes = [int(size) for size in connection.execute(statement).scalars()]
    return round(median(sizes)) if len(sizes) >= _ENOUGH_HISTORY else None


def begin_run(connection: Connection, destination: str) -> int:
    """Count a delivery run as begun, and return its number."""
    _ensure(connection, destination)
    row = _STATUS.c.destination == destination
    connection.execute(update(_STATUS).where(row).values(runs=_STATUS.c.runs + 1))
    return int(connection.execute(select(_STATUS.c.runs).where(row)).scalar_one())


def status(connection: Connection, destination: str) -> Status:
    """How the destination fares."""
    columns = (_STATUS.c.paused, _STATUS.c.not_before, _STATUS.c.failures)
    found = connection.execute(select(*columns).where(_STATUS.c.destination == destination)).first()
    return Status(*found) if found else Status()


def write_status(connection: Connection, destination: str, *, not_before: datetime | None, failures: int) -> None:
    """Remember when the destination may be called again, and how often in a row it has failed."""
    _ensure(connection, destination)
    changed = update(_STATUS).where(_STATUS.c.destination == destination)
    connection.execute(changed.values(not_before=not_before, failures=failures))


def paused(connection: Connection) -> list[str]:
    """The destinations that somebody paused, by name."""
    statement = select(_STATUS.c.destination).where(_STATUS.c.paused).order_by(_STATUS.c.destination)
    return list(connection.execute(statement).scalars())


def pause(connection: Connection, destination: str, paused: bool = True) -> None:
    """Pause a destination, or let it go on."""
    _ensure(connection, destination)
    connection.execute(update(_STATUS).where(_STATUS.c.destination == destination).values(paused=paused))


def _ensure(connection: Connection, destination: str) -> None:
    row = {"destination": [destination], "runs": [0], "paused": [False], "not_before": [None], "failures": [0]}
    bulk.insert_new(connection, DestinationStatus, pa.table(row, schema=bulk.arrow_schema(_STATUS.c)))
