"""From the ledger's outbox to how the messages of each destination ended."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cdp_assets.presentation.views import Deliveries

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

_FIRST = ("delivered", "pending", "failed", "held", "dead")


def deliveries(outcomes: Iterable[tuple[str, str, str | None, int]]) -> tuple[Deliveries, ...]:
    """Outcomes per destination: sent ones first, then why the others were not.

    Args:
        outcomes: destination, status, reason and count, as `ledger.history.outcomes` and the table
            `activation.deliveries` have them. A withheld message counts under its reason.
    """
    found: dict[str, dict[str, int]] = {}
    for destination, status, reason, number in outcomes:
        name = reason or status if status == "withheld" else status
        counts = found.setdefault(destination, {})
        counts[name] = counts.get(name, 0) + number
    return tuple(Deliveries(name, dict(sorted(counts.items(), key=_rank))) for name, counts in sorted(found.items()))


def with_paused(found: Iterable[Deliveries], paused: Collection[str]) -> tuple[Deliveries, ...]:
    """Outcomes per destination, and which of them are paused; also those to which nothing has gone yet."""
    known = {item.destination: item for item in found}
    every = known | {name: Deliveries(name, {}) for name in paused if name not in known}
    return tuple(replace(item, paused=name in paused) for name, item in sorted(every.items()))


def _rank(item: tuple[str, int]) -> tuple[int, int, str]:
    name, number = item
    return (_FIRST.index(name) if name in _FIRST else len(_FIRST), -number, name)
