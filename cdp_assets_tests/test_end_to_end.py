"""The whole chain on a small demo company: one run, looked at from all sides."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from cdp_assets_tests.bench.harness import cdp, environment

PEOPLE = 150


@dataclass(frozen=True)
class Company:
    """A demo company.

    Args:
        data, env: Its data folder, and the environment that names it.
        report: What was reported after its first run.
        translated: What was said of that run's expressions in Spark's dialect.
    """

    data: Path
    env: dict[str, str]
    report: dict[str, Any] = field(default_factory=dict)
    translated: str = ""

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
            if name not in ("activation.deliveries", "measurement.campaign_lift") and not name.startswith("changes.")
        }

    def run(self, *arguments: str, command: Sequence[str] = tuple(cdp())) -> dict[str, Any]:
        done = subprocess.run(
            [*command, *arguments, "--json"], env=self.env, capture_output=True, text=True, timeout=900, check=False
        )
        assert done.returncode == 0, done.stderr[-3000:]
        found: dict[str, Any] = json.loads(done.stdout)
        return found


def demo_company(data: Path) -> Company:
    """A demo company whose files lie in the landing folder, before its first run."""
    env = environment(data)
    generate = cdp("demo", "generate", "--people", str(PEOPLE), "--seed", "7", "--out", str(data))
    subprocess.run(generate, env=env, check=True, capture_output=True, timeout=300)
    return Company(data, env)


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """It runs once, which translates every expression for Spark too."""
    made = demo_company(tmp_path_factory.mktemp("company"))
    program, translated = Path(__file__).with_name("portability.py"), made.data / "translated.txt"
    report = made.run("run", command=[sys.executable, str(program), str(translated)])
    return replace(made, report=report, translated=translated.read_text())


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
    assert company.report["run"]["launched"] is True
    again = company.run("run")
    assert again["run"]["launched"] is False


@pytest.mark.long
def test_a_run_that_makes_everything_anew_changes_no_table_and_sends_nothing(company: Company) -> None:
    before = company.state()
    assert company.run("run", "--force")["run"]["launched"] is True
    assert company.state() == before


def test_every_expression_compiles_for_spark_too(company: Company) -> None:
    count, _, rest = company.translated.partition(" ")
    assert rest == "expressions\nall translated"
    assert int(count) > 500


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
