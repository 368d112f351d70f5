"""Files that no template knows load as they are proposed, and their rows become what their headings say."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from cdp_assets.sources.proposing.phrases import meanings, words_of
from cdp_assets.sources.proposing.propose import Proposal, propose
from cdp_assets.sources.spec import SourceSpec
from cdp_assets_tests.normalised.bench import canonical, load, outcome, typed
from cdp_assets_tests.sources import unseen
from cdp_assets_tests.sources.shop import AS_OF, Bench
from cdp_assets_tests.sources.test_proposing import loaded, written

KINDS = {
    "Kundenstamm.csv": "contacts", "Bestellungen_2025.csv": "lines", "kassenbons.csv": "lines",
    "clients.csv": "contacts",
    "commandes.csv": "orders", "pedidos.csv": "orders", "clienti.json": "contacts", "bestellingen.jsonl.gz": "orders",
    "clientes_pt.csv": "contacts", "sprzedaz.csv": "lines", "SalesExport.csv": "lines", "members.csv": "contacts",
    "nps_umfrage.csv": "survey_responses", "web_events.jsonl": "events", "tickets.csv": "tickets",
    "bookings.csv": "orders", "donations.csv": "orders", "abos.csv": "subscriptions",
    "marketplace_orders.csv": "orders", "returns.csv": "refunds", "loyalty_export.csv": "loyalty",
    "page_views.csv": "events", "track.jsonl": "events", "gym_checkins.csv": "events",
    "email_events.csv": "engagements", "reviews.csv": "survey_responses", "form_answers.csv": "survey_responses",
    "support_chats.csv": "interactions", "unsubscribes.csv": "contacts", "consents_export.csv": "consents",
    "call_log.csv": "interactions", "facture_lignes.csv": "lines", "patients.csv": "contacts",
    "gdpr_requests.csv": "contacts",
}  # fmt: skip


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> tuple[Bench, SourceSpec, dict[str, Proposal]]:
    """All files, proposed as one source and loaded."""
    folder = tmp_path_factory.mktemp("unseen")
    bench = Bench(folder)
    found = {}
    for name, content in unseen.files().items():
        found[name] = propose(written(folder / "in", name, content), "shop", zone="Europe/Berlin")
        bench.drop(f"shop/{name}", content)
    source = loaded(folder, list(found.values()))
    load(bench, source)
    return bench, source, found


Shop = tuple[Bench, SourceSpec, dict[str, Proposal]]


def test_what_the_rows_of_each_file_are_is_told(shop: Shop) -> None:
    assert {name: proposal.kind for name, proposal in shop[2].items()} == KINDS


def test_every_row_of_every_file_is_accepted(shop: Shop) -> None:
    bench, source, _ = shop
    assert {stream.name for stream in source.streams if not stream.maps} == set()
    refused = {
        stream.name: set(outcome(bench, f"shop__{stream.name}")) - {("accepted", None)} for stream in source.streams
    }
    assert {name: told for name, told in refused.items() if told} == {}
    assert all(len(outcome(bench, f"shop__{stream.name}")) == 25 for stream in source.streams)


def of_stream(shop: Shop, table: str, stream: str) -> list[dict[str, Any]]:
    bench, source, _ = shop
    (one,) = (each for each in source.streams if each.name == stream)
    return canonical(bench, SourceSpec("shop", (one,), country="DE"), table)


def test_people_of_four_countries_have_names_birthdays_and_addresses(shop: Shop) -> None:
    for stream, name, country in (
        ("kundenstamm", ("Ann", "Müller"), "DE"),
        ("clients", ("Ann", "Müller"), "FR"),
        ("clienti", ("Ann", "Müller"), "IT"),
    ):
        (first,) = (row for row in of_stream(shop, "contacts", stream) if row["family_name"] == "Müller"
                    and str(row["birth_date"]) == "1980-02-01")  # fmt: skip
        assert (first["given_name"], first["family_name"]) == name
        assert {row["country"] for row in of_stream(shop, "contact_points", stream) if row["kind"] == "postal"} == {
            country
        }
    points = of_stream(shop, "contact_points", "kundenstamm")
    assert {"Hauptstraße 1", "Hauptstraße 24"} <= {row["line_1"] for row in points}
    assert "+49351100001" in {row["value"] for row in points}
    genders = {row["gender"] for row in of_stream(shop, "contacts", "clients")}
    assert genders == {"female", "male"}


def test_a_box_that_was_ticked_is_consent_but_not_the_persons_own_word(shop: Shop) -> None:
    found = of_stream(shop, "consents", "kundenstamm")
    assert {(row["status"], row["explicit"]) for row in found} == {("granted", False), ("denied", False)}
    at = {
        status: {str(row["occurred_at"])[:7] for row in found if row["status"] == status}
        for status in ("granted", "denied")
    }
    assert at == {"granted": {"2024-03"}, "denied": {str(AS_OF)[:7]}}


def test_orders_that_were_cancelled_do_not_count_and_delivery_is_no_revenue(shop: Shop) -> None:
    orders = of_stream(shop, "orders", "commandes")
    assert len(orders) == 24
    first = min(orders, key=lambda row: str(row["ordered_at"]))
    assert (str(first["gross"]), str(first["shipping"]), str(first["ordered_at"])[:16]) == (
        "16.00",
        "4.90",
        "2025-04-01 12:00",
    )
    assert len(of_stream(shop, "orders", "bestellungen")) == 12
    assert {str(row["unit_price"]) for row in of_stream(shop, "order_lines", "bestellungen")} >= {"1024.50"}


def test_till_slips_begin_each_day_with_number_1_and_have_their_time_of_day(shop: Shop) -> None:
    orders = of_stream(shop, "orders", "kassenbons")
    assert len(orders) == 14  # the last slip is a return
    assert {str(row["ordered_at"]) for row in orders} >= {"2026-02-01 08:00:00+00:00"}
    (refund,) = of_stream(shop, "refunds", "kassenbons")
    assert str(refund["amount"]) == "3.99"


def test_dates_of_spreadsheets_dollars_and_the_month_first(shop: Shop) -> None:
    assert str(min(row["created_at"] for row in of_stream(shop, "contacts", "members")))[:10] == "2024-01-01"
    orders = of_stream(shop, "orders", "sales")
    assert {row["currency"] for row in orders} == {"USD"}
    assert str(min(row["ordered_at"] for row in orders))[:10] == "2025-12-01"


def test_a_name_under_customer_is_a_name_and_no_number(shop: Shop) -> None:
    proposal = shop[2]["pedidos.csv"]
    assert [identifier["type"] for identifier in proposal.stream["identifiers"]] == ["order_number", "email"]
    assert {row["full_name"] for row in of_stream(shop, "contacts", "pedidos")} >= {"Ann Müller"}


def identifiers(shop: Shop, file: str) -> list[tuple[str, str]]:
    return [(each["type"], each["value"]) for each in shop[2][file].stream.get("identifiers", ())]


def test_what_people_do_has_numbers_of_its_own_and_makes_no_people(shop: Shop) -> None:
    for file in ("bookings.csv", "donations.csv", "loyalty_export.csv", "reviews.csv", "gdpr_requests.csv"):
        assert "person" not in shop[2][file].stream, file
    assert identifiers(shop, "bookings.csv") == [("order_number", "booking_ref"), ("email", "guest_email")]
    assert identifiers(shop, "reviews.csv") == [("email", "reviewer_email")]
    assert {row["full_name"] for row in of_stream(shop, "contacts", "bookings")} >= {"Ann Müller"}


def test_people_who_are_there_twice_are_people(tmp_path: Path) -> None:
    text = "unique_id,first_name,surname,dob,city,email\n" + "".join(
        f"{n},Ann,Lee{n % 9},1980-01-{1 + n % 9:02d},London,p{n % 9}@example.org\n" for n in range(25)
    )
    stream = propose(written(tmp_path, "people.csv", text), "shop").stream
    assert (stream["key"], stream["person"]) == (["unique_id"], True)


def people_of(tmp_path: Path, content: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """What the proposal for a file of people makes of it: contacts, and postal addresses, in the order of its rows."""
    bench = Bench(tmp_path)
    found = propose(written(tmp_path / "in", "people.csv", content.encode()), "shop")
    bench.drop("shop/people.csv", content.encode())
    source = loaded(tmp_path, [found])
    load(bench, source)
    contacts = canonical(bench, source, "contacts")
    return contacts, [row for row in canonical(bench, source, "contact_points") if row["kind"] == "postal"]


def test_middle_names_suffixes_and_birth_dates_in_three_columns_are_a_persons(tmp_path: Path) -> None:
    rows = "".join(
        f"{number},Ann,{'B.' if number % 2 else ''},Miller,{'Jr' if number % 3 == 0 else ''},1980,{1 + number % 12},7,"
        f"{number} High St,Carlton,305{number % 10}\n"
        for number in range(25)
    )
    contacts, points = people_of(
        tmp_path,
        "member_id,first_name,middle_name,last_name,suffix,birth_year,birth_month,birth_day,address,suburb,postcode\n"
        + rows,
    )
    told = {(row["given_name"], row["family_name"], str(row["birth_date"])) for row in contacts}
    assert told == {
        (f"Ann{' B.' if number % 2 else ''}", f"Miller{' Jr' if number % 3 == 0 else ''}",
         f"1980-{1 + number % 12:02d}-07")
        for number in range(25)
    }  # fmt: skip
    assert {row["city"] for row in points} == {"Carlton"}


def test_a_town_alone_is_where_somebody_lives(tmp_path: Path) -> None:
    rows = "".join(f"{number},Ann,Miller{number},{'Carlton' if number % 2 else 'Fitzroy'}\n" for number in range(25))
    _, points = people_of(tmp_path, "member_id,first_name,last_name,city\n" + rows)
    assert {(row["kind"], row["value"], row["city"]) for row in points} == {
        ("postal", "Carlton", "Carlton"), ("postal", "Fitzroy", "Fitzroy"),
    }  # fmt: skip


def test_a_year_of_birth_alone_is_told(tmp_path: Path) -> None:
    people = [f"{number},Ann,Miller{number},{1950 + number},{number} High St,3050,Carlton\n" for number in range(25)]
    contacts, _ = people_of(
        tmp_path, "member_id,first_name,last_name,year_of_birth,address,postcode,suburb\n" + "".join(people)
    )
    assert {row["birth_year"] for row in contacts} == {1950 + number for number in range(25)}


def test_an_age_is_told_as_the_year_of_birth(tmp_path: Path) -> None:
    aged = [f"{number},Ann,Miller{number},{20 + number},2024-03-0{1 + number % 9}\n" for number in range(25)]
    contacts, _ = people_of(tmp_path, "member_id,first_name,last_name,age,updated_at\n" + "".join(aged))
    assert {row["birth_year"] for row in contacts} == {2004 - number for number in range(25)}


def test_dates_of_eight_digits_are_dates_though_some_days_do_not_exist(tmp_path: Path) -> None:
    rows = "".join(
        f"{number},Ann,Miller{number},1980{1 + number % 12:02d}{'31' if number == 5 else '07'}\n"
        for number in range(25)
    )
    contacts, _ = people_of(tmp_path, "member_id,first_name,last_name,date_of_birth\n" + rows)
    told = [str(row["birth_date"]) for row in contacts]
    assert sum(born == "None" for born in told) == 1
    assert {born for born in told if born != "None"} == {f"1980-{month:02d}-07" for month in range(1, 13)}


def test_amounts_that_all_differ_are_nobodys_number(shop: Shop) -> None:
    assert identifiers(shop, "loyalty_export.csv") == [("loyalty_number", "card_number"), ("email", "customer_email")]


def test_nobody_is_known_by_the_telephone_of_their_relatives(shop: Shop) -> None:
    assert [value for type_, value in identifiers(shop, "patients.csv") if type_ == "phone"] == ["phone_mobile"]
    assert {str(row["birth_date"]) for row in of_stream(shop, "contacts", "patients")} >= {"1980-02-01", "1980-02-25"}


def test_lines_of_one_invoice_are_one_order(shop: Shop) -> None:
    assert len(of_stream(shop, "orders", "facture_lignes")) == 13
    lines = of_stream(shop, "order_lines", "facture_lignes")
    assert {(str(row["quantity"]), str(row["amount"])) for row in lines} == {
        ("1.0", "10.00"), ("2.0", "20.00"), ("3.0", "30.00"),
    }  # fmt: skip


def test_the_address_of_the_shop_is_nobodys(shop: Shop) -> None:
    assert ("email", '"Seller Email"') not in identifiers(shop, "marketplace_orders.csv")
    twenty = "".join(f"2026-05-01,p{n}@example.org,shop@example.org,opened,+49301234567\n" for n in range(20))
    file = written(shop[0].folder / "in", "mails.csv", "at,from_address,to_address,event,phone\n" + twenty)
    assert [each["value"] for each in propose(file, "shop").stream["identifiers"]] == ["from_address"]


def test_rows_of_one_order_are_not_taken_for_one_return(shop: Shop) -> None:
    assert shop[2]["returns.csv"].stream["key"] == ["rma"]
    refunds = of_stream(shop, "refunds", "returns")
    assert {(row["order_id"][0], str(row["amount"])) for row in refunds} == {("O", "12.50")}


def test_amounts_with_tax_in_them_have_it_taken_out(shop: Shop) -> None:
    orders = of_stream(shop, "orders", "marketplace_orders")
    assert {(str(row["gross"]), str(row["tax"]), str(row["shipping"])) for row in orders} == {("17.00", "3.00", "4.00")}
    (refund,) = of_stream(shop, "refunds", "marketplace_orders")
    assert str(refund["amount"]) == "5.00"


def test_who_unsubscribed_refuses_by_their_own_word(shop: Shop) -> None:
    found = of_stream(shop, "consents", "unsubscribes")
    assert len(found) == 25
    assert {(row["status"], row["explicit"], row["purpose"]) for row in found} == {("withdrawn", True, "marketing")}
    assert str(min(row["occurred_at"] for row in found))[:16] == "2026-05-01 10:00"


def test_words_of_mailing_tools_are_actions(shop: Shop) -> None:
    found = of_stream(shop, "engagements", "email_events")
    assert {row["action"] for row in found} == {"opened", "clicked", "sent", "bounced"}


def test_events_without_a_number_are_told_apart_by_who_did_them(shop: Shop) -> None:
    for stream, name in (("page_views", "page"), ("gym_checkins", "gym_checkins"), ("track", "Played")):
        found = of_stream(shop, "events", stream)
        assert {row["event_name"] for row in found} == {name}
        assert len({row["event_id"] for row in found}) == 25


@pytest.mark.parametrize(
    ("heading", "role"),
    [
        ("Kd.-Nr.", "person_id"), ("Kundennummer", "person_id"), ("KUNDENNR", "person_id"), ("customerId", "person_id"),
        ("Numéro de client", "person_id"), ("Klantnummer", "person_id"), ("Numer klienta", "person_id"),
        ("E-Mail-Adresse", "email"), ("Adresse mail", "email"), ("Correo electrónico", "email"),
        ("Adres e-mail", "email"),
        ("Rechnungsadresse Straße", "street"), ("Billing Street", "street"), ("Vorname", "given_name"),
        ("Waehrung", "currency"), ("Währung", "currency"), ("Postleitzahl", "postal_code"), ("CAP", "postal_code"),
        ("Bestellnr.", "order_id"), ("N° de commande", "order_id"), ("Paragon", "order_id"), ("Qté", "quantity"),
        ("Artikelnr", "sku"), ("Référence produit", "sku"), ("Betrag", "amount"), ("Montant TTC", "amount"),
        ("Order Total (incl. VAT)", "amount"), ("Subtotal (ex tax)", "gross"), ("Order #", "order_id"),
        ("Discount Tax", "nothing"), ("Betrag inkl. MwSt.", "amount"), ("referrerUrl", "referrer"),
        ("smtp-id", "message_id"),
        ("quantity-purchased", "quantity"), ("customers.id", "person_id"), ("utm_campaign", "utm_campaign"),
        ("CEP", "postal_code"),
        ("Číslo zákazníka", "person_id"), ("Příjmení", "family_name"), ("Kundnummer", "person_id"),
        ("E-post", "email"), ("Belopp inkl. moms", "amount"), ("Sähköposti", "email"), ("Müşteri No", "person_id"),
        ("SOYADI", "family_name"), ("İlçe", "region"), ("Vevőkód", "person_id"), ("Irányítószám", "postal_code"),
        ("Cod poștal", "postal_code"), ("Κωδικός πελάτη", "person_id"), ("Επώνυμο", "family_name"),
        ("顧客ID", "person_id"), ("メールアドレス", "email"), ("ﾒｰﾙｱﾄﾞﾚｽ", "email"),
        ("订单编号", "order_id"), ("手机号", "phone"),
        ("고객번호", "person_id"), ("البريد الإلكتروني", "email"),
        ("statusName", "status"), ("Spedizione", "shipping"), ("evt_name", "event_name"),
    ],
)  # fmt: skip
def test_headings_mean_what_people_mean(heading: str, role: str) -> None:
    assert next(meanings(words_of(heading)), None) == role


@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("zákazníci.csv", "Číslo zákazníka;Jméno;Příjmení;E-mail;Mobil;Město;Datum registrace;E-mail obchodníka"),
        ("asiakkaat.csv", "Asiakasnumero;Etunimi;Sukunimi;Sähköposti;Puhelin;Kaupunki;Luotu;Myyjän sähköposti"),
        ("顧客一覧.csv", "顧客番号;名;姓;メールアドレス;電話番号;市区町村;登録日;担当者メール"),
        ("고객.csv", "고객번호;이름;성;이메일;휴대폰;도시;가입일;담당자 이메일"),
    ],
)
def test_people_of_other_alphabets_have_numbers_names_and_addresses(tmp_path: Path, name: str, head: str) -> None:
    rows = "".join(f"{n};Ann;Lee;p{n}@x.org;+4915100{n:04d};Rom;2026-01-02;rep@x.org\n" for n in range(15))
    proposal = propose(written(tmp_path, name, f"{head}\n{rows}"), "shop")
    number, *_ = headings = head.split(";")
    stream = loaded(tmp_path, [proposal]).streams[0]
    assert (stream.key, stream.person, stream.event_time) == ((number,), True, headings[6])
    assert [each.type for each in stream.identifiers] == ["customer_number", "email", "phone"]
    assert re.fullmatch(r"[a-z][a-z0-9_]*", stream.name)


def test_a_derived_column_takes_no_name_that_is_there(bench: Bench, tmp_path: Path) -> None:
    text = "customer_id,email,Country,Country_code\n" + "".join(f"{n},p{n}@example.org,France,\n" for n in range(1, 25))
    source = loaded(tmp_path, [propose(written(tmp_path / "in", "people.csv", text), "shop")])
    assert len(source.streams) == 1


def test_people_count_without_a_birthday_that_is_none(bench: Bench, tmp_path: Path) -> None:
    born = ["1862-81-01" if number % 20 == 0 else f"1990-01-{1 + number % 28:02d}" for number in range(100)]
    text = "member_id,first_name,last_name,dob\n" + "".join(f"m{n},Ann,Lee{n},{day}\n" for n, day in enumerate(born))
    proposal = propose(written(tmp_path, "members.csv", text), "shop")
    assert "5 of 100 values of dob are no date: such rows count without it (`data_type`)" in proposal.doubts
    bench.drop("shop/members.csv", text)
    load(bench, loaded(tmp_path, [proposal]))
    assert outcome(bench, "shop__members") == [("accepted", None)] * 100
    assert sum(each["dob"] is None for each in typed(bench, "shop__members")) == 5


def test_nothing_that_nobody_uses_refuses_a_row(bench: Bench, tmp_path: Path) -> None:
    text = "invoice_no,email,ordered_at,total,Amount Due,Floor\n" + "".join(
        f"i{n},p{n}@example.org,2026-01-05 10:00:00,{n}.50,{'45.10' if n == 7 else 0},{'attic' if n == 9 else n}\n"
        for n in range(40)
    )
    proposal = propose(written(tmp_path / "in", "invoices.csv", text), "shop", zone="UTC")
    assert {name: proposal.stream["columns"][name]["type"] for name in ("Amount Due", "Floor")} == {
        "Amount Due": "decimal",
        "Floor": "string",
    }
    told = "1 of 40 values of Floor are no integer: it is taken as text, since nothing is made of it"
    assert told in proposal.doubts
    bench.drop("shop/invoices.csv", text)
    load(bench, loaded(tmp_path, [proposal]))
    assert outcome(bench, "shop__invoices") == [("accepted", None)] * 40


def test_orders_with_an_amount_that_is_none_go_to_quarantine_and_it_is_said(tmp_path: Path) -> None:
    amounts = ["on request" if number % 20 == 0 else f"{number}.50" for number in range(100)]
    text = "order_id,email,ordered_at,total\n" + "".join(
        f"o{n},p{n % 30}@example.org,2026-01-05 10:00:00,{amount}\n" for n, amount in enumerate(amounts)
    )
    proposal = propose(written(tmp_path, "orders.csv", text), "shop")
    assert "contract" not in proposal.stream
    assert "5 of 100 values of total are no decimal: such rows go to quarantine" in proposal.doubts


def test_people_of_other_centuries_have_their_birthdays(tmp_path: Path) -> None:
    text = "person_id,first_name,last_name,dob\n" + "".join(
        f"q{n},Ann,Lee{n},18{n % 90 + 10}-02-03\n" for n in range(100)
    )
    proposal = propose(written(tmp_path, "people.csv", text), "archive")
    assert proposal.stream["columns"]["dob"] == {"type": "date"}
    assert "100 of 100 values of dob lie before 1900: taken as they are" in proposal.doubts


def test_gifts_called_subscriptions_are_orders_and_what_feeds_no_table_is_told(tmp_path: Path) -> None:
    gifts = "".join(f"g{n},2026-01-02T10:00:00Z,p{n % 9}@example.org,50.00\n" for n in range(30))
    head = "gift_id,purchased_at,giver_email,amount\n"
    assert propose(written(tmp_path, "gift_subscriptions.csv", head + gifts), "shop").kind == "orders"
    mails = "".join(f"m{n},Help,open,2026-01-02 10:00:00,p{n % 9}@example.org\n" for n in range(30))
    head = "Message ID,Subject,Status,Created,From\n"
    proposal = propose(written(tmp_path, "messages.csv", head + mails), "shop")
    assert "maps" not in proposal.stream
    assert any("feed no table" in doubt or "can be made" in doubt for doubt in proposal.doubts)


def test_a_price_per_unit_is_that_of_the_line_and_not_the_sum_of_its_invoice(tmp_path: Path) -> None:
    rows = "".join(f"{n // 2},a{n // 2}@example.org,2026-01-02T10:00:00Z,29.00,Seat {n},1,14.50\n" for n in range(30))
    head = "invoice_number,account_email,created_at,subtotal,line_item_description,line_item_quantity,"
    text = f"{head}line_item_unit_amount\n{rows}"
    maps = propose(written(tmp_path, "invoices.csv", text), "shop").stream["maps"]
    (line,) = (map_["set"] for map_ in maps if map_["to"] == "order_lines")
    assert line["unit_price"] == "line_item_unit_amount"


def test_visits_of_one_day_have_their_time_of_day(tmp_path: Path) -> None:
    rows = "".join(f"{n % 9},01/{1 + n // 2:02d}/2026,0{n % 9 + 1}:00 PM,Yoga\n" for n in range(40))
    stream = propose(
        written(tmp_path, "attendance.csv", "Client ID,Visit Date,Visit Time,Class\n" + rows), "gym"
    ).stream
    assert stream["event_time"] == "Visit Date_time"


@pytest.mark.parametrize(
    ("amounts", "sums"),
    [
        (("1.250", "980", "12.500"), {"1250.00", "980.00", "12500.00"}),
        (("1.250 €", "980 €"), {"1250.00", "980.00"}),
        (("50", "1.250", "25,50", "1.234,56"), {"50.00", "1250.00", "25.50", "1234.56"}),
    ],
)
def test_dots_of_thousands_are_no_decimal_points(
    bench: Bench, tmp_path: Path, amounts: tuple[str, ...], sums: set[str]
) -> None:
    rows = "".join(f"S{n};02.01.2026;p{n % 9}@example.org;{amounts[n % len(amounts)]};Bau\n" for n in range(24))
    text = "Spenden-Nr;Datum;E-Mail;Betrag;Zweck\n" + rows
    source = loaded(tmp_path, [propose(written(tmp_path / "in", "spenden.csv", text), "shop")])
    bench.drop("shop/spenden.csv", text.encode())
    load(bench, source)
    assert {str(row["gross"]) for row in canonical(bench, source, "orders")} == sums


@pytest.mark.parametrize("titles", [("Mr", "Ms."), ("Mr", "Ms.", "Dr", "Rev. Dr"), ("Mr", "Ms Dr", "Mr & Mrs")])
def test_how_people_are_addressed_is_no_job(tmp_path: Path, titles: tuple[str, ...]) -> None:
    rows = "".join(f"{n},{titles[n % len(titles)]},Ann,Lee{n},p{n}@example.org\n" for n in range(25))
    text = "Customer No,Title,First Name,Last Name,Email\n" + rows
    (contacts, *_) = propose(written(tmp_path, "people.csv", text), "shop").stream["maps"]
    assert ("job_title" in contacts["set"], "gender" in contacts["set"]) == (False, True)
    women, couples = ("'ms dr'" in contacts["set"]["gender"]), ("'mr & mrs'" in contacts["set"]["given_name"])
    assert (women, couples) == ("Ms Dr" in titles, "Mr & Mrs" in titles)
