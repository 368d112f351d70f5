"""Reference data: the shop's products, and exchange rates.

Belongs here: exports that are about no person. Does not belong here: prices within orders (`orders.py`).

Layouts: Shopify's product export (help.shopify.com, "Exporting products"), and the European Central Bank's file of
historical reference rates (one row a day, newest first, one column a currency: units of it for one euro). The rates
are invented: a slow walk around plausible levels.
"""

from __future__ import annotations

import numpy as np
import pyarrow.compute as pc

from cdp_assets.demo.catalogue import CATEGORY_NAMES, NAMES, PRICES, SKUS
from cdp_assets.demo.landing import Landing
from cdp_assets.demo.text import csv_lines, dates, glue, money, texts
from cdp_assets.demo.world import World

PRODUCTS_HEADER = (
    "Handle,Title,Body (HTML),Vendor,Product Category,Type,Tags,Published,Option1 Name,Option1 Value,Option2 Name,"
    "Option2 Value,Option3 Name,Option3 Value,Variant SKU,Variant Grams,Variant Inventory Tracker,"
    "Variant Inventory Qty,Variant Inventory Policy,Variant Fulfillment Service,Variant Price,"
    "Variant Compare At Price,Variant Requires Shipping,Variant Taxable,Variant Barcode,Image Src,Image Position,"
    "Image Alt Text,Gift Card,SEO Title,SEO Description,Variant Image,Variant Weight Unit,Variant Tax Code,"
    "Cost per item,Status\n"
)
RATES_HEADER = "Date,USD,JPY,GBP,CHF\n"

_LEVELS = (1.12, 165.0, 0.87, 0.97)


def export_products(landing: Landing) -> None:
    """All products, once; nothing is wrong with them."""
    handle = pc.utf8_lower(pc.replace_substring_regex(NAMES, "[^A-Za-z0-9]+", "-"))
    lines = csv_lines(
        [
            glue(handle, "-", pc.utf8_lower(SKUS)), NAMES, "", "Linden & Lark", "", CATEGORY_NAMES, "", "true",
            "Title", "Default Title", "", "", "", "", SKUS, "500", "shopify", "100", "deny", "manual",
            money(PRICES[:, 0]), "", "true", "true", "", "", "", "", "false", "", "", "", "g", "", "", "active",
        ]
    )  # fmt: skip
    landing.deliver_clean("shop", "products", "shop/products_export.csv", PRODUCTS_HEADER, lines)


def export_rates(world: World, landing: Landing) -> None:
    """Rates of each weekday, from a month before the data begins."""
    rng = world.chance(95)
    days = np.arange(world.first_day - 30, world.last_day + 1)
    days = days[(days + 3) % 7 < 5]
    columns = []
    for level in _LEVELS:
        walk = np.cumsum(rng.normal(0, 0.0025, len(days)))
        rate = level * np.exp(walk - np.linspace(0, float(walk[-1]), len(days)) * 0.7)
        columns.append(texts([f"{value:.4f}" if level < 10 else f"{value:.2f}" for value in rate[::-1]]))
    lines = csv_lines([dates(days[::-1]), *columns])
    landing.deliver_clean("reference", "exchange_rates", "reference/eurofxref-hist.csv", RATES_HEADER, lines)
