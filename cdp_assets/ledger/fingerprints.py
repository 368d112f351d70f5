"""What the last successful run ran on, so that the same again is not done again, and what an installation keeps to.

Belongs here: remembering fingerprints. Does not belong here: computing them (`automation/`, `cli`,
`warehouse/hash_key.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select

from cdp_assets.ledger import bulk
from cdp_assets.ledger.models import RunFingerprint

_FINGERPRINTS = bulk.table_of(RunFingerprint)


@dataclass(frozen=True)
class Fingerprint:
    """A name (e.g. ``refresh``), the hash of what it ran on, the run and its as-of instant."""

    name: str
    value: str
    run_id: str
    as_of: datetime


def last(connection: Connection, name: str) -> Fingerprint | None:
    """The fingerprint last remembered under ``name``."""
    row = connection.execute(select(_FINGERPRINTS).where(_FINGERPRINTS.c.name == name)).first()
    return None if row is None else Fingerprint(**row._mapping)


def remember(connection: Connection, fingerprint: Fingerprint) -> None:
    """Replace what is remembered under the fingerprint's name."""
    forget(connection, fingerprint.name)
    connection.execute(
        _FINGERPRINTS.insert().values(
            name=fingerprint.name, value=fingerprint.value, run_id=fingerprint.run_id, as_of=fingerprint.as_of
        )
    )


def forget(connection: Connection, name: str) -> None:
    """Forget what is remembered under ``name``, so that the next run is launched."""
    connection.execute(delete(_FINGERPRINTS).where(_FINGERPRINTS.c.name == name))
