"""The rules as users write them, and what they are when nobody does."""

from __future__ import annotations

import pytest

from cdp_assets.identity.component import IdentifierType, IdentityRules
from cdp_assets.identity.spec import DEFAULT_IDENTIFIERS, IdentifierRule, Kind, RulesError
from cdp_assets.identity.spec import IdentityRules as Rules
from cdp_assets_tests.identity.world import Record, World


def test_no_yaml_means_the_defaults() -> None:
    assert IdentityRules().spec == Rules()


def test_a_type_keeps_the_defaults_that_are_not_named() -> None:
    spec = IdentityRules(identifiers=[IdentifierType(type="phone", limit=2)]).spec
    default = DEFAULT_IDENTIFIERS["phone"]
    assert spec.identifiers["phone"] == IdentifierRule(
        Kind.SHAREABLE, limit=2, strength=default.strength, recycled_after_days=default.recycled_after_days
    )
    assert spec.identifiers["email"] == DEFAULT_IDENTIFIERS["email"]


def test_a_type_of_ones_own_needs_a_kind() -> None:
    with pytest.raises(RulesError, match=r"identifiers\.badge: a type of your own needs a `kind`"):
        _ = IdentityRules(identifiers=[IdentifierType(type="badge")]).spec
    spec = IdentityRules(identifiers=[IdentifierType(type="badge", kind="personal")]).spec
    assert spec.identifiers["badge"].kind is Kind.PERSONAL


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (IdentifierType(type="email", limit=0), "limit is 0"),
        (IdentifierType(type="email", strength=1.5), "strength is 1.5"),
        (IdentifierType(type="email", limit=2, unlimited=True), "exclude one another"),
        (IdentifierType(type="device_id", limit=2), "a device has no limit"),
    ],
)
def test_rules_that_contradict_themselves_are_refused(given: IdentifierType, message: str) -> None:
    with pytest.raises(RulesError, match=message):
        _ = IdentityRules(identifiers=[given]).spec


def test_a_type_named_twice_is_refused() -> None:
    twice = [IdentifierType(type="email"), IdentifierType(type="email")]
    with pytest.raises(RulesError, match=r"identifiers\.email: is there twice"):
        _ = IdentityRules(identifiers=twice).spec


def test_placeholders_are_added_to_the_known_ones() -> None:
    spec = IdentityRules(placeholders=["walk-in"]).spec
    assert {"walk-in", "null"} <= set(spec.placeholders)
    with pytest.raises(RulesError, match="write 'walk-in'"):
        _ = IdentityRules(placeholders=["Walk-In "]).spec


def test_a_higher_limit_lets_more_together() -> None:
    records = [Record(n, ("user_id u1", f"email e{n}@example.com"), seen=n) for n in range(1, 8)]
    rules = IdentityRules(identifiers=[IdentifierType(type="email", limit=9)]).spec
    assert World(rules=rules).groups(records) == {frozenset(range(1, 8))}


def test_identifiers_without_a_rule_are_evidence_of_nothing() -> None:
    records = [Record(n, ("badge 7",)) for n in (1, 2)]
    assert World().groups(records) == {frozenset({1}), frozenset({2})}


def test_a_component_with_a_distant_time_is_rebuilt() -> None:
    seen = {1: -45_000.0, 2: 12_000.0}  # in 1899, and in 2055
    couple = [Record(n, ("email we@example.org",), name, seen=seen[n]) for n, name in ((1, "Anna Lee"), (2, "Ben Lee"))]
    assert World().groups(couple) == {frozenset({1}), frozenset({2})}


def test_too_large_a_component_is_not_rebuilt_and_says_so() -> None:
    world = World(rules=Rules(largest_rebuild=2))
    names = ["Anna Meyer", "Bert Meyer", "Carl Meyer"]
    family = [Record(n, (f"crm/contact_id c{n}", "email we@example.com"), name) for n, name in enumerate(names)]
    mail = Record(9, ("crm/contact_id c0",))
    assert world.groups([*family, mail]) == {frozenset({0, 9}), frozenset({1}), frozenset({2})}
    assert set(world.tables["rejected_links"]["reason"].to_pylist()) == {"too_large"}
