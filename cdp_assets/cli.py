"""The `cdp` command.

Belongs here: arguments, options, and which piece is called for them; heavy pieces are imported by the command that
needs them, so that reading commands start at once. Does not belong here: layout (`presentation/`), runs
(`automation/`).
"""

from __future__ import annotations

import errno
import getpass
import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cdp_assets.damage import DamagedFile, UnusableLedger
from cdp_assets.settings import PROJECT, Settings, SettingsError, project_settings

if TYPE_CHECKING:
    from rich.console import Console
    from sqlalchemy import Connection

    from cdp_assets.ledger import Ledger
    from cdp_assets.presentation import views
    from cdp_assets.warehouse.serving import Reader

Command = TypeVar("Command", bound=Callable[..., Any])
Answer = TypeVar("Answer")

_WHOSE = "look whose the folder is, and whether it is mounted read-only"
_ROOM = "make room, and run it again: it goes on from there"
_WHAT_TO_LOOK_AT = {
    errno.EACCES: _WHOSE,
    errno.EPERM: _WHOSE,
    errno.EROFS: _WHOSE,
    errno.ENOSPC: _ROOM,
    errno.EDQUOT: _ROOM,
}
"""What to do where the system refuses a file, by its reason."""

as_json = click.option("--json", "told_as_json", is_flag=True, help="Print the data as JSON.")


def by_whom(help_: str) -> Callable[[Command], Command]:
    """The option for whoever says or decides something: the user's name, if nobody else is named."""
    return click.option("--by", default=_user, required=True, show_default="the user's name", help=help_)


def _user() -> str | None:
    """The name of whoever runs this; None where no user has the number."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return None


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="cdp-assets", prog_name="cdp")
def cdp() -> None:
    """Scattered customer records in, one trusted profile per person out.

    Set CDP_DATA to the data folder, CDP_DEFS to a folder of YAML definitions, CDP_AS_OF to pin the instant that runs
    are about, CDP_ENV=production to really send. In a folder that `cdp init` made, and in those below it, the first
    two are set; anywhere else they are those of the demo, in the folder of the code.
    """


def main() -> None:
    """Entry point of the console script: what a person can mend is told in one line, without a traceback."""
    from cdp_assets.cli_activate import activate
    from cdp_assets.cli_backtest import attributes
    from cdp_assets.cli_deliveries import deliveries
    from cdp_assets.cli_demo import demo
    from cdp_assets.cli_dictionary import dictionary
    from cdp_assets.cli_evaluate import evaluate
    from cdp_assets.cli_explain import explain
    from cdp_assets.cli_identity import identity
    from cdp_assets.cli_plan import plan
    from cdp_assets.cli_quarantine import quarantine
    from cdp_assets.cli_retract import retract, retractions
    from cdp_assets.cli_schema import schema
    from cdp_assets.cli_segments import segments
    from cdp_assets.cli_sources import init, sources
    from cdp_assets.cli_test import test

    for command in (evaluate, retract, retractions):
        identity.add_command(command)
    for command in (
        activate,
        attributes,
        deliveries,
        demo,
        dictionary,
        explain,
        identity,
        init,
        plan,
        quarantine,
        schema,
        segments,
        sources,
        test,
    ):
        cdp.add_command(command)
    try:
        for name, value in project_settings(Path.cwd()).items():
            os.environ.setdefault(name, value)
        cdp(prog_name="cdp")
    except (SettingsError, DamagedFile) as error:
        _fail(str(error))
    except UnusableLedger as error:
        _fail(str(error), code=1)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    except OSError as error:
        if error.filename is None or error.errno not in _WHAT_TO_LOOK_AT:
            raise
        _fail(f"{error.filename}: {error.strerror}; {_WHAT_TO_LOOK_AT[error.errno]}")


@cdp.command(short_help="Refresh everything, deliver, and report.")
@click.option(
    "--force",
    is_flag=True,
    help="Run even if files, definitions, code and as-of are unchanged, and make every table anew.",
)
@click.option(
    "--train",
    is_flag=True,
    help="Learn all models anew, although there are some.",
)
@click.option(
    "--confirm-changes",
    "confirmed",
    metavar="N",
    type=click.IntRange(min=0),
    default=0,
    help="Let this run merge or split up to N known profiles, although that is more than the rules of identity allow.",
)
@as_json
def run(force: bool, train: bool, confirmed: int, told_as_json: bool) -> None:
    """Refresh everything from the landing folders to the outbox, deliver, and report."""
    settings = Settings.from_env()
    done = refresh_and_deliver(settings, force=force, train=train, confirmed=confirmed)
    tell_report(settings, done, told_as_json=told_as_json)


@cdp.command()
@as_json
def status(told_as_json: bool) -> None:
    """Say what the last successful run published."""
    from cdp_assets.presentation.read_deliveries import with_paused
    from cdp_assets.presentation.read_report import read_report, tables
    from cdp_assets.presentation.views import plain
    from cdp_assets.sources.untaken import untaken

    settings = Settings.from_env()
    with open_reader(settings) as reader:
        report, found = read_report(reader), tables(reader)
    deliveries = with_paused(report.deliveries, _paused(settings))
    report = replace(report, deliveries=deliveries, untaken=untaken(settings.defs, settings.landing))
    if told_as_json:
        rows = [{"stage": stage, "table": name, "rows": number} for stage, name, number in found]
        print_json({**plain(report), "tables": rows, "snapshot": str(settings.serving_file)})
    else:
        from cdp_assets.presentation.report import status as status_text

        console_of().print(status_text(report, found, settings.serving_file))


def _paused(settings: Settings) -> list[str]:
    """The destinations that somebody paused. What was published is told also where the ledger is out of reach."""
    from cdp_assets.ledger import destinations

    return _of_ledger(settings, destinations.paused, "which destinations are paused") or []


def _of_ledger(settings: Settings, read: Callable[[Connection], Answer], what: str) -> Answer | None:
    """What the ledger says; null, and said, where it is out of reach."""
    from cdp_assets.ledger import Ledger

    try:
        with Ledger.open(settings.ledger_url, existing=True) as ledger, ledger.reading() as connection:
            return read(connection)
    except (UnusableLedger, DamagedFile) as error:
        click.echo(f"{what} is not known: {error}", err=True)
        return None


@cdp.command(short_help="Show one person: where from, what is known, what happened.")
@click.argument("identifier")
@click.option("--html", "page", type=click.Path(dir_okay=False, path_type=Path), help="Write a page to this file.")
@as_json
def profile(identifier: str, page: Path | None, told_as_json: bool) -> None:
    """Show one person: golden record with provenance, attributes, segments, consents, what destinations were told of
    them or were not, and why; timeline.

    IDENTIFIER is a profile id (an older one too), an e-mail, a phone number, or a number at a source such as a
    customer number, alone or with its source before it (shop:1001).
    """
    from cdp_assets.ledger import history
    from cdp_assets.presentation.read_profile import find, ids_of, read_profile

    settings = Settings.from_env()
    with open_reader(settings) as reader:
        matches = find(reader, identifier)
        if not matches:
            raise click.ClickException(
                f"no profile answers to {identifier!r}; try an e-mail, a phone number with its country code, a "
                "customer number (shop:1001) or a profile id"
            )
        if len(matches) > 1:
            _several(identifier, matches, told_as_json)
            return
        person, ids = read_profile(reader, matches[0]), ids_of(reader, matches[0].profile_id)
    messages = _of_ledger(settings, partial(history.of_profiles, profile_ids=ids), "what destinations were told")
    person = replace(person, messages=None if messages is None else tuple(messages))
    if page:
        from cdp_assets.presentation.profile_page import profile_page

        write(page, profile_page(person))
    if told_as_json:
        from cdp_assets.presentation.views import plain

        print_json(plain(person))
    elif not page:
        from cdp_assets.presentation.profile_text import profile_text

        console_of().print(profile_text(person))


@cdp.command(short_help="Show what was sent, as its receivers see it.")
@click.argument("destination", required=False)
@click.option(
    "--latest",
    type=click.IntRange(min=1),
    default=20,
    show_default=True,
    help="How many messages of a destination to show.",
)
@click.option("--html", "page", type=click.Path(dir_okay=False, path_type=Path), help="Write a page to this file.")
@click.option("--open", "opened", is_flag=True, help="Open the page in a browser.")
@as_json
def inbox(destination: str | None, latest: int, page: Path | None, opened: bool, told_as_json: bool) -> None:
    """Show what was sent, each message as its receiver sees it; all destinations, or one."""
    from cdp_assets.presentation.read_inbox import UnknownDestination, read_inbox

    settings = Settings.from_env()
    try:
        trays = read_inbox(settings.inbox, destination, latest=latest)
    except UnknownDestination as error:
        raise click.ClickException(str(error)) from error
    if opened and not page:
        page = settings.data / "inbox.html"
    if page:
        from cdp_assets.presentation.inbox_page import inbox_page

        write(page, inbox_page(trays, settings.inbox))
    if page and opened:
        import webbrowser

        if not webbrowser.open(page.resolve().as_uri()):
            raise click.ClickException(f"there is no browser here; the page is {page}")
    if told_as_json:
        print_json([{**vars(tray), "messages": [vars(entry) for entry in tray.messages]} for tray in trays])
    elif not page:
        from cdp_assets.presentation import inbox_text

        console_of().print(inbox_text.messages(trays[0]) if destination else inbox_text.overview(trays))


@cdp.command(short_help="Start Dagster's UI on this machine.")
@click.option("--port", type=click.IntRange(1, 65535), default=3000, show_default=True, help="Port on 127.0.0.1.")
def ui(port: int) -> None:
    """Start Dagster's UI with its schedules and sensors on http://127.0.0.1:PORT."""
    from cdp_assets.automation.recovery import settle_dead_runs
    from cdp_assets.automation.refresh import dagster_instance
    from cdp_assets.automation.serving_ui import HOST, UiRefused, check_port, claim

    settings = Settings.from_env()
    try:
        check_port(port)
        with dagster_instance(settings) as instance:
            claim(Path(os.environ["DAGSTER_HOME"]))
            settle_dead_runs(instance)
    except UiRefused as error:
        raise click.ClickException(str(error)) from error
    dagster = Path(sys.executable).with_name("dagster")
    workspace = PROJECT / "workspace.yaml"
    arguments = ["dev", "--workspace", str(workspace), "--host", HOST, "--port", str(port)]
    os.execv(dagster, [str(dagster), *arguments])


def refresh_and_deliver(settings: Settings, *, force: bool, train: bool = False, confirmed: int = 0) -> views.Run:
    """Run the refresh unless nothing is new, then deliver what is due.

    Args:
        settings: Where things lie.
        force: Whether to run although nothing is new, and make every table anew.
        train: Whether to learn the models anew; runs although nothing is new.
        confirmed: How many merges and splits of known profiles are confirmed for this run.

    Raises:
        click.ClickException: if the run did not succeed; readers keep the last good state.
        SettingsError: if the hash key is not the one that there was.
    """
    from cdp_assets.automation import refresh
    from cdp_assets.definition_files import DefinitionError
    from cdp_assets.ledger import Ledger, LedgerBusyError, fingerprints
    from cdp_assets.presentation.progress import follow
    from cdp_assets.presentation.views import Run
    from cdp_assets.warehouse.hash_key import check_key

    console, started = console_of(stderr=True), time.perf_counter()
    as_of = refresh.launch_instant(settings)
    with Ledger.open(settings.ledger_url) as ledger:
        check_key(ledger, settings)
        launched = force or train or not refresh.nothing_new(settings, ledger, as_of)
        run_id = delivery_id = None
        try:
            if launched:
                steps = refresh.run_refresh(settings, as_of=as_of, confirmed=confirmed, anew=force, train=train)
                run_id = follow(console, steps, "Refreshing")
            if _something_is_due(ledger):
                delivery_id = follow(console, refresh.run_activation(settings, as_of=as_of), "Delivering")
        except (DefinitionError, LedgerBusyError) as error:
            raise click.ClickException(str(error)) from error
        except refresh.RunFailed as error:
            raise click.ClickException(f"{error} (readers keep the last good state; `cdp ui` shows the run)") from error
        with ledger.reading() as connection:
            last = fingerprints.last(connection, refresh.FINGERPRINT)
    # A run during which something came is not the last word on what there is, and no fingerprint names it.
    run_id = run_id or (last.run_id if last else None)
    passed, failed = _checks_of(settings, [each for each in (run_id, delivery_id) if each])
    return Run(time.perf_counter() - started, launched, passed, failed, run_id)


def _something_is_due(ledger: Ledger) -> bool:
    """Whether a destination has something to send now."""
    from cdp_assets.activation.clock import wall_clock
    from cdp_assets.ledger import outbox

    with ledger.reading() as connection:
        return bool(outbox.due(connection, wall_clock()))


def _checks_of(settings: Settings, run_ids: Sequence[str]) -> tuple[int, tuple[str, ...]]:
    """How many checks of some runs passed, and which did not."""
    from dagster import DagsterEventType

    from cdp_assets.automation.refresh import dagster_instance, failed_check

    with dagster_instance(settings) as instance:
        kind = DagsterEventType.ASSET_CHECK_EVALUATION
        entries = [entry for run_id in run_ids for entry in instance.all_logs(run_id, of_type=kind)]
    found = [entry.dagster_event.asset_check_evaluation_data for entry in entries if entry.dagster_event]
    failed = sorted(failed_check(each) for each in found if not each.passed)
    return len(found) - len(failed), tuple(failed)


def tell_report(settings: Settings, run: views.Run, *, told_as_json: bool, ui: str | None = None) -> None:
    """Print the report of a run: what the snapshot and the ledger hold, and where there is truth, how it compares.

    It shows one profile to somebody who looks on, and to anybody where people are made up: what is not printed to a
    terminal ends in a log.

    Args:
        settings: Where things lie.
        run: What the run did.
        told_as_json: Whether to print data instead.
        ui: The command that opens the UI; ``cdp ui`` if None.
    """
    from cdp_assets.ledger import Ledger, destinations, history
    from cdp_assets.presentation.read_deliveries import deliveries, with_paused
    from cdp_assets.presentation.read_report import read_report
    from cdp_assets.sources.untaken import untaken

    truth = settings.data / "truth"
    with open_reader(settings) as reader:
        shown = replace(read_report(reader, with_sample=truth.is_dir() or console_of().is_terminal), run=run)
    if truth.is_dir():
        from cdp_assets.presentation.read_truth import couple, identity
        from cdp_assets.presentation.snapshot_tables import snapshot_tables

        with snapshot_tables(settings.serving_file) as tables:
            shown = replace(shown, couple=couple(tables, truth, settings.hash_key), identity=identity(tables, truth))
    with Ledger.open(settings.ledger_url) as ledger, ledger.reading() as connection:
        found = with_paused(deliveries(history.outcomes(connection)), destinations.paused(connection))
    shown = replace(shown, deliveries=found, untaken=untaken(settings.defs, settings.landing))
    if told_as_json:
        from cdp_assets.presentation.views import plain

        print_json(plain(shown))
    else:
        from cdp_assets.presentation.report import report

        console_of().print(report(shown, _next_steps(shown, ui)))


def _next_steps(shown: views.Report, ui: str | None) -> list[tuple[str, str]]:
    """What to type next, with the command as it can be typed here."""
    command = "cdp" if shutil.which("cdp") else os.path.relpath(sys.argv[0])
    steps = [(ui or f"{command} ui", "Dagster's UI")]
    if shown.sample:
        somebody = shown.sample.golden.get("email") or shown.sample.profile_id
        steps.append((f"{command} profile {somebody} --html profile.html", "this profile as a page"))
    if shown.couple and shown.couple.records:
        left, right = shown.couple.records
        steps.append((f"{command} explain {left} {right}", "why the two stayed two"))
    steps.append((f"{command} inbox --html inbox.html", "what was sent"))
    return steps


def _several(identifier: str, matches: list[Any], told_as_json: bool) -> None:
    if told_as_json:
        from cdp_assets.presentation.views import plain

        print_json({"matches": plain(matches)})
    else:
        from cdp_assets.presentation.profile_text import choice

        console_of().print(choice(identifier, matches))


@contextmanager
def open_reader(settings: Settings) -> Iterator[Reader]:
    from cdp_assets.warehouse.serving import NothingServed, Reader

    try:
        with Reader(settings.serving_file) as reader:
            yield reader
    except NothingServed as error:
        raise click.ClickException(str(error)) from error


def console_of(*, stderr: bool = False) -> Console:
    from rich.console import Console

    return Console(stderr=stderr, highlight=False)


def print_json(value: Any) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Say in one line why a file or folder cannot be written."""
    try:
        yield
    except OSError as error:
        raise click.ClickException(f"{path} cannot be written: {error.strerror}") from error


def write(file: Path, content: str | bytes) -> None:
    """Write a file that a command was asked for, and say so."""
    with writing(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
    click.echo(f"written to {file}", err=True)


def _fail(message: str, code: int = 2) -> None:
    click.echo(f"Error: {message}", err=True)
    sys.exit(code)
