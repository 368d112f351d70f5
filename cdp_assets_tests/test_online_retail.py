"""The Online Retail example, from the real file to an outbox, through nothing but its YAML."""

from __future__ import annotations

import json
import shutil
import subprocess
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from cdp_assets.settings import PROJECT
from cdp_assets_tests.attributes import datasets
from cdp_assets_tests.bench.harness import cdp, environment


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder on which the example has run."""
    file = datasets.online_retail_file()
    if not file.exists():
        pytest.skip(f"{file.name} is not there: put it beside the project in shared/data, or set CDP_DATASETS")
    data = tmp_path_factory.mktemp("online_retail")
    landing = data / "landing" / "online_retail"
    landing.mkdir(parents=True)
    shutil.copyfile(file, landing / file.name)
    env = environment(data, CDP_DEFS=str(PROJECT / "examples" / "online_retail"), CDP_AS_OF="2011-12-10T00:00:00Z")
    done = subprocess.run(cdp("run", "--json"), env=env, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    (data / "report.json").write_text(done.stdout)
    return data


def _rows(shop: Path, sql: str, file: str = "serving.duckdb") -> list[tuple[Any, ...]]:
    with duckdb.connect(":memory:") as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"ATTACH '{shop / file}' AS published (READ_ONLY); USE published")
        return connection.execute(sql).fetchall()


def test_every_line_and_every_penny_is_loaded(shop: Path) -> None:
    money = 'sum(CAST("Quantity" AS DECIMAL(18, 4)) * CAST("UnitPrice" AS DECIMAL(18, 4)))'
    [loaded] = _rows(
        shop,
        f'SELECT count(*), count(DISTINCT "CustomerID"), CAST({money} AS DECIMAL(18, 4)), max(source_row) '
        "FROM sources.retail__lines",
        "warehouse.duckdb",
    )
    assert [str(value) for value in loaded] == ["541909", "4372", "9747747.9340", "541909"]


def test_every_line_is_accounted_for_and_no_check_fails(shop: Path) -> None:
    assert _rows(shop, "SELECT disposition, sum(rows) FROM normalised.dispositions GROUP BY ALL") == [
        ("accepted", 541_909)
    ]
    report = json.loads((shop / "report.json").read_text())
    assert report["run"]["checks_failed"] == []


def test_money_in_is_money_out(shop: Path) -> None:
    """Sales less cancellations, to the penny the file's own decimals give (it holds prices of three decimals)."""
    file = next((shop / "landing").rglob("*.parquet"))
    with duckdb.connect(":memory:") as connection:
        [(lines,)] = connection.execute(
            "SELECT sum(CAST(Quantity AS DECIMAL(18, 0)) * CAST(UnitPrice AS DECIMAL(18, 4))) "
            f"FROM read_parquet('{file}') WHERE InvoiceNo NOT LIKE 'A%'"
        ).fetchall()
    [(ordered,)] = _rows(shop, "SELECT sum(net) FROM normalised.orders")
    [(refunded,)] = _rows(shop, "SELECT sum(amount) FROM normalised.refunds")
    [(spent,)] = _rows(shop, "SELECT sum(net_spend) FROM attributes.customer_360")
    assert abs(ordered - refunded - lines) < Decimal("1.00")
    assert spent == ordered - refunded


def test_there_are_4372_known_customers(shop: Path) -> None:
    assert _rows(shop, "SELECT count(*) FROM profiles.golden_records WHERE NOT anonymous") == [(4_372,)]


def test_each_guest_invoice_is_a_profile_of_its_own(shop: Path) -> None:
    guests = (
        "SELECT count(*), count(DISTINCT m.profile_id) FROM normalised.{table} f JOIN identity.profile_map m "
        "USING (record_id) JOIN profiles.golden_records g ON g.profile_id = m.profile_id WHERE g.anonymous"
    )
    assert _rows(shop, guests.format(table="orders")) == [(3_525, 3_525)]
    [(_, cancelled)] = _rows(shop, guests.format(table="refunds"))
    assert cancelled == 182
    assert _rows(shop, "SELECT count(*) FROM profiles.golden_records WHERE anonymous") == [(3_525 + 182 + 3,)]


def test_every_profile_with_a_purchase_has_its_scores(shop: Path) -> None:
    for table, column in (
        ("rfm", "rfm_group"),
        ("lifetime_value", "expected_value_365d"),
        ("churn_risk", "churn_risk"),
    ):
        assert _rows(shop, f"SELECT count(*) FROM attributes.{table} WHERE {column} IS NULL") == [(0,)]
    people = dict(_rows(shop, "SELECT model, count(*) FROM attributes.churn_risk GROUP BY ALL"))
    # Of those who came this week nothing is known yet; one model scores everybody else.
    newcomers = people.pop("cold start")
    assert 0 < newcomers < 100
    assert [count > 4_000 for count in people.values()] == [True]


def test_segments_are_filled_and_the_audience_file_is_written(shop: Path) -> None:
    sizes = dict(_rows(shop, "SELECT segment, members FROM segments.segment_sizes"))
    assert len(sizes) == 4
    assert min(sizes.values()) > 0
    assert _rows(shop, "SELECT count(*) > 0 FROM activation.outbox") == [(True,)]
