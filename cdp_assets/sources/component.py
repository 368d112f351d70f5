"""The YAML form of a source.

Belongs here: fields and their descriptions, as editors show them. Does not belong here: what they mean (`spec.py`) and
what makes them valid (`validation.py`).
"""

from collections.abc import Collection, Container
from dataclasses import replace
from datetime import date, datetime
from functools import cached_property
from pathlib import PurePosixPath
from typing import Annotated, Any

import dagster as dg
from pydantic import ConfigDict, Field

from cdp_assets.definition_files import unset
from cdp_assets.sources import spec as specs
from cdp_assets.sources import template
from cdp_assets.sources.encodings import ENCODINGS
from cdp_assets.sources.validation import problems
from cdp_assets.warehouse.sql_fields import OptionalSql, Sql, SqlByName

_STRICT = ConfigDict(extra="forbid")


def _one_of(names: tuple[str, ...]) -> dict[str, Any]:
    """For editors; `validation.py` does the checking, since it can name the nearest one."""
    return {"enum": list(names)}


_SQL = "SQL expression over the stream's columns and derived columns"


class Column(dg.Model, dg.Resolvable):
    """One column of a stream's contract."""

    model_config = _STRICT

    type: str = Field(
        default="string",
        description="What the text of the column is read as.",
        json_schema_extra=_one_of(specs.COLUMN_TYPES),
    )
    required: bool = Field(
        default=False, description="Rows without it are quarantined, and files without the column refused."
    )
    format: str | list[str] | None = Field(
        default=None,
        description="strptime format of dates and timestamps, such as `%d.%m.%Y %H:%M`; ISO 8601 if absent. A list of "
        "them, with `iso` for ISO 8601, where some are written in another way: each is tried before the next.",
    )
    zone: str | None = Field(
        default=None, description="IANA time zone of times that bear none; the stream's if absent."
    )
    path: str | list[str] | None = Field(
        default=None,
        description="Header (CSV, Parquet) or dotted path (JSON, as in `traits.email`) if it differs from the name. A "
        "list of paths of JSON where some rows have it elsewhere: each is tried before the next.",
    )
    decimal_mark: str = Field(
        default=".", description="`.` or `,`; the other one may group thousands. For decimal and float."
    )
    symbol: str | None = Field(
        default=None, description="What stands beside numbers and is no part of them, such as `$`. For numbers."
    )
    past: bool = Field(
        default=False,
        description="The date or time must lie between 1900 and the run's instant. Always so for `event_time` and "
        "`updated_at`.",
    )


class Identifier(dg.Model, dg.Resolvable):
    """An identifier that every mapped row of the stream carries."""

    model_config = _STRICT

    type: str = Field(
        description="`email`, `phone`, `user_id`, `customer_number`, `loyalty_number`, `device_id`, `anonymous_id` …"
    )
    value: Sql = Field(description=f"{_SQL}; null where a row has none.")
    namespace: str | None = Field(
        default=None,
        description="The system that the number means something in; the source's name if absent, and `global` for "
        "e-mail and phone.",
    )
    country: OptionalSql = Field(
        default=None,
        description=f"{_SQL} for the ISO 3166-1 alpha-2 country of phone numbers; the source's country where null.",
    )


class Map(dg.Model, dg.Resolvable):
    """How rows become rows of one canonical table."""

    model_config = _STRICT

    to: str = Field(description="The canonical table.")
    set: SqlByName = Field(description=f"Column of that table → {_SQL}. Columns left out are null.")
    where: OptionalSql = Field(default=None, description="SQL condition; rows for which it is not true are left out.")
    grain: list[str] = Field(
        default_factory=list,
        description="Columns that together make one output row; of the source rows of each that have what the table "
        "needs, the first of the latest version gives it. One output row per source row if absent.",
    )
    id: OptionalSql = Field(
        default=None,
        description=f"{_SQL} for the native id; the stream's key if absent. Needed with a grain. Of facts with the "
        "same id the latest version stands.",
    )
    each: OptionalSql = Field(
        default=None,
        description="A column of JSON lists: one output row per item instead of per source row. The expressions of the "
        "map may then name `item` (its JSON: `json_extract_string(item, '$.sku')`) and `item_number` (from 1).",
    )


class Contract(dg.Model, dg.Resolvable):
    """What is done about deliveries that the contract does not foresee."""

    model_config = _STRICT

    tables: str | None = Field(
        default=None,
        description="Files in the source's folder that no stream takes: `evolve` (told), `freeze` (a failed check), "
        "`discard_row` or `discard_value` (passed over). For a source.",
        json_schema_extra=_one_of(specs.CONTRACT_MODES),
    )
    columns: str | None = Field(
        default=None,
        description="Columns that the contract does not name: `evolve` (kept in `extra`), `freeze` (the file is "
        "refused), `discard_row` (the row is quarantined), `discard_value` (dropped).",
        json_schema_extra=_one_of(specs.CONTRACT_MODES),
    )
    data_type: str | None = Field(
        default=None,
        description="Values that do not fit their type: `discard_row` (the row is quarantined; the default), `freeze` "
        "(the file is refused), `discard_value` or `evolve` (the row counts without the value).",
        json_schema_extra=_one_of(specs.CONTRACT_MODES),
    )


def _with_environment(context: dg.ResolutionContext, value: Any) -> Any:
    """What is written, with values of the environment. Where a variable is not set, it stays as it is written: fetching
    says so, and neither other sources nor who only looks at definitions have to wait for it.
    """
    if isinstance(value, dict):
        return {name: _with_environment(context, each) for name, each in value.items()}
    return value if isinstance(value, str) and unset(value) else context.resolve_value(value)


def _of_environment(type_: Any) -> dg.Resolver:
    return dg.Resolver(_with_environment, model_field_type=type_, inject_before_resolve=False)


_Text = Annotated[str, _of_environment(str)]
_Texts = Annotated[dict[str, str], _of_environment(dict[str, str])]
_Options = Annotated[dict[str, str | int | bool], _of_environment(dict[str, str | int | bool])]

_LAG = (
    "How far before the cursor's last value rows are fetched again: seconds of an instant, days of a date. For what is "
    "committed late, with its earlier time. The stream needs a key."
)


class Database(dg.Model, dg.Resolvable):
    """Rows of a database, fetched by every run."""

    model_config = _STRICT

    url: _Text = Field(description="SQLAlchemy's URL; from the environment: `{{ env.SHOP_DATABASE_URL }}`.")
    table: str | None = Field(default=None, description="Table, with its schema if need be; or …")
    query: Sql | None = Field(default=None, description="… one SELECT.")
    cursor: str | None = Field(
        default=None,
        description="Column that grows when rows come or change, such as `updated_at`: only rows from its last value "
        "on are fetched. Everything if absent.",
    )
    lag: float | None = Field(default=None, description=_LAG)


def _as_text(context: dg.ResolutionContext, value: Any) -> str | int | float | None:
    """YAML makes an instant of a text that looks like one."""
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, date) else context.resolve_value(value)


class Cursor(dg.Model, dg.Resolvable):
    """What makes a run ask only for what is new."""

    model_config = _STRICT

    path: str = Field(description="Where in an item the instant or number is that grows, such as `updated_at`.")
    param: str = Field(description="Query parameter that asks for items from that value on.")
    since: Annotated[
        str | int | float | None, dg.Resolver(_as_text, model_field_type=str | int | float | datetime | date | None)
    ] = Field(default=None, description="Its value for the first time.")
    lag: float | None = Field(default=None, description=_LAG)


class Rest(dg.Model, dg.Resolvable):
    """Items of a JSON API, fetched by every run through dlt, whose words these are."""

    model_config = _STRICT

    url: _Text = Field(description="The endpoint.")
    data: str | None = Field(default=None, description="Where in an answer the items are, such as `data.items`.")
    params: _Texts = Field(default_factory=dict, description="Query parameters.")
    headers: _Texts = Field(default_factory=dict, description="Headers.")
    auth: _Texts = Field(
        default_factory=dict,
        description='`{type: bearer, token: "{{ env.TOKEN }}"}`, `{type: http_basic, username: …, password: …}` or '
        "`{type: api_key, name: …, api_key: …, location: header}`.",
    )
    pages: dict[str, str | int | bool | None] = Field(
        default_factory=dict,
        description="How pages follow each other: `{type: json_link, next_url_path: next}`, `{type: cursor, "
        "cursor_path: …, cursor_param: …}`, `{type: page_number, base_page: 1, total_path: pages}`, `{type: offset, "
        "limit: 100, total_path: null}` (null: up to a page without items), `{type: header_link}`; found by itself if "
        "absent.",
    )
    cursor: Cursor | None = Field(default=None, description="Only what is new; everything each time if absent.")


class Stream(dg.Model, dg.Resolvable):
    """Files of one kind."""

    model_config = _STRICT

    name: str = Field(description="Lower case with underscores; unique within the source.")
    template: str | None = Field(
        default=None,
        description="A system's export whose contract and mapping this stream takes over; every field given beside it "
        "overrides the template's (`columns` and `derive` name by name).",
        json_schema_extra=_one_of(template.names()),
    )
    files: str = Field(
        default="",
        description="Glob below the landing folder, such as `shop/orders*.csv*`, or a URL such as "
        "`s3://bucket/orders*.csv`. May be gzipped. With a template, its pattern below the folder that is called like "
        "the source, unless given.",
    )
    storage_options: _Options = Field(
        default_factory=dict, description="What the file system of a URL in `files` needs to know: keys, end points."
    )
    database: Database | None = Field(default=None, description="Fetch rows of a database instead of taking files.")
    rest: Rest | None = Field(default=None, description="Fetch items of a JSON API instead of taking files.")
    format: str = Field(
        default="",
        description="`csv` with a header, `jsonl` (an object a line), `json` (one array of objects) or `parquet`.",
        json_schema_extra=_one_of(specs.FORMATS),
    )
    columns: dict[str, Column] = Field(default_factory=dict, description="The contract: name → type and rules.")
    description: str = Field(default="", description="What the rows are.")
    load: str = Field(
        default="append",
        json_schema_extra=_one_of(specs.LOADS),
        description="`append`: new rows; `upsert`: new and changed rows by key; `snapshot`: each file is the whole "
        "truth, and what it leaves out is closed.",
    )
    key: list[str] = Field(
        default_factory=list,
        description="Columns that tell rows apart at the source. Absent where nothing does: then every row counts.",
    )
    key_repeats: bool = Field(
        default=False,
        description="Whether different rows of one file may have the same key, as two lines of an order with the same "
        "article. Rows of one key that differ are then told apart by their order in the file.",
    )
    updated_at: str | None = Field(default=None, description="Column that says which version of a row wins.")
    event_time: str | None = Field(default=None, description="Column that says when a row's fact happened.")
    delivered_at: str | None = Field(
        default=None,
        description="Name of a further column that maps may use: the instant of the run that first read the row. For "
        "what files say without a time.",
    )
    zone: str = Field(default="UTC", description="IANA time zone of times that bear none.")
    deleted: OptionalSql = Field(
        default=None, description="SQL condition that marks a deleted row, for `upsert` and `snapshot`."
    )
    derive: SqlByName = Field(
        default_factory=dict, description="Name → SQL expression over the columns and the names before it."
    )
    identifiers: list[Identifier] = Field(default_factory=list, description="What every row carries.")
    person: bool = Field(
        default=False, description="Rows are records of people, known by their key, rather than facts about them."
    )
    guest: OptionalSql = Field(
        default=None,
        description=f"{_SQL}: rows without any identifier that agree in it are one anonymous record. The id of the "
        "first map with a grain if absent, unless `contacts` or `contact_points` have each row for themselves; else "
        "each row is one.",
    )
    maps: list[Map] = Field(default_factory=list, description="The canonical tables it feeds.")
    delimiter: str = Field(default=",", description="Of CSV: one character.")
    encoding: str = Field(
        default="utf-8",
        description="Of text files. UTF-16 is told by its mark; latin-1 has all of Windows-1252.",
        json_schema_extra=_one_of(ENCODINGS),
    )
    contract: Contract | None = Field(default=None, description="Strictness; the source's if absent.")
    unpack: str | None = Field(
        default=None,
        description="Of JSON lines: property whose list holds the rows of a line, such as `batch`. What stands beside "
        "the list belongs to each of its rows; a line without it is a row itself.",
    )
    nulls: list[str] = Field(
        default_factory=list,
        description="Texts that stand for no value in any column, such as `NULL` or `N/A`, as they are written.",
    )
    rows: str | None = Field(
        default=None,
        description="Of a JSON file that is one object, as APIs answer: dotted path of the list in it that holds the "
        "rows, such as `data.customers`. What stands beside the list is not taken. `$`: the object is a row itself, "
        "and others may come after it.",
    )


class Source(dg.Component, dg.Model, dg.Resolvable):
    """A source system: what it exports, what that means, and whom it is about."""

    model_config = ConfigDict(extra="forbid", ignored_types=(cached_property,))

    name: str = Field(description="Lower case with underscores; part of asset keys and of every row.")
    streams: list[Stream] = Field(description="Its exports, one entry a kind of file.")
    description: str = Field(default="", description="What it is.")
    owner: str | None = Field(default=None, description="Who answers for it: `team:…` or an e-mail address.")
    country: str | None = Field(
        default=None, description="ISO 3166-1 alpha-2 country of phone numbers whose row names none."
    )
    settle_seconds: float = Field(
        default=2.0, ge=0, description="How long a file must have been left alone before it is read."
    )
    contract: Contract | None = Field(default=None, description="Strictness, of all streams that say nothing else.")

    @cached_property
    def spec(self) -> specs.SourceSpec:
        """The source, with every name and expression checked."""
        templates = {stream.template for stream in self.streams if stream.template is not None}
        source = specs.SourceSpec(
            name=self.name,
            streams=tuple(
                _stream(_complete(stream, self.name, f"streams[{position}]", templates), stream.columns, self)
                for position, stream in enumerate(self.streams)
            ),
            description=self.description,
            owner=self.owner,
            country=self.country,
            settle_seconds=self.settle_seconds,
            contract=_contract(self.contract, specs.ContractSpec()),
        )
        for problem in problems(source):
            raise problem.error()
        return source

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """Nothing of its own: canonical tables unite all sources (`assets.py`)."""
        return dg.Definitions()


def _complete(stream: Stream, source: str, place: str, templates: Collection[str]) -> Stream:
    """The stream with its template's fields below its own, and where what is fetched will lie."""
    given = stream.model_dump(exclude_unset=True)
    if stream.database is not None or stream.rest is not None:
        ending = "parquet" if stream.database is not None else "jsonl"
        given |= {"files": f"{source}/{stream.name}/*.{ending}", "format": ending}
        stream = Stream.model_validate(given)
    if stream.template is None:
        missing = next((name for name in ("files", "format", "columns") if name not in given), None)
        if missing is not None:
            raise ValueError(f"{place}: `{missing}` is missing; give it, or name a `template`")
        return stream
    try:
        found = template.find(stream.template)
    except ValueError as error:
        raise ValueError(f"{place}.template: {error}") from None
    return Stream.model_validate(template.overridden(found, given, source, templates))


def _origin(stream: Stream) -> specs.DatabaseSpec | specs.RestSpec | specs.RemoteSpec | None:
    if stream.database is not None:
        return specs.DatabaseSpec(**stream.database.model_dump())
    if stream.rest is not None:
        rest = stream.rest.model_dump()
        cursor = rest.pop("cursor") or {}
        pairs: dict[str, Any] = {name: tuple(rest.pop(name).items()) for name in ("params", "headers", "auth", "pages")}
        asked: dict[str, Any] = {
            "cursor": cursor.get("path"),
            "cursor_parameter": cursor.get("param"),
            "since": cursor.get("since"),
            "lag": cursor.get("lag"),
        }
        return specs.RestSpec(**rest, **pairs, **asked)
    if "://" in stream.files:
        return specs.RemoteSpec(stream.files, tuple(stream.storage_options.items()))
    return None


def _contract(contract: Contract | None, under: specs.ContractSpec) -> specs.ContractSpec:
    given = contract.model_dump(exclude_none=True) if contract is not None else {}
    return replace(under, **given)


def _stream(stream: Stream, own: Container[str], source: Source) -> specs.StreamSpec:
    """The plain description of a stream with all its fields; ``own`` are the columns that its YAML itself names."""
    origin = _origin(stream)
    remote = isinstance(origin, specs.RemoteSpec)
    return specs.StreamSpec(
        name=stream.name,
        files=f"{source.name}/{stream.name}/{_copies(stream.files)}" if remote else stream.files,
        origin=origin,
        format=stream.format,
        columns=tuple(specs.ColumnSpec.defined(name, **column.model_dump()) for name, column in stream.columns.items()),
        load=stream.load,
        key=tuple(stream.key),
        key_repeats=stream.key_repeats,
        updated_at=stream.updated_at,
        event_time=stream.event_time,
        delivered_at=stream.delivered_at,
        zone=stream.zone,
        deleted=stream.deleted,
        derive=tuple(stream.derive.items()),
        identifiers=tuple(_identifier(identifier, source.name) for identifier in stream.identifiers),
        person=stream.person,
        guest=stream.guest,
        maps=tuple(
            specs.MapSpec(
                to=entry.to,
                set=tuple(entry.set.items()),
                where=entry.where,
                grain=tuple(entry.grain),
                id=entry.id,
                each=entry.each,
            )
            for entry in stream.maps
        ),
        delimiter=stream.delimiter,
        encoding=stream.encoding,
        description=stream.description,
        unpack=stream.unpack,
        rows=stream.rows,
        nulls=tuple(stream.nulls),
        from_template=frozenset(name for name in stream.columns if name not in own),
        contract=_contract(stream.contract, _contract(source.contract, specs.ContractSpec())),
    )


def _copies(url: str) -> PurePosixPath:
    """What the copies of files behind a URL are called: as there, below the folder that all of them are in."""
    return PurePosixPath(url).relative_to(specs.fixed_folder(url))


def _identifier(identifier: Identifier, source: str) -> specs.IdentifierSpec:
    own = specs.GLOBAL if identifier.type in specs.GLOBAL_TYPES else source
    return specs.IdentifierSpec(
        type=identifier.type,
        value=identifier.value,
        namespace=identifier.namespace or own,
        country=identifier.country,
    )
