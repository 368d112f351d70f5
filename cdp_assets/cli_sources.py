"""`cdp sources` and `cdp init`: from a folder of files to profiles without an editor.

Belongs here: arguments, and where files are put. Does not belong here: what is proposed (`sources/proposing/`).
"""

from __future__ import annotations

import filecmp
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cdp_assets.cli import as_json, console_of, open_reader, print_json, writing
from cdp_assets.settings import PROJECT_FILE, Settings

if TYPE_CHECKING:
    from cdp_assets.sources.proposing.propose import Proposal

_README = """\
# A customer data platform

`{file}` says where this project's definitions and data lie; run `cdp` in this folder.

    cdp sources propose FILES…   # describe files that systems exported: look at defs/sources/ afterwards
    cdp run                      # files in, profiles, segments and an outbox out (nothing leaves the machine)
    cdp ui                       # Dagster's UI
    cdp profile EMAIL            # one person

What the YAML may say: docs/sources.md of cdp-assets. Keep data/hash.key and data/ledger.sqlite.
"""


@click.command(short_help="Start a project folder of your own.")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--currency", default="EUR", show_default=True, help="ISO 4217 code that amounts are reported in.")
def init(folder: Path, currency: str) -> None:
    """Start a project folder of your own: definitions, data, and a README."""
    _refuse_unknown(None, None, currency)
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
        raise click.ClickException(f"{folder} is there already and not empty; name a new folder")
    reporting = f"type: cdp_assets.normalised.component.Reporting\nattributes:\n  currency: {currency}\n"
    with writing(folder):
        for name, content in {
            PROJECT_FILE: "CDP_DEFS=defs\nCDP_DATA=data\n",
            "README.md": _README.format(file=PROJECT_FILE),
            ".gitignore": "data/\n",
            "defs/normalised/defs.yaml": reporting,
        }.items():
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content, encoding="utf-8")
        (folder / "data" / "landing").mkdir(parents=True)
    click.echo(f"{folder} is ready. Next: cd {folder} && cdp sources propose FILES… && cdp run")


@click.group(short_help="Describe files, and see what the sources deliver.")
def sources() -> None:
    """Describe files that nobody has described, and see what the sources deliver."""


@sources.command()
@click.argument("paths", metavar="FILES…", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--name", help="The source's name, if the files are of one system (default: that of their folder).")
@click.option("--country", help="ISO 3166-1 alpha-2 country of phone numbers without a country code.")
@click.option("--zone", help="IANA time zone of times that bear none, such as Europe/Berlin (default: UTC).")
@click.option("--currency", help="ISO 4217 code of amounts without one (default: the one that is reported in).")
@click.option("--no-templates", is_flag=True, help="Do not tell known exports by their columns.")
@click.option("--print", "only_print", is_flag=True, help="Print the definition; write and copy nothing.")
@click.option("--force", is_flag=True, help="Replace a definition of that name.")
@as_json
def propose(
    paths: Sequence[Path],
    name: str | None,
    country: str | None,
    zone: str | None,
    currency: str | None,
    no_templates: bool,
    only_print: bool,
    force: bool,
    told_as_json: bool,
) -> None:
    """Read samples of unknown files, and write a definition that works as it is.

    Told are format, delimiter, encoding, types, key, times, identifiers, and the tables that the rows feed. What is
    unsure stands in the definition as comments. Files that number people and orders in different ways become sources of
    their own, and so do those of different folders, unless --name says that they are of one system. Files from
    elsewhere are copied into the landing folder. A folder stands for the files in it, and not for those of folders in
    it.
    """
    from cdp_assets.sources.proposing.propose import propose as propose_for
    from cdp_assets.sources.proposing.propose import stream_name
    from cdp_assets.sources.proposing.writing import definitions
    from cdp_assets.sources.validation import name_fault

    _refuse_unknown(country, zone, currency)
    if name is not None and (fault := name_fault(name, "a source")):
        raise click.ClickException(f"--name: {fault}")
    settings = Settings.from_env()
    if not only_print and not os.environ.get("CDP_DEFS"):
        raise click.ClickException(
            f"this is no project, and {settings.defs} holds the definitions of the demo; start one with "
            "`cdp init DIR` and go there (or set CDP_DEFS, or look first with --print)"
        )
    files_of: dict[str, list[Path]] = {}
    for file in _files_of(paths):
        files_of.setdefault(name or _source_name(file, settings.landing, stream_name), []).append(file)
    targets = {source: settings.defs / "sources" / source / "defs.yaml" for source in files_of}
    for target in targets.values():
        if target.exists() and not force and not only_print:
            raise click.ClickException(f"{target} is there already; give another --name, or --force to replace it")
    look = partial(
        propose_for,
        templates=not no_templates,
        currency=currency or _reporting_currency(settings.defs),
        currency_said=currency is not None,
        zone=zone,
        country=country,
    )
    found = {source: _systems(files, source, look, one=name is not None) for source, files in files_of.items()}
    found = {source: systems for source, systems in found.items() if systems}
    if not found:
        raise click.ClickException("nothing can be said of any of the files")
    told, texts = [], []
    for source, systems in found.items():
        by_source = {
            each: [(one, [_landed(path, settings.landing, source) for path in paths]) for one, paths in streams]
            for each, streams in systems.items()
        }
        texts.append(definitions(by_source, country))
        if not only_print:
            for path in (path for streams in systems.values() for _, paths in streams for path in paths):
                _bring(path, settings.landing, source)
            _write_checked(settings.defs, targets[source], texts[-1])
        told.append(
            {
                "source": source,
                "file": None if only_print else str(targets[source]),
                "streams": [_told(each, one) for each, streams in systems.items() for one, _ in streams],
            }
        )
    if told_as_json:
        print_json(told[0] if len(told) == 1 else told)
    elif only_print:
        click.echo("---\n".join(texts), nl=False)
    else:
        _tell({targets[source]: systems for source, systems in found.items()})


@sources.command()
@as_json
def audit(told_as_json: bool) -> None:
    """Say what the sources deliver: rows, span, freshness, whom they share and by what, what is theirs alone."""
    from cdp_assets.automation.refresh import launch_instant
    from cdp_assets.presentation.audit_text import audit_text
    from cdp_assets.presentation.read_audit import read_audit
    from cdp_assets.presentation.views import plain
    from cdp_assets.sources.untaken import untaken

    settings = Settings.from_env()
    with open_reader(settings) as reader:
        found = replace(read_audit(reader), untaken=untaken(settings.defs, settings.landing))
    if told_as_json:
        print_json(plain(found))
    else:
        console_of().print(audit_text(found, launch_instant(settings)))


@sources.command()
@click.argument("loads", nargs=-1, required=True, metavar="LOAD_ID…")
def forget(loads: Sequence[str]) -> None:
    """Give up the rows of deliveries that can be taken from nowhere any more.

    A run that misses rows which were loaded once stops, and names the delivery. Whatever is still in the warehouse, in
    the landing folder or among the deliveries that are kept is not forgotten by this.
    """
    from cdp_assets.ledger import Ledger
    from cdp_assets.ledger import loads as manifest

    ledger = Ledger.open(Settings.from_env().ledger_url, existing=True)
    try:
        with ledger.transaction() as connection:
            known = {load.load_id: load for load in manifest.everything(connection)}
            if unknown := [load for load in loads if load not in known]:
                raise click.ClickException(f"no delivery is called {', '.join(unknown)}; a run's checks name the lost")
            manifest.forget(connection, list(loads))
    finally:
        ledger.close()
    for load in loads:
        click.echo(f"forgotten: {known[load].file}, {known[load].rows:,} rows; now run `cdp run`")


def _refuse_unknown(country: str | None, zone: str | None, currency: str | None) -> None:
    """Refuse codes that no definition could have, before anything is read."""
    from cdp_assets.canonical.currencies import CODES
    from cdp_assets.canonical.zones import zone_fault
    from cdp_assets.sources.validation import country_fault

    if country is not None and (fault := country_fault(country)):
        raise click.ClickException(f"--country: {fault}")
    if currency is not None and currency not in CODES:
        raise click.ClickException(f"--currency {currency} is no code of ISO 4217; write 3 capitals such as EUR")
    if zone is not None and (fault := zone_fault(zone)):
        raise click.ClickException(f"--zone: {fault}")


def _files_of(paths: Sequence[Path]) -> Iterator[Path]:
    """Files as they are, and those that lie in folders, by name; of folders in these it says that they are left out."""
    for path in paths:
        if path.is_file():
            yield path
            continue
        inside = sorted(each for each in path.iterdir() if not each.name.startswith("."))
        files = [each for each in inside if each.is_file()]
        named = {each.resolve() for each in paths}
        for folder in inside:
            if folder.is_dir() and folder.resolve() not in named:
                click.echo(f"left out: {folder} is a folder in a folder; name it to have its files described", err=True)
        if not files:
            raise click.ClickException(f"there is no file in {path}; name a folder that holds what was exported")
        yield from files


def _systems(
    files: Sequence[Path], source: str, look: Callable[..., Proposal], *, one: bool
) -> dict[str, list[tuple[Proposal, list[Path]]]]:
    """What is proposed for files of a folder: a source's name → its streams, each with its files.

    Args:
        files: The files.
        source: Name of the source, or of the first of several.
        look: Looks into one file.
        one: Whether somebody has said that it is one system.

    Returns:
        Nothing if nothing can be said of any of them.
    """
    from cdp_assets.sources.proposing.joining import joined
    from cdp_assets.sources.proposing.numberings import keep_apart
    from cdp_assets.sources.proposing.order_heads import told_once
    from cdp_assets.sources.proposing.propose import of_one_object_each
    from cdp_assets.sources.proposing.sample import UnreadableSampleError
    from cdp_assets.sources.proposing.systems import systems, together

    found: list[Proposal] = []
    for file, *more in of_one_object_each(files):
        try:
            found.append(look(file, source, more=more))
        except UnreadableSampleError as error:
            click.echo(f"left out: {error}", err=True)
    if not found:
        return {}
    numbers = joined(found)
    found = [
        look(each.path, source, more=each.more, joined=numbers[id(each)]) if id(each) in numbers else each
        for each in found
    ]
    paths_of = {id(proposal): paths for proposal, paths in together(found)}
    grouped = _named(source, systems([each for each in found if id(each) in paths_of], one=one))
    for each, group in grouped.items():
        keep_apart(each, group)
        told_once(group)
    return {each: [(proposal, paths_of[id(proposal)]) for proposal in group] for each, group in grouped.items()}


def _source_name(file: Path, landing: Path, plain: Callable[[Path], str]) -> str:
    folder = file.resolve().parent
    below = folder.relative_to(landing).parts if folder.is_relative_to(landing) else ()
    return plain(Path(below[0] if below else folder.name)) or "files"


def _reporting_currency(defs: Path) -> str:
    """The currency that amounts are reported in, which is the likeliest one of amounts that name none."""
    from cdp_assets.catalog import load_catalog
    from cdp_assets.definition_files import DefinitionError

    try:
        return load_catalog(defs).reporting.currency
    except DefinitionError as error:
        raise click.ClickException(f"mend the definitions that are there first:\n{error}") from error


def _landed(path: Path, landing: Path, source: str) -> Path:
    """Where a file lies below the landing folder, or will."""
    file = path.resolve()
    return file.relative_to(landing) if file.is_relative_to(landing) else Path(source) / path.name


def _bring(path: Path, landing: Path, source: str) -> None:
    target = landing / _landed(path, landing, source)
    if target.resolve() == path.resolve():
        return
    if target.exists() and filecmp.cmp(target, path, shallow=False):
        return
    if target.exists():
        raise click.ClickException(f"{target} is there already; rename {path.name}")
    target.parent.mkdir(parents=True, exist_ok=True)
    # Under another name first: a run that begins now must not take half of it.
    part = target.with_name(f".{target.name}.part")
    shutil.copyfile(path, part)
    os.replace(part, target)


def _write_checked(defs: Path, target: Path, text: str) -> None:
    """Write a definition if everything loads with it; otherwise what was there stays."""
    from cdp_assets.catalog import load_catalog
    from cdp_assets.definition_files import DefinitionError

    before = target.read_text(encoding="utf-8") if target.exists() else None
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")
    try:
        load_catalog(defs)
    except DefinitionError as error:
        if before is None:
            target.unlink()
        else:
            target.write_text(before, encoding="utf-8")
        raise click.ClickException(f"the definitions do not load together, so it was not written:\n{error}") from error


def _named(source: str, groups: Sequence[Sequence[Proposal]]) -> dict[str, Sequence[Proposal]]:
    """Systems by name: the first has the one that was given or found, the others bear that of their system or file."""
    from cdp_assets.sources import template

    named: dict[str, Sequence[Proposal]] = {}
    for group in groups:
        name = source
        if named:
            first = group[0]
            own = template.find(first.template).system if first.template else first.stream["name"]
            name = f"{source}_{re.sub(r'[^a-z0-9]+', '_', own.lower()).strip('_')}"
        while name in named:
            name += "_too"
        named[name] = group
    return named


def _told(source: str, proposal: Proposal) -> dict[str, object]:
    return {
        "source": source,
        "name": proposal.stream["name"],
        "file": str(proposal.path),
        "template": proposal.template,
        "rows_are": proposal.kind,
        "key": proposal.stream.get("key", []),
        "feeds": sorted({map_["to"] for map_ in proposal.stream.get("maps", ())}),
        "doubts": list(proposal.doubts),
    }


def _tell(written: Mapping[Path, Mapping[str, Sequence[tuple[Proposal, Sequence[Path]]]]]) -> None:
    """Show what was proposed: the file it was written to → its sources → their streams."""
    from cdp_assets.presentation.terminal import table
    from cdp_assets.sources.proposing.consent import MAY_SAY_WHO_WANTS_IT
    from cdp_assets.sources.proposing.doubting import WITHOUT_NAMES

    shown = table("source", "stream", "is", "key", "feeds", "to look at", numbers=("to look at",))
    for source, streams in (each for sources in written.values() for each in sources.items()):
        for proposal, _ in streams:
            told = _told(source, proposal)
            shown.add_row(
                source,
                str(told["name"]),
                f"template {proposal.template}" if proposal.template else proposal.kind or "unknown",
                ", ".join(proposal.stream.get("key", [])),
                ", ".join(told["feeds"]),  # type: ignore[arg-type]
                str(len(proposal.doubts)),
            )
    console = console_of()
    console.print(shown)
    for target, sources in written.items():
        if len(sources) > 1:
            console.print(f"{len(sources)} sources: their files number people and orders in different ways")
        console.print(f"written to {target}; what it was unsure of stands there as comments")
        for proposal, _ in (each for streams in sources.values() for each in streams):
            for doubt in proposal.doubts:
                if doubt == WITHOUT_NAMES or doubt.endswith(MAY_SAY_WHO_WANTS_IT):
                    console.print(f"look at {proposal.stream['name']} first: {doubt}")
