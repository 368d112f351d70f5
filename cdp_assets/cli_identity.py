"""`cdp identity`: what stewards say about who is one person, and which evidence does not count.

Belongs here: arguments, keeping the words in the ledger, and saying what will follow. Does not belong here: what
follows (`identity/stewardship.py`), and layout (`presentation/`).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cdp_assets.cli import as_json, by_whom, console_of, open_reader, print_json, refresh_and_deliver, tell_report
from cdp_assets.settings import Settings

if TYPE_CHECKING:
    from cdp_assets.identity.published import Published, RecordShown
    from cdp_assets.ledger.stewardship import Said

Command = TypeVar("Command", bound=Callable[..., Any])


def _spoken_not_empty(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    if not value.strip():
        raise click.BadParameter("say why: whoever reads this in a year will ask")
    return value.strip()


def word_options(command: Command) -> Command:
    """The options of every command that says something."""
    for option in (
        click.option("--why", required=True, callback=_spoken_not_empty, help="The reason; kept with the word."),
        by_whom("Who says so."),
        click.option("--run", "at_once", is_flag=True, help="Refresh at once, so that it takes effect."),
        as_json,
    ):
        command = option(command)
    return command


@click.group(short_help="Who is one person: decisions, evidence, and how right it is.")
def identity() -> None:
    """Who is one person: stewards' decisions, and evidence taken back.

    What is said here outranks all evidence, survives full rebuilds, and is undone with `cdp identity revoke`.
    """


@identity.command()
@click.argument("left")
@click.argument("right")
@word_options
def link(left: str, right: str, why: str, by: str, at_once: bool, told_as_json: bool) -> None:
    """Say that two records are one person, whatever the evidence and the limits say.

    LEFT and RIGHT are what `cdp explain` takes: record ids, ids at a source such as crm:0031, or identifiers.
    """
    _decide(left, right, same=True, why=why, by=by, at_once=at_once, told_as_json=told_as_json)


@identity.command()
@click.argument("left")
@click.argument("right")
@word_options
def unlink(left: str, right: str, why: str, by: str, at_once: bool, told_as_json: bool) -> None:
    """Say that two records are different people, whatever ties them.

    LEFT and RIGHT are what `cdp explain` takes.
    """
    _decide(left, right, same=False, why=why, by=by, at_once=at_once, told_as_json=told_as_json)


def _decide(left: str, right: str, *, same: bool, why: str, by: str, at_once: bool, told_as_json: bool) -> None:
    from cdp_assets.activation.clock import wall_clock
    from cdp_assets.ledger import Ledger, stewardship

    settings = Settings.from_env()
    one, two = _records(settings, left, right)
    with Ledger.open(settings.ledger_url) as ledger:
        try:
            with ledger.transaction() as connection:
                said = stewardship.decide(
                    connection, one.record_id, two.record_id, same=same, by=by, at=wall_clock(), why=why
                )
        except stewardship.Contradiction as error:
            raise click.ClickException(str(error)) from error
    tell(
        settings,
        said,
        f"{one.words} and {two.words} {'are one person' if same else 'are different people'}",
        _outlook(one, two, same=same),
        {"left_record_id": str(one.record_id), "right_record_id": str(two.record_id), "same": same},
        at_once=at_once,
        told_as_json=told_as_json,
    )


def _outlook(one: RecordShown, two: RecordShown, *, same: bool) -> str:
    together = bool(set(one.profiles) & set(two.profiles))
    if same:
        return "they are one profile already, and will stay one" if together else "they will be one profile"
    return "their profile will be split" if together else "they are two profiles already, and will stay two"


@identity.command()
@by_whom("Who decides.")
@click.option("--why", default="reviewed", show_default=True, help="The reason kept with each decision.")
@click.option("--run", "at_once", is_flag=True, help="Refresh afterwards, so that the decisions take effect.")
def review(by: str, why: str, at_once: bool) -> None:
    """Decide pairs that may be one person: y (one person), n (two people), s (skip), q (quit).

    Shows values unmasked, since deciding needs them; nothing of them is logged.
    """
    from cdp_assets.activation.clock import wall_clock
    from cdp_assets.ledger import Ledger, stewardship
    from cdp_assets.presentation.read_review import read_review
    from cdp_assets.presentation.review_text import candidate_text

    settings, console = Settings.from_env(), console_of()
    counted = {"y": 0, "n": 0, "s": 0}
    with open_reader(settings) as reader, Ledger.open(settings.ledger_url) as ledger:
        with ledger.reading() as connection:
            known = {(word.left_record_id, word.right_record_id) for word in stewardship.decisions(connection)}
        waiting = [pair for pair in read_review(reader) if pair.records not in known]
        for position, candidate in enumerate(waiting, start=1):
            console.print(candidate_text(candidate, position, len(waiting)))
            answer = _answer()
            if answer == "q":
                break
            counted[answer] += 1
            if answer == "s":
                continue
            try:
                with ledger.transaction() as connection:
                    left, right = candidate.records
                    said = stewardship.decide(
                        connection, left, right, same=answer == "y", by=by, at=wall_clock(), why=why
                    )
                click.echo(f"{said.name}: kept")
            except stewardship.Contradiction as error:
                click.echo(f"not kept: {error}", err=True)
    if not waiting:
        click.echo("Nothing waits for a decision.")
        return
    click.echo(f"{counted['y']} joined, {counted['n']} parted, {counted['s']} skipped; {_NEXT}")
    if at_once:
        tell_report(settings, refresh_and_deliver(settings, force=False), told_as_json=False)


def _answer() -> str:
    """One of y, n, s, q: a key where there is a terminal, a line otherwise; the end of input quits."""
    while True:
        click.echo("One person? [y]es  [n]o  [s]kip  [q]uit  ", nl=False)
        if sys.stdin.isatty():
            key = click.getchar()
            click.echo(key if key.isprintable() else "")
        else:
            key = sys.stdin.readline() or "q"
            click.echo()
        answer = key.strip().lower()[:1]
        if answer in ("y", "n", "s", "q"):
            return answer


@identity.command()
@click.option("--all", "revoked", is_flag=True, help="Also those that were revoked.")
@as_json
def decisions(revoked: bool, told_as_json: bool) -> None:
    """List what stewards decided: who, when, why."""
    from cdp_assets.ledger import Ledger, stewardship

    with Ledger.open(Settings.from_env().ledger_url, existing=True) as ledger, ledger.reading() as connection:
        found = stewardship.decisions(connection, revoked=revoked)
    rows = [
        {
            "name": each.name,
            "same": each.same,
            "left_record_id": str(each.left_record_id),
            "right_record_id": str(each.right_record_id),
            **spoken_fields(each),
        }
        for each in found
    ]
    if told_as_json:
        print_json(rows)
    else:
        from cdp_assets.presentation.review_text import decisions_text

        console_of().print(decisions_text(found))


def spoken_fields(word: Any) -> dict[str, Any]:
    return {
        "by": word.decided_by,
        "at": word.decided_at.isoformat(),
        "why": word.why,
        "revoked_by": word.revoked_by,
        "revoked_at": word.revoked_at.isoformat() if word.revoked_at else None,
        "revoked_why": word.revoked_why,
    }


@identity.command()
@click.argument("name")
@word_options
def revoke(name: str, why: str, by: str, at_once: bool, told_as_json: bool) -> None:
    """Undo a decision (d3) or a retraction (r2): what was before is restored. It stays on the list, as revoked."""
    from cdp_assets.activation.clock import wall_clock
    from cdp_assets.ledger import Ledger, stewardship

    settings = Settings.from_env()
    with Ledger.open(settings.ledger_url, existing=True) as ledger:
        try:
            with ledger.transaction() as connection:
                stewardship.revoke(connection, name, by=by, at=wall_clock(), why=why)
        except stewardship.UnknownWord as error:
            raise click.ClickException(str(error)) from error
    said = stewardship.Said(name if name[:1] in "dr" else f"d{name}", new=True)
    outlook = "profiles will be as the evidence and the other words say"
    tell(settings, said, "revoked", outlook, {"revoked": True}, at_once=at_once, told_as_json=told_as_json, final=True)


def _records(settings: Settings, left: str, right: str) -> tuple[RecordShown, RecordShown]:
    from cdp_assets.identity.published import RecordNotFound

    def both(published: Published) -> tuple[RecordShown, RecordShown]:
        one, two = published.find(left), published.find(right)
        if one == two:
            raise RecordNotFound(f"{left!r} and {right!r} are the same record; `cdp profile` lists a person's records")
        shown = published.shown([one, two])
        return shown[one], shown[two]

    try:
        return reading(settings, both)
    except RecordNotFound as error:
        raise click.ClickException(str(error)) from error


Found = TypeVar("Found")


def reading(settings: Settings, question: Callable[[Published], Found]) -> Found:
    """Ask something of the serving snapshot."""
    from cdp_assets.identity.published import Published
    from cdp_assets.presentation.snapshot_tables import snapshot_tables
    from cdp_assets.warehouse.serving import NothingServed

    try:
        with snapshot_tables(settings.serving_file) as tables:
            return question(Published(tables, settings.hash_key))
    except NothingServed as error:
        raise click.ClickException(str(error)) from error


_NEXT = "this takes effect with the next run (`cdp run`)"


def tell(
    settings: Settings,
    said: Said,
    what: str,
    outlook: str,
    data: dict[str, Any],
    *,
    at_once: bool,
    told_as_json: bool,
    final: bool = False,
) -> None:
    """Say what was kept and what will follow, and let it follow if that is wanted; what is final cannot be revoked."""
    if told_as_json:
        print_json({"name": said.name, "new": said.new, **data, "outlook": outlook})
    else:
        click.echo(f"{said.name}: {what}{'' if said.new else ' (said before, and still holds)'}.")
        undo = "" if final else f" Undo: cdp identity revoke {said.name.split(', ')[0]} --why …"
        click.echo(f"With the next run {outlook}.{undo}")
    if at_once:
        done = refresh_and_deliver(settings, force=False)
        if not told_as_json:
            tell_report(settings, done, told_as_json=False)
    elif not told_as_json:
        click.echo(_NEXT[0].upper() + _NEXT[1:] + ".")
