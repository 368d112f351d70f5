"""Typed rows of streams become rows of a canonical table, by their maps.

Belongs here: maps, native ids, defaults of columns, one row a key. Does not belong here: typing and versions
(`stream_rows.py`), and converting money (`money.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial, reduce

import ibis
import ibis.expr.types as ir

from cdp_assets.canonical import tables
from cdp_assets.canonical.schema import INSTANT, MONEY, TableSchema
from cdp_assets.normalised.birth_dates import known_birth_date, known_birth_year
from cdp_assets.normalised.carried_since import KIND, as_if_standing, carried_since, earlier_versions, said_since
from cdp_assets.normalised.channels import known_channel
from cdp_assets.normalised.first_said import as_heard
from cdp_assets.normalised.identifier_values import EMAIL, PHONE, lookup
from cdp_assets.normalised.names_of_people import known_names
from cdp_assets.normalised.rules import REFUSING, breaches, fitted
from cdp_assets.normalised.stream_rows import NATIVE_ID, with_derived
from cdp_assets.sources import targets
from cdp_assets.sources.spec import ITEM, ITEM_NUMBER, MapSpec, SourceSpec, StreamSpec, stream_table
from cdp_assets.warehouse.engine import Engine, empty, has_rows
from cdp_assets.warehouse.expressions import bind, check
from cdp_assets.warehouse.operations import quick_hash
from cdp_assets.warehouse.sql_parsing import plain_name
from cdp_assets.warehouse.stacking import stack

_ADDRESS_PARTS = ("line_1", "line_2", "postal_code", "city", "region", "country")
_CARRIED = ("cdp_record_id", "cdp_updated_at", "cdp_seen_at", "cdp_sequence", "cdp_load_id", "cdp_source_row")
"""What canonical rows take from a stream's rows besides the values of their map."""

_CONTACT_VALUE = {"contact_points": "value", "consents": "contact_point", "engagements": "contact_point"}
"""Column that holds an e-mail address or a phone number in some tables."""


@dataclass(frozen=True)
class Feed:
    """One map of one stream into a canonical table.

    Args:
        source: The source.
        stream: Its stream.
        map: The map.
        number: Position among the stream's maps into the same table, from 0.
        shared: Whether another stream of the source feeds the table too, so that ids need the stream's name.
    """

    source: SourceSpec
    stream: StreamSpec
    map: MapSpec
    number: int
    shared: bool

    @property
    def table(self) -> str:
        """The table with the stream's typed rows."""
        return stream_table(self.source, self.stream)


def feeds_of(schema: TableSchema, sources: Sequence[SourceSpec]) -> list[Feed]:
    """All maps into a canonical table, in the order of the definitions."""
    found: list[Feed] = []
    for source in sources:
        feeding = [
            (stream, [map_ for map_ in stream.maps if map_.to == schema.name])
            for stream in source.streams
            if any(map_.to == schema.name for map_ in stream.maps)
        ]
        for stream, maps in feeding:
            found.extend(Feed(source, stream, map_, number, len(feeding) > 1) for number, map_ in enumerate(maps))
    return found


def canonical_rows(
    schema: TableSchema, feeds: Sequence[Feed], rows: Mapping[str, ir.Table], engine: Engine
) -> ir.Table:
    """Fill a canonical table from the typed rows of its streams.

    Args:
        schema: The table's schema.
        feeds: Its `feeds_of`.
        rows: Typed rows by table name.
        engine: Holds intermediate results, and makes the typed table if nothing feeds it.

    Returns:
        The columns of ``schema``; those that other rows decide (reporting amounts, times of change) are null.
    """
    parts = [_mapped(schema, feed, rows[feed.table], engine) for feed in feeds]
    if not parts:
        return empty(schema.ibis_schema, engine)
    return one_row_a_key(stack(*parts), schema, engine)


def heads_of_orders(feeds: Sequence[Feed], rows: Mapping[str, ir.Table], engine: Engine) -> ir.Table:
    """What orders say of their lines, taken from where orders themselves come from: where orders are summed from their
    lines, the table of orders is made of that of lines.

    Args:
        feeds: Maps into `orders`.
        rows: Typed rows by table name.
        engine: Holds intermediate results.

    Returns:
        ``source``, ``order_id``, ``ordered_at``, ``currency``.
    """
    names = ("source", "order_id", "ordered_at", "currency")
    return stack(*(_mapped(tables.ORDERS, feed, rows[feed.table], engine).select(*names) for feed in feeds))


def _mapped(schema: TableSchema, feed: Feed, rows: ir.Table, engine: Engine) -> ir.Table:
    mapped = told_by(schema, feed, rows)
    if keeps_refusals(schema, feed):
        mapped = mapped.union(_kept_refusals(schema, feed, rows))
    if feed.map.each or feed.map.grain:
        mapped = mapped.filter(is_whole(schema, feed, mapped))
    if feed.map.grain:
        mapped = heads(schema, feed, mapped)
    if not tells_apart(schema, feed):
        mapped = _settled(mapped, ["set_native_id"], partial(latest_of_id, stream=feed.stream), engine)
    shaped = _shaped(schema, feed, mapped, engine)
    return _dated(shaped, feed, rows, engine) if schema is tables.CONTACT_POINTS else shaped


def _dated(points: ir.Table, feed: Feed, rows: ir.Table, engine: Engine) -> ir.Table:
    """Contact points of a map, with the time since when their rows say them."""
    versions = engine.scratch(earlier_versions(rows))
    if not has_rows(versions, engine):
        return points
    told = told_by(tables.CONTACT_POINTS, feed, versions)
    said = _shaped(tables.CONTACT_POINTS, feed, told, engine)
    return said_since(points, said, versions, feed.stream)


def _shaped(schema: TableSchema, feed: Feed, mapped: ir.Table, engine: Engine) -> ir.Table:
    """The columns of a canonical table, of what `told_by` has."""
    given = dict(feed.map.set)
    values = {
        column.name: mapped[f"set_{column.name}"] if column.name in given else ibis.null(column.dtype)
        for column in schema.columns
    }
    lineage = {
        "record_id": mapped.cdp_record_id,
        "source": ibis.literal(feed.source.name),
        "native_id": mapped.set_native_id,
        "updated_at": mapped.cdp_updated_at.coalesce(mapped.cdp_seen_at),
        "load_id": mapped.cdp_load_id,
        "source_row": mapped.cdp_source_row,
    }
    if schema is tables.IDENTIFIER_ALIASES and "namespace" not in given:
        values["namespace"] = ibis.literal(feed.source.name)
    values.update({name: value for name, value in lineage.items() if name in schema.column_names})
    shaped = mapped.select(**{name: value.cast(schema.column(name).dtype) for name, value in values.items()})
    spelled = _normalised_contact_value(_with_defaults(shaped, schema), schema, feed, engine)
    return spelled.select(**{column.name: spelled[column.name].cast(column.dtype) for column in schema.columns})


def told_by(schema: TableSchema, feed: Feed, rows: ir.Table) -> ir.Table:
    """What a map makes of the typed rows that count, or of their items: ``set_…`` for each column of the canonical
    table that it fills, ``grain_…`` for each of its grain, ``set_native_id``, and where the rows come from.
    """
    live = taken(rows.filter(rows.cdp_live), feed)
    # Nothing else comes along: what is carried through windows and joins is paid for in each of them.
    told = live.select(
        *_CARRIED,
        **{f"set_{name}": fitted(bind(sql, live), schema.column(name)) for name, sql in feed.map.set},
        **{f"grain_{place}": live[name] for place, name in enumerate(feed.map.grain)},
        set_native_id=native_id_of(live, feed),
    )
    skipped = targets.SKIPPED_WHEN_EMPTY.get(schema.name)
    if schema not in tables.FACTS or skipped not in dict(feed.map.set):
        return told
    spoken = told[f"set_{skipped}"].notnull()
    return told.filter(spoken | _refuses(schema, feed, told) if schema is tables.CONSENTS else spoken)


def _refuses(schema: TableSchema, feed: Feed, told: ir.Table) -> ir.BooleanValue:
    """Whether a word on consent that names no contact point is somebody's own refusal, which then is for all of theirs;
    a flag of what is not there was never asked for.
    """
    return told.set_status.isin(REFUSING) & told.set_explicit.fill_null(False) & is_whole(schema, feed, told)


def keeps_refusals(schema: TableSchema, feed: Feed) -> bool:
    """Whether rows of a map may be closed, and what they refused goes on counting: that a source has no row of somebody
    any more is no word of theirs.
    """
    stream = feed.stream
    return schema is tables.CONSENTS and bool(stream.key) and (stream.load == "snapshot" or stream.deleted is not None)


def _kept_refusals(schema: TableSchema, feed: Feed, rows: ir.Table) -> ir.Table:
    """What `told_by` would have of closed rows, where the last that they said is a refusal.

    A row that marks itself as deleted says something only where it names a contact point: many bear no more than a key.
    """
    closed = rows.filter(rows.cdp_latest & ~rows.cdp_live).select("cdp_native_id").distinct()
    stood = as_if_standing(rows, closed)
    if feed.stream.deleted is None:
        told = told_by(schema, feed, stood)
    else:
        marked = bind(feed.stream.deleted, stood).fill_null(False)
        told = told_by(schema, feed, stood.filter(~marked))
        if "contact_point" in dict(feed.map.set):
            at_last = told_by(schema, feed, stood.filter(marked))
            told = told.union(at_last.filter(at_last.set_contact_point.notnull()))
    last = latest_of_id(told.filter(told.set_status.notnull()), feed.stream)
    return last.filter(last.set_status.isin(REFUSING))


def is_whole(schema: TableSchema, feed: Feed, told: ir.Table) -> ir.BooleanValue:
    """Whether what `told_by` has is all that the canonical table needs, and nothing that it cannot hold."""
    needed = [told[f"set_{name}"].notnull() for name in needed_of(schema, feed)]
    broken = [~when for when, _ in breaches_of_items(feed, told)]
    return reduce(lambda left, right: left & right, [*needed, *broken], ibis.literal(True))


def needed_of(schema: TableSchema, feed: Feed) -> list[str]:
    """The columns that the canonical table needs of a map."""
    skipped = None if feed.map.each else targets.SKIPPED_WHEN_EMPTY.get(schema.name)
    given = {skipped, *targets.FILLED_WHEN_EMPTY.get(schema.name, ())}
    named = [name for name, _ in feed.map.set if schema.column(name).required and name not in given]
    return [*named, NATIVE_ID] if NATIVE_ID in schema.column_names else named


def breaches_of_items(feed: Feed, told: ir.Table) -> list[tuple[ir.BooleanValue, str]]:
    """The `breaches` of items; rows are quarantined for them."""
    return breaches(feed.map.to, {name: told[f"set_{name}"] for name, _ in feed.map.set}) if feed.map.each else []


def heads(schema: TableSchema, feed: Feed, told: ir.Table) -> ir.Table:
    """Of each grain the row that speaks for it: the first of the latest version.

    Rows that leave empty what only one row of a grain has to state, as the further lines of an order do with its
    amounts, speak only where no row states it.
    """
    names = [name for name, _ in feed.map.set if not schema.column(name).required]
    amounts = [name for name in names if schema.column(name).type == MONEY]
    stated = [told[f"set_{name}"].notnull() for name in amounts or names]
    states = reduce(lambda left, right: left | right, stated, ibis.literal(False))
    order = [states.desc(), *_latest_first(told, feed.stream)[:2], told.cdp_load_id, told.cdp_source_row]
    return _first_of(told, [f"grain_{place}" for place in range(len(feed.map.grain))], order)


def latest_of_id(told: ir.Table, stream: StreamSpec) -> ir.Table:
    """Of what bears the same native id the latest version: where an id comes again, it is told of the same thing."""
    return _first_of(told, ["set_native_id"], _latest_first(told, stream))


def _latest_first(told: ir.Table, stream: StreamSpec) -> list[ir.Value]:
    """Versions as `dispositions.verdicts` orders them."""
    changed = ibis.null(INSTANT) if stream.load == "snapshot" else told.cdp_updated_at
    versions = (told.cdp_sequence, told.cdp_load_id, told.cdp_source_row)
    return [changed.desc(nulls_first=False), *(value.desc() for value in versions)]


def tells_apart(schema: TableSchema, feed: Feed) -> bool:
    """Whether what a map makes of rows needs no telling apart by its native id: it differs by itself, as that of the
    stream's key, or of the one column of the key or of the grain; or nothing has to be told apart by it.
    """
    if feed.map.id is None or schema not in tables.FACTS:
        return True
    own = feed.map.grain or feed.stream.key
    if feed.map.each or len(own) != 1 or (feed.stream.key_repeats and not feed.map.grain):
        return False
    if not feed.map.grain and feed.stream.column(own[0]).type not in ("string", "integer"):
        return False  # such keys are compared as texts, and two of them may spell one value
    return check(feed.map.id, feed.stream.expression_schema).sql in (own[0], plain_name(own[0]))


def taken(rows: ir.Table, feed: Feed) -> ir.Table:
    """What a map takes of typed rows, or of the items in them, with derived columns."""
    derived = with_derived(as_heard(rows, feed.map, feed.stream), feed.stream)
    if feed.map.each:
        derived = _items_of(derived, feed.map.each)
    if feed.map.where:
        derived = derived.filter(bind(feed.map.where, derived).fill_null(False))
    return derived


def _items_of(rows: ir.Table, each: str) -> ir.Table:
    """The rows once for each item of a JSON list; not at all where there is none."""
    many = rows.mutate(cdp_list=bind(each, rows))
    many = many.mutate(cdp_items=bind("json_array_length(cdp_list)", many).cast("int64"))
    many = many.filter(many.cdp_items > 0)
    numbered = many.mutate(cdp_place=ibis.range(0, many.cdp_items).unnest())
    return numbered.mutate(
        **{
            ITEM: numbered.cdp_list.cast("json")[numbered.cdp_place].cast("string"),
            ITEM_NUMBER: (numbered.cdp_place + 1).cast("int64"),
        }
    )


def native_id_of(rows: ir.Table, feed: Feed) -> ir.StringValue:
    """The native id that a map gives to what it makes of typed rows, or of their items (`taken`)."""
    own = bind(feed.map.id, rows).cast("string") if feed.map.id else rows.cdp_native_id
    if feed.map.each and not feed.map.id:
        own = own + "." + rows[ITEM_NUMBER].cast("string")
    if feed.shared:
        own = ibis.literal(f"{feed.stream.name}:") + own
    return own + f"#{feed.number + 1}" if feed.number else own


def _with_defaults(rows: ir.Table, schema: TableSchema) -> ir.Table:
    if schema.name == "engagements":
        return rows.mutate(channel=known_channel(rows.channel))
    if schema.name == "consents":
        return rows.mutate(channel=known_channel(rows.channel), purpose=rows.purpose.strip().lower())
    if schema.name == "contacts":
        born = {"birth_date": known_birth_date(rows.birth_date), "birth_year": known_birth_year(rows.birth_year)}
        return known_names(rows.mutate(**born))
    if schema.name == "contact_points":
        joined = rows[_ADDRESS_PARTS[0]].coalesce("")
        for part in _ADDRESS_PARTS[1:]:
            joined = joined + ibis.ifelse(rows[part].coalesce("") == "", "", ibis.literal(", ") + rows[part])
        postal = ibis.ifelse(rows.kind == "postal", joined.strip().re_replace("^, ", "").nullif(""), None)
        return rows.mutate(value=rows.value.coalesce(postal), status=rows.status.coalesce("active"),
                           changed_at=rows.updated_at)  # fmt: skip
    if schema.name == "orders":
        net = rows.gross - rows.discount.coalesce(ibis.literal(0).cast(MONEY))
        return rows.mutate(net=rows.net.coalesce(net.cast(MONEY)))
    if schema.name == "order_lines":
        product = rows.quantity * rows.unit_price.cast("float64")
        return rows.mutate(amount=rows.amount.coalesce(fitted(product, schema.column("amount"))))
    return rows


def _normalised_contact_value(rows: ir.Table, schema: TableSchema, feed: Feed, engine: Engine) -> ir.Table:
    """Spell e-mail addresses and phone numbers as in `identifiers`; what is none of them stays as it came."""
    name, skipped = _CONTACT_VALUE.get(schema.name), targets.SKIPPED_WHEN_EMPTY.get(schema.name)
    if skipped is not None and schema.column(skipped).required:
        rows = rows.filter(rows[skipped].notnull())
    if name is None or name not in dict(feed.map.set):
        return rows
    country = ibis.literal(feed.source.country, "string")
    if "country" in rows.columns:
        country = rows.country.coalesce(country)
    reachable = rows.kind.isin([EMAIL, PHONE]) if "kind" in rows.columns else ibis.literal(True)
    prepared = rows.mutate(cdp_raw=ibis.ifelse(reachable, rows[name], ibis.null("string")), cdp_country=country)
    known = lookup(engine, "either", prepared.select(raw="cdp_raw", country="cdp_country"))
    joined = prepared.left_join(
        known,
        [
            prepared.cdp_raw == known.known_raw,
            prepared.cdp_country.coalesce("") == known.known_country.coalesce(""),
        ],
    )
    return joined.mutate(**{name: joined.known_value.coalesce(joined[name])}).select(*schema.column_names)


def one_row_a_key(rows: ir.Table, schema: TableSchema, engine: Engine) -> ir.Table:
    """Where several rows share the table's key, the one changed last at the source stands.

    Only such rows are sorted, and they are few.
    """
    if schema in tables.FACTS and schema.key == ("source", "native_id"):
        return rows
    if schema is tables.CONTACT_POINTS:
        rows = _settled(rows, KIND, carried_since, engine)
    return _settled(rows, schema.key, partial(_last_changed, schema=schema), engine)


def _settled(rows: ir.Table, key: Sequence[str], chosen: Callable[[ir.Table], ir.Table], engine: Engine) -> ir.Table:
    """The rows, and of those that share their key only what is ``chosen`` of them."""
    rows = engine.scratch(rows)
    shared, same = engine.scratch(repeated(rows, key)), quick_hash(*(rows[name] for name in key))
    alone = rows.anti_join(shared, same == shared.key_hash)
    return alone.union(chosen(rows.semi_join(shared, same == shared.key_hash)))


def repeated(rows: ir.Table, key: Sequence[str]) -> ir.Table:
    """``key_hash``: of the keys that several rows share, and now and then of one that shares its hash with another."""
    hashed = rows.select(key_hash=quick_hash(*(rows[name] for name in key)))
    counted = hashed.group_by("key_hash").aggregate(rows=hashed.count())
    return counted.filter(counted["rows"] > 1).select("key_hash")


def _last_changed(rows: ir.Table, schema: TableSchema) -> ir.Table:
    order = [rows[name].desc() for name in ("updated_at", "load_id", "source_row") if name in rows.columns]
    if schema.name == "exchange_rates":
        order = [rows.rate.desc()]
    return _first_of(rows, schema.key, order)


def _first_of(rows: ir.Table, key: Sequence[str], order: Sequence[ir.Value]) -> ir.Table:
    """The first row of each key."""
    numbered = rows.mutate(cdp_position=ibis.row_number().over(group_by=list(key), order_by=order))
    return numbered.filter(numbered.cdp_position == 0).drop("cdp_position")
