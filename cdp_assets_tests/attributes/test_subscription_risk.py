"""Cancelling: churn where somebody says so."""

from __future__ import annotations

from typing import Any

import ibis.expr.types as ir
import numpy as np
import pandas as pd
import pytest

from cdp_assets.attributes.cancellation_model import MODEL, PRIOR, cancellation_model, running_at
from cdp_assets.attributes.model_schemas import CANCELLATION_MODEL
from cdp_assets.attributes.model_training import Occasion
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


def trained(given: ir.Table, did: ir.Table, at: int, engine: DuckDBEngine, previous: Built | None = None) -> Any:
    """The model as of a day."""
    before = filled(engine, CANCELLATION_MODEL) if previous is None else previous.table
    return cancellation_model(given, did, Occasion(before, True, day(at), "this version", False), engine)


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


@pytest.fixture(scope="module")
def learnt(engine: DuckDBEngine) -> tuple[Built, Built, pd.DataFrame]:
    """Monthly subscriptions: whoever opens a ticket cancels four times as readily at the next renewal."""
    rng = np.random.default_rng(3)
    given: list[tuple[int, str, str, int]] = []
    did: list[tuple[int, int, str, int]] = []
    for profile in range(1, 601):
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
    return model, built, table.assign(gone=table["profile_id"].isin(gone).astype(float))


def test_who_will_cancel_is_learnt_from_who_did(learnt: tuple[Built, Built, pd.DataFrame]) -> None:
    model, built, table = learnt
    report: dict[str, Any] = model.metadata["backtest"]

    assert tuple(built.table.columns) == SUBSCRIPTION_RISK.column_names
    assert set(table["model"]) == {MODEL}
    assert report["beats_baseline"]
    assert report["auc"] > report["baselines"]["baseline: months running"] + 0.05
    assert report["expected_calibration_error"] < 0.1
    assert table["cancellation_risk_30d"].mean() == pytest.approx(table["gone"].mean(), abs=0.06)
    risky = table.nlargest(30, "cancellation_risk_30d")
    assert risky["cancellation_reasons"].str.contains("support tickets in 90 days").all()


def test_without_subscriptions_there_is_nobody_and_with_few_a_stated_prior(engine: DuckDBEngine) -> None:
    did = activity(engine)
    none, two = changes(engine, []), changes(engine, [(1, "a", "started", 0), (1, "b", "started", 9)])
    nobody, few = (
        subscription_risk(trained(given, did, 100, engine).table, given, did, noon(100), engine)
        for given in (none, two)
    )

    assert rows(engine, nobody.table) == []
    assert rows(engine, few.table, "profile_id", "running_subscriptions", "model") == [(1, 2, PRIOR)]


def test_a_refresh_scores_by_the_last_model_until_a_twentieth_of_the_changes_is_new(engine: DuckDBEngine) -> None:
    did, given = activity(engine), [(1, "a", "started", 0), (1, "a", "renewed", 30)]
    model = trained(changes(engine, given), did, 50, engine)
    more = changes(engine, [*given, (1, "a", "renewed", 60)])

    assert rows(engine, model.table, "scores", "is_learnt", "learnt_until") == [("subscription_risk", False, day(50))]
    assert trained(changes(engine, given), did, 90, engine, model) == Stands()
    assert rows(engine, trained(more, did, 90, engine, model).table, "learnt_until") == [(day(90),)]
    assert trained(changes(engine, []), did, 90, engine, trained(changes(engine, []), did, 50, engine)) == Stands()
