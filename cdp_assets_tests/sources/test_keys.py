"""What is proposed to tell rows apart: the number of the row, and not of what many rows have in common."""

from __future__ import annotations

from pathlib import Path

import pytest

from cdp_assets_tests.sources.test_proposing_sales import proposed


@pytest.mark.parametrize(
    ("head", "first", "key"),
    [
        ("Network ID,#", "00cc{n:03d},3b9a{n:03d}", ["#"]),
        ("Network ID", "00cc{n:03d}", ["Email"]),
        ("#,City", "{n},Rome", ["Email"]),
        ("Form ID,Contact ID", "f{n:03d},c{n:03d}", ["Contact ID"]),
    ],
)
def test_people_are_numbered_by_their_own_number(tmp_path: Path, head: str, first: str, key: list[str]) -> None:
    rows = [f"{first.format(n=n)},Ada,Lee,p{n}@example.org,{n % 5}" for n in range(1, 41)]
    answers = proposed(tmp_path, "answers.csv", f"{head},First name,Last name,Email,Colour", *rows)
    assert (answers.kind, answers.stream["key"]) == ("contacts", key)


def test_that_a_number_of_something_unknown_numbers_people_is_told(tmp_path: Path) -> None:
    rows = [f"r{n:03d},Ada,Lee,p{n}@example.org" for n in range(40)]
    answers = proposed(tmp_path, "answers.csv", "Respondent ID,First name,Last name,Email", *rows)
    assert answers.stream["key"] == ["Respondent ID"]
    assert "Respondent ID is taken for what numbers rows, since no two have the same" in answers.doubts


def test_what_is_booked_is_known_by_its_number_and_happens_when_it_starts(tmp_path: Path) -> None:
    rows = [f"{500 + n},p{n % 9},2026-05-{1 + n % 28:02d} 09:00:00,2026-04-01 10:00:00" for n in range(40)]
    head = "Appointment ID,Patient ID,Starts At,Created At"
    booked = proposed(tmp_path, "appointments.csv", head, *rows)
    assert (booked.kind, booked.stream["key"], booked.stream["event_time"]) == (
        "events",
        ["Appointment ID"],
        "Starts At",
    )
    (event,) = (map_["set"] for map_ in booked.stream["maps"] if map_["to"] == "events")
    assert (event["event_id"], event["occurred_at"]) == ('"Appointment ID"', '"Starts At"')
