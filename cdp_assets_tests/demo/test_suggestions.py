"""Device suggestions on the demo's web events, against the truth that the pipeline never reads."""

from __future__ import annotations

from datetime import UTC, datetime

import duckdb
import ibis
import pyarrow as pa
import pytest

from cdp_assets.canonical import tables as canonical
from cdp_assets.canonical.schema import TableSchema
from cdp_assets.demo.generator import GeneratedSummary
from cdp_assets.demo.typing_errors import PLACEHOLDER_IDS
from cdp_assets.identity import schemas
from cdp_assets.identity.spec import IdentityRules
from cdp_assets.identity.suggestions import Inputs, Suggestions, suggest
from cdp_assets.normalised.networks import with_networks
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine

KEY = "a key for tests"

_EVENTS = """
CREATE TABLE seen AS
SELECT DISTINCT ON (messageId) messageId, anonymousId, context.device.id AS device, person_id,
       coalesce(userId NOT IN {placeholders}, false) OR coalesce(traits.email, '') <> '' AS known,
       "timestamp"::TIMESTAMPTZ AS occurred_at, context.ip AS network,
       context.location.country || '/' || context.location.city AS place, context.page.url AS page_url,
       context.userAgentData.mobile OR context.device.id IS NOT NULL AS mobile,
       to_json(properties)::VARCHAR AS properties
FROM read_ndjson('{files}', ignore_errors = true, union_by_name = true, sample_size = -1,
                 columns = {{messageId: 'VARCHAR', anonymousId: 'VARCHAR', userId: 'VARCHAR', "timestamp": 'VARCHAR',
                   traits: 'STRUCT(email VARCHAR)', properties: 'JSON',
                   context: 'STRUCT(ip VARCHAR, device STRUCT(id VARCHAR),
                             location STRUCT(city VARCHAR, country VARCHAR),
                             page STRUCT(url VARCHAR), "userAgentData" STRUCT(mobile BOOLEAN))'}})
JOIN '{truth}' ON native_id = messageId AND "table" = 'events'
WHERE try_cast("timestamp" AS TIMESTAMPTZ) IS NOT NULL;
CREATE TABLE records AS
SELECT row_number() OVER (ORDER BY anonymousId, device, known, person_id) AS record_id, *
FROM (SELECT DISTINCT anonymousId, device, known, CASE WHEN known THEN person_id END AS person_id FROM seen);
CREATE TABLE placed AS
SELECT record_id, seen.* FROM seen JOIN records ON seen.anonymousId = records.anonymousId
AND seen.device IS NOT DISTINCT FROM records.device AND seen.known = records.known
AND (NOT seen.known OR seen.person_id = records.person_id);
"""


def filled(engine: DuckDBEngine, schema: TableSchema, rows: pa.Table) -> ibis.Table:
    """A table with the given columns, and the others null."""
    arrow = schema.ibis_schema.to_pyarrow()
    columns = [
        rows[field.name].cast(field.type) if field.name in rows.column_names else pa.nulls(len(rows), field.type)
        for field in arrow
    ]
    return engine.from_arrow(pa.table(columns, schema=arrow), schema.ibis_schema)


@pytest.fixture(scope="module")
def judged(demo: GeneratedSummary) -> tuple[Suggestions, list[tuple[float, bool]]]:
    """The suggestions, and the score of each with whether it is right. Whoever logged in is taken to be known."""
    con = duckdb.connect()
    con.execute("SET TimeZone = 'UTC'")
    con.execute(
        _EVENTS.format(
            files=demo.landing / "web" / "events*.jsonl*",
            truth=demo.truth / "facts.parquet",
            placeholders=PLACEHOLDER_IDS,
        )
    )
    engine = DuckDBEngine.in_memory()

    def table(schema: TableSchema, sql: str) -> ibis.Table:
        return filled(engine, schema, con.execute(sql).to_arrow_table())

    events = table(
        canonical.EVENTS,
        "SELECT *, CASE WHEN mobile THEN 'mobile' ELSE 'desktop' END AS device_type, messageId AS event_id FROM placed",
    )
    identifiers = table(
        canonical.IDENTIFIERS,
        """SELECT record_id, 'web' AS namespace, 'anonymous_id' AS identifier_type, anonymousId AS identifier_value
           FROM records UNION ALL SELECT record_id, 'web', 'device_id', device FROM records WHERE device IS NOT NULL
           UNION ALL SELECT record_id, 'web', 'user_id', person_id::VARCHAR FROM records WHERE known""",
    )
    inputs = Inputs(
        events=with_networks(events, engine, KEY),
        identity_records=table(canonical.IDENTITY_RECORDS, "SELECT record_id, 'fact' AS kind FROM records"),
        identifiers=identifiers,
        profile_map=table(
            schemas.PROFILE_MAP, "SELECT record_id, coalesce(person_id, -record_id) AS profile_id FROM records"
        ),
        rejected_links=table(schemas.REJECTED_LINKS, "SELECT 1 AS link_id WHERE false"),
    )
    suggestions = suggest(inputs, IdentityRules(), datetime(2026, 6, 30, tzinfo=UTC), engine, KEY)
    con.register("suggested", engine.to_arrow(suggestions.table))
    outcome = con.execute(
        """WITH owner AS (SELECT record_id, any_value(person_id) AS person FROM placed GROUP BY ALL)
           SELECT score, a.person = b.person FROM suggested
           JOIN owner a ON a.record_id = left_record_id JOIN owner b ON b.record_id = right_record_id"""
    ).fetchall()
    return suggestions, outcome


def precision(outcome: list[tuple[float, bool]], low: float, high: float = 1.0) -> float:
    chosen = [right for score, right in outcome if low <= score < high]
    return sum(chosen) / len(chosen)


def test_scores_mean_what_they_say(judged: tuple[Suggestions, list[tuple[float, bool]]]) -> None:
    _, outcome = judged
    assert len(outcome) > 150
    assert precision(outcome, 0.5) > 0.6
    assert precision(outcome, 0.8) > 0.8
    assert precision(outcome, 0.8) > precision(outcome, 0.5, 0.8)


def test_the_test_against_later_identifications_agrees_with_the_truth(
    judged: tuple[Suggestions, list[tuple[float, bool]]],
) -> None:
    suggestions, outcome = judged
    shown = suggestions.tested[0]
    assert shown.right + shown.wrong > 10
    assert shown.precision is not None
    # Few pairs are decided in four months, so that the two agree only roughly.
    assert abs(shown.precision - precision(outcome, shown.threshold)) < 0.25


def test_networks_and_interests_tell_people_apart_and_kinds_of_devices_do_not(
    judged: tuple[Suggestions, list[tuple[float, bool]]],
) -> None:
    suggestions, _ = judged
    assert suggestions.weights is not None
    weights = suggestions.weights.levels
    assert weights["network"][4] > weights["network"][1]
    assert weights["content"][4] > weights["content"][1] + 1
    assert max(abs(weight) for weight in weights["kind"]) < 0.5
