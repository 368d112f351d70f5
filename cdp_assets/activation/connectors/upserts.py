"""What the ways to a CRM or helpdesk have in common, whose records carry traits and segments.

All upsert by a key, so doing it again changes nothing. Whoever leaves gets the properties of ``on_leave``.
Does not belong here: any service's own words (`hubspot.py`, `salesforce.py`, `zendesk.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from cdp_assets.activation.connectors.connector import DELIVERED, REFUSED, Outcome
from cdp_assets.activation.connectors.http import Service, request_shown
from cdp_assets.activation.differences import LEFT
from cdp_assets.activation.message import Message
from cdp_assets.activation.ways import HubSpotWay, SalesforceWay, ZendeskWay

_RecordWay = HubSpotWay | SalesforceWay | ZendeskWay


class Upserts:
    """A batch, refused where a key is missing (who leaves without one has no record to change), and closing."""

    batch_size = 100
    concurrency = 2
    method = "POST"

    def __init__(self, way: _RecordWay, service: Service, path: str, key: str) -> None:
        self._on_leave = way.on_leave
        self._service = service
        self._path = path
        self._key = key

    def send(self, messages: Sequence[Message], at: datetime) -> list[Outcome]:
        refused, nothing_to_do = Outcome(REFUSED, error=f"no_{self._key}"), Outcome(DELIVERED)
        outcomes = [nothing_to_do if told.change == LEFT else refused for told in messages]
        places = [place for place, told in enumerate(messages) if told.fields.get(self._key) not in (None, "")]
        if places:
            found = self.upsert([messages[place] for place in places], at)
            for place, outcome in zip(places, found, strict=True):
                outcomes[place] = outcome
        return outcomes

    def render(self, message: Message, at: datetime) -> dict[str, Any]:
        return request_shown(self.method, self._service.base_url + self._path, self.body([message]))

    def close(self) -> None:
        self._service.close()

    def properties(self, message: Message) -> dict[str, Any]:
        """What is set on the record."""
        return dict(self._on_leave) if message.change == LEFT else message.fields

    def body(self, messages: Sequence[Message]) -> dict[str, Any]:
        """The request's body."""
        raise NotImplementedError

    def upsert(self, messages: Sequence[Message], at: datetime) -> list[Outcome]:
        """Call once; one outcome for each message."""
        raise NotImplementedError
