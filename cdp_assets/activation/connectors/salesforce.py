"""Traits and segments as fields of records in Salesforce."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from cdp_assets.activation.connectors.connector import DELIVERED, REFUSED, RETRY, Outcome
from cdp_assets.activation.connectors.http import Reply, Service
from cdp_assets.activation.connectors.templates import value_of
from cdp_assets.activation.connectors.upserts import Upserts
from cdp_assets.activation.message import Message
from cdp_assets.activation.ways import Lookup, SalesforceWay

_TOKEN_LASTS = timedelta(minutes=10)


class Salesforce(Upserts):
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
        return [_outcome_of(found, reply) for found in reply.json]

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


def _outcome_of(found: dict[str, Any], reply: Reply) -> Outcome:
    if found.get("success"):
        return Outcome(DELIVERED, reply.outcome.response_code)
    codes = [error.get("statusCode", "error") for error in found.get("errors", ())] or ["error"]
    kind = RETRY if codes[0] in ("UNABLE_TO_LOCK_ROW", "REQUEST_LIMIT_EXCEEDED") else REFUSED
    return Outcome(kind, reply.outcome.response_code, f"salesforce_{codes[0]}".lower())
