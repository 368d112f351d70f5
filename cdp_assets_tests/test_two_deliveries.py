"""What takes in the latest files equals what is made anew of all of them, in every table."""

from __future__ import annotations

from pathlib import Path

import pytest

from cdp_assets_tests.test_end_to_end import demo_company

LATER = (
    "web/events_6.jsonl",
    "shop/orders_export_5.csv",
    "shop/customers_export_2026-06-29.csv",
    "email/email_activity_4.csv",
    "pos/items_3.csv",
    "pos/transactions_3.csv",
)
"""What comes after the first run: new rows of events, orders and lines, and another snapshot of customers."""


@pytest.mark.long
def test_a_run_that_takes_in_news_leaves_what_a_run_from_nothing_would(tmp_path: Path) -> None:
    company = demo_company(tmp_path)
    for name in LATER:
        (tmp_path / "landing" / name).rename(tmp_path / Path(name).name)
    company.run("run")
    for name in LATER:
        (tmp_path / Path(name).name).rename(tmp_path / "landing" / name)
    company.run("run")
    taken_in = company.state()
    company.run("run", "--force")
    assert company.state() == taken_in
