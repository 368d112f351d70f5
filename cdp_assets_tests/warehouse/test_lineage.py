"""Lineage read off expressions."""

from __future__ import annotations

import time

import ibis
import ibis.expr.datatypes as dt
import pytest

from cdp_assets.canonical.schema import Pii
from cdp_assets.warehouse.lineage import as_markdown, class_of_value, column_lineage


@pytest.fixture(scope="module")
def backend():
    backend = ibis.duckdb.connect()
    for stage in ("normalised", "identity"):
        backend.create_database(stage)
    backend.create_table(
        "contacts", schema={"record_id": "int64", "email": "string", "score": "float64"}, database="normalised"
    )
    backend.create_table("visitors", schema={"record_id": "int64", "email": "string"}, database="normalised")
    backend.create_table("profile_map", schema={"record_id": "int64", "profile_id": "int64"}, database="identity")
    return backend


@pytest.fixture
def contacts(backend):
    return backend.table("contacts", database="normalised")


@pytest.fixture
def profile_map(backend):
    return backend.table("profile_map", database="identity")


EMAIL = ("normalised", "contacts", "email")
SCORE = ("normalised", "contacts", "score")
RECORD = ("normalised", "contacts", "record_id")
PROFILE = ("identity", "profile_map", "profile_id")


def test_values_are_followed_through_joins_filters_and_renames(contacts, profile_map):
    joined = contacts.filter(contacts.score > 1).join(profile_map, "record_id")
    expression = joined.select(who="profile_id", address=contacts.email.lower()).order_by("who").limit(3)
    assert column_lineage(expression) == {"who": {PROFILE}, "address": {EMAIL}}


def test_aggregates_come_from_what_they_aggregate_and_counts_of_rows_from_nothing(contacts):
    expression = contacts.group_by("email").agg(top=contacts.score.max(), rows=contacts.count())
    assert column_lineage(expression) == {"email": {EMAIL}, "top": {SCORE}, "rows": set()}


def test_a_window_names_its_keys_too(contacts):
    rank = ibis.row_number().over(ibis.window(group_by="email", order_by="score"))
    assert column_lineage(contacts.select(rank=rank)) == {"rank": {EMAIL, SCORE}}


def test_both_sides_of_a_union_count(backend, contacts):
    visitors = backend.table("visitors", database="normalised")
    both = contacts.select("email").union(visitors.select("email"))
    assert column_lineage(both) == {"email": {EMAIL, ("normalised", "visitors", "email")}}


def test_a_table_joined_with_itself_is_one_source(contacts):
    other = contacts.view()
    joined = contacts.join(other, "record_id").select(mine=contacts.email, theirs=other.email)
    assert column_lineage(joined) == {"mine": {EMAIL}, "theirs": {EMAIL}}


def test_intermediates_are_seen_through_and_computed_ones_end_the_trail(backend, contacts):
    intermediate = contacts.select(address=contacts.email.upper())
    scratch = backend.create_table("scratch_1", intermediate, temp=True)
    computed = backend.create_table("scratch_2", schema={"label": "string"}, temp=True)
    assert column_lineage(scratch.mutate(n=1), {"scratch_1": intermediate}) == {"address": {EMAIL}, "n": set()}
    assert column_lineage(computed, {"scratch_1": intermediate}) == {"label": set()}


def test_a_value_looked_up_in_a_subquery_is_a_source(contacts, profile_map):
    expression = contacts.select(biggest=profile_map.profile_id.max().as_scalar())
    assert column_lineage(expression) == {"biggest": {PROFILE}}


def test_an_unnested_list_comes_from_its_list(contacts):
    expression = contacts.select(parts=contacts.email.split("@")).unnest("parts")
    assert column_lineage(expression) == {"parts": {EMAIL}}


def test_the_markdown_has_a_row_a_column():
    text = as_markdown({"who": {PROFILE}, "what": {EMAIL, SCORE}, "n": set()})
    assert "| `who` | identity.profile_map: profile_id |" in text
    assert "| `what` | normalised.contacts: email, score |" in text
    assert "| `n` | — |" in text


@pytest.mark.parametrize(
    ("dtype", "made_of", "expected"),
    [
        (dt.string, (Pii.DIRECT, Pii.PSEUDONYM), Pii.DIRECT),
        (dt.string, (Pii.SENSITIVE, Pii.NONE), Pii.SENSITIVE),
        (dt.boolean, (Pii.DIRECT,), Pii.NONE),
        (dt.int64, (Pii.DIRECT,), Pii.PSEUDONYM),
        (dt.float64, (), Pii.NONE),
    ],
)
def test_the_class_of_personal_data_is_carried_downstream(
    dtype: dt.DataType, made_of: tuple[Pii, ...], expected: Pii
) -> None:
    assert class_of_value(dtype, made_of) == expected


def test_a_wide_and_deep_expression_is_traced_quickly(contacts):
    table = contacts
    for _ in range(15):
        table = table.mutate(score=table.score + table.score, email=table.email + table.email)
    wide = table.select(**{f"c{number}": table.score + number for number in range(60)})
    started = time.perf_counter()
    assert column_lineage(wide)["c59"] == {SCORE}
    assert time.perf_counter() - started < 0.5
