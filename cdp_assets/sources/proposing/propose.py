"""A working definition for files that nobody has described.

Belongs here: putting the parts together. Does not belong here: reading (`sample.py`), judging (`values.py`, `roles.py`,
`kinds.py`), mapping (`mapping.py`), the contract (`contracting.py`), what to look at (`doubting.py`), and the text
(`writing.py`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from cdp_assets.sources import template
from cdp_assets.sources.proposing import consent, doubting
from cdp_assets.sources.proposing.cents import in_hundredths
from cdp_assets.sources.proposing.changes import Log
from cdp_assets.sources.proposing.columns import columns_of
from cdp_assets.sources.proposing.contracting import (
    contract_of,
    drop_what_would_not_load,
    names_in_contract,
    spec_of,
)
from cdp_assets.sources.proposing.countries import writes_day_first
from cdp_assets.sources.proposing.draft import Draft
from cdp_assets.sources.proposing.ends import Ends, counterpart, ends_of, names_of_others, with_names
from cdp_assets.sources.proposing.engagements import with_known_actions
from cdp_assets.sources.proposing.file_names import file_words
from cdp_assets.sources.proposing.fitting import fit, fit_template
from cdp_assets.sources.proposing.kinds import kind_of
from cdp_assets.sources.proposing.known_exports import known_export
from cdp_assets.sources.proposing.mapping import stream_of
from cdp_assets.sources.proposing.naming import named_alike
from cdp_assets.sources.proposing.nested import of_one_person
from cdp_assets.sources.proposing.own_columns import with_own_columns
from cdp_assets.sources.proposing.postal import of_a_delivery, of_one_address
from cdp_assets.sources.proposing.roles import Column
from cdp_assets.sources.proposing.sample import Sample, UnreadableSampleError, read
from cdp_assets.sources.proposing.signing import with_words_of_signing
from cdp_assets.sources.proposing.values import judge
from cdp_assets.sources.proposing.whose import own
from cdp_assets.sources.proposing.zones import SOLD_OR_SAID, zone_of_rows


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
    day_first = writes_day_first(country, zone)
    if day_first is None and sample.delimiter == ";":
        day_first = True  # nobody who writes the month first separates with semicolons
    if templates and (found := known_export(sample)) is not None:
        stream, doubts = _by_template(found, sample, source, zone, day_first)
        return Proposal(path, stream, None, found, tuple(doubts), sample, tuple(more))
    sample = sample.of_table().with_first_items()
    whose = _columns_of_people(sample, joined or {}, day_first)
    kind = kind_of(whose.columns, sample.named)
    columns, of_rows = whose.columns, None
    if zone is None and kind in SOLD_OR_SAID and (of_rows := zone_of_rows(columns, sample.columns)) is not None:
        zone = of_rows[1]
        columns = [replace(each, role=None) if each is of_rows[0] else each for each in columns]
    columns, maybe_cents = in_hundredths(columns, sample.columns) if sample.format != "csv" else (columns, [])
    draft = Draft(
        sample,
        columns,
        names_in_contract(sample),
        doubts=list(sample.doubts),
        currency=currency,
        currency_said=currency_said,
        zone=zone,
        ends=whose.ends,
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
    draft.doubts += [*whose.doubts(draft, kind), *doubting.of_columns(draft, kind)]
    stream = stream_of(draft, kind, stream_name(path))
    stream["columns"] = contract_of(draft, stream)
    if kind is None:
        draft.doubts.append("nothing says what its rows are: they are kept, and feed no table")
    elif "maps" not in stream:
        draft.doubts.append(f"no row of {kind} can be made of what it has: rows are kept, and feed no table")
    doubting.of_companies(draft, stream)
    doubting.of_names(draft, stream, kind)
    doubting.of_payers(draft, stream)
    doubting.of_amounts(draft, stream)
    doubting.of_times(draft)
    if country is None and kind is not None:
        doubting.of_telephones(draft)
    drop_what_would_not_load(stream, draft, source)
    fit(stream, spec_of(stream, source), draft)
    if (in_vain := consent.left_out(draft, stream.get("maps", ()))) is not None:
        draft.doubts.append(in_vain)
    draft.doubts += consent.unread(draft) if kind is not None else ()
    return Proposal(path, stream, kind, None, tuple(draft.doubts), sample, tuple(more), tuple(draft.columns))


def _by_template(
    found: str, sample: Sample, source: str, zone: str | None, day_first: bool | None
) -> tuple[dict[str, Any], list[str]]:
    """The fields of a stream that follows a template, and what to look at."""
    known = template.find(found)
    plain = known.stream
    stream: dict[str, Any] = {"name": stream_name(sample.path), "template": found, "files": ""} | sample.layout(plain)
    if zone is not None and "zone" not in plain:
        stream["zone"] = zone
    doubts = [*sample.doubts, f"it has the columns of {known.system}'s export; look up what that template assumes"]
    fields = {**plain, **stream}
    spec = spec_of(fields, source)
    columns, misfitting = fit_template(spec, sample, day_first)
    if known.own_columns is not None:
        judged = columns_of(sample.columns, day_first=day_first)
        further, of_advertising = with_own_columns(known, spec, sample, judged, names_in_contract(sample))
        fields = template.laid_over(fields, further)
        columns |= further.pop("columns", {})
        stream |= further
        doubts += of_advertising
    doubts += [*misfitting, *doubting.of_untaken(fields, spec_of(fields, source), sample)]
    if columns:
        stream["columns"] = columns
    return stream, doubts


@dataclass(frozen=True)
class _Whose:
    """The columns of a file with their roles, once it is known whose addresses and names they hold.

    Args:
        columns: All of them; what is somebody else's has no role.
        ends: The two ends of messages and calls, if rows have such.
        others: Columns of somebody else, with why.
        of_a_parcel: Those that tell where something was sent.
        of_other_addresses: Those of further postal addresses.
    """

    columns: list[Column]
    ends: Ends | None
    others: list[tuple[str, str]]
    of_a_parcel: list[Column]
    of_other_addresses: list[Column]

    def doubts(self, draft: Draft, kind: str | None) -> Iterator[str]:
        """What to look at."""
        if self.ends is not None:
            yield doubting.of_ends(self.ends, draft)
        if kind is not None:
            yield from (f"{draft.names[address]} {why}: nobody is known by it" for address, why in self.others)
        if self.of_a_parcel:
            elsewhere = ", ".join(draft.names[column.address] for column in self.of_a_parcel)
            yield f"{elsewhere} tell where something was sent, maybe to somebody else: no address is taken"
        if self.of_other_addresses:
            elsewhere = ", ".join(draft.names[column.address] for column in self.of_other_addresses)
            yield f"of several addresses one is taken, without {elsewhere}"


def _columns_of_people(sample: Sample, joined: Mapping[str, str], day_first: bool | None) -> _Whose:
    """The columns of a file, with the roles of those that are the row's person's own."""
    columns = columns_of(sample.columns, day_first=day_first)
    columns = with_words_of_signing(columns, sample.columns, sample.named)
    columns = with_known_actions(columns, sample.columns, sample.named)
    if sample.log is not None:
        columns = _of_the_log(columns, sample.log)
    columns = [_of_a_list(each) if each.address in sample.firsts else each for each in columns]
    columns = [_with_a_shared_number(each, joined) for each in columns]
    columns, texts, ends = _with_one_end(columns, sample)
    columns, others = of_one_person(columns, texts)
    for look in (named_alike, own):
        columns, told = look(columns, texts)
        others += told
    columns, of_a_parcel = of_a_delivery(columns)
    columns, of_other_addresses = of_one_address(columns)
    return _Whose(columns, ends, others, of_a_parcel, of_other_addresses)


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


def stream_name(path: Path) -> str:
    """A name for a file's stream: its words without dates and numbers."""
    words = file_words(path)
    name = "_".join(word for word in words if word != "export") or "_".join(words)
    name = "_".join(re.findall("[a-z0-9]+", re.sub(r"[^a-z0-9_]", "", name)))
    return name if re.match(r"[a-z]", name) else f"file_{name}".rstrip("_")
