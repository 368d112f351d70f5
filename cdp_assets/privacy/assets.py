"""The privacy stage: consent and suppression, as of the run."""

from collections.abc import Sequence
from datetime import datetime

import dagster as dg
import ibis
import ibis.expr.types as ir

from cdp_assets.ledger import Ledger, history
from cdp_assets.privacy import checks, consent, suppression
from cdp_assets.privacy.addresses import addresses
from cdp_assets.privacy.schemas import CONSENT_STATE, SUPPRESSIONS
from cdp_assets.sources.spec import SourceSpec
from cdp_assets.sources.targets import speak_of_people
from cdp_assets.warehouse.assets import table_asset
from cdp_assets.warehouse.built import Built
from cdp_assets.warehouse.engine import Engine

OWNERS = ["team:privacy"]


def assets(sources: Sequence[SourceSpec]) -> list[dg.AssetsDefinition]:
    """The assets of this stage, for the configured sources."""
    return [_consent_state(sources), _suppressions(sources)]


def _whose(sources: Sequence[SourceSpec], table: str) -> dict[str, str]:
    """What tells the addresses of people, where rows of a canonical table speak of them."""
    needed = {"contact_points": "normalised", "identifiers": "normalised", "profile_map": "identity"}
    return needed if speak_of_people(sources, table) else {}


def _consent_state(sources: Sequence[SourceSpec]) -> dg.AssetsDefinition:
    @table_asset(
        schema=CONSENT_STATE,
        stage="privacy",
        inputs={"consents": "normalised", **_whose(sources, "consents")},
        checks=checks.CONSENT_STATE,
        owners=OWNERS,
    )
    def consent_state(consents: ir.Table, as_of: datetime, **whose: ir.Table) -> Built:
        """The latest explicit word wins; stamped flags count only where the person has said nothing; conflicts deny."""
        reached = addresses(**whose) if whose else None
        until = ibis.literal(as_of, type="timestamp('UTC')")
        words = consent.of_contact_points(consents, until, reached, whose.get("profile_map"))
        return Built(consent.consent_state(words, as_of), metadata={"as_of": as_of.isoformat()})

    return consent_state


def _suppressions(sources: Sequence[SourceSpec]) -> dg.AssetsDefinition:
    @table_asset(
        schema=SUPPRESSIONS,
        stage="privacy",
        inputs={
            "engagements": "normalised",
            "contact_points": "normalised",
            "consents": "normalised",
            **_whose(sources, "engagements"),
        },
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
        **whose: ir.Table,
    ) -> Built:
        """Complaints, hard bounces and unsubscriptions, which forbid sending whatever consent says."""
        with ledger.reading() as connection:
            refusals = engine.from_arrow(history.refusals(connection))
        told = suppression.of_contact_points(engagements, contact_points, **whose) if whose else engagements
        return Built(
            suppression.suppressions(told, contact_points, consents, as_of, refusals),
            metadata={"as_of": as_of.isoformat()},
        )

    return suppressions
