"""Orders whose lines lie in a list, or in numbered columns, have lines."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cdp_assets.sources.proposing.propose import propose
from cdp_assets.sources.spec import ColumnSpec, MapSpec
from cdp_assets.sources.validation import problems
from cdp_assets_tests.normalised.bench import canonical, load
from cdp_assets_tests.sources.shop import COLUMNS, Bench, orders, shop

LINE = (("order_id", '"order"'), ("ordered_at", "at"), ("product_id", "json_extract_string(item, '$.sku')"))
LISTED = MapSpec("order_lines", (*LINE, ("quantity", "cast(item_number as double)")), each="lines")


def delivered(bench: Bench, *lists: str | None) -> None:
    rows = [
        json.dumps({"order_no": str(number), "at": "2026-01-05 10:00:00", "lines": lines})
        for number, lines in enumerate(lists, 1)
    ]
    bench.drop("shop/orders.1", "\n".join(rows) + "\n")


def test_each_item_of_a_list_is_a_row_and_no_list_none(bench: Bench) -> None:
    delivered(bench, '[{"sku": "A"}, {"sku": "B"}]', None, "[]", '{"sku": "no list"}', '[{"sku": "C"}]')
    source = shop(orders("jsonl", columns=(*COLUMNS, ColumnSpec("lines", "json")), maps=(LISTED,)))
    load(bench, source)
    found = sorted(canonical(bench, source, "order_lines"), key=lambda row: str(row["native_id"]))
    assert [(row["order_id"], row["product_id"], row["quantity"], row["native_id"]) for row in found] == [
        ("1", "A", 1.0, "1.1"), ("1", "B", 2.0, "1.2"), ("5", "C", 1.0, "5.1")
    ]  # fmt: skip


def test_numbered_columns_are_a_map_each(bench: Bench) -> None:
    bench.drop("shop/orders.1", "order_no,at,sku_1,sku_2\n1,2026-01-05 10:00:00,A,B\n2,2026-01-05 10:00:00,C,\n")
    maps = tuple(
        MapSpec("order_lines", (*LINE[:2], ("product_id", f"sku_{number}")), where=f"sku_{number} is not null")
        for number in (1, 2)
    )
    columns = (*COLUMNS, ColumnSpec("sku_1", "string"), ColumnSpec("sku_2", "string"))
    source = shop(orders(columns=columns, maps=maps))
    load(bench, source)
    found = {(row["order_id"], row["product_id"]) for row in canonical(bench, source, "order_lines")}
    assert found == {("1", "A"), ("1", "B"), ("2", "C")}


@pytest.mark.parametrize(
    ("each", "more", "said"),
    [
        ("line", {}, "`line`"),
        ("length(lines)", {}, "names a JSON list"),
        ("lines", {"grain": ("order",), "id": '"order"'}, "and not both"),
    ],
)
def test_a_list_that_is_none_is_told_at_load(each: str, more: dict[str, Any], said: str) -> None:
    maps = (MapSpec("order_lines", LINE, each=each, **more),)
    stream = orders("jsonl", columns=(*COLUMNS, ColumnSpec("lines", "json")), maps=maps)
    assert any(said in problem.message for problem in problems(shop(stream)))


def test_a_proposal_takes_the_lines_of_json_orders(bench: Bench) -> None:
    rows = [
        {"orderId": f"O{number}", "orderDate": f"2026-01-0{number}T10:00:00Z", "email": f"p{number}@x.org",
         "total": 20.0, "currency": "EUR",
         "items": [{"sku": "A1", "title": "Lamp", "qty": 2, "price": {"amount": "10.00"}}]}
        for number in range(1, 9)
    ]  # fmt: skip
    path = bench.drop("shop/orders.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    (lines,) = (map_ for map_ in propose(path, "shop").stream["maps"] if map_["to"] == "order_lines")
    assert lines["each"] == "items"
    assert lines["set"]["product_id"] == "json_extract_string(item, '$.\"sku\"')"
    assert lines["set"]["quantity"] == "try_cast(json_extract_string(item, '$.\"qty\"') as double)"
