"""How alike two devices behave: six signals, each graded into a few levels.

Belongs here: choosing the pairs worth comparing, and comparing them. Does not belong here: what the levels are worth
(`device_model.py`), and who is behind a device (`suggestions.py`).

Only devices that were on one network, or in one place, with few others are compared: what many share says nothing and
would make pairs without end. Everything is computed by the engine from one table, *usage*: device, occurred_at,
device_type, and hashes of network, place and content; one row an event.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir
from ibis import _

from cdp_assets.warehouse.engine import row_count

if TYPE_CHECKING:
    from cdp_assets.warehouse.engine import Engine

LARGEST_BLOCK = {"network": 20, "place": 6}
"""A network or place with more devices than this brings no pairs."""

FEWEST_FOR_HOURS = 4
"""Events that a device needs before the hours at which it is used say anything."""

LEVELS: Mapping[str, tuple[str, ...]] = {
    "network": ("none in common", "crowded ones", "with few others", "nearly alone there", "alone there"),
    "place": ("none in common", "seldom the same", "often the same", "mostly the same"),
    "days": ("never on one day", "on few days of one", "on many days of one"),
    "hours": ("too little known", "other hours", "similar hours", "the same hours"),
    "content": ("too little known", "nothing in common", "a little", "much", "nearly all"),
    "kind": ("unknown", "the same kind of device", "another kind of device"),
}
"""Each signal's levels in words, from 0 on."""

SIGNALS = tuple(LEVELS)

_NETWORK_CUTS = (0.0, 0.04, 0.15, 0.45)
_PLACE_CUTS = (0.0, 0.15, 0.4)
_DAY_CUTS = (0.0, 0.3)
_HOUR_CUTS = (0.45, 0.7)
_CONTENT_CUTS = (0.1, 0.45, 0.75)
_CODES = {name: ibis.literal(code, "int8") for code, name in enumerate(SIGNALS)}
_PARTS_OF_DAY = 6
_DAY = 86_400


@dataclass(frozen=True)
class Candidates:
    """Pairs of devices worth comparing.

    Args:
        pairs: left, right (devices, the smaller id first).
        skipped: How many networks and places had too many devices.
    """

    pairs: ir.Table
    skipped: int


def candidates(usage: ir.Table, engine: Engine) -> Candidates:
    """Pair the devices that share a network or place with few others."""
    seen = [
        usage.filter(usage[name].notnull())
        .select("device", block=usage[name], what=ibis.literal(name), most=ibis.literal(most))
        .distinct()
        for name, most in LARGEST_BLOCK.items()
    ]
    blocks = engine.scratch(ibis.union(*seen).mutate(devices=_.count().over(group_by=["what", "block"])))
    small = blocks.filter((_.devices > 1) & (_.devices <= _.most))
    other = small.select("what", "block", right="device")
    pairs = small.select("what", "block", left="device").join(other, ["what", "block"]).filter(_.left < _.right)
    large = blocks.filter(_.devices > _.most).select("what", "block").distinct()
    skipped = row_count(large, engine)
    return Candidates(engine.scratch(pairs.select("left", "right").distinct()), skipped)


def graded(usage: ir.Table, pairs: ir.Table, engine: Engine) -> ir.Table:
    """Compare pairs of devices.

    Args:
        usage: One row an event (see the module).
        pairs: left, right.
        engine: Holds intermediate results.

    Returns:
        left, right, and the level of each of `SIGNALS` as int64.
    """
    compared = pairs.select(device="left").union(pairs.select(device="right")).distinct()
    own = usage.semi_join(compared, "device")
    shares = engine.scratch(_shares(engine.scratch(own)))
    compared_devices = int(engine.to_arrow(shares.aggregate(n=shares.device.nunique()))["n"][0].as_py())
    # Kept, since engines would compute what is written out in one query anew for either side.
    weighed = engine.scratch(_weighed(shares, compared_devices))
    alike = engine.scratch(_alike(weighed, pairs))
    described = engine.scratch(
        own.group_by("device").aggregate(
            kind=ibis.ifelse(own.device_type.nunique() == 1, own.device_type.min(), ibis.null("string")),
            events=own.count(),
            contents=own.content.count(),
        )
    )
    names = ("kind", "events", "contents")
    left = described.rename({"left": "device", **{f"left_{name}": name for name in names}})
    right = described.rename({"right": "device", **{f"right_{name}": name for name in names}})
    joined = pairs.join(left, "left").join(right, "right").left_join(alike, ["left", "right"])
    return joined.select("left", "right", **_levels(joined))


def _shares(own: ir.Table) -> ir.Table:
    """device, what, value, share: what a device was used for, where and when, as shares of its events."""
    hour, weekend = own.occurred_at.hour(), own.occurred_at.day_of_week.index() >= 5
    values = {
        "network": own.network,
        "place": own.place,
        "content": own.content,
        "hours": hour // (24 // _PARTS_OF_DAY) + ibis.ifelse(weekend, _PARTS_OF_DAY, 0),
        "days": own.occurred_at.epoch_seconds() // _DAY,
    }
    long = ibis.union(
        *(own.select("device", what=_CODES[name], value=value.cast("int64")) for name, value in values.items())
    )
    counted = long.filter(long.value.notnull()).group_by("device", "what", "value").aggregate(times=_.count())
    # Of a day counts that a device was used on it, not how much.
    times = ibis.ifelse(counted.what == _CODES["days"], 1, counted.times)
    return counted.mutate(share=times / times.sum().over(group_by=[counted.device, counted.what])).drop("times")


def _weighed(shares: ir.Table, devices: int) -> ir.Table:
    """Add ``weight``: what it means that two devices have the value in common, by how many have it.

    With one other device on a network, that is the one; with nine, it may be any of them. Places and contents weigh by
    their inverse document frequency, as a share of the greatest there can be (Spärck Jones 1972).
    """
    used_by = shares.count().over(group_by=[shares.what, shares.value])
    whole = math.log(max(devices, 2))
    return shares.mutate(
        weight=ibis.cases(
            (shares.what == _CODES["network"], 1.0 / ibis.greatest(used_by - 1, 1)),
            (shares.what.isin((_CODES["place"], _CODES["content"])), 1.0 - used_by.cast("float64").ln() / whole),
            else_=1.0,
        )
    )


def _alike(weighed: ir.Table, pairs: ir.Table) -> ir.Table:
    """left, right, and how alike they are by each signal but ``kind``: 0 to 1, null for nothing in common."""
    length = (weighed.share * weighed.weight) ** 2
    sized = weighed.mutate(length=length.sum().over(group_by=[weighed.device, weighed.what]).sqrt())
    left = sized.select("what", "value", "weight", left="device", left_share="share", left_length="length")
    right = sized.select("what", "value", right="device", right_share="share", right_length="length")
    both = pairs.join(left, "left").join(right, ["right", "what", "value"])
    common = ibis.least(both.left_share, both.right_share) * both.weight
    lengths = (both.left_length * both.right_length).nullif(0.0)
    measures = {
        "network": common,
        "place": common,
        # A day that both were used on, of the days of the one used on fewer.
        "days": ibis.greatest(both.left_share, both.right_share),
        # Bhattacharyya's coefficient of the shares of events in the parts of the week.
        "hours": (both.left_share * both.right_share).sqrt(),
        # The cosine between the two, as of texts by their words.
        "content": both.left_share * both.right_share * both.weight * both.weight / lengths,
    }
    return both.group_by("left", "right").aggregate(
        **{name: measure.sum(where=both.what == _CODES[name]) for name, measure in measures.items()}
    )


def _levels(joined: ir.Table) -> dict[str, ir.IntegerValue]:
    """The level of each signal (see `LEVELS`)."""
    few = ibis.least(joined.left_events, joined.right_events) < FEWEST_FOR_HOURS
    unseen = ibis.least(joined.left_contents, joined.right_contents) == 0
    return {
        "network": _level(joined.network, _NETWORK_CUTS),
        "place": _level(joined.place, _PLACE_CUTS),
        "days": _level(joined.days, _DAY_CUTS),
        "hours": ibis.ifelse(few, 0, 1 + _level(joined.hours, _HOUR_CUTS)),
        "content": ibis.ifelse(unseen, 0, 1 + _level(joined.content, _CONTENT_CUTS)),
        "kind": ibis.cases(
            (joined.left_kind == joined.right_kind, 1), (joined.left_kind != joined.right_kind, 2), else_=0
        ),
    }


def _level(value: ir.FloatingValue, cuts: Sequence[float]) -> ir.IntegerValue:
    """How many of some rising bounds a value lies above; 0 for null. Rounded, since engines add up in any order."""
    rounded = value.round(9)
    return ibis.cases(*((rounded > cut, len(cuts) - number) for number, cut in enumerate(reversed(cuts))), else_=0)
