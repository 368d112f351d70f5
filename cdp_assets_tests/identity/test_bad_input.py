"""Input that would be ruinous if the work grew with its square, or that says nothing at all."""

from __future__ import annotations

import time
from dataclasses import replace

from cdp_assets.identity import schemas
from cdp_assets.identity.resolve import Resolution, resolve
from cdp_assets.identity.spec import IdentityRules, LinkageRules
from cdp_assets_tests.identity.world import AS_OF, KEY, Record, World, canonical_tables, load, together

MANY = 100_000


def many(identifier: str, names: int = 0) -> tuple[World, Resolution]:
    """Resolve `MANY` records with one and the same e-mail.

    Args:
        identifier: SQL of what else record ``n`` carries as a customer number; null for nothing.
        names: How many different names they bear; 0 for none.
    """
    world = World()
    engine = world.engine
    base = f"SELECT range AS n, range + 1 AS record_id, TIMESTAMPTZ '2025-01-01' AS seen FROM range({MANY})"
    blank = canonical_tables(engine, [])
    sql = engine.backend.sql
    records = sql(
        "SELECT record_id, 'test' AS source, 'test' AS stream, 'fact' AS kind, NULL::VARCHAR AS native_id, "
        f"seen AS first_seen_at, seen AS last_seen_at, 1::BIGINT AS rows FROM ({base})"
    )
    identifiers = sql(
        "SELECT record_id, namespace, identifier_type, identifier_value, seen AS first_seen_at, seen AS last_seen_at "
        f"FROM (SELECT *, 'global' AS namespace, 'email' AS identifier_type, 'all@example.com' AS identifier_value "
        f"FROM ({base}) UNION ALL SELECT *, 'shop', 'customer_number', {identifier} FROM ({base})) "
        "WHERE identifier_value IS NOT NULL"
    )
    contacts = blank.contacts
    if names:
        contacts = sql(
            f"SELECT record_id, 'Anna' || chr((97 + n % {names})::INTEGER) || ' Meyer' AS full_name, "
            "NULL::VARCHAR AS given_name, NULL::VARCHAR AS family_name, NULL::DATE AS birth_date, "
            "NULL::BIGINT AS birth_year, NULL::VARCHAR AS gender, NULL::VARCHAR AS company, NULL::VARCHAR AS job_title "
            f"FROM ({base})"
        )
    given = replace(blank, identity_records=records, identifiers=identifiers, contacts=contacts)
    previous = {schema.name: load(engine, schema, []) for schema in schemas.TABLES}
    rules = IdentityRules(linkage=LinkageRules(enabled=False))
    started = time.process_time()
    resolution = resolve(given, rules, world.store, previous, AS_OF, engine, KEY)
    assert time.process_time() - started < 60
    return world, resolution


def profiles(world: World, resolution: Resolution) -> int:
    """How many there are."""
    profile_map = resolution.tables["profile_map"]
    counted = world.engine.to_arrow(profile_map.aggregate(n=profile_map.profile_id.nunique()))
    return int(counted["n"][0].as_py())


def test_many_identical_records_are_one_profile() -> None:
    assert profiles(*many("NULL")) == 1


def test_one_email_on_many_customer_numbers_is_a_hub() -> None:
    world, resolution = many("'c' || n // 2")
    assert profiles(world, resolution) == MANY // 2
    [row] = world.engine.to_arrow(resolution.tables["rejected_links"]).to_pylist()
    assert (row["reason"], row["records"]) == ("hub", MANY)


def test_many_records_of_two_customers_with_one_email_are_taken_apart() -> None:
    assert profiles(*many("CASE WHEN n < 2 THEN 'c' || (n + 10) END")) > 1


def test_an_email_under_more_names_than_one_person_has_links_nobody() -> None:
    assert profiles(*many("NULL", names=25)) == MANY


def test_nothing_but_placeholders_links_nobody() -> None:
    empty = [
        Record(n, ("email n/a", "phone +490000000000", "shop/customer_number -1", "user_id null"), "Anna")
        for n in range(4)
    ]
    assert together(*empty) == {frozenset({n}) for n in range(4)}


def test_identifiers_of_ten_thousand_characters_count_like_others() -> None:
    long = "ab" * 5_000
    records = [Record(1, (f"email {long}@example.com",)), Record(2, (f"email {long}@example.com", f"user_id {long}1"))]
    assert together(*records, Record(3, (f"user_id {long}2",))) == {frozenset({1, 2}), frozenset({3})}


def test_a_single_record_is_a_profile() -> None:
    assert together(Record(1, ("email anna@example.com",))) == {frozenset({1})}
