"""How amounts are reported.

Belongs here: the plain description. Does not belong here: its YAML form (`component.py`), and converting (`money.py`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_CURRENCY = re.compile(r"[A-Z]{3}")


@dataclass(frozen=True)
class Reporting:
    """The currency that amounts are reported in.

    Args:
        currency: ISO 4217 code.

    Raises:
        ValueError: if it is none.
    """

    currency: str = "EUR"

    def __post_init__(self) -> None:
        if not _CURRENCY.fullmatch(self.currency):
            raise ValueError(f"`{self.currency}` is no ISO 4217 currency code; write three capitals such as EUR")
