"""Signed HTTP requests, one message each or several together.

Belongs here: a request and what its answer means. Does not belong here: retrying (`delivery.py`), signing
(`signature.py`) and the forms of a body (`webhook_bodies.py`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import httpx

from cdp_assets.activation import signature
from cdp_assets.activation.connectors.connector import Outcome
from cdp_assets.activation.connectors.http import Clients, call, checked_url, of_batch
from cdp_assets.activation.connectors.webhook_bodies import batch, single
from cdp_assets.activation.message import Message

_CONTENT_TYPE = "application/json; charset=utf-8"


class Webhook:
    """Posts messages to one address, signed, with their idempotency keys.

    A request of several messages is accepted, refused or tried again as a whole; each message in it bears its own key,
    by which a receiver drops a repeat.
    """

    def __init__(
        self,
        url: str,
        secret: str,
        *,
        timeout_seconds: float = 10.0,
        concurrency: int = 8,
        batch_size: int = 1,
        body: str = "message",
    ) -> None:
        self._url = checked_url(url)
        self._secret = secret
        self._body = body
        self.batch_size = batch_size
        self.concurrency = concurrency
        self._address = httpx.URL(url)  # taken apart once
        headers = {"content-type": _CONTENT_TYPE, "user-agent": "cdp-assets"}
        self._clients = Clients(timeout=timeout_seconds, headers=headers)

    def send(self, messages: Sequence[Message], at: datetime) -> list[Outcome]:
        if self.batch_size == 1:
            return [self._post(told.idempotency_key, single(told, self._body), at) for told in messages]
        keys = ",".join(told.idempotency_key for told in messages)
        key = hashlib.sha256(keys.encode()).hexdigest()[:32]
        outcome = self._post(key, batch(messages, self._body), at)
        return [of_batch(outcome) if len(messages) > 1 else outcome] * len(messages)

    def render(self, message: Message, at: datetime) -> dict[str, Any]:
        return request_as_received(self._url, self._secret, message, at, self._body)

    def close(self) -> None:
        self._clients.close()

    def _post(self, key: str, text: str, at: datetime) -> Outcome:
        body = text.encode()
        headers = signature.headers(self._secret, key, body, at)
        return call(self._clients.here(), "POST", self._address, at, content=body, headers=headers).outcome


def request_as_received(
    url: str, secret: str | None, message: Message, at: datetime, form: str = "message"
) -> dict[str, Any]:
    """The request as an HTTP receiver sees it, for one message; unsigned if there is no secret."""
    body = single(message, form)
    signed = signature.headers(secret, message.idempotency_key, body.encode(), at) if secret else {}
    return {
        "kind": "http",
        "method": "POST",
        "url": url,
        "headers": {"content-type": _CONTENT_TYPE, signature.IDEMPOTENCY_KEY: message.idempotency_key, **signed},
        "body": json.loads(body),
    }
