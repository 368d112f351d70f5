"""The whole graph: every stage's assets in the order of the flow, with the resources and jobs they run in.

Belongs here: putting the stages together. Does not belong here: any asset.
"""

from collections.abc import Sequence
from datetime import timedelta

import dagster as dg

from cdp_assets.activation import assets as activation
from cdp_assets.attributes import assets as attributes
from cdp_assets.automation.jobs import activation_job, refresh_job, training_job
from cdp_assets.automation.schedules import refresh_schedule, training_schedule
from cdp_assets.automation.sensors import activation_sensor, dead_runs, failed_runs, landing_sensor
from cdp_assets.automation.snapshot import snapshot_asset
from cdp_assets.catalog import Catalog, load_catalog
from cdp_assets.identity import assets as identity
from cdp_assets.measurement import assets as measurement
from cdp_assets.normalised import assets as normalised
from cdp_assets.privacy import assets as privacy
from cdp_assets.profiles import assets as profiles
from cdp_assets.segments import assets as segments
from cdp_assets.settings import Settings
from cdp_assets.sources import assets as sources
from cdp_assets.warehouse.garbage import look_for_garbage_rarely
from cdp_assets.warehouse.resources import LedgerResource, Warehouse

STALE_AFTER = timedelta(hours=26)
"""Profiles and segments older than this are stale: a day, and some time for a late run."""


def flow(catalog: Catalog) -> list[dg.AssetsDefinition]:
    """All assets of the refresh, stage by stage."""
    return [
        *sources.assets(catalog.sources),
        *normalised.assets(catalog.sources, catalog.reporting),
        *identity.assets(catalog.identity_rules),
        *privacy.assets(catalog.sources),
        *profiles.assets(catalog.survivorship),
        *attributes.assets(catalog.traits, catalog.reporting.currency),
        *segments.assets(catalog.segments, catalog.customer_360),
        *activation.assets(catalog.destinations),
        *measurement.assets(catalog.destinations),
    ]


def build(catalog: Catalog) -> dg.Definitions:
    """The definitions for a catalog of sources, rules, segments and destinations."""
    refreshed = _with_freshness(flow(catalog))
    deliveries = activation.delivery_assets(catalog.destinations, catalog.customer_360)
    delivery_keys = _keys(deliveries)
    refresh = refresh_job(delivery_keys)
    train = training_job()
    activate = activation_job(delivery_keys)
    return dg.Definitions(
        assets=[*refreshed, snapshot_asset(_keys(refreshed)), *deliveries],
        jobs=[refresh, train, activate],
        schedules=[refresh_schedule(refresh), training_schedule(train)],
        sensors=[
            landing_sensor(refresh, _snapshots(catalog)),
            activation_sensor(activate, [destination.name for destination in catalog.destinations]),
            dead_runs,
            failed_runs,
        ],
        resources={"warehouse": Warehouse(), "ledger": LedgerResource()},
        executor=dg.in_process_executor,
    )


def _snapshots(catalog: Catalog) -> list[str]:
    """Globs of the files that say all there is."""
    return [stream.files for source in catalog.sources for stream in source.streams if stream.load == "snapshot"]


def _keys(assets: Sequence[dg.AssetsDefinition]) -> list[dg.AssetKey]:
    return sorted({key for definition in assets for key in definition.keys})


def _with_freshness(assets: Sequence[dg.AssetsDefinition]) -> list[dg.AssetsDefinition]:
    policy = dg.FreshnessPolicy.time_window(fail_window=STALE_AFTER)

    def fresh(spec: dg.AssetSpec) -> dg.AssetSpec:
        if spec.group_name not in ("profiles", "segments"):
            return spec
        return spec.replace_attributes(freshness_policy=policy)

    return [
        definition
        for definition in dg.map_asset_specs(fresh, list(assets))
        if isinstance(definition, dg.AssetsDefinition)
    ]


defs = build(load_catalog(Settings.from_env().defs))
look_for_garbage_rarely()
