"""Lifetime value: everyone scored by the best model that can be trusted, and judged on held-out days."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import ibis.expr.types as ir
import pandas as pd
import pytest

from cdp_assets.attributes import challenge, lifetime_backtest, newcomers, plain_value
from cdp_assets.attributes.drift import INPUTS_HOLD, SCORES_HOLD
from cdp_assets.attributes.known_facts import last_day
from cdp_assets.attributes.lifetime_backtest import ValueBacktest, backtest, choose_horizon
from cdp_assets.attributes.lifetime_value import LINEAGE, valued
from cdp_assets.attributes.lifetime_value import lifetime_value as scored
from cdp_assets.attributes.model_training import IS_RECENT, Occasion, approved
from cdp_assets.attributes.newcomers import level
from cdp_assets.attributes.plain_value import PlainValue
from cdp_assets.attributes.purchase_models import Fitted, SmoothedRate, restored
from cdp_assets.attributes.purchases import purchase_statistics
from cdp_assets.attributes.schemas import CHURN_RISK, LIFETIME_VALUE
from cdp_assets.attributes.value_model import fit_order_value, read, value_model
from cdp_assets.warehouse.built import Built, Plot, Stands
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine
from cdp_assets_tests.attributes.datasets import CDNOW_END, cdnow_sample, online_retail
from cdp_assets_tests.attributes.models import LEARNER, valuing
from cdp_assets_tests.attributes.tables import day, filled, noon, purchases, rows, spark_sql

AFTER_CDNOW = datetime(1998, 7, 1, tzinfo=UTC)


def lifetime_value(
    table: ir.Table, as_of: datetime, engine: DuckDBEngine, churn_risk: ir.Table | None = None
) -> tuple[Built, Built]:
    """The models of an instant, and everybody's value by them; where nothing was learnt of spend if not given."""
    model = valuing(table, last_day(as_of), engine)
    risk = filled(engine, CHURN_RISK) if churn_risk is None else churn_risk
    built = scored(model.table, table, risk, as_of, engine)
    assert isinstance(built, Built)
    return model, built


def as_dicts(engine: DuckDBEngine, table: Any) -> list[dict[str, Any]]:
    return engine.to_arrow(table.order_by("profile_id")).to_pylist()


@pytest.fixture(scope="module")
def of_cdnow(engine: DuckDBEngine) -> tuple[Built, Built]:
    """The models of CDNOW, and everybody's value by them."""
    return lifetime_value(cdnow_sample(engine), AFTER_CDNOW, engine)


@pytest.fixture(scope="module")
def held_out(engine: DuckDBEngine) -> ValueBacktest:
    """The last 273 days of CDNOW, foretold from those before."""
    found = backtest(cdnow_sample(engine), CDNOW_END, engine, horizon_days=273)
    assert found is not None
    return found


def test_every_customer_of_cdnow_is_scored_by_the_model_and_the_card_says_how(
    engine: DuckDBEngine, of_cdnow: tuple[Built, Built]
) -> None:
    model, built = of_cdnow
    found = as_dicts(engine, built.table)

    assert len(found) == 2357
    assert set(built.table.columns) == set(LIFETIME_VALUE.column_names)
    assert {row["model"] for row in found} == {"BG/NBD + Gamma-Gamma"}
    # Whoever came once could not have been lost by BG/NBD: that they are customers still is no finding.
    assert all((row["probability_alive"] is None) == (row["frequency"] == 0) for row in found)
    assert built.metadata["customers_by_model"] == {"BG/NBD": 2357}
    card = model.metadata["model_card"]
    assert card["data_until"] == "1998-06-30"
    assert set(card["purchase_parameters"]) == {"r", "alpha", "a", "b"}
    assert set(card["value_parameters"]) == {"p", "q", "v"}
    assert model.metadata["beats_baseline"] is True
    assert isinstance(model.metadata["backtest_plot"], Plot)
    assert set(LINEAGE) == set(LIFETIME_VALUE.column_names)


def test_the_cdnow_holdout_is_foretold_better_than_by_the_published_model(held_out: ValueBacktest) -> None:
    visits = held_out.metrics["purchases"]
    assert (held_out.metrics["cut"], held_out.metrics["customers"]) == ("1997-09-30", 2357)
    assert visits["actual"] == 1882
    # The published model alone expects 1,653 visits, with a correlation of .6256 and an RMSE of 1.608.
    assert visits["predicted"] == pytest.approx(1882, rel=0.05)
    assert visits["correlation"] >= 0.628
    assert visits["rmse"] <= 1.605
    assert held_out.contest is not None
    assert held_out.contest.winner == "learnt"


def test_the_tracking_plot_follows_the_actual_visits(held_out: ValueBacktest) -> None:
    assert held_out.tracking["actual"].iloc[-1] == 2457 + 1882
    calibration = held_out.tracking[~held_out.tracking["held_out"]].iloc[-1]
    assert calibration["predicted"] == pytest.approx(calibration["actual"], rel=0.05)
    assert held_out.buckets["frequency"].tolist() == list(range(8))


def test_online_retail_is_scored_without_a_gap_and_ranks_future_spend(
    engine: DuckDBEngine, online_retail_file: Path
) -> None:
    bought = online_retail(engine, online_retail_file)
    model, built = lifetime_value(bought, datetime(2011, 12, 10, tzinfo=UTC), engine)
    found = as_dicts(engine, built.table)

    assert all(row["expected_purchases_365d"] >= row["expected_purchases_90d"] >= 0 for row in found)
    judged = model.metadata["backtest"]
    assert judged["model"] == "smoothed empirical + Gamma-Gamma"
    assert judged["value"]["spearman"] > 0.5
    assert judged["value"]["mae"] < judged["value"]["baselines"]["baseline: past rate"]["mae"]


def test_a_handful_of_customers_is_scored_by_a_named_fallback(engine: DuckDBEngine) -> None:
    table = purchases(engine, [(1, 0, "10.00"), (1, 30, "20.00"), (2, 10, "5.00")])

    model, built = lifetime_value(table, noon(40), engine)

    first, second = as_dicts(engine, built.table)
    assert first["model"] == second["model"] == "smoothed empirical + smoothed mean"
    assert first["expected_purchases_90d"] > second["expected_purchases_90d"] > 0
    assert first["probability_alive"] is None
    assert first["mean_order_value"] > second["mean_order_value"]
    assert model.metadata["backtest"] == "Too little history to hold any out."


def test_customers_of_today_and_no_repeat_buyers_are_no_error(engine: DuckDBEngine) -> None:
    _, built = lifetime_value(purchases(engine, [(1, 0, "10.00"), (2, 0, "0.00"), (3, 0, None)]), noon(0), engine)

    assert [row["mean_order_value"] for row in as_dicts(engine, built.table)] == [
        Decimal("10.00"), Decimal("0.00"), Decimal("0.00"),
    ]  # fmt: skip


def test_no_customers_give_an_empty_table(engine: DuckDBEngine) -> None:
    _, built = lifetime_value(purchases(engine, []), noon(0), engine)

    assert as_dicts(engine, built.table) == []
    assert set(built.table.columns) == set(LIFETIME_VALUE.column_names)


def test_purchases_after_the_instant_are_not_seen(engine: DuckDBEngine) -> None:
    table = purchases(engine, [(1, 0, "10.00"), (1, 30, "20.00"), (2, 35, "5.00")])

    _, built = lifetime_value(table, noon(20), engine)

    [only] = as_dicts(engine, built.table)

    assert (only["profile_id"], only["frequency"], only["age_days"]) == (1, 0, 20)


def test_where_going_on_as_before_is_nearer_to_the_truth_it_is_published_and_named(
    engine: DuckDBEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(challenge.Contest, "beats_baseline", property(lambda _: False))

    model, built = lifetime_value(cdnow_sample(engine), AFTER_CDNOW, engine)

    assert {row["model"] for row in as_dicts(engine, built.table)} == {"baseline: past rate + own mean"}
    assert model.metadata["beats_baseline"] is False
    [outcome] = model.judged
    assert not outcome.passed
    assert outcome.metadata["verdict"].startswith("baseline: past rate is published: mean absolute error learnt ")


def test_a_model_that_comes_no_nearer_than_its_predecessor_does_not_replace_it(
    engine: DuckDBEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    table, until, fit = cdnow_sample(engine), CDNOW_END - timedelta(days=7), plain_value.fit

    def dear(*given: Any, **how: Any) -> PlainValue:
        found = fit(*given, **how)
        return replace(found, worth=replace(found.worth, everyone=50 * found.worth.everyone))

    def anew(previous: Built) -> Built:
        found = value_model(table, Occasion(previous.table, True, CDNOW_END, LEARNER, forced=True), engine)
        assert isinstance(found, Built)
        return found

    good = valuing(table.filter(table.day <= until), until, engine)
    monkeypatch.setattr(plain_value, "fit", dear)
    bad, kept = valuing(table.filter(table.day <= until), until, engine), anew(good)
    monkeypatch.setattr(plain_value, "fit", fit)
    replaced = anew(bad)

    columns = ("is_kept", "learnt_until", "judged_on", "measure")
    cut = CDNOW_END - timedelta(days=90)
    assert rows(engine, kept.table, *columns) == [(True, until, cut, "mean absolute error")]
    assert rows(engine, replaced.table, *columns) == [(False, CDNOW_END, cut, "mean absolute error")]
    assert [outcome.passed for outcome in (*kept.judged, *replaced.judged)] == [False, True]
    before, after = (read(approved(each.table, engine)).model.to_plain() for each in (good, kept))
    assert before == after
    [contest] = replaced.metadata["contests"].values()
    assert contest["predecessor"] > contest["learnt"]


@pytest.mark.parametrize(("came_back", "share"), [("silent", 0.25), ("lately", 0.0)])
def test_the_smoothed_rate_is_averaged_in_only_where_that_ranks_spend_better(came_back: str, share: float) -> None:
    # Ten visits and then 110 days of silence, which BG/NBD takes for a farewell; or two, the last ten days ago.
    customers = pd.DataFrame({"frequency": [10, 2] * 20, "recency_days": [190, 290] * 20}).assign(
        age_days=300, mean_value=10.0, actual_value=[50.0, 0.0] * 20 if came_back == "silent" else [0.0, 50.0] * 20
    )
    bought = Fitted(restored("BG/NBD", {"r": 0.5, "alpha": 4.0, "a": 0.8, "b": 2.4}), SmoothedRate(0.5, 10.0), {})

    chosen = lifetime_backtest.ranking_best(PlainValue(bought, plain_value.OWN_MEAN), customers, 90)

    assert chosen.smoothed_share == share
    assert PlainValue.of(chosen.to_plain()).smoothed_share == share


@pytest.mark.parametrize(("spender", "days"), [("newest", 7), ("oldest", 30)])
def test_newcomers_are_alike_for_a_week_only_where_their_own_figures_rank_better(spender: str, days: int) -> None:
    customers = pd.DataFrame({"frequency": 0, "recency_days": 0, "age_days": [8, 28] * 20, "mean_value": 10.0})
    customers = customers.assign(actual_value=[50.0, 0.0] * 20 if spender == "newest" else [0.0, 50.0] * 20)
    rate = SmoothedRate(0.5, 10.0)

    chosen = lifetime_backtest.ranking_best(
        PlainValue(Fitted(rate, rate, {}), plain_value.OWN_MEAN, newcomer_days=30), customers, 90
    )

    assert chosen.newcomer_days == days


def test_newcomers_get_what_is_expected_of_all_such(engine: DuckDBEngine) -> None:
    back = [(person, at, "20.00") for person in range(1, 61) for at in (0, 40)]
    once = [(person, 10, "20.00") for person in range(61, 121)]
    new = [(200, 91, "10.00"), (201, 99, "10.00")]

    model, built = lifetime_value(purchases(engine, [*back, *once, *new]), noon(100), engine)

    found = {row["profile_id"]: row for row in as_dicts(engine, built.table)}
    first, second, settled = found[200], found[201], found[61]
    assert first["model"] == second["model"] == f"{newcomers.PRIOR} + smoothed mean"
    assert settled["model"] == "smoothed empirical + smoothed mean"
    same = ("expected_purchases_30d", "expected_purchases_365d", "expected_value_365d", "value_365d_low",
            "value_365d_high")  # fmt: skip
    assert [first[name] for name in same] == [second[name] for name in same]
    assert first["expected_purchases_365d"] > settled["expected_purchases_365d"] > 0, "who did not come back for long"
    assert first["probability_alive"] is None
    assert first["value_365d_low"] <= first["expected_value_365d"] <= first["value_365d_high"]
    judged = model.metadata["backtest"]["newcomers"]
    assert model.metadata["model_card"]["newcomers"]["level"] == judged["level"] == level(
        judged["actual"], judged["predicted"]
    )  # fmt: skip


def test_what_was_learnt_of_spend_says_nothing_of_newcomers(engine: DuckDBEngine) -> None:
    table = purchases(engine, [*((person, at, "20.00") for person in range(1, 31) for at in (0, 40)), (99, 95, "5.00")])
    risk = {"churn_risk": 0.5, "risk_band": "medium", "reasons": "", "model": "", "horizon_days": 90}
    learnt = filled(engine, CHURN_RISK, *({"profile_id": person, **risk, "learnt_spend": 99.0} for person in (1, 99)))

    found = {
        row["profile_id"]: row for row in as_dicts(engine, lifetime_value(table, noon(100), engine, learnt)[1].table)
    }
    plain = {row["profile_id"]: row for row in as_dicts(engine, lifetime_value(table, noon(100), engine)[1].table)}

    assert found[1]["model"].endswith(" + learnt spend")
    assert found[99] == plain[99]


def test_a_third_of_the_history_is_held_out_at_most_ninety_days() -> None:
    assert choose_horizon(1000) == 90
    assert choose_horizon(120) == 40
    assert choose_horizon(41) is None


def test_the_same_purchases_give_the_same_scores(engine: DuckDBEngine, of_cdnow: tuple[Built, Built]) -> None:
    model, built = lifetime_value(cdnow_sample(engine), AFTER_CDNOW, engine)

    assert as_dicts(engine, built.table) == as_dicts(engine, of_cdnow[1].table)
    assert rows(engine, model.table) == rows(engine, of_cdnow[0].table)


def test_a_refresh_values_by_the_last_model_until_a_twentieth_of_the_purchases_is_new(engine: DuckDBEngine) -> None:
    table = cdnow_sample(engine)
    until = CDNOW_END - timedelta(days=7)
    model = valuing(table.filter(table.day <= until), until, engine)
    again = Occasion(model.table, True, CDNOW_END, LEARNER, forced=False)
    republished = value_model(table, replace(again, unchanged=False), engine)
    few = value_model(table.filter(table.profile_id % 20 != 0, table.profile_id % 19 != 0), again, engine)

    assert value_model(table, again, engine) == Stands()
    assert isinstance(republished, Built)
    assert rows(engine, republished.table) == rows(engine, model.table)
    assert republished.metadata["model_card"] == model.metadata["model_card"]
    assert isinstance(few, Built)
    assert rows(engine, few.table, "scores", "is_learnt", "learnt_until") == [("lifetime_value", True, CDNOW_END)]


def test_customers_who_have_become_others_are_a_drift(engine: DuckDBEngine, of_cdnow: tuple[Built, Built]) -> None:
    model, built = of_cdnow
    later = scored(
        model.table, cdnow_sample(engine), filled(engine, CHURN_RISK), AFTER_CDNOW + timedelta(days=90), engine
    )

    assert isinstance(later, Built)
    assert all(outcome.passed for outcome in built.judged)
    found = {outcome.name: outcome for outcome in later.judged}
    assert found.keys() == {INPUTS_HOLD.name, SCORES_HOLD.name, IS_RECENT.name}
    assert not found[INPUTS_HOLD.name].passed
    assert found[INPUTS_HOLD.name].metadata["verdict"].startswith("not like those of 1998-06-30: age_days (")
    assert not found[IS_RECENT.name].passed
    then = read(approved(model.table, engine)).then
    assert set(then) == {"frequency", "recency_days", "age_days", "mean_value", "score"}
    assert max(len(bins.shares) for bins in then.values()) <= 11


def test_it_compiles_for_spark(engine: DuckDBEngine) -> None:
    table = purchases(engine, [(1, 0, "10.00")])
    statistics = purchase_statistics(table, day(5))
    scores = statistics.select(
        "frequency", "recency_days", "age_days", probability_alive=statistics.mean_value,
        expected_30d=statistics.mean_value, expected_90d=statistics.mean_value, expected_365d=statistics.mean_value,
        low=statistics.mean_value, high=statistics.mean_value, plain_visits=statistics.mean_value,
        purchase_model=statistics.frequency.cast("string"), is_new=statistics.frequency == 0,
    )  # fmt: skip

    assert spark_sql(valued(statistics, scores, fit_order_value(statistics, engine), filled(engine, CHURN_RISK)))
    assert spark_sql(lifetime_backtest._held_out(table, date(2026, 1, 2), date(2026, 1, 9)))


def test_money_is_moved_towards_what_was_learnt_and_visits_are_not(engine: DuckDBEngine) -> None:
    table = purchases(engine, [(1, 0, "10.00"), (1, 30, "10.00"), (2, 0, "10.00"), (2, 30, "10.00")])
    [plain, _] = as_dicts(engine, lifetime_value(table, noon(40), engine)[1].table)
    risk = {"churn_risk": 0.5, "risk_band": "medium", "reasons": "", "model": "", "horizon_days": 90}
    usual = float(plain["expected_value_90d"])
    learnt = filled(engine, CHURN_RISK, {"profile_id": 1, **risk, "learnt_spend": 2 * usual},
                    {"profile_id": 2, **risk, "learnt_spend": 1000 * usual})  # fmt: skip

    [more, most] = as_dicts(engine, lifetime_value(table, noon(40), engine, learnt)[1].table)

    assert float(more["expected_value_90d"]) == pytest.approx(usual * 2**0.6, rel=0.01)
    assert float(more["expected_value_365d"]) == pytest.approx(float(plain["expected_value_365d"]) * 2**0.6, rel=0.01)
    assert float(most["expected_value_90d"]) == pytest.approx(usual * 5, rel=0.01)
    assert more["expected_purchases_90d"] == plain["expected_purchases_90d"]
    assert more["model"].endswith(" + learnt spend")


def test_eight_of_ten_customers_come_as_often_as_their_interval_says(held_out: ValueBacktest) -> None:
    assert held_out.metrics["purchases"]["interval_coverage"] >= 0.8


def test_values_are_money(engine: DuckDBEngine) -> None:
    table = purchases(engine, [(1, 0, "10.00"), (1, 3, "10.00")])

    _, built = lifetime_value(table, noon(9), engine)

    assert rows(engine, built.table, "mean_order_value") == [(Decimal("10.00"),)]
