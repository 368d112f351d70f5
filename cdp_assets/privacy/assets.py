"""The privacy stage: consent and suppression, as of the run."""

from datetime import datetime

import dagster as dg
import ibis.expr.types as ir

from cdp_assets.ledger import Ledger, history
from cdp_assets.privacy import checks, consent, suppression
from cdp_assets.privacy.schemas import CONSENT_STATE, SUPPRESSIONS
from cdp_assets.warehouse.assets import table_asset
from cdp_assets.warehouse.built import Built
from cdp_assets.warehouse.engine import Engine

OWNERS = ["team:privacy"]


def assets() -> list[dg.AssetsDefinition]:
    """The assets of this stage; nothing to configure."""
    return [consent_state, suppressions]


@table_asset(
    schema=CONSENT_STATE,
    stage="privacy",
    inputs={"consents": "normalised"},
    checks=checks.CONSENT_STATE,
    owners=OWNERS,
)
def consent_state(consents: ir.Table, as_of: datetime) -> Built:
    """The latest explicit word wins; a stamped flag counts only where the person has said nothing; conflicts deny."""
    return Built(consent.consent_state(consents, as_of), metadata={"as_of": as_of.isoformat()})


@table_asset(
    schema=SUPPRESSIONS,
    stage="privacy",
    inputs={"engagements": "normalised", "contact_points": "normalised", "consents": "normalised"},
    checks=checks.SUPPRESSIONS,
    owners=OWNERS,
)
def suppressions(
    engagements: ir.Table,
    contact_points: ir.Table,
    consents: ir.Table,
    as_of: datetime,
    ledger: Ledger,
    engine: Engine,
) -> Built:
    """Complaints, hard bounces and unsubscriptions, which forbid sending whatever consent says."""
    with ledger.reading() as connection:
        refusals = engine.from_arrow(history.refusals(connection))
    return Built(
        suppression.suppressions(engagements, contact_points, consents, as_of, refusals),
        metadata={"as_of": as_of.isoformat()},
    )
