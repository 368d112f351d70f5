"""Identity resolution run on a labelled table, and measured.

Belongs here: the run and the figures. Does not belong here: reading the table (`records.py`), and layout
(`presentation/`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir
from ibis import _

from cdp_assets.identity.blocked_values import usable
from cdp_assets.identity.canonical import Canonical
from cdp_assets.identity.collecting import Collector, renamed_by
from cdp_assets.identity.evaluation.records import LabelledRecords
from cdp_assets.identity.evidence import types_of
from cdp_assets.identity.linkage.joining import Columns, groups_of
from cdp_assets.identity.linkage.link import Linked, link
from cdp_assets.identity.linkage.scoring import probability, waterfall
from cdp_assets.identity.partition import partition
from cdp_assets.identity.scope import everybody
from cdp_assets.identity.scores import PartitionScore, partition_score
from cdp_assets.identity.spec import IdentityRules

if TYPE_CHECKING:
    import numpy as np

    from cdp_assets.warehouse.engine import Engine

THRESHOLDS = (12.0, 8.0, 6.0, 4.0, 3.0, 2.0, 1.0, 0.0, -1.0, -2.0, -3.0, -3.5, -4.0, -4.25, -4.5, -4.75, -4.9)
"""Mean weights, in bits, at which the curve is drawn."""

_WORST = 5
_SIZES = (1, 2, 3, 5, 10, 20, 50, 100, *(10**power for power in range(3, 10)))


@dataclass(frozen=True)
class CurvePoint:
    """Pairwise scores if groups were joined from another weight on.

    Args:
        threshold: Mean weight, in bits.
        precision, recall, f1: As in `scores`.
    """

    threshold: float
    precision: float
    recall: float
    f1: float


@dataclass(frozen=True)
class Mistake:
    """Two records that were joined though they are two people, or kept apart though they are one.

    Args:
        kind: ``joined`` or ``missed``.
        left, right: Their ids in the table.
        probability: By the pair alone.
        evidence: As from `scoring.waterfall`.
    """

    kind: str
    left: str
    right: str
    probability: float
    evidence: Sequence[dict[str, Any]]


@dataclass(frozen=True)
class Evaluation:
    """What was measured.

    Args:
        score: At the threshold that runs use.
        deterministic: Before likeness joined anything.
        threshold: That threshold, as mean weight in bits.
        blocking_recall: Share of true pairs that were compared, or together by what they share.
        pairs_compared: How many pairs of faces were compared.
        curve: Scores at other thresholds.
        suggested_threshold: The lowest one of the curve at which no more than the wanted share of joins is wrong; None
            if there is none, or nothing was compared.
        sizes: Largest size of a class → profiles in it.
        worst: Mistakes, the surest first.
        columns: What → the column it was read from.
        unreadable: Lines of the file that could not be split into columns.
    """

    score: PartitionScore
    deterministic: PartitionScore
    threshold: float
    blocking_recall: float
    pairs_compared: int
    curve: Sequence[CurvePoint]
    suggested_threshold: float | None
    sizes: dict[int, int]
    worst: Sequence[Mistake]
    columns: dict[str, str]
    unreadable: int


def evaluate(
    records: LabelledRecords, rules: IdentityRules, engine: Engine, most_wrong: float = 0.001
) -> tuple[Evaluation, ir.Table]:
    """Resolve a labelled table and compare with the truth.

    Args:
        records: The table.
        rules: As in a run.
        engine: Computes.
        most_wrong: Share of joined pairs that may be wrong, for the suggested threshold.

    Returns:
        The figures; and record_id, profile_id of every record.
    """
    canonical = Canonical(
        records.identity_records, records.identifiers, records.contacts, records.contact_points,
        records.identifier_aliases, {},
    )  # fmt: skip
    types = types_of(records.identifiers, rules, engine)
    renamed = renamed_by(records.identifier_aliases, engine, "")
    observed = Collector(canonical, types, renamed, rules, "", engine).rows()
    scope = everybody(observed, records.contacts, types, engine)
    evidence = usable(scope.evidence.observations)
    people = partition(scope.evidence, evidence, rules, engine, carriers=scope.carriers)
    # Every record is a person's, with identifiers or without.
    everyone = records.identity_records.select("record_id")
    alone = everyone.anti_join(people.records, "record_id")
    alone = alone.select("record_id", component="record_id", label="record_id", settled=ibis.literal(True))
    together = people.records.select(alone.columns).union(alone)
    people = people.with_records(engine.scratch(together))
    linked = link(
        people, records.contacts, records.contact_points, scope.evidence, evidence, rules.linkage, None, engine,
        lowest=min(THRESHOLDS),
    )  # fmt: skip
    return _measured(records, people.records, linked, rules, engine, most_wrong)


def _measured(
    records: LabelledRecords, before: ir.Table, linked: Linked, rules: IdentityRules, engine: Engine, most_wrong: float
) -> tuple[Evaluation, ir.Table]:
    import pyarrow as pa

    truth = records.truth.select("record_id", person="person_id")
    told = engine.to_arrow(before.join(truth.filter(truth.person.notnull()), "record_id"))
    label, person = told["label"].to_numpy(), _codes(told["person"])
    # Numbers are counted in a fraction of the time of texts.
    codes = engine.from_arrow(told.select(["record_id"]).append_column("person_id", pa.array(person, pa.int64())))
    joins = linked.joined.joins if linked.joined is not None else ()
    threshold = linked.joined.auto if linked.joined is not None else rules.linkage.auto_weight
    curve = _curve(label, person, Columns.of(joins), threshold)
    after = engine.scratch(linked.partition.records.select("record_id", profile_id="label"))
    units = after.join(codes, "record_id").select("profile_id", "person_id")
    first = before.join(codes, "record_id").select("person_id", profile_id="label")
    score = partition_score(engine.scratch(units))
    allowed = [point.threshold for point in curve if 1 - point.precision <= most_wrong]
    compared, found = _blocked(linked, label, person, engine)
    return (
        Evaluation(
            score=score,
            deterministic=partition_score(engine.scratch(first)),
            threshold=threshold,
            blocking_recall=found,
            pairs_compared=compared,
            curve=curve,
            suggested_threshold=min(allowed) if allowed and compared else None,
            sizes=_sizes(after, engine),
            worst=_worst(records, linked, engine),
            columns=dict(records.columns),
            unreadable=records.unreadable,
        ),
        after,
    )


def _codes(column: Any) -> np.ndarray:
    codes: np.ndarray = column.combine_chunks().dictionary_encode().indices.to_numpy(zero_copy_only=False)
    return codes


def _moved(label: np.ndarray, nodes: np.ndarray, joined: np.ndarray) -> np.ndarray:
    import numpy as np

    if not len(nodes):
        return label
    place = np.minimum(np.searchsorted(nodes, label), len(nodes) - 1)
    return np.where(nodes[place] == label, joined[place], label)


def _curve(label: np.ndarray, person: np.ndarray, joins: Columns, used: float) -> list[CurvePoint]:
    """Pairwise scores at every threshold and at the one that is used.

    Most records are in groups that nothing joins: they are counted once.
    """
    import numpy as np

    moving = np.isin(label, groups_of(joins, -np.inf)[0])
    together, claimed = _together(label[~moving], person[~moving])
    true = _pairs(np.bincount(person))
    curve = []
    for threshold in sorted({*THRESHOLDS, used}, reverse=True):
        more, more_claimed = _together(_moved(label[moving], *groups_of(joins, threshold)), person[moving])
        precision = (together + more) / (claimed + more_claimed) if claimed + more_claimed else 1.0
        recall = (together + more) / true if true else 1.0
        total = precision + recall
        curve.append(CurvePoint(threshold, precision, recall, 2 * precision * recall / total if total else 0.0))
    return curve


def _pairs(counts: np.ndarray) -> int:
    """Pairs within groups of so many."""
    import numpy as np

    return int((counts.astype(np.int64) * (counts - 1) // 2).sum())


def _together(label: np.ndarray, person: np.ndarray) -> tuple[int, int]:
    """Pairs of one person in one group, and all pairs in one group."""
    import numpy as np
    import pandas as pd

    # By hash tables: sorting as many numbers takes three times as long.
    group, _ = pd.factorize(label)
    both, _ = pd.factorize(group.astype(np.int64) * (int(person.max(initial=0)) + 1) + person)
    return _pairs(np.bincount(both)), _pairs(np.bincount(group))


def _blocked(linked: Linked, label: np.ndarray, person: np.ndarray, engine: Engine) -> tuple[int, float]:
    """How many pairs of faces were compared; and of all true pairs the share whose groups were, or that were
    together."""
    import numpy as np

    true = _pairs(np.bincount(person))
    span = int(person.max(initial=0)) + 1
    labels, group = np.unique(label, return_inverse=True)
    cells, counts = np.unique(group.astype(np.int64) * span + person, return_counts=True)
    found = _pairs(counts)
    if linked.joined is None:
        return 0, found / true if true else 1.0
    left = np.searchsorted(labels, linked.joined.compared.left)
    right = np.searchsorted(labels, linked.joined.compared.right)
    # Each cell is a person within a group; a pair of groups shows each of its common people.
    start = np.searchsorted(cells, np.arange(len(labels)) * np.int64(span))
    most = int(np.diff(np.append(start, len(cells))).max(initial=0))
    for step in range(most):
        place = start[left] + step
        inside = place < np.append(start, len(cells))[left + 1]
        owner = cells[np.minimum(place, len(cells) - 1)] % span
        wanted = right * np.int64(span) + owner
        there = np.minimum(np.searchsorted(cells, wanted), len(cells) - 1)
        match = inside & (cells[there] == wanted)
        found += int((counts[np.minimum(place, len(cells) - 1)] * counts[there])[match].sum())
    return linked.joined.pairs, found / true if true else 1.0


def _sizes(after: ir.Table, engine: Engine) -> dict[int, int]:
    grouped = after.group_by("profile_id").aggregate(records=_.count())
    rows = engine.to_arrow(grouped.group_by("records").aggregate(profiles=_.count())).to_pylist()
    classes = dict.fromkeys(_SIZES, 0)
    for row in rows:
        upper = next((size for size in _SIZES if row["records"] <= size), _SIZES[-1])
        classes[upper] += row["profiles"]
    return {size: count for size, count in classes.items() if count}


def _worst(records: LabelledRecords, linked: Linked, engine: Engine) -> list[Mistake]:
    if linked.joined is None or linked.model is None:
        return []
    truth = records.truth
    left = truth.select(face_l="record_id", left_person="person_id", left_id="native_id")
    right = truth.select(face_r="record_id", right_person="person_id", right_id="native_id")
    found: list[Mistake] = []
    for kind, pairs in (("joined", linked.joined.ties), ("missed", linked.joined.undecided)):
        known = pairs.join(left, "face_l").join(right, "face_r")
        wrong = known.filter(known.left_person != known.right_person if kind == "joined"
                             else known.left_person == known.right_person)  # fmt: skip
        for row in engine.to_arrow(wrong.order_by(wrong.weight.desc(), wrong.face_l).limit(_WORST)).to_pylist():
            weight = row.get("best", row["weight"])
            told = waterfall(row, weight, linked.model)
            found.append(Mistake(kind, row["left_id"], row["right_id"], probability(weight), told))
    return found
