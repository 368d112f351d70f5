"""What a model makes of levels that the data teach nothing of, or teach in the wrong order."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import pytest

from cdp_assets.identity.linkage.assumptions import assumed
from cdp_assets.identity.linkage.comparisons import COMPARISONS, creators
from cdp_assets.identity.linkage.faces import faces
from cdp_assets.identity.linkage.labels import GENERATION_APART, GIVEN_NAME, THE_SAME
from cdp_assets.identity.linkage.model import _LESS_AND_LESS, Model, _put_in_order, train
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine
from cdp_assets_tests.identity.linkage.town import Person, tables, town

ONE_DIGIT, TWO_DIGITS = "one digit wrong, or day and month exchanged", "two digits wrong"


def learned(people: list[Person]) -> Model:
    engine = DuckDBEngine.in_memory()
    said = tables(engine, people)
    labels = engine.scratch(said.contacts.select("record_id", label=said.contacts.record_id))
    model = train(faces(said.contacts, said.contact_points, None, labels, engine), engine)
    assert model is not None
    return model


@pytest.fixture(scope="module")
def listed() -> Model:
    """Names and cities: what true pairs agree in is the name, or comes with it."""
    return learned(
        [replace(person, born=None, email=None, phone=None, street=None, postcode=None) for person in town()]
    )


def test_what_no_session_taught_weighs_what_is_assumed_of_it(listed: Model) -> None:
    assert listed.untrained == ("name",)
    name = listed.levels()["name"]
    assert name["the same whole name"] > 5
    assert name["the same family name, given name alike"] > 5
    assert name["different"] < -3
    # 150 of 44,850 pairs.
    assert 0.0003 < listed.prior < 0.03


def test_what_true_pairs_are_taken_to_show_survives_being_stored(listed: Model) -> None:
    assert Model.from_json(listed.to_json()) == listed


def test_where_too_few_agree_in_anything_all_is_assumed() -> None:
    strangers = town(60)[::2]
    few = learned([*strangers, *(replace(person, record_id=person.record_id + 1) for person in strangers[:8])])
    assert few.learned_from == {}
    weights = few.levels()
    assert few.untrained == tuple(name for name in weights if name != GIVEN_NAME)
    for comparison, level in (("birth_date", THE_SAME), ("phone", THE_SAME), ("name", "the same whole name")):
        assert weights[comparison][level] > 5
        assert weights[comparison]["different"] < -1
    assert weights["birth_date"]["different"] < -5


def labels_of(name: str) -> list[str]:
    [made] = [creators([comparison])[0] for comparison in COMPARISONS if comparison.name == name]
    assert not isinstance(made, dict)
    levels = made.create_comparison_levels()
    return [str(level.create_level_dict("duckdb")["label_for_charts"]) for level in levels][1:]


@pytest.mark.parametrize("name", [each.name for each in COMPARISONS if each.name != GIVEN_NAME])
def test_the_shares_of_all_levels_are_one(name: str) -> None:
    levels = labels_of(name)
    filled = dict.fromkeys(("street", "postcode", "post_area", "city"), 0.4)
    shares = assumed(name, dict.fromkeys(levels, 1 / len(levels)), filled)
    assert sorted(shares) == sorted(levels)
    assert math.isclose(sum(shares.values()), 1)
    assert all(words in levels for chain in _LESS_AND_LESS.get(name, ()) for words in chain)


def test_where_there_is_no_postcode_or_street_true_pairs_agree_in_what_there_is() -> None:
    by_chance = {"the same city": 0.1, "different": 0.9}
    of_cities = assumed("address", by_chance, {"street": 0.0, "postcode": 0.0, "post_area": 0.0, "city": 0.5})
    assert math.isclose(of_cities["the same city"], 0.78)
    assert of_cities["the same postcode"] == 0
    without_streets = assumed("address", by_chance, {"street": 0.0, "postcode": 0.9, "post_area": 0.9, "city": 0.9})
    assert math.isclose(without_streets["the same postcode"], 0.6)


def test_what_is_not_assumed_is_spread_as_by_chance() -> None:
    by_chance = {THE_SAME: 0.01, ONE_DIGIT: 0.01, TWO_DIGITS: 0.01, "the same year": 0.02, GENERATION_APART: 0.55}
    shares = assumed("birth_date", {**by_chance, "different": 0.4}, {})
    assert math.isclose(shares[GENERATION_APART] / 0.55, shares["different"] / 0.4)
    assert shares["different"] + shares[GENERATION_APART] < 0.03


def in_order(**weights: float) -> dict[str, float]:
    """What weights of birth dates become."""
    words = {"same": THE_SAME, "one": ONE_DIGIT, "two": TWO_DIGITS, "year": "the same year", "different": "different"}
    levels = [
        {"label_for_charts": words[name], "m_probability": 0.001 * 2.0**bits, "u_probability": 0.001}
        for name, bits in weights.items()
    ]
    _put_in_order("birth_date", levels)
    found = [math.log2(level["m_probability"] / level["u_probability"]) for level in levels]
    return dict(zip(weights, found, strict=True))


def test_no_level_speaks_for_one_person_by_more_than_one_that_says_more() -> None:
    found = in_order(same=7.4, one=10.4, two=8.0, year=-0.1, different=-2.1)
    assert found == pytest.approx({"same": 7.4, "one": 7.4, "two": 7.4, "year": -0.1, "different": -2.1}, abs=1e-4)
    assert all(less < more for more, less in itertools.pairwise(found.values()))


def test_levels_that_are_in_order_or_speak_against_one_person_stay_as_they_are() -> None:
    for weights in (
        {"same": 12.0, "one": 7.2, "two": 4.4, "year": 1.5, "different": -0.5},
        {"same": 12.0, "one": 7.2, "two": -5.0, "year": -3.0, "different": -1.0},
    ):
        assert in_order(**weights) == pytest.approx(weights, abs=1e-6)


def test_a_level_that_was_never_seen_keeps_none_down_and_one_that_speaks_against_does() -> None:
    assert in_order(same=0.0, one=9.0, two=3.0, year=1.0, different=-4.0)["one"] == pytest.approx(9.0)
    assert in_order(same=9.0, one=-2.0, two=3.0, year=1.0, different=-4.0)["two"] == pytest.approx(0.0, abs=1e-4)


def test_what_differs_never_speaks_for_one_person() -> None:
    found = in_order(same=12.0, one=7.0, two=3.0, year=1.0, different=0.5)
    assert -1e-5 < found["different"] < -1e-6
