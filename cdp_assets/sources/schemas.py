"""The shapes of this stage's tables.

Belongs here: columns of raw tables, the load manifest and the audit. Does not belong here: how they are filled.
"""

from __future__ import annotations

from cdp_assets.canonical.schema import INSTANT, Column, Pii, TableSchema
from cdp_assets.sources import targets
from cdp_assets.sources.spec import SourceSpec, StreamSpec, stream_table
from cdp_assets.warehouse.expressions import check

EXTRA = Column("extra", "string", "What the contract does not name, as JSON; null if nothing.", pii=Pii.SENSITIVE)
RAW_LINE = Column("raw_line", "string", "The row as it came, if it could not be split into columns.", pii=Pii.SENSITIVE)
PARSE_ERROR = Column("parse_error", "string", "Why it could not be split.")
LOAD_ID = Column("load_id", "string", "The delivery that brought the row.", required=True)
SOURCE_FILE = Column("source_file", "string", "File, relative to the landing folder.", required=True)
SOURCE_ROW = Column("source_row", "int64", "Row number within the file, from 1.", required=True)

TECHNICAL = (EXTRA, RAW_LINE, PARSE_ERROR, LOAD_ID, SOURCE_FILE, SOURCE_ROW)

_RANK = list(Pii)


def raw_schema(source: SourceSpec, stream: StreamSpec) -> TableSchema:
    """The raw table of a stream: the contract's columns as text, and where each row came from."""
    classes = column_classes(stream)
    said = f" {stream.description}" if stream.description else ""
    return TableSchema(
        stream_table(source, stream),
        f"One row per row of every file dropped off for {source.name}'s {stream.name}, as text.{said}",
        (
            *(
                Column(column.name, "string", f"As delivered ({column.type}).", pii=classes[column.name])
                for column in stream.columns
            ),
            *TECHNICAL,
        ),
    )


def column_classes(stream: StreamSpec) -> dict[str, Pii]:
    """How closely each column of a contract, or derived from it, points at a person: as closely as what it maps to.

    A column that is mapped to nothing could hold anything.
    """
    schema = stream.expression_schema
    found: dict[str, Pii] = {}

    def note(sql: str, pii: Pii) -> None:
        for name in check(sql, schema).columns:
            found[name] = max(found.get(name, Pii.NONE), pii, key=_RANK.index)

    for identifier in stream.identifiers:
        note(identifier.value, Pii.DIRECT)
    for map_ in stream.maps:
        table = targets.TARGETS[map_.to]
        known = stream.schema_of(map_)
        for name, sql in map_.set:
            pii = table.column(name).pii
            for used in check(sql, known).columns:
                for each in [used] if used in schema else check(map_.each or used, schema).columns:
                    found[each] = max(found.get(each, Pii.NONE), pii, key=_RANK.index)
    for name, sql in reversed(stream.derive):
        for used in check(sql, schema).columns:
            found[used] = max(found.get(used, Pii.NONE), found.get(name, Pii.SENSITIVE), key=_RANK.index)
    for name in stream.key:
        found[name] = max(found.get(name, Pii.NONE), Pii.PSEUDONYM, key=_RANK.index)
    return {name: found.get(name, Pii.SENSITIVE) for name in schema.names}


LOAD_MANIFEST = TableSchema(
    "load_manifest",
    "One row per delivery of a file to a stream: what came, when, and what became of it.",
    (
        Column("load_id", "string", "Made from source, stream, content and repetition.", required=True),
        Column("source", "string", "The source system.", required=True),
        Column("stream", "string", "The stream of the source.", required=True),
        Column("file", "string", "File, relative to the landing folder.", required=True),
        Column("content_hash", "string", "SHA-256 of its bytes.", required=True),
        Column("bytes", "int64", "Its size.", unit="bytes", required=True),
        Column("sequence", "int64", "Position among the stream's deliveries, from 1.", required=True),
        Column("rows", "int64", "Rows read; 0 if it failed.", unit="rows", required=True),
        Column("status", "string", "`loaded` or `failed`.", required=True),
        Column("error", "string", "What was wrong and what to do, if it failed."),
        Column("loaded_at", INSTANT, "The instant of the run that read it.", required=True),
    ),
    key=("load_id",),
    event_time="loaded_at",
)

SOURCE_AUDIT = TableSchema(
    "source_audit",
    "One row per stream and column of its contract: how well it is filled, and what time the stream spans.",
    (
        Column("source", "string", "The source system.", required=True),
        Column("stream", "string", "The stream of the source.", required=True),
        Column("column_name", "string", "Column of the contract.", required=True),
        Column("type", "string", "Its type in the contract.", required=True),
        Column("expected", "boolean", "Whether the stream's own definition names it, and not its template alone.",
               required=True),
        Column("rows", "int64", "Rows in the raw table.", unit="rows", required=True),
        Column("filled", "int64", "Rows where it is not empty.", unit="rows", required=True),
        Column("fill_rate", "float64", "filled ÷ rows; null without rows.", unit="share 0..1"),
        Column("broken", "int64", "Rows that could not be split into columns.", unit="rows", required=True),
        Column("earliest_event_at", INSTANT, "Earliest event time in the stream."),
        Column("latest_event_at", INSTANT, "Latest event time in the stream, up to the run's instant."),
    ),
    key=("source", "stream", "column_name"),
)  # fmt: skip

SOURCE_OVERLAPS = TableSchema(
    "source_overlaps",
    "One row per kind of identifier and pair of sources that share any of its values, and per source with itself; "
    "looked at anew once a day, and where a hundredth of a stream is new.",
    (
        Column("identifier", "string", "Namespace and type, such as `global email`.", required=True),
        Column("source", "string", "The one source.", required=True),
        Column("other", "string", "The other, or the same.", required=True),
        Column("shared", "int64", "Distinct values that both have; all of the source's own with itself.", unit="values",
               required=True),
        Column("share", "float64", "shared ÷ distinct values of the source.", unit="share 0..1", required=True),
        Column("alone", "int64", "Of the source with itself: values that no other source has.", unit="values"),
    ),
    key=("identifier", "source", "other"),
)  # fmt: skip
