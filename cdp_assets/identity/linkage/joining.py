"""From scored pairs of faces to joined groups of records, with the evidence for each, and what is left to a person.

Belongs here: tables in, tables out. Does not belong here: the joining itself (`clustering.py`) and its words
(`scoring.py`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir
from ibis import _

from cdp_assets.identity.linkage.clustering import (
    VOTES,
    Constraints,
    Edges,
    Joins,
    Refused,
    Sizes,
    cluster,
    hanging_together,
    mean_weights,
    places_in,
)
from cdp_assets.identity.linkage.memory import Others
from cdp_assets.identity.linkage.scoring import Scored, probability
from cdp_assets.identity.spec import NOT_COMPARED
from cdp_assets.warehouse.operations import sum_in_steps
from cdp_assets.warehouse.stacking import stack

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from cdp_assets.warehouse.engine import Engine

MOST_WEIGHT = 25.0
"""A pair of faces counts for no more than this, and for no less than its negative: one exact match of rare values must
not drown what the others say."""

_MERGED = ibis.schema({"label": "int64", "joined": "int64"})
_SPANNING = ibis.schema({"label_l": "int64", "label_r": "int64"})

_STEPS = 2**20
"""Weights are added in steps of one millionth of a bit."""


@dataclass(frozen=True)
class Joined:
    """What likeness joined.

    Args:
        labels: label, joined (the smallest label of those together): only labels that were joined with another.
        ties: face_l, face_r, weight, mw_…: the strongest pairs that hold each joined group together, one fewer than
            the groups in it.
        undecided: label_l, label_r (joined labels), face_l, face_r (the strongest pair between them), weight (the mean
            of all pairs), best (its own weight), mw_…: groups that may be one person.
        joins: Every join down to the lowest weight asked for, with its weight; applied or not.
        refused: Joins that a limit or a ban stopped.
        strong: label_l, label_r: pairs of groups that are alike enough to be joined, if it were for them alone: what
            they hang together with has to be looked at as a whole.
        compared: Pairs of groups of which faces were compared.
        pairs: How many pairs of faces of different groups were compared.
        auto: Mean weight from which on groups were joined.
    """

    labels: ir.Table
    ties: ir.Table
    undecided: ir.Table
    joins: Joins
    refused: Sequence[Refused]
    strong: ir.Table
    compared: Edges
    pairs: int
    auto: float


def join(
    scored: Scored,
    shown: ir.Table,
    auto: float,
    review: float,
    constraints: Constraints,
    engine: Engine,
    lowest: float | None = None,
    most_wrong: float | None = None,
    others: Others | None = None,
) -> Joined:
    """Join groups that look like one person.

    Args:
        scored: As from `scoring.score`.
        shown: `faces.FACES` of the groups to be joined.
        auto: Mean weight from which on groups are joined.
        review: Mean weight from which on a person is asked.
        constraints: What keeps groups apart.
        engine: Computes.
        lowest: Look for joins down to this weight without applying them, for a curve; ``auto`` if None.
        most_wrong: Instead of ``auto``, the share of joins that may be wrong.
        others: Groups that these were compared with as well, and that stay as they are.
    """
    labelled = _labelled(scored.weights, shown, engine, others)
    mine = labelled
    if others is not None:
        for side in ("label_l", "label_r"):
            mine = mine.anti_join(others.labels.select(**{side: "label"}), side)
    between = engine.to_arrow(_between(mine, best=_.weight.max(), pairs=_.count()))
    faces_of = _several(shown.group_by("label").aggregate(faces=_.count()), engine)
    edges = _edges(between)
    joins, refused = cluster(edges, faces_of, min(auto, auto if lowest is None else lowest), constraints)
    if most_wrong is not None:
        auto = max(auto, weight_for(joins, most_wrong))
    nodes, component = groups_of(joins, auto)
    labels = _labels_table(nodes, component, engine)
    placed = _placed(labelled, labels if others is None else stack(labels, others.labels))
    ties = _with_parts(_ties(edges, between["best"].to_numpy(), nodes, component, placed, engine), scored.parts, engine)
    undecided = _with_parts(_undecided(placed, shown, labels, review, engine, others), scored.parts, engine)
    stopped = [each for each in refused if each.weight >= review]
    strong = _strong(edges, faces_of, auto, engine)
    pairs = int(between["pairs"].to_numpy().sum())
    return Joined(labels, ties, undecided, joins, stopped, strong, edges, pairs, auto)


def drawn_in(scored: Scored, shown: ir.Table, auto: float, others: Others, engine: Engine) -> ir.Table:
    """Groups that are like changed ones, so that they may belong together: column label.

    Args:
        scored: As from `scoring.score`, of the faces that changed, with one another and with others.
        shown: `faces.FACES` of the faces that changed.
        auto: Mean weight from which on groups are joined.
        others: Whom they were compared with.
        engine: Computes.
    """
    between = engine.to_arrow(_between(_labelled(scored.weights, shown, engine, others)))
    mine = shown.group_by("label").aggregate(faces=_.count())
    faces_of = _several(stack(mine, others.sizes), engine)
    edges = _edges(between)
    strong = _strong(edges, faces_of, auto, engine)
    ends = strong.select(label="label_l").union(strong.select(label="label_r")).distinct()
    return engine.scratch(ends.semi_join(others.labels, "label"))


def _strong(edges: Edges, faces_of: Sizes, auto: float, engine: Engine) -> ir.Table:
    import pyarrow as pa

    strong = mean_weights(edges, faces_of) >= auto
    pairs = pa.table(
        {"label_l": pa.array(edges.left[strong], pa.int64()), "label_r": pa.array(edges.right[strong], pa.int64())}
    )
    return engine.from_arrow(pairs, _SPANNING)


def _several(sizes: ir.Table, engine: Engine) -> Sizes:
    found = engine.to_arrow(sizes.filter(sizes.faces > 1))
    return Sizes(found["label"].to_numpy(), found["faces"].to_numpy())


def _between(labelled: ir.Table, **more: ibis.Deferred) -> ir.Table:
    """label_l, label_r, total, dates, names (as in `Edges`): what was found between two groups."""
    weights = labelled.weight.clip(-MOST_WEIGHT, MOST_WEIGHT) - NOT_COMPARED
    grouped = labelled.group_by("label_l", "label_r")
    votes = {name: labelled[name].sum().cast("int32") for name in VOTES}
    return grouped.aggregate(total=sum_in_steps(weights, _STEPS), **votes, **more)


def _edges(between: pa.Table) -> Edges:
    return Edges(*(between[name].to_numpy() for name in ("label_l", "label_r", "total", *VOTES)))


def weight_for(joins: Joins, most_wrong: float) -> float:
    """The lowest weight from which on no more than a share of the joins is expected to be wrong.

    A join of weight w is expected to be wrong with probability 1 / (1 + 2ʷ). Since w is the mean over all pairs, and
    the pairs of one person speak for each other, this is more than it is.
    """
    expected, lowest = 0.0, math.inf
    for count, weight in enumerate(sorted(joins.weight.tolist(), reverse=True), start=1):
        expected += 1 - probability(weight)
        if expected <= most_wrong * count:
            lowest = weight
    return lowest


def _labelled(scored: ir.Table, shown: ir.Table, engine: Engine, others: Others | None = None) -> ir.Table:
    """Scored pairs with the labels of both faces, the smaller label on the left."""
    placed = shown.select("face", "label")
    if others is not None:
        placed = placed.union(others.faces.select("face", "label"))
    left = placed.select(face_l="face", one="label")
    right = placed.select(face_r="face", two="label")
    both = scored.join(left, "face_l").join(right, "face_r")
    swapped = both.one > both.two
    return engine.scratch(
        both.mutate(
            face_l=ibis.ifelse(swapped, both.face_r, both.face_l),
            face_r=ibis.ifelse(swapped, both.face_l, both.face_r),
            label_l=ibis.least(both.one, both.two),
            label_r=ibis.greatest(both.one, both.two),
        ).drop("one", "two")
    )


def _with_parts(pairs: ir.Table, parts: ir.Table, engine: Engine) -> ir.Table:
    """Add what the weight of each pair is made of; null for pairs too weak to be kept with it."""
    named = parts.drop("weight")
    one, two = ibis.least(named.face_l, named.face_r), ibis.greatest(named.face_l, named.face_r)
    keyed = named.mutate(face_s=one, face_g=two).drop("face_l", "face_r")
    pairs = pairs.mutate(
        face_s=ibis.least(pairs.face_l, pairs.face_r), face_g=ibis.greatest(pairs.face_l, pairs.face_r)
    )
    joined = pairs.left_join(keyed, ["face_s", "face_g"])
    return engine.scratch(joined.drop("face_s", "face_g", "face_s_right", "face_g_right"))


def groups_of(joins: Joins, least: float) -> tuple[np.ndarray, np.ndarray]:
    """Labels that joins of at least some weight touch, sorted, and for each the smallest label it is together with."""
    import numpy as np

    applied = joins.weight >= least
    nodes, component = hanging_together(joins.left[applied], joins.right[applied])
    # Sorted as they are, the first label of each is its smallest.
    _, first = np.unique(component, return_index=True)
    return nodes, nodes[first][component]


def _labels_table(nodes: np.ndarray, joined: np.ndarray, engine: Engine) -> ir.Table:
    import pyarrow as pa

    return engine.from_arrow(
        pa.table({"label": pa.array(nodes, pa.int64()), "joined": pa.array(joined, pa.int64())}), _MERGED
    )


def _placed(labelled: ir.Table, labels: ir.Table) -> ir.Table:
    """Scored pairs with the joined labels of both faces."""
    left = labels.select(label_l="label", joined_l="joined")
    right = labels.select(label_r="label", joined_r="joined")
    both = labelled.left_join(left, "label_l").drop("label_l_right")
    both = both.left_join(right, "label_r").drop("label_r_right")
    return both.mutate(joined_l=both.joined_l.coalesce(both.label_l), joined_r=both.joined_r.coalesce(both.label_r))


def _ties(
    edges: Edges, best: np.ndarray, nodes: np.ndarray, joined: np.ndarray, placed: ir.Table, engine: Engine
) -> ir.Table:
    """The strongest pairs that span each joined group (Kruskal 1956), as a maximum spanning forest over its labels."""
    import numpy as np
    import pyarrow as pa
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import minimum_spanning_tree

    left, right = places_in(nodes, edges.left), places_in(nodes, edges.right)
    rows = np.flatnonzero((left >= 0) & (right >= 0))
    rows = rows[joined[left[rows]] == joined[right[rows]]]
    # The tree is the cheapest: a stronger pair costs less, all cost something, and no two the same.
    cost = np.empty(len(rows))
    cost[np.lexsort((edges.right[rows], edges.left[rows], -best[rows]))] = np.arange(1, len(rows) + 1)
    size = len(nodes)
    tree = minimum_spanning_tree(coo_matrix((cost, (left[rows], right[rows])), shape=(size, size)).tocsr()).tocoo()
    one, two = nodes[tree.row], nodes[tree.col]
    pairs = pa.table(
        {
            "label_l": pa.array(np.minimum(one, two), pa.int64()),
            "label_r": pa.array(np.maximum(one, two), pa.int64()),
        }
    )
    chosen = placed.semi_join(engine.from_arrow(pairs, _SPANNING), ["label_l", "label_r"])
    return engine.scratch(_strongest(chosen, "label_l", "label_r").drop("label_l", "label_r", "joined_l", "joined_r"))


def _strongest(pairs: ir.Table, *by: str) -> ir.Table:
    """Of the pairs of faces between two groups the strongest; of equal ones that with the smallest faces."""
    ordered = ibis.window(group_by=list(by), order_by=[pairs.weight.desc(), pairs.face_l, pairs.face_r])
    ranked = pairs.mutate(place=ibis.row_number().over(ordered))
    return ranked.filter(ranked.place == 0).drop("place")


def _undecided(
    placed: ir.Table, shown: ir.Table, labels: ir.Table, review: float, engine: Engine, others: Others | None
) -> ir.Table:
    apart = placed.filter(placed.joined_l != placed.joined_r)
    turned = apart.joined_l > apart.joined_r
    apart = engine.scratch(
        apart.mutate(
            face_l=ibis.ifelse(turned, apart.face_r, apart.face_l),
            face_r=ibis.ifelse(turned, apart.face_l, apart.face_r),
            label_l=ibis.least(apart.joined_l, apart.joined_r),
            label_r=ibis.greatest(apart.joined_l, apart.joined_r),
        ).drop("joined_l", "joined_r")
    )
    placed_faces = shown.select("face", "label").left_join(labels, "label")
    counted = placed_faces.mutate(joined=placed_faces.joined.coalesce(placed_faces.label))
    counted = counted.group_by("joined").aggregate(faces=counted.count())
    counted = engine.scratch(counted if others is None else stack(counted, others.joined_sizes))
    between = _between(apart)
    sized = between.join(counted.select(label_l="joined", faces_l="faces"), "label_l")
    sized = sized.join(counted.select(label_r="joined", faces_r="faces"), "label_r")
    mean = sized.mutate(mean=sized.total / (sized.faces_l * sized.faces_r) + NOT_COMPARED)
    asked = engine.scratch(mean.filter(mean.mean >= review).select("label_l", "label_r", "mean"))
    strongest = _strongest(apart.semi_join(asked, ["label_l", "label_r"]), "label_l", "label_r")
    joined = strongest.rename(best="weight").join(asked, ["label_l", "label_r"])
    return engine.scratch(joined.rename(weight="mean"))
