"""A large made-up population as canonical tables, the same for the same seed.

Belongs here: generating `normalised` tables of any size inside DuckDB. Does not belong here: measuring anything.

Every person has one number in each of four systems, two e-mail addresses, a phone and a browser; each row of a source
carries one to three of them (1.6 on average), so that people hang together over several steps. Nobody breaks a limit.

Run as ``python -m cdp_assets_tests.bench.population FILE make ROWS PEOPLE [NAMED]`` or ``… FILE add ROWS PEOPLE``.
"""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

from cdp_assets.canonical import tables
from cdp_assets.canonical.schema import TableSchema
from cdp_assets.settings import Settings
from cdp_assets.warehouse import changes
from cdp_assets.warehouse.built import Patch
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine
from cdp_assets.warehouse.engine import TableRef
from cdp_assets.warehouse.standing import Note, note_of

SEED = 2026
_STAGE = "normalised"
_ARRIVED = "arrived"
_FILLED = ("identity_records", "identifiers", "contacts")
_GIVEN = ("Anna", "Bert", "Carla", "David", "Emma", "Felix", "Greta", "Hugo", "Ida", "Jonas", "Klara", "Leon", "Mia")
_SYLLABLES = ("ba", "den", "fel", "gar", "hol", "ker", "lin", "mar", "nor", "ras", "sten", "tor", "val", "wig", "zan")


def make(file: Path, rows: int, people: int, *, named: bool = False) -> None:
    """Write the tables of a population.

    Args:
        file: The warehouse to write them to.
        rows: How many records there are.
        people: How many people they are of.
        named: Whether all records are contacts with a name; one in five otherwise.
    """
    with _opened(file) as connection:
        _create(connection, _STAGE)
        _insert(connection, _STAGE, 0, rows, people, named)
        engine = DuckDBEngine(connection)
        for name in tables.TABLES:
            noted = Note({}, engine.fingerprint(engine.table(_STAGE, name)))
            engine.take_note(_STAGE, name, noted.to_text())


def add(file: Path, rows: int, people: int, *, named: bool = False) -> None:
    """Add records to a population: nine in ten of people who are there, the others of new ones.

    Published as the stage does it that makes these tables: as patches by record, with what is kept of changes.
    """
    with _opened(file) as connection:
        counted = connection.execute(f"SELECT count(*) FROM {_STAGE}.identity_records").fetchone()
        assert counted is not None
        _create(connection, _ARRIVED)
        _insert(connection, _ARRIVED, int(counted[0]), rows, people, named)
        engine = DuckDBEngine(connection)
        pending: list[TableRef] = []
        notes: dict[TableRef, str] = {}
        for name in _FILLED:
            ref, came = (_STAGE, name), engine.table(_ARRIVED, name)
            before = note_of(engine, ref)
            assert before is not None
            patch = Patch("record_id", came.select("record_id").distinct(), came)
            engine.stage_patch(_STAGE, tables.TABLES[name], patch)
            kept, trail = changes.keep(ref, before, engine)
            noted = Note({}, before.fingerprint.with_more(engine.fingerprint(came)), trail=trail)
            notes[ref] = noted.to_text()
            pending += [ref, *kept]
        engine.publish(pending, notes)
        connection.execute(f"DROP SCHEMA {_ARRIVED} CASCADE")


def _opened(file: Path) -> duckdb.DuckDBPyConnection:
    file.parent.mkdir(parents=True, exist_ok=True)
    config = {**Settings.from_env().duckdb_config, "memory_limit": "4GB", "temp_directory": str(file.parent / "tmp")}
    connection = duckdb.connect(str(file), config=config)
    connection.execute("SET TimeZone = 'UTC'")
    return connection


def _create(connection: duckdb.DuckDBPyConnection, stage: str) -> None:
    """Make empty canonical tables."""
    connection.execute(f"CREATE SCHEMA {stage}")
    for schema in tables.TABLES.values():
        columns = ", ".join(f"{name} {kind}" for name, kind in _types(schema).items())
        connection.execute(f"CREATE TABLE {stage}.{schema.name} ({columns})")


def _types(schema: TableSchema) -> dict[str, str]:
    return {item.name: item.kind.sql("duckdb") for item in schema.ibis_schema.to_sqlglot_column_defs("duckdb")}


def _insert(connection: duckdb.DuckDBPyConnection, stage: str, start: int, rows: int, people: int, named: bool) -> None:
    system = "2" if named else "i % 5"
    person = f"hash(i, {SEED}) % {people}"
    if start:
        person = f"CASE WHEN i % 10 = 0 THEN {people} + i ELSE {person} END"
    connection.execute(
        f"""
        CREATE TEMP TABLE made AS SELECT *,
            (hash(i, {SEED + 1}) >> 1)::BIGINT AS record_id,
            TIMESTAMPTZ '2025-01-01' + to_seconds((hash(i, {SEED + 2}) % 31000000)::BIGINT) AS seen,
            CASE WHEN system = 2 THEN 'person' ELSE 'fact' END AS kind,
            (hash(p, {SEED + 3}) % 9000000000 + 1000000000)::BIGINT AS digits,
            hash(i, {SEED + 4}) % 10 AS chance
        FROM (SELECT i, {system} AS system, ({person})::BIGINT AS p FROM range({start}, {start + rows}) AS r(i))
        """
    )
    connection.execute(
        f"INSERT INTO {stage}.identity_records BY NAME SELECT record_id, 'made' AS source, 'made' AS stream, kind, "
        "seen AS first_seen_at, seen AS last_seen_at, 1 AS rows FROM made"
    )
    email_a = "'person' || p || '@example.com'"
    email_b = "'p.' || p || '@example.org'"
    carried = (
        ("shop", "customer_number", "'C' || p", "system = 0"),
        ("web", "user_id", "'user-' || p", "system = 1 OR (system = 3 AND i % 20 <> 3)"),
        ("till", "loyalty_number", "'L' || p", "system = 4 AND chance < 7"),
        ("global", "email", email_a, "system = 0 OR (system IN (1, 2) AND chance < 5)"),
        ("global", "email", email_b, "system = 2 AND chance >= 5"),
        ("global", "phone", "'+49' || digits || '3'", "system = 4 OR (system = 2 AND chance <> 3)"),
        ("web", "anonymous_id", "'browser-' || p", "i % 20 = 3 OR i % 20 = 8"),
    )
    for namespace, kind, value, where in carried:
        if named and kind == "anonymous_id":
            continue
        connection.execute(
            f"INSERT INTO {stage}.identifiers BY NAME SELECT record_id, "
            f"'{namespace}' AS namespace, '{kind}' AS identifier_type, {value} AS identifier_value, "
            f"seen AS first_seen_at, seen AS last_seen_at FROM made WHERE {where}"
        )
    given, syllables = (str(list(words)) for words in (_GIVEN, _SYLLABLES))
    many = len(_SYLLABLES)
    connection.execute(
        f"""
        INSERT INTO {stage}.contacts BY NAME SELECT record_id,
            {given}[1 + (hash(p, {SEED + 5}) % {len(_GIVEN)})::BIGINT] AS given_name,
            upper(a[1]) || a[2:] || b || c AS family_name,
            seen AS created_at, 'made' AS source, i::VARCHAR AS native_id, '1' AS load_id, i AS source_row
        FROM (SELECT *, {syllables}[1 + (hash(p, 6) % {many})::BIGINT] AS a,
                {syllables}[1 + (hash(p, 7) % {many})::BIGINT] AS b,
                {syllables}[1 + (hash(p, 8) % {many})::BIGINT] AS c FROM made WHERE system = 2)
        """
    )
    connection.execute("DROP TABLE made")


if __name__ == "__main__":
    path, verb, wanted, persons, *more = sys.argv[1:]
    {"make": make, "add": add}[verb](Path(path), int(wanted), int(persons), named=bool(more))
