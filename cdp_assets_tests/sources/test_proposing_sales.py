"""What is proposed for files of sales: which number tells an order apart, when it was placed, and what it comes to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cdp_assets.sources.proposing.propose import Proposal, propose
from cdp_assets_tests.sources.test_proposing import written


def proposed(folder: Path, name: str, head: str, *rows: str) -> Proposal:
    return propose(written(folder, name, "\n".join([head, *rows, ""])), "shop")


def map_to(proposal: Proposal, table: str) -> dict[str, Any]:
    """The first map into a table."""
    return next(map_ for map_ in proposal.stream["maps"] if map_["to"] == table)


def test_a_number_of_orders_that_some_rows_lack_is_not_theirs(tmp_path: Path) -> None:
    rows = [f"{n},p{n}@example.org,9.50,2026-01-02 10:00:00,{'' if n % 3 else 4000 + n}" for n in range(30)]
    proposal = proposed(tmp_path, "reservations.csv", "id,email,total,created_at,reservation_number", *rows)
    order = map_to(proposal, "orders")
    assert (proposal.stream["key"], order["set"]["order_id"]) == (["id"], "id")
    assert [each["type"] for each in proposal.stream["identifiers"]] == ["email"]
    assert not any("reservation_number" in map_.get("grain", ()) for map_ in proposal.stream["maps"])
    assert "reservation_number is blank in some rows: orders are not known by it" in proposal.doubts


def test_lines_without_a_day_do_not_say_that_their_order_comes_again_on_another_one(tmp_path: Path) -> None:
    rows = [
        line
        for n in range(15)
        for line in (f"{n},p{n}@example.org,20,7/{n + 1}/2026 21:06,1,Lamp,10", f"{n},,,,1,Chair,10")
    ]
    proposal = proposed(tmp_path, "orders.csv", "Order ID,Email,Subtotal,Created at,Quantity,Item,Price", *rows)
    assert "receipt" not in proposal.stream.get("derive", {})
    assert map_to(proposal, "order_lines")["set"]["order_id"] == '"Order ID"'
