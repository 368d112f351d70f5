"""How well a partition of records agrees with the people behind them.

Belongs here: pairwise and B-cubed scores of tables of units. Does not belong here: where a truth comes from.

Everything is computed from counts of groups, never pair by pair: of n units in a cluster, n (n − 1) / 2 pairs are
together. Pairwise scores weigh people with many records heavily, B-cubed scores (Bagga and Baldwin 1998) weigh every
record alike.
"""

from __future__ import annotations

from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from cdp_assets.warehouse.operations import sum_in_steps

_STEPS = 2**30
"""Shares of records are added in steps of a billionth."""


@dataclass(frozen=True)
class Score:
    """Precision, recall and their harmonic mean, each from 0 to 1 (1 where there is nothing to find)."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0


@dataclass(frozen=True)
class PartitionScore:
    """How well a partition into profiles agrees with the people behind the records.

    Args:
        units: How many records were scored.
        people: How many people are behind them.
        profiles: Into how many profiles they were put.
        pairwise: Of pairs of records in one profile, the share of one person; and the other way round.
        bcubed: The same per record, averaged over records.
    """

    units: int
    people: int
    profiles: int
    pairwise: Score
    bcubed: Score


def counts_of(units: ir.Table) -> ir.Table:
    """How many units each person has in each profile, and each of them has in all."""
    counts = units.group_by("person_id", "profile_id").aggregate(both=ibis._.count())
    # Joining sums takes two thirds of the time of windows.
    of_profile = counts.group_by("profile_id").aggregate(of_profile=counts.both.sum())
    of_person = counts.group_by("person_id").aggregate(of_person=counts.both.sum())
    return counts.join(of_profile, "profile_id").join(of_person, "person_id")


def partition_score(units: ir.Table) -> PartitionScore:
    """Score a partition.

    Args:
        units: person_id (the truth) and profile_id of each unit.
    """
    counts = counts_of(units)
    both, of_profile, of_person = (counts[name].cast("float64") for name in ("both", "of_profile", "of_person"))
    row = counts.aggregate(
        units=both.sum().fill_null(0.0),
        people=counts.person_id.nunique(),
        profiles=counts.profile_id.nunique(),
        # A profile of n has n (n − 1) / 2 pairs: each of its rows brings its share of them.
        together=(both * (both - 1)).sum().fill_null(0.0),
        claimed=(both * (of_profile - 1)).sum().fill_null(0.0),
        true=(both * (of_person - 1)).sum().fill_null(0.0),
        pure=sum_in_steps(both * both / of_profile, _STEPS).fill_null(0.0),
        whole=sum_in_steps(both * both / of_person, _STEPS).fill_null(0.0),
    )
    found = row.to_pyarrow().to_pylist()[0]
    return PartitionScore(
        units=int(found["units"]),
        people=int(found["people"]),
        profiles=int(found["profiles"]),
        pairwise=Score(_share(found["together"], found["claimed"]), _share(found["together"], found["true"])),
        bcubed=Score(_share(found["pure"], found["units"]), _share(found["whole"], found["units"])),
    )


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 1.0
