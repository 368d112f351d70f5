"""The identity stage: who is who. All its tables are computed together and swapped in together."""

from datetime import datetime

import dagster as dg
import ibis.expr.types as ir

from cdp_assets.canonical.tables import FACTS
from cdp_assets.identity import checks, report, schemas
from cdp_assets.identity.resolve import Canonical, resolve
from cdp_assets.identity.spec import IdentityRules
from cdp_assets.identity.stewardship import Stewardship, words_in_ledger
from cdp_assets.ledger import Ledger
from cdp_assets.ledger.profile_ids import LedgerProfileIds
from cdp_assets.settings import Settings
from cdp_assets.warehouse.assets import tables_asset
from cdp_assets.warehouse.built import Built
from cdp_assets.warehouse.engine import Engine

OWNERS = ["team:customer-data"]


def assets(rules: IdentityRules) -> list[dg.AssetsDefinition]:
    """The assets of this stage.

    Args:
        rules: Which identifiers there are, and how far each is to be trusted.
    """

    @tables_asset(
        stage="identity",
        schemas=schemas.TABLES,
        inputs={
            "identity_records": "normalised",
            "identifiers": "normalised",
            "contacts": "normalised",
            "contact_points": "normalised",
            "identifier_aliases": "normalised",
            "facts": [("normalised", schema.name) for schema in FACTS],
        },
        checks=checks.all_checks(rules),
        kinds={"scipy"},
        owners=OWNERS,
    )
    def identity_graph(
        identity_records: ir.Table,
        identifiers: ir.Table,
        contacts: ir.Table,
        contact_points: ir.Table,
        identifier_aliases: ir.Table,
        facts: dict[str, ir.Table],
        previous: dict[str, ir.Table],
        engine: Engine,
        ledger: Ledger,
        settings: Settings,
        as_of: datetime,
    ) -> dict[str, Built]:
        """Records are put together by the evidence, devices given to people, and ids kept; see the user guide."""
        canonical = Canonical(identity_records, identifiers, contacts, contact_points, identifier_aliases, facts)
        store = LedgerProfileIds(ledger)
        with ledger.reading() as connection:
            words = words_in_ledger(connection)
        said = Stewardship.of(words, engine)
        resolution = resolve(canonical, rules, store, previous, as_of, engine, settings.hash_key, said)
        return report.described(resolution, canonical, rules, engine, settings.hash_key)

    return [identity_graph]
