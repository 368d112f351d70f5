"""How each profile responds to messages, channel by channel, and when and by which they are best sent.

Belongs here: putting messages, model and hours together. Does not belong here: any of the three (`messages.py`,
`response_model.py`, `sending_hours.py`), learning (`response_training.py`), consent, and which address a message may go
to.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir
import numpy as np

from cdp_assets.attributes.known_facts import known_by, last_day
from cdp_assets.attributes.messages import by_pressure, messages, standing
from cdp_assets.attributes.response_model import ResponseModel, Responses
from cdp_assets.attributes.response_training import WINDOW_DAYS, Learnt
from cdp_assets.attributes.sending_hours import HOURS, best_hours, hours_of_people, zones_of_people
from cdp_assets.warehouse.built import ColumnLineage
from cdp_assets.warehouse.engine import gathered

if TYPE_CHECKING:
    import pandas as pd

    from cdp_assets.warehouse.engine import Engine

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
    pieces = [
        pa.Table.from_pandas(_score(part, learnt.models[channel], everybody), schema=schema, preserve_index=False)
        for batch in engine.batches(rows)
        for channel, part in batch.to_pandas().groupby("channel", sort=True)
    ]
    return gathered(pieces, _SCORES, engine)


def _score(rows: pd.DataFrame, model: ResponseModel, everybody: np.ndarray[Any, Any]) -> pd.DataFrame:
    seen = Responses.of(rows)
    people = model.people(seen)
    pressure = rows["sent_28d"].to_numpy(float)
    opens = model.open_rate(people, pressure)
    return rows.assign(
        sent_365d=seen.sent.sum(axis=1).astype("int64"),
        opened_365d=seen.opened.sum(axis=1).astype("int64"),
        clicked_365d=seen.clicked.astype("int64"),
        open_rate=opens.round(4),
        click_rate=(opens * model.click_through(seen)).round(4),
        fatigue=np.maximum(model.fatigue(people, pressure), 0.0).round(4),
        best_hour=best_hours(rows[list(_HOURS)].to_numpy(float), everybody),
        model=model.name,
    )[list(_SCORES.names)]


def _with_preferred(scored: ir.Table) -> ir.Table:
    """Mark each profile's channel with the most clicks to expect, of those that it has not left."""
    order = [scored.has_left, scored.click_rate.desc(), scored.open_rate.desc(), scored.channel]
    place = ibis.row_number().over(ibis.window(group_by="profile_id", order_by=order))
    ranked = scored.mutate(place=place)
    return ranked.mutate(preferred=(ranked.place == 0) & ~ranked.has_left).drop("place", "has_left")
