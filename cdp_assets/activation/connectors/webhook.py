"""Signed HTTP requests, one message each.

Belongs here: a request and what its answer means. Does not belong here: retrying (`delivery.py`) and signing
(`signature.py`).
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from cdp_assets.activation import signature
from cdp_assets.activation.connectors.connector import DELIVERED, REFUSED, RETRY, ConnectorError, Outcome
from cdp_assets.activation.message import Message

_WORTH_RETRYING = frozenset({408, 409, 423, 425, 429})
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
        try:
            response = self._client.post(self._url, content=body, headers=headers)
        except httpx.TimeoutException:
            return Outcome(RETRY, error="timeout")
        except httpx.TransportError as error:
            return Outcome(RETRY, error=type(error).__name__)
        return _outcome(response, at)


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


def checked_url(url: str) -> str:
    """The address, if it can be used: https, or http to this machine.

    Raises:
        ConnectorError: if it cannot.
    """
    parsed = httpx.URL(url)
    if parsed.scheme == "https" and parsed.host:
        return url
    if parsed.scheme == "http" and is_loopback(url):
        return url
    raise ConnectorError(
        f"a webhook needs an https address (http only to this machine), not {parsed.scheme or 'none'}://"
    )


def is_loopback(url: str) -> bool:
    """Whether the address is on this machine."""
    host = httpx.URL(url).host
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _outcome(response: httpx.Response, at: datetime) -> Outcome:
    code = response.status_code
    if response.is_success:
        return Outcome(DELIVERED, code)
    if code in _WORTH_RETRYING or code >= 500:
        return Outcome(RETRY, code, f"http_{code}", _retry_after(response.headers.get("retry-after"), at))
    return Outcome(REFUSED, code, f"http_{code}")


def _retry_after(value: str | None, at: datetime) -> float | None:
    """Seconds from ``at``, of a number of seconds or an HTTP date."""
    if value is None:
        return None
    if value.strip().isdigit():
        return float(value)
    try:
        until = parsedate_to_datetime(value)
    except ValueError:
        return None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(0.0, (until - at).total_seconds())
