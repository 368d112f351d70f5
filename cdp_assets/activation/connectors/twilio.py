"""SMS and WhatsApp through Twilio's Messages API.

Twilio knows no idempotency keys: a crash between its answer and our note of it can send a message twice.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from cdp_assets.activation.connectors.connector import ConnectorError, Outcome
from cdp_assets.activation.connectors.http import Service, request_shown
from cdp_assets.activation.connectors.templates import Unwritable, value_of, written
from cdp_assets.activation.message import Message
from cdp_assets.activation.ways import Lookup, TwilioWay
from cdp_assets.ledger.outbox import BOUNCED, UNSUBSCRIBED

_REASONS = {21211: BOUNCED, 21614: BOUNCED, 21610: UNSUBSCRIBED}
"""By Twilio's own code: it is no number, none that takes messages, or that of somebody who answered STOP."""


class Twilio:
    """One request a message."""

    batch_size = 1
    concurrency = 4

    def __init__(self, way: TwilioWay, secret: Lookup) -> None:
        if (way.text is None) == (way.content_sid is None):
            raise ConnectorError("give either text or content_sid")
        account = secret(way.account_env)
        self._way = way
        self._path = f"/2010-04-01/Accounts/{account}/Messages.json"
        self._service = Service(
            way.base_url,
            timeout_seconds=way.timeout_seconds,
            auth=(account, secret(way.token_env)),
        )

    def send(self, messages: Sequence[Message], at: datetime) -> list[Outcome]:
        return [self._one(message, at) for message in messages]

    def render(self, message: Message, at: datetime) -> dict[str, Any]:
        return request_shown("POST", self._service.base_url + self._path, self.form(message))

    def close(self) -> None:
        self._service.close()

    def form(self, message: Message) -> dict[str, str]:
        """The fields of the request."""
        way = self._way
        sender = "MessagingServiceSid" if way.sender.startswith("MG") else "From"
        form = {"To": self._address(str(value_of(message, way.to)))}
        form[sender] = way.sender if sender != "From" else self._address(way.sender)
        if way.content_sid is not None:
            values = {name: "" if value is None else str(value) for name, value in message.fields.items()}
            return {**form, "ContentSid": way.content_sid, "ContentVariables": json.dumps(values, ensure_ascii=False)}
        return {**form, "Body": written(way.text or "", message)}

    def _address(self, number: str) -> str:
        return f"whatsapp:{number}" if self._way.type == "whatsapp" else number

    def _one(self, message: Message, at: datetime) -> Outcome:
        try:
            form = self.form(message)
        except Unwritable as error:
            return error.outcome
        reply = self._service.call("POST", self._path, at, data=form)
        code = reply.json.get("code") if isinstance(reply.json, dict) else None
        if not reply.accepted and code:
            return replace(reply.outcome, error=_REASONS.get(code, f"twilio_{code}"))
        return reply.outcome
