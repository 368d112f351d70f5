"""The profiles stage: golden records with their provenance, and the timeline."""

from collections.abc import Collection, Mapping
from dataclasses import replace

import dagster as dg
import ibis.expr.types as ir

from cdp_assets.profiles import checks, golden
from cdp_assets.profiles.concerned import concerned, replaced
from cdp_assets.profiles.schemas import GOLDEN_RECORDS, PROVENANCE, TIMELINE
from cdp_assets.profiles.spec import SurvivorshipRules
from cdp_assets.profiles.timeline import KINDS
from cdp_assets.profiles.timeline import timeline as all_facts
from cdp_assets.settings import Settings
from cdp_assets.warehouse.assets import table_asset, tables_asset
from cdp_assets.warehouse.built import Built, Stands, markdown
from cdp_assets.warehouse.changes import Since
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
        since: Since | None,
    ) -> Mapping[str, Built | Stands]:
        """The value of every attribute that survives by the rules of survivorship, and why."""
        records = golden.Records(contacts, contact_points, identity_records, identifiers)
        nobodys = engine.scratch(golden.nobodys_identifiers(identifiers, rejected_links, settings.hash_key))
        memory = {"nobodys": engine.fingerprint(nobodys).version}
        some = concerned(since, golden.INPUTS, profile_map, engine) if since and since.memory == memory else None
        if since is None or some is None:
            golden_table, why = golden.made(records, profile_map, nobodys, rules, engine)
            return {
                "golden_records": Built(golden_table, {"rules": markdown(rules.as_markdown())}, memory=memory),
                "provenance": Built(why, memory=memory),
            }
        if some.nobody:
            return dict.fromkeys(("golden_records", "provenance"), Stands())
        golden_table, why = golden.made(records.of(some.held, engine), some.held, nobodys, rules, engine)
        return {
            "golden_records": replace(
                replaced(GOLDEN_RECORDS, since, some.profiles, golden_table, engine),
                metadata={"rules": markdown(rules.as_markdown())},
            ),
            "provenance": replaced(PROVENANCE, since, some.profiles, why, engine),
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
    later=True,
)
def timeline(
    facts: dict[str, ir.Table], profile_map: ir.Table, engine: Engine, since: Since | None
) -> ir.Table | Built | Stands:
    """Each fact goes to the profile that its record belongs to at that time."""
    some = concerned(since, [("normalised", name) for name in facts], profile_map, engine)
    if since is None or some is None:
        return all_facts(facts, profile_map)
    return Stands() if some.nobody else replaced(TIMELINE, since, some.profiles, all_facts(facts, some.held), engine)
