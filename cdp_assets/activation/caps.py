"""How many messages a person may be sent: on a channel, and over all of them.

Belongs here: keeping count while an outbox is filled. Does not belong here: what was sent before (the ledger knows).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypedDict

import pyarrow as pa
from sqlalchemy import Connection

from cdp_assets.activation.spec import Cap, DestinationSpec
from cdp_assets.ledger import Ledger, history

REASON = "frequency_cap"
OVERALL = "overall_cap"


class Counted(TypedDict, total=False):
    """Which messages a cap counts, as the ledger's outbox takes it."""

    channel: str
    destinations: Sequence[str]


def caps_of(spec: DestinationSpec) -> Iterator[tuple[str, Cap, Counted]]:
    """The caps that a destination is under: the reason they give, their numbers, and what they count."""
    if spec.cap is not None:
        yield REASON, spec.cap, {"channel": spec.channel}
    if spec.overall_cap is not None:
        yield OVERALL, spec.overall_cap, {"destinations": spec.overall_cap.destinations}


@dataclass
class _Limit:
    reason: str
    messages: int
    used: dict[int, int]


class Allowance:
    """What a destination's caps leave for each person."""

    def __init__(self, limits: Sequence[_Limit] = ()) -> None:
        self._limits = limits

    @classmethod
    def of(cls, spec: DestinationSpec, ledger: Ledger, redirects: pa.Table, as_of: datetime) -> Allowance:
        """Count what each person was sent within the days of the caps.

        Args:
            spec: The destination.
            ledger: Knows all messages, of every destination.
            redirects: old_profile_id, profile_id: messages to merged profiles count for the person they belong to.
            as_of: End of the days counted.
        """
        caps = list(caps_of(spec))
        if not caps:
            return cls()
        leads = dict(zip(redirects["old_profile_id"].to_pylist(), redirects["profile_id"].to_pylist(), strict=True))
        limits = []
        with ledger.reading() as connection:
            for reason, cap, counted in caps:
                sent = history.messages_since(connection, as_of - timedelta(days=cap.per_days), **counted)
                used: dict[int, int] = {}
                for profile_id, messages in zip(*(sent[name].to_pylist() for name in sent.column_names), strict=True):
                    person_id = leads.get(profile_id, profile_id)
                    used[person_id] = used.get(person_id, 0) + messages
                limits.append(_Limit(reason, cap.messages, used))
        return cls(limits)

    def take(self, person_id: int) -> str | None:
        """Take one message from what is left for a person; the reason, if nothing is."""
        for limit in self._limits:
            if limit.used.get(person_id, 0) >= limit.messages:
                return limit.reason
        for limit in self._limits:
            limit.used[person_id] = limit.used.get(person_id, 0) + 1
        return None


def without_room(
    spec: DestinationSpec, connection: Connection, profile_ids: Sequence[int], now: datetime
) -> dict[int, str]:
    """Profiles that have been delivered so many messages by now that a cap leaves no room, with its reason."""
    full: dict[int, str] = {}
    for reason, cap, counted in caps_of(spec):
        since = now - timedelta(days=cap.per_days)
        sent = history.delivered_since(connection, profile_ids, since, **counted)
        full = {one: reason for one, messages in sent.items() if messages >= cap.messages} | full
    return full
