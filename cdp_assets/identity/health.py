"""How healthy the identity graph is: a few dozen figures, kept run by run.

Belongs here: measuring. Does not belong here: what is still healthy (`health_checks.py`), drawing (`health_pages.py`),
and scores against a known truth.

Each figure is one row of `schemas.HEALTH`; a figure that has parts (links by kind) is one row a part. Earlier
runs' rows are kept, so that trends can be seen; a run that is repeated replaces its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import ibis
import ibis.expr.types as ir
from ibis import _

from cdp_assets.canonical.schema import INSTANT
from cdp_assets.identity import schemas
from cdp_assets.identity.changes import homes_of
from cdp_assets.identity.facts import assign_profiles
from cdp_assets.identity.known import records_of_people
from cdp_assets.identity.names import Match, Name, compare_given, parse_name
from cdp_assets.identity.spec import IdentityRules
from cdp_assets.warehouse.engine import row_count
from cdp_assets.warehouse.operations import trimmed
from cdp_assets.warehouse.stacking import stack

if TYPE_CHECKING:
    from cdp_assets.warehouse.changes import Since
    from cdp_assets.warehouse.engine import Engine

KEPT_DAYS = 400
"""Figures of older runs are dropped."""

MOST_READ = 20_000
"""Names are compared in so many profiles at most; their share is that of all, since ids are hashes."""

SIZES = (1, 2, 3, 4, 6, 10, 20, 50, 100, 500)
"""Upper ends of the classes of profile sizes; what is larger is the last class."""

_SMALLEST_OUTLIER = 100
_OUTLIER_FACTOR = 10
_FEW_HUBS = 10
"""Added to the numbers of hubs before they are compared, so that three instead of one are no alarm."""

METRICS: Mapping[str, tuple[str, str]] = {
    "records": ("records", "Identity records in the map."),
    "profiles": ("profiles", "Profiles in the map, anonymous ones included."),
    "known_profiles": ("profiles", "Profiles of which something says who they are, and not only which device."),
    "profiles_by_size": ("profiles", "Profiles by their number of records."),
    "largest_profile": ("records", "Records in the largest profile."),
    "outsized_profiles": (
        "profiles",
        f"Profiles with more than {_SMALLEST_OUTLIER} records and more than {_OUTLIER_FACTOR} times as many as 99.9% "
        "of profiles have at most.",
    ),
    "most_given_names": ("names", "Different given names (no variants of one another) in the profile with most."),
    "three_given_names_share": ("share 0..1", "Of profiles with a name: three or more different given names."),
    "two_birth_dates_share": (
        "share 0..1",
        "Of profiles with a birth date: two that differ in more than one slip of the pen explains.",
    ),
    "links": ("links", "Links that hold profiles together."),
    "links_by_kind": ("links", "The same by identifier type."),
    "refused_by_reason": ("links", "Refused links and excluded values by reason."),
    "hubs": ("values", "Values excluded because too many people carry them."),
    "hub_share": ("share 0..1", "Of all identifiers carried by records: those excluded as hubs."),
    "hubs_ratio": ("ratio", f"Hubs now against the run before, {_FEW_HUBS} added to both."),
    "placeholders": ("values", "Values excluded because they stand for 'nothing known'."),
    "identified_share": ("share 0..1", "Of events: those of profiles that are known."),
    "identified_share_change": ("share −1..1", "The same, minus that of the run before."),
    "changes": ("rows", "Rows of the log of changes of this run, by change."),
    "changed_share": ("share 0..1", "Of profiles there before: merged, split, moved or removed by this run."),
    "redirects": ("ids", "Ids given up that still lead somewhere."),
    "review_pairs": ("pairs", "Pairs of profiles that wait for a steward."),
    "review_oldest_days": ("days", "How long the oldest of them has waited."),
    "unruled_types": ("types", "Identifier types in the data that no rule knows: evidence of nothing."),
    "unruled_identifiers": ("identifiers", "Identifiers of such a type, by type."),
}
"""Each figure's unit and explanation."""


class Reading(NamedTuple):
    """One figure; `part` is empty for a figure as a whole, `value` None where there is nothing to measure."""

    metric: str
    part: str
    value: float | None


@dataclass(frozen=True)
class Inputs:
    """What is measured: canonical tables, and the stage's own as this run published them."""

    identity_records: ir.Table
    identifiers: ir.Table
    contacts: ir.Table
    events: ir.Table
    links: ir.Table
    rejected_links: ir.Table
    profile_map: ir.Table
    profile_changes: ir.Table
    redirects: ir.Table
    review_queue: ir.Table


@dataclass(frozen=True)
class Health:
    """The figures of this run, and the table with those of earlier ones.

    Args:
        readings: This run's.
        before: Those of the run before; empty in the first.
        table: `schemas.HEALTH`.
    """

    readings: Sequence[Reading]
    before: Sequence[Reading]
    table: ir.Table

    def value(self, metric: str, part: str = "") -> float | None:
        """A figure of this run."""
        return _value(self.readings, metric, part)

    def earlier(self, metric: str, part: str = "") -> float | None:
        """A figure of the run before."""
        return _value(self.before, metric, part)

    def parts(self, metric: str) -> dict[str, float]:
        """A figure by part, in the order of measurement."""
        return {reading.part: reading.value or 0.0 for reading in self.readings if reading.metric == metric}


def measure(
    inputs: Inputs,
    previous: ir.Table,
    rules: IdentityRules,
    as_of: datetime,
    engine: Engine,
    key: str,
    since: Since | None = None,
) -> Health:
    """Measure the graph.

    Args:
        inputs: What there is.
        previous: `schemas.HEALTH` as last published.
        rules: Which identifier types there are rules for.
        as_of: The run.
        engine: Computes.
        key: Secret of the keyed hashes of identifiers.
        since: What has changed since the graph was last measured.
    """
    now = ibis.literal(as_of, INSTANT)
    history = previous.filter((_.as_of < now) & (_.as_of > now - ibis.interval(days=KEPT_DAYS)))
    before = _run_before(history, engine)
    homes = homes_of(inputs.profile_map)
    readings = [
        *(sizes := _sizes(inputs.profile_map, engine)),
        *_people(inputs, homes, rules, engine, key, _value(before, "identified_share")),
        *_contradictions(inputs.contacts, homes, before if _as_before(since, inputs, history, engine) else (), engine),
        *_links(inputs, rules, engine, _value(before, "hubs")),
        *_changes(inputs, as_of, engine, _value(sizes, "profiles") or 0),
        *_waiting(inputs, as_of, engine),
    ]
    return Health(readings, before, stack(_as_table(readings, as_of, engine), history))


def _value(readings: Iterable[Reading], metric: str, part: str = "") -> float | None:
    return next((each.value for each in readings if each.metric == metric and each.part == part), None)


def _run_before(history: ir.Table, engine: Engine) -> list[Reading]:
    last = history.semi_join(history.aggregate(as_of=history.as_of.max()), "as_of")
    rows = engine.to_arrow(last.select("metric", "part", "value")).to_pylist()
    return [Reading(row["metric"], row["part"], row["value"]) for row in rows]


def _as_table(readings: Sequence[Reading], as_of: datetime, engine: Engine) -> ir.Table:
    import pyarrow as pa

    schema = schemas.HEALTH.ibis_schema
    rows = [
        {"as_of": as_of, "metric": each.metric, "part": each.part, "value": each.value,
         "unit": METRICS[each.metric][0], "explanation": METRICS[each.metric][1]}
        for each in readings
    ]  # fmt: skip
    return engine.from_arrow(pa.Table.from_pylist(rows, schema=schema.to_pyarrow()), schema)


def _rows(table: ir.Table, engine: Engine) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = engine.to_arrow(table).to_pylist()
    return found


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def _sizes(profile_map: ir.Table, engine: Engine) -> list[Reading]:
    members = profile_map.group_by("profile_id").aggregate(records=_.record_id.nunique())
    rows = _rows(members.group_by("records").aggregate(profiles=_.count()).order_by("records"), engine)
    sizes = {row["records"]: row["profiles"] for row in rows}
    profiles = sum(sizes.values())
    classes = dict.fromkeys((size_class(size) for size in (*SIZES, SIZES[-1] + 1)), 0)
    for size, count in sizes.items():
        classes[size_class(size)] += count
    bound = max(_SMALLEST_OUTLIER, _OUTLIER_FACTOR * _quantile(sizes, 0.999))
    return [
        Reading("records", "", _one(profile_map.aggregate(value=_.record_id.nunique()), engine)),
        Reading("profiles", "", profiles),
        *(Reading("profiles_by_size", name, count) for name, count in classes.items()),
        Reading("largest_profile", "", max(sizes, default=0)),
        Reading("outsized_profiles", "", sum(count for size, count in sizes.items() if size > bound)),
    ]


def size_class(records: int) -> str:
    """The class of a profile's size: "1", "5–6", "over 500"."""
    upper = next((bound for bound in SIZES if records <= bound), None)
    if upper is None:
        return f"over {SIZES[-1]}"
    place = SIZES.index(upper)
    lower = SIZES[place - 1] + 1 if place else 1
    return str(upper) if lower == upper else f"{lower}–{upper}"


def _quantile(sizes: Mapping[int, int], share: float) -> int:
    """The smallest size that this share of profiles does not exceed."""
    left = share * sum(sizes.values())
    for size in sorted(sizes):
        left -= sizes[size]
        if left <= 0:
            return size
    return max(sizes, default=0)


def _one(row: ir.Table, engine: Engine) -> float:
    return float(engine.to_arrow(row)["value"][0].as_py() or 0)


def _people(
    inputs: Inputs, homes: ir.Table, rules: IdentityRules, engine: Engine, key: str, share_before: float | None
) -> list[Reading]:
    people = records_of_people(inputs.identity_records, inputs.identifiers, inputs.rejected_links, rules, key)
    known = engine.scratch(homes.semi_join(people, "record_id").select("profile_id").distinct())
    # Most records have one profile for all time: when it happened matters for those of the others alone.
    shared = engine.scratch(
        inputs.profile_map.filter(_.valid_from.notnull() | _.valid_to.notnull()).select("record_id").distinct()
    )
    happened = inputs.events.group_by("record_id").aggregate(events=_.count()).anti_join(shared, "record_id")
    theirs = inputs.events.select("record_id", "occurred_at").semi_join(shared, "record_id")
    placed = happened.join(homes, "record_id").select("profile_id", "events")
    split = assign_profiles(theirs, inputs.profile_map, "occurred_at").select(
        "profile_id", events=ibis.literal(1, "int64")
    )
    placed = placed.union(split)
    counted = placed.left_join(known.mutate(known=ibis.literal(True)), "profile_id")
    row = _rows(
        counted.aggregate(
            all=counted.events.sum().fill_null(0),
            known=ibis.ifelse(counted.known.notnull(), counted.events, 0).sum().fill_null(0),
        ),
        engine,
    )[0]
    share = _share(row["known"], row["all"])
    return [
        Reading("known_profiles", "", _one(known.aggregate(value=known.count()), engine)),
        Reading("identified_share", "", share),
        Reading("identified_share_change", "", None if share is None or share_before is None else share - share_before),
    ]


def _as_before(since: Since | None, inputs: Inputs, history: ir.Table, engine: Engine) -> bool:
    """Whether what contacts say, and whose they are, is what it was in the run before."""
    if since is None:
        return False
    last = engine.to_arrow(history.aggregate(as_of=history.as_of.max()))["as_of"][0].as_py()
    said, moved = since.changed("normalised", "contacts"), since.changed("identity", "profile_map")
    if since.as_of is None or last != since.as_of or said is None or moved is None:
        return False
    touched = said.select("record_id").union(inputs.contacts.select("record_id").semi_join(moved, "record_id"))
    return row_count(touched, engine) == 0


def _contradictions(
    contacts: ir.Table, homes: ir.Table, before: Sequence[Reading], engine: Engine
) -> Sequence[Reading]:
    """Names and birth dates that cannot be one person's; those of the run ``before`` still stand, where there are
    some."""
    told = [reading for reading in before if reading.metric in _CONTRADICTIONS]
    return told or [*_names(contacts, homes, engine), *_birth_dates(contacts, homes, engine)]


_CONTRADICTIONS = ("most_given_names", "three_given_names_share", "two_birth_dates_share")


def _names(contacts: ir.Table, homes: ir.Table, engine: Engine) -> list[Reading]:
    said = contacts.select(
        "record_id", **{name: trimmed(contacts[name]).nullif("") for name in ("given_name", "family_name", "full_name")}
    )
    named = said.mutate(spelled=ibis.coalesce(said.given_name, said.full_name).lower())
    named = named.filter(named.spelled.notnull()).join(homes, "record_id")
    counted = named.group_by("profile_id").aggregate(names=named.spelled.nunique())
    several = counted.filter(_.names >= 3)
    read = several.order_by("profile_id").limit(MOST_READ)
    whole = _rows(counted.aggregate(profiles=_.count(), several=(_.names >= 3).sum().fill_null(0)), engine)[0]
    spelled = named.semi_join(read, "profile_id").select("profile_id", "given_name", "family_name", "full_name")
    # In the order of all columns: which names are kept apart depends on which comes first.
    rows = _rows(spelled.distinct().order_by(*spelled.columns), engine)
    different = [len(names) for names in _by_profile(rows)]
    scale = whole["several"] / len(different) if different else 0.0
    three = scale * sum(count >= 3 for count in different)
    return [
        Reading("most_given_names", "", max(different, default=0)),
        Reading("three_given_names_share", "", _share(three, whole["profiles"])),
    ]


def _by_profile(rows: Iterable[Mapping[str, Any]]) -> Iterable[list[Name]]:
    """For each profile names of which no two can be one given name."""
    names: dict[int, list[Name]] = {}
    for row in rows:
        found = names.setdefault(row["profile_id"], [])
        name = parse_name(row["given_name"], row["family_name"], row["full_name"])
        if name is not None and all(compare_given(name.given, other.given) is Match.DIFFERENT for other in found):
            found.append(name)
    return names.values()


def _birth_dates(contacts: ir.Table, homes: ir.Table, engine: Engine) -> list[Reading]:
    born = contacts.filter(contacts.birth_date.notnull()).select("record_id", "birth_date")
    dates = engine.scratch(born.join(homes, "record_id").select("profile_id", "birth_date").distinct())
    first, second = dates.select("profile_id", one="birth_date"), dates.select("profile_id", two="birth_date")
    pairs = first.join(second, "profile_id").filter(_.one < _.two)
    # As `agreement.compare_birth_dates` has it: one part differs, or day and month are exchanged.
    same = sum(((part(pairs.one) == part(pairs.two)).cast("int8") for part in _PARTS), ibis.literal(0, "int8"))
    exchanged = (
        (pairs.one.year() == pairs.two.year())
        & (pairs.one.month() == pairs.two.day())
        & (pairs.one.day() == pairs.two.month())
    )
    apart = pairs.filter((same < 2) & ~exchanged)
    two = _one(apart.aggregate(value=apart.profile_id.nunique()), engine)
    return [
        Reading("two_birth_dates_share", "", _share(two, _one(dates.aggregate(value=_.profile_id.nunique()), engine)))
    ]


_PARTS = (ir.DateValue.year, ir.DateValue.month, ir.DateValue.day)


def _links(inputs: Inputs, rules: IdentityRules, engine: Engine, hubs_before: float | None) -> list[Reading]:
    kinds = _rows(inputs.links.group_by("identifier_type").aggregate(n=_.count()).order_by("identifier_type"), engine)
    refused = inputs.rejected_links.group_by("reason").aggregate(n=_.count(), records=_.records.sum())
    reasons = {row["reason"]: row for row in _rows(refused.order_by("reason"), engine)}
    carried = _rows(
        inputs.identifiers.group_by("identifier_type").aggregate(n=_.count()).order_by("identifier_type"), engine
    )
    unruled = [row for row in carried if row["identifier_type"] not in rules.identifiers]
    hubs = reasons.get("hub", {"n": 0, "records": 0})
    return [
        Reading("links", "", sum(row["n"] for row in kinds)),
        *(Reading("links_by_kind", row["identifier_type"], row["n"]) for row in kinds),
        *(Reading("refused_by_reason", reason, row["n"]) for reason, row in reasons.items()),
        Reading("hubs", "", hubs["n"]),
        Reading("hub_share", "", _share(hubs["records"], sum(row["n"] for row in carried))),
        Reading("hubs_ratio", "", None if hubs_before is None else (hubs["n"] + _FEW_HUBS) / (hubs_before + _FEW_HUBS)),
        Reading("placeholders", "", reasons.get("placeholder", {"n": 0})["n"]),
        Reading("unruled_types", "", len(unruled)),
        *(Reading("unruled_identifiers", row["identifier_type"], row["n"]) for row in unruled),
    ]


def _changes(inputs: Inputs, as_of: datetime, engine: Engine, profiles: float) -> list[Reading]:
    log = inputs.profile_changes.filter(_.as_of == ibis.literal(as_of, INSTANT))
    rows = _rows(log.group_by("change").aggregate(n=_.count()).order_by("change"), engine)
    told = log.filter(log.change != "created")
    concerned = told.select(profile_id="other_profile_id").union(
        told.filter(told.change != "split").select("profile_id")
    )
    number = _one(concerned.aggregate(value=concerned.profile_id.nunique()), engine)
    counts = {row["change"]: row["n"] for row in rows}
    gone = sum(counts.get(change, 0) for change in ("merged", "removed"))
    come = sum(counts.get(change, 0) for change in ("created", "split"))
    return [
        *(Reading("changes", change, count) for change, count in counts.items()),
        Reading("changed_share", "", _share(number, profiles + gone - come)),
    ]


def _waiting(inputs: Inputs, as_of: datetime, engine: Engine) -> list[Reading]:
    queue = inputs.review_queue
    waiting = _rows(queue.aggregate(pairs=queue.count(), oldest=queue.since.min()), engine)[0]
    age: timedelta = as_of - (waiting["oldest"] or as_of)
    return [
        Reading("redirects", "", _one(inputs.redirects.aggregate(value=_.count()), engine)),
        Reading("review_pairs", "", waiting["pairs"]),
        Reading("review_oldest_days", "", age / timedelta(days=1)),
    ]
