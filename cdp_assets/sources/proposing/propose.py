"""A working definition for files that nobody has described.

Belongs here: putting the parts together, and leaving out what would not load. Does not belong here: reading
(`sample.py`), judging (`values.py`, `roles.py`, `kinds.py`), mapping (`mapping.py`), and the text (`writing.py`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from cdp_assets.sources import template
from cdp_assets.sources.proposing import consent, headings, phrases
from cdp_assets.sources.proposing.cents import in_hundredths
from cdp_assets.sources.proposing.changes import Log, is_log
from cdp_assets.sources.proposing.columns import columns_of
from cdp_assets.sources.proposing.countries import writes_day_first
from cdp_assets.sources.proposing.draft import Draft, some_are_no_addresses
from cdp_assets.sources.proposing.ends import Ends, counterpart, ends_of, names_of_others, with_names
from cdp_assets.sources.proposing.engagements import with_known_actions
from cdp_assets.sources.proposing.file_names import file_words
from cdp_assets.sources.proposing.fitting import fit, fit_template, is_taken
from cdp_assets.sources.proposing.identifying import PEOPLE
from cdp_assets.sources.proposing.kinds import kind_of
from cdp_assets.sources.proposing.lists import lists_addresses
from cdp_assets.sources.proposing.mapping import deletions, stream_of
from cdp_assets.sources.proposing.naming import may_name_people, named_alike
from cdp_assets.sources.proposing.nested import of_one_person
from cdp_assets.sources.proposing.own_columns import with_own_columns
from cdp_assets.sources.proposing.postal import of_a_delivery, of_one_address
from cdp_assets.sources.proposing.roles import Column, is_unread_time, names_of_companies
from cdp_assets.sources.proposing.sample import Sample, UnreadableSampleError, read
from cdp_assets.sources.proposing.signing import with_words_of_signing
from cdp_assets.sources.proposing.values import judge
from cdp_assets.sources.proposing.whose import own
from cdp_assets.sources.proposing.wrapping import unwrapped
from cdp_assets.sources.proposing.zones import SOLD_OR_SAID, zone_of_rows, zones_in
from cdp_assets.sources.spec import (
    GLOBAL,
    GLOBAL_TYPES,
    ColumnSpec,
    ContractSpec,
    IdentifierSpec,
    MapSpec,
    SourceSpec,
    StreamSpec,
    first_path,
)
from cdp_assets.sources.validation import is_reserved, problems
from cdp_assets.warehouse.sql_parsing import plain_name

_OF_PARTS = ("columns", "contract", "derive", "identifiers", "maps")
_NAMES = frozenset({*phrases.NAMES, "name"})
_SHAREABLE = frozenset({"email", "phone"})
WITHOUT_NAMES = (
    "no column is read as names: all who share an e-mail or a phone with somebody in another file are one person then. "
    "Say below `contacts` which it is (`full_name`, or `given_name` and `family_name`)"
)
"""The doubt of a list of people whom no names tell apart."""

_ABROAD = ("+", "00")
"""What comes before the code of a country."""
_ENOUGH_OF_ONE, _MOST_OF_ONE = 6, 0.6
"""So many columns that only one system has, and so large a part of them, tell a row of it."""
_ZONES = 3
"""So many zones are named in a doubt."""
_TIMES_ALL_FILLED = frozenset({"event_time", "updated_at"})


@dataclass
class Proposal:
    """What is proposed for one file.

    Args:
        path: The file.
        stream: The fields of a stream, as in YAML; ``files`` is left to whoever knows where the file will lie.
        kind: What its rows are, or None if nothing fits.
        template: The template it follows, if it is a known export.
        doubts: What to look at.
        sample: Some rows of the file, which nobody is shown.
        more: Further files that are parts of it.
        columns: Its columns with their roles; none if it follows a template.
    """

    path: Path
    stream: dict[str, Any]
    kind: str | None
    template: str | None
    doubts: tuple[str, ...]
    sample: Sample = field(repr=False)
    more: tuple[Path, ...] = ()
    columns: tuple[Column, ...] = field(default=(), repr=False)

    @property
    def whole_stream(self) -> Mapping[str, Any]:
        """The fields of the stream with those of its template, if it follows one."""
        known = template.find(self.template).stream if self.template is not None else {}
        return {**known, **self.stream}

    @property
    def paths(self) -> tuple[Path, ...]:
        return self.path, *self.more


def propose(
    path: Path,
    source: str,
    *,
    templates: bool = True,
    currency: str = "EUR",
    currency_said: bool = False,
    zone: str | None = None,
    country: str | None = None,
    more: Sequence[Path] = (),
    joined: Mapping[str, str] | None = None,
) -> Proposal:
    """Look into a file, and propose a stream for it.

    Args:
        path: The file.
        more: Further files of one object each, as it is one itself (`of_one_object_each`).
        source: Name of the source it will belong to.
        templates: Whether a known export may be told by its columns.
        currency: ISO 4217 code to assume for amounts without one.
        currency_said: Whether somebody said so of these files, and it is no mere default.
        zone: IANA zone of times that bear none; UTC is assumed, and said, if it is not known.
        country: ISO 3166-1 alpha-2 code of the country of phone numbers whose row names none, if it is known. It, or
            else that of the zone, says whether day or month comes first where a date could be read either way.
        joined: Columns by which it fits other files: address → type of identifier (`joining.py`).

    Raises:
        UnreadableSampleError: if nothing can be said of it.
    """
    sample = read(path)
    if more:
        sample = sample.joined([read(each) for each in more])
    name = stream_name(path)
    day_first = writes_day_first(country, zone)
    if day_first is None and sample.delimiter == ";":
        day_first = True  # nobody who writes the month first separates with semicolons
    if templates and (found := _known(sample)) is not None:
        known = template.find(found)
        plain = known.stream
        stream: dict[str, Any] = {"name": name, "template": found, "files": ""} | sample.layout(plain)
        if zone is not None and "zone" not in plain:
            stream["zone"] = zone
        doubts = [f"it has the columns of {known.system}'s export; look up what that template assumes"]
        fields = {**plain, **stream}
        spec = spec_of(fields, source)
        columns_, misfitting = fit_template(spec, sample, day_first)
        if known.own_columns is not None:
            judged = columns_of(sample.columns, day_first=day_first)
            further, of_advertising = with_own_columns(known, spec, sample, judged, _names(sample))
            fields = template.laid_over(fields, further)
            columns_ |= further.pop("columns", {})
            stream |= further
            doubts += of_advertising
        misfitting += _doubts_of_untaken(fields, spec_of(fields, source), sample)
        if columns_:
            stream["columns"] = columns_
        return Proposal(path, stream, None, found, (*sample.doubts, *doubts, *misfitting), sample, tuple(more))
    sample = sample.of_table().with_first_items()
    columns = columns_of(sample.columns, day_first=day_first)
    columns = with_words_of_signing(columns, sample.columns, sample.named)
    columns = with_known_actions(columns, sample.columns, sample.named)
    if sample.log is not None:
        columns = _of_the_log(columns, sample.log)
    columns = [_of_a_list(each) if each.address in sample.firsts else each for each in columns]
    columns = [_with_a_shared_number(each, joined or {}) for each in columns]
    columns, texts, ends = _with_one_end(columns, sample)
    columns, others = of_one_person(columns, texts)
    for look in (named_alike, own):
        columns, told = look(columns, texts)
        others += told
    columns, of_a_parcel = of_a_delivery(columns)
    columns, of_other_addresses = of_one_address(columns)
    kind = kind_of(columns, sample.named)
    of_rows = None
    if zone is None and kind in SOLD_OR_SAID and (of_rows := zone_of_rows(columns, sample.columns)) is not None:
        zone = of_rows[1]
        columns = [replace(each, role=None) if each is of_rows[0] else each for each in columns]
    columns, maybe_cents = in_hundredths(columns, sample.columns) if sample.format != "csv" else (columns, [])
    draft = Draft(
        sample,
        columns,
        _names(sample),
        doubts=list(sample.doubts),
        currency=currency,
        currency_said=currency_said,
        zone=zone,
        ends=ends,
        joined=joined or {},
    )
    if of_rows is not None:
        draft.doubts.append(
            f"times are taken to be in {of_rows[1]}, as {draft.names[of_rows[0].address]} says (`zone`)"
        )
    if joined:
        numbers = " and ".join(draft.names[address] for address in joined)
        draft.doubts.append(f"{numbers} holds numbers that other files have too: rows are known by them")
    if maybe_cents and kind is not None:
        whole = ", ".join(draft.names[column.address] for column in maybe_cents)
        draft.doubts.append(f"all amounts are whole ({whole}): look whether they are in hundredths, and divide if so")
    if ends is not None:
        draft.doubts.append(_told_of(ends, draft))
    if kind is not None:
        draft.doubts += [f"{draft.names[address]} {why}: nobody is known by it" for address, why in others]
    if of_a_parcel:
        elsewhere = ", ".join(draft.names[column.address] for column in of_a_parcel)
        draft.doubts.append(f"{elsewhere} tell where something was sent, maybe to somebody else: no address is taken")
    if of_other_addresses:
        elsewhere = ", ".join(draft.names[column.address] for column in of_other_addresses)
        draft.doubts.append(f"of several addresses one is taken, without {elsewhere}")
    draft.doubts += _doubts_of_columns(draft, kind)
    stream = stream_of(draft, kind, name)
    stream["columns"] = _contract(draft, stream)
    if kind is None:
        draft.doubts.append("nothing says what its rows are: they are kept, and feed no table")
    elif "maps" not in stream:
        draft.doubts.append(f"no row of {kind} can be made of what it has: rows are kept, and feed no table")
    _doubts_of_companies(draft, stream)
    _doubts_of_names(draft, stream, kind)
    _doubts_of_payers(draft, stream)
    _doubts_of_amounts(draft, stream)
    _doubts_of_times(draft)
    if country is None and kind is not None:
        _doubts_of_telephones(draft)
    _drop_what_would_not_load(stream, draft, source)
    fit(stream, spec_of(stream, source), draft)
    if (in_vain := consent.left_out(draft, stream.get("maps", ()))) is not None:
        draft.doubts.append(in_vain)
    draft.doubts += consent.unread(draft) if kind is not None else ()
    return Proposal(path, stream, kind, None, tuple(draft.doubts), sample, tuple(more), tuple(draft.columns))


def of_one_object_each(files: Sequence[Path]) -> list[list[Path]]:
    """Files, with those of one name together that hold a single object each: a row tells nothing of its like.

    What cannot be read stays alone, for whoever reads it to say why.
    """
    called = Counter((stream_name(file), file.parent) for file in files)
    found: dict[object, list[Path]] = {}
    for file in files:
        name = stream_name(file), file.parent
        found.setdefault(name if called[name] > 1 and _is_one_object(file) else file, []).append(file)
    return list(found.values())


def _is_one_object(file: Path) -> bool:
    try:
        return not file.name.endswith((".csv", ".parquet")) and read(file).is_one_object
    except UnreadableSampleError:
        return False


def _with_one_end(
    columns: list[Column], sample: Sample
) -> tuple[list[Column], dict[str, list[str | None]], Ends | None]:
    """The columns with whoever is not the company in place of the two that say from whom to whom something went."""
    texts = dict(sample.columns)
    ends = ends_of(columns, texts)
    if ends is None:
        return columns, texts, None
    ends = with_names(ends, columns)
    names = names_of_others(ends, texts)
    found, texts[ends.one.address] = counterpart(ends, texts)
    other = replace(ends.other, role=None, values=judge(texts[ends.other.address], code=found.role == "phone"))
    at = {ends.one.address: found, ends.other.address: other}
    for place, (_, name) in enumerate(ends.names):
        texts[name.address] = names if place == 0 else texts[name.address]
        role = "full_name" if place == 0 else None
        at[name.address] = replace(name, role=role, values=judge(texts[name.address]))
    return [at.get(column.address, column) for column in columns], texts, ends


def _of_the_log(columns: list[Column], log: Log) -> list[Column]:
    """The columns without a meaning for what happened, and with that of the last change for when it did."""
    roles = {log.operation: None, log.changed_at: "updated_at"}
    return [replace(each, role=roles[each.address]) if each.address in roles else each for each in columns]


def _with_a_shared_number(column: Column, joined: Mapping[str, str]) -> Column:
    """The column as the number that other files have too, or without a role if that is another number of the same."""
    if column.address in joined:
        return replace(column, role="order_id" if joined[column.address] == "order_number" else "person_id")
    other = column.role == "order_id" and "order_number" in joined.values()
    return replace(column, role=None) if other else column


def _of_a_list(column: Column) -> Column:
    """A column of first items with the meaning of these: its heading is of many."""
    return replace(column, role=column.role or ("email" if "email" in column.values.looks else "phone"))


def _told_of(ends: Ends, draft: Draft) -> str:
    one, other = (draft.names[column.address] for column in (ends.one, ends.other))
    if ends.direction is not None:
        return f"which of {one} and {other} is the person's is told by {draft.names[ends.direction.address]}"
    count = "one address" if len(ends.own) == 1 else f"{len(ends.own)} addresses"
    return f"{one} and {other} go both ways: {count} at either end of nearly all rows are taken for the company's own"


def stream_name(path: Path) -> str:
    """A name for a file's stream: its words without dates and numbers."""
    words = file_words(path)
    name = "_".join(word for word in words if word != "export") or "_".join(words)
    name = "_".join(re.findall("[a-z0-9]+", re.sub(r"[^a-z0-9_]", "", name)))
    return name if re.match(r"[a-z]", name) else f"file_{name}".rstrip("_")


def _known(sample: Sample) -> str | None:
    """The template whose columns the file has, all required ones and most others; the one with most in common.

    Of the columns that only that system's templates have, half have to be there: anybody has an id, a name and an
    address. Of objects within objects it is enough to have most of the outermost ones, if they are many: what lies
    within them differs from row to row.
    """
    best, most = None, (False, 0)
    common = _common_addresses()
    for name in template.names():
        stream = template.find(name).stream
        addresses = {first_path(own, column): column for own, column in stream["columns"].items()}
        needed = {address for address, column in addresses.items() if column.get("required")}
        key = {own: stream["columns"][own] for own in stream.get("key", ())}
        # What has several places is in one or another of them.
        needed |= {first_path(own, column) for own, column in key.items() if not isinstance(column.get("path"), list)}
        json_like = stream["format"] in ("json", "jsonl")
        if json_like != (sample.format in ("json", "jsonl")) or not needed <= set(sample.columns):
            continue
        shared = sum(_present(address, sample) for address in addresses)
        telling = addresses.keys() - common
        outermost = {address.split(".")[0] for address in telling}
        there = sum(_present(name, sample) for name in outermost)
        sparse = json_like and there >= _ENOUGH_OF_ONE and there / len(outermost) >= _MOST_OF_ONE
        if not sparse and 2 * sum(_present(address, sample) for address in telling) < len(telling):
            continue
        if sparse or (len(addresses) >= 4 and shared / len(addresses) >= (0.5 if json_like else 0.7)):
            rank = (stream["files"].strip("*").split("*")[0].rstrip("_.") in sample.path.name, shared)
            if rank > most:
                best, most = name, rank
    return best


@cache
def _common_addresses() -> frozenset[str]:
    """The addresses of columns that templates of several systems have."""
    whose: dict[str, set[str]] = {}
    for known in map(template.find, template.names()):
        for name, column in known.stream["columns"].items():
            whose.setdefault(first_path(name, column), set()).add(known.system)
    return frozenset(address for address, systems in whose.items() if len(systems) > 1)


def _present(address: str, sample: Sample) -> bool:
    return address in sample.columns or any(name.startswith(f"{address}.") for name in sample.columns)


def _names(sample: Sample) -> dict[str, str]:
    """Address → a name for the contract: a header as it is, of a path its last words; never one name twice."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    left = unwrapped(sample.columns)
    for address in sample.columns:
        parts = left[address].split(".") if sample.format in ("json", "jsonl") else [address]
        for depth in range(1, len(parts) + 1):
            name = "_".join(parts[-depth:])
            if sample.format in ("json", "jsonl"):
                name = re.sub(r"\W+", "_", name).strip("_") or "field"
            folded = name.casefold()
            if folded not in taken and not is_reserved(folded):
                break
        while name.casefold() in taken or is_reserved(name):
            name = f"its_{name}"
        taken.add(name.casefold())
        found[address] = name
    return found


def _contract(draft: Draft, stream: dict[str, Any]) -> dict[str, dict[str, Any]]:
    used = {*stream.get("key", ()), *(stream[role] for role in _TIMES_ALL_FILLED if role in stream)}
    contract: dict[str, dict[str, Any]] = {}
    for column in draft.columns:
        name, values = draft.names[column.address], column.values
        fields: dict[str, Any] = {"type": "json" if column.address in draft.sample.firsts else values.type}
        if values.replaced:
            fields["type"] = "string"
        elif values.formats:
            fields["format"] = list(values.formats) if len(values.formats) > 1 else values.formats[0]
        if values.decimal_mark != ".":
            fields["decimal_mark"] = values.decimal_mark
        if fields["type"] == "timestamp" and headings.is_in_utc(column.words) and not _has_zone(column, draft.sample):
            fields["zone"] = "UTC"
        elif fields["type"] == "timestamp" and (zone := headings.zone_of(column.address)) is not None:
            fields["zone"] = zone
        if values.symbol is not None:
            fields["symbol"] = values.symbol
        elsewhere = draft.sample.log.elsewhere.get(column.address) if draft.sample.log else None
        if elsewhere is not None:
            fields["path"] = [column.address, elsewhere]
        elif name != column.address:
            fields["path"] = column.address
        if name in used and values.filled == values.rows:
            fields["required"] = True
        if column.role == "birth_date" and fields["type"] in ("date", "timestamp"):
            fields["past"] = True
        contract[name] = fields
    return contract


def _doubts_of_columns(draft: Draft, kind: str | None) -> Iterator[str]:
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


def _doubts_of_times(draft: Draft) -> None:
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
        and not (headings.is_in_utc(column.words) or _has_zone(column, draft.sample))
        and headings.zone_of(column.address) is None
    ]
    if without_zone and draft.zone is None:
        named = "".join(
            f", although {draft.names[each.address]} names {', '.join(zones[:_ZONES])}"
            for each in draft.columns
            if (zones := zones_in(each, draft.sample.columns))
        )
        draft.doubts.append(f"times of {', '.join(without_zone)} bear no zone: UTC is assumed (`zone`){named}")


def _doubts_of_companies(draft: Draft, stream: dict[str, Any]) -> None:
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


def _doubts_of_untaken(known: Mapping[str, Any], spec: StreamSpec, sample: Sample) -> Iterator[str]:
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
    draft = Draft(sample, columns_of(texts), _names(sample))
    yield from consent.unread(draft, taken=False)
    if deleted := ", ".join(draft.names[column.address] for column, _ in deletions(draft)):
        yield f"{deleted} may say that a row is deleted, and the template does not take it"


def _doubts_of_names(draft: Draft, stream: dict[str, Any], kind: str | None) -> None:
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


def _doubts_of_payers(draft: Draft, stream: dict[str, Any]) -> None:
    """Say which addresses and telephones are those of whoever pays, where people are known by them."""
    known_by = {each["value"] for each in stream.get("identifiers", ())}
    payers = [each for each in draft.columns if each.role in ("email", "phone") and headings.is_of_payers(each.words)]
    if found := [name for each in payers if plain_name(name := draft.names[each.address]) in known_by]:
        draft.doubts.append(f"{', '.join(found)} may be that of whoever pays for the person of the row")


def _doubts_of_amounts(draft: Draft, stream: dict[str, Any]) -> None:
    """Say that orders have no amount, where neither they nor lines in the same file have one."""
    told = [map_["set"].keys() for map_ in stream.get("maps", ()) if map_["to"] in ("orders", "order_lines")]
    if told and not any(each & {"gross", "amount", "unit_price"} for each in told):
        draft.doubts.append("no column says what orders come to: they have no amount, unless lines elsewhere have")


def _doubts_of_telephones(draft: Draft) -> None:
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


def _has_zone(column: Column, sample: Sample) -> bool:
    if column.values.formats:
        return all("%z" in pattern.lower() for pattern in column.values.formats)
    return all(re.search(r"(Z|UTC|[+-]\d\d:?\d{0,2})$", text) for text in sample.columns[column.address] if text)


def _drop_what_would_not_load(stream: dict[str, Any], draft: Draft, source: str) -> None:
    """Take out what the rules of definitions refuse, and say so: the rest is worth having."""
    for _ in range(50):
        found = problems(SourceSpec(source, (spec_of({**stream, "files": stream["files"] or "x"}, source),)))
        if not found:
            return
        path = found[0].path[2:]
        if path[0] == "maps" and len(path) > 3 and path[2] == "set":
            del stream["maps"][int(path[1])]["set"][path[3]]
            draft.doubts.append(f"`{path[3]}` was left out: {found[0].message}")
        elif path[0] == "maps" and len(path) > 1:
            dropped = stream["maps"].pop(int(path[1]))
            draft.doubts.append(f"no row of {dropped['to']} can be made: {found[0].message}")
            if not stream["maps"]:
                del stream["maps"]
        elif path[0] == "identifiers" and len(path) > 1:
            stream["identifiers"].pop(int(path[1]))
        elif path[0] in stream and path[0] not in ("name", "files", "format", "columns"):
            draft.doubts.append(f"`{path[0]}` was left out: {found[0].message}")
            del stream[path[0]]
            if path[0] == "key":
                for name in ("person", "key_repeats"):
                    stream.pop(name, None)
                stream["load"] = "append"
        else:
            raise ValueError(f"{draft.sample.path.name}: {found[0].message}")


def spec_of(stream: dict[str, Any], source: str) -> StreamSpec:
    """A stream's fields as the plain description."""
    plain = {name: value for name, value in stream.items() if name not in (*_OF_PARTS, "template")}
    maps = tuple(
        MapSpec(
            map_["to"],
            tuple(map_["set"].items()),
            map_.get("where"),
            tuple(map_.get("grain", ())),
            map_.get("id"),
            map_.get("each"),
        )
        for map_ in stream.get("maps", ())
    )
    spec = StreamSpec(
        columns=tuple(ColumnSpec.defined(name, **fields) for name, fields in stream["columns"].items()),
        derive=tuple(stream.get("derive", {}).items()),
        identifiers=tuple(
            IdentifierSpec(
                each["type"], each["value"], GLOBAL if each["type"] in GLOBAL_TYPES else source, each.get("country")
            )
            for each in stream.get("identifiers", ())
        ),
        maps=maps,
        contract=ContractSpec(**stream.get("contract", {})),
        **plain,
    )
    return replace(spec, key=tuple(spec.key))
