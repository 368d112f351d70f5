"""Identifiers as the advertising platforms want them hashed; each one's rules, exactly.

Meta: https://developers.facebook.com/docs/marketing-api/audiences/guides/custom-audiences#hash
Google: https://developers.google.com/data-manager/api/devguides/concepts/formatting

They differ: Meta takes an address as it is written (lower case), Google drops dots and ``+…`` of Gmail addresses; Meta
takes phone numbers as digits alone, Google in E.164 with ``+``; Meta drops punctuation from names, Google keeps it.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

_GMAIL = ("gmail.com", "googlemail.com")
_SPACE = re.compile(r"\s+")


def sha256(text: str) -> str:
    """Lower-case hexadecimal SHA-256 of the text in UTF-8."""
    return hashlib.sha256(text.encode()).hexdigest()


def meta_email(value: str) -> str:
    return value.strip().lower()


def meta_phone(value: str) -> str:
    """Digits with the country code, without leading zeros."""
    return re.sub(r"[^0-9]", "", value).lstrip("0")


def meta_name(value: str) -> str:
    """Lower case without punctuation; accents and other scripts stay."""
    kept = (letter for letter in value.strip().lower() if unicodedata.category(letter)[0] not in "PS")
    return unicodedata.normalize("NFC", "".join(kept))


def meta_place(value: str) -> str:
    """City or state: lower case, without punctuation and spaces."""
    return _SPACE.sub("", meta_name(value))


def meta_zip(value: str) -> str:
    """Lower case without spaces and dashes; of American ones the first five digits."""
    text = _SPACE.sub("", value.strip().lower())
    return text[:5] if re.fullmatch(r"[0-9]{5}-[0-9]{4}", text) else text.replace("-", "")


def google_email(value: str) -> str:
    """Lower case without spaces; of Gmail addresses without dots and ``+…`` before the @."""
    local, at, domain = _SPACE.sub("", value).lower().rpartition("@")
    if domain in _GMAIL:
        local = local.partition("+")[0].replace(".", "")
    return f"{local}{at}{domain}"


def google_phone(value: str) -> str:
    """E.164 with ``+``."""
    digits = re.sub(r"[^0-9]", "", value)
    return f"+{digits}" if digits else ""


def google_name(value: str) -> str:
    return unicodedata.normalize("NFC", value.strip().lower())


META: dict[str, tuple[str, Callable[[str], str]]] = {
    "email": ("EMAIL", meta_email),
    "phone": ("PHONE", meta_phone),
    "given_name": ("FN", meta_name),
    "family_name": ("LN", meta_name),
    "city": ("CT", meta_place),
    "state": ("ST", meta_place),
    "postal_code": ("ZIP", meta_zip),
    "country": ("COUNTRY", meta_email),
}
"""Payload field → Meta's key, and how its value is normalised before hashing."""


def meta_row(fields: Mapping[str, Any]) -> dict[str, str]:
    """The hashed identifiers of one person, by Meta's keys; empty text for what is not known."""
    row = {}
    for field, (key, normalised) in META.items():
        text = normalised(str(fields.get(field) or ""))
        row[key] = sha256(text) if text else ""
    return row


def google_identifiers(fields: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The hashed identifiers of one person as Google's ``userIdentifiers``.

    An address counts only when complete: both names (hashed), country and postal code (as they are).
    """
    found: list[dict[str, Any]] = []
    if email := google_email(str(fields.get("email") or "")):
        found.append({"emailAddress": sha256(email)})
    if phone := google_phone(str(fields.get("phone") or "")):
        found.append({"phoneNumber": sha256(phone)})
    parts = [str(fields.get(name) or "").strip() for name in ("given_name", "family_name", "country", "postal_code")]
    if all(parts):
        given, family, country, postal_code = parts
        address = {
            "givenName": sha256(google_name(given)),
            "familyName": sha256(google_name(family)),
            "regionCode": country.upper(),
            "postalCode": postal_code,
        }
        found.append({"address": address})
    return found
