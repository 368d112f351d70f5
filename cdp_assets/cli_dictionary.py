"""`cdp dictionary`: what every column means, for those who read the tables."""

from __future__ import annotations

import json
from pathlib import Path

import click

from cdp_assets.cli import as_json, write
from cdp_assets.settings import Settings


@click.command(short_help="Write the data dictionary of all tables and columns.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write to a file; JSON if it ends so.")
@as_json
def dictionary(out: Path | None, told_as_json: bool) -> None:
    """Write the data dictionary: description, type, unit, PII class and source of every column.

    `customer_360` comes first, with a column for every trait of CDP_DEFS; then the tables that it is made of, those of
    the models, and the canonical ones.
    """
    from cdp_assets.attributes import schemas
    from cdp_assets.attributes.model_schemas import MODELS
    from cdp_assets.attributes.traits import traits_schema
    from cdp_assets.canonical.tables import TABLES
    from cdp_assets.catalog import load_catalog
    from cdp_assets.definition_files import DefinitionError
    from cdp_assets.presentation.dictionary import as_data, as_markdown
    from cdp_assets.profiles.schemas import GOLDEN_RECORDS

    try:
        catalog = load_catalog(Settings.from_env().defs)
    except DefinitionError as error:
        raise click.ClickException(str(error)) from error
    traits = [traits_schema(catalog.traits)] if catalog.traits else []
    tables = {
        "attributes": [catalog.customer_360, *traits, *schemas.TABLES, *MODELS],
        "profiles": [GOLDEN_RECORDS],
        "normalised": list(TABLES.values()),
    }
    wants_json = told_as_json or (out is not None and out.suffix == ".json")
    text = json.dumps(as_data(tables), indent=2, ensure_ascii=False) if wants_json else as_markdown(tables)
    if out is None:
        click.echo(text)
        return
    write(out, text + "\n")
