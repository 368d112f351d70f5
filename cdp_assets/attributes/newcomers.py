"""Customers of whom too little is known to say anything of their own: who they are.

Belongs here: the rule, and what such went on to do. Does not belong here: what they get instead of a score
(`churn_learned.py`, `plain_value.py`).

Whoever came once has told nothing by not coming again, as long as those who do come again have mostly not done so by
then. How long that is differs between a grocer and a furniture shop, and is read from the shop's own purchases.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cdp_assets.attributes.purchase_models import MINIMUM_REPEAT_CUSTOMERS

if TYPE_CHECKING:
    import pandas as pd

LEAST_DAYS = 7
"""Days after the first visit for which nobody is told apart, in whatever shop."""

PRIOR = "newcomers' prior"
"""What their expected visits are named."""

EXPECTED_COUNTS = 20.0
"""Visits for which what the models expect of newcomers counts against what such went on to do."""

Booleans = np.ndarray[Any, np.dtype[np.bool_]]


def customary_days(gaps: pd.DataFrame) -> int:
    """Days within which half of all repeat visits came; `LEAST_DAYS` at least, and where too few came to say.

    Args:
        gaps: The rows of `purchases.gap_histogram`.
    """
    visits = gaps["visits"].to_numpy(float)
    if visits.sum() < MINIMUM_REPEAT_CUSTOMERS:
        return LEAST_DAYS
    half = np.searchsorted(np.cumsum(visits), visits.sum() / 2)
    return max(LEAST_DAYS, int(gaps["days"].to_numpy(int)[half]))


def are_new(visits_after_first: Any, age_days: Any, days: int) -> Booleans:
    """Who came first less than so many days ago, and has not come again."""
    return np.asarray((np.asarray(visits_after_first) <= 0) & (np.asarray(age_days) < days), dtype=bool)


def level(actual: float, expected: float) -> float:
    """How many visits newcomers made for each that was expected of them, drawn towards one."""
    return round((actual + EXPECTED_COUNTS) / (expected + EXPECTED_COUNTS), 4)
