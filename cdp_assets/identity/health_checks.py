"""What is still healthy: bounds on the figures of identity, as checks that warn.

Belongs here: the bounds, and the checks made of them. Does not belong here: measuring (`health.py`).

None of them blocks: figures are needed most when they are bad.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import ibis.expr.types as ir

from cdp_assets.quality.checks import Check, Expectation, no_rows


@dataclass(frozen=True)
class Limits:
    """The bounds. The defaults fit a consumer business; where people really share what is theirs, raise them.

    Args:
        outsized_profiles: Profiles of extraordinary size.
        most_given_names: Different given names in one profile: two after a change of name, three with a slip that no
            rule explains.
        three_given_names_share: Share of profiles with three different given names.
        two_birth_dates_share: Share of profiles with two birth dates; of true pairs of records some 1% differ so.
        hub_share: Share of identifiers that are excluded as hubs.
        hubs_ratio: How far the number of hubs may move between two runs, up or down.
        identified_share_drop: By how much the share of identified events may fall between two runs.
        changed_share: Share of profiles that one run may merge, split, move or remove.
        review_oldest_days: Days that a pair may wait for a steward.
    """

    outsized_profiles: int = 0
    most_given_names: int = 4
    three_given_names_share: float = 0.005
    two_birth_dates_share: float = 0.02
    hub_share: float = 0.02
    hubs_ratio: float = 2.0
    identified_share_drop: float = 0.05
    changed_share: float = 0.05
    review_oldest_days: int = 30

    def bounds(self) -> dict[str, tuple[float | None, float | None]]:
        """Lowest and highest healthy value of each figure that has any."""
        return {
            "outsized_profiles": (None, self.outsized_profiles),
            "most_given_names": (None, self.most_given_names),
            "three_given_names_share": (None, self.three_given_names_share),
            "two_birth_dates_share": (None, self.two_birth_dates_share),
            "hub_share": (None, self.hub_share),
            "hubs_ratio": (1 / self.hubs_ratio, self.hubs_ratio),
            "identified_share_change": (-self.identified_share_drop, None),
            "changed_share": (None, self.changed_share),
            "review_oldest_days": (None, self.review_oldest_days),
            "unruled_types": (None, 0),
        }

    def holds(self, metric: str, value: float | None) -> bool:
        """Whether a value is healthy; what could not be measured is."""
        low, high = self.bounds().get(metric, (None, None))
        return value is None or ((low is None or value >= low) and (high is None or value <= high))


_PROMISES: Sequence[tuple[str, str, tuple[str, ...]]] = (
    ("no_profile_is_a_crowd", "No profile is far larger than all others, or has the names of many people.",
     ("outsized_profiles", "most_given_names")),
    ("names_and_births_agree", "Hardly any profile has three different given names, or two birth dates.",
     ("three_given_names_share", "two_birth_dates_share")),
    ("hubs_within_band", "Few identifiers are shared by crowds, and about as many as in the run before.",
     ("hub_share", "hubs_ratio")),
    ("events_stay_identified", "The share of events whose person is known does not fall suddenly.",
     ("identified_share_change",)),
    ("few_profiles_change", "One run merges, splits, moves and removes only few of the profiles there were.",
     ("changed_share",)),
    ("review_queue_is_young", "No pair waits too long for a steward.", ("review_oldest_days",)),
    ("every_identifier_type_has_a_rule", "No identifier is evidence of nothing because no rule knows its type.",
     ("unruled_types",)),
)  # fmt: skip


def health_checks(limits: Limits = Limits()) -> list[Check]:
    """The checks of `schemas.HEALTH`."""
    return [
        Check(name, description, tuple(_within(metric, limits) for metric in metrics), blocking=False)
        for name, description, metrics in _PROMISES
    ]


def _within(metric: str, limits: Limits) -> Expectation:
    low, high = limits.bounds()[metric]

    def outside(table: ir.Table, _tables: dict[str, ir.Table]) -> ir.Table:
        latest = table.semi_join(table.aggregate(as_of=table.as_of.max()), "as_of")
        figure = latest.filter(latest.metric == metric)
        outliers = [figure.filter(bound) for bound in _broken(figure, low, high)]
        return outliers[0] if len(outliers) == 1 else outliers[0].union(outliers[1])

    return no_rows(outside, f"`{metric}` is {in_words(low, high)}.")


def _broken(figure: ir.Table, low: float | None, high: float | None) -> list[ir.BooleanValue]:
    return [
        *([] if low is None else [figure.value < low]),
        *([] if high is None else [figure.value > high]),
    ]


def in_words(low: float | None, high: float | None) -> str:
    """Bounds as the end of a sentence."""
    if low is not None and high is not None:
        return f"between {low:g} and {high:g}"
    return f"at least {low:g}" if low is not None else f"at most {high:g}"
