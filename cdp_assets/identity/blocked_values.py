"""Values that are nobody's own: placeholders, and hubs that too many people share.

Belongs here: finding and reporting them. Does not belong here: refusing a single link (`slow_path.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir
from ibis import _

from cdp_assets.identity.evidence import CROWDED, HUB, KINDS, NAMESAKES, PLACEHOLDER, SOUND, Evidence
from cdp_assets.identity.numbers import NUMBER
from cdp_assets.identity.spec import Kind
from cdp_assets.warehouse.engine import has_rows

if TYPE_CHECKING:
    from cdp_assets.warehouse.engine import Engine

_TOO_MANY = ("hub", "more people carry it than one person's identifier can have")
_REASONS = {
    PLACEHOLDER: ("placeholder", "the value stands for 'nothing known'"),
    HUB: _TOO_MANY,
    NAMESAKES: ("names_differ", "two people of one name at one address, their births ten years or more apart"),
    CROWDED: _TOO_MANY,
}


@dataclass(frozen=True)
class Screened:
    """Evidence in which what is nobody's own is marked.

    Args:
        observations: `Evidence.observations` with `HUB` among the flaws.
        hubs: identifier_id of the hubs found.
        carriers: identifier_id, type_id, centre (the smallest record_id), records of all sound identifiers and hubs.
        blocked: identifier_id, type_id, reason, detail, records, left_record_id, first_seen_at: one row per excluded
            identifier.
    """

    observations: ir.Table
    hubs: ir.Table
    carriers: ir.Table
    blocked: ir.Table

    @property
    def usable(self) -> ir.Table:
        """Evidence without what is nobody's own."""
        return usable(self.observations)


def usable(observations: ir.Table) -> ir.Table:
    """The observations that may link somebody."""
    return observations.filter(observations.flaw == SOUND)


def without_hubs(observations: ir.Table) -> ir.Table:
    """Observations as they are before hubs are looked for."""
    return observations.mutate(
        flaw=ibis.ifelse(observations.flaw == HUB, ibis.literal(SOUND, "int8"), observations.flaw)
    )


def with_hubs(observations: ir.Table, hubs: ir.Table) -> ir.Table:
    """Observations with some sound identifiers marked as hubs."""
    listed = hubs.select("identifier_id", hub_flaw=ibis.literal(HUB, "int8"))
    marked = observations.left_join(listed, "identifier_id").drop("identifier_id_right")
    return marked.select(
        **{name: marked[name] for name in observations.columns if name != "flaw"},
        flaw=ibis.ifelse(marked.flaw == SOUND, marked.hub_flaw.coalesce(marked.flaw), marked.flaw),
    ).select(observations.columns)


def screen(evidence: Evidence, around: ir.Table, engine: Engine) -> Screened:
    """Mark hubs in the evidence.

    Args:
        evidence: All observations of the identifiers that are to be judged, not marked yet.
        around: All observations of the records that carry them: other identifiers tell how many people these are.
        engine: Computes.
    """
    sound = usable(evidence.observations)
    carriers = engine.scratch(
        sound.group_by("identifier_id", "type_id").aggregate(centre=sound.record_id.min(), records=sound.count())
    )
    hubs = engine.scratch(_hubs(evidence, carriers, around, engine))
    found = has_rows(hubs, engine)
    judged = with_hubs(evidence.observations, hubs) if found else evidence.observations
    bad = judged.filter(judged.flaw != SOUND)
    blocked = bad.group_by("identifier_id", "type_id").aggregate(
        flaw=bad.flaw.max(),
        records=bad.count(),
        left_record_id=bad.record_id.min(),
        first_seen_at=bad.first_seen_at.min(),
    )
    worded = blocked.select(
        "identifier_id",
        "type_id",
        "records",
        "left_record_id",
        "first_seen_at",
        reason=_in_words(blocked.flaw, 0),
        detail=_in_words(blocked.flaw, 1),
    )
    return Screened(judged, hubs, carriers, engine.scratch(worded))


def _in_words(flaw: ir.IntegerValue, part: int) -> ir.Value:
    return ibis.cases(*((flaw == code, words[part]) for code, words in _REASONS.items()), else_="")


def _hubs(evidence: Evidence, carriers: ir.Table, around: ir.Table, engine: Engine) -> ir.Table:
    """identifier_id of values with more different names, birth dates, or personal identifiers or numbers of people of
    one namespace, than their type's limit for hubs."""
    # More than n names need more than n records: only those few values are looked at closely.
    least = min((row["hub"] for row in evidence.type_rows.to_pylist() if row["hub"] is not None), default=0)
    counted = carriers.filter(carriers.records > least).join(evidence.types, "type_id")
    large = engine.scratch(counted.filter(counted.records > counted.hub).select("identifier_id", "hub"))
    if not has_rows(large, engine):
        return large.select("identifier_id")
    observed = usable(evidence.observations)
    crowd = engine.scratch(observed.join(large, "identifier_id").select("record_id", "identifier_id", "hub"))
    said = crowd.join(evidence.names.select("record_id", "name_key", "birth_date"), "record_id")
    by_name = said.group_by("identifier_id", "hub").aggregate(
        people=ibis.greatest(said.name_key.nunique(), said.birth_date.nunique())
    )
    # Documents do not count: one person has many orders.
    personal = (_.kind == KINDS[Kind.PERSONAL]) & _.most.notnull()
    naming = evidence.types.filter(personal | (_.identifier_type == NUMBER)).select("type_id")
    numbers = (
        usable(around)
        .semi_join(naming, "type_id")
        .select("record_id", personal_id="identifier_id", personal_type="type_id")
    )
    numbered = crowd.join(numbers, "record_id")
    by_number = numbered.group_by("identifier_id", "hub", "personal_type").aggregate(
        people=numbered.personal_id.nunique()
    )
    many = by_name.filter(by_name.people > by_name.hub).select("identifier_id")
    return many.union(by_number.filter(by_number.people > by_number.hub).select("identifier_id")).distinct()
