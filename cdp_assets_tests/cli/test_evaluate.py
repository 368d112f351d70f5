"""`cdp identity evaluate`: figures as data and as text, on a real labelled table and on small ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cdp_assets.cli_evaluate import evaluate
from cdp_assets_tests.attributes import datasets
from cdp_assets_tests.cli.command import cdp

SMALL = "id,name,email,cluster\n1,Anna,a@mail.example,A\n2,Anna,A@Mail.Example,A\n3,Bob,b@mail.example,B\n"


@pytest.fixture
def small(tmp_path: Path) -> Path:
    file = tmp_path / "small.csv"
    file.write_text(SMALL)
    return file


def said(small: Path, *arguments: str, truth: str = "cluster") -> Result:
    return CliRunner(env={"COLUMNS": "120"}).invoke(evaluate, [str(small), "--truth", truth, *arguments])


@pytest.fixture(scope="module")
def fake_1000(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What is said of `fake_1000.csv`."""
    file = datasets.online_retail_file().with_name("fake_1000.csv")
    if not file.exists():
        pytest.skip(f"{file.name} is not there: put it beside the project in shared/data, or set CDP_DATASETS")
    told = cdp(
        tmp_path_factory.mktemp("evaluate"), "identity", "evaluate", str(file), "--truth", "cluster", "--json"
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    found: dict[str, Any] = json.loads(told.stdout)
    return found


def test_the_figures_of_a_real_table_have_the_documented_keys(fake_1000: dict[str, Any]) -> None:
    assert set(fake_1000) == {
        "pairwise", "b_cubed", "blocking_recall", "pairs_compared", "records", "people", "profiles", "seconds",
        "peak_bytes", "threshold", "suggested_threshold", "deterministic", "curve", "cluster_sizes", "worst",
        "columns", "unread", "undialled", "undated", "not_compared", "unreadable", "warnings",
    }  # fmt: skip
    for scores in (fake_1000["pairwise"], fake_1000["b_cubed"], fake_1000["deterministic"]["pairwise"]):
        assert set(scores) == {"precision", "recall", "f1"}
    assert {tuple(point) for point in fake_1000["curve"]} == {("threshold", "precision", "recall", "f1")}
    assert {tuple(mistake) for mistake in fake_1000["worst"]} == {("kind", "left", "right", "probability", "evidence")}
    assert (fake_1000["records"], fake_1000["unreadable"]) == (1_000, 0)
    assert fake_1000["seconds"] > 0
    assert fake_1000["peak_bytes"] > 10_000_000


def test_a_real_table_is_resolved_with_few_wrong_joins_and_a_good_best_point(fake_1000: dict[str, Any]) -> None:
    assert fake_1000["pairwise"]["precision"] >= 0.99
    assert max(point["f1"] for point in fake_1000["curve"]) >= 0.93
    assert 0.8 <= fake_1000["blocking_recall"] <= 1.0


def test_the_text_says_how_right_it_is_and_what_was_read(small: Path) -> None:
    told = said(small)
    assert told.exit_code == 0, told.output
    for text in (
        "3 records of 2 people became 2 profiles",
        "email ← email, full name ← name, record ← id",
        "0 pairs; 100.0% of the true pairs were compared or together anyway",
        "B-cubed, with likeness",
        "Nothing was compared, so these labels say nothing about thresholds: of 3 records 3",
        "Records per profile",
    ):
        assert text in told.stdout
    assert told.stdout.index("Nothing was compared") < told.stdout.index("B-cubed")
    assert "bits" not in told.stdout


def test_birth_dates_that_are_not_understood_are_counted(small: Path) -> None:
    small.write_text("id,name,dob,cluster\n1,Ada,1980-02-03,x\n2,Ada,spring 1980,x\n3,Ben,,y\n")
    assert "1 dates are not understood and part nobody" in said(small).stdout


def test_why_nothing_was_compared_is_told_with_what_to_do(small: Path) -> None:
    few = json.loads(said(small, "--json").stdout)["not_compared"]
    assert few.startswith("of 3 records 3 could be compared, and likeness is learned from no fewer than 50")
    assert few.endswith("take more records, or say with --map what other columns are")
    # All of one name in one town: 700 of them are 244,650 pairs.
    lines = "".join(f"{number},Anna Berger,Graz,{number}\n" for number in range(700))
    small.write_text(f"id,name,city,cluster\n{lines}")
    crowded = json.loads(said(small, "--json").stdout)["not_compared"]
    assert crowded.startswith("whatever 700 records are compared by, too many pairs agree in it (")
    assert "given, family, city: 244,650" in crowded
    assert crowded.endswith("say with --map what other columns are, a birth date or a postcode first")


def test_the_text_says_what_was_not_read_and_how_to_map_it(small: Path) -> None:
    small.write_text("id,name,guardian_email,shelf,cluster\n1,Anna,a@mail.example,7,A\n2,Bob,b@mail.example,8,B\n")
    told = " ".join(said(small).stdout.split())
    assert "guardian_email (somebody or something else's), shelf; what else they are can be said with --map" in told


def test_that_no_names_are_read_is_told_first(small: Path) -> None:
    small.write_text("id,email,cluster\n1,a@mail.example,A\n2,a@mail.example,A\n")
    assert " ".join(said(small).stdout.split()).startswith("No column is read as names: all who share an e-mail or")
    assert len(json.loads(said(small, "--json").stdout)["warnings"]) == 1


def test_without_rows_nothing_is_said_to_be_found(small: Path) -> None:
    small.write_text("id,name,cluster\n")
    told = " ".join(said(small).stdout.split())
    assert told.startswith("The file has no rows that fit its header: nothing is measured.")
    assert "0 pairs; no two records are of one person" in told


def test_numbers_without_a_country_are_told_unless_it_is_given(small: Path) -> None:
    small.write_text("id,name,phone,cluster\n1,Anna,0660 1234567,A\n2,Bob,0660 7654321,B\n")
    assert "2 numbers name no country and link nobody; say from where they are dialled with --country" in " ".join(
        said(small).stdout.split()
    )
    assert json.loads(said(small, "--country", "AT", "--json").stdout)["undialled"] == 0
    refused = said(small, "--country", "UK")
    assert refused.exit_code == 1
    assert "--country: no country with telephones has the code `UK`; did you mean `GB`?" in refused.stderr


def test_lines_left_out_are_told(small: Path) -> None:
    small.write_text(f"{SMALL}4,Carl\n")
    told = said(small)
    assert "1 lines that do not fit the header" in told.stdout


@pytest.mark.parametrize("mapping", ["full_name: name\nemail: email\n", '{"full_name": "name", "email": "email"}'])
def test_a_mapping_may_be_yaml_or_json(small: Path, mapping: str) -> None:
    file = small.with_name("map.yaml")
    file.write_text(mapping)
    told = said(small, "--map", str(file), "--json")
    assert json.loads(told.stdout)["columns"] == {"email": "email", "full_name": "name", "record": "id"}


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        (b"{", "map.yaml:1: is not valid YAML: "),
        (b"\xff\xfe", "map.yaml: is neither YAML nor JSON"),
        (b"- given_name\n", "map.yaml: write one line a column, such as `given_name: first_name`"),
        (
            b"vorname: name\n",
            "'vorname' is nothing that a column may be; write one of age, age_told, area_code, birth_date,",
        ),
        (b"full_name: nam\n", "small.csv has no column 'nam'; it has id, name, email, cluster"),
    ],
)
def test_a_mapping_that_cannot_be_used_is_named(small: Path, mapping: bytes, message: str) -> None:
    file = small.with_name("map.yaml")
    file.write_bytes(mapping)
    told = said(small, "--map", str(file))
    assert told.exit_code == 1
    assert message in told.stderr


def test_a_truth_that_is_not_there_is_named_with_what_is(small: Path) -> None:
    told = said(small, truth="who")
    assert told.exit_code == 1
    assert "Error: small.csv has no column 'who'; it has id, name, email, cluster" in told.stderr
