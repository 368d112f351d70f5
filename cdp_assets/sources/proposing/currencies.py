"""Currencies by the signs that are written beside amounts.

Belongs here: which sign may stand for which. Does not belong here: which one a file means (`draft.py`).
"""

from __future__ import annotations

import re

OWN = {
    "€": "EUR", "£": "GBP", "zł": "PLN", "Kč": "CZK", "Ft": "HUF", "lei": "RON", "Fr": "CHF", "TL": "TRY", "₺": "TRY",
    "₽": "RUB", "руб": "RUB", "₴": "UAH", "₪": "ILS", "₹": "INR", "₩": "KRW", "원": "KRW", "円": "JPY", "元": "CNY",
    "฿": "THB", "₫": "VND", "₱": "PHP", "₦": "NGN", "R$": "BRL", "US$": "USD", "CA$": "CAD", "C$": "CAD", "A$": "AUD",
    "AU$": "AUD", "NZ$": "NZD", "MX$": "MXN", "S$": "SGD", "HK$": "HKD", "NT$": "TWD", "S/": "PEN", "RM": "MYR",
    "د.إ": "AED", "ر.س": "SAR",
}  # fmt: skip
"""What signs beside amounts stand for."""

SHARED = {
    "$": ("USD", "CAD", "AUD", "NZD", "MXN", "ARS", "CLP", "COP", "UYU", "SGD", "HKD", "TWD"),
    "¥": ("JPY", "CNY"),
    "￥": ("JPY", "CNY"),
    "kr": ("SEK", "NOK", "DKK", "ISK"),
    "Rs": ("INR", "PKR", "LKR", "NPR", "MUR"),
}
"""Signs of several currencies, the one that they mostly stand for first."""


def currencies_of(sign: str) -> tuple[str, ...]:
    """The ISO 4217 codes that a sign beside an amount may stand for; it may be such a code. Empty if it is neither."""
    plain = sign.rstrip(".")
    if re.fullmatch("[A-Z]{3}", plain):
        return (plain,)
    return (OWN[plain],) if plain in OWN else SHARED.get(plain, ())
