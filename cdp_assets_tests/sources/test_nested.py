"""Of a row with a person in an object of their own, that person is known, and nobody else beside them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cdp_assets_tests.sources.test_whose import identifiers, stream


def row(number: int, billed: str, email: str) -> dict[str, Any]:
    names = {"first_name": "Ann", "last_name": f"Lee{number}"}
    others = {"first_name": billed, "last_name": f"Lee{number}", "phone": f"+4930100{number:04d}"}
    return {
        "id": 900 + number,
        "name": f"#D{number}",
        "email": email.format(number),
        "created_at": "2026-01-02T10:00:00Z",
        "total_price": "9.50",
        "currency": "EUR",
        "billing_address": others | {"address1": f"Road {number}", "city": "Leeds", "zip": "LS1"},
        "customer": {
            "id": 100 + number,
            "email": f"p{number}@example.org",
            **names,
            "default_address": {"city": "Berlin", "country_code": "DE"},
        },
    }


@pytest.mark.parametrize("rows", [2, 30])
@pytest.mark.parametrize(
    ("billed", "email", "expected"),
    [
        ("Bernd", "q{}@example.org", {"customer_email"}),
        ("Ann", "p{}@example.org", {"email", "customer_email", "phone"}),
    ],
    ids=["others", "the same"],
)
def test_who_is_billed_is_not_who_buys(tmp_path: Path, rows: int, billed: str, email: str, expected: set[str]) -> None:
    text = json.dumps([row(number, billed, email) for number in range(rows)])
    found = stream(tmp_path, "orders.json", text)
    known = dict.fromkeys(value for type_, value in identifiers(found) if type_ != "order_number")
    assert {*known} == expected | {"customer_id"}
    maps = {(map_["to"], map_["set"].get("kind")): map_["set"] for map_ in found["maps"]}
    assert maps["contacts", None]["given_name"] in ("customer_first_name", "first_name")
    assert "line_1" not in maps.get(("contact_points", "'postal'"), {})
