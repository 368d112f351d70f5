"""A stream's raw rows become typed rows with a disposition, a native id and an identity record.

Belongs here: the order of these steps for one stream. Does not belong here: the rules of each step (`faults.py`,
`dispositions.py`, `identifier_values.py`), and what rows mean (`canonical_rows.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import reduce

import ibis
import ibis.expr.types as ir

from cdp_assets.canonical.schema import INSTANT, Column, Pii, TableSchema
from cdp_assets.normalised.dispositions import (
    ACCEPTED,
    EVERY_DISPOSITION,
    VERSION,
    keys_of_newest,
    repeated_keys,
    verdicts,
    with_dispositions,
)
from cdp_assets.normalised.faults import Fault, faults, plausible
from cdp_assets.normalised.first_said import first_said, said_at_columns, with_said_at
from cdp_assets.normalised.identifier_values import EMAIL, PHONE, lookup
from cdp_assets.normalised.rules import breaches, fitted, too_large
from cdp_assets.sources import targets
from cdp_assets.sources.contract import filled, texts_of, typed, typed_value
from cdp_assets.sources.schemas import column_classes
from cdp_assets.sources.spec import DISCARD_ROW, GLOBAL, IdentifierSpec, MapSpec, SourceSpec, StreamSpec, stream_table
from cdp_assets.warehouse.engine import Engine, row_count
from cdp_assets.warehouse.expressions import bind, check
from cdp_assets.warehouse.operations import quick_hash, stable_id
from cdp_assets.warehouse.subqueries import computed_once

PERSON, FACT, GUEST = "person", "fact", "guest"
"""Kinds of identity records."""

NATIVE_ID = "native_id"

_PARTS = "\x1f"
_WITHIN = "\x1e"
_NAMED = "\x1d"
_NAMES = frozenset({"given_name", "family_name", "full_name", "birth_date"})
_FIRST_NAME = r'^\{"((?:[^"\\]|\\.)*)"'
"""Of an object in JSON."""


def identifier_column(stream: StreamSpec, position: int) -> str:
    """Column of a stream's rows with the normalised value of its identifier at ``position``.

    What a text of the contract says as it is, is not kept twice.
    """
    identifier = stream.identifiers[position]
    own = {column.name for column in stream.columns if column.type == "string"}
    if identifier.type not in (EMAIL, PHONE) and identifier.value in own:
        return identifier.value
    return f"cdp_identifier_{position}"


def base_column(position: int) -> str:
    """Column with the base address of the e-mail identifier at ``position``."""
    return f"cdp_base_{position}"


def rows_schema(source: SourceSpec, stream: StreamSpec) -> TableSchema:
    """Shape of a stream's typed rows."""
    classes = column_classes(stream)
    contract = [
        Column(column.name, str(column.dtype), f"As the contract types it ({column.type}).", pii=classes[column.name])
        for column in stream.columns
    ]
    delivered = [
        Column(name, INSTANT, "When the row was first read.", pii=classes[name])
        for name in (stream.delivered_at,)
        if name is not None
    ]
    said = [
        Column(
            name,
            INSTANT,
            f"When what the row says to `{map_.to}` was first delivered.",
            pii=classes[str(stream.delivered_at)],
        )
        for name, map_ in said_at_columns(stream).items()
    ]
    identifiers = [
        Column(name, "string", f"Normalised {identifier.type}.", pii=Pii.DIRECT)
        for position, identifier in enumerate(stream.identifiers)
        for name in (identifier_column(stream, position), base_column(position))
        if name not in classes and (name != base_column(position) or identifier.type == EMAIL)
    ]
    return TableSchema(
        stream_table(source, stream),
        f"One row per row delivered for {source.name}'s {stream.name}: typed, with its disposition and the identity "
        "record it hangs on.",
        (
            *contract,
            *delivered,
            *said,
            *identifiers,
            Column("cdp_record_id", "int64", "The identity record the row hangs on.", pii=Pii.PSEUDONYM, required=True),
            Column("cdp_kind", "string", "`person`, `fact` or `guest`.", required=True, one_of=(PERSON, FACT, GUEST)),
            Column("cdp_native_id", "string", "The key's values, or delivery and row.", pii=Pii.PSEUDONYM),
            Column("cdp_seen_at", INSTANT, "When the row's fact happened, or when the row last changed."),
            Column("cdp_updated_at", INSTANT, "When the row last changed at the source."),
            Column("cdp_sequence", "int64", "Position of its delivery in the stream.", required=True),
            Column("cdp_disposition", "string", "`accepted`, `duplicate`, `superseded` or `quarantined`.",
                   required=True, one_of=EVERY_DISPOSITION),
            Column("cdp_reason", "string", "Why it was quarantined."),
            Column("cdp_column", "string", "The column at fault."),
            Column("cdp_latest", "boolean", "The last sound version of its key, closed or not.", required=True),
            Column("cdp_live", "boolean", "Accepted and not marked as deleted.", required=True),
            Column("cdp_load_id", "string", "The delivery that brought it.", required=True),
            Column("cdp_source_row", "int64", "Its row number in the file.", required=True),
            Column("cdp_revision", "int64", "Which update of the table wrote it, counted from the last one that wrote "
                   "all rows.", required=True),
        ),
        key=("cdp_load_id", "cdp_source_row"),
    )  # fmt: skip


def stream_rows(
    raw: ir.Table,
    manifest: ir.Table,
    source: SourceSpec,
    stream: StreamSpec,
    *,
    engine: Engine,
    as_of: datetime,
    hash_key: str,
) -> ir.Table:
    """Type a stream's rows and decide what becomes of each.

    Args:
        raw: The stream's raw table.
        manifest: `sources.load_manifest`, for the order of deliveries.
        source: The source.
        stream: The stream.
        engine: Holds intermediate results.
        as_of: The run's instant, UTC.
        hash_key: Key of the record ids.

    Returns:
        A table of the shape of `rows_schema`, without the revision.
    """
    delivered = _delivered(raw, manifest, stream)
    values = _typed(delivered, stream, as_of)
    identified = _with_record(_with_identifiers(values, raw, source, stream, engine), source, stream, hash_key)
    judged = present = said = None
    if stream.key:
        repeated = engine.scratch(repeated_keys(delivered.select(cdp_key="cdp_key_given")))
        if row_count(repeated, engine):
            rivals = raw.semi_join(repeated, quick_hash(key_of_raw(raw, stream)) == repeated.cdp_key_hash)
            asking = said_at_columns(stream)
            named = [*VERSION, *(stream.expression_schema.names if asking else ())]
            versions = engine.scratch(_typed(_delivered(rivals, manifest, stream), stream, as_of).select(*named))
            judged = engine.scratch(verdicts(versions))
            said = engine.scratch(first_said(versions, stream)) if asking else None
        if stream.load == "snapshot":
            present = engine.scratch(keys_of_newest(delivered))
    disposed = with_said_at(with_dispositions(identified, judged, present), said, stream)
    deleted = bind(stream.deleted, disposed).fill_null(False) if stream.deleted else ibis.literal(False)
    live = disposed.mutate(cdp_live=(disposed.cdp_disposition == ACCEPTED) & ~deleted)
    return live.select(*(name for name in rows_schema(source, stream).column_names if name != "cdp_revision"))


def key_of_raw(raw: ir.Table, stream: StreamSpec) -> ir.StringValue:
    """The key of raw rows, as typed rows have it in ``cdp_native_id``, unless it repeats within a file."""
    return _key(raw, texts_of(raw, stream.columns, stream), stream)


def with_derived(rows: ir.Table, stream: StreamSpec) -> ir.Table:
    """Add a stream's derived columns, each of which may use the ones before it."""
    together: dict[str, ir.Value] = {}
    for name, sql in stream.derive:
        if together.keys() & set(check(sql, stream.expression_schema).columns):
            rows, together = rows.mutate(**together), {}
        together[name] = bind(sql, rows)
    return rows.mutate(**together) if together else rows


def _delivered(raw: ir.Table, manifest: ir.Table, stream: StreamSpec) -> ir.Table:
    """The texts of each row, and what tells rows apart."""
    order = manifest.select(sequence_load_id="load_id", cdp_sequence="sequence", cdp_loaded_at="loaded_at")
    placed = raw.left_join(order, raw.load_id == order.sequence_load_id)
    loaded_at = placed.cdp_loaded_at.cast(INSTANT)
    loaded = {"cdp_loaded_at": loaded_at, **({} if stream.delivered_at is None else {stream.delivered_at: loaded_at})}
    content = quick_hash(*(placed[column.name] for column in stream.columns), placed.extra.coalesce(""))
    texts = computed_once(
        placed.select(
            **{f"cdp_text_{name}": text for name, text in texts_of(placed, stream.columns, stream).items()},
            cdp_content=content,
            cdp_parse_error=_refused_at_once(placed, stream),
            cdp_sequence=placed.cdp_sequence.fill_null(0),
            cdp_load_id=placed.load_id,
            cdp_source_row=placed.source_row,
            **loaded,
        )
    )
    by_name = {column.name: texts[f"cdp_text_{column.name}"] for column in stream.columns}
    given = computed_once(texts.mutate(cdp_key_given=_key(texts, by_name, stream)))
    return computed_once(
        _with_place_in_file(given) if stream.key_repeats else given.mutate(cdp_key=given.cdp_key_given)
    )


def _with_place_in_file(rows: ir.Table) -> ir.Table:
    """The key, and of rows of one file that share it and differ, from the second one on, which of them each is."""
    of_file = ["cdp_load_id", "cdp_key_given"]
    placed = rows.mutate(cdp_first=rows.cdp_source_row.min().over(group_by=[*of_file, "cdp_content"]))
    place = ibis.dense_rank().over(group_by=of_file, order_by=placed.cdp_first)
    later = placed.cdp_key_given + "/" + (place + 1).cast("string")
    return placed.mutate(cdp_key=ibis.ifelse(place > 0, later, placed.cdp_key_given))


def _refused_at_once(raw: ir.Table, stream: StreamSpec) -> ir.StringValue:
    """Why a row counts for nothing, whatever its values are; null for most."""
    if stream.contract.columns != DISCARD_ROW:
        return raw.parse_error
    named = ibis.literal("it has the column `") + raw.extra.re_extract(_FIRST_NAME, 1)
    unknown = named + "`, which the contract does not name"
    return raw.parse_error.coalesce(ibis.ifelse(raw.extra.notnull(), unknown, ibis.null("string")))


def _typed(delivered: ir.Table, stream: StreamSpec, as_of: datetime) -> ir.Table:
    """Values by the contract and derived ones, and the first fault of each row."""
    contract = {
        column.name: plausible(
            typed_value(delivered[f"cdp_text_{column.name}"], column, stream.zone),
            column,
            stream,
            delivered.cdp_loaded_at,
        )
        for column in stream.columns
    }
    values = computed_once(with_derived(computed_once(delivered.mutate(**contract)), stream))
    texts = {column.name: values[f"cdp_text_{column.name}"] for column in stream.columns}
    found = [
        Fault(values.cdp_parse_error.notnull(), ""),
        *faults(texts, values, stream, as_of),
        *_faults_of_maps(values, stream),
    ]
    # Told by number first, so that nothing is asked twice of a row, and nothing more of a sound one.
    number = ibis.cases(*((fault.when, place) for place, fault in enumerate(found)), else_=ibis.null("int16"))
    judged = computed_once(values.mutate(cdp_fault=number.cast("int16")))
    sound = judged.cdp_fault.isnull()
    reason = ibis.cases(
        (judged.cdp_fault == 0, judged.cdp_parse_error),
        *((judged.cdp_fault == place, fault.reason) for place, fault in enumerate(found) if place > 0),
        else_=ibis.null("string"),
    )
    column = ibis.cases(
        *((judged.cdp_fault == place, fault.column) for place, fault in enumerate(found) if fault.column is not None),
        else_=ibis.null("string"),
    )
    updated = judged[stream.updated_at].cast(INSTANT) if stream.updated_at else ibis.null(INSTANT)
    seen = judged[stream.event_time].cast(INSTANT) if stream.event_time else updated
    return judged.select(
        *stream.expression_schema.names,
        "cdp_key",
        "cdp_content",
        "cdp_sequence",
        "cdp_load_id",
        "cdp_source_row",
        cdp_reason=ibis.ifelse(sound, ibis.null("string"), reason),
        cdp_column=ibis.ifelse(sound, ibis.null("string"), column),
        cdp_updated_at=updated,
        # In a snapshot stream the delivery decides, whatever the rows say of themselves.
        cdp_version_at=ibis.null(INSTANT) if stream.load == "snapshot" else updated,
        cdp_seen_at=seen,
    )


def _key(rows: ir.Table, texts: Mapping[str, ir.StringValue], stream: StreamSpec) -> ir.StringValue:
    if not stream.key:
        return rows.cdp_load_id + ":" + rows.cdp_source_row.cast("string")
    parts = [
        typed_value(texts[name], stream.column(name), stream.zone).cast("string")
        if stream.column(name).type == "integer"
        else texts[name]
        if len(stream.key) == 1 and not stream.key_repeats
        else texts[name].replace("\\", r"\\").replace("/", r"\/")
        for name in stream.key
    ]
    return reduce(lambda left, right: left + "/" + right, parts)


def _faults_of_maps(values: ir.Table, stream: StreamSpec) -> Iterator[Fault]:
    """Rows that a map takes, but that lack what its canonical table requires, or say what it cannot hold.

    Of items in a row nothing is said here: they are left out one by one.
    """
    for map_ in stream.maps:
        if map_.each:
            continue
        table, given = targets.TARGETS[map_.to], dict(map_.set)
        said = {name: bind(sql, values) for name, sql in given.items()}
        skipped = targets.SKIPPED_WHEN_EMPTY.get(map_.to)
        wanted = bind(map_.where, values).fill_null(False) if map_.where else ibis.literal(True)
        if skipped in said:
            wanted &= said[skipped].notnull()
        given_anyhow = {skipped, *targets.FILLED_WHEN_EMPTY.get(map_.to, ())}
        for name, sql in given.items():
            needed = table.column(name).required and name not in given_anyhow
            if needed and _is_its_own(sql, map_, stream):
                yield Fault(wanted & said[name].isnull(), needs(map_.to, name))
        if map_.id and NATIVE_ID in table.column_names and _is_its_own(map_.id, map_, stream):
            yield Fault(wanted & bind(map_.id, values).isnull(), needs(map_.to, NATIVE_ID))
        for name, value in said.items():
            if (beyond := too_large(value, table.column(name))) is not None:
                yield Fault(wanted & beyond, f"{map_.to} holds no `{name}` as large")
        held = {name: fitted(value, table.column(name)) for name, value in said.items()}
        for broken, reason in breaches(map_.to, held):
            yield Fault(wanted & broken, reason)


def needs(table: str, name: str) -> str:
    """The reason that a row lacks what a canonical table requires."""
    return f"{table} needs `{name}`, which came out empty"


def _is_its_own(sql: str, map_: MapSpec, stream: StreamSpec) -> bool:
    """Whether no other row can say for a row what an expression of a map says."""
    if not map_.grain or (stream.key and not stream.key_repeats and set(stream.key) <= set(map_.grain)):
        return True
    return set(check(sql, stream.expression_schema).columns) <= set(map_.grain)


def _with_identifiers(
    rows: ir.Table, raw: ir.Table, source: SourceSpec, stream: StreamSpec, engine: Engine
) -> ir.Table:
    # One selection before all joins and one after them: the time to write a query grows with every selection in it.
    spelled: list[tuple[int, ir.Table]] = []
    found: dict[str, ir.Value] = {}
    for position, identifier in enumerate(stream.identifiers):
        if identifier.type not in (EMAIL, PHONE):
            if (name := identifier_column(stream, position)) not in rows.columns:
                found[name] = _value(rows, identifier)
            continue
        few = typed(raw, stream, _columns_of(identifier, stream))
        delivered = few.select(raw=_value(few, identifier), country=_country(few, identifier, source))
        known = lookup(engine, identifier.type, delivered)
        spelled.append((position, known.select(**{f"{name}_{position}": known[name] for name in known.columns})))
        found[f"cdp_raw_{position}"] = _value(rows, identifier)
        if identifier.type == PHONE:
            found[f"cdp_country_{position}"] = _country(rows, identifier, source).coalesce("")
    if not spelled:
        return rows.mutate(**found)
    joined = computed_once(rows.mutate(**found))
    for position, known in spelled:
        same = [joined[f"cdp_raw_{position}"] == known[f"known_raw_{position}"]]
        if f"cdp_country_{position}" in found:
            same.append(joined[f"cdp_country_{position}"] == known[f"known_country_{position}"].coalesce(""))
        joined = joined.left_join(known, same)
    for position, _ in spelled:
        found[identifier_column(stream, position)] = joined[f"known_value_{position}"]
        if stream.identifiers[position].type == EMAIL:
            found[base_column(position)] = joined[f"known_base_{position}"]
    return joined.select(*rows.columns, **{name: joined[name] if name in joined.columns else value
                                           for name, value in found.items()})  # fmt: skip


def _columns_of(identifier: IdentifierSpec, stream: StreamSpec) -> list[str]:
    expressions = [identifier.value, *([identifier.country] if identifier.country is not None else [])]
    return [name for sql in expressions for name in check(sql, stream.expression_schema).columns]


def _value(rows: ir.Table, identifier: IdentifierSpec) -> ir.StringValue:
    return filled(bind(identifier.value, rows).cast("string"))


def _country(rows: ir.Table, identifier: IdentifierSpec, source: SourceSpec) -> ir.StringValue:
    if identifier.type != PHONE:
        return ibis.null("string")
    if identifier.country is not None:
        return bind(identifier.country, rows).cast("string").upper().coalesce(source.country or "")
    return ibis.literal(source.country, "string")


def _with_record(rows: ir.Table, source: SourceSpec, stream: StreamSpec, hash_key: str) -> ir.Table:
    """Give each row its identity record: by key for people, by the set of its identifiers for facts.

    Addresses and phone numbers are shared: where a fact has nothing else, what it says of the person's name counts too.
    """
    if stream.person:
        native = stable_id(ibis.literal(source.name), ibis.literal(stream.name), rows.cdp_key, key=hash_key)
        return _finished(rows, native, ibis.literal(PERSON))
    carried = [
        (identifier.namespace, identifier.type, rows[identifier_column(stream, position)])
        for position, identifier in enumerate(stream.identifiers)
    ]
    texts = [
        (ibis.literal(f"{namespace}{_WITHIN}{type_}{_WITHIN}") + value + _PARTS).coalesce("")
        for namespace, type_, value in sorted(carried, key=lambda item: item[:2])
    ]
    carries = reduce(lambda left, right: left + right, texts, ibis.literal(""))
    if (said := _said_of_the_name(rows, stream)) is not None:
        numbers = [value for namespace, _, value in carried if namespace != GLOBAL]
        alone = reduce(lambda left, right: left & right, (value.isnull() for value in numbers), ibis.literal(True))
        # One in the other, so that names are read only where they count.
        carries += ibis.ifelse((carries != "") & alone, ibis.ifelse(said != "", _NAMED + said, ""), "")
    rows = computed_once(rows.mutate(cdp_carried=carries))
    by_set = stable_id(ibis.literal(source.name), rows.cdp_carried, key=hash_key)
    alone = stable_id(ibis.literal(source.name), ibis.literal(stream.name), rows.cdp_key, key=hash_key)
    if stream.guest_expression is not None:
        guest = bind(stream.guest_expression, rows).cast("string").coalesce(rows.cdp_key)
        alone = stable_id(ibis.literal(source.name), ibis.literal(stream.name), guest, key=hash_key)
    anonymous = rows.cdp_carried == ""
    return _finished(rows, ibis.ifelse(anonymous, alone, by_set), ibis.ifelse(anonymous, GUEST, FACT))


def _said_of_the_name(rows: ir.Table, stream: StreamSpec) -> ir.StringValue | None:
    """What rows say that a person is called, and when they were born; None if the stream never does."""
    told = []
    for map_ in stream.maps:
        names = [sql for name, sql in sorted(map_.set) if name in _NAMES]
        if map_.to != "contacts" or map_.each or not names:
            continue
        said = [(bind(sql, rows).cast("string").strip().lower() + _WITHIN).coalesce("") for sql in names]
        text = reduce(lambda left, right: left + right, said)
        told.append(ibis.ifelse(bind(map_.where, rows).fill_null(False), text, "") if map_.where else text)
    return reduce(lambda left, right: left + right, told) if told else None


def _finished(rows: ir.Table, record_id: ir.IntegerValue, kind: ir.StringValue) -> ir.Table:
    return rows.mutate(
        # A row whose key could not be read still hangs on something: on its place in its file.
        cdp_record_id=record_id.coalesce(stable_id(rows.cdp_load_id, rows.cdp_source_row)),
        cdp_kind=kind,
        cdp_native_id=rows.cdp_key,
    )
