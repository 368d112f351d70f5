"""Ids as state: who keeps an id, and what the log says."""

from __future__ import annotations

import json
from datetime import timedelta

from cdp_assets.identity.ids import profile_id_of
from cdp_assets_tests.identity.profile_ids import InMemoryProfileIds
from cdp_assets_tests.identity.world import AS_OF, Record, World

LATER = AS_OF + timedelta(days=1)

ANNA = [Record(n, ("user_id anna", f"email anna{n}@example.com"), seen=n) for n in (1, 2, 3)]
SHOP = [Record(n, ("shop/customer_number 7",), seen=n) for n in (4, 5)]
BRIDGE = Record(6, ("user_id anna", "shop/customer_number 7"), seen=6)


def ids(world: World) -> dict[int, int]:
    """record_id → profile_id."""
    return {row["record_id"]: row["profile_id"] for row in world.tables["profile_map"].to_pylist()}


def log(world: World) -> list[tuple[str, int, int | None, int]]:
    """The log without instants and evidence."""
    return [
        (row["change"], row["profile_id"], row["other_profile_id"], row["records"])
        for row in world.tables["profile_changes"].to_pylist()
    ]


def test_a_new_profile_gets_its_id_from_its_earliest_record() -> None:
    world = World()
    world.run([Record(5, ("user_id a",), seen=9), Record(8, ("user_id a",), seen=3)])
    assert set(ids(world).values()) == {profile_id_of(8)}


def test_running_again_changes_nothing_and_logs_nothing() -> None:
    world = World()
    store = world.store
    assert isinstance(store, InMemoryProfileIds)
    first = world.run([*ANNA, *SHOP])
    writes = store.writes
    second = world.run([*ANNA, *SHOP], as_of=LATER)
    assert store.writes == writes
    assert {name: table.sort_by(table.column_names[0]) for name, table in first.items()} == {
        name: table.sort_by(table.column_names[0]) for name, table in second.items()
    }


def test_a_merge_keeps_the_id_with_most_records_and_redirects_the_other() -> None:
    world = World()
    world.run([*ANNA, *SHOP])
    before = ids(world)
    world.run([*ANNA, *SHOP, BRIDGE], as_of=LATER)
    assert set(ids(world).values()) == {before[1]}
    [redirect] = world.tables["redirects"].to_pylist()
    assert (redirect["old_profile_id"], redirect["profile_id"]) == (before[4], before[1])
    assert ("merged", before[1], before[4], 2) in log(world)


def test_the_log_names_the_evidence_of_a_merge() -> None:
    world = World()
    world.run([*ANNA, *SHOP])
    world.run([*ANNA, *SHOP, BRIDGE], as_of=LATER)
    [merged] = [row for row in world.tables["profile_changes"].to_pylist() if row["change"] == "merged"]
    assert "customer_number" in json.loads(merged["evidence"])


def test_of_equally_large_profiles_the_older_id_stays() -> None:
    world = World()
    late = Record(4, ("shop/customer_number 7",), seen=0)
    early = Record(1, ("user_id anna",), seen=5)
    world.run([early])
    older = ids(world)[1]
    world.run([early, late], as_of=LATER)
    world.run([early, late, BRIDGE], as_of=LATER + timedelta(days=1))
    assert set(ids(world).values()) == {older}


def test_a_split_gives_the_smaller_part_a_new_id() -> None:
    world = World()
    world.run([*ANNA, Record(4, ("user_id anna",), seen=0)])
    whole = set(ids(world).values())
    world.run([*ANNA, Record(4, ("user_id other",), seen=0)], as_of=LATER)
    after = ids(world)
    assert {after[n] for n in (1, 2, 3)} == whole
    # The id derived from record 4 belongs to the larger part, which keeps it.
    assert after[4] == profile_id_of(4, 1)
    assert ("split", after[4], after[1], 1) in log(world)


def test_what_splits_off_after_a_merge_gets_its_own_id_back() -> None:
    world = World()
    world.run([*ANNA, *SHOP])
    before = ids(world)
    world.run([*ANNA, *SHOP, BRIDGE], as_of=LATER)
    world.run([*ANNA, *SHOP], as_of=LATER + timedelta(days=1))
    assert ids(world) == before
    assert world.tables["redirects"].num_rows == 0


def test_redirects_lead_straight_to_the_id_in_use() -> None:
    world = World()
    third = [Record(n, ("till/loyalty_number 3",), seen=n) for n in range(10, 20)]
    world.run([*ANNA, *SHOP, *third])
    world.run([*ANNA, *SHOP, *third, BRIDGE], as_of=LATER)
    across = Record(30, ("user_id anna", "till/loyalty_number 3"), seen=30)
    world.run([*ANNA, *SHOP, *third, BRIDGE, across], as_of=LATER + timedelta(days=1))
    [kept] = set(ids(world).values())
    assert kept == profile_id_of(10)
    assert {row["profile_id"] for row in world.tables["redirects"].to_pylist()} == {kept}
    assert world.tables["redirects"].num_rows == 2


def test_a_rebuild_from_nothing_but_the_ids_changes_no_id() -> None:
    world = World()
    early = Record(0, ("user_id anna",), seen=-50)
    world.run([*ANNA, *SHOP])
    world.run([*ANNA, *SHOP, early], as_of=LATER)
    kept = ids(world)
    assert kept[0] == profile_id_of(1) != profile_id_of(0)
    rebuilt = World(store=world.store)
    rebuilt.run([early, *SHOP, *ANNA], as_of=LATER)
    assert ids(rebuilt) == kept


def test_a_run_that_died_between_ids_and_tables_leaves_no_trace() -> None:
    undisturbed, disturbed = World(), World()
    for world in (undisturbed, disturbed):
        world.run([*ANNA, *SHOP])
    disturbed.run([*ANNA, *SHOP, BRIDGE], as_of=LATER, publish=False)
    for world in (undisturbed, disturbed):
        world.run([*ANNA, *SHOP, BRIDGE], as_of=LATER)
    assert ids(undisturbed) == ids(disturbed)
    assert sorted(log(undisturbed), key=str) == sorted(log(disturbed), key=str)
    assert undisturbed.tables["redirects"].to_pylist() == disturbed.tables["redirects"].to_pylist()


def test_a_profile_without_records_is_removed() -> None:
    world = World()
    world.run([*ANNA, *SHOP])
    gone = ids(world)[4]
    world.run(ANNA, as_of=LATER)
    assert ("removed", gone, None, 2) in log(world)


def test_a_record_that_changes_sides_is_moved() -> None:
    world = World()
    fickle = Record(9, ("user_id anna",), seen=9)
    world.run([*ANNA, *SHOP, fickle])
    before = ids(world)
    world.run([*ANNA, *SHOP, Record(9, ("shop/customer_number 7",), seen=9)], as_of=LATER)
    assert ("moved", before[4], before[1], 1) in log(world)


def test_records_that_come_together_again_take_the_id_that_they_had() -> None:
    world = World()
    device = Record(1, ("anonymous_id x",), "Anna Schulz")
    person = Record(2, ("anonymous_id x", "phone +4915117"), "Anna Schulz")
    world.run([device, person])
    before = ids(world)
    assert before[1] == before[2]
    world.run([Record(1, ("anonymous_id x", "phone +4915127"), "Anna Schulz"), person], as_of=LATER)
    apart = ids(world)
    assert apart[1] == before[1] != apart[2]
    # The second has the only record of a person now, but an id that the first never had.
    world.run([device, person], as_of=LATER + timedelta(days=1))
    assert ids(world) == before
