"""What consent waits for: who people are, since not every word is for the address alone that it names."""

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


def test_words_wait_for_who_people_are_by_whatever_they_name() -> None:
    for without in ([], ["contact_point"]):
        assert _inputs(*without) == {
            dg.AssetKey(["normalised", "consents"]),
            dg.AssetKey(["normalised", "contact_points"]),
            dg.AssetKey(["identity", "profile_map"]),
        }
