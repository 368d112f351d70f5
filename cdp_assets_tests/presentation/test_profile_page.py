from __future__ import annotations

import json
import re
from dataclasses import replace

from cdp_assets.presentation.profile_page import attribute_groups, months, profile_page, tiles
from cdp_assets.presentation.views import Moment, plain
from cdp_assets_tests.presentation.people import ADA, VISITOR, at


def test_the_page_shows_every_part_of_a_person() -> None:
    page = profile_page(ADA)
    for text in (
        "Ada Byron-King", "ada@example.org", "Berlin, DE", "412.50 EUR", "most recent", "Ada Byron",
        "Loyal customers", "Marketing by email", "granted", "do not send", "Newsletter readers", "Order 1041, 3 lines",
        "June 2026", "Customer number in shop", "4611686018427387905", "C-7</span> · closed",
    ):  # fmt: skip
        assert text in page, text


def test_what_comes_from_outside_cannot_become_markup() -> None:
    page = profile_page(ADA)
    assert "<b>Where is</b>" not in page
    assert "&lt;b&gt;Where is&lt;/b&gt;" in page


def test_the_page_stands_alone() -> None:
    page = profile_page(ADA)
    assert not re.search(r"""(src|href)\s*=|@import|url\(|<script""", page)
    assert "prefers-color-scheme: dark" in page
    assert "@media print" in page


def test_a_visitor_without_a_name_has_a_page_too() -> None:
    page = profile_page(VISITOR)
    assert "Anonymous visitor" in page
    assert "Nothing personal is known" in page
    assert "nothing may be sent" in page


def test_a_person_without_a_name_goes_by_a_number() -> None:
    assert replace(ADA, golden={}).name == "Customer number 1001"


def test_only_figures_that_are_known_become_tiles() -> None:
    assert [tile.label for tile in tiles(ADA)] == [
        "Net spend", "Last order", "Expected in the next year", "Churn risk", "RFM group",
    ]  # fmt: skip
    assert tiles(VISITOR) == []


def test_unknown_attributes_are_left_out_and_new_ones_are_shown() -> None:
    shown = {name: text for _, pairs in attribute_groups(ADA) for name, text in pairs}
    assert shown["Last NPS score"] == "9"
    assert "Open tickets" not in shown


def test_ids_and_amounts_are_text_in_json_so_that_no_reader_rounds_them() -> None:
    told = json.loads(json.dumps(plain(ADA)))
    assert told["profile_id"] == "4611686018427387905"
    assert told["attributes"]["net_spend"] == "412.50"
    assert told["timeline"][0]["occurred_at"] == "2026-06-12T09:30:00Z"


def test_many_events_of_one_day_are_folded_and_other_moments_are_not() -> None:
    events = tuple(Moment(at(f"2026-06-10T10:0{n}"), "event", "web", f"page: /p/{n % 2}") for n in range(5))
    orders = tuple(Moment(at(f"2026-05-10T10:0{n}"), "order", "shop", f"order {n}") for n in range(5))
    (_, june), (_, may) = months(events + orders)
    assert [(len(stretch.moments), stretch.summary) for stretch in june] == [(5, "5 × page")]
    assert [len(stretch.moments) for stretch in may] == [1] * 5
