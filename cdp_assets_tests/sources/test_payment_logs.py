"""Logs of whoever takes the money: what is paid back is no withdrawal, and times are in the zone that stands there."""

from __future__ import annotations

from pathlib import Path

import pytest

from cdp_assets_tests.sources.test_proposing_sales import map_to, proposed


@pytest.mark.parametrize(
    ("head", "sale", "back", "moved"),
    [
        (
            "Date,Type,Gross,Fee,Net,From Email Address,Transaction ID,Reference Txn ID",
            "Express Checkout Payment", "Payment Refund", "General Withdrawal",
        ),
        (
            "Datum,Typ,Brutto,Gebühr,Netto,E-Mail,Transaktionscode,Zugehöriger Transaktionscode",
            "Express-Checkout-Zahlung", "Rückzahlung", "Allgemeine Abbuchung",
        ),
    ],
)  # fmt: skip
def test_what_is_moved_to_a_bank_is_not_paid_back(tmp_path: Path, head: str, sale: str, back: str, moved: str) -> None:
    rows = []
    for n in range(40):
        type_, paid, other = (
            (back, -20, f"T{n - 1}") if n % 8 == 4 else (moved, -500, "") if n % 8 == 6 else (sale, 30, "")
        )
        rows.append(f"2026-05-{1 + n % 28:02d},{type_},{paid}.00,-1.00,{paid - 1}.00,p{n}@example.org,T{n},{other}")
    log = proposed(tmp_path, "payments.csv", head, *rows)
    refund, order = map_to(log, "refunds"), map_to(log, "orders")
    gross, reference = head.split(",")[2], head.split(",")[-1]
    assert order["where"] == f"not coalesce({gross} < 0, false)"
    assert f"'{back.casefold()}'" in refund["where"]
    assert f"'{moved.casefold()}'" not in refund["where"]
    assert (refund["set"]["order_id"], refund["set"]["amount"]) == (f'"{reference}"', f"abs({gross})")


def test_what_is_moved_to_a_bank_is_not_paid_back_where_articles_are_told_too(tmp_path: Path) -> None:
    types = (("Express Checkout Payment", 30), ("Payment Refund", -20), ("General Withdrawal", -500))
    rows = []
    for n in range(48):
        type_, paid = types[1 if n % 8 == 4 else 2 if n % 8 == 6 else 0]
        state, pot = "Denied" if n % 8 == 1 else "Completed", "" if paid == -500 else "Fern pot"
        day = f"2026-05-{1 + n % 28:02d} 10:00:00"
        rows.append(f"{day},{type_},{state},GBP,{paid}.00,p{n}@example.org,T{n},{pot},{1 if pot else ''}")
    head = "Date,Type,Status,Currency,Gross,From Email Address,Transaction ID,Item Title,Quantity"
    log = proposed(tmp_path, "download.csv", head, *rows)
    where = map_to(log, "refunds")["where"]
    assert (log.kind, "'payment refund'" in where, "withdrawal" in where) == ("lines", True, False)
    assert "'denied'" in map_to(log, "orders")["where"]
    assert not any("not understood" in each for each in log.doubts)


@pytest.mark.parametrize(
    ("head", "zones", "zone", "doubt"),
    [
        ("Order date,Time Zone", ("Europe/London",), "Europe/London", "times are taken to be in Europe/London, as"),
        ("Order date,Zeitzone", ("PST", "PDT"), "America/Los_Angeles", "in America/Los_Angeles, as Zeitzone says"),
        ("Order date,Time Zone", ("Eastern Time (US & Canada)",) * 2, "America/New_York", "as Time Zone says"),
        ("Order date,Time Zone", ("London", "(GMT+00:00) London"), "Europe/London", "as Time Zone says"),
        ("Order date,TimeZone", ("PST", "EST"), None, "UTC is assumed (`zone`), although TimeZone names EST, PST"),
        ("Order date (Europe/London),Shop", ("Main",), None, None),
        ("Order date (CET),Shop", ("Main",), None, None),
    ],
)
def test_times_are_in_the_zone_that_the_file_names(
    tmp_path: Path, head: str, zones: tuple[str, ...], zone: str | None, doubt: str | None
) -> None:
    rows = [f"{n},2026-05-{n:02d} 10:00:00,{zones[n % len(zones)]},p{n}@example.org,9.50" for n in range(1, 25)]
    orders = proposed(tmp_path, "orders.csv", f"Order No,{head},Email,Order total", *rows)
    assert orders.stream.get("zone") == zone
    own = {name: fields["zone"] for name, fields in orders.stream["columns"].items() if "zone" in fields}
    named = {"Order date (Europe/London)": "Europe/London", "Order date (CET)": "Europe/Berlin"}
    assert own == ({} if doubt else {name: zone for name, zone in named.items() if name in head})
    told = [each for each in orders.doubts if "zone" in each]
    assert any(doubt in each for each in told) if doubt else not told


@pytest.mark.parametrize("when", ["Refund Date", "Refunded date (UTC)", "Erstattet am"])
def test_what_was_paid_back_later_was_paid_back_then(tmp_path: Path, when: str) -> None:
    rows = [
        f"N{n},a{n}@x.org,2026-03-{1 + n % 28:02d} 10:00:00,20.00,EUR,"
        + ("2026-05-01 09:00:00,20.00" if n % 5 == 0 else ",")
        for n in range(40)
    ]
    head = f"Order ID,Customer Email,Order Date,Total,Currency,{when},Refund Amount"
    orders = proposed(tmp_path, "orders.csv", head, *rows)
    assert map_to(orders, "refunds")["set"]["refunded_at"] == f'coalesce("{when}", "Order Date")'
    assert map_to(orders, "orders")["set"]["ordered_at"] == '"Order Date"'


@pytest.mark.parametrize(("also", "told"), [("Refunds Total", False), ("Note", True)])
def test_of_orders_that_were_paid_back_in_parts_so_much_is_a_refund(tmp_path: Path, also: str, told: bool) -> None:
    said = ("Paid", "Refunded", "Partially Refunded")
    rows = [f"N{n},2026-05-{1 + n % 28:02d} 10:00,20.00,{(0, 20, 5)[n % 3]}.00,{said[n % 3]}" for n in range(40)]
    orders = proposed(tmp_path, "orders.csv", f"Order ID,Order Date,Order Total,{also},Payment Status", *rows)
    doubt = "Payment Status says that parts of orders were paid back, and no column says how much"
    assert (map_to(orders, "refunds")["set"]["amount"] == '"Refunds Total"', doubt in orders.doubts) == (not told, told)


@pytest.mark.parametrize(
    ("name", "head", "expected"),
    [
        ("payments.csv", "id,created_at,amount,currency,customers.email", ("amount", True)),
        ("betalingen.csv", "ID,Datum,Bedrag,Valuta,E-mail", ("Bedrag", True)),
        ("sale_order.csv", "id,date_order,amount_total,currency_id,name", ("amount_total", False)),
    ],
)
def test_what_was_paid_counts_though_no_order_is_named(
    tmp_path: Path, name: str, head: str, expected: tuple[str, bool]
) -> None:
    last = "S{n}" if head.endswith("name") else "p{n}@example.org"
    rows = [f"P{n},2026-05-{1 + n % 28:02d} 10:00:00,{10 + n}.00,EUR,{last.format(n=n)}" for n in range(40)]
    paid = proposed(tmp_path, name, head, *rows)
    assert paid.kind == "orders"
    assert (map_to(paid, "orders")["set"]["gross"], any("count twice" in each for each in paid.doubts)) == expected
    assert not any(map_["to"] == "contacts" and "full_name" in map_["set"] for map_ in paid.stream["maps"])
