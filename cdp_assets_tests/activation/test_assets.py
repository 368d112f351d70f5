"""The stage in Dagster: outbox in the refresh, deliveries on the ledger alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa
import pytest

from cdp_assets.activation.assets import assets, delivery_assets
from cdp_assets.activation.connectors.inbox_entries import entries
from cdp_assets.activation.receiver import Receiver
from cdp_assets.activation.spec import WebhookConnector
from cdp_assets.attributes.schemas import CUSTOMER_360
from cdp_assets.canonical.schema import TableSchema
from cdp_assets.identity.schemas import REDIRECTS
from cdp_assets.ledger import Ledger, guard, history, outbox
from cdp_assets.privacy.schemas import CONSENT_STATE, SUPPRESSIONS
from cdp_assets.segments.schemas import MEMBERSHIPS
from cdp_assets.settings import Settings
from cdp_assets.warehouse.resources import LedgerResource, Warehouse
from cdp_assets_tests.activation.shop import MONDAY, TUESDAY, WELCOME, consent, email_of

HOOKED = replace(WELCOME, connector=WebhookConnector("HOOK_URL", "HOOK_SECRET"), payload={"email": "email"})
DROPPED = replace(WELCOME, name="dropped", payload={"email": "email"}, mode="mirror")
SPECS = [HOOKED, DROPPED]


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("CDP_DATA", str(tmp_path))
    monkeypatch.setenv("CDP_AS_OF", MONDAY.isoformat())
    for name in ("CDP_LEDGER", "CDP_ENV"):
        monkeypatch.delenv(name, raising=False)
    return Settings.from_env()


def publish(stage: str, schema: TableSchema, rows: list[dict[str, Any]]) -> None:
    warehouse = Warehouse()
    engine = warehouse.engine
    typed = schema.ibis_schema.to_pyarrow()
    known = [{name: _value(schema, name, row) for name in schema.column_names} for row in rows]
    nullable = pa.schema([field.with_nullable(True) for field in typed])
    table = engine.from_arrow(pa.Table.from_pylist(known, nullable), schema.ibis_schema)
    engine.stage_table(stage, schema, table)
    engine.publish([(stage, schema.name)])
    engine.drop_scratch()
    warehouse.teardown_after_execution(dg.build_init_resource_context())


def _value(schema: TableSchema, name: str, row: dict[str, Any]) -> Any:
    if name in row or not schema.column(name).required:
        return row.get(name)
    return {"int64": 0, "boolean": False, "string": "x"}.get(schema.column(name).type, 0)


def publish_all(members: set[int]) -> None:
    publish("attributes", CUSTOMER_360, [{"profile_id": one, "email": email_of(one)} for one in (1, 2, 3)])
    publish(
        "segments", MEMBERSHIPS, [{"segment": "members", "profile_id": one, "entered_at": MONDAY} for one in members]
    )
    publish("privacy", CONSENT_STATE, [consent(email_of(one)) for one in (1, 2)])
    publish("privacy", SUPPRESSIONS, [])
    publish("identity", REDIRECTS, [])


def materialise(definitions: list[dg.AssetsDefinition]) -> dg.ExecuteInProcessResult:
    return dg.materialize(definitions, resources={"warehouse": Warehouse(), "ledger": LedgerResource()})


def metadata(result: dg.ExecuteInProcessResult, name: str) -> dict[str, Any]:
    (event,) = [
        e for e in result.get_asset_materialization_events() if e.asset_key == dg.AssetKey(["activation", name])
    ]
    return {key: value.value for key, value in event.materialization.metadata.items()}


def test_the_refresh_fills_the_outbox_and_deliveries_follow_with_the_next(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_all({1, 2, 3})
    result = materialise(assets(SPECS))
    assert result.success
    assert all(check.passed for check in result.get_asset_check_evaluations())
    assert metadata(result, "outbox")["dagster/row_count"] == 6
    assert metadata(result, "deliveries")["dagster/row_count"] == 0
    assert "no_consent 1" in metadata(result, "outbox")["activations"]

    monkeypatch.setenv("HOOK_SECRET", "secret")
    with Receiver("secret") as receiver:
        monkeypatch.setenv("HOOK_URL", receiver.url)
        (settings.data / "warehouse.duckdb").rename(settings.data / "away")  # deliveries need no warehouse
        result = materialise(delivery_assets(SPECS))
        (settings.data / "away").rename(settings.data / "warehouse.duckdb")
    assert result.success
    assert all(check.passed for check in result.get_asset_check_evaluations())
    assert {message["profile_id"] for message in receiver.messages} == {"1", "2"}
    assert metadata(result, "welcome")["delivered"] == 2
    assert "withheld (no_consent) | 1" in metadata(result, "welcome")["outbox"]
    assert metadata(result, "welcome")["dagster/row_count"] == 3
    assert "| ••• | 1 | members | entered | p•••@••• | delivered |  |" in metadata(result, "welcome")["preview"]
    assert len(list(entries(settings.inbox, "dropped"))) == 2

    again = materialise(assets(SPECS))
    assert metadata(again, "outbox")["new rows"] == 0
    assert metadata(again, "deliveries")["dagster/row_count"] == 0

    monkeypatch.setenv("CDP_AS_OF", TUESDAY.isoformat())
    next_day = materialise(assets(SPECS))
    assert next_day.success
    assert metadata(next_day, "deliveries")["dagster/row_count"] == 6
    assert all(check.passed for check in next_day.get_asset_check_evaluations())


def test_nobody_is_told_again_for_want_of_the_ledger_until_someone_confirms(settings: Settings) -> None:
    publish_all({1, 2, 3})
    materialise(assets(SPECS))
    (settings.data / "ledger.sqlite").unlink()
    again = materialise(assets([*SPECS, replace(DROPPED, name="new")]))
    assert all(check.passed for check in again.get_asset_check_evaluations())
    with Ledger.open(settings.ledger_url) as ledger, ledger.reading() as connection:
        assert {(held.destination, held.changes) for held in guard.holds(connection)} == {
            (HOOKED.name, 2), (DROPPED.name, 2),
        }  # fmt: skip
        assert ("new", outbox.PENDING, None, 2) in history.outcomes(connection)


def test_a_destination_says_what_its_messages_are_made_of_and_how_personal_that_is() -> None:
    [welcome] = delivery_assets([replace(WELCOME, payload={"to": "lower(email)", "many": "orders > 2"})])
    told = welcome.metadata_by_key[dg.AssetKey(["activation", "welcome"])]
    made_of = told["dagster/column_lineage"].deps_by_column
    assert made_of["data.to"] == [dg.TableColumnDep(dg.AssetKey(["attributes", "customer_360"]), "email")]
    assert "| `data.many` | attributes.customer_360: orders |" in told["column_lineage"].value
    assert {column.name: column.tags["pii"] for column in told["dagster/column_schema"].columns} == {
        "profile_id": "pseudonym", "sequence": "none", "segment": "none", "change": "none", "data.to": "direct",
        "data.many": "none", "status": "none", "reason": "none",
    }  # fmt: skip


def test_no_personal_data_is_in_what_the_ui_shows(settings: Settings) -> None:
    publish_all({1, 2, 3})
    shown = str(metadata(materialise(assets(SPECS)), "outbox"))
    delivered = materialise(delivery_assets(SPECS))
    shown += "".join(str(metadata(delivered, spec.name)) for spec in SPECS)
    assert "no_consent" in shown
    assert "example.org" not in shown


def test_a_destination_that_is_set_up_wrongly_fails_by_name_and_keeps_its_outbox(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_all({1})
    materialise(assets(SPECS))
    monkeypatch.setenv("CDP_ENV", "production")
    monkeypatch.delenv("HOOK_URL", raising=False)
    with pytest.raises(Exception, match="set the environment variable HOOK_URL"):
        materialise(delivery_assets([HOOKED]))
    with Ledger.open(settings.ledger_url) as ledger, ledger.reading() as connection:
        assert (HOOKED.name, outbox.PENDING, None, 1) in history.outcomes(connection)


def test_without_destinations_the_tables_are_empty(settings: Settings) -> None:
    publish_all({1})
    result = materialise(assets([]))
    assert result.success
    assert metadata(result, "destination_state")["dagster/row_count"] == 0
