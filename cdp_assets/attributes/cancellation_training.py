"""The model of who cancels a subscription, from one training to the next.

Belongs here: the past days that are learnt from, the back-test, the model card, and what is kept. Does not belong here:
the models (`cancellation_model.py`), when to learn (`model_training.py`), and scores (`subscription_risk.py`).
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import ibis.expr.types as ir

from cdp_assets.attributes import cancellation_model as models
from cdp_assets.attributes import metrics
from cdp_assets.attributes.cancellation_model import BASELINE, FEATURES, HORIZON_DAYS, PRIOR, Risks, running_at
from cdp_assets.attributes.challenge import AUC, Approved, Standing, contest
from cdp_assets.attributes.drift import SCORE, spread
from cdp_assets.attributes.metrics import Floats
from cdp_assets.attributes.model_documents import Document, read_by
from cdp_assets.attributes.model_schemas import CANCELLATION_MODEL
from cdp_assets.attributes.model_training import Occasion, Trainer, trained
from cdp_assets.attributes.signal_schemas import SUBSCRIPTION_RISK
from cdp_assets.warehouse.built import Built, ColumnLineage, Stands
from cdp_assets.warehouse.engine import row_count

if TYPE_CHECKING:
    import pandas as pd

    from cdp_assets.warehouse.engine import Engine

LOOKS = 12
"""Past days that are learnt from, a horizon apart."""

MINIMUM_CANCELLED = 20
MINIMUM_LABELLED = 200

TRAINING_ROWS = 100_000

READ = {
    *(("normalised", "subscriptions", name) for name in ("subscription_id", "action", "occurred_at", "amount")),
    *(("attributes", "activity", name) for name in ("day", "activity", "times")),
}
LINEAGE: ColumnLineage = dict.fromkeys(("model", "measure", "figure", "document"), READ)
"""Declared, since the learner stands between."""

CancellationModel = Approved[Risks]


def cancellation_model(
    subscriptions: ir.Table, activity: ir.Table, occasion: Occasion, engine: Engine
) -> Built | Stands:
    """Learn who cancels where it is time to.

    Args:
        subscriptions: `profile_id` and the columns of `canonical.SUBSCRIPTIONS`, of up to the run's instant.
        activity: The table of `activity.daily_activity`.
        occasion: What decides whether to.
        engine: Computes.

    Returns:
        The columns of `model_schemas.CANCELLATION_MODEL`, with the model card as metadata.
    """
    changes = engine.scratch(subscriptions)

    def learn_anew(predecessor: CancellationModel | None) -> Document:
        return learn(changes, activity, occasion.until, engine, predecessor).to_plain(Risks.to_plain)

    trainer = Trainer(
        CANCELLATION_MODEL,
        SUBSCRIPTION_RISK.name,
        learn_anew,
        read,
        standing,
        lambda model, _: _card(model),
        LINEAGE,
        sizes={"subscriptions": row_count(changes, engine)},
    )
    return trained(trainer, occasion, engine)


def read(document: Document) -> CancellationModel:
    """The model of a document."""
    return read_by(lambda plain: Approved.of(plain, Risks.of), document)


def standing(model: CancellationModel) -> Standing:
    """What it is, and how it came to be published."""
    return Standing.of(model, model.model.name, "who cancels", is_learnt=model.model.name != PRIOR)


def figures(running: pd.DataFrame, risks: Risks) -> dict[str, Floats]:
    """What is compared of running subscriptions to see whether they have become others."""
    return {**{name: running[name].to_numpy(float) for name in FEATURES}, SCORE: risks.probability(running)}


def learn(
    subscriptions: ir.Table,
    activity: ir.Table,
    until: date,
    engine: Engine,
    predecessor: CancellationModel | None = None,
) -> CancellationModel:
    """Learn from subscriptions as they stood on past days, and judge on the latest of them.

    The model is fitted to all days but the latest, judged there beside the baseline and the predecessor, and, if it
    ranks no worse, learnt anew on all of them.
    """
    import pandas as pd

    looks = [
        engine.to_pandas(running_at(subscriptions, activity, until - timedelta(days=look * HORIZON_DAYS), HORIZON_DAYS))
        for look in range(1, LOOKS + 1)
    ]
    one_in = max(1, -(-sum(len(rows) for rows in looks) // TRAINING_ROWS))
    looks = [rows[rows["profile_id"] % one_in == 0] for rows in looks]
    everything = pd.concat(looks, ignore_index=True)
    if not _enough(everything):
        cancelled = int(everything["cancelled"].sum())
        problem = f"No model: of {len(everything)} past months of subscriptions, {cancelled} ended in cancelling."
        return Approved(models.prior(everything), until, {"none": problem})
    latest, before = looks[0], pd.concat(looks[1:], ignore_index=True)
    running = engine.to_pandas(running_at(subscriptions, activity, until))
    if not _enough(before) or latest["cancelled"].nunique() < 2:
        risks = models.baseline(everything)
        nothing = {"none": "No model: nothing to judge it by."}
        return Approved(risks, until, nothing, then=spread(figures(running, risks)))
    cut = until - timedelta(days=HORIZON_DAYS)
    learnt, aged = models.fit(before), models.baseline(before)
    contenders = (_ranked(learnt, latest), {BASELINE: _ranked(aged, latest)})
    held = contest(AUC, cut, until, len(latest), contenders, predecessor, lambda risks: _ranked(risks, latest))
    if predecessor is not None and held.winner == "predecessor":
        return predecessor.after(held)
    risks = models.fit(everything) if held.beats_baseline else models.baseline(everything)
    then = spread(figures(running, risks))
    rehearsed = learnt if held.beats_baseline else aged
    return Approved(risks, until, _report(learnt, aged, latest, cut), held, rehearsed, cut, then)


def _enough(labelled: pd.DataFrame) -> bool:
    """Whether so many months of subscriptions, and of either outcome, can be learnt from."""
    cancelled = float(labelled["cancelled"].sum())
    return len(labelled) >= MINIMUM_LABELLED and min(cancelled, len(labelled) - cancelled) >= MINIMUM_CANCELLED


def _ranked(risks: Risks, labelled: pd.DataFrame) -> float:
    return metrics.auc(risks.log_odds(labelled), labelled["cancelled"].to_numpy(float)) or 0.5


def _report(learnt: Risks, aged: Risks, latest: pd.DataFrame, cut: date) -> dict[str, Any]:
    """How what was learnt did on the latest day, JSON-able."""
    happened, probability = latest["cancelled"].to_numpy(float), learnt.probability(latest)
    return {
        "cut": cut.isoformat(),
        "subscriptions": len(latest),
        "cancelled_share": metrics.rounded(float(happened.mean())),
        "auc": _ranked(learnt, latest),
        "pr_auc": metrics.pr_auc(learnt.log_odds(latest), happened),
        "brier": metrics.brier(probability, happened),
        "expected_calibration_error": metrics.expected_calibration_error(probability, happened),
        "baselines": {BASELINE: _ranked(aged, latest)},
    }


def _card(model: CancellationModel) -> dict[str, Any]:
    shares = model.model.to_plain()["shares"]
    return {
        "model_card": {
            "published": model.model.name,
            "churned_means": f"cancelled within {HORIZON_DAYS} days",
            "data_until": model.until.isoformat(),
            "population": "running subscriptions",
            "features": list(FEATURES),
            "parameters": {
                "C": models.LOGISTIC_C,
                "shares_by_months": {
                    "more" if bound is None else f"up to {bound:g}": round(share, 4) for bound, share in shares
                },
            },
            "seed": "none: no randomness",
        },
        "backtest": dict(model.report),
    }
