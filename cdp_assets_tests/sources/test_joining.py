"""Of several numbers a file is known by the one that the other files have too."""

from __future__ import annotations

from pathlib import Path

import pytest

from cdp_assets.sources.proposing.joining import joined
from cdp_assets.sources.proposing.numberings import are_counted
from cdp_assets.sources.proposing.propose import Proposal, propose
from cdp_assets.sources.proposing.systems import systems
from cdp_assets_tests.sources.test_proposing import written

PEOPLE = 25


def table(head: str, *lines: str) -> str:
    return "".join(f"{line}\n" for line in (head, *lines))


def long_id(kind: str, number: int) -> str:
    return f"{kind}{number * 7919 % 10007:05d}e4b{number:03d}"


CUSTOMERS = table(
    "id,customer_number,first_name,last_name,email",
    *(f"{long_id('c', n)},{20100 + n},Ann,Lee{n},p{n}@example.org" for n in range(PEOPLE)),
)
ORDERS = table(
    "id,order_number,customer_number,order_date,total,currency",
    *(f"{long_id('d', n)},{5000 + n},{20100 + n % PEOPLE},2026-03-04,10.00,EUR" for n in range(40)),
)
BY_BOTH = table(
    "id,order_id,order_number,sku,quantity,unit_price",
    *(f"{long_id('e', n)},{long_id('d', n % 40)},{5000 + n % 40},s{n % 9},1,10.00" for n in range(60)),
)
BY_ID = table(
    "id,order_id,sku,quantity,unit_price",
    *(f"{long_id('e', n)},{long_id('d', n % 40)},s{n % 9},1,10.00" for n in range(60)),
)


def proposed(folder: Path, files: dict[str, str]) -> dict[str, Proposal]:
    found = {name: propose(written(folder, name, text), "shop") for name, text in files.items()}
    numbers = joined(list(found.values()))
    return {
        name: propose(each.path, "shop", joined=numbers[id(each)]) if id(each) in numbers else each
        for name, each in found.items()
    }


def known_by(proposal: Proposal) -> dict[str, str]:
    return {each["type"]: each["value"] for each in proposal.stream.get("identifiers", ())}


@pytest.mark.parametrize(("items", "number"), [(BY_BOTH, "order_number"), (BY_ID, "id")])
def test_orders_belong_to_people_and_lines_to_orders(tmp_path: Path, items: str, number: str) -> None:
    found = proposed(tmp_path, {"customers.csv": CUSTOMERS, "orders.csv": ORDERS, "order_items.csv": items})
    assert known_by(found["customers.csv"])["customer_number"] == "customer_number"
    assert known_by(found["orders.csv"]) == {"order_number": number, "customer_number": "customer_number"}
    told = {"id": "order_id"}.get(number, number)
    assert known_by(found["order_items.csv"]) == {"order_number": told}
    assert found["customers.csv"].stream["key"] == found["orders.csv"].stream["key"] == ["id"]
    assert any("other files have too" in doubt for doubt in found["customers.csv"].doubts)
    assert [len(system) for system in systems(list(found.values()))] == [3]


def test_rows_that_link_people_to_something_are_of_whom_they_name(tmp_path: Path) -> None:
    contacts = table("id,first_name,last_name,email", *(f"{n},Ann,Lee{n},p{n}@example.org" for n in range(1, PEOPLE)))
    lists = table(
        "id,contact,list,first_name,last_name",
        *(f"{n},{PEOPLE - n},1,Ann,Lee{PEOPLE - n}" for n in range(1, PEOPLE)),
    )
    found = proposed(tmp_path, {"contacts.csv": contacts, "contact_lists.csv": lists})
    assert known_by(found["contacts.csv"])["customer_number"] == "id"
    assert known_by(found["contact_lists.csv"]) == {"customer_number": "cast(contact as varchar)"}
    assert found["contacts.csv"].stream["person"]
    assert "person" not in found["contact_lists.csv"].stream


def test_a_number_that_no_other_file_has_is_not_preferred(tmp_path: Path) -> None:
    others = ORDERS.replace(",20", ",90")
    found = proposed(tmp_path, {"customers.csv": CUSTOMERS, "orders.csv": others})
    assert known_by(found["customers.csv"])["customer_number"] == "id"


def test_of_rows_that_feed_no_table_nothing_is_said(tmp_path: Path) -> None:
    payments = table("order_id,payment_type,payment_value", *(f"{long_id('d', n)},card,10.00" for n in range(40)))
    found = proposed(tmp_path, {"orders.csv": ORDERS, "payments.csv": payments})
    assert not any("other files have too" in doubt for doubt in found["payments.csv"].doubts)


ACCOUNTS = table(
    "account_code,email,first_name,last_name,company_name",
    *(f"acct-{n},p{n}@example.org,Ann,Lee{n}," for n in range(PEOPLE)),
)
SUBSCRIPTIONS = table(
    "uuid,account_code,plan_name,activated_at",
    *(f"{long_id('f', n)},acct-{n % PEOPLE},Gold,2026-03-04 10:00:00" for n in range(30)),
)


def test_subscriptions_belong_to_the_people_whose_accounts_they_name(tmp_path: Path) -> None:
    found = proposed(tmp_path, {"accounts.csv": ACCOUNTS, "subscriptions.csv": SUBSCRIPTIONS})
    assert {name: known_by(each).get("customer_number") for name, each in found.items()} == {
        "accounts.csv": "account_code",
        "subscriptions.csv": "account_code",
    }
    assert [len(system) for system in systems(list(found.values()))] == [2]


@pytest.mark.parametrize(
    ("people", "subscriptions"),
    [
        pytest.param({"contacts.csv": ACCOUNTS}, SUBSCRIPTIONS, id="people who belong to accounts"),
        pytest.param(
            {"accounts.csv": table("account_code,name,phone,industry", *(
                f"acct-{n},Acme{n},+49301234{n:03d},Toys" for n in range(PEOPLE)))}, SUBSCRIPTIONS, id="companies",
        ),
        pytest.param(
            {"accounts.csv": ACCOUNTS}, table("uuid,account_code,email,plan_name,activated_at", *(
                f"{long_id('f', n)},acct-{n},q{n}@example.org,Gold,2026-03-04 10:00:00" for n in range(PEOPLE))),
            id="rows that are known by an address",
        ),
    ],
)  # fmt: skip
def test_the_number_of_an_account_is_no_persons_elsewhere(
    tmp_path: Path, people: dict[str, str], subscriptions: str
) -> None:
    found = proposed(tmp_path, {**people, "subscriptions.csv": subscriptions})
    assert known_by(found["subscriptions.csv"]).get("customer_number") is None


def test_numbers_that_were_counted_prove_nothing_beneath_other_headings(tmp_path: Path) -> None:
    def files(number: str) -> dict[str, str]:
        rows = [(number.format(n * 7919 % 10007), n) for n in range(1, PEOPLE)]
        return {
            "customers.csv": table(
                "customer_number,member_number,first_name,last_name",
                *(f"c-{n * 37},{long_},Ann,Lee{n}" for long_, n in rows),
            ),
            "refunds.csv": table(
                "refund_id,user_number,refunded_at,amount", *(f"r-{n},{long_},2026-03-04,1.00" for long_, n in rows)
            ),
        }

    assert known_by(proposed(tmp_path, files("7{:05d}"))["customers.csv"])["customer_number"] == "member_number"
    counted = {
        name: "".join(
            line.replace(f"7{n * 7919 % 10007:05d}", str(n))
            for n, line in enumerate(text.splitlines(keepends=True))
        )
        for name, text in files("7{:05d}").items()
    }  # fmt: skip
    assert known_by(proposed(tmp_path, counted)["customers.csv"])["customer_number"] == "customer_number"


@pytest.mark.parametrize(
    ("numbers", "counted"),
    [
        (["1", "2", "5", "9"], True),
        (["10901", "10902", "10920"], True),
        (["acct-1", "acct-2", "acct-12"], True),
        (["4711", "90210", "1234567"], False),
        (["ann-001f", "bo-0020", "cy-0021"], False),
    ],
)
def test_counted_numbers(numbers: list[str], counted: bool) -> None:
    assert are_counted(numbers) is counted
