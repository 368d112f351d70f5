"""A day with the platform: a refresh by hand in the browser, then a file that lands and finds its way to a receiver."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from cdp_assets.demo.generator import DEMO_AS_OF
from cdp_assets.warehouse.serving import Reader
from cdp_assets_tests.addressees import WHO_MAY_BE_TOLD
from cdp_assets_tests.e2e.conftest import Installation, Onlooker
from cdp_assets_tests.e2e.dagster_ui import DagsterUI
from cdp_assets_tests.e2e.services import wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]


def test_a_refresh_launched_from_the_ui_succeeds(installation: Installation, ui: DagsterUI, onlooker: Onlooker) -> None:
    ui.open("/asset-groups")
    assert ui.shows("identity")
    ui.screenshot("graph_before")

    run_id = ui.launch("refresh")
    ended = ui.watch(run_id, seconds=600)

    ui.screenshot("run")
    assert ended == "Success"
    assert installation.serving_file.exists()
    assert onlooker.errors == []


def test_a_new_file_changes_a_segment_and_reaches_the_receiver(
    installation: Installation, ui: DagsterUI, onlooker: Onlooker
) -> None:
    with Reader(installation.serving_file) as reader:
        somebody = reader.one(WHO_MAY_BE_TOLD, [1])
    assert somebody is not None, "the demo has somebody with consent who has not left a cart"
    ui.switch_on("landing_folders")
    ui.switch_on("segment_changes")
    ui.screenshot("sensor")
    ui.leave()

    _drop_event(installation, somebody["user_id"])
    wait_until(
        lambda: _told_about(installation, somebody["profile_id"]), "the webhook about the cart", seconds=600, every=2
    )

    message = _told_about(installation, somebody["profile_id"])
    assert message is not None
    assert (message["type"], message["segment"], message["destination"]) == (
        "segment.entered",
        "cart_abandoners",
        "cart_reminder",
    )
    assert message["data"]["email"] == somebody["email"]
    assert installation.receiver.refused == 0, "every request was signed as its receiver expects"
    # The message may overtake the rest of the refresh, which publishes what readers see at its end.
    wait_until(
        lambda: _last_change(installation, somebody["profile_id"]) == "entered", "the snapshot to tell of it", 120
    )
    assert onlooker.errors == []
    assert onlooker.reads > 50


def test_every_stage_is_in_the_graph_with_what_it_holds(installation: Installation, ui: DagsterUI) -> None:
    ui.open("/asset-groups")
    for stage in (
        "sources", "normalised", "identity", "privacy", "profiles", "attributes", "segments", "activation",
        "measurement",
    ):  # fmt: skip
        assert ui.shows(stage)
    ui.screenshot("asset_graph", settle=5)
    ui.open("/assets/profiles/golden_records")
    assert ui.shows("One row per profile")
    ui.screenshot("golden_records", settle=5)
    ui.open("/automation")
    for automation in (
        "hourly_refresh",
        "weekly_training",
        "landing_folders",
        "segment_changes",
        "failed_runs",
        "dead_runs",
    ):
        assert ui.shows(automation)
    ui.screenshot("automation")


def _drop_event(installation: Installation, user_id: str) -> None:
    """Let a file of web events land in which somebody puts something in the cart, an hour before the instant."""
    happened = (DEMO_AS_OF - timedelta(hours=1)).isoformat().replace("+00:00", "Z")
    event = {
        "type": "track",
        "event": "Product Added",
        "messageId": "e2e-cart-1",
        "anonymousId": "e2e-browser-1",
        "userId": user_id,
        "timestamp": happened,
        "receivedAt": happened,
        "properties": {"product_id": "e2e", "quantity": 1},
    }
    file = installation.data / "landing" / "web" / "events_e2e.jsonl"
    file.write_text(json.dumps(event) + "\n", encoding="utf-8")


def _told_about(installation: Installation, profile_id: int) -> dict[str, Any] | None:
    installation.must_live()
    for message in installation.receiver.messages:
        if message["segment"] == "cart_abandoners" and message["profile_id"] == str(profile_id):
            return message
    return None


def _last_change(installation: Installation, profile_id: int) -> str | None:
    """What readers are told about somebody and the segment of cart abandoners."""
    with Reader(installation.serving_file) as reader:
        row = reader.one(
            "SELECT change FROM segments.membership_changes WHERE segment = 'cart_abandoners' "
            "AND profile_id = ? ORDER BY changed_at DESC LIMIT 1",
            [profile_id],
        )
    return None if row is None else str(row["change"])
