"""Exports of what people did and bought: who did it, and what one order, slip or movement is."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest

from cdp_assets.sources.proposing.propose import Proposal, propose
from cdp_assets.sources.spec import SourceSpec
from cdp_assets_tests.normalised.bench import canonical, load
from cdp_assets_tests.sources.shop import Bench
from cdp_assets_tests.sources.test_proposing import loaded, written

ROWS = range(120)
NAMES = ("Ann Lee", "Bo Ahrens", "Cleo Fiedler", "Dora Imhoff", "Emil Jansen")


def mail(number: int) -> str:
    return f"p{number}@example.org"


def who(row: int, people: int = 40) -> int:
    return row * 13 % people


def day(row: int) -> str:
    return f"2026-05-{1 + row % 28:02d}T10:00:00Z"


def proposed(folder: Path, name: str, head: str, rows: Iterable[Sequence[object]]) -> Proposal:
    text = "".join(",".join(map(str, row)) + "\n" for row in (head.split(","), *rows))
    return propose(written(folder / "in", name, text), "shop")


def taken_in(bench: Bench, folder: Path, proposal: Proposal) -> SourceSpec:
    """The source that a proposal makes, with the file loaded by it."""
    source = loaded(folder, [proposal])
    bench.drop(f"shop/{proposal.path.name}", proposal.path.read_bytes())
    load(bench, source)
    return source


def known_by(proposal: Proposal) -> list[str]:
    return [each["value"].strip('"') for each in proposal.stream.get("identifiers", ())]


FILES: dict[str, tuple[str, list[list[Any]], list[str]]] = {
    "tickets.csv": (
        "id,created_at,subject,status,priority,customer_id,customer_email,helper_email,assignee_user_id",
        [[n, day(n), "Hi", "open", "low", who(n), mail(who(n)), f"a{n % 3}@shop.example", n % 3] for n in ROWS],
        ["customer_id", "customer_email"],
    ),
    "bookings.csv": (
        "booking_no,booked_at,user_email,invitee_email,guests_email,price",
        [[n, day(n), f"a{n % 3}@shop.example", mail(who(n)), mail(who(n + 7)) if n % 3 == 0 else "", 9] for n in ROWS],
        ["booking_no", "invitee_email"],
    ),
    "gift_orders.csv": (
        "order_no,placed_at,purchaser_email,gift_for_email,amount",
        [[n, day(n), mail(who(n)), mail(who(n * 5 + 2)), 50] for n in ROWS],
        ["order_no", "purchaser_email"],
    ),
    "signups.csv": (
        "First name,Your email,What is your friend's email?,Work email",
        [["Ann", mail(n), f"f{n}@example.org", f"w{n}@firm.example"] for n in range(30)],
        ["Your email", "Work email"],
    ),
    "couples.csv": (
        "Nr,E-Mail 1,E-Mail 2,Name 1,Name 2",
        [[n, mail(n), f"q{n}@example.org", f"Ann Lee{n}", f"Bo Ray{n}"] for n in range(30)],
        ["E-Mail 1"],
    ),
    "contacts.csv": (
        "customer no,first name,last name,e-mail",
        [[n // 3, *NAMES[n % 5].split(), mail(n)] for n in range(60)],
        ["e-mail"],
    ),
    "orders_of_firms.csv": (
        "order_no,customer_no,ordered_at,email,net",
        [[n, who(n) // 2, day(n), mail(who(n)), 10] for n in ROWS],
        ["order_no", "email"],
    ),
    "wishlists.csv": (
        "customer_id,sent to email,updated_at",
        [[who(n), f"x{n}@example.org", day(n)] for n in ROWS],
        ["customer_id"],
    ),
    "hidden.csv": (
        "order_no,placed_at,buyer_email,phone,amount",
        [[n, day(n), f"{'abc'[n % 3]}***@mail.example", "(+49)151*****12", 9] for n in ROWS],
        ["order_no"],
    ),
    "mails.csv": (
        "message_id,occurred_at,event,email",
        [[f"m{n // 4}@shop.example", day(n), "open", mail(who(n))] for n in ROWS],
        ["email"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", list(FILES))
def test_only_addresses_and_numbers_of_the_person_of_the_row_say_who_it_is(tmp_path: Path, name: str) -> None:
    head, rows, own = FILES[name]
    assert known_by(proposed(tmp_path, name, head, rows)) == own


def test_what_is_left_out_is_told_by_its_column(tmp_path: Path) -> None:
    head, rows, _ = FILES["tickets.csv"]
    (doubt,) = (each for each in proposed(tmp_path, "tickets.csv", head, rows).doubts if "helper_email" in each)
    assert doubt.endswith(": nobody is known by it")


def test_couples_and_families_with_one_address_keep_their_numbers(tmp_path: Path) -> None:
    rows = [[n, *NAMES[n % 5].split(), mail(n // 2), f"0351 22{n // 2:04d}"] for n in range(60)]
    assert known_by(proposed(tmp_path, "members.csv", "member no,first name,last name,e-mail,phone", rows)) == [
        "member no", "e-mail", "phone",
    ]  # fmt: skip


OURS = ("+4930900100", "+4930900101")


def messages() -> list[tuple[str, str]]:
    """Who wrote to whom; the last one is within the company."""
    ends = [(OURS[n % 2], f"+49151123456{who(n):02d}") for n in ROWS]
    return [(theirs, own) if n % 3 else (own, theirs) for n, (own, theirs) in enumerate(ends)] + [OURS]


def test_of_what_goes_both_ways_people_are_the_end_that_is_not_the_company(bench: Bench, tmp_path: Path) -> None:
    head, rows = "Sid,From,To,Body", [[f"SM{n}", *ends, "Hi"] for n, ends in enumerate(messages())]
    proposal = proposed(tmp_path, "sms.csv", head, rows)
    assert known_by(proposal) == ["counterpart"]
    source = taken_in(bench, tmp_path, proposal)
    reached = [point["value"] for point in canonical(bench, source, "contact_points")]
    assert set(reached) == {f"+49151123456{n:02d}" for n in range(40)}


def test_who_takes_part_is_not_one_person_because_of_one_order(bench: Bench, tmp_path: Path) -> None:
    """Three people of one booking, each with a price: all are people, and the booking costs what they cost together."""
    head = "Booking No,Booking Date,First Name,Last Name,Email,Ticket Price"
    rows = [[n // 3, f"2026-05-{1 + n // 3 % 28:02d}", *NAMES[n % 5].split(), mail(n), 25] for n in range(60)]
    proposal = proposed(tmp_path, "participants.csv", head, rows)
    assert known_by(proposal) == ["Email"]
    source = taken_in(bench, tmp_path, proposal)
    assert len(canonical(bench, source, "contacts")) == 60
    assert (len(canonical(bench, source, "orders")), len(canonical(bench, source, "order_lines"))) == (20, 60)


def test_slips_of_several_tills_are_known_by_till_and_number(bench: Bench, tmp_path: Path) -> None:
    rows = [[f"F{n % 4}", n // 4 + 1, day(n), 77000 + who(n), 10] for n in ROWS]
    proposal = proposed(tmp_path, "sales.csv", "branch,receipt_no,sold_at,member_card,total", rows)
    assert proposal.stream["key"] == ["branch", "receipt_no"]
    assert known_by(proposal) == ["receipt", "member_card"]
    source = taken_in(bench, tmp_path, proposal)
    assert len({order["order_id"] for order in canonical(bench, source, "orders")}) == len(ROWS)


@pytest.mark.parametrize(("parts", "sums"), [((30, 12), "42.00"), ((42, 42), "42.00")], ids=["parts", "totals"])
def test_orders_with_several_rows_are_paid_once(
    bench: Bench, tmp_path: Path, parts: tuple[int, int], sums: str
) -> None:
    rows = [[f"P{n}", n // 2, day(n // 2), mail(who(n // 2)), f"{parts[n % 2]}.00", "EUR"] for n in ROWS]
    proposal = proposed(tmp_path, "payments.csv", "payment_ref,order_id,order_date,email,amount,currency", rows)
    source = taken_in(bench, tmp_path, proposal)
    orders, lines = canonical(bench, source, "orders"), canonical(bench, source, "order_lines")
    assert len(orders) == 60
    if lines:
        assert {str(sum(line["amount"] for line in lines if line["order_id"] == "7"))} == {sums}
    else:
        assert {str(order["gross"]) for order in orders} == {sums}


@pytest.mark.parametrize(
    ("name", "head", "row"),
    [
        ("branches.csv", "Filialnr,Name,Telefon,E-Mail,Ort", "{n},Markt {n},030 55{n},f{n}@shop.example,Berlin"),
        ("suppliers.csv", "No,Contact name,Email,City,Zip", "{n},Ann Lee{n},s{n}@firm.example,Bonn,53111"),
        ("staff.csv", "employee_id,name,email,hired_on", "{n},Ann Lee{n},a{n}@shop.example,2020-01-01"),
    ],
)  # fmt: skip
def test_shops_suppliers_and_staff_are_no_customers(tmp_path: Path, name: str, head: str, row: str) -> None:
    text = f"{head}\n" + "".join(f"{row.format(n=n)}\n" for n in range(30))
    proposal = propose(written(tmp_path, name, text), "shop")
    assert (proposal.kind, known_by(proposal), "maps" in proposal.stream) == (None, [], False)


def test_what_the_same_people_did_is_no_list_of_people_though_it_has_names(tmp_path: Path) -> None:
    rows = [[f"PM{n}", day(n), 29, who(n), "Ann", "Lee", mail(who(n))] for n in ROWS]
    head = "id,created_at,amount,customers.id,customers.given_name,customers.family_name,customers.email"
    proposal = proposed(tmp_path, "payments.csv", head, rows)
    assert (proposal.kind, "person" in proposal.stream, known_by(proposal)) == (
        "orders", False, ["customers.id", "customers.email"],
    )  # fmt: skip


def test_points_are_taken_by_what_was_done_with_them(bench: Bench, tmp_path: Path) -> None:
    done = ("EARN", "BURN", "EXPIRE")
    rows = [[n, who(n), day(n), done[n % 3], 50] for n in ROWS]
    proposal = proposed(tmp_path, "points.csv", "entry,member_id,txn_date,txn_type,points", rows)
    source = taken_in(bench, tmp_path, proposal)
    found = {(row["movement"], row["points"]) for row in canonical(bench, source, "loyalty")}
    assert found == {("earned", 50.0), ("redeemed", -50.0), ("expired", -50.0)}


def test_a_list_of_members_with_their_points_is_a_list_of_people(tmp_path: Path) -> None:
    known = [
        (2900000 + n, f"Ana{n}", "Ruiz", f"1980-01-{n % 28 + 1:02d}", mail(f"p{n}"), "28001", "Madrid") for n in ROWS
    ]
    rows = [[*known[n], day(n), 37 * n] for n in ROWS]
    head = "card_number,first_name,last_name,date_of_birth,email,postcode,city,joined_at,points"
    proposal = proposed(tmp_path, "members.csv", head, rows)
    assert [map_["to"] for map_ in proposal.stream["maps"]] == ["contacts", "contact_points", "contact_points"]
    assert not [doubt for doubt in proposal.doubts if "secret" in doubt]


def test_carts_with_a_few_columns_of_a_known_export_are_not_that_export(tmp_path: Path) -> None:
    carts = [{"id": n, "token": f"t{n}", "email": mail(who(n)), "created_at": day(n), "updated_at": day(n), "tags": [],
              "customer": {"id": who(n)}, "total_price": "12.50"} for n in ROWS]  # fmt: skip
    text = "".join(json.dumps(cart) + "\n" for cart in carts)
    proposal = propose(written(tmp_path, "abandoned_carts.jsonl", text), "shop")
    assert (proposal.template, "person" in proposal.stream) == (None, False)


def test_what_became_of_mails_is_engagement_of_whom_they_were_sent_to(bench: Bench, tmp_path: Path) -> None:
    events = (
        "processed",
        "deferred",
        "delivered",
        "open",
        "click",
        "dropped",
        "bounce",
        "spamreport",
        "group_unsubscribe",
    )
    rows = [
        [f"e{n}", day(n), mail(who(n)), events[n % 9], "https://shop.example/a" if n % 9 == 4 else ""] for n in ROWS
    ]
    proposal = proposed(tmp_path, "mails.csv", "event_id,timestamp,recipient,event,url", rows)
    assert (proposal.kind, known_by(proposal)) == ("engagements", ["recipient"])
    source = taken_in(bench, tmp_path, proposal)
    assert {row["action"] for row in canonical(bench, source, "engagements")} == {
        "sent", "delivered", "opened", "clicked", "bounced", "complained", "unsubscribed",
    }  # fmt: skip


def test_whom_a_gift_is_sent_to_is_not_who_bought_it(tmp_path: Path) -> None:
    rows = [[n, day(n), mail(who(n)), f"g{n}@example.org", 50] for n in ROWS]
    head = "order_no,placed_at,email,recipient_email,amount"
    assert known_by(proposed(tmp_path, "gifts.csv", head, rows)) == ["order_no", "email"]


def test_which_advertisement_led_to_what_was_done_is_no_mail_that_was_clicked(tmp_path: Path) -> None:
    rows = "".join(f"click,2026-01-{1 + n % 28:02d} 10:00:00,af_{n % 2},Summer,u{n % 9}\n" for n in range(40))
    text = "Attributed Touch Type,Event Time,Event Name,Campaign,Customer User ID\n" + rows
    proposal = propose(written(tmp_path, "in_app_events.csv", text), "app")
    assert proposal.kind == "events"
    assert proposal.stream["maps"][0]["set"]["event_name"] == '"Event Name"'


def test_who_wrote_is_named_beside_their_address(tmp_path: Path) -> None:
    text = "".join(
        f'{{"id": "c{n}", "created_at": {1770000000 + n}, "priority": "low", "source": {{"subject": "Help", "author": '
        f'{{"name": "{("Ann", "Bob")[n % 2]} Lee", "email": "lee{n // 8}@example.org"}}}}}}\n'
        for n in range(40)
    )
    maps = propose(written(tmp_path, "conversations.jsonl", text), "desk").stream["maps"]
    assert {"to": "contacts", "set": {"full_name": "name"}} in maps


def test_sessions_happen_when_they_begin(tmp_path: Path) -> None:
    text = "".join(
        f'{{"session_id": "s{n}", "player_id": "p{n % 9}", "started_ms": {1770000000000 + n}}}\n' for n in range(40)
    )
    proposal = propose(written(tmp_path, "sessions.jsonl", text), "app")
    assert proposal.stream["maps"][0]["set"]["occurred_at"] == "started_ms_instant"


def test_events_happen_by_the_clock_of_whoever_collects_them(tmp_path: Path) -> None:
    rows = "".join(
        f"e{n},page_view,v{n % 7},2026-05-{1 + n % 28:02d} 10:00:01,2026-05-{1 + n % 28:02d} 03:00:00,"
        f"2026-05-{1 + n % 28:02d} 10:00:00,https://shop.example/a,cpc,search,spring\n"
        for n in range(40)
    )
    head = "event_id,event,domain_userid,collector_tstamp,dvce_created_tstamp,derived_tstamp,page_url,"
    text = f"{head}mkt_medium,mkt_source,mkt_campaign\n{rows}"
    event = propose(written(tmp_path, "atomic_events.csv", text), "site").stream["maps"][0]["set"]
    assert (event["occurred_at"], event["received_at"]) == ("derived_tstamp", "collector_tstamp")
    assert (event["utm_source"], event["utm_medium"], event["utm_campaign"]) == (
        "mkt_source",
        "mkt_medium",
        "mkt_campaign",
    )


@pytest.mark.parametrize("heading", ["st_text", "Message status", "What"])
def test_what_became_of_messages_is_told_by_its_words_whatever_the_heading(
    bench: Bench, tmp_path: Path, heading: str
) -> None:
    said = (
        "Sent",
        "Delivered",
        "First opening",
        "Clicked",
        "Soft bounced",
        "Hard bounced",
        "Complaint",
        "Unsubscribed",
    )
    rows = [[said[n % 8], day(n), mail(who(n)), f"<{n}@mail>"] for n in ROWS]
    proposal = proposed(tmp_path, "logs_export.csv", f"{heading},ts,email,mid", rows)
    assert proposal.kind == "engagements"
    source = taken_in(bench, tmp_path, proposal)
    assert {row["action"] for row in canonical(bench, source, "engagements")} == {
        "sent", "delivered", "opened", "clicked", "bounced", "complained", "unsubscribed",
    }  # fmt: skip


def test_where_parcels_are_is_no_message(tmp_path: Path) -> None:
    said = ("Sent", "Delivered", "Rejected", "Failed")
    rows = [[n, said[n % 4], day(n), mail(who(n))] for n in ROWS]
    assert proposed(tmp_path, "parcels.csv", "Parcel,What,ts,email", rows).kind != "engagements"
