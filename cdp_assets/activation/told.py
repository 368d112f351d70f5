"""A destination's messages as a table: what the UI shows of its asset, which has no table in the warehouse.

Belongs here: its columns, what they are made of, and some rows, masked. Does not belong here: making messages
(`audience.py`, `message.py`), and figures about them (`report.py`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from cdp_assets.activation.schemas import DELIVERIES, OUTBOX
from cdp_assets.activation.spec import DestinationSpec
from cdp_assets.canonical.schema import Column, TableSchema
from cdp_assets.ledger.history import Told
from cdp_assets.warehouse.built import ColumnLineage
from cdp_assets.warehouse.expressions import check
from cdp_assets.warehouse.lineage import class_of_value
from cdp_assets.warehouse.preview import masked_rows

_ABOUT = ("profile_id", "sequence", "segment", "change")
_SENT = ("status", "reason")


def told_schema(spec: DestinationSpec, customer: TableSchema) -> TableSchema:
    """The columns of a destination's messages: whom each is about, the payload's fields, and what became of it.

    Args:
        spec: The destination.
        customer: Schema of `customer_360`; a field is as personal as what it is made of.
    """
    fields = []
    for name, expression in spec.payload.items():
        checked = check(expression, customer.ibis_schema, as_of=True)
        pii = class_of_value(checked.dtype, (customer.column(column).pii for column in checked.columns))
        fields.append(Column(f"data.{name}", str(checked.dtype), f"`{expression}`", pii=pii))
    about, sent = ([DELIVERIES.column(name) for name in names] for names in (_ABOUT, _SENT))
    return TableSchema(spec.name, f"{spec.description.rstrip('.')}.", (*about, *fields, *sent))


def told_lineage(spec: DestinationSpec, customer: TableSchema) -> ColumnLineage:
    """Column → what it is made of: of `outbox`, or for the payload's fields of `customer_360`."""
    made_of = {name: {("activation", OUTBOX.name, name)} for name in _ABOUT}
    for name, expression in spec.payload.items():
        read = check(expression, customer.ibis_schema, as_of=True).columns
        made_of[f"data.{name}"] = {("attributes", customer.name, column) for column in read}
    return made_of


def shown(messages: Iterable[Told], schema: TableSchema) -> str:
    """Messages as a Markdown table, masked; a payload that is no longer kept is left empty."""
    records = []
    for message in messages:
        fields = json.loads(message.payload) if message.payload else {}
        record = {name: getattr(message, name) for name in (*_ABOUT, *_SENT)}
        records.append(record | {f"data.{name}": value for name, value in fields.items()})
    names = schema.column_names
    return masked_rows([{name: record.get(name) for name in names} for record in records], names, schema)
