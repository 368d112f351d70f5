"""`cdp run` where it cannot run: what it says."""

from __future__ import annotations

from pathlib import Path

from cdp_assets_tests.cli.test_reading import cdp

SEGMENT = """\
type: cdp_assets.segments.component.Segment
attributes:
  name: buyers
  description: People who bought.
  owner: team:crm
  where: ordrs > 0
"""


def test_a_definition_with_a_fault_is_told_by_file_line_and_nearest_name(tmp_path: Path) -> None:
    file = tmp_path / "definitions" / "buyers" / "defs.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(SEGMENT, encoding="utf-8")
    told = cdp(tmp_path / "data", "run", CDP_DEFS=str(tmp_path / "definitions"), CDP_AS_OF="2026-06-30")
    assert told.returncode == 1
    errors = [line for line in told.stderr.splitlines() if line.startswith("Error: ")]
    assert len(errors) == 1, told.stderr
    assert "defs.yaml:6" in errors[0]
    assert "orders" in errors[0]
    assert "Traceback" not in told.stderr


def test_definitions_that_are_not_there_are_told(tmp_path: Path) -> None:
    told = cdp(tmp_path, "run", CDP_DEFS=str(tmp_path / "none"))
    assert told.returncode == 2
    assert "is not a folder" in told.stderr
