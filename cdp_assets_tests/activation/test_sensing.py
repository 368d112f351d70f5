"""Which destinations the sensor runs, and under which key."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

from cdp_assets.activation.delivery import lock_name
from cdp_assets.activation.sensing import Sensed, due_destinations
from cdp_assets.ledger import destinations, outbox
from cdp_assets_tests.activation.shop import MONDAY, TUESDAY, WEDNESDAY, WELCOME, Shop

OTHER = replace(WELCOME, name="other")


def look(shop: Shop, cursor: str | None = None, after: timedelta = timedelta()) -> Sensed:
    return due_destinations(shop.ledger, ["welcome", "other"], cursor=cursor, clock=lambda: WEDNESDAY + after)


def stocked(shop: Shop) -> Shop:
    shop.with_people(1, 2)
    shop.members = {1, 2}
    shop.refresh(WELCOME, MONDAY)
    return shop


def keys(sensed: Sensed) -> list[str]:
    return [request.run_key for request in sensed.requests]


def test_exactly_the_destinations_with_rows_due_are_run(shop: Shop) -> None:
    stocked(shop)
    found = look(shop)
    assert [(request.destination, request.rows) for request in found.requests] == [("welcome", 2)]
    assert keys(found) == ["welcome/2/0"]


def test_a_run_is_not_asked_for_twice(shop: Shop) -> None:
    stocked(shop)
    assert look(shop, look(shop).cursor).requests == ()


def test_new_rows_and_a_run_that_left_some_ask_for_another_run(shop: Shop) -> None:
    stocked(shop)
    cursor = look(shop).cursor
    with shop.ledger.transaction() as connection:
        destinations.begin_run(connection, "welcome")  # it crashed, or left tries for later
    again = look(shop, cursor)
    assert keys(again) == ["welcome/2/1"]
    shop.with_people(3)
    shop.members = {1, 2, 3}
    shop.refresh(WELCOME, TUESDAY)
    assert keys(look(shop, again.cursor)) == ["welcome/3/1"]


def test_a_run_that_never_began_is_asked_for_again_after_a_while(shop: Shop) -> None:
    stocked(shop)
    cursor = look(shop).cursor
    assert keys(look(shop, cursor, timedelta(minutes=5))) == []
    later = look(shop, cursor, timedelta(minutes=11))
    assert keys(later) == ["welcome/2/0/1"]
    assert keys(look(shop, later.cursor, timedelta(minutes=22))) == ["welcome/2/0/2"]


def test_a_destination_that_a_run_is_delivering_to_is_left_alone(shop: Shop) -> None:
    stocked(shop)
    with shop.ledger.exclusive(lock_name("welcome")):
        assert look(shop).requests == ()


def test_a_paused_destination_and_one_that_asked_to_wait_are_left_alone(shop: Shop) -> None:
    stocked(shop)
    shop.refresh(OTHER, MONDAY)
    with shop.ledger.transaction() as connection:
        destinations.pause(connection, "welcome")
        destinations.write_status(connection, "other", not_before=WEDNESDAY + timedelta(minutes=1), failures=0)
    assert look(shop).requests == ()
    assert keys(look(shop, after=timedelta(minutes=1))) == ["other/4/0"]


def test_rows_that_wait_behind_an_earlier_one_of_their_profile_ask_for_nothing(shop: Shop) -> None:
    mirror = replace(WELCOME, mode="mirror")
    shop.with_people(1)
    shop.members = {1}
    shop.refresh(mirror, MONDAY)
    shop.members = set()
    shop.refresh(mirror, TUESDAY)
    later = WEDNESDAY + timedelta(hours=1)
    with shop.ledger.transaction() as connection:
        outbox.settle(connection, [outbox.Settlement(1, outbox.FAILED, "http_500", MONDAY, later, 1, True, 500)])
    assert look(shop).requests == ()
    assert look(shop, after=timedelta(hours=1)).requests[0].rows == 1


def test_destinations_that_are_not_defined_any_more_are_left_alone(shop: Shop) -> None:
    stocked(shop)
    found = due_destinations(shop.ledger, ["other"], cursor=None, clock=lambda: WEDNESDAY)
    assert found.requests == ()
    assert json.loads(found.cursor) == {}
