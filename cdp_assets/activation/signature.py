"""Signatures by which a receiver knows that a request came from here, unchanged and just now.

The scheme is that of the Standard Webhooks specification (https://www.standardwebhooks.com): HMAC-SHA256 over id,
timestamp and body, so that receivers can use the libraries there are for it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime

ID = "webhook-id"
TIMESTAMP = "webhook-timestamp"
SIGNATURE = "webhook-signature"
IDEMPOTENCY_KEY = "idempotency-key"

TOLERANCE_SECONDS = 300
"""How far a receiver lets a request's time differ from its own."""

_PREFIX = "whsec_"


class SignatureError(ValueError):
    """A request is not what it claims to be."""


def headers(secret: str, key: str, body: bytes, at: datetime) -> dict[str, str]:
    """The headers of a signed request.

    Args:
        secret: ``whsec_`` followed by base64, or any text.
        key: The message's idempotency key.
        body: The request's body, byte for byte.
        at: When it is sent; timezone-aware.
    """
    timestamp = str(int(at.timestamp()))
    return {
        IDEMPOTENCY_KEY: key,
        ID: key,
        TIMESTAMP: timestamp,
        SIGNATURE: f"v1,{_digest(secret, key, timestamp, body)}",
    }


def verify(secret: str, given: Mapping[str, str], body: bytes, at: datetime) -> str:
    """Check a request, and return its idempotency key.

    Args:
        secret: As for `headers`.
        given: The request's headers, names in lower case.
        body: Its body, byte for byte.
        at: When it was received; timezone-aware.

    Raises:
        SignatureError: if a header is missing, the time is off by more than `TOLERANCE_SECONDS`, or no signature fits.
    """
    try:
        key, timestamp, signatures = given[ID], given[TIMESTAMP], given[SIGNATURE]
    except KeyError as missing:
        raise SignatureError(f"header {missing.args[0]} is missing") from None
    if not timestamp.isdigit() or abs(int(timestamp) - at.timestamp()) > TOLERANCE_SECONDS:
        raise SignatureError("the timestamp is too far from the present")
    expected = f"v1,{_digest(secret, key, timestamp, body)}".encode()
    if not any(hmac.compare_digest(expected, signature.encode()) for signature in signatures.split(" ")):
        raise SignatureError("no signature fits")
    return key


def _digest(secret: str, key: str, timestamp: str, body: bytes) -> str:
    signed = b".".join((key.encode(), timestamp.encode(), body))
    return base64.b64encode(hmac.new(_key(secret), signed, hashlib.sha256).digest()).decode()


def _key(secret: str) -> bytes:
    if not secret.startswith(_PREFIX):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except binascii.Error:
        raise SignatureError("the secret begins with whsec_ but is not base64") from None
