"""Opens: own rates are drawn towards everyone's, and fatigue is found where there is some, and only there."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from cdp_assets.attributes import response_model
from cdp_assets.attributes.messages import PRESSURES
from cdp_assets.attributes.metrics import Floats, spearman
from cdp_assets.attributes.response_model import OWN_SHARE, PRIOR, SAME, STEADY, TIRING, Responses, fit, foretell

PEOPLE = 1500


def drawn(seed: int, tires: Callable[[Floats], Floats], messages: int = 20) -> tuple[Responses, Floats, Floats]:
    """Messages of people with their true log-odds of opening and slopes."""
    rng = np.random.default_rng(seed)
    level = rng.normal(-0.5, 0.8, PEOPLE)
    slope = tires(rng.random(PEOPLE))
    step = rng.integers(0, len(PRESSURES), (PEOPLE, messages))
    chance = 1 / (1 + np.exp(-(level[:, None] + slope[:, None] * np.log1p(np.array(PRESSURES)[step]))))
    opened = rng.random((PEOPLE, messages)) < chance
    sent = np.stack([(step == place).sum(axis=1) for place in range(len(PRESSURES))], axis=1).astype(float)
    read = np.stack([((step == place) & opened).sum(axis=1) for place in range(len(PRESSURES))], axis=1).astype(float)
    return Responses(sent, read, np.floor(read.sum(axis=1) * 0.3)), level, slope


def test_levels_and_fatigue_are_found_as_they_were_drawn() -> None:
    seen, level, slope = drawn(1, lambda share: -1.2 * share)

    model = fit(seen)
    people = model.people(seen)

    assert model.name == TIRING
    assert model.mean == pytest.approx((-0.5, -0.6), abs=0.15)
    assert model.variance[0] == pytest.approx(0.64, rel=0.4)
    assert (spearman(people[:, 0], level) or 0) > 0.5
    assert (spearman(people[:, 1], slope) or 0) > 0.3


def test_fatigue_is_left_out_where_pressure_costs_nothing() -> None:
    known, _, _ = drawn(2, lambda share: 0 * share)
    later, _, _ = drawn(2, lambda share: 0 * share)

    model = fit(known, STEADY)
    pressure = np.full(PEOPLE, 9.0)

    assert model.name == STEADY
    assert fit(known).mean[1] == pytest.approx(0, abs=0.06)
    assert model.fatigue(model.people(known), pressure).max() < 0.001
    foretold = foretell(known, later)
    assert foretold is not None
    assert foretold.losses[STEADY] == pytest.approx(foretold.losses[TIRING], abs=0.001)


def test_the_back_test_prefers_whichever_foretells_the_later_messages() -> None:
    both, _, _ = drawn(3, lambda share: -1.5 * share, messages=30)
    rng = np.random.default_rng(4)
    later = Responses(
        rng.binomial(both.sent.astype(int), 0.3).astype(float), np.zeros_like(both.sent), np.zeros(PEOPLE)
    )
    later = Responses(later.sent, rng.hypergeometric(
        both.opened.astype(int), (both.sent - both.opened).astype(int), later.sent.astype(int)
    ).astype(float), later.clicked)  # fmt: skip
    known = Responses(both.sent - later.sent, both.opened - later.opened, both.clicked)

    foretold = foretell(known, later)

    assert foretold is not None
    assert foretold.best == TIRING
    assert foretold.losses[TIRING] < foretold.losses[STEADY] < min(foretold.baselines.values())
    assert foretold.report["expected_share"] == pytest.approx(foretold.report["opened_share"], abs=0.02)


def test_whoever_had_one_message_is_taken_for_the_usual_one() -> None:
    seen, _, _ = drawn(5, lambda share: -0.5 * share)
    model = fit(seen)
    first = np.eye(len(PRESSURES))[:1]
    nobody, everybody = np.zeros(1), np.ones(1)

    ignored = model.open_rate(model.people(Responses(first, first * 0, nobody)), nobody)[0]
    opened = model.open_rate(model.people(Responses(first, first, everybody)), nobody)[0]
    unknown = model.open_rate(model.people(Responses(first * 0, first * 0, nobody)), nobody)[0]

    assert 0.2 < ignored < unknown < opened < 0.7


def test_with_few_messages_nothing_is_learnt() -> None:
    seen = Responses(np.eye(6), np.eye(6), np.ones(6))

    model = fit(seen)

    assert model.name == PRIOR
    assert 0 < model.open_rate(model.people(seen), np.zeros(6)).max() < 1
    assert foretell(seen, seen) is None


def test_a_baseline_says_what_its_name_does() -> None:
    seen = Responses(np.full((60, 6), 10.0), np.tile([[3.0], [0.0]], (30, 6)), np.zeros(60))
    pressure = np.zeros(60)

    same, own = fit(seen, SAME), fit(seen, OWN_SHARE)

    assert same.open_rate(same.people(seen), pressure) == pytest.approx(np.full(60, 541 / 3605))
    assert own.open_rate(own.people(seen), pressure)[:2] == pytest.approx([18.5 / 61, 0.5 / 61])
    assert fit(seen, SAME).fatigue(same.people(seen), pressure + 9).max() == 0


def test_nothing_sent_gives_a_model_all_the_same() -> None:
    nothing = Responses(np.zeros((0, len(PRESSURES))), np.zeros((0, len(PRESSURES))), np.zeros(0))

    assert fit(nothing).name == PRIOR
    assert response_model.fit(nothing).people(nothing).shape == (0, 2)
