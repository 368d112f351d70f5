"""Parts of one address are put together, and none of another one with them."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from cdp_assets.sources.proposing.columns import columns_of
from cdp_assets.sources.proposing.postal import of_one_address
from cdp_assets.sources.proposing.propose import propose
from cdp_assets_tests.sources.test_proposing import written

VALUES = {
    "street": "Main St 1",
    "address1": "Main St 1",
    "city": "Springfield",
    "state": "IL",
    "zip": "62001",
    "code": "62001",
    "country": "US",
}


def left_of(*headings: str) -> set[str]:
    """The columns that are part of the address that is taken."""
    columns = columns_of({name: [VALUES[name.lower().split()[-1]]] * 3 for name in headings})
    assert all(column.role for column in columns), [(column.address, column.role) for column in columns]
    kept, others = of_one_address(columns)
    assert {column.address for column in others} == {column.address for column in kept if column.role is None}
    return {column.address for column in kept if column.role}


@pytest.mark.parametrize(
    ("headings", "expected"),
    [
        pytest.param(
            ["Business Street", "Business City", "Home Street", "Home City", "Home Zip"],
            {"Home Street", "Home City", "Home Zip"},
            id="the fuller one",
        ),
        pytest.param(
            ["Business Street", "Business City", "Business Zip", "Home Street", "Home City"],
            {"Home Street", "Home City"},
            id="the person's own, though less is told of it",
        ),
        pytest.param(
            ["Venue Street", "Venue City", "Venue Zip", "City", "Zip"],
            {"City", "Zip"},
            id="that of which nothing is said, before that of something",
        ),
        pytest.param(
            ["Res Street", "Res City", "Mail City", "State", "Zip"],
            {"Res Street", "Res City", "State", "Zip"},
            id="with what goes with any",
        ),
        pytest.param(
            ["Address 2 Street", "Address 2 City", "Address 1 Street", "Address 1 City", "Address 1 Zip"],
            {"Address 1 Street", "Address 1 City", "Address 1 Zip"},
            id="numbered",
        ),
        pytest.param(
            ["Main Address1", "Main City", "Main Zip", "Main Country", "State", "Work State"],
            {"Main Address1", "Main City", "Main Zip", "Main Country", "State"},
            id="with its lines numbered",
        ),
        pytest.param(
            ["Street", "Billing City", "Zip", "Other State"],
            {"Street", "Billing City", "Zip"},
            id="no part of a second one",
        ),
        pytest.param(["Street", "Billing City", "Zip"], {"Street", "Billing City", "Zip"}, id="only one"),
    ],
)
def test_one_address_is_taken_whole(headings: list[str], expected: set[str]) -> None:
    assert left_of(*headings) == expected


def test_a_proposal_says_which_address_it_does_not_take(tmp_path: Path) -> None:
    text = "email,work_street,work_city,home_street,home_city,home_zip\n" + "".join(
        f"p{number}@example.org,Work Rd {number},Chicago,Elm St {number},Springfield,62{number:03d}\n"
        for number in range(20)
    )
    found = propose(written(tmp_path, "people.csv", text), "shop")
    [postal] = [each["set"] for each in found.stream["maps"] if each["set"].get("kind") == "'postal'"]
    assert (postal["line_1"], postal["city"], postal["postal_code"]) == ("home_street", "home_city", "home_zip")
    assert "of several addresses one is taken, without work_street, work_city" in found.doubts


def test_where_somebody_was_born_is_no_address_of_theirs(tmp_path: Path) -> None:
    text = "email,last_name,birth_city,birth_state,city,zip_code\n" + "".join(
        f"p{number}@example.org,Lee,Boston,MA,Durham,27{number:03d}\n" for number in range(20)
    )
    [postal] = [
        each["set"]
        for each in propose(written(tmp_path, "people.csv", text), "shop").stream["maps"]
        if each["set"].get("kind") == "'postal'"
    ]
    assert (postal["city"], "region" in postal) == ("city", False)


@pytest.mark.parametrize(("state", "role"), [("canceled", "status"), ("complete", "status"), ("Vermont", "region")])
def test_what_became_of_an_order_is_no_region(state: str, role: str) -> None:
    [found] = columns_of({"state": [state, None, state]})
    assert found.role == role


def test_blank_parts_of_another_address_are_no_parts_of_the_one_that_is_told() -> None:
    texts = {"Venue Street": None, "Venue Country": None, "City": "Leeds", "Zip": "LS1"}
    kept, others = of_one_address(columns_of({name: [text] * 3 for name, text in texts.items()}))
    assert {column.address for column in kept if column.role} == {"City", "Zip"}
    assert {column.address for column in others} == {"Venue Street", "Venue Country"}


@pytest.mark.parametrize(
    ("head", "row", "expected"),
    [
        ("Addr 1,Addr 2,City,ZIP", "1 Main St,Apt 2,Springfield,62001", ("line_1", "line_2", "city", "postal_code")),
        ("Calle y número,Colonia,Ciudad,C.P.", "Hidalgo 1,Centro,Puebla,72000", ("line_1", "city", "postal_code")),
        ("都道府県,市区町村,番地,建物名", "大阪府,大阪市北区,本町4-7-12,桜荘", ("region", "city", "line_1", "line_2")),
        ("Address,City,Pincode", "Plot 7,Pune,411082", ("line_1", "city", "postal_code")),
        ("Address,City,PIN Code", "Plot 7,Pune,411082", ("line_1", "city", "postal_code")),
        ("Address,City,Pin", "Plot 7,Pune,411082", ("line_1", "city", "postal_code")),
    ],
)
def test_parts_of_addresses_have_other_names_elsewhere(
    tmp_path: Path, head: str, row: str, expected: tuple[str, ...]
) -> None:
    text = "\n".join([f"Email,Name,{head},", *(f"p{n}@example.org,Ann Lee{n},{row}," for n in range(9)), ""])
    proposal = propose(written(tmp_path, "people.csv", text.replace(",\n", "\n")), "shop")
    (address,) = (map_["set"] for map_ in proposal.stream["maps"] if map_["set"].get("kind") == "'postal'")
    assert {*expected} == address.keys() - {"kind"}
    assert not any("secrets" in doubt for doubt in proposal.doubts)


def test_a_pin_beside_no_address_is_a_secret(tmp_path: Path) -> None:
    text = "\n".join(["Email,Name,Pin", *(f"p{n}@example.org,Ann Lee{n},{4000 + n}" for n in range(9)), ""])
    proposal = propose(written(tmp_path, "people.csv", text), "shop")
    assert "Pin may hold secrets: delete them at the source, or take them out here" in proposal.doubts


@pytest.mark.parametrize("heading", ["カード番号", "카드번호", "Kart No"])
def test_cards_of_members_have_numbers_elsewhere_too(tmp_path: Path, heading: str) -> None:
    text = "\n".join([f"{heading},Email,Name", *(f"77{n:06d},p{n}@example.org,Ann Lee{n}" for n in range(30)), ""])
    found = propose(written(tmp_path, "points.csv", text), "shop").stream["identifiers"]
    assert [each["type"] for each in found] == ["loyalty_number", "email"]


@pytest.mark.parametrize(
    ("heading", "where", "code", "town"),
    [
        ("PLZ Ort", "10{n:03d} Berlin", "10003", "Berlin"),
        ("Postcode en plaats", "10{n:02d} AB Den Haag", "1003 AB", "Den Haag"),
        ("CP / Ville", "F-75{n:03d} LE HAVRE", "75003", "LE HAVRE"),
    ],
)
def test_a_postal_code_and_a_town_in_one_column_are_told_apart(
    tmp_path: Path, heading: str, where: str, code: str, town: str
) -> None:
    rows = "".join(f"{n};Ann Lee{n};Elm St {n};{where.format(n=n)}\n" for n in range(24))
    found = propose(written(tmp_path, "kunden.csv", f"Kundennummer;Name;Straße;{heading}\n{rows}"), "shop")
    (postal,) = (map_["set"] for map_ in found.stream["maps"] if map_["to"] == "contact_points")
    asked = f"SELECT {postal['postal_code']}, {postal['city']} FROM (SELECT '{where.format(n=3)}' AS \"{heading}\")"
    assert duckdb.sql(asked).fetchone() == (code, town)
