"""How a proposed contract fits the sample that it was made from.

Belongs here: values of the sample that the contract would not take, and what is done about them. Does not belong here:
which type a column has (`values.py`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from cdp_assets.sources.contract import filled, is_too_early, typed_value
from cdp_assets.sources.drift import misfits
from cdp_assets.sources.proposing.draft import Draft
from cdp_assets.sources.proposing.sample import Sample
from cdp_assets.sources.proposing.values import judge
from cdp_assets.sources.spec import DISCARD_VALUE, StreamSpec
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine

_FEW = 0.02
"""Share of a column's values up to which they are mistakes."""

_SAYS_WHO = frozenset({"contacts", "contact_points", "consents"})
"""Tables of which a row is worth having without one of its dates or numbers."""


@dataclass(frozen=True)
class _Counts:
    """Of a column's values in the sample: how many there are, are not of its type, and lie before 1900."""

    filled: int
    wrong: int
    early: int


def fit(stream: dict[str, Any], spec: StreamSpec, draft: Draft) -> None:
    """Have a proposal take what its own sample holds, or say what it would not take.

    Args:
        stream: The proposed fields, which are changed.
        spec: The same as the plain description.
        draft: Knows the sample, and takes the doubts.
    """
    addresses = {name: address for address, name in draft.names.items()}
    texts = {
        column.name: draft.sample.columns[addresses[column.name]]
        for column in spec.columns
        if addresses[column.name] not in draft.sample.firsts
    }
    counts = _counted(spec, texts)
    lenient = bool(stream.get("person")) and {map_["to"] for map_ in stream.get("maps", ())} <= _SAYS_WHO
    refused = False
    for column in spec.columns:
        found = counts.get(column.name)
        if found is None:
            continue
        if column.past and found.early:
            then = "such rows count without them"
            if found.early > _FEW * found.filled:
                then = "taken as they are"
                del stream["columns"][column.name]["past"]
            draft.doubts.append(f"{found.early:,} of {found.filled:,} values of {column.name} lie before 1900: {then}")
        if found.wrong and not is_taken(stream, column.name):
            fields = stream["columns"][column.name]
            stream["columns"][column.name] = {"type": "string", **{key: fields[key] for key in fields if key == "path"}}
            told = f"{found.wrong:,} of {found.filled:,} values of {column.name} are no {column.type}"
            draft.doubts.append(f"{told}: it is taken as text, since nothing is made of it")
        elif found.wrong:
            refused = True
            if lenient and column.name not in spec.key:
                stream["columns"][column.name].pop("required", None)
            then = "such rows count without it (`data_type`)" if lenient else "such rows go to quarantine"
            draft.doubts.append(
                f"{found.wrong:,} of {found.filled:,} values of {column.name} are no {column.type}: {then}"
            )
    if refused and lenient:
        fields = dict(stream)
        stream.clear()
        for name, value in fields.items():
            if name == "columns":
                stream["contract"] = {"data_type": DISCARD_VALUE}
            stream[name] = value


def is_taken(stream: Mapping[str, Any], name: str) -> bool:
    """Whether a stream makes anything of a column: whether its fields, or expressions in them, name it."""
    said = str({field: value for field, value in stream.items() if field != "columns"})
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", said) is not None


def fit_template(
    spec: StreamSpec, sample: Sample, day_first: bool | None
) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """What has to stand beside a template, so that it takes a sample of its export.

    Args:
        spec: The template's stream, as the sample is laid out.
        sample: The sample.
        day_first: Whether the day comes first where a date could be read either way; None if nobody knows.

    Returns:
        Fields of columns that are delivered otherwise than the template says, by name, and doubts.
    """
    delivered = {column.name: column for column in spec.columns if column.address in sample.columns}
    texts = {name: sample.columns[column.address] for name, column in delivered.items()}
    counts = _counted(spec, texts)
    fields: dict[str, dict[str, Any]] = {}
    doubts = []
    for name, column in delivered.items():
        blank = texts[name].count(None)
        if blank and name in spec.key:
            doubts.append(f"{blank:,} of {sample.rows:,} rows have no {name}, and go to quarantine: it is in the key")
        elif blank and column.required:
            fields[name] = {"required": False}
            doubts.append(f"{blank:,} of {sample.rows:,} rows have no {name}, which the template requires")
        found = counts.get(name)
        if found is None or not found.wrong:
            continue
        judged = judge(texts[name], day_first=day_first)
        fits = judged.type == column.type and judged.formats and not judged.replaced
        if fits and judged.formats != column.formats:
            fields[name] = {**fields.get(name, {}), "format": list(judged.formats)}
            either = ", and day and month could be the other way round" if judged.ambiguous else ""
            doubts.append(f"{name} is not written as the template says, but as {' or '.join(judged.formats)}{either}")
        else:
            doubts.append(
                f"{found.wrong:,} of {found.filled:,} values of {name} are no {column.type}: such rows go to quarantine"
            )
    return fields, doubts


def _counted(spec: StreamSpec, delivered: Mapping[str, list[str | None]]) -> dict[str, _Counts]:
    """What the columns that are delivered hold that are not text, as a run would read them."""
    columns = [column for column in spec.columns if column.name in delivered]
    typed = {place: column for place, column in enumerate(columns) if column.type != "string"}
    texts = {column.name: delivered[column.name] for column in typed.values()}
    if not any(texts.values()):
        return {}
    engine = DuckDBEngine.in_memory()
    try:
        table = engine.from_arrow(pa.table({name: pa.array(values, pa.string()) for name, values in texts.items()}))
        [told] = engine.to_arrow(misfits(table, spec, columns)).to_pylist()
        times = {
            f"early_{place}": is_too_early(typed_value(filled(table[column.name]), column, spec.zone)).sum()
            for place, column in typed.items()
            if column.past
        }
        if times:
            told |= engine.to_arrow(table.aggregate(**times)).to_pylist()[0]
    finally:
        engine.backend.disconnect()
    return {
        column.name: _Counts(told[f"filled_{place}"], told[f"wrong_{place}"], told.get(f"early_{place}") or 0)
        for place, column in typed.items()
    }
