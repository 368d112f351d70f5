"""How each profile responds to messages, channel by channel, and when and by which they are best sent.

Belongs here: putting messages, model and hours together. Does not belong here: any of the three (`messages.py`,
`response_model.py`, `sending_hours.py`), learning (`response_training.py`), consent, and which address a message may go
to.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir
import numpy as np

from cdp_assets.attributes.drift import in_sample, stability, verdicts
from cdp_assets.attributes.known_facts import known_by, last_day
from cdp_assets.attributes.messages import by_pressure, messages, standing
from cdp_assets.attributes.model_training import recency
from cdp_assets.attributes.response_model import ResponseModel, Responses
from cdp_assets.attributes.response_training import WINDOW_DAYS, Learnt, figures, scored
from cdp_assets.attributes.sending_hours import HOURS, best_hours, hours_of_people, zones_of_people
from cdp_assets.warehouse.built import Built, ColumnLineage, Stands
from cdp_assets.warehouse.engine import gathered, row_count

if TYPE_CHECKING:
    import pandas as pd

    from cdp_assets.warehouse.engine import Engine

_DRIFTED = "drifted"
"""Remembered with the scores: channel and figure → its stability index."""

_HOURS = tuple(f"hour_{hour}" for hour in range(HOURS))
_SCORES = ibis.schema(
    {
        "profile_id": "int64",
        "channel": "string",
        "sent_365d": "int64",
        "opened_365d": "int64",
        "clicked_365d": "int64",
        "sent_28d": "int64",
        "open_rate": "float64",
        "click_rate": "float64",
        "fatigue": "float64",
        "best_hour": "int64",
        "time_zone": "string",
        "has_left": "bool",
        "model": "string",
    }
)

_MESSAGES = {
    *(("normalised", "engagements", name) for name in ("channel", "campaign_id", "action", "occurred_at")),
    ("identity", "profile_map", "profile_id"),
    ("attributes", "response_model", "document"),
}
_RHYTHM = _MESSAGES | {("normalised", "events", "occurred_at"), ("profiles", "golden_records", "timezone")}
LINEAGE: ColumnLineage = {
    "profile_id": {("identity", "profile_map", "profile_id")},
    "channel": {("normalised", "engagements", "channel")},
    **dict.fromkeys(
        ("sent_365d", "opened_365d", "clicked_365d", "sent_28d", "open_rate", "click_rate", "fatigue", "preferred"),
        _MESSAGES,
    ),
    "model": _MESSAGES,
    "best_hour": _RHYTHM,
    "time_zone": {("profiles", "golden_records", "timezone")},
}
"""Declared, since the model stands between."""


def engagement(
    learnt: Learnt,
    engagements: ir.Table,
    events: ir.Table,
    golden_records: ir.Table,
    as_of: datetime,
    engine: Engine,
) -> ir.Table:
    """Score everybody that messages were sent to; of each, from nothing but what is their own and what was learnt.

    Args:
        learnt: What was learnt of all.
        engagements: `profile_id` and the columns of `canonical.ENGAGEMENTS`.
        events: `profile_id` and `occurred_at`.
        golden_records: For time zones.
        as_of: The run's instant; nothing after it is seen.
        engine: Computes.

    Returns:
        The columns of `schemas.ENGAGEMENT`.
    """
    until = last_day(as_of)
    after = until - timedelta(days=WINDOW_DAYS)
    engagements = known_by(engagements, "occurred_at", as_of)
    sent = engine.scratch(messages(engagements, until))
    zones = engine.scratch(zones_of_people(golden_records, learnt.zone, engine))
    hours = engine.scratch(
        hours_of_people(known_by(events, "occurred_at", as_of), engagements, zones, after, until, engine)
    )
    counts = engine.scratch(by_pressure(sent, after, until))
    rows = _everything(counts, standing(sent, engagements, until), zones, hours)
    return _with_preferred(_scored(rows, learnt, engine))


def _everything(counts: ir.Table, standing: ir.Table, zones: ir.Table, hours: ir.Table) -> ir.Table:
    keyed = standing.rename(_profile="profile_id", _channel="channel")
    joined = counts.left_join(keyed, [counts.profile_id == keyed._profile, counts.channel == keyed._channel]).drop(
        "_profile", "_channel"
    )
    for part in (zones, hours):
        renamed = part.rename(_profile="profile_id")
        joined = joined.left_join(renamed, joined.profile_id == renamed._profile).drop("_profile")
    zero = {name: joined[name].fill_null(0) for name in _HOURS}
    return joined.mutate(**zero, time_zone=joined.time_zone.fill_null("UTC"), has_left=joined.has_left.fill_null(False))


def _scored(rows: ir.Table, learnt: Learnt, engine: Engine) -> ir.Table:
    import pyarrow as pa

    schema, everybody = _SCORES.to_pyarrow(), np.array(learnt.hours)
    models = {name: channel.model for name, channel in learnt.channels.items()}
    pieces = [
        pa.Table.from_pandas(_score(part, models[channel], everybody), schema=schema, preserve_index=False)
        for batch in engine.batches(rows)
        for channel, part in batch.to_pandas().groupby("channel", sort=True)
    ]
    return gathered(pieces, _SCORES, engine)


def _score(rows: pd.DataFrame, model: ResponseModel, everybody: np.ndarray[Any, Any]) -> pd.DataFrame:
    said = scored(Responses.of(rows), rows["sent_28d"].to_numpy(float), model)
    counts = {name: said[name].astype("int64") for name in ("sent_365d", "opened_365d", "clicked_365d", "sent_28d")}
    hours = best_hours(rows[list(_HOURS)].to_numpy(float), everybody)
    return rows.assign(**{**said, **counts}, best_hour=hours, model=model.name)[list(_SCORES.names)]


def judged(found: Built | Stands, learnt: Learnt, as_of: datetime, engine: Engine) -> Built | Stands:
    """The table of `engagement` with the outcomes of its checks.

    Whether people have become others is looked at where all are scored, which they are on each new day, and remembered
    where only some are.

    Args:
        found: What was made of the table.
        learnt: What was learnt of all.
        as_of: The run's instant.
        engine: Computes.
    """
    if isinstance(found, Stands):
        return found
    drifted = found.memory[_DRIFTED] if found.patch else _drifted(found.table, learnt, engine)
    outcomes = [*verdicts(drifted, learnt.since.isoformat()), recency(learnt.standing, last_day(as_of))]
    return replace(found, judged=outcomes, memory={_DRIFTED: drifted})


def _drifted(table: ir.Table, learnt: Learnt, engine: Engine) -> dict[str, float]:
    """Channel and figure → how far people have moved from those whom the channel was learnt from."""
    names = ("sent_365d", "opened_365d", "clicked_365d", "sent_28d", "open_rate")
    people = table.filter(in_sample(table, row_count(table, engine))).select("channel", *names)
    now = {
        f"{channel} {name}": values
        for channel, rows in engine.to_pandas(people).groupby("channel")
        for name, values in figures({name: rows[name].to_numpy(float) for name in names}).items()
    }
    return stability(learnt.then, now)


def _with_preferred(scored: ir.Table) -> ir.Table:
    """Mark each profile's channel with the most clicks to expect, of those that it has not left."""
    order = [scored.has_left, scored.click_rate.desc(), scored.open_rate.desc(), scored.channel]
    place = ibis.row_number().over(ibis.window(group_by="profile_id", order_by=order))
    ranked = scored.mutate(place=place)
    return ranked.mutate(preferred=(ranked.place == 0) & ~ranked.has_left).drop("place", "has_left")
