"""When people buy and for how much: real histories, resampled.

Belongs here: reading CDNOW and drawing histories from it. Does not belong here: what is bought (`catalogue.py`) and in
which channel (`orders.py`).

The histories are those of the CDNOW data set (Fader and Hardie 2001; 23,570 customers of an online shop who first
bought in early 1997, followed until mid-1998), which the `lifetimes` package carries. Its file is found by path, since
`lifetimes.datasets` needs a package that is no longer installed by default.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from cdp_assets.demo.text import Ints

LAST_DAY = date(1998, 6, 30)
"""The last day of the CDNOW observations."""

OBSERVED_DAYS = 546
"""Days from the first to the last day of the observations, both included."""

STAGGERED = 0.40
"""Share of buyers whose history starts later than in the data, so that customers are of different ages."""

LATEST_START = 440
"""By how many days a history may start later: everyone still has the first purchase."""

SMALLEST = 495
"""Purchases under this many cents (a few are free) count as this much."""


@dataclass(frozen=True)
class Purchases:
    """Purchases in order of person and day.

    Args:
        person: Who, as an index.
        day: When, in days since 1970-01-01.
        items: How many articles.
        cents: For how much, in cents of the home currency.
    """

    person: Ints
    day: Ints
    items: Ints
    cents: Ints

    def first_day(self, people: int) -> Ints:
        """The day of each person's first purchase; 0 for those without one."""
        first = np.zeros(people, dtype=np.int64)
        first[self.person[::-1]] = self.day[::-1]
        return first


def cdnow_file() -> Path:
    """Where the CDNOW histories lie.

    Raises:
        FileNotFoundError: if the `lifetimes` package is not installed.
    """
    package = importlib.util.find_spec("lifetimes")
    if package is None or package.origin is None:
        raise FileNotFoundError("the CDNOW histories come with the package lifetimes, which is not installed")
    return Path(package.origin).parent / "datasets" / "CDNOW_master.txt"


def draw_purchases(rng: np.random.Generator, buyers: Ints, regulars: int, last_day: int) -> Purchases:
    """Give each buyer the history of a real customer, shifted so that the observations end on ``last_day``.

    Args:
        rng: Source of chance.
        buyers: Indexes of the people who buy, ascending.
        regulars: The first so many buyers get an unshifted history of three to five purchases.
        last_day: The last complete day, in days since 1970-01-01.
    """
    customer, day, items, cents = _observations()
    start = np.flatnonzero(np.concatenate(([True], np.diff(customer) > 0)))
    length = np.diff(np.concatenate((start, [len(customer)])))
    drawn = rng.integers(0, len(start), len(buyers))
    drawn[:regulars] = rng.choice(np.flatnonzero((length >= 3) & (length <= 5)), regulars, replace=False)
    later = np.where(rng.random(len(buyers)) < STAGGERED, rng.integers(0, LATEST_START + 1, len(buyers)), 0)
    later[:regulars] = 0

    counts = length[drawn]
    row = np.repeat(start[drawn] - np.concatenate(([0], np.cumsum(counts)[:-1])), counts) + np.arange(counts.sum())
    shifted = day[row] + last_day + np.repeat(later, counts)
    seen = shifted <= last_day
    return Purchases(
        person=np.repeat(buyers, counts)[seen],
        day=shifted[seen],
        items=items[row][seen],
        cents=np.maximum(cents[row], SMALLEST)[seen],
    )


def _observations() -> tuple[Ints, Ints, Ints, Ints]:
    """Customer, day (0 is the last, earlier ones negative), articles and cents of each purchase, in order."""
    table = np.fromstring(cdnow_file().read_text(encoding="ascii").split("\n", 1)[1], sep=" ").reshape(-1, 4)
    written = table[:, 1].astype(np.int64)
    months = (written // 10_000 - 1970) * 12 + written // 100 % 100 - 1
    first_of_month = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    day = first_of_month + written % 100 - 1 - (LAST_DAY - date(1970, 1, 1)).days
    order = np.lexsort((day, table[:, 0]))
    cents = np.rint(table[:, 3] * 100).astype(np.int64)
    return table[:, 0].astype(np.int64)[order], day[order], table[:, 2].astype(np.int64)[order], cents[order]
