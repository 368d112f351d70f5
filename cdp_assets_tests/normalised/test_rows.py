"""Every source row gets exactly one disposition, and what is accepted means what its source meant."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from cdp_assets.sources.spec import ColumnSpec, IdentifierSpec, MapSpec, StreamSpec
from cdp_assets_tests.normalised.bench import canonical, load, outcome, typed
from cdp_assets_tests.sources.shop import Bench, content, orders, row, shop

ACCEPTED = ("accepted", None)
EVERY = pytest.mark.parametrize("format", ["csv", "jsonl", "json", "parquet"])


def test_text_becomes_typed_values_in_utc(bench: Bench) -> None:
    source = shop(orders())
    bench.drop("shop/orders.csv", content("csv", [row("A1", "2026-01-05 10:00:00", "1234.50", " Ann@Example.ORG ")]))
    load(bench, source)

    [found] = typed(bench)
    assert (found["at"], found["total"]) == (datetime(2026, 1, 5, 9, tzinfo=UTC), Decimal("1234.5000"))
    assert found["cdp_identifier_0"] == "ann@example.org"
    [order] = canonical(bench, source, "orders")
    assert order["ordered_at"] == datetime(2026, 1, 5, 9, tzinfo=UTC)
    assert (order["gross"], order["net"]) == (Decimal("1234.50"), Decimal("1234.50"))
    assert (order["source"], order["native_id"]) == ("shop", "A1")


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"total": "twelve"}, "the value is not a decimal"),
        ({"total": '"1,5"'}, "the value is not a decimal"),
        ({"at": "2026-13-01"}, "the value is not a timestamp"),
        ({"at": "2099-01-01 00:00:00"}, "the time lies in the future"),
        ({"at": "1800-01-01 00:00:00"}, "the time is before 1900"),
        ({"at": ""}, "a required value is missing"),
        ({"order": " "}, "a required value is missing"),
        ({"email": "=HYPERLINK(1)"}, "a spreadsheet formula stands in a cell"),
        ({"email": "@SUM(1+1)"}, "a spreadsheet formula stands in a cell"),
    ],
)
def test_a_bad_value_quarantines_its_row_and_no_other(bench: Bench, changed: dict[str, str], reason: str) -> None:
    bench.drop("shop/orders.csv", content("csv", [row("A1"), row(**{"order": "A2", **changed}), row("A3")]))
    load(bench, shop(orders()))
    assert outcome(bench) == [ACCEPTED, ("quarantined", reason), ACCEPTED]


@EVERY
@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"total": "twelve"}, "the value is not a decimal"),
        ({"at": "2099-01-01 00:00:00"}, "the time lies in the future"),
        ({"email": "=HYPERLINK(1)"}, "a spreadsheet formula stands in a cell"),
    ],
)
def test_a_bad_value_is_found_in_every_format_and_its_correction_is_accepted(
    bench: Bench, format: str, changed: dict[str, str], reason: str
) -> None:
    source = shop(orders(format))
    bench.drop("shop/orders.1", content(format, [row("A1"), row(**{"order": "A2", **changed})]))
    load(bench, source)
    assert outcome(bench) == [ACCEPTED, ("quarantined", reason)]
    bench.drop("shop/orders.2", content(format, [row("A2")]))
    load(bench, source)
    assert outcome(bench) == [ACCEPTED, ("quarantined", reason), ACCEPTED]


@EVERY
def test_a_key_that_comes_twice_is_a_duplicate_in_every_format(bench: Bench, format: str) -> None:
    bench.drop("shop/orders.1", content(format, [row("A1"), row("A1"), row("A2")]))
    load(bench, shop(orders(format)))
    assert [found for found, _ in outcome(bench)] == ["accepted", "duplicate", "accepted"]


def test_grouped_and_signed_numbers_are_read_and_phones_are_no_formulas(bench: Bench) -> None:
    given = [row("A1", total='"1,234.50"'), row("A2", total="-3"), row("A3", email="+49 30 901820")]
    bench.drop("shop/orders.csv", content("csv", given))
    load(bench, shop(orders()))
    assert [found["total"] for found in typed(bench)] == [Decimal("1234.5"), Decimal("-3"), Decimal("12.5")]
    assert outcome(bench) == [ACCEPTED] * 3


def test_the_same_row_twice_is_a_duplicate_and_a_newer_one_supersedes(bench: Bench) -> None:
    given = [row("A1"), row("A1"), row("B1", total="1"), row("B1", total="2")]
    bench.drop("shop/orders.csv", content("csv", given))
    load(bench, shop(orders()))
    assert [found for found, _ in outcome(bench)] == ["accepted", "duplicate", "superseded", "accepted"]


def test_lines_of_one_file_that_share_their_key_are_told_apart_where_a_key_may_repeat(bench: Bench) -> None:
    source = shop(orders(key_repeats=True))
    given = [row("A1", total="1"), row("A1", total="2"), row("A1", total="2"), row("A1/2", total="3")]
    bench.drop("shop/orders_1.csv", content("csv", given))
    load(bench, source)
    assert [found for found, _ in outcome(bench)] == ["accepted", "accepted", "duplicate", "accepted"]
    assert [found["cdp_native_id"] for found in typed(bench)] == ["A1", "A1/2", "A1/2", r"A1\/2"]

    bench.drop("shop/orders_2.csv", content("csv", [row("A1", total="1"), row("A1", total="5")]))
    load(bench, source)
    dispositions = [found for found, _ in outcome(bench)]
    assert dispositions == ["accepted", "superseded", "duplicate", "accepted", "duplicate", "accepted"]


def test_rows_without_a_key_all_count(bench: Bench) -> None:
    bench.drop("shop/orders.csv", content("csv", [row("A1"), row("A1")]))
    load(bench, shop(orders(key=())))
    assert outcome(bench) == [ACCEPTED, ACCEPTED]


def test_the_version_changed_last_at_the_source_wins_whatever_the_order_of_arrival(bench: Bench) -> None:
    source = shop(orders(load="upsert", updated_at="at"))
    bench.drop("shop/orders_1.csv", content("csv", [row("A1", "2026-03-01 00:00:00", "3")]))
    load(bench, source)
    bench.drop("shop/orders_2.csv", content("csv", [row("A1", "2026-02-01 00:00:00", "2")]))
    load(bench, source)
    assert [found for found, _ in outcome(bench)] == ["accepted", "superseded"]
    assert [order["gross"] for order in canonical(bench, source, "orders")] == [Decimal("3.00")]


def test_a_row_marked_as_deleted_is_closed(bench: Bench) -> None:
    source = shop(orders(load="upsert", updated_at="at", deleted="total < 0"))
    bench.drop("shop/orders_1.csv", content("csv", [row("A1"), row("A2")]))
    load(bench, source)
    bench.drop("shop/orders_2.csv", content("csv", [row("A1", "2026-02-01 00:00:00", "-1")]))
    load(bench, source)
    assert [order["order_id"] for order in canonical(bench, source, "orders")] == ["A2"]
    assert [found for found, _ in outcome(bench)] == ["superseded", "accepted", "accepted"]


def test_what_a_snapshot_leaves_out_is_closed_and_comes_back(bench: Bench) -> None:
    source = shop(orders(load="snapshot"))
    both, one = content("csv", [row("A1"), row("A2")]), content("csv", [row("A1")])
    for number, (delivered, expected) in enumerate([(both, ["A1", "A2"]), (one, ["A1"]), (both, ["A1", "A2"])]):
        bench.drop(f"shop/orders_{number}.csv", delivered)
        load(bench, source)
        assert [order["order_id"] for order in canonical(bench, source, "orders")] == expected


def test_a_snapshot_that_goes_back_to_an_older_value_is_believed(bench: Bench) -> None:
    source = shop(orders(load="snapshot", updated_at="at"))
    for number, total in enumerate(("1", "2", "1")):
        bench.drop(f"shop/orders_{number}.csv", content("csv", [row("A1", total=total)]))
        load(bench, source)
        assert [order["gross"] for order in canonical(bench, source, "orders")] == [Decimal(total)]


def test_what_a_canonical_table_needs_and_a_row_lacks_is_quarantined(bench: Bench) -> None:
    mapped = MapSpec(
        "orders",
        (("order_id", '"order"'), ("ordered_at", "at"), ("currency", "nullif(email, 'none')"), ("gross", "total")),
    )
    bench.drop("shop/orders.csv", content("csv", [row("A1", email="EUR"), row("A2", email="none")]))
    load(bench, shop(orders(maps=(mapped,))))
    assert outcome(bench) == [ACCEPTED, ("quarantined", "orders needs `currency`, which came out empty")]


def test_a_refusal_that_names_no_contact_point_is_the_persons_and_a_yes_without_one_permits_nothing(
    bench: Bench,
) -> None:
    columns = tuple(ColumnSpec(name, "string") for name in ("number", "email", "says", "at"))
    said = MapSpec(
        "consents",
        (
            ("contact_point", "email"), ("purpose", "'marketing'"), ("channel", "'email'"), ("status", "says"),
            ("explicit", "number < '4'"), ("occurred_at", "cast(at as timestamptz)"),
        ),
    )  # fmt: skip
    stream = StreamSpec(
        "words", "shop/words*", "csv", columns, key=("number",),
        identifiers=(IdentifierSpec("customer_number", "number", "shop"),), maps=(said,),
    )  # fmt: skip
    told = [
        ("a@x.org", "granted", "2026-01-02"),
        ("", "withdrawn", "2026-01-02"),
        ("", "denied", ""),
        ("", "granted", ""),
        ("", "withdrawn", "2026-01-02"),
    ]
    given = [dict(zip(("number", "email", "says", "at"), (str(n), *each), strict=True)) for n, each in enumerate(told)]
    bench.drop("shop/words.csv", content("csv", given, ("number", "email", "says", "at")))
    source = shop(stream)
    load(bench, source)
    found = [(row["native_id"], row["contact_point"]) for row in canonical(bench, source, "consents")]
    assert sorted(found) == [("0", "a@x.org"), ("1", None)]


def test_facts_with_the_same_identifiers_hang_on_one_record_and_guests_on_their_own(bench: Bench) -> None:
    given = [row("A1", email="ann@x.org"), row("A2", email="ANN@x.org"), row("A3"), row("A4")]
    bench.drop("shop/orders.csv", content("csv", given))
    load(bench, shop(orders()))
    first, second, third, fourth = typed(bench)
    assert first["cdp_record_id"] == second["cdp_record_id"]
    assert len({found["cdp_record_id"] for found in (first, third, fourth)}) == 3
    assert [found["cdp_kind"] for found in (first, third)] == ["fact", "guest"]


@pytest.mark.parametrize(("grain", "people"), [(("booking",), 1), ((), 3)])
def test_guests_of_one_booking_are_people_of_their_own_where_each_row_names_one(
    bench: Bench, grain: tuple[str, ...], people: int
) -> None:
    columns = (ColumnSpec("booking", "string"), ColumnSpec("at", "timestamp"), ColumnSpec("name", "string"))
    booking = (("order_id", "booking"), ("ordered_at", "at"), ("currency", "'EUR'"))
    stream = StreamSpec(
        "bookings", "shop/bookings*", "csv", columns,
        maps=(
            MapSpec("orders", booking, grain=("booking",), id="booking"),
            MapSpec("contacts", (("full_name", "name"),), grain=grain, id="booking" if grain else None),
        ),
    )  # fmt: skip
    rows = [{"booking": "B1", "at": "2026-01-02T10:00:00Z", "name": name} for name in ("Ann Lee", "Bob Lee", "Zoe Lee")]
    bench.drop("shop/bookings.csv", content("csv", rows, ("booking", "at", "name")))
    source = shop(stream)
    load(bench, source)
    assert len({found["cdp_record_id"] for found in typed(bench, "shop__bookings")}) == people
    assert len(canonical(bench, source, "orders")) == 1


def test_a_couple_that_shares_all_its_addresses_is_two_records_by_their_names(bench: Bench) -> None:
    """But what carries a number of a person's own hangs on that, however the name is spelled."""
    columns = tuple(ColumnSpec(name, "string") for name in ("name", "email", "number"))
    stream = StreamSpec(
        "orders", "shop/orders*", "csv", columns,
        identifiers=(IdentifierSpec("email", "email", "global"), IdentifierSpec("user_id", "number", "shop")),
        maps=(MapSpec("contacts", (("full_name", "name"),), where="name <> 'none'"),),
    )  # fmt: skip
    given = [("Ann Lee", ""), (" ann lee", ""), ("Bob Lee", ""), ("none", ""), ("Ann Lee", "7"), ("A. Lee", "7")]
    rows = [{"name": name, "email": "lee@x.org", "number": number} for name, number in given]
    bench.drop("shop/orders.csv", content("csv", rows, ("name", "email", "number")))
    load(bench, shop(stream))
    ann, again, bob, nameless, numbered, initial = (found["cdp_record_id"] for found in typed(bench))
    assert (ann, numbered) == (again, initial)
    assert len({ann, bob, nameless, numbered}) == 4


def test_the_birth_date_that_a_system_writes_where_it_knows_none_is_none(bench: Bench) -> None:
    columns = (ColumnSpec("id", "string"), ColumnSpec("born", "date"))
    people = StreamSpec(
        "people", "shop/people*", "csv", columns, key=("id",), person=True,
        maps=(MapSpec("contacts", (("birth_date", "born"),)),),
    )  # fmt: skip
    told = ("1900-01-01", "1970-01-01", "1970-02-01", "")
    given = [{"id": str(number), "born": born} for number, born in enumerate(told, 1)]
    bench.drop("shop/people.csv", content("csv", given, ("id", "born")))
    source = shop(people)
    load(bench, source)
    found = {row["native_id"]: row["birth_date"] for row in canonical(bench, source, "contacts")}
    assert found == {"1": None, "2": None, "3": date(1970, 2, 1), "4": None}
    assert typed(bench, "shop__people")[0]["born"] == date(1900, 1, 1)


def test_nobody_is_left_out_for_a_birth_date_that_cannot_be(bench: Bench) -> None:
    columns = (ColumnSpec("id", "string"), ColumnSpec("born", "date", past=True), ColumnSpec("seen", "date", past=True))
    people = StreamSpec(
        "people", "shop/people*", "csv", columns, key=("id",), person=True,
        maps=(MapSpec("contacts", (("birth_date", "born"),)),),
    )  # fmt: skip
    told = (("1753-01-01", ""), ("2094-03-04", ""), ("1980-03-04", ""), ("soon", ""), ("1980-03-04", "2094-03-04"))
    given = [{"id": str(number), "born": born, "seen": seen} for number, (born, seen) in enumerate(told)]
    bench.drop("shop/people.csv", content("csv", given, ("id", "born", "seen")))
    source = shop(people)
    load(bench, source)
    found = {row["native_id"]: row["birth_date"] for row in canonical(bench, source, "contacts")}
    assert found == {"0": None, "1": None, "2": date(1980, 3, 4)}


def test_a_year_of_birth_that_is_none_or_stands_for_nothing_known_is_none(bench: Bench) -> None:
    columns = (ColumnSpec("id", "string"), ColumnSpec("born", "integer"))
    people = StreamSpec(
        "people", "shop/people*", "csv", columns, key=("id",), person=True,
        maps=(MapSpec("contacts", (("birth_year", "born"),)),),
    )  # fmt: skip
    told = ("1900", "45", "19800", "1970", "", "9" * 18)
    bench.drop("shop/people.csv", content("csv", [{"id": str(n), "born": born} for n, born in enumerate(told)],
                                          ("id", "born")))  # fmt: skip
    source = shop(people)
    load(bench, source)
    found = {row["native_id"]: row["birth_year"] for row in canonical(bench, source, "contacts")}
    assert found == {"0": None, "1": None, "2": None, "3": 1970, "4": None, "5": None}


def test_the_name_of_the_company_is_that_of_none_of_its_people(bench: Bench) -> None:
    columns = tuple(ColumnSpec(name, "string") for name in ("id", "name", "given", "family", "firm"))
    said = (("full_name", "name"), ("given_name", "given"), ("family_name", "family"), ("company", "firm"))
    people = StreamSpec(
        "people", "shop/people*", "csv", columns, key=("id",), person=True, maps=(MapSpec("contacts", said),)
    )
    told = [
        ("Lee GmbH", "", "", "LEE  GmbH "), ("Ann Lee", "", "", "Ann Lee"), ("Lee Ltd", "", "", "Costa Ltd"),
        ("Costa S.p.A.", "", "", "Costa S.p.A."), ("Lee Ltd", "", "", ""), ("", "", "Lee Ltd", "Lee Ltd"),
        ("", "Ann", "Lee AG", "Lee AG"), ("Ag Lee", "", "", "Ag Lee"),
    ]  # fmt: skip
    header = ("id", "name", "given", "family", "firm")
    rows = [dict(zip(header, (str(number), *row), strict=True)) for number, row in enumerate(told)]
    bench.drop("shop/people.csv", content("csv", rows, header))
    source = shop(people)
    load(bench, source)
    found = [row["full_name"] or row["family_name"] for row in canonical(bench, source, "contacts")]
    assert found == [None, "Ann Lee", "Lee Ltd", None, "Lee Ltd", None, "Lee AG", "Ag Lee"]


def test_a_persons_record_survives_a_changed_email(bench: Bench) -> None:
    source = shop(orders(load="upsert", person=True, updated_at="at", maps=()))
    bench.drop("shop/orders_1.csv", content("csv", [row("7", email="old@x.org")]))
    bench.drop("shop/orders_2.csv", content("csv", [row("7", "2026-02-01 00:00:00", email="new@x.org")]))
    load(bench, source)
    assert len({found["cdp_record_id"] for found in typed(bench)}) == 1


def test_phones_are_read_with_the_country_of_their_row_and_are_in_use_unless_told(bench: Bench) -> None:
    columns = (ColumnSpec("id", "string"), ColumnSpec("phone", "string"), ColumnSpec("country", "string"))
    people = StreamSpec(
        "people", "shop/people*", "csv", columns, key=("id",), person=True,
        identifiers=(IdentifierSpec("phone", "phone", "global", country="country"),),
        maps=(
            MapSpec(
                "contact_points",
                (
                    ("kind", "'phone'"), ("value", "phone"), ("country", "country"),
                    ("status", "case when id = '4' then 'bounced' end"),
                ),
            ),
        ),
    )  # fmt: skip
    source = shop(people)
    given = [
        {"id": "1", "phone": "'+44 20 7946 0018", "country": "GB"},
        {"id": "2", "phone": "030 901820", "country": ""},
        {"id": "3", "phone": "044 668 18 00", "country": "CH"},
        {"id": "4", "phone": "12", "country": "DE"},
    ]
    bench.drop("shop/people.csv", content("csv", given, ("id", "phone", "country")))
    load(bench, source)
    numbers = [found["cdp_identifier_0"] for found in typed(bench, "shop__people")]
    assert numbers == ["+442079460018", "+4930901820", "+41446681800", None]
    points = canonical(bench, source, "contact_points")
    assert [point["value"] for point in points] == [*numbers[:3], "12"]
    assert [point["status"] for point in points] == ["active"] * 3 + ["bounced"]


def test_one_row_may_feed_several_tables_and_an_order_of_many_lines_is_one(bench: Bench) -> None:
    line = MapSpec(
        "order_lines",
        (("order_id", '"order"'), ("ordered_at", "at"), ("currency", "'EUR'"), ("amount", "total")),
    )
    head = MapSpec(
        "orders",
        (("order_id", '"order"'), ("ordered_at", "at"), ("currency", "'EUR'")),
        grain=("order",),
        id='"order"',
    )
    source = shop(orders(key=(), maps=(line, head)))
    bench.drop("shop/orders.csv", content("csv", [row("A1", total="1"), row("A1", total="2"), row("B1", total="4")]))
    load(bench, source)
    assert [order["order_id"] for order in canonical(bench, source, "orders")] == ["A1", "B1"]
    assert sum(found["amount"] for found in canonical(bench, source, "order_lines")) == Decimal("7.00")
