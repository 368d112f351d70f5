"""`cdp plan`: what changed definitions would do, and doing it.

Belongs here: options, and asking before anything is published. Does not belong here: making the plan
(`automation/planning.py`), layout (`presentation/plan_*.py`).
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cdp_assets.cli import as_json, console_of, print_json, write
from cdp_assets.settings import PROJECT, Settings, SettingsError

if TYPE_CHECKING:
    from cdp_assets.plan.findings import Plan

CHANGES = 2
"""Exit code of a plan with changes, for those who ask for it."""


class _Misused(click.ClickException):
    """Options that make no sense; ends with 1."""


class PlanCommand(click.Command):
    """A command whose every fault ends with 1: 2 says that there are changes."""

    def make_context(self, *arguments: Any, **named: Any) -> click.Context:
        try:
            return super().make_context(*arguments, **named)
        except click.UsageError as error:
            raise _Misused(error.format_message()) from error


@click.command(cls=PlanCommand)
@click.option(
    "--defs",
    "folder",
    type=click.Path(path_type=Path),
    help="Folder of definitions to plan for (default: CDP_DEFS as it is now).",
)
@as_json
@click.option("--markdown", metavar="FILE|-", help="Write the plan as Markdown, fit for a comment on a pull request.")
@click.option(
    "--detailed-exitcode", is_flag=True, help="End with 2 if anything would change (0: nothing, 1: an error)."
)
@click.option("--apply", "applying", is_flag=True, help="Show the plan, ask, and publish.")
@click.option("--yes", is_flag=True, help="With --apply: do not ask.")
def plan(
    folder: Path | None,
    told_as_json: bool,
    markdown: str | None,
    detailed_exitcode: bool,
    applying: bool,
    yes: bool,
) -> None:
    """Say what changed definitions would do, without doing it.

    The refresh is rehearsed on a copy, as of the last run: profiles merged, split and moved, golden values, segments,
    messages that would follow, lifetime value. Nothing is published, nothing is sent, and the copy is removed.
    """
    if told_as_json and markdown == "-":
        raise click.ClickException("--json and --markdown - both want the output: give Markdown a file")
    in_force = Path(os.environ.get("CDP_DEFS") or PROJECT / "cdp_assets" / "defs").expanduser().resolve()
    settings = _settings(folder)
    content = _content(settings)
    with _ended_cleanly():
        made = _made(settings)
    _tell(made, told_as_json=told_as_json, markdown=markdown)
    if applying:
        if made.changes and not yes:
            click.confirm(question(made), err=True, abort=True)
        if content != _content(settings):
            raise click.ClickException(f"{settings.defs} has changed since it was planned; nothing was published")
        _apply(settings, made, in_force)
    elif detailed_exitcode and made.changes:
        sys.exit(CHANGES)


def _settings(folder: Path | None) -> Settings:
    """The settings with the definitions to plan for, which the whole process is about from here on.

    Raises:
        click.ClickException: if there is no such folder, or another setting cannot be used.
    """
    if folder is not None:
        if not folder.expanduser().is_dir():
            raise click.ClickException(f"--defs names {folder}, which is not a folder")
        os.environ["CDP_DEFS"] = str(folder.expanduser().resolve())
    try:
        return Settings.from_env()
    except SettingsError as error:
        raise click.ClickException(str(error)) from error


def _content(settings: Settings) -> str:
    from cdp_assets.warehouse.standing import definitions_hash

    return definitions_hash(settings)


def _made(settings: Settings) -> Plan:
    """The plan.

    Raises:
        click.ClickException: if there is nothing to compare with, or a run with these definitions would not succeed.
    """
    from cdp_assets.automation.planning import make_plan
    from cdp_assets.automation.refresh import RunFailed
    from cdp_assets.definition_files import DefinitionError
    from cdp_assets.ledger.copying import LedgerOutdatedError
    from cdp_assets.plan.workspace import NoRoom
    from cdp_assets.presentation.progress import follow
    from cdp_assets.warehouse.serving import NothingServed

    console = console_of(stderr=True)
    try:
        return make_plan(settings, lambda steps, heading: follow(console, steps, heading), console.status)
    except (DefinitionError, LedgerOutdatedError, NoRoom, NothingServed) as error:
        raise click.ClickException(str(error)) from error
    except RunFailed as error:
        raise click.ClickException(f"a refresh with these definitions would not succeed: {error}") from error


def _tell(made: Plan, *, told_as_json: bool, markdown: str | None) -> None:
    if markdown is not None:
        from cdp_assets.presentation.plan_markdown import plan_markdown

        text = plan_markdown(made)
        if markdown == "-":
            click.echo(text)
            return
        write(Path(markdown), text)
    if told_as_json:
        from cdp_assets.presentation.views import plain

        print_json({**plain(made), "changes": made.changes})
    else:
        from cdp_assets.presentation.plan_text import plan_text

        console_of().print(plan_text(made))


def question(made: Plan) -> str:
    """What is asked before a plan is applied."""
    messages = sum(each.total for each in made.sends)
    then = f" {messages:,} messages then wait to be sent." if messages else ""
    asked = ""
    if made.people and made.people.needs_confirmation:
        touched, allowed = made.people.known_touched, made.people.allowed
        asked = f" It merges or splits {touched:,} known profiles ({allowed:,} pass unasked): a yes lets them through."
    return f"Publish this?{then}{asked}"


def confirmed_by(made: Plan) -> int:
    """How many merges and splits are confirmed by whoever applies a plan: as many as it shows, and as many as pass
    unasked, since files may come in between; 0 if it needs no confirmation.
    """
    people = made.people
    return people.known_touched + people.allowed if people and people.needs_confirmation else 0


def _apply(settings: Settings, made: Plan, in_force: Path) -> None:
    """Refresh the real thing with the planned definitions; delivers nothing."""
    if not made.changes:
        click.echo("Nothing to publish.", err=True)
        return
    from cdp_assets.automation.refresh import RunFailed, launch_instant, run_refresh
    from cdp_assets.presentation.progress import follow

    try:
        follow(
            console_of(stderr=True),
            run_refresh(settings, as_of=launch_instant(settings), confirmed=confirmed_by(made)),
            "Publishing",
        )
    except RunFailed as error:
        raise click.ClickException(f"{error} (readers keep the last good state; `cdp ui` shows the run)") from error
    click.echo("Published.", err=True)
    if any(each.total for each in made.sends):
        click.echo(
            "Messages wait in the outbox: `cdp run` delivers them, or the sensor where the daemon runs.", err=True
        )
    if in_force != settings.defs:
        click.echo(
            f"CDP_DEFS still means {in_force}: the next run there takes all of this back. From now on set\n"
            f"  CDP_DEFS={settings.defs}\nfor the command line and the daemon, or move these definitions there.",
            err=True,
        )


@contextmanager
def _ended_cleanly() -> Iterator[None]:
    """Let a request to end unwind the stack, so that the copy is removed."""

    def end(_number: int, _frame: object) -> None:
        sys.exit(143)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
