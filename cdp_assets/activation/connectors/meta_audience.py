"""A Custom Audience of Meta."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from cdp_assets.activation.connectors.audience_calls import by_direction
from cdp_assets.activation.connectors.audience_hashes import meta_row, sha256
from cdp_assets.activation.connectors.connector import Outcome
from cdp_assets.activation.connectors.http import Service, request_shown
from cdp_assets.activation.differences import LEFT
from cdp_assets.activation.message import Message
from cdp_assets.activation.ways import Lookup, MetaWay


class MetaAudience:
    """Adds with POST, removes with DELETE, 10,000 people at once."""

    batch_size = 10_000
    concurrency = 1

    def __init__(self, way: MetaWay, secret: Lookup) -> None:
        self._path = f"/{way.version}/{way.audience}/users"
        token = secret(way.token_env)
        self._service = Service(way.base_url, timeout_seconds=way.timeout_seconds, authorization=f"Bearer {token}")

    def send(self, messages: Sequence[Message], at: datetime) -> list[Outcome]:
        return by_direction(messages, lambda told: bool(any(meta_row(told.fields).values())), self._call, at)

    def render(self, message: Message, at: datetime) -> dict[str, Any]:
        return request_shown(_method(message), self._service.base_url + self._path, self.body([message]))

    def close(self) -> None:
        self._service.close()

    def body(self, messages: Sequence[Message]) -> dict[str, Any]:
        """People as Meta takes them."""
        rows = [{"EXTERN_ID": sha256(str(told.profile_id)), **meta_row(told.fields)} for told in messages]
        return {"payload": {"schema": list(rows[0]), "data": [list(row.values()) for row in rows]}}

    def _call(self, messages: Sequence[Message], at: datetime) -> Outcome:
        return self._service.call(_method(messages[0]), self._path, at, json=self.body(messages)).outcome


def _method(message: Message) -> str:
    return "DELETE" if message.change == LEFT else "POST"
