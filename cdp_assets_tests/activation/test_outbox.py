"""What gets into the outbox: differences between a segment and what a destination was told."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pyarrow as pa
import pytest

from cdp_assets.activation.last_look import last_look
from cdp_assets.activation.outbox import activate, by_priority
from cdp_assets.activation.spec import Cap, DestinationSpec, FrequencyCap, VolumeGuard
from cdp_assets.activation.ways import MetaWay
from cdp_assets.ledger import destinations, guard, history, outbox, waiting
from cdp_assets_tests.activation.shop import (
    FRIDAY,
    MIRROR,
    MONDAY,
    THURSDAY,
    TUESDAY,
    WEDNESDAY,
    WELCOME,
    Shop,
    consent,
    email_of,
    person,
)

FAREWELL = replace(WELCOME, name="farewell", mode="leave")


def deliver_all(shop: Shop, spec: DestinationSpec) -> None:
    """Settle all that is open as delivered."""
    with shop.ledger.transaction() as connection:
        rows = outbox.open_rows(connection, spec.name)
        done = [outbox.Settlement(row.id, outbox.DELIVERED, None, MONDAY, None, 1, True, 200) for row in rows]
        outbox.settle(connection, done)


def test_entering_leaving_and_entering_again_are_three_deliveries(shop: Shop) -> None:
    shop.with_people(1)
    for as_of, members in ((MONDAY, {1}), (TUESDAY, set()), (WEDNESDAY, {1})):
        shop.members = members
        shop.refresh(MIRROR, as_of)
    rows = shop.rows("change", "sequence", "idempotency_key", "status")
    assert [row[:2] for row in rows] == [("entered", 1), ("left", 2), ("entered", 3)]
    assert len({row[2] for row in rows}) == 3
    assert {row[3] for row in rows} == {"pending"}


def test_a_message_on_entering_is_sent_again_only_after_leaving(shop: Shop) -> None:
    shop.with_people(1)
    for as_of, members in ((MONDAY, {1}), (TUESDAY, {1}), (WEDNESDAY, set()), (THURSDAY, {1})):
        shop.members = members
        shop.refresh(WELCOME, as_of)
        deliver_all(shop, WELCOME)
    assert shop.told() == [(1, "entered"), (1, "entered")]


MODES = pytest.mark.parametrize(
    ("mode", "gone"), [("enter", "left_meanwhile"), ("leave", "entered_meanwhile")], ids=["enter", "leave"]
)


def with_a_message_waiting(shop: Shop, spec: DestinationSpec) -> tuple[set[int], set[int]]:
    """Let a message to one person wait since Monday; the members that are its reason, and those that are not."""
    shop.with_people(1, 2)
    reason, others = ({1, 2}, {2}) if spec.mode == "enter" else ({2}, {1, 2})
    shop.members = others
    shop.refresh(spec, MONDAY - timedelta(days=1))
    deliver_all(shop, spec)
    shop.members = reason
    shop.refresh(spec, MONDAY)
    return reason, others


@MODES
def test_a_message_that_waits_is_withdrawn_with_its_reason_and_goes_on_under_its_key(
    shop: Shop, mode: str, gone: str
) -> None:
    spec = replace(WELCOME, mode=mode)
    reason, others = with_a_message_waiting(shop, spec)
    (*before, (key,)) = shop.rows("idempotency_key")
    shop.members = others
    shop.refresh(spec, TUESDAY)
    assert shop.rows("profile_id", "status", "reason")[-1] == (1, "withheld", gone)
    shop.people[1]["full_name"] = "New Name"
    shop.members = reason
    assert shop.refresh(spec, WEDNESDAY).sent.total() == 1
    assert shop.rows("idempotency_key") == [*before, (key,)]
    assert shop.rows("status", "reason", "gate", "created_at")[-1] == ("pending", None, None, WEDNESDAY)
    assert json.loads(shop.rows("payload")[-1][0])["name"] == "New Name"
    assert shop.refresh(spec, THURSDAY).differences == 0
    deliver_all(shop, spec)
    for as_of, members in ((THURSDAY, others), (FRIDAY, reason)):
        shop.members = members
        shop.refresh(spec, as_of)
    assert shop.rows("profile_id", "status")[-2:] == [(1, "delivered"), (1, "pending")]


@MODES
def test_a_message_that_was_given_up_is_not_tried_again_when_its_reason_is_gone(
    shop: Shop, mode: str, gone: str
) -> None:
    spec = replace(WELCOME, mode=mode)
    _, others = with_a_message_waiting(shop, spec)
    row = shop.rows("id")[-1][0]
    with shop.ledger.transaction() as connection:
        outbox.settle(connection, [outbox.Settlement(row, outbox.DEAD, "http_503", MONDAY, None, 9, True, 503)])
        assert outbox.revive(connection, spec.name) == 1
        outbox.settle(connection, [outbox.Settlement(row, outbox.DEAD, "http_503", MONDAY, None, 10, True, 503)])
    shop.members = others
    shop.refresh(spec, TUESDAY)
    with shop.ledger.transaction() as connection:
        assert outbox.revive(connection, spec.name) == 0


def test_a_message_that_may_have_arrived_never_goes_out_under_another_key(shop: Shop) -> None:
    with_a_message_waiting(shop, WELCOME)
    row = shop.rows("id")[-1][0]
    with shop.ledger.transaction() as connection:
        outbox.settle(connection, [outbox.Settlement(row, outbox.FAILED, "ReadTimeout", MONDAY, None, 1, True)])
    keys = shop.rows("idempotency_key")
    shop.members = {2}
    shop.refresh(WELCOME, TUESDAY)
    shop.members = {1, 2}
    shop.say(1, "denied", WEDNESDAY)
    shop.refresh(WELCOME, WEDNESDAY)
    assert shop.rows("status", "reason", "payload", "contact_point")[-1] == ("withheld", "consent_denied", None, None)
    shop.say(1, "granted", THURSDAY)
    shop.refresh(WELCOME, THURSDAY)
    assert shop.rows("status", "attempts")[-1] == ("pending", 1)
    assert shop.rows("idempotency_key") == keys


@pytest.mark.parametrize(
    ("outcome", "stands"),
    [
        (outbox.Settlement(1, outbox.FAILED, "http_503", TUESDAY, WEDNESDAY, 1, True, 503), ("withheld", 1, None)),
        (outbox.Settlement(1, outbox.PENDING, "quiet_hours", TUESDAY, WEDNESDAY), ("withheld", 0, None)),
        (outbox.Settlement(1, outbox.WITHHELD, "consent_denied", TUESDAY), ("withheld", 0, None)),
        (outbox.Settlement(1, outbox.DELIVERED, None, TUESDAY, None, 1, True, 200), ("delivered", 1, TUESDAY)),
    ],
    ids=lambda value: value.status if isinstance(value, outbox.Settlement) else "",
)
def test_what_is_withdrawn_while_it_is_under_way_stays_so_unless_it_arrived(
    shop: Shop, outcome: outbox.Settlement, stands: tuple[object, ...]
) -> None:
    shop.with_people(1)
    shop.members = {1}
    shop.refresh(WELCOME, MONDAY)
    shop.members = set()
    shop.refresh(WELCOME, TUESDAY)
    with shop.ledger.transaction() as connection:
        outbox.settle(connection, [outcome])
    assert shop.rows("status", "attempts", "sent_at") == [stands]
    if stands[0] == "withheld":
        assert shop.withheld() == [(1, "left_meanwhile")]
    assert shop.refresh(WELCOME, WEDNESDAY).differences == 0


def test_a_message_that_arrived_before_it_was_to_go_on_does_not_go_out_again(shop: Shop) -> None:
    shop.with_people(1)
    shop.members = {1}
    shop.refresh(WELCOME, MONDAY)
    (row,) = shop.rows(*outbox.ROWS.names)
    deliver_all(shop, WELCOME)
    again = pa.Table.from_pylist([dict(zip(outbox.ROWS.names, row, strict=True))], outbox.ROWS)
    with shop.ledger.transaction() as connection:
        waiting.reopen(connection, WELCOME.name, again)
    assert shop.rows("status", "attempts") == [("delivered", 1)]


def test_a_message_that_waits_goes_to_the_person_of_today_if_they_consented_there(shop: Shop) -> None:
    shop.with_people(1, 2)
    shop.members = {1, 2}
    shop.refresh(WELCOME, MONDAY)
    keys = shop.rows("idempotency_key")
    for number in (1, 2):
        shop.people[number]["email"] = f"new{number}@example.org"
    shop.consents.append(consent("new1@example.org"))
    assert shop.refresh(WELCOME, TUESDAY).differences == 0
    assert shop.rows("idempotency_key") == keys
    assert shop.rows("contact_point", "status") == [(f"new{number}@example.org", "pending") for number in (1, 2)]
    assert [json.loads(row[0])["email"] for row in shop.rows("payload")] == ["new1@example.org", "new2@example.org"]
    with shop.ledger.reading() as connection:
        rows = outbox.next_rows(connection, WELCOME.name, TUESDAY)
    allowed, stopped = last_look(WELCOME, shop.ledger, rows, TUESDAY)
    assert [row.contact_point for row in allowed] == ["new1@example.org"]
    assert [each.reason for each in stopped] == ["no_consent"]


def test_a_merge_withdraws_no_message_that_waits(shop: Shop) -> None:
    shop.with_people(7)
    shop.members = {7}
    shop.refresh(WELCOME, MONDAY)
    shop.people = {3: person(3, email=email_of(7), full_name="Person 7")}
    shop.members, shop.redirects = {3}, {7: 3}
    shop.refresh(WELCOME, TUESDAY)
    assert shop.rows("profile_id", "status") == [(7, "pending")]


def test_a_message_on_leaving_greets_nobody_who_enters(shop: Shop) -> None:
    shop.with_people(1, 2)
    shop.members = {1, 2}
    shop.refresh(FAREWELL, MONDAY)
    assert shop.told() == []
    shop.members = {2}
    shop.refresh(FAREWELL, TUESDAY)
    assert shop.told() == [(1, "left")]


def test_repeating_a_refresh_changes_nothing(shop: Shop) -> None:
    shop.with_people(1, 2).with_people(3, consenting=False)
    shop.members = {1, 2, 3}
    first = shop.refresh(MIRROR, MONDAY)
    before = shop.rows("id", "profile_id", "sequence", "status", "payload")
    assert first.rows == 3
    for as_of in (MONDAY, TUESDAY):
        assert shop.refresh(MIRROR, as_of).differences == 0
    assert shop.rows("id", "profile_id", "sequence", "status", "payload") == before


def test_an_unchanged_payload_is_not_sent_again_and_a_changed_one_is(shop: Shop) -> None:
    shop.with_people(1, 2)
    shop.members = {1, 2}
    shop.refresh(MIRROR, MONDAY)
    shop.people[1]["orders"] = 99  # not in the payload
    shop.people[2]["full_name"] = "Person Two"
    shop.refresh(MIRROR, TUESDAY)
    assert shop.told() == [(1, "entered"), (2, "entered"), (2, "updated")]
    assert json.loads(shop.rows("payload")[-1][0]) == {"email": email_of(2), "name": "Person Two"}


def with_two_told_who_are_one(shop: Shop, spec: DestinationSpec, **now: str) -> None:
    """Tell of two people on Monday who are one on Tuesday, whose values are these."""
    shop.with_people(1, 2)
    shop.members = {1, 2}
    shop.refresh(spec, MONDAY)
    del shop.people[2]
    shop.people[1] |= now
    shop.members, shop.redirects = {1}, {2: 1}
    shop.refresh(spec, TUESDAY)


def test_a_merge_of_two_who_were_told_is_none(shop: Shop) -> None:
    with_two_told_who_are_one(shop, WELCOME)
    assert shop.told() == [(1, "entered"), (2, "entered")]
    assert shop.refresh(WELCOME, WEDNESDAY).differences == 0


@pytest.mark.parametrize(
    ("now", "updated", "left"),
    [
        ({}, [], {"email": email_of(2), "name": "Person 2"}),
        # The one who stays is told by the other's address: a receiver that knows people by it keeps them.
        ({"email": email_of(2)}, [(1, "updated")], {"email": None, "name": "Person 2"}),
    ],
)
def test_a_list_is_told_that_the_other_id_of_a_merged_person_leaves_and_that_it_is_back_after_a_split(
    shop: Shop, now: dict[str, str], updated: list[tuple[int, str]], left: dict[str, str | None]
) -> None:
    with_two_told_who_are_one(shop, MIRROR, **now)
    assert shop.told()[2:] == [*updated, (2, "left")]
    assert json.loads(shop.rows("payload")[-1][0]) == left
    assert shop.refresh(MIRROR, WEDNESDAY).differences == 0
    last = max(row[0] for row in shop.rows("id"))
    shop.with_people(1, 2, consenting=False)
    shop.members, shop.redirects = {1, 2}, {}
    shop.refresh(MIRROR, THURSDAY)
    assert shop.told(last) == [*updated, (2, "entered")]
    assert shop.refresh(MIRROR, FRIDAY).differences == 0


def test_an_address_that_is_no_more_leaves_an_audience_before_the_new_one_enters(shop: Shop) -> None:
    ads = replace(MIRROR, connector=MetaWay(type="meta_audience", audience="77", token_env="T"))
    shop.with_people(1)
    shop.members = {1}
    shop.refresh(ads, MONDAY)
    shop.people[1]["full_name"] = None
    shop.people[1]["email"] = email_of(9)
    shop.consents.append(consent(email_of(9)))
    for as_of in (TUESDAY, WEDNESDAY):
        shop.refresh(ads, as_of)
    told = [
        (change, sequence, json.loads(payload))
        for change, sequence, payload in shop.rows("change", "sequence", "payload")
    ]
    assert told[1:] == [
        ("left", 2, {"email": email_of(1), "name": "Person 1"}),
        ("updated", 3, {"email": email_of(9), "name": None}),
    ]
    shop.people[1]["full_name"] = "Person 1"
    shop.refresh(ads, THURSDAY)
    assert shop.rows("change", "sequence")[3:] == [("updated", 4)]
    deliver_all(shop, ads)
    shop.members = set()
    shop.refresh(ads, FRIDAY)
    assert shop.rows("change", "sequence")[4:] == [("left", 5)]


def test_the_guard_may_hold_the_leaving_of_other_ids_whose_person_stays(shop: Shop) -> None:
    with_two_told_who_are_one(shop, replace(MIRROR, volume_guard=VolumeGuard(factor=1, minimum=0)))
    assert shop.rows("profile_id", "change", "status")[-1] == (2, "left", "held")


def with_one_told_who_has_an_older_id(shop: Shop, spec: DestinationSpec) -> None:
    """Tell of a person on Monday who on Tuesday has another id, of which nothing was told."""
    shop.with_people(7)
    shop.members = {7}
    shop.refresh(spec, MONDAY)
    deliver_all(shop, spec)
    shop.people = {3: person(3, email=email_of(7), full_name="Person 7")}
    shop.members, shop.redirects = {3}, {7: 3}


def test_a_list_gets_the_id_of_today_in_the_place_of_the_one_given_up(shop: Shop) -> None:
    spec = replace(MIRROR, cap=Cap(1, 30))
    with_one_told_who_has_an_older_id(shop, spec)
    shop.refresh(spec, TUESDAY)
    assert shop.rows("profile_id", "change", "sequence")[1:] == [(3, "entered", 1), (7, "left", 2)]
    told = [json.loads(row[0]) for row in shop.rows("payload")[1:]]
    assert told == [{"email": email_of(7), "name": "Person 7"}, {"email": None, "name": None}]
    assert shop.refresh(spec, WEDNESDAY).differences == 0
    shop.members = set()
    shop.refresh(spec, THURSDAY)
    assert shop.told()[3:] == [(3, "left")]
    assert shop.refresh(spec, FRIDAY).differences == 0


@pytest.mark.parametrize("discarded", [True, False])
def test_whoever_may_not_be_told_does_not_get_another_id_and_a_change_of_ids_that_was_discarded_is_found_again(
    shop: Shop, discarded: bool
) -> None:
    with_one_told_who_has_an_older_id(shop, MIRROR)
    if discarded:
        shop.refresh(replace(MIRROR, volume_guard=VolumeGuard(factor=0, minimum=0)), TUESDAY)
        with shop.ledger.transaction() as connection:
            guard.discard(connection, 1, "mara", TUESDAY)
        told, shop_told = [(3, "entered"), (7, "left")], len(shop.rows("id"))
    else:
        shop.say(7, "denied", TUESDAY)
        told, shop_told = [(7, "left")], len(shop.rows("id"))
    shop.refresh(MIRROR, WEDNESDAY)
    assert shop.told(shop_told) == told
    shop.say(7, "granted", THURSDAY)
    shop.refresh(MIRROR, THURSDAY)
    assert shop.told(shop_told) == (told if discarded else [*told, (3, "entered")])
    assert shop.refresh(MIRROR, FRIDAY).differences == 0


@pytest.mark.parametrize("arrived", [True, False])
def test_nobody_is_greeted_for_a_merge_and_who_comes_back_is_greeted_under_the_id_of_today(
    shop: Shop, arrived: bool
) -> None:
    with_one_told_who_has_an_older_id(shop, WELCOME)
    if not arrived:
        with shop.ledger.transaction() as connection:
            outbox.settle(connection, [outbox.Settlement(1, outbox.DEAD, "timeout", MONDAY, None, 2)])
    assert shop.refresh(WELCOME, TUESDAY).differences == 0
    for as_of, members in ((WEDNESDAY, set()), (THURSDAY, {3})):
        shop.members = members
        shop.refresh(WELCOME, as_of)
    # What was given up may have arrived, and can be tried again: it keeps the order of its id.
    assert shop.told() == [(7, "entered"), (3 if arrived else 7, "entered")]
    assert shop.refresh(WELCOME, FRIDAY).differences == 0


def test_a_message_on_leaving_after_a_merge_bears_the_id_of_today_and_goes_out_once(shop: Shop) -> None:
    with_one_told_who_has_an_older_id(shop, FAREWELL)
    assert shop.refresh(FAREWELL, TUESDAY).differences == 0
    shop.members = set()
    shop.refresh(FAREWELL, WEDNESDAY)
    assert shop.refresh(FAREWELL, THURSDAY).differences == 0
    assert shop.told() == [(3, "left")]


def test_a_merge_undone_is_none_either(shop: Shop) -> None:
    with_two_told_who_are_one(shop, WELCOME)
    shop.with_people(2, consenting=False)
    shop.members, shop.redirects = {1, 2}, {}
    assert shop.refresh(WELCOME, WEDNESDAY).differences == 0


def test_a_person_told_under_two_ids_is_taken_off_a_list_under_both(shop: Shop) -> None:
    shop.with_people(1, 2)
    shop.members = {1, 2}
    shop.refresh(MIRROR, MONDAY)
    shop.members, shop.redirects = set(), {2: 1}
    del shop.people[2]
    shop.refresh(MIRROR, TUESDAY)
    assert shop.told()[2:] == [(1, "left"), (2, "left")]
    assert json.loads(shop.rows("payload")[-1][0])["email"] == email_of(2)


def test_a_first_activation_records_the_present_members_and_messages_nobody(shop: Shop) -> None:
    seeded = replace(WELCOME, initial="seed_only")
    shop.with_people(1, 2, 3)
    shop.members = {1, 2}
    shop.refresh(seeded, MONDAY)
    assert shop.told() == []
    assert shop.withheld() == [(1, "seed_only"), (2, "seed_only")]
    shop.members = {1, 2, 3}
    shop.refresh(seeded, TUESDAY)
    assert shop.told() == [(3, "entered")]


def test_a_seeded_member_of_a_list_can_be_updated_and_taken_off(shop: Shop) -> None:
    seeded = replace(MIRROR, initial="seed_only")
    shop.with_people(1, 2)
    shop.members = {1, 2}
    shop.refresh(seeded, MONDAY)
    shop.people[1]["full_name"] = "New Name"
    shop.members = {1}
    shop.refresh(seeded, TUESDAY)
    assert shop.told() == [(1, "updated"), (2, "left")]
    assert json.loads(shop.rows("payload")[-1][0]) == {"email": email_of(2), "name": "Person 2"}


def test_every_profile_not_sent_has_its_reason_and_gets_it_once(shop: Shop) -> None:
    shop.with_people(1, 2, 3, 4, 5)
    shop.with_people(6, consenting=False)
    shop.suppressions = [
        {"contact_point": email_of(1), "channel": "email", "reason": "complained", "since": MONDAY},
        {"contact_point": email_of(2), "channel": "sms", "reason": "bounced", "since": MONDAY},
    ]
    shop.say(3, "denied", MONDAY)
    shop.say(4, "pending", MONDAY)
    shop.people[5]["email"] = None
    shop.members = {1, 2, 3, 4, 5, 6}
    for as_of in (MONDAY, TUESDAY):
        shop.refresh(WELCOME, as_of)
    assert shop.told() == [(2, "entered")]
    assert shop.withheld() == [
        (1, "suppressed_complained"),
        (3, "consent_denied"),
        (4, "consent_pending"),
        (5, "unreachable"),
        (6, "no_consent"),
    ]


def test_suppression_comes_before_consent(shop: Shop) -> None:
    shop.with_people(1)
    shop.say(1, "denied", MONDAY)
    shop.suppressions = [{"contact_point": email_of(1), "channel": "any", "reason": "complained", "since": MONDAY}]
    shop.members = {1}
    shop.refresh(WELCOME, MONDAY)
    assert shop.withheld() == [(1, "suppressed_complained")]


def test_consent_that_ends_at_the_instant_of_the_run_has_expired(shop: Shop) -> None:
    shop.with_people(1, 2)
    shop.consents[0]["expires_at"] = MONDAY
    shop.consents[1]["expires_at"] = MONDAY + timedelta(seconds=1)
    shop.members = {1, 2}
    shop.refresh(WELCOME, MONDAY)
    assert shop.told() == [(2, "entered")]
    assert shop.withheld() == [(1, "consent_expired")]


def test_who_consents_later_while_still_a_member_is_told_then(shop: Shop) -> None:
    shop.with_people(1, consenting=False)
    shop.members = {1}
    shop.refresh(WELCOME, MONDAY)
    shop.say(1, "granted", TUESDAY)
    shop.refresh(WELCOME, TUESDAY)
    assert shop.rows("sequence", "status") == [(1, "withheld"), (2, "pending")]


def test_who_was_withheld_left_and_comes_back_is_withheld_anew(shop: Shop) -> None:
    shop.with_people(1, consenting=False)
    for as_of, members in ((MONDAY, {1}), (TUESDAY, set()), (WEDNESDAY, {1}), (THURSDAY, {1})):
        shop.members = members
        shop.refresh(WELCOME, as_of)
    assert shop.withheld() == [(1, "no_consent"), (1, "no_consent")]


def test_withdrawing_consent_takes_a_person_off_a_list_though_still_a_member(shop: Shop) -> None:
    shop.with_people(1, 2)
    shop.members = {1, 2}
    shop.refresh(MIRROR, MONDAY)
    shop.say(1, "denied", TUESDAY)
    shop.refresh(MIRROR, TUESDAY)
    assert shop.told()[2:] == [(1, "left")]
    assert shop.refresh(MIRROR, WEDNESDAY).differences == 0
    shop.say(1, "granted", THURSDAY)
    shop.refresh(MIRROR, THURSDAY)
    assert shop.told()[3:] == [(1, "entered")]


def test_who_has_no_contact_point_any_more_to_consent_for_is_taken_off_a_list(shop: Shop) -> None:
    shop.with_people(1)
    shop.members = {1}
    shop.refresh(MIRROR, MONDAY)
    shop.people[1]["email"] = None
    shop.refresh(MIRROR, TUESDAY)
    assert shop.told()[1:] == [(1, "left")]
    assert json.loads(shop.rows("payload")[-1][0])["email"] == email_of(1)
    assert shop.refresh(MIRROR, WEDNESDAY).differences == 0


def test_service_messages_need_no_grant_but_respect_a_refusal(shop: Shop) -> None:
    service = replace(WELCOME, purpose="service")
    shop.with_people(1, 2, consenting=False)
    shop.say(2, "denied", MONDAY)
    shop.consents[-1]["purpose"] = "service"
    shop.members = {1, 2}
    shop.refresh(service, MONDAY)
    assert shop.told() == [(1, "entered")]
    assert shop.withheld() == [(2, "consent_denied")]


@pytest.mark.parametrize(
    ("exact", "general", "expected"),
    [("granted", "denied", True), ("denied", "granted", False), (None, "granted", True), (None, "denied", False)],
)
def test_a_word_for_any_channel_counts_only_where_there_is_none_for_this_one(
    shop: Shop, exact: str | None, general: str, expected: bool
) -> None:
    shop.with_people(1, consenting=False)
    if exact:
        shop.say(1, exact, MONDAY)
    shop.consents.append({**person_word(1), "channel": "any", "status": general})
    shop.members = {1}
    shop.refresh(WELCOME, MONDAY)
    assert bool(shop.told()) is expected


def person_word(profile_id: int) -> dict[str, object]:
    return consent(email_of(profile_id))


def test_a_cap_counts_over_all_destinations_of_a_channel_and_the_higher_priority_goes_first(shop: Shop) -> None:
    low = replace(WELCOME, name="a_low", cap=Cap(messages=1, per_days=7))
    high = replace(WELCOME, name="b_high", priority=5, cap=Cap(messages=1, per_days=7))
    elsewhere = replace(low, name="texts", channel="sms", contact_point="email")
    shop.with_people(1)
    shop.consents.append({**person_word(1), "channel": "sms"})
    shop.members = {1}
    ordered = by_priority([low, high, elsewhere])
    assert [spec.name for spec in ordered] == ["b_high", "a_low", "texts"]
    for spec in ordered:
        shop.refresh(spec, MONDAY)
    assert shop.rows("destination", "status", "reason") == [
        ("b_high", "pending", None),
        ("a_low", "withheld", "frequency_cap"),
        ("texts", "pending", None),
    ]
    shop.refresh(low, MONDAY + timedelta(days=7))
    assert shop.rows("destination", "status")[-1] == ("a_low", "pending")


def test_a_cap_over_all_channels_counts_messages_and_no_lists(shop: Shop) -> None:
    mail = replace(WELCOME, name="a_mail", priority=2)
    mirrored = replace(MIRROR, name="list", priority=3)
    texts = replace(WELCOME, name="texts", priority=1, channel="sms", contact_point="email")
    news = replace(WELCOME, name="receipts", purpose="service")
    specs = FrequencyCap(messages=1, per_days=7).applied_to([mail, mirrored, texts, news])
    assert [spec.name for spec in specs if spec.overall_cap] == ["a_mail", "texts"]
    shop.with_people(1)
    shop.consents.append({**person_word(1), "channel": "sms"})
    shop.members = {1}
    for spec in by_priority(specs):
        shop.refresh(spec, MONDAY)
    assert shop.rows("destination", "status", "reason") == [
        ("list", "pending", None),
        ("a_mail", "pending", None),
        ("texts", "withheld", "overall_cap"),
        ("receipts", "pending", None),
    ]


def test_messages_to_a_profile_since_merged_count_for_the_person(shop: Shop) -> None:
    first = replace(WELCOME, name="first")
    capped = replace(WELCOME, name="second", cap=Cap(messages=1, per_days=7))
    shop.with_people(1, 2)
    shop.members = {2}
    shop.refresh(first, MONDAY)
    shop.members, shop.redirects = {1}, {2: 1}
    shop.refresh(capped, TUESDAY)
    assert shop.withheld() == [(1, "frequency_cap")]


def test_the_guard_holds_a_change_far_above_the_usual_until_someone_confirms(shop: Shop) -> None:
    guarded = replace(WELCOME, volume_guard=VolumeGuard(minimum=2, factor=3))
    shop.with_people(*range(1, 30))
    shop.members = {1, 2}
    shop.refresh(guarded, MONDAY)
    assert shop.told() == [(1, "entered"), (2, "entered")]
    shop.members = set(range(1, 20))
    assert shop.refresh(guarded, TUESDAY).held == 17
    assert set(shop.rows("status", "reason")[2:]) == {("held", "volume_guard")}
    assert shop.refresh(guarded, WEDNESDAY).differences == 0
    with shop.ledger.transaction() as connection:
        (hold,) = guard.holds(connection)
        assert (hold.changes, hold.usual) == (17, 0)
        assert guard.confirm(connection, hold.id, "jo", WEDNESDAY) == 17
        assert guard.holds(connection) == []
    assert set(shop.rows("status", "reason")) == {("pending", None)}


def test_what_the_guard_held_and_someone_discarded_is_still_a_difference(shop: Shop) -> None:
    guarded = replace(WELCOME, volume_guard=VolumeGuard(minimum=0, factor=0))
    shop.with_people(1, 2)
    shop.refresh(guarded, MONDAY)
    shop.members = {1, 2}
    shop.refresh(guarded, TUESDAY)
    with shop.ledger.transaction() as connection:
        assert guard.discard(connection, guard.holds(connection)[0].id, "jo", WEDNESDAY) == 2
    assert shop.told() == []
    assert shop.refresh(WELCOME, THURSDAY).rows == 2


def test_the_guard_never_holds_what_privacy_asks_for(shop: Shop) -> None:
    guarded = replace(MIRROR, volume_guard=VolumeGuard(minimum=0, factor=0))
    shop.with_people(1, 2, 3)
    shop.members = {1, 2}
    shop.refresh(guarded, MONDAY)
    shop.say(1, "denied", TUESDAY)
    shop.members = {1, 2, 3}
    shop.refresh(guarded, TUESDAY)
    assert shop.rows("profile_id", "change", "status")[2:] == [(1, "left", "pending"), (3, "entered", "held")]


def test_a_removal_overtakes_what_the_guard_holds_of_the_person_and_names_them_as_last_told(shop: Shop) -> None:
    guarded = replace(MIRROR, volume_guard=VolumeGuard(minimum=1, factor=0))
    shop.with_people(1, 2, 3, 4)
    shop.members = {1, 2}
    shop.refresh(guarded, MONDAY)
    deliver_all(shop, guarded)
    shop.people[1]["full_name"] = shop.people[2]["full_name"] = "New Name"
    shop.members = {1, 2, 3, 4}
    assert shop.refresh(guarded, TUESDAY).held == 4
    shop.say(1, "denied", WEDNESDAY)
    shop.say(3, "denied", WEDNESDAY)
    shop.refresh(guarded, WEDNESDAY)
    assert shop.rows("profile_id", "change", "status", "reason")[2:] == [
        (1, "updated", "withheld", "overtaken"),
        (2, "updated", "held", "volume_guard"),
        (3, "entered", "withheld", "overtaken"),
        (4, "entered", "held", "volume_guard"),
        (1, "left", "pending", None),
        (3, "left", "withheld", "overtaken"),  # the receiver never heard of them
    ]
    with shop.ledger.reading() as connection:
        (removal,) = outbox.next_rows(connection, guarded.name, WEDNESDAY)
    assert json.loads(removal.payload) == {"email": email_of(1), "name": "Person 1"}
    with shop.ledger.transaction() as connection:
        assert guard.discard(connection, guard.holds(connection)[0].id, "jo", WEDNESDAY) == 2
    assert shop.refresh(replace(guarded, volume_guard=VolumeGuard()), THURSDAY).sent == {"updated": 1, "entered": 1}


def test_removals_that_somebody_discarded_are_found_again_and_those_kept_are_not_told_anew(shop: Shop) -> None:
    guarded = replace(MIRROR, volume_guard=VolumeGuard(minimum=1, factor=0))
    shop.with_people(1, 2, 3)
    shop.members = {1, 2, 3}
    shop.refresh(guarded, MONDAY)
    deliver_all(shop, guarded)
    shop.members = {3}
    assert shop.refresh(guarded, TUESDAY).held == 2
    with shop.ledger.transaction() as connection:
        assert guard.discard(connection, guard.holds(connection)[0].id, "jo", TUESDAY) == 2
    shop.members = {2, 3}
    assert shop.refresh(MIRROR, WEDNESDAY).sent == {"left": 1}
    assert shop.told()[3:] == [(1, "left")]


def test_a_removal_that_consent_asks_for_outlives_being_dropped(shop: Shop) -> None:
    shop.with_people(1, 2)
    shop.members = {1, 2}
    shop.refresh(MIRROR, MONDAY)
    deliver_all(shop, MIRROR)
    shop.say(1, "denied", TUESDAY)
    shop.refresh(MIRROR, TUESDAY)
    with shop.ledger.transaction() as connection:
        assert outbox.drop(connection, MIRROR.name, TUESDAY) == 1
    shop.refresh(MIRROR, WEDNESDAY)
    assert shop.rows("profile_id", "change", "status", "reason")[2:] == [
        (1, "left", "withheld", "dropped"),
        (1, "left", "pending", None),
    ]
    assert shop.refresh(MIRROR, THURSDAY).differences == 0


def test_whoever_waited_for_a_list_when_all_was_dropped_enters_it_anew(shop: Shop) -> None:
    shop.with_people(1, 2)
    shop.members = {1, 2}
    shop.refresh(MIRROR, MONDAY)
    shop.people[2]["full_name"] = "New Name"
    shop.members = {2}
    shop.refresh(MIRROR, TUESDAY)
    with shop.ledger.transaction() as connection:
        assert outbox.drop(connection, MIRROR.name, TUESDAY) == 4
    last = len(shop.rows("id"))
    shop.refresh(MIRROR, WEDNESDAY)
    assert shop.told(last) == [(2, "entered")]


def test_holds_may_be_discarded_in_any_order(shop: Shop) -> None:
    guarded = replace(MIRROR, volume_guard=VolumeGuard(minimum=0, factor=0))
    shop.with_people(1)
    shop.refresh(guarded, MONDAY)
    shop.members = {1}
    shop.refresh(guarded, TUESDAY)
    shop.people[1]["full_name"] = "New Name"
    shop.refresh(guarded, WEDNESDAY)
    with shop.ledger.transaction() as connection:
        for hold in reversed(guard.holds(connection)):
            assert guard.discard(connection, hold.id, "jo", WEDNESDAY) == 1
    assert shop.refresh(MIRROR, THURSDAY).sent == {"entered": 1}


def test_a_removal_that_is_held_goes_out_once_privacy_asks_for_it(shop: Shop) -> None:
    guarded = replace(MIRROR, volume_guard=VolumeGuard(minimum=0, factor=0))
    shop.with_people(1, 2, 3)
    shop.members = {1, 2, 3}
    shop.refresh(guarded, MONDAY)
    deliver_all(shop, guarded)
    shop.members = set()
    shop.say(1, "denied", TUESDAY)
    shop.refresh(guarded, TUESDAY)
    removals = shop.rows("profile_id", "change", "status")[3:]
    assert removals == [(1, "left", "pending"), (2, "left", "held"), (3, "left", "held")]
    shop.suppressions = [{"contact_point": email_of(2), "channel": "any", "reason": "complained", "since": WEDNESDAY}]
    assert shop.refresh(guarded, WEDNESDAY).differences == 0
    assert shop.rows("profile_id", "status", "reason")[3:] == [
        (1, "pending", None),
        (2, "pending", None),
        (3, "held", "volume_guard"),
    ]


def test_the_usual_is_the_median_of_the_last_changes(shop: Shop) -> None:
    guarded = replace(WELCOME, volume_guard=VolumeGuard(minimum=1, factor=2))
    shop.with_people(*range(1, 100))
    held = []
    for day, size in enumerate((0, 1, 3, 8, 15)):
        shop.members = set(range(1, size + 1))
        held.append(shop.refresh(guarded, MONDAY + timedelta(days=day)).held)
    # Changes: first 1, then 2 (of 1 member: usual 0, held), 5 (held) …
    assert held == [0, 0, 2, 5, 7]


def test_withheld_rows_carry_no_personal_data(shop: Shop) -> None:
    shop.with_people(1, consenting=False)
    shop.members = {1}
    shop.refresh(WELCOME, MONDAY)
    assert shop.rows("payload", "contact_point") == [(None, None)]


def test_a_row_withheld_at_the_moment_of_sending_is_a_difference_again(shop: Shop) -> None:
    shop.with_people(1)
    shop.members = {1}
    shop.refresh(WELCOME, MONDAY)
    with shop.ledger.transaction() as connection:
        outbox.settle(connection, [outbox.Settlement(1, outbox.WITHHELD, "consent_denied", MONDAY)])
    shop.say(1, "denied", MONDAY)
    assert shop.refresh(WELCOME, TUESDAY).differences == 0
    shop.say(1, "granted", WEDNESDAY)
    shop.refresh(WELCOME, WEDNESDAY)
    assert shop.told() == [(1, "entered")]
    assert shop.rows("sequence")[-1] == (2,)


def test_two_refreshes_that_collide_leave_one_result(shop: Shop) -> None:
    shop.with_people(1)
    shop.members = {1}
    tables = shop.tables()
    activate(WELCOME, tables, shop.engine, shop.ledger, FRIDAY)
    with shop.ledger.transaction() as connection:
        rows = history.written_at(connection, FRIDAY)
    assert rows.num_rows == 1
    activate(WELCOME, tables, shop.engine, shop.ledger, FRIDAY)
    assert len(shop.rows("id")) == 1


def test_a_list_that_is_reconciled_is_told_everything_again(shop: Shop) -> None:
    shop.with_people(1, 2, 3)
    shop.members = {1, 2}
    shop.refresh(MIRROR, MONDAY)
    shop.members = {1, 3}
    shop.refresh(MIRROR, TUESDAY)
    last = max(row[0] for row in shop.rows("id"))
    shop.refresh(MIRROR, TUESDAY)
    assert shop.told(last) == []

    with shop.ledger.transaction() as connection:
        assert destinations.forget(connection, MIRROR.name) == (2, 1)

    shop.refresh(MIRROR, WEDNESDAY)
    assert sorted(shop.told(last)) == [(1, "updated"), (2, "left"), (3, "updated")]
    last = max(row[0] for row in shop.rows("id"))
    shop.refresh(MIRROR, WEDNESDAY)
    assert shop.told(last) == []
