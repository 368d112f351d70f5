"""A source that has no row of somebody any more says nothing in their name: what they refused stays refused."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdp_assets.sources.spec import ColumnSpec, IdentifierSpec, MapSpec, SourceSpec, StreamSpec
from cdp_assets_tests.examples import examples
from cdp_assets_tests.normalised.bench import canonical, load, published, updated
from cdp_assets_tests.sources.shop import AS_OF, Bench, content, shop

COLUMNS = ("id", "email", "says", "gone", "at")
Rows = list[tuple[str, ...]]


def asked(load_: str, status: str = "says") -> SourceSpec:
    """People whom a system asks whether they want letters."""
    said = MapSpec(
        "consents",
        (
            ("contact_point", "email"), ("purpose", "'marketing'"), ("channel", "'email'"), ("status", status),
            ("explicit", "'true'"), ("occurred_at", "at"),
        ),
    )  # fmt: skip
    kinds = dict.fromkeys(COLUMNS[1:4], "string") | {"id": "string", "at": "timestamp"}
    marked = {"deleted": "gone = 'yes'", "updated_at": "at"} if load_ == "upsert" else {}
    return shop(
        StreamSpec(
            "people", "shop/people*", "csv", tuple(ColumnSpec(name, kinds[name]) for name in COLUMNS),
            load=load_, key=("id",), person=True, maps=(said,), **marked,
            identifiers=(IdentifierSpec("customer_number", "id", "shop"),),
        )
    )  # fmt: skip


def deliver(bench: Bench, source: SourceSpec, *days: Rows) -> list[tuple[str, str]]:
    """Let the system deliver, day by day; the words that count at the end, by id."""
    for day, rows in enumerate(days):
        found = [dict(zip(COLUMNS, row, strict=True)) for row in rows]
        bench.drop(f"shop/people_{day}.csv", content("csv", found, COLUMNS))
        load(bench, source, AS_OF + timedelta(days=day))
        updated(bench, source, "consents")
    return sorted((row["native_id"], row["status"]) for row in published(bench, "consents"))


NO = ("1", "a@x.org", "withdrawn", "", "2026-01-02")
YES = ("2", "b@x.org", "granted", "", "2026-01-02")
OTHER = ("3", "c@x.org", "granted", "", "2026-01-02")


def test_who_is_missing_from_a_list_has_refused_all_the_same_and_permits_nothing_any_more(bench: Bench) -> None:
    assert deliver(bench, asked("snapshot"), [NO, YES, OTHER], [OTHER]) == [("1", "withdrawn"), ("3", "granted")]


def test_who_comes_back_says_what_the_list_says(bench: Bench) -> None:
    again = ("1", "a@x.org", "granted", "", "2026-02-02")
    assert deliver(bench, asked("snapshot"), [NO, OTHER], [OTHER], [again, OTHER])[0] == ("1", "granted")


@pytest.mark.parametrize(
    "marked",
    [
        pytest.param(("1", "a@x.org", "withdrawn", "yes", "2026-03-02"), id="as it was"),
        pytest.param(("1", "", "", "yes", "2026-03-02"), id="no more than the key"),
    ],
)
def test_who_is_marked_as_deleted_has_refused_all_the_same(bench: Bench, marked: tuple[str, ...]) -> None:
    assert deliver(bench, asked("upsert"), [NO, OTHER], [marked]) == [("1", "withdrawn"), ("3", "granted")]


def test_who_refuses_with_the_row_that_is_deleted_has_refused(bench: Bench) -> None:
    marked = ("2", "b@x.org", "denied", "yes", "2026-03-02")
    assert deliver(bench, asked("upsert"), [YES, OTHER], [marked]) == [("2", "denied"), ("3", "granted")]


def test_a_row_that_bears_nothing_but_its_key_refuses_nothing(bench: Bench) -> None:
    source = asked("upsert", status="case when says = 'granted' then says else 'withdrawn' end")
    marked = ("2", "", "", "yes", "2026-03-02")
    assert deliver(bench, source, [YES, OTHER], [marked]) == [("3", "granted")]


def test_who_permitted_again_before_they_were_deleted_has_refused_nothing(bench: Bench) -> None:
    again, marked = (("1", "a@x.org", "granted", gone, f"2026-03-0{day}") for gone, day in (("", 2), ("yes", 3)))
    assert deliver(bench, asked("upsert"), [NO, OTHER], [again], [marked]) == [("3", "granted")]


told = st.tuples(
    st.sampled_from("123"), st.sampled_from(["a@x.org", "b@x.org", ""]), st.sampled_from(["granted", "denied", ""]),
    st.sampled_from(["", "yes"]), st.sampled_from(["2026-01-05", "2026-02-05", "2026-03-05"]),
)  # fmt: skip


@pytest.mark.parametrize("load_", ["upsert", "snapshot"])
@examples(25)
@given(days=st.lists(st.lists(told, min_size=1, max_size=4), min_size=2, max_size=4))
def test_whatever_comes_in_whatever_pieces_the_same_refusals_are_kept(load_: str, days: list[Rows]) -> None:
    source = asked(load_)
    with TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        # So many that what comes is little beside them, and is followed.
        many = [(f"{number}", f"{number}@x.org", "granted", "", "2026-01-01") for number in range(10, 40)]
        delivered = [[*rows, *many] if load_ == "snapshot" or not day else rows for day, rows in enumerate(days)]
        deliver(bench, source, *delivered)
        found, made = published(bench, "consents"), canonical(bench, source, "consents")
        assert sorted(map(repr, found)) == sorted(map(repr, made))
