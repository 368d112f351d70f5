"""Why two records are together, or apart."""

from __future__ import annotations

import json

import pytest

from cdp_assets.canonical import tables as canonical
from cdp_assets.identity import schemas
from cdp_assets.identity.explain import Explanation, RecordNotFound, explain
from cdp_assets_tests.identity.world import KEY, Record, World, canonical_tables, load

ANNA = Record(1, ("shop/customer_number 1001", "email family@example.com"), "Anna Meyer")
BERT = Record(2, ("till/loyalty_number 77", "email family@example.com"), "Bert Meyer")
LOGIN = Record(3, ("user_id u1", "shop/customer_number 1001"))
EVENT = Record(4, ("user_id u1",))


def explained(left: str, right: str, *records: Record) -> Explanation:
    world = World()
    published = world.run(records)
    engine = world.engine
    given = canonical_tables(engine, records)
    tables = {
        ("normalised", canonical.IDENTITY_RECORDS.name): given.identity_records,
        ("normalised", canonical.IDENTIFIERS.name): given.identifiers,
        ("normalised", canonical.CONTACTS.name): given.contacts,
        **{("identity", s.name): load(engine, s, published[s.name].to_pylist()) for s in schemas.TABLES},
    }
    return explain(lambda stage, name: tables[stage, name], left, right, KEY)


def test_the_chain_has_the_fewest_links() -> None:
    found = explained("1", "4", ANNA, LOGIN, EVENT)
    assert found.together
    assert [(step.left.record_id, step.identifier_type, step.right.record_id) for step in found.chain] == [
        (1, "customer_number", 3),
        (3, "user_id", 4),
    ]


def test_of_equally_short_chains_the_strongest_is_told() -> None:
    same = Record(5, ("shop/customer_number 1001", "email family@example.com"), "Anna Meyer")
    [step] = explained("1", "5", ANNA, same).chain
    assert step.identifier_type == "customer_number"


def test_the_weakest_link_is_named() -> None:
    mail = Record(6, ("email family@example.com",))
    weakest = explained("3", "6", ANNA, LOGIN, mail).weakest
    assert weakest is not None
    assert weakest.identifier_type == "email"


def test_a_couple_kept_apart_is_explained_by_what_contradicts() -> None:
    found = explained("1", "2", ANNA, BERT)
    assert not found.together
    [refusal] = found.refusals
    assert (refusal.reason, refusal.words) == (
        "names_differ",
        "both carry the e-mail f•••@•••, but the given names differ",
    )


def test_a_placeholder_that_both_carry_is_named() -> None:
    one, two = Record(1, ("customer_number null", "user_id a")), Record(2, ("customer_number null", "user_id b"))
    [refusal] = explained("1", "2", one, two).refusals
    assert refusal.reason == "placeholder"


def test_records_that_share_nothing_are_told_so() -> None:
    found = explained("1", "4", ANNA, EVENT)
    assert found.words[-1] == "Nothing ties them: they share no identifier."


def test_a_record_can_be_called_by_an_identifier() -> None:
    assert explained("shop:1001", "web:u1", ANNA, LOGIN, EVENT).together


def test_an_identifier_of_several_people_must_be_narrowed_down() -> None:
    with pytest.raises(RecordNotFound, match="different profiles"):
        explained("family@example.com", "1", ANNA, BERT)


def test_an_unknown_record_is_named() -> None:
    with pytest.raises(RecordNotFound, match="'nobody'"):
        explained("nobody", "1", ANNA)


def test_no_explanation_holds_a_value_of_a_person() -> None:
    for found in (explained("1", "2", ANNA, BERT), explained("1", "4", ANNA, LOGIN, EVENT)):
        text = json.dumps(found.to_dict(), ensure_ascii=False) + " ".join(found.words)
        assert not any(value in text for value in ("family@example.com", "1001", "Meyer", "Anna", '"u1"'))


def test_the_plain_form_keeps_ids_exact() -> None:
    big = Record(2**62 + 1, ("user_id u1",))
    plain = explained(str(big.id), "4", big, EVENT).to_dict()
    assert plain["left"]["record_id"] == str(2**62 + 1)
