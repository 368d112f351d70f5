"""A small `customer_360` and the machinery to run the stage over it, for this folder's tests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from cdp_assets.canonical.schema import INSTANT, Column, Pii, TableSchema
from cdp_assets.canonical.tables import IDENTIFIERS
from cdp_assets.identity.schemas import PROFILE_MAP
from cdp_assets.segments.journeys import widened
from cdp_assets.segments.lists import owners
from cdp_assets.segments.membership import update
from cdp_assets.segments.schemas import MEMBERSHIP_CHANGES, MEMBERSHIPS, SEGMENT_SIZES, inputs_schema
from cdp_assets.segments.spec import SegmentSpec
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine
from cdp_assets.warehouse.stacking import patched

CUSTOMER = TableSchema(
    "customer_360",
    "Customers.",
    (
        Column("profile_id", "int64", "The person.", pii=Pii.PSEUDONYM, required=True),
        Column("email", "string", "E-mail.", pii=Pii.DIRECT),
        Column("note", "string", "Free text.", pii=Pii.SENSITIVE),
        Column("orders", "int64", "Orders."),
        Column("net_spend", "decimal(18, 2)", "Spend."),
        Column("churn_risk", "float64", "Risk."),
        Column("country", "string", "Country."),
        Column("last_order_at", INSTANT, "Last order."),
    ),
    key=("profile_id",),
)

REDIRECTS = ibis.schema({"old_profile_id": "int64", "profile_id": "int64"})

JUNE_1 = datetime(2026, 6, 1, tzinfo=UTC)
JUNE_2 = datetime(2026, 6, 2, tzinfo=UTC)
JUNE_3 = datetime(2026, 6, 3, tzinfo=UTC)


def segment(name: str, where: str, **more: Any) -> SegmentSpec:
    return SegmentSpec(name=name, where=where, description=f"{name}.", owner="team:test", **more)


@dataclass
class Stage:
    """The segments stage with its own last published tables."""

    specs: Sequence[SegmentSpec]
    engine: DuckDBEngine = field(default_factory=DuckDBEngine.in_memory)
    published: dict[str, pa.Table] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.engine.backend.raw_sql("SET TimeZone = 'UTC'")

    def customers(self, rows: Iterable[Mapping[str, Any]]) -> ir.Table:
        schema = CUSTOMER.ibis_schema
        return self.engine.from_arrow(pa.Table.from_pylist(list(rows), schema=schema.to_pyarrow()), schema)

    def run(
        self,
        as_of: datetime,
        rows: Iterable[Mapping[str, Any]],
        merged: Iterable[tuple[int, int]] = (),
        known: Iterable[tuple[str, int]] = (),
    ) -> Stage:
        """Refresh the stage; ``merged`` are all redirects there ever were, as (old, new), and ``known`` who carries
        which address."""
        wide = widened(CUSTOMER, [spec.where for spec in self.specs], {spec.name for spec in self.specs})
        schemas = (MEMBERSHIPS, MEMBERSHIP_CHANGES, SEGMENT_SIZES, inputs_schema(self.specs, wide))
        redirects = pa.Table.from_pylist(
            [{"old_profile_id": old, "profile_id": new} for old, new in merged], schema=REDIRECTS.to_pyarrow()
        )
        previous = {schema.name: self._previous(schema) for schema in schemas}
        results = update(
            self.customers(rows),
            self.engine.from_arrow(redirects, REDIRECTS),
            previous,
            self.specs,
            CUSTOMER,
            self.engine,
            as_of,
            self._owners(list(known)) if any(spec.listed for spec in self.specs) else None,
        )
        computed = {name: built.table for name, built in results.items()}
        for name, built in results.items():
            if built.patch is not None:
                assert self._rows(patched(previous[name], built.patch)) == self._rows(built.table), name
        self.published = {
            schema.name: self.engine.to_arrow(
                computed[schema.name].select(
                    **{column.name: computed[schema.name][column.name].cast(column.dtype) for column in schema.columns}
                )
            )
            for schema in schemas
        }
        return self

    def _owners(self, known: Sequence[tuple[str, int]]) -> ir.Table:
        identifiers = [
            {"record_id": place, "namespace": "global", "identifier_type": "email", "identifier_value": address}
            for place, (address, _) in enumerate(known)
        ]
        mapped = [{"record_id": place, "profile_id": profile} for place, (_, profile) in enumerate(known)]
        made = (
            self.engine.from_arrow(pa.Table.from_pylist(rows, schema.ibis_schema.to_pyarrow()), schema.ibis_schema)
            for schema, rows in ((IDENTIFIERS, identifiers), (PROFILE_MAP, mapped))
        )
        return owners(self.specs, *made)

    def _previous(self, schema: TableSchema) -> ir.Table:
        known = self.published.get(schema.name)
        rows = [] if known is None else known.to_pylist()
        names = [] if known is None else known.column_names
        data = pa.Table.from_pylist(
            [{name: row[name] for name in schema.column_names if name in names} for row in rows],
            schema=schema.ibis_schema.to_pyarrow(),
        )
        return self.engine.from_arrow(data, schema.ibis_schema)

    def _rows(self, table: ir.Table) -> list[tuple[Any, ...]]:
        columns = sorted(table.columns)
        return sorted(tuple(row[name] for name in columns) for row in self.engine.to_arrow(table).to_pylist())

    def members(self, name: str) -> set[int]:
        return {row["profile_id"] for row in self.published["memberships"].to_pylist() if row["segment"] == name}

    def entered_at(self, name: str) -> dict[int, datetime]:
        rows = self.published["memberships"].to_pylist()
        return {row["profile_id"]: row["entered_at"] for row in rows if row["segment"] == name}

    def log(self, *columns: str) -> list[tuple[Any, ...]]:
        wanted = columns or ("segment", "profile_id", "change", "cause")
        rows = self.published["membership_changes"].to_pylist()
        rows.sort(key=lambda row: (row["changed_at"], row["segment"], row["profile_id"], row["sequence"]))
        return [tuple(row[column] for column in wanted) for row in rows]

    def sizes(self) -> list[tuple[Any, ...]]:
        rows = self.published["segment_sizes"].to_pylist()
        return sorted((row["as_of"], row["segment"], row["members"]) for row in rows)


def tables(stage: Stage) -> dict[str, list[tuple[Any, ...]]]:
    """All tables as sorted rows, to compare states."""
    return {
        name: sorted((tuple(row.values()) for row in table.to_pylist()), key=repr)
        for name, table in stage.published.items()
    }
