"""What stewards say, in runs that build upon earlier ones: the outcome is that of a run from nothing."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdp_assets.identity.evidence import identifier_id_of
from cdp_assets.identity.stewardship import Word
from cdp_assets_tests.examples import SOAKING, examples
from cdp_assets_tests.identity.test_incremental import TOWNS, Twins
from cdp_assets_tests.identity.test_properties import NAMES, RECORD, Town, made
from cdp_assets_tests.identity.world import AS_OF, KEY, Record


def same(number: int, left: int, right: int) -> Word:
    return Word(f"d{number}", "same", None, *sorted((left, right)), None, AS_OF)


def different(number: int, left: int, right: int) -> Word:
    return Word(f"d{number}", "different", None, *sorted((left, right)), None, AS_OF)


def taken_back(number: int, record: Record, carried: str) -> Word:
    [row] = [row for row, text in zip(record.identifiers(), record.carries, strict=True) if text == carried]
    identifier = identifier_id_of(KEY, row["namespace"], row["identifier_type"], row["identifier_value"])
    return Word(f"r{number}", "observation", None, record.id, None, identifier, AS_OF)


@examples(2)
@given(TOWNS, st.randoms(use_true_random=False), st.data())
def test_any_history_of_evidence_and_words_gives_what_a_run_from_nothing_gives(
    towns: list[Town], chance: random.Random, data: st.DataObject
) -> None:
    guests = {n: Record(n, kind="guest", seen=n - 90_000) for n in range(90_000, 90_006)}
    records = {record.id: record for record in made(towns)} | guests
    words: dict[str, Word] = {}
    spoken = 0
    twins = Twins()
    for step in range(4 if SOAKING else 3):
        twins.run(list(records.values()), words=list(words.values()))
        for taken in chance.sample(sorted(words), len(words) // 3):
            del words[taken]
        for _ in range(6):
            spoken += 1
            town = chance.randrange(1, len(towns) + 1)
            near = [number for number in records if number // 1000 == town] + chance.sample(sorted(guests), 2)
            left, right = chance.choice(near), chance.choice([*near, *chance.sample(sorted(records), 2)])
            carries = records[left].carries if left in records else ()
            if carries and chance.random() < 0.3:
                word = taken_back(spoken, records[left], chance.choice(carries))
            elif left == right:
                continue
            else:
                word = chance.choice((same, different))(spoken, left, right)
            words[word.word] = word
        for number in chance.sample(sorted(records), min(4, len(records))):
            fate = chance.choice(("gone", "another name", "other identifiers", "joined"))
            if fate == "gone" or number in guests:
                del records[number]
            elif fate == "another name":
                records[number] = replace(records[number], name=chance.choice(NAMES))
            else:
                [other] = made([[data.draw(RECORD)]])
                carries = tuple(text.replace("10", f"{number // 1000 + 9}") for text in other.carries)
                new = number if fate == "other identifiers" else number // 1000 * 1000 + 100 * step + 50
                records[new] = replace(other, id=new, carries=carries)
    twins.run(list(records.values()))


ANN = Record(1, ("user_id ann", "email ann@example.com"), "Ann Fox")
TILL = Record(2, ("shop/customer_number 7",), "Ann Fox", seen=1)
BEN = Record(3, ("user_id ben", "email ann@example.com"), "Ben Hart", seen=2)
FAR = [Record(n, (f"user_id u{n}",), seen=n) for n in range(20, 25)]


def test_a_word_looks_again_at_those_whom_it_names() -> None:
    twins = Twins()
    twins.run([ANN, TILL, BEN, *FAR])
    assert frozenset({1, 2}) in twins.run([ANN, TILL, BEN, *FAR], words=[same(1, 1, 2)])
    assert twins.reason is None
    assert twins.looked_at == 3
    assert frozenset({1}) in twins.run([ANN, TILL, BEN, *FAR])


def test_a_word_takes_effect_when_the_record_that_it_names_comes_back() -> None:
    twins = Twins()
    words = [same(1, 1, 2)]
    twins.run([ANN, TILL, *FAR], words=words)
    assert frozenset({1}) in twins.run([ANN, *FAR], words=words)
    assert frozenset({1, 2}) in twins.run([ANN, TILL, *FAR], words=words)


@pytest.mark.long
def test_a_guest_joined_and_parted_again_keeps_the_id_they_had() -> None:
    guest = Record(9, kind="guest", seen=5)
    twins = Twins()
    twins.run([ANN, guest, *FAR])
    before = twins.patient.tables["profile_map"].to_pylist()
    assert frozenset({1, 9}) in twins.run([ANN, guest, *FAR], words=[same(1, 1, 9)])
    twins.run([ANN, guest, *FAR])
    assert sorted(map(str, twins.patient.tables["profile_map"].to_pylist())) == sorted(map(str, before))
    late = Record(10, kind="guest", seen=6)
    assert frozenset({1, 10}) in twins.run([ANN, guest, late, *FAR], words=[same(2, 1, 10)])
    twins.run([ANN, guest, *FAR], words=[same(2, 1, 10)])


@pytest.mark.long
def test_a_device_is_denied_to_somebody_wherever_it_turns_up() -> None:
    pad = Record(30, ("anonymous_id pad",), seen=1)
    phone = Record(31, ("anonymous_id cell",), seen=1)
    ann = Record(1, ("user_id ann", "anonymous_id pad", "anonymous_id cell"), seen=2)
    words = [different(1, 30, 40)]
    twins = Twins()
    twins.run([pad, phone, *FAR], words=words)
    assert frozenset({1, 30, 31}) in twins.run([pad, phone, ann, *FAR], words=words)
    other = Record(40, ("user_id ann",), seen=3)
    assert frozenset({1, 31, 40}) in twins.run([pad, phone, ann, other, *FAR], words=words)
    both = [*words, different(2, 30, 31)]
    twins.run([pad, phone, ann, *FAR], words=both[1:])
    twins.run([pad, phone, ann, other, *FAR], words=both)


def test_evidence_taken_back_and_given_again() -> None:
    town = [Record(50, (), "Ida Wolf", address="Hof 1, 10115"), Record(51, (), "Ida Wolf", address="Hof 1, 10115")]
    tagged = Record(61, ("email ida+shop@example.com", "email_base ida@example.com"), "Ida Wolf")
    plain = Record(60, ("email ida@example.com",), "Ida Wolf")
    records = [ANN, BEN, *town, tagged, plain]
    place = identifier_id_of(KEY, "global", "address", "ida wolf\x1fhof1\x1f10115\x1fde")
    taken = [
        taken_back(1, BEN, "email ann@example.com"),
        taken_back(2, tagged, "email_base ida@example.com"),
        Word("r3", "observation", None, 50, None, place, AS_OF),
    ]
    twins = Twins()
    together = twins.run(records)
    assert {frozenset({50, 51}), frozenset({60, 61})} <= together
    apart = twins.run(records, words=taken)
    assert twins.reason is None
    assert {frozenset({50}), frozenset({51}), frozenset({60}), frozenset({61})} <= apart
    assert twins.run(records) == together


def test_a_type_or_a_source_that_does_not_count_counts_for_everybody() -> None:
    twins = Twins()
    records = [ANN, replace(TILL, carries=("email ann@example.com",)), *FAR]
    assert frozenset({1, 2}) in twins.run(records)
    assert frozenset({1}) in twins.run(records, words=[Word("r1", "rule", "email")])
    assert twins.reason is not None
    assert frozenset({1}) in twins.run(records, words=[Word("r2", "source", "test")])
    assert twins.reason is not None


def test_news_of_what_was_taken_back_counts_for_nothing() -> None:
    known = [Record(1, ("email a@example.com",)), Record(2, ("user_id u",))]
    between = Record(3, ("email a@example.com", "user_id u"), source="till")
    for word in (Word("r1", "source", "till"), Word("r2", "rule", "email")):
        twins = Twins()
        twins.run(known, words=[word])
        assert frozenset({1}) in twins.run([*known, between], words=[word])
        assert twins.reason is None
