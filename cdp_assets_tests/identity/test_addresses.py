"""Parts of postal addresses in one plain spelling."""

from __future__ import annotations

import ibis
import pytest

from cdp_assets.identity.addresses import plain_street


def plain(line: str) -> str:
    return str(ibis.duckdb.connect().execute(plain_street(ibis.literal(line))))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Hauptstraße 5", "Hauptstr. 5"),
        ("Lange Straße 7", "Langestr. 7"),
        ("12 Main Street", "12 Main St."),
        ("12 Oak Drive", "12 Oak Dr"),
        ("5 High Road", "5 High Rd"),
        ("Avenida Brasil, 5", "Av. Brasil 5"),
        ("Rua das Flores 3", "R. das Flores, 3"),
        ("ul. Polna 5", "Polna 5"),
        ("ul.Sienkiewicza 74/23", "Ulica Sienkiewicza 74/23"),
        ("Kossuth Lajos utca 5.", "Kossuth Lajos u. 5"),
        ("Kerkstraat 5", "Kerkstr. 5"),
        ("12, rue de la Paix", "12 r. de la Paix"),
        ("Boulevard Voltaire 3", "Bd Voltaire 3"),
        ("Calle Mayor 4", "C/ Mayor, 4"),
        ("Viale Roma 3", "V.le Roma 3"),
    ],
)
def test_a_street_is_the_same_however_its_kind_is_cut_short(one: str, other: str) -> None:
    assert plain(one) == plain(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("12 Park Road", "12 Park Lane"), ("12 Park Road", "12 Park"), ("Main St 1", "Main St 11"), ("Elm", "Oak")],
)
def test_other_streets_stay_others(one: str, other: str) -> None:
    assert plain(one) != plain(other)
