"""The whole chain on a small demo company: one run, looked at from all sides."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from cdp_assets_tests.bench.harness import cdp, environment

PEOPLE = 150


@dataclass(frozen=True)
class Company:
    """A demo company whose first run has ended."""

    data: Path
    env: dict[str, str]
    report: dict[str, Any]

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(":memory:") as connection:
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute(f"ATTACH '{self.data / 'serving.duckdb'}' AS serving (READ_ONLY); USE serving")
            return connection.execute(sql).fetchall()

    def state(self) -> dict[str, Any]:
        """Rows and hash of every table, but for what moves from run to run: revisions, and what was sent meanwhile."""
        names = self.rows(
            "SELECT schema_name || '.' || table_name, bool_or(column_name = 'cdp_revision') "
            "FROM duckdb_columns() WHERE database_name = 'serving' GROUP BY 1 ORDER BY 1"
        )
        return {
            name: self.rows(
                "SELECT count(*), sum(hash(t)::HUGEINT) FROM "
                f"(SELECT * {'EXCLUDE (cdp_revision)' if revised else ''} FROM serving.{name}) t"
            )
            for name, revised in names
            if name not in ("activation.deliveries", "measurement.campaign_lift")
        }

    def run(self, *arguments: str) -> dict[str, Any]:
        done = subprocess.run(
            cdp(*arguments, "--json"), env=self.env, capture_output=True, text=True, timeout=600, check=False
        )
        assert done.returncode == 0, done.stderr[-3000:]
        found: dict[str, Any] = json.loads(done.stdout)
        return found


def demo_company(data: Path) -> Company:
    """A demo company whose files lie in the landing folder, before its first run."""
    env = environment(data)
    generate = cdp("demo", "generate", "--people", str(PEOPLE), "--seed", "7", "--out", str(data))
    subprocess.run(generate, env=env, check=True, capture_output=True, timeout=300)
    return Company(data, env, {})


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Company:
    made = demo_company(tmp_path_factory.mktemp("company"))
    return replace(made, report=made.run("run"))


def test_every_row_read_has_one_disposition(company: Company) -> None:
    read = company.rows("SELECT source, stream, sum(rows) FROM sources.load_manifest GROUP BY ALL ORDER BY ALL")
    disposed = company.rows("SELECT source, stream, sum(rows) FROM normalised.dispositions GROUP BY ALL ORDER BY ALL")
    assert read == disposed
    assert len(read) >= 15


def test_every_fact_is_on_the_timeline_of_exactly_one_profile(company: Company) -> None:
    kinds = ("events", "orders", "refunds", "loyalty", "engagements", "tickets", "survey_responses", "consents")
    facts = sum(company.rows(f"SELECT count(*) FROM normalised.{kind}")[0][0] for kind in kinds)
    assert company.rows("SELECT count(*) FROM profiles.timeline") == [(facts,)]


def test_no_money_is_lost_between_orders_and_profiles(company: Company) -> None:
    [(ordered,)] = company.rows("SELECT sum(net_reporting) FROM normalised.orders")
    [(refunded,)] = company.rows("SELECT coalesce(sum(amount_reporting), 0) FROM normalised.refunds")
    [(spent,)] = company.rows("SELECT sum(net_spend) FROM attributes.customer_360")
    assert ordered - refunded == spent


def test_the_couple_who_share_an_email_are_two_people(company: Company) -> None:
    story = json.loads((company.data / "truth" / "story.json").read_text())
    people = story["people"]
    profiles = set()
    for person in people:
        record = person["records"][0]
        [(profile,)] = company.rows(
            "SELECT DISTINCT m.profile_id FROM identity.profile_map m JOIN normalised.identity_records r "
            f"USING (record_id) WHERE r.source = '{record['source']}' AND r.native_id = '{record['native_id']}'"
        )
        profiles.add(profile)
    assert len(profiles) == 2


def test_running_again_with_nothing_new_launches_nothing(company: Company) -> None:
    again = company.run("run")
    assert again["run"]["launched"] is False


@dataclass(frozen=True)
class Repeated:
    """A run that made everything anew, of the same as-of over the same files, all of whose expressions were translated
    for Spark too.
    """

    before: dict[str, Any]
    after: dict[str, Any]
    printed: str
    complaints: str


@pytest.fixture(scope="module")
def repeated(company: Company) -> Repeated:
    before = company.state()
    program = Path(__file__).with_name("portability.py")
    done = subprocess.run(
        [sys.executable, str(program)], env=company.env, capture_output=True, text=True, timeout=900, check=False
    )
    return Repeated(before, company.state(), done.stdout[-3000:], done.stderr[-3000:])


def test_a_run_that_makes_everything_anew_changes_no_table_and_sends_nothing(repeated: Repeated) -> None:
    assert repeated.printed, repeated.complaints
    assert repeated.after == repeated.before


def test_every_expression_compiles_for_spark_too(repeated: Repeated) -> None:
    assert repeated.printed.endswith("all translated\n"), repeated.printed + repeated.complaints
    assert int(repeated.printed.split()[0]) > 100


def test_personal_data_reaches_neither_logs_nor_metadata(company: Company) -> None:
    emails = [
        email
        for (email,) in company.rows("SELECT email FROM profiles.golden_records WHERE email IS NOT NULL LIMIT 200")
    ]
    assert emails
    kept = [
        path
        for folder in (company.data / "dagster", company.data / "data_docs")
        for path in folder.rglob("*")
        if path.is_file()
    ]
    assert kept
    for path in kept:
        content = path.read_bytes()
        assert not [email for email in emails if email.encode() in content], f"an e-mail address stands in {path.name}"
