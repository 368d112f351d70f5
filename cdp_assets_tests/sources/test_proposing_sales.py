"""What is proposed for files of sales: which number tells an order apart, when it was placed, and what it comes to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cdp_assets.sources.proposing.columns import columns_of
from cdp_assets.sources.proposing.phrases import meanings, words_of
from cdp_assets.sources.proposing.propose import Proposal, propose
from cdp_assets.sources.proposing.values import amount_of, judge
from cdp_assets.warehouse.sql_parsing import plain_name
from cdp_assets_tests.normalised.bench import canonical, load, outcome
from cdp_assets_tests.sources.shop import Bench
from cdp_assets_tests.sources.test_proposing import loaded, written


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


def test_a_line_of_an_order_is_not_taken_for_a_newer_version_of_its_first_one(bench: Bench, tmp_path: Path) -> None:
    head = "Order ID,Email,Order Date,Currency,SKU,Quantity,Unit Price"
    rows = [f"{n},p{n}@example.org,2026-03-{n:02d} 10:00:00,EUR,MUG,1,5.00" for n in range(1, 10)]
    proposal = proposed(tmp_path / "in", "orders_1.csv", head, *rows)
    source = loaded(tmp_path, [proposal])
    twice = [f"20,p1@example.org,2026-04-01 10:00:00,EUR,MUG,{count},5.00" for count in (1, 2)]
    for number, lines in enumerate(([*rows, *twice], twice)):
        bench.drop(f"shop/orders_{number}.csv", "\n".join([head, *lines, ""]))
        load(bench, source)
    bought = [line["quantity"] for line in canonical(bench, source, "order_lines") if line["order_id"] == "20"]
    assert sorted(bought) == [1, 2]


@pytest.mark.parametrize("heading", ["Order Total", "Bestellsumme", "Total commande"])
def test_what_an_order_comes_to_is_not_what_each_of_its_lines_does(bench: Bench, tmp_path: Path, heading: str) -> None:
    rows = [
        f"{n},p{n}@example.org,2026-03-{n:02d} 10:00:00,EUR,{article},{count},{n}0.00"
        for n in range(1, 10)
        for article, count in (("LAMP", 1), ("MUG", 2))
    ]
    proposal = proposed(
        tmp_path / "in", "orders.csv", f"Order ID,Email,Order Date,Currency,SKU,Quantity,{heading}", *rows
    )
    assert any(doubt.startswith(f"each line says what its order comes to ({heading})") for doubt in proposal.doubts)
    bench.drop("shop/orders.csv", proposal.path.read_bytes())
    source = loaded(tmp_path, [proposal])
    load(bench, source)
    assert sorted(order["gross"] for order in canonical(bench, source, "orders")) == [10 * n for n in range(1, 10)]
    assert {line["amount"] for line in canonical(bench, source, "order_lines")} == {None}


ITEMS = "Date,Time,Category,Item,Qty,SKU,Gross Sales,Net Sales,Tax,Transaction ID,Payment ID,Location,Customer ID,"


def test_a_known_export_is_taken_although_it_is_delivered_otherwise_than_its_template_says(
    bench: Bench, tmp_path: Path
) -> None:
    rows = [
        "10/15/2026,2:30:00 PM,Nails,Pedicure,1,,$40.00,$40.00,$0.00,T1,P1,Main,C1,",
        "10/16/2026,10:00:00 AM,Shop,Mug,1,MUG-1,$18.00,$18.00,$0.00,T2,P2,Main,C2,",
        "10/17/2026,11:00:00 AM,Shop,Mug,-1,MUG-1,-$18.00,-$18.00,$0.00,T2,P3,Main,C2,",
    ]
    proposal = proposed(tmp_path / "in", "items-2026.csv", f"{ITEMS}Customer Reference ID", *rows)
    assert proposal.template == "square_items"
    assert "Date is not written as the template says, but as %m/%d/%Y" in proposal.doubts
    bench.drop("shop/items-2026.csv", (tmp_path / "in" / "items-2026.csv").read_bytes())
    source = loaded(tmp_path, [proposal])
    load(bench, source)
    assert outcome(bench, "shop__items") == [("accepted", None)] * 3
    lines = {(row["product_id"], str(row["ordered_at"])[:19]) for row in canonical(bench, source, "order_lines")}
    assert lines == {("Pedicure", "2026-10-15 14:30:00"), ("MUG-1", "2026-10-16 10:00:00")}


SUBSCRIPTIONS = "id,customer,status,current_period_start,current_period_end,plan_amount,canceled_at"


def cancellations(proposal: Proposal) -> list[str]:
    return [map_["where"] for map_ in proposal.stream["maps"] if "where" in map_ and map_["to"] == "subscriptions"]


@pytest.mark.parametrize("heading", ["canceled_at", "cancelled_at", "Cancelled on"])
def test_subscriptions_end_when_they_were_cancelled(heading: str, tmp_path: Path) -> None:
    rows = [
        f"s{n},c{n},{'active' if n % 3 else 'cancelled'},2026-01-0{n} 10:00:00,{'' if n % 3 else '2026-06-20 10:00:00'}"
        for n in range(1, 10)
    ]
    proposal = proposed(
        tmp_path, "subscriptions.csv", f"subscription_id,customer_no,status,started_at,{heading}", *rows
    )
    assert len(cancellations(proposal)) == 1


def test_the_end_of_a_period_is_no_cancellation(tmp_path: Path) -> None:
    period = "2026-06-01 00:00:00,2026-07-01 00:00:00,49900"
    rows = [
        f"s{n},c{n},{'active' if n % 3 else 'canceled'},{period},{'' if n % 3 else '2026-06-20 10:00:00'}"
        for n in range(30)
    ]
    proposal = proposed(tmp_path, "subscriptions.csv", SUBSCRIPTIONS, *rows)
    assert cancellations(proposal) == ["canceled_at is not null"]
    assert any("plan_amount has whole numbers" in doubt for doubt in proposal.doubts)
    without = [row.rpartition(",")[0] for row in rows]
    proposal = proposed(tmp_path, "subscriptions.csv", SUBSCRIPTIONS.removesuffix(",canceled_at"), *without)
    (condition,) = cancellations(proposal)
    assert "lower(trim(status" in condition
    active = [row.replace("canceled", "active") for row in without]
    proposal = proposed(tmp_path, "subscriptions.csv", SUBSCRIPTIONS.removesuffix(",canceled_at"), *active)
    assert cancellations(proposal) == []
    assert any("for no cancellation" in doubt for doubt in proposal.doubts)


def test_who_attends_has_a_name_whatever_type_of_ticket_it_is(tmp_path: Path) -> None:
    rows = [f"2026-05-{n + 1:02d},Ann,Lee{n % 9},p{n % 9}@example.org,Jazz,{('VIP', 'Seat')[n % 2]}" for n in range(25)]
    proposal = proposed(tmp_path, "report.csv", "Date,First Name,Surname,Email,Event Name,Ticket Type", *rows)
    assert (proposal.kind, "where" in map_to(proposal, "contacts")) == ("events", False)


@pytest.mark.parametrize(("sender", "receiver"), [("from", "to"), ("caller_number", "called_number")])
def test_who_called_or_was_called_is_told_by_the_direction(tmp_path: Path, sender: str, receiver: str) -> None:
    own, theirs = [f"+1600000000{n % 7}" for n in range(30)], [f"+1415200{n:04d}" for n in range(30)]
    rows = [
        f"CA{n:06d},{own[n]},{theirs[n]},2026-01-02T10:00:00Z,30,inbound"
        if n % 2
        else f"CA{n:06d},{theirs[n]},{own[n]},2026-01-02T10:00:00Z,30,outbound-api"
        for n in range(30)
    ]
    proposal = proposed(tmp_path, "calls.csv", f"sid,{receiver},{sender},start_time,duration,direction", *rows)
    told = f"case lower(trim(direction)) when 'inbound' then {plain_name(sender)} when 'outbound-api' then "
    assert proposal.stream["derive"] == {"other_party": f"{told}{plain_name(receiver)} end"}
    assert [(each["type"], each["value"]) for each in proposal.stream["identifiers"]] == [("phone", "other_party")]
    assert proposal.stream["key"] == ["sid"]


def calls(folder: Path, number: str, head: str = "Call ID,Start Time,Direction,From,To,Duration (sec)") -> Proposal:
    """Of a file of calls from and to one number of the company; ``number`` has places for three and four digits."""
    theirs = [number.format(200 + n, 1000 + n) for n in range(30)]
    ends = [(theirs[n], number.format(555, 1)) if n % 2 else (number.format(555, 1), theirs[n]) for n in range(30)]
    rows = [
        f"{9000 + n},2026-01-02 10:{n:02d}:00,{('Outbound', 'Inbound')[n % 2]},{','.join(ends[n])},{n + 3}"
        for n in range(30)
    ]
    return proposed(folder, "calls.csv", head, *rows)


@pytest.mark.parametrize(
    "number", ["(212) {}-{:04d}", "212-{}-{:04d}", "212.{}.{:04d} x1625", "+1 (212) {}-{:04d}", "1-212-{}-{:04d}"]
)
def test_who_called_is_known_by_a_number_as_it_is_written_within_a_country(tmp_path: Path, number: str) -> None:
    stream = calls(tmp_path, number).stream
    assert stream["derive"] == {
        "other_party": "case lower(trim(Direction)) when 'inbound' then \"From\" when 'outbound' then To end"
    }
    assert stream["identifiers"] == [{"type": "phone", "value": "other_party"}]


@pytest.mark.parametrize(
    ("direction", "name"),
    [
        (True, "case lower(trim(Direction)) when 'inbound' then \"From Name\" when 'outbound' then \"To Name\" end"),
        (False, "case when \"From\" in ('{0}') and To not in ('{0}') then \"To Name\" "
                "when To in ('{0}') and \"From\" not in ('{0}') then \"From Name\" end"),
    ],
)  # fmt: skip
def test_the_name_of_who_called_is_that_of_their_end(tmp_path: Path, direction: bool, name: str) -> None:
    house = "+12125550100"
    names = ["Lee Ortiz", "Dana Frost"]
    rows = []
    for n in range(30):
        theirs, ours = (f"+1415555{1000 + n},George Oakley{chr(97 + n % 26)}", f"{house},{names[n % 2]}")
        ends = f"{theirs},{ours}" if n % 2 else f"{ours},{theirs}"
        rows.append(f"{9000 + n},2026-01-02 10:{n:02d}:00,{('Outbound', 'Inbound')[n % 2]},{ends},{n + 3}")
    way = "Direction" if direction else "Kind of call"
    found = proposed(tmp_path, "calls.csv", f"Call ID,Start Time,{way},From,From Name,To,To Name,Duration (sec)", *rows)
    assert found.stream["derive"]["other_name"] == name.format(house)
    (said,) = (map_["set"] for map_ in found.stream["maps"] if map_["to"] == "contacts")
    assert said["full_name"] == "other_name"


@pytest.mark.parametrize(
    ("number", "head"),
    [
        ("212{}{:04d}", "ID,Start Time,Direction,From,To,Duration"),
        ("2026-01-{}{:04d}", "ID,Start Time,Direction,From,To,Duration"),
        ("212-{}-{:04d}", "ID,Start Time,Direction,From account,To account,Duration"),
        ("212-{}-{:04d}", "ID,Start Time,Direction,Invoice,Order,Duration"),
    ],
)
def test_what_only_looks_like_telephone_numbers_makes_nobody_known(tmp_path: Path, number: str, head: str) -> None:
    assert [
        each for each in calls(tmp_path, number, head).stream.get("identifiers", ()) if each["type"] == "phone"
    ] == []


def test_the_day_of_an_order_is_no_number_and_the_sellers_company_is_nobodys(tmp_path: Path) -> None:
    rows = [f"Loja,{9000 + n},{n + 1:02d}/05/2026,Ana {'ABCDE'[n % 5]}lves,{n}.50" for n in range(25)]
    proposal = proposed(tmp_path, "pedidos.csv", "empresa,id_pedido,data_pedido,cliente,total_pedido", *rows)
    assert [*meanings("data pedido"), *meanings("data ordine")] == []
    assert (proposal.stream["key"], proposal.stream["event_time"]) == (["id_pedido"], "data_pedido")
    assert map_to(proposal, "orders")["set"]["gross"] == "total_pedido"
    assert set(map_to(proposal, "contacts")["set"]) == {"full_name", "created_at"}


@pytest.mark.parametrize(
    ("texts", "type_", "format_", "symbol"),
    [
        (["Thu 16 Jul 2026", "Mon 13 Jul 2026"], "date", "%a %d %b %Y", None),
        (["2023年3月6日 13:00:00", "2023年12月16日 09:05:00"], "timestamp", "%Y年%m月%d日 %H:%M:%S", None),
        (["2023-3-6 13:00:00", "2023-12-16 9:05:00"], "timestamp", "%Y-%m-%d %H:%M:%S", None),
        (["2023-3-6", "2023-12-16"], "date", "%Y-%m-%d", None),
        (["5.250 JOD", "3.000 JOD"], "decimal", None, "JOD"),
        (["5.25 JOD", "3.00 EUR"], "string", None, None),
        (["R$ 1.299,00", "-R$ 12,00"], "decimal", None, "R$"),
        (["NT$ 1,000", "NT$ 22"], "decimal", None, "NT$"),
        (["12,000원", "900원"], "decimal", None, "원"),
        (["Rs. 1,23,456.00", "Rs. 12"], "decimal", None, "Rs."),
        (["129,90 TL", "1.299,90 TL"], "decimal", None, "TL"),
        (["99,00 kr.", "1.299,00 kr."], "decimal", None, "kr."),
        (["₹ 999", "₹ 12.50"], "decimal", None, "₹"),
        (["AED 12.00", "AED 9"], "string", None, None),  # it may be a code of anything
        (["Int. 12", "Int. 9"], "string", None, None),
        (["12 kg", "9 kg"], "string", None, None),
    ],
)
def test_days_and_amounts_are_read_as_they_are_written_elsewhere(
    texts: list[str | None], type_: str, format_: str | None, symbol: str | None
) -> None:
    judged = judge(texts)
    assert (judged.type, judged.format, judged.symbol) == (type_, format_, symbol)


@pytest.mark.parametrize(
    ("texts", "type_", "symbol"),
    [
        (["AED 12.00", "AED 9"], "decimal", "AED"),
        (["د.إ 12.00", "د.إ 9"], "decimal", "د.إ"),
        (["\u221212.50", "\u22123.00"], "decimal", None),
        (["100,-", "1.250,\u2013"], "decimal", None),
        (["CHF 12.-", "CHF 5.-"], "decimal", "CHF"),
        (["Rs. 1,450/-", "Rs.80/-"], "decimal", "Rs."),
        (["10%", "5%"], "string", None),
        (["MG-101", "MG-205"], "string", None),
    ],
)
def test_beside_what_is_called_an_amount_stands_any_sign(
    texts: list[str | None], type_: str, symbol: str | None
) -> None:
    judged = judge(texts, paid=True)
    assert (judged.type, judged.symbol) == (type_, symbol)


def test_what_is_printed_is_computed_with_as_it_is_meant() -> None:
    texts = ["Rs. 450", "80 kr.", "100,-", "12.-", "\u221212.50", "(5.00)", "$.50", "1,200.50"]
    assert [amount_of(text) for text in texts] == [450, 80, 100, 12, -12.5, -5, 0.5, 1200.5]
    assert judge(["5", "\u22121"]).type == "integer"


def test_what_thousands_are_grouped_in_is_computed_with_as_it_is_read(tmp_path: Path) -> None:
    rows = [
        f'O{n // 2},p{n // 2}@example.org,2026-01-{1 + n // 2:02d},A{n % 5},{count},{price},"{price * count:,}"'
        for n in range(24)
        for count, price in [(1 + n % 3, 700 + 50 * (n % 5))]
    ]
    line = map_to(
        proposed(tmp_path, "sales.csv", "order_no,email,date,sku,qty,amount,sum amount", *rows), "order_lines"
    )
    assert (line["set"]["unit_price"], line["set"]["amount"]) == ("amount", '"sum amount"')


@pytest.mark.parametrize(("price", "mark"), [("1,459", ","), ("1.459", ","), ("1,459,000", "."), ("14.59", ".")])
def test_decimals_of_a_file_are_written_after_one_mark(price: str, mark: str) -> None:
    columns = columns_of({"unit price": [price, "2"], "total": ["12,50", "4,00"]})
    assert [each.values.decimal_mark for each in columns] == [mark, ","]


def currency_of(folder: Path, sign: str, **said: Any) -> str:
    rows = [f"{number},2026-05-{number:02d},p{number}@example.org,{sign}{number}.50" for number in range(1, 25)]
    file = written(folder, "orders.csv", "\n".join(["order_id,order_date,email,total", *rows]))
    found = propose(file, "shop", **said).stream["derive"]["currency_assumed"]
    return str(found)


@pytest.mark.parametrize(
    ("sign", "expected", "said", "code"),
    [
        ("$", "EUR", False, "USD"), ("$", "MXN", False, "MXN"), ("$", "BMD", True, "BMD"), ("¥", "CNY", False, "CNY"),
        ("kr ", "NOK", False, "NOK"), ("kr ", "EUR", False, "SEK"), ("R$ ", "USD", True, "BRL"),
        ("£", "USD", True, "GBP"), ("AED ", "EUR", False, "AED"), ("", "CHF", False, "CHF"),
    ],
)  # fmt: skip
def test_a_sign_of_several_currencies_is_that_of_the_one_that_is_said_or_expected(
    tmp_path: Path, sign: str, expected: str, said: bool, code: str
) -> None:
    assert currency_of(tmp_path, sign, currency=expected, currency_said=said) == f"'{code}'"


@pytest.mark.parametrize("heading", ["code", "Kód"])
@pytest.mark.parametrize("again", [True, False])
def test_a_code_that_stands_beside_one_time_one_address_and_one_sum_is_that_of_an_order(
    tmp_path: Path, heading: str, again: bool
) -> None:
    rows = [
        f"C{n};2026-05-{n + 1:02d};Odesláno;p{n}@example.org;{20 + n + (not again) * place},00;{sku};2;{price},00"
        for n in range(12)
        for place, (sku, price) in enumerate((("MUG", 8), ("TEA", 2 + n)))
    ]
    head = f"{heading};date;statusName;email;totalPriceWithVat;itemCode;itemAmount;itemUnitPriceWithVat"
    proposal = proposed(tmp_path, "orders.csv", head, *rows)
    assert (proposal.kind == "lines") == again
    if again:
        assert map_to(proposal, "orders")["grain"] == [heading]
        line = map_to(proposal, "order_lines")["set"]
        assert (line["quantity"], line["amount"]) == ("itemAmount", "itemAmount * itemUnitPriceWithVat")


def test_appointments_are_no_people(tmp_path: Path) -> None:
    rows = [f"01/{n + 1:02d}/2026,10:30 AM,Ann {'ABCDE'[n % 5]}lves,p{n}@example.org,Checkup" for n in range(25)]
    proposal = proposed(tmp_path, "appointments.csv", "DATE,TIME,CLIENT_NAME,EMAIL,SERVICE", *rows)
    assert (proposal.kind, proposal.stream["load"], "key" in proposal.stream) == ("events", "append", False)
    rows = [f"Ann {'ABCDE'[n % 5]}lves;F{n:03d};{n}00" for n in range(25)]
    assert proposed(tmp_path, "factures.csv", "client_nom;feature_id;montant", *rows).kind is None


@pytest.mark.parametrize("said", ["before tax", "excl tax", "without VAT", "net of tax"])
def test_an_amount_without_tax_is_not_the_tax(said: str) -> None:
    assert list(meanings(words_of(f"total {said}"))) == ["amount"]
    assert list(meanings("total tax")) == ["tax"]


def test_what_is_left_after_a_fee_is_not_what_an_order_comes_to(tmp_path: Path) -> None:
    rows = [f"{n + 1:02d}.06.2026;Zahlung;{n + 10},50;-0,50;{n + 10},00;p{n}@example.org;TX{n}" for n in range(25)]
    head = "Datum;Typ;Brutto;Gebühr;Netto;E-Mail;Transaktionscode"
    proposal = proposed(tmp_path, "zahlungen.csv", head, *rows)
    assert map_to(proposal, "orders")["set"]["gross"] == "Brutto"
    taxed = [row.replace(";-0,50;", ";0,50;") for row in rows]
    proposal = proposed(tmp_path, "zahlungen.csv", head.replace("Gebühr", "MwSt"), *taxed)
    assert map_to(proposal, "orders")["set"]["gross"] == "Netto"


def test_payments_with_a_subject_are_no_tickets(tmp_path: Path) -> None:
    rows = [f"TX{n},2026-01-02 10:00:00,Completed,{n}.50,Mug,p{n}@example.org" for n in range(25)]
    proposal = proposed(tmp_path, "payments.csv", "Transaction ID,Date,Status,Gross,Subject,Email", *rows)
    assert proposal.kind == "orders"


def test_the_number_of_an_order_goes_before_that_of_a_transaction(tmp_path: Path) -> None:
    rows = [f"08/14/26,Fox,p{n // 2}@example.org,2,$5.00,{4000 + n},#{3000 + n // 2},FOX-{n}" for n in range(30)]
    head = "Sale Date,Item Name,Email,Quantity,Price,Transaction ID,Order ID,SKU"
    proposal = proposed(tmp_path, "items.csv", head, *rows)
    assert map_to(proposal, "orders")["grain"] == ["Order ID"]
    numbers = [each["value"] for each in proposal.stream["identifiers"] if each["type"] == "order_number"]
    assert numbers == ["ltrim(\"Order ID\", '#')"]


def test_carts_that_were_left_are_no_orders(tmp_path: Path) -> None:
    rows = [f"{n},#{n},p{n}@example.org,{n}.50,2026-01-02 10:00:00," for n in range(25)]
    head = "id,order_number,email,total,created_at,completed_at"
    assert proposed(tmp_path, "abandoned_checkouts.csv", head, *rows).kind == "events"
    placed = [f"{row}2026-01-02 10:05:00" for row in rows]
    assert proposed(tmp_path, "checkouts.csv", head, *placed).kind == "orders"


def test_not_available_is_no_value_where_several_columns_of_numbers_have_it(tmp_path: Path) -> None:
    rows = [f"p{n}@example.org,{'NA' if n % 3 else n},{'NA' if n % 2 else 1},{('SE', 'DE')[n % 2]}" for n in range(25)]
    head = "email,tickets,seats,country"
    proposal = proposed(tmp_path, "attendees.csv", head, *rows)
    assert (proposal.stream["nulls"], proposal.stream["columns"]["tickets"]["type"]) == (["NA"], "integer")
    from_namibia = [row.replace(",SE", ",NA") for row in rows]
    assert "nulls" not in proposed(tmp_path, "attendees.csv", head, *from_namibia).stream


def test_a_timestamp_goes_before_a_mere_day(tmp_path: Path) -> None:
    rows = [f"h{n},2026-07-02 18:{n:02d}:32,v{n % 9},E{n % 3},2026-07-04" for n in range(25)]
    proposal = proposed(tmp_path, "hits.csv", "hit_id,hit_timestamp,visitor_id,event_name,event_date", *rows)
    assert proposal.stream["event_time"] == "hit_timestamp"


def test_of_a_payment_the_person_is_who_paid_or_was_paid(tmp_path: Path) -> None:
    rows = [
        f"TX{n},2026-01-02 10:00:00,{n}.50,p{n}@example.org,shop@example.org,Credit"
        if n % 4
        else f"TX{n},2026-01-02 10:00:00,-{n}.50,shop@example.org,p{n}@example.org,Debit"
        for n in range(1, 26)
    ]
    head = "Transaction ID,Date,Gross,From Email Address,To Email Address,Balance Impact"
    identifiers = proposed(tmp_path, "payments.csv", head, *rows).stream["identifiers"]
    assert ("email", "other_party") in [(each["type"], each["value"]) for each in identifiers]


SLIPS = "Store,Register,Trans No,Trans Date,Trans Time,Member #,Item UPC,Qty,Amount"


def slip(number: int) -> list[str]:
    """The two lines of a slip, of which every third is nobody's."""
    member = "" if number % 3 == 0 else 1000 + number
    head = f"0{14 + number % 2},{1 + number % 3},{number},05/{13 + number % 9}/2025,10:{number:02d}:00,{member}"
    return [f"{head},0123456789{item},1,9.50" for item in ("05", "12")]


def test_slips_of_tills_are_known_by_till_day_and_number_although_a_sample_has_each_number_once(
    bench: Bench, tmp_path: Path
) -> None:
    text = "\n".join([SLIPS, *(line for number in range(1, 31) for line in slip(number))])
    proposal = propose(written(tmp_path, "pos.csv", text), "shop")
    assert proposal.kind == "lines"
    assert proposal.stream["key"] == ["Trans Date", "Store", "Register", "Trans No", "Item UPC"]
    parts = ['cast("Trans Date" as varchar)', "cast(Register as varchar)", "cast(Store as varchar)", '"Trans No"']
    assert proposal.stream["derive"]["receipt"] == " || '-' || ".join(parts)
    bench.drop("shop/pos.csv", f"{text}\n,1,31,05/20/2025,11:00:00,,012345678905,1,9.50\n".encode())
    source = loaded(tmp_path, [proposal])
    load(bench, source)
    assert outcome(bench, "shop__pos")[-1][0] == "quarantined"  # rather than known by a part of what it is known by
    assert len(canonical(bench, source, "orders")) == 30


def test_numbers_that_only_one_till_could_not_have_counted_to_stand_for_themselves(tmp_path: Path) -> None:
    lines = [line.replace(f",{n},05", f",{90_000_000 + n},05") for n in range(1, 31) for line in slip(n)]
    assert proposed(tmp_path, "pos.csv", SLIPS, *lines).stream["key"] == ["Trans No", "Item UPC"]


def test_lines_of_a_folio_are_one_order(tmp_path: Path) -> None:
    rows = [
        f"A-{1000 + n // 2},{1 + n // 2:02d}/10/2025,Ana Silva,ana{n // 2}@example.org,Taza,{1 + n % 2},$120.00,$120.00"
        for n in range(40)
    ]
    proposal = proposed(tmp_path, "ventas.csv", "Folio,Fecha,Cliente,Correo,Descripción,Cantidad,Precio,Importe", *rows)
    assert (proposal.kind, map_to(proposal, "orders")["grain"]) == ("lines", ["Folio"])


def test_sales_of_nobody_are_no_one_order_for_all_of_a_day(bench: Bench, tmp_path: Path) -> None:
    rows = [
        f"2026-05-{1 + n % 5:02d},{'' if n % 2 else f'p{n}@example.org'},{n}.50,Mug {'ABCDEFGH'[n % 8]}"
        for n in range(24)
    ]
    proposal = proposed(tmp_path, "sales.csv", "order_date,email,total,note", *rows)
    assert any("orders have no number here: who, when and total stand for it" in doubt for doubt in proposal.doubts)
    bench.drop("shop/sales.csv", proposal.path.read_bytes())
    source = loaded(tmp_path, [proposal])
    load(bench, source)
    assert len({order["order_id"] for order in canonical(bench, source, "orders")}) == 24


def test_an_event_without_a_person_keeps_the_place_of_one_in_its_number(tmp_path: Path) -> None:
    rows = [f"2026-05-{1 + n % 5:02d} 10:00:00,{n % 3 or ''},{n % 7 or ''},scan" for n in range(40)]
    proposal = proposed(tmp_path, "scans.csv", "timestamp,user_id,device_id,event_name", *rows)
    assert "coalesce(cast(user_id as varchar), '')" in map_to(proposal, "events")["set"]["event_id"]


@pytest.mark.parametrize(
    ("heading", "word"),
    [
        ("Situação", "Cancelado"),
        ("주문상태", "취소완료"),
        ("Estatus", "Cancelado"),
        ("注文ステータス", "キャンセル"),
        ("Bestellstatus", "Fehlgeschlagen"),
        ("Statut", "Échouée"),
    ],
)
def test_orders_that_were_cancelled_in_another_language_are_left_out(tmp_path: Path, heading: str, word: str) -> None:
    rows = [f"B{n},2026-05-{1 + n:02d},p{n}@example.org,{n}.50,{word if n % 4 else 'OK'}" for n in range(1, 25)]
    proposal = proposed(tmp_path, "orders.csv", f"order_id,order_date,email,total,{heading}", *rows)
    assert word.casefold() in map_to(proposal, "orders")["where"]


ITEMS_OF_ORDERS = "Order ID,Order Date,Email,Item Name,Quantity,Unit Price,Currency"


def item(order: int, *said: str) -> str:
    return ",".join([str(order), f"2026-03-{1 + order % 28:02d} 10:00:00", f"p{order}@example.org", *said, "EUR"])


def test_a_number_that_each_line_has_for_itself_tells_lines_apart(tmp_path: Path) -> None:
    rows = [
        f"T{order}-{line},{item(order, f'Mug {line}', '2', '5.00')}"
        for order in range(12)
        for line in range(1 + order % 2)
    ]
    stream = proposed(tmp_path, "order_items.csv", f"Transaction ID,{ITEMS_OF_ORDERS}", *rows).stream
    assert (stream["key"], stream.get("key_repeats")) == (["Order ID", "Transaction ID"], None)


def test_who_takes_part_tells_the_lines_of_an_order_apart(tmp_path: Path) -> None:
    names = [("Ann", "Bell"), ("Bob", "Cook")]
    rows = [
        f"{order},2026-03-{1 + order:02d} 10:00:00,p{order}{given}@example.org,{given},{family},1,{order}7{n},20.00"
        for order in range(12)
        for n, (given, family) in enumerate(names)
    ]
    head = "Order #,Order Date,Email,First Name,Last Name,Quantity,Attendee #,Total Paid"
    assert proposed(tmp_path, "attendees.csv", head, *rows).stream["key"] == ["Order #", "Attendee #"]


@pytest.mark.parametrize("article", ["Item Name", "Remark"])
def test_orders_that_are_delivered_again_with_one_more_count_once(bench: Bench, tmp_path: Path, article: str) -> None:
    head = ITEMS_OF_ORDERS.replace("Item Name", article)
    rows = [item(order, f"Mug {line}", "2", "5.00") for order in range(1, 13) for line in range(1 + order % 2)]
    proposal = proposed(tmp_path / "in", "items.csv", head, *rows)
    source = loaded(tmp_path, [proposal])
    for number, lines in enumerate((rows, [*rows, item(20, "Mug 0", "1", "5.00")])):
        bench.drop(f"shop/items_{number}.csv", "\n".join([head, *lines, ""]))
        load(bench, source)
    assert sum(line["amount"] for line in canonical(bench, source, "order_lines")) == 10 * len(rows) + 5


def test_lines_of_one_file_that_are_alike_in_all_they_say_count_each(tmp_path: Path) -> None:
    rows = [item(order, "Mug", "1", "5.00") for order in range(12) for _ in range(1 + order % 2)]
    assert "key" not in proposed(tmp_path, "items.csv", ITEMS_OF_ORDERS, *rows).stream


def test_what_a_line_takes_back_is_another_line_than_what_it_sold(tmp_path: Path) -> None:
    rows = [item(order, f"Mug {order}", "-1" if order == 5 else "1", "5.00") for order in range(12)]
    stream = proposed(tmp_path, "items.csv", ITEMS_OF_ORDERS, *rows).stream
    assert (stream["key"], stream["key_repeats"]) == (["Order ID", "Order Date", "Item Name"], True)


def test_rows_of_another_order_each_that_count_all_its_articles_are_orders(tmp_path: Path) -> None:
    head = "Order ID,Order Date,Email,Product Details,Total Quantity,Subtotal,Currency"
    rows = [item(order, f"Product: Mug {order}; Product: Lamp", "2", "15.00") for order in range(30)]
    assert proposed(tmp_path, "orders.csv", head, *rows).kind == "orders"
    assert proposed(tmp_path, "few.csv", head, *rows[:8]).stream["key"][0] == "Order ID"
    assert proposed(tmp_path, "items.csv", ITEMS_OF_ORDERS, *rows).kind == "lines"


def test_contracts_of_people_who_have_several_are_told_apart_by_their_numbers(tmp_path: Path) -> None:
    head = "Vertragsnummer;Kundennummer;Nachname;Geburtsdatum;Tarif"
    rows = [f"V{n};K{n // 2};Muster{n // 2};0{1 + n // 2 % 9}.02.1980;Smart" for n in range(24)]
    assert proposed(tmp_path, "vertraege.csv", head, *rows).stream["key"] == ["Vertragsnummer"]


@pytest.mark.parametrize("head", ["VK Brutto;Gesamt Brutto", "Netto;Betrag", "Preis;Gesamtpreis"])
def test_which_amount_is_a_price_and_which_what_a_line_comes_to_is_told_by_how_many(tmp_path: Path, head: str) -> None:
    rows = [
        f"{n // 2};14.03.2026;A{n};{count};{n + 1},50;{count * (10 * n + 15) // 10},{5 * (count % 2)}0;EUR"
        for n in range(20)
        for count in [1 + n % 3]
    ]
    proposal = proposed(
        tmp_path, "auftraege.csv", f"Auftragsnummer;Auftragsdatum;Artikelnummer;Menge;{head};Währung", *rows
    )
    line = map_to(proposal, "order_lines")["set"]
    price, total = head.split(";")
    assert (line["unit_price"], line["amount"]) == (plain_name(price), plain_name(total))


def refunded(bench: Bench, folder: Path, head: str, *rows: str) -> list[str]:
    """The orders to which something was given back."""
    proposal = proposed(folder / "in", "orders.csv", head, *rows)
    source = loaded(folder, [proposal])
    bench.drop("shop/orders.csv", proposal.path.read_bytes())
    load(bench, source)
    return sorted(str(refund["order_id"]) for refund in canonical(bench, source, "refunds"))


def test_what_was_given_back_for_orders_that_are_left_out_does_not_count(bench: Bench, tmp_path: Path) -> None:
    said = {3: "cancelled,refunded", 5: "completed,refunded"}
    rows = [f"{n},p{n}@example.org,2026-03-01 10:00:00,50.00,EUR,{said.get(n, 'completed,paid')}" for n in range(20)]
    head = "order_number,email,order_date,order_total,currency,state,payment_status"
    assert refunded(bench, tmp_path, head, *rows) == ["5"]


@pytest.mark.parametrize(("voided", "left"), [("", ["5"]), ("Voided", [])])
def test_returns_of_slips_that_are_left_out_do_not_count(
    bench: Bench, tmp_path: Path, voided: str, left: list[str]
) -> None:
    rows = [f"{n},p{n}@example.org,2026-03-01 10:00:00,M{n},{-1 if n == 5 else 1},5.00,EUR," for n in range(20)]
    rows = [row + ("Voided" if n == 4 else voided if n == 5 else "Closed") for n, row in enumerate(rows)]
    head = "Order ID,Email,Order Date,SKU,Quantity,Price,Currency,Status"
    assert refunded(bench, tmp_path, head, *rows) == left


def test_slips_that_are_cancelled_by_negative_ones_take_the_others_back(bench: Bench, tmp_path: Path) -> None:
    rows = [f"{n},p{n}@example.org,2026-03-01 10:00:00,50.00,EUR,completed" for n in range(20)]
    cancelling = "5,p5@example.org,2026-03-02 10:00:00,-50.00,EUR,cancelled"
    head = "order_number,email,order_date,order_total,currency,state"
    assert refunded(bench, tmp_path, head, *rows, cancelling) == ["5"]


@pytest.mark.parametrize(("below", "timed"), [("", False), ("2026-03-02 10:00:00", True)])
def test_lines_below_the_one_that_says_that_their_order_was_cancelled_have_no_time_of_their_own(
    tmp_path: Path, below: str, timed: bool
) -> None:
    rows = [
        line
        for n in range(12)
        for line in (
            f"{n},p{n}@example.org,2026-03-01 10:00:00,10.00,EUR,MUG,1,5.00,{'2026-03-02 10:00:00' if n == 4 else ''}",
            f"{n},p{n}@example.org,2026-03-01 10:00:00,,EUR,LAMP,1,5.00,{below if n == 4 else ''}",
        )
    ]
    head = "Order ID,Email,Created at,Subtotal,Currency,SKU,Quantity,Price,Cancelled at"
    proposal = proposed(tmp_path, "orders.csv", head, *rows)
    assert ("ordered_at" in map_to(proposal, "order_lines")["set"]) is timed
    assert "ordered_at" in map_to(proposal, "orders")["set"]


def test_what_the_first_line_says_of_its_order_is_taken_and_paid_back(bench: Bench, tmp_path: Path) -> None:
    rows = [
        line
        for n in range(12)
        for line in (
            f"{n},p{n}@example.org,2026-03-01 10:00,EUR,{'Refunded' if n == 4 else 'Paid'},2.00,3.00,16.00,MUG,1,5.00",
            f"{n},p{n}@example.org,,,,,,,LAMP,2,5.00",
        )
    ]
    head = "Order ID,Email,Created at,Currency,Payment status,Discount,Shipping,Total,SKU,Quantity,Price"
    proposal = proposed(tmp_path / "in", "orders.csv", head, *rows)
    source = loaded(tmp_path, [proposal])
    bench.drop("shop/orders.csv", proposal.path.read_bytes())
    load(bench, source)
    sums = {(row["gross"], row["discount"], row["shipping"]) for row in canonical(bench, source, "orders")}
    assert sums == {(15, 2, 3)}
    assert [(row["order_id"], row["amount"]) for row in canonical(bench, source, "refunds")] == [("4", 13)]


def test_a_row_without_an_article_above_the_lines_of_an_order_is_none_of_them(bench: Bench, tmp_path: Path) -> None:
    rows = [
        line
        for n in range(12)
        for line in (
            f"{n},p{n}@example.org,2026-03-0{1 + n % 9},EUR,,3,15.00,4.00,19.00",
            f"{n},p{n}@example.org,2026-03-0{1 + n % 9},EUR,MUG,1,5.00,0.00,",
            f"{n},p{n}@example.org,2026-03-0{1 + n % 9},EUR,LAMP,2,10.00,0.00,",
        )
    ] + ["12,p12@example.org,2026-03-01,EUR,MUG,1,15.00,4.00,19.00"]
    head = "Order Number,Email,Sale Date,Currency,SKU,Quantity,Sold For,Postage And Packaging,Total Price"
    proposal = proposed(tmp_path / "in", "orders.csv", head, *rows)
    source = loaded(tmp_path, [proposal])
    bench.drop("shop/orders.csv", proposal.path.read_bytes())
    load(bench, source)
    assert [row["gross"] for row in canonical(bench, source, "orders")] == [15] * 13
    lines = sorted((row["product_id"], row["amount"]) for row in canonical(bench, source, "order_lines"))
    assert lines == [("LAMP", 10)] * 12 + [("MUG", 5)] * 12 + [("MUG", 15)]


def test_lines_come_to_what_is_left_without_tax_and_returns_name_the_sale(tmp_path: Path) -> None:
    rows = [
        f"{1 + n // 2:02d}.03.2026;10:00;T{n // 2};1;Haarschnitt;EUR;11,90;10,00;1,90;"
        for n in range(50)
    ] + [f"29.03.2026;10:00;T{90 + n};1;Haarschnitt;EUR;-11,90;-10,00;-1,90;T{n}" for n in range(5)]  # fmt: skip
    back = "Transaktionsnummer der erstatteten Zahlung"
    head = f"Datum;Uhrzeit;Transaktionsnummer;Menge;Beschreibung;Währung;Preis (brutto);Preis (netto);Steuer;{back}"
    proposal = proposed(tmp_path, "Verkaufsbericht.csv", head, *rows)
    assert map_to(proposal, "order_lines")["set"]["amount"] == '"Preis (netto)"'
    refund = map_to(proposal, "refunds")["set"]
    assert (refund["amount"], refund["order_id"]) == ('abs("Preis (netto)")', f'"{back}"')


def test_a_mere_name_in_lines_is_that_of_what_was_sold(tmp_path: Path) -> None:
    head = "order_product_id,order_id,product_id,name,model,quantity,price,total"
    rows = [f"{n},{n},{n % 7},Product {n % 7},M{n % 7},{1 + n % 2},10.00,{1 + n % 2}0.00" for n in range(1, 30)]
    stream = proposed(tmp_path, "oc_order_product.csv", head, *rows).stream
    (lines,) = stream["maps"]
    assert (lines["to"], lines["set"]["product_id"], lines["set"]["product_name"]) == (
        "order_lines", "product_id", "name",
    )  # fmt: skip


@pytest.mark.parametrize(("name", "whose"), [("Product {0}", "product_name"), ("Ann Bell{1}", "full_name")])
def test_whose_name_stands_in_lines_with_an_address_is_told_by_their_articles(
    tmp_path: Path, name: str, whose: str
) -> None:
    rows = [f"{n},p{n}@example.org,2026-03-01 10:00:00,{n % 7},{name.format(n % 7, n)},2,10.00" for n in range(30)]
    stream = proposed(tmp_path, "items.csv", "Order ID,Email,Order Date,SKU,Name,Quantity,Price", *rows).stream
    assert [column for map_ in stream["maps"] for column, sql in map_["set"].items() if sql == "Name"] == [whose]


def test_slips_and_payments_beside_their_lines_are_not_counted_again(bench: Bench, tmp_path: Path) -> None:
    rows = []
    for n in range(10):
        prices = [5 + n, 7, 3 * n + 1][: 1 + n % 3]
        slip = f"2026-03-{1 + n:02d} 10:00:00,{1000 + n}"
        rows.append(f"{slip},Sale,{len(prices)},{sum(prices)}.00,{sum(prices)}.00,,EUR")
        rows += [f"{slip},Sale Line,1,{price}.00,,M{price},EUR" for price in prices]
        rows.append(f"{slip},Payment,,,{sum(prices)}.00,,EUR")
    head = "Date,Receipt Number,Line Type,Quantity,Subtotal,Paid,Sku,Currency"
    proposal = proposed(tmp_path / "in", "sales.csv", head, *rows)
    source = loaded(tmp_path, [proposal])
    bench.drop("shop/sales.csv", proposal.path.read_bytes())
    load(bench, source)
    bought = canonical(bench, source, "order_lines")
    assert len(bought) == sum(",Sale Line," in row for row in rows)
    assert sum(line["amount"] for line in bought) == sum(int(row.split(",")[4][:-3]) for row in rows if ",Sale," in row)


def test_tax_that_another_amount_has_on_top_is_not_in_what_an_order_comes_to(tmp_path: Path) -> None:
    rows = [f"{n},3/{1 + n}/2026 10:00 AM,{n}0.00,{n}.50,{n % 3}.25,{11 * n + n % 3}.75" for n in range(1, 20)]
    proposal = proposed(tmp_path, "orders.csv", "Order Id,Opened,Amount,Tax,Tip,Total", *rows)
    assert map_to(proposal, "orders")["set"]["gross"] == "Amount"
    without = [row.rpartition(",")[0] for row in rows]
    proposal = proposed(tmp_path, "paid_orders.csv", "Order Id,Opened,Amount,Tax,Tip", *without)
    assert map_to(proposal, "orders")["set"]["gross"] == "Amount - coalesce(Tax, 0)"


def test_what_a_stay_comes_to_is_not_what_a_night_does(tmp_path: Path) -> None:
    rows = [f"{n},Guest {n},2026-03-{1 + n:02d},{1 + n % 4},{90 + n}.00,{(90 + n) * (1 + n % 4)}.00" for n in range(20)]
    head = "Confirmation No.,Guest Name,Booked On,Nights,Rate Amount,Total Revenue"
    assert map_to(proposed(tmp_path, "reservations.csv", head, *rows), "orders")["set"]["gross"] == '"Total Revenue"'


def given_back(bench: Bench, folder: Path, head: str, *rows: str) -> dict[str, float]:
    """What was given back by order."""
    proposal = proposed(folder / "in", "items.csv", head, *rows)
    source = loaded(folder, [proposal])
    bench.drop("shop/items.csv", proposal.path.read_bytes())
    load(bench, source)
    found: dict[str, float] = {}
    for refund in canonical(bench, source, "refunds"):
        found[refund["order_id"]] = found.get(refund["order_id"], 0) + float(refund["amount"])
    return found


@pytest.mark.parametrize("below", ["", "2.50"])
def test_what_was_given_back_for_an_order_counts_once_however_many_lines_say_so(
    bench: Bench, tmp_path: Path, below: str
) -> None:
    rows = [
        f"{item(n, article, '1', '5.00')},{said if n == 4 else other}"
        for n in range(12)
        for article, said, other in (("Mug", "2.50", "0.00"), ("Lamp", below, ""))
    ]
    assert given_back(bench, tmp_path, f"{ITEMS_OF_ORDERS},Amount Refunded", *rows) == {"4": 2.5}


def test_lines_that_were_paid_back_fully_or_in_part(bench: Bench, tmp_path: Path) -> None:
    said = {3: "1,0.00,1", 5: "1,2.00,0"}
    rows = [f"{item(n, f'Mug {n}', '2', '5.00')},{said.get(n, '0,0.00,0')}" for n in range(12)]
    head = f"{ITEMS_OF_ORDERS},Refunded?,Partial Refund ($),Fully Refunded?"
    assert given_back(bench, tmp_path, head, *rows) == {"3": 10, "5": 2}


def test_lines_whose_type_says_that_they_were_paid_back(bench: Bench, tmp_path: Path) -> None:
    rows = [f"{item(n, f'Seat {n}', '1', '5.00')},{'Refunded' if n == 4 else 'Completed'}" for n in range(12)]
    assert given_back(bench, tmp_path, f"{ITEMS_OF_ORDERS},Order Type", *rows) == {"4": 5}


def test_gifts_for_an_event_are_orders_that_come_to_what_was_given(tmp_path: Path) -> None:
    rows = [f"D{n},27/04/2026 09:40:{n:02d},10.00,9.50,2.50,d{n}@example.org,7781,Marathon,Card,GBP" for n in range(40)]
    head = "Donation Ref,Donation Date,Donation Amount,Donation Net Amount,Donation Gift Aid Amount,Donor E-mail,"
    proposal = proposed(tmp_path, "Donations.csv", f"{head}Event ID,Event Name,Payment Type,Currency", *rows)
    assert map_to(proposal, "orders")["set"]["gross"] == '"Donation Amount"'


def test_gifts_are_dated_by_when_they_were_received_and_come_to_what_was_given(tmp_path: Path) -> None:
    head = "Donation ID,Received Date,Email,Amount,Fee,Net Amount"
    rows = [f"{600 + n},2025-03-{1 + n % 28:02d},p{n}@example.org,100.00,2.50,97.50" for n in range(24)]
    order = map_to(proposed(tmp_path, "donations.csv", head, *rows), "orders")["set"]
    assert (order["ordered_at"], order["gross"]) == ('"Received Date"', "Amount")


@pytest.mark.parametrize(
    ("head", "number"),
    [
        ("Check Id,Opened Date,Opened Time,Customer Email,Total", '"Check Id"'),
        ("Номер,Дата,Время,Почта,Сумма", "Номер"),
        ("No,Date,Time,Email,Amount", "No"),
        ("Número de orden,Fecha,Hora,Email,Total", '"Número de orden"'),
    ],
)
def test_rows_with_a_number_a_time_and_a_sum_are_sales(tmp_path: Path, head: str, number: str) -> None:
    rows = [f"{9000 + n},2025-03-{1 + n % 28:02d},10:{n:02d},p{n % 9}@example.org,1{n}.50" for n in range(24)]
    order = map_to(proposed(tmp_path, "export.csv", head, *rows), "orders")
    assert order["set"]["order_id"] == number
    assert order["set"]["gross"]


def test_an_amount_of_what_is_taken_for_no_sales_is_told(tmp_path: Path) -> None:
    rows = [f"2025-03-{1 + n % 28:02d} 10:00,p{n % 9}@example.org,1{n}.50" for n in range(24)]
    proposal = proposed(tmp_path, "visits.csv", "Visit,Email,Amount", *rows)
    assert "Amount feeds no table: if rows are sales, map them into `orders`" in proposal.doubts


ORDERS = (
    "orden", "pedido", "ordine", "commande", "Bestellung", "Auftrag", "zamówienia", "encomenda", "bestelling", "venta",
    "vendita", "vente", "achat",
)  # fmt: skip


@pytest.mark.parametrize("order", ORDERS)
def test_numbers_of_orders_are_called_so_in_every_way(order: str) -> None:
    written_so = ("Número de {}", "Nº {}", "{} N°", "ID {}", "{} ID", "Numéro de la {}", "Numero dell'{}", "Nr. {}")
    assert all("order_id" in meanings(words_of(each.format(order))) for each in written_so)


@pytest.mark.parametrize(
    ("heading", "role"),
    [
        ("Номер заказа", "order_id"), ("注文ID", "order_id"), ("Gross Total", "amount"), ("請求金額", "amount"),
        ("Total Value", "amount"), ("Quantity_SKU", "quantity"), ("Buyer Username", "person_id"),
        ("Resident Code", "person_id"),
    ],
)  # fmt: skip
def test_what_systems_call_their_columns_is_understood(heading: str, role: str) -> None:
    assert next(meanings(words_of(heading))) == role


def lines_of_orders(extra: str, *, prices: int = 0) -> list[str]:
    """Lines of 24 orders, the second of each with the whole of it again, or one of some prices."""
    sums = [f"{20 + (n % prices if prices else n)}.50" for n in range(24)]
    head = [f"{1000 + n},p{n}@example.org,2025-03-{1 + n:02d} 10:00:00,{sums[n]}" for n in range(24)]
    states = ["Refunded" if n % 6 == 1 else "Paid" for n in range(24)]
    return [f"{head[n]},{states[n]},SKU{article}{extra}" for n in range(24) for article in range(1 + n % 2)]


@pytest.mark.parametrize(("heading", "extra"), [("", ""), (",Precio del producto", ",5.00")])
def test_what_an_order_comes_to_is_not_counted_on_each_of_its_lines(tmp_path: Path, heading: str, extra: str) -> None:
    head = f"Número de orden,Email,Fecha,Total,Estado del pago,SKU{heading}"
    proposal = proposed(tmp_path, "ventas.csv", head, *lines_of_orders(extra))
    line, refund = (map_to(proposal, table)["set"] for table in ("order_lines", "refunds"))
    assert line.get("amount") == ('"Precio del producto"' if heading else None)
    assert refund["amount"] == (line["amount"] if heading else "Total")
    assert map_to(proposal, "orders")["set"].get("gross") == (None if heading else "Total")


def test_prices_that_are_the_same_on_all_lines_of_an_order_are_those_of_lines(tmp_path: Path) -> None:
    head = "Order Number,Email,Date,Total,Payment Status,SKU"
    proposal = proposed(tmp_path, "tickets.csv", head, *lines_of_orders("", prices=3))
    assert map_to(proposal, "order_lines")["set"]["amount"] == "Total"


def test_credit_notes_are_returns(tmp_path: Path) -> None:
    kinds = ["Sales" if n % 6 else "Credit Note" for n in range(24)]
    rows = [f"2025-03-{1 + n:02d},{kinds[n]},SR/{n},p{n}@example.org,9.50" for n in range(24)]
    proposal = proposed(tmp_path, "register.csv", "Date,Voucher Type,Voucher No.,E-mail,Gross Total", *rows)
    assert "'credit note'" in map_to(proposal, "refunds")["where"]
    assert map_to(proposal, "orders")["where"].startswith("not coalesce(")


def test_the_plan_of_a_subscription_is_the_product_that_is_sent(tmp_path: Path) -> None:
    head = "subscription_id,customer_email,product_title,status,created_at,cancelled_at"
    rows = [f"{n},p{n}@example.org,Coffee,ACTIVE,2025-04-{1 + n:02d} 13:58:00," for n in range(24)]
    started = map_to(proposed(tmp_path, "subscriptions.csv", head, *rows), "subscriptions")
    assert started["set"]["plan"] == "product_title"


@pytest.mark.parametrize(
    ("texts", "pattern"),
    [
        (["20 de septiembre de 2025 11:42 hs.", "7 de mayo de 2025 01:33 hs."], "%d %B %Y %H:%M hs."),
        (["3 de março de 2025 11:42", "7 de maio de 2025 01:33"], "%d %B %Y %H:%M"),
        (["3 août 2025 11:42", "7 mai 2025 01:33"], "%d %B %Y %H:%M"),
        (["3. März 2025 11:42", "7. Mai 2025 01:33"], "%d %B %Y %H:%M"),
        (["3 марта 2025 11:42", "7 мая 2025 01:33"], "%d %B %Y %H:%M"),
        (["3. maj 2025", "7. marts 2025"], "%d %B %Y"),
        (["Fri 01/03/2025", "Sat 01/04/2025", "Sun 01/05/2025"], "%a %m/%d/%Y"),
        (["Fri 03/01/2025", "Sat 04/01/2025", "Sun 05/01/2025"], "%a %d/%m/%Y"),
    ],
)
def test_months_in_words_and_days_of_the_week_are_read(texts: list[str], pattern: str) -> None:
    assert judge(list(texts)).formats == (pattern,)


def test_dates_with_months_in_words_are_read_as_dates(tmp_path: Path) -> None:
    contacts = proposed(tmp_path, "kunden.csv", "Kundennr;E-Mail;Geburtsdatum", "1;a@example.org;12. März 1980")
    assert map_to(contacts, "contacts")["set"]["birth_date"] == "Geburtsdatum_date"
    assert contacts.stream["derive"]["Geburtsdatum_date"].endswith("'%d %B %Y') as date)")
