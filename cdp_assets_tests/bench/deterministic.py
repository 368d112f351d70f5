"""The deterministic part of identity at scale: a full run against a hand-written floor, and a run after another one.

Belongs here: the processes that are measured, and the floor. Does not belong here: the data (`population.py`).

Run as ``python -m cdp_assets_tests.bench.deterministic STEP FILE …``; prints one JSON object.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cdp_assets.settings import Settings
from cdp_assets_tests.bench.harness import GIB, Figure, Measured, at_most, at_most_times, environment, measure

MEMORY = "2500MB"
"""What DuckDB may take; Python, Arrow and scipy come on top."""

LITTLE = "1GB"
"""The same of a run after another one: more would only be filled with what is read once, and where a virtual machine
gets its memory from its host as it is used, each gigabyte takes a second."""

RUN = datetime(2026, 6, 30, tzinfo=UTC)


def figures(
    rows: int = 10_000_000, people: int = 2_000_000, new: int = 100_000, persons: int = 5_000_000
) -> list[Figure]:
    """Resolve ``rows`` records of ``people`` people, then ``new`` ones on top, and ``persons`` contacts."""
    with tempfile.TemporaryDirectory() as folder:
        base, untold, other = (Path(folder) / name for name in ("base", "untold", "other"))
        env = environment(Path(folder))
        _population(env, base, "make", rows, people)
        floor = _step(env, "floor", base)
        full = _step(env, "resolve", base)
        same = _step(env, "compare", base)[0]
        for copy in (untold, other):
            shutil.copytree(base, copy)
        # Not after they were copied: a virtual machine takes seconds to get back the memory that copying took.
        for each in (untold, other, base):
            _population(env, each, "add", new, people)
        after = _step(env, "resolve-again", base)
        searched = _step(env, "resolve-untold", untold)
        again = _step(env, "resolve-whole", other)
        shutil.rmtree(other / "tmp", ignore_errors=True)
        wanted = _versions(env, other)
        versions = [version for copy in (base, untold) for version in _versions(env, copy).items()]
        differing = {name for name, version in versions if version != wanted[name]}
        for copy in (base, untold, other):
            shutil.rmtree(copy)
        _population(env, other, "make", persons, persons // 2, "named")
        contacts = _step(env, "resolve", other)
    observations = full[0]["observations"]
    shorter = again[0]["seconds"] / after[0]["seconds"]
    what = f"identity of {rows:,} records, {observations:,} observations"
    return [
        at_most_times(what, full[0]["seconds"], 3, floor[0]["seconds"], "DuckDB and scipy by hand"),
        Figure("of it writing profile ids to the ledger", full[0]["ledger"], "s"),
        at_most("its peak memory", full[1].peak_bytes / GIB, 4.0, "GiB"),
        Figure("components that differ from scipy's, where no limit applies", same["differing"], "components", "= 0",
               same["differing"] == 0),
        Figure(f"{new:,} records on top", after[0]["seconds"], "s", "≤ 10", after[0]["seconds"] <= 10,
               f"everything again, with {MEMORY} for DuckDB rather than {LITTLE}: {again[0]['seconds']:.1f} s",
               round(1 / shorter, 3)),
        Figure("the same where no trail tells of them", searched[0]["seconds"], "s"),
        Figure("tables that differ from those of a full run", len(differing), "tables", "= 0", not differing),
        Figure(f"identity of {persons:,} contacts", contacts[0]["seconds"], "s"),
        at_most("its peak memory, with contacts", contacts[1].peak_bytes / GIB, 8.0, "GiB"),
    ]  # fmt: skip


def _population(env: dict[str, str], folder: Path, *arguments: object) -> None:
    command = [sys.executable, "-m", "cdp_assets_tests.bench.population", str(folder / "warehouse.duckdb")]
    measure([*command, *map(str, arguments)], env)


def _step(env: dict[str, str], name: str, folder: Path) -> tuple[dict[str, Any], Measured]:
    command = [sys.executable, "-W", "ignore", "-m", "cdp_assets_tests.bench.deterministic", name, str(folder)]
    os.sync()  # The disk is at rest: what a step before it wrote (copies of gigabytes) is not counted.
    measured = measure(command, env)
    told: dict[str, Any] = json.loads(measured.output)
    print(f"  {name}: {told}, {measured.peak_bytes / GIB:.2f} GiB", file=sys.stderr)
    return told, measured


def _versions(env: dict[str, str], folder: Path) -> dict[str, str]:
    return _step(env, "versions", folder)[0]


def _connection(folder: Path, memory: str = MEMORY) -> Any:
    import duckdb

    config = {**Settings.from_env().duckdb_config, "memory_limit": memory, "temp_directory": str(folder / "tmp")}
    connection = duckdb.connect(str(folder / "warehouse.duckdb"), config=config)
    connection.execute("SET TimeZone = 'UTC'")
    return connection


def floor(folder: Path) -> dict[str, Any]:
    """The least there is to do: distinct identifiers, integers, connected components, a table."""
    import numpy as np
    import pyarrow as pa
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    with _connection(folder) as connection:
        started = time.perf_counter()
        connection.execute(
            "CREATE TEMP TABLE records AS SELECT record_id, row_number() OVER () - 1 AS n "
            "FROM normalised.identity_records"
        )
        connection.execute(
            "CREATE TEMP TABLE ids AS SELECT *, row_number() OVER () - 1 AS m "
            "FROM (SELECT DISTINCT namespace, identifier_type, identifier_value FROM normalised.identifiers)"
        )
        edges = connection.execute(
            "SELECT n::INTEGER AS n, m::INTEGER AS m FROM normalised.identifiers JOIN records USING (record_id) "
            "JOIN ids USING (namespace, identifier_type, identifier_value)"
        ).to_arrow_table()
        records, ids = (connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in ("records", "ids"))
        left, right = edges["n"].to_numpy(), edges["m"].to_numpy()
        size = records + ids
        ones = np.ones(len(left), dtype=np.int8)
        graph = coo_matrix((ones, (left, right + records)), shape=(size, size)).tocsr()
        _, labels = connected_components(graph, directed=False)
        found = pa.table({"n": np.arange(records), "component": labels[:records]})
        connection.register("found", found)
        connection.execute("CREATE TABLE floor AS SELECT record_id, component FROM records JOIN found USING (n)")
        return {"seconds": round(time.perf_counter() - started, 2)}


def resolve(folder: Path, *, whole: bool = False, trusting: bool = True, memory: str = MEMORY) -> dict[str, Any]:
    """The stage, with its tables staged and published, and its ids in a ledger.

    Args:
        folder: Where warehouse and ledger are.
        whole: Whether to compute everything, whatever there is of an earlier run.
        trusting: Whether to look only where the warehouse tells of changes, rather than to look for them.
        memory: What DuckDB may take.
    """
    from cdp_assets.canonical import tables as canonical
    from cdp_assets.identity import schemas
    from cdp_assets.identity.canonical import Canonical
    from cdp_assets.identity.delta import told_since
    from cdp_assets.identity.resolve import resolve as run
    from cdp_assets.identity.spec import IdentityRules, LinkageRules
    from cdp_assets.ledger import Ledger
    from cdp_assets.ledger.profile_ids import LedgerProfileIds
    from cdp_assets.warehouse.changes import last_published, since_last_made
    from cdp_assets.warehouse.duckdb_engine import DuckDBEngine
    from cdp_assets.warehouse.garbage import look_for_garbage_rarely
    from cdp_assets.warehouse.standing import Note, note_of, version_of

    look_for_garbage_rarely()
    refs = [("identity", schema.name) for schema in schemas.TABLES]
    read = [("normalised", name) for name in canonical.TABLES]
    with _connection(folder, memory) as connection, Ledger.open(f"sqlite:///{folder / 'ledger.sqlite'}") as ledger:
        if whole:
            connection.execute("DELETE FROM identity.resolution_state")
        engine = DuckDBEngine(connection)
        store = LedgerProfileIds(ledger)
        spent = _timed(store)
        started = time.perf_counter()
        tables = {name: engine.table("normalised", name) for name in canonical.TABLES}
        given = Canonical(
            tables["identity_records"], tables["identifiers"], tables["contacts"], tables["contact_points"],
            tables["identifier_aliases"], {schema.name: tables[schema.name] for schema in canonical.FACTS},
        )  # fmt: skip
        rules = IdentityRules(linkage=LinkageRules(enabled=False))
        previous = {schema.name: last_published(engine, "identity", schema) for schema in schemas.TABLES}
        made_of = {".".join(ref): version_of(engine, ref) for ref in read}
        since = since_last_made(
            "identity", schemas.TABLES, read, [note_of(engine, ref) for ref in refs], made_of, engine
        )
        told = told_since(since if trusting else None, engine)
        resolution = run(given, rules, store, previous, RUN, engine, "benchmark", told=told)
        for schema in schemas.TABLES:
            patch = resolution.patches.get(schema.name)
            if patch is not None and engine.can_patch("identity", schema):
                engine.stage_patch("identity", schema, patch)
            else:
                engine.stage_table("identity", schema, resolution.tables[schema.name])
        engine.publish(refs)
        seconds = round(time.perf_counter() - started, 2)
        for ref in refs:
            engine.take_note(*ref, Note(made_of, engine.fingerprint(engine.table(*ref))).to_text())
        counted = connection.execute("SELECT count(*) FROM identity.observations").fetchone()[0]
        return {"seconds": seconds, "observations": counted, "ledger": round(spent[0], 2)}


def _timed(store: Any) -> list[float]:
    """How many seconds are spent saving, in a list that is kept up to date."""
    spent = [0.0]
    save = store.save

    def timed(*changes: Any) -> Any:
        started = time.perf_counter()
        try:
            return save(*changes)
        finally:
            spent[0] += time.perf_counter() - started

    store.save = timed
    return spent


def compare(folder: Path) -> dict[str, Any]:
    """How many components of the floor are no profile, leaving out those in which something was refused."""
    with _connection(folder) as connection:
        pairs = (
            "SELECT DISTINCT component, profile_id FROM floor JOIN identity.profile_map USING (record_id) "
            "WHERE component NOT IN (SELECT floor.component FROM floor "
            "JOIN identity.components USING (record_id) WHERE rebuilt "
            "UNION ALL SELECT component FROM floor JOIN identity.observations USING (record_id) WHERE flaw <> 0)"
        )
        counts = "count(*), count(DISTINCT component), count(DISTINCT profile_id)"
        both, components, profiles = connection.execute(f"SELECT {counts} FROM ({pairs})").fetchone()
        return {"differing": 2 * both - components - profiles, "components": components}


def versions(folder: Path) -> dict[str, Any]:
    """The fingerprint of every table of the stage, but for the revision of the ledger."""
    from cdp_assets.identity import schemas
    from cdp_assets.warehouse.duckdb_engine import DuckDBEngine

    with _connection(folder) as connection:
        engine = DuckDBEngine(connection)
        tables = {schema.name: engine.table("identity", schema.name) for schema in schemas.TABLES}
        tables["resolution_state"] = tables["resolution_state"].drop("revision")
        return {name: engine.fingerprint(table).version for name, table in tables.items()}


STEPS: dict[str, Callable[[Path], dict[str, Any]]] = {
    "floor": floor,
    "resolve": resolve,
    "resolve-again": lambda folder: resolve(folder, memory=LITTLE),
    "resolve-untold": lambda folder: resolve(folder, trusting=False, memory=LITTLE),
    "resolve-whole": lambda folder: resolve(folder, whole=True),
    "compare": compare,
    "versions": versions,
}


if __name__ == "__main__":
    print(json.dumps(STEPS[sys.argv[1]](Path(sys.argv[2]))))
