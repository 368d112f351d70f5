"""Traits and segments as fields of users in Zendesk."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from cdp_assets.activation.connectors.connector import Outcome
from cdp_assets.activation.connectors.http import Service
from cdp_assets.activation.connectors.upserts import Upserts
from cdp_assets.activation.message import Message
from cdp_assets.activation.ways import Lookup, ZendeskWay

_OWN = ("email", "name", "phone", "external_id")


class Zendesk(Upserts):
    """One user a request."""

    batch_size = 1
    concurrency = 4

    def __init__(self, way: ZendeskWay, secret: Lookup) -> None:
        auth = (f"{secret(way.user_env)}/token", secret(way.token_env))
        service = Service(way.base_url, timeout_seconds=way.timeout_seconds, auth=auth)
        super().__init__(way, service, "/api/v2/users/create_or_update.json", "email")

    def body(self, messages: Sequence[Message]) -> dict[str, Any]:
        (told,) = messages
        own = {name: told.fields[name] for name in _OWN if told.fields.get(name) is not None}
        others = {name: value for name, value in self.properties(told).items() if name not in _OWN}
        return {"user": {**own, "skip_verify_email": True, "user_fields": others}}

    def upsert(self, messages: Sequence[Message], at: datetime) -> list[Outcome]:
        return [self._service.call("POST", self._path, at, json=self.body(messages)).outcome]
