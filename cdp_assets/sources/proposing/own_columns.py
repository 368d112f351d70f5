"""What columns that companies add to a known export say of advertising, beside what its template takes.

Belongs here: such columns, and what they add to a template's fields. Does not belong here: what they mean
(`consent.py`), and how the template's own columns are written (`fitting.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatch
from typing import Any

from cdp_assets.sources.proposing import consent
from cdp_assets.sources.proposing.draft import Draft
from cdp_assets.sources.proposing.roles import Column
from cdp_assets.sources.proposing.sample import Sample
from cdp_assets.sources.spec import GLOBAL_TYPES, StreamSpec
from cdp_assets.sources.template import Template
from cdp_assets.warehouse.sql_parsing import plain_name

_ASKING = frozenset({"opt_in", "opt_out", "withdrawn_at"})


def with_own_columns(
    known: Template, spec: StreamSpec, sample: Sample, columns: Sequence[Column], names: Mapping[str, str]
) -> tuple[dict[str, Any], list[str]]:
    """What stands beside a template so that refusals are kept that only columns of a company's own tell of; and consent
    too, where the template knows of none.

    Args:
        known: The template.
        spec: Its stream as the plain description.
        sample: The file.
        columns: Its columns with their roles.
        names: What the contract would call them.

    Returns:
        Fields of the stream, none if no such column says anything, and doubts.
    """
    template_names = {column.address: column.name for column in spec.columns}
    taken = {name.casefold() for name in spec.expression_schema.names}
    own = [
        _called(each, known.own_columns or {})
        for each in columns
        if each.address not in template_names and names[each.address].casefold() not in taken and each.values.filled
    ]
    asking = [each for each in own if each.role in _ASKING]
    if not asking:
        return {}, []
    roles = {each.value: each.type for each in spec.identifiers if each.type in GLOBAL_TYPES}
    if spec.updated_at is not None:
        roles[plain_name(spec.updated_at)] = "updated_at"
    reached = [
        replace(each, role=role)
        for each in columns
        if (role := roles.get(plain_name(template_names.get(each.address, "")))) is not None
    ]
    draft = Draft(
        sample,
        [*asking, *(each for each in own if each.role == "consented_at"), *reached],
        {**names, **template_names},
        derive=dict(spec.derive),
        delivered_at=spec.delivered_at,
    )
    at = None if spec.person or spec.event_time is None else plain_name(spec.event_time)
    said = list(consent.marketing(draft, people=spec.person, at=at, changing=spec.load != "append"))
    refusals = [map_ for map_ in said if map_["set"]["status"] != "'granted'"]
    if any(map_.to == "consents" for map_ in spec.maps) and len(refusals) < len(said):
        said = refusals
        draft.doubts.append(f"of these only refusals count: who consented is told by {known.system}'s own columns")
    if not said:
        return {}, []
    fields: dict[str, Any] = {
        "columns": {draft.names[each.address]: _contract(each, draft) for each in draft.columns if each in own},
        "derive": {name: sql for name, sql in draft.derive.items() if name not in dict(spec.derive)},
        "maps": [*known.stream["maps"], *said],
    }
    if draft.delivered_at != spec.delivered_at:
        fields["delivered_at"] = draft.delivered_at
    return {name: value for name, value in fields.items() if value}, draft.doubts


def join(stream: dict[str, Any], other: Mapping[str, Any], known: Template) -> None:
    """Have a stream take what own columns of another file of the same export add to it."""
    for name in ("columns", "derive"):
        own = {one: said for one, said in other.get(name, {}).items() if one not in known.stream.get(name, {})}
        if own:
            stream[name] = own | stream.get(name, {})
    if (said := other.get("maps")) is not None:
        maps = stream.setdefault("maps", list(known.stream["maps"]))
        maps += [map_ for map_ in said if map_ not in maps]
    if "delivered_at" in other:
        stream.setdefault("delivered_at", other["delivered_at"])


def _called(column: Column, roles: Mapping[str, str]) -> Column:
    """The column with the role that the system gives to its heading, if it does."""
    return next(
        (replace(column, role=role) for role, called in roles.items() if fnmatch(column.address, called)), column
    )


def _contract(column: Column, draft: Draft) -> dict[str, Any]:
    values = column.values
    formats = {"format": list(values.formats)} if values.formats else {}
    path = {"path": column.address} if draft.names[column.address] != column.address else {}
    return {"type": values.type, **formats, **path}
