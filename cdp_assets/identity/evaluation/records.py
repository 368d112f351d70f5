"""A table of people in whatever columns, as the canonical tables that identity reads.

Belongs here: reading the file and naming its parts. Does not belong here: guessing columns (`columns.py`).
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir

from cdp_assets.canonical import tables
from cdp_assets.canonical.schema import TableSchema
from cdp_assets.identity.evaluation.columns import guess
from cdp_assets.normalised.identifier_values import EMAIL, EMAIL_BASE, PHONE, lookup
from cdp_assets.warehouse.files import POSITION
from cdp_assets.warehouse.operations import try_timestamp

if TYPE_CHECKING:
    from cdp_assets.warehouse.engine import Engine

_SAMPLE = 500
_SOURCE = "records"


class EvaluationError(ValueError):
    """The table cannot be evaluated; the message says what to do."""


@dataclass(frozen=True)
class LabelledRecords:
    """A table of people with the truth about them.

    Args:
        identity_records, identifiers, contacts, contact_points, identifier_aliases: As in `canonical.tables`.
        truth: record_id, person_id (text), native_id (text).
        columns: What → the column it was read from.
    """

    identity_records: ir.Table
    identifiers: ir.Table
    contacts: ir.Table
    contact_points: ir.Table
    identifier_aliases: ir.Table
    truth: ir.Table
    columns: Mapping[str, str]


def read_labelled(
    file: Path, truth: str, identifier: str | None, mapped: Mapping[str, str], engine: Engine
) -> LabelledRecords:
    """Read a labelled table.

    Args:
        file: CSV with a header line, or Parquet.
        truth: The column that says who is who.
        identifier: The column with the records' ids; guessed, or the position if there is none.
        mapped: What → column, where it is known; the rest is guessed.
        engine: Computes.

    Raises:
        EvaluationError: if a column is missing, or nothing in the table tells people apart.
    """
    header, rows = _rows(file, engine)
    for name in (truth, *([identifier] if identifier else []), *mapped.values()):
        if name not in header:
            raise EvaluationError(f"{file.name} has no column {name!r}; it has {', '.join(header)}")
    places = {name: f"c{place}" for place, name in enumerate(header)}
    table = engine.scratch(
        rows.select(
            record_id=rows[POSITION].cast("int64"),
            **{places[name]: rows[places[name]].cast("string").strip().nullif("") for name in header},
        )
    )
    sample = engine.to_arrow(table.limit(_SAMPLE)).to_pydict()
    taken = {truth, *mapped.values(), *([identifier] if identifier else [])}
    guessed = guess(header, {name: [v for v in sample[place] if v] for name, place in places.items()}, taken)
    found = {**{what: name for what, name in guessed.items() if what not in mapped}, **mapped}
    if identifier:
        found["record"] = identifier
    columns = {what: places[name] for what, name in found.items()}
    if not set(columns) - {"record", "country", "region", "gender"}:
        raise EvaluationError(
            f"none of the columns of {file.name} ({', '.join(header)}) looks like a name, an address, an e-mail, a "
            "phone number or a birth date; say what they are with --map"
        )
    return _canonical(table, columns, places[truth], found, engine)


def _rows(file: Path, engine: Engine) -> tuple[list[str], ir.Table]:
    if not file.exists():
        raise EvaluationError(f"{file} is not there")
    if file.suffix == ".parquet":
        header = list(engine.parquet_columns(file))
        found = engine.read_parquet(file, columns={f"c{place}": name for place, name in enumerate(header)})
        return header, found.table
    with file.open(encoding="utf-8-sig", newline="") as lines:
        first = lines.readline()
    delimiter = max(",;\t|", key=first.count)
    header = next(csv.reader([first], delimiter=delimiter), [])
    if not header:
        raise EvaluationError(f"{file.name} is empty")
    columns = {f"c{place}": name for place, name in enumerate(header)}
    return header, engine.read_csv(file, header=header, delimiter=delimiter, columns=columns).table


def _canonical(
    table: ir.Table, columns: Mapping[str, str], truth: str, found: Mapping[str, str], engine: Engine
) -> LabelledRecords:
    def text(what: str) -> ir.StringValue:
        return table[columns[what]] if what in columns else ibis.null("string")

    contacts = table.select(
        "record_id",
        full_name=text("full_name"),
        given_name=text("given_name"),
        family_name=text("family_name"),
        birth_date=_date(table, columns, engine),
        gender=text("gender"),
        company=text("company"),
        job_title=text("job_title"),
    )
    spelled = table.select("record_id", email=text("email"), phone=text("phone"), country=text("country").upper())
    for kind in (EMAIL, PHONE):
        if kind in columns:
            known = lookup(engine, kind, spelled.select(raw=spelled[kind], country="country"))
            known = known.select(
                known_raw="known_raw",
                known_country=known.known_country.coalesce(""),
                **{f"{kind}_value": known.known_value, f"{kind}_base": known.known_base},
            )
            spelled = spelled.left_join(
                known, [spelled[kind] == known.known_raw, spelled.country.coalesce("") == known.known_country]
            ).drop("known_raw", "known_country")
            spelled = engine.scratch(spelled)
    parts = []
    if EMAIL in columns:
        parts += [_identified(spelled, EMAIL, "email_value"), _identified(spelled, EMAIL_BASE, "email_base")]
    if PHONE in columns:
        parts.append(_identified(spelled, PHONE, "phone_value"))
    if "national_id" in columns:
        parts.append(_identified(table, "national_id", columns["national_id"]))
    identifiers = _typed(ibis.union(*parts, distinct=True) if parts else None, tables.IDENTIFIERS, engine)

    # What is no address or number is still something to compare.
    points = [
        spelled.filter(spelled[kind].notnull()).select(
            "record_id", kind=ibis.literal(kind), value=spelled[f"{kind}_value"].coalesce(spelled[kind].lower())
        )
        for kind in (EMAIL, PHONE)
        if kind in columns
    ]
    postal = _postal(table, columns)
    reachable = [_typed(part, tables.CONTACT_POINTS, engine) for part in points]
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
    )


def _identified(table: ir.Table, kind: str, column: str) -> ir.Table:
    return table.filter(table[column].notnull()).select(
        "record_id",
        namespace=ibis.literal("global"),
        identifier_type=ibis.literal(kind),
        identifier_value=table[column],
    )


def _postal(table: ir.Table, columns: Mapping[str, str]) -> ir.Table | None:
    whats = {"line_1": "street", "city": "city", "region": "region", "postal_code": "postal_code", "country": "country"}
    if not {"street", "city", "postal_code"} & set(columns):
        return None
    values = {part: table[columns[what]] if what in columns else ibis.null("string") for part, what in whats.items()}
    if "house_number" in columns:
        values["line_1"] = ibis.coalesce(table[columns["house_number"]] + " " + values["line_1"], values["line_1"])
    placed = table.select("record_id", kind=ibis.literal("postal"), **values)
    known = placed.filter(placed.line_1.notnull() | placed.city.notnull() | placed.postal_code.notnull())
    line = ibis.literal(", ").join([known[part].coalesce("") for part in whats])
    return known.mutate(value=line)


def _date(table: ir.Table, columns: Mapping[str, str], engine: Engine) -> ir.DateValue:
    """Birth dates: ISO, or eight digits; of those with two leading parts, day or month first as the column shows."""
    if "birth_date" not in columns:
        return ibis.null("date")
    column = table[columns["birth_date"]].substr(0, 10)
    parts = column.re_extract(r"^(\d{1,2})[/.-](\d{1,2})[/.-]\d{4}$", 1).nullif("").try_cast("int64")
    months = engine.to_arrow(table.aggregate(first=parts.max()))["first"][0].as_py()
    day_first = months is None or months > 12
    pattern = "%d/%m/%Y" if day_first else "%m/%d/%Y"
    slashed = column.replace(".", "/").replace("-", "/")
    return ibis.coalesce(
        try_timestamp(column, "%Y-%m-%d"), try_timestamp(column, "%Y%m%d"), try_timestamp(slashed, "%Y/%m/%d"),
        try_timestamp(slashed, pattern),
    ).cast("date")  # fmt: skip


def _typed(table: ir.Table | None, schema: TableSchema, engine: Engine) -> ir.Table:
    if table is None:
        return engine.from_arrow(schema.ibis_schema.to_pyarrow().empty_table(), schema.ibis_schema)
    return engine.scratch(
        table.select(
            **{
                column.name: table[column.name].cast(column.dtype)
                if column.name in table.columns
                else ibis.null(column.dtype)
                for column in schema.columns
            }
        )
    )
