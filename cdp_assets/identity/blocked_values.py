"""Values that are nobody's own: placeholders, and hubs that too many people share.

Belongs here: finding and reporting them. Does not belong here: refusing a single link (`slow_path.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir
from ibis import _

from cdp_assets.identity.evidence import HUB, KINDS, NAMESAKES, PLACEHOLDER, SOUND, Evidence
from cdp_assets.identity.spec import Kind

if TYPE_CHECKING:
    from cdp_assets.warehouse.engine import Engine

_REASONS = {
    PLACEHOLDER: ("placeholder", "the value stands for 'nothing known'"),
    HUB: ("hub", "more people carry it than one person's identifier can have"),
    NAMESAKES: ("names_differ", "two people of one name at one address, their births ten years or more apart"),
}


@dataclass(frozen=True)
class Screened:
    """Evidence without what is nobody's own.

    Args:
        usable: record_id, identifier_id, type_id, kind, first_seen_at, last_seen_at.
        blocked: identifier_id, type_id, reason, detail, records, left_record_id, first_seen_at: one row per excluded
            identifier.
    """

    usable: ir.Table
    blocked: ir.Table


def screen(evidence: Evidence, engine: Engine) -> Screened:
    """Take placeholders and hubs out of the evidence."""
    observed = evidence.observations
    hubs = engine.scratch(_hubs(evidence, engine).select("identifier_id", hub_flaw=ibis.literal(HUB, "int8")))
    marked = observed.left_join(hubs, "identifier_id")
    judged = marked.select(
        *(name for name in observed.columns if name != "flaw"),
        flaw=ibis.ifelse(marked.flaw == SOUND, marked.hub_flaw.coalesce(marked.flaw), marked.flaw),
    )
    usable = engine.scratch(judged.filter(judged.flaw == SOUND).drop("flaw"))
    bad = judged.filter(judged.flaw != SOUND)
    blocked = bad.group_by("identifier_id", "type_id").aggregate(
        flaw=bad.flaw.max(),
        records=bad.count(),
        left_record_id=bad.record_id.min(),
        first_seen_at=bad.first_seen_at.min(),
    )
    return Screened(
        usable,
        engine.scratch(
            blocked.select(
                "identifier_id",
                "type_id",
                "records",
                "left_record_id",
                "first_seen_at",
                reason=_in_words(blocked.flaw, 0),
                detail=_in_words(blocked.flaw, 1),
            )
        ),
    )


def _in_words(flaw: ir.IntegerValue, part: int) -> ir.Value:
    return ibis.cases(*((flaw == code, words[part]) for code, words in _REASONS.items()), else_="")


def _hubs(evidence: Evidence, engine: Engine) -> ir.Table:
    """identifier_id of values with more different names, or personal identifiers of one namespace, than their type's
    limit for hubs."""
    observed = evidence.observations.filter(evidence.observations.flaw == SOUND)
    # More than n names need more than n records: only those few values are looked at closely.
    counted = observed.group_by("identifier_id", "type_id").aggregate(records=observed.count())
    counted = counted.join(evidence.types, "type_id")
    large = engine.scratch(counted.filter(counted.records > counted.hub).select("identifier_id", "hub"))
    carriers = observed.join(large, "identifier_id").select("record_id", "identifier_id", "hub")
    named = carriers.join(evidence.names.select("record_id", "name_key"), "record_id")
    by_name = named.group_by("identifier_id", "hub").aggregate(people=named.name_key.nunique())
    # Documents do not count: one person has many orders.
    naming = evidence.types.filter((_.kind == KINDS[Kind.PERSONAL]) & _.most.notnull()).select("type_id")
    personal = observed.semi_join(naming, "type_id").select(
        "record_id", personal_id="identifier_id", personal_type="type_id"
    )
    numbered = carriers.join(personal, "record_id")
    by_number = numbered.group_by("identifier_id", "hub", "personal_type").aggregate(
        people=numbered.personal_id.nunique()
    )
    many = by_name.filter(by_name.people > by_name.hub).select("identifier_id")
    return many.union(by_number.filter(by_number.people > by_number.hub).select("identifier_id")).distinct()
