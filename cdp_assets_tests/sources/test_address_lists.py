"""Of those who have several addresses or telephones in a list, the first ones are theirs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cdp_assets.sources.proposing.propose import propose
from cdp_assets_tests.normalised.bench import canonical, load
from cdp_assets_tests.sources.shop import Bench
from cdp_assets_tests.sources.test_proposing import loaded, written


def people(**lists: Any) -> str:
    """JSON lines of people; of each list the items' texts get the person's number."""
    rows = []
    for number in range(25):
        text = json.dumps({"id": 100 + number, "first_name": "Ann", "last_name": f"Lee{number}", **lists})
        rows.append(text.replace("<n>", f"{number:02d}"))
    return "\n".join(rows) + "\n"


@pytest.mark.parametrize(
    ("lists", "expected"),
    [
        ({"emails": ["p<n>@x.org", "q<n>@x.org"]}, {"email": "$[0]"}),
        ({"emails": [{"id": "49301234<n>", "type": "work", "value": "p<n>@x.org"}]}, {"email": "$[0].value"}),
        ({"phoneNumbers": [{"label": "home", "number": "030 12345<n>"}]}, {"phone": "$[0].number"}),
        ({"phones": ["+4930 12345<n>"], "emails": []}, {"phone": "$[0]"}),
        ({"friends_emails": ["p<n>@x.org"]}, {}),
        ({"emails": [["p<n>@x.org"]]}, {}),
        ({"emails": [{"state": "none"}]}, {}),
        ({"tags": ["p<n>@x.org"]}, {}),
    ],
)
def test_the_first_item_is_taken_where_it_is_an_address(
    tmp_path: Path, lists: dict[str, Any], expected: dict[str, str]
) -> None:
    stream = propose(written(tmp_path, "contacts.jsonl", people(**lists)), "crm").stream
    derived = stream.get("derive", {})
    found = {each["type"]: derived[each["value"]] for each in stream["identifiers"] if each["value"] in derived}
    assert {type_: sql.rsplit("'")[1] for type_, sql in found.items()} == expected
    assert all(stream["columns"][name]["type"] == "json" for name in lists if f"{name}_first" in derived)


def test_lists_of_addresses_become_identifiers_and_whoever_has_none_is_kept(bench: Bench, tmp_path: Path) -> None:
    text = people(emails=[{"value": "p<n>@x.org"}], phones=["+493012345<n>", "+4930999"])
    text += json.dumps({"id": 900, "first_name": "Eva", "last_name": "Roth", "emails": [], "phones": None}) + "\n"
    path = written(tmp_path / "in", "contacts.jsonl", text)
    source = loaded(tmp_path, [propose(path, "shop")])
    bench.drop("shop/contacts.jsonl", text)
    load(bench, source)
    assert len(canonical(bench, source, "contacts")) == 26
    points = [(each["kind"], each["value"]) for each in canonical(bench, source, "contact_points")]
    assert sorted(points) == sorted(
        point for n in range(25) for point in (("email", f"p{n:02d}@x.org"), ("phone", f"+493012345{n:02d}"))
    )
