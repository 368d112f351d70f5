"""How many will not come back: forecast from today's customers and from how far the same forecast was off."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from cdp_assets.attributes.churn_level import (
    SMOOTHED,
    LastYear,
    at_level,
    errors_of,
    expected_share,
    forecast,
    level_cuts,
    to_foretell_by,
)
from cdp_assets.attributes.churn_model import Calibrated, probability_of
from cdp_assets.attributes.purchase_models import restored, smoothed_rate

TODAY = pd.DataFrame({"frequency": [0, 3], "recency_days": [0, 90], "age_days": [120, 120], "customers": [600, 400]})
SPRING, AUTUMN = date(2026, 4, 30), date(2026, 10, 31)


def test_without_errors_it_is_the_smoothed_rate() -> None:
    expected = forecast(TODAY, SPRING, [0.0, 0.0, 0.0], 60)

    assert expected is not None
    assert expected.level() == pytest.approx(expected_share(TODAY, SPRING, 60))


def test_a_steady_error_of_the_past_is_taken_off_the_more_the_longer_it_is_known() -> None:
    plain = expected_share(TODAY, SPRING, 60)
    once, often = forecast(TODAY, SPRING, [0.5, 0.5], 60), forecast(TODAY, SPRING, [0.5] * 8, 60)

    assert once is not None
    assert often is not None
    assert plain < once.level() < often.level() < probability_of(np.log(plain / (1 - plain)) + np.array([0.5]))[0]


def test_where_errors_differ_from_day_to_day_the_learner_is_believed() -> None:
    steady, wild = forecast(TODAY, SPRING, [0.1, 0.1, 0.1], 60), forecast(TODAY, SPRING, [-1.0, 0.1, 1.2], 60)

    assert steady is not None
    assert wild is not None
    assert steady.level(learnt=0.9) == pytest.approx(steady.level(), abs=0.01)
    assert wild.level(learnt=0.9) == pytest.approx(0.9, abs=0.02)


def test_of_a_past_day_the_error_is_what_happened_against_what_was_expected() -> None:
    share = expected_share(TODAY, SPRING, 60)
    as_expected = TODAY.assign(churned=TODAY["customers"] * share)

    found = errors_of(as_expected, SPRING, 60, smoothed_rate(TODAY))

    assert found == {SMOOTHED: pytest.approx(0.0, abs=0.01)}
    assert errors_of(as_expected.assign(customers=[1, 1], churned=[1, 0]), SPRING, 60, smoothed_rate(TODAY)) == {}
    assert forecast(TODAY, SPRING, [], 60) is None


def test_a_model_that_knows_of_dropping_out_foretells_where_it_mostly_could_be_fitted() -> None:
    model = restored("BG/NBD (penalty 0.01)", {"r": 0.5, "alpha": 4.0, "a": 0.8, "b": 2.4})
    past = errors_of(TODAY.assign(churned=TODAY["customers"] * 0.5), SPRING, 60, model)

    assert set(past) == {SMOOTHED, "BG/NBD"}
    assert expected_share(TODAY, SPRING, 60, model) > expected_share(TODAY, SPRING, 60), "some have left for good"
    assert to_foretell_by(model, [past, {SMOOTHED: 0.1}]) == (model, "BG/NBD")
    assert to_foretell_by(model, [past, {SMOOTHED: 0.1}, {SMOOTHED: 0.1}]) == (None, SMOOTHED)
    assert to_foretell_by(smoothed_rate(TODAY), [past]) == (None, SMOOTHED)


def test_what_last_year_missed_comes_back_in_part_and_the_more_the_better_years_agree() -> None:
    errors = [0.4, -0.4, 0.4, -0.4]
    without = forecast(TODAY, SPRING, errors, 60)
    unknown = forecast(TODAY, SPRING, errors, 60, last_year=LastYear(1.0, [None] * 4))
    agreeing = forecast(TODAY, SPRING, errors, 60, last_year=LastYear(1.0, [0.8, -0.8, 0.8, -0.8]))
    opposite = forecast(TODAY, SPRING, errors, 60, last_year=LastYear(1.0, [-2.0, 2.0, -2.0, 2.0]))

    levels = [found.level() for found in (without, opposite, unknown, agreeing) if found]

    assert len(levels) == 4
    assert levels[0] == pytest.approx(levels[1])
    assert levels[1] < levels[2] < levels[3]


def test_the_same_customers_are_expected_sooner_before_christmas_than_before_summer() -> None:
    before_summer, before_christmas = (expected_share(TODAY, day, 60) for day in (SPRING, AUTUMN))

    assert before_christmas < before_summer


def test_a_past_day_has_two_thirds_of_a_horizon_behind_it_but_no_more_than_two_months() -> None:
    first = date(2026, 1, 1)

    assert level_cuts(date(2026, 3, 2), first, 90) == [date(2026, 3, 2)]
    assert level_cuts(date(2026, 3, 1), first, 365) == []
    assert level_cuts(date(2026, 1, 21), first, 30) == [date(2026, 1, 21)]
    assert level_cuts(date(2026, 1, 20), first, 7) == [date(2026, 1, 20), date(2026, 1, 18), date(2026, 1, 16)]


def test_moving_the_level_keeps_the_order_and_goes_no_further_than_one() -> None:
    model = Calibrated("model", lambda rows: rows["x"].to_numpy(float), 1.0, 0.0)
    log_odds = np.array([-1.0, 0.0, 1.0])

    moved = at_level(model, log_odds, 0.6)

    assert probability_of(log_odds + moved.intercept).mean() == pytest.approx(0.6, abs=1e-4)
    assert at_level(model, log_odds, 0.999).intercept == 1.0
