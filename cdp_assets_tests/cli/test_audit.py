"""`cdp sources audit` on a snapshot made by hand: who of a source is in another, by what, and who is theirs alone."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from cdp_assets.cli_sources import sources


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three profiles: 1 only in the shop, 2 in shop and till by e-mail, 3 in both by a chain through the CRM."""
    monkeypatch.setenv("CDP_DATA", str(tmp_path))
    monkeypatch.setenv("CDP_AS_OF", "2026-06-30")
    with duckdb.connect(str(tmp_path / "serving.duckdb")) as connection:
        connection.execute("""
            CREATE SCHEMA sources; CREATE SCHEMA normalised; CREATE SCHEMA identity; CREATE SCHEMA profiles;
            CREATE TABLE sources.source_audit AS
              SELECT 'shop' AS source, 'orders' AS stream, 10 AS rows, rate AS fill_rate,
                TIMESTAMPTZ '2026-01-01 00:00:00Z' AS earliest_event_at,
                TIMESTAMPTZ '2026-06-28 00:00:00Z' AS latest_event_at
              FROM (VALUES (1.0), (0.5)) AS t(rate);
            CREATE TABLE normalised.dispositions AS
              SELECT * FROM (VALUES ('shop', 'orders', 'accepted', 8), ('shop', 'orders', 'quarantined', 2))
                AS t(source, stream, disposition, rows);
            CREATE TABLE normalised.identity_records AS
              SELECT *, 'person' AS kind
              FROM (VALUES (11, 'shop'), (21, 'shop'), (22, 'till'), (31, 'shop'), (32, 'till'))
                AS t(record_id, source);
            CREATE TABLE identity.profile_map AS
              SELECT * FROM (VALUES (11, 1), (21, 2), (22, 2), (31, 3), (32, 3)) AS t(record_id, profile_id);
            CREATE TABLE normalised.identifiers AS
              SELECT * FROM (VALUES (21, 'global', 'email', 'a@x.org'), (22, 'global', 'email', 'a@x.org'),
                (31, 'global', 'email', 'b@x.org'), (32, 'global', 'phone', '+491')) AS
                t(record_id, namespace, identifier_type, identifier_value);
            CREATE TABLE profiles.provenance AS SELECT * FROM (VALUES ('shop'), ('shop'), ('till')) AS t(source);
        """)
    return tmp_path


def test_the_audit_counts_people_not_rows(home: Path) -> None:
    told = CliRunner().invoke(sources, ["audit", "--json"])
    assert told.exit_code == 0, told.output
    found = json.loads(told.stdout)
    [stream] = found["streams"]
    assert (stream["rows"], stream["accepted"], stream["quarantined"], stream["filled"]) == (10, 8, 2, 0.75)
    assert {(each["source"], each["other"]): (each["profiles"], each["by"]) for each in found["shared"]} == {
        ("shop", "shop"): (3, {}), ("shop", "till"): (2, {"global email": 1}),
        ("till", "shop"): (2, {"global email": 1}), ("till", "till"): (2, {}),
    }  # fmt: skip
    assert found["contributions"] == [
        {"source": "shop", "profiles": 3, "alone": 1, "golden_values": 2},
        {"source": "till", "profiles": 2, "alone": 0, "golden_values": 1},
    ]


def test_the_audit_reads_as_tables(home: Path) -> None:
    told = CliRunner().invoke(sources, ["audit"], env={"COLUMNS": "140"}).output
    assert "shop.orders" in told
    assert "2 days" in told
    assert "67%" in told
    assert "known to it alone" in told
