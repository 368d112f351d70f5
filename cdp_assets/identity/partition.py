"""Who is with whom: the partition of all records of people, from the evidence alone.

Belongs here: the fast path (connected components, and which of them break no rule), handing the others to the slow
path, and putting both together. Does not belong here: the rebuilding of one component (`slow_path.py`), devices
(`devices.py`) and ids (`ids.py`).

A component in which all names go together, no limit breaks, and no identifier passed to somebody else stands as it is:
rebuilding it link by link would refuse nothing. The partition is therefore the slow path's everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir
from ibis import _

from cdp_assets.identity.agreement import SAID_OF_PEOPLE, Signature, agreement, signature_of
from cdp_assets.identity.evidence import KINDS, Evidence
from cdp_assets.identity.rebuild import rebuild_components
from cdp_assets.identity.spec import IdentityRules, Kind
from cdp_assets.normalised.stream_rows import PERSON
from cdp_assets.warehouse.engine import row_count
from cdp_assets.warehouse.stacking import stack

if TYPE_CHECKING:
    import pyarrow as pa

    from cdp_assets.identity.stewardship import Stewardship
    from cdp_assets.warehouse.engine import Engine

_DAY = 86_400
_MOST_SIGNATURES = 30
"""Components with more different names than this go to the slow path unseen: comparing all pairs would cost more."""


@dataclass(frozen=True)
class Partition:
    """Records of people put together.

    Args:
        records: record_id, component, label (the smallest record_id of those put together), settled (false for records
            that could not be attributed to one of several people): one row per record that carries a usable identifier
            which is no device's, and per person who carries none (`with_alone`).
        ties: record_id, centre (the smallest record_id with the same identifier), identifier_id, type_id,
            first_seen_at: what made the components.
        broken: Column component: those that took the slow path.
        refusals: left_record_id, right_record_id, identifier_id, reason, detail, first_seen_at: one row per pair kept
            apart.
        components: How many components there were.
        rebuilt: How many of them took the slow path.
    """

    records: ir.Table
    ties: ir.Table
    broken: ir.Table
    refusals: ir.Table
    components: int
    rebuilt: int

    def with_records(self, records: ir.Table, refusals: ir.Table | None = None) -> Partition:
        """The same with other labels, and other refusals if there are any."""
        return replace(self, records=records, refusals=self.refusals if refusals is None else refusals)

    def with_alone(self, identity_records: ir.Table, usable: ir.Table, engine: Engine) -> Partition:
        """The same with those who carry nothing that ties, each alone: likeness may find who they are.

        Args:
            identity_records: The canonical table, of those whom the partition is of; of them, people count.
            usable: Usable evidence: who carries a device's identifier is put together by it.
            engine: Computes.
        """
        people = identity_records.filter(identity_records.kind == PERSON).select("record_id")
        at_devices = usable.filter(usable.kind == KINDS[Kind.DEVICE])
        alone = people.anti_join(self.records, "record_id").anti_join(at_devices, "record_id")
        alone = engine.scratch(alone.mutate(component=alone.record_id, label=alone.record_id, settled=True))
        count = row_count(alone, engine)
        if not count:
            return self
        records = engine.scratch(stack(self.records, alone.select(self.records.columns)))
        return replace(self, records=records, components=self.components + count)


def partition(
    evidence: Evidence,
    usable: ir.Table,
    rules: IdentityRules,
    engine: Engine,
    stewardship: Stewardship | None = None,
    carriers: ir.Table | None = None,
) -> Partition:
    """Put records together by what they share, as far as nothing contradicts.

    What hangs together must be given together: of a component either all records or none.

    Args:
        evidence: Names and types.
        usable: Evidence without placeholders and hubs (`blocked_values.Screened.usable`).
        rules: Limits, strengths and times.
        engine: Computes.
        stewardship: What stewards said; their pairs are of records that are given.
        carriers: identifier_id, type_id, centre (the smallest record_id), records of all usable identifiers; found out
            where it is not known already.
    """
    ties = usable.filter(usable.kind != KINDS[Kind.DEVICE])
    if carriers is None:
        carriers = engine.scratch(
            ties.group_by("identifier_id", "type_id").aggregate(centre=_.record_id.min(), records=_.count())
        )
    centres = carriers.filter(carriers.type_id.isin(_type_ids(evidence, lambda row: row["kind"] != KINDS[Kind.DEVICE])))
    shared = engine.scratch(_shared(ties, centres))
    component = _components(centres, shared, engine, stewardship)
    breaking = _breaking(ties, centres, component, evidence, engine)
    if stewardship is not None and (stewardship.joins or stewardship.parts):
        breaking = breaking.union(stewardship.concerned(component)).distinct()
    broken = engine.scratch(breaking)
    rebuilt = rebuild_components(ties, component, broken, evidence, rules, engine, stewardship)
    # The smallest record of each component is called like it.
    components = row_count(component.filter(component.record_id == component.component), engine)
    if rebuilt.count:
        joined = component.left_join(rebuilt.records, "record_id")
        records = engine.scratch(
            joined.select(
                "record_id",
                "component",
                label=ibis.coalesce(joined.label, joined.component),
                settled=joined.settled.fill_null(True),
            )
        )
        engine.forget(component, keep=[shared, broken, rebuilt.refusals])
    else:
        records = component.mutate(label=component.component, settled=ibis.literal(True))
    return Partition(
        records=records,
        ties=shared,
        broken=broken,
        refusals=rebuilt.refusals,
        components=components,
        rebuilt=rebuilt.count,
    )


def _type_ids(evidence: Evidence, wanted: Callable[[Mapping[str, Any]], bool]) -> list[int]:
    """The type_ids of some identifier types."""
    return [row["type_id"] for row in evidence.type_rows.to_pylist() if wanted(row)]


def _shared(ties: ir.Table, centres: ir.Table) -> ir.Table:
    """Every record tied to the smallest one with the same identifier (`Partition.ties`).

    Args:
        ties: Usable evidence that is no device's.
        centres: identifier_id, type_id, centre (the smallest record_id that carries it), records.
    """
    several = centres.filter(centres.records > 1).select("identifier_id", "centre")
    tied = ties.join(several, "identifier_id")
    return tied.filter(tied.record_id != tied.centre).select(
        "record_id", "centre", "identifier_id", "type_id", "first_seen_at"
    )


def _components(centres: ir.Table, shared: ir.Table, engine: Engine, stewardship: Stewardship | None) -> ir.Table:
    """record_id → component, over everything that records share and those whom stewards joined.

    Args:
        centres: As in `_shared`: who shares nothing is the centre of all that they carry.
        shared: `Partition.ties`.
        engine: Computes.
        stewardship: What stewards said.
    """
    edges = shared.select(left="record_id", right="centre")
    everyone = centres.select(record_id="centre")
    if stewardship is not None and stewardship.joins:
        edges = edges.union(stewardship.must.select(left="left_record_id", right="right_record_id"))
        everyone = everyone.union(stewardship.joined())
    labelled = engine.connected_components(edges)
    tied = labelled.select("component", record_id="node")
    alone = engine.scratch(everyone.anti_join(tied, "record_id").distinct())
    return tied.select("record_id", "component").union(alone.mutate(component=alone.record_id))


def _breaking(ties: ir.Table, centres: ir.Table, component: ir.Table, evidence: Evidence, engine: Engine) -> ir.Table:
    """The components that cannot stand as they are: column ``component``, distinct."""
    found = _over_limit(centres, component, evidence)
    if any(row["recycled_after_days"] is not None for row in evidence.type_rows.to_pylist()):
        found = found.union(_passed_on(ties, component, evidence, engine))
    return found.union(_contradicting(component, evidence, engine)).distinct()


def _over_limit(centres: ir.Table, component: ir.Table, evidence: Evidence) -> ir.Table:
    # All records with one value are in one component: looking at one of them is enough.
    limited = centres.filter(centres.type_id.isin(_type_ids(evidence, lambda row: row["most"] is not None)))
    placed = limited.select("type_id", record_id="centre").join(component, "record_id")
    counted = placed.group_by("component", "type_id").aggregate(values=_.count())
    judged = counted.join(evidence.types.select("type_id", "most"), "type_id")
    return judged.filter(judged["values"] > judged.most).select("component").distinct()


def _passed_on(ties: ir.Table, component: ir.Table, evidence: Evidence, engine: Engine) -> ir.Table:
    """Components with a value that lay unused for longer than its type may, before records without a name."""
    handed_on = _type_ids(evidence, lambda row: row["recycled_after_days"] is not None)
    used = ties.filter(ties.type_id.isin(handed_on) & ties.first_seen_at.notnull())
    days = evidence.types.select("type_id", "recycled_after_days")
    # Windows are dear: only what was used over a longer time than that can have lain unused so long.
    spans = used.group_by("identifier_id", "type_id").aggregate(
        days=(_.first_seen_at.max().epoch_seconds() - _.last_seen_at.min().epoch_seconds()) / _DAY
    )
    spans = spans.join(days, "type_id")
    long = engine.scratch(
        spans.filter(spans.days > spans.recycled_after_days).select("identifier_id", "recycled_after_days")
    )
    before = ibis.window(group_by="identifier_id", order_by=["first_seen_at", "record_id"], preceding=(None, 1))
    gaps = used.join(long, "identifier_id").mutate(used_until=_.last_seen_at.max().over(before))
    late = gaps.filter(_.first_seen_at.epoch_seconds() - _.used_until.epoch_seconds() > _.recycled_after_days * _DAY)
    return late.join(component, "record_id").select("component").distinct()


def _contradicting(component: ir.Table, evidence: Evidence, engine: Engine) -> ir.Table:
    """Components with two names, or mailboxes beside initials, birth dates, years, genders or numbers that one person
    would not have."""
    named = component.join(evidence.names, "record_id")
    spelled = named.group_by("component").aggregate(
        first=named.name_key.min(),
        last=named.name_key.max(),
        oldest=named.birth_date.min(),
        youngest=named.birth_date.max(),
        since=named.birth_year.min(),
        until=named.birth_year.max(),
        box=named.mailbox.min(),
        other_box=named.mailbox.max(),
        gender=named.gender.min(),
        other_gender=named.gender.max(),
        number=named.numbers.min(),
        other_number=named.numbers.max(),
    )
    differing = ibis.or_(
        spelled["first"] != spelled["last"],
        spelled.oldest != spelled.youngest,
        spelled.since != spelled.until,
        spelled.box != spelled.other_box,
        spelled.gender != spelled.other_gender,
        spelled.number != spelled.other_number,
    )
    several = engine.scratch(spelled.filter(differing.fill_null(False)).select("component"))
    distinct = named.semi_join(several, "component").select("component", *SAID_OF_PEOPLE)
    schema = ibis.schema({"component": "int64"})
    import pyarrow as pa

    found = contradicting_components(engine.to_arrow(distinct.distinct().order_by("component")))
    return engine.from_arrow(pa.table({"component": pa.array(found, pa.int64())}), schema)


def contradicting_components(names: pa.Table) -> list[int]:
    """Find components whose names contradict one another.

    Args:
        names: component and `SAID_OF_PEOPLE`, sorted by component.
    """
    found: list[int] = []
    columns = [names[name].to_pylist() for name in ("component", *SAID_OF_PEOPLE)]
    current: int | None = None
    seen: dict[Signature, None] = {}
    broken = False
    for component, *told in zip(*columns, strict=True):
        if component != current:
            current, seen, broken = component, {}, False
        if broken:
            continue
        signature = signature_of(*told)
        if signature is None or signature in seen:
            continue
        broken = len(seen) >= _MOST_SIGNATURES or any(_contradict(signature, other) for other in seen)
        seen[signature] = None
        if broken:
            found.append(component)
    return found


def _contradict(one: Signature, other: Signature) -> bool:
    """Whether two signatures are two people's; or what is known of a name tells little, of which groups judge."""
    return agreement(one, other).contradicts or one.name.is_lost or other.name.is_lost
