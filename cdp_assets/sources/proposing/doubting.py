"""What whoever reads a proposal should look at.

Belongs here: saying what was assumed, left out or not understood, of any kind of rows. Does not belong here: doubts
about one kind of rows, which stand where these are mapped, and about consent (`consent.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from cdp_assets.sources.proposing import consent, headings, phrases
from cdp_assets.sources.proposing.changes import is_log
from cdp_assets.sources.proposing.columns import columns_of
from cdp_assets.sources.proposing.contracting import has_zone, names_in_contract
from cdp_assets.sources.proposing.draft import Draft, some_are_no_addresses
from cdp_assets.sources.proposing.ends import Ends
from cdp_assets.sources.proposing.fitting import is_taken
from cdp_assets.sources.proposing.identifying import PEOPLE
from cdp_assets.sources.proposing.lists import lists_addresses
from cdp_assets.sources.proposing.mapping import deletions
from cdp_assets.sources.proposing.naming import may_name_people
from cdp_assets.sources.proposing.roles import Column, is_unread_time, names_of_companies
from cdp_assets.sources.proposing.sample import Sample
from cdp_assets.sources.proposing.zones import zone_in_heading, zones_in
from cdp_assets.sources.spec import StreamSpec
from cdp_assets.warehouse.sql_parsing import plain_name

_NAMES = frozenset({*phrases.NAMES, "name"})
_SHAREABLE = frozenset({"email", "phone"})
WITHOUT_NAMES = (
    "no column is read as names: all who share an e-mail or a phone with somebody in another file are one person then. "
    "Say below `contacts` which it is (`full_name`, or `given_name` and `family_name`)"
)
"""The doubt of a list of people whom no names tell apart."""

_ABROAD = ("+", "00")
"""What comes before the code of a country."""
_ZONES = 3
"""So many zones are named in a doubt."""


def of_columns(draft: Draft, kind: str | None) -> Iterator[str]:
    """Say what to look at in columns, whatever becomes of them; lists of addresses only where rows are something."""

    def those(which: Callable[[Column], bool]) -> str:
        return ", ".join(draft.names[column.address] for column in draft.columns if which(column))

    if rounded := those(lambda column: "rounded" in column.values.looks):
        yield f"numbers of {rounded} have lost digits (1.23E+15): nothing is known by them"
    if unread := those(lambda column: "masked" in column.values.looks):
        yield f"parts of most texts of {unread} are made unreadable: nobody is told by them"
    if broken := those(some_are_no_addresses):
        yield f"some texts of {broken} are no e-mail addresses: nobody is known by those"
    if secret := those(lambda column: _may_be_secret(column, draft)):
        yield f"{secret} may hold secrets: delete them at the source, or take them out here"
    if in_cents := those(lambda column: column.in_cents):
        yield f"amounts of {in_cents} are in hundredths, as names say: divided by 100"
    if draft.sample.log is None and is_log(draft.sample.columns):
        yield (
            "rows are versions of records: the number within what is after the change has to be the `key`, with "
            "`load: upsert`, when it happened as `updated_at`, and those that take a record away as `deleted`"
        )
    if kind is not None and (lists := those(_lists_addresses)):
        yield f"lists of addresses are not taken: {lists} (`derive` takes one of each)"
    if kind is not None and (firsts := those(lambda column: column.address in draft.sample.firsts)):
        yield f"of the lists in {firsts} the first address or number is taken"


def _may_be_secret(column: Column, draft: Draft) -> bool:
    # A card on which points are collected is no card that pays.
    known = column.role == "postal_code" or (column.role == "loyalty_number" and draft.of("points") is not None)
    return column.values.filled > 0 and headings.is_secret(column.words) and not known


def _lists_addresses(column: Column) -> bool:
    return column.values.type == "json" and column.role is None and lists_addresses(column.words)


def of_times(draft: Draft) -> None:
    """Say which times may be read wrong, and which bear no zone."""
    unclear = [draft.names[column.address] for column in draft.columns if column.values.ambiguous]
    if unclear:
        draft.doubts.append(f"day and month could be the other way round in {', '.join(unclear)}")
    unread = [draft.names[column.address] for column in draft.columns if is_unread_time(column)]
    if unread:
        draft.doubts.append(f"{', '.join(unread)} may hold times, written in no way that is known: none is taken")
    mixed = [draft.names[column.address] for column in draft.columns if len(column.values.formats) > 1]
    if mixed:
        draft.doubts.append(f"dates of {', '.join(mixed)} are written in several ways: look whether all are read right")
    without_zone = [
        draft.names[column.address]
        for column in draft.columns
        if column.values.type == "timestamp"
        and column.role is not None
        and not (headings.is_in_utc(column.words) or has_zone(column, draft.sample))
        and zone_in_heading(column.address) is None
    ]
    if without_zone and draft.zone is None:
        named = "".join(
            f", although {draft.names[each.address]} names {', '.join(zones[:_ZONES])}"
            for each in draft.columns
            if (zones := zones_in(each, draft.sample.columns))
        )
        draft.doubts.append(f"times of {', '.join(without_zone)} bear no zone: UTC is assumed (`zone`){named}")


def of_companies(draft: Draft, stream: dict[str, Any]) -> None:
    """Say which names of people are companies' in some rows, if nothing tells in which."""
    told = {sql for map_ in stream.get("maps", ()) if map_["to"] == "contacts" for sql in map_["set"].values()}
    for column in draft.columns:
        name = draft.names[column.address]
        if column.role in _NAMES and plain_name(name) in told:
            found = names_of_companies(draft.sample.columns[column.address])
            if found:
                draft.doubts.append(
                    f"of the names in {name} {len(found)} are those of companies, and taken for people's"
                )


def of_untaken(known: Mapping[str, Any], spec: StreamSpec, sample: Sample) -> Iterator[str]:
    """Say which columns of a known export may refuse advertising or mark a row as deleted, and its template does not
    take.
    """
    taken = {
        path for column in spec.columns if is_taken(known, column.name) for path in (column.address, *column.others)
    }
    texts = {
        address: values
        for address, values in sample.columns.items()
        if not any(f"{address}.".startswith(f"{path}.") for path in taken)
    }
    draft = Draft(sample, columns_of(texts), names_in_contract(sample))
    yield from consent.unread(draft, taken=False)
    if deleted := ", ".join(draft.names[column.address] for column, _ in deletions(draft)):
        yield f"{deleted} may say that a row is deleted, and the template does not take it"


def of_names(draft: Draft, stream: dict[str, Any], kind: str | None) -> None:
    """Say that people have no names, or which columns may name the people that rows are known by, where no names are
    taken.
    """
    maps = stream.get("maps", ())
    if not stream.get("identifiers") or any(map_["to"] == "contacts" and _NAMES & map_["set"].keys() for map_ in maps):
        return
    known_by = {each["type"] for each in stream["identifiers"]}
    if kind == PEOPLE and len(stream["identifiers"]) > 1 and known_by & _SHAREABLE:
        draft.doubts.append(WITHOUT_NAMES)
    told = {sql for map_ in maps for sql in map_["set"].values()}
    found = [draft.names[each.address] for each in draft.columns if may_name_people(each, draft.columns)]
    if left := [name for name in found if plain_name(name) not in told]:
        draft.doubts.append(
            f"{', '.join(left)} may name people: who shares an address is told apart by no name (`contacts`)"
        )


def of_payers(draft: Draft, stream: dict[str, Any]) -> None:
    """Say which addresses and telephones are those of whoever pays, where people are known by them."""
    known_by = {each["value"] for each in stream.get("identifiers", ())}
    payers = [each for each in draft.columns if each.role in ("email", "phone") and headings.is_of_payers(each.words)]
    if found := [name for each in payers if plain_name(name := draft.names[each.address]) in known_by]:
        draft.doubts.append(f"{', '.join(found)} may be that of whoever pays for the person of the row")


def of_amounts(draft: Draft, stream: dict[str, Any]) -> None:
    """Say that orders have no amount, where neither they nor lines in the same file have one."""
    told = [map_["set"].keys() for map_ in stream.get("maps", ()) if map_["to"] in ("orders", "order_lines")]
    if told and not any(each & {"gross", "amount", "unit_price"} for each in told):
        draft.doubts.append("no column says what orders come to: they have no amount, unless lines elsewhere have")


def of_telephones(draft: Draft) -> None:
    """Say which telephone numbers are of no known country: as they are, nobody is known by them."""
    texts = {draft.names[each.address]: draft.texts(each) for each in draft.all_of("phone") if each.values.filled}
    local = [
        name
        for name, numbers in texts.items()
        if 2 * sum(number.lstrip("'").startswith(_ABROAD) for number in numbers) < len(numbers)
    ]
    country = draft.of("country")
    if local and (country is None or not country.values.filled):
        told = f"numbers of {', '.join(local)} are without the code of a country: nobody is known by them"
        draft.doubts.append(f"{told} unless it is named (`country`, or `--country` when proposing)")


def of_ends(ends: Ends, draft: Draft) -> str:
    """Say how it is told which end of a message or call is the person's."""
    one, other = (draft.names[column.address] for column in (ends.one, ends.other))
    if ends.direction is not None:
        return f"which of {one} and {other} is the person's is told by {draft.names[ends.direction.address]}"
    count = "one address" if len(ends.own) == 1 else f"{len(ends.own)} addresses"
    return f"{one} and {other} go both ways: {count} at either end of nearly all rows are taken for the company's own"
