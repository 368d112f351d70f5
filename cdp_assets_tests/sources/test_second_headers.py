"""Exports of surveys have a second line of headings, which is no answer."""

from __future__ import annotations

from pathlib import Path

from cdp_assets.sources.proposing.propose import Proposal, propose
from cdp_assets_tests.sources.test_proposing import written

HEAD = "Respondent ID,Date,Email,First Name,How was it?,What is missing?"
ROWS = "".join(f"77{n},2026-03-{1 + n:02d},p{n}@example.org,Ann{n},{'Good' if n % 2 else 'Bad'},\n" for n in range(20))


def proposed(folder: Path, second: str) -> Proposal:
    return propose(written(folder, "survey.csv", f"{HEAD}\n{second}{ROWS}"), "survey")


def test_the_second_line_of_a_survey_is_no_row(tmp_path: Path) -> None:
    found = proposed(tmp_path, ",,,,Response,Open-Ended Response\n")
    assert found.sample.rows == 20
    assert found.stream["key"] == ["Respondent ID"]
    assert found.stream["columns"]["Respondent ID"] == {"type": "string", "required": True}
    assert "its second line is one more of headings, and no row: it has no Respondent ID" in found.doubts


def test_a_first_row_that_lacks_something_is_a_row(tmp_path: Path) -> None:
    for second in (",,,,Good,\n", ",2026-03-01,q@example.org,Bo,Good,\n", "770x,,,,Response,\n"):
        assert proposed(tmp_path, second).sample.rows == 21
