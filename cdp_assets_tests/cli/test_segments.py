"""`cdp test`, `cdp schema`: what needs no data."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from cdp_assets.cli_schema import schema
from cdp_assets.cli_segments import preview
from cdp_assets.cli_test import test as run_tests

SEGMENT = """
type: cdp_assets.segments.component.Segment
attributes:
  name: loyal
  description: Loyal.
  owner: team:crm
  where: orders >= 3
  tests:
    - {name: three are enough, given: {orders: 3}, member: EXPECTED}
"""
JOURNEY = """
type: cdp_assets.segments.component.Segment
attributes:
  name: journey
  description: Loyal for three days.
  owner: team:crm
  where: loyal_entered_at < as_of - interval 3 day
  tests:
    - name: four days
      given: {loyal_entered_at: "2026-06-01T00:00:00Z"}
      as_of: "2026-06-05T00:00:00Z"
      member: true
"""
REPORTING = """
type: cdp_assets.normalised.component.Reporting
attributes: {currency: EUR}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    defs = tmp_path / "defs"
    for name, text in (("loyal", SEGMENT), ("journey", JOURNEY), ("reporting", REPORTING)):
        (defs / name).mkdir(parents=True)
        (defs / name / "defs.yaml").write_text(text.replace("EXPECTED", "true"))
    monkeypatch.setenv("CDP_DEFS", str(defs))
    monkeypatch.setenv("CDP_DATA", str(tmp_path))
    return defs


def test_one_command_runs_the_tests_of_traits_and_segments(folder: Path) -> None:
    done = CliRunner().invoke(run_tests, [])
    assert (done.exit_code, done.output) == (0, "2 of 2 tests of traits and segments passed\n")
    (folder / "loyal" / "defs.yaml").write_text(SEGMENT.replace("EXPECTED", "false"))
    done = CliRunner().invoke(run_tests, ["segments", "--json"])
    assert done.exit_code == 1
    assert json.loads(done.output) == {
        "tests": {"segments": 2},
        "failed": [{"kind": "segment", "name": "loyal", "problem": "three are enough: expected out, found in"}],
    }


def test_the_schema_for_editors_offers_the_segments_there_are(folder: Path, tmp_path: Path) -> None:
    assert CliRunner().invoke(schema, ["--out", str(tmp_path)]).exit_code == 0
    written = json.loads((tmp_path / "definition.schema.json").read_text())
    assert [["journey"], ["loyal"]] in [
        field.get("examples") for model in written["$defs"].values() for field in model.get("properties", {}).values()
    ]


def test_a_preview_of_something_that_is_not_there_says_so(folder: Path) -> None:
    assert "there is no file nothing.yaml" in CliRunner().invoke(preview, ["nothing.yaml"]).output
