"""`cdp schema`: JSON schemas with which editors complete and check definitions."""

from __future__ import annotations

import json
from pathlib import Path

import click

from cdp_assets.cli import write
from cdp_assets.settings import Settings


@click.command(short_help="Give the JSON schema of definitions, for editors.")
@click.option(
    "--out",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write `definition.schema.json` here (default: print it).",
)
def schema(folder: Path | None) -> None:
    """Give the JSON schema of all kinds of definitions, for editors.

    With the YAML extension of your editor, point `yaml.schemas` at the file, or begin a definition with the line
    `# yaml-language-server: $schema=PATH`. Names of segments are those of CDP_DEFS.
    """
    from cdp_assets.catalog import editor_schema, segment_names

    text = json.dumps(editor_schema(segment_names(Settings.from_env().defs)), indent=2, ensure_ascii=False)
    if folder is None:
        click.echo(text)
        return
    write(folder / "definition.schema.json", text + "\n")
