"""What a preview says of a condition."""

from __future__ import annotations

from cdp_assets.segments.preview import Term, counts, read, terms_of
from cdp_assets_tests.segments.people import JUNE_1, Stage


def test_a_preview_says_which_term_cuts_how_much() -> None:
    stage = Stage([])
    people = stage.customers(
        [
            {"profile_id": 1, "orders": 3, "country": "DE"},
            {"profile_id": 2, "orders": 3, "country": None},
            {"profile_id": 3, "orders": 0, "country": "DE"},
            {"profile_id": 4, "orders": 5, "country": "FR"},
        ]
    )
    table, terms = counts(people, "orders > 0 and country = 'DE'", JUNE_1)
    (row,) = stage.engine.to_arrow(table).to_pylist()
    assert row["profiles"] == 4
    assert read(row, terms) == [Term("orders > 0", 3, 3, 1), Term("country = 'DE'", 2, 1, 2)]


def test_only_terms_joined_by_and_are_told_apart() -> None:
    assert terms_of("(orders > 0 and (country = 'DE' or email is null))") == [
        "orders > 0",
        "country = 'DE' OR email IS NULL",
    ]
