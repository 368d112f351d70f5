"""`cdp identity retract` and `retractions`: evidence that does not count.

Belongs here: arguments, and which rows of the ledger are meant. Does not belong here: leaving evidence out
(`identity/`), and the other words of stewards (`cli_identity.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cdp_assets.cli import as_json, console_of, open_reader, print_json
from cdp_assets.cli_identity import reading, spoken_fields, tell, word_options
from cdp_assets.settings import Settings

if TYPE_CHECKING:
    from cdp_assets.identity.published import Published, RecordShown
    from cdp_assets.ledger.stewardship import Said


@click.group()
def retract() -> None:
    """Take evidence back: it will count as never given, and what it joined comes apart."""


@retract.command("link")
@click.argument("record")
@click.argument("what")
@word_options
def retract_link(record: str, what: str, why: str, by: str, at_once: bool, told_as_json: bool) -> None:
    """Say that RECORD does not carry an identifier, or is not like another record.

    WHAT is an identifier type that the record carries once (email), a value of it (ann@example.org, shop:1001), or
    another record that it looks like.
    """
    from cdp_assets.identity.published import RecordNotFound
    from cdp_assets.identity.retracting import NothingToRetract, what_to_retract
    from cdp_assets.ledger import stewardship

    settings = Settings.from_env()

    def found(published: Published) -> tuple[RecordShown, list[dict[str, Any]], str]:
        number = published.find(record)
        taken, words = what_to_retract(published, number, what)
        return published.shown([number])[number], taken, words

    try:
        shown, taken, words = reading(settings, found)
    except (RecordNotFound, NothingToRetract) as error:
        raise click.ClickException(str(error)) from error
    said = [_retracted(settings, by, why, **each) for each in taken]
    kept = stewardship.Said(", ".join(each.name for each in said), any(each.new for each in said))
    tell(
        settings, kept, f"{words} of {shown.words} does not count", "its profile will be put together without it",
        {"record_id": str(shown.record_id)}, at_once=at_once, told_as_json=told_as_json,
    )  # fmt: skip


@retract.command("rule")
@click.argument("identifier_type")
@word_options
def retract_rule(identifier_type: str, why: str, by: str, at_once: bool, told_as_json: bool) -> None:
    """Say that no identifier of a type counts (email_base, address …; likeness: what only looks alike)."""
    settings = Settings.from_env()
    with open_reader(settings) as reader:
        kinds = {
            row["identifier_type"]
            for table in ("normalised.identifiers", "identity.links", "identity.rejected_links")
            for row in reader.rows(f"SELECT DISTINCT identifier_type FROM {table}")
        }
    known = sorted((kinds | {"likeness"}) - {"steward"})
    if identifier_type not in known:
        raise click.ClickException(f"there is no identifier type {identifier_type!r}; there are: {', '.join(known)}")
    said = _retracted(settings, by, why, kind="rule", name=identifier_type)
    tell(
        settings, said, f"no {identifier_type} counts", "all profiles will be put together without it",
        {"rule": identifier_type}, at_once=at_once, told_as_json=told_as_json,
    )  # fmt: skip


@retract.command("source")
@click.argument("source")
@word_options
def retract_source(source: str, why: str, by: str, at_once: bool, told_as_json: bool) -> None:
    """Say that nothing a source tells of who is who counts; its records stand alone."""
    settings = Settings.from_env()
    with open_reader(settings) as reader:
        rows = reader.rows("SELECT DISTINCT source FROM normalised.identity_records ORDER BY source")
    known = [row["source"] for row in rows]
    if source not in known:
        raise click.ClickException(f"there is no source {source!r}; there are: {', '.join(known) or 'none'}")
    said = _retracted(settings, by, why, kind="source", name=source)
    tell(
        settings, said, f"what {source} tells of who is who does not count", "its records will stand alone",
        {"source": source}, at_once=at_once, told_as_json=told_as_json,
    )  # fmt: skip


def _retracted(settings: Settings, by: str, why: str, **what: Any) -> Said:
    from cdp_assets.activation.clock import wall_clock
    from cdp_assets.ledger import Ledger, stewardship

    with Ledger.open(settings.ledger_url) as ledger, ledger.transaction() as connection:
        return stewardship.retract(connection, by=by, at=wall_clock(), why=why, **what)


@click.command()
@click.option("--all", "revoked", is_flag=True, help="Also those that were revoked.")
@as_json
def retractions(revoked: bool, told_as_json: bool) -> None:
    """List the evidence that stewards took back: who, when, why."""
    from cdp_assets.ledger import Ledger, stewardship

    with Ledger.open(Settings.from_env().ledger_url, existing=True) as ledger, ledger.reading() as connection:
        found = stewardship.retractions(connection, revoked=revoked)
    rows = [
        {
            "name": each.name,
            "kind": each.kind,
            "subject": each.subject,
            "record_id": None if each.record_id is None else str(each.record_id),
            "other_record_id": None if each.other_record_id is None else str(each.other_record_id),
            "identifier_id": None if each.identifier_id is None else str(each.identifier_id),
            **spoken_fields(each),
        }
        for each in found
    ]
    if told_as_json:
        print_json(rows)
    else:
        from cdp_assets.presentation.review_text import retractions_text

        console_of().print(retractions_text(found))
