"""How amounts are reported.

Belongs here: the plain description. Does not belong here: its YAML form (`component.py`), and converting (`money.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

from cdp_assets.canonical.currencies import CODES


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
        if self.currency not in CODES:
            raise ValueError(f"`{self.currency}` is no ISO 4217 currency code; write three capitals such as EUR")
