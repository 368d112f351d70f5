"""`cdp run`: what it asks for, and what it says where it cannot run."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cdp_assets import cli
from cdp_assets.attributes.model_training import TRAIN_TAG
from cdp_assets.automation import refresh
from cdp_assets_tests.cli.command import cdp, cdp_process
from cdp_assets_tests.presentation.served import write_snapshot

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
    told = cdp_process(tmp_path / "data", "run", CDP_DEFS=str(tmp_path / "definitions"), CDP_AS_OF="2026-06-30")
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


@pytest.mark.parametrize(("arguments", "launched"), [((), []), (("--train",), [{TRAIN_TAG: "true"}])])
def test_somebody_who_asks_for_training_gets_a_run_although_nothing_is_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], launched: list[dict[str, str]]
) -> None:
    runs: list[Mapping[str, str]] = []

    def recorded(_settings: Any, _job: str, _as_of: Any, tags: Mapping[str, str]) -> Iterator[refresh.Progress]:
        runs.append(tags)
        return iter(())

    write_snapshot(tmp_path / "serving.duckdb")
    monkeypatch.setenv("CDP_DATA", str(tmp_path))
    monkeypatch.setattr(refresh, "_run", recorded)
    monkeypatch.setattr(refresh, "nothing_new", lambda *_: True)

    told = CliRunner().invoke(cli.cdp, ["run", *arguments, "--json"])

    assert told.exit_code == 0, told.output
    assert runs == launched
    assert json.loads(told.stdout)["run"]["launched"] is bool(launched)


@pytest.mark.parametrize(("due", "asked"), [(False, ["refresh"]), (True, ["refresh", "activation"])])
def test_the_checks_of_a_run_and_of_its_deliveries_are_told_also_where_something_came_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, due: bool, asked: list[str]
) -> None:
    found_of: list[str] = []

    def stepped(_settings: Any, job: str, *_: Any) -> Iterator[refresh.Progress]:
        yield refresh.Progress(run_id=job, step="sources__a", done=1, total=1, succeeded=True)

    def checks(_settings: Any, run_ids: Sequence[str]) -> tuple[int, tuple[str, ...]]:
        found_of.extend(run_ids)
        return 3, ()

    write_snapshot(tmp_path / "serving.duckdb")
    monkeypatch.setenv("CDP_DATA", str(tmp_path))
    monkeypatch.setattr(refresh, "_run", stepped)
    monkeypatch.setattr(cli, "_checks_of", checks)
    monkeypatch.setattr(cli, "_something_is_due", lambda _: due)

    told = CliRunner().invoke(cli.cdp, ["run", "--force", "--json"])

    assert (told.exit_code, found_of) == (0, asked), told.output
    found = json.loads(told.stdout)
    assert (found["run"]["checks_passed"], found["sample"]) == (3, None)
