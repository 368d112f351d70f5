"""What takes in the latest files equals what is made anew of all of them, in every table."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cdp_assets_tests.test_end_to_end import Company, demo_company

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


@pytest.mark.long
def test_tables_that_are_made_anew_for_those_concerned_alone_are_those_that_are_made_for_all(tmp_path: Path) -> None:
    company = demo_company(tmp_path)
    away = [(tmp_path / "landing" / name, tmp_path / Path(name).name) for name in LATER]
    for landed, kept in away:
        landed.rename(kept)
    _run(company, "2026-06-30T01:00:00Z")
    for hour, some in ((2, away[::2]), (3, away[1::2])):
        for landed, kept in some:
            kept.rename(landed)
        _run(company, f"2026-06-30T{hour:02}:00:00Z")
    followed = _state(company)
    _run(company, "2026-06-30T03:00:00Z", "--anew")
    assert _state(company) == followed


def _run(company: Company, as_of: str, *how: str) -> None:
    program = Path(__file__).with_name("following_all.py")
    done = subprocess.run(
        [sys.executable, str(program), *how, "run", "--json"],
        env={**company.env, "CDP_AS_OF": as_of}, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]


def _state(company: Company) -> dict[str, object]:
    """Of the tables that say something of profiles: others' own history tells of each run, and is another one."""
    return {name: state for name, state in company.state().items() if name.split(".")[0] in ("profiles", "attributes")}
