"""Lists of people in conditions: by profile id, by e-mail address or by phone number, whoever they are today.

An address stands in a condition as a number of its own (`listed_id`), so that no address is in any table, log or
metadata; a run puts beside it the profiles that carry it then. Profile ids that were merged are followed in the same
way.

Belongs here: reading and following lists. Does not belong here: what else a segment is made of (`composition.py`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import sqlglot.expressions as sge

from cdp_assets.normalised.identifier_values import EMAIL, PHONE, normalise_contact_value
from cdp_assets.segments.spec import SegmentError, SegmentSpec
from cdp_assets.warehouse.sql_parsing import parsed

Fetch = Callable[[ir.Table], pa.Table]


def normalised(attribute: str, listed: int | str) -> int | str:
    """A profile id, or an e-mail address or phone number in the spelling of `normalised.identifiers`.

    Raises:
        SegmentError: if it is neither.
    """
    if isinstance(listed, int) or listed.isdecimal():
        return int(listed)
    value = normalise_contact_value(listed, None)
    if value is None:
        raise SegmentError(
            f"{attribute}: `{listed}` is no profile id, no e-mail address, and no phone number with `+` and country"
        )
    return value


def listed_id(value: str) -> int:
    """The number by which an address stands in a condition: below zero, as no profile id is."""
    return -1 - (int.from_bytes(hashlib.sha256(value.encode()).digest()[:8], "big") >> 1)


def owners(specs: Sequence[SegmentSpec], identifiers: ir.Table, profile_map: ir.Table) -> ir.Table:
    """Who carries the addresses that are listed: old_id (`listed_id`) → profile_id, several for one that is shared.

    Args:
        specs: Composed segments.
        identifiers: Of normalised.
        profile_map: Of identity.
    """
    listed = sorted({each for spec in specs for each in spec.listed})
    wanted = ibis.memtable(
        {"old_id": [number for number, _ in listed], "identifier_value": [value for _, value in listed]},
        schema=ibis.schema({"old_id": "int64", "identifier_value": "string"}),
    )
    carried = identifiers.filter(identifiers.identifier_type.isin([EMAIL, PHONE])).join(wanted, "identifier_value")
    present = profile_map.filter(profile_map.valid_to.isnull())
    return carried.join(present, "record_id").select("old_id", "profile_id").distinct()


def following(specs: Sequence[SegmentSpec], leads: ir.Table, fetch: Fetch) -> list[SegmentSpec]:
    """The segments with lists that also hold whom the listed ids mean today.

    Args:
        specs: Composed segments.
        leads: old_id → profile_id: merged ids, and `owners`.
        fetch: Computes a table.
    """
    listed = sorted({each for spec in specs for each in listed_ids(spec.where)})
    if not listed:
        return list(specs)
    heirs: dict[int, list[int]] = {}
    for row in fetch(leads.filter(leads.old_id.isin(listed)).order_by("old_id", "profile_id")).to_pylist():
        heirs.setdefault(row["old_id"], []).append(row["profile_id"])
    return [replace(spec, where=with_heirs(spec.where, heirs)) for spec in specs] if heirs else list(specs)


def listed_ids(condition: str) -> list[int]:
    """The ids that a condition names in lists of people."""
    if "profile_id" not in condition:
        return []
    return [each for node in parsed(condition).find_all(sge.In) for each in _ids(node)]


def with_heirs(condition: str, heirs: Mapping[int, Collection[int]]) -> str:
    """A condition whose lists of people also hold whom the listed ids mean now.

    Args:
        condition: The condition.
        heirs: Listed id → ids in use.
    """
    if not any(each in heirs for each in listed_ids(condition)):
        return condition
    tree = parsed(condition).copy()
    for node in tree.find_all(sge.In):
        ids = _ids(node)
        more = dict.fromkeys(heir for each in ids for heir in heirs.get(each, ()) if heir not in ids)
        node.set("expressions", [*node.expressions, *(sge.Literal.number(each) for each in more)])
    return tree.sql(dialect="duckdb")


def _ids(node: sge.In) -> list[int]:
    if not isinstance(node.this, sge.Column) or node.this.name.lower() != "profile_id":
        return []
    texts = [item.sql() for item in node.expressions]
    return [int(text) for text in texts if text.removeprefix("-").isdecimal()]
