"""When a model is learnt anew, what it is judged against, and what of it is kept.

Belongs here: the life of an approved model, whatever it foretells. Does not belong here: learning (`churn.py`,
`propensity.py`), and how a model is written down (`model_documents.py`).

A refresh scores by the model that was approved last. It learns only where there is none that was learnt, where the one
there is was learnt by other code, or where somebody asks for it; the training job does, and runs on its own schedule.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ibis.expr.types as ir

from cdp_assets.attributes.churn_learned import Learned
from cdp_assets.attributes.model_documents import Document, UnreadableModelError, document_of, learned_of
from cdp_assets.canonical.schema import TableSchema
from cdp_assets.quality.checks import CheckResult, Judged
from cdp_assets.trees import tree_hash
from cdp_assets.warehouse.built import Built, ColumnLineage, Stands

if TYPE_CHECKING:
    from cdp_assets.warehouse.engine import Engine

TRAIN_TAG = "cdp/train"
"""Run tag: learn anew, although there is a model."""

STALE_DAYS = 60
"""Days without training after which a model is said to be old."""

PUBLISHED = "published"
"""Remembered with a model: that this very code published it."""

_LIBRARIES = ("scikit-learn", "lifetimes", "scipy", "numpy")

CHALLENGER_WINS = Judged(
    "challenger_wins",
    "What was learnt ranked the customers of the back-test no worse than its best named baseline and than its "
    "predecessor as it was kept; otherwise the better of the two is what is published.",
    blocking=False,
)
IS_RECENT = Judged(
    "model_is_recent",
    f"The model was learnt, or held its own against a newer one, in the last {STALE_DAYS} days.",
    blocking=False,
)


@dataclass(frozen=True)
class Trainer:
    """How one model is learnt, and what is said of it.

    Args:
        schema: Of the table that it is kept in.
        scores: Name of the table that is scored by it.
        learn: Learns anew, given what has been published so far; the second value is kept beside the model.
        card: Metadata of the asset, from the model and its document.
        lineage: Of the table's columns.
    """

    schema: TableSchema
    scores: str
    learn: Callable[[Learned | None], tuple[Learned, Document]]
    card: Callable[[Learned, Document], Mapping[str, Any]]
    lineage: ColumnLineage


@dataclass(frozen=True)
class Occasion:
    """What decides whether to learn.

    Args:
        previous: The table of the model as last published.
        unchanged: Whether it was published by this very code, so that all that is said of it is still said so.
        until: Last day that may be seen.
        learner: `learner_version`.
        forced: Whether to learn although there is a model.
    """

    previous: ir.Table
    unchanged: bool
    until: date
    learner: str
    forced: bool


@cache
def learner_version(currency: str) -> str:
    """What a model was learnt with: the code of this stage, the libraries, and the currency that money is in."""
    libraries = "/".join(f"{name} {version(name)}" for name in _LIBRARIES)
    return f"{tree_hash(Path(__file__).parent, ('.py',))[:16]}/{libraries}/{currency}"


def trained(trainer: Trainer, occasion: Occasion, engine: Engine) -> Built | Stands:
    """Learn anew where it is time to, and keep whichever is better."""
    asked = occasion.previous.select("is_learnt", "learner", "learnt_until")
    found = engine.to_pandas(asked).to_dict("records")
    # Whoever looks back from an earlier day than the model was learnt on must not know what it knows.
    last = found[0] if found and day_of_frame(found[0]["learnt_until"]) <= occasion.until else None
    stands = last is not None and last["is_learnt"] and last["learner"] == occasion.learner and not occasion.forced
    if stands and occasion.unchanged:
        return Stands()
    document = approved(occasion.previous, engine) if last is not None else None
    learned = _readable(document)
    if stands and learned is not None and document is not None:
        return _built(trainer, learned, document, occasion, occasion.previous)
    learned, beside = trainer.learn(learned)
    # As it will be read: what cannot be read again is not published, and what is said is said of what is kept.
    document = {**document_of(learned), **beside}
    learned = learned_of(document)
    row = _row(trainer, learned, document, occasion.learner, engine)
    return _built(trainer, learned, document, occasion, row)


def _built(trainer: Trainer, learned: Learned, document: Document, occasion: Occasion, table: ir.Table) -> Built:
    card = with_version(trainer.card(learned, document), occasion)
    return Built(table, card, trainer.lineage, [challenged(learned)], memory={PUBLISHED: True})


def with_version(card: Mapping[str, Any], occasion: Occasion) -> dict[str, Any]:
    """The metadata of a model with the version of the code that it was learnt, or last challenged, with."""
    return {**card, "model_card": {**card["model_card"], "code_version": occasion.learner}}


def unchanged(memory: Mapping[str, Any]) -> bool:
    """Whether this very code published the model, by what its asset remembers."""
    return PUBLISHED in memory


def approved(models: ir.Table, engine: Engine) -> Document:
    """The document of the model that was approved last."""
    text = engine.to_arrow(models.select("document")).column("document")[0].as_py()
    document: Document = json.loads(text)
    return document


def _readable(document: Document | None) -> Learned | None:
    """What has been published so far, if this code can still score by it."""
    try:
        return None if document is None else learned_of(document)
    except UnreadableModelError:
        return None


def _row(trainer: Trainer, learned: Learned, document: Document, learner: str, engine: Engine) -> ir.Table:
    import pyarrow as pa

    judged_on = learned.report.get("cut")
    row = {
        "scores": trainer.scores,
        "model": learned.published.name,
        "is_learnt": learned.is_learnt,
        "is_kept": learned.is_kept,
        "learnt_until": learned.until,
        "judged_on": judged_on and date.fromisoformat(judged_on),
        "horizon_days": learned.horizon_days,
        "auc": learned.report.get("auc"),
        "learner": learner,
        "document": json.dumps(document, sort_keys=True, allow_nan=False),
    }
    schema = trainer.schema.ibis_schema
    return engine.from_arrow(pa.Table.from_pylist([row], schema.to_pyarrow()), schema)


def challenged(learned: Learned) -> CheckResult:
    """The outcome of `CHALLENGER_WINS`."""
    report = learned.report
    if not learned.is_learnt:
        return CHALLENGER_WINS.outcome(True, f"nothing could be learnt: {learned.why}")
    fight = report["challenger"] if learned.is_kept else report
    best = fight["best_baseline"]
    figures = {"learnt": fight["auc"], "best_baseline": fight["baselines"][best]}
    if fight["predecessor"] is not None:
        figures["predecessor"] = fight["predecessor"]
    told = ", ".join(f"{name.replace('_', ' ')} {area:.3f}" for name, area in figures.items())
    if learned.is_kept:
        return CHALLENGER_WINS.outcome(False, f"the predecessor of {learned.until} stays: AUC {told}", **figures)
    if not report["beats_baseline"]:
        return CHALLENGER_WINS.outcome(False, f"{best} is published: AUC {told}", **figures)
    return CHALLENGER_WINS.outcome(True, f"what was learnt is published: AUC {told}", **figures)


def recency(learned: Learned, until: date) -> CheckResult:
    """The outcome of `IS_RECENT` on a day."""
    last = date.fromisoformat(learned.report["challenger"]["learnt_until"]) if learned.is_kept else learned.until
    days = (until - last).days
    advice = "" if days <= STALE_DAYS else ": turn the schedule `weekly_training` on, or run `cdp run --train`"
    return IS_RECENT.outcome(days <= STALE_DAYS, f"trained {days} days ago{advice}", days=days)


def day_of_frame(value: Any) -> date:
    """A date as a frame holds it."""
    import pandas as pd

    return pd.Timestamp(value).date()
