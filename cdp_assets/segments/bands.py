"""Whether a segment's size is plausible: within the band that its definition states, or else within its usual one.

Belongs here: bands, and the verdict. Does not belong here: the history of sizes (`report.py`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from cdp_assets.segments.report import Size
from cdp_assets.segments.spec import SegmentSpec

FEWEST = 5
"""Earlier sizes under the same condition from which on there is a usual one."""

_LOOKED_AT = 10
_BY_CHANCE = 3.0
"""Standard deviations that a number of people may differ by chance (Poisson), beyond half and twice as many."""


@dataclass(frozen=True)
class Band:
    """Between which shares of all profiles a segment should be.

    Args:
        low, high: The bounds, 0 to 1; null for none.
        told: Where they come from.
    """

    low: float | None
    high: float | None
    told: str


@dataclass(frozen=True)
class Verdict:
    """Whether a size is plausible.

    Args:
        crossed: Which bound it has crossed, in words; `none` if it has not.
        size: The size and what was expected, a sentence.
    """

    crossed: str
    size: str

    @property
    def passed(self) -> bool:
        return self.crossed == "none"


def judged(spec: SegmentSpec, history: Sequence[Size], profiles: int) -> Verdict:
    """Judge a segment's present size.

    Args:
        spec: The segment.
        history: Its sizes from the first run to the present one; empty if there was no run.
        profiles: How many profiles there are.
    """
    members = history[-1].members if history else 0
    share = members / profiles if profiles else 0.0
    band = band_of(spec, history, profiles)
    bounds = f"a share from {band.low or 0:.2%} to {1 if band.high is None else band.high:.2%} ({band.told})"
    expected = "at least one member" if band.low is None and band.high is None else bounds
    size = f"{members} of {profiles} profiles ({share:.2%}); expected {expected}."
    if spec.minimum is None and not members:
        return Verdict("minimum: nobody is in it", size)
    if band.low is not None and share < band.low:
        return Verdict(f"minimum: {share:.2%} is below {band.low:.2%}", size)
    if band.high is not None and share > band.high:
        return Verdict(f"maximum: {share:.2%} is above {band.high:.2%}", size)
    return Verdict("none", size)


def band_of(spec: SegmentSpec, history: Sequence[Size], profiles: int) -> Band:
    """The band of a segment: what its definition states. Where that states neither bound, its usual one: from half the
    smallest to twice the largest of its last sizes, and what chance adds to either.

    Args:
        spec, history, profiles: As in `judged`.
    """
    if spec.minimum is not None or spec.maximum is not None:
        return Band(spec.minimum, spec.maximum, "by its definition")
    alike = [size for size in history[:-1] if size.condition == history[-1].condition][-_LOOKED_AT:]
    if len(alike) < FEWEST or not profiles:
        return Band(None, None, "no usual size yet")
    smallest, largest = (extreme(size.share for size in alike) * profiles for extreme in (min, max))
    low = max(smallest / 2 - _BY_CHANCE * math.sqrt(smallest), 0.0)
    high = min(2 * largest + _BY_CHANCE * math.sqrt(largest), profiles)
    return Band(low / profiles, high / profiles, f"as usual in {len(alike)} runs")
