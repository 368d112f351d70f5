"""Files of one folder become one source only if they number people, orders and products alike."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from cdp_assets.sources.proposing.numberings import keep_apart
from cdp_assets.sources.proposing.propose import Proposal, propose
from cdp_assets.sources.proposing.systems import systems, together
from cdp_assets_tests.sources.template_samples import sample
from cdp_assets_tests.sources.test_proposing import written


def people(number: str, numbers: Iterable[object], mail: str = "p{}") -> str:
    rows = (f"{each},Ann,Lee,{mail.format(each)}@example.org,2026-01-02" for each in numbers)
    return f"{number},First Name,Last Name,Email,Created\n" + "".join(f"{row}\n" for row in rows)


def orders(number: str, customers: Iterable[object], mail: str | None = None) -> str:
    found = f"Order No,{number},Order Date,Total,Currency{',Email' if mail else ''}\n"
    for place, each in enumerate(customers):
        found += f"B{place},{each},2026-03-04,10.00,EUR{f',{mail.format(each)}@example.org' if mail else ''}\n"
    return found


def grouped(folder: Path, files: dict[str, str | bytes], *, one: bool = False) -> list[list[str]]:
    proposals = [propose(written(folder, name, text), "shop") for name, text in files.items()]
    return [[proposal.path.name for proposal in group] for group in systems(proposals, one=one)]


@pytest.mark.parametrize(
    "bought",
    [
        pytest.param(orders("Customer ID", range(5, 30)), id="columns called alike"),
        pytest.param(orders("Kundennr", range(5, 30), "p{}"), id="the same addresses"),
    ],
)
def test_people_and_what_they_bought_are_one_system(tmp_path: Path, bought: str) -> None:
    files: dict[str, str | bytes] = {"customers.csv": people("ID", range(25)), "orders.csv": bought}
    assert grouped(tmp_path, files) == [["customers.csv", "orders.csv"]]


@pytest.mark.parametrize(
    ("named", "number", "bought", "alike"),
    [
        ("customer.csv", "ID client", range(20), True),
        ("kunden.csv", "Customer ID", range(20), True),
        ("clienti.csv", "Kundennr", range(15, 45), False),
        ("users.csv", "Customer ID", range(20), False),
    ],
)
def test_customers_and_clients_are_the_same_people_if_their_numbers_are(
    tmp_path: Path, named: str, number: str, bought: Iterable[int], alike: bool
) -> None:
    files: dict[str, str | bytes] = {named: people("ID", range(25)), "orders.csv": orders(number, bought)}
    assert grouped(tmp_path, files) == ([[named, "orders.csv"]] if alike else [[named], ["orders.csv"]])


def test_customer_12_of_one_shop_is_not_customer_12_of_another(tmp_path: Path) -> None:
    shops: dict[str, str | bytes] = {
        "berlin.csv": people("Customer ID", range(25)),
        "paris.csv": people("Customer ID", range(25), "q{}"),
    }
    assert grouped(tmp_path, shops) == [["berlin.csv"], ["paris.csv"]]
    assert grouped(tmp_path, shops, one=True) == [["berlin.csv"], ["paris.csv"]], "whatever somebody says"


def bought_in(shop: int, customers: int) -> str:
    rows = (f"{1001 + n},{n * shop % customers},2026-03-{1 + n * shop % 28:02d},10.00" for n in range(40))
    return "Order No,Customer ID,Order Date,Total\n" + "".join(f"{row}\n" for row in rows)


def test_order_1001_of_one_shop_is_not_order_1001_of_another(tmp_path: Path) -> None:
    shops: dict[str, str | bytes] = {
        "berlin_customers.csv": people("Customer ID", range(25)),
        "paris_customers.csv": people("Customer ID", range(25), "q{}"),
        "berlin_orders.csv": bought_in(3, 25),
        "paris_orders.csv": bought_in(7, 25),
    }
    assert grouped(tmp_path, shops) == [
        ["berlin_customers.csv", "berlin_orders.csv"],
        ["paris_customers.csv", "paris_orders.csv"],
    ]
    nameless = {f"{place}.csv": text for place, text in zip("abcd", shops.values(), strict=True)}
    assert grouped(tmp_path, nameless) == [["a.csv"], ["b.csv"], ["c.csv"], ["d.csv"]], "it could be either's"
    assert grouped(tmp_path, nameless, one=True) == [["a.csv"], ["b.csv"], ["c.csv"], ["d.csv"]]


def test_files_of_one_layout_whose_numbers_are_of_other_people_are_no_parts_of_one(tmp_path: Path) -> None:
    shops = {"orders_1.csv": bought_in(3, 25), "orders_2.csv": bought_in(7, 25)}
    found = together([propose(written(tmp_path, name, text), "shop") for name, text in shops.items()])
    assert [(one.stream["name"], [path.name for path in paths]) for one, paths in found] == [
        ("orders", ["orders_1.csv"]),
        ("orders_2", ["orders_2.csv"]),
    ]


def test_slips_of_two_months_of_one_till_are_parts_of_one(tmp_path: Path) -> None:
    def slips(month: int) -> str:
        rows = (f"{n % 5},2026-{month:02d}-{1 + n // 5:02d},K{n * month % 9},{n % 3},1.00" for n in range(40))
        return "Bon-Nr,Datum,Kundennummer,Artikelnr,Preis\n" + "".join(f"{row}\n" for row in rows)

    months = {f"bons_{month}.csv": slips(month) for month in (1, 2)}
    ((_, paths),) = together([propose(written(tmp_path, name, text), "shop") for name, text in months.items()])
    assert [path.name for path in paths] == ["bons_1.csv", "bons_2.csv"]


def test_numbers_that_could_be_anybodys_are_kept_apart_until_somebody_says_otherwise(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "contacts.csv": people("Contact ID", range(25)),
        "orders.csv": orders("Customer ID", range(25)),
    }
    assert grouped(tmp_path, files) == [["contacts.csv"], ["orders.csv"]]
    assert grouped(tmp_path, files, one=True) == [["contacts.csv", "orders.csv"]]


def test_exports_of_known_systems_are_a_source_each(tmp_path: Path) -> None:
    known = [sample(name) for name in ("shopify_customers", "hubspot_contacts", "shopify_orders")]
    found = systems([propose(path, "shop") for path in known])
    assert [[proposal.template for proposal in group] for group in found] == [
        ["shopify_customers", "shopify_orders"],
        ["hubspot_contacts"],
    ]


def test_files_that_number_nothing_belong_to_the_first(tmp_path: Path) -> None:
    mails = "".join(json.dumps({"email": f"p{n % 5}@example.org", "event": "open", "campaign": "May",
                                "timestamp": f"2026-05-01T10:{n:02d}:00Z"}) + "\n" for n in range(25))  # fmt: skip
    files: dict[str, str | bytes] = {"mails.jsonl": mails, "customers.csv": people("ID", range(25))}
    assert grouped(tmp_path, files) == [["mails.jsonl", "customers.csv"]]


def sold(number: str, orders_from: int) -> str:
    rows = (f"B{orders_from + n},{number}{n},2026-03-04,sku-{n % 9},1,10.00" for n in range(25))
    return "Order No,Customer ID,Order Date,SKU,Qty,Price\n" + "".join(f"{row}\n" for row in rows)


def test_shops_that_sell_the_same_are_not_one_shop(tmp_path: Path) -> None:
    products = "SKU,Product,Price\n" + "".join(f"sku-{n},Mug,10.00\n" for n in range(9))
    files: dict[str, str | bytes] = {
        "north.csv": sold("", 0), "south.csv": sold("", 500), "products.csv": products,
    }  # fmt: skip
    assert grouped(tmp_path, files) == [["north.csv", "products.csv"], ["south.csv"]]


def payments(customer: str, of: Iterable[int], mail: str = "p{}") -> str:
    rows = (f"ch_{n},B{n},{customer.format(each)},{mail.format(each)}@example.org,2026-03-04,10.00,EUR"
            for n, each in enumerate(of))  # fmt: skip
    return "id,Order No,Customer ID,Email,Created,Amount,Currency\n" + "".join(f"{row}\n" for row in rows)


def namespaces(folder: Path, files: dict[str, str], *, one: bool = False) -> dict[str, str | None]:
    found: list[Proposal] = [propose(written(folder, name, text), "shop") for name, text in files.items()]
    (system,) = systems(found, one=one)
    keep_apart("shop", system)
    return {
        each.path.name: identifier.get("namespace")
        for each in system
        for identifier in each.stream["identifiers"]
        if identifier["type"] == "customer_number"
    }


SHOP = {"customers.csv": people("Customer ID", range(25)), "orders.csv": orders("Customer ID", range(25), "p{}")}
REFUNDED = "Refund ID,Customer ID,Refunded At,Amount,Currency\n" + "".join(
    f"r{n},cus_{n},2026-03-05,1.00,EUR\n" for n in range(8)
)


@pytest.mark.parametrize("customer", ["cus_{}", "7{:04d}"])
def test_two_numberings_of_one_systems_people_are_two_namespaces(tmp_path: Path, customer: str) -> None:
    assert namespaces(tmp_path, {**SHOP, "payments.csv": payments(customer, range(25))}) == {
        "customers.csv": None,
        "orders.csv": None,
        "payments.csv": "shop.payments",
    }


def test_what_numbers_people_as_one_of_two_does_shares_its_namespace_and_says_so(tmp_path: Path) -> None:
    files = {"refunds.csv": REFUNDED, "payments.csv": payments("cus_{}", range(25)), **SHOP}
    assert namespaces(tmp_path, files, one=True) == {
        "customers.csv": None,
        "orders.csv": None,
        "payments.csv": "shop.payments",
        "refunds.csv": "shop.payments",
    }
    found = [propose(tmp_path / name, "shop") for name in files]
    keep_apart("shop", found)
    told = [each.path.name for each in found if any("a `namespace` of its own" in doubt for doubt in each.doubts)]
    assert told == ["refunds.csv", "payments.csv"]


@pytest.mark.parametrize(
    "paid",
    [
        pytest.param(payments("{}", range(25)), id="the same"),
        pytest.param(payments("{}", range(25, 50)), id="those of others"),
        pytest.param(payments("{}", range(20, 45)), id="partly the same"),
        pytest.param(payments("{}", [*range(10), *range(50, 58)], "p{}").replace("p50@", "p20@"), id="one came again"),
    ],
)
def test_one_numbering_stays_one(tmp_path: Path, paid: str) -> None:
    files = {"customers.csv": people("Customer ID", range(25)), "payments.csv": paid}
    assert set(namespaces(tmp_path, files, one=True).values()) == {None}


@pytest.mark.parametrize(
    ("head", "row", "apart"),
    [
        pytest.param("id,first_name,last_name", "{0},{1}bert,{1}mann", True, id="other names"),
        pytest.param("id,first_name,last_name", "{0},Ann,{1}son", False, id="the same names"),
        pytest.param("id,birth_date", "{0},19{0:02d}-03-04", True, id="no name"),
        pytest.param("contact_id,birth_date", "{0},19{0:02d}-03-04", False, id="no name, and said to be theirs"),
    ],
)
def test_what_only_counts_its_rows_numbers_nobody_else(tmp_path: Path, head: str, row: str, apart: bool) -> None:
    words = ["Quin", "Zeb", "Olaf", "Idris", "Wulf", "Yara", "Bjork", "Thea", "Gus", "Kim", "Leif", "Mona"]
    known = (f"{n},Ann,{word}son,p{n}@example.org\n" for n, word in enumerate(words, 10))
    told = (f"{row.format(n, word)}\n" for n, word in enumerate(words if not apart else words[::-1], 10))
    files = {
        "contacts.csv": "id,first_name,last_name,email\n" + "".join(known), "cards.csv": f"{head}\n" + "".join(told)
    }  # fmt: skip
    assert namespaces(tmp_path, files, one=True) == {"contacts.csv": None, "cards.csv": "shop.cards" if apart else None}


def test_numbers_that_no_file_shares_tell_of_no_common_system(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "customers.csv": people("Customer ID", range(25)), "payments.csv": payments("cus_{}", range(25)),
    }  # fmt: skip
    assert grouped(tmp_path, files) == [["customers.csv"], ["payments.csv"]]
