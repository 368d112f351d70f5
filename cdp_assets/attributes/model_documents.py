"""What was learnt, written down and read again: numbers and names, nothing that runs, nobody's data.

Belongs here: the document of a model. Does not belong here: the table that it is kept in (`model_training.py`), and
what its parts mean (`churn_learned.py`, `plain_models.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, TypeVar

from cdp_assets.attributes import churn_baselines, purchase_models
from cdp_assets.attributes.challenge import Contest
from cdp_assets.attributes.churn_baselines import STOCK_FEATURES
from cdp_assets.attributes.churn_features import FEATURES
from cdp_assets.attributes.churn_learned import Learned, Rehearsed
from cdp_assets.attributes.churn_model import LINEAR_COLUMNS, Calibrated, Learner, Score
from cdp_assets.attributes.drift import Bins
from cdp_assets.attributes.plain_models import Line, Trees, rounded
from cdp_assets.attributes.purchase_models import DropoutModel, Fitted, SmoothedRate
from cdp_assets.attributes.spend_model import SpendModel

Document = dict[str, Any]
T = TypeVar("T")


class UnreadableModelError(RuntimeError):
    """A model was kept by code that knew other features, or was damaged: it has to be learnt anew."""


_ADVICE = "learn it anew by `cdp run --train`"


def document_of(learned: Learned) -> Document:
    """A model as plain values. The customers of its back-test are not among them."""
    scores: list[Score] = []

    def calibrated(model: Calibrated) -> Document:
        """One score may stand behind several."""
        place = next((place for place, score in enumerate(scores) if score is model.score), len(scores))
        if place == len(scores):
            scores.append(model.score)
        return {
            "name": model.name,
            "score": place,
            "slope": rounded(model.slope),
            "intercept": rounded(model.intercept),
        }

    spend, rehearsed = learned.spend, learned.rehearsed
    found = {
        "features": list(FEATURES),
        "published": calibrated(learned.published),
        "until": learned.until.isoformat(),
        "horizon_days": learned.horizon_days,
        "report": learned.report,
        "cold": None if learned.cold is None else rounded(learned.cold),
        "contest": learned.contest and learned.contest.to_plain(),
        "purchases": learned.purchases and plain_fitted(learned.purchases),
        "spend": spend
        and {
            "returning": calibrated(spend.returning),
            "horizon_days": spend.horizon_days,
            "trees": spend.trees.to_plain(),
            "line": spend.line.to_plain(),
            "past_spend": rounded(spend.past_spend),
            "scale": rounded(spend.scale),
            "bounds": [rounded(bound) for bound in spend.bounds],
        },
        "rehearsed": rehearsed and {"score": _score(rehearsed.score), "purchases": plain_fitted(rehearsed.purchases)},
        "then": {name: bins.to_plain() for name, bins in learned.then.items()},
    }
    return {**found, "scores": [_score(score) for score in scores]}


def learned_of(document: Mapping[str, Any]) -> Learned:
    """Read what `document_of` wrote.

    Raises:
        UnreadableModelError: if it knows other features than this code, or is not such a document.
    """
    if tuple(document.get("features", FEATURES)) != FEATURES:
        raise UnreadableModelError(f"the model was learnt from other features than those of this version: {_ADVICE}")
    return read_by(_read, document)


def read_by(read: Callable[[Mapping[str, Any]], T], document: Mapping[str, Any]) -> T:
    """A model of a document, by what reads documents of its kind.

    Raises:
        UnreadableModelError: if it is not such a document.
    """
    try:
        return read(document)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise UnreadableModelError(f"the model cannot be read ({type(error).__name__}): {_ADVICE}") from error


def _read(document: Mapping[str, Any]) -> Learned:
    scores = [_score_of(plain) for plain in document["scores"]]

    def calibrated(plain: Mapping[str, Any]) -> Calibrated:
        return Calibrated(plain["name"], scores[plain["score"]], float(plain["slope"]), float(plain["intercept"]))

    spend, rehearsed = document["spend"], document["rehearsed"]
    return Learned(
        calibrated(document["published"]),
        date.fromisoformat(document["until"]),
        document["horizon_days"],
        dict(document["report"]),
        spend=spend
        and SpendModel(
            calibrated(spend["returning"]),
            int(spend["horizon_days"]),
            Trees.from_plain(spend["trees"], len(FEATURES)),
            Line.from_plain(spend["line"], LINEAR_COLUMNS),
            float(spend["past_spend"]),
            float(spend["scale"]),
            (float(spend["bounds"][0]), float(spend["bounds"][1])),
        ),
        purchases=document["purchases"] and fitted_of_plain(document["purchases"]),
        cold=document["cold"],
        rehearsed=rehearsed and Rehearsed(_score_of(rehearsed["score"]), fitted_of_plain(rehearsed["purchases"])),
        then={name: Bins.of(bins) for name, bins in document["then"].items()},
        contest=document["contest"] and Contest.of(document["contest"]),
    )


_LEARNER = "learner"
_ALIKE: Mapping[str, Callable[[], Score]] = {
    churn_baselines.RECENCY: churn_baselines.Recency,
    churn_baselines.FREQUENCY: churn_baselines.Frequency,
    churn_baselines.PRIOR: churn_baselines.Nothing,
}
"""Scores without parameters, by name."""


def _score(score: Score) -> Document:
    match score:
        case Learner():
            parts = {name: getattr(score, name).to_plain() for name in ("trees", "line", "expected")}
            return {"kind": _LEARNER, "weight": rounded(score.weight), **parts}
        case churn_baselines.Stock():
            return {"kind": churn_baselines.STOCK, "trees": score.trees.to_plain()}
        case churn_baselines.MinusExpected():
            purchases = plain_fitted(score.purchases)
            return {"kind": churn_baselines.MINUS_EXPECTED, "purchases": purchases, "horizon_days": score.horizon_days}
        case churn_baselines.NotAlive():
            return {"kind": churn_baselines.NOT_ALIVE, "purchases": plain_fitted(score.purchases)}
    for name, kind in _ALIKE.items():
        if isinstance(score, kind):  # type: ignore[arg-type]
            return {"kind": name}
    raise TypeError(f"{type(score).__name__} is no score that can be kept")


def _score_of(plain: Mapping[str, Any]) -> Score:
    match plain["kind"]:
        case "learner":
            return Learner(
                Trees.from_plain(plain["trees"], len(FEATURES)),
                Line.from_plain(plain["line"], LINEAR_COLUMNS),
                Line.from_plain(plain["expected"], 1),
                float(plain["weight"]),
            )
        case churn_baselines.STOCK:
            return churn_baselines.Stock(Trees.from_plain(plain["trees"], len(STOCK_FEATURES)))
        case churn_baselines.MINUS_EXPECTED:
            return churn_baselines.MinusExpected(fitted_of_plain(plain["purchases"]), int(plain["horizon_days"]))
        case churn_baselines.NOT_ALIVE:
            return churn_baselines.NotAlive(fitted_of_plain(plain["purchases"]))
    return _ALIKE[plain["kind"]]()


def plain_fitted(fitted: Fitted) -> Document:
    """A purchase model as plain values."""
    # To the last digit: they are fitted to counts in their order, and what they expect is compared with thresholds.
    model, fallback = (
        {"name": each.name, "parameters": dict(each.parameters)} for each in (fitted.model, fitted.fallback)
    )
    return {"model": model, "fallback": fallback, "refused": dict(fitted.refused)}


def fitted_of_plain(plain: Mapping[str, Any]) -> Fitted:
    """Read what `plain_fitted` wrote."""
    fallback = SmoothedRate(**plain["fallback"]["parameters"])
    name, parameters = plain["model"]["name"], plain["model"]["parameters"]
    model: DropoutModel | SmoothedRate = (
        SmoothedRate(**parameters) if name == fallback.name else purchase_models.restored(name, parameters)
    )
    return Fitted(model, fallback, plain["refused"])
