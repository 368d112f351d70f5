"""`cdp deliveries`: what waits, was given up or is held, and what a person may do about it.

Shows no payloads and no contact points. Does not belong here: delivering (`cdp run`, the sensor).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from cdp_assets.cli import as_json, by_whom, print_json
from cdp_assets.settings import Settings

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from cdp_assets.activation.spec import DestinationSpec

_PATIENCE_SECONDS = 10.0


@click.group(short_help="See what waits or failed, and try it again or drop it.")
def deliveries() -> None:
    """See what waits, was given up or is held; try it again, drop it, confirm it, or pause a destination."""


@deliveries.command(name="list")
@click.argument("destination", required=False)
@as_json
def list_(destination: str | None, told_as_json: bool) -> None:
    """Count messages by destination, status and reason, and name the destinations that are paused."""
    from cdp_assets.ledger import Ledger, destinations, history, outbox

    with Ledger.open(Settings.from_env().ledger_url, existing=True) as ledger, ledger.reading() as connection:
        found = history.outcomes(connection, destination)
        paused = [name for name in destinations.paused(connection) if destination in (None, name)]
    if not found and destination is not None:
        _destination(destination)
    if told_as_json:
        names = ("destination", "status", "reason", "messages")
        silent = sorted(set(paused) - {name for name, *_ in found})
        rows = [*found, *((name, outbox.PENDING, None, 0) for name in silent)]
        print_json([{**dict(zip(names, row, strict=True)), "paused": row[0] in paused} for row in rows])
        return
    if not found:
        click.echo("there is no message yet")
    for name, status, reason, messages in found:
        click.echo(f"{name}  {status}{f' ({reason})' if reason else ''}  {messages:,}")
    _tell_paused(paused)


@deliveries.command()
@as_json
def holds(told_as_json: bool) -> None:
    """List changes that the volume guard holds until somebody confirms or discards them, and what is paused."""
    from cdp_assets.ledger import Ledger, destinations, guard
    from cdp_assets.presentation.views import plain

    with Ledger.open(Settings.from_env().ledger_url, existing=True) as ledger, ledger.reading() as connection:
        found, paused = guard.holds(connection), destinations.paused(connection)
    if told_as_json:
        print_json([{**plain(held), "paused": held.destination in paused} for held in found])
        return
    if not found:
        click.echo("nothing is held")
    for held in found:
        click.echo(f"{held.id}  {held.destination}  {held.changes:,} messages, usually {held.usual:,}  {held.as_of:%F}")
    _tell_paused(paused)


@deliveries.command()
@click.argument("hold", type=int)
@by_whom("Who confirms.")
def confirm(hold: int, by: str) -> None:
    """Let a held change go out, by its number in `holds`."""
    from cdp_assets.ledger import guard

    click.echo(f"{_decided(guard.confirm, hold, by):,} messages go out with the next delivery")


@deliveries.command()
@click.argument("hold", type=int)
@by_whom("Who discards.")
def discard(hold: int, by: str) -> None:
    """Withhold a held change; what still differs at the next refresh is judged anew."""
    from cdp_assets.ledger import guard

    click.echo(f"{_decided(guard.discard, hold, by):,} messages withheld")


@deliveries.command()
@click.argument("destination")
def pause(destination: str) -> None:
    """Let nothing go out to a destination; what comes for it waits in its outbox."""
    _pause(destination, True)


@deliveries.command()
@click.argument("destination")
def resume(destination: str) -> None:
    """Let a paused destination go on."""
    _pause(destination, False)


@deliveries.command()
@click.argument("destination")
@click.option("--reason", help="Only messages given up for this reason.")
def retry(destination: str, reason: str | None) -> None:
    """Let messages that were given up go out again, under the same keys; the gates are asked again."""
    from cdp_assets.ledger import history, outbox

    with _alone_with(destination) as connection:
        messages = outbox.revive(connection, destination, reason)
        outcomes = history.outcomes(connection, destination)
    if not outcomes:
        _destination(destination)
    waiting = sum(number for _, status, _, number in outcomes if status == outbox.FAILED)
    others = f"; {waiting:,} that failed were not given up: they are tried again by themselves" if waiting else ""
    click.echo(f"{messages:,} messages will be tried again by the next delivery{others}")


@deliveries.command()
@click.argument("destination")
@click.option("--yes", is_flag=True, help="Do not ask.")
def drop(destination: str, yes: bool) -> None:
    """Drop what waits for a destination; it is noted as withheld, with the reason `dropped`."""
    from cdp_assets.activation.clock import wall_clock
    from cdp_assets.ledger import Ledger, history, outbox

    with Ledger.open(Settings.from_env().ledger_url, existing=True) as ledger, ledger.reading() as connection:
        outcomes = history.outcomes(connection, destination)
    if not outcomes:
        _destination(destination)
    if not yes:
        click.confirm(f"Drop all that waits for {destination}?", err=True, abort=True)
    with _alone_with(destination) as connection:
        messages = outbox.drop(connection, destination, wall_clock())
    click.echo(f"{messages:,} messages dropped")


@deliveries.command()
@click.argument("destination")
@click.option("--yes", is_flag=True, help="Do not ask.")
def reconcile(destination: str, yes: bool) -> None:
    """Tell a destination that mirrors its segment everything again, in case its copy is not what it should be."""
    from cdp_assets.ledger import destinations

    if _destination(destination).mode != "mirror":
        raise click.ClickException(f"{destination} does not mirror its segment: a message would be sent twice")
    if not yes:
        click.confirm(f"Tell {destination} of all members again, and of all who left?", err=True, abort=True)
    with _alone_with(destination) as connection:
        members, gone = destinations.forget(connection, destination)
    click.echo(
        f"the next refresh tells {destination} of {members:,} members again, and takes {gone:,} off who were before; "
        "if the volume guard holds so many, confirm them (`cdp deliveries holds`)"
    )


@deliveries.command()
@click.argument("destination")
def bounces(destination: str) -> None:
    """Look now into the mailbox that a destination's bounces go to; every delivery does so before it sends."""
    import os

    from cdp_assets.activation.bounces import take_in
    from cdp_assets.activation.clock import wall_clock
    from cdp_assets.activation.connectors import ConnectorError
    from cdp_assets.ledger import Ledger

    settings, spec = Settings.from_env(), _destination(destination)
    with Ledger.open(settings.ledger_url, existing=True) as ledger:
        try:
            found = take_in(spec, settings, os.environ, ledger, wall_clock())
        except ConnectorError as error:
            raise click.ClickException(str(error)) from error
    if found is None:
        raise click.ClickException(f"{destination} names no mailbox for bounces (connector: bounces)")
    if found.failed is not None:
        raise click.ClickException(f"the mailbox could not be read: {found.failed}")
    click.echo(f"{found.mails:,} mails: {found.bounced:,} messages bounced, {found.complained:,} complained about")


def _tell_paused(paused: Iterable[str]) -> None:
    for name in paused:
        click.echo(f"{name} is paused; `cdp deliveries resume {name}` lets it go on")


def _decided(decide: Callable[[Connection, int, str, datetime], int], hold: int, by: str) -> int:
    """Decide on a hold; how many messages it was about."""
    from cdp_assets.activation.clock import wall_clock
    from cdp_assets.ledger import Ledger

    with Ledger.open(Settings.from_env().ledger_url, existing=True) as ledger, ledger.transaction() as connection:
        try:
            return decide(connection, hold, by, wall_clock())
        except LookupError as error:
            raise click.ClickException(str(error)) from error


def _destination(name: str) -> DestinationSpec:
    """The destination of that name; anything else is an error that names those there are."""
    from cdp_assets.catalog import load_catalog
    from cdp_assets.cli_activate import destination_of
    from cdp_assets.definition_files import DefinitionError

    try:
        return destination_of(load_catalog(Settings.from_env().defs), name)
    except DefinitionError as error:
        raise click.ClickException(str(error)) from error


def _pause(destination: str, paused: bool) -> None:
    from cdp_assets.ledger import Ledger, destinations

    _destination(destination)
    with Ledger.open(Settings.from_env().ledger_url) as ledger, ledger.transaction() as connection:
        destinations.pause(connection, destination, paused)
    click.echo(f"{destination} is paused" if paused else f"{destination} goes on with the next delivery")


@contextmanager
def _alone_with(destination: str) -> Iterator[Connection]:
    """A transaction while nothing is being delivered to the destination."""
    from cdp_assets.activation.delivery import lock_name
    from cdp_assets.ledger import Ledger, LedgerBusyError

    with Ledger.open(Settings.from_env().ledger_url, existing=True) as ledger:
        try:
            with ledger.exclusive(lock_name(destination), wait=_PATIENCE_SECONDS), ledger.transaction() as connection:
                yield connection
        except LedgerBusyError as error:
            raise click.ClickException(f"{destination} is being delivered to just now; try again later") from error
