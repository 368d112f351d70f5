"""Days of a year, each counted for as much as is usually sold on it."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from cdp_assets.attributes.retail_year import BY_MONTH, usual_days

JANUARY, FEBRUARY, DECEMBER = BY_MONTH[0], BY_MONTH[1], BY_MONTH[11]


def test_days_ahead_begin_tomorrow_and_days_past_end_today() -> None:
    counted = usual_days(date(2026, 1, 30), np.array([2.0, 1.0, 0.0, -1.0, -31.0]))

    assert counted == pytest.approx([JANUARY + FEBRUARY, JANUARY, 0.0, -JANUARY, -(30 * JANUARY + DECEMBER)], abs=1e-9)


def test_a_whole_year_is_about_as_many_days_and_nothing_is_none() -> None:
    year, ago = usual_days(date(2026, 5, 17), np.array([365.0, -365.0]))

    assert year == pytest.approx(365, rel=0.001)
    assert ago == pytest.approx(-365, rel=0.001)
    assert usual_days(date(2026, 5, 17), np.array([])).size == 0
