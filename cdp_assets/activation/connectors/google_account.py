"""Access tokens of a Google service account: a signed assertion for a token of an hour (RFC 7523)."""

from __future__ import annotations

import base64
import json
import threading
from datetime import datetime, timedelta
from typing import Any

from cdp_assets.activation.connectors.connector import DELIVERED, ConnectorError, Outcome
from cdp_assets.activation.connectors.http import Service

_SHORTLY = timedelta(minutes=5)
_ASSERTION = "urn:ietf:params:oauth:grant-type:jwt-bearer"


class GoogleAccount:
    """Asks for a token, and keeps it until shortly before it expires."""

    def __init__(self, account_json: str, scope: str, timeout_seconds: float) -> None:
        try:
            self._account = dict(json.loads(account_json))
            self._service = Service(str(self._account["token_uri"]), timeout_seconds=timeout_seconds)
        except (ValueError, KeyError, TypeError) as error:
            raise ConnectorError("the service account's JSON cannot be read, or lacks token_uri") from error
        self._scope = scope
        self._lock = threading.Lock()
        self._token = ""
        self._until: datetime | None = None

    def header(self, at: datetime) -> dict[str, str] | Outcome:
        """The header of a call at this moment, or what asking for a token came to."""
        with self._lock:
            if self._until is None or at >= self._until:
                form = {"grant_type": _ASSERTION, "assertion": self._assertion(at)}
                reply = self._service.call("POST", "", at, data=form)
                if reply.outcome.kind != DELIVERED:
                    return reply.outcome
                self._token = str(reply.json["access_token"])
                self._until = at + timedelta(seconds=int(reply.json.get("expires_in", 3600))) - _SHORTLY
            return {"authorization": f"Bearer {self._token}"}

    def close(self) -> None:
        self._service.close()

    def _assertion(self, at: datetime) -> str:
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import padding, rsa

        now = int(at.timestamp())
        claims = {
            "iss": self._account["client_email"],
            "scope": self._scope,
            "aud": self._account["token_uri"],
            "iat": now,
            "exp": now + 3600,
        }
        signed = f"{encoded({'alg': 'RS256', 'typ': 'JWT'})}.{encoded(claims)}"
        key = serialization.load_pem_private_key(str(self._account["private_key"]).encode(), None)
        if not isinstance(key, rsa.RSAPrivateKey):
            raise ConnectorError("the service account's key is no RSA key")
        return f"{signed}.{base64url(key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def encoded(value: dict[str, Any]) -> str:
    """A part of a JSON web token."""
    return base64url(json.dumps(value, separators=(",", ":")).encode())


def base64url(value: bytes) -> str:
    """Base64 for addresses, without padding (RFC 7515)."""
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
