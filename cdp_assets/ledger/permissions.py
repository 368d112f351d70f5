"""Privacy's word on the contact points that may be written to, at hand at the moment of sending.

Belongs here: the projection of `privacy.consent_state` and `privacy.suppressions`. Does not belong here: deciding
consent (`privacy/`) and what follows from it (`activation/gates.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import pyarrow as pa
from sqlalchemy import Connection, select

from cdp_assets.ledger import bulk, history, outbox
from cdp_assets.ledger.models import Consent, Suppression

_CONSENTS = bulk.table_of(Consent)
_SUPPRESSIONS = bulk.table_of(Suppression)

CONSENTS = bulk.arrow_schema(_CONSENTS.c)
"""contact_point, purpose, channel, status, explicit, since, expires_at."""

SUPPRESSIONS = bulk.arrow_schema(_SUPPRESSIONS.c)
"""contact_point, channel (one or `any`), reason, since."""


class SuppressionReason(NamedTuple):
    """A channel (or `any`) on which a contact point is suppressed, and why."""

    channel: str
    reason: str


@dataclass(frozen=True)
class ConsentWord:
    """The standing word of one contact point on one purpose and channel (or `any`)."""

    contact_point: str
    purpose: str
    channel: str
    status: str
    explicit: bool
    since: datetime | None
    expires_at: datetime | None


def project(connection: Connection, contact_points: Sequence[str], consents: pa.Table, suppressions: pa.Table) -> None:
    """Replace all that is known of these contact points, but for what receivers have answered.

    Args:
        connection: Of a writing transaction.
        contact_points: Those concerned; ones without rows lose what they had.
        consents: `CONSENTS`, of these contact points.
        suppressions: `SUPPRESSIONS`, of these contact points.
    """
    for model, rows, schema in ((Consent, consents, CONSENTS), (Suppression, suppressions, SUPPRESSIONS)):
        bulk.delete(connection, model, "contact_point", contact_points)
        bulk.insert(connection, model, rows.select(schema.names).cast(schema).sort_by("contact_point"))
    # What came back while privacy's word was being found out.
    refusals = history.refusals(connection, contact_points).select(SUPPRESSIONS.names).cast(SUPPRESSIONS)
    bulk.insert_new(connection, Suppression, _standing(refusals, consents))


def _standing(refusals: pa.Table, consents: pa.Table) -> pa.Table:
    """Refusals without those who unsubscribed and have granted since, as `privacy/suppression.py` has it."""
    granted: dict[str, list[tuple[str, datetime]]] = {}
    for word in consents.select(CONSENTS.names).to_pylist():
        if word["explicit"] and word["status"] == "granted" and word["purpose"] in ("marketing", outbox.EVERYWHERE):
            granted.setdefault(word["contact_point"], []).append((word["channel"], word["since"]))

    def stands(row: dict[str, Any]) -> bool:
        words = granted.get(row["contact_point"], [])
        return row["reason"] != outbox.UNSUBSCRIBED or not any(
            channel in (row["channel"], outbox.EVERYWHERE) and since is not None and since > row["since"]
            for channel, since in words
        )

    return refusals.filter(pa.array(map(stands, refusals.to_pylist()), pa.bool_()))


def suppress(connection: Connection, rows: Sequence[tuple[str, str, str, datetime]]) -> None:
    """Suppress contact points at once.

    Args:
        connection: Of a writing transaction.
        rows: Contact point, channel, reason and since when.
    """
    points, channels, reasons, since = zip(*sorted(set(rows)), strict=True)
    table = pa.table([list(points), list(channels), list(reasons), list(since)], schema=SUPPRESSIONS)
    bulk.insert_new(connection, Suppression, table)


def consents_of(connection: Connection, contact_points: Sequence[str]) -> dict[str, list[ConsentWord]]:
    """The standing words of these contact points; those without any are left out."""
    found: dict[str, list[ConsentWord]] = {}
    for points in bulk.chunks(contact_points):
        for row in connection.execute(select(_CONSENTS).where(_CONSENTS.c.contact_point.in_(points))):
            word = ConsentWord(*row)
            found.setdefault(word.contact_point, []).append(word)
    return found


def suppressions_of(connection: Connection, contact_points: Sequence[str]) -> dict[str, list[SuppressionReason]]:
    """Why these contact points may not be written to; those that may are left out."""
    columns = _SUPPRESSIONS.c
    found: dict[str, list[SuppressionReason]] = {}
    for points in bulk.chunks(contact_points):
        statement = select(columns.contact_point, columns.channel, columns.reason)
        for point, channel, reason in connection.execute(statement.where(columns.contact_point.in_(points))):
            found.setdefault(point, []).append(SuppressionReason(channel, reason))
    return found
