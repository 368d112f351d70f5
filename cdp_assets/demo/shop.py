"""Exports of the web shop: customers, orders, and what was paid back.

Belongs here: the shop's layouts. Does not belong here: the orders themselves (`orders.py`).

Layouts: the CSV files that the Shopify admin exports for customers and for orders (one row a line of an order; the
columns of the order itself only on its first row), and the transactions export of Shopify Payments, filtered to
refunds. Source: help.shopify.com, "Exporting customers", "Exporting orders" and "Exporting payouts". Texts that begin
with a plus or a zero bear a leading apostrophe, as there.
"""

from __future__ import annotations

import numpy as np
import pyarrow.compute as pc

from cdp_assets.demo.catalogue import NAMES, PRICES, SKUS
from cdp_assets.demo.landing import Landing, Part
from cdp_assets.demo.orders import CODES, Orders
from cdp_assets.demo.people import COUPLE, NEVER
from cdp_assets.demo.places import CODES as COUNTRY_CODES
from cdp_assets.demo.places import CURRENCIES, E164, phones
from cdp_assets.demo.spelling import NATIVE, family_names, given_names, scripts
from cdp_assets.demo.text import DAY, Bools, Ints, Texts, csv_lines, dates, digits, gather, glue, money, texts, where
from cdp_assets.demo.times import local_stamps
from cdp_assets.demo.truth import NONE, PERSON, SHARED
from cdp_assets.demo.typing_errors import mistyped, replaced
from cdp_assets.demo.world import World

CUSTOMERS_HEADER = (
    "Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Default Address Company,Default Address Address1,"
    "Default Address Address2,Default Address City,Default Address Province Code,Default Address Country Code,"
    "Default Address Zip,Default Address Phone,Phone,Accepts SMS Marketing,Total Spent,Total Orders,Note,Tax Exempt,"
    "Tags\n"
)
ORDERS_HEADER = (
    "Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Accepts Marketing,Currency,Subtotal,Shipping,"
    "Taxes,Total,Discount Code,Discount Amount,Shipping Method,Created at,Lineitem quantity,Lineitem name,"
    "Lineitem price,Lineitem compare at price,Lineitem sku,Lineitem requires shipping,Lineitem taxable,"
    "Lineitem fulfillment status,Billing Name,Billing Street,Billing Address1,Billing Address2,Billing Company,"
    "Billing City,Billing Zip,Billing Province,Billing Country,Billing Phone,Shipping Name,Shipping Street,"
    "Shipping Address1,Shipping Address2,Shipping Company,Shipping City,Shipping Zip,Shipping Province,"
    "Shipping Country,Shipping Phone,Notes,Note Attributes,Cancelled at,Payment Method,Payment Reference,"
    "Refunded Amount,Vendor,Outstanding Balance,Employee,Location,Device ID,Id,Tags,Risk Level,Source,"
    "Lineitem discount,Tax 1 Name,Tax 1 Value,Tax 2 Name,Tax 2 Value,Tax 3 Name,Tax 3 Value,Tax 4 Name,Tax 4 Value,"
    "Tax 5 Name,Tax 5 Value,Phone,Receipt Number,Duties,Billing Province Name,Shipping Province Name,Payment ID,"
    "Payment Terms Name,Next Payment Due At,Payment References\n"
)
REFUNDS_HEADER = (
    "Transaction Date,Type,Order,Card Brand,Card Source,Payout Status,Payout Date,Payout ID,Available On,Amount,Fee,"
    "Net,Checkout,Payment Method Name,Presentment Amount,Presentment Currency,Currency\n"
)

LOGGED_IN = 0.85
"""Share of account holders' orders placed while logged in: the shop then notes the customer's number on the order."""

_BRANDS = texts(["visa", "master", "american_express", "bancontact"])
_METHODS = texts(["Shopify Payments", "gift_card + Shopify Payments", "Shopify Payments + gift_card"])
ZONE = "Europe/Berlin"


def export_customers(world: World, landing: Landing) -> None:
    """Two full exports of the customers, half a year apart."""
    people, presence, reach, accounts = world.people, world.presence, world.reach, world.accounts
    members = np.flatnonzero(presence.shop)
    rng = world.chance(1)
    nickname = people.nicknamed[members] & ~(presence.mailing | presence.till | presence.crm)[members]
    script = np.where(world.native_share(members), scripts(rng, len(members), 0.5, 0.5), NATIVE)
    no_phone = rng.random(len(members)) < 0.25
    opted_in = (rng.random(len(members)) < 0.45) | (presence.mailing[members] & (rng.random(len(members)) < 0.7))
    plain = digits(rng.integers(0, 5, len(members)))
    orders, spent = _customer_totals(world)

    for day in (world.last_day - 180, world.last_day):
        here = np.flatnonzero(presence.shop_since[members] <= day)
        person = members[here]
        address = reach.address_at(person, np.full(len(person), day))
        number = reach.phone_at(person, np.full(len(person), day))
        number = np.where(no_phone[here], -1, number)
        phone = _with_apostrophe(
            phones(gather(reach.numbers, number), people.country[person], np.full(len(person), E164))
        )
        columns = [
            gather(accounts.shop, person),
            given_names(people, person, script[here], nickname[here]),
            family_names(people, person, script[here], np.full(len(person), day - 20)),
            _varied_case(rng, gather(reach.emails, accounts.shop_email[person])),
            where(opted_in[here], "yes", "no"),
            "",
            address.line,
            "",
            address.city,
            address.region,
            gather(COUNTRY_CODES, people.country[person]),
            _with_apostrophe(address.postcode),
            phone,
            phone,
            "no",
            money(spent[person]),
            digits(orders[person]),
            "",
            "no",
            where(pc.equal(gather(plain, here), "0").to_numpy(zero_copy_only=False), "newsletter", ""),
        ]
        lines = csv_lines(columns)
        name = f"shop/customers_export_{dates(np.array([day]))[0].as_py()}.csv"
        landing.deliver(
            "shop",
            "customers",
            [Part(name)],
            np.zeros(len(person), dtype=np.int64),
            lines.take,
            header=CUSTOMERS_HEADER,
            spared=np.isin(person, COUPLE),
            snapshot=True,
        )
    landing.truth.add_records("shop", "customers", gather(accounts.shop, members), members)


def order_names(orders: Orders) -> Texts:
    """The order numbers of the web shop, by time; empty for orders in stores."""
    online = np.flatnonzero(~orders.store)
    rank = np.full(orders.count, -1)
    rank[online[np.argsort(orders.at[online], kind="stable")]] = np.arange(len(online))
    return where(rank >= 0, glue("#", digits(rank + 1001)), "")


def export_orders(world: World, landing: Landing) -> None:
    """All orders of the shop, in files of a few months each."""
    orders, people, reach, accounts = world.orders, world.people, world.reach, world.accounts
    rng = world.chance(2)
    names = order_names(orders)
    keep = ~orders.store[orders.lines.order]
    order, product, quantity = orders.lines.order[keep], orders.lines.product[keep], orders.lines.quantity[keep]
    first = np.concatenate(([True], np.diff(order) > 0))
    person = orders.person[order]
    day = orders.at[order] // DAY

    told_of = np.isin(person, COUPLE)
    logged_in = world.presence.shop[person] & ((rng.random(orders.count) < LOGGED_IN)[order] | told_of)
    shows_phone = (rng.random(orders.count) < 0.6)[order]
    full_name = _billing_names(world, rng, orders)
    marketing = (rng.random(orders.count) < 0.35)[order]
    number = np.where(shows_phone, reach.phone_at(person, day), -1)
    currency = orders.currency[order]
    yen = np.array(CURRENCIES)[currency] == "JPY"
    wrong = landing.wrong_types("shop", "orders", len(order)) & ~told_of
    created = local_stamps(orders.at, ZONE)
    pay = rng.integers(0, 3, orders.count)[order]

    def render(rows: Ints) -> Texts:
        o, who, top = order[rows], person[rows], first[rows]
        address = reach.address_at(who, day[rows])
        country = gather(COUNTRY_CODES, people.country[who])
        phone = _with_apostrophe(
            phones(gather(reach.numbers, number[rows]), people.country[who], np.full(len(rows), E164))
        )
        zip_code = _with_apostrophe(address.postcode)
        code = gather(texts(CODES), orders.code[o])
        placed = created.take(o)

        def once(column: Texts | str) -> Texts:
            """Only on the first row of an order."""
            return where(top, column, "")

        def amount(cents: Ints) -> Texts:
            return money(cents[o], whole=yen[rows])

        given_back = orders.refund[o] > 0
        status = where(given_back, where(orders.refund[o] < (orders.gross - orders.discount)[o], "partially_refunded",
                                         "refunded"), "paid")  # fmt: skip
        quantities = digits(quantity[rows])
        prices = money(PRICES[product[rows], currency[rows]], whole=yen[rows])
        odd = wrong[rows]
        line_wrong = odd & (rows % 2 == 0)
        quantities = where(line_wrong, "two", quantities)
        prices = where(odd & ~line_wrong, "on request", prices)
        billing = [once(full_name.take(o)), once(address.line), once(address.line), "", "", once(address.city),
                   once(zip_code), once(address.region), once(country), once(phone)]  # fmt: skip
        return csv_lines(
            [
                names.take(o),
                gather(reach.emails, accounts.shop_email[who]),
                once(status),
                once(placed),
                once("fulfilled"),
                once(placed),
                once(where(marketing[rows], "yes", "no")),
                once(gather(texts(CURRENCIES), currency[rows])),
                once(amount(orders.gross - orders.discount)),
                once(amount(orders.shipping)),
                once(amount(orders.tax)),
                once(amount(orders.total)),
                once(code),
                once(amount(orders.discount)),
                once(where(orders.shipping[o] > 0, "Standard", "Free shipping")),
                placed,
                quantities,
                gather(NAMES, product[rows]),
                prices,
                "",
                gather(SKUS, product[rows]),
                "true",
                "true",
                "fulfilled",
                *billing,
                *billing,
                "",
                once(where(logged_in[rows], glue("customer_id: ", gather(accounts.shop, who)), "")),
                "",
                once(gather(_METHODS, pay[rows])),
                "",
                once(amount(orders.refund)),
                "Linden & Lark",
                once("0.00"),
                "", "", "",
                once(digits(o + 5_500_000_000_000)),
                "",
                once("Low"),
                "web",
                "0.00",
                once("VAT 19%"),
                once(amount(orders.tax)),
                "", "", "", "", "", "", "", "",
                phone,
                "", "", "", "",
                "", "", "",
                once(digits(o + 700_000)),
            ]
        )  # fmt: skip

    parts = [
        Part(f"shop/orders_export_{number}.csv", world.as_of - back * DAY)
        for number, back in ((1, 400), (2, 270), (3, 150), (4, 45))
    ]
    bad = landing.deliver(
        "shop",
        "orders",
        [*parts, Part("shop/orders_export_5.csv")],
        orders.at[order],
        render,
        header=ORDERS_HEADER,
        wrong=wrong,
        spared=told_of,
        group=np.cumsum(first) - 1,
    )
    known = _carried(world, person, logged_in)
    number_of = pc.utf8_ltrim(names.take(order), characters="#")
    landing.truth.add_facts("shop", "orders", "orders", number_of.filter(first), person[first],
                            carries=known[first], bad=bad[first])  # fmt: skip
    landing.truth.add_facts("shop", "orders", "order_lines", glue(names.take(order), "/", gather(NAMES, product)),
                            person, carries=_carried(world, person, first & logged_in), bad=bad)  # fmt: skip


def _billing_names(world: World, rng: np.random.Generator, orders: Orders) -> Texts:
    """The name on each order, typed anew by those who have no account."""
    people, person, nobody = world.people, orders.person, np.zeros(orders.count, dtype=bool)
    script = np.where(world.native_share(person), scripts(rng, orders.count, 0.5, 0.5), NATIVE)
    given = given_names(people, person, script, nobody)
    family = family_names(people, person, script, orders.at // DAY)
    typo = (rng.random((2, orders.count)) < world.rates.typo) & ~world.presence.shop[person]
    return glue(mistyped(rng, given, typo[0]), " ", mistyped(rng, family, typo[1]))


def _carried(world: World, person: Ints, own: Bools) -> Ints:
    """What an order's row knows its buyer by: always the e-mail, sometimes the customer's number."""
    return np.where(world.reach.shared_email[person] & ~own, SHARED, PERSON)


def export_refunds(world: World, landing: Landing) -> None:
    """What the shop paid back, with no more of the customer than the order number."""
    orders = world.orders
    rng = world.chance(3)
    order = np.flatnonzero(~orders.store & (orders.refunded_at < NEVER))
    order = order[np.argsort(orders.refunded_at[order], kind="stable")]
    names = order_names(orders)
    wrong = landing.wrong_types("shop", "refunds", len(order))
    at = orders.refunded_at[order]
    yen = np.array(CURRENCIES)[orders.currency[order]] == "JPY"
    home = np.rint(orders.refund[order] * PRICES[0, 0] / PRICES[0, orders.currency[order]]).astype(np.int64)
    amount = money(orders.refund[order], whole=yen)
    lines = csv_lines(
        [
            local_stamps(at, ZONE),
            "refund",
            names.take(order),
            gather(_BRANDS, rng.integers(0, len(_BRANDS), len(order))),
            "online",
            "paid",
            dates(at // DAY + 3),
            digits(100_000 + at // (7 * DAY)),
            dates(at // DAY + 1),
            money(-home),
            "0.00",
            money(-home),
            glue("#", digits(order + 68_000_000_000_000)),
            "card",
            replaced(amount, wrong, texts(["see note"] * int(wrong.sum()))),
            gather(texts(CURRENCIES), orders.currency[order]),
            "EUR",
        ]
    )
    parts = [Part("shop/payment_transactions_export_1.csv", world.as_of - 90 * DAY),
             Part("shop/payment_transactions_export_2.csv")]  # fmt: skip
    bad = landing.deliver("shop", "refunds", parts, at, lines.take, header=REFUNDS_HEADER, wrong=wrong)
    landing.truth.add_facts("shop", "refunds", "refunds", pc.utf8_ltrim(names.take(order), characters="#"),
                            orders.person[order], carries=NONE, bad=bad)  # fmt: skip


def _customer_totals(world: World) -> tuple[Ints, Ints]:
    """Orders and cents of the home currency a person on the web."""
    orders = world.orders
    online = ~orders.store
    home = orders.total * PRICES[0, 0] / PRICES[0, orders.currency]
    count = np.bincount(orders.person[online], minlength=world.people.count)
    spent = np.bincount(orders.person[online], weights=home[online], minlength=world.people.count)
    return count, np.rint(spent).astype(np.int64)


def _with_apostrophe(values: Texts) -> Texts:
    """Spreadsheets would eat the plus or zero that a text begins with: the shop puts an apostrophe before it."""
    needs = pc.match_substring_regex(values, "^[+0]").to_numpy(zero_copy_only=False)
    return where(needs, glue("'", values), values)


def _varied_case(rng: np.random.Generator, emails: Texts) -> Texts:
    """A few addresses as their owners typed them, with capitals."""
    loud = rng.random(len(emails)) < 0.03
    return where(loud, pc.utf8_title(emails), emails)
