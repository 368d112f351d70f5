"""Exports of the stores' tills: the directory of loyalty customers, transactions, and the items sold.

Belongs here: the tills' layouts. Does not belong here: the orders themselves (`orders.py`).

Layouts: the CSV files of Square: the customer directory's export, and the exports "Transactions" and "Items" of the
sales reports (one row a payment or refund; one row an item). Source: squareup.com/help, "Export your customer
directory" and "Summaries and reports". Amounts are written without the currency's sign; the currency follows from the
location. Times are those of the company's account, which is set to
UTC. The reference of a customer is the loyalty number.
"""

from __future__ import annotations

import numpy as np

from cdp_assets.demo.catalogue import CATEGORY_NAMES, NAMES, PRICES, SKUS
from cdp_assets.demo.landing import Landing, Part
from cdp_assets.demo.people import COUPLE, NEVER
from cdp_assets.demo.places import E164, NATIONAL, SPACED, phones
from cdp_assets.demo.spelling import family_names, given_names, scripts
from cdp_assets.demo.text import (
    DAY,
    Bools,
    Ints,
    Texts,
    clock,
    csv_lines,
    dates,
    digits,
    gather,
    glue,
    money,
    stamps,
    texts,
    where,
)
from cdp_assets.demo.truth import NONE, PERSON
from cdp_assets.demo.typing_errors import (
    PLACEHOLDER_EMAILS,
    misencoded,
    mistyped,
    replaced,
    with_placeholders,
)
from cdp_assets.demo.world import World

CUSTOMERS_HEADER = (
    "Reference ID,First Name,Last Name,Email Address,Phone Number,Nickname,Company Name,Street Address 1,"
    "Street Address 2,City,State,Postal Code,Birthday,Memo,Square Customer ID,Creation Source,First Visit,Last Visit,"
    "Transaction Count,Lifetime Spend,Email Subscription Status,Instant Profile\n"
)
TRANSACTIONS_HEADER = (
    "Date,Time,Time Zone,Gross Sales,Discounts,Net Sales,Gift Card Sales,Tax,Tip,Partial Refunds,Total Collected,"
    "Source,Card,Card Entry Methods,Cash,Square Gift Card,Other Tender,Other Tender Type,Other Tender Note,Fees,"
    "Net Total,Transaction ID,Payment ID,Card Brand,PAN Suffix,Device Name,Staff Name,Staff ID,Details,Description,"
    "Event Type,Location,Dining Option,Customer ID,Customer Name,Customer Reference ID,Device Nickname\n"
)
ITEMS_HEADER = (
    "Date,Time,Time Zone,Category,Item,Qty,Price Point Name,SKU,Modifiers Applied,Gross Sales,Discounts,Net Sales,Tax,"
    "Transaction ID,Payment ID,Device Name,Notes,Details,Event Type,Location,Dining Option,Customer ID,Customer Name,"
    "Customer Reference ID,Unit,Count,Itemization Type,Commission,Employee\n"
)

CARD_SHOWN = 0.9
"""Share of card holders' purchases at which the card is shown."""

_STORES = texts(["Berlin Mitte", "Wien Neubau", "Zürich Seefeld", "Paris Marais", "London Soho", "Athens Plaka",
                 "Sofia Vitosha", "New York SoHo", "Tokyo Daikanyama"])  # fmt: skip


def export_customers(world: World, landing: Landing) -> None:
    """The directory of card holders, as cashiers typed it."""
    people, presence, reach, accounts = world.people, world.presence, world.reach, world.accounts
    person = np.flatnonzero(presence.till)
    count = len(person)
    rng = world.chance(21)
    spared = np.isin(person, COUPLE)
    typo = (rng.random((3, count)) < world.rates.typo) & ~spared
    since = presence.till_since[person]
    script = scripts(rng, count, 0.15, 0.45)
    given = mistyped(rng, given_names(people, person, script, np.ones(count, dtype=bool)), typo[0])
    family = mistyped(rng, family_names(people, person, script, since), typo[1])
    # Few names have letters that another encoding garbles, about one in twelve.
    family = misencoded(family, (rng.random(count) < 0.1) & ~spared)
    email = mistyped(rng, gather(reach.emails, accounts.till_email[person]), typo[2])
    email = where((rng.random(count) < 0.25) & ~spared, "", email)
    email = where(spared, email, with_placeholders(rng, email, world.rates.placeholder, PLACEHOLDER_EMAILS))
    german = people.country[person] == 0
    style = np.where(german, NATIONAL, np.where(rng.random(count) < 0.5, E164, SPACED))
    # Cashiers add the number known at the time; it stays as it is.
    number = phones(gather(reach.numbers, reach.phone_at(person, since)), people.country[person], style)
    number = where((rng.random(count) < 0.2) & ~spared, "", number)
    with_birth = (rng.random(count) < 0.5) | spared
    wrong = landing.wrong_types("pos", "customers", count) & ~spared
    birthday = where(with_birth, dates(people.birth[person]), "")
    address = reach.address_at(person, since)
    with_address = rng.random(count) < 0.3
    visits = np.bincount(world.orders.person[world.orders.store], minlength=people.count)[person]
    lines = csv_lines(
        [
            gather(accounts.loyalty, person),
            given,
            family,
            email,
            number,
            "",
            "",
            where(with_address, address.line, ""),
            "",
            where(with_address, address.city, ""),
            where(with_address, address.region, ""),
            where(with_address, address.postcode, ""),
            replaced(birthday, wrong, texts(["30 February"] * int(wrong.sum()))),
            "",
            gather(accounts.till, person),
            "Loyalty",
            stamps(since * DAY + 12 * 3600),
            dates(since),
            digits(visits),
            "",
            "unknown",
            "No",
        ]
    )
    bad = landing.deliver("pos", "customers", [Part("pos/customers.csv")], since, lines.take, header=CUSTOMERS_HEADER,
                          wrong=wrong, spared=spared, snapshot=True)  # fmt: skip
    native = gather(accounts.till, person)
    landing.truth.add_records("pos", "customers", native, person)
    landing.truth.add_facts("pos", "customers", "loyalty", glue("joined-", native), person, carries=PERSON, bad=bad)


def transaction_ids(world: World) -> Texts:
    """The till's number of each order; those of orders on the web mean nothing."""
    rng = world.chance(22)
    return glue("T", digits(rng.permutation(world.orders.count) * 37 + 1_000_003, 10))


def export_sales(world: World, landing: Landing) -> None:
    """Transactions (payments and refunds) and items."""
    orders = world.orders
    sale = np.flatnonzero(orders.store)
    back = sale[orders.refunded_at[sale] < NEVER]
    order = np.concatenate((sale, back))
    refund = np.arange(len(order)) >= len(sale)
    at = np.where(refund, orders.refunded_at[order], orders.at[order])
    rng = world.chance(23)
    told_of = np.isin(orders.person, COUPLE)
    shown = world.presence.till[orders.person] & ((rng.random(orders.count) < CARD_SHOWN) | told_of)
    identity = _Receipts(world, shown)

    wrong = landing.wrong_types("pos", "transactions", len(order)) & ~told_of[order]
    gross, discount = orders.gross[order], orders.discount[order]
    net = np.where(refund, -orders.refund[order], gross - discount)
    tax = np.where(refund, 0, orders.tax[order])
    net_text = replaced(money(net), wrong, texts(["n/a"] * int(wrong.sum())))
    columns: list[Texts | str] = [
        dates(at // DAY), clock(at % DAY), "UTC", money(np.where(refund, net, gross)),
        money(np.where(refund, 0, -discount)), net_text, "0.00", money(tax), "0.00", "0.00", money(net + tax),
        "Point of Sale", money(net + tax), "Chip", "0.00", "0.00", "0.00", "", "", "0.00", money(net + tax),
        identity.ids.take(order), glue(gather(texts(["P", "R"]), refund.astype(np.int8)), digits(order, 9)),
        "", "", "Till 1", "", "", "", "", gather(texts(["Payment", "Refund"]), refund.astype(np.int8)),
        identity.location(order), "", identity.customer(order), "", identity.loyalty(order), "",
    ]  # fmt: skip
    lines = csv_lines(columns)
    bad = landing.deliver("pos", "transactions", _parts(world, "transactions"), at, lines.take,
                          header=TRANSACTIONS_HEADER, wrong=wrong, spared=told_of[order])  # fmt: skip
    carries = np.where(shown[order], PERSON, NONE)
    truth = landing.truth
    truth.add_facts("pos", "transactions", "orders", identity.ids.take(order[~refund]), orders.person[order[~refund]],
                    carries=carries[~refund], bad=bad[~refund])  # fmt: skip
    truth.add_facts("pos", "transactions", "refunds", identity.ids.take(order[refund]), orders.person[order[refund]],
                    carries=carries[refund], bad=bad[refund])  # fmt: skip
    earned = shown[order] & ~refund
    truth.add_facts("pos", "transactions", "loyalty", identity.ids.take(order[earned]), orders.person[order[earned]],
                    carries=PERSON, bad=bad[earned])  # fmt: skip
    _export_items(world, landing, identity)


def _export_items(world: World, landing: Landing, identity: _Receipts) -> None:
    orders = world.orders
    keep = orders.store[orders.lines.order]
    order, product, quantity = orders.lines.order[keep], orders.lines.product[keep], orders.lines.quantity[keep]
    first = np.concatenate(([True], np.diff(order) > 0))
    at = orders.at[order]
    amount = PRICES[product, orders.currency[order]] * quantity
    wrong = landing.wrong_types("pos", "items", len(order))
    quantities = replaced(digits(quantity), wrong, texts(["one"] * int(wrong.sum())))
    lines = csv_lines(
        [
            dates(at // DAY), clock(at % DAY), "UTC", gather(CATEGORY_NAMES, product), gather(NAMES, product),
            quantities, "Regular", gather(SKUS, product), "", money(amount), "0.00", money(amount), "0.00",
            identity.ids.take(order), glue("P", digits(order, 9)), "Till 1", "", "", "Payment",
            identity.location(order), "", identity.customer(order), "", identity.loyalty(order), "ea",
            digits(quantity), "Physical Good", "", "",
        ]
    )  # fmt: skip
    bad = landing.deliver("pos", "items", _parts(world, "items"), at, lines.take, header=ITEMS_HEADER, wrong=wrong,
                          group=np.cumsum(first) - 1)  # fmt: skip
    landing.truth.add_facts("pos", "items", "order_lines", glue(identity.ids.take(order), "-", gather(SKUS, product)),
                            orders.person[order], carries=np.where(identity.shown[order], PERSON, NONE),
                            bad=bad)  # fmt: skip


class _Receipts:
    """What a receipt says of the store and the customer.

    Args:
        world: The company.
        shown: For each order, whether a loyalty card was shown.
    """

    def __init__(self, world: World, shown: Bools) -> None:
        self.world = world
        self.shown = shown
        self.ids = transaction_ids(world)

    def location(self, order: Ints) -> Texts:
        return gather(_STORES, self.world.people.country[self.world.orders.person[order]])

    def customer(self, order: Ints) -> Texts:
        return gather(self.world.accounts.till, np.where(self.shown[order], self.world.orders.person[order], -1))

    def loyalty(self, order: Ints) -> Texts:
        return gather(self.world.accounts.loyalty, np.where(self.shown[order], self.world.orders.person[order], -1))


def _parts(world: World, name: str) -> list[Part]:
    return [Part(f"pos/{name}_1.csv", world.as_of - 270 * DAY), Part(f"pos/{name}_2.csv", world.as_of - 60 * DAY),
            Part(f"pos/{name}_3.csv")]  # fmt: skip
