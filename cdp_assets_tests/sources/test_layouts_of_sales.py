"""Layouts that shops, tills and ERP systems export sales in: what their headings, blanks and signs say."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from cdp_assets.sources.proposing.phrases import meanings, words_of
from cdp_assets.sources.proposing.propose import Proposal, propose
from cdp_assets.warehouse.sql_parsing import plain_name
from cdp_assets_tests.normalised.bench import canonical, load
from cdp_assets_tests.sources.shop import Bench
from cdp_assets_tests.sources.test_proposing import loaded, written
from cdp_assets_tests.sources.test_proposing_sales import map_to, proposed


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


@pytest.mark.parametrize(
    ("day", "clock", "of_it"),
    [("Order Date", "Time of day", True), ("Sale Date", "Order time", True), ("Date", "Arrival time", True),
     ("Reservation Date", "Estimated Arrival Time", False)],
)  # fmt: skip
def test_a_time_of_something_else_is_not_that_of_the_day_of_an_order(
    tmp_path: Path, day: str, clock: str, of_it: bool
) -> None:
    rows = (f"{n},2026-05-{n:02d},15:00,p{n}@example.org,9.50" for n in range(1, 25))
    placed = map_to(proposed(tmp_path, "orders.csv", f"order no,{day},{clock},email,total", *rows), "orders")["set"]
    assert (placed["ordered_at"] != plain_name(day)) is of_it


def orders_with(folder: Path, heading: str, *said: str, also: str = "Tax status,gross") -> Proposal:
    other, text = also.split(",")
    rows = [f"{n},2026-05-{n:02d} 10:00:00,p{n}@example.org,{n}.50,{text},{said[n % len(said)]}" for n in range(1, 25)]
    return proposed(folder, "orders.csv", f"order_id,order_date,email,total,{other},{heading}", *rows)


@pytest.mark.parametrize(
    ("heading", "said", "condition"),
    [
        ("machine", ("completed", "cancelled", "shipped"), "lower(trim(machine, '. ')) in ("),
        ("Voided", ("false", "true"), "not coalesce(Voided, false)"),
        ("is_cancelled", ("0", "0", "1"), "not coalesce(is_cancelled = 1, false)"),
        ("Storniert", ("Nein", "Ja"), "not coalesce(lower(trim(Storniert, '. ')) in ('ja'), false)"),
        ("Cancelled at", ("", "2026-06-01 10:00:00"), '"Cancelled at" is null'),
    ],
)
def test_orders_that_were_given_up_are_left_out_by_whichever_column_says_so(
    tmp_path: Path, heading: str, said: tuple[str, ...], condition: str
) -> None:
    where = map_to(orders_with(tmp_path, heading, *said), "orders")["where"]
    assert condition in where
    assert "Tax status" not in where


@pytest.mark.parametrize(
    ("heading", "said"),
    [
        ("machine", ("red", "green")),
        ("Cancelled at", ("2026-06-01 10:00:00",)),
        ("Cancellation possible", ("true", "false")),
    ],
)
def test_what_says_nothing_of_that_leaves_no_order_out(tmp_path: Path, heading: str, said: tuple[str, ...]) -> None:
    proposal = orders_with(tmp_path, heading, *said)
    assert "where" not in map_to(proposal, "orders")
    assert not any("left out" in doubt for doubt in proposal.doubts)


def test_each_status_that_says_so_leaves_orders_out_and_one_that_is_theirs_may_in_the_next_file(tmp_path: Path) -> None:
    both = orders_with(tmp_path, "Order status", "shipped", "cancelled", also="Payment status,refunded")
    assert '"Order status"' in map_to(both, "orders")["where"]
    assert '"Payment status"' in map_to(both, "refunds")["where"]
    assert '"Order status"' in map_to(orders_with(tmp_path, "Order status", "shipped"), "orders")["where"]


def test_what_is_numbered_may_come_after_that_word(tmp_path: Path) -> None:
    rows = range(1, 25)
    orders = proposed(
        tmp_path,
        "shop_orders.csv",
        "id_order,reference,id_customer,total_paid_tax_incl,total_paid_tax_excl,date_add",
        *(f"{n},XKB{n},{n % 9},{n * 12}.00,{n * 10}.00,2026-05-{n:02d} 10:00:00" for n in rows),
    )
    assert map_to(orders, "orders")["set"]["order_id"] == "id_order"
    assert map_to(orders, "orders")["set"]["gross"] == "total_paid_tax_excl"
    assert ("customer_number", "id_customer") in {
        (each["type"], each["value"]) for each in orders.stream["identifiers"]
    }
    details = proposed(
        tmp_path,
        "shop_order_detail.csv",
        "id_order_detail,id_order,id_product,product_name,product_quantity,unit_price_tax_excl",
        *(f"{n},{n},{n % 5},Lamp {n % 5},2,4.50" for n in rows),
    )
    line = map_to(details, "order_lines")["set"]
    assert (line["order_id"], line["product_id"], line["quantity"]) == ("id_order", "id_product", "product_quantity")
    slips = proposed(
        tmp_path,
        "shop_order_slip.csv",
        "id_order_slip,id_customer,id_order,amount,date_add",
        *(f"{n},{n % 9},{n + 40},9.50,2026-05-{n:02d} 10:00:00" for n in rows),
    )
    assert [map_["to"] for map_ in slips.stream["maps"]] == ["refunds"]
    assert map_to(slips, "refunds")["set"]["order_id"] == "id_order"


def test_what_comes_again_is_no_number_of_an_order_for_being_called_one_alone(tmp_path: Path) -> None:
    rows = [f"{n % 9},p{n % 9}@example.org,{n}.50,2026-05-{n:02d} 10:00:00" for n in range(1, 25)]
    proposal = proposed(tmp_path, "orders.csv", "id,email,total,created_at", *rows)
    assert map_to(proposal, "orders")["set"]["order_id"] == "order_number"  # made up of who and when


def test_a_browser_is_numbered_first_in_no_language_that_numbers_its_customers_so(tmp_path: Path) -> None:
    rows = [f"{n},{n % 9},{n}.50,2026-05-{n:02d} 10:00:00" for n in range(1, 25)]
    proposal = proposed(tmp_path, "commandes.csv", "id_commande,id_client,montant,date_commande", *rows)
    assert ("customer_number", "id_client") in {
        (each["type"], each["value"]) for each in proposal.stream["identifiers"]
    }


@pytest.mark.parametrize(
    ("texts", "mark", "sums"),
    [
        (["1 234,56", "9,50", "(12,00)"], ",", {Decimal("1234.56"), Decimal("9.50")}),
        (["$1 234.56", "$9.50", "($12.00)", "$1,000.00"], ".", {Decimal("1234.56"), Decimal("9.5"), Decimal("1000")}),
    ],
)
def test_amounts_with_spaces_in_thousands_and_in_brackets_are_amounts(
    bench: Bench, tmp_path: Path, texts: list[str], mark: str, sums: set[Decimal]
) -> None:
    text = "order no;email;total;order date\n" + "".join(
        f"{n};p{n % 9}@example.org;{texts[n % len(texts)]};2026-05-{n:02d} 10:00:00\n" for n in range(1, 25)
    )
    source = loaded(tmp_path, [propose(written(tmp_path, "orders.csv", text), "shop")])
    (total,) = (column for column in source.streams[0].columns if column.name == "total")
    assert (total.type, total.decimal_mark) == ("decimal", mark)
    bench.drop("shop/orders.csv", text.encode())
    load(bench, source)
    assert {order["gross"] for order in canonical(bench, source, "orders")} == sums
    assert {back["amount"] for back in canonical(bench, source, "refunds")} == {Decimal(12)}


def test_that_orders_have_no_amount_is_told(tmp_path: Path) -> None:
    rows = [f"{n},p{n}@example.org,2026-05-{n:02d} 10:00:00,about {n} crowns" for n in range(1, 25)]
    proposal = proposed(tmp_path, "orders.csv", "order no,email,order date,total", *rows)
    assert "gross" not in map_to(proposal, "orders")["set"]
    assert any(doubt.startswith("no column says what orders come to") for doubt in proposal.doubts)


@pytest.mark.parametrize("before", ["Deal - ", ""])
def test_deals_are_no_people_and_end_when_they_were_won_or_lost(bench: Bench, tmp_path: Path, before: str) -> None:
    heads = ("ID", "Title", "Value", "Currency of Value", "Status", "Stage", "Deal created", "Won time", "Lost time")
    head = ",".join(f"{before}{each}" for each in (*heads, "Expected close date", "Contact person"))
    ways = (("Won", "2026-06-02 09:00:00", ""), ("Lost", "", "2026-06-03 09:00:00"), ("Open", "", ""))
    text = f"{head},Email\n" + "".join(
        f"{n},Roof {n},{n}0.5,SEK,{said},Proposal,2026-05-{n:02d} 10:00:00,{won},{lost},2026-07-01,Ann Lee,p{n}@x.org\n"
        for n in range(1, 25)
        for said, won, lost in [ways[n % 3]]
    )
    source = loaded(tmp_path, [propose(written(tmp_path, "deals.csv", text), "shop")])
    bench.drop("shop/deals.csv", text.encode())
    load(bench, source)
    deals = canonical(bench, source, "opportunities")
    assert {(deal["status"], str(deal["closed_at"])[:10]) for deal in deals} == {
        ("won", "2026-06-02"),
        ("lost", "2026-06-03"),
        ("open", "None"),
    }
    assert (deals[0]["currency"], {float(deal["amount"]) for deal in deals}) == (
        "SEK",
        {n * 10 + 0.5 for n in range(1, 25)},
    )
    assert source.streams[0].person is False


@pytest.mark.parametrize("heading", ["adid", "gps_adid", "idfv"])
def test_applications_know_devices_by_numbers_of_theirs(tmp_path: Path, heading: str) -> None:
    rows = [f"d{n % 9}f00{n % 9},opened,2026-05-{n:02d} 10:00:00,{n % 9 if n % 2 else ''}" for n in range(1, 25)]
    proposal = proposed(tmp_path, "events.csv", f"{heading},event_name,created_at,user_id", *rows)
    known_by = {(each["type"], each["value"]) for each in proposal.stream["identifiers"]}
    assert known_by == {("device_id", heading), ("user_id", "user_id")}


def test_whether_somebody_is_a_company_is_no_companys_name(tmp_path: Path) -> None:
    rows = [f"k{n},Ann Lee{n},p{n}@example.org,{'Falsch' if n % 4 else 'Wahr'}" for n in range(1, 25)]
    proposal = proposed(tmp_path, "kontakte.csv", "Kundennr,Anzeigename,E-Mail,Ist ein Unternehmen", *rows)
    told = map_to(proposal, "contacts")["set"]
    asked = "lower(trim(\"Ist ein Unternehmen\", '. ')) in ('wahr')"
    assert told["company"] == f"case when {asked} then Anzeigename end"
    assert told["full_name"] == f"case when not coalesce({asked}, false) then Anzeigename end"


@pytest.mark.parametrize(("total", "amount"), [(True, '"item-price"'), (False, 'quantity * "item-price"')])
def test_a_price_that_grows_with_how_many_were_bought_is_that_of_the_line(
    tmp_path: Path, total: bool, amount: str
) -> None:
    each = {"A": 4.5, "B": 12.25, "C": 7.99, "D": 3.1}
    rows = [
        f"{n},2026-05-{n:02d} 10:00:00,p{n}@example.org,{sku},{count},{each[sku] * (count if total else 1):.2f}"
        for n in range(1, 25)
        for sku, count in [("ABCD"[n % 4], 1 + n // 4 % 3)]
    ]
    proposal = proposed(tmp_path, "sold.csv", "order-id,purchase-date,email,sku,quantity,item-price", *rows)
    assert map_to(proposal, "order_lines")["set"]["amount"] == amount
    assert any("what a line comes to" in doubt for doubt in proposal.doubts) is total


@pytest.mark.parametrize(("each", "amount"), [(None, '"item-price"'), (5.0, 'quantity * "item-price"')])
def test_a_price_beside_the_tax_of_an_item_is_that_of_the_line_but_where_many_cost_the_same(
    tmp_path: Path, each: float | None, amount: str
) -> None:
    rows = [
        f"{n},2026-05-{n:02d} 10:00:00,p{n}@example.org,{sku},{1 + n % 3},{each or n:.2f},1.00"
        for n in range(1, 25)
        for sku in ["AB"[n % 2] if each else f"S{n}"]
    ]
    head = "order-id,purchase-date,email,sku,quantity,item-price,item-tax"
    assert map_to(proposed(tmp_path, "sold.csv", head, *rows), "order_lines")["set"]["amount"] == amount


def test_an_order_with_blanks_below_its_first_line_comes_to_what_that_says(bench: Bench, tmp_path: Path) -> None:
    text = "Order Reference,Order Date,Customer/Email,Untaxed Amount,Lines/Product,Lines/Quantity,Lines/Unit Price\n"
    for n in range(1, 25):
        text += f"S{n},2026-05-{n:02d} 10:00:00,p{n}@example.org,{n + 30}.00,Table,1,{n}.00\n,,,,Chair,3,10.00\n"
    proposal = propose(written(tmp_path, "sale_order.csv", text), "shop")
    assert any("further lines of the order above" in doubt for doubt in proposal.doubts)
    source = loaded(tmp_path, [proposal])
    bench.drop("shop/sale_order.csv", text.encode())
    load(bench, source)
    assert {float(order["gross"]) for order in canonical(bench, source, "orders")} == {n + 30.0 for n in range(1, 25)}


def test_what_became_of_a_sale_is_told_by_the_row_above_its_lines(bench: Bench, tmp_path: Path) -> None:
    rows = []
    for n in range(1, 31):
        sign, state = -1 if n == 7 else 1, "VOIDED" if n % 5 == 0 else "CLOSED"
        slip = f"2026-05-{n:02d} 10:00:00,{n},{{}},c{n},Ann {chr(64 + n % 20)}ee"
        rows += [
            f"{slip.format('Sale')},{2 * sign},{30 * sign}.00,{state}",
            f"{slip.format('Sale Line')},{sign},{10 * sign}.00,",
            f"{slip.format('Sale Line')},{sign},{20 * sign}.00,",
            f"{slip.format('Payment')},,,",
        ]
    head = "Date,Receipt,Line type,Customer Code,Customer Name,Quantity,Subtotal,Status"
    proposal = proposed(tmp_path / "in", "sales.csv", head, *rows)
    bench.drop("shop/sales.csv", proposal.path.read_bytes())
    source = loaded(tmp_path, [proposal])
    load(bench, source)
    stand = {str(n) for n in range(1, 31) if n % 5 and n != 7}
    orders = canonical(bench, source, "orders")
    assert ({each["order_id"] for each in orders}, {each["gross"] for each in orders}) == (stand, {Decimal(30)})
    dated = [line for line in canonical(bench, source, "order_lines") if line["ordered_at"] is not None]
    assert not dated, "that of their order says whether lines stand"
    [back] = canonical(bench, source, "refunds")
    assert (back["order_id"], back["amount"]) == ("7", Decimal(30))


@pytest.mark.parametrize(
    "head",
    [
        "Nº Encomenda;Data;E-mail;Qtd;Preço unit.;Desconto %;Valor c/ IVA",
        "Nr zamówienia;Data;E-mail;Ilość;Cena jedn.;Rabat %;Kwota z VAT",
        "Bestelnummer;Datum;E-mail;Aantal;Stukprijs;Korting %;Bedrag incl. btw",
        "Bestellnr;Datum;E-Mail;Menge;Einzelpreis;Rabatt (%);Betrag mit MwSt.",
        "Order No;Date;Email;Qty;Unit price;Discount percent;VAT inclusive total",
        "N° commande;Date;E-mail;Quantité;Prix unitaire;Remise %;Montant TVA comprise",
        "N. ordine;Data ordine;E-mail;Quantità;Prezzo unitario;Sconto %;",
    ],
)
def test_a_percentage_is_no_money_and_what_a_line_comes_to_is_told_with_tax(tmp_path: Path, head: str) -> None:
    rows = []
    for n in range(30):
        count, price, off = 1 + n % 3, 10 + n, n % 4 * 5
        total = f"{count * price * (1 - off / 100) * 1.23:.2f}".replace(".", ",")
        rows.append(f"A{n};{1 + n % 28:02d}.05.2026;p{n}@example.org;{count};{price},00;{off};{total}")
    proposal = proposed(tmp_path, "sales.csv", head, *rows)
    *_, share, total = head.split(";")
    assert "discount" not in map_to(proposal, "orders")["set"]
    amount = map_to(proposal, "order_lines")["set"]["amount"].replace('"', "")
    assert amount == (total or f"Quantità * Prezzo unitario * (1 - coalesce({share}, 0) / 100)")
    assert proposal.stream["columns"][share]["type"] == "decimal"


@pytest.mark.parametrize(
    ("heading", "expected"),
    [("Kwota z VAT", ["amount"]), ("Importe sin IVA", ["amount"]), ("Total s/ IVA", ["amount"]), ("VAT", ["tax"])],
)
def test_whether_tax_is_in_it_is_no_part_of_what_an_amount_is(heading: str, expected: list[str]) -> None:
    assert list(meanings(words_of(heading))) == expected
