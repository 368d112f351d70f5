"""Messages to a team's chat, and to the hundred other services that Apprise knows, by one address each.

Apprise says only whether it went well, and the services know no idempotency keys: a crash can repeat a message.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from cdp_assets.activation.connectors.connector import DELIVERED, RETRY, ConnectorError, Outcome
from cdp_assets.activation.connectors.templates import Unwritable, written
from cdp_assets.activation.message import Message
from cdp_assets.activation.ways import AppriseWay, Lookup


class Chat:
    """One notification a message."""

    batch_size = 1
    concurrency = 1

    def __init__(self, way: AppriseWay, secret: Lookup) -> None:
        self._way = way
        self._url = secret(way.url_env)
        self._service: Any = None

    def send(self, messages: Sequence[Message], at: datetime) -> list[Outcome]:
        return [self._one(message) for message in messages]

    def render(self, message: Message, at: datetime) -> dict[str, Any]:
        return {"kind": "row", "row": {"service": self._url.partition("://")[0], **self.note(message)}}

    def close(self) -> None:
        """Nothing is kept open."""

    def note(self, message: Message) -> dict[str, str]:
        """Title and text."""
        return {"title": written(self._way.title, message), "body": written(self._way.text, message)}

    def _one(self, message: Message) -> Outcome:
        try:
            went_well = self._opened().notify(**self.note(message), body_format="text")
        except Unwritable as error:
            return error.outcome
        return Outcome(DELIVERED) if went_well else Outcome(RETRY, error="apprise")

    def _opened(self) -> Any:
        from apprise import Apprise

        if self._service is None:
            self._service = Apprise.instantiate(self._url, suppress_exceptions=True)
            if self._service is None:
                raise ConnectorError(f"{self._way.url_env}: no address that Apprise knows, such as slack://…")
            self._service.socket_connect_timeout = self._service.socket_read_timeout = self._way.timeout_seconds
        return self._service
