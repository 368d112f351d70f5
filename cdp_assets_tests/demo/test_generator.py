from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from cdp_assets.demo.generator import DEMO_AS_OF, GeneratedSummary, generate


def _digests(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def digests(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The files of 150 people of seed 3."""
    folder = tmp_path_factory.mktemp("people")
    generate(150, 3, folder)
    return _digests(folder)


def test_the_same_people_and_seed_give_the_same_bytes(digests: dict[str, str], tmp_path: Path) -> None:
    generate(150, 3, tmp_path)
    assert _digests(tmp_path) == digests


def test_another_seed_gives_other_people(digests: dict[str, str], tmp_path: Path) -> None:
    generate(150, 4, tmp_path)
    others = _digests(tmp_path)
    same = {name for name in digests if digests[name] == others.get(name)}
    assert same == {"landing/shop/products_export.csv"}  # the catalogue is fixed


def test_a_second_run_replaces_what_the_first_one_left(tmp_path: Path) -> None:
    generate(60, 1, tmp_path)
    (tmp_path / "landing" / "shop" / "leftover.csv").write_text("old")
    generate(60, 1, tmp_path)
    assert not (tmp_path / "landing" / "shop" / "leftover.csv").exists()


@pytest.mark.parametrize("people", [0, 1, 19])
def test_too_few_people_are_refused(people: int, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least 20 people"):
        generate(people, 1, tmp_path)


def test_an_instant_without_a_zone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="time zone"):
        generate(50, 1, tmp_path, datetime(2026, 6, 30))  # noqa: DTZ001


def test_the_data_ends_before_the_instant_given(tmp_path: Path) -> None:
    made = generate(60, 1, tmp_path, datetime(2024, 2, 1, tzinfo=UTC))
    assert "crm/Contact_2024-01-31.csv" in made.files
    rows = (made.landing / "nps" / "responses_2.csv").read_text().splitlines()[1:]
    assert all(row.split(",")[5][:10] <= "2024-01-31" for row in rows if row.count(",") == 9 and "202" in row)


def test_the_summary_counts_what_was_written(demo: GeneratedSummary) -> None:
    assert demo.as_of == DEMO_AS_OF
    assert demo.files == tuple(sorted(p.relative_to(demo.landing).as_posix() for p in demo.landing.rglob("*.*")))
    assert demo.bytes == sum((demo.landing / name).stat().st_size for name in demo.files)
    refunds = [demo.landing / name for name in demo.files if "payment_transactions" in name]
    assert demo.rows["shop", "refunds"] == sum(len(path.read_text().splitlines()) - 1 for path in refunds)


def test_there_are_about_twenty_five_facts_a_person(demo: GeneratedSummary) -> None:
    people_rows = {("shop", "customers"), ("crm", "contacts"), ("pos", "customers"), ("email", "members"),
                   ("support", "users"), ("shop", "products"), ("reference", "exchange_rates")}  # fmt: skip
    facts = sum(rows for stream, rows in demo.rows.items() if stream not in people_rows)
    assert 22 <= facts / demo.people <= 29


def test_no_truth_lies_in_the_landing_folder(demo: GeneratedSummary) -> None:
    assert demo.truth.parent == demo.landing.parent
    assert demo.truth not in demo.landing.parents
    assert demo.landing not in demo.truth.parents
    assert not list(demo.landing.rglob("*.parquet"))
    for path in demo.landing.rglob("*.*"):
        if path.suffix != ".gz":
            head = path.read_bytes()[:4000]
            assert b"person_id" not in head
            assert b"household" not in head


def test_one_file_is_compressed_and_one_stream_is_in_latin_1(demo: GeneratedSummary) -> None:
    assert [name for name in demo.files if name.endswith(".gz")] == ["web/events_1.jsonl.gz"]
    foreign = []
    for name in demo.files:
        try:
            (demo.landing / name).read_bytes().decode("utf-8") if not name.endswith(".gz") else None
        except UnicodeDecodeError:
            foreign.append(name)
    assert foreign == ["crm/Contact_2026-03-31.csv", "crm/Contact_2026-06-29.csv"]


def test_the_couple_shares_e_mail_and_phone_and_both_bought(demo: GeneratedSummary) -> None:
    story = json.loads((demo.truth / "story.json").read_text())
    hers, his = story["people"]
    assert hers["given_name"] != his["given_name"]
    assert hers["birth_date"] != his["birth_date"]
    assert hers["orders"]
    assert his["orders"]
    contacts = {}
    for line in (demo.landing / "crm" / "Contact_2026-06-29.csv").read_text("latin-1").splitlines():
        contacts[line.split(",")[0]] = line
    for person in (hers, his):
        crm = next(record["native_id"] for record in person["records"] if record["source"] == "crm")
        assert story["shared_email"] in contacts[crm]
        assert person["birth_date"] in contacts[crm]
        assert person["given_name"] in contacts[crm]
    truth = pq.read_table(demo.truth / "records.parquet").to_pylist()
    owners = {(row["source"], row["native_id"]): row["person_id"] for row in truth}
    for person in (hers, his):
        assert {owners[r["source"], r["native_id"]] for r in person["records"]} == {person["person_id"]}
