"""Likeness of people of whom some sources tell the year of birth only."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from cdp_assets.identity.linkage.faces import faces
from cdp_assets.identity.linkage.frequencies import counted
from cdp_assets.identity.linkage.labels import BIRTH_YEAR, GENERATION_APART, YEAR_APART
from cdp_assets.identity.linkage.model import Model, train
from cdp_assets.identity.linkage.scoring import score
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine
from cdp_assets_tests.identity.linkage.town import Person, tables, town

BORN = date(1961, 4, 17)
ANNA = Person(1, "Anna", "Kirchmayr", BORN, None, None, "Lindenweg 7", "1230", "Ort 12")


Scored = tuple[dict[tuple[int, int], tuple[float, int]], Model]
"""Pair of records → its weight, and what births say of it (1: two people); and the model."""


def with_years_only(person: Person) -> Person:
    return replace(person, born=None, year=None if person.born is None else person.born.year)


@pytest.fixture(scope="module")
def scored() -> Scored:
    """Every other record of the town tells the year only."""
    engine = DuckDBEngine.in_memory()
    people = [with_years_only(each) if each.record_id % 2 else each for each in town()]
    anna = with_years_only(ANNA)
    others = [replace(anna, record_id=2), replace(anna, record_id=3, year=1962), replace(anna, record_id=4, year=1999),
              replace(ANNA, record_id=5), replace(ANNA, record_id=6, born=date(1999, 8, 2))]  # fmt: skip
    everybody = tables(engine, [*people, anna, *others])
    labels = engine.scratch(everybody.contacts.select("record_id", label=everybody.contacts.record_id))
    shown = faces(everybody.contacts, everybody.contact_points, None, labels, engine)
    model = train(shown, engine)
    assert model is not None
    weights = score(shown, model, counted(shown, model, engine), engine).weights
    rows = engine.to_arrow(weights).to_pylist()
    return {tuple(sorted((row["face_l"], row["face_r"]))): (row["weight"], row["dates"]) for row in rows}, model


def test_years_are_compared_only_where_there_are_no_two_dates(
    scored: Scored,
) -> None:
    _, model = scored
    levels = model.levels()[BIRTH_YEAR]
    assert levels["the same"] > levels[YEAR_APART]
    assert levels[GENERATION_APART] < 0


@pytest.mark.parametrize("other", [2, 5])
def test_an_equal_year_speaks_for_one_person(scored: Scored, other: int) -> None:
    weights, _ = scored
    weight, dates = weights[1, other]
    assert weight > 5
    assert dates <= 0


@pytest.mark.parametrize("child", [4, 6])
def test_parent_and_child_of_one_name_at_one_address_are_told_apart_by_a_year(scored: Scored, child: int) -> None:
    weights, _ = scored
    weight, dates = weights[1, child]
    assert weight < 0
    assert dates == 1
