"""What is learnt of how people respond to messages: once for all, and kept as plain numbers.

Belongs here: from whom it is learnt, how it is judged, and its card. Does not belong here: the models of opens
(`response_model.py`), when to learn (`model_training.py`), and what follows for each person (`engagement.py`).

Each channel is learnt, judged and kept on its own: whether its messages of the last four weeks were opened is foretold
from those before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import ibis.expr.types as ir
import numpy as np

from cdp_assets.attributes import response_model
from cdp_assets.attributes.challenge import LOG_LOSS, Approved, Standing, contest
from cdp_assets.attributes.drift import SCORE, Bins, spread
from cdp_assets.attributes.messages import CHANNELS, PRESSURE_DAYS, by_pressure, messages
from cdp_assets.attributes.metrics import Floats, rounded
from cdp_assets.attributes.model_documents import Document, read_by
from cdp_assets.attributes.model_schemas import RESPONSE_MODEL
from cdp_assets.attributes.model_training import Occasion, Trainer, trained
from cdp_assets.attributes.response_model import PRIOR, STEADY, ResponseModel, Responses
from cdp_assets.attributes.sending_hours import HOURS, hours_of_people, usual_zone, zones_of_people
from cdp_assets.attributes.signal_schemas import ENGAGEMENT
from cdp_assets.warehouse.built import Built, ColumnLineage, Stands

if TYPE_CHECKING:
    from cdp_assets.warehouse.engine import Engine

WINDOW_DAYS = 365
TRAINING_PEOPLE = 50_000
"""Most people of a channel to learn from."""

READ = {
    *(("normalised", "engagements", name) for name in ("channel", "campaign_id", "action", "occurred_at")),
    ("normalised", "events", "occurred_at"),
    ("identity", "profile_map", "profile_id"),
    ("profiles", "golden_records", "timezone"),
}
LINEAGE: ColumnLineage = dict.fromkeys(("model", "measure", "figure", "document"), READ)
"""Declared, since the model stands between."""

Channel = Approved[ResponseModel]


@dataclass(frozen=True)
class Learnt:
    """What is known of all.

    Args:
        channels: Channel → how its messages are opened.
        hours: How much all did in each local hour of the day.
        zone: The time zone of those of whom none is known.
        until: Last day that any of it has seen.
    """

    channels: Mapping[str, Channel]
    hours: tuple[float, ...]
    zone: str
    until: date

    @property
    def used(self) -> dict[str, Channel]:
        """The channels by which messages were sent."""
        return {name: channel for name, channel in self.channels.items() if channel.report}

    @property
    def standing(self) -> Standing:
        """What it is, and how it came to be published."""
        names = {name: channel.model.name for name, channel in self.used.items()}
        contests = {name: channel.contest for name, channel in self.used.items() if channel.contest}
        told = ", ".join(f"{name}: {model}" for name, model in names.items())
        is_learnt = bool(names) and PRIOR not in names.values()
        why = "too few messages to judge by were sent in any channel" if names else "no messages were sent"
        return Standing(told or PRIOR, is_learnt, self.until, contests, why)

    @property
    def then(self) -> dict[str, Bins]:
        """Channel and figure → how people were spread over it when the channel was learnt."""
        return {f"{name} {each}": bins for name, channel in self.used.items() for each, bins in channel.then.items()}

    @property
    def since(self) -> date:
        """The day of the channel that was learnt first."""
        return min((channel.until for channel in self.used.values()), default=self.until)

    def to_plain(self) -> Document:
        """As plain values."""
        return {
            "channels": {name: channel.to_plain(asdict) for name, channel in self.channels.items()},
            "hours": list(self.hours),
            "zone": self.zone,
            "until": self.until.isoformat(),
        }

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Learnt:
        """Read what `to_plain` wrote."""
        channels = {name: Approved.of(plain["channels"][name], _model_of) for name in CHANNELS}
        return cls(channels, tuple(plain["hours"]), plain["zone"], date.fromisoformat(plain["until"]))


def _model_of(plain: Mapping[str, Any]) -> ResponseModel:
    return ResponseModel(**{**plain, "mean": tuple(plain["mean"]), "variance": tuple(plain["variance"])})


def read(document: Document) -> Learnt:
    """The model of a document."""
    return read_by(Learnt.of, document)


def learnt_responses(
    engagements: ir.Table,
    events: ir.Table,
    golden_records: ir.Table,
    occasion: Occasion,
    sizes: Mapping[str, int],
    engine: Engine,
) -> Built | Stands:
    """Learn how people respond in each channel where it is time to.

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

    def learn(predecessor: Learnt | None) -> Document:
        return _learn(engagements, events, golden_records, occasion.until, predecessor, engine).to_plain()

    trainer = Trainer(
        RESPONSE_MODEL,
        ENGAGEMENT.name,
        learn,
        read,
        lambda learnt: learnt.standing,
        lambda learnt, _: _card(learnt),
        LINEAGE,
        sizes=sizes,
    )
    return trained(trainer, occasion, engine)


def figures(people: Mapping[str, Floats]) -> dict[str, Floats]:
    """What is compared of the people of a channel to see whether they have become others.

    Args:
        people: The columns of `schemas.ENGAGEMENT` of these.
    """
    inputs = {name: people[name] for name in ("sent_365d", "opened_365d", "clicked_365d", "sent_28d")}
    return {**inputs, SCORE: people["open_rate"]}


def learn_channel(
    sent: ir.Table, after: date, until: date, engine: Engine, predecessor: Channel | None = None
) -> Channel:
    """Learn from one channel's messages, judged on those of the last four weeks.

    Returns:
        What is published; nothing is reported of a channel that is not used.
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
        return Approved(response_model.fit(Responses.of(both)), until, {})
    known, later, seen = Responses.of(past), _of_the_same(last, past), Responses.of(both)
    foretold = response_model.foretell(known, later)
    if foretold is None:
        model = response_model.fit(seen, STEADY)
        return Approved(model, until, _report(model, people, {"messages": int(known.sent.sum())}))
    held = contest(
        LOG_LOSS,
        cut,
        until,
        int(later.sent.sum()),
        (foretold.losses[foretold.best], foretold.baselines),
        predecessor,
        lambda model: response_model.loss(model, known, later),
    )
    if predecessor is not None and held.winner == "predecessor":
        return predecessor.after(held)
    name = foretold.best if held.beats_baseline else held.best_baseline
    model = response_model.fit(seen, name)
    lately = _of_the_same(last, both).sent.sum(axis=1)
    then = spread(figures(scored(seen, lately, model)))
    report = _report(model, people, foretold.report)
    return Approved(model, until, report, held, foretold.models[name], cut, then)


def scored(seen: Responses, sent_28d: Floats, model: ResponseModel) -> dict[str, Floats]:
    """What is said of people by their messages: columns of `schemas.ENGAGEMENT`."""
    people = model.people(seen)
    opens = model.open_rate(people, sent_28d)
    return {
        "sent_365d": seen.sent.sum(axis=1),
        "opened_365d": seen.opened.sum(axis=1),
        "clicked_365d": seen.clicked,
        "sent_28d": sent_28d,
        "open_rate": opens.round(4),
        "click_rate": (opens * model.click_through(seen)).round(4),
        "fatigue": np.maximum(model.fatigue(people, sent_28d), 0.0).round(4),
    }


def _of_the_same(rows: Any, people: Any) -> Responses:
    """The messages in some rows of `messages.by_pressure` of the people of others, in their order; nothing is zero."""
    joined = people[["profile_id"]].merge(rows.drop(columns="channel"), on="profile_id", how="left").fillna(0)
    return Responses.of(joined)


def _report(model: ResponseModel, people: int, backtest: Mapping[str, Any]) -> dict[str, Any]:
    usual = np.array([model.mean])
    return {
        "published": model.name,
        "people": people,
        "usual_open_rate": rounded(float(model.open_rate(usual, np.zeros(1))[0])),
        "usual_open_rate_after_4_messages": rounded(float(model.open_rate(usual, np.full(1, 4.0))[0])),
        "log_odds": {"level": rounded(model.mean[0]), "slope": rounded(model.mean[1])},
        "variance_between_people": {"level": rounded(model.variance[0]), "slope": rounded(model.variance[1])},
        "clicked_of_opened": rounded(model.click_share),
        "backtest": dict(backtest),
    }


def _learn(
    engagements: ir.Table,
    events: ir.Table,
    golden_records: ir.Table,
    until: date,
    predecessor: Learnt | None,
    engine: Engine,
) -> Learnt:
    after = until - timedelta(days=WINDOW_DAYS)
    sent = engine.scratch(messages(engagements, until))
    before = predecessor.channels if predecessor else {}
    channels = {
        name: learn_channel(sent.filter(sent.channel == name), after, until, engine, before.get(name))
        for name in CHANNELS
    }
    zone = usual_zone(golden_records, engine)
    zones = engine.scratch(zones_of_people(golden_records, zone, engine))
    hours = engine.scratch(hours_of_people(events, engagements, zones, after, until, engine))
    names = [f"hour_{hour}" for hour in range(HOURS)]
    everybody = engine.to_pandas(hours.aggregate(**{name: hours[name].sum().fill_null(0) for name in names}))
    return Learnt(channels, tuple(everybody[names].to_numpy(float)[0].tolist()), zone, until)


def _card(learnt: Learnt) -> dict[str, Any]:
    card = {
        "published": "logistic regression with own level and slope of each person (empirical Bayes), or a baseline",
        "data_until": learnt.until.isoformat(),
        "data_days": WINDOW_DAYS,
        "features": ["messages sent, opened and clicked by how many were sent in the 28 days before"],
        "judged_by": "whether messages of the last 28 days were opened, foretold from those before",
        "seed": "none: expectation-maximisation, no randomness",
    }
    return {"model_card": card, "channels": {name: dict(channel.report) for name, channel in learnt.used.items()}}
