"""Making the demo's data, and leaving alone what is not the demo's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cdp_assets.cli_demo import demo


def generate(out: Path, *arguments: str) -> Result:
    return CliRunner().invoke(demo, ["generate", "--people", "20", "--seed", "3", "--out", str(out), *arguments])


def test_generate_writes_exports_and_truth_apart(tmp_path: Path) -> None:
    told = generate(tmp_path, "--json")
    assert told.exit_code == 0, told.output
    assert json.loads(told.stdout)["rows"]["crm.contacts"] > 0
    assert list((tmp_path / "landing").rglob("*.csv"))
    assert (tmp_path / "truth" / "story.json").exists()


def test_the_same_demo_can_be_generated_again(tmp_path: Path) -> None:
    assert generate(tmp_path).exit_code == 0
    assert generate(tmp_path).exit_code == 0


def test_files_that_are_not_the_demos_are_left_alone(tmp_path: Path) -> None:
    mine = tmp_path / "landing" / "shop" / "orders.csv"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    told = generate(tmp_path)
    assert told.exit_code == 1
    assert "not the demo's" in told.output
    assert mine.read_text() == "mine"


def test_a_demo_that_has_been_run_is_not_replaced_by_another(tmp_path: Path) -> None:
    assert generate(tmp_path).exit_code == 0
    (tmp_path / "ledger.sqlite").touch()
    told = generate(tmp_path, "--seed", "4")
    assert told.exit_code == 1
    assert "seed 3" in told.output


@pytest.mark.parametrize("people", ["0", "19", "many"])
def test_too_few_people_are_refused_with_a_reason(tmp_path: Path, people: str) -> None:
    told = generate(tmp_path, "--people", people)
    assert told.exit_code == 2
    assert "--people" in told.output
