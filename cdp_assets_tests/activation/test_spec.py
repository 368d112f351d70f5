"""What a destination's definition may say."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from cdp_assets.activation import spec as specs
from cdp_assets.activation.component import Destination, FrequencyCap
from cdp_assets.activation.pacing import Circuit, TokenBucket, wait_before
from cdp_assets.activation.quiet_hours import quiet_until
from cdp_assets.activation.spec import Breaker, DestinationError, DestinationSpec, QuietHours, Retry, validate
from cdp_assets.attributes.schemas import CUSTOMER_360
from cdp_assets.warehouse.expressions import ExpressionError
from cdp_assets_tests.activation.shop import WELCOME

YAML: dict[str, Any] = {
    "name": "welcome",
    "description": "Greets.",
    "owner": "team:marketing",
    "segment": "members",
    "channel": "email",
    "purpose": "marketing",
    "connector": {"type": "webhook", "url_env": "U", "secret_env": "S"},
    "payload": {"email": "email", "spend": "round(net_spend, 0)"},
    "quiet_hours": {"start": "21:00", "end": "08:00", "zone": "Europe/Berlin"},
    "cap": {"messages": 2, "per_days": 7},
}


def test_the_yaml_form_says_what_the_plain_one_says() -> None:
    spec = Destination.model_validate(YAML).spec
    assert spec.quiet_hours == QuietHours(time(21), time(8), "Europe/Berlin")
    assert spec.initial == "seed_only"
    assert spec.contact_expression == "email"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "Big Spenders"}, "name: "),
        ({"name": "outbox"}, "name of a table"),
        ({"channel": "emial"}, "channel: .*did you mean 'email'"),
        ({"purpose": "marketting"}, "purpose: .*did you mean 'marketing'"),
        ({"mode": "enters"}, "mode: .*'enter'"),
        ({"initial": "sent"}, "initial: .*'send'"),
        ({"holdout": 1.0}, "holdout: "),
        ({"cap": {"messages": 0, "per_days": 7}}, "cap: "),
        ({"quiet_hours": {"start": "9pm", "end": "08:00"}}, "quiet_hours.start: '9pm'"),
        ({"quiet_hours": {"start": "21:00", "end": "08:00", "zone": "Berlin"}}, "quiet_hours.zone: `Berlin`"),
        ({"payload": {}}, "payload: "),
        ({"purpose": "analytics"}, "identifies a person"),
    ],
)
def test_a_definition_that_cannot_be_used_says_what_to_change(change: dict[str, Any], message: str) -> None:
    with pytest.raises(DestinationError, match=message):
        _ = Destination.model_validate({**YAML, **change}).spec


def test_an_unknown_column_names_the_nearest_one() -> None:
    wrong = {**YAML, "payload": {"email": "emial"}}
    with pytest.raises(ExpressionError, match=r"emial.*email"):
        _ = Destination.model_validate(wrong).spec


def test_an_unknown_segment_names_the_nearest_one() -> None:
    with pytest.raises(DestinationError, match=r"segment: .*did you mean 'members'"):
        validate(replace(WELCOME, segment="member"), CUSTOMER_360, ["members", "others"])


def test_texts_go_to_the_phone_unless_told_otherwise() -> None:
    assert replace(WELCOME, channel="sms").contact_expression == "phone"
    assert replace(WELCOME, channel="sms", contact_point="email").contact_expression == "email"


def test_pushes_go_where_a_device_is_known() -> None:
    assert "push_token is not null" in replace(WELCOME, channel="app_push").contact_expression
    validate(replace(WELCOME, channel="web_push"), CUSTOMER_360, ["members"])


def spec_of(**changes: Any) -> DestinationSpec:
    return replace(WELCOME, **changes)


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-06-01T18:59", None),  # 20:59 in Berlin
        ("2026-06-01T19:00", "2026-06-02T06:00"),
        ("2026-06-02T05:59", "2026-06-02T06:00"),
        ("2026-06-02T06:00", None),
        # The night the clocks go back: 08:00 is at 07:00 UTC, an hour later than the day before.
        ("2026-10-24T23:00", "2026-10-25T07:00"),
    ],
)
def test_quiet_hours_span_midnight_and_follow_summer_time(now: str, until: str | None) -> None:
    hours = QuietHours(time(21), time(8), "Europe/Berlin")
    instant = datetime.fromisoformat(now).replace(tzinfo=UTC)
    expected = datetime.fromisoformat(until).replace(tzinfo=UTC) if until else None
    assert quiet_until(instant, hours, None) == expected
    assert quiet_until(instant, hours, "No/Where") == expected


def test_quiet_hours_within_a_day() -> None:
    siesta = QuietHours(time(13), time(15))
    noon = datetime(2026, 6, 1, 12, tzinfo=UTC)
    assert quiet_until(noon, siesta, None) is None
    assert quiet_until(noon + timedelta(hours=1), siesta, None) == noon + timedelta(hours=3)
    assert quiet_until(noon, siesta, "Europe/Berlin") == noon + timedelta(hours=1)


def test_waits_double_with_jitter_up_to_the_longest_and_never_undercut_retry_after() -> None:
    import random

    retry = Retry(attempts=20, base_seconds=2, longest_seconds=60)
    chance = random.Random(1)
    for attempt, full in ((1, 2), (2, 4), (3, 8), (6, 60), (500, 60)):
        waits = [wait_before(attempt, retry, None, chance) for _ in range(200)]
        assert full / 2 <= min(waits) < max(waits) <= full
        assert max(waits) - min(waits) > full / 4
    assert wait_before(1, retry, 100.0, chance) == 100.0


def test_a_token_bucket_lets_its_rate_through_in_the_long_run() -> None:
    start = now = datetime(2026, 6, 1, tzinfo=UTC)
    bucket = TokenBucket(10.0, start)
    for _ in range(101):
        now += timedelta(seconds=bucket.wait(1, now))
        bucket.take(1)
    assert 9.9 <= (now - start).total_seconds() <= 10.1
    assert TokenBucket(None, start).wait(1000, start) == 0.0


def test_a_batch_larger_than_a_seconds_worth_goes_when_the_bucket_is_full_and_leaves_a_debt() -> None:
    start = datetime(2026, 6, 1, tzinfo=UTC)
    bucket = TokenBucket(10.0, start, tokens=10.0)
    assert bucket.wait(50, start) == 0.0
    bucket.take(50)
    assert bucket.wait(1, start) == pytest.approx(4.1)


def test_a_circuit_opens_after_failures_in_a_row_and_each_trial_that_fails_doubles_the_pause() -> None:
    import random

    circuit = Circuit(Breaker(failures=3, pause_seconds=30, longest_seconds=100))
    chance = random.Random(1)
    assert [circuit.failed(chance), circuit.failed(chance)] == [None, None]
    circuit.succeeded()
    assert [circuit.failed(chance), circuit.failed(chance), circuit.is_open] == [None, None, False]
    pauses = [circuit.failed(chance) or 0.0 for _ in range(4)]
    assert circuit.is_open
    for pause, full in zip(pauses, (30, 60, 100, 100), strict=True):
        assert full / 2 <= pause <= full


def test_a_cap_over_all_channels_is_a_definition_of_its_own() -> None:
    written = "{messages: 6, per_days: 30}"
    assert FrequencyCap.resolve_from_yaml(written).spec == specs.FrequencyCap(6, 30, ("marketing",))
    with pytest.raises(DestinationError, match="unknown 'news'"):
        _ = FrequencyCap.resolve_from_yaml("{messages: 6, per_days: 30, purposes: [news]}").spec
    assert specs.FrequencyCap().applied_to([WELCOME]) == [WELCOME]
