"""Which destinations have something to do: the pure part of the activation sensor.

Belongs here: deciding from the ledger and the sensor's memory. Does not belong here: Dagster (`automation/`).

A run key that was used once never runs again, whatever became of the run. So a key is made of the destination, the
highest row due, and the number of runs begun so far: a run that crashed, or that left tries for later, has counted, and
the next key differs. A run that never began is asked for again after a while.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cdp_assets.activation.clock import Clock, wall_clock
from cdp_assets.activation.delivery import lock_name
from cdp_assets.ledger import Ledger, outbox

_LOST_AFTER = timedelta(minutes=10)


@dataclass(frozen=True)
class RunWanted:
    """A delivery run to ask for."""

    destination: str
    run_key: str
    rows: int


@dataclass(frozen=True)
class Sensed:
    """Runs to ask for, and what the sensor has to remember."""

    requests: tuple[RunWanted, ...]
    cursor: str


def due_destinations(
    ledger: Ledger, destinations: Collection[str], *, cursor: str | None, clock: Clock = wall_clock
) -> Sensed:
    """Look for destinations with rows due.

    Args:
        ledger: The outbox.
        destinations: Those that are defined; rows of others are left alone.
        cursor: What the last look returned; null at first.
        clock: Tells what is due.
    """
    now = clock()
    with ledger.reading() as connection:
        due = [found for found in outbox.due(connection, now) if found.destination in destinations]
    waiting = [found for found in due if not ledger.is_held(lock_name(found.destination))]
    return decide(waiting, json.loads(cursor) if cursor else {}, now)


def decide(due: list[outbox.Due], memory: dict[str, dict[str, str]], now: datetime) -> Sensed:
    """Ask for a run of each destination that has rows due, unless one was just asked for.

    Args:
        due: Destinations with rows due that no run is working on.
        memory: Destination → the ``key`` last asked for, ``at`` which instant, and how often it was ``lost``.
        now: The present instant.
    """
    requests = []
    kept = dict(memory)
    for found in due:
        last = memory.get(found.destination, {})
        lost = int(last.get("lost", 0))
        key = f"{found.destination}/{found.highest}/{found.runs}"
        if last.get("key") == key:
            if now - datetime.fromisoformat(last["at"]) < _LOST_AFTER:
                continue
            lost += 1
        else:
            lost = 0
        kept[found.destination] = {"key": key, "at": now.astimezone(UTC).isoformat(), "lost": str(lost)}
        run_key = f"{key}/{lost}" if lost else key
        requests.append(RunWanted(found.destination, run_key, found.rows))
    return Sensed(tuple(requests), json.dumps(kept, sort_keys=True))
