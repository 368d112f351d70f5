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


WHO_THEY_ARE = {
    dg.AssetKey(["normalised", "contact_points"]),
    dg.AssetKey(["normalised", "identifiers"]),
    dg.AssetKey(["identity", "profile_map"]),
}


def _inputs(table: str, *without: str) -> tuple[set[dg.AssetKey], set[dg.AssetKey]]:
    """Of `consent_state`, and of `suppressions`."""
    said = tuple((name, sql) for name, sql in WORD.items() if name not in without)
    (consent_state, suppressions) = assets([shop(orders(maps=(MapSpec(table, said),)))])
    return set(consent_state.dependency_keys), set(suppressions.dependency_keys)


def test_words_wait_for_who_people_are_by_whatever_they_name() -> None:
    for without in ([], ["contact_point"]):
        assert _inputs("consents", *without)[0] == {dg.AssetKey(["normalised", "consents"]), *WHO_THEY_ARE}


def test_complaints_wait_for_who_people_are_where_there_are_any() -> None:
    assert _inputs("engagements")[1] >= WHO_THEY_ARE
    assert not _inputs("consents")[1] >= WHO_THEY_ARE
