"""The evidence inside one profile as a graph: what ties whom, the best chain, and what falls apart without a tie.

Belongs here: the graph of published links, on plain values. Does not belong here: reading (`published.py`) and words
(`explain.py`).

A *tie* is an identifier with all records of the profile that it joins, or a pair that was joined as such: by a steward,
or since the two look alike. An identifier that two groups carry which it does not join is two ties.
"""

from __future__ import annotations

import heapq
import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

PAIRWISE = frozenset({"steward", "likeness"})
"""Identifier types of links between two records that are no shared identifier."""

Tie = tuple[Any, ...]
Hop = tuple[int, Tie, int]
"""One step of a chain: from a record, by a tie, to a record."""


def _ties_of(links: Iterable[Mapping[str, Any]]) -> list[tuple[Tie, set[int], Mapping[str, Any]]]:
    """Each tie that rows of `schemas.LINKS` are parts of, with its records and the first of the rows."""
    found: dict[Tie, list[tuple[set[int], Mapping[str, Any]]]] = defaultdict(list)
    for row in links:
        kind, ends = row["identifier_type"], {row["left_record_id"], row["right_record_id"]}
        if kind in PAIRWISE:
            found[kind, *sorted(ends)] = [(ends, row)]
            continue
        parts = found[kind, row["identifier_id"]]
        touched = [part for part in parts if not part[0].isdisjoint(ends)]
        records = ends.union(*(part[0] for part in touched))
        kept = [part for part in parts if part not in touched]
        found[kind, row["identifier_id"]] = [*kept, (records, touched[0][1] if touched else row)]
    return [((*tie, min(records)), records, row) for tie, parts in found.items() for records, row in parts]


@dataclass
class Ties:
    """The graph.

    Args:
        carried: Tie → records.
        carries: Record → ties.
        described: Tie → a row of `schemas.LINKS` that speaks for it.
    """

    carried: dict[Tie, set[int]] = field(default_factory=lambda: defaultdict(set))
    carries: dict[int, set[Tie]] = field(default_factory=lambda: defaultdict(set))
    described: dict[Tie, Mapping[str, Any]] = field(default_factory=dict)

    @classmethod
    def of(cls, links: Iterable[Mapping[str, Any]]) -> Ties:
        """The graph of some rows of `schemas.LINKS`."""
        made = cls()
        for tie, records, row in _ties_of(links):
            made.described[tie] = row
            made.carried[tie] = records
            for record in records:
                made.carries[record].add(tie)
        return made

    def strength(self, tie: Tie) -> float:
        """How much a tie weighs alone, 0 to 1."""
        return float(self.described[tie]["strength"])

    def chain(self, start: int, end: int, without: Tie | None = None) -> list[Hop]:
        """The fewest, and among these the strongest, ties from one record to another; empty if there are none.

        Dijkstra over records by (number of links, sum of −log strength).

        Args:
            start, end: record_ids.
            without: A tie that does not count.
        """
        queue: list[tuple[int, float, int]] = [(0, 0.0, start)]
        before: dict[int, tuple[int, Tie]] = {}
        best = {start: (0, 0.0)}
        done: set[int] = set()
        spent: set[Tie | None] = {without}
        while queue:
            hops, weight, record = heapq.heappop(queue)
            if record == end:
                break
            if record in done:
                continue
            done.add(record)
            # Whoever comes to a tie first comes to all its records at the least cost.
            for tie in sorted(self.carries.get(record, set()) - spent, key=repr):
                spent.add(tie)
                cost = (hops + 1, weight - math.log(max(self.strength(tie), 1e-12)))
                for neighbour in self.carried[tie]:
                    if neighbour != record and (neighbour not in best or cost < best[neighbour]):
                        best[neighbour] = cost
                        before[neighbour] = (record, tie)
                        heapq.heappush(queue, (*cost, neighbour))
        path: list[Hop] = []
        while end in before:
            record, tie = before[end]
            path.append((record, tie, end))
            end = record
        return path[::-1]

    def parts(self, members: Collection[int], without: Tie) -> list[set[int]]:
        """The sets of records that hang together if a tie does not count, the largest first."""
        left = set(members)
        found: list[set[int]] = []
        while left:
            start = min(left)
            part, waiting = {start}, [start]
            while waiting:
                for tie in self.carries.get(waiting.pop(), set()) - {without}:
                    fresh = self.carried[tie] - part
                    part |= fresh
                    waiting.extend(fresh)
            left -= part
            found.append(part)
        return sorted(found, key=lambda part: (-len(part), min(part)))
