"""What makes a source's definition valid: every name known, every expression sound, before anything is read.

Belongs here: the rules and the words that explain them. Does not belong here: the YAML form (`component.py`), and where
in the file a fault lies: a `Problem` carries the path of keys to it, and the caller knows the lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

import ibis

from cdp_assets.canonical.zones import zone_fault
from cdp_assets.definition_files import unset
from cdp_assets.sources import targets
from cdp_assets.sources.encodings import encoding_fault
from cdp_assets.sources.proposing.countries import code_of
from cdp_assets.sources.proposing.phrases import words_of
from cdp_assets.sources.spec import (
    COLUMN_TYPES,
    CONTRACT_MODES,
    FORMATS,
    ISO,
    ITEM,
    ITEM_NUMBER,
    LOADS,
    ColumnSpec,
    ContractSpec,
    DatabaseSpec,
    IdentifierSpec,
    MapSpec,
    RestSpec,
    SourceSpec,
    StreamSpec,
)
from cdp_assets.warehouse.expressions import CheckedExpression, check, time_format_fault
from cdp_assets.warehouse.sql_parsing import ExpressionError, nearest

Path = tuple[str | int, ...]
"""Keys and positions that lead to a place in the YAML's attributes."""

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_COUNTRY = re.compile(r"[A-Z]{2}")
_RESERVED = frozenset({"extra", "raw_line", "parse_error", "load_id", "source_file", "source_row"})
_OWN_PREFIX = "cdp_"


@dataclass(frozen=True)
class Problem:
    """One fault in a definition.

    Args:
        path: Where, as keys below the definition's attributes.
        message: What is wrong, and what to write instead.
        expression: The error of an SQL expression, if it is one.
    """

    path: Path
    message: str
    expression: ExpressionError | None = None

    def error(self) -> ValueError:
        """The fault as an error whose text begins with its place."""
        place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in self.path).lstrip(".")
        return self.expression.at(place) if self.expression is not None else ValueError(f"{place}: {self.message}")


def problems(source: SourceSpec) -> list[Problem]:
    """All faults of a source's definition, in the order of the file."""
    return list(_of_source(source))


def country_fault(code: str) -> str | None:
    """What is wrong with a country that phone numbers without a country code are dialled from, or None."""
    from phonenumbers import SUPPORTED_REGIONS

    if not _COUNTRY.fullmatch(code):
        return f"`{code}` is not a country code; write two capitals such as DE"
    if code in SUPPORTED_REGIONS:
        return None
    meant = code_of(code)
    hint = f"did you mean `{meant}`?" if meant else "write the ISO 3166-1 alpha-2 code of one that has"
    return f"no country with telephones has the code `{code}`; {hint}"


def name_fault(name: str, what: str) -> str | None:
    """What is wrong with the name of a source or a stream, or None."""
    if _NAME.fullmatch(name):
        return None
    like = re.sub(r"[^a-z0-9]+", "_", words_of(name)).strip("_")
    like = like if _NAME.fullmatch(like) else f"{what.split()[-1]}_{like}".rstrip("_")
    return f"`{name}` cannot name {what}; use lower-case letters, digits and single underscores, such as `{like}`"


def is_reserved(name: str) -> bool:
    """Whether the platform calls a column of its own so."""
    folded = name.casefold()
    return folded in _RESERVED or folded.startswith(_OWN_PREFIX)


def _of_source(source: SourceSpec) -> Iterator[Problem]:
    yield from _name(("name",), source.name, "a source")
    if source.country is not None and (fault := country_fault(source.country)):
        yield Problem(("country",), fault)
    if source.settle_seconds < 0:
        yield Problem(("settle_seconds",), "settle_seconds cannot be negative")
    if not source.streams:
        yield Problem(("streams",), "a source needs at least one stream")
    yield from _strictness(source.contract, ("contract",))
    seen: set[str] = set()
    for position, stream in enumerate(source.streams):
        path: Path = ("streams", position)
        if stream.name in seen:
            yield Problem((*path, "name"), f"two streams are called `{stream.name}`; give each its own name")
        seen.add(stream.name)
        yield from _of_stream(stream, path)


def _of_stream(stream: StreamSpec, path: Path) -> Iterator[Problem]:
    yield from _name((*path, "name"), stream.name, "a stream")
    yield from _one_of((*path, "format"), stream.format, FORMATS)
    yield from _one_of((*path, "load"), stream.load, LOADS)
    if fault := encoding_fault(stream.encoding):
        yield Problem((*path, "encoding"), fault)
    yield from _strictness(stream.contract, (*path, "contract"))
    yield from _origin(stream, path)
    yield from _files(stream, path)
    contract = list(_contract(stream, path))
    yield from contract
    if contract:
        return
    known = dict(stream.typed_schema.items())
    for name, sql in stream.derive:
        place: Path = (*path, "derive", name)
        if any(name.casefold() == other.casefold() for other in known):
            yield Problem(place, f"`{name}` is a column already; give the derived one another name")
            return
        checked = _expression(sql, ibis.schema(known))
        if isinstance(checked, ExpressionError):
            yield Problem(place, str(checked), checked)
            return
        known[name] = checked.dtype
    schema = ibis.schema(known)
    # When a row was delivered says nothing of when something was, nor whose it is.
    told = ibis.schema({name: dtype for name, dtype in known.items() if name != stream.delivered_at})
    yield from _roles(stream, told, path)
    for position, identifier in enumerate(stream.identifiers):
        yield from _identifier(identifier, told, (*path, "identifiers", position))
    for position, map_ in enumerate(stream.maps):
        yield from _map(map_, stream, schema, (*path, "maps", position))


def _strictness(contract: ContractSpec, path: Path) -> Iterator[Problem]:
    for name in ("tables", "columns", "data_type"):
        yield from _one_of((*path, name), getattr(contract, name), CONTRACT_MODES)


def _origin(stream: StreamSpec, path: Path) -> Iterator[Problem]:
    origin = stream.origin
    if isinstance(origin, DatabaseSpec) and (origin.table is None) == (origin.query is None):
        yield Problem((*path, "database"), "a database stream needs a `table` or a `query`, and not both")
    if isinstance(origin, RestSpec) and not unset(origin.url) and not origin.url.startswith(("http://", "https://")):
        yield Problem((*path, "rest", "url"), "the url of an endpoint begins with http:// or https://")
    fetched = isinstance(origin, DatabaseSpec | RestSpec) and origin.cursor is not None
    if fetched and stream.load == "snapshot":
        yield Problem(
            (*path, "load"), "with a cursor only what is new is fetched, which is no snapshot; write `load: upsert`"
        )
    if isinstance(origin, DatabaseSpec | RestSpec) and origin.lag is not None and not (origin.cursor and stream.key):
        yield Problem(path, "`lag` fetches rows once more, and needs a cursor, and a `key` that tells them")


def _files(stream: StreamSpec, path: Path) -> Iterator[Problem]:
    pattern = PurePosixPath(stream.files)
    if not stream.files or pattern.is_absolute() or ".." in pattern.parts:
        yield Problem((*path, "files"), "files is a glob below the landing folder, such as shop/orders*.csv")
    if len(stream.delimiter) != 1 or stream.delimiter in '"\n\r':
        yield Problem((*path, "delimiter"), 'the delimiter is one character, such as "," or ";" or "\\t"')
    if stream.unpack is not None and stream.format != "jsonl":
        yield Problem((*path, "unpack"), f"unpack is for JSON lines, and the stream is {stream.format}")
    if stream.rows is not None and stream.format != "json":
        yield Problem((*path, "rows"), f"rows is for `format: json`, and the stream is {stream.format}")
    yield from _zone((*path, "zone"), stream.zone)


def _contract(stream: StreamSpec, path: Path) -> Iterator[Problem]:
    if not stream.columns:
        yield Problem((*path, "columns"), "a stream needs the columns of its contract")
    seen: dict[str, str] = {}
    for column in stream.columns:
        place: Path = (*path, "columns", column.name)
        folded = column.name.casefold()
        if folded in seen:
            yield Problem(
                place,
                f"`{column.name}` and `{seen[folded]}` differ only in case; rename one and give its header as `path`",
            )
        seen[folded] = column.name
        if is_reserved(column.name):
            yield Problem(place, f"the platform uses `{column.name}`; take another name and give its header as `path`")
        yield from _column(column, place)
        if column.others and stream.format not in ("json", "jsonl"):
            yield Problem((*place, "path"), f"several paths are for JSON, and the stream is {stream.format}")
    if stream.delivered_at is not None:
        yield from _further(stream.delivered_at, seen, (*path, "delivered_at"))
    for name in stream.key:
        if name not in stream.column_names:
            yield Problem(
                (*path, "key"), f"the key names `{name}`, which is no column; {nearest(name, stream.column_names)}"
            )


def _further(name: str, taken: Mapping[str, str], path: Path) -> Iterator[Problem]:
    """The name of a column that the platform adds."""
    if not _NAME.fullmatch(name) or is_reserved(name):
        yield Problem(path, f"`{name}` cannot name a column here; take another name, such as `delivered_at`")
    elif name in taken:
        yield Problem(path, f"`{taken[name]}` is a column already; give the time of delivery another name")


def _column(column: ColumnSpec, path: Path) -> Iterator[Problem]:
    yield from _one_of((*path, "type"), column.type, COLUMN_TYPES)
    timed = column.type in ("date", "timestamp")
    if column.formats and not timed:
        yield Problem((*path, "format"), f"format is for dates and timestamps, and `{column.name}` is {column.type}")
    for pattern in column.formats:
        if pattern != ISO and (fault := time_format_fault(pattern)):
            told = f"`{pattern}` of `{column.name}` cannot be read ({fault}); write for example %d.%m.%Y %H:%M"
            yield Problem((*path, "format"), told)
    if column.past and not timed:
        yield Problem((*path, "past"), f"past is for dates and timestamps, and `{column.name}` is {column.type}")
    if column.symbol is not None and column.type not in ("integer", "decimal", "float"):
        yield Problem((*path, "symbol"), f"a symbol stands beside numbers, and `{column.name}` is {column.type}")
    if column.decimal_mark not in (".", ","):
        yield Problem((*path, "decimal_mark"), "the decimal mark is a point or a comma")
    if column.zone is not None:
        yield from _zone((*path, "zone"), column.zone)


def _roles(stream: StreamSpec, schema: ibis.Schema, path: Path) -> Iterator[Problem]:
    for role, name in (("updated_at", stream.updated_at), ("event_time", stream.event_time)):
        if name is None:
            continue
        if name not in schema:
            yield Problem((*path, role), f"{role} names `{name}`, which is no column; {nearest(name, schema.names)}")
        elif not (schema[name].is_timestamp() or schema[name].is_date()):
            yield Problem((*path, role), f"{role} must be a timestamp, and `{name}` is {schema[name]}")
    if stream.key_repeats and (stream.person or not stream.key):
        yield Problem((*path, "key_repeats"), "only rows that have a key, and are no records of people, may repeat it")
    if stream.person and not stream.key:
        yield Problem((*path, "person"), "records of people need a key, since their ids are made from it")
    if stream.load == "upsert" and not stream.key:
        yield Problem((*path, "load"), "an upsert needs a key that tells which row a new version replaces")
    if stream.deleted is not None:
        if stream.load == "append":
            yield Problem((*path, "deleted"), "a delete marker is for upserts and snapshots: what is appended stays")
        yield from _condition((*path, "deleted"), stream.deleted, schema)
    if stream.guest is not None:
        checked = _expression(stream.guest, schema)
        if isinstance(checked, ExpressionError):
            yield Problem((*path, "guest"), str(checked), checked)


def _identifier(identifier: IdentifierSpec, schema: ibis.Schema, path: Path) -> Iterator[Problem]:
    yield from _name((*path, "type"), identifier.type, "an identifier type")
    for part, sql in (("value", identifier.value), ("country", identifier.country)):
        if sql is None:
            continue
        checked = _expression(sql, schema)
        if isinstance(checked, ExpressionError):
            yield Problem((*path, part), str(checked), checked)
    if identifier.country is not None and identifier.type != "phone":
        yield Problem((*path, "country"), "a country is for phone numbers")


def _map(map_: MapSpec, stream: StreamSpec, schema: ibis.Schema, path: Path) -> Iterator[Problem]:
    table = targets.TARGETS.get(map_.to)
    if table is None:
        yield Problem(
            (*path, "to"), f"there is no canonical table `{map_.to}`; {nearest(map_.to, list(targets.TARGETS))}"
        )
        return
    if map_.each is not None:
        checked = _expression(map_.each, schema)
        if isinstance(checked, ExpressionError):
            yield Problem((*path, "each"), str(checked), checked)
            return
        if not checked.dtype.is_string():
            yield Problem((*path, "each"), f"each names a JSON list, and the expression gives {checked.dtype}")
        if map_.grain:
            yield Problem((*path, "each"), "a map makes a row of each item or of each grain, and not both")
        for name in (ITEM, ITEM_NUMBER):
            if name in schema:
                yield Problem(
                    (*path, "each"), f"`{name}` is what an item is called here; rename the column, with `path`"
                )
        schema = stream.schema_of(map_)
    if map_.where is not None:
        yield from _condition((*path, "where"), map_.where, schema)
    if map_.id is not None:
        checked = _expression(map_.id, schema)
        if isinstance(checked, ExpressionError):
            yield Problem((*path, "id"), str(checked), checked)
    if map_.grain and map_.id is None:
        yield Problem((*path, "grain"), "a map with a grain needs an `id`, for example the grain's column")
    for name in map_.grain:
        if name not in schema:
            yield Problem(
                (*path, "grain"), f"the grain names `{name}`, which is no column; {nearest(name, schema.names)}"
            )
    columns = {column.name: column for column in targets.settable(table)}
    for name, sql in map_.set:
        place: Path = (*path, "set", name)
        if name not in columns:
            if name in table.column_names:
                yield Problem(place, f"`{name}` of {table.name} is filled by the platform; leave it out")
            else:
                yield Problem(place, f"{table.name} has no column `{name}`; {nearest(name, list(columns))}")
            continue
        checked = _expression(sql, schema)
        if isinstance(checked, ExpressionError):
            yield Problem(place, str(checked), checked)
        elif not targets.fits(checked.dtype, columns[name]):
            yield Problem(
                place, f"`{name}` of {table.name} is {columns[name].type}, and the expression gives {checked.dtype}"
            )
    given = {name for name, _ in map_.set}
    missing = [name for name in targets.needed(table) if name not in given]
    if missing:
        yield Problem((*path, "set"), f"{table.name} needs {', '.join(f'`{name}`' for name in missing)}")
    if table.name == "consents" and "contact_point" not in given and not (stream.identifiers or stream.person):
        yield Problem((*path, "set"), "consents needs `contact_point`, or identifiers that say whose word it is")
    if table.name == "contact_points" and not given & {"value", "line_1", "postal_code", "city"}:
        yield Problem((*path, "set"), "contact_points needs `value`, or the parts of a postal address")


def _condition(path: Path, sql: str, schema: ibis.Schema) -> Iterator[Problem]:
    checked = _expression(sql, schema)
    if isinstance(checked, ExpressionError):
        yield Problem(path, str(checked), checked)
    elif not checked.dtype.is_boolean():
        yield Problem(path, f"this must be true or false, and the expression gives {checked.dtype}")


def _expression(sql: str, schema: ibis.Schema) -> CheckedExpression | ExpressionError:
    try:
        return check(sql, schema)
    except ExpressionError as error:
        return error


def _one_of(path: Path, value: str, valid: tuple[str, ...]) -> Iterator[Problem]:
    if value not in valid:
        yield Problem(path, f"`{value}` is not a {path[-1]}; {nearest(value, valid)}")


def _zone(path: Path, zone: str) -> Iterator[Problem]:
    if fault := zone_fault(zone):
        yield Problem(path, fault)


def _name(path: Path, name: str, what: str) -> Iterator[Problem]:
    if fault := name_fault(name, what):
        yield Problem(path, fault)
