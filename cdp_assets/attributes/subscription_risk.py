"""The probability that a running subscription is cancelled within 30 days: churn where there is a contract.

Belongs here: scores, and reasons in words. Does not belong here: learning (`cancellation_training.py`), and customers
who just stop buying (`churn_scores.py`).
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir
import numpy as np

from cdp_assets.attributes import cancellation_training, drift
from cdp_assets.attributes.cancellation_model import FEATURES, PRIOR, Risks, running_at
from cdp_assets.attributes.cancellation_training import READ
from cdp_assets.attributes.drift import in_sample
from cdp_assets.attributes.known_facts import known_by, last_day
from cdp_assets.attributes.model_training import approved, recency
from cdp_assets.warehouse.built import Built, ColumnLineage
from cdp_assets.warehouse.engine import gathered, row_count

if TYPE_CHECKING:
    import pandas as pd

    from cdp_assets.warehouse.engine import Engine

_MOST_REASONS = 3
_NOTICEABLE = 0.1
_SCORES = ibis.schema(
    {
        "profile_id": "int64",
        "running_subscriptions": "int64",
        "cancellation_risk_30d": "float64",
        "cancellation_reasons": "string",
        "model": "string",
    }
)
_READ = {("attributes", "cancellation_model", "document"), *READ}
LINEAGE: ColumnLineage = {
    "profile_id": {("identity", "profile_map", "profile_id")},
    **dict.fromkeys(("running_subscriptions", "cancellation_risk_30d", "cancellation_reasons", "model"), _READ),
}
"""Declared, since the model stands between."""


def _reasons(features: pd.DataFrame, risks: Risks) -> list[str]:
    """What sets each subscription apart from the median one, in words."""
    if risks.name == PRIOR:
        return ["too little is known yet: the same prior for everyone"] * len(features)
    log_odds = risks.log_odds(features)
    effects = np.column_stack(
        [log_odds - risks.log_odds(features.assign(**{name: risks.medians[name]})) for name in FEATURES]
    )
    sentences = []
    for row, effect in enumerate(effects):
        raising = effect.clip(min=0).sum() >= -effect.clip(max=0).sum()
        strength = effect if raising else -effect
        order = [
            place for place in np.argsort(-strength, kind="stable")[:_MOST_REASONS] if strength[place] > _NOTICEABLE
        ]
        names = [list(FEATURES)[place] for place in order]
        told = [FEATURES[name].format(f"{features[name].iloc[row]:,.0f}") for name in names]
        sentences.append(
            f"{'more' if raising else 'less'} risk: {'; '.join(told)}" if told else "like most subscriptions"
        )
    return sentences


def subscription_risk(
    model: ir.Table, subscriptions: ir.Table, activity: ir.Table, as_of: datetime, engine: Engine
) -> Built:
    """Score by the model that was approved last.

    Args:
        model: The table of `cancellation_training.cancellation_model`.
        subscriptions: `profile_id` and the columns of `canonical.SUBSCRIPTIONS`.
        activity: The table of `activity.daily_activity`.
        as_of: The run's instant; nothing after it is seen.
        engine: Computes.

    Returns:
        The columns of `schemas.SUBSCRIPTION_RISK`, one row per profile with a running subscription, with the outcomes
        of its checks.
    """
    import pyarrow as pa

    until = last_day(as_of)
    changes = engine.scratch(known_by(subscriptions, "occurred_at", as_of))
    learned = cancellation_training.read(approved(model, engine))
    risks, schema = learned.model, _SCORES.to_pyarrow()
    running = engine.scratch(running_at(changes, activity, until))
    pieces = []
    for batch in engine.batches(running):
        rows = batch.to_pandas()
        if not len(rows):
            continue
        scored = rows.assign(
            running_subscriptions=1,
            cancellation_risk_30d=risks.probability(rows),
            cancellation_reasons=_reasons(rows, risks),
            model=risks.name,
        )
        pieces.append(pa.Table.from_pandas(scored[list(_SCORES.names)], schema=schema, preserve_index=False))
    each = gathered(pieces, _SCORES, engine)
    order = ibis.window(group_by="profile_id", order_by=[each.cancellation_risk_30d.desc(), each.cancellation_reasons])
    ranked = each.mutate(
        place=ibis.row_number().over(order),
        running_subscriptions=each.running_subscriptions.sum().over(ibis.window(group_by="profile_id")),
    )
    table = ranked.filter(ranked.place == 0).select(*_SCORES.names)
    sample = engine.to_pandas(running.filter(in_sample(running, row_count(running, engine))))
    drifted = drift.stability(learned.then, cancellation_training.figures(sample, risks))
    judged = [
        *drift.verdicts(drifted, learned.until.isoformat()),
        recency(cancellation_training.standing(learned), until),
    ]
    return Built(table, column_lineage=LINEAGE, judged=judged)
