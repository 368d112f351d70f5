"""What a way to a destination has to offer.

To write one's own: a class with these members; map its settings in `connectors/__init__.py`. A connector neither
retries nor keeps state: it tries once, and says what happened.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from cdp_assets.activation.message import Message

DELIVERED = "delivered"
RETRY = "retry"
REFUSED = "refused"


class ConnectorError(ValueError):
    """A destination cannot be called as it is set up; the message says what to change."""


@dataclass(frozen=True)
class Outcome:
    """What happened to one message.

    Args:
        kind: `DELIVERED`, `RETRY` (may work later) or `REFUSED` (never will).
        response_code: The receiver's answer, where there was one.
        error: What went wrong in a word or two, without personal data; `ledger.outbox.BOUNCED` of a message that was
            refused because its contact point is dead, and `UNSUBSCRIBED` because its owner wants no more; both are
            suppressed from then on.
        retry_after: Seconds the receiver asked to be left alone.
        together: Whether it was refused with the others of its call, and nobody knows for which of them: they are
            tried again in smaller pieces, under the same keys.
    """

    kind: str
    response_code: int | None = None
    error: str | None = None
    retry_after: float | None = None
    together: bool = False


class Connector(Protocol):
    """A way to a destination."""

    batch_size: int
    """Messages that one `send` takes."""

    concurrency: int
    """How many `send` may run at the same time."""

    def send(self, messages: Sequence[Message], at: datetime) -> list[Outcome]:
        """Try once to deliver ``messages``; one outcome for each, in order. Called from several threads."""

    def render(self, message: Message, at: datetime) -> dict[str, Any]:
        """The message as its receiver would see it, for the inbox: ``kind`` and what belongs to it."""

    def close(self) -> None:
        """Give back connections and files."""
