"""Whose the anonymous activity of a device is."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pyarrow as pa

from cdp_assets.identity.facts import assign_profiles
from cdp_assets.identity.spec import IdentifierRule, IdentityRules, Kind
from cdp_assets_tests.identity.world import Record, World, at, canonical_tables, groups, together


def spans(tables: dict[str, pa.Table], record: int) -> list[tuple[int, datetime | None, datetime | None]]:
    """(record of the same profile with an open row, from, to) of each row of a record in the map."""
    rows = tables["profile_map"].to_pylist()
    owner = {
        row["profile_id"]: row["record_id"]
        for row in sorted(rows, key=lambda row: -row["record_id"])
        if row["record_id"] != record
    }
    mine = [row for row in rows if row["record_id"] == record]
    mine.sort(key=lambda row: (row["valid_from"] is not None, row["valid_from"]))
    return [(owner.get(row["profile_id"], record), row["valid_from"], row["valid_to"]) for row in mine]


ANNA = Record(1, ("user_id anna", "anonymous_id X"), seen=10, until=20, events=((10, None), (20, None)))
BERT = Record(2, ("user_id bert", "anonymous_id X"), seen=30, until=40, events=((30, None), (40, None)))
BARE = Record(9, ("anonymous_id X",), seen=5, until=50, events=((5, None), (25, None), (50, None)))


def test_a_device_never_joins_the_people_who_use_it() -> None:
    assert together(ANNA, BERT) == {frozenset({1}), frozenset({2})}


def test_a_device_seen_with_one_person_gives_them_its_whole_anonymous_history() -> None:
    world = World()
    assert world.groups([ANNA, BARE]) == {frozenset({1, 9})}
    assert spans(world.tables, 9) == [(1, None, None)]


def test_a_device_seen_with_several_people_is_split_in_time() -> None:
    world = World()
    tables = world.run([ANNA, BERT, BARE])
    assert spans(tables, 9) == [(1, None, at(30)), (2, at(30), None)]


def test_each_event_of_a_shared_device_belongs_to_exactly_one_person() -> None:
    world = World()
    records = [ANNA, BERT, BARE]
    tables = world.run(records)
    engine = world.engine
    events = canonical_tables(engine, records).facts["events"]
    profile_map = engine.from_arrow(tables["profile_map"], events_schema(tables["profile_map"]))
    placed = engine.to_arrow(assign_profiles(events, profile_map, "occurred_at")).to_pylist()
    assert len(placed) == 7
    profile = {row["record_id"]: row["profile_id"] for row in placed if row["record_id"] != 9}
    bare = {row["occurred_at"]: row["profile_id"] for row in placed if row["record_id"] == 9}
    assert bare == {at(5): profile[1], at(25): profile[1], at(50): profile[2]}


def events_schema(table: pa.Table) -> Any:
    import ibis

    return ibis.Schema.from_pyarrow(table.schema)


def test_a_shared_device_goes_back_and_forth() -> None:
    again = Record(1, ANNA.carries, seen=10, until=60, events=((10, None), (60, None)))
    tables = World().run([again, BERT, BARE])
    assert spans(tables, 9) == [(1, None, at(30)), (2, at(30), at(60)), (1, at(60), None)]


def test_an_instant_at_which_two_people_were_identified_tells_nothing() -> None:
    bert = Record(2, BERT.carries, seen=10, until=10, events=((10, None),))
    world = World()
    assert spans(world.run([ANNA, bert, BARE]), 9) == [(1, None, None)]  # Anna alone, at 20
    assert {row["right_record_id"] for row in world.tables["links"].to_pylist() if row["left_record_id"] == 9} == {1}


def test_a_device_on_which_two_people_were_identified_at_the_same_instants_only_is_nobodys() -> None:
    anna, bert = (
        Record(number, who.carries, seen=10, until=10, events=((10, None),)) for number, who in ((1, ANNA), (2, BERT))
    )
    assert World().groups([anna, bert, BARE]) == {frozenset({1}), frozenset({2}), frozenset({9})}


def test_who_signs_in_was_there_from_the_beginning_of_the_session() -> None:
    bert = Record(2, BERT.carries, seen=30, until=30, events=((30, "s2"),))
    bare = Record(9, BARE.carries, seen=5, until=29, events=((5, "s1"), (29, "s2")))
    tables = World().run([ANNA, bert, bare])
    assert spans(tables, 9) == [(1, None, at(29)), (2, at(29), None)]


def test_a_device_seen_with_nobody_is_an_anonymous_profile_until_somebody_signs_in() -> None:
    world = World()
    before = world.run([BARE])
    [anonymous] = set(before["profile_map"]["profile_id"].to_pylist())
    after = world.run([BARE, ANNA])
    assert groups(after) == {frozenset({1, 9})}
    # Somebody new keeps the anonymous profile's id.
    assert set(after["profile_map"]["profile_id"].to_pylist()) == {anonymous}


def test_somebody_known_keeps_their_id_when_they_sign_in_on_a_device() -> None:
    world = World()
    elsewhere = Record(3, ("user_id anna",), seen=1)
    before = world.run([BARE, elsewhere])
    ids = {row["record_id"]: row["profile_id"] for row in before["profile_map"].to_pylist()}
    after = world.run([BARE, elsewhere, ANNA])
    assert set(after["profile_map"]["profile_id"].to_pylist()) == {ids[3]}
    assert after["redirects"].to_pylist()[0]["old_profile_id"] == ids[9]


def test_devices_of_one_anonymous_visitor_hang_together() -> None:
    app = Record(1, ("anonymous_id X", "device_id D"))
    web = Record(2, ("anonymous_id X",))
    other = Record(3, ("device_id D",))
    assert together(app, web, other) == {frozenset({1, 2, 3})}


def test_a_public_terminal_belongs_to_nobody() -> None:
    rules = IdentityRules.extended({"anonymous_id": IdentifierRule(Kind.DEVICE, hub=3)})
    users = [Record(n, (f"user_id u{n}", "anonymous_id X"), seen=n) for n in range(1, 6)]
    bare = Record(9, ("anonymous_id X",), seen=3)
    world = World(rules=rules)
    assert frozenset({9}) in world.groups([*users, bare])
    assert world.tables["rejected_links"]["reason"].to_pylist() == ["hub"]


def test_a_device_that_more_than_a_household_uses_belongs_to_nobody() -> None:
    users = [Record(n, (f"user_id u{n}", "anonymous_id X"), seen=n) for n in range(1, 9)]
    bare = Record(10, ("anonymous_id X",), seen=3)
    assert frozenset({10}) not in World().groups([*users, bare])
    assert frozenset({10}) in World().groups([*users, Record(9, ("user_id u9", "anonymous_id X"), seen=9), bare])


def test_a_click_belongs_to_whoever_the_page_it_led_to_belongs_to() -> None:
    click = Record(1, ("ads/click_id g",), seen=4)
    landing = Record(2, ("anonymous_id X", "ads/click_id g"), seen=4)
    anna = Record(3, ANNA.carries, seen=10, events=((10, None),))
    assert together(anna, landing, click) == {frozenset({1, 2, 3})}
