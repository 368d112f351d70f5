"""Cancelling: churn where somebody says so."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, NamedTuple

import ibis.expr.types as ir
import numpy as np
import pandas as pd
import pytest

from cdp_assets.attributes import cancellation_model as models
from cdp_assets.attributes.cancellation_model import BASELINE, MODEL, PRIOR, Risks, running_at
from cdp_assets.attributes.cancellation_training import cancellation_model, read
from cdp_assets.attributes.challenge import CHALLENGER_WINS
from cdp_assets.attributes.drift import INPUTS_HOLD, SCORES_HOLD
from cdp_assets.attributes.model_schemas import CANCELLATION_MODEL
from cdp_assets.attributes.model_training import IS_RECENT, Occasion, approved
from cdp_assets.attributes.plain_models import Line
from cdp_assets.attributes.signal_schemas import SUBSCRIPTION_RISK
from cdp_assets.attributes.subscription_risk import subscription_risk
from cdp_assets.canonical import tables as canonical
from cdp_assets.warehouse.built import Built, Stands
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine
from cdp_assets_tests.attributes.tables import activity, day, filled, noon, rows, spark_sql

DAYS = 500


def changes(engine: DuckDBEngine, given: list[tuple[int, str, str, int]]) -> ir.Table:
    """Subscriptions of (profile, subscription, action, day)."""
    return filled(
        engine,
        canonical.SUBSCRIPTIONS,
        *(
            {"profile_id": profile, "subscription_id": subscription, "action": action, "occurred_at": noon(at)}
            for profile, subscription, action, at in given
        ),
        profile_id="int64",
    )


def trained(
    given: ir.Table,
    did: ir.Table,
    at: int,
    engine: DuckDBEngine,
    previous: Built | None = None,
    *,
    forced: bool = False,
) -> Any:
    """The model as of a day."""
    before = filled(engine, CANCELLATION_MODEL) if previous is None else previous.table
    return cancellation_model(given, did, Occasion(before, True, day(at), "this version", forced), engine)


def test_a_subscription_runs_until_it_is_cancelled_and_again_once_it_is_renewed(engine: DuckDBEngine) -> None:
    given = changes(
        engine,
        [
            (1, "a", "started", 0), (1, "a", "renewed", 30), (1, "b", "started", 0), (1, "b", "cancelled", 40),
            (2, "c", "started", 0), (2, "c", "cancelled", 20), (2, "c", "renewed", 50),
            (3, "d", "started", 50), (3, "d", "cancelled", 70), (4, "e", "started", 61),
        ],
    )  # fmt: skip

    found = running_at(given, activity(engine, [(1, 59, "ticket_opened", 2)]), day(60), 30)

    columns = (
        "profile_id",
        "age_days",
        "renewals",
        "days_since_renewal",
        "cancelled_before",
        "tickets_90d",
        "cancelled",
    )
    assert rows(engine, found, *columns) == [
        (1, 60.0, 1.0, 30.0, 1.0, 2.0, 0), (2, 60.0, 1.0, 10.0, 1.0, 0.0, 0), (3, 10.0, 0.0, 10.0, 0.0, 0.0, 1),
    ]  # fmt: skip
    assert spark_sql(found)


class Shop(NamedTuple):
    """Facts of up to a day, the model and the scores of that day, and who cancelled in the month after."""

    facts: tuple[ir.Table, ir.Table]
    model: Built
    scored: Built
    table: pd.DataFrame


@pytest.fixture(scope="module")
def shop(engine: DuckDBEngine) -> Shop:
    """Monthly subscriptions: whoever opens a ticket cancels four times as readily at the next renewal."""
    rng = np.random.default_rng(3)
    given: list[tuple[int, str, str, int]] = []
    did: list[tuple[int, int, str, int]] = []
    for profile in range(1, 901):
        at = int(rng.integers(0, 400))
        given.append((profile, "s", "started", at))
        while at < DAYS + 30:
            unhappy = rng.random() < 0.2
            if unhappy:
                did.append((profile, at + int(rng.integers(1, 15)), "ticket_opened", 1))
            at += 30
            if rng.random() < (0.4 if unhappy else 0.06):
                given.append((profile, "s", "cancelled", at))
                break
            given.append((profile, "s", "renewed", at))
    seen = [row for row in given if row[3] <= DAYS]
    facts = changes(engine, seen), activity(engine, [row for row in did if row[1] <= DAYS])
    model = trained(*facts, DAYS, engine)
    built = subscription_risk(model.table, *facts, noon(DAYS), engine)
    gone = {row[0] for row in given if row[2] == "cancelled" and DAYS < row[3] <= DAYS + 30}
    table = engine.to_pandas(built.table)
    return Shop(facts, model, built, table.assign(gone=table["profile_id"].isin(gone).astype(float)))


def verdicts(built: Built) -> dict[str, Any]:
    return {outcome.name: outcome for outcome in built.judged}


def test_who_will_cancel_is_learnt_from_who_did(shop: Shop) -> None:
    report, table = shop.model.metadata["backtest"], shop.table

    assert tuple(shop.scored.table.columns) == SUBSCRIPTION_RISK.column_names
    assert set(table["model"]) == {MODEL}
    assert shop.model.metadata["beats_baseline"]
    assert report["auc"] > report["baselines"][BASELINE] + 0.05
    assert report["expected_calibration_error"] < 0.1
    assert table["cancellation_risk_30d"].mean() == pytest.approx(table["gone"].mean(), abs=0.06)
    risky = table.nlargest(30, "cancellation_risk_30d")
    assert risky["cancellation_reasons"].str.contains("support tickets in 90 days").all()
    assert all(outcome.passed for outcome in (*shop.model.judged, *shop.scored.judged))


def bad(labelled: pd.DataFrame) -> Risks:
    """A model by which everybody is at the same risk."""
    return Risks(MODEL, {np.inf: 0.1}, Line((0.0,) * models.LINEAR_COLUMNS, 0.0), dict.fromkeys(models.FEATURES, 0.0))


def test_a_worse_challenger_does_not_replace_its_predecessor(
    shop: Shop, engine: DuckDBEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = trained(*shop.facts, DAYS - 7, engine)
    monkeypatch.setattr(models, "fit", bad)

    model = trained(*shop.facts, DAYS, engine, before, forced=True)

    [row] = engine.to_arrow(model.table.drop("document")).to_pylist()
    assert (row["model"], row["is_kept"], row["learnt_until"], row["judged_on"]) == (
        MODEL, True, day(DAYS - 7), day(DAYS - 30),
    )  # fmt: skip
    assert (row["measure"], row["figure"] > 0.6) == ("AUC", True)
    [outcome] = model.judged
    assert (outcome.name, outcome.passed) == (CHALLENGER_WINS.name, False)
    assert outcome.metadata["verdict"].startswith(f"the predecessor of {day(DAYS - 7)} stays: AUC learnt 0.5, ")
    kept, was = (read(approved(each.table, engine)) for each in (model, before))
    assert kept.model == was.model
    scored = subscription_risk(model.table, *shop.facts, noon(DAYS + 55), engine)
    assert verdicts(scored)[IS_RECENT.name].passed, "it held its own 55 days ago"


def test_what_its_predecessor_had_seen_of_the_hold_out_is_left_aside(shop: Shop, engine: DuckDBEngine) -> None:
    again = trained(*shop.facts, DAYS, engine, shop.model, forced=True)

    [contest] = again.metadata["contests"].values()
    assert contest["predecessor"] == contest["learnt"], "as it was before the same back-test"
    assert all(outcome.passed for outcome in again.judged)


def test_where_the_baseline_ranks_better_it_is_published_and_labelled(
    shop: Shop, engine: DuckDBEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models, "fit", lambda labelled: replace(bad(labelled), line=Line((-1.0, *([0.0] * 8)), 0.0)))

    model = trained(*shop.facts, DAYS, engine)
    scored = subscription_risk(model.table, *shop.facts, noon(DAYS), engine)

    [outcome] = model.judged
    assert (outcome.passed, outcome.metadata["verdict"].startswith(f"{BASELINE} is published: AUC")) == (False, True)
    assert set(engine.to_pandas(scored.table)["model"]) == {BASELINE}


def test_subscriptions_that_have_become_others_are_a_drift(shop: Shop, engine: DuckDBEngine) -> None:
    later = verdicts(subscription_risk(shop.model.table, *shop.facts, noon(DAYS + 90), engine))

    assert not later[INPUTS_HOLD.name].passed
    assert f"not like those of {day(DAYS)}: " in later[INPUTS_HOLD.name].metadata["verdict"]
    assert "days_since_renewal" in later[INPUTS_HOLD.name].metadata["verdict"]
    assert not later[IS_RECENT.name].passed
    kept = json.dumps(approved(shop.model.table, engine)["then"])
    assert set(json.loads(kept)) == {*models.FEATURES, "score"}
    assert SCORES_HOLD.name in later


def test_without_subscriptions_there_is_nobody_and_with_few_a_stated_prior(engine: DuckDBEngine) -> None:
    did = activity(engine)
    none, two = changes(engine, []), changes(engine, [(1, "a", "started", 0), (1, "b", "started", 9)])
    nobody, few = (
        subscription_risk(trained(given, did, 100, engine).table, given, did, noon(100), engine)
        for given in (none, two)
    )

    assert rows(engine, nobody.table) == []
    assert rows(engine, few.table, "profile_id", "running_subscriptions", "model") == [(1, 2, PRIOR)]
    assert all(outcome.passed for outcome in few.judged)
    [outcome] = trained(two, did, 100, engine).judged
    assert outcome.passed
    assert outcome.metadata["verdict"] == (
        "nothing could be learnt: No model: of 6 past months of subscriptions, 0 ended in cancelling."
    )


def test_a_refresh_scores_by_the_last_model_until_a_twentieth_of_the_changes_is_new(engine: DuckDBEngine) -> None:
    did, given = activity(engine), [(1, "a", "started", 0), (1, "a", "renewed", 30)]
    model = trained(changes(engine, given), did, 50, engine)
    more = changes(engine, [*given, (1, "a", "renewed", 60)])

    assert rows(engine, model.table, "scores", "is_learnt", "learnt_until") == [("subscription_risk", False, day(50))]
    assert trained(changes(engine, given), did, 90, engine, model) == Stands()
    assert rows(engine, trained(more, did, 90, engine, model).table, "learnt_until") == [(day(90),)]
    assert trained(changes(engine, []), did, 90, engine, trained(changes(engine, []), did, 50, engine)) == Stands()
