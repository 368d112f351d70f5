"""Tables of a shop's database, a file each: orders without amounts, lines without times, people without names."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cdp_assets.sources.proposing.order_heads import told_once
from cdp_assets.sources.proposing.propose import Proposal, propose
from cdp_assets.sources.proposing.systems import systems
from cdp_assets.sources.spec import SourceSpec
from cdp_assets_tests.sources.dagster_run import rows, run
from cdp_assets_tests.sources.test_proposing import loaded, written

PEOPLE = 30


def table(head: str, *lines: str) -> str:
    return "".join(f"{line}\n" for line in (head, *lines))


ORDERS = table(
    "order_id,customer_id,order_status,order_purchase_timestamp",
    *(
        f"o{n},{n % PEOPLE},{'canceled' if n == 7 else 'delivered'},2026-02-{1 + n % 28:02d} 10:00:00"
        for n in range(40)
    ),
)
ITEMS = table(
    "order_id,order_item_id,product_id,shipping_limit_date,price",
    *(f"o{n},{place},p{n % 9},2026-05-01 00:00:00,10.50" for n in range(40) for place in (1, 2)),
)
TABLES = {
    "customers.csv": table(
        "customer_id,customer_zip_code_prefix,customer_city",
        *(f"{n},0{1000 + n},sao paulo" for n in range(PEOPLE)),
    ),
    "orders.csv": ORDERS,
    "order_items.csv": ITEMS,
    "products.csv": table("product_id,category_name,weight", *(f"p{n},toys,{n}00" for n in range(9))),
    "payments.csv": table("order_id,payment_type,payment_value", *(f"o{n},card,21.00" for n in range(40))),
}


def proposed(folder: Path, files: dict[str, str]) -> dict[str, Proposal]:
    found = {name: propose(written(folder, name, text), "shop") for name, text in files.items()}
    (system,) = systems(list(found.values()))
    told_once(system)
    return found


def landed(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        written(folder / "landing" / "shop", name, text)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SourceSpec:
    monkeypatch.setenv("CDP_DATA", str(tmp_path))
    monkeypatch.setenv("CDP_AS_OF", "2026-06-30T00:00:00Z")
    source = loaded(tmp_path, list(proposed(tmp_path / "in", TABLES).values()))
    return replace(
        source, streams=tuple(replace(each, files=f"shop/{each.name}*") for each in source.streams), settle_seconds=0
    )


def test_each_table_is_told_for_what_it_is(tmp_path: Path) -> None:
    found = proposed(tmp_path, TABLES)
    assert {name: each.kind for name, each in found.items()} == {
        "customers.csv": "contacts",
        "orders.csv": "orders",
        "order_items.csv": "lines",
        "products.csv": "products",
        "payments.csv": None,
    }
    items = found["order_items.csv"].stream
    assert items["key"] == ["order_id", "order_item_id"]
    (lines,) = items["maps"]  # no second set of orders
    assert lines["set"] == {
        "order_id": "order_id", "product_id": "product_id", "unit_price": "price", "amount": "price", "quantity": "1"
    }  # fmt: skip
    assert found["customers.csv"].stream["columns"]["customer_zip_code_prefix"] == {"type": "string"}


def test_without_a_file_of_orders_lines_tell_of_them(tmp_path: Path) -> None:
    (items,) = proposed(tmp_path, {"order_items.csv": ITEMS}).values()
    assert [map_["to"] for map_ in items.stream["maps"]] == ["orders", "order_lines"]


def test_orders_are_summed_from_lines_which_have_their_time_from_orders(shop: SourceSpec, tmp_path: Path) -> None:
    landed(tmp_path, TABLES)
    assert run([shop], normalised=True).success
    assert rows(tmp_path, "SELECT count(*), min(net), max(net), min(currency) FROM normalised.orders") == [
        (39, 21, 21, "EUR")
    ]
    lines = (
        "SELECT count(*), count(ordered_at), min(ordered_at) < '2026-02-02', max(currency) FROM normalised.order_lines"
    )
    assert rows(tmp_path, lines) == [(80, 78, True, "EUR")]


def test_only_what_tells_of_people_makes_people(shop: SourceSpec, tmp_path: Path) -> None:
    landed(tmp_path, TABLES)
    assert run([shop], normalised=True).success
    streams = "SELECT DISTINCT stream FROM normalised.identity_records ORDER BY ALL"
    assert rows(tmp_path, streams) == [("customers",), ("order_items",), ("orders",)]


def test_lines_that_come_before_their_order_get_its_time_when_it_comes(shop: SourceSpec, tmp_path: Path) -> None:
    late = ORDERS.splitlines(keepends=True)
    landed(tmp_path, {**TABLES, "orders.csv": "".join(late[:-5])})
    assert run([shop], normalised=True).success
    without = "SELECT count(*) FROM normalised.order_lines WHERE ordered_at IS NULL"
    assert rows(tmp_path, without) == [(12,)]
    landed(tmp_path, {"orders_2.csv": late[0] + "".join(late[-5:])})
    assert run([shop], normalised=True).success
    assert rows(tmp_path, without) == [(2,)]  # those of the order that was cancelled
    assert rows(tmp_path, "SELECT count(*), min(net) FROM normalised.orders") == [(39, 21)]


SALES = table(
    "Order ID,Email,Order Date,Order Total,Refund Amount",
    *(f"o{n},p{n % PEOPLE}@example.org,2026-02-{1 + n % 28:02d} 10:00:00,10.50,{n % 2}" for n in range(40)),
)
WITHOUT_REFUNDS = table(SALES.splitlines()[0].rpartition(",")[0], *(
    line.rpartition(",")[0] for line in SALES.splitlines()[1:]
))  # fmt: skip


def paid(orders: range, head: str = "id,Created,Amount,Amount Refunded,Currency,Email,Order ID") -> str:
    rows = (f"ch_{n},2026-02-{1 + n % 28:02d} 10:00:00,10.50,{n % 2},EUR,p{n % PEOPLE}@example.org,o{n}"
            for n in orders)  # fmt: skip
    return table(head, *rows)


def feeding(found: dict[str, Proposal], table_: str) -> list[str]:
    return [name for name, each in found.items() if any(map_["to"] == table_ for map_ in each.stream.get("maps", ()))]


@pytest.mark.parametrize(
    ("orders", "refunds"), [(SALES, ["orders.csv"]), (WITHOUT_REFUNDS, ["export.csv"])], ids=["told", "untold"]
)
def test_what_was_paid_for_orders_is_no_order_again_nor_given_back_twice(
    tmp_path: Path, orders: str, refunds: list[str]
) -> None:
    found = proposed(tmp_path, {"export.csv": paid(range(39)), "orders.csv": orders, "order_items.csv": ITEMS})
    assert feeding(found, "orders") == ["orders.csv"]
    assert feeding(found, "refunds") == refunds
    assert feeding(found, "contact_points") == ["export.csv", "orders.csv"]
    assert any("its rows pay for the orders of `orders`" in doubt for doubt in found["export.csv"].doubts)


def test_parts_of_what_was_paid_for_an_order_are_no_lines_of_it(tmp_path: Path) -> None:
    parts = paid(range(40)) + "".join(
        f"ch_{n}b,2026-02-01 11:00:00,2.50,0,EUR,p{n % PEOPLE}@example.org,o{n}\n" for n in range(20)
    )
    found = proposed(tmp_path, {"orders.csv": SALES, "payments.csv": parts})
    assert feeding(found, "orders") == ["orders.csv"]
    assert feeding(found, "order_lines") == []


def test_orders_without_amounts_come_to_what_was_paid_for_them(tmp_path: Path) -> None:
    orders = "".join(f"{','.join(line.split(',')[:3])}\n" for line in SALES.splitlines())
    found = proposed(tmp_path, {"orders.csv": orders, "payments.csv": paid(range(40))})
    assert feeding(found, "orders") == ["orders.csv"]
    [part] = [map_ for map_ in found["payments.csv"].stream["maps"] if map_["to"] == "order_lines"]
    assert (part["set"]["amount"], part["set"]["order_id"]) == ("Amount", '"Order ID"')


def test_payments_by_a_number_alone_still_say_whose_the_order_is(tmp_path: Path) -> None:
    payments = table("id,Created,Amount,Currency,Customer ID,Order ID", *(
        f"ch_{n},2026-02-{1 + n % 28:02d} 10:00:00,10.50,EUR,cus_{n % PEOPLE},o{n}" for n in range(40)
    ))  # fmt: skip
    files = {"orders.csv": SALES, "payments.csv": payments}
    found = [propose(written(tmp_path / "in", *file), "shop") for file in files.items()]
    told_once(found)
    *_, stream = loaded(tmp_path, found).streams
    assert stream.maps == ()
    assert [each.type for each in stream.identifiers] == ["customer_number", "order_number"]


@pytest.mark.parametrize(("head", "telling"), [("Refunded Amount", ["orders.csv"]), ("Tip", ["items.csv"])])
def test_what_was_given_back_is_told_by_orders_or_by_their_lines(tmp_path: Path, head: str, telling: list[str]) -> None:
    orders = table(f"Order ID,Order Date,Total,Currency,{head}", *(
        f"o{n},2026-02-{1 + n % 28:02d} 10:00:00,21.00,EUR,{4 if n % 5 else 0}.00" for n in range(40)
    ))  # fmt: skip
    items = table("Order ID,Order Date,Product ID,Quantity,Price,Currency", *(
        f"o{n},2026-02-{1 + n % 28:02d} 10:00:00,p{n % 9},{units},4.00,EUR" for n in range(40) for units in (3, -1)
    ))  # fmt: skip
    found = proposed(tmp_path, {"orders.csv": orders, "items.csv": items})
    assert (feeding(found, "orders"), feeding(found, "refunds")) == (["orders.csv"], telling)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(paid(range(20, 60)), id="some are of other orders"),
        pytest.param(SALES.replace("Order Date", "Placed At"), id="each row is an order"),
    ],
)
def test_orders_of_two_files_stay_orders(tmp_path: Path, other: str) -> None:
    found = proposed(tmp_path, {"orders.csv": SALES, "export.csv": other})
    assert feeding(found, "orders") == ["orders.csv", "export.csv"]


def test_an_order_that_two_streams_tell_is_warned_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDP_DATA", str(tmp_path))
    monkeypatch.setenv("CDP_AS_OF", "2026-06-30T00:00:00Z")
    files = {"orders.csv": SALES, "export.csv": paid(range(50, 60))}
    source = loaded(tmp_path, [propose(written(tmp_path / "in", *file), "shop") for file in files.items()])
    source = replace(source, settle_seconds=0)

    def holds() -> bool:
        checks = run([source], normalised=True).get_asset_check_evaluations()
        return all(check.passed for check in checks if check.check_name == "told_once")

    landed(tmp_path, files)
    assert holds()
    landed(tmp_path, {"export_2.csv": paid(range(39, 40))})
    assert not holds()


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        (
            "churn.csv",
            table("customerID,gender,SeniorCitizen,tenure", *(f"{n}-ABC,Male,0,{n}" for n in range(25))),
            "contacts",
        ),
        (
            "order_details.csv",
            table("OrderID,ProductID,UnitPrice,Quantity,Discount", *(f"{n // 2},{n},9.5,2,0.1" for n in range(40))),
            "lines",
        ),
        (
            "InvoiceLine.csv",
            table(
                "InvoiceLineId,InvoiceId,TrackId,UnitPrice,Quantity", *(f"{n},{n // 3},{n},0.99,1" for n in range(30))
            ),
            "lines",
        ),
        (
            "events.csv",
            table(
                "id,user_id,session_id,created_at,uri,event_type",
                *(f"{n},{n % 4},s{n % 6},2026-01-02 10:00:00 UTC,/cart,cart" for n in range(25)),
            ),
            "events",
        ),
        (
            "loyalty_history.csv",
            table("Loyalty Number,City,Gender,CLV", *(f"{48 + n},Toronto,Female,{n}.5" for n in range(25))),
            "contacts",
        ),
        (
            "payment.csv",
            table(
                "payment_id,customer_id,amount,payment_date,last_update",
                *(f"{n},{n % 5},2.99,2026-01-{1 + n % 28:02d} 10:00:00,2026-06-01 00:00:00" for n in range(25)),
            ),
            "events",
        ),
    ],
)
def test_tables_that_only_say_little_are_told_too(tmp_path: Path, name: str, text: str, kind: str) -> None:
    proposal = propose(written(tmp_path, name, text), "shop")
    assert (proposal.kind, bool(proposal.stream.get("maps"))) == (kind, True)


def test_places_are_no_people(tmp_path: Path) -> None:
    text = table("id,city,postal_code,opened", *(f"{n},Paris,7500{n % 9},2020-01-01" for n in range(25)))
    proposal = propose(written(tmp_path, "stations.csv", text), "shop")
    assert (proposal.kind, proposal.stream.get("person")) == (None, None)


def test_users_and_what_users_did_are_one_system(tmp_path: Path) -> None:
    people = table("id,first_name,email", *(f"{n},Ann,p{n}@example.org" for n in range(25)))
    bought = table(
        "order_id,user_id,status,created_at",
        *(f"{n},{n % 20},Complete,2026-01-02 10:00:00 UTC" for n in range(25)),
    )
    found = proposed(tmp_path, {"users.csv": people, "orders.csv": bought})
    assert {each["type"] for each in found["users.csv"].stream["identifiers"]} == {"user_id", "email"}


def test_a_line_has_its_sum_where_only_that_is_told(tmp_path: Path) -> None:
    text = table(
        "Row ID,Order ID,Order Date,Customer ID,Product ID,Sales,Quantity",
        *(f"{n},CA-{n // 2},1/{1 + n % 28}/2026,C{n // 2},P{n},20.00,2" for n in range(30)),
    )
    (orders, lines) = propose(written(tmp_path, "superstore.csv", text), "shop").stream["maps"]
    assert lines["set"]["amount"] == "Sales"
    assert "gross" not in orders["set"]


def test_the_number_of_a_line_is_neither_its_order_nor_its_product(tmp_path: Path) -> None:
    pizzas = table("order_details_id,order_id,pizza_id,quantity", *(f"{n},{n // 2},hawaiian_m,1" for n in range(30)))
    stream = propose(written(tmp_path, "order_details.csv", pizzas), "shop").stream
    assert stream["key"] == ["order_id", "order_details_id"]
    assert stream["identifiers"] == [{"type": "order_number", "value": "order_id"}]
    sales = table(
        "Order Number,Line Item,Order Date,CustomerKey,ProductKey,Quantity",
        *(f"{n // 2},{n % 2 + 1},1/{1 + n % 28}/2026,{300 + n // 4},{n},3" for n in range(40)),
    )
    stream = propose(written(tmp_path, "Sales.csv", sales), "shop").stream
    assert stream["key"] == ["Order Number", "Line Item"]
    (lines,) = (map_["set"] for map_ in stream["maps"] if map_["to"] == "order_lines")
    assert (lines["product_id"], "product_name" in lines) == ("ProductKey", False)


def test_who_buys_the_same_product_is_not_the_same_person(tmp_path: Path) -> None:
    text = table(
        "Order Id,Product Card Id,Gift Card No,Customer Id,order date,Sales",
        *(f"{n},1360,77,{n},1/{1 + n % 28}/2026 10:00,9.99" for n in range(30)),
    )
    stream = propose(written(tmp_path, "orders.csv", text), "shop").stream
    assert [each["type"] for each in stream["identifiers"]] == ["order_number", "customer_number"]


def test_the_currency_of_an_amount_stands_in_its_heading(tmp_path: Path) -> None:
    text = table(
        "order_item_refund_id,created_at,order_item_id,order_id,refund_amount_usd",
        *(f"{n},2026-01-02 10:00:00,{2 * n},{n},49.99" for n in range(25)),
    )
    stream = propose(written(tmp_path, "order_item_refunds.csv", text), "shop", currency="GBP").stream
    assert stream["derive"] == {"currency_assumed": "'USD'"}
    assert stream["maps"][0]["set"]["amount"] == "abs(refund_amount_usd)"


def test_pages_are_known_by_their_path_and_days_by_dashes(tmp_path: Path) -> None:
    text = table(
        "pageview_id,day,session_id,pageview_url", *(f"{n},04-{1 + n:02d}-26,{n % 5},/cart" for n in range(25))
    )
    stream = propose(written(tmp_path, "pageviews.csv", text), "shop").stream
    assert stream["columns"]["day"]["format"] == "%m-%d-%y"
    assert stream["maps"][0]["set"]["page_url"] == "pageview_url"
