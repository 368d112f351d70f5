"""Churn risk per customer, by what was learnt: the probability of not buying within the horizon, and why.

Belongs here: scoring everybody, and whether they are still like those whom the model was judged on. Does not belong
here: learning (`churn.py`), the wording of reasons (`churn_reasons.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir
import numpy as np

from cdp_assets.attributes import churn_reasons, drift
from cdp_assets.attributes.churn_features import features_at
from cdp_assets.attributes.churn_learned import Learned, is_cold
from cdp_assets.attributes.churn_model import Learner, Read, probability_of
from cdp_assets.attributes.churn_reasons import reasons, usual
from cdp_assets.attributes.drift import in_sample
from cdp_assets.attributes.known_facts import last_day
from cdp_assets.attributes.model_documents import learned_of
from cdp_assets.attributes.model_training import approved, recency
from cdp_assets.attributes.rescoring import Rescored, whom_to_score
from cdp_assets.attributes.schemas import CHURN_RISK
from cdp_assets.profiles.concerned import replaced
from cdp_assets.warehouse.built import Built, ColumnLineage, Stands
from cdp_assets.warehouse.engine import gathered, row_count

if TYPE_CHECKING:
    import pandas as pd

    from cdp_assets.warehouse.changes import Since
    from cdp_assets.warehouse.engine import Engine

MEDIUM, HIGH = 0.4, 0.7
"""Risk from which the bands `medium` and `high` begin."""

COLD_START = "cold start"
_COLD_REASON = "too little is known yet: the risk of all whose first purchase is less than a week ago"

_SCORES = ibis.schema(
    {
        "profile_id": "int64",
        "churn_risk": "float64",
        "risk_band": "string",
        "reasons": "string",
        "horizon_days": "int64",
        "learnt_spend": "float64",
        "model": "string",
    }
)

_READ = {
    ("attributes", "churn_model", "document"),
    *(("attributes", "purchases", name) for name in ("day", "purchases", "net", "refunds", "refunded")),
    *(("attributes", "activity", name) for name in ("day", "activity", "times")),
}

LINEAGE: ColumnLineage = {
    "profile_id": {("attributes", "purchases", "profile_id")},
    **dict.fromkeys(("churn_risk", "risk_band", "reasons", "horizon_days", "learnt_spend", "model"), _READ),
}
"""Declared, since the model stands between."""


@dataclass(frozen=True)
class Scored:
    """Risks, and how far their customers have moved.

    Args:
        table: The columns of `schemas.CHURN_RISK`, one row per customer.
        drifted: Figure → its stability index against the customers that the model was judged on; empty without any.
        since: The day that these were looked at.
        memory: What has to be the same again for other scores to stay.
    """

    table: ir.Table
    drifted: Mapping[str, float]
    since: str
    memory: Mapping[str, Any]


def churn_scores(
    learned: Learned,
    purchases: ir.Table,
    activity: ir.Table,
    until: date,
    engine: Engine,
    leading: tuple[str, str] = churn_reasons.LEADING,
    some: Rescored | None = None,
) -> Scored | None:
    """Score every customer as of a day, in batches; or some of them, if all others' scores stay.

    Args:
        learned: The model.
        purchases: The table of `purchases.purchase_days`.
        activity: The table of `activity.daily_activity`.
        until: Last day that may be seen.
        engine: Computes.
        leading: What reasons begin with for those of more risk, and of less.
        some: Whom to score; None for everybody.

    Returns:
        None if what is usual has moved, so that not only ``some`` have to be scored.
    """
    import pyarrow as pa

    model = learned.published
    if some is None:
        features = engine.scratch(features_at(purchases, activity, until, learned.learnt_horizon_days))
        size = row_count(features, engine)
    else:
        size = some.memory["customers"]
        features = engine.scratch(
            _features_of(some.profiles, size, purchases, activity, until, learned.learnt_horizon_days)
        )
    sample = learned.described(engine.to_pandas(features.filter(in_sample(features, size)).order_by("profile_id")))
    if not len(sample):
        sample = learned.described(engine.to_pandas(features.order_by("profile_id").limit(drift.SAMPLE)))
    compared = usual(sample, model) if len(sample) else None
    memory = {"customers": size, "usual": compared and asdict(compared)}
    if some is not None and memory != some.memory:
        return None
    schema = _SCORES.to_pyarrow()
    pieces = []
    for batch in engine.batches(features if some is None else features.semi_join(some.profiles, "profile_id")):
        rows = batch.to_pandas()
        if compared is None or not len(rows):
            continue
        rows = learned.described(rows)
        read = Read.of(rows)
        walked = model.score.walk(read) if isinstance(model.score, Learner) else None
        score = model.score(rows) if walked is None else walked.score
        log_odds = learned.log_odds(rows, score)
        cold = is_cold(rows) & (learned.cold is not None)
        risk = np.round(probability_of(log_odds), 4)
        bands = np.select([risk >= HIGH, risk >= MEDIUM], ["high", "medium"], default="low")
        told = reasons(rows, log_odds, model, compared, leading, walked)
        pieces.append(
            pa.table(
                [
                    rows["profile_id"],
                    risk,
                    pa.array(bands, "string"),
                    pa.array(np.where(cold, _COLD_REASON, told), "string"),
                    pa.array([learned.horizon_days] * len(rows), "int64"),
                    learned.spent(rows, score, read),
                    pa.array(np.where(cold, COLD_START, model.name), "string"),
                ],
                schema=schema,
            )
        )
    table = gathered(pieces, _SCORES, engine)
    return Scored(table, _drifted(learned, sample), str(learned.report.get("cut")), memory)


def _features_of(
    some: ir.Table, customers: int, purchases: ir.Table, activity: ir.Table, until: date, season_days: int | None
) -> ir.Table:
    """The features of some customers and of the sample, ranked among all."""

    def chosen(rows: ir.Table) -> ir.Table:
        sampled = in_sample(rows, customers)
        return rows.filter(sampled).union(rows.filter(~sampled).semi_join(some, "profile_id"))

    return chosen(features_at(purchases, chosen(activity), until, season_days))


def _drifted(learned: Learned, sample: pd.DataFrame) -> dict[str, float]:
    if not len(sample):
        return {}
    figures = {name: sample[name].to_numpy(float) for name in learned.then if name != drift.SCORE}
    return drift.stability(learned.then, {**figures, drift.SCORE: learned.published.score(sample)})


def churn_risk(
    churn_model: ir.Table,
    purchases: ir.Table,
    activity: ir.Table,
    as_of: datetime,
    engine: Engine,
    since: Since | None = None,
) -> Built | Stands:
    """Score by the model that was approved last.

    Args:
        churn_model: The table of `churn_training.churn_model`.
        purchases: The table of `purchases.purchase_days`.
        activity: The table of `activity.daily_activity`.
        as_of: The run's instant; nothing after it is seen.
        engine: Computes.
        since: What has changed since customers were last scored.

    Returns:
        The columns of `schemas.CHURN_RISK`, one row per customer, with the outcomes of its checks.
    """
    learned, until = learned_of(approved(churn_model, engine)), last_day(as_of)
    customers = purchases.filter(purchases.purchases > 0).select("profile_id")
    before = since.previous[CHURN_RISK.name].select("profile_id") if since else None
    some = whom_to_score(
        since, customers, before, as_of, engine, stand=("churn_model", "purchases"), move=("activity",)
    )
    if some is not None and not row_count(some.profiles, engine):
        return Stands()
    scored, some = scored_again(lambda whom: churn_scores(learned, purchases, activity, until, engine, some=whom), some)
    built = (
        Built(scored.table) if some is None else replaced(CHURN_RISK, some.since, some.profiles, scored.table, engine)
    )
    return replace(built, **described(learned, scored, until), column_lineage=LINEAGE)


def scored_again(
    score: Callable[[Rescored | None], Scored | None], some: Rescored | None
) -> tuple[Scored, Rescored | None]:
    """Scores of some, or of everybody where that is not enough; and of whom they are."""
    scored = score(some)
    if scored is None:
        scored, some = score(None), None
    assert scored is not None
    return scored, some


def described(learned: Learned, scored: Scored, until: date) -> dict[str, Any]:
    """What is said of scores, judged and remembered: as `Built` takes it."""
    return {
        "metadata": told(learned, scored),
        "judged": [*drift.verdicts(scored.drifted, scored.since), recency(learned.standing, until)],
        "memory": scored.memory,
    }


def told(learned: Learned, scored: Scored) -> dict[str, Any]:
    """What is said of scores beside them: which model made them, and how far customers have moved since."""
    return {
        "model": learned.published.name,
        "learnt_until": learned.until.isoformat(),
        "judged_on": scored.since if scored.drifted else "nothing: too little history",
        "drift": dict(sorted(scored.drifted.items(), key=lambda each: -each[1])),
    }
