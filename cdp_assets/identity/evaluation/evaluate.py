"""Identity resolution run on a labelled table, and measured.

Belongs here: the run and the figures. Does not belong here: reading the table (`records.py`), and layout
(`presentation/`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import ibis.expr.types as ir
from ibis import _

from cdp_assets.identity.blocked_values import usable
from cdp_assets.identity.canonical import Canonical
from cdp_assets.identity.collecting import Collector, renamed_by
from cdp_assets.identity.comparable import Comparable
from cdp_assets.identity.evaluation.records import LabelledRecords
from cdp_assets.identity.evidence import Types, types_of
from cdp_assets.identity.linkage.blocking import blocks, thinned
from cdp_assets.identity.linkage.clustering import Edges, Joins, components, places_in
from cdp_assets.identity.linkage.link import Linked, link
from cdp_assets.identity.linkage.model import FEWEST_FACES, describe
from cdp_assets.identity.linkage.scoring import probability, waterfall
from cdp_assets.identity.partition import partition
from cdp_assets.identity.scope import everybody
from cdp_assets.identity.scores import PartitionScore, partition_score
from cdp_assets.identity.spec import IdentityRules
from cdp_assets.warehouse.operations import quick_hash

if TYPE_CHECKING:
    import numpy as np

    from cdp_assets.warehouse.engine import Engine

THRESHOLDS = (12.0, 8.0, 6.0, 4.0, 3.0, 2.0, 1.0, 0.0, -1.0, -2.0, -3.0, -3.5, -4.0, -4.25, -4.5, -4.75, -4.9)
"""Mean weights, in bits, at which the curve is drawn."""

SHARED = "the same, which links them"
"""What is told of an identifier that two records have in common."""

_WORST, _LOOKED_AT = 5, 20
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
        evidence: As from `scoring.waterfall`; of those who were joined by what they share that, without weights.
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
        worst: Mistakes: first those by what records share, then the others, the surest first.
        columns: What → the column it was read from.
        unread: Column that is not read → why, or nothing where it is not known to be anything.
        undialled: How many telephone numbers are written without a country, of rows of which none is known.
        undated: How many birth dates are not understood.
        unreadable: Lines of the file that could not be split into columns.
        not_compared: Why nothing was compared, and what to do; None if something was.
        warnings: Why figures may say little, with what to do.
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
    unread: dict[str, str]
    undialled: int
    undated: int
    unreadable: int
    not_compared: str | None
    warnings: Sequence[str]


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
    collector = Collector(canonical, types, renamed, rules, "", engine)
    scope = everybody(collector.rows(), collector, engine)
    evidence = usable(scope.evidence.observations)
    people = partition(scope.evidence, evidence, rules, engine, carriers=scope.carriers)
    people = people.with_alone(records.identity_records, evidence, engine)
    told = Comparable(collector, scope.evidence.observations)
    linked = link(people, told, scope.evidence, evidence, rules.linkage, None, engine, lowest=min(THRESHOLDS))
    found, after = _measured(records, people.records, linked, rules, engine, most_wrong)
    by_links = _wrongly_linked(records, people.records, evidence, types, engine)
    return replace(found, worst=[*by_links, *found.worst]), after


def _measured(
    records: LabelledRecords, before: ir.Table, linked: Linked, rules: IdentityRules, engine: Engine, most_wrong: float
) -> tuple[Evaluation, ir.Table]:
    known = records.truth.filter(records.truth.person_id.notnull())
    # Numbers are counted in a fraction of the time of texts.
    people = engine.scratch(known.select("record_id", person_id=quick_hash(known.person_id)))
    first = before.join(people, "record_id").select("person_id", profile_id="label")
    cells = engine.scratch(first.group_by("profile_id", "person_id").aggregate(records=_.count()))
    joins = linked.joined.joins if linked.joined is not None else Joins.of(())
    threshold = linked.joined.auto if linked.joined is not None else rules.linkage.auto_weight
    counted = _Cells.of(cells, engine)
    true = counted.true()
    curve = _curve(counted, true, joins, threshold)
    after = engine.scratch(linked.partition.records.select("record_id", profile_id="label"))
    score = partition_score(after.join(people, "record_id").select("profile_id", "person_id"))
    allowed = [point.threshold for point in curve if 1 - point.precision <= most_wrong]
    compared = linked.joined.pairs if linked.joined is not None else 0
    found = counted.pairs()[0] + (_across(cells, linked.joined.compared, engine) if linked.joined is not None else 0)
    return (
        Evaluation(
            score=score,
            deterministic=partition_score(first),
            threshold=threshold,
            blocking_recall=found / true if true else 1.0,
            pairs_compared=compared,
            curve=curve,
            suggested_threshold=min(allowed) if allowed and compared else None,
            sizes=_sizes(after, engine),
            worst=_worst(records, linked, engine),
            columns=dict(records.columns),
            unread=dict(records.unread),
            undialled=records.undialled,
            undated=records.undated,
            unreadable=records.unreadable,
            not_compared=None if compared else _why_not(linked, score.units, rules, engine),
            warnings=records.warnings,
        ),
        after,
    )


def _why_not(linked: Linked, records: int, rules: IdentityRules, engine: Engine) -> str:
    """Why nothing was compared, and what to do."""
    if not rules.linkage.enabled:
        return "the identity rules say `linkage: {enabled: false}`"
    filled, count = describe(linked.shown, engine) if linked.shown is not None else ({}, records)
    if linked.shown is None or count < FEWEST_FACES:
        return (
            f"of {records:,} records {count:,} could be compared, and likeness is learned from no fewer than "
            f"{FEWEST_FACES} that say two things of a person (a name, a birth date, an e-mail, a phone, a postcode, a "
            "city); take more records, or say with --map what other columns are"
        )
    some, one_in = thinned(linked.shown, count, engine)
    chosen = blocks(some, one_in, filled, count, engine)
    if chosen and not any(block.used for block in chosen):
        told = "; ".join(f"{', '.join(block.columns).replace('_', ' ')}: {block.pairs:,}" for block in chosen)
        return (
            f"whatever {count:,} records are compared by, too many pairs agree in it ({told}); say with --map what "
            "other columns are, a birth date or a postcode first"
        )
    return f"no two of {count:,} records agree in what is looked at and are not together already"


class _Cells(NamedTuple):
    """How many records each person has in each group, as columns.

    Args:
        group: The group; its label or another number.
        person: Numbers of people, from 0 on.
        records: How many there are.
    """

    group: np.ndarray
    person: np.ndarray
    records: np.ndarray

    @classmethod
    def of(cls, cells: ir.Table, engine: Engine) -> _Cells:
        """Cells of a table of profile_id, person_id, records."""
        from cdp_assets.warehouse.numbering import numbered

        fetched = engine.to_arrow(cells)
        person, _ = numbered(fetched["person_id"].to_numpy())
        return cls(fetched["profile_id"].to_numpy(), person, fetched["records"].to_numpy())

    def where(self, chosen: np.ndarray) -> _Cells:
        """Some of them."""
        return _Cells(self.group[chosen], self.person[chosen], self.records[chosen])

    def regrouped(self, group: np.ndarray) -> _Cells:
        """What becomes of them when their groups become others, numbered from 0 on."""
        import numpy as np

        from cdp_assets.warehouse.numbering import numbered

        span = int(self.person.max(initial=0)) + 1
        places, cells = numbered(group * np.int64(span) + self.person)
        return _Cells(cells // span, cells % span, _summed(places, self.records))

    def true(self) -> int:
        """Pairs of records of one person, in whatever groups."""
        return _pairs(_summed(self.person, self.records))

    def pairs(self) -> tuple[int, int]:
        """Pairs of records of one person in one group, and all pairs of records in one group."""
        from cdp_assets.warehouse.numbering import numbered

        group, _ = numbered(self.group)
        return _pairs(self.records), _pairs(_summed(group, self.records))


def _summed(places: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """The sum of the counts at each place."""
    import numpy as np

    return np.bincount(places, counts).astype(np.int64)


def _pairs(counts: np.ndarray) -> int:
    """Pairs within groups of so many."""
    return int((counts * (counts - 1) // 2).sum())


def _curve(cells: _Cells, true: int, joins: Joins, used: float) -> list[CurvePoint]:
    """Pairwise scores at every threshold and at the one that is used.

    Most records are in groups that nothing joins: they are counted once.

    Args:
        cells: Before likeness joined anything.
        true: Pairs of records of one person.
        joins: All joins.
        used: The threshold that is used.
    """
    import numpy as np

    nodes = np.unique(np.concatenate([joins.left, joins.right]))
    left, right = places_in(nodes, joins.left), places_in(nodes, joins.right)
    place = places_in(nodes, cells.group)
    together, claimed = cells.where(place < 0).pairs()
    moving, place = cells.where(place >= 0), place[place >= 0]
    curve = []
    for threshold in sorted({*THRESHOLDS, used}, reverse=True):
        applied = joins.weight >= threshold
        group = components(left[applied], right[applied], len(nodes))
        more, more_claimed = moving.regrouped(group[place]).pairs()
        precision = (together + more) / (claimed + more_claimed) if claimed + more_claimed else 1.0
        recall = (together + more) / true if true else 1.0
        total = precision + recall
        curve.append(CurvePoint(threshold, precision, recall, 2 * precision * recall / total if total else 0.0))
    return curve


def _across(cells: ir.Table, compared: Edges, engine: Engine) -> int:
    """Pairs of records of one person that are in two groups of which faces were compared.

    Args:
        cells: profile_id, person_id, records.
        compared: Pairs of groups.
        engine: Computes.
    """
    import pyarrow as pa

    pairs = engine.from_arrow(pa.table({"left": compared.left, "right": compared.right}))
    left = cells.select("person_id", left="profile_id", records_left="records")
    right = cells.select("person_id", right="profile_id", records_right="records")
    both = pairs.join(left, "left").join(right, ["right", "person_id"])
    counted = both.aggregate(pairs=(both.records_left * both.records_right).sum().coalesce(0))
    return int(engine.to_arrow(counted)["pairs"][0].as_py())


def _sizes(after: ir.Table, engine: Engine) -> dict[int, int]:
    grouped = after.group_by("profile_id").aggregate(records=_.count())
    rows = engine.to_arrow(grouped.group_by("records").aggregate(profiles=_.count())).to_pylist()
    classes = dict.fromkeys(_SIZES, 0)
    for row in rows:
        upper = next((size for size in _SIZES if row["records"] <= size), _SIZES[-1])
        classes[upper] += row["profiles"]
    return {size: count for size, count in classes.items() if count}


def _wrongly_linked(
    records: LabelledRecords, before: ir.Table, usable: ir.Table, types: Types, engine: Engine
) -> list[Mistake]:
    """Two people whom what they share put into one group, for some of the groups.

    Args:
        records: The table.
        before: record_id, label, before likeness joined anything.
        usable: Evidence without placeholders and hubs.
        types: The identifier types.
        engine: Computes.
    """
    truth = records.truth.filter(records.truth.person_id.notnull())
    carried = usable.join(before.select("record_id", "label"), "record_id").join(truth, "record_id")
    by = ("label", "identifier_id", "type_id")
    each = carried.group_by(*by, "person_id").aggregate(native_id=carried.native_id.min())
    shared = each.group_by(*by).aggregate(
        people=each.count(), left=each.native_id.argmin(each.person_id), right=each.native_id.argmax(each.person_id)
    )
    wrong = shared.filter(shared.people > 1).join(types.table.select("type_id", "identifier_type"), "type_id")
    ranked = wrong.order_by("label", "left", "right", "identifier_type").limit(_WORST * _LOOKED_AT)
    found: dict[int, tuple[str, str]] = {}
    kinds: dict[int, list[str]] = {}
    for row in engine.to_arrow(ranked).to_pylist():
        pair = row["left"], row["right"]
        if found.setdefault(row["label"], pair) == pair and row["identifier_type"] not in kinds.get(row["label"], ()):
            kinds.setdefault(row["label"], []).append(row["identifier_type"])
    return [
        Mistake("joined", *pair, 1.0, [{"comparison": kind, "level": SHARED} for kind in kinds[label]])
        for label, pair in list(found.items())[:_WORST]
    ]


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
