"""Which faces are compared: combinations that would give too many pairs are narrowed, then left out and reported, but
for what is no crowd where hardly anything else is compared."""

from __future__ import annotations

from collections.abc import Iterator

import ibis.expr.types as ir
import pyarrow as pa
import pytest

from cdp_assets.identity.linkage import blocking
from cdp_assets.identity.linkage.blocking import Block, blocks, in_crowd
from cdp_assets.identity.linkage.faces import FACES
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckDBEngine]:
    return DuckDBEngine.in_memory()


def faced(engine: DuckDBEngine, *rows: dict[str, str | None]) -> ir.Table:
    schema = FACES.to_pyarrow()
    filled = [{**dict.fromkeys(FACES.names), "face": at, "label": at, **row} for at, row in enumerate(rows)]
    return engine.from_arrow(pa.Table.from_pylist(filled, schema), FACES)


def chosen(engine: DuckDBEngine, *rows: dict[str, str | None]) -> list[Block]:
    columns = {column for row in rows for column, value in row.items() if value is not None}
    return blocks(faced(engine, *rows), 1, dict.fromkeys(columns, 1.0), len(rows), engine)


def bound(monkeypatch: pytest.MonkeyPatch, one: int, in_all: int) -> None:
    """So many pairs a combination, and all of them, may give whatever the number of faces."""
    monkeypatch.setattr(blocking, "_ALWAYS", one)
    monkeypatch.setattr(blocking, "_ALWAYS_IN_ALL", in_all)
    monkeypatch.setattr(blocking, "MOST_PAIRS_A_FACE", 0)
    monkeypatch.setattr(blocking, "MOST_PAIRS_IN_ALL", 0)


NAMESAKES: list[dict[str, str | None]] = [
    {"whole_name": "anna berger", "post_area": str(10 + number // 2)} for number in range(6)
]


def test_a_combination_with_few_pairs_is_used_as_it_is(engine: DuckDBEngine) -> None:
    assert chosen(engine, {"email": "a"}, {"email": "a"}, {"email": "b"}) == [Block(("email",), 1, ("email",))]


def test_a_combination_with_too_many_pairs_is_narrowed(engine: DuckDBEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    # Six namesakes are 15 pairs; within the three areas there are 3.
    bound(monkeypatch, one=14, in_all=100)
    first = chosen(engine, *NAMESAKES)[0]
    assert first == Block(("whole_name", "post_area"), 3, ("whole_name",))
    bound(monkeypatch, one=15, in_all=100)
    assert chosen(engine, *NAMESAKES)[0] == Block(("whole_name",), 15, ("whole_name",))


def test_what_narrowing_does_not_help_is_left_out_and_reported(
    engine: DuckDBEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    bound(monkeypatch, one=2, in_all=100)
    found = chosen(engine, *NAMESAKES)
    assert Block(("whole_name", "post_area"), 3, ("whole_name",), used=False) in found
    assert not any(block.used for block in found)


def test_a_combination_that_nothing_narrows_is_left_out_and_the_rest_stays(
    engine: DuckDBEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    bound(monkeypatch, one=5, in_all=100)
    rows: list[dict[str, str | None]] = [{"email": "info", "phone": str(number // 2)} for number in range(4)]
    assert chosen(engine, *rows) == [
        Block(("email",), 6, ("email",), used=False),
        Block(("phone",), 2, ("phone",)),
    ]


def test_all_combinations_together_stay_within_their_share(
    engine: DuckDBEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    bound(monkeypatch, one=10, in_all=7)
    rows: list[dict[str, str | None]] = [{"email": "info", "phone": str(number // 2)} for number in range(4)]
    assert [block.used for block in chosen(engine, *rows)] == [True, False]
    bound(monkeypatch, one=10, in_all=8)
    assert [block.used for block in chosen(engine, *rows)] == [True, True]


def test_the_share_grows_with_the_faces(engine: DuckDBEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    bound(monkeypatch, one=1, in_all=100)
    monkeypatch.setattr(blocking, "MOST_PAIRS_A_FACE", 2.5)
    assert chosen(engine, *NAMESAKES)[0].columns == ("whole_name",)


def test_a_combination_whose_pairs_another_has_anyway_is_not_used_twice(engine: DuckDBEngine) -> None:
    rows: list[dict[str, str | None]] = [{"birth_date": "1980-02-03", "postcode": "1010"}] * 2
    assert [block.columns for block in chosen(engine, *rows)] == [("birth_date",)]


def test_unknown_values_agree_with_nothing(engine: DuckDBEngine) -> None:
    assert chosen(engine, {"email": None}, {"email": None}, {"email": "a"}) == []


SHARED: dict[str, int] = {"crowd": 6, "other crowd": 5, "few": 2, "a few": 2}
AGAIN_AND_AGAIN: list[dict[str, str | None]] = [{"phone": phone} for phone, many in SHARED.items() for _ in range(many)]
"""15, 10, 1 and 1 pairs."""


def test_where_nothing_else_is_compared_only_crowds_are_left_out(
    engine: DuckDBEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = faced(engine, *AGAIN_AND_AGAIN)
    left: dict[int, list[str]] = {}
    for most in (12, 11, 2):
        bound(monkeypatch, one=most, in_all=100)
        [block] = chosen(engine, *AGAIN_AND_AGAIN)
        compared = engine.to_arrow(shown.filter(~in_crowd(shown, block)).select("phone").distinct())
        left[block.pairs] = sorted(compared["phone"].to_pylist())
    assert left == {12: ["a few", "few", "other crowd"], 2: ["a few", "few"]}


def test_crowds_of_one_size_are_left_out_together(engine: DuckDBEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    bound(monkeypatch, one=16, in_all=100)
    third: list[dict[str, str | None]] = [{"phone": "third"}] * 6
    [block] = chosen(engine, *AGAIN_AND_AGAIN, *third)
    assert (block.pairs, block.used, len(block.crowds)) == (12, True, 2)


def test_a_combination_of_too_many_crowds_is_left_out(engine: DuckDBEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    bound(monkeypatch, one=2, in_all=100)
    monkeypatch.setattr(blocking, "_MOST_CROWDS", 1)
    assert chosen(engine, *AGAIN_AND_AGAIN) == [Block(("phone",), 27, ("phone",), used=False)]


def test_crowds_stay_out_where_enough_is_compared_without_them(
    engine: DuckDBEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    bound(monkeypatch, one=2, in_all=100)
    for emails, used in ((2, [True, False]), (1, [True, True])):
        addresses = [str(number // 2) if number < 2 * emails else None for number in range(len(AGAIN_AND_AGAIN))]
        rows = [{**row, "email": email} for row, email in zip(AGAIN_AND_AGAIN, addresses, strict=True)]
        assert [block.used for block in chosen(engine, *rows)] == used
