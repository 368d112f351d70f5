"""Engagement: which message was opened, under which pressure, at what local hour; and the channel of each person."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import pytest

from cdp_assets.attributes import response_model
from cdp_assets.attributes.drift import INPUTS_HOLD, SCORES_HOLD
from cdp_assets.attributes.engagement import engagement
from cdp_assets.attributes.engagement import judged as with_verdicts
from cdp_assets.attributes.messages import by_pressure, messages, standing
from cdp_assets.attributes.model_schemas import RESPONSE_MODEL
from cdp_assets.attributes.model_training import IS_RECENT, Occasion, approved
from cdp_assets.attributes.response_model import OWN_SHARE, SAME, STEADY, TIRING, ResponseModel
from cdp_assets.attributes.response_training import learnt_responses, read
from cdp_assets.attributes.sending_hours import best_hours, hours_of_people, usual_zone, zones_of_people
from cdp_assets.attributes.signal_schemas import ENGAGEMENT
from cdp_assets.canonical import tables as canonical
from cdp_assets.profiles.schemas import GOLDEN_RECORDS
from cdp_assets.quality.checks import CheckResult
from cdp_assets.warehouse.built import Built, Stands
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine
from cdp_assets_tests.attributes.tables import day, filled, noon, rows, spark_sql


def acts(engine: DuckDBEngine, *given: tuple[int, str, str | None, str, float]) -> ir.Table:
    """Engagements of (profile, channel, campaign, action, day)."""
    return filled(
        engine,
        canonical.ENGAGEMENTS,
        *(
            {"profile_id": profile, "channel": channel, "campaign_id": campaign, "action": action,
             "occurred_at": noon(0) + timedelta(days=at)}
            for profile, channel, campaign, action, at in given
        ),
        profile_id="int64",
    )  # fmt: skip


def golden(engine: DuckDBEngine, zones: dict[int, str | None]) -> ir.Table:
    return filled(
        engine, GOLDEN_RECORDS, *(
            {"profile_id": profile, "anonymous": False, "records": 1, "sources": "shop", "timezone": zone}
            for profile, zone in zones.items()
        )
    )  # fmt: skip


def test_a_reaction_belongs_to_the_last_message_of_its_campaign(engine: DuckDBEngine) -> None:
    found = messages(
        acts(
            engine,
            (1, "email", "a", "sent", 1), (1, "email", "b", "sent", 2), (1, "email", "a", "opened", 3),
            (1, "email", "a", "opened", 4), (1, "email", "a", "sent", 5), (1, "email", "a", "clicked", 6),
            (2, "sms", None, "sent", 1), (2, "sms", None, "sent", 2), (2, "sms", None, "clicked", 2.5),
        ),
        day(10),
    )  # fmt: skip

    assert rows(engine, found, "profile_id", "sent_at", "opened", "clicked") == [
        (1, noon(1), 1, 0), (1, noon(2), 0, 0), (1, noon(5), 1, 1), (2, noon(1), 0, 0), (2, noon(2), 1, 1),
    ]  # fmt: skip


def test_what_bounced_was_not_sent_and_delivery_counts_where_sending_is_not_told(engine: DuckDBEngine) -> None:
    found = messages(
        acts(
            engine,
            (1, "email", "a", "sent", 1), (1, "email", "a", "bounced", 1.1),
            (1, "email", "b", "sent", 2), (1, "email", "b", "delivered", 2.1),
            (1, "sms", "c", "delivered", 3), (1, "email", "d", "opened", 4), (1, "ads", "e", "clicked", 4),
        ),
        day(10),
    )  # fmt: skip

    assert rows(engine, found, "sent_at", "channel") == [(noon(2), "email"), (noon(3), "sms")]


def test_pressure_is_the_channels_messages_of_the_28_days_before(engine: DuckDBEngine) -> None:
    sent = [(1, "email", str(at), "sent", at) for at in (0.0, 10.0, 10.2, 28.0, 39.0)]
    found = messages(acts(engine, *sent, (1, "sms", "x", "sent", 27.0)), day(40))

    assert rows(engine, found.filter(found.channel == "email"), "sent_at", "pressure") == [
        (noon(0), 0), (noon(10), 1), (noon(10) + timedelta(days=0.2), 1), (noon(28), 3), (noon(39), 1),
    ]  # fmt: skip
    assert spark_sql(by_pressure(found, day(0), day(40)))


def test_who_left_a_channel_after_its_last_message_is_known(engine: DuckDBEngine) -> None:
    given = acts(
        engine,
        (1, "email", "a", "sent", 1), (1, "email", "a", "unsubscribed", 2),
        (2, "email", "a", "sent", 1), (2, "email", "a", "unsubscribed", 2), (2, "email", "b", "sent", 30),
    )  # fmt: skip

    found = standing(messages(given, day(40)), given, day(40))

    assert rows(engine, found, "profile_id", "sent_28d", "has_left") == [(1, 0, True), (2, 1, False)]


def test_hours_are_those_of_the_persons_clock_with_its_summer_time(engine: DuckDBEngine) -> None:
    people = golden(engine, {1: "Europe/Berlin", 2: "Asia/Kolkata", 3: "Mars/Olympus", 4: None, 5: "Europe/Berlin"})
    usual = usual_zone(people, engine)
    zones = zones_of_people(people, usual, engine)
    clicks = filled(
        engine, canonical.EVENTS, *(
            {"profile_id": profile, "event_id": str(number), "event_name": "page", "occurred_at": at}
            for number, (profile, at) in enumerate([
                (1, datetime(2026, 1, 10, 18, 5, tzinfo=UTC)), (1, datetime(2026, 1, 10, 18, 50, tzinfo=UTC)),
                (1, datetime(2026, 6, 10, 18, 5, tzinfo=UTC)), (2, datetime(2026, 6, 10, 18, 35, tzinfo=UTC)),
                (4, datetime(2026, 6, 10, 23, 0, tzinfo=UTC)),
            ])
        ), profile_id="int64",
    )  # fmt: skip

    hours = hours_of_people(clicks, acts(engine), zones, day(0), day(200), engine)
    spent = {row[0]: {hour: times for hour, times in enumerate(row[1:]) if times} for row in rows(engine, hours)}

    assert usual == "Europe/Berlin"
    assert rows(engine, zones) == [
        (1, "Europe/Berlin"), (2, "Asia/Kolkata"), (3, "Europe/Berlin"), (4, "Europe/Berlin"), (5, "Europe/Berlin")
    ]  # fmt: skip
    assert spent == {1: {19: 1, 20: 1}, 2: {0: 1}, 4: {1: 1}}
    assert spark_sql(hours)


def test_the_best_hour_of_somebody_unknown_is_everybodys() -> None:
    everybody = np.zeros(24)
    everybody[20] = 1000.0
    counts = np.zeros((3, 24))
    counts[1, 7], counts[2, 7] = 1.0, 100.0

    assert best_hours(counts, everybody).tolist() == [20, 20, 7]
    assert best_hours(np.zeros((1, 24)), np.zeros(24)).tolist() == [0]


def several(engine: DuckDBEngine) -> tuple[ir.Table, ir.Table]:
    """Sixty readers of e-mail, half of whom also click every text message; one of them has left by text message."""
    given: list[tuple[int, str, str | None, str, float]] = []
    for profile in range(1, 61):
        for week in range(10):
            given.append((profile, "email", f"e{week}", "sent", 7.0 * week))
            if (profile + week) % 3 == 0:
                given.append((profile, "email", f"e{week}", "opened", 7.0 * week + 0.3))
            if profile % 2 == 0:
                given.append((profile, "sms", f"s{week}", "sent", 7.0 * week))
                given.append((profile, "sms", f"s{week}", "clicked", 7.0 * week + 0.1))
    given.append((60, "sms", "s9", "unsubscribed", 64.0))
    return acts(engine, *given), golden(engine, dict.fromkeys(range(1, 61), "Europe/Berlin"))


SIZES = {"engagements": 1_000, "events": 100}


def occasion(
    engine: DuckDBEngine,
    previous: ir.Table | None = None,
    until: int = 70,
    *,
    unchanged: bool = True,
    learner: str = "this",
    forced: bool = False,
) -> Occasion:
    before = filled(engine, RESPONSE_MODEL) if previous is None else previous
    return Occasion(before, unchanged, day(until), learner, forced)


def built(given: Built | Stands) -> Built:
    assert isinstance(given, Built)
    return given


def test_each_person_has_a_row_a_channel_and_one_preferred(engine: DuckDBEngine) -> None:
    given, people = several(engine)
    events = filled(engine, canonical.EVENTS, profile_id="int64")

    model = built(learnt_responses(given, events, people, occasion(engine), SIZES, engine))
    scored = engagement(read(approved(model.table, engine)), given, events, people, noon(70), engine)
    table: Any = engine.to_pandas(scored)
    preferred = table[table["preferred"]].set_index("profile_id")["channel"]

    assert set(scored.columns) == set(ENGAGEMENT.column_names)
    assert len(table) == 90
    assert (preferred[2], preferred[3], preferred[60]) == ("sms", "email", "email")
    assert table["best_hour"].between(12, 22).all()
    assert set(model.metadata["channels"]) == {"email", "sms"}
    assert table.loc[table["channel"] == "email", "open_rate"].mean() == pytest.approx(1 / 3, abs=0.05)
    assert table.loc[table["channel"] == "sms", "click_rate"].mean() > 0.6


def test_without_any_message_there_is_nobody(engine: DuckDBEngine) -> None:
    events = filled(engine, canonical.EVENTS, profile_id="int64")

    nobody = acts(engine), events, golden(engine, {1: None})
    model = built(learnt_responses(*nobody, occasion(engine), SIZES, engine))

    assert rows(engine, engagement(read(approved(model.table, engine)), *nobody, noon(70), engine)) == []
    assert model.metadata["channels"] == {}


def test_what_was_learnt_of_all_is_learnt_again_where_somebody_asks_or_much_is_new(
    engine: DuckDBEngine,
) -> None:
    given, people = several(engine)
    facts = given.filter(given.channel == "email"), filled(engine, canonical.EVENTS, profile_id="int64"), people
    learnt = built(learnt_responses(*facts, occasion(engine), SIZES, engine))
    few = built(
        learnt_responses(acts(engine, (1, "email", "a", "sent", 1)), *facts[1:], occasion(engine), SIZES, engine)
    )

    def again(previous: Built, at: int = 70, events: int = 100, **how: Any) -> Built | Stands:
        sizes = {**SIZES, "events": events}
        return learnt_responses(*facts, occasion(engine, previous.table, at, **how), sizes, engine)

    assert rows(engine, learnt.table, "is_learnt") == [(True,)]
    assert again(learnt, 90) == Stands()
    assert again(few) == Stands()
    assert again(learnt, events=105) == Stands()
    assert rows(engine, built(again(learnt, 71, events=106)).table, "learnt_until") == [(day(71),)]
    assert rows(engine, few.table, "is_learnt") == [(False,)]
    assert again(few, 90) == Stands(), "of as many facts no more can be learnt on another day"
    assert rows(engine, built(again(learnt, 69)).table, "learnt_until") == [(day(69),)], "it must not know the future"
    assert rows(engine, built(again(learnt, 90, forced=True)).table, "learnt_until") == [(day(90),)]
    assert rows(engine, built(again(learnt, 90, learner="other")).table, "learner") == [("other",)]
    kept = built(again(learnt, 90, unchanged=False))
    assert rows(engine, kept.table, "learnt_until") == [(day(70),)]
    assert kept.metadata == learnt.metadata


def readers(engine: DuckDBEngine, people: int = 250) -> tuple[ir.Table, ir.Table, ir.Table]:
    """Some open nearly all of their twenty weekly e-mails, others nearly none; half as many get text messages too."""
    rng = np.random.default_rng(5)
    given: list[tuple[int, str, str | None, str, float]] = []
    for profile in range(1, people + 1):
        for week in range(20):
            for channel in ("email", "sms")[: 1 + profile % 2]:
                given.append((profile, channel, f"{channel}{week}", "sent", 7.0 * week))
                if rng.random() < (0.9 if profile % 3 else 0.1):
                    given.append((profile, channel, f"{channel}{week}", "opened", 7.0 * week + 0.3))
    events = filled(engine, canonical.EVENTS, profile_id="int64")
    return acts(engine, *given), events, golden(engine, dict.fromkeys(range(1, people + 1), "Europe/Berlin"))


def off(model: ResponseModel) -> ResponseModel:
    """The model, unless it is a baseline, made to take everybody for somebody who opens nothing."""
    return model if model.name in (SAME, OWN_SHARE) else replace(model, mean=(-5.0, 0.0), variance=(1e-4, 1e-4))


@pytest.fixture(scope="module")
def judged(engine: DuckDBEngine) -> tuple[Built, Built, Built]:
    """The model of readers a week ago, what a bad one of today becomes without it, and with it as predecessor."""
    facts = readers(engine)
    earlier = facts[0].filter(facts[0].occurred_at < noon(127)), *facts[1:]
    good = built(learnt_responses(*earlier, occasion(engine, until=126), SIZES, engine))
    with pytest.MonkeyPatch.context() as patch:
        fit = response_model.fit
        patch.setattr(response_model, "fit", lambda seen, name=TIRING: off(fit(seen, name)))
        alone = built(learnt_responses(*facts, occasion(engine, until=133), SIZES, engine))
        beside = built(learnt_responses(*facts, occasion(engine, good.table, 133, forced=True), SIZES, engine))
    return good, alone, beside


def test_where_a_baseline_foretells_better_it_is_published_and_labelled(
    judged: tuple[Built, Built, Built], engine: DuckDBEngine
) -> None:
    _, alone, _ = judged
    facts = readers(engine)

    scored = engine.to_pandas(engagement(read(approved(alone.table, engine)), *facts, noon(133), engine))

    assert set(scored["model"]) == {OWN_SHARE}
    [outcome] = alone.judged
    assert not outcome.passed
    assert outcome.metadata["verdict"].startswith(f"email: {OWN_SHARE} is published: log loss learnt ")
    usual = scored.groupby(scored["profile_id"] % 3 > 0)["open_rate"].mean()
    assert usual.tolist() == pytest.approx([0.1, 0.9], abs=0.05)


def test_a_channel_keeps_its_model_where_what_is_learnt_next_foretells_worse(
    judged: tuple[Built, Built, Built], engine: DuckDBEngine
) -> None:
    good, _, beside = judged
    columns = ("model", "is_learnt", "is_kept", "learnt_until", "judged_on", "measure")

    assert [outcome.passed for outcome in (*good.judged, *beside.judged)] == [True, False]
    [kept] = rows(engine, beside.table, *columns)
    assert kept == (f"email: {STEADY}, sms: {STEADY}", True, True, day(133), day(105), "log loss")
    assert f"sms: the predecessor of {day(126)} stays: log loss learnt" in beside.judged[0].metadata["verdict"]
    was, now = (read(approved(each.table, engine)).channels["sms"] for each in (good, beside))
    assert (now.model, now.until, now.rehearsed_at) == (was.model, day(126), day(98))


def test_people_who_get_more_messages_than_those_it_was_learnt_from_are_a_drift(
    judged: tuple[Built, Built, Built], engine: DuckDBEngine
) -> None:
    good, _, _ = judged
    learnt, (given, *others) = read(approved(good.table, engine)), readers(engine)
    more = given.mutate(campaign_id=given.campaign_id + "x", occurred_at=given.occurred_at + ibis.interval(days=3))

    def verdicts(sent: ir.Table, at: int) -> dict[str, CheckResult]:
        table = engine.scratch(engagement(learnt, sent, *others, noon(at), engine))
        return {each.name: each for each in built(with_verdicts(Built(table), learnt, noon(at), engine)).judged}

    same, other = verdicts(given, 126), verdicts(given.union(more, distinct=False), 133)
    assert all(each.passed for each in same.values())
    assert other.keys() == {INPUTS_HOLD.name, SCORES_HOLD.name, IS_RECENT.name}
    assert not other[INPUTS_HOLD.name].passed
    assert "email sent_28d" in other[INPUTS_HOLD.name].metadata["verdict"]
    assert not verdicts(given, 126 + 61)[IS_RECENT.name].passed


def test_a_person_is_scored_alone_as_among_all(engine: DuckDBEngine) -> None:
    given, people = several(engine)
    events = filled(engine, canonical.EVENTS, profile_id="int64")
    model = built(learnt_responses(given, events, people, occasion(engine), SIZES, engine))
    learnt = read(approved(model.table, engine))

    def scored(*facts: ir.Table) -> ir.Table:
        return engine.scratch(engagement(learnt, *facts, as_of=noon(70), engine=engine))

    among = scored(given, events, people)
    alone = scored(*(table.filter(table.profile_id == 60) for table in (given, events, people)))
    assert rows(engine, alone) == rows(engine, among.filter(among.profile_id == 60))
