"""What is learnt of how people respond to messages: once for all, and kept as plain numbers.

Belongs here: from whom it is learnt, and its card. Does not belong here: the model of opens
(`response_model.py`), and what follows for each person (`engagement.py`).

There is no challenger here: whether pressure counts is decided on the last four weeks whenever it is learnt.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import ibis.expr.types as ir
import numpy as np

from cdp_assets.attributes import response_model
from cdp_assets.attributes.messages import CHANNELS, PRESSURE_DAYS, by_pressure, messages
from cdp_assets.attributes.metrics import rounded
from cdp_assets.attributes.model_documents import Document
from cdp_assets.attributes.model_schemas import RESPONSE_MODEL
from cdp_assets.attributes.model_training import Occasion, approved
from cdp_assets.attributes.response_model import PRIOR, STEADY, ResponseModel, Responses
from cdp_assets.attributes.sending_hours import HOURS, hours_of_people, usual_zone, zones_of_people
from cdp_assets.attributes.signal_schemas import ENGAGEMENT
from cdp_assets.attributes.unchallenged import Teacher, taught
from cdp_assets.warehouse.built import Built, ColumnLineage, Stands

if TYPE_CHECKING:
    from cdp_assets.warehouse.engine import Engine

WINDOW_DAYS = 365
TRAINING_PEOPLE = 50_000
"""Most people of a channel to learn from."""

LINEAGE: ColumnLineage = {
    "document": {
        *(("normalised", "engagements", name) for name in ("channel", "campaign_id", "action", "occurred_at")),
        ("normalised", "events", "occurred_at"),
        ("identity", "profile_map", "profile_id"),
        ("profiles", "golden_records", "timezone"),
    }
}
"""Declared, since the model stands between."""


@dataclass(frozen=True)
class Learnt:
    """What is known of all.

    Args:
        models: Channel → how its messages are opened.
        hours: How much all did in each local hour of the day.
        zone: The time zone of those of whom none is known.
    """

    models: Mapping[str, ResponseModel]
    hours: tuple[float, ...]
    zone: str

    @staticmethod
    def of(table: ir.Table, engine: Engine) -> Learnt:
        """Read from the table that `learnt_responses` made."""
        document = approved(table, engine)
        models = {
            channel: ResponseModel(**{**model, "mean": tuple(model["mean"]), "variance": tuple(model["variance"])})
            for channel, model in document["channels"].items()
        }
        return Learnt(models, tuple(document["hours"]), document["zone"])


def learnt_responses(
    engagements: ir.Table,
    events: ir.Table,
    golden_records: ir.Table,
    occasion: Occasion,
    sizes: Mapping[str, int],
    engine: Engine,
) -> Built | Stands:
    """Learn how people respond in each channel where it is time to, as `unchallenged.taught` says.

    Args:
        engagements: `profile_id` and the columns of `canonical.ENGAGEMENTS`, of up to the run's instant.
        events: `profile_id` and `occurred_at`, of up to the run's instant.
        golden_records: For time zones.
        occasion: What decides whether to.
        sizes: How many engagements and events there are.
        engine: Computes.

    Returns:
        The columns of `model_schemas.RESPONSE_MODEL`, with what was learnt of each channel as metadata.
    """
    teacher = Teacher(
        RESPONSE_MODEL,
        ENGAGEMENT.name,
        lambda: _learn(engagements, events, golden_records, occasion.until, engine),
        _is_learnt,
        _card,
        LINEAGE,
    )
    return taught(teacher, occasion, sizes, engine)


def learn_channel(sent: ir.Table, after: date, until: date, engine: Engine) -> tuple[ResponseModel, dict[str, Any]]:
    """Learn from one channel's messages; which model is used is decided on those of the last four weeks.

    Returns:
        The model, and what was learnt; nothing to tell of a channel that is not used.
    """
    people = int(engine.to_pandas(sent.aggregate(people=sent.profile_id.nunique()))["people"].iloc[0])
    if people > TRAINING_PEOPLE:
        sent = sent.filter(sent.profile_id % -(-people // TRAINING_PEOPLE) == 0)
    cut = until - timedelta(days=PRESSURE_DAYS)
    past, last, both = (
        engine.to_pandas(by_pressure(sent, *days).order_by("profile_id"))
        for days in ((after, cut), (cut, until), (after, until))
    )
    if not len(both):
        return response_model.fit(Responses.of(both)), {}
    judged = past.merge(last, on="profile_id", how="left", suffixes=("", "_later")).fillna(0)
    later = judged[[f"{name}_later" for name in past.columns if name not in ("profile_id", "channel")]]
    best, backtest = response_model.choose(
        Responses.of(judged), Responses.of(later.rename(columns=lambda name: name.removesuffix("_later")))
    )
    model = response_model.fit(Responses.of(both), tiring=best not in (STEADY, PRIOR))
    return model, {
        "published": model.name,
        "people": people,
        "usual_open_rate": rounded(float(model.open_rate(np.array([model.mean]), np.zeros(1))[0])),
        "usual_open_rate_after_4_messages": rounded(float(model.open_rate(np.array([model.mean]), np.full(1, 4.0))[0])),
        "log_odds": {"level": rounded(model.mean[0]), "slope": rounded(model.mean[1])},
        "variance_between_people": {"level": rounded(model.variance[0]), "slope": rounded(model.variance[1])},
        "clicked_of_opened": rounded(model.click_share),
        "backtest": backtest,
    }


def _learn(engagements: ir.Table, events: ir.Table, golden_records: ir.Table, until: date, engine: Engine) -> Document:
    after = until - timedelta(days=WINDOW_DAYS)
    sent = engine.scratch(messages(engagements, until))
    channels, report = {}, {}
    for channel in CHANNELS:
        model, found = learn_channel(sent.filter(sent.channel == channel), after, until, engine)
        channels[channel] = asdict(model)
        if found:
            report[channel] = found
    zone = usual_zone(golden_records, engine)
    zones = engine.scratch(zones_of_people(golden_records, zone, engine))
    hours = engine.scratch(hours_of_people(events, engagements, zones, after, until, engine))
    names = [f"hour_{hour}" for hour in range(HOURS)]
    everybody = engine.to_pandas(hours.aggregate(**{name: hours[name].sum().fill_null(0) for name in names}))
    return {
        "channels": channels,
        "hours": everybody[names].to_numpy(float)[0].tolist(),
        "zone": zone,
        "until": until.isoformat(),
        "report": report,
    }


def _is_learnt(document: Document) -> bool:
    report = document["report"]
    return bool(report) and all(found["published"] != PRIOR for found in report.values())


def _card(document: Document) -> dict[str, Any]:
    card = {
        "published": "logistic regression with each person's own level and slope (empirical Bayes)",
        "data_until": document["until"],
        "data_days": WINDOW_DAYS,
        "features": ["messages sent, opened and clicked by how many were sent in the 28 days before"],
        "judged_by": "whether messages of the last 28 days were opened, foretold from those before",
        "seed": "none: expectation-maximisation, no randomness",
    }
    return {"model_card": card, "channels": document["report"]}
