"""What holds a weight down, whatever the parts of it add up to."""

from __future__ import annotations

import ibis
import pytest

from cdp_assets.identity.linkage.comparisons import OTHER_FAMILY, SAME_NAMES, THE_SAME
from cdp_assets.identity.linkage.model import Model
from cdp_assets.identity.linkage.scoring import corroborated
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine

LIKE = "the same given name, family name alike"
NAMES = {
    **{words: 13.0 + rank for rank, words in enumerate(SAME_NAMES)}, LIKE: 12.0, OTHER_FAMILY: 4.0, "different": -4.0,
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
    engine = DuckDBEngine.in_memory()
    pairs = ibis.memtable([parts | {f"mw_{comparison}": weight for comparison, weight in others.items()}])
    model = model_of(name=NAMES, birth_date=DATES)
    return bool(engine.to_arrow(pairs.select(met=corroborated(pairs, model)))["met"][0].as_py())


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


def test_another_family_name_is_confirmed_by_what_one_person_has_or_by_place_and_birth_date() -> None:
    assert is_corroborated(OTHER_FAMILY, None, email=12.0)
    assert is_corroborated(OTHER_FAMILY, THE_SAME, address=6.0)
    assert not is_corroborated(OTHER_FAMILY, "one digit wrong", address=6.0)
    assert not is_corroborated(OTHER_FAMILY, None, address=6.0, company=5.0)


def test_without_birth_dates_something_else_has_to_agree() -> None:
    engine, model = DuckDBEngine.in_memory(), model_of(name=NAMES)
    pairs = ibis.memtable([{"mw_name": 13.0, "mw_address": weight} for weight in (6.0, -2.0)])
    found = engine.to_arrow(pairs.select(met=corroborated(pairs, model)))["met"].to_pylist()
    assert sorted(found) == [False, True]
