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
        pytest.param(
            "Nom Prénom Civilité Adresse CodePostal Ville Courriel",
            said(
                family_name="Nom", given_name="Prénom", street="Adresse", postal_code="CodePostal", city="Ville",
                email="Courriel",
            ),
            id="French",
        ),
        pytest.param(
            "Nombre Apellidos Dirección Ciudad Correo Teléfono",
            said(
                given_name="Nombre", family_name="Apellidos", street="Dirección", city="Ciudad", email="Correo",
                phone="Teléfono",
            ),
            id="Spanish",
        ),
        pytest.param(
            "first_name last_name city birth_place emergency_nom addr1 pcode",
            said(given_name="first_name", family_name="last_name", city="city", street="addr1", postal_code="pcode"),
            id="what is of others or known already",
        ),
        pytest.param(
            "first_name middle_name last_name name_suffix house_num street_name city zip_code birth_year birth_month "
            "birth_day",
            said(
                given_name="first_name", middle_name="middle_name", family_name="last_name", name_suffix="name_suffix",
                house_number="house_num", street="street_name", city="city", postal_code="zip_code",
                birth_year="birth_year", birth_month="birth_month", birth_day="birth_day",
            ),
            id="voters",
        ),
        pytest.param(
            "fname lname by bm bd home_phone mobile_phone email work_email",
            said(
                given_name="fname", family_name="lname", birth_year="by", birth_month="bm", birth_day="bd",
                phone="home_phone", phone_2="mobile_phone", email="email", email_2="work_email",
            ),
            id="several of a kind",
        ),
    ],
)  # fmt: skip
def test_names_say_what_the_columns_of_known_layouts_are(columns: str, expected: dict[str, str]) -> None:
    assert guess(columns.split(), {}, taken={"cluster"}) == expected


def test_an_exact_name_wins_over_one_that_contains_the_words() -> None:
    assert guess(["first_and_surname", "surname"], {}) == {"family_name": "surname"}
    assert guess(["first_and_surname"], {}) == {"family_name": "first_and_surname"}


@pytest.mark.parametrize(
    "column", ["user_name", "file_name", "ip_address", "consent_given", "last_seen", "file_suffix", "sold_by"]
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


def test_parts_of_a_birth_date_count_together_and_by_their_values() -> None:
    assert guess(["birth_year", "birth_month"], {}) == {}
    assert guess(["by", "bm", "bd"], {"by": ["anna", "rob"], "bm": ["1", "2"], "bd": ["3", "4"]}) == {}
    assert guess(["birth_day"], {"birth_day": ["1980-02-03"]}) == {"birth_date": "birth_day"}
    parts = {"yob": ["1980.0", "1991.0"], "dob_m": ["2.0", "11.0"], "dob_d": ["3.0", "30.0"]}
    assert guess(list(parts), parts) == {"birth_year": "yob", "birth_month": "dob_m", "birth_day": "dob_d"}


def test_several_columns_may_hold_addresses_or_numbers() -> None:
    columns = {
        "c1": ["anna@mail.example"],
        "c2": ["a@post.example"],
        "c3": ["+43 660 1234567"],
        "c4": ["01/5123456"],
        "c5": ["1980-02-03"],
        "c6": ["2020-02-03"],
    }
    assert guess(list(columns), columns) == {
        "email": "c1", "email_2": "c2", "phone": "c3", "phone_2": "c4", "birth_date": "c5",
    }  # fmt: skip
