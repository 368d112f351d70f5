"""The samples of templates: a small file each in the true layout of its export, and the rows that have to come of it.

Belongs here: finding, loading and reading them. Does not belong here: the tests.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from cdp_assets.normalised.stream_rows import identifier_column
from cdp_assets.sources.component import Source
from cdp_assets.sources.spec import SourceSpec
from cdp_assets_tests.normalised.bench import canonical, load, typed
from cdp_assets_tests.sources.shop import Bench

FOLDER = Path(__file__).with_name("templates")


def sample(name: str) -> Path:
    """A template's sample file."""
    (found,) = (file for file in FOLDER.glob(f"{name}.*") if file.suffix != ".yaml")
    return found


def expected(name: str) -> dict[str, list[dict[str, Any]]]:
    """What has to come of it."""
    found: dict[str, list[dict[str, Any]]] = yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))
    return found


def source_of(name: str) -> SourceSpec:
    """A shop that takes one template as it is."""
    return Source(name="shop", country="DE", settle_seconds=0, streams=[{"name": name, "template": name}]).spec


def outcome(bench: Bench, name: str) -> dict[str, list[dict[str, Any]]]:
    """Identifiers and dispositions of each row of a template's sample, and the rows of each table that it fills.

    Only values that a map sets are shown; nulls are left out.
    """
    source = source_of(name)
    (stream,) = source.streams
    bench.drop(stream.files.replace("*", "1"), sample(name).read_bytes())
    load(bench, source)
    rows = []
    for row in typed(bench, f"shop__{name}"):
        carried = [row[identifier_column(stream, position)] for position in range(len(stream.identifiers))]
        shown: dict[str, Any] = {"disposition": row["cdp_disposition"]}
        if row["cdp_reason"] is not None:
            shown |= {"reason": row["cdp_reason"], "column": row["cdp_column"]}
        for identifier, value in zip(stream.identifiers, carried, strict=True):
            if value is not None:
                shown[f"{identifier.type}_2" if identifier.type in shown else identifier.type] = value
        rows.append(shown)
    found: dict[str, list[dict[str, Any]]] = {"rows": rows}
    for table in dict.fromkeys(map_.to for map_ in stream.maps):
        columns = dict.fromkeys(column for map_ in stream.maps if map_.to == table for column, _ in map_.set)
        if table == "identifier_aliases":
            columns |= {"namespace": None}
        filled = canonical(bench, source, table)
        found[table] = [
            {column: _plain(row[column]) for column in columns if row[column] is not None}
            for row in sorted(filled, key=lambda row: (row["source_row"], str(row.get("native_id"))))
        ]
    return found


def _plain(value: Any) -> Any:
    """As the YAML of expectations writes it: exact numbers as texts, instants in UTC without a zone."""
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat(sep=" ")
    return value.isoformat() if isinstance(value, date) else value
