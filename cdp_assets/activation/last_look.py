"""The gates once more, at the moment of sending.

Belongs here: asking the ledger about rows that are about to go out. Does not belong here: the rules themselves
(`gates.py`, `quiet_hours.py`).
"""

from __future__ import annotations

from datetime import datetime

from cdp_assets.activation import caps, gates, quiet_hours
from cdp_assets.activation.spec import DestinationSpec
from cdp_assets.ledger import Ledger, outbox, permissions
from cdp_assets.ledger.outbox import Pending, Settlement


def last_look(
    spec: DestinationSpec, ledger: Ledger, rows: list[Pending], now: datetime
) -> tuple[list[Pending], list[Settlement]]:
    """Divide rows into those that may go out now, and what becomes of the others.

    Args:
        spec: Their destination.
        ledger: Knows consents and suppressions as projected, and what was delivered.
        rows: Rows due.
        now: The moment.
    """
    gated = [row for row in rows if row.gated]
    points = sorted({row.contact_point for row in gated if row.contact_point is not None})
    with ledger.reading() as connection:
        words = permissions.consents_of(connection, points)
        suppressions = permissions.suppressions_of(connection, points)
        deferred = [row.profile_id for row in gated if row.reason == quiet_hours.REASON]
        full = caps.without_room(spec, connection, deferred, now) if deferred else {}
    allowed, stopped = [], []
    for row in rows:
        reason = until = None
        if row.gated:
            point = row.contact_point or ""
            reason = gates.at_sending(row.contact_point, words.get(point, ()), suppressions.get(point, ()), spec, now)
            reason = reason or full.get(row.profile_id)
            until = quiet_hours.quiet_until(now, spec.quiet_hours, row.timezone) if spec.quiet_hours else None
        if reason is not None:
            stopped.append(Settlement(row.id, outbox.WITHHELD, reason, now, attempts=row.attempts))
        elif until is not None:
            reason = quiet_hours.REASON
            stopped.append(Settlement(row.id, outbox.PENDING, reason, now, due_at=until, attempts=row.attempts))
        else:
            allowed.append(row)
    return allowed, stopped
