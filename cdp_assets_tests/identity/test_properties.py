"""What holds for all inputs."""

from __future__ import annotations

import random
from collections import defaultdict

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cdp_assets.identity.evidence import identifier_id_of
from cdp_assets.identity.groups import Atom, TypeRule, Use
from cdp_assets.identity.slow_path import settle
from cdp_assets.identity.spec import DEFAULT_IDENTIFIERS, Kind
from cdp_assets_tests.identity.world import AS_OF, KEY, Record, World, groups, together

NAMES = (None, "Anna Meyer", "Anni Meyer", "A. Meyer", "Anna Schulz", "Bert Meyer", "Berta Meyer", "Carl Otto")
CARRIED = (
    *(f"user_id u{n}" for n in range(3)),
    *(f"shop/customer_number c{n}" for n in range(3)),
    *(f"shop/order_number o{n}" for n in range(2)),
    *(f"email e{n}@example.com" for n in range(4)),
    *(f"phone +4915111111{n}2" for n in range(3)),
    *(f"anonymous_id x{n}" for n in range(3)),
)

RECORD = st.builds(
    lambda carries, name, seen, lasts: (tuple(sorted(carries)), name, seen, seen + lasts),
    st.sets(st.sampled_from(CARRIED), max_size=3),
    st.sampled_from(NAMES),
    st.sampled_from((0, 10, 400, 900)),
    st.sampled_from((0, 5, 500)),
)
RECORDS = st.lists(RECORD, min_size=1, max_size=9)
FEW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
MANY = settings(max_examples=150, deadline=None)


def made(rows: list[tuple[tuple[str, ...], str | None, float, float]]) -> list[Record]:
    return [
        Record(number + 1, carries, name, seen=seen, until=until)
        for number, (carries, name, seen, until) in enumerate(rows)
    ]


@FEW
@given(RECORDS, st.randoms(use_true_random=False))
def test_any_order_of_arrival_gives_the_same_partition(rows: list, chance: random.Random) -> None:  # type: ignore[type-arg]
    records = made(rows)
    at_once = together(*records)
    shuffled = chance.sample(records, len(records))
    world = World()
    for end in range(1, len(shuffled) + 1, 3):
        world.run(shuffled[:end])
    assert world.groups(shuffled) == at_once


@FEW
@given(RECORDS)
def test_running_again_changes_nothing(rows: list) -> None:  # type: ignore[type-arg]
    world = World()
    first = world.run(made(rows))
    second = world.run(made(rows))
    for name, table in first.items():
        assert sorted(map(str, table.to_pylist())) == sorted(map(str, second[name].to_pylist())), name


@FEW
@given(RECORDS)
def test_no_limit_is_ever_broken_and_every_record_has_one_profile(rows: list) -> None:  # type: ignore[type-arg]
    records = made(rows)
    found = together(*records)
    assert sorted(record for group in found for record in group) == [record.id for record in records]
    by_id = {record.id: record for record in records}
    for group in found:
        values = defaultdict(set)
        for member in group:
            for row in by_id[member].identifiers():
                values[row["namespace"], row["identifier_type"]].add(row["identifier_value"])
        for (_namespace, kind), held in values.items():
            limit = DEFAULT_IDENTIFIERS[kind].limit
            own = max(
                len([row for row in by_id[member].identifiers() if row["identifier_type"] == kind]) for member in group
            )
            # A single record may break a limit by itself: nothing can be taken apart there.
            assert limit is None or len(held) <= max(limit, own if len(group) == 1 else limit, own)


@FEW
@given(RECORDS, RECORDS)
def test_ids_survive_whatever_arrives_later(before: list, after: list) -> None:  # type: ignore[type-arg]
    """An id in use stays in use, or leads to one that is."""
    world = World()
    records = made(before)
    first = set(world.run(records)["profile_map"]["profile_id"].to_pylist())
    more = [Record(100 + r.id, r.carries, r.name, seen=r.seen, until=r.until) for r in made(after)]
    tables = world.run([*records, *more])
    now = set(tables["profile_map"]["profile_id"].to_pylist())
    redirects = {row["old_profile_id"]: row["profile_id"] for row in tables["redirects"].to_pylist()}
    assert all(profile in now or redirects.get(profile) in now for profile in first)


def atoms_of(records: list[Record]) -> tuple[list[Atom], dict[int, TypeRule]]:
    """Records as the slow path sees them, each an atom of its own."""
    from cdp_assets.identity.agreement import Signature
    from cdp_assets.identity.names import parse_name

    types = {kind: number for number, kind in enumerate(sorted(DEFAULT_IDENTIFIERS))}
    rules = {
        types[kind]: TypeRule(rule.kind is Kind.PERSONAL, rule.limit, rule.strength, rule.recycled_after_days)
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
@given(RECORDS, st.randoms(use_true_random=False))
def test_the_slow_path_does_not_care_for_order(rows: list, chance: random.Random) -> None:  # type: ignore[type-arg]
    atoms, rules = atoms_of(made(rows))
    straight = settle(atoms, rules)
    shuffled = settle(chance.sample(atoms, len(atoms)), rules)
    assert straight == shuffled


@MANY
@given(RECORDS)
def test_the_slow_path_puts_nobody_together_who_is_refused(rows: list) -> None:  # type: ignore[type-arg]
    atoms, rules = atoms_of(made(rows))
    settled = settle(atoms, rules)
    for refusal in settled.refusals:
        assert settled.labels[refusal.left] != settled.labels[refusal.right]


@FEW
@given(RECORDS)
def test_the_fast_path_leaves_what_the_slow_path_would(rows: list) -> None:  # type: ignore[type-arg]
    """Records of people alone: the whole stage must give what the slow path gives to all of them at once."""
    records = made(rows)
    atoms, rules = atoms_of(records)
    people = {atom.key for atom in atoms}
    by_label = defaultdict(set)
    for record, label in settle(atoms, rules).labels.items():
        by_label[label].add(record)
    world = World()
    staged = {frozenset(group & people) for group in groups(world.run(records, as_of=AS_OF))} - {frozenset()}
    assert staged == {frozenset(group) for group in by_label.values()}
