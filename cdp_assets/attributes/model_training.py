"""When a model is learnt anew, what it is judged against, and what of it is kept.

Belongs here: the life of an approved model, whatever it foretells. Does not belong here: learning (`churn.py`,
`value_model.py` and others), who wins (`challenge.py`), and how a model is written down (`model_documents.py`).

A refresh scores by the model that was approved last. It learns only where there is none that was learnt, where the one
there is was learnt by other code, or where somebody asks for it; the training job does, and runs on its own schedule.
What is learnt of facts that one can count is learnt also where many of them are new.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import ibis.expr.types as ir

from cdp_assets.attributes.challenge import Standing
from cdp_assets.attributes.model_documents import Document, UnreadableModelError
from cdp_assets.canonical.schema import TableSchema
from cdp_assets.quality.checks import CheckResult, Judged
from cdp_assets.trees import tree_hash
from cdp_assets.warehouse.built import Built, ColumnLineage, Stands
from cdp_assets.warehouse.changes import little_is_new

if TYPE_CHECKING:
    from cdp_assets.warehouse.engine import Engine

M = TypeVar("M")

TRAIN_TAG = "cdp/train"
"""Run tag: learn anew, although there is a model."""

STALE_DAYS = 60
"""Days without training after which a model is said to be old."""

MANY_NEW = 0.05
"""Share of new facts from which on a model that counts them is learnt anew, also where there were too few."""

_PUBLISHED = "published"
"""Remembered with a model: that this very code published it."""

_SIZES = "sizes"
"""Part of the document: how many facts of each kind there were."""

_LIBRARIES = ("scikit-learn", "lifetimes", "scipy", "numpy")
_CURRENCY_LAST = "/"

IS_RECENT = Judged(
    "model_is_recent",
    f"The model was learnt, or held its own against a newer one, in the last {STALE_DAYS} days.",
    blocking=False,
)


@dataclass(frozen=True)
class Trainer(Generic[M]):
    """How one model is learnt, and what is said of it.

    Args:
        schema: Of the table that it is kept in.
        scores: Name of the table that is scored by it.
        learn: Learns anew, given what has been published so far, and gives the document of whichever is better.
        read: From a document to a model; raises `UnreadableModelError` where it cannot.
        standing: What a model is, and how it came to be published.
        card: Metadata of the asset, from the model and its document.
        lineage: Of the table's columns.
        sizes: Kind of facts → how many there are: it is then learnt anew where `MANY_NEW` of them came or went, and
            not tried again of as many; else it is tried in every run as long as nothing could be learnt.
    """

    schema: TableSchema
    scores: str
    learn: Callable[[M | None], Document]
    read: Callable[[Document], M]
    standing: Callable[[M], Standing]
    card: Callable[[M, Document], Mapping[str, Any]]
    lineage: ColumnLineage
    sizes: Mapping[str, int] | None = None


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
    return f"{tree_hash(Path(__file__).parent, ('.py',))[:16]}/{libraries}{_CURRENCY_LAST}{currency}"


def trained(trainer: Trainer[M], occasion: Occasion, engine: Engine) -> Built | Stands:
    """Learn anew where it is time to, and keep whichever is better."""
    asked = occasion.previous.select("is_learnt", "learner", "learnt_until")
    found = engine.to_arrow(asked).to_pylist()
    # Whoever looks back from an earlier day than the model was learnt on must not know what it knows.
    last = found[0] if found and found[0]["learnt_until"] <= occasion.until else None
    stands = last is not None and _stands(trainer, occasion, last, engine)
    if stands and occasion.unchanged:
        return Stands()
    document = approved(occasion.previous, engine) if last is not None else None
    model = _readable(trainer, document)
    if stands and model is not None and document is not None:
        return _built(trainer, model, document, occasion, occasion.previous)
    if last is not None and _currency(last["learner"]) != _currency(occasion.learner):
        model = None
    # As it will be read: what cannot be read again is not published, and what is said is said of what is kept.
    sizes = {} if trainer.sizes is None else {_SIZES: dict(trainer.sizes)}
    text = json.dumps({**trainer.learn(model), **sizes}, sort_keys=True, allow_nan=False)
    document = json.loads(text)
    model = trainer.read(document)
    return _built(trainer, model, document, occasion, _row(trainer, model, text, occasion.learner, engine))


def _stands(trainer: Trainer[M], occasion: Occasion, last: Mapping[str, Any], engine: Engine) -> bool:
    if last["learner"] != occasion.learner or occasion.forced:
        return False
    if trainer.sizes is None:
        return bool(last["is_learnt"])
    return little_is_new(approved(occasion.previous, engine)[_SIZES], trainer.sizes, MANY_NEW)


def _currency(learner: str) -> str:
    """The money that a model speaks of: one that speaks of another is nobody's predecessor."""
    return learner.rpartition(_CURRENCY_LAST)[2] if _CURRENCY_LAST in learner else ""


def _built(trainer: Trainer[M], model: M, document: Document, occasion: Occasion, table: ir.Table) -> Built:
    standing, card = trainer.standing(model), trainer.card(model, document)
    about = {
        **card["model_card"],
        "standing": "the predecessor: what was learnt last did worse" if standing.is_kept else "learnt anew",
        "code_version": occasion.learner,
    }
    metadata = {**card, "model_card": about}
    if contests := standing.contests:
        metadata["contests"] = {of: contest.to_plain() for of, contest in contests.items()}
        metadata["beats_baseline"] = all(contest.beats_baseline for contest in contests.values())
    return Built(table, metadata, trainer.lineage, [standing.verdict()], memory={_PUBLISHED: True})


def unchanged(memory: Mapping[str, Any]) -> bool:
    """Whether this very code published the model, by what its asset remembers."""
    return _PUBLISHED in memory


def approved(models: ir.Table, engine: Engine) -> Document:
    """The document of the model that was approved last."""
    text = engine.to_arrow(models.select("document")).column("document")[0].as_py()
    document: Document = json.loads(text)
    return document


def _readable(trainer: Trainer[M], document: Document | None) -> M | None:
    """What has been published so far, if this code can still score by it."""
    try:
        return None if document is None else trainer.read(document)
    except UnreadableModelError:
        return None


def _row(trainer: Trainer[M], model: M, text: str, learner: str, engine: Engine) -> ir.Table:
    import pyarrow as pa

    standing = trainer.standing(model)
    measure, figure = standing.measured
    row = {
        "scores": trainer.scores,
        "model": standing.name,
        "is_learnt": standing.is_learnt,
        "is_kept": standing.is_kept,
        "learnt_until": standing.until,
        "judged_on": standing.judged_on,
        "horizon_days": standing.horizon_days,
        "measure": measure,
        "figure": figure,
        "learner": learner,
        "document": text,
    }
    schema = trainer.schema.ibis_schema
    return engine.from_arrow(pa.Table.from_pylist([row], schema.to_pyarrow()), schema)


def recency(standing: Standing, until: date) -> CheckResult:
    """The outcome of `IS_RECENT` on a day."""
    if not standing.is_learnt and not standing.contests:
        return IS_RECENT.outcome(True, "nothing could be learnt, so there is nothing to grow old")
    days = (until - standing.tried).days
    advice = "" if days <= STALE_DAYS else ": turn the schedule `weekly_training` on, or run `cdp run --train`"
    return IS_RECENT.outcome(days <= STALE_DAYS, f"trained {days} days ago{advice}", days=days)
