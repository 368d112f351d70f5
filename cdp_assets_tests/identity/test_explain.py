"""Why two records are together, or apart."""

from __future__ import annotations

import json

import pytest

from cdp_assets.canonical import tables as canonical
from cdp_assets.identity import schemas
from cdp_assets.identity.cluster import Cluster, draw_cluster
from cdp_assets.identity.explain import Explanation, RecordNotFound, Step, explain
from cdp_assets.identity.published import RecordShown, Tables
from cdp_assets.identity.stewardship import Word
from cdp_assets.identity.ties import Ties
from cdp_assets_tests.identity.world import AS_OF, KEY, Record, World, canonical_tables, load

ANNA = Record(1, ("shop/customer_number 1001", "email family@example.com"), "Anna Meyer")
BERT = Record(2, ("till/loyalty_number 77", "email family@example.com"), "Bert Meyer")
LOGIN = Record(3, ("user_id u1", "shop/customer_number 1001"))
EVENT = Record(4, ("user_id u1",))


def published(*records: Record, words: tuple[Word, ...] = (), before: tuple[Record, ...] = ()) -> Tables:
    world = World()
    if before:
        world.run(before)
    found = world.run(records, words=words)
    engine = world.engine
    given = canonical_tables(engine, records)
    tables = {
        ("normalised", canonical.IDENTITY_RECORDS.name): given.identity_records,
        ("normalised", canonical.IDENTIFIERS.name): given.identifiers,
        ("normalised", canonical.CONTACTS.name): given.contacts,
        **{("identity", s.name): load(engine, s, found[s.name].to_pylist()) for s in schemas.TABLES},
    }
    return lambda stage, name: tables[stage, name]


def explained(left: str, right: str, *records: Record, words: tuple[Word, ...] = ()) -> Explanation:
    return explain(published(*records, words=words), left, right, KEY)


def drawn(called: str, *records: Record) -> Cluster:
    return draw_cluster(published(*records), called, KEY)


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


def test_what_both_carry_and_what_does_not_join_them_is_told_beside_what_does() -> None:
    one, two = (Record(n, ("user_id u1", "shop/customer_number null")) for n in (1, 2))
    told = explained("1", "2", one, two)
    assert [step.identifier_type for step in told.chain] == ["user_id"]
    assert [refusal.reason for refusal in told.refusals] == ["placeholder"]
    assert told.words[2].endswith(", but the value stands for 'nothing known'.")


def test_records_that_share_nothing_are_told_so() -> None:
    found = explained("1", "4", ANNA, EVENT)
    assert found.words[-1] == "Nothing ties them: they share no identifier."


def test_records_whose_tie_was_given_up_are_told_when_they_were_parted() -> None:
    guest = Record(5, ("email old@example.com",))
    before, after = (Record(1, ("crm/contact_id 7", f"email {name}@example.com")) for name in ("old", "new"))
    found = explain(published(after, guest, before=(before, guest)), "1", "5", KEY)
    assert found.words[1:] == (
        "Nothing ties them any more: they share no identifier.",
        f"The profiles were one until the run as of {AS_OF:%Y-%m-%d}.",
    )
    assert found.to_dict()["parted_at"] == AS_OF.isoformat()
    assert explained("1", "5", after, guest).parted is None


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


def test_without_the_weakest_link_another_chain_may_hold() -> None:
    one = Record(1, ("shop/customer_number 1001", "email a@example.com", "phone +491511111112"), "Anna Meyer")
    two = Record(2, ("crm/contact_id 5", "email a@example.com", "phone +491511111112"), "Anna Meyer")
    mail = Record(3, ("email a@example.com",))
    told = explained("1", "2", one, two, mail).without
    assert told is not None
    assert told.link.identifier_type == "email"
    assert [step.identifier_type for step in told.chain] == ["phone"]
    assert [(dict(part.sources), part.holds) for part in told.parts] == [
        ({"test": 2}, "first and the second"),
        ({"test": 1}, ""),
    ]
    assert told.words[0].startswith("Without the e-mail a•••@••• the two would still be together: ")
    assert told.words[1] == "The profile would lose 1 record (1 test)."


def test_without_the_weakest_link_the_profile_may_fall_apart() -> None:
    mail = Record(6, ("email family@example.com",))
    told = explained("3", "6", ANNA, LOGIN, EVENT, mail).without
    assert told is not None
    assert told.words == (
        "Without the e-mail f•••@••• the profile would fall into 2 parts: 3 records (3 test) with the first; "
        "1 record (1 test) with the second.",
    )


def test_a_stewards_word_is_told_as_such() -> None:
    joined = explained("1", "2", ANNA, BERT, words=(Word("d4", "same", None, 1, 2),))
    assert [step.detail for step in joined.chain] == ["d4"]
    assert "a steward said that" in joined.chain[0].words
    parted = explained("1", "3", ANNA, LOGIN, words=(Word("d5", "different", None, 1, 3),))
    assert "A steward said that they are different people (decision d5)." in parted.words


def test_retracted_evidence_is_named() -> None:
    told = explained("1", "3", ANNA, LOGIN, words=(Word("r2", "rule", "customer_number"),))
    assert told.words[1:] == ("Both carry the shop customer number •••, but a steward retracted it (r2).",)
    denied = explained("1", "2", ANNA, BERT, words=(Word("r3", "pair", None, 1, 2),))
    assert "They look alike, but a steward retracted their likeness (r3)." in denied.words


def test_likeness_is_told_with_its_probability() -> None:
    one, two = (RecordShown(n, "crm", "contacts", "person", f"•••{n}", "", (1,), closed=n == 2) for n in (1, 2))
    step = Step(one, two, "likeness", "likeness", "", 0.9994, "family name the same (+6.2)")
    assert step.words == (
        "crm contacts record •••1 and crm contacts closed record •••2 look like one person, probability 0.999: "
        "family name the same (+6.2)"
    )


def test_an_identifier_that_joins_two_groups_but_not_one_with_the_other_is_two_ties() -> None:
    pairs = [(2, 1, "phone"), (3, 1, "phone"), (5, 4, "phone"), (3, 4, "likeness")]
    links = [
        {"left_record_id": left, "right_record_id": right, "namespace": "global", "identifier_type": kind,
         "identifier_id": 9, "strength": 0.9}
        for left, right, kind in pairs
    ]  # fmt: skip
    ties = Ties.of(links)
    assert sorted(ties.carried.values(), key=len) == [{4, 5}, {3, 4}, {1, 2, 3}]
    hops = ties.chain(1, 5)
    assert [(one, tie[0], two) for one, tie, two in hops] == [(1, "phone", 3), (3, "likeness", 4), (4, "phone", 5)]
    assert ties.chain(1, 5, without=hops[1][1]) == []


def test_a_cluster_shows_records_links_and_what_was_refused() -> None:
    cluster = drawn("1", ANNA, LOGIN, EVENT, BERT)
    assert cluster.records == 3
    inside = {point.key: point for point in cluster.points if not point.outside}
    assert [point.record_id for point in inside.values()] == [1, 3, 4]
    held = [(line.left, line.right, line.kinds) for line in cluster.lines if not line.refused]
    assert held == [("1", "2", ("shop customer number",)), ("2", "3", ("web user id",))]
    [refused] = [line for line in cluster.lines if line.refused]
    assert (refused.kinds, refused.refused) == (("e-mail",), "names differ")
    [other] = [point for point in cluster.points if point.outside]
    assert other.label == "B••• M•••"


def test_a_large_cluster_is_summarised() -> None:
    orders = [Record(100 + n, ("user_id u1", f"shop/order_number o{n}")) for n in range(300)]
    cluster = drawn("1", ANNA, LOGIN, EVENT, *orders)
    assert (cluster.records, cluster.summarised) == (303, True)
    assert len(cluster.points) <= 24
    assert sum(point.records for point in cluster.points) == 303


def test_a_cluster_is_drawn_as_a_picture_and_as_text() -> None:
    from rich.console import Console

    from cdp_assets.identity.cluster_picture import picture_bytes, pictures
    from cdp_assets.presentation.cluster_page import cluster_page
    from cdp_assets.presentation.cluster_text import cluster_text

    cluster = drawn("1", ANNA, LOGIN, EVENT, BERT)
    console = Console(width=110, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    console.print(cluster_text(cluster))
    text = console.export_text()
    assert "shop customer number 1.00" in text
    assert "✗ B••• M•••" in text
    svg = picture_bytes(cluster, "svg")
    assert svg == picture_bytes(cluster, "svg")
    assert picture_bytes(cluster, "png").startswith(b"\x89PNG")
    page = cluster_page(cluster)
    assert "<svg" in page
    assert not any(value in page + text for value in ("family@example.com", "Meyer", "Anna"))
    assert len(pictures([cluster, cluster, cluster]).axes) == 4


def test_a_profile_is_found_by_an_older_id() -> None:
    world = World()
    first = world.run([ANNA, EVENT])
    merged = world.run([ANNA, EVENT, LOGIN])
    [row] = merged["redirects"].to_pylist()
    assert row["old_profile_id"] in first["profile_map"]["profile_id"].to_pylist()
    engine = world.engine
    tables = {s.name: load(engine, s, merged[s.name].to_pylist()) for s in schemas.TABLES}
    given = canonical_tables(engine, [ANNA, EVENT, LOGIN])
    tables |= {"identity_records": given.identity_records, "contacts": given.contacts, "identifiers": given.identifiers}
    cluster = draw_cluster(lambda _stage, name: tables[name], str(row["old_profile_id"]), KEY)
    assert (cluster.profile_id, cluster.records) == (row["profile_id"], 3)
