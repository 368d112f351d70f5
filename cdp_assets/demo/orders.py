"""The orders of the demo: channel, time, products, money, and what was given back.

Belongs here: turning purchases into orders. Does not belong here: how a system exports them (`shop.py`, `pos.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cdp_assets.demo.catalogue import PRICES, Lines, fill_baskets
from cdp_assets.demo.histories import Purchases
from cdp_assets.demo.people import NEVER, People
from cdp_assets.demo.places import CURRENCIES, CURRENCY_OF
from cdp_assets.demo.text import DAY, Bools, Floats, Ints

CODES = ("", "WELCOME10", "SPRING15", "FRIENDS20")
_PERCENT = np.array([0, 10, 15, 20])
TAX_PERCENT = 19
FREE_SHIPPING = 5_000
_SHIPPING = 490
_YEN = CURRENCIES.index("JPY")


@dataclass(frozen=True)
class Orders:
    """Orders, those of one person together and in order of time. Money is in cents of the order's currency.

    Args:
        person: Index of the buyer.
        at: When, in epoch seconds.
        store: Whether in a store; else on the web.
        currency: Index of the currency.
        lines: What was bought.
        gross: List price of the lines.
        code: Index of the discount code; 0 is none.
        discount: Given by it.
        shipping: Charged for delivery.
        tax: On top of the price.
        refund: Given back later; 0 for most.
        refunded_at: When, in epoch seconds; `NEVER` for most.
    """

    person: Ints
    at: Ints
    store: Bools
    currency: Ints
    lines: Lines
    gross: Ints
    code: Ints
    discount: Ints
    shipping: Ints
    tax: Ints
    refund: Ints
    refunded_at: Ints

    @property
    def count(self) -> int:
        return len(self.person)

    @property
    def total(self) -> Ints:
        """What was paid."""
        return self.gross - self.discount + self.shipping + self.tax


def satisfaction(rng: np.random.Generator, purchases: Purchases, people: int, last_day: int) -> Floats:
    """How content each person is, from 0 to 1.

    Those who went on buying in the last half year are more content on average, so that tickets and survey answers of
    earlier months tell something about later purchases.
    """
    recent = np.bincount(purchases.person[purchases.day > last_day - 182], minlength=people)
    drive = 1.1 * (recent > 0) + 0.25 * np.minimum(recent, 4) + rng.normal(0.3, 0.9, people)
    return 1 / (1 + np.exp(-drive))


def draw_orders(rng: np.random.Generator, people: People, purchases: Purchases, content: Floats, as_of: int) -> Orders:
    """Make orders of purchases.

    Args:
        rng: Source of chance.
        people: Who buys.
        purchases: When and for how much.
        content: How content each person is.
        as_of: The end of the data, in epoch seconds; no order or refund is later.
    """
    person, count = purchases.person, len(purchases.person)
    store = rng.random(count) < people.store_share[person]
    hour = np.where(store, rng.triangular(9.5, 14.5, 19.4, count), rng.triangular(6.0, 19.5, 23.9, count))
    at = purchases.day * DAY + (hour * 3600).astype(np.int64)
    order = np.lexsort((at, person))
    person, store, at = person[order], store[order], np.minimum(at[order], as_of - 60)

    lines = fill_baskets(
        rng, purchases.cents[order], purchases.items[order], people.interest[person], people.second_interest[person]
    )
    currency = CURRENCY_OF[people.country[person]]
    gross = np.bincount(
        lines.order, weights=PRICES[lines.product, currency[lines.order]] * lines.quantity, minlength=count
    ).astype(np.int64)

    tempted = rng.random(count) < 0.05 + 0.45 * people.price_sensitivity[person]
    code = np.where(tempted & ~store, rng.integers(1, len(CODES), count), 0)
    percent = np.where(store & tempted & (rng.random(count) < 0.3), 10, _PERCENT[code])
    discount = _rounded(gross * percent / 100, currency)
    shipping_price = _rounded(np.round(_SHIPPING * PRICES[0, currency] / PRICES[0, 0]), currency)
    free = gross - discount >= FREE_SHIPPING * PRICES[0, currency] / PRICES[0, 0]
    shipping = np.where(store | free, 0, shipping_price)
    tax = _rounded((gross - discount) * TAX_PERCENT / 100, currency)

    chance = np.where(store, 0.02, 0.03 + 0.08 * (1 - content[person]))
    refunded_at = at + rng.integers(2 * DAY, 28 * DAY, count)
    refunded = (rng.random(count) < chance) & (refunded_at < as_of - DAY)
    part = np.where(rng.random(count) < 0.4, rng.uniform(0.2, 0.8, count), 1.0)
    refund = np.where(refunded, _rounded((gross - discount) * part, currency), 0)
    return Orders(
        person=person,
        at=at,
        store=store,
        currency=currency,
        lines=lines,
        gross=gross,
        code=code,
        discount=discount,
        shipping=shipping,
        tax=tax,
        refund=refund,
        refunded_at=np.where(refund > 0, refunded_at, NEVER),
    )


def _rounded(cents: Floats | Ints, currency: Ints) -> Ints:
    """Whole cents; whole units where the currency has no cents."""
    whole = np.rint(cents).astype(np.int64)
    return np.where(currency == _YEN, np.rint(cents / 100).astype(np.int64) * 100, whole)
