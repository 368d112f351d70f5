"""Audiences at advertising platforms, kept equal by difference: Meta Custom Audiences and Google Customer Match.

Only hashes leave (`audience_hashes.py`). Both take additions and removals again without harm. An identifier that a
person had earlier stays in Meta's audience until the person leaves (removal goes by our id as well), and in Google's,
which knows no id of ours together with contact data, until the list's own membership duration ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from cdp_assets.activation.connectors.audience_hashes import google_identifiers, meta_row, sha256
from cdp_assets.activation.connectors.connector import REFUSED, Outcome
from cdp_assets.activation.connectors.google_account import GoogleAccount
from cdp_assets.activation.connectors.http import Service, request_shown
from cdp_assets.activation.differences import LEFT
from cdp_assets.activation.message import Message
from cdp_assets.activation.ways import GoogleWay, Lookup, MetaWay

_NOBODY = Outcome(REFUSED, error="no_identifier")
_GOOGLE_SCOPE = "https://www.googleapis.com/auth/datamanager"


class MetaAudience:
    """Adds with POST, removes with DELETE, 10,000 people at once."""

    batch_size = 10_000
    concurrency = 1

    def __init__(self, way: MetaWay, secret: Lookup) -> None:
        self._path = f"/{way.version}/{way.audience}/users"
        token = secret(way.token_env)
        self._service = Service(
            way.base_url, timeout_seconds=way.timeout_seconds, concurrency=1, authorization=f"Bearer {token}"
        )

    def send(self, messages: Sequence[Message], at: datetime) -> list[Outcome]:
        return _by_direction(messages, lambda told: bool(any(meta_row(told.fields).values())), self._call, at)

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


class GoogleAudience:
    """Ingests and removes members through the Data Manager API, 10,000 people at once."""

    batch_size = 10_000
    concurrency = 1

    def __init__(self, way: GoogleWay, secret: Lookup) -> None:
        self._way = way
        self._service = Service(way.base_url, timeout_seconds=way.timeout_seconds, concurrency=1)
        self._account_json = secret(way.service_account_env)
        self._account: GoogleAccount | None = None

    def send(self, messages: Sequence[Message], at: datetime) -> list[Outcome]:
        return _by_direction(messages, lambda told: bool(google_identifiers(told.fields)), self._call, at)

    def render(self, message: Message, at: datetime) -> dict[str, Any]:
        return request_shown("POST", self._service.base_url + _google_path(message), self.body([message]))

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
            self._account = GoogleAccount(self._account_json, _GOOGLE_SCOPE, self._way.timeout_seconds)
        header = self._account.header(at)
        if isinstance(header, Outcome):
            return header
        path = _google_path(messages[0])
        return self._service.call("POST", path, at, json=self.body(messages), headers=header).outcome


def _method(message: Message) -> str:
    return "DELETE" if message.change == LEFT else "POST"


def _google_path(message: Message) -> str:
    return f"/v1/audienceMembers:{'remove' if message.change == LEFT else 'ingest'}"


def _by_direction(messages: Sequence[Message], known: Any, call: Any, at: datetime) -> list[Outcome]:
    """One call for those who leave and one for the others; people without any identifier are refused.

    A batch holds each person once, so the two may go in any order.
    """
    outcomes = {told.outbox_id: _NOBODY for told in messages}
    usable = [told for told in messages if known(told)]
    for leaving in (True, False):
        chosen = [told for told in usable if (told.change == LEFT) == leaving]
        if chosen:
            outcome = call(chosen, at)
            outcomes.update({told.outbox_id: outcome for told in chosen})
    return [outcomes[told.outbox_id] for told in messages]
