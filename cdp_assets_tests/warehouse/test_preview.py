"""Masking: what a person may see of personal data."""

from __future__ import annotations

from datetime import date

import ibis
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdp_assets.canonical.schema import Column, Pii, TableSchema
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine
from cdp_assets.warehouse.preview import mask, masked_preview, redact

SCHEMA = TableSchema(
    "people",
    "People.",
    (
        Column("profile_id", "int64", "Id.", pii=Pii.PSEUDONYM),
        Column("email", "string", "E-mail.", pii=Pii.DIRECT),
        Column("note", "string", "Note.", pii=Pii.SENSITIVE),
        Column("orders", "int64", "Orders."),
        Column("page", "string", "Page."),
    ),
)


@pytest.mark.parametrize(
    ("value", "kind", "shown"),
    [
        ("anna@example.org", Pii.DIRECT, "a•••@•••"),
        ("+49 170 1234567", Pii.DIRECT, "+•••"),
        ("0170 1234567", Pii.DIRECT, "•••"),
        ("Ada Lovelace", Pii.DIRECT, "A••• L•••"),
        ("Li", Pii.DIRECT, "•••"),
        ("12 Main Street", Pii.DIRECT, "••• M••• S•••"),
        (date(1980, 2, 3), Pii.DIRECT, "••••-••-••"),
        (4821735901122334455, Pii.PSEUDONYM, "•••4455"),
        ("C-1001", Pii.PSEUDONYM, "•••"),
        ("she said that …", Pii.SENSITIVE, "•••"),
        (None, Pii.DIRECT, ""),
        (7, Pii.NONE, "7"),
        ("/u?mail=anna@example.org", Pii.NONE, "/u?mail=a•••@•••"),
    ],
)
def test_a_masked_value_shows_its_kind_and_hides_whose_it_is(value, kind, shown):
    if shown == "/u?mail=a•••@•••":
        assert "anna" not in mask(value, kind)
        assert "example" not in mask(value, kind)
    else:
        assert mask(value, kind) == shown


@given(st.text(min_size=1, max_size=40), st.text(min_size=1, max_size=40))
def test_the_length_of_a_direct_value_cannot_be_told(left, right):
    one, other = mask(f"a{left.strip()}@x.org"), mask(f"a{right.strip()}@x.org")
    assert one == other == "a•••@•••"


@given(st.text(max_size=60), st.sampled_from([Pii.DIRECT, Pii.SENSITIVE]))
def test_no_word_longer_than_two_letters_survives(text, kind):
    shown = mask(text, kind)
    assert all(word not in shown for word in text.split() if len(word) > 2 and "•" not in word)


def test_an_address_inside_a_message_is_redacted():
    assert redact("could not send to anna.b@example.org: refused") == "could not send to a•••@•••: refused"


def test_a_preview_is_a_table_without_personal_data():
    engine = DuckDBEngine.in_memory()
    rows = pa.table(
        {
            "profile_id": [4821735901122334455],
            "email": ["anna@example.org"],
            "note": ["likes | pipes"],
            "orders": [3],
            "page": ["a|b\n<script>"],
            "surprise": ["secret"],
        }
    )
    table = engine.from_arrow(rows, ibis.schema({**dict(SCHEMA.ibis_schema), "surprise": "string"}))
    shown = masked_preview(engine, table, SCHEMA)
    assert shown.splitlines()[2] == "| •••4455 | a•••@••• | ••• | 3 | a\\|b &lt;script> | ••• |"


def test_a_preview_of_an_empty_table_says_so():
    engine = DuckDBEngine.in_memory()
    table = engine.from_arrow(SCHEMA.ibis_schema.to_pyarrow().empty_table(), SCHEMA.ibis_schema)
    assert masked_preview(engine, table, SCHEMA) == "No rows."
