"""Calls to services over HTTP, and what their answers mean.

Belongs here: what all services have in common. Does not belong here: any service's own words.
"""

from __future__ import annotations

import ipaddress
import threading
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from cdp_assets.activation.connectors.connector import DELIVERED, REFUSED, RETRY, ConnectorError, Outcome

_WORTH_RETRYING = frozenset({408, 409, 423, 425, 429})
_WHATEVER_IS_SENT = frozenset({401, 402, 403, 404, 405, 406, 407, 410, 411, 415})
"""Refusals that concern the caller, the address or the form of a call, not what is in it."""


@dataclass(frozen=True)
class Reply:
    """An answer: what it means for the message, and its JSON (empty if there is none)."""

    outcome: Outcome
    json: Any

    @property
    def accepted(self) -> bool:
        return self.outcome.kind == DELIVERED


class Clients:
    """HTTP clients with the same settings, one for each thread that calls.

    Threads that share one look through all of its connections, under a lock, for each request and each answer.
    """

    def __init__(self, **settings: Any) -> None:
        self._settings = {"follow_redirects": False, **settings}
        self._of_thread = threading.local()
        self._made: list[httpx.Client] = []

    def here(self) -> httpx.Client:
        """The client of this thread."""
        client: httpx.Client | None = getattr(self._of_thread, "client", None)
        if client is None:
            client = self._of_thread.client = httpx.Client(**self._settings)
            self._made.append(client)
        return client

    def close(self) -> None:
        """Give back all connections."""
        for client in self._made:
            client.close()


class Service:
    """One service, by its address. Called from several threads."""

    def __init__(self, base_url: str, *, timeout_seconds: float = 10.0, auth: Any = None, **headers: str) -> None:
        self.base_url = checked_url(base_url).rstrip("/")
        headers = {"user-agent": "cdp-assets", **headers}
        self._clients = Clients(timeout=timeout_seconds, auth=auth, headers=headers)

    def call(self, method: str, path: str, at: datetime, **request: Any) -> Reply:
        """Call once; ``request`` as httpx takes it (json, data, content, headers)."""
        return call(self._clients.here(), method, self.base_url + path, at, **request)

    def close(self) -> None:
        self._clients.close()


def call(client: httpx.Client, method: str, url: str | httpx.URL, at: datetime, **request: Any) -> Reply:
    """Call an address once."""
    try:
        response = client.request(method, url, **request)
    except httpx.TimeoutException:
        return Reply(Outcome(RETRY, error="timeout"), {})
    except httpx.TransportError as error:
        return Reply(Outcome(RETRY, error=type(error).__name__), {})
    try:
        answer = response.json() if response.content else {}
    except ValueError:
        answer = {}
    return Reply(outcome_of(response, at), answer)


def request_shown(method: str, url: str, body: Any, **headers: str) -> dict[str, Any]:
    """A request as the inbox shows it; no secret is among the headers."""
    return {"kind": "http", "method": method, "url": url, "headers": headers, "body": body}


def outcome_of(response: httpx.Response, at: datetime) -> Outcome:
    """What an answer means: 2xx delivered, what may pass (429, 5xx …) again later, everything else never."""
    code = response.status_code
    if response.is_success:
        return Outcome(DELIVERED, code)
    if code in _WORTH_RETRYING or code >= 500:
        return Outcome(RETRY, code, f"http_{code}", retry_after(response.headers.get("retry-after"), at))
    return Outcome(REFUSED, code, f"http_{code}")


def of_batch(outcome: Outcome) -> Outcome:
    """What an answer to a call of several messages means for each: one that refuses what is sent may be for one of them
    alone."""
    code = outcome.response_code or 0
    of_content = outcome.kind == REFUSED and 400 <= code < 500 and code not in _WHATEVER_IS_SENT
    return replace(outcome, together=of_content)


def retry_after(value: str | None, at: datetime) -> float | None:
    """Seconds from ``at``, of a number of seconds or an HTTP date."""
    if value is None:
        return None
    if value.strip().isdigit():
        return float(value)
    try:
        until = parsedate_to_datetime(value)
    except ValueError:
        return None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(0.0, (until - at).total_seconds())


def checked_url(url: str) -> str:
    """The address, if it can be used: https, or http to this machine.

    Raises:
        ConnectorError: if it cannot.
    """
    parsed = httpx.URL(url)
    if parsed.scheme == "https" and parsed.host:
        return url
    if parsed.scheme == "http" and is_loopback(url):
        return url
    raise ConnectorError(f"an https address is needed (http only to this machine), not {parsed.scheme or 'none'}://")


def is_loopback(url: str) -> bool:
    """Whether the address is on this machine."""
    host = httpx.URL(url).host
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
