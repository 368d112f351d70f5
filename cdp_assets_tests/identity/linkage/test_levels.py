"""Splink's levels remember what their conditions are."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import ibis
import pyarrow as pa
import pytest
from splink import DuckDBAPI, Linker, SettingsCreator
from splink.internals.comparison_level import ComparisonLevel

from cdp_assets.identity.linkage.comparisons import COMPARISONS, creators
from cdp_assets.identity.linkage.faces import FACES, faces
from cdp_assets.identity.linkage.labels import (
    BIRTH_DATE,
    BORNE,
    GENERATION_APART,
    GIVEN_NAME,
    NO_NAME_IN_COMMON,
    OTHER_FAMILY,
    OTHER_SCRIPT,
    OWN_NUMBER,
    SECOND_NAME,
    SLIPPED,
)
from cdp_assets.identity.linkage.levels import remember_conditions
from cdp_assets.identity.numbers import NUMBER, registered
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine
from cdp_assets_tests.identity.linkage.town import Person, tables

BORN = date(1981, 4, 17)
ONE, GARBLED, TWO = "may be one person's", "may be one garbled", "different"


def test_a_level_that_remembers_says_what_splink_says() -> None:
    connection = DuckDBEngine.in_memory().cursor()
    connection.register("faces", FACES.to_pyarrow().empty_table())
    settings = SettingsCreator(
        link_type="dedupe_only", comparisons=creators(list(COMPARISONS)), unique_id_column_name="face"
    )
    linker = Linker(DuckDBAPI(connection).register("faces"), settings, log_level=None, validate_settings=False)
    levels = [level for each in linker._settings_obj.comparisons for level in each.comparison_levels]
    by_splink = [_told(level) for level in levels]
    remember_conditions(linker)
    assert [_told(level) for level in levels] == by_splink
    assert [_told(level) for level in levels] == by_splink
    assert ["birth_date"] in by_splink
    assert None in by_splink


def _told(level: ComparisonLevel) -> list[str] | None:
    """The columns whose equality is the condition; None if it is another one."""
    return sorted(level._exact_match_colnames) if level._is_exact_match else None


def level_of(comparison: str, one: Person, other: Person, *, borne: bool = False, numbers: tuple[str, ...] = ()) -> str:
    """The level of a comparison that two people come out at.

    Args:
        comparison: Its name.
        one, other: The people, the first two records.
        borne: Whether several people bear either's given name.
        numbers: The number of each, behind its register and a blank.
    """
    engine = DuckDBEngine.in_memory()
    told = tables(
        engine,
        [one, other],
        [
            {"record_id": record, "namespace": register, "identifier_type": NUMBER, "identifier_value": value}
            for record, (register, _, value) in enumerate((each.partition(" ") for each in numbers), start=1)
        ],
    )
    labels = engine.from_arrow(
        pa.table({"record_id": [1, 2], "label": [1, 2]}), ibis.schema({"record_id": "int64", "label": "int64"})
    )
    known = faces(told.contacts, told.contact_points, registered(told.identifiers), labels, engine)
    shown = engine.to_arrow(known.mutate(**{BORNE: ibis.literal(borne)}).order_by("face"))
    connection = DuckDBEngine.in_memory().cursor()
    connection.register("faces", shown)
    settings = SettingsCreator(
        link_type="dedupe_only", comparisons=creators(list(COMPARISONS)), unique_id_column_name="face"
    )
    linker = Linker(DuckDBAPI(connection).register("faces"), settings, log_level=None, validate_settings=False)
    [levels] = [
        each.comparison_levels for each in linker._settings_obj.comparisons if each.output_column_name == comparison
    ]
    cases = " ".join(
        f"WHEN {'true' if level.sql_condition == 'ELSE' else level.sql_condition} THEN '{place}'"
        for place, level in enumerate(levels)
    )
    sides = ", ".join(f"{side}.{name} AS {name}_{side}" for side in "lr" for name in shown.column_names)
    found = connection.execute(
        f"SELECT CASE {cases} END FROM (SELECT {sides} FROM faces l JOIN faces r ON l.face = 1 AND r.face = 2)"
    ).fetchall()
    return str(levels[int(found[0][0])].label_for_charts)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("Jennifer Shaw", "Shaw Jennifer", ONE),
        ("Elizabeth Shaw", "Shaw Jennifer", TWO),
        ("Shaw", "Elizabeth Shaw", "missing"),
        ("Zelda Shaw", "Shaw Zeldda", ONE),
        ("D Aryan", "D Maanas", GARBLED),
        ("Julio Vega", "Julia Vega", TWO),
        ("Daniele Vega", "Daniela Vega", TWO),
        ("Rene Vega", "Renee Vega", TWO),
        ("Michel Vega", "Michelle Vega", TWO),
        ("Louise Vega", "Louisa Vega", ONE),
        ("中村 加奈", "中村 裕太", TWO),
        ("中村 加奈", "Kana Nakamura", OTHER_SCRIPT),
        ("中村加奈", "Kana Nakamura", OTHER_SCRIPT),
        ("Don Marlowe", "Susan Marlowe", TWO),
        ("Zsolt Nagy", "Zsoltné Nagy", TWO),
        ("Zsolt Nagy", "Nagy Zsoltné", TWO),
        ("Marek Nagy", "Nagy Marlena", GARBLED),
        ("Nagy Bence", "Nagy Katalin", TWO),
        ("Nagy Bence", "Nagi Katalin", TWO),
        ("Nagy Bence", "Nagy Bencze", ONE),
        ("Nagy Bence", "Bence Nagy", ONE),
        ("Anna Meyer", "Anna Schmidt", ONE),
        ("김지혜", "Kim Eun-seo", TWO),
        ("김지혜", "Kim Jihye", ONE),
        ("김지혜", "김은서", TWO),
        ("Jean-Pierre Vega", "Jean-Louis Vega", GARBLED),
        ("Jean-Pierre Vega", "Jean Vega", ONE),
        ("Muhammad Asif Vega", "Muhammad Zeeshan Vega", TWO),
        ("Muhammad Asif Vega", "Mohd Amir Vega", TWO),
        ("Muhammad Asif Vega", "Muhammad Aasif Vega", ONE),
        ("Muhammad Asif Vega", "Mohd. Vega", ONE),
        ("Muhammad Asif Vega", "Muhammad A. Vega", ONE),
        ("María Teresa Vega Gil", "María Carmen Vega Gil", TWO),
        ("María Luz Vega Gil", "María Luz Gil Ros", ONE),
        ("Abdullah Vega", "Abdul Rehman Vega", TWO),
        ("Abdur Rehman Vega", "Abdul Rahman Vega", ONE),
        ("José María Vega", "María Vega", TWO),
        ("Ana María Vega", "María Vega", ONE),
        ("Konstantinos Vega", "Konstantina Vega", TWO),
        ("Verolis Vega", "Verolia Vega", TWO),
        ("Vicente Vega", "Vicenta Vega", TWO),
        ("Ana Vega", "Hana Vega", TWO),
        ("Jean Vega", "Jeanne Vega", TWO),
        ("C. Vega", "K. Vega", TWO),
        ("C. Vega", "C. Vega", ONE),
        ("J?rg Vega", "Jorg Vega", ONE),
        ("J?rg Vega", "J. Vega", GARBLED),
        ("????? Vega", "Jorg Vega", "missing"),
    ],
)
def test_whether_given_names_may_be_one_persons(one: str, other: str, expected: str) -> None:
    people = (Person(number, full=name, born=BORN, postcode="1010") for number, name in enumerate((one, other), 1))
    assert level_of(GIVEN_NAME, *people) == expected


@pytest.mark.parametrize(
    ("one", "other"), [("Verim", "Nerim"), ("Zalor", "Zafor"), ("Zal", "Zalo"), ("Kasia", "Nasia")]
)
def test_short_names_a_letter_apart_are_two_peoples_where_no_birth_dates_tell(one: str, other: str) -> None:
    left, right = (Person(number, name, "Vega", postcode="1010") for number, name in enumerate((one, other), 1))
    assert level_of(GIVEN_NAME, left, right) != ONE


@pytest.mark.parametrize(
    ("one", "other", "known", "expected"),
    [
        ("Anna Vega", "Hannah Vega", {}, GARBLED),
        ("Jake Vega", "James Vega", {"email": "we@example.org"}, GARBLED),
        ("Jake Vega", "James Vega", {"born": BORN}, ONE),
        ("Carol Vega", "Carolyn Vega", {}, GARBLED),
        ("M. Vega", "M. Vega", {"email": "we@example.org"}, GARBLED),
        ("M. Vega", "M. Vega", {"born": BORN}, ONE),
        ("Mark Vega", "Mark Vega Jr", {}, TWO),
        ("Mark Vega", "Mark Vega Jr", {"email": "mark@example.org"}, ONE),
        ("Mark Vega", "Mark Vega Jr", {"born": BORN}, ONE),
        ("Mark Vega II", "Mark Vega Jr", {}, ONE),
        ("Mark Vega Sr", "Mark Vega Jr", {"born": BORN}, TWO),
    ],
)
def test_an_address_makes_no_kin_and_no_father_and_son_one(
    one: str, other: str, known: dict[str, Any], expected: str
) -> None:
    people = (
        replace(Person(number, full=name, postcode="1010"), **known) for number, name in enumerate((one, other), 1)
    )
    assert level_of(GIVEN_NAME, *people) == expected


@pytest.mark.parametrize(
    ("shared", "expected"),
    [({}, ONE), ({"street": "Ring 2"}, GARBLED), ({"phone": "+436601234987"}, GARBLED), ({"email": "a@b.at"}, GARBLED)],
)
def test_the_birth_date_of_one_of_two_makes_no_household_of_kin_one(shared: dict[str, Any], expected: str) -> None:
    one, other = (
        replace(Person(number, full=name, postcode="1010"), **shared)
        for number, name in enumerate(("Jake Vega", "James Vega"), 1)
    )
    assert level_of(GIVEN_NAME, replace(one, born=BORN), other) == expected


def test_a_number_in_common_makes_kin_one() -> None:
    people = (Person(number, full=name, postcode="1010") for number, name in enumerate(("Jake Vega", "James Vega"), 1))
    assert level_of(GIVEN_NAME, *people, numbers=("tax 297241668",) * 2) == ONE


def test_the_given_name_that_is_one_of_two_family_names_of_another_is_none_of_it() -> None:
    one = Person(1, "Erasmo", "Company Arco", born=BORN, postcode="1010")
    other = Person(2, "Company", "Plinio", born=BORN, postcode="1010")
    assert level_of(GIVEN_NAME, one, other) == TWO


def test_a_hungarian_wife_is_not_like_her_husband_where_the_family_name_stands_first() -> None:
    husband, wife, other = (
        Person(number, full=name, born=BORN, postcode="1010")
        for number, name in enumerate(("Nagy Zsolt", "Nagy Zsoltné", "Nagy Zsolltné"), 1)
    )
    assert level_of("name", husband, replace(wife, record_id=2)) == OTHER_FAMILY
    assert (
        level_of("name", replace(wife, record_id=1), replace(other, record_id=2))
        == "the same given name, family name alike"
    )


def test_a_name_without_given_name_under_another_family_name_is_none_in_common() -> None:
    one = Person(1, family="Quimby", born=BORN, postcode="1010")
    other = Person(2, "Helena", "Vasquez", born=BORN, postcode="1010")
    assert level_of("name", one, other) == NO_NAME_IN_COMMON


@pytest.mark.parametrize(("borne", "expected"), [(False, GARBLED), (True, TWO)])
def test_two_unlike_names_that_several_people_bear_are_none_garbled(borne: bool, expected: str) -> None:
    one, other = (Person(n, name, "Mander", BORN) for n, name in ((1, "Anta"), (2, "Zaitra")))
    assert level_of(GIVEN_NAME, one, replace(other, given="Zanta"), borne=borne) != TWO
    assert level_of(GIVEN_NAME, one, replace(other, given="Anathra"), borne=borne) == expected


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("tax 297241668", "tax 297-241-668", "the same"),
        ("tax 297241668", "tax 297241686", SLIPPED),
        ("tax 1234", "tax 1254", SLIPPED),
        ("tax 1234", "tax 1257", TWO),
        ("tax 297241668", "tax 981728237", TWO),
        ("tax 297241668", "pass 297241668", "missing"),
        ("pass m297241668 KOR", "pass m981728237 USA", "missing"),
    ],
)
def test_numbers_are_compared_in_one_register(one: str, other: str, expected: str) -> None:
    people = (Person(n, "Carlos", "Silva", BORN) for n in (1, 2))
    assert level_of(OWN_NUMBER, *people, numbers=(one, other)) == expected


@pytest.mark.parametrize(
    ("year", "expected"), [(1968, "one digit wrong, or day and month exchanged"), (1963, GENERATION_APART)]
)
def test_1_january_is_no_day_in_common(year: int, expected: str) -> None:
    one, other = (Person(n, "Puk", "Dekker", date(born, 1, 1)) for n, born in ((1, 1938), (2, year)))
    assert level_of(BIRTH_DATE, one, other) == expected


@pytest.mark.parametrize(
    ("one", "other", "expected"), [("James", "Jamie", TWO), ("Jamie", "Jamie", ONE), ("Jaime", "Jaimie", ONE)]
)
def test_a_nickname_is_no_name_of_a_woman_and_a_man_of_whom_the_years_of_birth_are_known(
    one: str, other: str, expected: str
) -> None:
    left, right = (
        Person(number, given, "Vega", postcode="1010", year=year, gender=gender)
        for number, given, year, gender in ((1, one, 1980, "M"), (2, other, 1981, "F"))
    )
    assert level_of(GIVEN_NAME, left, right) == expected
    for told in (replace(right, gender=None), replace(right, year=None)):
        assert level_of(GIVEN_NAME, left, told) == ONE


@pytest.mark.parametrize(
    ("one", "other", "borne", "expected"),
    [
        ("Robert Shane Vega", "Ryan Robert Vega", True, SECOND_NAME),
        ("Robert Shane Vega", "Ryan Robert Vega", False, ONE),
        ("Robert Vega", "Ryan Robert Vega", True, ONE),
    ],
)
def test_a_first_name_among_the_others_of_another_is_a_relatives_where_each_has_a_further_one(
    one: str, other: str, borne: bool, expected: str
) -> None:
    left, right = (Person(number, full=name, postcode="1010") for number, name in enumerate((one, other), 1))
    assert level_of(GIVEN_NAME, left, right, borne=borne) == expected
