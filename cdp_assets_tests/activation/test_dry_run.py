"""A dry run: who would get what, and why the others would not."""

from __future__ import annotations

from dataclasses import replace
from datetime import time

from cdp_assets.activation.dry_run import NOT_LEFT, TOLD_BEFORE, DryRun, dry_run
from cdp_assets.activation.spec import Cap, DestinationSpec, QuietHours, VolumeGuard
from cdp_assets.attributes.schemas import CUSTOMER_360
from cdp_assets.ledger import outbox
from cdp_assets_tests.activation.shop import MONDAY, TUESDAY, WELCOME, Shop, email_of


def tried(shop: Shop, spec: DestinationSpec = WELCOME) -> DryRun:
    return dry_run(spec, shop.tables(), shop.engine, shop.ledger, CUSTOMER_360, as_of=TUESDAY, now=TUESDAY)


def reasons(found: DryRun) -> dict[str, int]:
    return {each.reason: each.people for each in found.not_told}


def test_before_the_first_activation_it_shows_masked_messages_and_every_reason(shop: Shop) -> None:
    shop.with_people(1, 2).with_people(3, consenting=False)
    shop.suppressions = [{"contact_point": email_of(2), "channel": "any", "reason": "complained", "since": MONDAY}]
    shop.members = {1, 2, 3}
    found = tried(shop)
    assert (found.members, found.initial, found.told) == (3, True, {"entered": 1})
    assert reasons(found) == {"suppressed_complained": 1, "no_consent": 1}
    (example,) = found.examples
    assert (example.profile_id, example.contact_point) == ("1", "p•••@•••")
    assert example.payload == {"email": "p•••@•••", "name": "P••• •••"}
    assert "example.org" not in str(found)
    assert shop.rows("id") == []  # nothing was written


def test_what_waits_in_the_outbox_counts_as_it_would_fare_now(shop: Shop) -> None:
    shop.with_people(1, 2, 3)
    shop.members = {1, 2}
    shop.refresh(WELCOME, MONDAY)
    shop.members = {1, 2, 3}
    found = tried(shop)
    assert (found.initial, found.told, reasons(found)) == (False, {"entered": 3}, {})
    quiet = replace(WELCOME, quiet_hours=QuietHours(time(0), time(12)))
    assert reasons(tried(shop, quiet)) == {"quiet_hours": 3}
    assert reasons(tried(shop, replace(WELCOME, cap=Cap(1, 7), name="other"))) == {"frequency_cap": 2}
    assert reasons(tried(shop, replace(WELCOME, volume_guard=VolumeGuard(0, 0.0)))) == {"volume_guard": 1}


def test_what_waits_for_a_reason_that_is_gone_is_told_to_nobody(shop: Shop) -> None:
    shop.with_people(1, 2)
    shop.members = {1, 2}
    shop.refresh(WELCOME, MONDAY)
    shop.members = {2}
    found = tried(shop)
    assert (found.told, reasons(found)) == ({"entered": 1}, {"left_meanwhile": 1})


def test_members_there_is_nothing_new_for_are_accounted_for(shop: Shop) -> None:
    shop.with_people(1, 2)
    shop.members = {1, 2}
    shop.refresh(WELCOME, MONDAY)
    rows = shop.rows("id", "profile_id")
    with shop.ledger.transaction() as connection:
        settled = {1: (outbox.DELIVERED, None), 2: (outbox.DEAD, "http_400")}
        outbox.settle(connection, [outbox.Settlement(row, *settled[who], TUESDAY, tried=True) for row, who in rows])
    assert reasons(tried(shop)) == {TOLD_BEFORE: 1, "http_400": 1}
    seeded = replace(WELCOME, name="seeded", initial="seed_only")
    shop.refresh(seeded, MONDAY)
    assert reasons(tried(shop, seeded)) == {"seed_only": 2}
    farewell = replace(WELCOME, name="farewell", mode="leave")
    shop.refresh(farewell, MONDAY)
    shop.members = {1}
    found = tried(shop, farewell)
    assert (found.members, found.told, reasons(found)) == (1, {"left": 1}, {NOT_LEFT: 1})


def test_people_merged_since_they_were_told_are_counted_once(shop: Shop) -> None:
    shop.with_people(1, 2)
    shop.members = {1, 2}
    shop.refresh(WELCOME, MONDAY)
    shop.redirects, shop.members = {2: 1}, {1}
    assert tried(shop).told == {"entered": 1}
