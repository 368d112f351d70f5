"""Traits and segments as properties of contacts in HubSpot."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from cdp_assets.activation.connectors.connector import REFUSED, Outcome
from cdp_assets.activation.connectors.http import Service
from cdp_assets.activation.connectors.templates import value_of
from cdp_assets.activation.connectors.upserts import Upserts
from cdp_assets.activation.message import Message
from cdp_assets.activation.ways import HubSpotWay, Lookup


class HubSpot(Upserts):
    """Batches of 100 contacts; 207 says which of them failed."""

    def __init__(self, way: HubSpotWay, secret: Lookup) -> None:
        token = secret(way.token_env)
        service = Service(way.base_url, timeout_seconds=way.timeout_seconds, authorization=f"Bearer {token}")
        super().__init__(way, service, "/crm/v3/objects/contacts/batch/upsert", way.key)

    def body(self, messages: Sequence[Message]) -> dict[str, Any]:
        inputs = []
        for told in messages:
            key = str(value_of(told, self._key))
            fields = {**self.properties(told), self._key: key}
            inputs.append(
                {
                    "id": key,
                    "idProperty": self._key,
                    "objectWriteTraceId": told.idempotency_key,
                    "properties": {name: text_of(value) for name, value in fields.items()},
                }
            )
        return {"inputs": inputs}

    def upsert(self, messages: Sequence[Message], at: datetime) -> list[Outcome]:
        reply = self._service.call("POST", self._path, at, json=self.body(messages))
        outcome = reply.outcome
        if outcome.kind == REFUSED and outcome.response_code == 400 and len(messages) > 1:
            # One wrong record refuses the batch: find out which.
            return [one for told in messages for one in self.upsert([told], at)]
        if outcome.response_code != 207:
            return [outcome] * len(messages)
        failed = {
            trace
            for error in reply.json.get("errors", ())
            for trace in error.get("context", {}).get("objectWriteTraceId", ())
        }
        refused = Outcome(REFUSED, 207, "hubspot_error")
        return [refused if told.idempotency_key in failed else outcome for told in messages]


def text_of(value: Any) -> str:
    """A value as HubSpot's API takes all of them: text; an empty one clears the property."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
