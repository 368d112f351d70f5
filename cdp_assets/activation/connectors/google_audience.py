"""A Customer Match list of Google, through the Data Manager API."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from cdp_assets.activation.connectors.audience_calls import by_direction
from cdp_assets.activation.connectors.audience_hashes import google_identifiers
from cdp_assets.activation.connectors.connector import Outcome
from cdp_assets.activation.connectors.google_account import GoogleAccount
from cdp_assets.activation.connectors.http import Service, request_shown
from cdp_assets.activation.differences import LEFT
from cdp_assets.activation.message import Message
from cdp_assets.activation.ways import GoogleWay, Lookup

_SCOPE = "https://www.googleapis.com/auth/datamanager"


class GoogleAudience:
    """Ingests and removes members through the Data Manager API, 10,000 people at once."""

    batch_size = 10_000
    concurrency = 1

    def __init__(self, way: GoogleWay, secret: Lookup) -> None:
        self._way = way
        self._service = Service(way.base_url, timeout_seconds=way.timeout_seconds)
        self._account_json = secret(way.service_account_env)
        self._account: GoogleAccount | None = None

    def send(self, messages: Sequence[Message], at: datetime) -> list[Outcome]:
        return by_direction(messages, lambda told: bool(google_identifiers(told.fields)), self._call, at)

    def render(self, message: Message, at: datetime) -> dict[str, Any]:
        return request_shown("POST", self._service.base_url + _path_of(message), self.body([message]))

    def close(self) -> None:
        self._service.close()
        if self._account is not None:
            self._account.close()

    def body(self, messages: Sequence[Message]) -> dict[str, Any]:
        """People as Google takes them. Whoever is added has consented: the gates have asked."""
        way = self._way
        destination: dict[str, Any] = {"operatingAccount": {"accountType": "GOOGLE_ADS", "accountId": way.account}}
        if way.login_account is not None:
            destination["loginAccount"] = {"accountType": "GOOGLE_ADS", "accountId": way.login_account}
        body: dict[str, Any] = {
            "destinations": [{**destination, "productDestinationId": way.audience}],
            "audienceMembers": [
                {"userData": {"userIdentifiers": google_identifiers(told.fields)}} for told in messages
            ],
            "encoding": "HEX",
        }
        if messages[0].change != LEFT:
            body["consent"] = {"adUserData": "CONSENT_GRANTED", "adPersonalization": "CONSENT_GRANTED"}
            body["termsOfService"] = {"customerMatchTermsOfServiceStatus": "ACCEPTED"}
        return body

    def _call(self, messages: Sequence[Message], at: datetime) -> Outcome:
        if self._account is None:
            self._account = GoogleAccount(self._account_json, _SCOPE, self._way.timeout_seconds)
        header = self._account.header(at)
        if isinstance(header, Outcome):
            return header
        path = _path_of(messages[0])
        return self._service.call("POST", path, at, json=self.body(messages), headers=header).outcome


def _path_of(message: Message) -> str:
    return f"/v1/audienceMembers:{'remove' if message.change == LEFT else 'ingest'}"
