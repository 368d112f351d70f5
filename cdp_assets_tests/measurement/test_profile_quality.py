"""How much is known about the people behind the profiles."""

from __future__ import annotations

import pytest

from cdp_assets.measurement.profile_quality import profile_quality
from cdp_assets.measurement.schemas import PROFILE_QUALITY
from cdp_assets.profiles.schemas import GOLDEN_RECORDS
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine
from cdp_assets_tests.attributes.tables import filled, noon, rows, spark_sql

PEOPLE = [
    {"profile_id": 1, "anonymous": False, "records": 3, "sources": "crm,shop", "email": "a@example.org",
     "phone": "+4930123456", "city": "Berlin", "first_seen_at": noon(0)},
    {"profile_id": 2, "anonymous": False, "records": 1, "sources": "crm", "phone": "+4930123457",
     "first_seen_at": noon(0)},
    {"profile_id": 3, "anonymous": True, "records": 1, "sources": "web", "first_seen_at": noon(40)},
    {"profile_id": 4, "anonymous": True, "records": 1, "sources": "web"},
]  # fmt: skip


def test_shares_are_taken_over_known_profiles_and_anonymity_over_all(engine: DuckDBEngine) -> None:
    table = profile_quality(filled(engine, GOLDEN_RECORDS, *PEOPLE))
    found = {(period, metric): (value, profiles) for period, metric, value, profiles in rows(engine, table)}

    assert set(table.columns) == set(PROFILE_QUALITY.column_names)
    assert found["all", "profiles"] == (4.0, 4)
    assert found["all", "anonymous_share"] == (0.5, 4)
    assert found["all", "known"] == (2.0, 2)
    assert found["all", "email_share"] == (0.5, 2)
    assert found["all", "reachable_share"] == (1.0, 2)
    assert found["all", "several_sources_share"] == (0.5, 2)
    assert found["all", "sources_per_profile"] == (1.5, 2)
    assert found["all", "records_per_profile"] == (2.0, 2)
    assert found["all", "filled_city"] == (0.5, 2)
    assert found["all", "filled_job_title"] == (0.0, 2)


def test_the_share_of_anonymous_profiles_is_followed_by_month(engine: DuckDBEngine) -> None:
    found = rows(engine, profile_quality(filled(engine, GOLDEN_RECORDS, *PEOPLE)))

    assert [row for row in found if row[0] != "all"] == [
        ("2026-01", "anonymous_share", 0.0, 2),
        ("2026-01", "profiles", 2.0, 2),
        ("2026-02", "anonymous_share", 1.0, 1),
        ("2026-02", "profiles", 1.0, 1),
    ]


@pytest.mark.parametrize("people", [[], [PEOPLE[2]]])
def test_nobody_known_is_no_error(engine: DuckDBEngine, people: list[dict[str, object]]) -> None:
    metrics = {metric for _, metric, _, _ in rows(engine, profile_quality(filled(engine, GOLDEN_RECORDS, *people)))}

    assert metrics == ({"profiles", "anonymous_share"} if people else set())


def test_it_compiles_for_spark(engine: DuckDBEngine) -> None:
    assert spark_sql(profile_quality(filled(engine, GOLDEN_RECORDS)))
