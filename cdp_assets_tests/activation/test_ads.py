"""Audiences at advertising platforms: hashes by their own published examples, and who is added and removed."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from cdp_assets.activation import ways
from cdp_assets.activation.connectors import audience_hashes as hashes
from cdp_assets.activation.connectors.connector import DELIVERED, REFUSED, RETRY
from cdp_assets_tests.activation.servers import api, service_account
from cdp_assets_tests.activation.test_services import google, message, sent


@pytest.mark.parametrize(
    ("key", "field", "written", "expected"),
    [
        # The examples of Meta's documentation of customer information parameters.
        (
            "EMAIL",
            "email",
            "John_Smith@gmail.com",
            "62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f",
        ),
        ("PHONE", "phone", "+1 (650) 555-1212", "e323ec626319ca94ee8bff2e4c87cf613be6ea19919ed1364124e16807ab3176"),
        ("FN", "given_name", "Mary", "6915771be1c5aa0c886870b6951b03d7eafc121fea0e80a5ea83beb7c449f4ec"),
        ("FN", "given_name", "정", "8fa8cd9c440be61d0151429310034083132b35975c4bea67fdd74158eb51db14"),
        ("FN", "given_name", "Valéry", "08e1996b5dd49e62a4b4c010d44e4345592a863bb9f8e3976219bac29417149c"),
        ("FN", "given_name", "Vale\u0301ry", "08e1996b5dd49e62a4b4c010d44e4345592a863bb9f8e3976219bac29417149c"),
        ("COUNTRY", "country", "US", "79adb2a2fce5c6ba215fe5f27f532d4e7edbac4b6a5e09e1ef3a08084a904621"),
    ],
)
def test_meta_hashes_are_those_of_its_documentation(key: str, field: str, written: str, expected: str) -> None:
    assert hashes.meta_row({field: written})[key] == expected


@pytest.mark.parametrize(
    ("normalised", "written", "expected"),
    [
        (hashes.meta_email, "A.B+c@Gmail.com", "a.b+c@gmail.com"),
        (hashes.meta_phone, "+49 30 123-456", "4930123456"),
        (hashes.meta_phone, "0049 30 123456", "4930123456"),
        (hashes.meta_name, "O'Neil-Müller", "oneilmüller"),
        (hashes.meta_place, "São Paulo", "sãopaulo"),
        (hashes.meta_zip, "94035-1234", "94035"),
        (hashes.meta_zip, "M1 1AE", "m11ae"),
        # The examples of Google's formatting guide.
        (hashes.google_email, "cloudy.sanfrancisco+shopping@gmail.com", "cloudysanfrancisco@gmail.com"),
        (hashes.google_email, "user.name+NYC@Example.com", "user.name+nyc@example.com"),
        (hashes.google_email, " AlexJ@cymbalgroup.com", "alexj@cymbalgroup.com"),
        (hashes.google_email, "a.b@GoogleMail.com", "ab@googlemail.com"),
        (hashes.google_phone, "+1 (800) 555-0100", "+18005550100"),
        (hashes.google_name, " O'Neil ", "o'neil"),
    ],
)
def test_each_platform_has_rules_of_its_own(normalised: Any, written: str, expected: str) -> None:
    assert normalised(written) == expected


def test_google_gets_identifiers_and_an_address_only_when_it_is_complete() -> None:
    assert hashes.google_identifiers({"email": "test@gmail.com", "given_name": "Ana"}) == [
        {"emailAddress": "87924606b4131a8aceeeae8868531fbb9712aaa07a5d3a756b26ce0f5d6ca674"}
    ]
    whole = {"phone": "+49 30 1", "given_name": "Ana", "family_name": "Ruß", "country": "de", "postal_code": "10115"}
    phone, address = hashes.google_identifiers(whole)
    assert phone == {"phoneNumber": hashlib.sha256(b"+49301").hexdigest()}
    assert address["address"] == {
        "givenName": hashlib.sha256(b"ana").hexdigest(),
        "familyName": hashlib.sha256("ruß".encode()).hexdigest(),
        "regionCode": "DE",
        "postalCode": "10115",
    }
    assert hashes.google_identifiers({}) == []


def test_meta_adds_and_removes_by_difference() -> None:
    with api(lambda call: (200, {"num_received": 1})) as (url, calls):
        way = ways.MetaWay(type="meta_audience", audience="77", token_env="T", base_url=url)
        outcomes = sent(
            way,
            {"T": "t"},
            message(1, email="a@example.org"),
            message(2, "left", email="b@example.org"),
            message(3, name="nobody"),
            message(4, "left", name="nobody"),
        )
    assert outcomes == [(DELIVERED, None), (DELIVERED, None), (REFUSED, "no_identifier"), (DELIVERED, None)]
    assert [(call.method, call.path) for call in calls] == [
        ("DELETE", "/v23.0/77/users"),
        ("POST", "/v23.0/77/users"),
    ]
    payload = calls[1].json["payload"]
    (row,) = payload["data"]
    assert dict(zip(payload["schema"], row, strict=True))["EMAIL"] == hashes.sha256("a@example.org")
    assert b"a@example.org" not in calls[1].content
    assert calls[1].headers["authorization"] == "Bearer t"


def test_google_ingests_and_removes_by_difference() -> None:
    with api(google(lambda call: (200, {"requestId": "r"}))) as (url, calls):
        settings = {"type": "google_audience", "account": "12", "audience": "9", "service_account_env": "A"}
        way = ways.GoogleWay.model_validate({**settings, "base_url": url})
        outcomes = sent(
            way,
            {"A": service_account(f"{url}/token")},
            message(1, email="a@example.org"),
            message(2, "left", email="b@example.org"),
        )
    assert outcomes == [(DELIVERED, None)] * 2
    assert [call.path for call in calls] == ["/token", "/v1/audienceMembers:remove", "/v1/audienceMembers:ingest"]
    removed, added = calls[1].json, calls[2].json
    assert added["destinations"] == [
        {"operatingAccount": {"accountType": "GOOGLE_ADS", "accountId": "12"}, "productDestinationId": "9"}
    ]
    assert added["encoding"] == "HEX"
    assert added["consent"]["adUserData"] == "CONSENT_GRANTED"
    assert added["audienceMembers"] == [
        {"userData": {"userIdentifiers": [{"emailAddress": hashes.sha256("a@example.org")}]}}
    ]
    assert "consent" not in removed


def test_a_platform_that_is_busy_is_asked_again() -> None:
    with api(lambda call: (503, {})) as (url, _):
        way = ways.MetaWay(type="meta_audience", audience="77", token_env="T", base_url=url)
        assert sent(way, {"T": "t"}, message(1, email="a@example.org")) == [(RETRY, "http_503")]
