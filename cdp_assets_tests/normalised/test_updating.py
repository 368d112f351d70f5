"""Whatever comes in whatever pieces: what is brought up to date equals what is made from nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdp_assets.normalised import canonical_updates
from cdp_assets.sources.spec import ColumnSpec, IdentifierSpec, MapSpec, SourceSpec, StreamSpec
from cdp_assets_tests.examples import examples
from cdp_assets_tests.normalised.bench import (
    canonical,
    gathered,
    load,
    observed,
    published,
    typed,
    typed_tables,
    updated,
)
from cdp_assets_tests.sources.shop import AS_OF, Bench, content, orders, row, shop

TOMORROW = "2026-07-03 10:00:00"
"""Too far ahead on the first day, sound on the third."""

LINES = MapSpec(
    "orders",
    (("order_id", "split_part(\"order\", '-', 1)"), ("ordered_at", "at"), ("currency", "'EUR'"), ("gross", "total")),
    id="split_part(\"order\", '-', 1)",
    grain=("shop_order",),
)

rows = st.builds(
    row,
    st.sampled_from(["A-1", "A-2", "B-1", "C-1", "C-2", ""]),
    st.sampled_from(["2026-01-05 10:00:00", "2026-02-05 10:00:00", TOMORROW, "never"]),
    st.sampled_from(["1", "2", "x"]),
    st.sampled_from(["ann@x.org", "bob@x.org", None]),
)
deliveries = st.lists(st.lists(rows, min_size=1, max_size=6), min_size=1, max_size=4)


def _orders(load_: str, grain: bool, where: str | None, repeats: bool) -> SourceSpec:
    derive = (("shop_order", "split_part(\"order\", '-', 1)"),)
    stream = orders(load=load_, updated_at="at" if load_ == "upsert" else None, key_repeats=repeats)
    if grain:
        stream = orders(load=load_, derive=derive, maps=(LINES,), key_repeats=repeats)
    return shop(replace(stream, maps=tuple(replace(map_, where=where) for map_ in stream.maps)))


def _as_set(found: list[dict[str, Any]]) -> Counter[str]:
    return Counter(repr({name: value for name, value in each.items() if name != "cdp_revision"}) for each in found)


@pytest.mark.parametrize("where", [None, "total < 2"], ids=["every row", "some rows"])
@pytest.mark.parametrize("grain", [False, True], ids=["a row an order", "a row a line"])
@pytest.mark.parametrize(
    ("load_", "repeats"), [("append", False), ("append", True), ("upsert", False), ("snapshot", False)]
)
@examples(2)
@given(delivered=deliveries)
def test_typed_and_canonical_rows_equal_those_made_from_nothing(
    load_: str, repeats: bool, grain: bool, where: str | None, delivered: list[list[dict[str, Any]]]
) -> None:
    source = _orders(load_, grain, where, repeats)
    with TemporaryDirectory() as folder, TemporaryDirectory() as other:
        bench, anew = Bench(Path(folder)), Bench(Path(other))
        for day, some in enumerate(delivered):
            for each in (bench, anew):
                each.drop(f"shop/orders_{day}.csv", content("csv", some))
            as_of = AS_OF + timedelta(days=day)
            load(bench, source, as_of)
            updated(bench, source, "orders")
        load(anew, source, as_of)
        assert _as_set(typed(bench)) == _as_set(typed(anew))
        assert _as_set(published(bench, "orders")) == _as_set(canonical(anew, source, "orders"))


EMAILS = MapSpec("contact_points", (("kind", "'email'"), ("value", "email")))
PLACES = MapSpec("contact_points", (("kind", "'postal'"), ("line_1", "total")))
NUMBER = IdentifierSpec("customer_number", "id", "shop")


def told_of(name: str, value: str, **changes: Any) -> StreamSpec:
    """A stream that says a value of customers, and when."""
    given: dict[str, Any] = {
        "columns": (
            ColumnSpec("id", "string", required=True),
            ColumnSpec(value, "string"),
            ColumnSpec("at", "timestamp", required=True),
        ),
        "identifiers": (NUMBER,),
    }
    return StreamSpec(name=name, files=f"shop/{name}*", format="csv", **{**given, **changes})


AS_PEOPLE: dict[str, Any] = {"load": "upsert", "key": ("id",), "updated_at": "at", "person": True}
people = st.fixed_dictionaries(
    {
        "id": st.sampled_from(["1", "2", "3", ""]),
        "email": st.sampled_from(["ann@x.org", "a.nn+x@gmail.com", ""]),
        "at": st.sampled_from(["2026-01-05", "2026-02-05", "never"]),
    }
)
visits = st.lists(
    st.builds(
        row, st.just("A"), st.sampled_from(["2026-01-05 10:00:00", "2026-02-05 10:00:00"]), st.sampled_from(["1", "2"]),
        st.sampled_from(["ann@x.org", "bob@x.org", "1@x.org", None]),
    ),
    max_size=3,
)  # fmt: skip
days = st.lists(st.tuples(st.lists(rows, max_size=2), visits, st.lists(people, max_size=2)), min_size=1, max_size=5)


@pytest.mark.parametrize("load_", ["append", "upsert", "snapshot"])
@examples(12)
@given(delivered=days)
def test_what_is_told_of_records_equals_what_is_made_from_nothing(
    load_: str, delivered: list[tuple[list[dict[str, Any]], ...]]
) -> None:
    stream = orders(load=load_, updated_at="at" if load_ == "upsert" else None, maps=(EMAILS, PLACES))
    # Of a stream without a key every row is new, and it tells of the same records as the other one.
    seen_there = replace(orders(name="visits", files="shop/visits*"), key=(), maps=(EMAILS, PLACES))
    emails = (NUMBER, IdentifierSpec("email", "email", "global"))
    known = {"identifiers": emails, "maps": (EMAILS,), "deleted": "email is null"}
    source = shop(stream, seen_there, told_of("people", "email", **AS_PEOPLE, **known))
    with TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        for day, (some, seen, persons) in enumerate(delivered):
            # So many at first that what comes later is little.
            many = [] if day else [row(f"{number}", email=f"{number}@x.org") for number in range(20)]
            for name, found in (("orders", [*some, *many]), ("visits", [*seen, *many])):
                if found:
                    bench.drop(f"shop/{name}_{day}.csv", content("csv", found))
            if persons:
                bench.drop(f"shop/people_{day}.csv", content("csv", persons, ("id", "email", "at")))
            load(bench, source, AS_OF + timedelta(days=day))
            gathered(bench, source)
            for name, table in observed(bench, source, typed_tables(bench, source)).items():
                anew = bench.engine.to_arrow(table.select(*bench.engine.table("normalised", name).columns)).to_pylist()
                assert _as_set(published(bench, name)) == _as_set(anew), name
            updated(bench, source, "contact_points")
            assert _as_set(published(bench, "contact_points")) == _as_set(canonical(bench, source, "contact_points"))


def test_what_is_observed_of_new_rows_is_added_to_what_was(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    source = shop(replace(orders(), key=()))
    bench.drop("shop/orders_1.csv", content("csv", [row(f"A{number}", email="ann@x.org") for number in range(20)]))
    load(bench, source)
    assert not gathered(bench, source)
    bench.drop("shop/orders_2.csv", content("csv", [row("B", email="ann@x.org"), row("C", email="new@x.org")]))
    load(bench, source)
    monkeypatch.setattr(canonical_updates, "_by_record", lambda *_: pytest.fail("all rows of a record were read"))
    assert gathered(bench, source)
    assert sorted(each["rows"] for each in published(bench, "identity_records")) == [1, 21]


@pytest.mark.parametrize("load_", ["upsert", "snapshot"])
def test_a_person_whom_the_source_deletes_or_leaves_out_is_closed_and_keeps_what_they_said(
    bench: Bench, load_: str
) -> None:
    deleted = "email is null" if load_ == "upsert" else None
    source = shop(told_of("people", "email", **AS_PEOPLE | {"load": load_}, deleted=deleted))
    many = [{"id": f"{number}", "email": f"{number}@x.org", "at": "2026-01-15"} for number in range(20)]
    for day, some in enumerate([many, [{"id": "3", "at": "2026-02-15"}] if deleted else many[:3] + many[4:]]):
        bench.drop(f"shop/people_{day}.csv", content("csv", some, ("id", "email", "at")))
        load(bench, source, AS_OF + timedelta(days=day))
        assert gathered(bench, source) == (day > 0)
    assert [each["native_id"] for each in published(bench, "identity_records") if each["closed"]] == ["3"]
    assert "3" in {each["identifier_value"] for each in published(bench, "identifiers")}


def test_one_new_row_among_many_is_typed_and_mapped_alone(bench: Bench) -> None:
    source = shop(orders())
    bench.drop("shop/orders_1.csv", content("csv", [row(f"A{number}") for number in range(20)]))
    load(bench, source)
    assert not updated(bench, source, "orders")
    bench.drop("shop/orders_2.csv", content("csv", [row("A3", total="7")]))
    load(bench, source)
    assert updated(bench, source, "orders")
    assert Counter(found["cdp_revision"] for found in typed(bench)) == {0: 19, 1: 2}
    assert [found["gross"] for found in canonical(bench, source, "orders") if found["native_id"] == "A3"] == [7]


def test_a_contact_keeps_the_time_at_which_its_name_changed(bench: Bench) -> None:
    source = shop(told_of("people", "name", **AS_PEOPLE, maps=(MapSpec("contacts", (("full_name", "name"),)),)))
    many = [{"id": str(number), "name": "Ann", "at": "2026-01-01"} for number in range(20)]
    bench.drop("shop/people_1.csv", content("csv", many, ("id", "name", "at")))
    load(bench, source)
    updated(bench, source, "contacts")
    news = [{"id": "3", "name": "Anna", "at": "2026-02-01"}, {"id": "4", "name": "Ann", "at": "2026-02-01"}]
    bench.drop("shop/people_2.csv", content("csv", news, ("id", "name", "at")))
    load(bench, source)
    assert updated(bench, source, "contacts")
    changed = {
        each["native_id"]: (each["full_name"], each["full_name_changed_at"].month)
        for each in published(bench, "contacts")
    }
    assert (changed["3"], changed["4"], changed["5"]) == (("Anna", 2), ("Ann", 1), ("Ann", 1))


def _in_months(bench: Bench) -> dict[str, int]:
    return {
        each["value"].removesuffix(".0000"): each["changed_at"].month for each in published(bench, "contact_points")
    }


@pytest.mark.parametrize("load_", ["append", "upsert", "snapshot"])
def test_a_contact_point_is_as_old_as_the_first_version_that_says_it(bench: Bench, load_: str) -> None:
    names = ("id", "email", "town", "at")
    columns = tuple(ColumnSpec(name, "timestamp" if name == "at" else "string") for name in names)
    source = shop(told_of("people", "email", **AS_PEOPLE | {"load": load_}, columns=columns, maps=(EMAILS,)))
    months: dict[str, tuple[int, ...]] = {"moved": (1, 1, 2), "renamed": (1, 3, 4), "back": (1, 2, 3)}
    said = {"renamed": ("old@x.org", "New@x.org", "new@x.org"), "back": ("back@x.org", "elsewhere@x.org", "back@x.org")}
    still = [{"id": f"{number}", "email": f"{number}@x.org", "at": "2026-01-15"} for number in range(20)]
    for day in range(3):
        some = [
            {
                "id": who,
                "email": said.get(who, [f"{who}@x.org"] * 3)[day],
                "town": f"{day}",
                "at": f"2026-0{month[day]}-15",
            }
            for who, month in months.items()
        ]
        bench.drop(f"shop/people_{day}.csv", content("csv", [*some, *still], names))
        load(bench, source, AS_OF + timedelta(days=day))
        updated(bench, source, "contact_points")
    known = _in_months(bench)
    assert {value: month for value, month in known.items() if not value[0].isdigit()} == {
        "moved@x.org": 1, "new@x.org": 3, "back@x.org": 3,
    }  # fmt: skip


def test_of_the_rows_of_a_record_one_that_repeats_a_contact_point_is_no_news(bench: Bench) -> None:
    source = shop(replace(orders(maps=(EMAILS, PLACES)), key=()))

    def delivered(month: int, *places: str) -> dict[str, int]:
        some = [row("A", f"2026-0{month}-05 10:00:00", place, "ann@x.org") for place in places]
        bench.drop(f"shop/orders_{month}.csv", content("csv", some))
        load(bench, source)
        updated(bench, source, "contact_points")
        return _in_months(bench)

    assert delivered(1, *["1"] * 20) == {"ann@x.org": 1, "1": 1}
    assert delivered(2, "1") == {"ann@x.org": 1, "1": 1}
    assert delivered(3, "2") == {"ann@x.org": 1, "1": 1, "2": 3}
    assert delivered(4, "2") == {"ann@x.org": 1, "1": 1, "2": 3}
    assert delivered(5, "1") == {"ann@x.org": 1, "1": 5, "2": 3}


def test_rows_that_a_map_does_not_take_say_nothing_of_a_contact(bench: Bench) -> None:
    names = MapSpec("contacts", (("full_name", "name"),), where="name is not null")
    source = shop(told_of("sign_ups", "name", load="append", event_time="at", maps=(names,)))

    def delivered(day: int, *news: tuple[str, str, str]) -> list[tuple[str, int]]:
        some = [dict(zip(("id", "name", "at"), each, strict=True)) for each in news]
        bench.drop(f"shop/sign_ups_{day}.csv", content("csv", some, ("id", "name", "at")))
        load(bench, source, AS_OF + timedelta(days=day))
        assert updated(bench, source, "contacts") == (day > 0)
        found = published(bench, "contacts")
        return sorted((each["full_name"], each["full_name_changed_at"].month) for each in found)

    many = [(str(number), f"Ann {number}", "2026-01-01") for number in range(20)]
    before = delivered(0, *many)
    assert delivered(1, ("3", "", "2026-02-01")) == before
    assert delivered(2, ("3", "Ann 3", "2026-03-01")) == before
    assert delivered(3, ("3", "Anna", "2026-04-01")) == sorted({*before, ("Anna", 4)} - {("Ann 3", 1)})


@pytest.mark.parametrize("load_", ["append", "upsert", "snapshot"])
def test_what_bears_no_time_has_that_of_the_delivery_that_first_said_so(bench: Bench, load_: str) -> None:
    refused = MapSpec(
        "consents",
        (
            ("contact_point", "email"), ("purpose", "'marketing'"), ("channel", "'email'"), ("status", "'withdrawn'"),
            ("explicit", "true"), ("occurred_at", "heard_at"),
        ),
        where="says = 'no'",
    )  # fmt: skip
    columns = (
        ColumnSpec("email", "string", required=True),
        ColumnSpec("answer", "string"),
        ColumnSpec("spent", "string"),
    )
    stream = StreamSpec(
        name="states", files="shop/states*", format="csv", columns=columns, load=load_, key=("email",),
        derive=(("says", "lower(answer)"),),
        delivered_at="heard_at", identifiers=(IdentifierSpec("email", "email", "global"),), maps=(refused,),
    )  # fmt: skip
    source = shop(stream)
    for day, says in enumerate([["yes", "no", "no", "no"], ["no", "no", "yes", "no"], ["no", "no", "no", "no"]]):
        # Who buys says nothing of consent.
        rows = [
            {"email": f"{number}@x.org", "answer": word, "spent": str(day * (number == 3))}
            for number, word in enumerate(says)
        ]
        bench.drop(f"shop/states_{day}.csv", content("csv", rows, ("email", "answer", "spent")))
        load(bench, source, AS_OF + timedelta(days=day))
        updated(bench, source, "consents")
    heard = {each["contact_point"]: (each["occurred_at"] - AS_OF).days for each in published(bench, "consents")}
    assert heard == {"0@x.org": 1, "1@x.org": 0, "2@x.org": 2, "3@x.org": 0}
