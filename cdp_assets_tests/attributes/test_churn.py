"""Churn risk: learnt without looking ahead, judged against named baselines, and never failing for want of data."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import ibis.expr.types as ir
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdp_assets.attributes import (
    churn,
    churn_baselines,
    churn_frames,
    churn_model,
    churn_scores,
    metrics,
    purchase_models,
)
from cdp_assets.attributes.churn import learn
from cdp_assets.attributes.churn_features import FEATURES, GROUPS, features_at, labelled
from cdp_assets.attributes.churn_frames import LeakError, choose_horizon, same_season, training_cuts
from cdp_assets.attributes.churn_learned import Learned
from cdp_assets.attributes.purchase_models import Fitted
from cdp_assets.attributes.schemas import CHURN_RISK
from cdp_assets.warehouse.built import Built, Plot
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine
from cdp_assets_tests.attributes.datasets import CDNOW_END, bought_within, cdnow_sample, online_retail
from cdp_assets_tests.attributes.models import guessing, trained_and_scored
from cdp_assets_tests.attributes.tables import activity, day, purchases, rows, spark_sql
from cdp_assets_tests.examples import examples

ENGINE = DuckDBEngine.in_memory()


SPLIT = date(2011, 9, 9)
"""The day of Online Retail that its models know up to; 90 days are left to judge them by."""


@pytest.fixture(scope="module")
def retail(engine: DuckDBEngine, online_retail_file: Path) -> ir.Table:
    return online_retail(engine, online_retail_file)


@pytest.fixture(scope="module")
def retail_past(engine: DuckDBEngine, retail: ir.Table) -> ir.Table:
    return engine.scratch(retail.filter(retail.day <= SPLIT))


@pytest.fixture(scope="module")
def learned_of_retail(engine: DuckDBEngine, retail_past: ir.Table) -> Learned:
    return learn(retail_past, activity(engine), SPLIT, engine, horizon_days=90)


@pytest.fixture(scope="module")
def learned_of_cdnow(engine: DuckDBEngine) -> Learned:
    return learn(cdnow_sample(engine), activity(engine), CDNOW_END, engine)


@pytest.fixture(scope="module")
def of_cdnow(engine: DuckDBEngine, learned_of_cdnow: Learned) -> tuple[Built, Built]:
    """The model of CDNOW, and the scores that it gives."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(churn, "learn", lambda *_, predecessor: learned_of_cdnow)
        return trained_and_scored(cdnow_sample(engine), activity(engine), CDNOW_END, engine)


def test_churn_at_a_90_day_split_of_online_retail_ranks_above_its_bar(
    engine: DuckDBEngine, retail: ir.Table, retail_past: ir.Table, learned_of_retail: Learned
) -> None:
    learned = learned_of_retail

    scored = engine.to_pandas(churn_scores.churn_scores(learned, retail_past, activity(engine), SPLIT, engine).table)
    came = bought_within(retail, SPLIT, 90, engine)
    churned = (~scored["profile_id"].isin(came)).to_numpy(float)

    assert len(scored) == 3370
    assert learned.published.name == churn_model.MODEL
    auc = metrics.auc(scored["churn_risk"].to_numpy(float), churned)
    assert auc is not None
    assert auc >= 0.73
    assert learned.report["split"] == "time"
    assert learned.report["auc"] > max(learned.report["baselines"].values())


def test_what_was_learnt_ends_a_horizon_before_what_it_is_judged_on(learned_of_retail: Learned) -> None:
    report = learned_of_retail.report

    assert report["cut"] == "2011-06-11"
    assert max(report["learnt_before_it"]) == "2011-03-13"


def test_the_card_of_cdnow_names_everything_that_was_decided(
    engine: DuckDBEngine, of_cdnow: tuple[Built, Built]
) -> None:
    model, risk = of_cdnow
    scored = engine.to_pandas(risk.table)
    card, backtest = model.metadata["model_card"], model.metadata["backtest"]

    assert set(risk.table.columns) == set(CHURN_RISK.column_names)
    assert len(scored) == 2357
    assert card["published"] == churn_model.MODEL
    assert card["churned_means"] == "no purchase within 180 days"
    assert card["seed"] == churn_model.SEED
    assert set(backtest["baselines"]) == {
        "baseline: recency",
        "baseline: frequency",
        "baseline: minus expected purchases",
        "baseline: 1 - P(alive)",
        "baseline: gradient boosting",
    }
    assert {"auc", "pr_auc", "brier", "expected_calibration_error"} <= set(backtest)
    assert backtest["expected_calibration_error"] < 0.06
    assert isinstance(model.metadata["calibration_plot"], Plot)


def test_the_same_purchases_give_the_same_model_and_the_same_risks(
    engine: DuckDBEngine, of_cdnow: tuple[Built, Built]
) -> None:
    model, risk = trained_and_scored(cdnow_sample(engine), activity(engine), CDNOW_END, engine)

    assert rows(engine, model.table) == rows(engine, of_cdnow[0].table)
    assert rows(engine, risk.table) == rows(engine, of_cdnow[1].table)


def test_one_minus_alive_is_worse_than_random_for_those_who_bought_once(of_cdnow: tuple[Built, Built]) -> None:
    assert of_cdnow[0].metadata["backtest"]["baselines"]["baseline: 1 - P(alive)"] < 0.5


def test_a_model_that_does_not_beat_its_best_baseline_is_not_published(
    engine: DuckDBEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def guess(labelled: pd.DataFrame) -> churn_model.Learner:
        return guessing()

    monkeypatch.setattr(churn_model, "learn", guess)
    table, nothing = cdnow_sample(engine), activity(engine)

    learned = learn(table, nothing, CDNOW_END, engine)
    scored = engine.to_pandas(churn_scores.churn_scores(learned, table, nothing, CDNOW_END, engine).table)

    assert learned.contest is not None
    best = learned.contest.best_baseline
    assert learned.published.name == best == "baseline: recency"
    assert learned.contest.winner == "baseline"
    assert set(scored["model"]) == {best}
    assert scored["churn_risk"].between(0, 1).all()
    # The baseline's probabilities are calibrated: their mean is the share that churned.
    assert scored["churn_risk"].mean() == pytest.approx(learned.report["churned_share"], abs=0.1)


def test_features_of_a_day_are_those_of_a_world_that_ended_on_it(engine: DuckDBEngine) -> None:
    orders = [(1, 0, "10.00"), (1, 20, "30.00"), (1, 45, "99.00"), (2, 41, "5.00")]
    did = [(1, 35, "page_viewed", 3), (1, 41, "page_viewed", 50), (1, 44, "ticket_opened", 1)]
    table = purchases(engine, orders, refunds=[(1, 43, "30.00")])

    [features] = engine.to_arrow(features_at(table, activity(engine, did), day(40))).to_pylist()

    expected = {
        "profile_id": 1, "frequency": 1, "recency_days": 20, "age_days": 40, "visits": 2, "spend": 40, "mean_spend": 20,
        "last_spend": 30, "first_spend": 10, "visits_30d": 1, "spend_30d": 30, "mean_gap": 20, "longest_gap": 20,
        "gap_deviation": None, "silence_ratio": 1, "refunds": 0, "refunded": 0, "events_30d": 3, "days_since_event": 5,
        "tickets_90d": 0,
    }  # fmt: skip
    assert {name: features[name] for name in expected} == expected


def test_the_season_of_past_years_is_known_of_whoever_was_a_customer_then(engine: DuckDBEngine) -> None:
    # Day 800, and the 60 days from then on: a year ago they were 436 to 495, and two years ago 71 to 130.
    orders = {1: [80, 435, 436, 495, 496], 2: [500, 700], 3: [440, 500, 700, 790]}
    table = purchases(engine, [(profile, at, "5.00") for profile, days in orders.items() for at in days])

    seen = features_at(table, activity(engine), day(800), season_days=60)

    assert rows(engine, seen, "profile_id", "season_visits", "season_rate", "season_share") == [
        (1, 3, 1.5, 0.6),
        (2, None, None, None),
        (3, 1, 1, 0.25),
    ]
    assert rows(engine, features_at(table, activity(engine), day(800)), "season_visits") == [(None,)] * 3


@examples(8)
@given(
    st.lists(st.tuples(st.integers(1, 3), st.integers(0, 80), st.integers(0, 99)), max_size=15),
    st.lists(st.tuples(st.integers(1, 3), st.integers(0, 80), st.sampled_from(["page_viewed", "email_opened"])),
             max_size=10, unique=True),
)  # fmt: skip
def test_nothing_after_the_cut_changes_a_feature(
    orders: list[tuple[int, int, int]], did: list[tuple[int, int, str]]
) -> None:
    cut = 40

    def features(latest: int) -> list[tuple[Any, ...]]:
        table = purchases(
            ENGINE,
            [(profile, number, f"{net}.00") for profile, number, net in orders if number <= latest],
            [(profile, number, "1.00") for profile, number, net in orders if net < 20 and number <= latest],
        )
        done = activity(ENGINE, [(profile, number, kind, 1) for profile, number, kind in did if number <= latest])
        return rows(ENGINE, features_at(table, done, day(cut), season_days=350))

    assert features(latest=80) == features(latest=cut)


def test_a_feature_that_knows_the_future_is_refused_by_name(
    engine: DuckDBEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = churn_frames.features_at  # type: ignore[attr-defined]

    def planted(purchases: ir.Table, activity: ir.Table, until: date, season_days: int) -> ir.Table:
        features = honest(purchases, activity, until, season_days)
        ever = purchases.group_by("profile_id").aggregate(ever=purchases.purchases.sum().cast("float64"))
        return (
            features.drop("visits_30d").left_join(ever, "profile_id").drop("profile_id_right").rename(visits_30d="ever")
        )

    monkeypatch.setattr(churn_frames, "features_at", planted)

    with pytest.raises(LeakError, match="features know what came after 1997-07-05: visits_30d"):
        learn(cdnow_sample(engine), activity(engine), CDNOW_END, engine)


@pytest.mark.parametrize("newcomers", [10, 0])
def test_a_newcomer_gets_the_risk_of_newcomers_and_no_story(
    engine: DuckDBEngine, learned_of_cdnow: Learned, newcomers: int
) -> None:
    since = (CDNOW_END - day(0)).days
    new = [(10_000_000 + n, since - n % 3, f"{5 + n}.00") for n in range(newcomers)]
    table = cdnow_sample(engine).union(purchases(engine, new)) if new else cdnow_sample(engine)

    scored = engine.to_pandas(
        churn_scores.churn_scores(learned_of_cdnow, table, activity(engine), CDNOW_END, engine).table
    )

    cold = scored[scored["model"] == churn_scores.COLD_START]
    assert len(cold) == newcomers
    assert cold["churn_risk"].nunique() == min(newcomers, 1)
    assert cold["reasons"].str.startswith("too little is known yet").all()


def test_a_label_looks_exactly_one_horizon_ahead(engine: DuckDBEngine) -> None:
    table = purchases(engine, [(1, 0, "1.00"), (2, 0, "1.00"), (3, 0, "1.00"), (1, 40, "1.00"), (2, 41, "1.00")])
    rows_at_10 = labelled(table, activity(engine), day(10), horizon_days=30)

    assert rows(engine, rows_at_10, "profile_id", "churned") == [(1, 0), (2, 1), (3, 1)]


def test_a_correction_is_no_return(engine: DuckDBEngine) -> None:
    table = purchases(engine, [(1, 0, "9.00"), (1, 5, "-4.00")])

    assert rows(engine, labelled(table, activity(engine), day(1), 30), "churned") == [(1,)]


def test_the_horizon_holds_nine_tenths_of_repeat_purchases_and_a_third_of_history_at_most() -> None:
    gaps = pd.DataFrame({"days": [10, 70, 200], "visits": [50, 42, 8]})

    assert choose_horizon(gaps, history_days=900) == 90
    assert choose_horizon(gaps, history_days=200) == 60
    assert choose_horizon(gaps, history_days=30) is None
    assert choose_horizon(pd.DataFrame({"days": [], "visits": []}), history_days=900) == 90


def test_cuts_leave_history_before_them() -> None:
    first, last = date(2026, 1, 1), date(2026, 6, 30)

    cuts = training_cuts(last, first, horizon_days=90)

    assert cuts == [last - timedelta(days=30 * step) for step in range(4)]
    assert training_cuts(first + timedelta(days=70), first, horizon_days=90) == [first + timedelta(days=70)]
    assert training_cuts(first + timedelta(days=59), first, horizon_days=90) == []


def test_a_year_ago_is_learnt_from_only_where_another_year_lies_before_it() -> None:
    first = date(2024, 1, 1)

    known = same_season(first + timedelta(days=730), first, horizon_days=60)

    assert known is not None
    assert (known.now, known.then) == (first + timedelta(days=365), first + timedelta(days=305))
    assert known.before == [known.then - timedelta(days=20 * step) for step in range(4)]
    assert same_season(first + timedelta(days=729), first, horizon_days=60) is None
    assert same_season(first + timedelta(days=2000), first, horizon_days=400) is None


def test_who_comes_once_a_year_is_known_by_the_same_season_a_year_ago(
    engine: DuckDBEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def quickly(histories: pd.DataFrame, **_: Any) -> Fitted:
        rate = purchase_models.smoothed_rate(histories)
        return Fitted(rate, rate, {})

    monkeypatch.setattr(purchase_models, "fit", quickly)
    monkeypatch.setitem(churn_model.BOOSTING, "max_iter", 15)
    # From day 330 of each year on, two of three of those who come then only; others at any time, until they leave.
    yearly = [
        (n, 335 + n % 20 + 365 * year, "20.00")
        for n in range(600)
        for year in range(3)
        if year == n % 2 or (year > n % 2 and (n * 7 + year * 5) % 3)
    ]
    always = [
        (600 + n, visit, "20.00")
        for n in range(600)
        for visit in range(n * 5 // 3, n * 5 // 3 + n * 37 % 500, 40 + n * 7 % 90)
    ]
    table = purchases(engine, yearly + always)
    until = day(1060)

    learned = learn(engine.scratch(table.filter(table.day <= until)), activity(engine), until, engine, horizon_days=60)
    followed = learned.described(engine.to_pandas(labelled(table, activity(engine), until, 60)))
    churned = followed["churned"].to_numpy(float)

    assert learned.report["published_learnt_from"] == [(until - timedelta(days=365)).isoformat()]
    assert learned.published.name == churn_model.MODEL
    assert (metrics.auc(learned.log_odds(followed), churned) or 0) > 0.7
    assert learned.published.probability(followed).mean() == pytest.approx(churned.mean(), abs=0.1)


@pytest.mark.parametrize("customers", [30_000, 70_000])
def test_customers_of_any_day_are_of_every_fold(customers: int, engine: DuckDBEngine) -> None:
    table = purchases(engine, [(n, 0, "1.00") for n in range(30)])
    frames = churn_frames.Frames(table, activity(engine), 30, customers, engine, day(0))

    folds = frames.at(day(40))["profile_id"] % churn_model.FOLDS

    assert folds.nunique() == churn_model.FOLDS


@pytest.mark.parametrize(
    ("orders", "until", "because"),
    [
        ([], 100, "nobody has bought anything yet"),
        ([(1, 0, "5.00")], 0, "the history is too short for any horizon"),
        ([(1, 0, "5.00"), (2, 300, "5.00")], 360, "too few customers to learn from (1)"),
        ([(n, n % 300, "5.00") for n in range(600)], 360, "of 542 customers, 0 came back: too nearly all or none"),
    ],
)
def test_too_little_data_gives_a_stated_prior(
    engine: DuckDBEngine, orders: list[tuple[int, int, str]], until: int, because: str
) -> None:
    table = purchases(engine, orders)
    model, risk = trained_and_scored(table, activity(engine), day(until), engine)
    scored = engine.to_pandas(risk.table)

    assert len(scored) == len({profile for profile, _, _ in orders})
    assert set(scored["model"]) <= {"prior"}
    assert scored["churn_risk"].between(0, 1, inclusive="neither").all()
    assert scored["churn_risk"].nunique() <= 1
    assert model.metadata["backtest"] == {"none": f"No model: {because}."}


def test_where_all_came_back_the_purchases_alone_say_who_might_not(engine: DuckDBEngine) -> None:
    # Three hundred who come every twenty days; ten of them have not come for the last forty.
    orders = [(n, visit, "5.00") for n in range(300) for visit in range(0, 320 if n < 10 else 360, 20)]

    model, risk = trained_and_scored(purchases(engine, orders), activity(engine), day(360), engine)
    risks = engine.to_pandas(risk.table).set_index("profile_id")["churn_risk"]

    assert set(engine.to_pandas(risk.table)["model"]) == {churn_baselines.MINUS_EXPECTED}
    assert risks.max() < 0.05
    assert risks[risks.index < 10].min() > risks[risks.index >= 10].max()
    assert "too nearly all or none" in model.metadata["backtest"]["none"]


def test_reasons_name_what_sets_a_customer_apart(engine: DuckDBEngine, of_cdnow: tuple[Built, Built]) -> None:
    scored = {row["profile_id"]: row for row in engine.to_arrow(of_cdnow[1].table).to_pylist()}

    # Customer 6 came on 16 days, last ten days ago; customer 2 twice, and not for 533 days.
    assert scored[6]["risk_band"] == "low"
    assert scored[6]["reasons"].startswith("less risk: last purchase 10 days ago (usual: 473)")
    assert "bought on 16 days so far (usual: 1)" in scored[6]["reasons"]
    assert scored[2]["risk_band"] == "high"
    assert "last purchase 533 days ago (usual: 473)" in scored[2]["reasons"]


def test_every_feature_is_told_of_in_exactly_one_group() -> None:
    assert len(FEATURES) == len(set(FEATURES))
    assert all(group.told_by in group.features for group in GROUPS.values())


def test_bands_are_cut_at_their_published_risks() -> None:
    assert (churn_scores.MEDIUM, churn_scores.HIGH) == (0.4, 0.7)


def test_it_compiles_for_spark(engine: DuckDBEngine) -> None:
    assert spark_sql(labelled(purchases(engine, []), activity(engine), day(3), 30))
