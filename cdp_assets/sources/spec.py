"""What a source is: its streams, the contract of each, and how its rows map to the canonical tables.

Belongs here: the plain description and what follows from it alone (names, types, schemas). Does not belong here: its
YAML form (`component.py`), what makes it valid (`validation.py`), and anything that reads a file.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

import ibis
import ibis.expr.datatypes as dt

from cdp_assets.canonical.schema import INSTANT
from cdp_assets.warehouse.expressions import check

COLUMN_TYPES = ("string", "integer", "decimal", "float", "boolean", "date", "timestamp", "json")
ISO = "iso"
"""ISO 8601, among formats of dates."""

FORMATS = ("csv", "jsonl", "json", "parquet")
LOADS = ("append", "upsert", "snapshot")

_WILDCARDS = frozenset("*?[")

EVOLVE, FREEZE, DISCARD_ROW, DISCARD_VALUE = CONTRACT_MODES = ("evolve", "freeze", "discard_row", "discard_value")
"""What a contract does about what it does not foresee, in dlt's words."""

DTYPES: dict[str, dt.DataType] = {
    "string": dt.string,
    "integer": dt.int64,
    # Four places keep unit prices exact, and a product of two such numbers still fits in 38 digits.
    "decimal": dt.Decimal(18, 4),
    "float": dt.float64,
    "boolean": dt.boolean,
    "date": dt.date,
    "timestamp": dt.dtype(INSTANT),
    "json": dt.string,
}
"""Ibis type of each contract type. JSON stays text, which the JSON functions read."""

_OF_PEOPLE = frozenset({"contacts", "contact_points"})
"""Canonical tables of what is said of people."""

ITEM, ITEM_NUMBER = "item", "item_number"
"""What expressions of a map call an item of its list, and the item's position."""

GLOBAL = "global"
"""Namespace of identifiers that mean the same everywhere."""

GLOBAL_TYPES = frozenset({"email", "phone"})
"""Identifier types that live in the `GLOBAL` namespace unless told otherwise."""


@dataclass(frozen=True)
class ContractSpec:
    """What is done about deliveries that the contract does not foresee; each is one of `CONTRACT_MODES`.

    Args:
        tables: Files in the source's folder that no stream takes: told (``evolve``), a failed check (``freeze``), or
            passed over.
        columns: Columns that the contract does not name: kept in ``extra`` (``evolve``), the file refused (``freeze``),
            the row quarantined, or the value dropped.
        data_type: Values that do not fit their type: the row counts without the value, which stays in the raw table
            (``evolve``, ``discard_value``), the file refused (``freeze``), or the row quarantined.
    """

    tables: str = EVOLVE
    columns: str = EVOLVE
    data_type: str = DISCARD_ROW


@dataclass(frozen=True)
class DatabaseSpec:
    """A table or a query of a database.

    Args:
        url: SQLAlchemy's URL.
        table: Name of the table, with its schema if need be; or
        query: one SELECT.
        cursor: Column that grows when rows come or change: only rows from its last value on are fetched.
        lag: How far before that value they are fetched once more: seconds of an instant, days of a date.
    """

    url: str = field(repr=False)
    table: str | None = None
    query: str | None = None
    cursor: str | None = None
    lag: float | None = None


@dataclass(frozen=True)
class RestSpec:
    """An endpoint of an API that answers in JSON; the words are those of dlt's REST source.

    Args:
        url: The endpoint.
        data: Where in an answer the items are (JSONPath); found by itself if None.
        params: Query parameters.
        headers: Headers.
        auth: How to log in: ``type`` and its fields.
        pages: How pages follow each other: ``type`` and its fields; found by itself if empty.
        cursor: Where in an item the instant or number is that grows (JSONPath).
        cursor_parameter: Query parameter that asks for items from that value on.
        since: Its value for the first time.
        lag: How far before the cursor's last value items are asked for again: seconds of an instant, days of a date.
    """

    url: str
    data: str | None = None
    params: tuple[tuple[str, Any], ...] = ()
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    auth: tuple[tuple[str, Any], ...] = field(default=(), repr=False)
    pages: tuple[tuple[str, Any], ...] = ()
    cursor: str | None = None
    cursor_parameter: str | None = None
    since: str | int | float | None = None
    lag: float | None = None


@dataclass(frozen=True)
class RemoteSpec:
    """Files behind a URL.

    Args:
        url: Pattern in fsspec's form, such as ``s3://bucket/shop/orders*.csv``.
        options: What its file system needs to know (keys, end points).
    """

    url: str
    options: tuple[tuple[str, Any], ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class ColumnSpec:
    """One column of a stream's contract.

    Args:
        name: What expressions call it.
        type: One of `COLUMN_TYPES`.
        required: Whether a row without it is quarantined, and a file without it refused.
        formats: strptime formats of dates and times, or `ISO`, each tried before the next; ISO 8601 if there are none.
        zone: IANA zone of times that bear none; the stream's if None.
        path: Where the value is: a header in CSV and Parquet, a dotted path in JSON; the name if None.
        others: Of JSON: where it is in rows that have none there, each tried before the next.
        decimal_mark: ``.`` or ``,``; the other one, or no-break spaces (in decimals any), may group thousands.
        past: Whether a date or time must lie between 1900 and the run's instant (a day ahead is let pass); one before
            1900 is treated like a value that does not fit the type, and a row with one in the future waits for it.
        symbol: What stands beside numbers and is no part of them, such as ``$``.
    """

    name: str
    type: str
    required: bool = False
    formats: tuple[str, ...] = ()
    zone: str | None = None
    path: str | None = None
    others: tuple[str, ...] = ()
    decimal_mark: str = "."
    past: bool = False
    symbol: str | None = None

    @classmethod
    def defined(
        cls,
        name: str,
        format: str | Sequence[str] | None = None,
        path: str | Sequence[str] | None = None,
        **fields: Any,
    ) -> ColumnSpec:
        """A column as definitions have it: with one format and path, several, or none."""
        first, *others = (path,) if isinstance(path, str) else path or (None,)
        formats = (format,) if isinstance(format, str) else tuple(format or ())
        return cls(name, formats=formats, path=first, others=tuple(filter(None, others)), **fields)

    @property
    def dtype(self) -> dt.DataType:
        return DTYPES[self.type]

    @property
    def address(self) -> str:
        """The header or dotted path of the value in a delivered file."""
        return self.path or self.name


def first_path(name: str, fields: Mapping[str, Any]) -> str:
    """The header or dotted path of a column as definitions have it, by its name and fields."""
    path: str | Sequence[str] = fields.get("path") or name
    return path if isinstance(path, str) else path[0]


@dataclass(frozen=True)
class IdentifierSpec:
    """One identifier that rows of a stream carry.

    Args:
        type: ``email``, ``phone``, ``user_id``, ``customer_number`` …
        value: SQL expression; null where a row has none.
        namespace: The system that numbers mean something in.
        country: SQL expression for the ISO 3166-1 alpha-2 country of phone numbers without one, or None.
    """

    type: str
    value: str
    namespace: str
    country: str | None = None


@dataclass(frozen=True)
class MapSpec:
    """How rows of a stream become rows of one canonical table.

    Args:
        to: Name of the canonical table.
        set: Column of that table → SQL expression.
        where: SQL condition for the rows that count, or None for all.
        grain: Columns that together make one output row (of the rows that have what the table needs, the first of the
            latest version gives it); empty for every row.
        id: SQL expression of the native id; the stream's key if None (with ``each``, and the item's number). Of facts
            with the same one the latest stands.
        each: SQL expression of a JSON list of which each item makes an output row. Expressions then may name `ITEM`,
            the item as JSON, and `ITEM_NUMBER`, its position from 1; an item without what the table needs makes none.
    """

    to: str
    set: tuple[tuple[str, str], ...]
    where: str | None = None
    grain: tuple[str, ...] = ()
    id: str | None = None
    each: str | None = None


@dataclass(frozen=True)
class StreamSpec:
    """One stream of files of one kind.

    Args:
        name: Name within the source, snake_case.
        files: Glob below the landing folder.
        format: One of `FORMATS`.
        columns: The contract.
        load: How deliveries relate: one of `LOADS`.
        key: Columns that tell rows apart at the source; empty if nothing does, and every row counts.
        key_repeats: Whether different rows of one file may have the same key, as two lines of an order with the same
            article: then the first of them is another row than the second.
        updated_at: Column that says which version of a row wins.
        event_time: Column that says when a row's fact happened.
        delivered_at: Name of a further column: the instant, UTC, of the run that first read the row.
        zone: IANA zone of times that bear none.
        deleted: SQL condition that marks a deleted row.
        derive: Name → SQL expression over the columns and the ones derived before it.
        identifiers: What every row carries.
        person: Whether rows are records of people (their record follows the key) or facts about them.
        guest: SQL expression; rows without any identifier that agree in it are one anonymous record. If None, see
            `guest_expression`.
        maps: The canonical tables it feeds.
        delimiter: Of CSV.
        encoding: Of text files: one of `encodings.ENCODINGS`.
        description: For people.
        contract: What is done about what the contract does not foresee.
        origin: Where it is fetched from, if its files are not dropped off.
        unpack: Of JSON lines: the property whose list holds the rows of a line; a line without it is a row itself.
        nulls: Texts that stand for no value in any column, as `NULL` does in exports of databases.
        rows: Of a JSON file that is one object: dotted path of the list in it that holds the rows, or ``$`` if it is a
            row itself, and others may come after it.
        from_template: Columns that its template names and it does not: what an export may hold, and need not.
    """

    name: str
    files: str
    format: str
    columns: tuple[ColumnSpec, ...]
    load: str = "append"
    key: tuple[str, ...] = ()
    key_repeats: bool = False
    updated_at: str | None = None
    event_time: str | None = None
    delivered_at: str | None = None
    zone: str = "UTC"
    deleted: str | None = None
    derive: tuple[tuple[str, str], ...] = ()
    identifiers: tuple[IdentifierSpec, ...] = ()
    person: bool = False
    guest: str | None = None
    maps: tuple[MapSpec, ...] = ()
    delimiter: str = ","
    encoding: str = "utf-8"
    description: str = ""
    contract: ContractSpec = ContractSpec()
    unpack: str | None = None
    rows: str | None = None
    nulls: tuple[str, ...] = ()
    origin: DatabaseSpec | RestSpec | RemoteSpec | None = None
    from_template: frozenset[str] = frozenset()

    def column(self, name: str) -> ColumnSpec:
        """The contract's column called ``name``.

        Raises:
            KeyError: if there is none.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    @property
    def typed_schema(self) -> ibis.Schema:
        """The contract's columns with their types, and the time of delivery."""
        known = {column.name: column.dtype for column in self.columns}
        return ibis.schema(known if self.delivered_at is None else known | {self.delivered_at: DTYPES["timestamp"]})

    @property
    def expression_schema(self) -> ibis.Schema:
        """What expressions of maps may name: typed columns and derived ones.

        Raises:
            ExpressionError: if a derived column's expression cannot be used.
        """
        known = dict(self.typed_schema.items())
        for name, sql in self.derive:
            known[name] = check(sql, ibis.schema(known)).dtype
        return ibis.schema(known)

    def schema_of(self, map_: MapSpec) -> ibis.Schema:
        """What the expressions of a map may name."""
        known = dict(self.expression_schema.items())
        if map_.each is not None:
            known |= {ITEM: dt.string, ITEM_NUMBER: dt.int64}
        return ibis.schema(known)

    @property
    def timed_columns(self) -> frozenset[str]:
        """Columns whose time must be plausible."""
        named = {name for name in (self.event_time, self.updated_at) if name is not None}
        return frozenset(named | {column.name for column in self.columns if column.past})

    @property
    def birth_columns(self) -> frozenset[str]:
        """Columns with a time in the past that are taken for the birth date of the person."""
        births = {sql for map_ in self.maps if map_.to == "contacts" for name, sql in map_.set if name == "birth_date"}
        return frozenset(column.name for column in self.columns if column.past and column.name in births)

    @property
    def guest_expression(self) -> str | None:
        """What tells rows without identifiers apart: `guest`, or the id of the first map with a grain.

        None if nothing but their key does, as where each row says of a person of its own who that is.
        """
        if self.guest is not None:
            return self.guest
        if any(map_.to in _OF_PEOPLE and not map_.grain for map_ in self.maps):
            return None
        return next((map_.id for map_ in self.maps if map_.grain and map_.id), None)


@dataclass(frozen=True)
class SourceSpec:
    """One source system.

    Args:
        name: snake_case; part of asset keys and of every row.
        streams: Its streams.
        description: For people.
        owner: Who answers for it, as Dagster spells owners (``team:commerce`` or an e-mail).
        country: ISO 3166-1 alpha-2 country of phone numbers whose row names none.
        settle_seconds: How long a file must have been left alone before it is read.
        origin: The file that defines it, for messages.
        contract: As of its streams, where they say nothing else; and what is done about files that none of them takes.
    """

    name: str
    streams: tuple[StreamSpec, ...]
    description: str = ""
    owner: str | None = None
    country: str | None = None
    settle_seconds: float = 2.0
    origin: str = field(default="", compare=False)
    contract: ContractSpec = ContractSpec()


def fixed_folder(pattern: str) -> PurePosixPath:
    """The folder that all files of a pattern are in, however deep: what comes before the first wildcard."""
    folders = PurePosixPath(pattern).parent.parts
    return PurePosixPath(*itertools.takewhile(lambda part: not _WILDCARDS & set(part), folders))


def stream_table(source: SourceSpec, stream: StreamSpec) -> str:
    """Name of a stream's raw table."""
    return f"{source.name}__{stream.name}"
