"""Small numbers for large ones."""

from __future__ import annotations

import numpy as np
import pytest

from cdp_assets.warehouse import numbering


@pytest.mark.parametrize("at_once", [10, 300, 10_000])
@pytest.mark.parametrize("most", [3, 2**62])
def test_equal_values_have_equal_numbers(monkeypatch: pytest.MonkeyPatch, at_once: int, most: int) -> None:
    monkeypatch.setattr(numbering, "_AT_ONCE", at_once)
    values = np.random.default_rng(3).integers(-most, most, 1_500)
    values[::7] = values[3]
    numbers, distinct = numbering.numbered(values)
    assert distinct[numbers].tolist() == values.tolist()
    assert sorted(distinct.tolist()) == sorted(set(values.tolist()))
    again, _distinct = numbering.numbered(values)
    assert again.tolist() == numbers.tolist()


def test_nothing_has_no_numbers() -> None:
    numbers, distinct = numbering.numbered(np.empty(0, dtype=np.int64))
    assert len(numbers) == len(distinct) == 0
