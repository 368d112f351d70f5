"""Push messages to browsers: a payload that only the browser can read (RFC 8291, RFC 8188), and VAPID (RFC 8292).

A push service knows no idempotency keys; a repeat carries the same ``Topic``, so it replaces what still waits there.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import httpx

from cdp_assets.activation.connectors.connector import ConnectorError, Outcome
from cdp_assets.activation.connectors.google_account import base64url, encoded
from cdp_assets.activation.connectors.http import call, checked_url, request_shown
from cdp_assets.activation.connectors.templates import Unwritable, value_of, written
from cdp_assets.activation.message import Message
from cdp_assets.activation.ways import Lookup, WebPushWay

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

_TWELVE_HOURS = 12 * 3600
_RECORD_SIZE = 4096


class WebPush:
    """One request a message, to the address in the browser's subscription."""

    batch_size = 1
    concurrency = 8

    def __init__(self, way: WebPushWay, secret: Lookup) -> None:
        self._way = way
        self._vapid = secret(way.vapid_key_env)
        self._client = httpx.Client(timeout=way.timeout_seconds, follow_redirects=False)

    def send(self, messages: Sequence[Message], at: datetime) -> list[Outcome]:
        return [self._one(message, at) for message in messages]

    def render(self, message: Message, at: datetime) -> dict[str, Any]:
        endpoint = str(_subscription(value_of(message, self._way.to))["endpoint"])
        return request_shown("POST", endpoint, json.loads(self.content(message)), ttl=str(self._way.ttl_seconds))

    def close(self) -> None:
        self._client.close()

    def content(self, message: Message) -> str:
        """What the browser's service worker gets."""
        way = self._way
        told = {"title": written(way.title, message), "body": written(way.text, message)}
        return json.dumps({**told, "message_id": message.idempotency_key}, ensure_ascii=False)

    def _one(self, message: Message, at: datetime) -> Outcome:
        try:
            subscription = _subscription(value_of(message, self._way.to))
            endpoint = checked_url(str(subscription["endpoint"]))
            receiver, auth = (_bytes(str(subscription["keys"][name])) for name in ("p256dh", "auth"))
            body = encrypted(self.content(message).encode(), receiver, auth, _new_key(), os.urandom(16))
        except Unwritable as error:
            return error.outcome
        except (KeyError, TypeError, ValueError):
            return Unwritable("invalid_subscription").outcome
        headers = {
            "content-encoding": "aes128gcm",
            "content-type": "application/octet-stream",
            "ttl": str(self._way.ttl_seconds),
            "topic": hashlib.sha256(message.idempotency_key.encode()).hexdigest()[:32],
            "authorization": vapid(endpoint, self._way.contact, key_of(self._vapid), at),
        }
        # 404 and 410: the browser has given the subscription up.
        return call(self._client, "POST", endpoint, at, content=body, headers=headers).outcome


def encrypted(plain: bytes, receiver: bytes, auth: bytes, sender: EllipticCurvePrivateKey, salt: bytes) -> bytes:
    """One record of the content coding aes128gcm for the receiver's public key (RFC 8291, section 3.4)."""
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    known = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), receiver)
    shared, own = sender.exchange(ec.ECDH(), known), public_bytes(sender)
    secret = _derived(auth, shared, b"WebPush: info\0" + receiver + own, 32)
    key = _derived(salt, secret, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derived(salt, secret, b"Content-Encoding: nonce\0", 12)
    head = salt + _RECORD_SIZE.to_bytes(4, "big") + bytes([len(own)]) + own
    return head + AESGCM(key).encrypt(nonce, plain + b"\2", None)


def vapid(endpoint: str, contact: str, key: EllipticCurvePrivateKey, at: datetime) -> str:
    """The Authorization header by which a push service knows the sender."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    url = httpx.URL(endpoint)
    origin = f"{url.scheme}://{url.netloc.decode()}"
    claims = {"aud": origin, "exp": int(at.timestamp()) + _TWELVE_HOURS, "sub": contact}
    signed = f"{encoded({'typ': 'JWT', 'alg': 'ES256'})}.{encoded(claims)}"
    r, s = decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
    token = f"{signed}.{base64url(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"
    return f"vapid t={token}, k={base64url(public_bytes(key))}"


def key_of(text: str) -> EllipticCurvePrivateKey:
    """A private key on P-256 from 32 bytes in base64url."""
    from cryptography.hazmat.primitives.asymmetric import ec

    try:
        return ec.derive_private_key(int.from_bytes(_bytes(text), "big"), ec.SECP256R1())
    except ValueError as error:
        raise ConnectorError("the VAPID key is not 32 bytes in base64url") from error


def public_bytes(key: EllipticCurvePrivateKey) -> bytes:
    """The public key as an uncompressed point."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _new_key() -> EllipticCurvePrivateKey:
    from cryptography.hazmat.primitives.asymmetric import ec

    return ec.generate_private_key(ec.SECP256R1())


def _derived(salt: bytes, secret: bytes, info: bytes, length: int) -> bytes:
    """HKDF with SHA-256 (RFC 5869), one block."""
    extracted = hmac.new(salt, secret, hashlib.sha256).digest()
    return hmac.new(extracted, info + b"\1", hashlib.sha256).digest()[:length]


def _subscription(value: Any) -> dict[str, Any]:
    return dict(json.loads(value) if isinstance(value, str) else value)


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
