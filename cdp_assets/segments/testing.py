"""The small tests that segments carry: given such a row, is the person in?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import ibis
import pyarrow as pa

from cdp_assets.canonical.schema import TableSchema
from cdp_assets.segments.evaluate import members
from cdp_assets.segments.journeys import widened
from cdp_assets.segments.lists import with_heirs
from cdp_assets.segments.spec import SegmentSpec

_SOME_DAY = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Tested:
    """What a test came to; ``found`` is null where its values do not fit their columns, and ``error`` says how."""

    segment: str
    test: str
    expected: bool
    found: bool | None
    error: str | None = None

    @property
    def passed(self) -> bool:
        return self.found == self.expected


def run(specs: Sequence[SegmentSpec], customer: TableSchema) -> list[Tested]:
    """Run the tests of composed segments on an engine of their own; reads no data.

    Args:
        specs: The segments.
        customer: Schema of `customer_360`.
    """
    customer = widened(customer, [spec.where for spec in specs], {spec.name for spec in specs})
    connection = ibis.duckdb.connect()
    connection.raw_sql("SET TimeZone = 'UTC'")
    try:
        return [_tested(connection, spec, place, customer) for spec in specs for place in range(len(spec.tests))]
    finally:
        connection.disconnect()


def _tested(connection: ibis.BaseBackend, spec: SegmentSpec, place: int, customer: TableSchema) -> Tested:
    test = spec.tests[place]
    try:
        given = {"profile_id": 1, **test.given}
        texts = {name: None if given.get(name) is None else str(given[name]) for name in customer.column_names}
        row = ibis.memtable(
            pa.table({name: pa.array([text], pa.string()) for name, text in texts.items()}), schema=None
        )
        typed = row.select(**{column.name: row[column.name].cast(column.dtype) for column in customer.columns})
        theirs = {given.get("email"), given.get("phone")}
        heirs = {number: [given["profile_id"]] for number, address in spec.listed if address in theirs}
        whom = replace(spec, where=with_heirs(spec.where, heirs))
        found = connection.execute(members(typed, whom, test.as_of or _SOME_DAY).count())
    except Exception as error:
        return Tested(spec.name, test.name, test.member, None, str(error).splitlines()[0])
    return Tested(spec.name, test.name, test.member, bool(found))
