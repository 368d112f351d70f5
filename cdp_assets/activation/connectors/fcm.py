"""Push messages to apps through Firebase Cloud Messaging, HTTP v1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from cdp_assets.activation.connectors.connector import Outcome
from cdp_assets.activation.connectors.google_account import GoogleAccount
from cdp_assets.activation.connectors.http import Service, request_shown
from cdp_assets.activation.connectors.templates import Unwritable, value_of, written
from cdp_assets.activation.message import Message
from cdp_assets.activation.ways import FcmWay, Lookup

_SCOPE = "https://www.googleapis.com/auth/firebase.messaging"


class Fcm:
    """One request a message. The app gets the idempotency key as ``message_id``, to show a repeat only once."""

    batch_size = 1
    concurrency = 8

    def __init__(self, way: FcmWay, secret: Lookup) -> None:
        self._way = way
        self._path = f"/v1/projects/{way.project}/messages:send"
        self._service = Service(way.base_url, timeout_seconds=way.timeout_seconds)
        self._account_json = secret(way.service_account_env)
        self._account: GoogleAccount | None = None

    def send(self, messages: Sequence[Message], at: datetime) -> list[Outcome]:
        if self._account is None:
            self._account = GoogleAccount(self._account_json, _SCOPE, self._way.timeout_seconds)
        header = self._account.header(at)
        if isinstance(header, Outcome):
            return [header] * len(messages)
        return [self._one(message, at, header) for message in messages]

    def render(self, message: Message, at: datetime) -> dict[str, Any]:
        return request_shown("POST", self._service.base_url + self._path, self.body(message))

    def close(self) -> None:
        self._service.close()
        if self._account is not None:
            self._account.close()

    def body(self, message: Message) -> dict[str, Any]:
        """The request's body."""
        way, fields = self._way, message.fields
        data = {name: str(fields[name]) for name in way.data if fields.get(name) is not None}
        return {
            "message": {
                "token": str(value_of(message, way.to)),
                "notification": {"title": written(way.title, message), "body": written(way.text, message)},
                "data": {**data, "message_id": message.idempotency_key},
            }
        }

    def _one(self, message: Message, at: datetime, header: dict[str, str]) -> Outcome:
        try:
            body = self.body(message)
        except Unwritable as error:
            return error.outcome
        reply = self._service.call("POST", self._path, at, json=body, headers=header)
        if reply.accepted:
            return reply.outcome
        found = reply.json.get("error", {}) if isinstance(reply.json, dict) else {}
        codes = [detail["errorCode"] for detail in found.get("details", ()) if "errorCode" in detail]
        # UNREGISTERED: the app was removed, or the token is an old one.
        return replace(reply.outcome, error=f"fcm_{codes[0]}".lower()) if codes else reply.outcome
