"""What lifetime value and churn risk cost for a million customers, beside plain `lifetimes` on as many rows.

Belongs here: made purchases, and the figures. Does not belong here: how good the models are (`models.py`).

Seconds are the processor's (user and system, all threads), since the machine may be shared: with nothing else on it,
fewer pass by the clock.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from datetime import UTC, date, datetime
from pathlib import Path

import ibis
import ibis.expr.types as ir

from cdp_assets.attributes import churn, churn_scores, lifetime_value, value_model
from cdp_assets.attributes.model_schemas import VALUE_MODEL
from cdp_assets.attributes.model_training import Occasion
from cdp_assets.attributes.purchases import purchase_days, purchase_statistics
from cdp_assets.attributes.schemas import ACTIVITY, CHURN_RISK, PURCHASES
from cdp_assets.canonical.schema import MONEY
from cdp_assets.warehouse.built import Built
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine
from cdp_assets.warehouse.engine import empty
from cdp_assets.warehouse.operations import quick_hash
from cdp_assets_tests.bench.harness import GIB, Figure, at_most, measure

CUSTOMERS = 1_000_000
LATER_ORDERS = 2 * CUSTOMERS
DAYS = 730
AS_OF = datetime(2026, 6, 30, tzinfo=UTC)
UNTIL = date(2026, 6, 29)
PLAIN_ONE_IN = 10
"""Plain `lifetimes` takes minutes for a million rows: it gets every tenth, and what it takes is multiplied."""

_BEGIN = int(AS_OF.timestamp()) - DAYS * 86_400
_MILLION = 1_000_000


def figures() -> list[Figure]:
    """Processor seconds and peak memory of either, each in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "million.duckdb"
        run = [sys.executable, "-W", "ignore", "-m", "cdp_assets_tests.bench.million"]
        env = dict(os.environ)
        measure([*run, "made", str(file)], env)
        value = measure([*run, "value", str(file)], env)
        plain = measure([*run, "plain", str(file)], env)
        risk = measure([*run, "risk", str(file)], env)
    ours, theirs, scoring = (json.loads(each.output) for each in (value, plain, risk))
    name = f"{CUSTOMERS:,} customers"
    seconds, peer = ours["seconds"], theirs["seconds"] * PLAIN_ONE_IN
    what = f"plain lifetimes, ungrouped: {peer:.0f} s ({PLAIN_ONE_IN} times {CUSTOMERS // PLAIN_ONE_IN:,} rows)"
    return [
        Figure(f"lifetime value of {name}: fit and score", seconds, "CPU seconds", "≤ 10", seconds <= 10, what,
               seconds / peer),
        at_most(f"lifetime value of {name}: peak memory", value.peak_bytes / GIB, 2.0, "GiB"),
        Figure(f"lifetime value of {name}: back-test", ours["backtest"], "CPU seconds"),
        at_most(f"churn risk of {name}: scoring", scoring["seconds"], 30.0, "CPU seconds"),
        Figure(f"churn risk of {name}: learning", scoring["learning"], "CPU seconds"),
        Figure(f"churn risk of {name}: peak memory", round(risk.peak_bytes / GIB, 2), "GiB"),
    ]  # fmt: skip


def _opened(file: str) -> DuckDBEngine:
    import duckdb

    return DuckDBEngine(duckdb.connect(file, config={"memory_limit": "1GB"}))


def make(engine: DuckDBEngine) -> None:
    """Publish purchases and activity of made customers: many who came once, few who come often."""
    numbers = ibis.range(CUSTOMERS + LATER_ORDERS).unnest().name("number").as_table()
    first = numbers.number < CUSTOMERS
    share = _drawn(numbers.number, 1)
    customer = ibis.ifelse(first, numbers.number, (share * share * share * CUSTOMERS).floor().cast("int64"))
    began = _drawn(customer, 2) * 0.95
    gone = began + (1 - began) * _drawn(customer, 3)
    when = ibis.ifelse(first, began, began + (gone - began) * _drawn(numbers.number, 4))
    orders = engine.scratch(
        numbers.select(
            profile_id=quick_hash(customer),
            ordered_at=(_BEGIN + (when * DAYS * 86_400).cast("int64")).as_timestamp("s").cast("timestamp('UTC')"),
            net_reporting=(5 + 60 * _drawn(customer, 5) + 30 * _drawn(numbers.number, 6)).round(2).cast(MONEY),
        )
    )
    nothing = engine.from_arrow(
        (schema := ibis.schema({"profile_id": "int64", "refunded_at": "timestamp('UTC')", "amount_reporting": MONEY}))
        .to_pyarrow()
        .empty_table(),
        schema,
    )
    engine.stage_table("attributes", PURCHASES, purchase_days(orders, nothing, AS_OF))
    engine.publish([("attributes", PURCHASES.name)])
    purchases = engine.table("attributes", PURCHASES.name)
    seen = purchases.select("profile_id", "day", activity=ibis.literal("product_viewed"), times=purchases.orders + 1,
                            last_at=purchases.last_order_at)  # fmt: skip
    engine.stage_table("attributes", ACTIVITY, seen)
    engine.publish([("attributes", ACTIVITY.name)])


def _drawn(of: ir.IntegerValue, salt: int) -> ir.FloatingValue:
    """A number from 0 to below 1, always the same."""
    return (quick_hash(of, ibis.literal(salt)) % _MILLION).cast("float64") / _MILLION


def value(engine: DuckDBEngine) -> dict[str, float]:
    """Fit and score lifetime value; the back-test is told apart."""
    from cdp_assets.attributes import lifetime_backtest

    purchases = engine.table("attributes", PURCHASES.name)
    no_risk = engine.from_arrow(CHURN_RISK.ibis_schema.to_pyarrow().empty_table(), CHURN_RISK.ibis_schema)
    started = time.process_time()
    lifetime_backtest.backtest(purchases, UNTIL, engine)
    judged = time.process_time() - started
    started = time.process_time()
    nothing = empty(VALUE_MODEL.ibis_schema, engine)
    model = value_model.value_model(purchases, Occasion(nothing, False, UNTIL, "", forced=False), engine)
    assert isinstance(model, Built)
    built = lifetime_value.lifetime_value(model.table, purchases, no_risk, AS_OF, engine)
    assert isinstance(built, Built)
    engine.scratch(built.table)
    return {"seconds": time.process_time() - started - judged, "backtest": judged}


def plain(engine: DuckDBEngine) -> dict[str, float]:
    """BG/NBD and Gamma-Gamma of the library, one row a customer."""
    from lifetimes import BetaGeoFitter, GammaGammaFitter

    statistics = purchase_statistics(engine.table("attributes", PURCHASES.name), UNTIL)
    rows = engine.to_pandas(statistics.filter(statistics.profile_id % PLAIN_ONE_IN == 0))
    history = (rows["frequency"], rows["recency_days"] / 7, rows["age_days"] / 7)
    started = time.process_time()
    bought = BetaGeoFitter().fit(*history)
    repeat = rows[(rows["frequency"] > 0) & (rows["mean_value"] > 0)]
    worth = GammaGammaFitter().fit(repeat["frequency"], repeat["mean_value"].astype(float))
    for days in (30, 90, 365):
        bought.conditional_expected_number_of_purchases_up_to_time(days / 7, *history)
    bought.conditional_probability_alive(*history)
    worth.conditional_expected_average_profit(rows["frequency"], rows["mean_value"].astype(float))
    return {"seconds": time.process_time() - started}


def risk(engine: DuckDBEngine) -> dict[str, float]:
    """Learn from a bounded sample, then score everybody."""
    purchases, activity = (engine.table("attributes", schema.name) for schema in (PURCHASES, ACTIVITY))
    started = time.process_time()
    learned = churn.learn(purchases, activity, UNTIL, engine)
    learning = time.process_time() - started
    started = time.process_time()
    engine.scratch(churn_scores.churn_scores(learned, purchases, activity, UNTIL, engine).table)
    return {"seconds": time.process_time() - started, "learning": learning}


if __name__ == "__main__":
    what, file = sys.argv[1:]
    steps = {"value": value, "plain": plain, "risk": risk}
    with_engine = _opened(file)
    if what == "made":
        make(with_engine)
    else:
        print(json.dumps(steps[what](with_engine)))
