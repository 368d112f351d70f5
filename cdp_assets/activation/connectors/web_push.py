"""Push messages to browsers: a payload that only the browser can read (RFC 8291), and VAPID (RFC 8292), by pywebpush.

A push service knows no idempotency keys; a repeat carries the same ``Topic``, so it replaces what still waits there.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import httpx

from cdp_assets.activation.connectors.connector import ConnectorError, Outcome
from cdp_assets.activation.connectors.http import Clients, call, checked_url, request_shown
from cdp_assets.activation.connectors.templates import Unwritable, value_of, written
from cdp_assets.activation.message import Message
from cdp_assets.activation.ways import Lookup, WebPushWay

_TWELVE_HOURS = 12 * 3600


class WebPush:
    """One request a message, to the address in the browser's subscription."""

    batch_size = 1
    concurrency = 8

    def __init__(self, way: WebPushWay, secret: Lookup) -> None:
        self._way = way
        self._vapid = secret(way.vapid_key_env)
        self._clients = Clients(timeout=way.timeout_seconds)

    def send(self, messages: Sequence[Message], at: datetime) -> list[Outcome]:
        return [self._one(message, at) for message in messages]

    def render(self, message: Message, at: datetime) -> dict[str, Any]:
        endpoint = str(_subscription(value_of(message, self._way.to))["endpoint"])
        return request_shown("POST", endpoint, json.loads(self.content(message)), ttl=str(self._way.ttl_seconds))

    def close(self) -> None:
        self._clients.close()

    def content(self, message: Message) -> str:
        """What the browser's service worker gets."""
        way = self._way
        told = {"title": written(way.title, message), "body": written(way.text, message)}
        return json.dumps({**told, "message_id": message.idempotency_key}, ensure_ascii=False)

    def authorization(self, endpoint: str, at: datetime) -> str:
        """The header by which a push service knows the sender."""
        from py_vapid import Vapid02, VapidException

        url = httpx.URL(endpoint)
        origin = f"{url.scheme}://{url.netloc.decode()}"
        claims = {"aud": origin, "exp": int(at.timestamp()) + _TWELVE_HOURS, "sub": self._way.contact}
        try:
            return str(Vapid02.from_raw(self._vapid.encode()).sign(claims)["Authorization"])
        except (ValueError, VapidException) as error:
            raise ConnectorError("the VAPID key is not 32 bytes in base64url, or contact is no mailto:…") from error

    def _one(self, message: Message, at: datetime) -> Outcome:
        from pywebpush import WebPusher, WebPushException

        try:
            subscription = _subscription(value_of(message, self._way.to))
            endpoint = checked_url(str(subscription["endpoint"]))
            body = WebPusher(subscription).encode(self.content(message).encode(), "aes128gcm")["body"]
        except Unwritable as error:
            return error.outcome
        except (KeyError, TypeError, ValueError, WebPushException):
            return Unwritable("invalid_subscription").outcome
        headers = {
            "content-encoding": "aes128gcm",
            "content-type": "application/octet-stream",
            "ttl": str(self._way.ttl_seconds),
            "topic": hashlib.sha256(message.idempotency_key.encode()).hexdigest()[:32],
            "authorization": self.authorization(endpoint, at),
        }
        # 404 and 410: the browser has given the subscription up.
        return call(self._clients.here(), "POST", endpoint, at, content=body, headers=headers).outcome


def _subscription(value: Any) -> dict[str, Any]:
    return dict(json.loads(value) if isinstance(value, str) else value)
