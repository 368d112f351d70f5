"""The contract of a proposed stream, and the stream as definitions describe it.

Belongs here: names and types of columns, and taking out what would not load. Does not belong here: what columns mean
(`roles.py`), and what rows feed (`mapping.py`).
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from cdp_assets.sources.proposing import headings
from cdp_assets.sources.proposing.draft import Draft
from cdp_assets.sources.proposing.roles import Column
from cdp_assets.sources.proposing.sample import Sample
from cdp_assets.sources.proposing.wrapping import unwrapped
from cdp_assets.sources.proposing.zones import zone_in_heading
from cdp_assets.sources.spec import (
    GLOBAL,
    GLOBAL_TYPES,
    ColumnSpec,
    ContractSpec,
    IdentifierSpec,
    MapSpec,
    SourceSpec,
    StreamSpec,
)
from cdp_assets.sources.validation import is_reserved, problems

_TIMES_ALL_FILLED = frozenset({"event_time", "updated_at"})
_OF_PARTS = ("columns", "contract", "derive", "identifiers", "maps")


def names_in_contract(sample: Sample) -> dict[str, str]:
    """Address → a name for the contract: a header as it is, of a path its last words; never one name twice."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    left = unwrapped(sample.columns)
    for address in sample.columns:
        parts = left[address].split(".") if sample.format in ("json", "jsonl") else [address]
        for depth in range(1, len(parts) + 1):
            name = "_".join(parts[-depth:])
            if sample.format in ("json", "jsonl"):
                name = re.sub(r"\W+", "_", name).strip("_") or "field"
            folded = name.casefold()
            if folded not in taken and not is_reserved(folded):
                break
        while name.casefold() in taken or is_reserved(name):
            name = f"its_{name}"
        taken.add(name.casefold())
        found[address] = name
    return found


def contract_of(draft: Draft, stream: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The columns of a stream's contract, by their names there."""
    used = {*stream.get("key", ()), *(stream[role] for role in _TIMES_ALL_FILLED if role in stream)}
    contract: dict[str, dict[str, Any]] = {}
    for column in draft.columns:
        name, values = draft.names[column.address], column.values
        fields: dict[str, Any] = {"type": "json" if column.address in draft.sample.firsts else values.type}
        if values.replaced:
            fields["type"] = "string"
        elif values.formats:
            fields["format"] = list(values.formats) if len(values.formats) > 1 else values.formats[0]
        if values.decimal_mark != ".":
            fields["decimal_mark"] = values.decimal_mark
        if fields["type"] == "timestamp" and headings.is_in_utc(column.words) and not has_zone(column, draft.sample):
            fields["zone"] = "UTC"
        elif fields["type"] == "timestamp" and (zone := zone_in_heading(column.address)) is not None:
            fields["zone"] = zone
        if values.symbol is not None:
            fields["symbol"] = values.symbol
        elsewhere = draft.sample.log.elsewhere.get(column.address) if draft.sample.log else None
        if elsewhere is not None:
            fields["path"] = [column.address, elsewhere]
        elif name != column.address:
            fields["path"] = column.address
        if name in used and values.filled == values.rows:
            fields["required"] = True
        if column.role == "birth_date" and fields["type"] in ("date", "timestamp"):
            fields["past"] = True
        contract[name] = fields
    return contract


def has_zone(column: Column, sample: Sample) -> bool:
    """Whether all times of a column say where they are those of clocks."""
    if column.values.formats:
        return all("%z" in pattern.lower() for pattern in column.values.formats)
    return all(re.search(r"(Z|UTC|[+-]\d\d:?\d{0,2})$", text) for text in sample.columns[column.address] if text)


def drop_what_would_not_load(stream: dict[str, Any], draft: Draft, source: str) -> None:
    """Take out what the rules of definitions refuse, and say so: the rest is worth having."""
    for _ in range(50):
        found = problems(SourceSpec(source, (spec_of({**stream, "files": stream["files"] or "x"}, source),)))
        if not found:
            return
        path = found[0].path[2:]
        if path[0] == "maps" and len(path) > 3 and path[2] == "set":
            del stream["maps"][int(path[1])]["set"][path[3]]
            draft.doubts.append(f"`{path[3]}` was left out: {found[0].message}")
        elif path[0] == "maps" and len(path) > 1:
            dropped = stream["maps"].pop(int(path[1]))
            draft.doubts.append(f"no row of {dropped['to']} can be made: {found[0].message}")
            if not stream["maps"]:
                del stream["maps"]
        elif path[0] == "identifiers" and len(path) > 1:
            stream["identifiers"].pop(int(path[1]))
        elif path[0] in stream and path[0] not in ("name", "files", "format", "columns"):
            draft.doubts.append(f"`{path[0]}` was left out: {found[0].message}")
            del stream[path[0]]
            if path[0] == "key":
                for name in ("person", "key_repeats"):
                    stream.pop(name, None)
                stream["load"] = "append"
        else:
            raise ValueError(f"{draft.sample.path.name}: {found[0].message}")


def spec_of(stream: dict[str, Any], source: str) -> StreamSpec:
    """A stream's fields as the plain description."""
    plain = {name: value for name, value in stream.items() if name not in (*_OF_PARTS, "template")}
    maps = tuple(
        MapSpec(
            map_["to"],
            tuple(map_["set"].items()),
            map_.get("where"),
            tuple(map_.get("grain", ())),
            map_.get("id"),
            map_.get("each"),
        )
        for map_ in stream.get("maps", ())
    )
    spec = StreamSpec(
        columns=tuple(ColumnSpec.defined(name, **fields) for name, fields in stream["columns"].items()),
        derive=tuple(stream.get("derive", {}).items()),
        identifiers=tuple(
            IdentifierSpec(
                each["type"], each["value"], GLOBAL if each["type"] in GLOBAL_TYPES else source, each.get("country")
            )
            for each in stream.get("identifiers", ())
        ),
        maps=maps,
        contract=ContractSpec(**stream.get("contract", {})),
        **plain,
    )
    return replace(spec, key=tuple(spec.key))
