"""Delivering: effectively once, in order, with patience, and only where welcome at that moment."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from cdp_assets.activation import delivery
from cdp_assets.activation.connectors.connector import DELIVERED, REFUSED, Outcome
from cdp_assets.activation.connectors.webhook import Webhook
from cdp_assets.activation.connectors.webhook_bodies import single
from cdp_assets.activation.delivery import Delivered, deliver
from cdp_assets.activation.message import Message
from cdp_assets.activation.receiver import Answer, Receiver
from cdp_assets.activation.spec import Breaker, Cap, DestinationSpec, OverallCap, QuietHours, Retry, WebhookConnector
from cdp_assets.ledger import destinations, history, outbox
from cdp_assets_tests.activation.shop import MIRROR, MONDAY, TUESDAY, WEDNESDAY, WELCOME, Shop, email_of

SECRET = "whsec_c2VjcmV0IGZvciB0ZXN0cw=="
HOOK = WebhookConnector(url_env="URL", secret_env="SECRET", concurrency=4)
GREET = replace(WELCOME, connector=HOOK)


@dataclass
class Time:
    """A wall clock that only waiting moves."""

    now: datetime = TUESDAY
    slept: float = 0.0

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept += seconds
        self.now += timedelta(seconds=seconds)


@contextmanager
def receiving(clock: Time, answer: Callable[[str, int], Answer | None] | None = None) -> Iterator[Receiver]:
    with Receiver(SECRET, answer=answer, clock=clock) as receiver:
        yield receiver


def run(shop: Shop, spec: DestinationSpec, receiver: Receiver, clock: Time, patience: float = 60) -> Delivered:
    connector = Webhook(f"{receiver.url}/hook", SECRET, concurrency=HOOK.concurrency, timeout_seconds=5)
    try:
        return deliver(
            spec,
            connector,
            shop.ledger,
            clock=clock,
            chance=random.Random(7),
            sleep=clock.sleep,
            patience=timedelta(seconds=patience),
        )
    finally:
        connector.close()


def test_each_message_arrives_once_signed_with_its_key_and_fields(shop: Shop) -> None:
    shop.with_people(1, 2)
    shop.members = {1, 2}
    shop.refresh(GREET, MONDAY)
    clock = Time()
    with receiving(clock) as receiver:
        assert run(shop, GREET, receiver, clock).delivered == 2
        assert run(shop, GREET, receiver, clock).delivered == 0
    assert receiver.refused == receiver.repeats == 0
    got = sorted(receiver.messages, key=lambda message: str(message["profile_id"]))
    assert got[0] == {
        "idempotency_key": shop.rows("idempotency_key")[0][0],
        "path": "/hook",
        "type": "segment.entered",
        "timestamp": "2026-06-01T06:00:00Z",
        "destination": "welcome",
        "segment": "members",
        "profile_id": "1",
        "sequence": 1,
        "data": {"email": email_of(1), "name": "Person 1"},
    }
    assert shop.rows("status", "attempts", "response_code", "sent_at") == [("delivered", 1, 200, TUESDAY)] * 2


def test_several_messages_travel_in_one_request_each_with_its_key(shop: Shop) -> None:
    shop.with_people(*range(1, 6))
    shop.members = set(range(1, 6))
    shop.refresh(GREET, MONDAY)
    clock = Time()
    with receiving(clock, lambda key, times: (503, {}) if times == 1 else None) as receiver:
        connector = Webhook(receiver.url, SECRET, concurrency=1, batch_size=3)
        report = deliver(GREET, connector, shop.ledger, clock=clock, sleep=clock.sleep, patience=timedelta(hours=1))
        connector.close()
    assert report.delivered == 5
    kept = [message for request in receiver.messages for message in request["batch"]]
    assert sorted(told["idempotency_key"] for told in kept) == sorted(row[0] for row in shop.rows("idempotency_key"))


def test_a_message_can_be_a_call_of_segments(shop: Shop) -> None:
    shop.with_people(1)
    shop.members = {1}
    shop.refresh(GREET, MONDAY)
    clock = Time()
    with shop.ledger.reading() as connection:
        [row] = outbox.next_rows(connection, GREET.name, clock())
    common = {"messageId": row.idempotency_key, "userId": "1", "timestamp": "2026-06-01T06:00:00Z"}
    person = {"email": email_of(1), "name": "Person 1", "members": True}
    assert json.loads(single(Message.of(row), "identify")) == {"type": "identify", **common, "traits": person}
    assert json.loads(single(Message.of(row), "track")) == {
        "type": "track",
        **common,
        "event": "Audience Entered",
        "properties": {**person, "audience_key": "members"},
    }


def test_a_receiver_in_trouble_gets_every_message_once_it_is_well(shop: Shop) -> None:
    shop.with_people(*range(1, 41))
    shop.members = set(range(1, 41))
    shop.refresh(GREET, MONDAY)
    troubles = random.Random(3)

    def moody(key: str, times: int) -> Answer | None:
        return (troubles.choice((500, 503, 408, 429)), {}) if troubles.random() < 0.5 else None

    clock = Time()
    with receiving(clock, moody) as receiver:
        run(shop, GREET, receiver, clock, patience=3600)
    assert len(receiver.messages) == 40
    assert {row[0] for row in shop.rows("status")} == {"delivered"}
    assert max(row[0] for row in shop.rows("attempts")) > 1


def test_retry_after_leaves_the_whole_destination_alone(shop: Shop) -> None:
    shop.with_people(1, 2, 3)
    shop.members = {1, 2, 3}
    one_by_one = replace(GREET, connector=replace(HOOK, concurrency=1))
    shop.refresh(one_by_one, MONDAY)
    clock = Time()
    asked: list[datetime] = []

    def busy(key: str, times: int) -> Answer | None:
        asked.append(clock())
        return (429, {"retry-after": "120"}) if len(asked) == 1 else None

    with receiving(clock, busy) as receiver:
        connector = Webhook(receiver.url, SECRET, concurrency=1)
        first = deliver(one_by_one, connector, shop.ledger, clock=clock, sleep=clock.sleep)
        assert first.waiting == delivery.ASKED_TO_WAIT
        assert clock.slept == 0
        clock.now += timedelta(seconds=119)
        assert deliver(one_by_one, connector, shop.ledger, clock=clock, sleep=clock.sleep).delivered == 3
        connector.close()
    assert min(asked[1:]) >= TUESDAY + timedelta(seconds=120)


def test_retry_after_may_be_a_date(shop: Shop) -> None:
    shop.with_people(1)
    shop.members = {1}
    shop.refresh(GREET, MONDAY)
    clock = Time(datetime(2026, 6, 2, 6, 0, tzinfo=UTC))

    def busy(key: str, times: int) -> Answer | None:
        return (503, {"retry-after": "Tue, 02 Jun 2026 06:10:00 GMT"}) if times == 1 else None

    with receiving(clock, busy) as receiver:
        assert run(shop, GREET, receiver, clock, patience=1000).delivered == 1
    assert clock.now >= datetime(2026, 6, 2, 6, 10, tzinfo=UTC)


def test_what_will_never_work_is_given_up_at_once(shop: Shop) -> None:
    shop.with_people(1)
    shop.members = {1}
    shop.refresh(GREET, MONDAY)
    clock = Time()
    with receiving(clock, lambda key, times: (400, {})) as receiver:
        assert run(shop, GREET, receiver, clock).dead == 1
    assert shop.rows("status", "reason", "attempts", "response_code") == [("dead", "http_400", 1, 400)]


@dataclass
class Refusing:
    """A service that takes nothing, for one reason."""

    reason: str
    batch_size = 1
    concurrency = 1

    def send(self, messages: Sequence[Message], at: datetime) -> list[Outcome]:
        return [Outcome(REFUSED, 550, self.reason) for _ in messages]

    def render(self, message: object, at: datetime) -> dict[str, object]:
        return {}

    def close(self) -> None: ...


@dataclass
class Picky:
    """A service that refuses any batch that has one of these profiles in it."""

    unwanted: set[int]
    batch_size: int = 25
    concurrency: int = 2
    taken: list[str] = field(default_factory=list)
    calls: list[int] = field(default_factory=list)

    def send(self, messages: Sequence[Message], at: datetime) -> list[Outcome]:
        self.calls.append(len(messages))
        if self.unwanted & {told.profile_id for told in messages}:
            return [Outcome(REFUSED, 400, "http_400", together=True)] * len(messages)
        self.taken += [told.idempotency_key for told in messages]
        return [Outcome(DELIVERED, 200)] * len(messages)

    def render(self, message: object, at: datetime) -> dict[str, object]:
        return {}

    def close(self) -> None: ...


def test_of_a_batch_that_is_refused_only_the_messages_at_fault_are_given_up(shop: Shop) -> None:
    shop.with_people(*range(1, 61))
    shop.members = set(range(1, 61))
    shop.refresh(GREET, MONDAY)
    clock, picky = Time(), Picky({7, 30})
    report = deliver(GREET, picky, shop.ledger, clock=clock, sleep=clock.sleep)
    assert (report.delivered, report.dead, report.waiting) == (58, 2, None)
    keys = dict(shop.rows("profile_id", "idempotency_key"))
    assert sorted(picky.taken) == sorted(key for one, key in keys.items() if one not in picky.unwanted)
    assert len(picky.calls) <= 2 * (1 + 13 + 2) + 1
    given_up = [row[:2] for row in shop.rows("profile_id", "reason", "status") if row[2] == "dead"]
    assert given_up == [(7, "http_400"), (30, "http_400")]


@pytest.mark.parametrize("reason", [outbox.BOUNCED, outbox.UNSUBSCRIBED])
def test_an_address_that_is_refused_for_good_is_suppressed_for_every_destination_at_once(
    shop: Shop, reason: str
) -> None:
    shop.with_people(1)
    shop.members = {1}
    clock, other = Time(), replace(GREET, name="other")
    shop.refresh(GREET, MONDAY)
    shop.refresh(other, MONDAY)
    assert deliver(GREET, Refusing(reason), shop.ledger, clock=clock, sleep=clock.sleep).dead == 1
    with receiving(clock) as receiver:
        assert run(shop, other, receiver, clock).withheld == {f"suppressed_{reason}": 1}
    with shop.ledger.reading() as connection:
        [seen] = history.refusals(connection).to_pylist()
    assert seen == {"contact_point": email_of(1), "channel": "email", "reason": reason, "since": TUESDAY}


@pytest.mark.parametrize(
    ("reason", "since", "told"),
    [
        (outbox.UNSUBSCRIBED, TUESDAY + timedelta(days=1), 1),
        (outbox.UNSUBSCRIBED, TUESDAY - timedelta(hours=1), 0),
        (outbox.BOUNCED, TUESDAY + timedelta(days=1), 0),
    ],
)
def test_who_has_unsubscribed_and_grants_afterwards_is_told_again(
    shop: Shop, reason: str, since: datetime, told: int
) -> None:
    shop.with_people(1)
    shop.members = {1}
    clock, other = Time(), replace(GREET, name="other")
    shop.refresh(GREET, MONDAY)
    assert deliver(GREET, Refusing(reason), shop.ledger, clock=clock, sleep=clock.sleep).dead == 1
    shop.say(1, "granted", since)
    shop.refresh(other, MONDAY)
    with receiving(clock) as receiver:
        assert run(shop, other, receiver, clock).delivered == told


def test_what_fails_too_often_is_given_up(shop: Shop) -> None:
    shop.with_people(1)
    shop.members = {1}
    impatient = replace(GREET, retry=Retry(attempts=3, base_seconds=1))
    shop.refresh(impatient, MONDAY)
    clock = Time()
    with receiving(clock, lambda key, times: (500, {})) as receiver:
        report = run(shop, impatient, receiver, clock)
    assert (report.failed, report.dead) == (2, 1)
    assert shop.rows("status", "attempts") == [("dead", 3)]


def test_what_fails_for_longer_than_its_window_is_given_up_and_the_untried_are_kept(shop: Shop) -> None:
    shop.with_people(*range(1, 31))
    shop.members = set(range(1, 31))
    brief = replace(GREET, retry=Retry(within_hours=3, longest_seconds=1800))
    shop.refresh(brief, MONDAY)
    clock = Time()
    out = [True]
    with receiving(clock, lambda key, times: (503, {}) if out[0] else None) as receiver:
        while clock.now < TUESDAY + timedelta(hours=4):
            run(shop, brief, receiver, clock, patience=0)
            clock.now += timedelta(minutes=10)
        given_up = len([row for row in shop.rows("status") if row[0] == "dead"])
        assert given_up > 0
        out[0] = False
        clock.now += timedelta(hours=1)
        run(shop, brief, receiver, clock)
    assert len(receiver.messages) == 30 - given_up


def test_a_destination_that_fails_again_and_again_is_left_alone_then_tried_with_single_messages(shop: Shop) -> None:
    shop.with_people(*range(1, 101))
    shop.members = set(range(1, 101))
    spec = replace(GREET, breaker=Breaker(failures=5, pause_seconds=60))
    shop.refresh(spec, MONDAY)
    clock = Time()
    asked: list[datetime] = []
    well = [False]

    def down(key: str, times: int) -> Answer | None:
        asked.append(clock())
        return None if well[0] else (503, {})

    with receiving(clock, down) as receiver:
        first = run(shop, spec, receiver, clock, patience=0)
        assert (first.waiting, first.delivered) == (delivery.FAILING, 0)
        # Those under way when the fifth failed, and those taken up while that was told.
        assert len(asked) <= 5 + 2 * HOOK.concurrency
        tried = len(asked)
        with shop.ledger.reading() as connection:
            assert outbox.due(connection, clock()) == []  # the sensor leaves it alone too
        clock.now += timedelta(seconds=60)
        assert run(shop, spec, receiver, clock, patience=0).waiting == delivery.FAILING
        assert len(asked) == tried + 1
        well[0] = True
        clock.now += timedelta(seconds=120)
        run(shop, spec, receiver, clock)
    assert len(receiver.messages) == 100


def test_short_pauses_of_a_receiver_that_is_down_add_up_and_those_of_one_that_is_slow_do_not(shop: Shop) -> None:
    shop.with_people(*range(1, 21))
    shop.members = set(range(1, 21))
    hasty = replace(
        GREET, retry=Retry(base_seconds=0.5, longest_seconds=2), breaker=Breaker(6, pause_seconds=1, longest_seconds=3)
    )
    shop.refresh(hasty, MONDAY)
    clock = Time()
    with receiving(clock, lambda key, times: (503, {})) as down:
        report = run(shop, hasty, down, clock, patience=20)
    assert (report.waiting, report.dead) == (delivery.FAILING, 0)
    assert 10 < clock.slept <= 20
    clock.now, clock.slept = clock.now + timedelta(minutes=1), 0.0
    with receiving(clock, lambda key, times: (429, {"retry-after": "5"}) if times == 1 else None) as busy:
        assert run(shop, hasty, busy, clock, patience=20).delivered == 20


def test_a_failing_destination_does_not_delay_another(shop: Shop) -> None:
    shop.with_people(*range(1, 51))
    shop.members = set(range(1, 51))
    other = replace(GREET, name="other")
    for spec in (GREET, other):
        shop.refresh(spec, MONDAY)
    clock = Time()
    with receiving(clock, lambda key, times: (503, {})) as failing, receiving(clock) as sound:
        assert run(shop, GREET, failing, clock, patience=0).waiting == delivery.FAILING
        assert run(shop, other, sound, clock, patience=0).delivered == 50
    assert clock.slept == 0


def test_a_receiver_that_is_not_there_is_tried_again_later(shop: Shop) -> None:
    shop.with_people(1)
    shop.members = {1}
    shop.refresh(GREET, MONDAY)
    clock = Time()
    with receiving(clock) as gone:
        pass
    assert run(shop, GREET, gone, clock, patience=0).failed == 1
    assert shop.rows("status", "reason") == [("failed", "ConnectError")]


def test_the_order_per_profile_holds_though_an_earlier_message_fails(shop: Shop) -> None:
    shop.with_people(1, 2)
    for as_of, members in ((MONDAY, {1}), (TUESDAY, {2}), (WEDNESDAY, {1, 2})):
        shop.members = members
        shop.refresh(replace(MIRROR, connector=HOOK), as_of)
    clock = Time(WEDNESDAY)
    spec = replace(MIRROR, connector=HOOK)

    def first_fails(key: str, times: int) -> Answer | None:
        return (500, {}) if times == 1 else None

    with receiving(clock, first_fails) as receiver:
        run(shop, spec, receiver, clock, patience=600)
    for profile_id in ("1", "2"):
        sequences = [m["sequence"] for m in receiver.messages if m["profile_id"] == profile_id]
        assert sequences == sorted(sequences)
    assert len(receiver.messages) == 4


def test_consent_withdrawn_between_refresh_and_sending_stops_the_message(shop: Shop) -> None:
    shop.with_people(1, 2)
    shop.members = {1, 2}
    shop.refresh(GREET, MONDAY)
    shop.say(1, "denied", MONDAY)
    shop.suppressions = [{"contact_point": email_of(2), "channel": "any", "reason": "complained", "since": MONDAY}]
    other = replace(GREET, name="other", segment="nobody")
    shop.refresh(other, TUESDAY)  # any refresh brings privacy's word up to date
    clock = Time()
    with receiving(clock) as receiver:
        report = run(shop, GREET, receiver, clock)
    assert receiver.messages == []
    assert report.withheld == {"consent_denied": 1, "suppressed_complained": 1}
    assert shop.rows("status", "reason", "attempts") == [
        ("withheld", "consent_denied", 0),
        ("withheld", "suppressed_complained", 0),
    ]


def test_consent_that_expires_before_sending_stops_the_message(shop: Shop) -> None:
    shop.with_people(1)
    shop.consents[0]["expires_at"] = TUESDAY
    shop.members = {1}
    shop.refresh(GREET, MONDAY)
    clock = Time(TUESDAY)
    with receiving(clock) as receiver:
        assert run(shop, GREET, receiver, clock).withheld == {"consent_expired": 1}


@dataclass
class Eventful:
    """A service that takes everything, slowly, and before whose first answer something happens."""

    clock: Time
    event: Callable[[], object]
    got: list[dict[str, Any]] = field(default_factory=list)
    batch_size = 1
    concurrency = 1

    def send(self, messages: Sequence[Message], at: datetime) -> list[Outcome]:
        if not self.got:
            self.event()
        self.clock.now += timedelta(seconds=5)
        self.got += [message.fields for message in messages]
        return [Outcome(DELIVERED, 200) for _ in messages]

    def render(self, message: object, at: datetime) -> dict[str, object]:
        return {}

    def close(self) -> None: ...


def test_a_run_that_takes_long_heeds_what_a_refresh_withdraws_and_rewords(shop: Shop) -> None:
    people = set(range(1, 9))
    shop.with_people(*people)
    shop.members = people
    shop.refresh(WELCOME, MONDAY)
    clock = Time()

    def refresh() -> None:
        shop.members = people - {7}
        for number in (1, 8):
            shop.people[number]["full_name"] = "New Name"
        shop.refresh(WELCOME, TUESDAY)

    service = Eventful(clock, refresh)
    assert deliver(WELCOME, service, shop.ledger, clock=clock, sleep=clock.sleep).delivered == 7
    names = [fields["name"] for fields in service.got]
    assert names == ["Person 1", *(f"Person {number}" for number in range(2, 7)), "New Name"]
    told = {row[0]: json.loads(row[1])["name"] for row in shop.rows("profile_id", "payload") if row[1]}
    assert (told[1], told[8]) == ("Person 1", "New Name")  # as they were sent
    assert shop.withheld() == [(7, "left_meanwhile")]


def test_taking_somebody_off_a_list_needs_no_consent(shop: Shop) -> None:
    spec = replace(MIRROR, connector=HOOK)
    shop.with_people(1)
    shop.members = {1}
    shop.refresh(spec, MONDAY)
    clock = Time()
    with receiving(clock) as receiver:
        run(shop, spec, receiver, clock)
        shop.say(1, "denied", TUESDAY)
        shop.refresh(spec, TUESDAY)
        assert run(shop, spec, receiver, clock).delivered == 1
    assert [message["type"] for message in receiver.messages] == ["segment.entered", "segment.left"]


def test_quiet_hours_go_by_the_persons_clock_and_all_gates_are_asked_again_after_them(shop: Shop) -> None:
    quiet = replace(GREET, quiet_hours=QuietHours(time(21), time(8), "Europe/Berlin"))
    shop.with_people(1, 2, 3)
    shop.people[1]["timezone"] = "America/New_York"
    shop.members = {1, 2, 3}
    shop.refresh(quiet, MONDAY)
    clock = Time(datetime(2026, 6, 1, 20, 0, tzinfo=UTC))  # 22:00 in Berlin, 16:00 in New York
    with receiving(clock) as receiver:
        report = run(shop, quiet, receiver, clock)
        assert (report.delivered, report.deferred) == (1, 2)
        assert [message["profile_id"] for message in receiver.messages] == ["1"]
        assert shop.rows("status", "reason", "due_at")[1] == (
            "pending",
            "quiet_hours",
            datetime(2026, 6, 2, 6, 0, tzinfo=UTC),  # 08:00 in Berlin
        )
        shop.say(3, "denied", TUESDAY)
        shop.refresh(quiet, MONDAY)
        clock.now = datetime(2026, 6, 2, 6, 0, tzinfo=UTC)
        report = run(shop, quiet, receiver, clock)
    assert (report.delivered, report.withheld) == (1, {"consent_denied": 1})


@pytest.mark.parametrize(
    ("limits", "reason"),
    [({"cap": Cap(1, 7)}, "frequency_cap"), ({"overall_cap": OverallCap(1, 7, ("welcome", "other"))}, "overall_cap")],
)
def test_a_deferred_message_that_a_cap_has_no_room_for_any_more_is_withheld(
    shop: Shop, limits: dict[str, Any], reason: str
) -> None:
    quiet = replace(GREET, quiet_hours=QuietHours(time(0), time(8)), **limits)
    other = replace(GREET, name="other")
    shop.with_people(1)
    shop.members = {1}
    shop.refresh(quiet, MONDAY)
    shop.refresh(other, MONDAY)
    clock = Time(MONDAY)
    with receiving(clock) as receiver:
        assert run(shop, quiet, receiver, clock).deferred == 1
        assert run(shop, other, receiver, clock).delivered == 1
        clock.now += timedelta(hours=3)
        assert run(shop, quiet, receiver, clock).withheld == {reason: 1}


def test_a_paused_destination_keeps_its_outbox(shop: Shop) -> None:
    shop.with_people(1)
    shop.members = {1}
    shop.refresh(GREET, MONDAY)
    with shop.ledger.transaction() as connection:
        destinations.pause(connection, GREET.name)
    clock = Time()
    with receiving(clock) as receiver:
        assert run(shop, GREET, receiver, clock).waiting == delivery.PAUSED
        with shop.ledger.transaction() as connection:
            destinations.pause(connection, GREET.name, paused=False)
        assert run(shop, GREET, receiver, clock).delivered == 1


def test_two_runs_of_one_destination_do_not_deliver_at_the_same_time(shop: Shop, monkeypatch: object) -> None:
    import pytest

    assert isinstance(monkeypatch, pytest.MonkeyPatch)
    monkeypatch.setattr(delivery, "_WAIT_FOR_OTHER_RUN_SECONDS", 0.0)
    shop.with_people(1)
    shop.members = {1}
    shop.refresh(GREET, MONDAY)
    clock = Time()
    with receiving(clock) as receiver:
        with shop.ledger.exclusive(delivery.lock_name(GREET.name)):
            assert run(shop, GREET, receiver, clock).waiting == delivery.OTHER_RUN
        assert run(shop, GREET, receiver, clock).delivered == 1


def test_the_rate_limit_spreads_messages_over_time(shop: Shop) -> None:
    slow = replace(GREET, connector=replace(HOOK, rate_per_second=2.0))
    shop.with_people(*range(1, 8))
    shop.members = set(range(1, 8))
    shop.refresh(slow, MONDAY)
    clock = Time()
    with receiving(clock) as receiver:
        assert run(shop, slow, receiver, clock).delivered == 7
    assert clock.slept > 0


def test_a_connector_that_breaks_counts_as_a_failed_try(shop: Shop) -> None:
    class Broken:
        batch_size = 1
        concurrency = 1

        def send(self, messages: object, at: datetime) -> list[object]:
            raise ZeroDivisionError("p1@example.org")

        def render(self, message: object, at: datetime) -> dict[str, object]:
            return {}

        def close(self) -> None: ...

    shop.with_people(1)
    shop.members = {1}
    shop.refresh(GREET, MONDAY)
    clock = Time()
    report = deliver(GREET, Broken(), shop.ledger, clock=clock, sleep=clock.sleep, patience=timedelta())
    assert report.failed == 1
    assert shop.rows("status", "reason") == [("failed", "ZeroDivisionError")]


def test_delivering_goes_on_while_a_refresh_writes(shop: Shop) -> None:
    shop.with_people(*range(1, 301))
    shop.members = set(range(1, 101))
    shop.refresh(GREET, MONDAY)
    clock = Time()
    with receiving(clock, lambda key, times: shop_refreshes()) as receiver:
        done = []

        def shop_refreshes() -> None:
            if not done:
                done.append(True)
                shop.members = set(range(1, 301))
                shop.refresh(GREET, TUESDAY)

        assert run(shop, GREET, receiver, clock).delivered == 300
    assert len(receiver.messages) == 300


def test_attempts_are_kept_one_by_one(shop: Shop) -> None:
    from sqlalchemy import select

    from cdp_assets.ledger import bulk
    from cdp_assets.ledger.models import DeliveryAttempt

    shop.with_people(1)
    shop.members = {1}
    shop.refresh(GREET, MONDAY)
    clock = Time()
    with receiving(clock, lambda key, times: (500, {}) if times == 1 else None) as receiver:
        run(shop, GREET, receiver, clock)
    table = bulk.table_of(DeliveryAttempt)
    with shop.ledger.reading() as connection:
        tried = connection.execute(select(table.c.attempt, table.c.outcome, table.c.response_code)).all()
    assert [tuple(row) for row in tried] == [(1, "failed", 500), (2, "delivered", 200)]


def test_nothing_is_left_due_when_a_run_ends(shop: Shop) -> None:
    shop.with_people(1, 2)
    shop.members = {1, 2}
    shop.refresh(GREET, MONDAY)
    clock = Time()
    with receiving(clock) as receiver:
        run(shop, GREET, receiver, clock)
    with shop.ledger.reading() as connection:
        assert outbox.due(connection, clock()) == []


def test_what_was_given_up_can_be_tried_again_under_its_key(shop: Shop) -> None:
    shop.with_people(1)
    shop.members = {1}
    shop.refresh(GREET, MONDAY)
    clock = Time()
    with receiving(clock, lambda key, times: (400, {}) if times == 1 else None) as receiver:
        assert run(shop, GREET, receiver, clock).dead == 1
        with shop.ledger.transaction() as connection:
            assert outbox.revive(connection, GREET.name, "http_500") == 0
            assert outbox.revive(connection, GREET.name, "http_400") == 1
        assert run(shop, GREET, receiver, clock).delivered == 1
    assert [kept["idempotency_key"] for kept in receiver.messages] == [shop.rows("idempotency_key")[0][0]]


def test_what_waits_can_be_dropped_and_says_so(shop: Shop) -> None:
    shop.with_people(1, 2)
    shop.members = {1, 2}
    shop.refresh(GREET, MONDAY)
    with shop.ledger.transaction() as connection:
        assert outbox.drop(connection, GREET.name, TUESDAY) == 2
    assert sorted(shop.withheld()) == [(1, "dropped"), (2, "dropped")]
    clock = Time()
    with receiving(clock) as receiver:
        assert run(shop, GREET, receiver, clock).delivered == 0
