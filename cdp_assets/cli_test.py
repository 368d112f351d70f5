"""`cdp test`: the small tests that definitions of traits and segments carry."""

from __future__ import annotations

import sys

import click

from cdp_assets.cli import as_json, print_json
from cdp_assets.settings import Settings


@click.command(name="test", short_help="Run the tests that definitions carry in their YAML.")
@click.argument("kind", type=click.Choice(["traits", "segments"]), required=False)
@as_json
def test(kind: str | None, told_as_json: bool) -> None:
    """Run the tests that traits and segments carry in their YAML; reads no data. Ends with 1 if one fails."""
    tell(("traits", "segments") if kind is None else (kind,), told_as_json=told_as_json)


def tell(kinds: tuple[str, ...], *, told_as_json: bool) -> None:
    """Run the tests of definitions and say what failed; ends the process with 1 if one did."""
    from cdp_assets.attributes.traits import failures
    from cdp_assets.catalog import load_catalog
    from cdp_assets.definition_files import DefinitionError
    from cdp_assets.segments.testing import run
    from cdp_assets.warehouse.duckdb_engine import DuckDBEngine

    settings = Settings.from_env()
    counted: dict[str, int] = {}
    failed: list[dict[str, str]] = []
    try:
        catalog = load_catalog(settings.defs)
    except DefinitionError as error:
        raise click.ClickException(str(error)) from error
    if "traits" in kinds:
        counted["traits"] = sum(len(spec.tests) for spec in catalog.traits)
        for spec, problem in failures(catalog.traits, DuckDBEngine.in_memory(settings.duckdb_config)):
            failed.append({"kind": "trait", "name": spec.name, "problem": problem})
    if "segments" in kinds:
        tested = run(catalog.segments, catalog.customer_360)
        counted["segments"] = len(tested)
        for each in tested:
            if not each.passed:
                said = each.error or f"expected {_side(each.expected)}, found {_side(bool(each.found))}"
                failed.append({"kind": "segment", "name": each.segment, "problem": f"{each.test}: {said}"})
    if told_as_json:
        print_json({"tests": counted, "failed": failed})
    else:
        for failure in failed:
            click.echo(f"✗ {failure['kind']} {failure['name']}: {failure['problem']}")
        total = sum(counted.values())
        click.echo(f"{total - len(failed)} of {total} tests of {' and '.join(kinds)} passed")
    if failed:
        sys.exit(1)


def _side(member: bool) -> str:
    return "in" if member else "out"
