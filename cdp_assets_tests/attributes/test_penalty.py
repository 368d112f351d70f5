"""The penalty of the purchase model is chosen by a hold-out, and is none where none is needed."""

from __future__ import annotations

from cdp_assets.attributes.penalty import choose_penalty
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine
from cdp_assets_tests.attributes.datasets import CDNOW_CALIBRATION_END, cdnow_sample
from cdp_assets_tests.attributes.tables import day, purchases


def test_on_cdnow_the_published_model_without_a_penalty_is_as_good_as_any(engine: DuckDBEngine) -> None:
    chosen, deviances = choose_penalty(cdnow_sample(engine), CDNOW_CALIBRATION_END, 90, 2357, engine)

    assert chosen == 0.0
    assert set(deviances) == {"0", "0.001", "0.01"}
    assert deviances["0"] <= min(deviances.values()) * 1.01


def test_where_nothing_can_be_held_out_there_is_nothing_to_choose(engine: DuckDBEngine) -> None:
    few = purchases(engine, [(1, 0, "5"), (1, 40, "5")])

    assert choose_penalty(few, day(60), 30, 1, engine) == (0.0, {})
    assert choose_penalty(few, day(60), None, 1, engine) == (0.0, {})
