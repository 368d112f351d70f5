"""Ten million events and three million order lines: the two first stages against plain DuckDB on the same files.

Run as ``python -m cdp_assets_tests.bench.ingesting`` it brings the two stages up to date once and prints the seconds
of each. Files into raw tables is what plain DuckDB does too; typing, mapping and gathering identities come on top.
"""

from __future__ import annotations

import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import duckdb

from cdp_assets_tests.bench.harness import (
    GIB,
    Figure,
    Measured,
    at_most,
    at_most_times,
    environment,
    measure,
    plain_duckdb,
)

_STAGES = ("sources", "normalised")

_EVENTS = """
SELECT
  CASE WHEN n % 50 = 0 THEN 'identify' WHEN n % 3 = 0 THEN 'page' ELSE 'track' END AS "type",
  'm-' || n AS "messageId",
  'a-' || hash(n % 700000) AS "anonymousId",
  CASE WHEN n % 4 = 0 THEN 'u-' || (n % 350000) END AS "userId",
  ['Product Viewed', 'Product Added', 'Order Completed', 'Search'][1 + (hash(n) % 4)::BIGINT] AS "event",
  {'ip': '198.51.' || (n % 256) || '.' || (n % 200), 'locale': 'en-GB',
   'page': {'url': 'https://shop.example/p/' || (n % 5000), 'referrer': 'https://search.example/'},
   'campaign': {'source': ['mail', 'ads', 'social'][1 + (hash(n, 1) % 3)::BIGINT], 'name': 'spring'}} AS "context",
  {'product_id': 'p-' || (n % 5000), 'price': (hash(n, 2) % 10000) / 100, 'category': 'c-' || (n % 40)} AS "properties",
  strftime(TIMESTAMP '2026-01-01' + to_seconds(n % 15000000), '%Y-%m-%dT%H:%M:%S.000Z') AS "timestamp"
FROM range({first}, {last}) AS numbers(n)
"""
_LINES = """
SELECT 'o-' || (n // 3) AS order_id, n % 3 + 1 AS line, 'c-' || (n // 3 % 300000) AS customer,
  strftime(TIMESTAMP '2025-01-01' + to_seconds(n // 3 * 40 % 45000000), '%Y-%m-%d %H:%M:%S') AS ordered_at,
  'sku-' || (hash(n) % 5000) AS sku, 1 + hash(n, 1) % 3 AS quantity, (hash(n, 2) % 10000) / 100 AS unit_price
FROM range({first}, {last}) AS numbers(n)
"""
_DEFINITIONS = """
type: cdp_assets.sources.component.Source
attributes:
  name: web
  streams:
    - name: events
      template: segment_events
      files: web/events*.jsonl
---
type: cdp_assets.sources.component.Source
attributes:
  name: till
  streams:
    - name: lines
      files: till/lines*.csv
      format: csv
      load: append
      key: [order_id, line]
      event_time: ordered_at
      columns:
        order_id: {type: string, required: true}
        line: {type: integer, required: true}
        customer: {type: string}
        ordered_at: {type: timestamp, required: true}
        sku: {type: string}
        quantity: {type: integer}
        unit_price: {type: decimal}
      identifiers:
        - {type: customer_number, value: customer}
      maps:
        - to: order_lines
          set:
            order_id: order_id
            product_id: sku
            quantity: quantity
            unit_price: unit_price
            ordered_at: ordered_at
"""


@dataclass(frozen=True)
class _Ingested:
    """What the two stages took for all of the files, for one percent more, and for nothing new.

    Args:
        floor: Plain DuckDB reading the same files into tables.
        full: Everything.
        more: One percent more.
        nothing: Nothing new.
    """

    floor: Measured
    full: Measured
    more: Measured
    nothing: Measured

    @classmethod
    def of(cls, events: int, lines: int) -> _Ingested:
        """Ingest everything, then one percent more, then nothing; the floor reads the same files in the same run."""
        with tempfile.TemporaryDirectory() as folder:
            data, defs = Path(folder) / "data", Path(folder) / "defs"
            (defs / "sources").mkdir(parents=True)
            (defs / "sources" / "defs.yaml").write_text(_DEFINITIONS)
            landing = data / "landing"
            _write(landing, events, lines, part=1)
            env = environment(data, CDP_DEFS=str(defs))
            floor = plain_duckdb(data, env)
            stages = [sys.executable, "-m", "cdp_assets_tests.bench.ingesting"]
            full = measure(stages, env)
            _write(landing, events, lines, part=2)
            return cls(floor, full, measure(stages, env), measure(stages, env))

    def one_percent(self, what: str) -> list[Figure]:
        """What one percent more takes, as a share of all."""
        ingested, in_full = _seconds(self.full)
        more_ingested, more_in_full = _seconds(self.more)
        return [
            at_most_times(f"one percent more of {what} ingested", more_ingested, 0.05, ingested, "all of it"),
            at_most_times("the same, typed and mapped", more_in_full, 0.05, in_full, "all of it"),
        ]


def figures(events: int = 10_000_000, lines: int = 3_000_000) -> list[Figure]:
    """All bars with so many rows, and that of one percent more with half of them too."""
    found, half = _Ingested.of(events, lines), _Ingested.of(events // 2, lines // 2)
    ingested, in_full = _seconds(found.full)
    what, peer = f"{events:,} events and {lines:,} order lines", "plain DuckDB reading the same files"
    return [
        at_most_times(f"ingest of {what}", ingested, 2.5, found.floor.seconds, peer),
        at_most_times(f"{what} ingested, typed and mapped", in_full, 2.5, found.floor.seconds, peer),
        at_most("its peak memory", found.full.peak_bytes / GIB, 6.0, "GiB"),
        *found.one_percent(what),
        *half.one_percent(f"{events // 2:,} events and {lines // 2:,} order lines"),
        at_most("nothing new", _seconds(found.nothing)[1], 5.0, "s"),
    ]


def _seconds(measured: Measured) -> tuple[float, float]:
    """Of the first stage, and of both."""
    sources, normalised = map(float, measured.output.split()[-2:])
    return sources, sources + normalised


def _write(landing: Path, events: int, lines: int, part: int) -> None:
    """The first delivery of a stream holds everything, the second one percent more."""
    with duckdb.connect() as connection:
        for stream, query, count, options in (
            ("web/events", _EVENTS, events, "FORMAT json"),
            ("till/lines", _LINES, lines, "FORMAT csv, HEADER"),
        ):
            first, last = (0, count) if part == 1 else (count, count + count // 100)
            ending = "jsonl" if "json" in options else "csv"
            file = landing / f"{stream}_{part}.{ending}"
            file.parent.mkdir(parents=True, exist_ok=True)
            rows = query.replace("{first}", str(first)).replace("{last}", str(last))
            connection.execute(f"COPY ({rows}) TO '{file}' ({options})")


def bring_up_to_date() -> list[float]:
    """Run the two stages in this process, one after the other.

    Returns:
        Seconds of each, without what a process that awaits its run has loaded before (`warm_runs.py`).
    """
    import dagster as dg

    from cdp_assets.automation import warm_runs
    from cdp_assets.automation.refresh import dagster_instance, execute, launch_instant
    from cdp_assets.catalog import load_catalog
    from cdp_assets.definitions import flow
    from cdp_assets.settings import Settings
    from cdp_assets.warehouse.resources import LedgerResource, Warehouse

    warm_runs.load()
    settings = Settings.from_env()
    definitions = dg.Definitions(
        assets=flow(load_catalog(settings.defs)),
        jobs=[dg.define_asset_job(stage, dg.AssetSelection.groups(stage)) for stage in _STAGES],
        resources={"warehouse": Warehouse(), "ledger": LedgerResource()},
        executor=dg.in_process_executor,
    )
    jobs = [definitions.resolve_job_def(stage) for stage in _STAGES]
    found = []
    with dagster_instance(settings) as instance:
        for job in jobs:
            started = time.perf_counter()
            for progress in execute(job, instance, launch_instant(settings), {}):
                print(f"{time.perf_counter() - started:8.1f} s {progress.step}", file=sys.stderr)
            found.append(time.perf_counter() - started)
    return found


if __name__ == "__main__":
    print(*(round(seconds, 2) for seconds in bring_up_to_date()))
