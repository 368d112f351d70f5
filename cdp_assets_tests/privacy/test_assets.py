"""What consent waits for: who people are, if a source says what they said and not by which address."""

from __future__ import annotations

import dagster as dg

from cdp_assets.privacy.assets import assets
from cdp_assets.sources.spec import MapSpec
from cdp_assets_tests.sources.shop import orders, shop

WORD = {
    "contact_point": "email", "purpose": "'marketing'", "channel": "'any'", "status": "'denied'", "explicit": "true",
    "occurred_at": "at",
}  # fmt: skip


def _inputs(*without: str) -> set[dg.AssetKey]:
    said = tuple((name, sql) for name, sql in WORD.items() if name not in without)
    (consent_state, _) = assets([shop(orders(maps=(MapSpec("consents", said),)))])
    return set(consent_state.dependency_keys)


def test_only_words_without_an_address_wait_for_who_people_are() -> None:
    assert _inputs() == {dg.AssetKey(["normalised", "consents"])}
    assert _inputs("contact_point") == {
        dg.AssetKey(["normalised", "consents"]),
        dg.AssetKey(["normalised", "contact_points"]),
        dg.AssetKey(["identity", "profile_map"]),
    }
