"""What lists of contracts, of alumni and of business partners say of people."""

from __future__ import annotations

from pathlib import Path

from cdp_assets_tests.sources.test_halves_of_names import proposed, told


def test_a_contract_is_its_holders_who_is_known_since_it_began(tmp_path: Path) -> None:
    head = "Vertragsnummer;Kundennummer;Vertragsinhaber;Tarif;Grundgebühr;Vertragsbeginn;E-Mail;Einwilligung vom"
    row = "V{n};K{n};Ann Lee{n};Smart L;29,95;{day};p{n}@example.org;2026-04-01"
    found = proposed(tmp_path, "vertraege.csv", head, row)
    assert found.kind == "subscriptions"
    assert told(found, "subscriptions") == {
        "subscription_id": "Vertragsnummer",
        "plan": "Tarif",
        "amount": "Grundgebühr",
        "action": "'started'",
        "occurred_at": "Vertragsbeginn",
    }
    assert told(found) == {"full_name": "Vertragsinhaber", "created_at": "Vertragsbeginn"}
    assert told(found, "contact_points") == {"kind": "'email'", "value": '"E-Mail"'}


def test_the_day_of_consent_is_not_the_day_of_getting_to_know_who_has_a_number(tmp_path: Path) -> None:
    head, row = "{}Name;E-Mail;Einwilligung vom", "{}Ann Lee{n};p{n}@example.org;{day}"
    customers = proposed(
        tmp_path, "kunden.csv", head.format("Kundennummer;"), row.replace("{}", "K{n};")
    )  # fmt: skip
    assert "created_at" not in told(customers)
    letters = proposed(tmp_path, "newsletter.csv", head.format(""), row.replace("{}", ""))
    assert told(letters)["created_at"] == '"Einwilligung vom"'


def test_alumni_are_known_by_their_number(tmp_path: Path) -> None:
    found = proposed(tmp_path, "alumni.csv", "Alumni ID,First Name,Last Name", "{n},Ann,Lee{n}")
    assert found.stream["identifiers"] == [{"type": "customer_number", "value": '"Alumni ID"'}]


def test_business_partners_are_companies_with_somebody_to_talk_to(tmp_path: Path) -> None:
    head = "CardCode;CardName;CntctPrsn;E_Mail;MailAddres;MailZipCod;MailCity"
    found = proposed(tmp_path, "OCRD.csv", head, "C{n};Lee{n} GmbH;Ann Lee{n};p{n}@example.org;Elm St {n};10115;Berlin")
    assert {"type": "customer_number", "value": "CardCode"} in found.stream["identifiers"]
    assert told(found) == {"full_name": "CntctPrsn", "company": "CardName"}
    postal = next(map_["set"] for map_ in found.stream["maps"] if map_["set"].get("kind") == "'postal'")
    assert (postal["line_1"], postal["postal_code"], postal["city"]) == ("MailAddres", "MailZipCod", "MailCity")


def test_the_name_on_a_card_that_paid_is_a_persons_where_nobody_else_is_named(tmp_path: Path) -> None:
    head = "id,Created date (UTC),Amount,Currency,Status,Customer Email,Card Name"
    paid = proposed(
        tmp_path, "payments.csv", head, "ch_{n},2026-01-05 10:00,12.{n},eur,Paid,p{n}@example.org,Ann Lee{n}"
    )
    assert told(paid)["full_name"] == '"Card Name"'


def test_headings_with_dots_and_brackets_are_read_like_others(tmp_path: Path) -> None:
    head = "subscription.id,subscription.plan_id,subscription.plan_unit_price,subscription.started_at"
    head += ",customer[id],customer[email],customer[last_name],billing_address.line1,billing_address.city"
    row = "s{n},gold,19.00,{day},c{n},p{n}@example.org,Lee{n},Elm St {n},Denver"
    found = proposed(tmp_path, "subscriptions.csv", head, row)
    subscribed = told(found, "subscriptions")
    assert (subscribed["plan"], subscribed["amount"]) == ('"subscription.plan_id"', '"subscription.plan_unit_price"')
    assert {map_["set"]["kind"] for map_ in found.stream["maps"] if map_["to"] == "contact_points"} == {
        "'email'",
        "'postal'",
    }
    assert {"type": "customer_number", "value": '"customer[id]"'} in found.stream["identifiers"]


def test_a_plan_is_called_by_its_name_if_it_has_one(tmp_path: Path) -> None:
    head = "Subscription ID,Plan Code,Plan Name,Started At,Email"
    found = proposed(tmp_path, "subscriptions.csv", head, "s{n},g1,Gold,{day},p{n}@example.org")
    assert told(found, "subscriptions")["plan"] == '"Plan Name"'
