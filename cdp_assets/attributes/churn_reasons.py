"""Why a customer's risk is what it is, in words that are true of the model that was published.

Belongs here: the effect of each group of features on a customer's log-odds, and its wording. Does not belong here: the
features (`churn_features.py`) and the models.

The effect of a group is the difference that its values make against those of the median customer, everything else as it
is. A reason is told only where its figure differs from the usual one in the direction that the model takes it to point.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cdp_assets.attributes.churn_features import FEATURES, GROUPS, FeatureGroup
from cdp_assets.attributes.churn_model import Calibrated, Learner, Read, Walked
from cdp_assets.attributes.metrics import spearman
from cdp_assets.attributes.purchase_models import Floats

if TYPE_CHECKING:
    import pandas as pd

Booleans = np.ndarray[Any, np.dtype[np.bool_]]

MOST = 3
NOTICEABLE = 0.1
"""Smallest change of log-odds that is worth a reason."""

LEADING = ("more risk", "less risk")
"""What reasons begin with: for those of more risk than the usual one, and of less."""

NO_HISTORY = "nothing tells customers apart yet: this is the same prior for everyone"
ORDINARY = "like most customers"


@dataclass(frozen=True)
class Usual:
    """What customers are compared with.

    Args:
        medians: Feature → its median over the customers (0 where it is defined for none).
        directions: Group → 1 if a higher figure goes with more risk, −1 if with less, 0 if with neither.
    """

    medians: Mapping[str, float]
    directions: Mapping[str, int]


def usual(features: pd.DataFrame, model: Calibrated) -> Usual:
    """Learn from a sample of customers what is usual, and which way each group's figure points."""
    medians = features[list(FEATURES)].median().fillna(0.0).to_dict()
    risk = model.log_odds(features)
    directions = {}
    for name, group in GROUPS.items():
        figure = features[group.told_by].to_numpy(float)
        known = np.isfinite(figure)
        directions[name] = int(np.sign(spearman(figure[known], risk[known]) or 0.0))
    return Usual({str(name): float(value) for name, value in medians.items()}, directions)


def reasons(
    features: pd.DataFrame,
    log_odds: Floats,
    model: Calibrated,
    compared: Usual,
    leading: tuple[str, str] = LEADING,
    walked: Walked | None = None,
) -> np.ndarray[Any, Any]:
    """One text per row of features, e.g. ``more risk: last purchase 212 days ago (usual: 63); …``.

    Args:
        features: The customers.
        log_odds: What the model says of each.
        model: The published model.
        compared: What customers are compared with.
        leading: What they begin with for those of more risk, and of less.
        walked: What the learner says of them, where it is known already.
    """
    if model.slope == 0:
        return np.full(len(features), NO_HISTORY, dtype=object)
    if isinstance(model.score, Learner):
        walked = walked or model.score.walk(Read.of(features))
    figures = [features[group.told_by].to_numpy(float) for group in GROUPS.values()]
    deviations = np.column_stack(
        [figure - compared.medians[group.told_by] for figure, group in zip(figures, GROUPS.values(), strict=True)]
    )
    points = np.array([compared.directions[name] for name in GROUPS])
    told = np.nan_to_num(np.sign(deviations)) * points
    effects = np.column_stack(
        [
            _effect(features, log_odds, model, group, compared, told[:, place] != 0, walked)
            for place, group in enumerate(GROUPS.values())
        ]
    )
    effects = np.where((told == np.sign(effects)) & (np.abs(effects) >= NOTICEABLE), effects, 0.0)
    raising = np.clip(effects, 0, None).sum(axis=1) >= np.clip(-effects, 0, None).sum(axis=1)
    strength = np.where(raising[:, None], effects, -effects)
    order = np.argsort(-strength, axis=1, kind="stable")[:, :MOST]
    chosen = np.take_along_axis(strength, order, axis=1) > 0
    phrases = np.column_stack(
        [_phrases(figure, group, compared) for figure, group in zip(figures, GROUPS.values(), strict=True)]
    )
    phrases = np.take_along_axis(phrases, order, axis=1)
    sentences = np.where(raising, f"{leading[0]}: ", f"{leading[1]}: ").astype(object)
    for place in range(order.shape[1]):
        told_here = np.where(chosen[:, place], phrases[:, place], "")
        sentences = sentences + (np.where(chosen[:, place], "; ", "").astype(object) if place else "") + told_here
    return np.where(chosen[:, 0], sentences, ORDINARY)


def _effect(
    features: pd.DataFrame,
    log_odds: Floats,
    model: Calibrated,
    group: FeatureGroup,
    compared: Usual,
    rows: Booleans,
    walked: Walked | None,
) -> Floats:
    """How far a group moves the risk of some rows; 0 of all others, which have nothing to tell of it."""
    medians = {feature: compared.medians[feature] for feature in group.features}
    unusual = (features[list(medians)] != list(medians.values())).to_numpy().any(axis=1)
    asked = rows & unusual
    effects = np.zeros(len(features))
    if not asked.any():
        return effects
    if isinstance(model.score, Learner) and walked is not None:
        usually = model.slope * model.score.with_other(walked, asked, medians) + model.intercept
    else:
        usually = model.log_odds(features[asked].assign(**medians))
    effects[asked] = log_odds[asked] - usually
    return effects


def _phrases(figures: Floats, group: FeatureGroup, compared: Usual) -> Any:
    usually = _figure(compared.medians[group.told_by], "")
    distinct, position = np.unique(np.round(figures), return_inverse=True)
    texts = [
        "" if np.isnan(figure) else f"{group.words.format(value=_figure(figure, group.unit))} (usual: {usually})"
        for figure in distinct
    ]
    return np.array(texts, dtype=object)[position]


def _figure(value: float, unit: str) -> str:
    whole = f"{value:,.0f}"
    if not unit:
        return whole
    return f"{whole} {unit}" if whole == "1" else f"{whole} {unit}s"
