"""Devices that behave alike and may be one person's: suggestions with a score, that never merge anything.

Belongs here: who is known on which device, which pairs are suggested, and the test against later identifications. Does
not belong here: the signals (`device_signals.py`), what they are worth (`device_model.py`), and devices that were seen
together with a person (`devices.py`): those are identified, not suggested.

Devices on which exactly one person was identified teach what pairs of one person look like, and pairs of two. The test
repeats the whole of it as of a day in the past: learned from, and suggested on, what was known then, and judged by what
is known now.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir
from ibis import _

from cdp_assets.canonical.schema import INSTANT
from cdp_assets.identity import schemas
from cdp_assets.identity.changes import homes_of
from cdp_assets.identity.device_model import LevelCount, Weights, fit, scored
from cdp_assets.identity.device_signals import SIGNALS, candidates, graded
from cdp_assets.identity.known import IDENTIFIER, excluded_values, records_of_people
from cdp_assets.identity.spec import IdentityRules, Kind
from cdp_assets.warehouse.engine import empty, row_count
from cdp_assets.warehouse.operations import stable_id

if TYPE_CHECKING:
    from cdp_assets.warehouse.engine import Engine

SHOWN_FROM = 0.5
"""Pairs with a lower score are not suggested."""

MOST_SUGGESTED = 3
"""A device is suggested with so many others at most: those most like it."""

HELD_BACK_DAYS = 120
"""How far back the test looks."""

THRESHOLDS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95)


@dataclass(frozen=True)
class Inputs:
    """What is read.

    Args:
        events, identity_records, identifiers: Canonical tables.
        profile_map, rejected_links: As published by this run.
    """

    events: ir.Table
    identity_records: ir.Table
    identifiers: ir.Table
    profile_map: ir.Table
    rejected_links: ir.Table


@dataclass(frozen=True)
class Tested:
    """What became of the suggestions of the past with at least this score.

    Args:
        threshold: The score.
        right: Pairs later identified as one person.
        wrong: Pairs later identified as two people.
        unknown: Pairs of which one device at least is not identified to this day.
        there_were: Pairs of one person there were to find.
    """

    threshold: float
    right: int
    wrong: int
    unknown: int
    there_were: int

    @property
    def precision(self) -> float | None:
        """Of those identified since, the share that is right."""
        return self.right / (self.right + self.wrong) if self.right + self.wrong else None

    @property
    def recall(self) -> float | None:
        """Of what there was to find, the share found."""
        return self.right / self.there_were if self.there_were else None


@dataclass(frozen=True)
class Suggestions:
    """The suggestions, and how they came about.

    Args:
        table: `schemas.DEVICE_SUGGESTIONS`.
        tests: `schemas.SUGGESTION_TESTS`; empty if there was too little to learn from then.
        weights: What each signal is worth; None if too few pairs are known to learn from.
        compared: How many pairs were compared.
        skipped: How many networks and places had too many devices to bring pairs.
        devices: How many devices there are.
        unidentified: On how many of them nobody was ever identified.
        tested: The rows of ``tests``.
    """

    table: ir.Table
    tests: ir.Table
    weights: Weights | None
    compared: int
    skipped: int
    devices: int
    unidentified: int
    tested: Sequence[Tested]


@dataclass(frozen=True)
class _Known:
    """device, record_id, home, people, person, identified_at; home is the device's profile, people how many were
    identified on it, person the one, identified_at when first."""

    devices: ir.Table
    usage: ir.Table


def suggest(inputs: Inputs, rules: IdentityRules, as_of: datetime, engine: Engine, key: str) -> Suggestions:
    """Suggest devices that may be one person's.

    Args:
        inputs: What there is to know.
        rules: Tell devices from people.
        as_of: The run.
        engine: Computes.
        key: Secret of the keyed hashes of identifiers.
    """
    known = _known(inputs, rules, engine, key)
    now = _Learned.of(known.usage, known.devices.mutate(then=_.people), engine)
    cut = as_of - timedelta(days=HELD_BACK_DAYS)
    tested = _tested(known, cut, engine)
    counted = engine.to_arrow(known.devices.aggregate(all=_.count(), nobody=(_.people == 0).sum())).to_pylist()[0]
    return Suggestions(
        table=_suggested(now, engine),
        tests=_as_table(tested, cut, engine),
        weights=now.weights,
        compared=now.compared,
        skipped=now.skipped,
        devices=counted["all"],
        unidentified=counted["nobody"] or 0,
        tested=tested,
    )


def _known(inputs: Inputs, rules: IdentityRules, engine: Engine, key: str) -> _Known:
    device_of = engine.scratch(_device_of(inputs, rules, key))
    people = records_of_people(inputs.identity_records, inputs.identifiers, inputs.rejected_links, rules, key)
    homes = homes_of(inputs.profile_map)
    placed = device_of.join(homes, "record_id")
    persons = people.select("record_id", is_person=ibis.literal(True))
    records = engine.scratch(
        placed.left_join(persons, "record_id").select(
            "record_id", "device", "profile_id", person=_.is_person.ifelse(_.profile_id, ibis.null("int64"))
        )
    )
    events = inputs.events.join(records, "record_id")
    # Only equality matters: numbers are grouped and joined in a fraction of the time that texts take.
    texts = {"network": events.network, "place": events.place, "content": _content(events)}
    hashed = {name: ibis.ifelse(text.notnull(), text.hash(), ibis.null("int64")) for name, text in texts.items()}
    usage = engine.scratch(events.select("device", "person", "device_type", "occurred_at", **hashed))
    met = usage.filter(usage.person.notnull()).group_by("device")
    met = met.aggregate(people=_.person.nunique(), person=_.person.min(), identified_at=_.occurred_at.min())
    owned = records.group_by("device").aggregate(
        record_id=_.record_id.min(),
        home=ibis.ifelse(_.profile_id.nunique() == 1, _.profile_id.min(), ibis.null("int64")),
    )
    devices = owned.left_join(met, "device").select(
        "device", "record_id", "home", "person", "identified_at", people=_.people.fill_null(0)
    )
    return _Known(engine.scratch(devices), usage)


def _device_of(inputs: Inputs, rules: IdentityRules, key: str) -> ir.Table:
    """record_id → device, for records with events: of its identifiers of devices the one with most events, since
    that is the one that lasts."""
    counted = inputs.events.group_by("record_id").aggregate(events=_.count())
    carried = inputs.identifiers.filter(_.identifier_type.isin(rules.types(Kind.DEVICE)))
    own = carried.anti_join(excluded_values(carried, inputs.rejected_links, key), IDENTIFIER)
    numbered = own.join(counted, "record_id").select(
        "record_id", "events", device=stable_id(_.namespace, _.identifier_type, _.identifier_value, key=key)
    )
    lasting = numbered.mutate(total=_.events.sum().over(group_by="device"))
    best = ibis.window(group_by="record_id", order_by=[ibis.desc("total"), "device"])
    return lasting.mutate(place=ibis.row_number().over(best)).filter(_.place == 0).select("record_id", "device")


def _content(events: ir.Table) -> ir.StringValue:
    """What an event shows an interest in: the category in its properties, else the last part of the page's path."""
    category = events.properties.re_extract(r'"category": ?"([^"]+)"', 1)
    page = events.page_url.re_extract(r"^[a-z]+://[^/?#]+[^?#]*/([^/?#]+)", 1)
    return ibis.coalesce(category.nullif(""), page.nullif("")).lower()


@dataclass(frozen=True)
class _Learned:
    """Graded pairs with what is known of both devices at an instant, and the weights learned from them."""

    pairs: ir.Table
    weights: Weights | None
    compared: int
    skipped: int

    @classmethod
    def of(cls, usage: ir.Table, devices: ir.Table, engine: Engine) -> _Learned:
        """Compare devices and learn.

        Args:
            usage: The events known then.
            devices: `_Known.devices` with ``then``, how many people had been identified on each.
            engine: Computes.
        """
        worth = candidates(usage, engine)
        joined = graded(usage, worth.pairs, engine)
        for side in ("left", "right"):
            of = devices.select(
                **{side: "device", f"{side}_record": "record_id", f"{side}_home": "home", f"{side}_people": "people",
                   f"{side}_person": "person", f"{side}_then": "then"}
            )  # fmt: skip
            joined = joined.join(of, side)
        pairs = engine.scratch(joined)
        taught = pairs.filter((_.left_then == 1) & (_.right_then == 1) & (_.left_people == 1) & (_.right_people == 1))
        counts = taught.group_by(list(SIGNALS)).aggregate(same=(_.left_person == _.right_person).sum(), pairs=_.count())
        rows = engine.to_arrow(counts).to_pylist()
        learned = sorted(
            (LevelCount(tuple(row[name] for name in SIGNALS), row["same"], row["pairs"] - row["same"]) for row in rows),
            key=lambda count: count.levels,
        )
        compared = row_count(pairs, engine)
        return cls(pairs, fit(learned), compared, worth.skipped)

    def suggested(self) -> ir.Table | None:
        """The pairs that are suggested, scored: at most one device of them is somebody's already, and each is among
        those most like the other."""
        if self.weights is None:
            return None
        open_pairs = self.pairs.filter(ibis.least(_.left_then, _.right_then) == 0)
        single = open_pairs.filter(ibis.greatest(_.left_then, _.right_then) <= 1)
        likely = scored(single, self.weights).filter(_.score >= SHOWN_FROM)
        sides = [
            likely.select(device=side, other=other, score=likely.score)
            for side, other in (("left", "right"), ("right", "left"))
        ]
        best = ibis.window(group_by="device", order_by=[ibis.desc("score"), "other"])
        ranked = sides[0].union(sides[1]).mutate(rank=ibis.row_number().over(best)).filter(_.rank < MOST_SUGGESTED)
        kept = ranked.select(left="device", right="other").join(
            ranked.select(left="other", right="device"), ["left", "right"]
        )
        return likely.semi_join(kept, ["left", "right"])


def _suggested(now: _Learned, engine: Engine) -> ir.Table:
    """`schemas.DEVICE_SUGGESTIONS`: devices that are in one profile already need no suggestion."""
    schema = schemas.DEVICE_SUGGESTIONS.ibis_schema
    likely = now.suggested()
    if likely is None:
        return empty(schema, engine)
    apart = likely.filter((_.left_home != _.right_home).fill_null(True))
    return engine.scratch(
        apart.select(
            left_record_id=ibis.least(_.left_record, _.right_record),
            right_record_id=ibis.greatest(_.left_record, _.right_record),
            score=_.score,
            evidence=_.evidence,
        )
    )


def _tested(known: _Known, cut: datetime, engine: Engine) -> list[Tested]:
    """Suggest as of a day in the past, and see what became of it."""
    before = known.usage.filter(known.usage.occurred_at < ibis.literal(cut, INSTANT))
    there = known.devices.semi_join(before, "device")
    by_then = (there.identified_at < ibis.literal(cut, INSTANT)).fill_null(False)
    # Of a device with several people it is not known who came first: it counts as theirs from the first on.
    devices = engine.scratch(there.mutate(then=ibis.ifelse(by_then, there.people, 0)))
    likely = _Learned.of(engine.scratch(before), devices, engine).suggested()
    if likely is None:
        return []
    single = (likely.left_people == 1) & (likely.right_people == 1)
    judged = likely.mutate(
        right_one=single & (likely.left_person == likely.right_person),
        wrong_one=(likely.left_people > 0)
        & (likely.right_people > 0)
        & ~(single & (likely.left_person == likely.right_person)),
    )
    outcome = engine.to_arrow(judged.select("score", "right_one", "wrong_one")).to_pylist()
    mine = devices.filter(_.people == 1).group_by("person").aggregate(all=_.count(), then=(_.then == 1).sum())
    pairs = mine.aggregate(n=((_["all"] * (_["all"] - 1) - _.then * (_.then - 1)) / 2).sum())
    there_were = int(engine.to_arrow(pairs)["n"][0].as_py() or 0)
    return [
        Tested(
            threshold,
            sum(bool(row["right_one"]) for row in outcome if row["score"] >= threshold),
            sum(bool(row["wrong_one"]) for row in outcome if row["score"] >= threshold),
            sum(not (row["right_one"] or row["wrong_one"]) for row in outcome if row["score"] >= threshold),
            there_were,
        )
        for threshold in THRESHOLDS
    ]


def _as_table(tested: Sequence[Tested], cut: datetime, engine: Engine) -> ir.Table:
    import pyarrow as pa

    schema = schemas.SUGGESTION_TESTS.ibis_schema
    rows = [
        {"threshold": test.threshold, "suggested_at": cut, "right": test.right, "wrong": test.wrong,
         "unknown": test.unknown, "there_were": test.there_were, "precision": test.precision, "recall": test.recall}
        for test in tested
    ]  # fmt: skip
    return engine.from_arrow(pa.Table.from_pylist(rows, schema=schema.to_pyarrow()), schema)
