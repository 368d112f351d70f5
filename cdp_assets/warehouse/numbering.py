"""Small numbers for large ones: what graphs and groups of millions are computed with.

Belongs here: numbering on all cores. Does not belong here: what is computed with the numbers (`duckdb_engine.py`,
`identity/evaluation/`).
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

_AT_ONCE = 1_000_000
"""Values whose hash table fits into a processor's cache more or less: larger ones take twice as long a value."""

_MOST_PARTS = 32


def numbered(values: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
    """Number values so that equal ones have equal numbers.

    Values are spread over parts by their lowest bits, and each part is hashed by itself, several at a time: four times
    as fast as `pandas.factorize` over ten million hashes, and less dear than sorting them.

    Args:
        values: Integers, best with evenly spread lowest bits, as hashes have; fewer than 2³¹ different ones.

    Returns:
        The number of each value, from 0 on without gaps, and the value of each number. Which number a value has depends
        on all values and on nothing else.
    """
    import pandas as pd

    parts = 1
    while parts < _MOST_PARTS and len(values) > parts * _AT_ONCE:
        parts *= 2
    part_of = (values & (parts - 1)).astype(np.int8)

    def number(part: int) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.int64]]:
        places = np.flatnonzero(part_of == part).astype(np.int32)
        numbers, distinct = pd.factorize(values[places])
        return places, numbers.astype(np.int32), distinct

    together = np.empty(len(values), dtype=np.int32)
    values_of: list[npt.NDArray[np.int64]] = []
    with ThreadPoolExecutor(min(parts, os.cpu_count() or 1)) as threads:
        first = 0
        for places, numbers, found in threads.map(number, range(parts)):
            together[places] = numbers + np.int32(first)
            values_of.append(found)
            first += len(found)
    return together, np.concatenate(values_of)
