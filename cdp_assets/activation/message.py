"""One message as receivers get it.

Belongs here: the envelope around a payload. Does not belong here: the payload's values (`payload.py`) and the way it
travels (`connectors/`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cdp_assets.activation.payload import instant
from cdp_assets.ledger.outbox import Pending

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


@dataclass(frozen=True)
class Message:
    """What one destination is told of one profile.

    Args:
        outbox_id: Its row in the ledger.
        idempotency_key: The same for every try, different for every message.
        destination: Its destination.
        segment: The segment it is about.
        change: ``entered``, ``updated`` or ``left``.
        profile_id: The profile, under the id that the destination knows it by.
        sequence: Its number among the messages on this profile, from 1.
        created_at: As-of instant of the refresh that found the difference.
        payload: The mapped fields, as a JSON object.
        contact_point: The e-mail, phone … it is addressed to, where there is one.
        variant: The variant of the campaign that the person gets, where there are some.
    """

    outbox_id: int
    idempotency_key: str
    destination: str
    segment: str
    change: str
    profile_id: int
    sequence: int
    created_at: datetime
    payload: str
    contact_point: str | None = None
    variant: str | None = None

    @classmethod
    def of(cls, row: Pending) -> Message:
        """The message of an outbox row."""
        return cls(
            row.id,
            row.idempotency_key,
            row.destination,
            row.segment,
            row.change,
            row.profile_id,
            row.sequence,
            row.created_at,
            row.payload,
            row.contact_point,
            row.variant,
        )

    @property
    def fields(self) -> dict[str, Any]:
        """The mapped fields."""
        fields: dict[str, Any] = json.loads(self.payload)
        return fields

    def body(self) -> str:
        """The message as a JSON object: ``type``, ``timestamp``, who and what it is about, and ``data``."""
        envelope = _encode(
            {
                "type": f"segment.{self.change}",
                "timestamp": instant(self.created_at),
                "destination": self.destination,
                "segment": self.segment,
                "profile_id": str(self.profile_id),
                "sequence": self.sequence,
                **({"variant": self.variant} if self.variant else {}),
            }
        )
        return f'{envelope[:-1]},"data":{self.payload}}}'
