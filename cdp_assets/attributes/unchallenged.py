"""The life of a model without a challenger: learnt anew where somebody asks, or where many facts are new.

Belongs here: when such a model is learnt, and what of it is kept. Does not belong here: models that what is learnt next
has to beat (`model_training.py`), and learning itself.

Such models either have few parameters, which all facts together determine, or judge themselves against their baseline
whenever they are learnt.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ibis.expr.types as ir

from cdp_assets.attributes.model_documents import Document
from cdp_assets.attributes.model_training import PUBLISHED, Occasion, approved, day_of_frame, with_version
from cdp_assets.canonical.schema import TableSchema
from cdp_assets.warehouse.built import Built, ColumnLineage, Stands
from cdp_assets.warehouse.changes import little_is_new

if TYPE_CHECKING:
    from cdp_assets.warehouse.engine import Engine

MANY_NEW = 0.05
"""Share of new facts from which on it is learnt anew: also where there were too few to learn from."""

_SIZES = "sizes"
"""Part of the document: how many facts of each kind there were."""


@dataclass(frozen=True)
class Teacher:
    """How one model is learnt, and what is said of it.

    Args:
        schema: Of the table that it is kept in.
        scores: Name of the table that is scored by it.
        learn: Learns; what it returns can be written as JSON.
        is_learnt: Whether a document is of something learnt, rather than stated for want of facts.
        card: Metadata of the asset.
        lineage: Of the table's columns.
    """

    schema: TableSchema
    scores: str
    learn: Callable[[], Document]
    is_learnt: Callable[[Document], bool]
    card: Callable[[Document], Mapping[str, Any]]
    lineage: ColumnLineage


def taught(teacher: Teacher, occasion: Occasion, sizes: Mapping[str, int], engine: Engine) -> Built | Stands:
    """Learn where nothing was learnt so far, or by other code, or as of an earlier day than has been seen, where
    `MANY_NEW` facts came or went, or where somebody asks for it.

    Args:
        teacher: How.
        occasion: What decides whether to.
        sizes: Kind of facts → how many there are.
        engine: Computes.
    """
    if _stands(occasion, sizes, engine):
        if occasion.unchanged:
            return Stands()
        return _built(teacher, occasion, occasion.previous, approved(occasion.previous, engine))
    # As it will be read: what is said is said of what is kept.
    text = json.dumps({**teacher.learn(), _SIZES: dict(sizes)}, sort_keys=True, allow_nan=False)
    document: Document = json.loads(text)
    return _built(teacher, occasion, _row(teacher, document, text, occasion, engine), document)


def _stands(occasion: Occasion, sizes: Mapping[str, int], engine: Engine) -> bool:
    found = engine.to_pandas(occasion.previous.select("learner", "learnt_until")).to_dict("records")
    if not found or found[0]["learner"] != occasion.learner or occasion.forced:
        return False
    if day_of_frame(found[0]["learnt_until"]) > occasion.until:
        return False
    return little_is_new(approved(occasion.previous, engine)[_SIZES], sizes, MANY_NEW)


def _row(teacher: Teacher, document: Document, text: str, occasion: Occasion, engine: Engine) -> ir.Table:
    import pyarrow as pa

    row = {
        "scores": teacher.scores,
        "is_learnt": teacher.is_learnt(document),
        "learnt_until": occasion.until,
        "learner": occasion.learner,
        "document": text,
    }
    schema = teacher.schema.ibis_schema
    return engine.from_arrow(pa.Table.from_pylist([row], schema.to_pyarrow()), schema)


def _built(teacher: Teacher, occasion: Occasion, table: ir.Table, document: Document) -> Built:
    return Built(table, with_version(teacher.card(document), occasion), teacher.lineage, memory={PUBLISHED: True})
