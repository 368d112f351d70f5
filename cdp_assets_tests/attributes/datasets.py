"""Real purchase histories for tests and benchmarks, as the purchases table.

Belongs here: reading CDNOW (which comes with the `lifetimes` package) and Online Retail (a file of its own, not part of
this project). Does not belong here: judging anything by them.
"""

from __future__ import annotations

import importlib.util
import os
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from cdp_assets.attributes.purchases import purchase_days
from cdp_assets.settings import PROJECT
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine
from cdp_assets_tests.attributes.tables import FAR, ORDERS, REFUNDS

CDNOW_CALIBRATION_END = date(1997, 9, 30)
CDNOW_END = date(1998, 6, 30)


def online_retail_file() -> Path:
    """Where `online_retail_2011.parquet` is looked for: in ``CDP_DATASETS``, or beside the project in shared/data."""
    folder = os.environ.get("CDP_DATASETS") or PROJECT.parent / "shared" / "data"
    return Path(folder) / "online_retail_2011.parquet"


def cdnow_lines() -> pd.DataFrame:
    """The published one-in-ten sample of CDNOW: `profile_id`, `ordered_at`, `net_reporting`, as text but for the first.

    Read by path, since the package's own loader needs a module that newer Pythons lack.
    """
    package = importlib.util.find_spec("lifetimes")
    assert package is not None
    assert package.origin is not None
    lines = pd.read_csv(
        Path(package.origin).parent / "datasets" / "CDNOW_sample.txt",
        sep=r"\s+",
        names=["master_id", "profile_id", "ordered_at", "cds", "net_reporting"],
        dtype={"ordered_at": str, "net_reporting": str},
    )
    return lines[list(ORDERS.names)]


def cdnow_sample(engine: DuckDBEngine) -> ir.Table:
    """The published sample of CDNOW: 2,357 customers."""
    lines = cdnow_lines()
    lines["ordered_at"] = pd.to_datetime(lines["ordered_at"]).dt.tz_localize("UTC")
    lines["net_reporting"] = lines["net_reporting"].map(Decimal)
    orders = engine.from_arrow(lines, ORDERS)
    return engine.scratch(purchase_days(orders, engine.from_arrow(REFUNDS.to_pyarrow().empty_table(), REFUNDS), FAR))


def online_retail(engine: DuckDBEngine, file: Path) -> ir.Table:
    """Invoices of known customers; cancellations (invoice numbers that begin with C) are refunds."""
    lines = pd.read_parquet(file)
    lines = lines[lines["CustomerID"].notna()]
    cents = (lines["Quantity"] * lines["UnitPrice"] * 100).round().astype("int64")
    invoices = (
        lines.assign(cents=cents)
        .groupby(["CustomerID", "InvoiceNo"], as_index=False)
        .agg(at=("InvoiceDate", "min"), cents=("cents", "sum"))
    )
    invoices["profile_id"] = invoices["CustomerID"].astype("int64")
    invoices["at"] = invoices["at"].dt.tz_localize("UTC")
    cancelled = invoices["InvoiceNo"].str.startswith("C")
    sales, returns = invoices[~cancelled], invoices[cancelled]
    orders = pd.DataFrame(
        {"profile_id": sales["profile_id"], "ordered_at": sales["at"], "net_reporting": _money(sales["cents"])}
    )
    refunds = pd.DataFrame(
        {
            "profile_id": returns["profile_id"],
            "refunded_at": returns["at"],
            "amount_reporting": _money(-returns["cents"]),
        }
    )
    return engine.scratch(purchase_days(engine.from_arrow(orders, ORDERS), engine.from_arrow(refunds, REFUNDS), FAR))


def _money(cents: pd.Series) -> pd.Series:
    return cents.map(lambda amount: Decimal(int(amount)) / 100)


def bought_within(purchases: ir.Table, cut: date, horizon_days: int, engine: DuckDBEngine) -> set[int]:
    """Profiles with a purchase in the days after a cut: the truth that churn is judged by."""
    later = purchases.filter(
        purchases.purchases > 0, purchases.day > cut, purchases.day <= cut + timedelta(days=horizon_days)
    )
    return set(np.asarray(engine.to_pandas(later.select("profile_id").distinct())["profile_id"]).tolist())
