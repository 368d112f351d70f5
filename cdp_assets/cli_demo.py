"""`cdp demo`: making the demo company's data, and running everything on it.

Belongs here: the demo's arguments, and not overwriting what is not the demo's. Does not belong here: making the data
(`demo/`), running (`cli.py`, `automation/`).
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cdp_assets.cli import as_json, console_of, print_json, refresh_and_deliver, tell_report
from cdp_assets.settings import Settings

if TYPE_CHECKING:
    from cdp_assets.demo.generator import GeneratedSummary

MARK = "made.json"
"""File in the truth folder that says what the demo's data were made of."""


@click.group()
def demo() -> None:
    """A made-up company to try everything on."""


@demo.command()
@click.option("--people", default=4000, show_default=True, type=click.IntRange(min=20), help="How many people.")
@click.option("--seed", default=7, show_default=True, help="Seed of all chance: the same seed gives the same data.")
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder to write into.")
@as_json
def generate(people: int, seed: int, out: Path, told_as_json: bool) -> None:
    """Write the demo company's exports to OUT/landing, and the truth about them to OUT/truth."""
    made = _generate(people, seed, out, Settings.from_env().as_of)
    if told_as_json:
        rows = {f"{source}.{stream}": number for (source, stream), number in made.rows.items()}
        print_json({"landing": str(made.landing), "rows": rows, "bad_rows": made.bad_rows, "bytes": made.bytes})
    else:
        click.echo(f"{made.total_rows:,} rows in {len(made.files)} files ({made.bytes / 1e6:.0f} MB): {made.landing}")


@demo.command()
@click.option("--people", default=4000, show_default=True, type=click.IntRange(min=20), help="How many people.")
@click.option("--seed", default=7, show_default=True, help="Seed of all chance.")
@as_json
def run(people: int, seed: int, told_as_json: bool) -> None:
    """Make the demo's data if there are none, refresh everything, deliver, and report."""
    from cdp_assets.demo.generator import DEMO_AS_OF

    settings = Settings.from_env()
    as_of = settings.as_of or DEMO_AS_OF
    settings = replace(settings, as_of=as_of)
    if _wanted(people, seed, as_of) != _made(settings.data):
        _generate(people, seed, settings.data, as_of)
    with _receiver(settings.data / "received"):
        done = refresh_and_deliver(settings, force=False)
    tell_report(settings, done, told_as_json=told_as_json, ui="make ui")


def _generate(people: int, seed: int, out: Path, as_of: datetime | None) -> GeneratedSummary:
    """Generate with progress, unless something that is not this demo's lies there.

    Raises:
        click.ClickException: if it does.
    """
    from cdp_assets.demo.generator import DEMO_AS_OF, generate

    wanted, made = _wanted(people, seed, as_of or DEMO_AS_OF), _made(out)
    landing = out / "landing"
    if made is None and landing.is_dir() and any(landing.iterdir()):
        raise click.ClickException(f"{landing} holds files that are not the demo's; choose another folder")
    if made is not None and made != wanted and (out / "ledger.sqlite").exists():
        raise click.ClickException(
            f"{out} holds a demo of {made['people']:,} people with seed {made['seed']} that has been run; "
            "choose another folder (CDP_DATA) or remove it (`make clean`)"
        )
    console = console_of(stderr=True)
    with console.status("Making the demo company's data") as shown:
        summary = generate(
            people,
            seed,
            out,
            as_of or DEMO_AS_OF,
            progress=lambda part: shown.update(f"Making the demo company's data: {part}"),
        )
    (out / "truth" / MARK).write_text(json.dumps(wanted) + "\n", encoding="utf-8")
    return summary


def _wanted(people: int, seed: int, as_of: datetime) -> dict[str, Any]:
    return {"people": people, "seed": seed, "as_of": as_of.isoformat()}


def _made(out: Path) -> dict[str, Any] | None:
    mark = out / "truth" / MARK
    if not mark.exists():
        return None
    found: dict[str, Any] = json.loads(mark.read_text(encoding="utf-8"))
    return found


@contextmanager
def _receiver(out: Path) -> Iterator[None]:
    """A receiver on loopback that the demo's webhooks are signed for and sent to."""
    from cdp_assets.activation.receiver import Receiver

    secret = os.environ.setdefault("CDP_WEBHOOK_SECRET", f"whsec_{secrets.token_hex(24)}")
    with Receiver(secret, out) as receiver:
        os.environ["CDP_MAIL_WEBHOOK_URL"] = f"{receiver.url}/mail"
        os.environ["CDP_CRM_WEBHOOK_URL"] = f"{receiver.url}/crm"
        yield
