"""How many slips of the pen are between two words.

Belongs here: counting edits. Does not belong here: how many are forgiven (`names.py`, `numbers.py`).
"""

from __future__ import annotations


def edits(left: str, right: str, most: int) -> int:
    """Optimal string alignment distance: letters changed, added, dropped, or two neighbours exchanged.

    Stops at ``most`` + 1. (Damerau 1964; Oommen and Loke 1997.)
    """
    if abs(len(left) - len(right)) > most:
        return most + 1
    left, right = _without_common_ends(left, right)
    # Of one letter added, dropped or changed nothing else is left.
    shorter, longer = sorted((len(left), len(right)))
    if shorter == 0 or longer == 1:
        return longer
    # Each letter that only one of them has takes an edit of its own; of most other pairs this says enough.
    if len(set(left).difference(right)) > most or len(set(right).difference(left)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, start=1):
        older, before, row = before, row, [i]
        for j, b in enumerate(right, start=1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == right[j - 2] and left[i - 2] == b:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return row[-1]


def _without_common_ends(left: str, right: str) -> tuple[str, str]:
    """Two words without the letters that both begin and end with: as many edits make one of the other."""
    shorter = min(len(left), len(right))
    first = 0
    while first < shorter and left[first] == right[first]:
        first += 1
    last = 0
    while last < shorter - first and left[-1 - last] == right[-1 - last]:
        last += 1
    return left[first : len(left) - last], right[first : len(right) - last]
