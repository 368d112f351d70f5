"""What makes a segment's definition valid."""

from __future__ import annotations

import pytest

from cdp_assets.segments.spec import RESERVED, SegmentError
from cdp_assets.warehouse.expressions import ExpressionError
from cdp_assets_tests.segments.people import CUSTOMER, segment


@pytest.mark.parametrize("name", ["champions", "top_100", "a"])
def test_names_are_words_with_underscores(name):
    assert segment(name, "orders > 1").name == name


@pytest.mark.parametrize("name", ["Champions", "big spenders", "_x", "x_", "a__b", "1st", "", "café", "x" * 61])
def test_other_names_are_refused(name):
    with pytest.raises(SegmentError, match=r"^name: "):
        segment(name, "orders > 1")


@pytest.mark.parametrize("name", sorted(RESERVED))
def test_names_of_the_stages_own_tables_are_refused(name):
    with pytest.raises(SegmentError, match="choose another"):
        segment(name, "orders > 1")


@pytest.mark.parametrize(
    ("band", "says"),
    [
        ({"minimum": 5}, "minimum: 5 is not a share"),
        ({"maximum": -0.1}, "maximum: -0.1 is not a share"),
        ({"minimum": 0.5, "maximum": 0.1}, "minimum: 0.5 is above the maximum"),
    ],
)
def test_a_band_is_two_shares_in_order(band, says):
    with pytest.raises(SegmentError, match=says):
        segment("loyal", "orders > 1", **band)


@pytest.mark.parametrize(
    ("where", "says"),
    [
        ("orders + 1", "a condition is true or false"),
        ("orders", "a value of type int64"),
        ("true", "names no column"),
        ("note like '%angry%'", "column `note` is sensitive"),
        ("ordrs > 1", "did you mean `orders`?"),
        ("SELECT 1", "this is an SQL statement"),
    ],
)
def test_a_condition_is_one_yes_or_no_over_columns_that_may_decide(where, says):
    with pytest.raises(ExpressionError, match=says.replace("?", r"\?")):
        segment("loyal", where).condition(CUSTOMER)
