"""What a column of an unknown table of people is: by its name, and where that says nothing, by its values."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import pytest

from cdp_assets.identity.evaluation import columns as evaluated


def guess(
    columns: Sequence[str], samples: Mapping[str, Sequence[str | None]], taken: Collection[str] = ()
) -> dict[str, str]:
    """What the columns are."""
    return evaluated.guess(columns, samples, taken).found


def said(**what: str) -> dict[str, str]:
    return what


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        pytest.param(
            "unique_id cluster full_name first_and_surname first_name surname dob birth_place postcode_fake occupation",
            said(
                record="unique_id", full_name="full_name", given_name="first_name", family_name="surname",
                birth_date="dob", postal_code="postcode_fake", job_title="occupation", city="birth_place",
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
                email="Courriel", gender="Civilité",
            ),
            id="French",
        ),
        pytest.param(
            "Anrede Vorname Nachname Geschlecht Reisepass",
            said(given_name="Vorname", family_name="Nachname", gender="Geschlecht", national_id="Reisepass"),
            id="a gender beside how people are addressed",
        ),
        pytest.param(
            "NombreCompleto Pasaporte",
            said(full_name="NombreCompleto", national_id="Pasaporte"),
            id="a passport",
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
            "first_name middle_name last_name name_sufx_cd res_street_address zip_code",
            said(
                given_name="first_name", middle_name="middle_name", family_name="last_name",
                name_suffix="name_sufx_cd", street="res_street_address", postal_code="zip_code",
            ),
            id="voters, with codes",
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


@pytest.mark.parametrize(
    "column",
    [
        "created_at", "updatedAt", "registered", "signup_date", "customer_since", "Enrolled", "Join Date", "Last Visit",
        "Last Purchase", "Hire Date", "Policy Start", "Check In", "Arrival", "Renewal", "Wedding Date", "Date",
    ],
)  # fmt: skip
def test_a_date_of_something_else_is_no_birth_date(column: str) -> None:
    assert guess([column], {column: ["1980-02-03"]}) == {}


@pytest.mark.parametrize(("first", "expected"), [(1941, {"birth_date": "c1"}), (2011, {})])
def test_dates_of_a_few_years_are_no_birth_dates(first: int, expected: dict[str, str]) -> None:
    years = (first + place * (2 if expected else 0.4) for place in range(30))
    assert guess(["c1"], {"c1": [f"{int(year)}-02-03" for year in years]}) == expected


def test_some_values_of_another_shape_do_not_hide_what_a_column_is() -> None:
    nine = [f"p{number}@mail.example" for number in range(9)]
    assert guess(["c1"], {"c1": [*nine, "by post"]}) == {"email": "c1"}
    assert guess(["c1"], {"c1": [*nine[:3], "by post", "by phone"]}) == {}


def test_columns_that_are_spoken_for_are_left_alone() -> None:
    assert guess(["id", "name"], {}, taken={"id"}) == {"full_name": "name"}


def test_parts_of_a_birth_date_count_together_and_by_their_values() -> None:
    assert guess(["birth_year", "birth_month"], {}) == {"birth_year": "birth_year"}
    assert guess(["by", "bm", "bd"], {"by": ["anna", "rob"], "bm": ["1", "2"], "bd": ["3", "4"]}) == {}
    for heading in ("birth_yr", "BYEAR", "Yr Birth", "geburtsjahr"):
        assert guess([heading], {heading: ["1980", "1991"]}) == {"birth_year": heading}
    assert guess(["birth_day"], {"birth_day": ["1980-02-03"]}) == {"birth_date": "birth_day"}
    parts = {"yob": ["1980.0", "1991.0"], "dob_m": ["2.0", "11.0"], "dob_d": ["3.0", "30.0"]}
    assert guess(list(parts), parts) == {"birth_year": "yob", "birth_month": "dob_m", "birth_day": "dob_d"}


def test_an_age_is_one_by_its_values_and_was_told_in_the_year_beside_it() -> None:
    ages, years = ["34", "7", "101"], ["1930", "1940", "1940"]
    assert guess(["age", "census_year"], {"age": ages, "census_year": years}) == {
        "age": "age",
        "age_told": "census_year",
    }
    assert guess(["age", "snapshot_dt"], {"age": ages, "snapshot_dt": ["2017-01-01"] * 3})["age_told"] == "snapshot_dt"
    assert guess(["census_year"], {"census_year": years}) == {}
    assert guess(["age"], {"age": ["old", "young", "old"]}) == {}
    assert guess(["account_age"], {"account_age": ages}) == {}


def test_several_columns_may_hold_addresses_or_numbers() -> None:
    columns = {
        "email": ["anna@mail.example"],
        "work_email": ["a@post.example"],
        "c3": ["+43 660 1234567"],
        "c4": ["01/5123456"],
        "c5": ["1980-02-03"],
        "c6": ["2020-02-03"],
    }
    assert guess(list(columns), columns) == {
        "email": "email", "email_2": "work_email", "phone": "c3", "phone_2": "c4", "birth_date": "c5",
    }  # fmt: skip


@pytest.mark.parametrize(
    "heading", ["guardian_email", "guardian1_email", "mothers_email", "email_mama", "szulo_email", "email_mae"]
)
def test_contacts_of_somebody_else_are_not_those_of_the_person(heading: str) -> None:
    columns: dict[str, list[str | None]] = {
        "first_name": ["Ada", "Ben"],
        "email": ["ada@mail.example", None],
        heading: ["home@mail.example", "home@mail.example"],
        "emergency_contact_phone": ["+43 660 1234567", "+43 660 1234567"],
    }
    found, doubts = evaluated.guess(list(columns), columns)
    assert found == {"given_name": "first_name", "email": "email"}
    assert set(doubts) == {heading, "emergency_contact_phone"}


def test_a_second_address_that_nothing_says_is_the_same_persons_is_not_read() -> None:
    columns = {"email": ["ada@mail.example", "ben@mail.example"], "note": ["cleo@mail.example", "dan@mail.example"]}
    found, doubts = evaluated.guess(list(columns), columns)
    assert found == {"email": "email"}
    assert doubts == {"note": "is not known to be the same person's"}


def test_half_names_and_whole_names_are_told_apart_as_in_proposals() -> None:
    halves = {"ad": ["Elif", "Deniz"], "soyad": ["Kaya", "Aydın"]}
    assert guess(list(halves), halves) == {"given_name": "ad", "family_name": "soyad"}
    whole = {"nome": ["Rita Alves Lima", "João Costa"], "cidade": ["Recife", "Natal"]}
    assert guess(list(whole), whole) == {"full_name": "nome", "city": "cidade"}


def test_names_of_who_is_reached_are_known_by_the_addresses_beside_them() -> None:
    names = [f"{given}Marlowe{letter}".strip() for letter in "abcde" for given in ("Ann ", "Bernd ", "Zoe ", "")]
    mailboxes = [f"{name.split()[-1].lower()}{n}@example.org" for n, name in enumerate(names)]
    values = {"attendee": names, "email": mailboxes, "event": ["Late Jazz"] * 20}
    assert guess([*values], values) == said(email="email", full_name="attendee")
    strangers = {**values, "email": [f"star{n}@example.org" for n in range(20)]}
    assert guess([*strangers], strangers) == said(email="email")


def test_the_second_of_two_family_names_is_none_of_its_own() -> None:
    columns = ["Second Family Name", "Family Name", "First Name"]
    assert guess(columns, {}) == {
        "second_family_name": "Second Family Name", "family_name": "Family Name", "given_name": "First Name",
    }  # fmt: skip


@pytest.mark.parametrize("number", ["(711)097-7702", "315.093.6243x8099", "+1-362-555-0141 x1625", "712 300633"])
@pytest.mark.parametrize("column", ["Telephone Number", "mobile_phone", "home_phone"])
def test_telephone_numbers_are_known_as_people_write_them_at_home(column: str, number: str) -> None:
    assert guess([column], {column: [number, number, "no"]}) == {"phone": column}


@pytest.mark.parametrize("value", ["true", "mobile", "7702", "2024-02-03 10:00:00", "20240203"])
def test_what_is_said_of_telephones_is_no_number(value: str) -> None:
    assert "phone" not in guess(["phone_told"], {"phone_told": [value, value]})


@pytest.mark.parametrize("column", ["birth_place", "place_of_birth", "birth_city", "Where born"])
def test_where_somebody_was_born_stands_for_the_residence_where_nothing_else_does(column: str) -> None:
    assert guess([column], {column: ["Graz", "Wien"]}) == {"city": column}
    assert guess([column, "residential_city"], {}) == {"city": "residential_city"}


@pytest.mark.parametrize("column", ["passport_city", "birth_country", "birth_state"])
def test_where_somebody_got_a_document_is_no_residence(column: str) -> None:
    assert guess([column], {column: ["Graz", "Wien"]}) == {}
    assert guess([column, "residential_city"], {}) == {"city": "residential_city"}


def test_issuers_of_documents_are_no_parts_of_addresses() -> None:
    columns = ["PASSPORT_COUNTRY", "DRIVERS_LICENSE_STATE", "NATIONAL_ID_COUNTRY", "ADDR_STATE", "ADDR_COUNTRY"]
    assert guess(columns, {}) == {"region": "ADDR_STATE", "country": "ADDR_COUNTRY"}


@pytest.mark.parametrize("vaguer", ["place", "suburb", "locality"])
def test_a_place_comes_after_what_says_plainer_where_somebody_lives(vaguer: str) -> None:
    assert guess([vaguer, "home_city"], {}) == {"city": "home_city"}
    assert guess([vaguer], {}) == {"city": vaguer}
    assert guess(["county", "state_code"], {}) == {"region": "state_code"}


def test_numbers_of_people_are_read_in_whatever_numbering() -> None:
    columns: dict[str, list[str | None]] = {
        "SSN_NUMBER": ["294-66-0001", None],
        "PASSPORT_NUMBER": ["P1000001", "P1000002"],
        "PASSPORT_COUNTRY": ["AT", "DE"],
        "xy_nin": ["CF21000001AB", "CF21000002CD"],
        "mrns": ["5-U51", "7-M59"],
        "medicaid": ["572000001", "220000002"],
        "loyalty_id": ["L-100001", "L-100002"],
        "identity_no": ["X1000001A", "X1000002B"],
        "NHS Number": ["943 476 5919", None],
        "CNIC": ["35202-3117074-7", "35202-9061218-9"],
        "PAN": ["ABCPD1234E", "ABCPD1235F"],
        "MyKad No": ["800203-14-5123", None],
        "AHV-Nr.": ["756.1234.5678.97", None],
        "Person-nr": ["19770908-1239", "19770908-1239"],
    }
    found = guess(list(columns), columns)
    assert {what.partition("_id")[0] for what in found} == {"national"}
    assert set(found.values()) == set(columns) - {"PASSPORT_COUNTRY"}


def test_a_number_of_a_person_does_not_number_the_rows() -> None:
    columns = {"loyalty_id": ["L-100001", "L-100002"], "first_name": ["Ada", "Ben"]}
    assert guess(list(columns), columns) == {"national_id": "loyalty_id", "given_name": "first_name"}


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("ssn_last4", ["2616", "1518"]),
        ("ssn", ["2616", "518"]),
        ("medicaid", ["1", "0"]),
        ("passport_issued", ["2020-02-03", "2021-02-03"]),
        ("passport_type", ["P", "D"]),
        ("loyalty_points", ["10000", "20000"]),
        ("pan", ["4111111111111111", "5555555555554444"]),
        ("born", ["Graz", "Wien"]),
    ],
)
def test_what_is_said_of_numbers_of_people_is_none(column: str, values: list[str]) -> None:
    assert guess([column], {column: values}) == {}


def test_whole_names_and_addresses_and_initials_are_known() -> None:
    columns = ["PRIMARY_NAME_FULL", "NATIVE_NAME_FULL", "SCHOOL_NAME_FULL", "ADDR_FULL", "MI"]
    assert guess(columns, {}) == {
        "full_name": "PRIMARY_NAME_FULL", "full_name_2": "NATIVE_NAME_FULL", "full_address": "ADDR_FULL",
        "middle_name": "MI",
    }  # fmt: skip


def test_the_issuer_of_a_number_is_known_by_its_name() -> None:
    columns = ["PASSPORT_NUMBER", "PASSPORT_COUNTRY", "NATIONAL_ID_NUMBER", "NATIONAL_ID_COUNTRY", "COUNTRY"]
    numbers = ("PASSPORT_NUMBER", "NATIONAL_ID_NUMBER", "SSN", "身份证号")
    issuers = [evaluated.issuer_of(column, columns) for column in numbers]
    assert issuers == ["PASSPORT_COUNTRY", "NATIONAL_ID_COUNTRY", None, None]


NAMES = ["Ada Berger", "BEN VAN DAM", "Li Na", "Smt. G. Chitra", "Mary-Ann O'Neil"]


@pytest.mark.parametrize("column", ["pax_name", "SUBSCRIBER NAME", "name of applicant", "insuredname", "ho_ten"])
def test_a_column_called_a_name_holds_names_where_its_values_can_be_peoples(column: str) -> None:
    found = guess([column, "phone"], {column: NAMES, "phone": ["+43 660 1234567"] * 5})
    assert found == {"full_name": column, "phone": "phone"}


@pytest.mark.parametrize(
    ("column", "values"),
    [
        pytest.param("pax_name", ["Mill Ltd", "Park GmbH", "Lane Inc"], id="companies"),
        pytest.param("pax_name", ["T-Shirt Size 3", "Mug 0.5 l", "Set of 4"], id="with digits"),
        pytest.param("pax_name", ["ada", "ben", "cleo"], id="single words"),
        pytest.param("pax_name", ["Late Jazz"] * 30, id="one for all"),
        pytest.param("hospital_name", NAMES, id="of a place"),
        pytest.param("mother_name", NAMES, id="of somebody else"),
        pytest.param("agent_name", NAMES, id="of who serves"),
        pytest.param("maiden_name", NAMES, id="of before"),
        pytest.param("nickname", NAMES, id="of friends"),
    ],
)
def test_what_else_has_a_name_is_nobody(column: str, values: list[str]) -> None:
    assert "full_name" not in guess([column], {column: values})


def test_names_of_travellers_are_written_with_a_slash() -> None:
    assert guess(["pax_name"], {"pax_name": ["SMITH/JOHN MR", "LEE/KIMMR", "GARCIA/LUISA"]}) == {
        "full_name": "pax_name"
    }


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        pytest.param({"traveller": NAMES, "town": ["Graz", None, "York", "Ulm", "Rom"]}, "traveller", id="under any"),
        pytest.param({"traveller": NAMES, "buddy": NAMES[::-1]}, None, id="which of two nobody knows"),
        pytest.param({"remark": ["please call back", "came late again", "was not there"]}, None, id="remarks"),
        pytest.param({"tour": ["Late Jazz", "Old Town"] * 9}, None, id="few of them differ"),
        pytest.param({"hotel": ["Grand Budapest", "Royal Palm", "Golden Lion"]}, None, id="of a thing"),
    ],
)
def test_a_column_with_names_is_known_by_its_values_where_no_other_can_be_the_name(
    columns: dict[str, list[str | None]], expected: str | None
) -> None:
    assert guess([*columns], columns).get("full_name") == expected


@pytest.mark.parametrize("column", ["pib", "ПІБ", "ФИО", "display_name"])
def test_whole_names_are_read_beside_parts_where_these_are_empty(column: str) -> None:
    columns: dict[str, list[str | None]] = {
        "firstname": [None, "Ada", None], "lastname": [None, "Berger", None], column: ["Li Na", None, "Mary-Ann O'Neil"]
    }  # fmt: skip
    parts = {"given_name": "firstname", "family_name": "lastname"}
    assert guess([*columns], columns) == {**parts, "full_name": column}
    if column != "display_name":
        assert (
            guess([*columns], columns | {column: ["Li Na", "Ada Berger", None], "firstname": ["Li", "Ada", None]})
            == parts
        )


def test_of_several_names_the_one_that_is_called_a_persons_is_read() -> None:
    columns = {"route_name": [*NAMES, "Ida Moor"], "passenger_name_1": [*NAMES, None]}
    assert guess([*columns], columns) == {"full_name": "passenger_name_1"}


def test_a_half_name_beside_the_other_is_no_whole_one() -> None:
    columns = {"Vorname": ["Ada", "Ben"], "Name": ["Berger", "Muster"]}
    assert guess([*columns], columns) == {"given_name": "Vorname", "family_name": "Name"}


def test_a_record_id_is_filled_and_no_two_are_the_same() -> None:
    columns = {
        "group_id": ["7", "7", "8"],
        "policy_id": ["7", None, "8"],
        "emirates_id": ["784-1990-1", "784-1991-2", "784-1992-3"],
        "row_no": ["1", "2", "3"],
    }
    found, doubts = evaluated.guess([*columns], columns)
    assert found == {"record": "row_no", "national_id": "emirates_id"}
    assert doubts == dict.fromkeys(("group_id", "policy_id"), evaluated.NOT_OF_ROWS)


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"area_cd": ["919"], "phone_num": ["3784520"]}, {"area_code": "area_cd", "phone": "phone_num"}),
        ({"area_cd": ["919"]}, {}),
        ({"birth_age": ["56"], "snapshot_dt": ["2011-01-01"]}, {"age": "birth_age", "age_told": "snapshot_dt"}),
        ({"age": ["56", "58"], "round": ["2018", "2020"]}, {"age": "age", "age_told": "round"}),
        ({"age": ["56", "58"], "survey_wave": ["1", "2"]}, {}),
        ({"Έτος γέννησης": ["1990"]}, {"birth_year": "Έτος γέννησης"}),
        ({"voter_reg_num": ["000000315578", "000000315579", "000000315578"]}, {"national_id": "voter_reg_num"}),
        ({"file_num": ["000000315578"]}, {}),
        ({"membership_no": ["A1001", "A1002", "A1001"]}, {"national_id": "membership_no"}),
        ({"membership_no": ["A1001", "A1002"]}, {}),
        ({"Personnr": ["19770908-1239", "20110510-6692", None]}, {"national_id": "Personnr"}),
        ({"last_name": ["Cruz"], "ext": ["Jr."]}, {"family_name": "last_name", "name_suffix": "ext"}),
        ({"phone": ["0660 1234567"], "ext": ["12"]}, {"phone": "phone"}),
        ({"ulica_nr": ["Długa 7"], "kod": ["90-001"]}, {"street": "ulica_nr", "postal_code": "kod"}),
        ({"woreda": ["Adama"]}, {"city": "woreda"}),
        ({"Adress": ["Storgatan 7"]}, {"street": "Adress"}),
        ({"alternate_contact": ["none"], "msisdn": ["+43 660 1234567"]}, {"phone": "msisdn"}),
        ({"phone": ["0660 1234567"], "alternate_contact": ["0660 7654321"]},
         {"phone": "phone", "phone_2": "alternate_contact"}),
        ({"contact_no": ["C-10"], "phone_country_code": ["+43"]}, {"record": "contact_no"}),
        ({"street": ["Mill Lane"], "numero": ["7"]}, {"street": "street", "house_number": "numero"}),
        ({"street": ["Mill Lane 7"], "numero": ["1"]}, {"street": "street"}),
        ({"initials": ["K.C.P."], "surname": ["Berger"]}, {"initials": "initials", "family_name": "surname"}),
        ({"initials": ["signed"]}, {}),
        ({"mailing_city": ["Graz"], "res_city": ["York"]}, {"city": "res_city"}),
    ],
)  # fmt: skip
def test_values_and_neighbours_tell_what_a_column_is(
    columns: dict[str, list[str | None]], expected: dict[str, str]
) -> None:
    assert guess([*columns], columns) == expected


def test_a_column_with_a_number_for_each_of_many_rows_numbers_them() -> None:
    rows = [f"R{number:04d}" for number in range(30)]
    assert guess(["rec", "town", "code"], {"rec": rows, "town": ["Graz"] * 30, "code": ["A1"] * 30})["record"] == "rec"
    assert "record" not in guess(["rec"], {"rec": [*rows, rows[0]]})
    assert "record" not in guess(["rec"], {"rec": rows[:3]})
