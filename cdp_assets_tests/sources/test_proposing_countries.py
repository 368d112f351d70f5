"""What is proposed for files as they are written in one country or another."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from cdp_assets.sources.proposing.countries import writes_day_first
from cdp_assets.sources.proposing.propose import Proposal, propose
from cdp_assets.sources.proposing.values import judge
from cdp_assets_tests.sources.test_proposing import written

A_YEAR = [date(2026, 1, 1) + timedelta(days=number) for number in range(360)]


def proposed(folder: Path, name: str, head: str, *rows: str, country: str | None = None) -> Proposal:
    return propose(written(folder, name, "\n".join([head, *rows, ""])), "shop", country=country)


@pytest.mark.parametrize("written_as", ["%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y"])
def test_days_are_told_from_months_by_all_rows_and_not_by_the_first_ones(written_as: str) -> None:
    sorted_by_day = [day.strftime(written_as) for day in A_YEAR for _ in range(30)]
    judged = judge(sorted_by_day)
    assert (judged.type, judged.format, judged.ambiguous) == ("date", written_as, False)
    early = [f"{day:02d}/{month:02d}/2026" for month in range(1, 3) for day in range(1, 13) for _ in range(100)]
    judged = judge([*early, "13/02/2026"])
    assert (judged.format, judged.ambiguous) == ("%d/%m/%Y", False)


EITHER_WAY = [f"{day:02d}/01/2026" for day in range(1, 13)]


@pytest.mark.parametrize(
    ("country", "format_"),
    [("GB", "%d/%m/%Y"), ("US", "%m/%d/%Y"), ("PH", "%m/%d/%Y"), ("CA", "%m/%d/%Y"), (None, "%m/%d/%Y")],
)
def test_where_nothing_tells_days_from_months_the_country_does(
    tmp_path: Path, country: str | None, format_: str
) -> None:
    rows = [f"B{n},{day},9.50" for n, day in enumerate(EITHER_WAY)]
    proposal = proposed(tmp_path, "orders.csv", "Order No,Order Date,Total", *rows, country=country)
    assert proposal.stream["columns"]["Order Date"]["format"] == format_
    assert "day and month could be the other way round in Order Date" in proposal.doubts


def test_what_one_column_shows_counts_more_than_the_country(tmp_path: Path) -> None:
    rows = [f"B{n},{day},0{n % 9 + 1}/{n + 13}/2026" for n, day in enumerate(EITHER_WAY)]
    proposal = proposed(tmp_path, "orders.csv", "Order No,Order Date,Due Date", *rows, country="GB")
    assert proposal.stream["columns"]["Order Date"]["format"] == "%m/%d/%Y"


def test_a_zone_tells_the_country_where_it_is_not_known() -> None:
    assert writes_day_first(None, "Europe/London") is True
    assert writes_day_first(None, "America/Chicago") is False
    assert writes_day_first("AT", "America/Chicago") is True
    assert [writes_day_first(None, zone) for zone in ("America/Toronto", "UTC", None)] == [None] * 3
