"""Identifiers in one spelling."""

from __future__ import annotations

import ibis
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdp_assets.normalised.identifier_values import EMAIL, email_base, lookup, normalise_email, normalise_phone
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine
from cdp_assets_tests.examples import examples

RAW = ibis.schema({"raw": "string", "country": "string"})
PARTS = st.text("aZ9._+-@ <>'äß", max_size=12)
DOMAINS = st.sampled_from(["example.com", "Gmail.com", "googlemail.com", "a.b-c.at", "exa_mple.com", "com", "b..at"])
ADDRESSES = st.builds("{}@{}".format, PARTS, DOMAINS) | PARTS


def looked_up(texts: list[str]) -> dict[str, tuple[str | None, str | None]]:
    engine = DuckDBEngine.in_memory()
    rows = pa.table({"raw": pa.array(texts, pa.string()), "country": pa.nulls(len(texts), pa.string())})
    found = engine.to_arrow(lookup(engine, EMAIL, engine.from_arrow(rows, RAW))).to_pylist()
    return {row["known_raw"]: (row["known_value"], row["known_base"]) for row in found}


def test_plain_addresses_are_written_in_lower_case_and_others_looked_at_one_by_one() -> None:
    assert looked_up(["Anna.Meyer@Example.com", "An.Na+shop@GoogleMail.com", " <b@example.com>", "nobody"]) == {
        "Anna.Meyer@Example.com": ("anna.meyer@example.com", None),
        "An.Na+shop@GoogleMail.com": ("an.na+shop@googlemail.com", "anna@gmail.com"),
        " <b@example.com>": ("b@example.com", None),
        "nobody": (None, None),
    }


def test_an_address_of_which_a_part_is_hidden_is_many_peoples_and_so_nobodys() -> None:
    hidden = ["a***@example.com", "an*a@example.com", "anna@e*****.com"]
    assert looked_up(hidden) == dict.fromkeys(hidden, (None, None))


@examples(60)
@given(st.lists(ADDRESSES, min_size=1, max_size=20))
def test_many_addresses_are_normalised_as_one_is(texts: list[str]) -> None:
    for raw, found in looked_up(texts).items():
        value = normalise_email(raw)
        assert found == (value, email_base(value) if value else None), raw


@pytest.mark.parametrize(
    ("text", "country", "number"),
    [
        ("'+49 151 12345678", None, "+4915112345678"),
        ("0151 12345678", "DE", "+4915112345678"),
        ("4915112345678", "DE", "+4915112345678"),
        ("0491 123456", "DE", "+49491123456"),  # Leer in Friesland has the area code 0491
        ("3912345678", "IT", "+393912345678"),  # a mobile number that begins as the country's does
        ("393331234567", "IT", "+393331234567"),
        ("447911123456", "GB", "+447911123456"),
        ("4915112345678", None, None),
        ("00436642314558", None, "+436642314558"),
        ("0049 151 12345678", "US", "+4915112345678"),
        ("(81) 8552-7891", "BR", "+5581985527891"),
        ("+55 81 98552-7891", None, "+5581985527891"),
        ("(81) 3221-7891", "BR", "+558132217891"),
        ("+52 1 55 1234 5678", None, "+525512345678"),
        ("0012", None, None),
        ("12", "DE", None),
    ],
)
def test_a_number_is_what_is_dialled_however_it_is_written(text: str, country: str | None, number: str | None) -> None:
    assert normalise_phone(text, country) == number
