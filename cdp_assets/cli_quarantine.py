"""`cdp quarantine`: the rows that were refused, why, and whether they would be now.

Belongs here: arguments and printing. Does not belong here: refusing and retrying (`normalised/`).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from cdp_assets.cli import as_json, console_of, open_reader, print_json, refresh_and_deliver, tell_report
from cdp_assets.settings import Settings

if TYPE_CHECKING:
    from cdp_assets.normalised.retrying import Retried
    from cdp_assets.sources.spec import SourceSpec
    from cdp_assets.warehouse.serving import Reader


@click.group(short_help="See the rows that were refused, and retry them.")
def quarantine() -> None:
    """See the rows that were refused, as they came, and retry them after a fix."""


@quarantine.command(name="list")
@click.argument("stream", required=False, metavar="[SOURCE[.STREAM]]")
@as_json
def list_(stream: str | None, told_as_json: bool) -> None:
    """Say how many rows of which streams were refused, and why."""
    from cdp_assets.presentation.read_quarantine import reasons, rows_and_refused

    with open_reader(Settings.from_env()) as reader:
        found, (total, refused) = reasons(reader, stream), rows_and_refused(reader, stream)
    if not found:
        _refuse_unknown(stream)
    if told_as_json:
        print_json([{**row, "latest": row["latest"].isoformat() if row["latest"] else None} for row in found])
        return
    if not found:
        click.echo("no row is in quarantine")
        return
    from cdp_assets.presentation.terminal import table

    shown = table("stream", "column", "reason", "rows", "files", "latest", numbers=("rows", "files"))
    for row in found:
        latest = f"{row['latest']:%Y-%m-%d}" if row["latest"] else ""
        name = f"{row['source']}.{row['stream']}"
        shown.add_row(name, row["column_name"] or "", row["reason"], f"{row['rows']:,}", str(row["files"]), latest)
    console = console_of()
    console.print(shown)
    passed_over = sum(row["rows"] for row in found) - refused
    more = f", and of {passed_over:,} that were accepted a map makes nothing" if passed_over else ""
    console.print(f"{refused:,} of {total:,} rows were refused{more}; `cdp quarantine show SOURCE.STREAM` shows them")


@quarantine.command()
@click.argument("stream", metavar="SOURCE[.STREAM]")
@click.option("--reason", help="Only rows whose reason contains this.")
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="How many at most.")
@as_json
def show(stream: str, reason: str | None, limit: int, told_as_json: bool) -> None:
    """Show refused rows as they came, with file and row."""
    from cdp_assets.presentation.read_quarantine import refused_rows

    with open_reader(Settings.from_env()) as reader:
        found = refused_rows(reader, stream, reason, limit)
    if not found:
        _refuse_unknown(stream)
    if told_as_json:
        print_json(found)
        return
    for row in found:
        column = f", column {row['column_name']}" if row["column_name"] else ""
        click.echo(f"{row['source_file']}, row {row['source_row']}{column}: {row['reason']}")
        for line in _as_it_came(row["raw"]):
            click.echo(f"    {line}")
    if not found:
        click.echo("no row of it is in quarantine")


@quarantine.command()
@click.argument("stream", required=False, metavar="[SOURCE[.STREAM]]")
@click.option("--dry-run", is_flag=True, help="Only say what would become of them.")
@as_json
def retry(stream: str | None, dry_run: bool, told_as_json: bool) -> None:
    """Read the refused rows again under the definitions as they are now.

    Only they are looked at. If some would be accepted, a run takes them in and refreshes what follows from them.
    """
    settings = Settings.from_env()
    with open_reader(settings) as reader:
        found = _retried(reader, settings, stream)
    if not found:
        _refuse_unknown(stream)
    if told_as_json:
        print_json([_told(each) for each in found])
    else:
        for each in found:
            click.echo(f"{each.source}.{each.stream}: {each.mended:,} of {each.rows:,} would be accepted")
            for (reason, column), rows in sorted(each.reasons.items(), key=lambda item: -item[1]):
                click.echo(f"    still {rows:,}: {reason}{f' ({column})' if column else ''}")
        if not found:
            click.echo("no row is in quarantine")
    if any(each.mended for each in found) and not dry_run:
        done = refresh_and_deliver(settings, force=False)
        if not told_as_json:
            tell_report(settings, done, told_as_json=False)


def _refuse_unknown(stream: str | None) -> None:
    """Refuse a source or stream that no definition has, so that a slip does not look like an empty quarantine."""
    if stream is None:
        return
    from cdp_assets.warehouse.sql_parsing import nearest

    sources = _sources(Settings.from_env())
    streams = [f"{source.name}.{spec.name}" for source in sources for spec in source.streams]
    known = streams if "." in stream else [source.name for source in sources]
    if stream not in known:
        raise click.ClickException(
            f"there is no {'stream' if '.' in stream else 'source'} {stream!r}; {nearest(stream, known)}"
        )


def _sources(settings: Settings) -> Sequence[SourceSpec]:
    """The sources of CDP_DEFS; a mistake in any definition is told with its line."""
    from cdp_assets.catalog import load_catalog
    from cdp_assets.definition_files import DefinitionError

    try:
        return load_catalog(settings.defs).sources
    except DefinitionError as error:
        raise click.ClickException(str(error)) from error


def _as_it_came(raw: str) -> Sequence[str]:
    try:
        values = json.loads(raw)
    except json.JSONDecodeError:
        return [raw]
    return [f"{name}: {value}" for name, value in values.items()] if isinstance(values, dict) else [raw]


def _told(each: Retried) -> dict[str, object]:
    reasons = [{"reason": reason, "column": column, "rows": rows} for (reason, column), rows in each.reasons.items()]
    return {
        "source": each.source,
        "stream": each.stream,
        "rows": each.rows,
        "mended": each.mended,
        "reasons": reasons,
    }


def _retried(reader: Reader, settings: Settings, stream: str | None) -> list[Retried]:
    from cdp_assets.automation.refresh import launch_instant
    from cdp_assets.normalised.retrying import retried
    from cdp_assets.presentation.read_quarantine import raw_of_refused, streams_with_refusals
    from cdp_assets.sources.spec import stream_table
    from cdp_assets.warehouse.duckdb_engine import DuckDBEngine

    sources = _sources(settings)
    wanted, as_of = streams_with_refusals(reader, stream), launch_instant(settings)
    found = []
    for source in sources:
        for spec in source.streams:
            if (source.name, spec.name) in wanted:
                refused = raw_of_refused(reader, stream_table(source, spec), source.name, spec.name)
                engine = DuckDBEngine.in_memory()
                found.append(retried(source, spec, refused, engine=engine, as_of=as_of, hash_key=settings.hash_key))
    return found
