"""Groups of records are joined, best first, as long as they agree as wholes.

Belongs here: the order of joining, and what stops it. Does not belong here: scores (`scoring.py`) and tables
(`joining.py`).

Good pairs do not make good clusters: one wrong link in a chain joins two people with all their records. So two groups
are joined by the *mean* weight over all pairs of their faces (average linkage: Sokal and Michener 1958), where a pair
that no block brought together counts as `NOT_COMPARED`. One lucky pair between two groups that otherwise differ does
not join them; nor do records without a birth date or given name, where those with one speak of two people rather than
of one, or all of those on both sides were born a generation apart, be they compared or not. A join that would break a
limit, or that somebody or something forbids, is not made.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from cdp_assets.identity.agreement import (
    GENERATION_YEARS,
    BirthDates,
    compare_birth_dates,
    compare_birth_years,
    is_day_unknown,
)
from cdp_assets.identity.edits import edits
from cdp_assets.identity.spec import NOT_COMPARED

if TYPE_CHECKING:
    import numpy as np

VOTES = ("dates", "names", "numbers")
"""What `Edges` say beside weights: whether birth dates, given names and numbers speak of two people."""

LARGEST_BATCH = 12
"""Components of up to so many groups are settled in bulk, many at a time."""

_YEAR = 10_000
"""What a year counts in the number of a date."""


class Join(NamedTuple):
    """Two groups joined; ``left`` is the smallest label of the one, ``right`` that of the other."""

    left: int
    right: int
    weight: float


class Joins(NamedTuple):
    """Joins as columns."""

    left: np.ndarray
    right: np.ndarray
    weight: np.ndarray

    @classmethod
    def of(cls, joins: Sequence[Join]) -> Joins:
        """Each join a row."""
        import numpy as np

        left, right, weight = zip(*joins, strict=True) if joins else ((), (), ())
        return cls(np.array(left, np.int64), np.array(right, np.int64), np.array(weight, np.float64))


class Refused(NamedTuple):
    """Two groups that would have been joined, but for ``reason``."""

    left: int
    right: int
    weight: float
    reason: str


class Constraints(NamedTuple):
    """What keeps groups apart, as columns.

    Args:
        cannot_left, cannot_right: Labels that must not be together.
        holder, kind, value: Which label holds which identifier, of types with a limit.
        bearer, born: Which label has which birth date, as a number of eight digits; of a year alone the last are 0.
        limits: Identifier type (``kind``) → most values a profile may have.
    """

    cannot_left: np.ndarray
    cannot_right: np.ndarray
    holder: np.ndarray
    kind: np.ndarray
    value: np.ndarray
    bearer: np.ndarray
    born: np.ndarray
    limits: Mapping[int, int]

    @classmethod
    def none(cls) -> Constraints:
        """Nothing keeps anything apart."""
        import numpy as np

        nothing = np.empty(0, np.int64)
        return cls(nothing, nothing, nothing, nothing, nothing, nothing, nothing, {})


class Edges(NamedTuple):
    """Pairs of groups with what was found between them, as columns; ``left`` < ``right``.

    Args:
        left, right: Labels.
        total: Sum of the weights of the pairs of faces compared, less `NOT_COMPARED` for each.
        dates: How many more of these pairs have birth dates that speak of two people than of one.
        names: In how many of these pairs given names speak of two people; none, if they speak of one in any.
        numbers: How many more of these pairs have numbers that speak of two people than of one.
    """

    left: np.ndarray
    right: np.ndarray
    total: np.ndarray
    dates: np.ndarray
    names: np.ndarray
    numbers: np.ndarray

    @property
    def contradict(self) -> np.ndarray:
        """Where birth dates, given names or numbers speak of two people."""
        contradict: np.ndarray = (self.dates > 0) | (self.names > 0) | (self.numbers > 0)
        return contradict


class Sizes(NamedTuple):
    """How many faces groups have, as columns; a group that is not listed has one."""

    label: np.ndarray
    faces: np.ndarray

    @classmethod
    def ones(cls) -> Sizes:
        """Every group has one face."""
        import numpy as np

        return cls(np.empty(0, np.int64), np.empty(0, np.int64))

    def of(self, labels: np.ndarray) -> np.ndarray:
        """The number of faces of each label."""
        import numpy as np

        place = places_in(self.label, labels)
        found = np.ones(len(labels))
        found[place >= 0] = self.faces[place[place >= 0]]
        return found


def cluster(edges: Edges, sizes: Sizes, least: float, constraints: Constraints) -> tuple[Joins, list[Refused]]:
    """Join groups down to a mean weight.

    Args:
        edges: Every pair of groups of which a pair of faces was compared.
        sizes: Their numbers of faces.
        least: The mean weight at which joining stops; above `NOT_COMPARED`, or what was not compared would join.
        constraints: What keeps groups apart.

    Returns:
        The joins, and those refused. Cutting the joins at a higher weight gives what that weight as ``least`` had
        given.
    """
    import numpy as np

    parts = _Components.of(edges, sizes, least)
    single = parts.watched(constraints, edges) | (parts.width > LARGEST_BATCH)
    widths = np.unique(parts.width[~single])
    made = [_settle_in_bulk(edges, parts, (parts.width == width) & ~single, least) for width in widths]
    one_by_one: list[Join] = []
    refused: list[Refused] = []
    bans, faces = _Bans(constraints), parts.faces_of(single)
    for rows in parts.rows_of(single):
        joined, not_joined = _settle_one(edges, rows, faces, least, bans)
        one_by_one.extend(joined)
        refused.extend(not_joined)
    return Joins(*map(np.concatenate, zip(*made, Joins.of(one_by_one), strict=True))), refused


def mean_weights(edges: Edges, sizes: Sizes) -> np.ndarray:
    """The mean weight over all pairs of faces of each two groups.

    Args:
        edges, sizes: As in `cluster`.
    """
    mean: np.ndarray = edges.total / (sizes.of(edges.left) * sizes.of(edges.right)) + NOT_COMPARED
    return mean


def places_in(labels: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Where each wanted label stands among different ones; −1 if it is not there."""
    import pandas as pd

    # By hash tables: searching sorted labels for others in any order takes three times as long.
    places: np.ndarray = pd.Index(labels).get_indexer(wanted)
    return places


def hanging_together(left: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The labels that pairs touch, sorted, and for each the number of the component it is in."""
    import numpy as np

    nodes, places = np.unique(np.concatenate([left, right]), return_inverse=True)
    return nodes, components(places[: len(left)], places[len(left) :], len(nodes))


def components(left: np.ndarray, right: np.ndarray, count: int) -> np.ndarray:
    """For each of so many nodes the number of the component it is in, by the pairs of their places that are tied."""
    import numpy as np
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    if not count:
        return np.empty(0, np.int32)
    graph = coo_matrix((np.ones(len(left), np.int8), (left, right)), shape=(count, count))
    numbers: np.ndarray = connected_components(graph, directed=False)[1]
    return numbers


@dataclass(frozen=True)
class _Components:
    """Groups that may be joined, with those they hang together with. A join needs at least one pair of groups whose own
    mean weight is enough.

    Args:
        nodes: Labels, sorted.
        component: The number of the component that each is in.
        place: The place of each among the sorted labels of its component.
        faces: The number of faces of each.
        width: How many labels each component has.
        rows: The edges inside components.
        left, right: Where among the nodes their ends are.
    """

    nodes: np.ndarray
    component: np.ndarray
    place: np.ndarray
    faces: np.ndarray
    width: np.ndarray
    rows: np.ndarray
    left: np.ndarray
    right: np.ndarray

    @classmethod
    def of(cls, edges: Edges, sizes: Sizes, least: float) -> _Components:
        """The components of edges of at least some mean weight."""
        import numpy as np

        strong = mean_weights(edges, sizes) >= least
        nodes, component = hanging_together(edges.left[strong], edges.right[strong])
        width = np.bincount(component)
        place = np.empty(len(nodes), np.int64)
        place[np.argsort(component, kind="stable")] = np.arange(len(nodes)) - np.repeat(np.cumsum(width) - width, width)
        left, right = places_in(nodes, edges.left), places_in(nodes, edges.right)
        rows = np.flatnonzero((left >= 0) & (right >= 0))
        rows = rows[component[left[rows]] == component[right[rows]]]
        return cls(nodes, component, place, sizes.of(nodes), width, rows, left[rows], right[rows])

    def watched(self, constraints: Constraints, edges: Edges) -> np.ndarray:
        """Which components hold two groups that must not be together, with birth dates, given names or numbers of two
        people, or with more together than a limit allows; or some who were born a generation apart.
        """
        import numpy as np

        watched = np.zeros(len(self.width), bool)
        watched[self.component[self.left[edges.contradict[self.rows]]]] = True
        left, right = self._component_of(constraints.cannot_left), self._component_of(constraints.cannot_right)
        watched[left[(left == right) & (left >= 0)]] = True
        home = self._component_of(constraints.holder)
        for kind, most in constraints.limits.items():
            held = np.flatnonzero((home >= 0) & (constraints.kind == kind))
            # Only who holds more than that, one value several times or not, may hold more values than that.
            held = held[np.bincount(home[held], minlength=len(watched))[home[held]] > most]
            distinct = np.unique(np.stack([home[held], constraints.value[held]]), axis=1)
            watched[np.bincount(distinct[0], minlength=len(watched)) > most] = True
        home, year = self._component_of(constraints.bearer), constraints.born // _YEAR
        first, last = np.full(len(watched), 2**31), np.zeros(len(watched), np.int64)
        np.minimum.at(first, home[home >= 0], year[home >= 0])
        np.maximum.at(last, home[home >= 0], year[home >= 0])
        watched |= last - first >= GENERATION_YEARS
        return watched

    def _component_of(self, labels: np.ndarray) -> np.ndarray:
        """The component of each label; −1 if it is in none."""
        import numpy as np

        place = places_in(self.nodes, labels)
        return np.where(place >= 0, self.component[place], -1) if len(self.nodes) else place

    def faces_of(self, chosen: np.ndarray) -> dict[int, float]:
        """Label → its number of faces, in some components."""
        inside = chosen[self.component]
        return dict(zip(self.nodes[inside].tolist(), self.faces[inside].tolist(), strict=True))

    def rows_of(self, chosen: np.ndarray) -> list[np.ndarray]:
        """The rows of the edges in each of some components."""
        import numpy as np

        home = self.component[self.left]
        inside = np.flatnonzero(chosen[home])
        inside = inside[np.argsort(home[inside], kind="stable")]
        bounds = np.flatnonzero(np.diff(home[inside])) + 1
        return np.split(self.rows[inside], bounds) if len(inside) else []


def _settle_in_bulk(edges: Edges, parts: _Components, chosen: np.ndarray, least: float) -> Joins:
    """Average linkage of many components of equally many groups at once."""
    import numpy as np

    count, width = int(chosen.sum()), int(parts.width[chosen][0])
    number = np.cumsum(chosen) - 1
    members = np.flatnonzero(chosen[parts.component])
    labels, size = np.empty((count, width), np.int64), np.empty((count, width))
    line, place = number[parts.component[members]], parts.place[members]
    labels[line, place], size[line, place] = parts.nodes[members], parts.faces[members]
    inside = np.flatnonzero(chosen[parts.component[parts.left]])
    owner = number[parts.component[parts.left[inside]]]
    left, right = parts.place[parts.left[inside]], parts.place[parts.right[inside]]
    total = np.zeros((count, width, width))
    total[owner, left, right] = total[owner, right, left] = edges.total[parts.rows[inside]]
    standing = np.ones((count, width), bool)
    upper = np.triu(np.ones((width, width), bool), 1)
    joins: list[Joins] = []
    while True:
        allowed = standing[:, :, None] & standing[:, None, :] & upper
        mean = np.where(allowed, total / (size[:, :, None] * size[:, None, :]) + NOT_COMPARED, -np.inf)
        best = mean.reshape(count, -1).argmax(axis=1)
        one, two = best // width, best % width
        weight = mean[np.arange(count), one, two]
        going = np.flatnonzero(weight >= least)
        if not len(going):
            return Joins(*map(np.concatenate, zip(*joins, strict=True)))
        one, two = one[going], two[going]
        joins.append(Joins(labels[going, one], labels[going, two], weight[going]))
        total[going, one, :] += total[going, two, :]
        total[going, :, one] += total[going, :, two]
        size[going, one] += size[going, two]
        standing[going, two] = False


class _Born(NamedTuple):
    """When somebody was born: the date, if it is known, and the year."""

    on: date | None
    year: int

    @classmethod
    def of(cls, number: int) -> _Born:
        """Of a number of eight digits (`Constraints.born`)."""
        year, day = divmod(number, _YEAR)
        return cls(date(year, day // 100, day % 100) if day else None, year)

    def is_apart(self, other: _Born) -> bool:
        """Whether two were born a generation apart."""
        if self.on and other.on:
            # Dates are garbled where likeness is asked for: a digit of the year is, too, where it is all that is known.
            slipped = (
                is_day_unknown(self.on) and is_day_unknown(other.on) and edits(str(self.year), str(other.year), 1) < 2
            )
            return not slipped and compare_birth_dates(self.on, other.on) is BirthDates.GENERATION
        return compare_birth_years(self.year, other.year) is BirthDates.GENERATION


class _Bans:
    """Constraints by label."""

    def __init__(self, constraints: Constraints) -> None:
        self.limits = constraints.limits
        self.cannot: dict[int, set[int]] = defaultdict(set)
        for left, right in zip(constraints.cannot_left.tolist(), constraints.cannot_right.tolist(), strict=True):
            self.cannot[left].add(right)
            self.cannot[right].add(left)
        self._order, self._by_birth = (
            labels.argsort(kind="stable") for labels in (constraints.holder, constraints.bearer)
        )
        self._holder, self._bearer = constraints.holder[self._order], constraints.bearer[self._by_birth]
        self._constraints = constraints

    def held(self, label: int) -> dict[int, set[int]]:
        """Identifier type → values that a label holds."""
        first, last = self._holder.searchsorted([label, label + 1])
        found: dict[int, set[int]] = defaultdict(set)
        for row in self._order[first:last]:
            found[int(self._constraints.kind[row])].add(int(self._constraints.value[row]))
        return found

    def births(self, label: int) -> set[_Born]:
        """When a label was born, by all that it shows."""
        first, last = self._bearer.searchsorted([label, label + 1])
        return {_Born.of(int(self._constraints.born[row])) for row in self._by_birth[first:last]}


@dataclass(frozen=True, slots=True)
class _Beside:
    """What was found between two groups, as in `Edges`."""

    total: float
    dates: int
    names: int
    numbers: int

    @property
    def contradiction(self) -> str | None:
        """Why they are two people, if they are."""
        votes = {"dates_differ": self.dates, "names_differ": self.names, "numbers_differ": self.numbers}
        return next((reason for reason, vote in votes.items() if vote > 0), None)

    def with_other(self, other: _Beside) -> _Beside:
        """What was found between one group and two that are joined."""
        return _Beside(
            self.total + other.total,
            self.dates + other.dates,
            self.names + other.names,
            self.numbers + other.numbers,
        )


@dataclass(slots=True)
class _Group:
    """Groups joined so far; ``beside`` has what was found between it and each other group."""

    size: float
    beside: dict[int, _Beside]
    members: set[int]
    cannot: set[int]
    held: dict[int, set[int]]
    births: set[_Born]


def _settle_one(
    edges: Edges, rows: np.ndarray, faces: Mapping[int, float], least: float, bans: _Bans
) -> tuple[list[Join], list[Refused]]:
    """Average linkage of one component, with everything that may stop a join."""
    groups: dict[int, _Group] = {}

    def group(label: int) -> _Group:
        if label not in groups:
            cannot = set(bans.cannot.get(label, ()))
            groups[label] = _Group(faces[label], {}, {label}, cannot, bans.held(label), bans.births(label))
        return groups[label]

    for left, right, *between in zip(*(column[rows].tolist() for column in edges), strict=True):
        group(left).beside[right] = group(right).beside[left] = _Beside(*between)

    def entry(left: int, right: int) -> tuple[float, int, int, float]:
        one, two = groups[left], groups[right]
        mean = one.beside[right].total / (one.size * two.size) + NOT_COMPARED
        return (-mean, min(left, right), max(left, right), one.size + two.size)

    queue = [entry(left, right) for left, each in groups.items() for right in each.beside if left < right]
    heapq.heapify(queue)
    joins: list[Join] = []
    refused: list[Refused] = []
    while queue:
        negative, left, right, size = heapq.heappop(queue)
        if -negative < least:
            break
        if left not in groups or right not in groups or groups[left].size + groups[right].size != size:
            continue
        one, two = groups[left], groups[right]
        reason = one.beside[right].contradiction or _objection(one, two, bans.limits)
        if reason is not None:
            # What was found between them still counts when one of them has grown, and is then judged anew.
            refused.append(Refused(left, right, -negative, reason))
            continue
        joins.append(Join(left, right, -negative))
        del groups[right]
        one.size += two.size
        one.members |= two.members
        one.cannot |= two.cannot
        one.births |= two.births
        for kind, values in two.held.items():
            one.held.setdefault(kind, set()).update(values)
        one.beside.pop(right)
        for other, found in two.beside.items():
            if other != left and other in groups:
                groups[other].beside.pop(right, None)
                own = one.beside.get(other)
                one.beside[other] = found if own is None else own.with_other(found)
        for other in one.beside:
            groups[other].beside[left] = one.beside[other]
            heapq.heappush(queue, entry(left, other))
    return joins, refused


def _objection(one: _Group, two: _Group, limits: Mapping[int, int]) -> str | None:
    for kind, values in one.held.items():
        if kind in two.held and len(values | two.held[kind]) > limits[kind]:
            return "ids_differ" if limits[kind] == 1 else "limit"
    if not one.cannot.isdisjoint(two.members) or not two.cannot.isdisjoint(one.members):
        return "kept_apart"
    if one.births and two.births and all(born.is_apart(other) for born in one.births for other in two.births):
        return "dates_differ"
    return None
