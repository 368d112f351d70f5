"""The measurement stage: profile quality, funnels, cohorts and the lift of campaigns."""

from collections.abc import Sequence
from datetime import datetime

import dagster as dg
import ibis.expr.types as ir

from cdp_assets.activation.spec import DestinationSpec
from cdp_assets.measurement import checks
from cdp_assets.measurement.campaign_lift import campaign_lift as compared
from cdp_assets.measurement.cohorts import cohorts_with_picture
from cdp_assets.measurement.funnels import funnels as weekly_funnels
from cdp_assets.measurement.profile_quality import profile_quality as measured
from cdp_assets.measurement.schemas import CAMPAIGN_LIFT, COHORTS, FUNNELS, PROFILE_QUALITY
from cdp_assets.warehouse.assets import table_asset
from cdp_assets.warehouse.built import Built
from cdp_assets.warehouse.engine import Engine

OWNERS = ["team:analytics"]


def assets(destinations: Sequence[DestinationSpec] = ()) -> list[dg.AssetsDefinition]:
    """The assets of this stage.

    Args:
        destinations: Whose campaigns are measured.
    """
    return [profile_quality, funnels, cohorts, _campaign_lift(destinations)]


@table_asset(
    schema=PROFILE_QUALITY,
    stage="measurement",
    inputs={"golden_records": "profiles"},
    checks=checks.PROFILE_QUALITY,
    owners=OWNERS,
    later=True,
)
def profile_quality(golden_records: ir.Table) -> ir.Table:
    """Fill rates, reach and anonymity of golden records."""
    return measured(golden_records)


@table_asset(
    schema=FUNNELS,
    stage="measurement",
    inputs={"activity": "attributes", "purchases": "attributes"},
    checks=checks.FUNNELS,
    owners=OWNERS,
    later=True,
)
def funnels(activity: ir.Table, purchases: ir.Table) -> ir.Table:
    """Visit, product view, cart and order, each within one week of the first."""
    return weekly_funnels(activity, purchases)


@table_asset(
    schema=COHORTS,
    stage="measurement",
    inputs={"purchases": "attributes"},
    checks=checks.COHORTS,
    owners=OWNERS,
    later=True,
)
def cohorts(purchases: ir.Table, as_of: datetime, engine: Engine) -> Built:
    """Retention by month of first purchase."""
    return cohorts_with_picture(purchases, as_of, engine)


def _campaign_lift(destinations: Sequence[DestinationSpec]) -> dg.AssetsDefinition:
    campaigns = {spec.name: spec.campaigns for spec in destinations}

    @table_asset(
        schema=CAMPAIGN_LIFT,
        stage="measurement",
        inputs={
            "exposures": "activation",
            "deliveries": "activation",
            "redirects": "identity",
            "purchases": "attributes",
        },
        checks=checks.CAMPAIGN_LIFT,
        owners=OWNERS,
        later=True,
    )
    def campaign_lift(exposures: ir.Table, deliveries: ir.Table, redirects: ir.Table, purchases: ir.Table) -> ir.Table:
        """Treated against held out from their exposure on, by intention to treat."""
        return compared(exposures, deliveries, redirects, purchases, campaigns)

    return campaign_lift
