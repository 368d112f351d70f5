"""Typed rows of streams become rows of a canonical table, by their maps.

Belongs here: maps, native ids, defaults of columns, one row a key. Does not belong here: typing and versions
(`stream_rows.py`), and converting money (`money.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from cdp_assets.canonical import tables
from cdp_assets.canonical.schema import MONEY, TableSchema
from cdp_assets.normalised.birth_dates import known_birth_date
from cdp_assets.normalised.channels import known_channel
from cdp_assets.normalised.identifier_values import EMAIL, PHONE, lookup
from cdp_assets.normalised.placeholder_names import known_names
from cdp_assets.normalised.stream_rows import with_derived
from cdp_assets.sources import targets
from cdp_assets.sources.spec import ITEM, ITEM_NUMBER, MapSpec, SourceSpec, StreamSpec, stream_table
from cdp_assets.warehouse.engine import Engine, empty
from cdp_assets.warehouse.expressions import bind
from cdp_assets.warehouse.operations import quick_hash
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
    live = taken(rows.filter(rows.cdp_live), feed)
    given = {name: bind(sql, live) for name, sql in feed.map.set}
    # Nothing else comes along: what is carried through windows and joins is paid for in each of them.
    mapped = live.select(
        *_CARRIED,
        **{f"set_{name}": value.cast(schema.column(name).dtype) for name, value in given.items()},
        **{f"grain_{place}": live[name] for place, name in enumerate(feed.map.grain)},
        set_native_id=native_id_of(live, feed),
    )
    if feed.map.each:
        needed = [name for name in given if schema.column(name).required]
        mapped = mapped.filter([mapped[f"set_{name}"].notnull() for name in needed])
    if feed.map.grain:
        mapped = _first_of_grain(mapped, [f"grain_{place}" for place in range(len(feed.map.grain))])
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


def taken(rows: ir.Table, feed: Feed) -> ir.Table:
    """What a map takes of typed rows, or of the items in them, with derived columns."""
    derived = with_derived(rows, feed.stream)
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


def _first_of_grain(rows: ir.Table, grain: Sequence[str]) -> ir.Table:
    first = ibis.window(group_by=list(grain), order_by=[rows.cdp_sequence, rows.cdp_load_id, rows.cdp_source_row])
    numbered = rows.mutate(cdp_position=ibis.row_number().over(first))
    return numbered.filter(numbered.cdp_position == 0).drop("cdp_position")


def _with_defaults(rows: ir.Table, schema: TableSchema) -> ir.Table:
    if schema.name == "engagements":
        return rows.mutate(channel=known_channel(rows.channel))
    if schema.name == "consents":
        return rows.mutate(channel=known_channel(rows.channel), purpose=rows.purpose.strip().lower())
    if schema.name == "contacts":
        return known_names(rows.mutate(birth_date=known_birth_date(rows.birth_date)))
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
        return rows.mutate(amount=rows.amount.coalesce((rows.quantity * rows.unit_price.cast("float64")).cast(MONEY)))
    return rows


def _normalised_contact_value(rows: ir.Table, schema: TableSchema, feed: Feed, engine: Engine) -> ir.Table:
    """Spell e-mail addresses and phone numbers as in `identifiers`; what is none of them stays as it came."""
    name, skipped = _CONTACT_VALUE.get(schema.name), targets.SKIPPED_WHEN_EMPTY.get(schema.name)
    given = dict(feed.map.set)
    if skipped is not None and (skipped in given or schema.column(skipped).required):
        rows = rows.filter(rows[skipped].notnull())
    if name is None or name not in given:
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
    rows = engine.scratch(rows)
    hashed = rows.select(key_hash=quick_hash(*(rows[name] for name in schema.key)))
    counted = hashed.group_by("key_hash").aggregate(rows=hashed.count())
    shared = engine.scratch(counted.filter(counted["rows"] > 1).select("key_hash"))
    same = quick_hash(*(rows[name] for name in schema.key)) == shared.key_hash
    return rows.anti_join(shared, same).union(_last_changed(rows.semi_join(shared, same), schema))


def _last_changed(rows: ir.Table, schema: TableSchema) -> ir.Table:
    order = [rows[name].desc() for name in ("updated_at", "load_id", "source_row") if name in rows.columns]
    if schema.name == "exchange_rates":
        order = [rows.rate.desc()]
    numbered = rows.mutate(cdp_position=ibis.row_number().over(group_by=list(schema.key), order_by=order))
    return numbered.filter(numbered.cdp_position == 0).drop("cdp_position")
