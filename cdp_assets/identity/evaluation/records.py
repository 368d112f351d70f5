"""A table of people in whatever columns, as the canonical tables that identity reads.

Belongs here: naming the parts of the table. Does not belong here: guessing columns (`columns.py`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir

from cdp_assets.canonical import tables
from cdp_assets.canonical.schema import TableSchema
from cdp_assets.identity.evaluation.births import (
    are_from_births,
    date_of,
    date_of_parts,
    dates_in_numbers,
    not_understood,
    spelled_in_digits,
    year_of,
)
from cdp_assets.identity.evaluation.columns import NOT_OF_ROWS, REACHED, SEVERAL, WHATS, guess, is_a, issuer_of
from cdp_assets.normalised.identifier_values import EMAIL, EMAIL_BASE, PHONE, lookup
from cdp_assets.normalised.names_of_people import known_names
from cdp_assets.sources.proposing.cells import genders, longer_titles, says, title_in
from cdp_assets.sources.proposing.countries import code_of
from cdp_assets.sources.proposing.phrases import BIRTH_PARTS, NAMES, words_of
from cdp_assets.sources.proposing.roles import Column
from cdp_assets.sources.proposing.values import MASK, judge
from cdp_assets.sources.proposing.whose import shared
from cdp_assets.sources.validation import country_fault
from cdp_assets.warehouse.engine import empty
from cdp_assets.warehouse.files import POSITION, UnreadableFileError
from cdp_assets.warehouse.operations import trimmed
from cdp_assets.warehouse.table_files import read_table

if TYPE_CHECKING:
    from cdp_assets.warehouse.engine import Engine

_SAMPLE = 500
_REPEATED = 5_000
"""So many rows with numbers that come again are looked at for whose these are."""
_GENDERS_KNOWN = 100
"""So many different texts of a column of genders are looked at for how it tells women from men."""
_SOURCE = "records"
_NOTHING = tuple(sorted({"-", "--", "?", ".", "n/a", "n.a.", "nan", "nil", "none", "null", "undefined", "unknown",
                         "unbekannt", "<na>"}))  # fmt: skip
"""Fields that say in any column that nothing is known. Fewer than `spec.DEFAULT_PLACEHOLDERS`: a name may be Test."""

_NO_LETTER_OR_DIGIT = r"[^\pL\pN]+"
_AT_HOME = r"^\D*(\d\D*){7,}$"
"""Of a number that is written without a country: enough digits."""

_PLUS_FOUR = r"^(\d{5})\d{4}$"
"""A ZIP code with four digits more, which tell the side of a street, and no hyphen before them."""

_LOCAL, _AREA = r"^[1-9]\d{5,8}$", r"^0?\d{2,5}$"
"""Digits of a number that is written without an area, and of an area."""

_FEW_UNNAMED = 0.05
"""Share of rows that may show no name without a warning."""

_SAY_LITTLE = frozenset(
    {"record", "country", "region", "gender", "middle_name", "name_particle", "name_suffix", "initials", "age",
     "age_told", "area_code", "house_number", "job_title", *BIRTH_PARTS}
)  # fmt: skip
"""What tells nobody apart by itself."""
_OF_MANY = frozenset({"city", "postal_code", "company"})
"""What many people have together."""


class EvaluationError(ValueError):
    """The table cannot be evaluated; the message says what to do."""


@dataclass(frozen=True)
class LabelledRecords:
    """A table of people with the truth about them.

    Args:
        identity_records, identifiers, contacts, contact_points, identifier_aliases: As in `canonical.tables`.
        truth: record_id, person_id (text), native_id (text).
        columns: What → the column it was read from.
        unread: Column that is not read → why, or nothing where it is not known to be anything.
        undialled: How many telephone numbers are written without a country, of rows of which none is known.
        undated: How many birth dates are not understood.
        unreadable: Lines of the file that could not be split into columns, and are not in it.
        warnings: Why figures may say little, with what to do.
    """

    identity_records: ir.Table
    identifiers: ir.Table
    contacts: ir.Table
    contact_points: ir.Table
    identifier_aliases: ir.Table
    truth: ir.Table
    columns: Mapping[str, str]
    unread: Mapping[str, str]
    undialled: int = 0
    undated: int = 0
    unreadable: int = 0
    warnings: Sequence[str] = ()


def read_labelled(
    file: Path,
    truth: str,
    identifier: str | None,
    mapped: Mapping[str, str],
    engine: Engine,
    country: str | None = None,
) -> LabelledRecords:
    """Read a labelled table.

    Args:
        file: CSV with a header line, or Parquet.
        truth: The column that says who is who.
        identifier: The column with the records' ids; guessed, or the position if there is none.
        mapped: What → column, where it is known; the rest is guessed.
        engine: Computes.
        country: ISO 3166-1 alpha-2 country of phone numbers without a country code, where a row names none.

    Raises:
        EvaluationError: if the file cannot be read (`read_table`), a column is missing or not known, or nothing in the
            table tells people apart.
    """
    if identifier == truth:
        raise EvaluationError(f"{truth!r} cannot be both the truth and the records' id: name another column with --id")
    try:
        header, delivered = read_table(file, engine)
    except UnreadableFileError as error:
        raise EvaluationError(str(error)) from error
    rows = delivered.table
    for what, name in mapped.items():
        if is_a(what) is None:
            raise EvaluationError(f"{what!r} is nothing that a column may be; write one of {', '.join(sorted(WHATS))}")
        if name == truth:
            raise EvaluationError(f"{what} is mapped to {name!r}, which is the truth: what is known is not to be used")
    for name in (truth, *([identifier] if identifier else []), *mapped.values()):
        if name not in header:
            raise EvaluationError(f"{file.name} has no column {name!r}; it has {', '.join(header)}")
    places = {name: f"c{place}" for place, name in enumerate(header)}
    table = engine.scratch(
        rows.select(
            record_id=rows[POSITION].cast("int64"),
            **{places[name]: _told(rows[places[name]].cast("string"), name in (truth, identifier)) for name in header},
        )
    )
    labels = table[places[truth]]
    [counted] = engine.to_arrow(
        table.aggregate(rows=table.count(), labels=labels.count(), people=labels.nunique())
    ).to_pylist()
    if counted["rows"] and not counted["labels"]:
        raise EvaluationError(f"the column {truth!r} of {file.name} is empty: without labels nothing can be measured")
    sample = engine.to_arrow(table.order_by("record_id").limit(_SAMPLE)).to_pydict()
    taken = {truth, *mapped.values(), *([identifier] if identifier else [])}
    guessed, doubts = guess(header, {name: sample[place] for name, place in places.items()}, taken)
    found = {**{what: name for what, name in guessed.items() if what not in mapped}, **mapped}
    if identifier:
        found["record"] = identifier
    unnumbered = _rows_without_a_number(table, places.get(found.get("record", "")), engine)
    told_id = identifier or mapped.get("record")
    if unnumbered and told_id is None:
        doubts[found.pop("record")] = NOT_OF_ROWS
    for what in _of_nobody(table, {what: places[name] for what, name in found.items()}, engine):
        if what not in mapped:
            doubts[found.pop(what)] = "people of different names share its values"
    for kind in SEVERAL:
        further = [what for what in found if is_a(what) == kind and what not in mapped]
        if further and kind not in found:
            found[kind] = found.pop(further[0])
    table = spelled_in_digits(table, {what: places[name] for what, name in found.items()}, engine)
    dated, undated = not_understood(table, {what: places[name] for what, name in found.items()}, engine)
    if dated == undated and "birth_date" in found and "birth_date" not in mapped and dated:
        doubts[found.pop("birth_date")] = "no value is understood as a date"
        undated = 0
    columns = {what: places[name] for what, name in found.items()}
    if not columns.keys() & {"birth_date", *BIRTH_PARTS}:
        for what in [what for what in found if is_a(what) == "national_id"]:
            numbers = rows.select(record_id=rows[POSITION].cast("int64"), number=rows[columns[what]].cast("string"))
            if _are_from_births(numbers, engine):
                born = dates_in_numbers(numbers, engine)
                table = engine.scratch(table.left_join(born, "record_id").drop("record_id_right"))
                found["birth_date"], columns["birth_date"] = found[what], "born"
                break
    if not set(columns) - _SAY_LITTLE:
        raise EvaluationError(
            f"none of the columns of {file.name} ({', '.join(header)}) looks like a name, an address, an e-mail, a "
            "phone number or a birth date; say what they are with --map"
        )
    issuers = {
        what: places[issuer]
        for what, name in found.items()
        if is_a(what) == "national_id" and (issuer := issuer_of(name, header)) is not None
    }
    read = _canonical(table, columns, issuers, places[truth], found, country, engine)
    left = [name for name in header if name not in {truth, *found.values()}]
    warnings = [*_warnings(columns), *_unnamed(read, engine)]
    if others := _second_person([name for name in left if name not in doubts], sample, places):
        told = ", ".join(others.values())
        warnings.append(
            f"each row tells of a second person as well ({told}), who is not read: if {truth!r} says who that is, say "
            "with --map what these columns are"
        )
    if masked := _masked(rows, {name: places[name] for name in found.values() if name != found.get("record")}, engine):
        told = ", ".join(f"{count:,} of {name}" for name, count in masked.items())
        warnings.append(f"values of which parts are made unreadable say nothing of who somebody is: {told}")
    if told_id is not None and unnumbered:
        warnings.append(f"{unnumbered:,} rows have no {told_id!r}, or one that another row has: mistakes name several")
    if not counted["rows"]:
        warnings.append("the file has no rows that fit its header: nothing is measured")
    elif counted["people"] == counted["labels"]:
        warnings.append(f"no two rows have the same {truth!r}: there is nobody to be found, and recall says nothing")
    return replace(
        read,
        unread={name: doubts.get(name, "") for name in left},
        undated=undated,
        unreadable=len(delivered.rejected),
        warnings=tuple(warnings),
    )


def _second_person(left: Sequence[str], sample: Mapping[str, Any], places: Mapping[str, str]) -> dict[str, str]:
    """What is told of somebody by the columns that are not read; nothing if that is no name with a time of birth or an
    address beside it."""
    found, _ = guess(left, {name: sample[places[name]] for name in left})
    named = found.keys() & {"given_name", "full_name"}
    return found if named and found.keys() & {"birth_date", *REACHED} else {}


def _rows_without_a_number(table: ir.Table, place: str | None, engine: Engine) -> int:
    """How many rows have nothing in a column, or what another row has as well; 0 where there is no column."""
    if place is None:
        return 0
    column = table[place]
    [counted] = engine.to_arrow(table.aggregate(rows=table.count(), different=column.nunique())).to_pylist()
    return int(counted["rows"] - counted["different"])


def _are_from_births(numbers: ir.Table, engine: Engine) -> bool:
    """Whether the first of some numbers of people (record_id, number) say when these were born."""
    first = numbers.filter(numbers.number.strip() != "").order_by("record_id").limit(_SAMPLE)
    return are_from_births(engine.to_arrow(first.select("number"))["number"].to_pylist())


def _masked(rows: ir.Table, places: Mapping[str, str], engine: Engine) -> dict[str, int]:
    """Column → how many of its values have parts that are made unreadable, where there are any."""
    counts = {place: rows[place].cast("string").re_search(MASK).sum().coalesce(0) for place in places.values()}
    [counted] = engine.to_arrow(rows.aggregate(**counts)).to_pylist() if counts else [{}]
    return {name: int(counted[place]) for name, place in places.items() if counted[place]}


def _warnings(columns: Collection[str]) -> list[str]:
    """What is missing of people by the columns that are read, with what to do."""
    warnings = []
    if not set(columns) - _SAY_LITTLE - _OF_MANY:
        warnings.append(
            "nothing that is read tells one person from another; say with --map which columns are names, birth dates, "
            "e-mails, phones or streets"
        )
    elif not set(columns) & {*NAMES}:
        warnings.append(
            "no column is read as names: all who share an e-mail or a phone are one person then. Say which it is with "
            "--map (`full_name: COLUMN`, or `given_name:` and `family_name:`)"
        )
    if "age" in columns and "age_told" not in columns:
        warnings.append(
            "no column says when ages were told: they are read as if all were in one year. If one does, say which with "
            "--map (`age_told: COLUMN`)"
        )
    return warnings


def _unnamed(read: LabelledRecords, engine: Engine) -> list[str]:
    """How many rows with an e-mail or a phone show no name, with what to do, if others do and they are not few."""
    if not {*read.columns} & {*NAMES}:
        return []
    points, said = read.contact_points, read.contacts
    reached = points.filter(points.kind.isin(REACHED)).select("record_id").distinct()
    named = said.filter(ibis.or_(*(said[name].notnull() for name in NAMES))).select("record_id", named=ibis.literal(1))
    joined = reached.left_join(named, "record_id")
    [counted] = engine.to_arrow(joined.aggregate(rows=joined.count(), named=joined.named.count())).to_pylist()
    rows, unnamed = counted["rows"], counted["rows"] - counted["named"]
    if unnamed <= _FEW_UNNAMED * rows:
        return []
    return [
        f"{unnamed:,} of {rows:,} rows with an e-mail or a phone show no name, and are the person of whoever has the "
        "same. If a column names them, say which with --map (`full_name: COLUMN`)"
    ]


def _of_nobody(table: ir.Table, columns: Mapping[str, str], engine: Engine) -> list[str]:
    """Which numbers of people are no person's: those that come again mostly do beside names of different people."""
    names = {what: columns[what] for what in ("given_name", "family_name", "full_name") if what in columns}
    found = []
    for what in columns:
        if is_a(what) != "national_id" or not names:
            continue
        number = _number(table[columns[what]], ibis.null("string"))
        known = table.filter(number.notnull()).select("record_id", number=number, **names)
        again = known.group_by("number").having(known.count() > 1).aggregate()
        rows = engine.to_arrow(known.semi_join(again, "number").order_by("number", "record_id").limit(_REPEATED))
        texts = rows.select(["number", *names]).to_pydict()
        judged = [
            Column(name, name, judge(values, code=True), "external_id" if name == "number" else name)
            for name, values in texts.items()
        ]
        if shared(judged, texts, {"external_id"}, people=True):
            found.append(what)
    return found


def _told(text: ir.StringValue, literally: bool) -> ir.StringValue:
    """What a field says: null where it is empty, stands for "nothing known", or has parts made unreadable; labels and
    ids are taken as they are."""
    # One pattern, since the engine computes what stands in several branches several times.
    nothing = r"^\s*$" if literally else rf"^\s*(?i:{'|'.join(map(re.escape, _NOTHING))})?\s*$|{MASK}"
    return ibis.ifelse(text.re_search(nothing), ibis.null("string"), trimmed(text))


def _canonical(
    table: ir.Table,
    columns: Mapping[str, str],
    issuers: Mapping[str, str],
    truth: str,
    found: Mapping[str, str],
    country: str | None,
    engine: Engine,
) -> LabelledRecords:
    def text(what: str) -> ir.StringValue:
        return table[columns[what]] if what in columns else ibis.null("string")

    def reaching(what: str) -> ir.StringValue:
        return _with_area(text(what), text("area_code")) if is_a(what) == PHONE else text(what)

    whole = [text(what) for what in columns if is_a(what) == "full_name"]
    birth_date = ibis.coalesce(date_of(table, columns, engine), date_of_parts(table, columns))
    # Initials beside a whole name say nothing more.
    initials = text("initials") if "family_name" in columns else ibis.null("string")
    gender, couple = _gender(table, text("gender"), engine)
    full = ibis.coalesce(*whole, ibis.null("string"))
    given = _joined(text("given_name").coalesce(initials), text("middle_name"))
    family = _joined(_both(_with_particle(text), text("second_family_name")), text("name_suffix"))
    # A couple is called by its title, so that the name is neither hers nor his.
    told = table.select(
        "record_id",
        full_name=(couple + " " + full).coalesce(full),
        given_name=ibis.ifelse(given.notnull() | family.notnull(), _both(couple, given), given),
        family_name=family,
        birth_date=birth_date,
        birth_year=year_of(table, columns, birth_date, engine),
        gender=gender,
        company=text("company"),
        job_title=text("job_title"),
    )
    contacts = known_names(told)
    reached = {what: kind for what in columns if (kind := is_a(what)) in REACHED}
    spelled = table.select("record_id", said=text("country"), **{what: reaching(what) for what in reached})
    spelled = _with_country(spelled, engine) if "country" in columns else spelled.mutate(code=ibis.null("string"))
    spelled = spelled.mutate(country=spelled.code.coalesce(ibis.literal(country, "string")))
    for what, kind in reached.items():
        known = lookup(engine, kind, spelled.select(raw=spelled[what], country="country"))
        known = known.select(
            known_raw="known_raw",
            known_country=known.known_country.coalesce(""),
            **{f"{what}_value": known.known_value, f"{what}_base": known.known_base},
        )
        spelled = spelled.left_join(
            known, [spelled[what] == known.known_raw, spelled.country.coalesce("") == known.known_country]
        ).drop("known_raw", "known_country")
        spelled = engine.scratch(spelled)
    parts = [_identified(spelled, kind, f"{what}_value") for what, kind in reached.items()]
    parts += [_identified(spelled, EMAIL_BASE, f"{what}_base") for what, kind in reached.items() if kind == EMAIL]
    for what in [what for what in columns if is_a(what) == "national_id"]:
        numbered = table.select(
            "record_id",
            said=table[issuers[what]] if what in issuers else ibis.null("string"),
            text=table[columns[what]],
        )
        issued = _with_country(numbered, engine) if what in issuers else numbered.mutate(code=ibis.null("string"))
        numbered = issued.select("record_id", number=_number(issued.text, issued.code.coalesce(issued.said)))
        # What two columns number are two numberings.
        parts.append(_identified(numbered, "national_id", "number", words_of(found[what]).replace(" ", "_")))
    identifiers = _typed(ibis.union(*parts, distinct=True) if parts else None, tables.IDENTIFIERS, engine)

    # What is no address or number is still something to compare.
    points = [
        spelled.filter(spelled[what].notnull()).select(
            "record_id", kind=ibis.literal(kind), value=spelled[f"{what}_value"].coalesce(spelled[what].lower())
        )
        for what, kind in reached.items()
    ]
    postal = _postal(table, columns)
    reachable = [_typed(ibis.union(*points, distinct=True), tables.CONTACT_POINTS, engine)] if points else []
    if postal is not None:
        reachable.append(_typed(postal, tables.CONTACT_POINTS, engine))
    contact_points = ibis.union(*reachable) if reachable else _typed(None, tables.CONTACT_POINTS, engine)
    called = text("record").coalesce(table.record_id.cast("string"))
    records = table.select(
        "record_id",
        source=ibis.literal(_SOURCE),
        stream=ibis.literal(_SOURCE),
        kind=ibis.literal("person"),
        native_id=called,
        rows=ibis.literal(1, "int64"),
    )
    return LabelledRecords(
        identity_records=_typed(records, tables.IDENTITY_RECORDS, engine),
        identifiers=identifiers,
        contacts=_typed(contacts, tables.CONTACTS, engine),
        contact_points=contact_points,
        identifier_aliases=_typed(None, tables.IDENTIFIER_ALIASES, engine),
        truth=engine.scratch(table.select("record_id", person_id=table[truth], native_id=called)),
        columns=dict(found),
        unread={},
        undialled=_undialled(spelled, [what for what, kind in reached.items() if kind == PHONE], engine),
    )


def _with_country(rows: ir.Table, engine: Engine) -> ir.Table:
    """Rows with the ``code`` (ISO 3166-1 alpha-2) of the country that they say by its code or its name in ``said``."""
    import pyarrow as pa

    def batch(known: pa.Table) -> pa.Table:
        texts = known["said"].to_pylist()
        codes = [text.upper() if country_fault(text.upper()) is None else code_of(text) for text in texts]
        return pa.table({"said": known["said"], "code": pa.array(codes, pa.string())})

    said = rows.filter(rows.said.notnull()).select("said").distinct()
    coded = engine.map_values(said, batch, ibis.schema({"said": "string", "code": "string"}))
    return engine.scratch(rows.left_join(coded, "said").drop("said_right"))


def _undialled(spelled: ir.Table, phones: Sequence[str], engine: Engine) -> int:
    """How many telephone numbers could be one if only their country were known."""
    unknown = spelled.filter(spelled.country.isnull())
    counts = [
        (unknown[what].re_search(_AT_HOME) & unknown[f"{what}_value"].isnull()).cast("int64").sum().coalesce(0)
        for what in phones
    ]
    if not counts:
        return 0
    [row] = engine.to_arrow(unknown.aggregate(found=sum(counts, ibis.literal(0)))).to_pylist()
    return int(row["found"])


def _with_particle(text: Callable[[str], ir.StringValue]) -> ir.StringValue:
    """The family name with what stands before it: *van der Berg*."""
    family = text("family_name")
    return (text("name_particle") + " " + family).coalesce(family)


def _with_area(number: ir.StringValue, area: ir.StringValue) -> ir.StringValue:
    """A telephone number with its area, where it is written without."""
    digits, before = (text.re_replace(r"\.0$", "").re_replace(r"\D", "") for text in (number, area))
    apart = digits.re_search(_LOCAL) & before.re_search(_AREA)
    return ibis.ifelse(apart.fill_null(False), before + digits, number)


def _both(name: ir.StringValue, other: ir.StringValue) -> ir.StringValue:
    """Two names, or whichever of them is known."""
    return _joined(name, other).coalesce(other)


def _number(text: ir.StringValue, issuer: ir.StringValue) -> ir.StringValue:
    """A number of a person in one spelling, with who gave it; null for one digit again and again."""
    plain = text.lower().re_replace(_NO_LETTER_OR_DIGIT, "")
    known = ibis.ifelse(plain.replace(plain.substr(0, 1), "") == "", ibis.null("string"), plain)
    return _joined(known, issuer)


def _gender(table: ir.Table, text: ir.StringValue, engine: Engine) -> tuple[ir.StringValue, ir.StringValue]:
    """Genders in one spelling where they are told in words that are known, such as titles, of which others say nothing;
    and the titles of couples."""
    said = text.lower().re_replace(r"^[ .]+|[ .]+$", "")
    texts = engine.to_arrow(table.select(said=said).distinct().order_by("said").limit(_GENDERS_KNOWN))[
        "said"
    ].to_pylist()
    told = {each for each in texts if each is not None}
    women, men = (
        [*(word.rstrip(".") for word in says(kind)), *longer_titles(told, gender)]
        for kind, gender in zip(genders(told), ("female", "male"), strict=True)
    )
    couples, others = ([each for each in told if title_in(each) == kind] for kind in ("couples", "titles"))
    gender = ibis.cases(
        (said.isin(women), "female"),
        (said.isin(men), "male"),
        (said.isin([*couples, *others]), ibis.null("string")),
        else_=text,
    )
    return gender, ibis.ifelse(said.isin(couples), text, ibis.null("string"))


def _joined(name: ir.StringValue, more: ir.StringValue) -> ir.StringValue:
    """A name with what else belongs to it; none without the name."""
    return ibis.coalesce(name + " " + more, name)


def _identified(table: ir.Table, kind: str, column: str, namespace: str = "global") -> ir.Table:
    return table.filter(table[column].notnull()).select(
        "record_id",
        namespace=ibis.literal(namespace),
        identifier_type=ibis.literal(kind),
        identifier_value=table[column],
    )


def _postal(table: ir.Table, columns: Mapping[str, str]) -> ir.Table | None:
    whats = {"line_1": "street", "city": "city", "region": "region", "postal_code": "postal_code", "country": "country"}
    if not {"street", "full_address", "city", "postal_code"} & set(columns):
        return None
    values = {part: table[columns[what]] if what in columns else ibis.null("string") for part, what in whats.items()}
    values["postal_code"] = values["postal_code"].re_replace(_PLUS_FOUR, r"\1")
    if "full_address" in columns:
        values["line_1"] = values["line_1"].coalesce(table[columns["full_address"]])
    if "house_number" in columns:
        values["line_1"] = ibis.coalesce(table[columns["house_number"]] + " " + values["line_1"], values["line_1"])
    placed = table.select("record_id", kind=ibis.literal("postal"), **values)
    known = placed.filter(placed.line_1.notnull() | placed.city.notnull() | placed.postal_code.notnull())
    line = ibis.literal(", ").join([known[part].coalesce("") for part in whats])
    return known.mutate(value=line)


def _typed(table: ir.Table | None, schema: TableSchema, engine: Engine) -> ir.Table:
    if table is None:
        return empty(schema.ibis_schema, engine)
    dtypes = {column.name: column.dtype for column in schema.columns}
    known = engine.scratch(
        table.select(**{name: table[name].cast(dtype) for name, dtype in dtypes.items() if name in table.columns})
    )
    return known.select(
        **{name: known[name] if name in known.columns else ibis.null(dtype) for name, dtype in dtypes.items()}
    )
