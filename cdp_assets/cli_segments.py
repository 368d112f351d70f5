"""`cdp segments preview`: what a segment would hold, on the last published profiles."""

from __future__ import annotations

import click

from cdp_assets.cli import as_json, print_json
from cdp_assets.settings import Settings


@click.group()
def segments() -> None:
    """Look at segments."""


@segments.command()
@click.argument("name")
@as_json
def preview(name: str, told_as_json: bool) -> None:
    """Say how large a segment of CDP_DEFS would be, which terms cut how much, and whom it shares with others."""
    from cdp_assets.automation.refresh import launch_instant
    from cdp_assets.catalog import load_catalog
    from cdp_assets.definition_files import DefinitionError
    from cdp_assets.presentation.snapshot_tables import snapshot_tables
    from cdp_assets.segments.evaluate import members as members_of
    from cdp_assets.segments.preview import counts, read
    from cdp_assets.warehouse.serving import NothingServed

    settings = Settings.from_env()
    try:
        specs = {spec.name: spec for spec in load_catalog(settings.defs).segments}
        if name not in specs:
            raise click.ClickException(f"there is no segment {name!r}; there are: {', '.join(specs) or 'none'}")
        as_of = launch_instant(settings)
        with snapshot_tables(settings.serving_file) as tables:
            people = tables("attributes", "customer_360")
            table, written = counts(people, specs[name].where, as_of)
            row = table.to_pyarrow().to_pylist()[0]
            members = members_of(people, specs[name], as_of)
            joined = tables("segments", "memberships").inner_join(members, "profile_id")
            overlaps = joined.group_by("segment").agg(people=joined.count()).order_by("segment").to_pyarrow()
    except (DefinitionError, NothingServed) as error:
        raise click.ClickException(str(error)) from error
    terms = read(row, written)
    shared = {each["segment"]: each["people"] for each in overlaps.to_pylist() if each["segment"] != name}
    if told_as_json:
        told = {"segment": name, "profiles": row["profiles"], "members": terms[-1].so_far}
        print_json({**told, "terms": [vars(term) for term in terms], "shared": shared})
        return
    click.echo(f"{name}: {terms[-1].so_far:,} of {row['profiles']:,} profiles")
    for term in terms:
        click.echo(f"  {term.alone:>9,} meet it, {term.so_far:>9,} left, {term.cuts:>9,} out by it alone: {term.sql}")
    for other, number in shared.items():
        click.echo(f"  {number:>9,} also in {other}")
