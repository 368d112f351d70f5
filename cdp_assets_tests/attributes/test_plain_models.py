"""Trees and lines as plain numbers: they predict what the library does, and are read again only if they are whole."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from cdp_assets.attributes.plain_models import Line, Trees, rounded_up

RNG = np.random.default_rng(3)
VALUES = np.column_stack([RNG.normal(size=(2000, 3)), RNG.integers(0, 4, size=2000)])
MONEY = VALUES[:, 0] * 3 + VALUES[:, 3] + RNG.normal(size=2000)
LABELS = (MONEY > 2).astype(int)


def kept_trees(trees: Trees) -> Trees:
    return Trees.from_plain(json.loads(json.dumps(trees.to_plain())), columns=4)


def test_trees_predict_what_the_library_does_and_so_do_they_when_they_were_kept() -> None:
    boosted = HistGradientBoostingClassifier(max_iter=20, max_leaf_nodes=8).fit(VALUES, LABELS)
    regressed = HistGradientBoostingRegressor(max_iter=20).fit(VALUES, MONEY)
    stock = GradientBoostingClassifier(n_estimators=10).fit(VALUES, LABELS)

    for trees, expected in (
        (Trees.of_histograms(boosted), boosted.decision_function(VALUES)),
        (Trees.of_histograms(regressed), regressed.predict(VALUES)),
        (Trees.of_boosting(stock), stock.decision_function(VALUES)),
    ):
        assert trees(VALUES) == pytest.approx(expected, abs=1e-12)
        assert kept_trees(trees)(VALUES) == pytest.approx(expected, abs=1e-9)
        assert kept_trees(trees).to_plain() == trees.to_plain()


def test_a_line_predicts_what_the_library_does_after_its_scaler_or_alone() -> None:
    scaled = make_pipeline(StandardScaler(), LogisticRegression()).fit(VALUES, LABELS)
    alone = Ridge(1.0).fit(VALUES, MONEY)

    assert Line.of(scaled)(VALUES) == pytest.approx(scaled.decision_function(VALUES))
    assert Line.of(alone)(VALUES) == pytest.approx(alone.predict(VALUES))
    assert Line.from_plain(Line.of(alone).to_plain(), 4)(VALUES) == pytest.approx(alone.predict(VALUES))


@pytest.mark.parametrize(
    "node",
    [
        {"feature": [0, -1, -1], "left": [1, 0, 0], "right": [3, 0, 0]},
        {"feature": [0, -1, -1], "left": [0, 0, 0], "right": [2, 0, 0]},
        {"feature": [4, -1, -1], "left": [1, 0, 0], "right": [2, 0, 0]},
    ],
    ids=["out of the tree", "back to itself", "a column that there is not"],
)
def test_a_damaged_tree_is_refused(node: dict[str, list[int]]) -> None:
    tree = {**node, "threshold": [0.5, 0.0, 0.0], "value": [0.0, 1.0, 2.0]}

    with pytest.raises(ValueError, match="leads nowhere"):
        Trees.from_plain({"start": 0.0, "single": False, "nodes": [tree]}, columns=4)


def test_whoever_is_at_a_threshold_stays_on_its_side() -> None:
    third = 1 / 3

    assert third <= rounded_up(third) < third + 1e-11
    assert rounded_up(rounded_up(third)) == rounded_up(third)
    assert rounded_up(20.5) == 20.5
