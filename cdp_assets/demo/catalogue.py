"""What the demo company sells, at which prices, and which products make up a purchase of a given value.

Belongs here: the products and the baskets. Does not belong here: who buys when (`histories.py`) and how an order is
exported (`shop.py`, `pos.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cdp_assets.demo.places import CURRENCIES
from cdp_assets.demo.text import Floats, Ints, Texts, texts

_PRODUCTS: dict[str, tuple[str, str]] = {
    "Coffee": ("COF", "House Blend 250 g|Espresso Roast 250 g|Decaf 250 g|Ethiopia Sidamo 250 g|Cold Brew Bags|"
               "Filter Roast 1 kg|Espresso Roast 1 kg|Single Origin Trio|Hand Grinder|French Press|Pour-over Set|"
               "Milk Frother|Moka Pot|Burr Grinder|Espresso Machine"),
    "Tea": ("TEA", "Breakfast Tea 100 g|Earl Grey 100 g|Peppermint 75 g|Rooibos 100 g|Sencha 100 g|Chai Mix 200 g|"
            "Tea Tin|Tea Strainer|Oolong 100 g|Matcha 40 g|Glass Teapot|Cast Iron Teapot|Tea Gift Box|Matcha Set|"
            "Electric Kettle"),
    "Kitchen": ("KIT", "Tea Towel|Wooden Spoon|Peeler|Storage Jar|Cutting Board|Mixing Bowl|Apron|Kitchen Scale|"
                "Pepper Mill|Frying Pan|Bread Box|Chef's Knife|Saucepan|Knife Set|Cast Iron Pot"),
    "Tableware": ("TAB", "Napkins|Espresso Cup|Mug|Small Plate|Dinner Plate|Water Glass Set|Bowl|Carafe|Cutlery Set|"
                  "Wine Glass Set|Serving Board|Breakfast Set|Table Cloth|Dinner Set|Porcelain Service"),
    "Textiles": ("TEX", "Face Cloth|Socks|Pillow Case|Hand Towel|Cushion Cover|Bath Towel|Linen Bag|Cushion|Throw|"
                 "Bath Robe|Curtain|Wool Blanket|Bed Linen|Duvet|Hand-woven Rug"),
    "Garden": ("GAR", "Seed Mix|Plant Label Set|Terracotta Pot|Garden Gloves|Herb Kit|Watering Can|Bulb Mix|Lantern|"
               "Bird Feeder|Hand Tool Set|Planter|Secateurs|Hammock|Garden Chair|Fire Bowl"),
    "Bath": ("BAT", "Soap|Bath Salt|Hand Cream|Soap Dish|Shampoo Bar|Body Oil|Loofah Set|Bath Mat|Room Spray|"
             "Scented Candle|Dispenser|Gift Set Bath|Laundry Basket|Diffuser|Bath Caddy"),
    "Stationery": ("STA", "Pencil Set|Greeting Card|Notebook|Washi Tape|Wrapping Paper|Calendar|Photo Album|"
                   "Desk Pad|Ink Set|Letter Set|Pen Case|Fountain Pen|Desk Lamp|Leather Folder|Writing Desk Set"),
}  # fmt: skip

CATEGORIES = tuple(_PRODUCTS)
PER_CATEGORY = 15

_LADDER = np.array([490, 690, 890, 1090, 1290, 1490, 1790, 2190, 2690, 3290, 3990, 4990, 6990, 9900, 16900])
"""Prices within a category, in cents of the home currency, as the products above ascend."""

_FACTOR = {"EUR": 1.0, "GBP": 0.87, "CHF": 0.97, "USD": 1.12, "JPY": 165.0}

SKUS: Texts = texts([f"{code}-{number + 1:03d}" for code, _ in _PRODUCTS.values() for number in range(PER_CATEGORY)])
NAMES: Texts = texts([name for _, names in _PRODUCTS.values() for name in names.split("|")])
CATEGORY_NAMES: Texts = texts([category for category in CATEGORIES for _ in range(PER_CATEGORY)])

PRICES = np.stack(
    [
        np.rint(np.tile(_LADDER, len(CATEGORIES)) * _FACTOR[currency] / (1000 if currency == "JPY" else 10)).astype(int)
        * (1000 if currency == "JPY" else 10)
        for currency in CURRENCIES
    ],
    axis=1,
)
"""List prices in cents, a row a product and a column a currency; yen have no cents, so theirs end in 00."""


@dataclass(frozen=True)
class Lines:
    """Lines of orders, in order of the order.

    Args:
        order: Index of the order.
        product: Index of the product; an order has each product once.
        quantity: Units.
    """

    order: Ints
    product: Ints
    quantity: Ints


def fill_baskets(rng: np.random.Generator, cents: Ints, items: Ints, first: Ints, second: Ints) -> Lines:
    """Choose products whose list prices come near the value of each purchase.

    Args:
        rng: Source of chance.
        cents: Value of each purchase, in cents of the home currency.
        items: How many articles it had.
        first: Index of its buyer's favourite category.
        second: Index of the next one.

    Returns:
        One to four lines an order, in the favourite category more often than not.
    """
    count = len(cents)
    wanted = np.clip(items, 1, 4)
    order = np.repeat(np.arange(count), wanted)
    share = rng.lognormal(0.0, 0.35, len(order))
    target = cents[order] * share / np.bincount(order, weights=share, minlength=count)[order]

    mood = rng.random(len(order))
    anything = rng.integers(0, len(CATEGORIES), len(order))
    category = np.select([mood < 0.55, mood < 0.75], [first[order], second[order]], anything)
    quantity = np.maximum(1, np.rint(target / _LADDER[-1])).astype(np.int64)
    small = (quantity == 1) & (rng.random(len(order)) < 0.15)
    quantity[small] = 2
    product = category * PER_CATEGORY + _nearest(target / quantity)

    # Two lines with one product become one with both quantities.
    key, inverse = np.unique(order * len(SKUS) + product, return_inverse=True)
    merged = np.bincount(inverse, weights=quantity, minlength=len(key)).astype(np.int64)
    return Lines(order=key // len(SKUS), product=key % len(SKUS), quantity=merged)


def _nearest(target: Floats) -> Ints:
    """Index on the price ladder of the price nearest to each target."""
    middle = (_LADDER[1:] + _LADDER[:-1]) / 2
    return np.searchsorted(middle, target)
