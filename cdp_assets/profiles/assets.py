"""The profiles stage: golden records with their provenance, and the timeline."""

from collections.abc import Collection

import dagster as dg
import ibis.expr.types as ir

from cdp_assets.profiles import checks, golden, survivorship
from cdp_assets.profiles.schemas import GOLDEN_RECORDS, PROVENANCE, TIMELINE
from cdp_assets.profiles.spec import SurvivorshipRules
from cdp_assets.profiles.timeline import KINDS
from cdp_assets.profiles.timeline import timeline as all_facts
from cdp_assets.settings import Settings
from cdp_assets.warehouse.assets import table_asset, tables_asset
from cdp_assets.warehouse.built import Built, markdown
from cdp_assets.warehouse.engine import Engine

OWNERS = ["team:customer-data"]


def assets(rules: SurvivorshipRules, sources: Collection[str] | None = None) -> list[dg.AssetsDefinition]:
    """The assets of this stage.

    Args:
        rules: Which of several values survives.
        sources: Names of the source systems there are; a rule that names another is refused.

    Raises:
        SurvivorshipError: if a rule names a source that does not exist.
    """
    if sources is not None:
        rules.check_sources(sources)
    return [_golden_records(rules), timeline]


def _golden_records(rules: SurvivorshipRules) -> dg.AssetsDefinition:
    @tables_asset(
        stage="profiles",
        schemas=[GOLDEN_RECORDS, PROVENANCE],
        inputs={
            "contacts": "normalised",
            "contact_points": "normalised",
            "identity_records": "normalised",
            "identifiers": "normalised",
            "profile_map": "identity",
            "rejected_links": "identity",
        },
        checks={"golden_records": checks.GOLDEN_RECORDS, "provenance": checks.PROVENANCE},
        owners=OWNERS,
    )
    def golden_records(
        contacts: ir.Table,
        contact_points: ir.Table,
        identity_records: ir.Table,
        identifiers: ir.Table,
        profile_map: ir.Table,
        rejected_links: ir.Table,
        engine: Engine,
        settings: Settings,
    ) -> dict[str, Built]:
        """The value of every attribute that survives by the rules of survivorship, and why."""
        listed = engine.scratch(survivorship.candidates(contacts, contact_points, profile_map, rules))
        ranked = engine.scratch(survivorship.ranked(listed, rules))
        beaten = engine.scratch(golden.beaten(ranked, rules))
        nobodys = golden.nobodys_identifiers(identifiers, rejected_links, settings.hash_key)
        return {
            "golden_records": Built(
                golden.golden_records(
                    ranked, profile_map, identity_records, identifiers, contacts, contact_points, nobodys, rules
                ),
                metadata={"rules": markdown(rules.as_markdown())},
            ),
            "provenance": Built(golden.provenance(ranked, beaten, rules)),
        }

    return golden_records


@table_asset(
    schema=TIMELINE,
    stage="profiles",
    inputs={
        "facts": [("normalised", kind.schema.name) for kind in KINDS],
        "profile_map": "identity",
    },
    checks=checks.TIMELINE,
    owners=OWNERS,
)
def timeline(facts: dict[str, ir.Table], profile_map: ir.Table) -> ir.Table:
    """Each fact goes to the profile that its record belongs to at that time."""
    return all_facts(facts, profile_map)
