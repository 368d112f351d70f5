"""Lists of leads: which of them somebody made up, when they came, and from which country."""

from __future__ import annotations

from pathlib import Path

import pytest

from cdp_assets.sources.proposing.propose import Proposal, propose
from cdp_assets_tests.sources.test_proposing import written


def proposed(folder: Path, head: str, row: str) -> Proposal:
    lines = "".join(f"{n},{row}\n".format(n=n, no=str(n % 9 == 0).lower()) for n in range(24))
    return propose(written(folder, "leads.csv", f"lead_id,{head}\n{lines}"), "ads")


@pytest.mark.parametrize(
    ("heading", "row", "deleted"),
    [("is_test_lead", "{no}", "is_test_lead"), ("Test Record", "{no}", '"Test Record"'), ("Test", "{no}", None)],
)
def test_leads_that_were_made_up_are_left_out(tmp_path: Path, heading: str, row: str, deleted: str | None) -> None:
    found = proposed(tmp_path, f"{heading},Name,Email", f"{row},Ann Lee,p{{n}}@example.org")
    assert found.stream.get("deleted") == deleted
    known_by = {each["type"]: each["value"] for each in found.stream["identifiers"]}
    made_up = f"case when not coalesce({deleted}, false) then Email end"
    assert known_by["email"] == (made_up if deleted else "Email")


def test_a_time_may_name_utc_beside_what_it_is_off(tmp_path: Path) -> None:
    found = proposed(tmp_path, "create_time,Email", "2026-03-04 10:00:{n:02d} UTC+00:00,p{n}@example.org")
    assert found.stream["columns"]["create_time"]["format"] == "%Y-%m-%d %H:%M:%S UTC%z"
    assert found.stream["event_time"] == "create_time"


@pytest.mark.parametrize(("said", "maps"), [("U.S.", True), ("Elsewhere", False)])
def test_of_countries_or_regions_only_countries_are_taken(tmp_path: Path, said: str, maps: bool) -> None:
    found = proposed(tmp_path, "Email,Address,City,Country/Region", f"p{{n}}@example.org,Elm St {{n}},Denver,{said}")
    postal = next(map_["set"] for map_ in found.stream["maps"] if map_["set"].get("kind") == "'postal'")
    assert ("country" in postal) == maps
    assert "region" not in postal
