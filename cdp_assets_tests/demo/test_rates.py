from __future__ import annotations

import csv
import gzip
import json

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from cdp_assets.demo.devices import BEFORE, draw_devices, draw_sessions
from cdp_assets.demo.generator import DEMO_AS_OF, GeneratedSummary
from cdp_assets.demo.rates import DEFAULT
from cdp_assets.demo.world import World, draw_world
from cdp_assets_tests.demo.conftest import PEOPLE, SEED


@pytest.fixture(scope="module")
def world() -> World:
    return draw_world(PEOPLE, SEED, DEMO_AS_OF, DEFAULT)


@pytest.mark.parametrize(
    ("column", "rate"),
    [
        ("shares_email", DEFAULT.shared_email),
        ("shares_phone", DEFAULT.shared_phone),
        ("shares_device", DEFAULT.shared_device),
        ("changed_surname", DEFAULT.changed_surname),
        ("nicknamed", DEFAULT.nickname),
        ("moved", DEFAULT.moved),
        ("gave_up_phone", DEFAULT.recycled_phone),
        ("two_emails", DEFAULT.second_email),
    ],
)
def test_as_many_people_as_promised(column: str, rate: float, demo: GeneratedSummary) -> None:
    people = pq.read_table(demo.truth / "people.parquet")
    assert pc.mean(people[column]).as_py() == pytest.approx(rate, rel=0.2)


@pytest.mark.parametrize(
    ("kind", "rate"),
    [
        ("duplicate", DEFAULT.duplicate_row),
        ("wrong_type", DEFAULT.wrong_type),
        ("broken", DEFAULT.broken_row),
    ],
)
def test_as_many_bad_rows_as_promised(kind: str, rate: float, demo: GeneratedSummary) -> None:
    assert demo.bad_rows[kind] / demo.total_rows == pytest.approx(rate, rel=0.1)


def test_as_many_late_rows_as_promised_of_those_that_can_be(demo: GeneratedSummary) -> None:
    at_once = {"customers", "contacts", "members", "users", "products", "exchange_rates"}
    arriving = sum(rows for (_, stream), rows in demo.rows.items() if stream not in at_once)
    assert demo.bad_rows["late"] / arriving == pytest.approx(DEFAULT.late_row, rel=0.1)


def test_the_share_of_sessions_before_the_first_identification(world: World) -> None:
    devices = draw_devices(world)
    sessions = draw_sessions(world, devices)
    on_identified = devices.identified[sessions.device]
    share = np.mean(sessions.state[on_identified] == BEFORE)
    assert share == pytest.approx(DEFAULT.anonymous_session, abs=0.02)


def test_the_share_of_devices_never_identified(world: World) -> None:
    devices = draw_devices(world)
    assert np.mean(~devices.identified) == pytest.approx(DEFAULT.unidentified_device, abs=0.01)


def test_a_nickname_is_seen_in_some_export_of_most_who_have_one(demo: GeneratedSummary, world: World) -> None:
    people, names = world.people, world.people.given_names
    seen: dict[int, set[str]] = {}
    truth = {
        (row["source"], row["native_id"]): row["person_id"]
        for row in pq.read_table(demo.truth / "records.parquet").to_pylist()
    }
    for source, file, key, given in (
        ("pos", "pos/customers.csv", "Square Customer ID", "First Name"),
        ("email", "email/subscribed_members_export.csv", "EUID", "First Name"),
    ):
        with (demo.landing / file).open(newline="") as rows:
            for row in csv.DictReader(rows):
                if (person := truth.get((source, row[key] or ""))) is not None:
                    seen.setdefault(person, set()).add(row[given])
    nicknamed = [person for person in seen if people.nicknamed[person]]
    shown = [p for p in nicknamed if names.nickname[int(people.given[p])].as_py() in seen[p]]
    assert len(shown) / len(nicknamed) > 0.7


def test_about_eight_in_a_hundred_typed_names_carry_a_slip(demo: GeneratedSummary, world: World) -> None:
    people = world.people
    truth = {
        row["native_id"]: row["person_id"]
        for row in pq.read_table(demo.truth / "records.parquet").to_pylist()
        if row["source"] == "crm"
    }
    spellings = {}
    for person in truth.values():
        spellings[person] = {
            spelled[int(index)].as_py()
            for pool, indexes in (
                (people.given_names, (people.given[person],)),
                (people.family_names, (people.family[person], people.family_before[person])),
            )
            for spelled in (pool.latin, pool.plain, pool.nickname)
            for index in indexes
        }
    typed = wrong = 0
    with (demo.landing / "crm" / "Contact_2026-06-29.csv").open(encoding="latin-1", newline="") as rows:
        for row in csv.DictReader(rows):
            if row["Id"] in truth and row["FirstName"] and row["LastName"]:
                typed += 2
                wrong += (row["FirstName"] not in spellings[truth[row["Id"]]]) + (
                    row["LastName"] not in spellings[truth[row["Id"]]]
                )
    assert wrong / typed == pytest.approx(DEFAULT.typo, rel=0.3)


def _garbled(name: str) -> bool:
    """Whether a name is UTF-8 that was read as Latin-1."""
    try:
        return name.encode("latin-1").decode("utf-8") != name
    except UnicodeError:
        return False


def test_encodings_are_mixed_between_files_and_within_names(demo: GeneratedSummary) -> None:
    with (demo.landing / "pos" / "customers.csv").open(encoding="utf-8", newline="") as rows:
        assert any(_garbled(row["Last Name"] or "") for row in csv.DictReader(rows))
    with pytest.raises(UnicodeDecodeError):
        (demo.landing / "crm" / "Contact_2026-06-29.csv").read_text(encoding="utf-8")


def test_a_recycled_phone_was_given_up_before_its_heir_was_known(world: World) -> None:
    reach, presence = world.reach, world.presence
    givers = np.flatnonzero(reach.phone_changed_at < 2**40)
    heir_of = {int(number): person for person, number in enumerate(reach.phone)}
    assert len(givers)
    for giver in givers:
        heir = heir_of[int(reach.phone_before[giver])]
        assert heir != giver
        assert presence.start[heir] - reach.phone_changed_at[giver] >= 100


def test_phone_numbers_are_valid_in_their_country(world: World) -> None:
    import phonenumbers

    from cdp_assets.demo.places import COUNTRIES

    for person in range(PEOPLE):
        place = COUNTRIES[int(world.people.country[person])]
        number = phonenumbers.parse(f"+{place.dial}{world.reach.numbers[person].as_py()}")
        assert phonenumbers.is_valid_number(number), place.code


def test_the_truth_covers_every_row_that_can_be_read(demo: GeneratedSummary) -> None:
    records = {(r["source"], r["native_id"]) for r in pq.read_table(demo.truth / "records.parquet").to_pylist()}
    facts = {
        (row["source"], row["table"], row["native_id"])
        for row in pq.read_table(demo.truth / "facts.parquet").to_pylist()
    }

    def csv_rows(glob: str, encoding: str = "utf-8") -> list[dict[str, str]]:
        found = []
        for path in sorted(demo.landing.glob(glob)):
            with path.open(encoding=encoding, newline="") as file:
                found += [row for row in csv.DictReader(file) if None not in row and None not in row.values()]
        return found

    def json_rows(glob: str) -> list[dict[str, str]]:
        found = []
        for path in sorted(demo.landing.glob(glob)):
            data = path.read_bytes()
            for line in (gzip.decompress(data) if path.suffix == ".gz" else data).splitlines():
                try:
                    found.append(json.loads(line))
                except json.JSONDecodeError:
                    continue
        return found

    for source, glob, key, encoding in (
        ("shop", "shop/customers_export*.csv", "Customer ID", "utf-8"),
        ("crm", "crm/*.csv", "Id", "latin-1"),
        ("pos", "pos/customers.csv", "Square Customer ID", "utf-8"),
        ("email", "email/*_members_export.csv", "EUID", "utf-8"),
    ):
        assert {(source, row[key]) for row in csv_rows(glob, encoding)} <= records
    assert {("support", str(row["id"])) for row in json_rows("support/users.jsonl")} <= records
    lines = csv_rows("shop/orders_export*.csv")
    assert {("shop", "orders", row["Name"][1:]) for row in lines} <= facts
    assert {("shop", "order_lines", f"{row['Name']}/{row['Lineitem name']}") for row in lines} <= facts
    receipts = csv_rows("pos/transactions*.csv")
    assert {("pos", "orders", r["Transaction ID"]) for r in receipts if r["Event Type"] == "Payment"} <= facts
    assert {("pos", "refunds", r["Transaction ID"]) for r in receipts if r["Event Type"] == "Refund"} <= facts
    for table, source, glob, key in (
        ("survey_responses", "nps", "nps/*.csv", "id"),
        ("consents", "consent", "consent/*.csv", "Transaction ID"),
        ("engagements", "ads", "ads/*.csv", "Google Click ID"),
    ):
        assert {(source, table, row[key]) for row in csv_rows(glob)} <= facts
    assert {("web", "events", row["messageId"]) for row in json_rows("web/*")} <= facts
    assert {("support", "tickets", str(row["id"])) for row in json_rows("support/tickets*")} <= facts


def test_bad_rows_are_where_the_truth_says(demo: GeneratedSummary) -> None:
    bad = pq.read_table(demo.truth / "bad_rows.parquet").to_pylist()
    lines = {name: (demo.landing / name).read_text().splitlines() for name in demo.files if "nps/" in name}
    for row in bad:
        if row["source"] != "nps":
            continue
        text = lines[row["file"]][row["row"]]  # rows count from 1, and the header is line 0
        if row["kind"] == "broken":
            assert len(next(csv.reader([text]))) != 10
        if row["kind"] == "wrong_type" and text.count(",") >= 9:
            assert text.split(",")[2] == "ten"
