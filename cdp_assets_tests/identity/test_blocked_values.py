"""Values that are nobody's own."""

from __future__ import annotations

from datetime import date

import pytest

from cdp_assets_tests.identity.world import Record, World, together


@pytest.mark.parametrize(
    "value",
    [
        "email noreply@example.com",
        "email n/a",
        "email asdf@asdf.de",
        "email 1@1.de",
        "email max.mustermann@example.com",
        "phone +490000000000",
        "phone +491234567",
        "phone +49999999999",
        "customer_number -1",
        "customer_number null",
        "customer_number 000",
        "customer_number 99999",
        "user_id anonymous",
        "user_id 00000000-0000-0000-0000-000000000000",
        "device_id undefined",
    ],
)
def test_a_placeholder_links_nothing_and_is_reported(value: str) -> None:
    world = World()
    assert world.groups([Record(1, (value,)), Record(2, (value,))]) == {frozenset({1}), frozenset({2})}
    [row] = world.tables["rejected_links"].to_pylist()
    assert (row["reason"], row["records"], row["right_record_id"]) == ("placeholder", 2, None)


@pytest.mark.parametrize(
    "value", ["customer_number 7", "customer_number 22", "email bob@example.com", "email bob@bobby.com", "user_id abba"]
)
def test_a_short_number_is_no_placeholder(value: str) -> None:
    assert together(Record(1, (value,)), Record(2, (value,))) == {frozenset({1, 2})}


def test_an_email_with_more_than_20_names_is_a_hub() -> None:
    names = [
        "Ada",
        "Bea",
        "Cleo",
        "Dora",
        "Emil",
        "Fritz",
        "Gerd",
        "Hugo",
        "Ines",
        "Jutta",
        "Kurt",
        "Lena",
        "Max",
        "Nora",
        "Otto",
        "Paul",
        "Rita",
        "Sven",
        "Tom",
        "Uwe",
        "Vera",
    ]
    staff = [
        Record(n, (f"crm/contact_id c{n}", "email office@example.com"), f"{name} Q") for n, name in enumerate(names)
    ]
    open_ticket = Record(99, ("email office@example.com",))
    world = World()
    assert world.groups([*staff, open_ticket]) == {frozenset({n}) for n in [*range(21), 99]}
    [row] = world.tables["rejected_links"].to_pylist()
    assert (row["reason"], row["records"]) == ("hub", 22)


def test_twenty_names_are_no_hub_yet() -> None:
    world = World()
    family = [
        Record(n, (f"crm/contact_id c{n}", "email we@example.com"), f"{chr(65 + n)}{chr(97 + n)}x Q") for n in range(20)
    ]
    world.run(family)
    assert "hub" not in world.tables["rejected_links"]["reason"].to_pylist()


@pytest.mark.parametrize("people", [20, 21])
def test_an_email_of_people_born_on_more_than_20_days_is_a_hub_though_nobody_is_named(people: int) -> None:
    world = World()
    world.run([Record(n, ("email office@example.com",), born=date(1950, 2, 1 + n)) for n in range(people)])
    assert ("hub" in world.tables["rejected_links"]["reason"].to_pylist()) == (people > 20)


def test_a_customer_number_of_walk_in_customers_is_a_hub() -> None:
    walk_ins = [Record(n, ("till/customer_number 4711",), f"Person{chr(97 + n)} Q{chr(97 + n)}") for n in range(22)]
    world = World()
    assert len(world.groups(walk_ins)) == 22
    assert world.tables["rejected_links"]["reason"].to_pylist() == ["hub"]
