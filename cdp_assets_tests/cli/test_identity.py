"""Stewards at the command line: on a snapshot written out and a ledger of its own."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from cdp_assets.automation import refresh
from cdp_assets.ledger import Ledger, stewardship
from cdp_assets.settings import Settings
from cdp_assets_tests.cli.command import cdp
from cdp_assets_tests.presentation.served import write_snapshot


@pytest.fixture
def data(tmp_path: Path) -> Path:
    write_snapshot(tmp_path / "serving.duckdb")
    return tmp_path


def said(data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return cdp(data, "identity", *arguments)


def test_a_decision_is_kept_listed_contradicted_and_revoked(data: Path) -> None:
    told = said(data, "link", "crm:C-1", "1002", "--why", "they called", "--by", "ann")
    assert told.returncode == 0, told.stderr
    assert told.stdout.startswith("d1: crm contacts record ••• (A••• W•••) and shop customers record ••• (B••• W•••)")
    assert "With the next run they will be one profile. Undo: cdp identity revoke d1 --why …" in told.stdout
    refused = said(data, "unlink", "1002", "crm:C-1", "--why", "no")
    assert refused.returncode == 1
    assert refused.stderr.startswith("Error: that they are different people contradicts what was said before: d1 (ann,")
    assert len(refused.stderr.strip().splitlines()) == 1
    assert said(data, "revoke", "d1", "--why", "a mistake", "--by", "bob").returncode == 0
    assert json.loads(said(data, "decisions", "--json").stdout) == []
    [kept] = json.loads(said(data, "decisions", "--all", "--json").stdout)
    assert (kept["name"], kept["left_record_id"], kept["right_record_id"], kept["same"]) == ("d1", "12", "21", True)
    assert (kept["by"], kept["why"], kept["revoked_by"], kept["revoked_why"]) == (
        "ann",
        "they called",
        "bob",
        "a mistake",
    )


def test_without_a_reason_nothing_is_kept(data: Path) -> None:
    assert said(data, "link", "11", "21").returncode == 2
    assert "say why" in said(data, "link", "11", "21", "--why", " ").stderr
    assert "they are the same record" not in said(data, "link", "11", "11", "--why", "x").stdout


def test_evidence_is_taken_back_by_type_value_rule_and_source(data: Path) -> None:
    told = said(data, "retract", "link", "11", "email", "--why", "typed by hand")
    assert told.returncode == 0, told.stderr
    assert "the e-mail w•••@•••" in told.stdout
    assert "weber@example.org" not in told.stdout
    assert said(data, "retract", "link", "11", "12", "--why", "look closer").stdout.startswith("r3: the likeness")
    assert said(data, "retract", "rule", "phone", "--why", "shared").stdout.startswith("r4: no phone counts")
    assert said(data, "retract", "source", "crm", "--why", "stale").stdout.startswith("r5: ")
    kinds = [row["kind"] for row in json.loads(said(data, "retractions", "--json").stdout)]
    assert kinds == ["observation", "observation", "pair", "rule", "source"]
    missing = said(data, "retract", "source", "crn", "--why", "stale")
    assert missing.stderr.strip() == "Error: there is no source 'crn'; there are: crm, shop, web"
    nothing = said(data, "retract", "link", "11", "device_id", "--why", "x")
    assert "the record carries no 'device_id'" in nothing.stderr
    assert "weber" not in nothing.stderr


def test_a_review_keeps_each_answer_as_a_decision(data: Path) -> None:
    told = cdp(data, "identity", "review", "--by", "ann", answers="what\nn\n", COLUMNS="120")
    assert told.returncode == 0, told.stderr
    for text in (
        "probability 0.870",
        "Ann Weber",
        "Bob Weber",
        "family name: the same",
        "74 times likelier",
        "d1: kept",
    ):
        assert text in told.stdout
    [kept] = json.loads(said(data, "decisions", "--json").stdout)
    assert (kept["left_record_id"], kept["right_record_id"], kept["same"]) == ("12", "21", False)
    assert said(data, "review").stdout.strip() == "Nothing waits for a decision."


def test_explaining_names_likeness_and_what_waits_and_draws_a_profile(data: Path, tmp_path: Path) -> None:
    together = cdp(data, "explain", "11", "12")
    assert "look like one person, probability 0.999" in " ".join(together.stdout.split())
    apart = cdp(data, "explain", "11", "21", "--json")
    words = json.loads(apart.stdout)["words"]
    assert words[-1].startswith("They may be one person, probability 0.870: this waits for a steward")
    drawing = cdp(data, "explain", "9")
    assert "Profile 1: 2 records" in drawing.stdout
    assert "✗ B••• W•••" in drawing.stdout
    page = tmp_path / "drawn" / "ann.html"
    assert cdp(data, "explain", "9", "--html", str(page)).returncode == 0
    assert "<svg" in page.read_text(encoding="utf-8")
    assert cdp(data, "explain", "11", "12", "--svg", "x.svg").returncode == 2


def test_a_decision_is_news_for_the_next_run(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDP_DATA", str(data))
    monkeypatch.setenv("CDP_AS_OF", "2026-06-30")
    settings = Settings.from_env()
    as_of = refresh.launch_instant(settings)

    def nothing_new(*, remember: bool = False) -> bool:
        with Ledger.open(settings.ledger_url) as ledger:
            if remember:
                with ledger.reading() as connection:
                    words = stewardship.in_force(connection)
                value = refresh.current_fingerprint(settings, as_of, words)
                ledger.save_fingerprint(refresh.FINGERPRINT, value, run_id="r", as_of=as_of)
            return refresh.nothing_new(settings, ledger, as_of)

    settings.landing.mkdir()
    settings.warehouse_file.touch()
    assert nothing_new(remember=True)
    said(data, "link", "11", "21", "--why", "they called")
    assert not nothing_new()
    assert nothing_new(remember=True)
    said(data, "revoke", "d1", "--why", "a mistake")
    assert not nothing_new()
    assert nothing_new(remember=True)
    settings.warehouse_file.unlink()
    assert not nothing_new()
