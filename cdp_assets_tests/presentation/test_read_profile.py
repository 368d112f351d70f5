from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest

from cdp_assets.presentation import views
from cdp_assets.presentation.read_profile import as_of, find, read_profile, reporting_currency
from cdp_assets.presentation.read_report import read_report
from cdp_assets.warehouse.serving import Reader
from cdp_assets_tests.presentation.served import write_snapshot


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    file: Path = write_snapshot(tmp_path_factory.mktemp("served") / "serving.duckdb")
    with Reader(file) as opened:
        yield opened


@pytest.mark.parametrize(
    "identifier",
    [
        "1",
        "9",
        "ANN@example.org ",
        "+49 30 123456",
        "0049 30 123456",
        "030 123456",
        "1001",
        "shop:1001",
        "C-1",
        "crm:C-1",
    ],
)  # fmt: skip
def test_one_person_is_found_by_anything_that_names_her(reader: Reader, identifier: str) -> None:
    assert [match.profile_id for match in find(reader, identifier)] == [1]


def test_an_email_shared_by_a_couple_leads_to_both(reader: Reader) -> None:
    assert [(match.profile_id, match.name) for match in find(reader, "weber@example.org")] == [
        (1, "Ann Weber"),
        (2, "Bob Weber"),
    ]


@pytest.mark.parametrize("identifier", ["nobody@example.org", "99999999999999999999999", "456", "", "%", "shop:"])
def test_what_names_nobody_finds_nobody(reader: Reader, identifier: str) -> None:
    assert find(reader, identifier) == []


def test_a_profile_comes_with_everything_held_about_it(reader: Reader) -> None:
    ann = read_profile(reader, find(reader, "1")[0])
    assert ann.name == "Ann Weber"
    assert ann.as_of == datetime(2026, 6, 30, tzinfo=UTC)
    assert [(item.attribute, item.source, item.strategy) for item in ann.survivals] == [
        ("full_name", "crm", "most recent"),
        ("email", "crm", "source priority"),
    ]
    assert [beaten.value for beaten in ann.survivals[1].beaten] == ["weber@example.org"]
    assert ann.attributes["risk_band"] == "low"
    assert "email" not in ann.attributes
    assert [(item.identifier_type, item.value, item.sources) for item in ann.identifiers] == [
        ("customer_number", "1001", ("shop",)),
        ("email", "ann@example.org", ("crm",)),
        ("email", "weber@example.org", ("shop",)),
        ("phone", "+4930123456", ("crm",)),
    ]
    assert [item.status for item in ann.consents] == ["granted"]
    assert [item.reason for item in ann.suppressions] == ["bounced"]
    assert [item.kind for item in ann.timeline] == ["event", "refund", "order"]
    assert ann.moments == 3
    assert [item.segment for item in ann.segments] == ["vip"]
    assert ann.currency == "EUR"


def test_spend_by_month_is_net_of_refunds_and_has_every_month(reader: Reader) -> None:
    ann = read_profile(reader, find(reader, "1")[0])
    assert ann.spend_by_month == ((date(2026, 5, 1), 30.0), (date(2026, 6, 1), 0.0))


def test_an_older_id_says_that_it_is_one(reader: Reader) -> None:
    assert read_profile(reader, find(reader, "9")[0]).redirected_from == 9


def test_the_report_counts_what_the_snapshot_holds(reader: Reader) -> None:
    report = read_report(reader, with_sample=True)
    assert (report.records, report.profiles, report.anonymous) == (4, 3, 1)
    assert [(row.source, row.rows, row.duplicate, row.quarantined) for row in report.sources] == [
        ("shop", 3, 1, 0),
        ("web", 1, 0, 1),
    ]
    assert [(item.segment, item.members, item.entered, item.left) for item in report.segments] == [("vip", 1, 1, 0)]
    assert [each.outcomes for each in report.deliveries] == [{"delivered": 1, "no_consent": 1}]
    assert report.reasons == (("web: timestamp does not parse", 1),)
    assert report.unpriced == (views.Unpriced("order", "SEK", 2), views.Unpriced("refund", "SEK", 1))
    assert report.sample is not None
    assert report.sample.name == "Ann Weber"


def test_without_rates_amounts_are_in_the_currency_of_the_orders_that_need_none(tmp_path: Path) -> None:
    file = write_snapshot(tmp_path / "serving.duckdb")
    with duckdb.connect(str(file)) as emptied:
        emptied.execute("DELETE FROM normalised.exchange_rates")
    with Reader(file) as reader:
        assert reporting_currency(reader) == "EUR"


def test_a_company_without_people_has_a_report(tmp_path: Path) -> None:
    file = write_snapshot(tmp_path / "serving.duckdb")
    with duckdb.connect(str(file)) as emptied:
        emptied.execute("DELETE FROM profiles.golden_records")
    with Reader(file) as reader:
        report = read_report(reader)
    assert (report.profiles, report.anonymous) == (0, 0)


def test_the_instant_is_that_of_the_last_run_also_where_it_changed_nothing(tmp_path: Path) -> None:
    file = write_snapshot(tmp_path / "serving.duckdb")
    with Reader(file) as before:
        changed_at = as_of(before)
    with duckdb.connect() as publishing:
        publishing.execute(f"ATTACH '{file}' AS published")
        publishing.execute("CREATE SCHEMA published.serving; CREATE TABLE published.serving.definitions (file VARCHAR)")
        publishing.execute("COMMENT ON TABLE published.serving.definitions IS '2031-01-02T00:00:00+00:00'")
    with Reader(file) as after:
        assert as_of(after) == datetime(2031, 1, 2, tzinfo=UTC) > changed_at
