"""What a hundred traits cost, beside one aggregate over the same events.

Belongs here: made events, and the figure. Does not belong here: what traits mean (`attributes/test_traits.py`).
"""

from __future__ import annotations

import time
from datetime import UTC, datetime

import ibis
import ibis.expr.types as ir

from cdp_assets.attributes.trait_spec import TraitSpec
from cdp_assets.attributes.traits import traits
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine
from cdp_assets.warehouse.operations import quick_hash
from cdp_assets_tests.bench.harness import Figure

EVENTS = 10_000_000
PROFILES = 500_000
AS_OF = datetime(2026, 6, 30, tzinfo=UTC)
NAMES = ("page viewed", "searched", "product viewed", "product added", "checkout started", "signed in", "video played",
         "form sent")  # fmt: skip
WINDOWS = (7, 14, 30, 60, 90, 180, 365)


def figures() -> list[Figure]:
    """CPU seconds of a hundred traits over ten million events, against one aggregate of the same table in the same run.

    The aggregate reads what the traits read: by profile how many events, the first and the last, and how many different
    values of either column. What a shorter one costs (no second column of values) is told beside it.
    """
    engine = DuckDBEngine.in_memory()
    events = engine.scratch(_events())
    by_profile = events.group_by("profile_id")
    shorter = by_profile.aggregate(
        times=events.count(), last=events.occurred_at.max(), kinds=events.event_name.nunique()
    )
    all_columns = by_profile.aggregate(
        times=events.count(),
        first=events.occurred_at.min(),
        last=events.occurred_at.max(),
        kinds=events.event_name.nunique(),
        devices=events.device_type.nunique(),
    )
    plain, short = (min(_cpu(engine, one) for _ in range(2)) for one in (all_columns, shorter))
    started = time.process_time()
    engine.scratch(traits({"events": events}, specs(), AS_OF, engine))
    ours = time.process_time() - started
    name = f"traits: {len(specs())} over {EVENTS:,} events"
    return [
        Figure(f"{name}, against one aggregate by profile of the columns they read", ours, "CPU seconds", "≤ 3 times",
               ours <= 3 * plain, f"{plain:.1f} s", ours / plain),
        Figure(f"{name}, against count, latest and different names by profile", ours, "CPU seconds",
               peer=f"{short:.1f} s", ratio=ours / short),
    ]  # fmt: skip


def specs() -> list[TraitSpec]:
    """A hundred traits of the kinds that people ask for."""
    found = []
    for name in NAMES:
        where, short = f"event_name = '{name}'", name.replace(" ", "_")
        found += [_trait(f"{short}_{days}d", aggregate="count", where=where, days=days) for days in WINDOWS]
        found += [
            _trait(f"{short}_ever", aggregate="count", where=where),
            _trait(f"{short}_on_mobile", aggregate="count", where=f"{where} and device_type = 'mobile'"),
            _trait(f"days_since_{short}", aggregate="days_since", where=where),
            _trait(f"first_{short}_at", aggregate="min", of="occurred_at", where=where),
            _trait(f"{short}_last_device", aggregate="last", of="device_type", where=where),
        ]
    found += [
        _trait("favourite_device", aggregate="most_frequent", of="device_type"),
        _trait("favourite_events", aggregate="top", of="event_name", days=90),
        _trait("devices", aggregate="distinct", of="device_type"),
        _trait("first_event_at", aggregate="min", of="occurred_at"),
    ]
    return found


def _trait(name: str, **said: object) -> TraitSpec:
    return TraitSpec(**{"name": name, "description": "Measured", "table": "events", **said})


def _events() -> ir.Table:
    numbers = ibis.range(EVENTS).unnest().name("number").as_table()

    def drawn(salt: int, below: int) -> ir.IntegerValue:
        return (quick_hash(numbers.number, ibis.literal(salt)) % below + below) % below

    def chosen(salt: int, values: tuple[str, ...]) -> ir.StringValue:
        return ibis.cases(*((drawn(salt, len(values)) == at, value) for at, value in enumerate(values)))

    return numbers.select(
        profile_id=drawn(1, PROFILES),
        event_name=chosen(2, NAMES),
        occurred_at=(ibis.literal(1_751_241_600) + drawn(3, 31_536_000)).as_timestamp("s").cast("timestamp('UTC', 6)"),
        device_type=chosen(4, ("mobile", "desktop", "tablet")),
    )


def _cpu(engine: DuckDBEngine, expression: ir.Table) -> float:
    started = time.process_time()
    engine.scratch(expression)
    return time.process_time() - started
