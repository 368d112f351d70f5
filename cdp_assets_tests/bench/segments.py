"""What a thousand segments over a million profiles cost: the whole stage in Dagster, and the conditions by themselves.

Belongs here: made profiles and definitions, and the figures. Does not belong here: what segments mean
(`segments/test_*.py`).

The stage runs twice in a process of its own, on an instance and a warehouse on disk: first with nobody known, then with
a few values moved. The conditions are measured against one scan of the columns that they read, in the same process.
"""

from __future__ import annotations

import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cdp_assets_tests.bench.harness import GIB, Figure, at_most, environment, measure

if TYPE_CHECKING:
    from cdp_assets.segments.spec import SegmentSpec

SEGMENTS = 1_000
PROFILES = 1_000_000
AS_OF = datetime(2026, 6, 30, tzinfo=UTC)
MOVED = 50
"""One in so many profiles has other values at the second run."""


def figures(segments: int = SEGMENTS, profiles: int = PROFILES) -> list[Figure]:
    """Run the stage, then the conditions alone."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "defs").mkdir()
        env = environment(Path(folder), CDP_DEFS=str(Path(folder) / "defs"), CDP_MEMORY_LIMIT="3GB")
        script = [sys.executable, "-m", __name__, str(segments), str(profiles)]
        measured = measure(script, env)
    told = json.loads(measured.output.strip().splitlines()[-1])
    what = f"segments: {segments:,} over {profiles:,} profiles"
    ratio = told["conditions"] / told["scan"]
    return [
        at_most(f"{what}, first run in Dagster", told["first"], 60, "s"),
        at_most(f"{what}, next run in Dagster", told["second"], 60, "s"),
        Figure(f"{what}, members", told["members"], "memberships"),
        Figure(f"{what}, assets with a new data version at the next run", told["changed"], "segments"),
        Figure(
            f"{what}, who meets which condition",
            told["conditions"],
            "CPU seconds",
            "≤ 4 times",
            ratio <= 4,
            f"one scan of the {told['columns']} columns {told['scan']:.2f} s",
            ratio,
        ),
        at_most(f"{what}, peak memory", measured.peak_bytes / GIB, 5, "GiB"),
    ]


def _main(segments: int, profiles: int) -> None:
    """Measure in this process and print the figures as JSON."""
    import dagster as dg
    import duckdb

    from cdp_assets.attributes.schemas import CUSTOMER_360
    from cdp_assets.automation.refresh import dagster_instance
    from cdp_assets.identity.schemas import REDIRECTS
    from cdp_assets.segments.assets import assets
    from cdp_assets.settings import Settings
    from cdp_assets.warehouse.resources import LedgerResource, Warehouse

    settings = Settings.from_env()
    data = settings.data
    specs = definitions(segments)
    write_profiles(data / "warehouse.duckdb", profiles)
    job = dg.Definitions(
        assets=[*assets(specs), *(dg.AssetSpec(key) for key in (["attributes", CUSTOMER_360.name],
                                                                 ["identity", REDIRECTS.name]))],
        jobs=[dg.define_asset_job("all", selection=dg.AssetSelection.groups("segments"),
                                  executor_def=dg.in_process_executor)],
        resources={"warehouse": Warehouse(), "ledger": LedgerResource()},
    ).resolve_job_def("all")  # fmt: skip

    def run(as_of: str) -> tuple[float, dict[str, str]]:
        os.environ["CDP_AS_OF"] = as_of
        started = time.perf_counter()
        with dagster_instance(settings) as instance:
            result = job.execute_in_process(instance=instance, raise_on_error=True)
        seconds = time.perf_counter() - started
        return seconds, {
            event.asset_key.path[-1]: event.step_materialization_data.materialization.tags["dagster/data_version"]
            for event in result.get_asset_materialization_events()
            if event.asset_key is not None
        }

    first, before = run("2026-06-30T00:00:00Z")
    with duckdb.connect(str(data / "warehouse.duckdb")) as connection:
        connection.execute(
            f"UPDATE attributes.customer_360 SET orders = orders + 1, country = 'NO' WHERE profile_id % {MOVED} = 0"
        )
        [(members,)] = connection.execute("SELECT count(*) FROM segments.memberships").fetchall()
    second, after = run("2026-06-30T01:00:00Z")
    changed = sum(before[spec.name] != after[spec.name] for spec in specs)
    print(
        json.dumps(
            {
                "first": first,
                "second": second,
                "members": members,
                "changed": changed,
                **conditions(data / "warehouse.duckdb", specs),
            }
        )
    )


def conditions(file: Path, specs: Sequence[SegmentSpec]) -> dict[str, float]:
    """CPU seconds of finding all members, and of one scan of the columns that the conditions read.

    Members are found as a bit per person and segment; the scan writes its columns down, as the engine does with any
    intermediate result. What it takes to write the memberships down as rows is in the figures of the whole stage.
    """
    import duckdb

    from cdp_assets.attributes.schemas import CUSTOMER_360
    from cdp_assets.segments.evaluate import evaluate
    from cdp_assets.warehouse.duckdb_engine import DuckDBEngine

    columns = sorted({column for spec in specs for column in spec.condition(CUSTOMER_360).columns} | {"profile_id"})
    with duckdb.connect(str(file)) as connection:
        engine = DuckDBEngine(connection)
        people = engine.table("attributes", CUSTOMER_360.name)
        scan = min(_cpu(lambda: engine.scratch(people.select(columns))) for _ in range(3))
        found = min(_cpu(lambda: evaluate(people, specs, AS_OF, engine)) for _ in range(2))
    return {"conditions": found, "scan": scan, "columns": len(columns)}


def _cpu(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def definitions(number: int) -> list[SegmentSpec]:
    """Segments as companies write them: one to four terms of some hundred that recur, one in five made of others."""
    from cdp_assets.segments.composition import composed
    from cdp_assets.segments.spec import SegmentSpec

    drawn = random.Random(7)
    found: list[SegmentSpec] = []
    for place in range(number):
        terms = [drawn.choice(_TERMS)(drawn) for _ in range(drawn.choice((2, 3, 3, 4)))]
        made_of = {"none_of": (found[drawn.randrange(place)].name,)} if place and place % 5 == 0 else {}
        found.append(
            SegmentSpec(f"segment_{place}", " and ".join(terms), "Measured.", "team:bench", maximum=0.9, **made_of)
        )
    return composed(found)


_COUNTRIES = ("DE", "FR", "IT", "ES", "NL", "AT", "CH", "PL", "SE", "DK")
_TERMS: tuple[Callable[[random.Random], str], ...] = (
    lambda drawn: f"orders >= {drawn.choice((1, 2, 3, 5, 8))}",
    lambda drawn: f"orders_365d >= {drawn.choice((1, 2, 3))}",
    lambda drawn: f"net_spend > {drawn.choice((50, 100, 200, 500))}",
    lambda drawn: f"net_spend_365d > {drawn.choice((50, 100, 200))}",
    lambda drawn: f"country = '{drawn.choice(_COUNTRIES)}'",
    lambda drawn: f"country in ('{drawn.choice(_COUNTRIES)}', '{drawn.choice(_COUNTRIES)}')",
    lambda drawn: f"language = '{drawn.choice(('de', 'fr', 'it', 'es'))}'",
    lambda drawn: f"last_order_at > as_of - interval {drawn.choice((30, 60, 90, 180))} day",
    lambda drawn: f"last_event_at > as_of - interval {drawn.choice((7, 14, 30))} day",
    lambda drawn: f"churn_risk > {drawn.choice((0.5, 0.6, 0.7, 0.8))}",
    lambda drawn: f"emails_clicked_90d >= {drawn.choice((1, 2, 3))}",
    lambda drawn: f"emails_opened_90d >= {drawn.choice((1, 3, 5))}",
    lambda drawn: f"rfm_group = '{drawn.choice(('champions', 'loyal', 'at_risk', 'new'))}'",
    lambda drawn: f"(loyalty_tier = 'gold' or loyalty_points > {drawn.choice((500, 1000))})",
    lambda drawn: f"not (open_tickets > 0 or last_nps_score <= {drawn.choice((4, 6))})",
    lambda drawn: f"product_views_30d >= {drawn.choice((2, 5, 10))}",
    lambda drawn: f"carts_30d >= {drawn.choice((1, 2))}",
    lambda drawn: f"expected_value_365d > {drawn.choice((50, 100, 300))}",
    lambda drawn: f"upper(favourite_category) = '{drawn.choice(('SHOES', 'BAGS', 'TOYS'))}'",
    lambda drawn: "email is not null",
)


def write_profiles(file: Path, number: int) -> None:
    """A warehouse with `customer_360` of so many people, and nobody merged."""
    import duckdb
    from ibis.backends.sql.datatypes import DuckDBType

    from cdp_assets.attributes.schemas import CUSTOMER_360
    from cdp_assets.identity.schemas import REDIRECTS

    def value(place: int, name: str, dtype: object) -> str:
        drawn = f"hash(person, {place})"
        text = DuckDBType.to_string(dtype)
        if name == "profile_id":
            return "(hash(person) >> 1)::BIGINT"
        chosen = {
            "country": _COUNTRIES,
            "language": ("de", "fr", "it", "es", "nl", "en"),
            "rfm_group": ("champions", "loyal", "at_risk", "new", "lost", "promising"),
            "loyalty_tier": ("gold", "silver", "bronze"),
            "favourite_category": ("shoes", "bags", "toys", "books", "garden"),
        }.get(name)
        if chosen:
            return f"[{', '.join(map(repr, chosen))}][({drawn} % {len(chosen)})::INT + 1]"
        if text == "BOOLEAN":
            return f"{drawn} % 10 = 0"
        if text.startswith("VARCHAR"):
            return f"'{name} ' || ({drawn} % 100000)"
        if text.startswith("TIMESTAMP"):
            return f"TIMESTAMPTZ '2026-06-30 00:00:00+00' - to_seconds(({drawn} % 31536000)::BIGINT)"
        if text == "DATE":
            return f"DATE '2000-01-01' - ({drawn} % 15000)::INT"
        if text.startswith("DECIMAL"):
            return f"round(power({drawn} % 1000, 2) / 1000, 2)::{text}"
        if text == "DOUBLE":
            return f"({drawn} % 1000) / 1000 * {10 if 'nps' in name else 2000 if 'points' in name else 1}"
        return f"floor(power(({drawn} % 1000) / 1000, 4) * 12)::{text}"

    columns = [f"{value(place, c.name, c.dtype)} AS {c.name}" for place, c in enumerate(CUSTOMER_360.columns)]
    empty = [f"NULL::{DuckDBType.to_string(c.dtype)} AS {c.name}" for c in REDIRECTS.columns]
    with duckdb.connect(str(file)) as connection:
        connection.execute("SET TimeZone = 'UTC'; CREATE SCHEMA attributes; CREATE SCHEMA identity")
        connection.execute(
            f"CREATE TABLE attributes.customer_360 AS SELECT {', '.join(columns)} FROM range({number}) AS made(person)"
        )
        connection.execute(f"CREATE TABLE identity.redirects AS SELECT {', '.join(empty)} WHERE false")


if __name__ == "__main__":
    _main(int(sys.argv[1]), int(sys.argv[2]))
