"""The identity stage: who is who. All its tables are computed together and swapped in together."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

import dagster as dg
import ibis.expr.types as ir

from cdp_assets.canonical.tables import FACTS
from cdp_assets.identity import (
    change_guard,
    checks,
    health,
    health_pages,
    history,
    lasting_suggestions,
    report,
    schemas,
    suggestions,
    suggestions_pages,
)
from cdp_assets.identity.canonical import Canonical
from cdp_assets.identity.delta import told_since
from cdp_assets.identity.health_checks import Limits, health_checks
from cdp_assets.identity.ids import HeldBackProfileIds
from cdp_assets.identity.resolve import Resolution, resolve
from cdp_assets.identity.spec import IdentityRules
from cdp_assets.identity.stewardship import Stewardship, words_in_ledger
from cdp_assets.identity.suggestion_checks import suggestion_checks
from cdp_assets.ledger import Ledger
from cdp_assets.ledger.profile_ids import LedgerProfileIds
from cdp_assets.settings import Settings
from cdp_assets.warehouse.assets import table_asset, tables_asset
from cdp_assets.warehouse.built import Built, Stands
from cdp_assets.warehouse.changes import Since
from cdp_assets.warehouse.engine import Engine, row_count

OWNERS = ["team:customer-data"]


def assets(rules: IdentityRules) -> list[dg.AssetsDefinition]:
    """The assets of this stage.

    Args:
        rules: Which identifiers there are, and how far each is to be trusted.
    """

    @tables_asset(
        stage=schemas.STAGE,
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
        judged={schemas.PROFILE_CHANGES.name: [change_guard.FEW_AT_ONCE]},
        kinds={"scipy"},
        owners=OWNERS,
        compared={schemas.PROFILE_MAP.name: "record_id"},
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
        tags: dict[str, str],
        since: Since | None,
    ) -> dict[str, Built]:
        """Records are put together by the evidence, devices given to people, and ids kept; see the user guide."""
        canonical = Canonical(identity_records, identifiers, contacts, contact_points, identifier_aliases, facts)
        previous = history.recalled(previous, settings.serving_file, as_of, engine)
        ids = HeldBackProfileIds(LedgerProfileIds(ledger))
        with ledger.reading() as connection:
            words = words_in_ledger(connection)
        said = Stewardship.of(words, engine)
        told = told_since(since, engine)
        resolution = resolve(canonical, rules, ids, previous, as_of, engine, settings.hash_key, said, told)
        changes = _changes(resolution, previous, identifiers, rules, engine)

        @contextmanager
        def publishing() -> Iterator[None]:
            ids.release()
            yield

        described = report.described(resolution, canonical, rules, engine, settings.hash_key)
        log = schemas.PROFILE_CHANGES.name
        verdict = change_guard.verdict(changes, rules, change_guard.confirmed_by(tags))
        return {**described, log: replace(described[log], judged=[verdict], publishing=publishing)}

    return [identity_graph, _device_suggestions(rules), _health(rules)]


def _changes(
    resolution: Resolution, previous: dict[str, ir.Table], identifiers: ir.Table, rules: IdentityRules, engine: Engine
) -> change_guard.Changes | None:
    """What the run does to known profiles; None if too few changed to count whose they are, which takes a look at every
    identifier.
    """
    log = schemas.PROFILE_CHANGES.name
    changed = engine.scratch(change_guard.merged_or_split(resolution.tables[log], previous[log]))
    if row_count(changed, engine) <= rules.change_guard.minimum:
        return None
    known = change_guard.known_profiles(previous["profile_map"], identifiers, rules)
    counts = engine.to_arrow(change_guard.counted(changed, known)).to_pylist()[0]
    return change_guard.Changes(known=row_count(known, engine), **counts)


def _device_suggestions(rules: IdentityRules) -> dg.AssetsDefinition:
    @tables_asset(
        stage=schemas.STAGE,
        schemas=(schemas.DEVICE_SUGGESTIONS, schemas.SUGGESTION_TESTS),
        inputs={
            "events": "normalised",
            "identity_records": "normalised",
            "identifiers": "normalised",
            "profile_map": "identity",
            "rejected_links": "identity",
        },
        checks=suggestion_checks(),
        owners=OWNERS,
        later=True,
    )
    def device_suggestions(
        events: ir.Table,
        identity_records: ir.Table,
        identifiers: ir.Table,
        profile_map: ir.Table,
        rejected_links: ir.Table,
        engine: Engine,
        settings: Settings,
        as_of: datetime,
        since: Since | None,
    ) -> Mapping[str, Built | Stands]:
        """Weights are learned from devices whose person is known, and tested against who was identified since."""
        now = lasting_suggestions.occasion(events, as_of, engine)
        if (lasting := lasting_suggestions.lasting(since, now, profile_map, engine)) is not None:
            return lasting
        inputs = suggestions.Inputs(events, identity_records, identifiers, profile_map, rejected_links)
        found = suggestions_pages.described(suggestions.suggest(inputs, rules, as_of, engine, settings.hash_key))
        return {name: replace(built, memory=now) for name, built in found.items()}

    return device_suggestions


def _health(rules: IdentityRules) -> dg.AssetsDefinition:
    limits = Limits()

    @table_asset(
        schema=schemas.HEALTH,
        stage=schemas.STAGE,
        inputs={
            **dict.fromkeys(("identity_records", "identifiers", "contacts", "events"), "normalised"),
            **dict.fromkeys(
                ("links", "rejected_links", "profile_map", "profile_changes", "redirects", "review_queue"), "identity"
            ),
        },
        checks=health_checks(limits),
        kinds={"matplotlib"},
        owners=OWNERS,
        later=True,
    )
    def measured_health(
        previous: ir.Table,
        engine: Engine,
        settings: Settings,
        as_of: datetime,
        since: Since | None,
        **tables: ir.Table,
    ) -> Built:
        """Sizes, contradictions, hubs, identified events, changes and the review queue, each with its bounds."""
        previous = history.recalled_figures(previous, settings.serving_file, as_of, engine)
        measured = health.measure(health.Inputs(**tables), previous, rules, as_of, engine, settings.hash_key, since)
        return health_pages.described(measured, limits, engine)

    return measured_health
