"""How good the models are on real data: against published figures, and against named baselines.

Belongs here: the figures. Does not belong here: reading the data (`attributes/datasets.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from statistics import mean
from typing import Any

from cdp_assets.attributes import churn_baselines, lifetime_backtest, order_value, purchase_models
from cdp_assets.attributes.backtest.judge import judge
from cdp_assets.attributes.backtest.transactions import read_transactions
from cdp_assets.attributes.purchases import distinct_histories, purchase_statistics
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine
from cdp_assets_tests.attributes import datasets
from cdp_assets_tests.bench.harness import Figure, at_least, at_most

BG_NBD = {"r": 0.2426, "alpha": 4.4136, "a": 0.7929, "b": 2.4259}
GAMMA_GAMMA = {"p": 6.25, "q": 3.74, "v": 15.45}
CUTS = (date(2011, 6, 10), date(2011, 7, 10), date(2011, 8, 10), date(2011, 9, 10))
HORIZON = 90


def figures() -> list[Figure]:
    """Parameters and hold-out on CDNOW's sample; churn and spend on Online Retail, if the file is there."""
    return [*parameters(), *holdout_of_cdnow(), *of_online_retail()]


def parameters() -> list[Figure]:
    """The largest relative distance of a fitted parameter from the published one."""
    engine = DuckDBEngine.in_memory()
    statistics = purchase_statistics(datasets.cdnow_sample(engine), datasets.CDNOW_CALIBRATION_END)
    bought = purchase_models.fit(engine.to_pandas(distinct_histories(statistics))).model
    worth = order_value.fit(engine.to_pandas(order_value.distinct_values(statistics)))
    return [
        at_most("BG/NBD on CDNOW, largest relative error", _largest_error(bought.parameters, BG_NBD), 0.005, "share"),
        at_most(
            "Gamma-Gamma on CDNOW, largest relative error", _largest_error(worth.parameters, GAMMA_GAMMA), 0.01, "share"
        ),
    ]


def _largest_error(found: Mapping[str, float], published: Mapping[str, float]) -> float:
    return max(abs(found.get(name, 0.0) / value - 1) for name, value in published.items())


def of_online_retail() -> list[Figure]:
    """The models judged as `cdp attributes backtest` does, at four cuts."""
    file = datasets.online_retail_file()
    if not file.exists():
        return [Figure(f"models on Online Retail: {file.name} is not there", 0.0, "AUC", "four cuts")]
    engine = DuckDBEngine.in_memory()
    found = read_transactions(file, "CustomerID", "InvoiceDate", "Quantity * UnitPrice", engine)
    judged = [judge(found, cut, HORIZON, engine).figures for cut in CUTS]
    churn = [figures["churn"] for figures in judged]
    value = [figures["value"] for figures in judged]
    stock = mean(figures["baselines"][churn_baselines.STOCK] for figures in churn)
    reached = mean(figures["auc"] for figures in churn)
    above = min(figures["auc"] - max(figures["baselines"].values()) for figures in churn)
    where = f"Online Retail, {len(CUTS)} cuts, {HORIZON} days ahead"
    return [
        Figure(
            f"churn on {where}: mean AUC", reached, "AUC", peer=f"stock boosting: {stock:.4f}", ratio=reached / stock
        ),
        at_least(f"churn on {where}: mean AUC above stock gradient boosting", reached - stock, 0.01, "AUC"),
        at_least(f"churn on {where}: AUC above the best baseline of its cut, least", above, 0.0, "AUC"),
        Figure(f"churn on {where}: expected calibration error, mean", mean(c["ece"] for c in churn), "share"),
        at_most(f"churn on {where}: expected calibration error, most", max(c["ece"] for c in churn), 0.05, "share"),
        *(
            at_least(f"spend on {where}: {name} above the best baseline, least", _above(value, name), 0.0)
            for name in ("spearman", "top_decile_capture")
        ),
    ]


def _above(judged: Sequence[Mapping[str, Any]], name: str) -> float:
    return min(figures[name] - max(each[name] for each in figures["baselines"].values()) for figures in judged)


def holdout_of_cdnow() -> list[Figure]:
    """Repeat purchases of CDNOW's sample in the 39 weeks after the published calibration period."""
    engine = DuckDBEngine.in_memory()
    found = lifetime_backtest.backtest(datasets.cdnow_sample(engine), datasets.CDNOW_END, engine, horizon_days=273)
    assert found is not None
    visits = found.metrics["purchases"]
    return [
        at_least("purchases on CDNOW, correlation in the hold-out", visits["correlation"], 0.626, "correlation"),
        at_most("purchases on CDNOW, RMSE in the hold-out", visits["rmse"], 1.608, "visits"),
    ]
