"""Layouts that shops, tills and ERP systems export sales in: what their headings, blanks and signs say."""

from __future__ import annotations

from pathlib import Path

import pytest

from cdp_assets.sources.proposing.propose import propose
from cdp_assets_tests.normalised.bench import canonical, load
from cdp_assets_tests.sources.shop import Bench
from cdp_assets_tests.sources.test_proposing import loaded, written


@pytest.mark.parametrize(
    ("heading", "zone"),
    [("Submit Date (UTC)", "UTC"), ("submitted_at_gmt", "UTC"), ("Submit Date (UTC+02:00)", None), ("Sent at", None)],
)
def test_what_a_heading_says_is_in_utc_is_read_so(tmp_path: Path, heading: str, zone: str | None) -> None:
    text = f"token,{heading},Email,Comment\n" + "".join(
        f"t{n},2026-05-{n:02d} 10:00:00,p{n}@example.org,Fine\n" for n in range(1, 25)
    )
    proposal = propose(written(tmp_path, "answers.csv", text), "shop", zone="America/New_York")
    assert proposal.stream["columns"][heading].get("zone") == zone


def test_a_day_and_a_time_in_utc_are_an_instant_in_utc(bench: Bench, tmp_path: Path) -> None:
    text = "order no,Order Date (UTC),Time (UTC),email,total\n" + "".join(
        f"{n},2026-05-{n:02d},22:00,p{n}@example.org,9.50\n" for n in range(1, 25)
    )
    source = loaded(tmp_path, [propose(written(tmp_path, "orders.csv", text), "shop", zone="America/New_York")])
    bench.drop("shop/orders.csv", text.encode())
    load(bench, source)
    assert min(str(order["ordered_at"]) for order in canonical(bench, source, "orders"))[:16] == "2026-05-01 22:00"
