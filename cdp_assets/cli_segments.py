"""`cdp segments preview`: what a segment would hold, on the last published profiles.

Belongs here: arguments and layout. Does not belong here: counting (`segments/preview.py`, `activation/reach.py`).
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cdp_assets.cli import as_json, print_json
from cdp_assets.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    import ibis.expr.types as ir

    from cdp_assets.catalog import Catalog
    from cdp_assets.segments.spec import SegmentSpec

EXAMPLES = 3


@click.group()
def segments() -> None:
    """Look at segments."""


@segments.command()
@click.argument("segment", metavar="FILE|NAME")
@as_json
def preview(segment: str, told_as_json: bool) -> None:
    """Say what a segment would hold, on the last published profiles; publishes nothing.

    NAME is a segment of CDP_DEFS. FILE is a YAML file with a segment, which need not lie there; it may name segments of
    CDP_DEFS, and stands in for the one of its own name.
    """
    from cdp_assets.automation.refresh import launch_instant
    from cdp_assets.catalog import load_catalog
    from cdp_assets.definition_files import DefinitionError
    from cdp_assets.presentation.snapshot_tables import snapshot_tables
    from cdp_assets.warehouse.serving import NothingServed

    settings = Settings.from_env()
    file = Path(segment) if Path(segment).suffix in (".yaml", ".yml") else None
    if file is not None and not file.is_file():
        raise click.ClickException(f"there is no file {segment}")
    try:
        catalog = load_catalog(settings.defs, file)
        chosen = _chosen(catalog, segment, file)
        with snapshot_tables(settings.serving_file) as tables:
            told = [_told(spec, catalog, tables, launch_instant(settings)) for spec in chosen]
    except (DefinitionError, NothingServed) as error:
        raise click.ClickException(str(error)) from error
    if told_as_json:
        print_json(told[0] if len(told) == 1 else told)
        return
    for each in told:
        click.echo(_text(each))


def _chosen(catalog: Catalog, name: str, file: Path | None) -> list[SegmentSpec]:
    from cdp_assets.definition_files import read
    from cdp_assets.warehouse.sql_parsing import nearest

    specs = {spec.name: spec for spec in catalog.segments}
    if file is None:
        if name not in specs:
            raise click.ClickException(f"there is no segment {name!r}; {nearest(name, list(specs))}")
        return [specs[name]]
    written = [str((document.value.get("attributes") or {}).get("name")) for document in read(file)]
    if not any(each in specs for each in written):
        raise click.ClickException(f"{file} holds no segment")
    return [specs[each] for each in written if each in specs]


def _told(
    spec: SegmentSpec, catalog: Catalog, tables: Callable[[str, str], ir.Table], as_of: datetime
) -> dict[str, Any]:
    from cdp_assets.activation.reach import REACHED, reach
    from cdp_assets.segments import preview as previewed
    from cdp_assets.segments.evaluate import members
    from cdp_assets.warehouse.preview import mask

    spec = previewed.followed(tables, spec)
    people = previewed.people(tables, catalog.segments, spec, as_of)
    table, written = previewed.counts(people, spec.where, as_of)
    row = table.to_pyarrow().to_pylist()[0]
    inside = members(people, spec, as_of)
    joined = tables("segments", "memberships").inner_join(inside, "profile_id")
    overlaps = joined.group_by("segment").agg(people=joined.count()).order_by("segment").to_pyarrow().to_pylist()
    them = people.semi_join(inside, "profile_id")
    privacy = tables("privacy", "consent_state"), tables("privacy", "suppressions")
    shown = previewed.shown_columns(spec, catalog.customer_360)
    examples = them.order_by("profile_id").limit(EXAMPLES).select(*(column.name for column in shown))
    return {
        "segment": spec.name,
        "profiles": row["profiles"],
        "members": row["members"],
        "terms": [vars(term) for term in previewed.read(row, written)],
        "shared": {each["segment"]: each["people"] for each in overlaps if each["segment"] != spec.name},
        "reach": {
            channel: reach(them, *privacy, channel, as_of).to_pyarrow().to_pylist()[0] for channel in REACHED
        },
        "examples": [
            {column.name: mask(example[column.name], column.pii) for column in shown}
            for example in examples.to_pyarrow().to_pylist()
        ],
    }  # fmt: skip


def _text(told: dict[str, Any]) -> str:
    lines = [f"{told['segment']}: {told['members']:,} of {told['profiles']:,} profiles"]
    lines += [
        f"  {term['alone']:>9,} meet it, {term['so_far']:>9,} left, {term['cuts']:>9,} out by it alone: {term['sql']}"
        for term in told["terms"]
    ]
    lines += [f"  {number:>9,} also in {other}" for other, number in told["shared"].items()]
    lines += [
        f"  {each['reachable']:>9,} may be told of marketing by {channel}, of {each['contactable']:,} with an address"
        for channel, each in told["reach"].items()
    ]
    for example in told["examples"]:
        lines.append("  such as " + ", ".join(f"{name} {value}" for name, value in example.items() if value))
    return "\n".join(lines)
