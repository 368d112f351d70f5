"""The segments stage: memberships with their log, and one asset a segment.

All segments are evaluated in one step, which swaps the common tables in together. An asset of its own then says of each
segment what people look for in the UI: size, history, owner, and a data version that changes only when its members do.
Its members are the rows of `memberships` that bear its name; they are not copied.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import dagster as dg
import ibis.expr.types as ir

from cdp_assets.attributes.schemas import CUSTOMER_360
from cdp_assets.canonical.schema import TableSchema
from cdp_assets.segments import bands, checks, lists, membership, report
from cdp_assets.segments.history import recalled
from cdp_assets.segments.journeys import widened
from cdp_assets.segments.schemas import (
    MEMBERSHIP_CHANGES,
    MEMBERSHIPS,
    SEGMENT_SIZES,
    inputs_schema,
    members_schema,
    naming,
)
from cdp_assets.segments.spec import SegmentSpec
from cdp_assets.settings import Settings
from cdp_assets.warehouse.assets import LATER, POOL, tables_asset
from cdp_assets.warehouse.built import Built, Markdown
from cdp_assets.warehouse.engine import Engine, row_count
from cdp_assets.warehouse.resources import step
from cdp_assets.warehouse.telling import column_schema, lineage_metadata, metadata_value

STAGE = "segments"
OWNERS = ["team:marketing"]
PLAUSIBLE_SIZE = "plausible_size"

_AT_ONCE = 40
"""Segments that one step tells of. For each output Dagster looks at all outputs of its step, several times: a thousand
in one step take it three times as long as in steps of this size."""


def assets(specs: Sequence[SegmentSpec], customer: TableSchema = CUSTOMER_360) -> list[dg.AssetsDefinition]:
    """The assets of this stage.

    Args:
        specs: The segments, of different names.
        customer: `customer_360`, with the traits there are.
    """
    chunks = [specs[start : start + _AT_ONCE] for start in range(0, len(specs), _AT_ONCE)]
    each = [_one_asset_a_segment(chunk, f"segments__each_{place}") for place, chunk in enumerate(chunks, start=1)]
    return [_common_tables(specs, customer), *each]


def _common_tables(specs: Sequence[SegmentSpec], customer: TableSchema) -> dg.AssetsDefinition:
    wide = widened(customer, [spec.where for spec in specs], {spec.name for spec in specs})
    inputs = inputs_schema(specs, wide)
    looked_up = {"identifiers": "normalised", "profile_map": "identity"} if any(spec.listed for spec in specs) else {}

    @tables_asset(
        stage=STAGE,
        schemas=[naming(MEMBERSHIPS, specs), naming(MEMBERSHIP_CHANGES, specs), SEGMENT_SIZES, inputs],
        inputs={"customer_360": "attributes", "redirects": "identity", **looked_up},
        checks=checks.of_tables(specs),
        owners=OWNERS,
    )
    def memberships(
        customer_360: ir.Table,
        redirects: ir.Table,
        previous: dict[str, ir.Table],
        engine: Engine,
        as_of: datetime,
        settings: Settings,
        **known: ir.Table,
    ) -> dict[str, Built]:
        """All conditions in one pass over customer_360, compared with who was in before."""
        before = recalled(previous, settings.serving_file, as_of, engine)
        owners = engine.scratch(lists.owners(specs, **known)) if known else None
        tables = membership.update(customer_360, redirects, before, specs, customer, engine, as_of, owners)
        tables[SEGMENT_SIZES.name] = replace(tables[SEGMENT_SIZES.name], column_lineage=report.SIZES_LINEAGE)
        return {name: replace(built, metadata={"as_of": as_of.isoformat()}) for name, built in tables.items()}

    return memberships


def _one_asset_a_segment(specs: Sequence[SegmentSpec], name: str) -> dg.AssetsDefinition:
    by_key = {dg.AssetKey([STAGE, spec.name]): spec for spec in specs}

    @dg.multi_asset(
        name=name,
        specs=[_asset_spec(spec) for spec in specs],
        check_specs=[
            dg.AssetCheckSpec(
                PLAUSIBLE_SIZE,
                asset=key,
                description="Somebody is in it, and its share of all profiles is within its band: the one that its "
                "definition states, or else the usual one.",
            )
            for key in by_key
        ],
        can_subset=True,
        op_tags=LATER,
        pool=POOL,
        required_resource_keys={"warehouse"},
    )
    def each_segment(context: dg.AssetExecutionContext) -> Iterator[Any]:
        """Say of each segment how large it is, how it got there, and whether its members have changed."""
        selected = {key: spec for key, spec in by_key.items() if key in context.selected_asset_keys}
        with step(context) as engine:
            sizes = engine.table(STAGE, SEGMENT_SIZES.name)
            history = report.histories(engine, sizes, [spec.name for spec in selected.values()])
            examples = report.examples(engine, engine.table(STAGE, MEMBERSHIPS.name), list(selected.values()))
            profiles = row_count(engine.table("attributes", CUSTOMER_360.name), engine)
        for key, spec in selected.items():
            yield from _described(key, spec, history.get(spec.name, []), profiles, examples[spec.name])

    return each_segment


def _asset_spec(spec: SegmentSpec) -> dg.AssetSpec:
    members = members_schema(spec)
    return dg.AssetSpec(
        key=[STAGE, spec.name],
        deps=[dg.AssetKey([STAGE, MEMBERSHIPS.name]), dg.AssetKey([STAGE, SEGMENT_SIZES.name])],
        description=f"{spec.description.rstrip('.')}.\n\n```sql\n{spec.where.strip()}\n```",
        group_name=STAGE,
        kinds={"duckdb", "segment"},
        owners=[spec.owner],
        metadata={
            "dagster/column_schema": column_schema(members),
            **lineage_metadata({column: {(STAGE, MEMBERSHIPS.name, column)} for column in members.column_names}),
        },
    )


def _described(
    key: dg.AssetKey, spec: SegmentSpec, history: Sequence[report.Size], profiles: int, examples: Markdown
) -> Iterator[Any]:
    present = history[-1] if history else report.NEVER
    verdict = bands.judged(spec, history, profiles)
    yield dg.AssetCheckResult(
        asset_key=key,
        check_name=PLAUSIBLE_SIZE,
        passed=verdict.passed,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"size": verdict.size, "crossed bound": verdict.crossed},
    )
    yield dg.MaterializeResult(
        asset_key=key,
        data_version=dg.DataVersion(present.version),
        metadata={
            "dagster/row_count": present.members,
            "share": round(present.members / profiles, 4) if profiles else 0.0,
            "entered": present.entered,
            "left": present.left,
            "condition": dg.MetadataValue.md(f"```sql\n{spec.where.strip()}\n```"),
            "size history": metadata_value(report.size_history(spec.name, history)),
            "preview": metadata_value(examples),
        },
    )
