"""What stewards say, and what follows: who is together, what is refused, and that taking it back restores what was."""

from __future__ import annotations

from datetime import timedelta

from cdp_assets.identity.evidence import identifier_id_of
from cdp_assets.identity.ids import profile_id_of
from cdp_assets.identity.stewardship import Word
from cdp_assets_tests.identity.world import AS_OF, KEY, Record, World, groups

ANNA = Record(1, ("user_id u1", "email anna@example.com"), "Anna Meyer", seen=1)
ANNE = Record(2, ("user_id u2", "email anne@example.com"), "Anne Schulz", seen=2)
ANNAS_MAIL = Record(3, ("email anna@example.com",), seen=3)
ANNES_ORDER = Record(4, ("shop/customer_number 7", "email anne@example.com"), "A. Schulz", seen=4)
PEOPLE = [ANNA, ANNE, ANNAS_MAIL, ANNES_ORDER]
LATER = AS_OF + timedelta(days=1)


def same(number: int, left: int, right: int) -> Word:
    return Word(f"d{number}", "same", None, *sorted((left, right)), None, AS_OF)


def different(number: int, left: int, right: int) -> Word:
    return Word(f"d{number}", "different", None, *sorted((left, right)), None, AS_OF)


def observation(number: int, record: int, kind: str, value: str, namespace: str = "global") -> Word:
    return Word(f"r{number}", "observation", None, record, None, identifier_id_of(KEY, namespace, kind, value), AS_OF)


def parts(*sets: set[int]) -> set[frozenset[int]]:
    return {frozenset(members) for members in sets}


def test_a_steward_joins_two_user_ids_with_all_that_is_theirs() -> None:
    world = World()
    assert world.groups(PEOPLE, words=[same(1, 1, 2)]) == parts({1, 2, 3, 4})
    [link] = [row for row in world.tables["links"].to_pylist() if row["identifier_type"] == "steward"]
    assert (link["left_record_id"], link["right_record_id"], link["identifier_id"], link["strength"]) == (1, 2, 1, 1.0)


def test_what_a_steward_joined_lets_no_third_user_id_in() -> None:
    third = Record(5, ("user_id u3", "email anna@example.com"), "Anna Meyer", seen=5)
    world = World()
    assert world.groups([*PEOPLE, third], words=[same(1, 1, 2)]) == parts({1, 2, 4}, {5}, {3})
    assert "ids_differ" in world.tables["rejected_links"]["reason"].to_pylist()


def test_a_steward_joins_two_whole_profiles_and_not_two_records() -> None:
    one = [
        Record(1, ("crm/contact_id 1", "email a@example.com"), "Anna Meyer", seen=1),
        Record(2, ("user_id u1", "email a@example.com"), "Anna Meyer", seen=2),
    ]
    two = [
        Record(3, ("crm/contact_id 3", "email b@example.com"), "Bertha Schulz", seen=3),
        Record(4, ("user_id u2", "email b@example.com"), "Bertha Schulz", seen=4),
    ]
    assert World().groups([*one, *two], words=[same(1, 1, 3)]) == parts({1, 2, 3, 4})


def test_what_fits_both_of_those_joined_is_theirs() -> None:
    anna = Record(1, ("shop/customer_number 1", "email we@example.com"), "Anna Meyer", seen=1)
    bert = Record(2, ("till/loyalty_number 7", "email we@example.com"), "Bert Meyer", seen=2)
    opened = Record(3, ("email we@example.com",), seen=3)
    assert World().groups([anna, bert, opened]) == parts({1}, {2}, {3})
    assert World().groups([anna, bert, opened], words=[same(1, 1, 2)]) == parts({1, 2, 3})


def test_a_user_id_comes_to_whom_the_steward_said_has_it_and_not_through_them() -> None:
    nameless = Record(6, ("email shared@example.com",), seen=6)
    other = Record(7, ("user_id u9", "email shared@example.com"), seen=7)
    together = World().groups([ANNA, nameless, other])
    assert together == parts({1}, {6, 7})
    assert World().groups([ANNA, nameless, other], words=[same(1, 1, 6)]) == parts({1, 6}, {7})


def test_a_steward_parts_two_whom_everything_ties() -> None:
    one = Record(1, ("user_id u1", "email anna@example.com"), "Anna Meyer", seen=1)
    two = Record(2, ("user_id u1", "email anna@example.com"), "Anna Meyer", seen=2)
    three = Record(3, ("user_id u1",), seen=3)
    world = World()
    assert world.groups([one, two, three], words=[different(1, 1, 2)]) == parts({1, 3}, {2})
    refused = [row for row in world.tables["rejected_links"].to_pylist() if row["reason"] == "steward"]
    assert {row["identifier_type"] for row in refused} == {"steward", "user_id", "email"}


def test_a_parted_pair_stays_parted_through_third_records() -> None:
    chain = [Record(n, (f"s{n}/customer_number a{n}", f"s{n + 1}/customer_number a{n + 1}"), seen=n) for n in (1, 2, 3)]
    assert World().groups(chain) == parts({1, 2, 3})
    assert World().groups(chain, words=[different(1, 1, 3)]) == parts({1, 2}, {3})


def test_both_words_hold_where_one_number_ties_a_joined_record_to_a_parted_one() -> None:
    one, two = Record(1, ("user_id u1",), seen=1), Record(2, ("user_id u1",), seen=2)
    three = Record(3, ("email c@example.com",), seen=3)
    found = World().groups([one, two, three], words=[same(1, 2, 3), different(2, 1, 3)])
    assert found == parts({1}, {2, 3})


def test_where_stewards_contradict_one_another_those_who_part_win_and_it_is_said() -> None:
    words = [same(1, 1, 2), same(2, 2, 4), different(3, 1, 4)]
    world = World()
    assert world.groups(PEOPLE, words=words) == parts({1, 2, 3}, {4})
    contradicted = [row for row in world.tables["rejected_links"].to_pylist() if row["reason"] == "stewards_contradict"]
    assert [(row["left_record_id"], row["right_record_id"]) for row in contradicted] == [(2, 4)]


def test_a_guest_order_is_joined_and_let_go_again_with_its_own_id() -> None:
    guest = Record(9, kind="guest", seen=9)
    world = World()
    before = world.run([*PEOPLE, guest])
    joined = world.run([*PEOPLE, guest], words=[same(1, 1, 9)], as_of=LATER)
    assert frozenset({1, 3, 9}) in groups(joined)
    merged = [row for row in joined["profile_changes"].to_pylist() if row["change"] == "merged"]
    assert [(row["other_profile_id"], row["cause"]) for row in merged] == [(profile_id_of(9), "d1")]
    after = world.run([*PEOPLE, guest], as_of=LATER)
    assert after["profile_map"].sort_by("record_id") == before["profile_map"].sort_by("record_id")
    assert after["redirects"].num_rows == 0


def test_a_device_given_to_a_person_is_taken_from_them_by_a_steward() -> None:
    login = Record(1, ("user_id u1", "anonymous_id x"), "Anna Meyer", seen=5, events=((5, None),))
    visits = Record(2, ("anonymous_id x",), seen=1, events=((1, None),))
    also = Record(3, ("anonymous_id x", "click_id c"), seen=2, events=((2, None),))
    assert World().groups([login, visits, also]) == parts({1, 2, 3})
    assert World().groups([login, visits, also], words=[different(1, 1, 2)]) == parts({1, 3}, {2})


def test_two_devices_records_of_nobody_are_parted() -> None:
    visits = [Record(n, ("anonymous_id x", f"click_id c{n}"), seen=n, events=((n, None),)) for n in (1, 2, 3)]
    assert World().groups(visits) == parts({1, 2, 3})
    assert World().groups(visits, words=[different(1, 1, 3)]) == parts({1, 2}, {3})


def test_a_device_that_a_steward_gives_to_a_person_brings_what_else_was_done_on_it() -> None:
    visits = [Record(n, ("anonymous_id x", f"click_id c{n}"), seen=n, events=((n, None),)) for n in (5, 6)]
    assert World().groups([ANNA, *visits], words=[same(1, 1, 5)]) == parts({1, 5, 6})


def test_revoking_restores_partition_and_ids() -> None:
    world = World()
    before = world.run(PEOPLE)["profile_map"].sort_by("record_id")
    merged = world.run(PEOPLE, words=[same(1, 1, 2)])
    assert len(set(merged["profile_map"]["profile_id"].to_pylist())) == 1
    assert merged["redirects"].num_rows == 1
    after = world.run(PEOPLE)
    assert after["profile_map"].sort_by("record_id") == before
    assert after["redirects"].num_rows == 0
    causes = {(row["change"], row["cause"]) for row in after["profile_changes"].to_pylist()}
    assert causes == {("created", None), ("merged", "d1"), ("split", "d1")}


def test_a_retracted_observation_counts_as_never_made() -> None:
    world = World()
    before = world.run([ANNA, ANNE, ANNES_ORDER])["profile_map"].sort_by("record_id")
    wrong = Record(1, ("user_id u1", "email anna@example.com", "till/loyalty_number 8"), "Anna Meyer", seen=1)
    also = Record(4, ("shop/customer_number 7", "email anne@example.com", "till/loyalty_number 8"), "A. Schulz", seen=4)
    assert world.groups([wrong, ANNE, also]) == parts({1, 4}, {2})
    word = observation(1, 4, "loyalty_number", "8", "till")
    after = world.run([wrong, ANNE, also], words=[word])
    assert after["profile_map"].sort_by("record_id") == before


def test_a_retracted_rule_and_a_retracted_source_say_nothing() -> None:
    assert World().groups(PEOPLE, words=[Word("r1", "rule", "email")]) == parts({1}, {2}, {3}, {4})
    assert World().groups(PEOPLE, words=[Word("r1", "source", "test")]) == parts({1}, {2}, {3}, {4})


def test_a_retracted_address_ties_no_longer() -> None:
    shop = Record(1, ("shop/customer_number 1",), "Anna Meyer", address="Hauptstraße 5, 10115")
    crm = Record(2, ("crm/contact_id 2",), "Anna Meyer", address="Hauptstr. 5, 10115")
    value = "anna meyer\x1fhauptstr5\x1f10115\x1fde"
    assert World().groups([shop, crm]) == parts({1, 2})
    assert World().groups([shop, crm], words=[observation(1, 2, "address", value)]) == parts({1}, {2})


def test_a_word_about_a_record_that_is_gone_waits() -> None:
    assert World().groups([ANNA], words=[same(1, 1, 99), different(2, 1, 98)]) == parts({1})


def test_words_and_ids_survive_a_warehouse_that_is_built_anew() -> None:
    world = World()
    words = [same(1, 1, 2), different(2, 2, 4)]
    world.run(PEOPLE)
    before = world.run(PEOPLE, words=words, as_of=LATER)["profile_map"].sort_by("record_id")
    world.tables = {}
    assert world.run(PEOPLE, words=words, as_of=LATER)["profile_map"].sort_by("record_id") == before
    assert world.run(PEOPLE, words=words, as_of=LATER)["profile_map"].sort_by("record_id") == before


def test_nested_merges_are_undone_in_any_order() -> None:
    world = World()
    one, two, three = (Record(n, (f"user_id u{n}",), seen=n) for n in (1, 2, 3))
    before = world.run([one, two, three])["profile_map"].sort_by("record_id")
    world.run([one, two, three], words=[same(1, 2, 3)])
    world.run([one, two, three], words=[same(1, 2, 3), same(2, 1, 2)])
    world.run([one, two, three], words=[same(2, 1, 2)])
    assert groups(world.tables) == parts({1, 2}, {3})
    after = world.run([one, two, three])
    assert after["profile_map"].sort_by("record_id") == before
    assert after["redirects"].num_rows == 0
