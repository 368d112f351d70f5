"""Traits and segments written back to a CRM or helpdesk: HubSpot contacts, Salesforce records, Zendesk users.

All three upsert by a key, so doing it again changes nothing. Whoever leaves gets the properties of ``on_leave``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from cdp_assets.activation.connectors.connector import DELIVERED, REFUSED, RETRY, Outcome
from cdp_assets.activation.connectors.http import Reply, Service, request_shown
from cdp_assets.activation.connectors.templates import value_of
from cdp_assets.activation.differences import LEFT
from cdp_assets.activation.message import Message
from cdp_assets.activation.ways import HubSpotWay, Lookup, SalesforceWay, ZendeskWay

_ZENDESK_OWN = ("email", "name", "phone", "external_id")
_TOKEN_LASTS = timedelta(minutes=10)


class _Upserts:
    """What the three have in common: a batch, refused where a key is missing, and closing."""

    batch_size = 100
    concurrency = 2
    method = "POST"

    def __init__(self, way: HubSpotWay | SalesforceWay | ZendeskWay, service: Service, path: str, key: str) -> None:
        self._on_leave = way.on_leave
        self._service = service
        self._path = path
        self._key = key

    def send(self, messages: Sequence[Message], at: datetime) -> list[Outcome]:
        outcomes: list[Outcome] = [Outcome(REFUSED, error=f"no_{self._key}")] * len(messages)
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


class HubSpot(_Upserts):
    """Batches of 100 contacts; 207 says which of them failed."""

    def __init__(self, way: HubSpotWay, secret: Lookup) -> None:
        token = secret(way.token_env)
        service = Service(way.base_url, timeout_seconds=way.timeout_seconds, authorization=f"Bearer {token}")
        super().__init__(way, service, "/crm/v3/objects/contacts/batch/upsert", way.key)

    def body(self, messages: Sequence[Message]) -> dict[str, Any]:
        inputs = []
        for told in messages:
            key = str(value_of(told, self._key))
            inputs.append(
                {
                    "id": key,
                    "idProperty": self._key,
                    "objectWriteTraceId": told.idempotency_key,
                    "properties": {self._key: key, **self.properties(told)},
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


class Salesforce(_Upserts):
    """Collections of 200 records by an external id; the app's own account signs in (client credentials)."""

    batch_size = 200
    method = "PATCH"

    def __init__(self, way: SalesforceWay, secret: Lookup) -> None:
        service = Service(way.base_url, timeout_seconds=way.timeout_seconds)
        path = f"/services/data/{way.version}/composite/sobjects/{way.record}/{way.key}"
        super().__init__(way, service, path, way.key)
        self._record = way.record
        self._client = {"client_id": secret(way.client_id_env), "client_secret": secret(way.client_secret_env)}
        self._token: tuple[str, datetime] | None = None

    def body(self, messages: Sequence[Message]) -> dict[str, Any]:
        records = [
            {
                "attributes": {"type": self._record},
                **self.properties(told),
                self._key: value_of(told, self._key),
            }
            for told in messages
        ]
        return {"allOrNone": False, "records": records}

    def upsert(self, messages: Sequence[Message], at: datetime) -> list[Outcome]:
        token = self._signed_in(at)
        if isinstance(token, Outcome):
            return [token] * len(messages)
        header = {"authorization": f"Bearer {token}"}
        reply = self._service.call("PATCH", self._path, at, json=self.body(messages), headers=header)
        if reply.outcome.response_code == 401:
            self._token = None
            return [replace(reply.outcome, kind=RETRY)] * len(messages)
        if not reply.accepted:
            return [reply.outcome] * len(messages)
        return [_salesforce_outcome(found, reply) for found in reply.json]

    def _signed_in(self, at: datetime) -> str | Outcome:
        known = self._token
        if known is not None and at < known[1]:
            return known[0]
        form = {"grant_type": "client_credentials", **self._client}
        reply = self._service.call("POST", "/services/oauth2/token", at, data=form)
        if not reply.accepted:
            return reply.outcome
        self._token = (str(reply.json["access_token"]), at + _TOKEN_LASTS)
        return self._token[0]


class Zendesk(_Upserts):
    """One user a request."""

    batch_size = 1
    concurrency = 4

    def __init__(self, way: ZendeskWay, secret: Lookup) -> None:
        auth = (f"{secret(way.user_env)}/token", secret(way.token_env))
        service = Service(way.base_url, timeout_seconds=way.timeout_seconds, auth=auth)
        super().__init__(way, service, "/api/v2/users/create_or_update.json", "email")

    def body(self, messages: Sequence[Message]) -> dict[str, Any]:
        (told,) = messages
        own = {name: told.fields[name] for name in _ZENDESK_OWN if told.fields.get(name) is not None}
        others = {name: value for name, value in self.properties(told).items() if name not in _ZENDESK_OWN}
        return {"user": {**own, "skip_verify_email": True, "user_fields": others}}

    def upsert(self, messages: Sequence[Message], at: datetime) -> list[Outcome]:
        return [self._service.call("POST", self._path, at, json=self.body(messages)).outcome]


def _salesforce_outcome(found: dict[str, Any], reply: Reply) -> Outcome:
    if found.get("success"):
        return Outcome(DELIVERED, reply.outcome.response_code)
    codes = [error.get("statusCode", "error") for error in found.get("errors", ())] or ["error"]
    kind = RETRY if codes[0] in ("UNABLE_TO_LOCK_ROW", "REQUEST_LIMIT_EXCEEDED") else REFUSED
    return Outcome(kind, reply.outcome.response_code, f"salesforce_{codes[0]}".lower())
