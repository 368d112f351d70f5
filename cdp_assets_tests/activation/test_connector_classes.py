"""What holds of all connectors: short, one class, and no request that its service would not take."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path
from typing import Any

import pytest

from cdp_assets.activation import connectors, ways
from cdp_assets.activation.connectors.connector import DELIVERED
from cdp_assets_tests.activation.servers import Call, api, service_account
from cdp_assets_tests.activation.service_descriptions import HUBSPOT, OPERATIONS, faults_of
from cdp_assets_tests.activation.test_services import message, sent

FOLDER = Path(connectors.__file__).parent
LONGEST = 100


def connector_classes(module: str) -> list[str]:
    """The classes of a module that can send, render and close; a protocol is none."""
    found = vars(importlib.import_module(f"{connectors.__name__}.{module}")).values()
    return [
        each.__name__
        for each in found
        if isinstance(each, type)
        and each.__module__ == f"{connectors.__name__}.{module}"
        and all(hasattr(each, name) for name in ("send", "render", "close"))
        and not getattr(each, "_is_protocol", False)
    ]


MODULES = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "__init__")


@pytest.mark.parametrize("module", [module for module in MODULES if connector_classes(module)])
def test_a_connector_is_one_class_of_at_most_a_hundred_lines(module: str) -> None:
    text = (FOLDER / f"{module}.py").read_text(encoding="utf-8")
    classes = [node for node in ast.parse(text).body if isinstance(node, ast.ClassDef)]
    assert [node.name for node in classes] == connector_classes(module)
    assert len(text.splitlines()) <= LONGEST


def test_every_way_has_its_class() -> None:
    made = {*connectors._CLASSES, ways.OnsiteWay, ways.PythonWay}
    assert made == set(ways.Way.__subclasses__())


def test_a_request_that_a_service_would_not_take_is_found() -> None:
    headers = {"content-type": "application/json", "authorization": "Bearer t"}
    wrong = Call("POST", HUBSPOT.path, headers, b'{"inputs": [{"id": "a", "properties": {"orders": 3}}]}')
    assert faults_of(wrong) == [f"POST {HUBSPOT.path}: inputs/0/properties/orders: 3 is not of type 'string'"]
    with pytest.raises(AssertionError, match="orders"), api() as (_, calls):
        calls.append(wrong)


def ways_to(url: str) -> list[ways.Way]:
    """One way to each service that publishes what it takes, and a second one where it takes two forms."""
    google = {"service_account_env": "GOOGLE", "base_url": url}
    twilio = {"account_env": "SID", "token_env": "T", "base_url": url}
    return [
        ways.TwilioWay(type="sms", sender="+4930100", text="Hi {{ name }}", **twilio),
        ways.TwilioWay(type="whatsapp", sender=f"MG{'a' * 32}", content_sid=f"HX{'b' * 32}", **twilio),
        ways.FcmWay(type="app_push", project="p", title="Hi", text="{{ name }}", data=["orders", "vip"], **google),
        ways.GoogleWay(type="google_audience", account="12", login_account="3", audience="9", **google),
        ways.MetaWay(type="meta_audience", audience="77", token_env="T", base_url=url),
        ways.HubSpotWay(type="hubspot", token_env="T", base_url=url, on_leave={"vip": False, "orders": None}),
        ways.SalesforceWay(
            type="salesforce", base_url=url, client_id_env="SID", client_secret_env="T", key="Cdp__c"
        ),
        ways.ZendeskWay(type="zendesk", base_url=url, user_env="SID", token_env="T", on_leave={"vip": None}),
    ]  # fmt: skip


def test_whatever_the_payload_holds_every_request_is_one_that_its_service_takes() -> None:
    values = {
        "email": " Ann.Müller@Gmail.com", "phone": "+49 30 901820", "name": "Ann \"Müller\"", "token": "t1",
        "orders": 3, "vip": True, "spend": 12.5, "note": None, "Cdp__c": "c1", "given_name": "Ann",
        "family_name": "Müller", "country": "de", "postal_code": "10115",
    }  # fmt: skip

    def answer(call: Call) -> tuple[int, Any]:
        return 200, [{"success": True}] if "/composite/" in call.path else {"access_token": "t"}

    with api(answer) as (url, calls):
        secrets = {"SID": f"AC{'0' * 32}", "T": "t", "GOOGLE": service_account(f"{url}/token")}
        for way in ways_to(url):
            for change in ("entered", "left"):
                assert sent(way, secrets, message(1, change, **values)) == [(DELIVERED, None)]
    assert {operation.path for operation in OPERATIONS if any(map(operation.takes, calls))} == {
        operation.path for operation in OPERATIONS
    }


def test_every_description_says_where_it_is_published() -> None:
    assert all("." in operation.source.split("/")[0] for operation in OPERATIONS)
