"""What is left of a path without the wrapping that databases and APIs put around everything."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cdp_assets.sources.proposing.propose import propose
from cdp_assets.sources.proposing.wrapping import unwrapped
from cdp_assets_tests.sources.test_proposing import written


@pytest.mark.parametrize(
    ("paths", "left"),
    [
        (["_id.$oid", "at.$date.$numberLong", "total.$numberDecimal", "email"], ["_id", "at", "total", "email"]),
        (["Item.id.S", "Item.visits.N", "Item.vip.BOOL"], ["id", "visits", "vip"]),
        (["Item.phone.NULL", "Item.phone.S"], ["Item.phone.NULL", "phone"]),
        (["node.id", "node.email", "cursor"], ["id", "email", "cursor"]),
        (["payload.after.id", "payload.after.email", "payload.op"], ["id", "email", "op"]),
        (["id", "attributes.id", "attributes.email"], ["id", "attributes.id", "email"]),
        (["id", "email", "data.note"], ["id", "email", "data.note"]),
        (["traits.$insert_id", "traits.$email"], ["traits.$insert_id", "traits.$email"]),
        (["customer.id", "customer.email"], ["customer.id", "customer.email"]),
        (["E.mail", "N"], ["E.mail", "N"]),
        (["dynamodb.NewImage.id.S", "dynamodb.NewImage.no.N", "eventName"], ["id", "no", "eventName"]),
    ],
)
def test_only_wrapping_is_taken_off(paths: list[str], left: list[str]) -> None:
    assert unwrapped(paths) == dict(zip(paths, left, strict=True))


def test_properties_of_a_person_are_columns_and_those_of_an_event_are_not(tmp_path: Path) -> None:
    said = [{"firstname": "Ann", "lastname": f"Lee{n}", "email": f"ann{n}@example.org"} for n in range(25)]
    people = {"results": [{"id": str(n), "name": each["email"], "properties": each} for n, each in enumerate(said)]}
    stream = propose(written(tmp_path, "contacts.json", json.dumps(people)), "shop").stream
    assert (stream["rows"], stream["key"], stream["columns"]["email"]["path"]) == (
        "results",
        ["id"],
        "properties.email",
    )
    assert {"type": "email", "value": "email"} in stream["identifiers"]
    done = "".join(
        json.dumps({"event": "seen", "userId": str(n), "timestamp": "2026-01-05T10:00:00Z", "properties": each}) + "\n"
        for n, each in enumerate(said)
    )
    assert "properties" in propose(written(tmp_path, "events.jsonl", done), "shop").stream["columns"]


def test_people_of_a_database_of_documents_are_known_by_their_number(tmp_path: Path) -> None:
    rows = [
        {"_id": {"$oid": f"{number:024x}"}, "email": f"ann{number}@example.org", "lastName": "Lee",
         "createdAt": {"$date": "2026-01-05T10:00:00Z"}}
        for number in range(25)
    ]  # fmt: skip
    text = "".join(json.dumps(row) + "\n" for row in rows)
    stream = propose(written(tmp_path, "customers.jsonl", text), "shop").stream
    assert stream["columns"]["id"] == {"type": "string", "path": "_id.$oid", "required": True}
    assert {"type": "customer_number", "value": "id"} in stream["identifiers"]
    assert stream["event_time"] == "createdAt"
