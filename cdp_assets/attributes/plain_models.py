"""Fitted models as plain numbers, that can be kept as text and read again without running anything.

Belongs here: trees and lines as data, taken from what the library fitted, and what they predict. Does not belong here:
fitting them (`churn_model.py`, `spend_model.py`), and what is kept beside them (`model_documents.py`).

What the library would write itself (pickle, joblib) runs code when it is read, and differs between its versions.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, Context
from functools import cached_property
from typing import Any

import numpy as np

from cdp_assets.attributes.purchase_models import Floats

DIGITS = 12
"""Significant digits that are kept: what lies beyond depends on the order in which a machine adds."""


def rounded(value: float) -> float:
    """A number as it is kept."""
    return float(f"{value:.{DIGITS}g}")


def rounded_up(value: float) -> float:
    """A threshold as it is kept: whoever is at it stays on its side."""
    if rounded(value) == value:
        return value
    return float(Context(prec=DIGITS, rounding=ROUND_CEILING).create_decimal_from_float(value))


def one_thread() -> contextlib.AbstractContextManager[Any]:
    """Compute in one thread: with so few rows more of them wait for each other, and sums would differ between runs."""
    from threadpoolctl import threadpool_limits

    limited: contextlib.AbstractContextManager[Any] = threadpool_limits(limits=1)
    return limited


@dataclass(frozen=True)
class Line:
    """A weighted sum.

    Args:
        weights: One for each column.
        intercept: What is added.
    """

    weights: tuple[float, ...]
    intercept: float

    def __call__(self, values: Floats) -> Floats:
        return np.asarray(values @ np.array(self.weights) + self.intercept, dtype=float)

    @classmethod
    def of(cls, fitted: Any) -> Line:
        """A linear model of the library, alone or after its `StandardScaler` in a pipeline."""
        steps = [step for _, step in getattr(fitted, "steps", [("", fitted)])]
        weights = np.ravel(steps[-1].coef_).astype(float)
        intercept = float(np.ravel(steps[-1].intercept_)[0])
        if len(steps) > 1:
            weights = weights / steps[0].scale_
            intercept -= float(weights @ steps[0].mean_)
        return cls(tuple(map(float, weights)), intercept)

    def to_plain(self) -> dict[str, Any]:
        return {"weights": [rounded(weight) for weight in self.weights], "intercept": rounded(self.intercept)}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any], columns: int) -> Line:
        """Read what `to_plain` wrote of a line over so many columns.

        Raises:
            ValueError: if it has other columns.
        """
        if len(plain["weights"]) != columns:
            raise ValueError("a line has other columns")
        return cls(tuple(map(float, plain["weights"])), float(plain["intercept"]))


_AT_ONCE = 2_000
"""Rows that all trees are walked for before the next: so many stay near the processor."""

_COLUMNS = ("feature", "threshold", "left", "right", "value")


@dataclass(frozen=True)
class Trees:
    """A sum over trees: at each node to the left if a column is no larger than a threshold.

    Args:
        start: What is added to the trees' values.
        nodes: Of each tree, `_COLUMNS`: feature −1 is a leaf.
        single: Whether columns are read in single precision, as the library's older trees do.
    """

    start: float
    nodes: Sequence[Mapping[str, Sequence[float]]] = field(repr=False)
    single: bool = False

    def __call__(self, values: Floats) -> Floats:
        found = np.full(len(values), self.start)
        for begin in range(0, len(values), _AT_ONCE):
            for one in self.each(values[begin : begin + _AT_ONCE]):
                found[begin : begin + _AT_ONCE] += one
        return found

    def each(self, values: Floats, places: Sequence[int] | None = None) -> Floats:
        """What each tree says of each row: one row a tree, of all trees or of those in some places."""
        from sklearn.ensemble._hist_gradient_boosting._predictor import _predict_from_raw_data

        read = np.asarray(np.asarray(values, dtype=np.float32) if self.single else values, dtype=float)
        trees = self._walked if places is None else [self._walked[place] for place in places]
        nothing = np.zeros((0, 8), dtype=np.uint32)
        features = np.zeros(read.shape[1], dtype=np.uint32)
        found = np.empty((len(trees), len(read)))
        for begin in range(0, len(read), _AT_ONCE):
            rows = read[begin : begin + _AT_ONCE]
            for tree, said in zip(trees, found, strict=True):
                _predict_from_raw_data(tree, rows, nothing, nothing, features, 1, said[begin : begin + _AT_ONCE])
        return found

    def reading(self, columns: Collection[int]) -> list[int]:
        """The places of the trees that ask for one of some columns: to all others, those make no difference."""
        return [place for place, tree in enumerate(self.nodes) if not set(columns).isdisjoint(tree["feature"])]

    @cached_property
    def _walked(self) -> list[np.ndarray[Any, Any]]:
        """The trees as the library's walk reads them."""
        from sklearn.ensemble._hist_gradient_boosting.common import PREDICTOR_RECORD_DTYPE

        walked = []
        for tree in self.nodes:
            feature, threshold, left, right, value = (np.asarray(tree[name]) for name in _COLUMNS)
            nodes = np.zeros(len(feature), dtype=PREDICTOR_RECORD_DTYPE)
            nodes["is_leaf"] = feature < 0
            nodes["feature_idx"] = np.maximum(feature, 0)
            nodes["num_threshold"], nodes["value"] = threshold, value
            nodes["left"], nodes["right"] = left, right
            walked.append(nodes)
        return walked

    @classmethod
    def of_histograms(cls, fitted: Any) -> Trees:
        """A fitted `HistGradientBoostingClassifier` (of two classes, its log-odds) or `…Regressor`."""
        trees = []
        for (predictor,) in fitted._predictors:
            nodes = predictor.nodes
            trees.append(
                {
                    "feature": np.where(nodes["is_leaf"] == 1, -1, nodes["feature_idx"].astype(int)).tolist(),
                    # Beyond the largest value lies nothing: then all go left.
                    "threshold": np.nan_to_num(nodes["num_threshold"]).tolist(),
                    "left": nodes["left"].tolist(),
                    "right": nodes["right"].tolist(),
                    "value": nodes["value"].tolist(),
                }
            )
        return cls(float(np.ravel(fitted._baseline_prediction)[0]), trees)

    @classmethod
    def of_boosting(cls, fitted: Any) -> Trees:
        """The log-odds of a fitted `GradientBoostingClassifier` of two classes, with the library's own start."""
        share = float(fitted.init_.class_prior_[1])
        trees = []
        for (stage,) in fitted.estimators_:
            tree = stage.tree_
            leaf = tree.children_left < 0
            trees.append(
                {
                    "feature": np.where(leaf, -1, tree.feature).tolist(),
                    "threshold": np.where(leaf, 0.0, tree.threshold).tolist(),
                    "left": np.maximum(tree.children_left, 0).tolist(),
                    "right": np.maximum(tree.children_right, 0).tolist(),
                    "value": (fitted.learning_rate * tree.value[:, 0, 0]).tolist(),
                }
            )
        return cls(float(np.log(share / (1 - share))), trees, single=True)

    def to_plain(self) -> dict[str, Any]:
        nodes = [
            {
                **tree,
                "threshold": [rounded_up(threshold) for threshold in tree["threshold"]],
                "value": [rounded(value) for value in tree["value"]],
            }
            for tree in self.nodes
        ]
        return {"start": rounded(self.start), "single": self.single, "nodes": nodes}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any], columns: int) -> Trees:
        """Read what `to_plain` wrote of trees over so many columns.

        Raises:
            ValueError: if a node leads out of its tree, or back, or asks for another column: the library's walk would
                not notice.
        """
        for tree in plain["nodes"]:
            count = len(tree["feature"])
            for place, feature in enumerate(tree["feature"]):
                children = (tree["left"][place], tree["right"][place])
                if feature >= columns or (feature >= 0 and not all(place < child < count for child in children)):
                    raise ValueError("a node of a tree leads nowhere")
        return cls(float(plain["start"]), plain["nodes"], bool(plain["single"]))
