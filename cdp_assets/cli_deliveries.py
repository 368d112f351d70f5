"""`cdp deliveries`: what waits or was given up, trying it again, and dropping it.

Shows no payloads and no contact points. Does not belong here: delivering (`cdp run`, the sensor).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from cdp_assets.cli import as_json, print_json
from cdp_assets.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import Connection

_PATIENCE_SECONDS = 10.0


@click.group()
def deliveries() -> None:
    """See what waits or was given up; try it again or drop it."""


@deliveries.command(name="list")
@click.argument("destination", required=False)
@as_json
def list_(destination: str | None, told_as_json: bool) -> None:
    """Count messages by destination, status and reason."""
    from cdp_assets.ledger import Ledger, outbox

    with Ledger.open(Settings.from_env().ledger_url) as ledger, ledger.reading() as connection:
        found = outbox.outcomes(connection, destination)
    if told_as_json:
        names = ("destination", "status", "reason", "messages")
        print_json([dict(zip(names, row, strict=True)) for row in found])
        return
    for name, status, reason, messages in found:
        click.echo(f"{name}  {status}{f' ({reason})' if reason else ''}  {messages:,}")


@deliveries.command()
@click.argument("destination")
@click.option("--reason", help="Only messages given up for this reason.")
def retry(destination: str, reason: str | None) -> None:
    """Let messages that were given up go out again, under the same keys; the gates are asked again."""
    from cdp_assets.ledger import outbox

    with _alone_with(destination) as connection:
        messages = outbox.revive(connection, destination, reason)
    click.echo(f"{messages:,} messages will be tried again by the next delivery")


@deliveries.command()
@click.argument("destination")
@click.option("--yes", is_flag=True, help="Do not ask.")
def drop(destination: str, yes: bool) -> None:
    """Drop what waits for a destination; it is noted as withheld, with the reason `dropped`."""
    from cdp_assets.activation.clock import wall_clock
    from cdp_assets.ledger import outbox

    if not yes:
        click.confirm(f"Drop all that waits for {destination}?", err=True, abort=True)
    with _alone_with(destination) as connection:
        messages = outbox.drop(connection, destination, wall_clock())
    click.echo(f"{messages:,} messages dropped")


@contextmanager
def _alone_with(destination: str) -> Iterator[Connection]:
    """A transaction while nothing is being delivered to the destination."""
    from cdp_assets.activation.delivery import lock_name
    from cdp_assets.ledger import Ledger, LedgerBusyError

    with Ledger.open(Settings.from_env().ledger_url) as ledger:
        try:
            with ledger.exclusive(lock_name(destination), wait=_PATIENCE_SECONDS), ledger.transaction() as connection:
                yield connection
        except LedgerBusyError as error:
            raise click.ClickException(f"{destination} is being delivered to just now; try again later") from error
