"""What files say of consent is read as it is said: no word that is not known grants or denies anything, and whoever has
withdrawn has.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cdp_assets.catalog import load_catalog
from cdp_assets.sources.proposing.propose import propose
from cdp_assets_tests.normalised.bench import canonical, load, outcome
from cdp_assets_tests.sources.shop import AS_OF, Bench
from cdp_assets_tests.sources.test_proposing import loaded, written
from cdp_assets_tests.sources.test_relational_exports import table


def consents(bench: Bench, folder: Path, name: str, text: str) -> list[dict[str, Any]]:
    """The words on consent that come of a file as it is proposed."""
    found = propose(written(folder / "in", name, text), "shop", zone="UTC", country="US")
    bench.drop(f"shop/{name}", text.encode())
    source = loaded(folder, [found])
    load(bench, source)
    return canonical(bench, source, "consents")


def said(rows: list[dict[str, Any]]) -> set[tuple[str, str, str, bool]]:
    return {(row["contact_point"], row["channel"], row["status"], row["explicit"]) for row in rows}


@pytest.mark.parametrize(
    ("head", "channels", "words"),
    [
        ("Timestamp,Contact,Channel,Purpose,Action", ("email", "sms"), ("opt_in", "opt_out")),
        ("consent_ts,msisdn,channel,purpose,consent_status", ("SMS", "SMS"), ("GRANTED", "REVOKED")),
        ("Data/Hora,Contato,Canal,Finalidade,Situação", ("E-mail", "SMS"), ("Aceito", "Revogado")),
        ("Fecha,Contacto,Canal,Finalidad,Estatus", ("Correo", "SMS"), ("Aceptado", "Revocado")),
        ("日時,連絡先,チャネル,目的,ステータス", ("メール", "SMS"), ("同意", "撤回")),
    ],
)
def test_a_log_of_consent_is_told_by_its_words(
    bench: Bench, tmp_path: Path, head: str, channels: tuple[str, str], words: tuple[str, str]
) -> None:
    phones = head.split(",")[1] == "msisdn"
    text = table(
        head,
        *(
            f"2026-01-{1 + n:02d} 10:00:00,"
            f"{f'p{n}@example.org' if n % 2 == 0 and not phones else f'+1212555{1000 + n}'},"
            f"{channels[n % 2]},marketing,{words[n % 2]}"
            for n in range(20)
        ),
    )
    found = said(consents(bench, tmp_path, "log.csv", text))
    assert {(channel, status, explicit) for _, channel, status, explicit in found} == {
        ("sms" if phones else "email", "granted", True),
        ("sms", "withdrawn", True),
    }
    assert len(found) == 20


def test_a_register_of_refusals_has_no_purpose_but_advertising(bench: Bench, tmp_path: Path) -> None:
    text = table(
        "Alıcı,Alıcı Tipi,İzin Türü,Durum,İzin Tarihi",
        *(
            f"{f'p{n}@example.org' if n % 2 else f'+90555100{1000 + n}'},BIREYSEL,{'EPOSTA' if n % 2 else 'MESAJ'},"
            f"{'RET' if n % 3 else 'ONAY'},2026-01-{1 + n:02d} 10:00:00"
            for n in range(20)
        ),
    )
    rows = consents(bench, tmp_path, "izinler.csv", text)
    assert {(row["purpose"], row["channel"], row["status"]) for row in rows} == {
        ("marketing", channel, status) for channel in ("email", "sms") for status in ("granted", "withdrawn")
    }


def test_no_consent_is_a_refusal_however_it_is_spelled(bench: Bench, tmp_path: Path) -> None:
    said = ("subscribed", "unsubscribed", "no_consent")
    text = table(
        "Person ID,Email,Marketing status,Update time",
        *(f"{n},p{n}@example.org,{said[n % 3]},2026-01-{1 + n:02d} 10:00:00" for n in range(24)),
    )
    rows = consents(bench, tmp_path, "people.csv", text)
    assert {(int(row["native_id"].partition("#")[0]) % 3, row["status"]) for row in rows} == {
        (0, "granted"), (1, "withdrawn"), (2, "denied"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("beside", "expected"),
    [("Plan", False), ("Next billing date", False), ("Trial end", False), ("City", True)],
)
def test_who_pays_for_a_subscription_has_not_asked_for_advertising(tmp_path: Path, beside: str, expected: bool) -> None:
    text = table(
        f"Member ID,Full Name,Email,{beside},Created At,Subscription Status",
        *(
            f"{n},Ann Lee{n},p{n}@example.org,{'2026-09-01' if ' ' in beside else 'Ulm'},2026-01-{1 + n:02d},"
            f"{'Unsubscribed' if n % 5 == 0 else 'Active'}"
            for n in range(24)
        ),
    )
    maps = propose(written(tmp_path, "members.csv", text), "shop").stream["maps"]
    granted = [map_ for map_ in maps if map_["to"] == "consents" and "granted" in map_["set"]["status"]]
    assert bool(granted) is expected


def test_a_channel_and_a_status_of_something_else_are_no_consent(tmp_path: Path) -> None:
    text = table(
        "Date,Email,Channel,Status",
        *(f"2026-01-{1 + n:02d},p{n}@example.org,{'web' if n % 2 else 'store'},Active" for n in range(20)),
    )
    assert propose(written(tmp_path, "requests.csv", text), "shop").kind != "consents"


@pytest.mark.parametrize(
    ("head", "states"),
    [
        ("order_id,email,created_at,total,currency,channel,status", "o{n},{who},{day},10.00,EUR,email,Accepted"),
        ("ticket_no,email,created_at,subject,channel,status", "{n},{who},{day},Help,email,Accepted"),
        ("reservation_no,email,booked_at,arrival,channel,status", "{n},{who},{day},2026-09-01,DIRECT,Confirmed"),
        ("application,email,created_at,amount,purpose,status", "{n},{who},{day},5000,car,Accepted"),
    ],
)
def test_what_is_confirmed_or_accepted_is_no_consent(tmp_path: Path, head: str, states: str) -> None:
    rows = (states.format(n=n, who=f"p{n}@example.org", day=f"2026-01-{1 + n:02d}") for n in range(20))
    found = propose(written(tmp_path, "list.csv", table(head, *rows)), "shop")
    assert found.kind != "consents"
    assert "consents" not in [map_["to"] for map_ in found.stream["maps"]]


@pytest.mark.parametrize(
    ("head", "words"),
    [
        ("Email,Channel,Opt In,Updated At", ("yes", "no")),
        ("Email,Channel,Opted In,Updated", ("TRUE", "FALSE")),
        ("E-Mail,Kanal,Einwilligung,Datum", ("ja", "nein")),
        ("Courriel,Canal,Consentement,Date", ("oui", "non")),
        ("Email,Channel,Status,Date", ("1", "0")),
    ],
)
def test_a_word_by_one_channel_leaves_the_others_alone(
    bench: Bench, tmp_path: Path, head: str, words: tuple[str, str]
) -> None:
    yes, no = words
    text = table(
        head,
        f"p1@example.org,E-Mail,{no},2025-03-13 10:00:00",
        f"p1@example.org,Post,{yes},2025-03-14 10:00:00",
        f"p2@example.org,E-Mail,{yes},2025-03-15 10:00:00",
        f"p2@example.org,SMS,{no},2025-03-16 10:00:00",
        f"p3@example.org,Fax,{yes},2025-03-17 10:00:00",
        f"p3@example.org,,{no},2025-03-18 10:00:00",
    )
    rows = consents(bench, tmp_path, "words.csv", text)
    assert said(rows) == {
        ("p1@example.org", "email", "denied", True),
        ("p1@example.org", "post", "granted", True),
        ("p2@example.org", "email", "granted", True),
        ("p2@example.org", "sms", "denied", True),
        ("p3@example.org", "fax", "granted", True),
        ("p3@example.org", "any", "denied", True),
    }
    assert {row["purpose"] for row in rows} == {"marketing"}


def test_mail_beside_email_is_for_letters(bench: Bench, tmp_path: Path) -> None:
    text = table(
        "Email,Channel,Opt In,Updated At",
        "p1@example.org,email,no,2025-03-13 10:00:00",
        "p1@example.org,mail,yes,2025-03-14 10:00:00",
    )
    assert said(consents(bench, tmp_path, "optins.csv", text)) == {
        ("p1@example.org", "email", "denied", True),
        ("p1@example.org", "post", "granted", True),
    }


def test_who_refuses_by_one_channel_is_told_by_a_yes(bench: Bench, tmp_path: Path) -> None:
    text = table(
        "Email,Phone,Channel,Unsubscribed,Date",
        "p1@example.org,+12125551001,sms,yes,2025-03-13 10:00:00",
        "p1@example.org,+12125551001,email,no,2025-03-14 10:00:00",
        "p2@example.org,+12125551002,email,yes,2025-03-15 10:00:00",
    )
    assert said(consents(bench, tmp_path, "words.csv", text)) == {
        ("+12125551001", "sms", "withdrawn", True),
        ("p2@example.org", "email", "withdrawn", True),
    }


def test_a_time_of_leaving_is_by_its_channel(bench: Bench, tmp_path: Path) -> None:
    text = table(
        "Email,Channel,Unsubscribed At",
        "p1@example.org,sms,2025-03-13 10:00:00",
        "p2@example.org,email,2025-03-14 10:00:00",
    )
    assert said(consents(bench, tmp_path, "words.csv", text)) == {
        ("p1@example.org", "sms", "withdrawn", True),
        ("p2@example.org", "email", "withdrawn", True),
    }


@pytest.mark.parametrize(
    ("head", "channels"),
    [
        ("Member No,Given Name,Email,Channel,Newsletter,Joined", ("post", "email")),
        ("Order No,Email,Channel,Newsletter,Total,Date", ("phone", "email")),
        ("Date,Email,Channel,Answered,Agent", ("phone", "email")),
    ],
)
def test_what_else_has_a_channel_grants_nothing_by_e_mail(
    bench: Bench, tmp_path: Path, head: str, channels: tuple[str, str]
) -> None:
    cells = {"Member No": "{0}", "Order No": "{0}", "Given Name": "Ann", "Email": "p{0}@example.org", "Total": "9.9{0}",
             "Channel": "{1}", "Newsletter": "yes", "Answered": "yes", "Agent": "Zoe", "Date": "2025-01-1{0}",
             "Joined": "2025-01-1{0}"}  # fmt: skip
    row = ",".join(cells[heading] for heading in head.split(","))
    text = table(head, *(row.format(n, channels[n % 2]) for n in range(8)))
    proposal = propose(written(tmp_path, "rows.csv", text), "shop")
    assert [map_ for map_ in proposal.stream["maps"] if map_["to"] == "consents"] == []


def test_where_people_were_won_is_no_channel_of_consent(bench: Bench, tmp_path: Path) -> None:
    text = table(
        "Member No,Given Name,Email,Channel,Newsletter,Joined",
        *(
            f"{n},Ann,p{n}@example.org,{('web', 'store', 'fair', 'email')[n % 4]},yes,2025-01-{1 + n:02d}"
            for n in range(8)
        ),
    )
    rows = consents(bench, tmp_path, "members.csv", text)
    assert {(row["channel"], row["status"], row["explicit"]) for row in rows} == {("email", "granted", False)}


def test_who_is_in_a_list_of_refusals_has_withdrawn(bench: Bench, tmp_path: Path) -> None:
    text = table(
        "email,phone,added",
        "p1@example.org,,2025-01-01",
        "p2@example.org,+12125551002,2025-02-02",
        ",+12125551003,2025-03-03",
    )
    rows = consents(bench, tmp_path, "do_not_contact.csv", text)
    assert said(rows) == {
        (point, "any", "withdrawn", True)
        for point in ("p1@example.org", "p2@example.org", "+12125551002", "+12125551003")
    }
    assert {str(row["occurred_at"])[:10] for row in rows} == {"2025-01-01", "2025-02-02", "2025-03-03"}


def test_a_telephone_may_come_in_the_next_list_of_refusals(tmp_path: Path) -> None:
    text = table("email,phone,added", *(f"p{n}@example.org,,2025-01-1{n}" for n in range(4)))
    stream = propose(written(tmp_path, "suppression_list.csv", text), "shop").stream
    assert "key" not in stream
    assert [map_["set"]["contact_point"] for map_ in stream["maps"] if map_["to"] == "consents"] == ["email", "phone"]


def test_whom_a_list_of_refusals_does_not_call_blocked_has_said_nothing(bench: Bench, tmp_path: Path) -> None:
    text = table(
        "Email,Status,Datum",
        "p1@example.org,gesperrt,2025-01-01",
        "p2@example.org,aktiv,2025-02-02",
        "p3@example.org,,2025-03-03",
    )
    assert said(consents(bench, tmp_path, "robinson.csv", text)) == {
        ("p1@example.org", "any", "withdrawn", True),
        ("p3@example.org", "any", "withdrawn", True),
    }


def test_refusals_come_again_by_their_channels(bench: Bench, tmp_path: Path) -> None:
    text = table(
        "Email,Channel,Date",
        "p1@example.org,email,2025-01-01",
        "p1@example.org,sms,2025-02-02",
        "p2@example.org,,2025-03-03",
    )
    assert said(consents(bench, tmp_path, "unsubscribes.csv", text)) == {
        ("p1@example.org", "email", "withdrawn", True),
        ("p1@example.org", "sms", "withdrawn", True),
        ("p2@example.org", "any", "withdrawn", True),
    }


@pytest.mark.parametrize(
    ("name", "head", "row", "doubt"),
    [
        ("consent_log.csv", "timestamp,branch,channel,purpose,status",
         "2025-01-0{} 10:00:00,{},email,marketing,granted", "name no address"),
        ("einwilligungen.csv", "E-Mail,Vorname", "p{}@example.org,Ann{}", "say not when it was"),
        ("members.csv", "Email,Newsletter Consent,Joined", "p{}@example.org,Zug,2025-01-0{}", "say it in no known way"),
    ],
)  # fmt: skip
def test_rows_that_speak_of_consent_in_vain_are_told(
    tmp_path: Path, name: str, head: str, row: str, doubt: str
) -> None:
    text = table(head, *(row.format(n, n) for n in range(1, 9)))
    proposal = propose(written(tmp_path, name, text), "shop")
    told = [each for each in proposal.doubts if each.startswith("rows speak of consent and ")]
    assert len(told) == 1
    assert f"{doubt}: nothing is known of consent by them" in told[0]


def flagged(heading: str, words: tuple[str, ...]) -> str:
    return table(
        f"Member No,Email,Mobile,Joined,{heading}",
        *(f"{n},p{n}@example.org,+1212555{1000 + n},2025-01-{1 + n:02d},{words[n % len(words)]}" for n in range(20)),
    )


@pytest.mark.parametrize(
    ("heading", "yes", "no"),
    [
        ("メルマガ", "希望する", "希望しない"),
        ("마케팅 수신 동의", "동의", "미동의"),
        ("E-posta İzni", "Evet", "Hayır"),
        ("Aceita Marketing", "Sim", "Não"),
        ("Newsletter", "1", "0"),
    ],
)
def test_yes_and_no_are_read_in_other_languages(bench: Bench, tmp_path: Path, heading: str, yes: str, no: str) -> None:
    rows = consents(bench, tmp_path, "members.csv", flagged(heading, (yes, no)))
    assert {(int(row["contact_point"][1:].split("@")[0]) % 2, row["status"], row["explicit"]) for row in rows} == {
        (0, "granted", False),
        (1, "denied", False),
    }


def test_words_of_which_none_is_known_grant_and_deny_nothing(tmp_path: Path) -> None:
    proposal = propose(written(tmp_path, "members.csv", flagged("Newsletter", ("Zug", "Trug"))), "shop")
    assert [map_ for map_ in proposal.stream["maps"] if map_["to"] == "consents"] == []
    assert "none of what Newsletter says is known to be yes or no: it is left out" in proposal.doubts


def test_a_word_that_is_not_known_says_neither_yes_nor_no(bench: Bench, tmp_path: Path) -> None:
    text = flagged("Newsletter", ("ja", "Trug"))
    assert {row["status"] for row in consents(bench, tmp_path, "members.csv", text)} == {"granted"}
    proposal = propose(written(tmp_path, "members.csv", text), "shop")
    assert "trug in Newsletter is taken neither for yes nor for no" in proposal.doubts


def test_who_is_not_to_be_disturbed_gets_neither_calls_nor_text_messages(bench: Bench, tmp_path: Path) -> None:
    rows = consents(bench, tmp_path, "members.csv", flagged("DND", ("Y", "N")))
    assert {(row["channel"], row["status"]) for row in rows} == {("sms", "withdrawn"), ("phone", "withdrawn")}
    assert len(rows) == 20


def test_subscribers_who_left_have_withdrawn_and_the_others_have_not(bench: Bench, tmp_path: Path) -> None:
    text = table(
        "Email Address,Status,Subscribed At,Unsubscribed At",
        "p1@example.org,subscribed,2025-01-01 10:00:00,",
        "p2@example.org,unsubscribed,2025-01-02 10:00:00,2025-02-02 10:00:00",
        "p3@example.org,unsubscribed,2025-01-03 10:00:00,",
        "p4@example.org,cleaned,2025-01-04 10:00:00,",
    )
    rows = consents(bench, tmp_path, "subscribers.csv", text)
    assert said(rows) == {
        ("p1@example.org", "email", "granted", False),
        ("p2@example.org", "email", "withdrawn", True),
        ("p3@example.org", "email", "withdrawn", True),
    }
    assert {str(row["occurred_at"])[:10] for row in rows} == {"2025-01-01", "2025-02-02", str(AS_OF)[:10]}


def test_who_is_active_in_a_list_of_customers_has_granted_nothing(bench: Bench, tmp_path: Path) -> None:
    text = table(
        "No. Cliente,Correo,Nombre,Estatus,Fecha de alta,Fecha de baja",
        "1,p1@example.org,Ann,Activo,2025-01-01,",
        "2,p2@example.org,Zoe,Baja,2025-01-02,2025-02-02",
    )
    rows = consents(bench, tmp_path, "clientes.csv", text)
    assert said(rows) == {("p2@example.org", "email", "withdrawn", True)}
    assert {str(row["occurred_at"])[:10] for row in rows} == {"2025-02-02"}


@pytest.mark.parametrize(("words", "genders"), [("HM", ("male", "female")), ("FM", ("female", "male"))])
def test_m_is_for_mujer_beside_h(bench: Bench, tmp_path: Path, words: str, genders: tuple[str, str]) -> None:
    text = table(
        "No. Cliente,Correo,Nombre,Sexo",
        *(f"{n},p{n}@example.org,Ann{chr(97 + n)},{words[n % 2]}" for n in range(10)),
    )
    found = propose(written(tmp_path / "in", "clientes.csv", text), "shop")
    bench.drop("shop/clientes.csv", text.encode())
    source = loaded(tmp_path, [found])
    load(bench, source)
    told = {row["given_name"]: row["gender"] for row in canonical(bench, source, "contacts")}
    assert (told["Anna"], told["Annb"]) == genders


@pytest.mark.parametrize(
    ("name", "head", "cells", "refused"),
    [
        ("customers.csv", "customer_id,last_name,email,email_opt_out", "C{n},Example,p{n}@example.org,{flag}", True),
        ("newsletter_status.csv", "email,status", "p{n}@example.org,{word}", True),
        ("consent_log.csv", "email,purpose,channel,answer", "p{n}@example.org,marketing,email,{not_flag}", True),
        ("unsubscribes.csv", "email", "p{n}@example.org", None),
    ],
)
def test_a_refusal_without_a_time_counts_from_its_delivery_and_consent_does_not(
    bench: Bench, tmp_path: Path, name: str, head: str, cells: str, refused: bool | None
) -> None:
    def line(n: int) -> str:
        gone = n % 3 == 0
        word = "unsubscribed" if gone else "subscribed"
        return cells.format(n=n, flag=str(gone).lower(), not_flag="no" if gone else "yes", word=word)

    found = consents(bench, tmp_path, name, table(head, *(line(n) for n in range(12))))
    wanted = range(0, 12, 3) if refused else range(12)
    assert {row["contact_point"] for row in found} == {f"p{n}@example.org" for n in wanted}
    assert {(row["status"] in ("withdrawn", "denied"), row["explicit"], row["occurred_at"]) for row in found} == {
        (True, True, AS_OF)
    }


def test_who_has_unsubscribed_at_no_known_time_has_unsubscribed(bench: Bench, tmp_path: Path) -> None:
    lines = (
        f"C{n},Example,p{n}@example.org,{str(n % 2 == 0).lower()},{'' if n == 0 else f'2026-01-{n:02d} 10:00:00'}"
        for n in range(12)
    )
    text = table("customer_id,last_name,email,unsubscribed,updated_at", *lines)
    found = {row["contact_point"]: row["occurred_at"].month for row in consents(bench, tmp_path, "customers.csv", text)}
    assert found == {f"p{n}@example.org": 6 if n == 0 else 1 for n in range(0, 12, 2)}


@pytest.mark.parametrize(
    ("name", "head", "cells", "gone"),
    [
        ("consents.csv", "customer_id,purpose,channel,granted,granted_at", "C{n},marketing,sms,{not_flag},{at}", "sms"),
        ("preferences.csv", "customer_id,newsletter_opt_out,updated_at", "C{n},{flag},{at}", "email"),
        ("do_not_contact.csv", "customer_id,date_added", "C{n},{at}", "any"),
    ],
)
def test_words_of_customers_known_by_their_number_are_theirs(
    bench: Bench, tmp_path: Path, name: str, head: str, cells: str, gone: str
) -> None:
    lines = (
        cells.format(n=n, flag=str(n % 3 == 0).lower(), not_flag=str(n % 3 > 0).lower(), at=f"2026-01-{n + 1:02d}")
        for n in range(12)
    )
    found = consents(bench, tmp_path, name, table(head, *lines))
    refused = {row["native_id"] for row in found if row["status"] in ("withdrawn", "denied")}
    assert len(refused) == (12 if name == "do_not_contact.csv" else 4)
    assert {(row["contact_point"], row["channel"]) for row in found} == {(None, gone)}


def test_a_purpose_beside_the_number_of_a_customer_may_be_that_of_a_loan(bench: Bench, tmp_path: Path) -> None:
    lines = (f"L{n},C{n},car,approved,2026-01-{n + 1:02d}" for n in range(12))
    assert not consents(bench, tmp_path, "loans.csv", table("loan_id,customer_id,purpose,status,created_at", *lines))


def test_who_has_unsubscribed_since_has_not_done_so_when_the_row_was_made(bench: Bench, tmp_path: Path) -> None:
    head = "user_id,name,email,unsubscribed_from_emails,optin_time,created_at"
    lines = (
        f"U{n},Ann Example,p{n}@example.org,{str(n % 2 == 0).lower()},2025-03-01 10:00:00,2025-01-{n + 1:02d} 10:00:00"
        for n in range(12)
    )
    found = consents(bench, tmp_path, "contacts.csv", table(head, *lines))
    assert {row["occurred_at"] for row in found if row["status"] == "withdrawn"} == {AS_OF}


def test_later_words_of_a_log_are_understood_or_refused_and_never_passed_over(bench: Bench, tmp_path: Path) -> None:
    head = "id,email,channel,action,at"
    first = (f"c{n},p{n}@example.org,email,{'opt_out' if n == 8 else 'opt_in'},2026-03-01 09:00:0{n}" for n in range(9))
    consents(bench, tmp_path, "consents.csv", table(head, *first))
    later = table(
        head,
        "w1,p1@example.org,E-Mail,opt_out,2026-03-05 09:00:00",
        "w2,p2@example.org,,opt_out,2026-03-05 09:00:00",
        "w3,p3@example.org,email,unsubscribe_all,2026-03-05 09:00:00",
    )
    bench.drop("shop/consents_2.csv", later.encode())
    (source,) = load_catalog(tmp_path / "defs").sources
    load(bench, source)
    found = {row["native_id"]: (row["channel"], row["status"]) for row in canonical(bench, source, "consents")}
    assert (found["w1"], found["w2"], "w3" in found) == (("email", "withdrawn"), ("any", "withdrawn"), False)
    assert outcome(bench, "shop__consents")[-1] == ("quarantined", "consents needs `status`, which came out empty")


@pytest.mark.parametrize(
    ("head", "words", "expected"),
    [
        ("Do not allow Bulk Emails", ("Do Not Allow", "Allow"), {("withdrawn", True)}),
        ("Receive Marketing Emails?", ("No", "Yes"), {("denied", False), ("granted", False)}),
        ("Marketing emails", ("unsubscribed", "subscribed"), {("withdrawn", True), ("granted", False)}),
    ],
)
def test_marketing_is_told_by_further_headings(
    bench: Bench, tmp_path: Path, head: str, words: tuple[str, str], expected: set[tuple[str, bool]]
) -> None:
    lines = (f"{n},Ann Example,p{n}@example.org,{words[n % 2]},2026-01-{n + 1:02d} 10:00:00" for n in range(12))
    found = consents(bench, tmp_path, "customers.csv", table(f"Customer ID,Name,Email,{head},Date Modified", *lines))
    assert {(row["status"], row["explicit"]) for row in found} == expected


@pytest.mark.parametrize(
    ("name", "head", "row"),
    [
        ("order_items.csv", "Order ID,Order Date,Email,Item Name,Quantity,Unit Price",
         "O{n},2026-01-{day:02d} 10:00:00,{email},Mug,1,9.9{n}"),
        ("appointments.csv", "Appointment ID,Appointment Date,Patient ID,Email,Visit Type",
         "A{n},2026-01-{day:02d} 10:00:00,P{n},{email},Checkup"),
        ("tickets.csv", "Ticket ID,Subject,Status,Created At,Requester Email",
         "{n},Help,open,2026-01-{day:02d} 10:00:00,{email}"),
        ("subscriptions.csv", "Subscription ID,Customer ID,Customer Email,Plan,Start Date",
         "S{n},C{n},{email},Basic,2026-01-{day:02d}"),
        ("survey.csv", "Response ID,Email,NPS Score,Comment,Submitted At",
         "R{n},{email},{n},Fine,2026-01-{day:02d} 10:00:00"),
        ("calls.csv", "Call ID,Direction,Duration,Email,Started", "L{n},inbound,60,{email},2026-01-{day:02d} 10:00:00"),
        ("deals.csv", "Deal ID,Deal Name,Stage,Amount,Contact Email,Created At",
         "D{n},Deal,won,9{n}.00,{email},2026-01-{day:02d} 10:00:00"),
    ],
)  # fmt: skip
def test_who_refuses_is_known_by_whatever_they_did(
    bench: Bench, tmp_path: Path, name: str, head: str, row: str
) -> None:
    text = table(
        f"{head},Unsubscribed",
        *(f"{row.format(n=n, day=n + 1, email=f'p{n}@example.org')},{'yes' if n % 3 == 0 else 'no'}" for n in range(9)),
    )
    found = consents(bench, tmp_path, name, text)
    assert said(found) == {(f"p{n}@example.org", "email", "withdrawn", True) for n in (0, 3, 6)}
    changing = name in ("tickets.csv", "subscriptions.csv", "deals.csv")
    times = {str(row["occurred_at"])[:10] for row in found}
    assert times == ({str(AS_OF)[:10]} if changing else {"2026-01-01", "2026-01-04", "2026-01-07"})


def test_a_refusal_beside_what_is_to_come_is_there_already(bench: Bench, tmp_path: Path) -> None:
    text = table(
        "Order ID,Order Date,Event Date,Email,Item Name,Quantity,Unit Price,Do Not Email",
        *(
            f"O{n},2026-01-{n + 1:02d} 10:00:00,2099-01-{n + 1:02d} 10:00:00,p{n}@example.org,Ticket,1,9.9{n},"
            f"{'yes' if n % 3 == 0 else 'no'}"
            for n in range(9)
        ),
    )
    found = consents(bench, tmp_path, "order_items.csv", text)
    assert {str(row["occurred_at"])[:10] for row in found} == {"2026-01-01", "2026-01-04", "2026-01-07"}


def test_lines_say_who_ticked_a_box_when_they_bought(bench: Bench, tmp_path: Path) -> None:
    text = table(
        "Order ID,Order Date,Email,Item Name,Quantity,Unit Price,Accepts Marketing",
        *(
            f"O{n // 2},2026-01-{n // 2 + 1:02d} 10:00:00,p{n // 2}@example.org,Mug {n},1,9.90,"
            f"{'yes' if n // 2 % 2 else 'no'}"
            for n in range(8)
        ),
    )
    found = consents(bench, tmp_path, "order_items.csv", text)
    assert said(found) == {(f"p{n}@example.org", "email", "granted" if n % 2 else "denied", False) for n in range(4)}
    assert {(row["contact_point"], str(row["occurred_at"])[:10]) for row in found} == {
        (f"p{n}@example.org", f"2026-01-0{n + 1}") for n in range(4)
    }


def test_the_status_of_what_was_bought_refuses_no_advertising(tmp_path: Path) -> None:
    text = table(
        "Order ID,Order Date,Email,Total,Status",
        *(f"O{n},2026-01-{n + 1:02d} 10:00:00,p{n}@example.org,9.9{n},{('stop', 'paid')[n % 2]}" for n in range(9)),
    )
    proposal = propose(written(tmp_path, "orders.csv", text), "shop")
    assert [map_ for map_ in proposal.stream["maps"] if map_["to"] == "consents"] == []


def test_who_refuses_does_so_for_each_address_and_who_permits_for_the_first(bench: Bench, tmp_path: Path) -> None:
    text = table(
        "Person ID,First Name,Last Name,Email Work,Email Home,Marketing status,Update time",
        "1,Ann,Lee,w1@example.org,h1@example.org,Unsubscribed,2026-01-01 10:00:00",
        "2,Zoe,Berg,,h2@example.org,Unsubscribed,2026-01-02 10:00:00",
        "3,Otto,Maes,w3@example.org,h3@example.org,Subscribed,2026-01-03 10:00:00",
        "4,Eva,Nagy,,h4@example.org,Subscribed,2026-01-04 10:00:00",
        "5,Ida,Olsen,w5@example.org,h5@example.org,Never subscribed,2026-01-05 10:00:00",
    )
    assert said(consents(bench, tmp_path, "people.csv", text)) == {
        ("w1@example.org", "email", "withdrawn", True),
        ("h1@example.org", "email", "withdrawn", True),
        ("h2@example.org", "email", "withdrawn", True),
        (None, "email", "withdrawn", True),
        ("w3@example.org", "email", "granted", False),
        ("h4@example.org", "email", "granted", False),
        ("w5@example.org", "email", "denied", False),
        ("h5@example.org", "email", "denied", False),
    }
    (source,) = load_catalog(tmp_path / "defs").sources
    points = {row["value"] for row in canonical(bench, source, "contact_points") if row["kind"] == "email"}
    assert points == {f"{where}{n}@example.org" for where in "wh" for n in range(1, 6)} - {
        "w2@example.org",
        "w4@example.org",
    }


def test_a_log_refuses_for_each_address(bench: Bench, tmp_path: Path) -> None:
    text = table(
        "Timestamp,Email,Other Email,Channel,Purpose,Action",
        "2026-01-01 10:00:00,p1@example.org,o1@example.org,email,marketing,opt_out",
        "2026-01-02 10:00:00,p2@example.org,o2@example.org,email,marketing,opt_in",
        "2026-01-03 10:00:00,,o3@example.org,email,marketing,opt_in",
    )
    assert said(consents(bench, tmp_path, "consent_log.csv", text)) == {
        ("p1@example.org", "email", "withdrawn", True),
        ("o1@example.org", "email", "withdrawn", True),
        ("p2@example.org", "email", "granted", True),
        ("o3@example.org", "email", "granted", True),
    }


@pytest.mark.parametrize(
    "heading",
    [
        "acceptMarketing", "Promotional Emails", "Email OK", "OK to email", "Contact Through Email",
        "Newsletter abonniert", "Marketing Preference", "I agree to be contacted", "Werbeeinwilligung E-Mail",
        "Einwilligung E-Mail", "Would you like to hear from us by e-mail?", "Consentement e-mail",
        "Abonné à la newsletter", "Acepta newsletter", "Consenso e-mail", "Toestemming e-mail",
        "Aceita receber newsletter", "Zgoda na e-mail", "Souhlas s e-mailem", "Samtycke e-post",
    ],
)  # fmt: skip
def test_consent_is_asked_for_in_many_words(bench: Bench, tmp_path: Path, heading: str) -> None:
    rows = consents(bench, tmp_path, "members.csv", flagged(heading, ("yes", "no")))
    assert {(int(row["contact_point"][1:].split("@")[0]) % 2, row["status"], row["explicit"]) for row in rows} == {
        (0, "granted", False),
        (1, "denied", False),
    }


@pytest.mark.parametrize(
    "heading",
    [
        "No Newsletter",
        "Unsubscribed from newsletter",
        "Do not send marketing emails",
        "Kein Newsletter",
        "Sans newsletter",
    ],
)
def test_a_yes_to_no_advertising_is_a_refusal(bench: Bench, tmp_path: Path, heading: str) -> None:
    rows = consents(bench, tmp_path, "members.csv", flagged(heading, ("yes", "no")))
    assert {(int(row["contact_point"][1:].split("@")[0]) % 2, row["status"]) for row in rows} == {(0, "withdrawn")}


def test_who_is_said_to_subscribe_where_others_have_left_has_not(bench: Bench, tmp_path: Path) -> None:
    rows = consents(bench, tmp_path, "members.csv", flagged("Opt-out", ("Opted in", "Opted out")))
    assert {(int(row["contact_point"][1:].split("@")[0]) % 2, row["status"]) for row in rows} == {(1, "withdrawn")}


@pytest.mark.parametrize(
    ("heading", "words", "channel"),
    [
        ("Do Not Contact", "Do Not Email", "email"),
        ("Solicit Codes", "Do Not Email", "email"),
        ("Solicit Codes", "Anonymous; Do Not Email; Do Not Call", "any"),
        ("Bemerkung", "Nicht anrufen", "phone"),
        ("Segment", "Do not contact", "any"),
        ("Reachability", "Opted Out", "email"),
        ("SMS state", "Unsubscribed", "sms"),
    ],
)
def test_cells_that_spell_a_refusal_refuse_whatever_their_heading(
    bench: Bench, tmp_path: Path, heading: str, words: str, channel: str
) -> None:
    rows = consents(bench, tmp_path, "members.csv", flagged(heading, (words, "Gold", "")))
    assert {(row["contact_point"][0], row["channel"], row["status"], row["explicit"]) for row in rows} == {
        ("p", channel, "withdrawn", True),
        ("+", channel, "withdrawn", True),
    }
    assert len({row["contact_point"] for row in rows}) == 14


def test_what_comes_in_the_next_file_refuses_too(bench: Bench, tmp_path: Path) -> None:
    consents(bench, tmp_path, "members.csv", flagged("Solicit Codes", ("Do Not Email", "")))
    bench.drop("shop/members_2.csv", flagged("Solicit Codes", ("No marketing", "")).encode())
    (source,) = load_catalog(tmp_path / "defs").sources
    load(bench, source)
    assert {row["channel"] for row in canonical(bench, source, "consents")} == {"any"}


@pytest.mark.parametrize(
    ("heading", "told"), [("Mailing List", True), ("Emails", True), ("Email Bounced", False), ("Vaccinated", False)]
)
def test_a_yes_that_may_be_to_advertising_is_told(tmp_path: Path, heading: str, told: bool) -> None:
    proposal = propose(written(tmp_path, "members.csv", flagged(heading, ("yes", "no"))), "shop")
    assert (f"{heading} may say who wants advertising: it is left out" in proposal.doubts) is told
    assert [map_ for map_ in proposal.stream["maps"] if map_["to"] == "consents"] == []


@pytest.mark.parametrize(
    "heading", ["Treatment Consent", "Photo consent", "Einwilligung Behandlung", "Call recording consent"]
)
def test_consent_to_something_else_is_none_to_advertising(tmp_path: Path, heading: str) -> None:
    proposal = propose(written(tmp_path, "members.csv", flagged(heading, ("yes", "no"))), "shop")
    assert [map_ for map_ in proposal.stream["maps"] if map_["to"] == "consents"] == []


@pytest.mark.parametrize(
    ("heading", "words", "expected"),
    [
        ("Marketing status", ("Subscribed", "No consent"), {("email", "granted"), ("email", "denied")}),
        ("Global Subscription Status", ("Confirmed Opt-In", "Soft Opt-Out"),
         {("email", "granted"), ("email", "withdrawn")}),
        ("Promotional Texts", ("Yes", "No"), {("sms", "granted"), ("sms", "denied")}),
    ],
)  # fmt: skip
def test_what_systems_say_of_consent_is_known(
    bench: Bench, tmp_path: Path, heading: str, words: tuple[str, str], expected: set[tuple[str, str]]
) -> None:
    rows = consents(bench, tmp_path, "members.csv", flagged(heading, words))
    assert {(row["channel"], row["status"]) for row in rows} == expected
    assert len(rows) == 20


def test_who_says_no_without_a_time_refuses_from_the_delivery_and_who_says_yes_consents_to_nothing(
    bench: Bench, tmp_path: Path
) -> None:
    text = table(
        "Customer ID,First Name,Last Name,Email,Accepts Email Marketing",
        *(f"{1000 + n},Ann{n},Lee,p{n}@example.org,{'yes' if n % 2 else 'no'}" for n in range(20)),
    )
    found = said(consents(bench, tmp_path, "customers.csv", text))
    assert found == {(f"p{n}@example.org", "email", "denied", False) for n in range(0, 20, 2)}


@pytest.mark.parametrize(
    ("heading", "yes", "no"),
    [
        ("Refus prospection", "Oui", "Non"),
        ("Opposition démarchage", "Oui", "Non"),
        ("Ne souhaite pas être démarché", "Oui", "Non"),
        ("Mailingsperre", "Ja", "Nein"),
        ("Oposición publicidad", "Sí", "No"),
        ("Rifiuta marketing", "Sì", "No"),
        ("No Mailshots", "Yes", "No"),
        ("Opted Out", "Yes", "No"),
    ],
)
def test_what_is_refused_in_other_words_is_refused(
    bench: Bench, tmp_path: Path, heading: str, yes: str, no: str
) -> None:
    rows = (f"C{n},Ada{n},Berger{n},p{n}@example.org,{no if n % 4 else yes}" for n in range(20))
    found = said(
        consents(bench, tmp_path, "people.csv", table(f"Customer ID,First Name,Last Name,Email,{heading}", *rows))
    )
    assert {address for address, _, status, _ in found if status in ("denied", "withdrawn")} == {
        f"p{n}@example.org" for n in range(0, 20, 4)
    }
    assert not [row for row in found if row[2] == "granted"]
