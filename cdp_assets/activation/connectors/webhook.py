"""Signed HTTP requests, one message each.

Belongs here: a request and what its answer means. Does not belong here: retrying (`delivery.py`) and signing
(`signature.py`).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import httpx

from cdp_assets.activation import signature
from cdp_assets.activation.connectors.connector import Outcome
from cdp_assets.activation.connectors.http import call, checked_url
from cdp_assets.activation.message import Message

_CONTENT_TYPE = "application/json; charset=utf-8"


class Webhook:
    """Posts each message to one address, signed, with its idempotency key."""

    batch_size = 1

    def __init__(self, url: str, secret: str, *, timeout_seconds: float = 10.0, concurrency: int = 8) -> None:
        self._url = checked_url(url)
        self._secret = secret
        self.concurrency = concurrency
        self._client = httpx.Client(
            timeout=timeout_seconds,
            follow_redirects=False,
            limits=httpx.Limits(max_connections=concurrency, max_keepalive_connections=concurrency),
            headers={"content-type": _CONTENT_TYPE, "user-agent": "cdp-assets"},
        )

    def send(self, messages: Sequence[Message], at: datetime) -> list[Outcome]:
        return [self._post(message, at) for message in messages]

    def render(self, message: Message, at: datetime) -> dict[str, Any]:
        return request_as_received(self._url, self._secret, message, at)

    def close(self) -> None:
        self._client.close()

    def _post(self, message: Message, at: datetime) -> Outcome:
        body = message.body().encode()
        headers = signature.headers(self._secret, message.idempotency_key, body, at)
        return call(self._client, "POST", self._url, at, content=body, headers=headers).outcome


def request_as_received(url: str, secret: str | None, message: Message, at: datetime) -> dict[str, Any]:
    """The request as an HTTP receiver sees it; unsigned if there is no secret."""
    body = message.body()
    signed = signature.headers(secret, message.idempotency_key, body.encode(), at) if secret else {}
    return {
        "kind": "http",
        "method": "POST",
        "url": url,
        "headers": {"content-type": _CONTENT_TYPE, signature.IDEMPOTENCY_KEY: message.idempotency_key, **signed},
        "body": json.loads(body),
    }
