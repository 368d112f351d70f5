"""Runs that would merge or split too many known profiles at once: counted, stopped, confirmed."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pyarrow as pa
import pytest

from cdp_assets.identity import checks, schemas
from cdp_assets.identity.assets import assets
from cdp_assets.identity.change_guard import (
    CONFIRM_TAG,
    Changes,
    confirmed_by,
    counted,
    known_profiles,
    merged_or_split,
    verdict,
)
from cdp_assets.identity.spec import ChangeGuard, IdentityRules, RulesError
from cdp_assets.ledger import Ledger
from cdp_assets.ledger.profile_ids import LedgerProfileIds
from cdp_assets.quality.checks import VERDICT, Check, no_rows
from cdp_assets.settings import Settings
from cdp_assets.warehouse.resources import LedgerResource, Warehouse
from cdp_assets_tests.identity.test_assets import contents, data, published_normalised
from cdp_assets_tests.identity.world import Record, World, canonical_tables, load

__all__ = ["data"]

NAMES = ("Ada", "Bea", "Cleo", "Dora")

TWOS = [
    record
    for n, name in enumerate(NAMES, start=1)
    for record in (
        Record(10 * n + 1, (f"shop/customer_number {n}", f"email {n}@example.com"), f"{name} Young", seen=n),
        Record(10 * n + 2, (f"till/loyalty_number {n}", f"email {n}@example.com"), f"{name} Young", seen=n),
    )
]
"""Four people, known to shop and till, whom an e-mail holds together."""

APART = [Record(r.id, r.carries[:1], r.name, seen=r.seen) for r in TWOS]
"""The same without e-mails: eight profiles."""

VISITORS = [Record(100 + n, (f"anonymous_id v{n}",), seen=n) for n in range(9)]

STRICT = IdentityRules(change_guard=ChangeGuard(share=0.25, minimum=1))


def run(rules: IdentityRules = STRICT, **tags: str) -> dg.ExecuteInProcessResult:
    with dg.DagsterInstance.ephemeral() as instance:
        return dg.materialize(
            assets(rules),
            resources={"warehouse": Warehouse(), "ledger": LedgerResource()},
            instance=instance,
            tags={name.replace("__", "/"): value for name, value in tags.items()},
            raise_on_error=False,
        )


def told(result: dg.ExecuteInProcessResult) -> tuple[bool, str]:
    [found] = [e for e in result.get_asset_check_evaluations() if e.check_name == "few_profiles_change_at_once"]
    assert found.asset_key == dg.AssetKey(["identity", "profile_changes"])
    return found.passed, str(found.metadata[VERDICT].value)


def saved() -> tuple[object, object]:
    with Ledger.open(Settings.from_env().ledger_url) as ledger:
        ids = LedgerProfileIds(ledger)
        return ids.assigned(), ids.redirects()


def test_a_run_that_merges_too_many_is_stopped_until_somebody_confirms_as_many(data: Path) -> None:
    published_normalised([*APART, *VISITORS])
    first = run()
    assert first.success
    assert told(first)[0]
    tables, ids = contents(), saved()
    published_normalised([*TWOS, *VISITORS])
    stopped = run()
    assert not stopped.success
    passed, words = told(stopped)
    assert not passed
    assert words.startswith("4 of 8 known profiles merged into another, 0 split (50.0%); 2 pass unasked.")
    assert "cdp plan" in words
    assert "--confirm-changes 4" in words
    assert not run(cdp__confirm_changes="3").success
    assert (contents(), saved()) == (tables, ids)
    confirmed = run(cdp__confirm_changes="4")
    assert confirmed.success
    assert told(confirmed) == (
        True,
        "4 of 8 known profiles merged into another, 0 split (50.0%); 2 pass unasked, and this run was confirmed",
    )
    assert contents() != tables
    assert saved() != ids


def test_another_check_that_fails_leaves_the_ids_alone_too(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    published_normalised(APART)
    assert run().success
    before = saved()
    published_normalised(TWOS[:4])
    nobody = Check("nobody_is_here", "Never holds.", (no_rows(lambda t, _: t, "The map is empty."),))
    monkeypatch.setattr(checks, "all_checks", lambda rules: {"profile_map": [nobody]})
    assert not run(IdentityRules()).success
    assert saved() == before


def test_visitors_who_turn_out_to_be_somebody_do_not_count() -> None:
    world = World()
    first = world.run([*APART[:2], *VISITORS])
    identified = [Record(200 + n, (f"anonymous_id v{n}", "user_id u1"), seen=20 + n) for n in range(4)]
    second = world.run([*APART[:2], *VISITORS, *identified])
    assert "merged" in second["profile_changes"]["change"].to_pylist()
    assert counts(world, first, second, [*APART, *identified]) == {"merged": 0, "split": 0, "touched": 0}


def test_profiles_that_others_split_off_from_count_once() -> None:
    world = World()
    first, second = world.run([*TWOS, *VISITORS]), world.run([*APART, *VISITORS])
    assert second["profile_changes"]["change"].to_pylist().count("split") == 4
    assert counts(world, first, second, APART) == {"merged": 0, "split": 4, "touched": 4}


def counts(
    world: World, first: dict[str, pa.Table], second: dict[str, pa.Table], records: list[Record]
) -> dict[str, int]:
    engine = world.engine
    log, before = (load(engine, schemas.PROFILE_CHANGES, run["profile_changes"].to_pylist()) for run in (second, first))
    old = load(engine, schemas.PROFILE_MAP, first["profile_map"].to_pylist())
    known = known_profiles(old, canonical_tables(engine, records).identifiers, IdentityRules())
    [found] = engine.to_arrow(counted(merged_or_split(log, before), known)).to_pylist()
    return dict(found)


def test_a_share_is_of_the_known_profiles_and_so_many_always_pass() -> None:
    rules = IdentityRules()
    assert verdict(None, rules).passed
    assert verdict(Changes(known=1000, merged=50, split=0, touched=50), rules).passed
    assert not verdict(Changes(known=1000, merged=50, split=1, touched=51), rules).passed
    assert verdict(Changes(known=30, merged=20, split=0, touched=20), rules).passed
    assert not verdict(Changes(known=30, merged=20, split=1, touched=21), rules).passed


def test_a_guard_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(RulesError, match=r"change_guard\.share: 5 is no share"):
        ChangeGuard(share=5)
    with pytest.raises(RulesError, match=r"change_guard\.minimum: -1 is below 0"):
        ChangeGuard(minimum=-1)


def test_documents_and_devices_do_not_tell_who_somebody_is() -> None:
    telling = IdentityRules().telling
    assert {"email", "user_id", "loyalty_number"} <= set(telling)
    assert not {"order_number", "device_id"} & set(telling)


def test_a_confirmation_is_a_number() -> None:
    assert confirmed_by({CONFIRM_TAG: " 316 "}) == 316
    assert confirmed_by({CONFIRM_TAG: "yes"}) == confirmed_by({}) == 0
