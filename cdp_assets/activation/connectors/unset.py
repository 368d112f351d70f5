"""Stands in for a webhook that may not be called from here: it can only show what it would send."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from cdp_assets.activation.connectors.connector import ConnectorError, Outcome
from cdp_assets.activation.connectors.webhook import request_as_received
from cdp_assets.activation.message import Message


class UnsetWebhook:
    """Renders requests; never sends one."""

    batch_size = 1
    concurrency = 1

    def __init__(self, url: str, secret: str | None, body: str = "message") -> None:
        self._url = url
        self._body = body
        self._secret = secret

    def send(self, messages: Sequence[Message], at: datetime) -> list[Outcome]:
        raise ConnectorError("this webhook may not be called in development")

    def render(self, message: Message, at: datetime) -> dict[str, Any]:
        return request_as_received(self._url, self._secret, message, at, self._body)

    def close(self) -> None:
        """Nothing is open."""
