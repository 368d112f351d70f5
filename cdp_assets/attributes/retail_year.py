"""How much is bought on the days of an average year, for shops that have not yet seen one of their own.

Belongs here: the year of retail as it is published, and time counted in its days. Does not belong here: what a shop's
own past year taught (`churn_level.py`).
"""

from __future__ import annotations

from datetime import date

import numpy as np

from cdp_assets.attributes.purchase_models import Floats

BY_MONTH = (0.988, 1.020, 1.010, 0.960, 0.927, 0.925, 0.876, 0.919, 0.949, 0.995, 1.133, 1.299)
"""Sales of a day of each month, against those of a mean day.

Mail order and online retail in the United States (U.S. Census Bureau, Monthly Retail Trade Survey, nonstore retailers,
not adjusted), 1993 to 2022 without 2020: by day, divided by the centred mean of twelve months, averaged geometrically.
"""


def usual_days(day: date, offsets: Floats) -> Floats:
    """Days from one day to others, each counted for as much as is usually sold on it.

    Args:
        day: The day that is counted from.
        offsets: Calendar days to the other days: those ahead are positive, those past negative.

    Returns:
        Mean days' worth of sales that lie between, with the signs of ``offsets``.
    """
    whole = np.asarray(offsets, dtype=np.int64)
    first, last = min(int(whole.min(initial=0)), 0), max(int(whole.max(initial=0)), 0)
    # The first day that is counted is the one after the first offset.
    days = np.datetime64(day, "D") + np.arange(first + 1, last + 1)
    sold = np.array(BY_MONTH)[days.astype("datetime64[M]").astype(np.int64) % 12]
    until = np.concatenate([[0.0], np.cumsum(sold)])
    return np.asarray(until[whole - first] - until[-first], dtype=float)
