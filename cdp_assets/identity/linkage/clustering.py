"""Groups of records are joined, best first, as long as they agree as wholes.

Belongs here: the order of joining, and what stops it. Does not belong here: scores (`scoring.py`) and tables
(`joining.py`).

Good pairs do not make good clusters: one wrong link in a chain joins two people with all their records. So two groups
are joined by the *mean* weight over all pairs of their faces (average linkage: Sokal and Michener 1958), where a pair
that no block brought together counts as `NOT_COMPARED`. One lucky pair between two groups that otherwise differ does
not join them. A join that would break a limit, or that somebody or something forbids, is not made.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from cdp_assets.identity.spec import NOT_COMPARED

if TYPE_CHECKING:
    import numpy as np

LARGEST_BATCH = 12
"""Components of up to so many groups are settled in bulk, many at a time."""


class Join(NamedTuple):
    """Two groups joined; ``left`` is the smallest label of the one, ``right`` that of the other."""

    left: int
    right: int
    weight: float


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
        limits: Identifier type (``kind``) → most values a profile may have.
    """

    cannot_left: np.ndarray
    cannot_right: np.ndarray
    holder: np.ndarray
    kind: np.ndarray
    value: np.ndarray
    limits: Mapping[int, int]

    @classmethod
    def none(cls) -> Constraints:
        """Nothing keeps anything apart."""
        import numpy as np

        nothing = np.empty(0, np.int64)
        return cls(nothing, nothing, nothing, nothing, nothing, {})


class Edges(NamedTuple):
    """Pairs of groups with what was found between them, as columns; ``left`` < ``right``.

    Args:
        left, right: Labels.
        total: Sum of the weights of the pairs of faces compared, less `NOT_COMPARED` for each.
    """

    left: np.ndarray
    right: np.ndarray
    total: np.ndarray


def cluster(
    edges: Edges, sizes: Mapping[int, int], least: float, constraints: Constraints
) -> tuple[list[Join], list[Refused]]:
    """Join groups down to a mean weight.

    Args:
        edges: Every pair of groups of which a pair of faces was compared.
        sizes: Label → its number of faces; 1 if absent.
        least: The mean weight at which joining stops; above `NOT_COMPARED`, or what was not compared would join.
        constraints: What keeps groups apart.

    Returns:
        The joins, and those refused. Cutting the joins at a higher weight gives what that weight as ``least`` had
        given.
    """
    joins: list[Join] = []
    refused: list[Refused] = []
    alone, bulk, rest = _components(edges, sizes, least, constraints)
    joins.extend(alone)
    for members in bulk.values():
        joins.extend(_settle_in_bulk(edges, members, sizes, least))
    bans = _Bans(constraints)
    for rows in rest:
        made, not_made = _settle_one(edges, rows, sizes, least, bans)
        joins.extend(made)
        refused.extend(not_made)
    return joins, refused


def mean_weights(edges: Edges, sizes: Mapping[int, int]) -> np.ndarray:
    """The mean weight over all pairs of faces of each two groups.

    Args:
        edges, sizes: As in `cluster`.
    """
    import numpy as np

    if not sizes:
        return edges.total + NOT_COMPARED
    labels = np.fromiter(sizes.keys(), np.int64, len(sizes))
    counts = np.fromiter(sizes.values(), np.float64, len(sizes))
    order = np.argsort(labels)
    labels, counts = labels[order], counts[order]

    def size_of(label: np.ndarray) -> np.ndarray:
        place = np.minimum(np.searchsorted(labels, label), len(labels) - 1)
        return np.where(labels[place] == label, counts[place], 1.0)

    mean: np.ndarray = edges.total / (size_of(edges.left) * size_of(edges.right)) + NOT_COMPARED
    return mean


def _components(
    edges: Edges, sizes: Mapping[int, int], least: float, constraints: Constraints
) -> tuple[list[Join], dict[int, list[np.ndarray]], list[np.ndarray]]:
    """Joins of components of two groups; rows of the edges of small components, by their number of groups; and of the
    others. A join needs at least one pair of groups whose own mean reaches ``least``."""
    import numpy as np
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    mean = mean_weights(edges, sizes)
    strong = mean >= least
    if not strong.any():
        return [], {}, []
    nodes, places = np.unique(np.concatenate([edges.left[strong], edges.right[strong]]), return_inverse=True)
    rows, columns = np.split(places, 2)
    graph = coo_matrix((np.ones(len(rows), np.int8), (rows, columns)), shape=(len(nodes), len(nodes)))
    _, component = connected_components(graph, directed=False)
    inside = _within(edges, nodes, component)
    chosen = np.flatnonzero(inside >= 0)
    chosen = chosen[np.argsort(inside[chosen], kind="stable")]
    members = np.bincount(component)
    watched = _watched(nodes, component, len(members), constraints)
    pairs = chosen[(members[inside[chosen]] == 2) & ~watched[inside[chosen]]]
    alone = [
        Join(int(left), int(right), float(weight))
        for left, right, weight in zip(edges.left[pairs], edges.right[pairs], mean[pairs], strict=True)
    ]
    bulk: dict[int, list[np.ndarray]] = defaultdict(list)
    rest: list[np.ndarray] = []
    others = chosen[(members[inside[chosen]] > 2) | watched[inside[chosen]]]
    if len(others):
        bounds = np.flatnonzero(np.diff(inside[others])) + 1
        for rows in np.split(others, bounds):
            number = inside[rows[0]]
            if watched[number] or members[number] > LARGEST_BATCH:
                rest.append(rows)
            else:
                bulk[int(members[number])].append(rows)
    return alone, bulk, rest


def _watched(nodes: np.ndarray, component: np.ndarray, count: int, constraints: Constraints) -> np.ndarray:
    """Which components hold two groups that must not be together, or together more than a limit allows."""
    import numpy as np

    watched = np.zeros(count, bool)
    left = _component_of(constraints.cannot_left, nodes, component)
    right = _component_of(constraints.cannot_right, nodes, component)
    watched[left[(left == right) & (left >= 0)]] = True
    home = _component_of(constraints.holder, nodes, component)
    held = np.flatnonzero(home >= 0)
    distinct = np.unique(np.stack([home[held], constraints.kind[held], constraints.value[held]]), axis=1)
    kinds, counts = np.unique(distinct[:2], axis=1, return_counts=True)
    most = np.array([constraints.limits[int(kind)] for kind in kinds[1]], np.int64)
    watched[kinds[0][counts > most]] = True
    return watched


def _component_of(labels: np.ndarray, nodes: np.ndarray, component: np.ndarray) -> np.ndarray:
    """The component of each label; −1 if it is in none."""
    import numpy as np

    place = np.minimum(np.searchsorted(nodes, labels), len(nodes) - 1)
    return np.where(nodes[place] == labels, component[place], -1)


def _within(edges: Edges, nodes: np.ndarray, component: np.ndarray) -> np.ndarray:
    """The component that both ends of each edge are in; −1 if they are not in one."""
    import numpy as np

    left = _component_of(edges.left, nodes, component)
    return np.where(left == _component_of(edges.right, nodes, component), left, -1)


def _settle_in_bulk(edges: Edges, members: list[np.ndarray], sizes: Mapping[int, int], least: float) -> list[Join]:
    """Average linkage of many components of equally many groups at once."""
    import numpy as np

    count = len(members)
    labels = np.stack([np.unique(np.concatenate([edges.left[rows], edges.right[rows]])) for rows in members])
    width = labels.shape[1]
    owner = np.repeat(np.arange(count), [len(rows) for rows in members])
    rows = np.concatenate(members)
    offset = owner * np.int64(width)
    flat = labels.ravel()
    left = _places(flat, edges.left[rows], offset, width)
    right = _places(flat, edges.right[rows], offset, width)
    total = np.zeros((count, width, width))
    total[owner, left, right] = edges.total[rows]
    total[owner, right, left] = edges.total[rows]
    size = np.array([[sizes.get(int(label), 1) for label in line] for line in labels], np.float64)
    standing = np.ones((count, width), bool)
    joins: list[Join] = []
    upper = np.triu(np.ones((width, width), bool), 1)
    while True:
        allowed = standing[:, :, None] & standing[:, None, :] & upper
        mean = np.where(allowed, total / (size[:, :, None] * size[:, None, :]) + NOT_COMPARED, -np.inf)
        best = mean.reshape(count, -1).argmax(axis=1)
        one, two = best // width, best % width
        every = np.arange(count)
        weight = mean[every, one, two]
        going = np.flatnonzero(weight >= least)
        if not len(going):
            return joins
        one, two = one[going], two[going]
        joins.extend(
            Join(int(a), int(b), float(w))
            for a, b, w in zip(labels[going, one], labels[going, two], weight[going], strict=True)
        )
        total[going, one, :] += total[going, two, :]
        total[going, :, one] += total[going, :, two]
        size[going, one] += size[going, two]
        standing[going, two] = False


def _places(flat: np.ndarray, wanted: np.ndarray, offset: np.ndarray, width: int) -> np.ndarray:
    """Where in its component's sorted line of labels each label stands."""
    import numpy as np

    place = np.zeros(len(wanted), np.int64)
    for step in range(width):
        place[flat[offset + step] == wanted] = step
    return place


class _Bans:
    """Constraints by label."""

    def __init__(self, constraints: Constraints) -> None:
        self.limits = constraints.limits
        self.cannot: dict[int, set[int]] = defaultdict(set)
        for left, right in zip(constraints.cannot_left.tolist(), constraints.cannot_right.tolist(), strict=True):
            self.cannot[left].add(right)
            self.cannot[right].add(left)
        self._order = constraints.holder.argsort(kind="stable")
        self._holder = constraints.holder[self._order]
        self._constraints = constraints

    def held(self, label: int) -> dict[int, set[int]]:
        """Identifier type → values that a label holds."""
        first, last = self._holder.searchsorted([label, label + 1])
        found: dict[int, set[int]] = defaultdict(set)
        for row in self._order[first:last]:
            found[int(self._constraints.kind[row])].add(int(self._constraints.value[row]))
        return found


@dataclass(slots=True)
class _Group:
    """Groups joined so far."""

    size: float
    beside: dict[int, float]
    members: set[int]
    cannot: set[int]
    held: dict[int, set[int]]


def _settle_one(
    edges: Edges, rows: np.ndarray, sizes: Mapping[int, int], least: float, bans: _Bans
) -> tuple[list[Join], list[Refused]]:
    """Average linkage of one component, with everything that may stop a join."""
    groups: dict[int, _Group] = {}

    def group(label: int) -> _Group:
        if label not in groups:
            cannot = set(bans.cannot.get(label, ()))
            groups[label] = _Group(float(sizes.get(label, 1)), {}, {label}, cannot, bans.held(label))
        return groups[label]

    for left, right, total in zip(
        edges.left[rows].tolist(), edges.right[rows].tolist(), edges.total[rows].tolist(), strict=True
    ):
        group(left).beside[right] = total
        group(right).beside[left] = total

    def entry(left: int, right: int) -> tuple[float, int, int, float]:
        one, two = groups[left], groups[right]
        mean = one.beside[right] / (one.size * two.size) + NOT_COMPARED
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
        reason = _objection(one, two, bans.limits)
        if reason is not None:
            refused.append(Refused(left, right, -negative, reason))
            one.beside.pop(right)
            two.beside.pop(left)
            continue
        joins.append(Join(left, right, -negative))
        del groups[right]
        one.size += two.size
        one.members |= two.members
        one.cannot |= two.cannot
        for kind, values in two.held.items():
            one.held.setdefault(kind, set()).update(values)
        one.beside.pop(right)
        for other, total in two.beside.items():
            if other != left and other in groups:
                groups[other].beside.pop(right, None)
                one.beside[other] = one.beside.get(other, 0.0) + total
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
    return None
