"""`cdp activate`: what activating a destination would do.

Shows no personal data. Does not belong here: finding it out (`activation/dry_run.py`), layout (`presentation/`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cdp_assets.cli import as_json, console_of, print_json
from cdp_assets.settings import Settings
from cdp_assets.warehouse.engine import has_rows

if TYPE_CHECKING:
    from datetime import datetime

    import ibis.expr.types as ir

    from cdp_assets.activation.dry_run import DryRun
    from cdp_assets.activation.outbox import Tables
    from cdp_assets.activation.spec import DestinationSpec
    from cdp_assets.catalog import Catalog
    from cdp_assets.warehouse.engine import Engine


@click.command(short_help="Say who would get what from a destination, and why not.")
@click.argument("destination")
@click.option("--dry-run", is_flag=True, required=True, help="Only say what would happen (the one thing it can do).")
@click.option(
    "--examples",
    type=click.IntRange(min=0),
    default=5,
    show_default=True,
    help="How many people to show of each kind.",
)
@as_json
def activate(destination: str, dry_run: bool, examples: int, told_as_json: bool) -> None:
    """Say who would get what from a destination of CDP_DEFS, and why the others would not.

    It is compared with the profiles last published and with what it has been told so far. Nothing is sent or written;
    what is due goes out with `cdp run`, or by the sensor `segment_changes`.
    """
    found = _found(Settings.from_env(), destination, examples)
    if told_as_json:
        from cdp_assets.presentation.views import plain

        print_json(plain(found))
    else:
        from cdp_assets.presentation.dry_run_text import dry_run_text

        console_of().print(dry_run_text(found))


def _found(settings: Settings, name: str, examples: int) -> DryRun:
    """The dry run.

    Raises:
        click.ClickException: if there is no such destination, nothing is published, or it does not fit what is.
    """
    from cdp_assets.activation.clock import wall_clock
    from cdp_assets.activation.dry_run import dry_run
    from cdp_assets.automation.refresh import launch_instant
    from cdp_assets.catalog import load_catalog
    from cdp_assets.definition_files import DefinitionError
    from cdp_assets.ledger import Ledger
    from cdp_assets.warehouse.engine import TableMissing
    from cdp_assets.warehouse.expressions import ExpressionError
    from cdp_assets.warehouse.serving import NothingServed, engine_over

    try:
        catalog = load_catalog(settings.defs)
        spec = destination_of(catalog, name)
        as_of = launch_instant(settings)
        with engine_over(settings.serving_file) as engine, Ledger.open(settings.ledger_url) as ledger:
            tables = _tables(engine, catalog, spec, as_of)
            return dry_run(
                spec,
                tables,
                engine,
                ledger,
                catalog.customer_360,
                as_of=as_of,
                now=wall_clock(),
                examples=examples,
            )
    except (DefinitionError, NothingServed, TableMissing) as error:
        raise click.ClickException(str(error)) from error
    except ExpressionError as error:
        raise click.ClickException(f"{error} (as last published; `cdp plan` takes new traits in)") from error


def destination_of(catalog: Catalog, name: str) -> DestinationSpec:
    """The destination of this name.

    Raises:
        click.ClickException: if there is none.
    """
    specs = {spec.name: spec for spec in catalog.destinations}
    if name not in specs:
        raise click.ClickException(f"there is no destination {name!r}; there are: {', '.join(specs) or 'none'}")
    return specs[name]


def _tables(engine: Engine, catalog: Catalog, spec: DestinationSpec, as_of: datetime) -> Tables:
    from cdp_assets.activation.outbox import Tables

    customer = engine.table("attributes", "customer_360")
    return Tables(
        memberships=_memberships(engine, catalog, spec, customer, as_of),
        customer_360=customer,
        consent_state=engine.table("privacy", "consent_state"),
        suppressions=engine.table("privacy", "suppressions"),
        redirects=engine.table("identity", "redirects"),
    )


def _memberships(
    engine: Engine, catalog: Catalog, spec: DestinationSpec, customer: ir.Table, as_of: datetime
) -> ir.Table:
    """The memberships as published; a segment that is new since then is evaluated on what is."""
    from cdp_assets.segments.evaluate import evaluate, memberships
    from cdp_assets.segments.preview import followed

    sizes = engine.table("segments", "segment_sizes")
    if has_rows(sizes.filter(sizes.segment == spec.segment), engine):
        return engine.table("segments", "memberships")
    segment = followed(engine.table, next(each for each in catalog.segments if each.name == spec.segment))
    found = evaluate(customer, [segment], as_of, engine)
    return engine.scratch(memberships(found))
