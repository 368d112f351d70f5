"""What holds for all inputs."""

from __future__ import annotations

import itertools
import random
import time
from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from cdp_assets.identity.evidence import identifier_id_of
from cdp_assets.identity.groups import Atom, Groups, TypeRule, Use
from cdp_assets.identity.slow_path import settle
from cdp_assets.identity.spec import DEFAULT_IDENTIFIERS, Kind
from cdp_assets_tests.examples import examples
from cdp_assets_tests.identity.world import KEY, Record, World, groups, together

NAMES = (None, "Anna Meyer", "Anni Meyer", "A. Meyer", "Anna Schulz", "Bert Meyer", "Berta Meyer", "Carl Otto")
CARRIED = (
    *(f"user_id u{n}-@" for n in range(3)),
    *(f"shop/customer_number c{n}-@" for n in range(3)),
    *(f"shop/order_number o{n}-@" for n in range(2)),
    *(f"email e{n}-@" for n in range(4)),
    *(f"phone +49151{n}7@" for n in range(3)),
    *(f"anonymous_id x{n}-@" for n in range(3)),
)
"""What a record may carry; the @ stands for the number of its town."""

RECORD = st.tuples(
    st.sets(st.sampled_from(CARRIED), max_size=3).map(sorted),
    st.sampled_from(NAMES),
    st.sampled_from((0, 10, 400, 900)),
    st.sampled_from((0, 5, 500)),
)
TOWN = st.lists(RECORD, min_size=1, max_size=9)
TOWNS = st.lists(TOWN, min_size=12, max_size=12)
"""Places that know nothing of one another: a run costs a second, so it is given a dozen of them at once."""

FEW = examples(2)  # the first of which is the emptiest
MANY = examples(150)
Town = list[tuple[list[str], str | None, int, int]]


def made(towns: list[Town], first: int = 0) -> list[Record]:
    """All records of some towns."""
    return [
        Record(
            1000 * (town + 1) + first + number,
            tuple(text.replace("@", f"{town + 10}") for text in carries),
            name,
            seen=seen,
            until=seen + lasts,
        )
        for town, rows in enumerate(towns)
        for number, (carries, name, seen, lasts) in enumerate(rows)
    ]


@FEW
@given(TOWNS, st.randoms(use_true_random=False))
def test_any_order_of_arrival_gives_the_same_partition(towns: list[Town], chance: random.Random) -> None:
    records = made(towns)
    shuffled = chance.sample(records, len(records))
    world = World()
    for end in (len(shuffled) // 3, len(shuffled) * 2 // 3):
        world.run(shuffled[:end])
    assert world.groups(shuffled) == together(*records)


@FEW
@given(TOWNS)
def test_running_again_changes_nothing(towns: list[Town]) -> None:
    world = World()
    first = world.run(made(towns))
    second = world.run(made(towns))
    for name, table in first.items():
        assert sorted(map(str, table.to_pylist())) == sorted(map(str, second[name].to_pylist())), name


@FEW
@given(TOWNS)
def test_no_limit_is_ever_broken_and_every_record_has_one_profile(towns: list[Town]) -> None:
    records = made(towns)
    found = together(*records)
    assert sorted(record for group in found for record in group) == [record.id for record in records]
    carried = {record.id: record.identifiers() for record in records}
    for group in found:
        held = defaultdict(set)
        for row in (row for member in group for row in carried[member]):
            held[row["namespace"], row["identifier_type"]].add(row["identifier_value"])
        for (_namespace, kind), values in held.items():
            limit = DEFAULT_IDENTIFIERS[kind].limit
            # A record that breaks a limit by itself cannot be taken apart.
            most = max(sum(row["identifier_type"] == kind for row in carried[member]) for member in group)
            assert limit is None or len(values) <= max(limit, most)


@FEW
@given(TOWNS, TOWNS)
def test_an_id_in_use_stays_in_use_or_leads_to_one_that_is(before: list[Town], after: list[Town]) -> None:
    world = World()
    records = made(before)
    first = set(world.run(records)["profile_map"]["profile_id"].to_pylist())
    tables = world.run([*records, *made(after, first=100)])
    now = set(tables["profile_map"]["profile_id"].to_pylist())
    redirects = {row["old_profile_id"]: row["profile_id"] for row in tables["redirects"].to_pylist()}
    assert all(profile in now or redirects.get(profile) in now for profile in first)


@FEW
@given(TOWNS, TOWNS)
def test_what_merges_and_parts_again_is_as_before(before: list[Town], after: list[Town]) -> None:
    world = World()
    records = made(before)
    first = world.run(records)["profile_map"].sort_by("record_id")
    world.run([*records, *made(after, first=100)])
    assert groups(world.run(records)) == groups({"profile_map": first})


def atoms_of(records: list[Record]) -> tuple[list[Atom], dict[int, TypeRule]]:
    """Records as the slow path sees them, each an atom of its own."""
    from cdp_assets.identity.agreement import Signature
    from cdp_assets.identity.names import parse_name

    types = {kind: number for number, kind in enumerate(sorted(DEFAULT_IDENTIFIERS))}
    rules = {
        types[kind]: TypeRule(kind, rule.kind is Kind.PERSONAL, rule.limit, rule.strength, rule.recycled_after_days)
        for kind, rule in DEFAULT_IDENTIFIERS.items()
    }
    atoms = []
    for record in records:
        atom = Atom(record.id)
        for row in record.identifiers():
            if DEFAULT_IDENTIFIERS[row["identifier_type"]].kind is Kind.DEVICE:
                continue
            identifier = identifier_id_of(KEY, row["namespace"], row["identifier_type"], row["identifier_value"])
            first, last = (int(row[name].timestamp()) for name in ("first_seen_at", "last_seen_at"))
            atom.uses[identifier] = Use(types[row["identifier_type"]], first, last, record.id)
            atom.since = first
        name = parse_name(None, None, record.name)
        if name is not None:
            atom.signatures[Signature(name)] = None
        atoms.append(atom)
    return [atom for atom in atoms if atom.uses], rules


@MANY
@given(TOWN, st.randoms(use_true_random=False))
def test_the_slow_path_does_not_care_for_order(town: Town, chance: random.Random) -> None:
    atoms, rules = atoms_of(made([town]))
    assert settle(atoms, rules) == settle(chance.sample(atoms, len(atoms)), rules)


@MANY
@given(TOWN)
def test_the_slow_path_puts_nobody_together_who_is_refused(town: Town) -> None:
    atoms, rules = atoms_of(made([town]))
    settled = settle(atoms, rules)
    for refusal in settled.refusals:
        assert settled.labels[refusal.left] != settled.labels[refusal.right]


@MANY
@given(TOWN)
def test_the_slow_path_sees_no_difference_between_one_atom_and_its_records(town: Town) -> None:
    atoms, rules = atoms_of(made([town]))
    groups = Groups(atoms, rules)
    for one, other in itertools.combinations(range(len(atoms)), 2):
        shared = groups.atoms[one].uses.keys() & groups.atoms[other].uses.keys()
        if any(groups.rule(identifier).personal for identifier in shared) and groups.number(one) != groups.number(
            other
        ):
            groups.join(one, other)
    merged, of = groups.as_atoms()
    wrong = {
        of[atom.key]
        for index, atom in enumerate(groups.atoms)
        if groups.limit_broken(groups.group(index), groups.group(index)) is not None
    }
    whole = [atom for atom in merged if atom.key not in wrong] + [atom for atom in atoms if of[atom.key] in wrong]
    settled = settle(whole, rules).labels
    expected = {key: settled[key] if atom in wrong else settled[atom] for key, atom in of.items()}
    assert settle(atoms, rules).labels == expected


@FEW
@given(TOWNS)
def test_the_fast_path_leaves_what_the_slow_path_would(towns: list[Town]) -> None:
    """For records of people, the stage must give what the slow path gives to all of them at once."""
    records = made(towns)
    atoms, rules = atoms_of(records)
    people = {atom.key for atom in atoms}
    by_label = defaultdict(set)
    for record, label in settle(atoms, rules).labels.items():
        by_label[label].add(record)
    staged = {frozenset(group & people) for group in together(*records)} - {frozenset()}
    assert staged == {frozenset(group) for group in by_label.values()}


def test_ten_thousand_orders_under_a_couples_email_take_no_quadratic_time() -> None:
    couple = [
        Record(1, ("shop/customer_number c1", "email we@example.com", "phone +491511111112"), "Anna Meyer"),
        Record(2, ("shop/customer_number c2", "email we@example.com", "phone +491511111112"), "Bert Meyer"),
    ]
    orders = [
        Record(10 + n, (f"shop/order_number o{n}", "email we@example.com", "phone +491511111112"), seen=n / 100)
        for n in range(10_000)
    ]
    atoms, rules = atoms_of([*couple, *orders])
    started = time.process_time()
    settled = settle(atoms, rules)
    assert time.process_time() - started < 10
    assert len(set(settled.labels.values())) == 10_002
    # Without the couple they are one customer's.
    assert len(set(settle(atoms[2:], rules).labels.values())) == 1
