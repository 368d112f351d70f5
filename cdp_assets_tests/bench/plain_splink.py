"""The peer of the linking benchmark: Splink 5 by itself, on the same file, as its manual shows it.

Run as ``python -m cdp_assets_tests.bench.plain_splink FILE``; prints JSON: seconds, pairwise.

The comparisons are the project's own (`identity.linkage.comparisons`) on columns derived by plain SQL; blocking rules,
training and clusters (connected components of pairs at a probability of .95) are what Splink's documentation uses.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from cdp_assets.identity.folding import sound
from cdp_assets.identity.linkage.comparisons import COMPARISONS, creators
from cdp_assets.identity.nicknames import nickname_groups

THRESHOLD = 0.95
LEARNED_FROM = 1_000_000  # pairs a step: all of them would take Splink many times as long
BLOCKING = (
    ("email",),
    ("given", "family", "birth_year"),
    ("birth_date", "given_start"),
    ("birth_date", "family_start"),
    ("postcode", "family"),
    ("given", "family", "postcode"),
)
TRAINED_ON = (("birth_date",), ("given", "family"))
_HAS = ("name", "given_name", "birth_date", "email", "address")

_FACES = r"""
    CREATE TABLE faces AS
    WITH plain AS (
        SELECT record_id::BIGINT AS face, lower(given_name) AS given, lower(family_name) AS family, birth_date,
               lower(email) AS email, lower(postcode) AS postcode, lower(city) AS city,
               regexp_replace(lower(street), '[^\pL\pN]+', '', 'g') AS street
        FROM read_parquet('{file}')
    )
    SELECT plain.*, true AS is_latin, true AS is_given_first, NULL::VARCHAR AS generation, NULL::VARCHAR[] AS middle,
           NULL::VARCHAR[] AS numbers, NULL::VARCHAR AS job_title, NULL::VARCHAR AS gender,
           NULL::VARCHAR AS lone_birth_year, heard.given_sound, nicknames.nicknames,
           nicknames.kin, count(given) OVER (PARTITION BY given) > 2 AS is_borne,
           nullif(list_sort(list_distinct([word FOR word IN [given, family] IF word IS NOT NULL])), []) AS name_words,
           CASE WHEN given <> family THEN least(given, family) || ' ' || greatest(given, family) END AS whole_name,
           substr(given, 1, 3) AS given_start, substr(family, 1, 3) AS family_start,
           substr(birth_date, 1, 4) AS birth_year, substr(birth_date, 6, 5) AS birth_day,
           split_part(email, '@', 1) AS mailbox, substr(postcode, 1, greatest(length(postcode) - 3, 2)) AS post_area
    FROM plain LEFT JOIN heard USING (given) LEFT JOIN nicknames ON given = nickname
"""

_SCORE = """
    WITH placed AS (
        SELECT records.cluster AS person, coalesce(clusters.cluster_id, records.record_id::BIGINT) AS profile
        FROM read_parquet('{file}') AS records LEFT JOIN clusters ON clusters.face = records.record_id::BIGINT
    ),
    pairs AS (SELECT count(*) * (count(*) - 1) / 2 AS n FROM placed GROUP BY {by})
    SELECT sum(n) FROM pairs
"""


def resolve(file: Path) -> dict[str, Any]:
    """Link the records of a file, and score them by its column ``cluster``."""
    import duckdb
    import pyarrow as pa
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    started = time.perf_counter()
    connection = duckdb.connect(config={"memory_limit": "8GB"})
    distinct = f"SELECT DISTINCT lower(given_name) FROM read_parquet('{file}') WHERE given_name IS NOT NULL"
    given = [name for (name,) in connection.execute(distinct).fetchall()]
    connection.register("heard", pa.table({"given": given, "given_sound": [sound(name) for name in given]}))
    connection.register("nicknames", nickname_groups())
    connection.execute(_FACES.format(file=file))
    api = DuckDBAPI(connection)
    settings = SettingsCreator(
        link_type="dedupe_only",
        comparisons=creators([each for each in COMPARISONS if each.name in _HAS]),
        unique_id_column_name="face",
        blocking_rules_to_generate_predictions=[block_on(*columns) for columns in BLOCKING],
    )
    linker = Linker(api.register("faces"), settings, log_level=None)
    linker.training.estimate_probability_two_random_records_match(
        [block_on("email"), block_on("given", "family", "birth_date")], recall=0.7
    )
    linker.training.estimate_u_using_random_sampling(max_pairs=LEARNED_FROM, seed=1)
    for columns in TRAINED_ON:
        linker.training.estimate_parameters_using_expectation_maximisation(block_on(*columns), max_pairs=LEARNED_FROM)
    predicted = linker.inference.predict(threshold_match_probability=THRESHOLD)
    clustered = linker.clustering.cluster_pairwise_predictions_at_threshold(predicted, THRESHOLD)
    connection.execute(f"CREATE TEMP TABLE clusters AS SELECT face, cluster_id FROM {clustered.physical_name}")

    def pairs(by: str) -> float:
        counted = connection.execute(_SCORE.format(file=file, by=by)).fetchone()
        return float(counted[0] or 0) if counted else 0.0

    together, claimed, true = pairs("person, profile"), pairs("profile"), pairs("person")
    precision, recall = together / max(claimed, 1), together / max(true, 1)
    f1 = 2 * precision * recall / (precision + recall) if together else 0.0
    return {
        "seconds": time.perf_counter() - started,
        "pairwise": {"precision": precision, "recall": recall, "f1": f1},
    }


if __name__ == "__main__":
    print(json.dumps(resolve(Path(sys.argv[1]))))
