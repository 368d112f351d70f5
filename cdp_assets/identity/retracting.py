"""Which observations a steward means who takes a link back.

Belongs here: from a record and what a person calls its identifier to rows of the ledger. Does not belong here: leaving
them out (`evidence.py`), and keeping them (`ledger/stewardship.py`).
"""

from __future__ import annotations

from typing import Any

from ibis import _

from cdp_assets.identity.evidence import ADDRESS, identifier_id_of
from cdp_assets.identity.published import Published, RecordNotFound, rows_of
from cdp_assets.identity.spec import spoken
from cdp_assets.ledger.stewardship import OBSERVATION, PAIR
from cdp_assets.normalised.identifier_values import email_base


class NothingToRetract(LookupError):
    """The record carries nothing that is called so, or several; the message says what there is, masked."""


def what_to_retract(published: Published, record: int, what: str) -> tuple[list[dict[str, Any]], str]:
    """What `ledger.stewardship.retract` takes, and the evidence in words (masked).

    Args:
        published: Reads the published tables.
        record: record_id.
        what: An identifier type, a value with or without its namespace before it, or another record.

    Raises:
        NothingToRetract: if nothing or too much answers to it.
    """
    carried = rows_of(published.tables("normalised", "identifiers").filter(_.record_id == record))
    if what == ADDRESS:
        return _address(published, record)
    namespace, colon, rest = what.partition(":")
    found = [
        row
        for row in carried
        if what in (row["identifier_type"], row["identifier_value"])
        or (colon and (row["namespace"], row["identifier_value"]) == (namespace, rest))
    ]
    # The mailbox behind an address goes with the address.
    named = [row for row in found if row["identifier_type"] != "email_base"] or found
    if len(named) > 1:
        listed = ", ".join(_words(published, record, row) for row in named)
        raise NothingToRetract(f"{what!r} may be any of {listed}: give the value (or namespace:value)")
    if named:
        [row] = named
        rows = [row]
        if row["identifier_type"] == "email":
            mailbox = email_base(row["identifier_value"]) or row["identifier_value"]
            rows.append({**row, "identifier_type": "email_base", "identifier_value": mailbox})
        taken = [{"kind": OBSERVATION, "record_id": record, "identifier_id": _id(published, row)} for row in rows]
        return taken, f"the {_words(published, record, row)}"
    try:
        other = published.find(what)
    except RecordNotFound:
        other = record
    if other == record:
        listed = ", ".join(_words(published, record, row) for row in carried) or "nothing"
        raise NothingToRetract(f"the record carries no {what!r}, and no other record is called so; it carries {listed}")
    return [{"kind": PAIR, "record_id": record, "other_record_id": other}], "the likeness to that record"


def _address(published: Published, record: int) -> tuple[list[dict[str, Any]], str]:
    ids: set[int] = set()
    for table in ("links", "rejected_links"):
        rows = published.tables("identity", table).filter(
            (_.identifier_type == ADDRESS) & ((_.left_record_id == record) | (_.right_record_id == record))
        )
        ids |= {row["identifier_id"] for row in rows_of(rows.select("identifier_id"))}
    if not ids:
        raise NothingToRetract("the record shares its name and address with nobody: there is nothing to retract")
    taken = [{"kind": OBSERVATION, "record_id": record, "identifier_id": each} for each in sorted(ids)]
    return taken, "the name and address"


def _id(published: Published, row: dict[str, Any]) -> int:
    return identifier_id_of(published.key, row["namespace"], row["identifier_type"], row["identifier_value"])


def _words(published: Published, record: int, row: dict[str, Any]) -> str:
    value = published.value(record, {**row, "identifier_id": _id(published, row)})
    return f"{spoken(row['namespace'], row['identifier_type'])} {value}".strip()
