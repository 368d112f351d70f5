"""What a column of an unknown table of people is: by its name, and where that says nothing, by its values."""

from __future__ import annotations

import pytest

from cdp_assets.identity.evaluation.columns import guess


def said(**what: str) -> dict[str, str]:
    return what


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        pytest.param(
            "unique_id cluster full_name first_and_surname first_name surname dob birth_place postcode_fake occupation",
            said(
                record="unique_id", full_name="full_name", given_name="first_name", family_name="surname",
                birth_date="dob", city="birth_place", postal_code="postcode_fake", job_title="occupation",
            ),
            id="splink",
        ),
        pytest.param(
            "rec_id given_name surname street_number address_1 address_2 suburb postcode state date_of_birth "
            "soc_sec_id",
            said(
                record="rec_id", given_name="given_name", family_name="surname", house_number="street_number",
                street="address_1", city="suburb", postal_code="postcode", region="state",
                birth_date="date_of_birth", national_id="soc_sec_id",
            ),
            id="febrl",
        ),
        pytest.param(
            "Vorname Nachname Geburtsdatum Straße Hausnummer PLZ Ort E-Mail Telefon",
            said(
                given_name="Vorname", family_name="Nachname", birth_date="Geburtsdatum", street="Straße",
                house_number="Hausnummer", postal_code="PLZ", city="Ort", email="E-Mail", phone="Telefon",
            ),
            id="German",
        ),
        pytest.param(
            "customerId firstName lastName emailAddress phoneNumber dateOfBirth zipCode countryCode jobTitle",
            said(
                record="customerId", given_name="firstName", family_name="lastName", email="emailAddress",
                phone="phoneNumber", birth_date="dateOfBirth", postal_code="zipCode", country="countryCode",
                job_title="jobTitle",
            ),
            id="camelCase",
        ),
        pytest.param(
            "ID FIRST LAST CITY STATE ZIP SSN GENDER",
            said(
                record="ID", given_name="FIRST", family_name="LAST", city="CITY", region="STATE", postal_code="ZIP",
                national_id="SSN", gender="GENDER",
            ),
            id="capitals",
        ),
    ],
)  # fmt: skip
def test_names_say_what_the_columns_of_known_layouts_are(columns: str, expected: dict[str, str]) -> None:
    assert guess(columns.split(), {}, taken={"cluster"}) == expected


def test_an_exact_name_wins_over_one_that_contains_the_words() -> None:
    assert guess(["first_and_surname", "surname"], {}) == {"family_name": "surname"}
    assert guess(["first_and_surname"], {}) == {"family_name": "first_and_surname"}


@pytest.mark.parametrize(
    "column", ["user_name", "middle_name", "file_name", "ip_address", "consent_given", "last_seen"]
)
def test_a_vague_word_within_a_name_says_nothing(column: str) -> None:
    assert guess([column], {}) == {}


def test_values_may_deny_what_a_name_only_contains() -> None:
    yes_no = ["true", "false", "true"]
    columns = {"email_opt_in": yes_no, "phone_verified": yes_no}
    assert guess(list(columns), columns) == {}


def test_columns_without_a_name_are_known_by_their_values() -> None:
    columns = {
        "c1": ["1", "2", "3"],
        "c2": ["anna@mail.example", "b.c@post.example"],
        "c3": ["1980-02-03", "1991-11-30"],
        "c4": ["+43 660 1234567", "01/5123456"],
        "c5": ["Anna", "Peter"],
        "c6": ["Wien", "Graz"],
    }
    assert guess(list(columns), columns) == {"email": "c2", "birth_date": "c3", "phone": "c4"}


@pytest.mark.parametrize("born", ["1980-02-03", "19800203", "1980/02/03", "03.02.1980", "3/2/1980", "1980-02-03 00:00"])
def test_a_birth_date_is_known_in_each_usual_spelling(born: str) -> None:
    assert guess(["c1"], {"c1": [born]}) == {"birth_date": "c1"}


@pytest.mark.parametrize("column", ["created_at", "updatedAt", "registered", "signup_date", "customer_since"])
def test_a_date_of_something_else_is_no_birth_date(column: str) -> None:
    assert guess([column], {column: ["2020-02-03"]}) == {}


def test_some_values_of_another_shape_do_not_hide_what_a_column_is() -> None:
    nine = [f"p{number}@mail.example" for number in range(9)]
    assert guess(["c1"], {"c1": [*nine, "by post"]}) == {"email": "c1"}
    assert guess(["c1"], {"c1": [*nine[:3], "by post", "by phone"]}) == {}


def test_columns_that_are_spoken_for_are_left_alone() -> None:
    assert guess(["id", "name"], {}, taken={"id"}) == {"full_name": "name"}
