from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from cdp_assets.presentation import wording

NOON = datetime(2026, 6, 30, 12, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("item", "text"),
    [
        (None, "–"),
        ("", "–"),
        (True, "yes"),
        (1234567, "1,234,567"),
        (7.0, "7"),
        (0.12345, "0.123"),
        (Decimal("1234.5"), "1,234.50"),
        (date(2026, 1, 2), "2 Jan 2026"),
        (NOON, "30 Jun 2026, 12:05"),
        (NOON.replace(hour=0, minute=0), "30 Jun 2026"),
        ("text", "text"),
    ],
)
def test_every_kind_of_value_has_a_form_for_people(item: object, text: str) -> None:
    assert wording.value(item) == text


def test_column_names_become_words_and_acronyms_stay_capital() -> None:
    assert wording.label("last_nps_score") == "Last NPS score"
    assert wording.label("rfm_group") == "RFM group"
    assert wording.label("events_30d") == "Events, 30 days"


@pytest.mark.parametrize(
    ("days", "text"),
    [(0, "today"), (1, "1 day ago"), (60, "60 days ago"), (150, "5 months ago"), (800, "2.2 years ago")],
)
def test_the_past_is_told_more_coarsely_the_longer_ago_it_is(days: int, text: str) -> None:
    assert wording.ago(NOON - timedelta(days=days), NOON) == text


@pytest.mark.parametrize(("seconds", "text"), [(0.84, "0.8 s"), (42, "42 s"), (185, "3 min 05 s")])
def test_durations_read_as_people_say_them(seconds: float, text: str) -> None:
    assert wording.duration(seconds) == text


def test_initials_take_the_first_and_the_last_name() -> None:
    assert wording.initials("Ada Byron-King") == "AK"
    assert wording.initials("李 小龍") == "李小"
    assert wording.initials(None) == "·"


def test_a_moments_line_loses_the_host_of_addresses_and_gains_its_kind_where_needed() -> None:
    assert wording.title("event", "page: https://shop.example/p/1") == "Page: /p/1"
    assert wording.title("consent", "marketing by email: granted") == "Consent: marketing by email: granted"
    assert wording.line("marketing by email: granted") == "Marketing by email: granted"


def test_permissions_read_as_sentences() -> None:
    assert wording.permission("marketing", "web_push") == "marketing by web push"
    assert wording.permission("analytics", "any") == "analytics on any channel"
