"""What holds a weight down, whatever the parts of it add up to."""

from __future__ import annotations

import ibis
import pytest

from cdp_assets.identity.linkage.labels import (
    BIRTH_DATE,
    BIRTH_YEAR,
    GENERATION_APART,
    NO_GIVEN,
    NO_NAME_IN_COMMON,
    OTHER_FAMILY,
    OTHER_MIDDLE,
    OTHER_SCRIPT,
    SAME_NAMES,
    SECOND_NAME,
    THE_SAME,
)
from cdp_assets.identity.linkage.model import UNCOMPARED, Model
from cdp_assets.identity.linkage.scoring import corroborated, vote_of_births
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine

LIKE = "the same given name, family name alike"
NAMES = {
    **{words: 13.0 + rank for rank, words in enumerate(SAME_NAMES)}, LIKE: 12.0, OTHER_MIDDLE: 10.0, OTHER_FAMILY: 4.0,
    NO_GIVEN: 3.0, NO_NAME_IN_COMMON: -3.0, "different": -4.0,
}  # fmt: skip
DATES = {THE_SAME: 11.0, "one digit wrong": 9.0, "different": -8.0}


def model_of(**levels: dict[str, float]) -> Model:
    """A model whose levels weigh so many bits."""
    comparisons = [
        {
            "output_column_name": name,
            "comparison_levels": [
                {"label_for_charts": words, "m_probability": 2.0**bits, "u_probability": 1.0}
                for words, bits in of.items()
            ],
        }
        for name, of in levels.items()
    ]
    return Model({"comparisons": comparisons}, {}, 0, (), {})


def is_corroborated(name: str, birth_date: str | None, **others: float) -> bool:
    parts = {"mw_name": NAMES[name], "mw_birth_date": DATES[birth_date] if birth_date else 0.0}
    parts |= {f"mw_{comparison}": weight for comparison, weight in others.items()}
    return bool(met(parts, model_of(name=NAMES, birth_date=DATES)))


def met(parts: dict[str, float], model: Model) -> object:
    engine, pairs = DuckDBEngine.in_memory(), ibis.memtable([parts])
    return engine.to_arrow(pairs.select(met=corroborated(pairs, model)))["met"][0].as_py()


@pytest.mark.parametrize(
    ("name", "birth_date", "expected"),
    [
        ("the same whole name", THE_SAME, True),
        ("two words in common", "one digit wrong", True),
        ("the same whole name", "one digit wrong", True),
        ("the same whole name", "different", False),
        ("the same whole name", None, False),
        (LIKE, THE_SAME, True),
        (LIKE, "one digit wrong", False),
        (OTHER_MIDDLE, THE_SAME, True),
        (OTHER_MIDDLE, "one digit wrong", False),
        (OTHER_FAMILY, THE_SAME, False),
        ("different", THE_SAME, False),
    ],
)
def test_a_name_and_a_birth_date_alone_need_one_that_is_the_same(
    name: str, birth_date: str | None, expected: bool
) -> None:
    assert is_corroborated(name, birth_date) is expected


def test_what_else_agrees_confirms_a_likeness_unless_many_have_it() -> None:
    likeness = (LIKE, "one digit wrong")
    assert is_corroborated(*likeness, phone=12.0)
    assert not is_corroborated(*likeness, phone=-3.0)
    assert is_corroborated(*likeness, address=4.0, tf_adj_address=-2.0)
    assert not is_corroborated(*likeness, address=4.0, tf_adj_address=-3.5)


def test_another_family_name_is_confirmed_by_the_birth_date_with_an_address_or_a_place() -> None:
    assert is_corroborated(OTHER_FAMILY, THE_SAME, email=12.0)
    assert not is_corroborated(OTHER_FAMILY, None, email=12.0, phone=12.0)
    assert is_corroborated(OTHER_FAMILY, THE_SAME, address=6.0)
    assert not is_corroborated(OTHER_FAMILY, "one digit wrong", address=6.0)
    assert not is_corroborated(OTHER_FAMILY, None, address=6.0, company=5.0)


def test_names_that_agree_in_nothing_are_confirmed_by_the_birth_date_alone() -> None:
    assert is_corroborated("different", THE_SAME, phone=12.0)
    assert not is_corroborated("different", THE_SAME)
    assert not is_corroborated("different", None, email=12.0, phone=12.0, company=6.0)


def test_another_middle_name_is_confirmed_by_what_one_person_has_or_by_the_birth_date() -> None:
    assert is_corroborated(OTHER_MIDDLE, None, email=12.0)
    assert not is_corroborated(OTHER_MIDDLE, None, address=9.0)
    assert not is_corroborated(OTHER_MIDDLE, "different", address=9.0)


def test_whose_given_name_is_not_known_is_known_by_the_birth_date() -> None:
    assert is_corroborated(NO_GIVEN, THE_SAME)
    assert not is_corroborated(NO_GIVEN, "one digit wrong", address=9.0)
    assert not is_corroborated(NO_GIVEN, None, address=9.0)


def test_without_any_name_in_common_only_what_one_person_has_confirms() -> None:
    assert not is_corroborated(NO_NAME_IN_COMMON, THE_SAME, address=6.0)
    assert is_corroborated(NO_NAME_IN_COMMON, THE_SAME, email=12.0)


def test_names_that_cannot_be_compared_are_confirmed_by_the_birth_date_with_what_one_person_has() -> None:
    def is_met(birth_date: str, **others: float) -> bool:
        parts = {"mw_name": 0.0, "mw_given_name": UNCOMPARED, "mw_birth_date": DATES[birth_date]}
        parts |= {f"mw_{comparison}": weight for comparison, weight in others.items()}
        given = {OTHER_SCRIPT: UNCOMPARED, SECOND_NAME: 7.8, "different": -14.0}
        return bool(met(parts, model_of(name=NAMES, given_name=given, birth_date=DATES)))

    assert is_met(THE_SAME, phone=12.0)
    assert not is_met(THE_SAME, address=9.0)
    assert not is_met("one digit wrong", phone=12.0)


@pytest.mark.parametrize(
    ("given", "name", "others", "expected"),
    [
        (SECOND_NAME, "two words in common", {"address": 9.0, "phone": 7.0}, False),
        (SECOND_NAME, "two words in common", {"birth_date": DATES["one digit wrong"], "address": 9.0}, True),
        (SECOND_NAME, "two words in common", {"number": 9.0}, True),
        (SECOND_NAME, "two words in common", {"address": 9.0, "job_title": 3.0}, True),
        (SECOND_NAME, "the same whole name", {"birth_year": 2.0}, False),
        (SECOND_NAME, "the same whole name", {"phone": 7.0}, True),
    ],
)
def test_what_may_be_a_relatives_name_is_confirmed_by_more_than_a_place(
    given: str, name: str, others: dict[str, float], expected: bool
) -> None:
    levels = {
        "may be one person's": 8.0,
        SECOND_NAME: 7.8,
        OTHER_SCRIPT: UNCOMPARED,
        "different": -14.0,
    }
    parts = {"mw_name": NAMES[name], "mw_given_name": levels[given]}
    parts |= {f"mw_{comparison}": weight for comparison, weight in others.items()}
    assert met(parts, model_of(name=NAMES, given_name=levels, birth_date=DATES)) is expected


def test_a_like_name_and_another_birth_date_are_two_of_one_house() -> None:
    assert is_corroborated(LIKE, None, address=9.0)
    assert is_corroborated(LIKE, "one digit wrong", address=9.0)
    assert not is_corroborated(LIKE, "different", address=9.0)
    assert is_corroborated("the same whole name", "different", address=9.0)
    assert is_corroborated(LIKE, "different", phone=12.0)


@pytest.mark.parametrize(
    ("name", "expected"), [("the same whole name", True), (LIKE, True), (OTHER_MIDDLE, False), (OTHER_FAMILY, False)]
)
def test_where_there_are_no_birth_dates_names_are_held_to_the_same(name: str, expected: bool) -> None:
    assert met({"mw_name": NAMES[name], "mw_address": 9.0}, model_of(name=NAMES)) is expected


def test_without_birth_dates_something_else_has_to_agree() -> None:
    assert met({"mw_name": 13.0, "mw_address": 6.0}, model_of(name=NAMES))
    assert not met({"mw_name": 13.0, "mw_address": -2.0}, model_of(name=NAMES))


@pytest.mark.parametrize(
    ("level", "weight", "expected"),
    [(GENERATION_APART, -3.5, 1), ("different", -3.0, 0), ("different", -6.0, 1), (THE_SAME, 11.0, -1)],
)
@pytest.mark.parametrize("comparison", [BIRTH_DATE, BIRTH_YEAR])
def test_a_generation_apart_speaks_of_two_however_careless_dates_are(
    comparison: str, level: str, weight: float, expected: int
) -> None:
    births = {level: weight} | ({} if level == GENERATION_APART else {GENERATION_APART: -9.0})
    engine, pairs = DuckDBEngine.in_memory(), ibis.memtable([{f"mw_{comparison}": weight}])
    vote = vote_of_births(pairs, model_of(**{comparison: births}))
    assert engine.to_arrow(pairs.select(vote=vote))["vote"][0].as_py() == expected
