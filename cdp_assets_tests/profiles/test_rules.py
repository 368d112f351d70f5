"""Rules of survivorship that cannot be used are refused, and the message says what to change."""

from __future__ import annotations

import pytest

from cdp_assets.profiles.schemas import ATTRIBUTES
from cdp_assets.profiles.spec import Group, SurvivorshipError, SurvivorshipRules


def rules(*groups: Group, sources: tuple[str, ...] = ()) -> SurvivorshipRules:
    return SurvivorshipRules.with_defaults(sources, groups)


def test_every_attribute_survives_by_some_rule_even_if_none_is_given() -> None:
    covered = [name for group in rules().groups for name in group.attributes]
    assert sorted(covered) == sorted(ATTRIBUTES)


def test_naming_a_part_of_a_default_group_dissolves_the_group() -> None:
    given = rules(Group("full", ("full_name",), ("most_complete",)))
    assert ("given_name",) in [group.attributes for group in given.groups]
    assert ("family_name",) in [group.attributes for group in given.groups]


@pytest.mark.parametrize(
    ("group", "message"),
    [
        (Group("g", ("emial",), ("most_frequent",)), "no attribute 'emial'; did you mean 'email'"),
        (
            Group("g", ("email",), ("recently_changed",)),
            "no strategy 'recently_changed'; did you mean 'most_recently_changed'",
        ),
        (Group("g", ("email",), ()), "names no strategies"),
        (Group("g", (), ("most_frequent",)), "names no attributes"),
        (Group("g", ("email", "gender"), ("most_frequent",)), "mixes attributes of a contact"),
        (Group("g", ("city",), ("most_frequent",)), "the whole address"),
        (Group("g", ("gender",), ("verified_first",)), "contact points only"),
        (Group("g", ("gender", "gender"), ("most_frequent",)), "attribute 'gender' is named twice"),
        (Group("g", ("email",), ("most_frequent", "most_frequent")), "named twice"),
    ],
)
def test_a_rule_that_cannot_be_used_names_what_is_wrong(group: Group, message: str) -> None:
    with pytest.raises(SurvivorshipError, match=message):
        rules(group)


def test_a_source_that_does_not_exist_names_its_nearest_match() -> None:
    with pytest.raises(SurvivorshipError, match="no source 'shpo'; did you mean 'shop'"):
        rules(sources=("crm", "shpo")).check_sources(["crm", "shop", "web"])


def test_the_rules_can_be_read_as_a_table() -> None:
    text = rules(sources=("crm",)).as_markdown()
    assert "| full_name, given_name, family_name | most_complete, then source_priority" in text
    assert text.endswith("Sources, the most trusted first: crm.")
