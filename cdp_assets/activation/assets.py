"""The activation stage: the outbox, one delivery asset a destination, and the deliveries of earlier refreshes.

The refresh fills the outbox in the ledger; deliveries live on the ledger alone and run beside it.
"""

import os
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import dagster as dg
import ibis.expr.types as ir

from cdp_assets.activation import checks, projection, report, told
from cdp_assets.activation.bounces import take_in
from cdp_assets.activation.clock import wall_clock
from cdp_assets.activation.connectors import connector_for
from cdp_assets.activation.delivery import deliver
from cdp_assets.activation.outbox import Tables, activate, by_priority, refresh_permissions
from cdp_assets.activation.schemas import DELIVERIES, DESTINATION_STATE, EXPOSURES, OUTBOX
from cdp_assets.activation.spec import DestinationSpec
from cdp_assets.attributes.schemas import CUSTOMER_360
from cdp_assets.canonical.schema import TableSchema
from cdp_assets.ledger import Ledger, history, outbox
from cdp_assets.settings import Settings
from cdp_assets.warehouse.assets import table_asset, tables_asset
from cdp_assets.warehouse.built import Built, markdown
from cdp_assets.warehouse.engine import Engine
from cdp_assets.warehouse.telling import column_schema, lineage_metadata, metadata_value

STAGE = "activation"
OWNERS = ["team:marketing"]


def assets(specs: Sequence[DestinationSpec]) -> list[dg.AssetsDefinition]:
    """The assets of the refresh: outbox, destination_state, exposures and deliveries.

    Args:
        specs: The destinations, of different names.
    """
    return [_outbox(specs), deliveries]


def delivery_assets(
    specs: Sequence[DestinationSpec], customer: TableSchema = CUSTOMER_360
) -> list[dg.AssetsDefinition]:
    """One asset per destination, whose materialisation delivers what waits for it.

    Args:
        specs: The destinations, of different names.
        customer: `customer_360`, with the traits there are.
    """
    return [_delivery(spec, customer) for spec in specs]


def _outbox(specs: Sequence[DestinationSpec]) -> dg.AssetsDefinition:
    @tables_asset(
        stage=STAGE,
        schemas=[OUTBOX, DESTINATION_STATE, EXPOSURES],
        inputs={
            "memberships": "segments",
            "customer_360": "attributes",
            "consent_state": "privacy",
            "suppressions": "privacy",
            "redirects": "identity",
        },
        checks={
            OUTBOX.name: checks.of_outbox(specs),
            DESTINATION_STATE.name: checks.of_state(specs),
            EXPOSURES.name: checks.EXPOSURES,
        },
        kinds={"ledger"},
        owners=OWNERS,
    )
    def outbox(
        memberships: ir.Table,
        customer_360: ir.Table,
        consent_state: ir.Table,
        suppressions: ir.Table,
        redirects: ir.Table,
        engine: Engine,
        ledger: Ledger,
        as_of: datetime,
    ) -> dict[str, Built]:
        """Compares each segment with what its destination has been told, asks the gates, and writes to the ledger."""
        tables = Tables(memberships, customer_360, consent_state, suppressions, redirects, _told_before(engine))
        refresh_permissions(tables, engine, ledger)
        found = [activate(spec, tables, engine, ledger, as_of) for spec in by_priority(specs)]
        return {
            OUTBOX.name: Built(
                projection.outbox_table(engine, ledger, as_of),
                metadata={"activations": markdown(report.activations(found)), "new rows": sum(a.rows for a in found)},
                column_lineage=projection.OUTBOX_LINEAGE,
            ),
            DESTINATION_STATE.name: Built(
                projection.state_table(engine, ledger, [spec.name for spec in specs], redirects),
                column_lineage=projection.STATE_LINEAGE,
            ),
            EXPOSURES.name: Built(
                projection.exposures_table(engine, ledger, as_of, redirects),
                column_lineage=projection.EXPOSURES_LINEAGE,
            ),
        }

    return outbox


def _told_before(engine: Engine) -> frozenset[str]:
    """The destinations that had been told of people when the last run published what it knew of that."""
    if not engine.has_table(STAGE, DESTINATION_STATE.name):
        return frozenset()
    state = engine.table(STAGE, DESTINATION_STATE.name)
    told = engine.to_arrow(state.filter(state.sequence > 0).select("destination").distinct())
    return frozenset(told["destination"].to_pylist())


@table_asset(schema=DELIVERIES, stage=STAGE, checks=checks.DELIVERIES, kinds={"ledger"}, owners=OWNERS, later=True)
def deliveries(engine: Engine, ledger: Ledger, as_of: datetime) -> Built:
    """Projected from the ledger, which goes on delivering meanwhile."""
    table = projection.deliveries_table(engine, ledger, as_of)
    return Built(table, column_lineage=projection.DELIVERIES_LINEAGE)


def _delivery(spec: DestinationSpec, customer: TableSchema) -> dg.AssetsDefinition:
    key = dg.AssetKey([STAGE, spec.name])
    schema = told.told_schema(spec, customer)

    @dg.asset(
        key=key,
        group_name=STAGE,
        deps=[dg.AssetKey([STAGE, OUTBOX.name])],
        description=_description(spec),
        kinds={spec.kind, spec.channel},
        owners=[spec.owner],
        metadata={
            "dagster/column_schema": column_schema(schema),
            **lineage_metadata(told.told_lineage(spec, customer)),
        },
        op_tags={"cdp/destination": spec.name},
        required_resource_keys={"ledger"},
        check_specs=[
            dg.AssetCheckSpec(
                checks.DUE_ROWS_SETTLED, asset=key, description="Nothing that was due waits without a reason."
            ),
            dg.AssetCheckSpec(checks.NOTHING_GIVEN_UP, asset=key, description="No message was given up."),
        ],
    )
    def delivery(context: dg.AssetExecutionContext) -> Iterator[Any]:
        ledger: Ledger = context.resources.ledger.get()
        settings = Settings.from_env()
        came_back = take_in(spec, settings, os.environ, ledger, wall_clock()) if settings.production else None
        connector = connector_for(spec, settings, os.environ)
        try:
            run = deliver(spec, connector, ledger, clock=wall_clock)
        finally:
            connector.close()
        with ledger.reading() as connection:
            totals = history.outcomes(connection, spec.name)
            latest = history.latest(connection, spec.name)
            left = sum(due.rows for due in outbox.due(connection, wall_clock()) if due.destination == spec.name)
        yield dg.MaterializeResult(
            metadata={
                **report.delivered(run),
                **report.came_back(came_back),
                "dagster/row_count": sum(count for *_, count in totals),
                "preview": dg.MetadataValue.md(told.shown(latest, schema)),
                "outbox": dg.MetadataValue.md(report.outcomes(totals)),
                "picture": metadata_value(report.picture(spec.name, totals)),
            },
            check_results=[
                dg.AssetCheckResult(
                    check_name=checks.DUE_ROWS_SETTLED,
                    passed=left == 0 or run.waiting is not None,
                    severity=dg.AssetCheckSeverity.WARN,
                    metadata={"due": left},
                ),
                dg.AssetCheckResult(
                    check_name=checks.NOTHING_GIVEN_UP,
                    passed=run.dead == 0,
                    severity=dg.AssetCheckSeverity.WARN,
                    metadata={"given up": run.dead},
                ),
            ],
        )

    return delivery


def _description(spec: DestinationSpec) -> str:
    fields = "\n".join(f"| {name} | `{expression}` |" for name, expression in spec.payload.items())
    restraint = [f"purpose {spec.purpose}", f"mode {spec.mode}"]
    if spec.holdout:
        restraint.append(f"{spec.holdout:.0%} held out")
    if spec.global_control:
        restraint.append(f"{spec.global_control:.0%} left out of all campaigns")
    if spec.variants:
        restraint.append(f"variants {', '.join(spec.variants)}")
    if spec.cap:
        restraint.append(f"at most {spec.cap.messages} messages in {spec.cap.per_days} days on this channel")
    if spec.overall_cap:
        restraint.append(f"at most {spec.overall_cap.messages} in {spec.overall_cap.per_days} days over all channels")
    if spec.quiet_hours:
        restraint.append(f"quiet from {spec.quiet_hours.start:%H:%M} to {spec.quiet_hours.end:%H:%M}")
    return (
        f"{spec.description.rstrip('.')}.\n\nSegment `{spec.segment}` by {spec.channel}; {'; '.join(restraint)}.\n\n"
        f"| field | expression |\n|---|---|\n{fields}"
    )
