"""How good the models are on real data: against published figures, and against the bar for churn.

Belongs here: the figures. Does not belong here: reading the data (`attributes/datasets.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from cdp_assets.attributes import churn, churn_model, metrics, order_value, purchase_models
from cdp_assets.attributes.churn_features import labelled
from cdp_assets.attributes.purchases import distinct_histories, purchase_statistics
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine
from cdp_assets_tests.attributes import datasets
from cdp_assets_tests.attributes.tables import activity
from cdp_assets_tests.bench.harness import Figure, at_least, at_most

BG_NBD = {"r": 0.2426, "alpha": 4.4136, "a": 0.7929, "b": 2.4259}
GAMMA_GAMMA = {"p": 6.25, "q": 3.74, "v": 15.45}
CHURN_CUT = date(2011, 9, 9)
CHURN_HORIZON = 90


def figures() -> list[Figure]:
    """Parameters on CDNOW's sample; churn on Online Retail, if the file is there."""
    return [*parameters(), *churn_of_online_retail()]


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


def churn_of_online_retail() -> list[Figure]:
    """AUC of the risk published at a day, on who bought in the 90 days after it; against the best named baseline."""
    file = datasets.online_retail_file()
    if not file.exists():
        return [Figure(f"churn on Online Retail: {file.name} is not there", 0.0, "AUC", "≥ 0.73")]
    engine = DuckDBEngine.in_memory()
    purchases, nothing = datasets.online_retail(engine, file), activity(engine)
    known = engine.scratch(purchases.filter(purchases.day <= CHURN_CUT))
    learned = churn.learn(known, nothing, CHURN_CUT, engine, horizon_days=CHURN_HORIZON)
    scored = engine.to_pandas(churn.churn_scores(learned, known, nothing, engine))
    truth = engine.to_pandas(labelled(purchases, nothing, CHURN_CUT, CHURN_HORIZON)).merge(scored, on="profile_id")
    churned = truth["churned"].to_numpy(float)
    reached = metrics.auc(truth["churn_risk"].to_numpy(float), churned) or 0.0
    histories = engine.to_pandas(distinct_histories(purchase_statistics(known, CHURN_CUT)))
    named = churn_model.baselines(purchase_models.fit(histories), CHURN_HORIZON)
    ranked = {name: metrics.auc(score(truth), churned) or 0.0 for name, score in named.items()}
    best = max(ranked, key=lambda name: ranked[name])
    bar = at_least(f"churn on Online Retail, AUC {CHURN_HORIZON} days ahead", reached, 0.73, "AUC")
    peer = f"{best}: {ranked[best]:.4f}"
    return [Figure(bar.name, bar.value, bar.unit, bar.target, bar.met, peer, reached / ranked[best])]
