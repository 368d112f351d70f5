"""Splink's levels remember what their conditions are."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import ibis
import pyarrow as pa
import pytest
from splink import DuckDBAPI, Linker, SettingsCreator
from splink.internals.comparison_level import ComparisonLevel

from cdp_assets.identity.linkage.comparisons import COMPARISONS, GIVEN_NAME, NO_NAME_IN_COMMON, OTHER_FAMILY, creators
from cdp_assets.identity.linkage.faces import FACES, faces
from cdp_assets.identity.linkage.levels import remember_conditions
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


def level_of(comparison: str, one: Person, other: Person) -> str:
    """The level of a comparison that two people come out at."""
    engine = DuckDBEngine.in_memory()
    told = tables(engine, [one, other])
    labels = engine.from_arrow(
        pa.table({"record_id": [1, 2], "label": [1, 2]}), ibis.schema({"record_id": "int64", "label": "int64"})
    )
    shown = engine.to_arrow(faces(told.contacts, told.contact_points, None, labels, engine).order_by("face"))
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
        ("Don Marlowe", "Susan Marlowe", TWO),
        ("Zsolt Nagy", "Zsoltné Nagy", TWO),
        ("Zsolt Nagy", "Nagy Zsoltné", TWO),
        ("Marek Nagy", "Nagy Marlena", GARBLED),
        ("Jean-Pierre Vega", "Jean-Louis Vega", GARBLED),
        ("Jean-Pierre Vega", "Jean Vega", ONE),
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
