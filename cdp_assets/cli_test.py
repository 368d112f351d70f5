"""`cdp test`: the small tests that segments carry."""

from __future__ import annotations

import sys

import click

from cdp_assets.cli import as_json, print_json
from cdp_assets.settings import Settings


@click.command(name="test")
@as_json
def test(told_as_json: bool) -> None:
    """Run the tests that segments carry in their YAML; reads no data. Ends with 1 if one fails."""
    from cdp_assets.catalog import load_catalog
    from cdp_assets.definition_files import DefinitionError
    from cdp_assets.segments.testing import run

    try:
        catalog = load_catalog(Settings.from_env().defs)
        tested = run(catalog.segments, catalog.customer_360)
    except DefinitionError as error:
        raise click.ClickException(str(error)) from error
    failed = [each for each in tested if not each.passed]
    if told_as_json:
        print_json([{**vars(each), "passed": each.passed} for each in tested])
    else:
        for each in failed:
            said = each.error or f"expected {_side(each.expected)}, found {_side(bool(each.found))}"
            click.echo(f"✗ {each.segment}: {each.test}: {said}")
        click.echo(f"{len(tested) - len(failed)} of {len(tested)} tests of segments passed")
    if failed:
        sys.exit(1)


def _side(member: bool) -> str:
    return "in" if member else "out"
