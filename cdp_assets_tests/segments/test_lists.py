"""Lists of people in segments: by address, whoever they are today."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import ibis
import pytest

from cdp_assets.canonical.tables import IDENTIFIERS
from cdp_assets.identity.schemas import PROFILE_MAP
from cdp_assets.segments import testing
from cdp_assets.segments.component import Segment
from cdp_assets.segments.composition import composed
from cdp_assets.segments.lists import owners
from cdp_assets.segments.spec import SegmentError, SegmentSpec, SegmentTest
from cdp_assets_tests.segments.people import CUSTOMER, JUNE_1, JUNE_2, JUNE_3, Stage, segment

ANN, BOB = "ann@example.org", "bob@example.org"
INVITED = segment("invited", "orders > 5", include=(ANN,))
WELCOME = segment("welcome", "orders > 0", exclude=(ANN, 3))
GUESTS = segment("guests", "", all_of=("invited",), exclude=(BOB,))
PEOPLE: list[dict[str, Any]] = [{"profile_id": who, "orders": orders} for who, orders in ((1, 1), (2, 1), (3, 9))]


def test_an_address_means_whoever_carries_it_and_follows_merges() -> None:
    stage = Stage(composed([INVITED, WELCOME, GUESTS]))
    stage.run(JUNE_1, PEOPLE, known=[(ANN, 1), (BOB, 3)])
    assert [stage.members(name) for name in ("invited", "welcome", "guests")] == [{1, 3}, {2}, {1}]
    stage.run(JUNE_2, PEOPLE[1:], merged=[(1, 2)], known=[(ANN, 2), (BOB, 3)])
    assert [stage.members(name) for name in ("invited", "welcome", "guests")] == [{2, 3}, set(), {2}]
    # An address that two people share means both; that it came to be theirs is why they entered.
    stage.run(JUNE_3, PEOPLE[1:], merged=[(1, 2)], known=[(ANN, 2), (ANN, 3)])
    assert stage.members("guests") == {2, 3}
    assert stage.log("segment", "profile_id", "change", "cause")[-1] == ("guests", 3, "entered", "listed")


def test_no_address_is_in_what_is_published() -> None:
    stage = Stage(composed([INVITED])).run(JUNE_1, PEOPLE, known=[(ANN, 1)])
    assert ANN not in repr([table.to_pylist() for table in stage.published.values()])


def written(include: str) -> SegmentSpec:
    text = f"{{name: vip, description: VIPs., owner: team:crm, where: orders > 3, include: [{include}]}}"
    return Segment.resolve_from_yaml(text).spec


def test_addresses_are_written_in_any_spelling_and_anything_else_is_refused() -> None:
    assert written('Ann@Example.org, "+49 30 901820", 17').include == (ANN, "+4930901820", 17)
    with pytest.raises(SegmentError, match="`ann` is no profile id"):
        written("ann")


def test_a_test_of_a_segment_may_give_a_listed_address() -> None:
    cases = (SegmentTest("on the list", {"email": ANN}, True), SegmentTest("not on it", {"email": BOB}, False))
    [spec] = composed([replace(INVITED, tests=cases)])
    assert [tested.passed for tested in testing.run([spec], CUSTOMER)] == [True, True]


def test_looking_addresses_up_compiles_for_spark(spark_dialect: str) -> None:
    tables = (ibis.table(schema.ibis_schema, name=schema.name) for schema in (IDENTIFIERS, PROFILE_MAP))
    assert ibis.to_sql(owners(composed([INVITED]), *tables), dialect=spark_dialect)
