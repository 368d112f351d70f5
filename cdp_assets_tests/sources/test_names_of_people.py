"""Whoever is known by an address has the name that stands beside it, whatever its heading is called: names that
contradict each other are what keeps a family with one address apart.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cdp_assets.sources.proposing.doubting import WITHOUT_NAMES
from cdp_assets.sources.proposing.propose import propose
from cdp_assets_tests.sources.test_proposing import written
from cdp_assets_tests.sources.test_relational_exports import table
from cdp_assets_tests.sources.test_whose import identifiers, stream

GIVEN = ("Ann", "Bernd", "Zoe")


def contact(found: dict[str, Any]) -> dict[str, str]:
    return next((map_["set"] for map_ in found.get("maps", ()) if map_["to"] == "contacts"), {})


@pytest.mark.parametrize(
    ("name", "email"),
    [
        ("Requester Name", "Requester Email"),
        ("Requester", "Requester Email"),
        ("Caller Name", "Caller E-Mail"),
        ("Recipient Name", "Recipient Email"),
        ("依頼者名", "依頼者メールアドレス"),
        ("投保人姓名", "投保人邮箱"),
        ("의뢰자명", "의뢰자 이메일"),
    ],
)
def test_the_name_of_whom_an_address_is_called_after_is_taken_with_it(tmp_path: Path, name: str, email: str) -> None:
    text = table(
        f"Ticket ID,Created,{name},{email},Subject,Status",
        *(f"{n},2026-01-{1 + n % 28:02d} 10:00,{GIVEN[n % 3]} Lee,p{n // 3}@example.org,Login,open" for n in range(30)),
    )
    found = stream(tmp_path, "tickets.csv", text)
    assert contact(found)["full_name"].strip('"') == name
    assert [value.strip('"') for _, value in identifiers(found)] == [email]


def test_a_name_of_somebody_else_than_who_is_reached_is_not_taken(tmp_path: Path) -> None:
    text = table(
        "Ticket ID,Created,Caller Name,Requester Email,Subject,Status",
        *(f"{n},2026-01-{1 + n % 28:02d} 10:00,{GIVEN[n % 3]} Lee,p{n}@example.org,Login,open" for n in range(30)),
    )
    assert contact(stream(tmp_path, "tickets.csv", text)) == {}


@pytest.mark.parametrize("heading", ["Customer Name (English)", "お名前（漢字）"])
def test_what_stands_in_brackets_does_not_hide_a_name(tmp_path: Path, heading: str) -> None:
    text = table(
        f"{heading},DOB,Email",
        *(f"{GIVEN[n % 3]} Lee{n},19{60 + n}-02-03,p{n}@example.org" for n in range(30)),
    )
    assert contact(stream(tmp_path, "people.csv", text))["full_name"].strip('"') == heading


def test_what_brackets_say_of_somebody_else_still_counts(tmp_path: Path) -> None:
    text = table(
        "Name,Email,Phone (emergency)",
        *(f"{GIVEN[n % 3]} Lee{n},p{n}@example.org,+4930{1000000 + n}" for n in range(30)),
    )
    assert identifiers(stream(tmp_path, "people.csv", text)) == [("email", "Email")]


@pytest.mark.parametrize(
    ("father", "mother"),
    [("Apellido Paterno", "Apellido Materno"), ("Primer apellido", "Segundo apellido")],
)
def test_the_family_names_of_both_parents_are_one(tmp_path: Path, father: str, mother: str) -> None:
    text = table(
        f"Nombre(s),{mother},{father},Correo",
        *(f"{GIVEN[n % 3]},Costa{n},Silva{n},p{n}@example.org" for n in range(30)),
    )
    found = contact(stream(tmp_path, "clientes.csv", text))
    assert (found["given_name"], found["family_name"]) == ('"Nombre(s)"', f'concat_ws(\' \', "{father}", "{mother}")')


@pytest.mark.parametrize("heading", ["Nome/Razão Social", "nome_razao_social", "Nombre o razón social", "Name / Firma"])
@pytest.mark.parametrize(("companies", "role"), [(0, "full_name"), (5, "full_name"), (28, "company")])
def test_names_of_people_or_companies_are_what_most_of_them_are(
    tmp_path: Path, heading: str, companies: int, role: str
) -> None:
    text = table(
        f"{heading},E-mail",
        *(f"{f'Loja {n} Ltda' if n < companies else f'{GIVEN[n % 3]} Costa{n}'},p{n}@example.org" for n in range(30)),
    )
    assert list(contact(stream(tmp_path, "clientes.csv", text))) == [role]


@pytest.mark.parametrize("heading", ["Razão Social", "Company Name", "Nombre de la empresa"])
def test_the_name_of_a_company_is_no_persons(tmp_path: Path, heading: str) -> None:
    text = table(f"{heading},E-mail", *(f"{GIVEN[n % 3]} Costa{n},p{n}@example.org" for n in range(30)))
    assert "full_name" not in contact(stream(tmp_path, "clientes.csv", text))


@pytest.mark.parametrize(("form", "companies"), [("Ltd", True), ("Savings", False)])
def test_the_account_of_a_contact_is_a_company_where_it_is_called_as_one(
    tmp_path: Path, form: str, companies: bool
) -> None:
    text = table(
        "Contact ID,First Name,Last Name,Account Name,Email",
        *(f"C{n:04d},{GIVEN[n % 3]},Lee{n},Firm {n // 3} {form},p{n}@example.org" for n in range(30)),
    )
    found = contact(stream(tmp_path, "contacts.csv", text))
    assert found.get("company") == ('"Account Name"' if companies else None)


@pytest.mark.parametrize("heading", ["name_sufx_cd", "Suffix"])
def test_what_tells_father_and_son_apart_belongs_to_the_name(tmp_path: Path, heading: str) -> None:
    text = table(
        f"id,first_name,last_name,{heading},zip_code",
        *(f"{n},Ann,Lee{n // 2},{'JR' if n % 2 else ''},1{n:04d}" for n in range(30)),
    )
    assert contact(stream(tmp_path, "voters.csv", text))["family_name"] == f"concat_ws(' ', last_name, {heading})"


def registrations(name: str, mailbox: str, *, people: int = 12) -> str:
    """People of two each with one address, by the template of its mailbox."""
    rows = (
        (GIVEN[n % 3], f"Lee{'abcdefghijklmn'[n // 2]}", n // 2, f"2026-01-{1 + n:02d} 10:00:00") for n in range(people)
    )
    return table(
        f"registration,{name},email,event,registered_at",
        *(f"R{place},{first} {last},{mailbox.format(last=last, n=n)}@example.org,{'Gala' if n % 2 else 'Run'},{at}"
          for place, (first, last, n, at) in enumerate(rows)),
    )  # fmt: skip


@pytest.mark.parametrize("heading", ["name", "attendee"])
def test_the_names_of_who_came_to_an_event_keep_apart_who_shares_an_address(tmp_path: Path, heading: str) -> None:
    proposal = propose(written(tmp_path, "registrations.csv", registrations(heading, "{last}")), "shop")
    assert proposal.kind == "events"
    assert contact(proposal.stream)["full_name"] == heading
    assert any("taken for the name of a person" in doubt for doubt in proposal.doubts)


@pytest.mark.parametrize("heading", ["name", "attendee"])
def test_what_may_name_people_and_no_address_bears_out_is_told(tmp_path: Path, heading: str) -> None:
    proposal = propose(written(tmp_path, "registrations.csv", registrations(heading, "p{n}")), "shop")
    assert contact(proposal.stream) == {}
    assert any(doubt.startswith(f"{heading} may name people") for doubt in proposal.doubts)


def test_names_of_things_are_nobodys(tmp_path: Path) -> None:
    text = table(
        "email,event,name,at",
        *(f"ann.lee{n}@example.org,viewed,Blue {GIVEN[n % 3]},2026-01-{1 + n:02d} 10:00:00" for n in range(20)),
    )
    assert contact(stream(tmp_path, "views.csv", text)) == {}


def test_birth_dates_tell_apart_who_did_something_under_one_address(tmp_path: Path) -> None:
    text = table(
        "visit,email,event,dob,at",
        *(f"V{n},p{n // 2}@example.org,Swim,{1950 + n}-02-03,2026-01-{1 + n:02d} 10:00:00" for n in range(20)),
    )
    assert contact(stream(tmp_path, "visits.csv", text)) == {"birth_date": "dob"}


def test_the_names_of_who_opened_a_message_are_taken(tmp_path: Path) -> None:
    text = table(
        "Email,First Name,Last Name,Campaign,Action,Date",
        *(f"p{n // 2}@example.org,{GIVEN[n % 3]},Lee,News,open,2026-01-{1 + n:02d} 10:00:00" for n in range(20)),
    )
    assert contact(stream(tmp_path, "opens.csv", text)) == {"given_name": '"First Name"', "family_name": '"Last Name"'}


@pytest.mark.parametrize(
    ("head", "said", "taken"),
    [
        ("Name", "{two}", False),
        ("Name,Email", "{one},{one}@shop.example", False),
        ("Customer name", "Ann {letter}ee", True),
    ],
)
def test_the_name_of_whoever_answered_is_not_that_of_all_who_called(
    tmp_path: Path, head: str, said: str, taken: bool
) -> None:
    rows = []
    for n in range(60):
        agent = ("Zoe Park", "Max Hill")[n % 2]
        name = said.format(two=agent, one=agent.split()[0], letter=chr(65 + n % 26))
        rows.append(f"c{n},inbound,+4935155500{n % 30:02d},2026-01-{1 + n % 28:02d} 10:00:00,60,{name}")
    found = stream(tmp_path, "calls.csv", table(f"call_id,direction,external_number,started,duration,{head}", *rows))
    assert identifiers(found) == [("phone", "external_number")]
    assert ("full_name" in contact(found)) is taken


def test_texts_of_which_parts_are_unreadable_leave_the_others(tmp_path: Path) -> None:
    rows = [f"C{n},Ann Lee{n},p{n}@example.org,+4915112345{n}" for n in range(10, 40)]
    rows += ["C7,赵*,a***@example.org,+49151****1234"]
    path = tmp_path / "customers.csv"
    path.write_text("\n".join(["Customer No,Name,Email,Phone", *rows]) + "\n", encoding="utf-8")
    found = propose(path, "crm")
    told = {"Name_unmasked", "Email_unmasked", "Phone_unmasked"}
    assert found.stream["derive"].keys() == told
    assert contact(found.stream) == {"full_name": "Name_unmasked"}
    assert {each["value"] for each in found.stream["identifiers"]} - told == {'"Customer No"'}
    assert sum("made unreadable" in doubt for doubt in found.doubts) == 3


@pytest.mark.parametrize(
    ("head", "said"),
    [
        ("№ клиента,ФИО,Дата рождения,Телефон,Email", {"full_name": "ФИО", "birth_date": "Дата рождения"}),
        ("Код клиента,Имя,Дата рождения,Телефон,Email", {"full_name": "Имя", "birth_date": "Дата рождения"}),
        ("Viðskiptanúmer,Nafn,Fæðingardagur,Sími,Netfang", {"full_name": "Nafn", "birth_date": "Fæðingardagur"}),
        ("会員番号,フリガナ,生年月日,電話番号,メールアドレス", {"full_name": "フリガナ", "birth_date": "生年月日"}),
    ],
)
def test_people_are_named_and_born_in_further_languages(tmp_path: Path, head: str, said: dict[str, str]) -> None:
    rows = (f"{n},{GIVEN[n % 3]} Lee{n},19{60 + n % 30}-02-03,+49151123450{n},p{n}@example.org" for n in range(10, 40))
    found = stream(tmp_path, "list.csv", table(head, *rows))
    assert {name: sql.strip('"') for name, sql in contact(found).items()} == said
    assert {type_ for type_, _ in identifiers(found)} == {"customer_number", "phone", "email"}


def test_how_a_name_is_read_stands_for_it_where_it_is_missing(tmp_path: Path) -> None:
    rows = (f"{n},{'' if n % 9 == 0 else '山田 太郎'},ヤマダ タロウ,p{n}@example.org" for n in range(10, 40))
    found = stream(tmp_path, "list.csv", table("会員番号,氏名,フリガナ,メールアドレス", *rows))
    assert contact(found) == {"full_name": "coalesce(氏名, フリガナ)"}


def test_people_without_names_are_told_of_and_days_of_births_are_no_events(tmp_path: Path) -> None:
    rows = (f"{n},Zyx {n},{1941 + n * 3 % 60}-02-03,+49151123450{n % 9},p{n % 9}@example.org" for n in range(10, 60))
    path = tmp_path / "members.csv"
    path.write_text(table("Member No,Qqqq,Wwww,Phone,Email", *rows), encoding="utf-8")
    found = propose(path, "crm")
    assert found.kind == "contacts"
    assert WITHOUT_NAMES in found.doubts
