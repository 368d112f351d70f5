"""Numbers and addresses of others than the row's person never say who a row is about, whatever they are called."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from cdp_assets.sources.proposing.propose import propose
from cdp_assets.warehouse.sql_parsing import plain_name
from cdp_assets_tests.normalised.bench import canonical, load, outcome, typed
from cdp_assets_tests.sources.shop import Bench
from cdp_assets_tests.sources.test_proposing import loaded, written
from cdp_assets_tests.sources.test_relational_exports import table

GIVEN = ("Ann", "Bernd", "Zoe")
FAMILY = ("Lee", "Novak", "Costa", "Weber", "Rossi", "Berg", "Silva", "Nagy", "Olsen", "Maes")
"""Three of a family; n // 3 counts families, and n % 3 who of one it is."""


def stream(folder: Path, name: str, text: str) -> dict[str, Any]:
    return propose(written(folder, name, text), "shop").stream


def identifiers(found: dict[str, Any]) -> list[tuple[str, str]]:
    return [(each["type"], each["value"]) for each in found.get("identifiers", ())]


@pytest.mark.parametrize("heading", ["Zuständig", "Kontakt intern E-Mail", "担当"])
def test_whoever_looks_after_many_people_is_none_of_them(tmp_path: Path, heading: str) -> None:
    text = table(
        f"Kundennr,Vorname,Nachname,{heading},E-Mail",
        *(f"K{n},{GIVEN[n % 3]},Lee{n},tim{n % 4}@firm.example,p{n}@example.org" for n in range(30)),
    )
    found = stream(tmp_path, "kunden.csv", text)
    assert identifiers(found) == [("customer_number", "Kundennr"), ("email", '"E-Mail"')]
    points = [map_["set"]["value"] for map_ in found["maps"] if map_["to"] == "contact_points"]
    assert points == ['"E-Mail"']


def test_the_telephone_of_a_company_is_that_of_none_of_its_people(tmp_path: Path) -> None:
    text = table(
        "Firma,Ansprechpartner,E-Mail,Telefon",
        *(f"Firma {n // 5},{GIVEN[n % 3]} Lee{n},p{n}@firm{n // 5}.example,0351 22{n // 5:04d}" for n in range(15)),
    )
    assert identifiers(stream(tmp_path, "ansprechpartner.csv", text)) == [("email", '"E-Mail"')]


def test_who_drove_says_nothing_of_who_rode(tmp_path: Path) -> None:
    text = table(
        "trip_id,partner_phone,rider_phone,requested_at",
        *(f"t{n},+4930100{n % 5:04d},+4915100{n % 28:04d},2026-01-{1 + n % 28:02d}T10:00:00Z" for n in range(90)),
    )
    assert identifiers(stream(tmp_path, "trips.csv", text)) == [("phone", "rider_phone")]


@pytest.mark.parametrize("head", ["inviter_user_id,inviter_email,friend_email", "user_id,user_email,sent_to_email"])
def test_whom_people_invite_is_not_who_they_are(tmp_path: Path, head: str) -> None:
    rows = (f"{n},{n % 10},p{n % 10}@example.org,f{n}@example.org,2026-01-02T10:00:00Z" for n in range(60))
    found = stream(tmp_path, "invitations.csv", table(f"id,{head},invited_at", *rows))
    user, mail, _ = head.split(",")
    assert {*identifiers(found)} == {("user_id", user), ("email", mail)}


def test_nobody_is_born_when_their_animals_are(tmp_path: Path) -> None:
    text = table(
        "Animal ID,Species,Owner No,Client Name,Client Email,Birth Date",
        *(
            f"A{n},Dog,{n % 20},Ann {FAMILY[n % 10]}{n % 20},p{n % 20}@example.org,2020-0{1 + n // 20}-{1 + n % 28:02d}"
            for n in range(60)
        ),
    )
    (contacts, *_) = stream(tmp_path, "animals.csv", text)["maps"]
    assert (contacts["to"], "birth_date" in contacts["set"]) == ("contacts", False)


def test_families_of_one_address_keep_it(tmp_path: Path) -> None:
    text = table(
        "Customer No,First Name,Last Name,Email",
        *(f"K{n},{GIVEN[n % 3]},Lee{n // 3},f{n // 3}@example.org" for n in range(30)),
    )
    assert ("email", "Email") in identifiers(stream(tmp_path, "people.csv", text))


@pytest.mark.parametrize("heading", ["Upline Address", "Paid By Email"])
def test_who_is_in_another_row_is_not_the_person_of_this_one(tmp_path: Path, heading: str) -> None:
    text = table(
        f"Recruited Member ID,Member ID,First Name,{heading},Email",
        *(f"M{n // 4},M{n},Ann,p{n // 4}@example.org,p{n}@example.org" for n in range(30)),
    )
    found = stream(tmp_path, "members.csv", text)
    assert identifiers(found) == [("customer_number", '"Member ID"'), ("email", "Email")]
    assert found["key"] == ["Member ID"]


@pytest.mark.parametrize(
    ("head", "number"),
    [
        ("Family Card Number,Member Name", "9900{0}"),
        ("Customer Number,Account Holder", "4000{0}"),
        ("Membership No,Name of member", "M{0}"),
        ("Guest No,Guest Name", "{1}"),
    ],
)
def test_a_number_that_people_of_different_names_share_is_nobodys(tmp_path: Path, head: str, number: str) -> None:
    rows = (f"{number.format(n // 3, n % 3)},{GIVEN[n % 3]} {FAMILY[n // 3]},f{n // 3}@example.org" for n in range(30))
    proposal = propose(written(tmp_path, "list.csv", table(f"{head},Email", *rows)), "shop")
    assert identifiers(proposal.stream) == [("email", "Email")]
    assert any("nobody is known by it" in doubt for doubt in proposal.doubts)


def test_a_number_under_which_a_name_is_written_in_several_ways_is_a_persons(tmp_path: Path) -> None:
    names = ("Ann Lee", "LEE ANN", "Anne Lee")
    text = table(
        "Customer Number,Customer Name,Order No,Order Date,Total",
        *(f"K{n // 3},{names[n % 3]},B{n},2026-01-{1 + n % 28:02d},9.90" for n in range(30)),
    )
    assert ("customer_number", '"Customer Number"') in identifiers(stream(tmp_path, "orders.csv", text))


def test_members_of_a_family_with_one_card_and_address_are_people_of_their_own(bench: Bench, tmp_path: Path) -> None:
    text = table(
        "Family Card Number,Member Name,Email,Joined",
        *(f"9900{n // 3},{GIVEN[n % 3]} {FAMILY[n // 3]},f{n // 3}@example.org,2026-01-02" for n in range(30)),
    )
    source = loaded(tmp_path, [propose(written(tmp_path / "in", "members.csv", text), "shop")])
    bench.drop("shop/members.csv", text.encode())
    load(bench, source)
    assert outcome(bench, "shop__members") == [("accepted", None)] * 30
    assert len({row["cdp_record_id"] for row in typed(bench, "shop__members")}) == 30
    assert len({row["full_name"] for row in canonical(bench, source, "contacts")}) == 30


def test_guests_of_one_booking_are_not_one_person_and_each_ticket_is_a_line(tmp_path: Path) -> None:
    text = table(
        "Order no.,Attendee no.,Order Date,Attendee First Name,Attendee Last Name,Buyer Email,Ticket Price",
        *(f"{n // 3},{n},2026-01-02 10:00,{GIVEN[n % 3]},Lee{n},b{n // 3}@example.org,25.00" for n in range(30)),
    )
    proposal = propose(written(tmp_path, "attendees.csv", text), "shop")
    assert proposal.kind == "lines"
    assert identifiers(proposal.stream) == [("email", '"Buyer Email"')]


def test_words_among_numbers_stand_for_nobody(tmp_path: Path) -> None:
    text = table(
        "Invoice No,Invoice Date,Customer Code,Total",
        *(f"{n},2026-01-02,{'CASH' if n % 2 else f'C{n}'},9.90" for n in range(40)),
    )
    guarded = 'case when regexp_matches("Customer Code", \'[0-9]\') then "Customer Code" end'
    assert ("customer_number", guarded) in identifiers(stream(tmp_path, "sales.csv", text))


def test_the_number_of_a_thing_is_no_key_of_people(tmp_path: Path) -> None:
    text = table(
        "VIN,Licence plate,First Name,Last Name,Email",
        *(f"WVW{n:05d},DD-X {n},Ann,Lee{n},p{n}@example.org" for n in range(30)),
    )
    assert stream(tmp_path, "owners.csv", text)["key"] == ["Email"]


def test_events_of_one_moment_are_told_apart(tmp_path: Path) -> None:
    text = table(
        "Seen,Mail,Hall,Gate,Lane",
        *(f"2026-01-{1 + n % 4:02d} 10:00:00,p{n % 4}@example.org,A,{n // 20},{n // 4 % 5}" for n in range(40)),
    )
    (events, *_) = stream(tmp_path, "entries.csv", text)["maps"]
    assert events["to"] == "events"
    parts = ", ".join(f"coalesce(cast({name} as varchar), '')" for name in ("Mail", "Gate", "Lane"))
    assert events["set"]["event_id"].endswith(f", {parts})")


def test_a_mere_name_beside_a_given_name_is_that_of_the_family(tmp_path: Path) -> None:
    text = table("Kundennr;Name;Vorname;E-Mail", *(f"{n};Lee{n};Ann;p{n}@example.org" for n in range(30)))
    (contacts, *_) = stream(tmp_path, "kunden.csv", text)["maps"]
    assert contacts["set"] == {"given_name": "Vorname", "family_name": "Name"}


def test_a_client_id_beside_names_is_no_browsers(tmp_path: Path) -> None:
    text = table("Client ID,First Name,Last Name", *(f"{n},Ann,Lee{n}" for n in range(30)))
    assert identifiers(stream(tmp_path, "clients.csv", text)) == [("customer_number", '"Client ID"')]


@pytest.mark.parametrize("client", ["127.0.0.{0}", "10.0.0.{0}:5342", "fe80::1:{0}", "web{0}.shop.example"])
def test_machines_are_nobody(tmp_path: Path, client: str) -> None:
    rows = (f"{n},{client.format(n % 3)},query,2026-01-02T10:00:{n:02d}Z" for n in range(10))
    assert not identifiers(stream(tmp_path, "profiles.csv", table("_id,client,op,ts", *rows)))


def test_what_tickets_are_called_elsewhere_is_not_who_asked(tmp_path: Path) -> None:
    text = table(
        "id,external_id,created_at,subject,status,submitter_id",
        *(f"{n},X{n},2026-01-02T10:00:{n:02d}Z,Help,open,U{n % 7}" for n in range(10)),
    )
    proposal = propose(written(tmp_path, "tickets.csv", text), "desk")
    assert identifiers(proposal.stream) == [("user_id", "submitter_id")]
    assert any("external_id" in doubt for doubt in proposal.doubts)
    both = text.replace(",status,submitter_id", ",submitter_id,requester_id").replace(",open,", ",A1,")
    assert identifiers(stream(tmp_path, "tickets.csv", both)) == [("user_id", "requester_id")]


def test_the_number_of_a_call_is_not_its_callers(tmp_path: Path) -> None:
    text = table(
        "Contact ID,Start,Phone,Duration (s),Direction",
        *(f"c{n:05d},2026-01-{1 + n % 28:02d} 10:00,+49151123456{n % 9:02d},30,IN" for n in range(40)),
    )
    found = stream(tmp_path, "calls.csv", text)
    assert identifiers(found) == [("phone", "Phone")]
    assert found["key"] == ["Contact ID"]


def test_members_who_are_there_several_times_are_people_by_their_name(tmp_path: Path) -> None:
    text = table(
        "Name,E-Mail,Sparte,Eintritt",
        *(f"{GIVEN[n % 3]} {FAMILY[n // 4]},f{n // 4}@example.org,Judo,2026-01-02" for n in range(40)),
    )
    proposal = propose(written(tmp_path, "sparten.csv", text), "shop")
    assert proposal.kind == "contacts"
    assert proposal.stream["maps"][0]["set"] == {"full_name": "Name", "created_at": "Eintritt"}


def test_whoever_is_named_beside_the_person_comes_second(tmp_path: Path) -> None:
    text = table(
        "order_id,billed_to_customer_id,customer_id,ordered_at,total",
        *(f"{n},{n * 7 % 30},{n % 25},2026-01-02T10:00:00Z,9.90" for n in range(60)),
    )
    assert ("customer_number", "customer_id") in identifiers(stream(tmp_path, "orders.csv", text))


def test_of_a_call_the_number_that_is_not_the_houses_is_the_persons(tmp_path: Path) -> None:
    house, people = "+4935155500{0}", "+49151123456{0:02d}"
    rows = []
    for n in range(80):
        both = [people.format(n % 20), house.format(n % 2)]
        both = both if n % 2 else both[::-1]
        rows.append(
            f"c{n},{both[0]},{both[1]},2026-01-{1 + n % 28:02d} 10:00:00,60,{'Inbound' if n % 2 else 'Outbound'}"
        )
    found = stream(tmp_path, "calls.csv", table("call_id,caller_no,called_no,started_at,duration,direction", *rows))
    told = "case lower(trim(direction)) when 'inbound' then caller_no when 'outbound' then called_no end"
    assert found["derive"] == {"other_party": told}
    assert identifiers(found) == [("phone", "other_party")]


@pytest.mark.parametrize(
    ("name", "head", "row"),
    [
        ("points.csv", "Cardholder,Email,Card No,Points,Date", "9900{0},10,2026-01-02"),
        ("tickets.csv", "Customer Name,Email,Ticket No,Subject,Status,Opened", "{1},Help,open,2026-01-02"),
        ("subscriptions.csv", "User Name,Email,Contract No,Start,Tariff", "{1},2026-01-02,Basic"),
    ],
)
def test_what_a_family_with_one_address_did_is_not_one_persons(
    bench: Bench, tmp_path: Path, name: str, head: str, row: str
) -> None:
    text = table(
        head,
        *(f"{GIVEN[n % 3]} {FAMILY[n // 3]},f{n // 3}@example.org,{row.format(n // 3, n)}" for n in range(30)),
    )
    source = loaded(tmp_path, [propose(written(tmp_path / "in", name, text), "shop")])
    bench.drop(f"shop/{name}", text.encode())
    load(bench, source)
    rows = typed(bench, f"shop__{source.streams[0].name}")
    assert len({row["cdp_record_id"] for row in rows}) == 30
    assert len(canonical(bench, source, "contacts")) == 30


@pytest.mark.parametrize(
    ("head", "own"),
    [
        ("Policy Number,Insured Name,Insured DOB,Policyholder Name,Policyholder Email,Start", "Policyholder Name"),
        ("Pupil No,Pupil Name,Birth Date,Contact 1 Name,Contact 1 Email,Start", "Pupil Name"),
    ],
)
def test_name_and_address_of_two_people_are_not_one_persons(tmp_path: Path, head: str, own: str) -> None:
    rows = (
        f"{n},{GIVEN[n % 3]} {FAMILY[n % 10]}{n},1990-01-{1 + n % 28:02d},Otto {FAMILY[n // 3]},"
        f"f{n // 3}@example.org,2026-01-02"
        for n in range(30)
    )
    found = stream(tmp_path, "list.csv", table(head, *rows))
    (said,) = (map_["set"] for map_ in found["maps"] if map_["to"] == "contacts")
    assert said["full_name"] == f'"{own}"'
    pupils = own == "Pupil Name"
    assert ("email" in {type_ for type_, _ in identifiers(found)}, "birth_date" in said) == (not pupils, pupils)


def test_halves_of_one_name_have_the_same_words_before_them(tmp_path: Path) -> None:
    text = table(
        "VN-Nr;VN Name;VN Vorname;VP Name;VP Vorname;VP Geburtsdatum;Beginn",
        *(f"{n};Lee{n};Ann;Berg{n};Otto;1990-01-02;2026-01-02" for n in range(30)),
    )
    found = stream(tmp_path, "vertraege.csv", text)
    (contacts, *_) = found["maps"]
    assert {name: sql for name, sql in contacts["set"].items() if name != "created_at"} == {
        "given_name": '"VN Vorname"',
        "family_name": '"VN Name"',
    }
    assert identifiers(found) == [("customer_number", '"VN-Nr"')]


def test_halves_of_one_name_have_the_same_words_in_brackets_behind_them(tmp_path: Path) -> None:
    text = table(
        "Debitorenkonto;Name (Unternehmen);Name (natürl. Person);Vorname (natürl. Person);E-Mail",
        *(f"{70_000 + n};{'' if n % 6 else 'Nord AG'};Lee{n};Ann;a{n}@x.org" for n in range(30)),
    )
    found = stream(tmp_path, "debitoren.csv", text)
    (contacts, *_) = found["maps"]
    assert (contacts["set"]["given_name"], contacts["set"]["family_name"]) == (
        '"Vorname (natürl. Person)"',
        '"Name (natürl. Person)"',
    )
    assert identifiers(found) == [("customer_number", "Debitorenkonto"), ("email", '"E-Mail"')]


def test_what_a_constituent_gave_is_theirs(tmp_path: Path) -> None:
    text = table(
        "Gift ID,Gift Date,Gift Amount,Constituent ID,Soft Credit Constituent ID",
        *(f"G{n},01/{1 + n % 28:02d}/2026,25.00,{n % 9},{(n + 1) % 9 if n % 3 == 0 else ''}" for n in range(40)),
    )
    assert identifiers(stream(tmp_path, "gifts.csv", text)) == [
        ("order_number", '"Gift ID"'),
        ("customer_number", '"Constituent ID"'),
    ]


@pytest.mark.parametrize("heading", ["Premise ID", "MLS #", "Stock Number"])
def test_whoever_comes_next_to_a_house_or_car_is_somebody_else(tmp_path: Path, heading: str) -> None:
    rows = (f"{1000 + n},Ann Lee{n},p{n}@example.org,Rome,{n}" for n in range(30))
    text = table(f"{heading},Customer Name,Email,City,Postcode", *rows)
    assert stream(tmp_path, "customers.csv", text)["key"] == ["Email"]


def test_what_was_sold_is_known_by_its_deal_and_not_by_the_car(tmp_path: Path) -> None:
    rows = (f"{1000 + n},D{n},2026-01-02,p{n % 9}@example.org,100.00" for n in range(30))
    text = table("Stock Number,Deal Number,Deal Date,Buyer Email,Amount", *rows)
    assert stream(tmp_path, "sales.csv", text)["key"] == ["Deal Number"]


def test_the_identifier_of_a_product_is_nobodys(tmp_path: Path) -> None:
    rows = (f"u{n % 20},pro_{n % 2},2026-01-{1 + n % 28:02d} 10:00:00,9.99" for n in range(60))
    text = table("app_user_id,product_identifier,purchased_at,price", *rows)
    assert identifiers(stream(tmp_path, "renewals.csv", text)) == [("user_id", "app_user_id")]


def test_a_name_that_comes_again_alone_tells_nobody(tmp_path: Path) -> None:
    rows = (f"2026-01-{1 + n % 28:02d} 10:00:00,Ann {FAMILY[n % 10]},viewed" for n in range(60))
    proposal = propose(written(tmp_path, "log.csv", table("Time,User full name,What", *rows)), "shop")
    assert (proposal.kind, "maps" in proposal.stream) == (None, False)


def test_a_word_for_those_who_are_not_to_be_known_is_no_address(bench: Bench, tmp_path: Path) -> None:
    rows = (
        f"T{n},2026-01-02T10:00:00Z,{f'p{n % 20}@example.org' if n % 3 else 'Not shared by donor'},10.00"
        for n in range(60)
    )
    text = table("Transaction ID,Donation Date,Email,Amount", *rows)
    source = loaded(tmp_path, [propose(written(tmp_path / "in", "donations.csv", text), "shop")])
    guarded = "case when contains(Email, '@') then Email end"
    assert ("email", guarded) in {(each.type, each.value) for each in source.streams[0].identifiers}
    bench.drop("shop/donations.csv", text.encode())
    load(bench, source)
    assert len({row["cdp_record_id"] for row in typed(bench, "shop__donations")}) == 60
    assert "Not shared by donor" not in {row["value"] for row in canonical(bench, source, "contact_points")}


def test_numbers_that_have_lost_their_digits_are_nobodys(tmp_path: Path) -> None:
    text = table(
        "Customer ID,Order ID,Phone,Email,Order Date,Total",
        *(f"9.87654E+15,8.2098{n % 3}E+18,4.91512E+12,p{n}@example.org,2026-01-02,9.50" for n in range(30)),
    )
    proposal = propose(written(tmp_path, "orders.csv", text), "shop")
    assert identifiers(proposal.stream) == [("email", "Email")]
    assert any("Customer ID, Order ID, Phone have lost digits" in doubt for doubt in proposal.doubts)


@pytest.mark.parametrize("programs", [1, 3])
def test_the_number_of_a_program_is_that_of_none_of_its_users(tmp_path: Path, programs: int) -> None:
    text = table(
        "log_id,date,type,client_id,client_name,user_id",
        *(
            f"l{n},2026-01-02T10:00:{n % 60:02d}Z,login,c{n % programs},App {n % programs},u{n * 7 % 30}"
            for n in range(120)
        ),
    )
    assert identifiers(stream(tmp_path, "logs.csv", text)) == [("user_id", "user_id")]


@pytest.mark.parametrize("staff", [1, 2, 9])
def test_who_entered_people_is_none_of_those_who_have_numbers_of_their_own(tmp_path: Path, staff: int) -> None:
    rows = (f"{n},{n % staff},Firma {n},004366421{n:04d},2026-01-02 10:00:00" for n in range(1, 31))
    text = table("kun_id,user_id,kun_firma,kun_telefon,kun_created", *rows)
    assert {*identifiers(stream(tmp_path, "kunden.csv", text))} == {
        ("customer_number", "kun_id"),
        ("phone", "kun_telefon"),
    }


def test_whoever_comes_again_with_the_same_names_keeps_their_number_beside_that_of_the_row(tmp_path: Path) -> None:
    rows = (f"{n},K{n // 2},{GIVEN[n // 2 % 3]},Lee{n // 2},Road {n},Leeds" for n in range(30))
    text = table("id,customer_no,first_name,last_name,street,city", *rows)
    assert identifiers(stream(tmp_path, "customers.csv", text)) == [("customer_number", "customer_no")]


@pytest.mark.parametrize("text", ["", "+4930200{n:04d}"], ids=["blank", "with values"])
def test_telephones_of_others_are_left_out_though_they_are_blank(tmp_path: Path, text: str) -> None:
    columns = "Assistant Phone,Manager Phone,Emergency Phone,Spouse Phone,Concierge Phone,Notary Phone,"
    columns += "Telefon rodzica,Tél. responsable"
    rows = (f"p{n}@example.org,Ann,,{','.join(text.format(n=n) if not m else '' for m in range(8))}" for n in range(30))
    found = identifiers(stream(tmp_path, "contacts.csv", table(f"Email,First Name,Mobile Phone,{columns}", *rows)))
    assert found == [("email", "Email"), ("phone", '"Mobile Phone"')]


def orders_to_others(head: str) -> str:
    """Orders of ten customers, of which every fifth went to somebody else."""
    there = (f"+4916{1000000 + n}" if n % 5 == 0 else f"+4917{1000000 + n % 12}" for n in range(60))
    return table(
        f"Order ID,Order Date,Customer Name,Email,{head},SKU,Qty,Unit Price",
        *(f"o{n},2026-01-{1 + n % 28:02d},{GIVEN[n % 3]} Lee{n % 12},{f'p{n % 12}@example.org' if n % 3 else ''},"
          f"+49 17{1000000 + n % 12},{phone},L1,1,9.90" for n, phone in enumerate(there)),
    )  # fmt: skip


@pytest.mark.parametrize(
    "heading",
    ["Receiver Phone", "Consignee Mobile", "Gift Recipient Phone", "Ship-To Phone", "Nominee Mobile", "수령인 연락처",
     "수취인 휴대폰", "收货人手机", "受取人電話番号", "お届け先電話番号", "Alıcı Telefon", "Teléfono destinatario",
     "Telefone destinatário", "Téléphone destinataire", "Telefon Empfänger", "Telefon odbiorcy"],
)  # fmt: skip
def test_the_telephone_of_whoever_receives_something_is_not_that_of_the_customer(tmp_path: Path, heading: str) -> None:
    found = stream(tmp_path, "orders.csv", orders_to_others(f"Phone,{heading}"))
    assert [value for type_, value in identifiers(found) if type_ == "phone"] == ["Phone"]


def test_of_two_telephones_of_orders_the_one_that_changes_is_not_the_customers(tmp_path: Path) -> None:
    proposal = propose(written(tmp_path, "orders.csv", orders_to_others("Phone,Mobile")), "shop")
    assert [value for type_, value in identifiers(proposal.stream) if type_ == "phone"] == ["Phone"]
    assert "Mobile is not the same for all rows of one customer: nobody is known by it" in proposal.doubts


def test_two_telephones_of_customers_that_stay_are_both_theirs(tmp_path: Path) -> None:
    text = orders_to_others("Phone,Mobile").replace("+4916", "+4917")
    rows = [re.sub(r"[+]49171\d{6}(?=,L1)", f"+49301000{n % 12:02d}", row) for n, row in enumerate(text.split("\n"))]
    found = stream(tmp_path, "orders.csv", "\n".join(rows))
    assert [value for type_, value in identifiers(found) if type_ == "phone"] == ["Phone", "Mobile"]


def test_the_name_of_who_takes_part_goes_with_their_address_and_not_with_the_buyers(tmp_path: Path) -> None:
    rows = (
        f"N{n // 3},{n},p{n // 3}@example.org,+4917130312{n // 3:03d},2026-03-{1 + n // 3:02d},Ticket,9.00,"
        f"{GIVEN[n % 3]} {FAMILY[n % 7]},{('p' if n % 3 == 0 else 'a')}{n // (3 if n % 3 == 0 else 1)}@example.org"
        for n in range(60)
    )
    text = table(
        "Order code,Position ID,Email,Phone number,Order date,Product,Price,Attendee name,Attendee email", *rows
    )
    found = stream(tmp_path, "orderpositions.csv", text)
    assert ("email", "Email") in identifiers(found)
    assert not [map_ for map_ in found["maps"] if map_["to"] == "contacts" and "full_name" in map_["set"]]


@pytest.mark.parametrize(
    ("logins", "named", "kept"),
    [(2, "", False), (2, ",First name,Last name", True), (30, "", True)],
    ids=["staff", "named", "many"],
)
def test_whose_address_stands_on_very_many_slips_without_a_name_sold_them(
    tmp_path: Path, logins: int, named: str, kept: bool
) -> None:
    names = [f",{GIVEN[n % logins % 3]},{FAMILY[n % logins % 10]}" if named else "" for n in range(60)]
    rows = (f"u{n % logins}@example.org,2026-03-04,T{n:03d},1,Shampoo,12.90{name}" for n, name in enumerate(names))
    text = table(f"Account,Date,Transaction number,Quantity,Description,Price{named}", *rows)
    proposal = propose(written(tmp_path, "sales.csv", text), "shop")
    assert (("email", "Account") in identifiers(proposal.stream)) == kept
    told = "Account stands on very many orders each, and nobody is named: nobody is known by it"
    assert (told in proposal.doubts) != kept


def guests(heading: str, *, twice: bool = True, booked: int = 0) -> str:
    """Guests under two numbers each, or families of three with an address each, and some whom an agency booked for."""
    own = [
        f"{GIVEN[n % 3]} {FAMILY[n // 3]},{f'{GIVEN[n % 3]}.{FAMILY[n // 3]}' if twice else FAMILY[n // 3]}@example.org"
        for n in range(30)
    ]
    others = [f"{GIVEN[n % 3]} {FAMILY[n % 10]}son,booking{n % 3}@agency.example" for n in range(booked)]
    rows = [*own, *(own if twice else ()), *others]
    return table(
        f"{heading},name,email,birth_date",
        *(f"{1000 + n},{row},19{50 + n % 30}-0{1 + n // 60}-03" for n, row in enumerate(rows)),
    )


@pytest.mark.parametrize("booked", [0, 60])
def test_a_number_of_which_people_have_several_is_that_of_rows(tmp_path: Path, booked: int) -> None:
    for heading in ("id", "guest_id"):
        found = stream(tmp_path, "guests.csv", guests(heading, booked=booked))
        assert (found["key"], found["person"]) == ([heading], True)
        assert "customer_number" not in {type_ for type_, _ in identifiers(found)}


@pytest.mark.parametrize("heading", ["id", "guest_id"])
def test_members_of_families_keep_their_numbers_beside_one_address(tmp_path: Path, heading: str) -> None:
    found = identifiers(stream(tmp_path, "guests.csv", guests(heading, twice=False)))
    assert ("customer_number", heading) in found


def test_of_people_without_names_the_number_says_who_they_are(tmp_path: Path) -> None:
    text = table("id,email,birth_date", *(f"{n},p{n // 3}@example.org,19{50 + n}-02-03" for n in range(30)))
    assert ("customer_number", "id") in identifiers(stream(tmp_path, "guests.csv", text))


@pytest.mark.parametrize(
    ("head", "own"),
    [
        ("Invitee Name,Invitee Email,Booked At,Guest Email(s)", "Invitee Email"),
        ("First Name,Email,Booked At,Guest E-Mail", "Email"),
        ("Vorname,E-Mail,Gebucht am,E-Mail Gast", "E-Mail"),
    ],
)
def test_whoever_comes_along_is_not_the_person_of_the_row(tmp_path: Path, head: str, own: str) -> None:
    text = table(
        head,
        *(
            f"Ann {FAMILY[n % 10]}{n},p{n}@example.org,2026-01-02 10:00:00,{f'g{n}@example.org' if n % 5 == 0 else ''}"
            for n in range(30)
        ),
    )
    found = stream(tmp_path, "bookings.csv", text)
    assert identifiers(found) == [("email", plain_name(own))]
    assert [map_["set"]["value"] for map_ in found["maps"] if map_["to"] == "contact_points"] == [plain_name(own)]


def test_of_the_name_of_a_guest_the_address_of_the_guest_is_the_persons(tmp_path: Path) -> None:
    text = table(
        "Guest Name,Guest Email,Stay From,Booked By",
        *(f"Ann {FAMILY[n % 10]}{n},p{n}@example.org,2026-01-02,a{n % 3}@firm.example" for n in range(30)),
    )
    assert identifiers(stream(tmp_path, "guests.csv", text)) == [("email", '"Guest Email"')]


@pytest.mark.parametrize("heading", ["Payer", "Billing Contact", "Zahler", "Policyholder", "Bill To", "Familie"])
def test_whoever_pays_for_children_is_none_of_them_though_most_pay_for_themselves(tmp_path: Path, heading: str) -> None:
    rows = []
    for n in range(30):
        child = n % 4 == 0
        payer = n + 1 if child else n
        rows.append(
            f"M{n},{GIVEN[n % 3]},Lee{n},{'' if child else f'p{n}@example.org'},"
            f"{GIVEN[payer % 3]} Lee{payer},p{payer}@example.org"
        )
    text = table(f"Member No,First Name,Last Name,Email,{heading} Name,{heading} Email", *rows)
    assert identifiers(stream(tmp_path, "members.csv", text)) == [
        ("customer_number", '"Member No"'),
        ("email", "Email"),
    ]


def test_the_only_address_may_be_that_of_whoever_pays(tmp_path: Path) -> None:
    text = table(
        "Member No,First Name,Last Name,Payer Email",
        *(f"M{n},{GIVEN[n % 3]},Lee{n},p{n}@example.org" for n in range(30)),
    )
    proposal = propose(written(tmp_path, "members.csv", text), "shop")
    assert ("email", '"Payer Email"') in identifiers(proposal.stream)
    assert "Payer Email may be that of whoever pays for the person of the row" in proposal.doubts


@pytest.mark.parametrize(
    "headings", [("Guardianemail", "Emerg_Phone_1"), ("MotherEmail", "Parentphone"), ("Mom_Email", "Guard_Phone")]
)
def test_words_for_somebody_else_are_told_though_they_are_written_together_or_cut_short(
    tmp_path: Path, headings: tuple[str, str]
) -> None:
    head = f"Student_Number\tFirst_Name\tLast_Name\tDOB\t{headings[0]}\t{headings[1]}\n"
    row = "{n}\tAnn\tLee{n}\t2012-03-{day:02d}\tp{n}@example.org\t+4930123{n}\n"
    rows = "".join(row.format(n=n, day=1 + n % 28) for n in range(100, 130))
    assert identifiers(stream(tmp_path, "students.txt", head + rows)) == [("customer_number", "Student_Number")]
