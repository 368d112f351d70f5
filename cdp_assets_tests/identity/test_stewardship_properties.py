"""What holds for all histories of evidence and of stewards' words."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from cdp_assets.identity.evidence import identifier_id_of
from cdp_assets.identity.slow_path import Words, settle
from cdp_assets.identity.spec import DEFAULT_IDENTIFIERS
from cdp_assets.identity.stewardship import Word
from cdp_assets_tests.identity.test_properties import FEW, MANY, TOWN, TOWNS, Town, atoms_of, made
from cdp_assets_tests.identity.world import AS_OF, KEY, Record, World, groups

PAIR = st.tuples(st.integers(0, 8), st.integers(0, 8), st.booleans())
PAIRS = st.lists(st.lists(PAIR, max_size=3), min_size=12, max_size=12)
"""For every town a few pairs of its records and whether they are one person."""


def said_of(towns: list[Town], pairs: list[list[tuple[int, int, bool]]]) -> list[Word]:
    """Stewards' words, without those that contradict earlier ones."""
    words: list[Word] = []
    for town, (rows, said) in enumerate(zip(towns, pairs, strict=True)):
        together = {n: frozenset({n}) for n in range(len(rows))}
        apart: list[tuple[int, int]] = []
        for left, right, same in said:
            one, two = left % len(rows), right % len(rows)
            if one == two:
                continue
            joined = together[one] | together[two]
            if same and any(a in joined and b in joined for a, b in apart):
                continue
            if not same and together[one] == together[two]:
                continue
            if same:
                together.update(dict.fromkeys(joined, joined))
            else:
                apart.append((one, two))
            ends = sorted(1000 * (town + 1) + n for n in (one, two))
            words.append(Word(f"d{len(words) + 1}", "same" if same else "different", None, *ends, None, AS_OF))
    return words


@FEW
@given(TOWNS, PAIRS)
def test_what_stewards_say_holds(towns: list[Town], pairs: list[list[tuple[int, int, bool]]]) -> None:
    words = said_of(towns, pairs)
    world = World()
    found = world.groups(made(towns), words=words)
    for word in words:
        together = any({word.left_record_id, word.right_record_id} <= group for group in found)
        assert together == (word.kind == "same")
    assert "stewards_contradict" not in world.tables["rejected_links"]["reason"].to_pylist()


@FEW
@given(TOWNS, PAIRS)
def test_linking_and_revoking_is_the_identity(towns: list[Town], pairs: list[list[tuple[int, int, bool]]]) -> None:
    world = World()
    records, words = made(towns), said_of(towns, pairs)
    before = world.run(records)
    for run, end in enumerate((len(words) // 2, len(words)), start=1):
        world.run(records, words=words[:end], as_of=AS_OF + timedelta(days=run))
    world.run(records, words=words[len(words) // 2 :], as_of=AS_OF + timedelta(days=3))
    after = world.run(records, as_of=AS_OF + timedelta(days=4))
    assert sorted(map(str, after["profile_map"].to_pylist())) == sorted(map(str, before["profile_map"].to_pylist()))
    # Ids made for parts that were parted in between lead on; none that was in use before does.
    assert not set(after["redirects"]["old_profile_id"].to_pylist()) & set(
        before["profile_map"]["profile_id"].to_pylist()
    )


@FEW
@given(TOWNS, st.randoms(use_true_random=False))
def test_evidence_given_and_retracted_is_the_identity(towns: list[Town], chance: random.Random) -> None:
    """Observations that are added and then taken back leave the profiles, with their ids, as they were."""
    whole = made(towns)
    dropped = {record.id: chance.choice(record.carries) for record in whole if len(record.carries) > 1}
    fewer = [
        Record(
            record.id,
            tuple(text for text in record.carries if text != dropped.get(record.id)),
            record.name,
            seen=record.seen,
            until=record.until,
        )
        for record in whole
    ]
    words = []
    for record in whole:
        for row in record.identifiers():
            head = f"{row['identifier_type']} {row['identifier_value']}"
            if record.id in dropped and dropped[record.id].endswith(head):
                identifier = identifier_id_of(KEY, row["namespace"], row["identifier_type"], row["identifier_value"])
                words.append(Word(f"r{len(words) + 1}", "observation", None, record.id, None, identifier, AS_OF))
    world = World()
    before = world.run(fewer)
    world.run(whole, as_of=AS_OF + timedelta(days=1))
    after = world.run(whole, words=words, as_of=AS_OF + timedelta(days=2))
    assert sorted(map(str, after["profile_map"].to_pylist())) == sorted(map(str, before["profile_map"].to_pylist()))


@FEW
@given(TOWNS, PAIRS, st.randoms(use_true_random=False))
def test_any_order_of_arrival_and_of_words_gives_the_same_map(
    towns: list[Town], pairs: list[list[tuple[int, int, bool]]], chance: random.Random
) -> None:
    records, words = made(towns), said_of(towns, pairs)
    world = World()
    shuffled = chance.sample(records, len(records))
    world.run(shuffled[: len(shuffled) // 2], words=words)
    mixed = chance.sample(words, len(words))
    world.run(shuffled, words=mixed[: len(mixed) // 2])
    assert world.groups(shuffled, words=mixed) == World().groups(records, words=words)


@MANY
@given(TOWN, st.lists(PAIR, max_size=4))
def test_no_limit_is_broken_but_by_a_stewards_own_word(town: Town, pairs: list[tuple[int, int, bool]]) -> None:
    """Every steward's word lets a profile have what one more person may have, and nothing else does."""
    records = [record for record in made([town]) if record.carries]
    atoms, rules = atoms_of(records)
    keys = {atom.key for atom in atoms}
    said = [word for word in said_of([town], [pairs]) if {word.left_record_id, word.right_record_id} <= keys]
    by_kind: dict[str, list[tuple[int, int]]] = {"same": [], "different": []}
    for word in said:
        assert word.left_record_id is not None
        assert word.right_record_id is not None
        by_kind[word.kind].append((word.left_record_id, word.right_record_id))
    words = Words(by_kind["same"], by_kind["different"])
    labels = settle(atoms, rules, words).labels
    members = defaultdict(list)
    for record in records:
        if record.id in labels:
            members[labels[record.id]].append(record)
    for group in members.values():
        joins = sum(labels[left] == labels[group[0].id] for left, _right in words.together)
        values, own = defaultdict(set), defaultdict(int)
        for record in group:
            held = defaultdict(set)
            for row in record.identifiers():
                held[row["namespace"], row["identifier_type"]].add(row["identifier_value"])
            for kind, these in held.items():
                values[kind] |= these
                own[kind] = max(own[kind], len(these))
        for kind, these in values.items():
            limit = DEFAULT_IDENTIFIERS[kind[1]].limit
            # A record that breaks a limit by itself cannot be taken apart.
            assert limit is None or len(these) <= max(limit, own[kind]) * (1 + joins)


@MANY
@given(TOWN, st.lists(PAIR, max_size=4), st.randoms(use_true_random=False))
def test_the_slow_path_does_not_care_for_the_order_of_words(
    town: Town, pairs: list[tuple[int, int, bool]], chance: random.Random
) -> None:
    atoms, rules = atoms_of(made([town]))
    keys = {atom.key for atom in atoms}
    ends = [
        (word.kind, (word.left_record_id or 0, word.right_record_id or 0))
        for word in said_of([town], [pairs])
        if {word.left_record_id, word.right_record_id} <= keys
    ]
    mixed = chance.sample(ends, len(ends))
    first, second = (
        Words([pair for kind, pair in given if kind == "same"], [pair for kind, pair in given if kind == "different"])
        for given in (ends, mixed)
    )
    assert settle(atoms, rules, first) == settle(chance.sample(atoms, len(atoms)), rules, second)


def test_groups_of_the_example_are_as_written() -> None:
    """The helper leaves out what contradicts, so that the properties speak of words that can all hold."""
    town: Town = [([], None, 0, 0)] * 3
    said = said_of([town], [[(0, 1, True), (1, 2, True), (0, 2, False)]])
    assert [(word.kind, word.left_record_id, word.right_record_id) for word in said] == [
        ("same", 1000, 1001),
        ("same", 1001, 1002),
    ]
    assert groups(World().run(made([town]), words=said)) == {frozenset({1000, 1001, 1002})}
