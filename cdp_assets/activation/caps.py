"""How many messages a person may be sent.

Belongs here: keeping count while an outbox is filled. Does not belong here: what was sent before (the ledger knows).
"""

from __future__ import annotations

from datetime import datetime, timedelta

import pyarrow as pa

from cdp_assets.activation.spec import DestinationSpec
from cdp_assets.ledger import Ledger, outbox

REASON = "frequency_cap"


class Allowance:
    """What a destination's cap leaves for each person."""

    def __init__(self, limit: int | None, used: dict[int, int]) -> None:
        self._limit = limit
        self._used = used

    @classmethod
    def of(cls, spec: DestinationSpec, ledger: Ledger, redirects: pa.Table, as_of: datetime) -> Allowance:
        """Count what each person was sent on the destination's channel within the cap's days.

        Args:
            spec: The destination.
            ledger: Knows all messages, of every destination.
            redirects: old_profile_id, profile_id: messages to merged profiles count for the person they belong to.
            as_of: End of the days counted.
        """
        if spec.cap is None:
            return cls(None, {})
        with ledger.reading() as connection:
            sent = outbox.messages_since(connection, spec.channel, as_of - timedelta(days=spec.cap.per_days))
        leads = dict(zip(redirects["old_profile_id"].to_pylist(), redirects["profile_id"].to_pylist(), strict=True))
        used: dict[int, int] = {}
        for profile_id, messages in zip(sent["profile_id"].to_pylist(), sent["messages"].to_pylist(), strict=True):
            person_id = leads.get(profile_id, profile_id)
            used[person_id] = used.get(person_id, 0) + messages
        return cls(spec.cap.messages, used)

    def take(self, person_id: int) -> bool:
        """Whether the person may be sent one more; if so, it counts."""
        if self._limit is None:
            return True
        used = self._used.get(person_id, 0)
        if used >= self._limit:
            return False
        self._used[person_id] = used + 1
        return True
