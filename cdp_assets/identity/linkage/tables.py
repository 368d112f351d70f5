"""What likeness contributes to the stage's tables: links with what they are made of, the review queue, the model.

Belongs here: shaping results for publication. Does not belong here: deciding anything.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir

from cdp_assets.canonical.schema import INSTANT
from cdp_assets.identity import schemas
from cdp_assets.identity.linkage.comparisons import COMPARISONS
from cdp_assets.identity.linkage.link import LIKENESS, Linked
from cdp_assets.identity.linkage.memory import remembered
from cdp_assets.identity.linkage.model import Model
from cdp_assets.identity.linkage.scoring import probability, waterfall
from cdp_assets.identity.spec import LinkageRules
from cdp_assets.warehouse.engine import empty
from cdp_assets.warehouse.operations import stable_id

if TYPE_CHECKING:
    from cdp_assets.warehouse.engine import Engine

_REASONS = {
    "kept_apart": "what they share was refused, or somebody keeps them apart",
    "dates_differ": "their birth dates are not one person's",
    "names_differ": "their given names are not one person's",
    "numbers_differ": "their numbers in one register are not one person's",
    "ids_differ": "they have different personal identifiers in one namespace",
    "limit": "together they would have more values of one identifier type than a person may",
}


def links(linked: Linked, engine: Engine) -> ir.Table:
    """Rows of `schemas.LINKS`."""
    if linked.joined is None:
        return empty(schemas.LINKS.ibis_schema, engine)
    ties = linked.joined.ties
    return engine.scratch(
        ties.select(
            left_record_id="face_l",
            right_record_id="face_r",
            namespace=ibis.literal(LIKENESS),
            identifier_type=ibis.literal(LIKENESS),
            identifier_id=stable_id(ibis.literal(LIKENESS), ties.face_l, ties.face_r),
            strength=_probability(ties.weight),
            first_seen_at=ibis.null(INSTANT),
        )
    )


def rejected_links(linked: Linked, engine: Engine) -> ir.Table:
    """Rows of `schemas.REJECTED_LINKS`: groups that look alike and were kept apart; each named by its first record."""
    import pyarrow as pa

    schema = schemas.REJECTED_LINKS.ibis_schema
    refused = linked.joined.refused if linked.joined is not None else ()
    rows = [
        {
            "left_record_id": each.left,
            "right_record_id": each.right,
            "namespace": LIKENESS,
            "identifier_type": LIKENESS,
            "identifier_id": 0,
            "reason": each.reason,
            "detail": _REASONS[each.reason],
            "records": 2,
        }
        for each in {(each.left, each.right): each for each in refused}.values()
    ]
    table = engine.from_arrow(
        pa.Table.from_pylist([{"link_id": 0, **row} for row in rows], schema.to_pyarrow()), schema
    )
    return table.mutate(
        link_id=stable_id(ibis.literal(LIKENESS), table.left_record_id, table.right_record_id),
        identifier_id=stable_id(ibis.literal(LIKENESS), table.left_record_id, table.right_record_id),
    ).select(*schema.names)


def likeness(linked: Linked, engine: Engine) -> ir.Table:
    """`schemas.LIKENESS`: what each link by likeness is made of."""
    schema = schemas.LIKENESS.ibis_schema
    if linked.joined is None:
        return empty(schema, engine)
    ties = linked.joined.ties
    parts = {
        comparison.name: (ties[f"mw_{comparison.name}"] + _adjustment(ties, comparison.name)).cast("float32")
        if f"mw_{comparison.name}" in ties.columns
        else ibis.null("float32")
        for comparison in COMPARISONS
    }
    return ties.select(left_record_id="face_l", right_record_id="face_r", weight="weight", **parts)


def _adjustment(ties: ir.Table, comparison: str) -> ir.FloatingValue:
    name = f"mw_tf_adj_{comparison}"
    return ties[name].coalesce(0.0) if name in ties.columns else ibis.literal(0.0)


def _probability(weight: ir.FloatingValue) -> ir.FloatingValue:
    return 1 / (1 + ibis.literal(2.0).pow(-weight.clip(-60, 60)))


def undecided(linked: Linked, engine: Engine) -> ir.Table:
    """`schemas.UNDECIDED`: groups that look alike, but not enough to be joined unasked."""
    schema = schemas.UNDECIDED.ibis_schema
    if linked.joined is None:
        return empty(schema, engine)
    pairs = linked.joined.undecided
    parts = {
        name: pairs[name].cast("float32") if name in pairs.columns else ibis.null("float32")
        for name in schema.names
        if name.startswith("mw_")
    }
    named = pairs.select("label_l", "label_r", "face_l", "face_r", "weight", "best", **parts)
    return named.mutate(pair_id=stable_id(named.label_l, named.label_r)).select(*schema.names)


def review_queue(
    pairs: ir.Table,
    homes: ir.Table,
    decided: ir.Table,
    refused: ir.Table,
    model: Model,
    previous: ir.Table | None,
    rules: LinkageRules,
    as_of: datetime,
    engine: Engine,
) -> ir.Table:
    """`schemas.REVIEW_QUEUE`: pairs of profiles for a steward, the likeliest up to the most there may be.

    Args:
        pairs: `schemas.UNDECIDED`.
        homes: record_id, profile_id: whose each record is.
        decided: left_record_id, right_record_id, of which a steward said already that they are not to be joined.
        refused: `schemas.REJECTED_LINKS` of likeness: what keeps the most likely ones apart.
        model: What weighed them.
        previous: The queue as last published, for how long a pair waits.
        rules: How many there may be.
        as_of: The run.
        engine: Computes.
    """
    import pyarrow as pa

    schema = schemas.REVIEW_QUEUE.ibis_schema
    placed = _of_profiles(pairs, "label_l", "label_r", homes)
    placed = placed.anti_join(_of_profiles(decided, "left_record_id", "right_record_id", homes), _PROFILES)
    placed = placed.order_by(placed.weight.desc(), placed.face_l, placed.face_r).limit(rules.most_reviewed)
    kept_apart = _of_profiles(refused, "left_record_id", "right_record_id", homes)
    kept_apart = kept_apart.group_by(*_PROFILES).aggregate(detail=kept_apart.detail.min())
    placed = placed.left_join(kept_apart, _PROFILES).drop([f"{name}_right" for name in _PROFILES])
    since = {
        (row["left_profile_id"], row["right_profile_id"]): row["since"]
        for row in (engine.to_arrow(previous).to_pylist() if previous is not None else ())
    }
    rows = []
    for row in engine.to_arrow(placed).to_pylist():
        pair = (row["left_profile_id"], row["right_profile_id"])
        faces = (row["face_r"], row["face_l"]) if row["turned"] else (row["face_l"], row["face_r"])
        rows.append(
            {
                "left_profile_id": pair[0],
                "right_profile_id": pair[1],
                "left_record_id": faces[0],
                "right_record_id": faces[1],
                "probability": probability(row["weight"]),
                "reason": f"they look alike, but {row['detail'] or 'not enough to be joined without being asked'}",
                "evidence": json.dumps(waterfall(row, row["best"], model)),
                "since": since.get(pair, as_of),
            }
        )
    return engine.from_arrow(pa.Table.from_pylist(rows, schema.to_pyarrow()), schema)


_PROFILES = ("left_profile_id", "right_profile_id")


def _of_profiles(pairs: ir.Table, left: str, right: str, homes: ir.Table) -> ir.Table:
    """Add whose two records are, the smaller id first, and whether that turns the records round (``turned``)."""
    one = homes.select(**{left: "record_id", "one": "profile_id"})
    other = homes.select(**{right: "record_id", "other": "profile_id"})
    placed = pairs.join(one, left).join(other, right)
    return placed.mutate(
        left_profile_id=ibis.least(placed.one, placed.other),
        right_profile_id=ibis.greatest(placed.one, placed.other),
        turned=placed.one > placed.other,
    ).drop("one", "other")


def model_table(linked: Linked, previous: ir.Table | None, as_of: datetime, engine: Engine) -> ir.Table:
    """`schemas.LINKAGE_MODEL`: the model in use; no row while there is none."""
    import pyarrow as pa

    schema = schemas.LINKAGE_MODEL.ibis_schema
    if linked.model is None:
        return empty(schema, engine)
    if not linked.trained and previous is not None:
        return previous
    text = linked.model.to_json()
    row = {
        "model_id": hashlib.sha256(text.encode()).hexdigest()[:16],
        "trained_at": as_of,
        "faces": linked.model.faces,
        "prior": linked.model.prior,
        "model": text,
    }
    return engine.from_arrow(pa.Table.from_pylist([row], schema.to_pyarrow()), schema)


def frequencies(linked: Linked, engine: Engine) -> ir.Table:
    """`schemas.LINKAGE_FREQUENCIES`; no row while there is no model."""
    schema = schemas.LINKAGE_FREQUENCIES.ibis_schema
    if linked.frequencies is None:
        return empty(schema, engine)
    return linked.frequencies


def faces(linked: Linked, engine: Engine) -> ir.Table:
    """`schemas.FACES` of those who were compared."""
    schema = schemas.FACES.ibis_schema
    if linked.joined is None or linked.shown is None:
        return empty(schema, engine)
    return remembered(linked.shown).select(*schema.names)


def last_model(previous: Mapping[str, ir.Table], engine: Engine) -> tuple[Model, ir.Table] | None:
    """The model of the last run, and its frequencies; None if there is none, or one of another form.

    Args:
        previous: The stage's tables as last published.
        engine: Computes.
    """
    if not {schemas.LINKAGE_MODEL.name, schemas.LINKAGE_FREQUENCIES.name} <= previous.keys():
        return None
    rows = engine.to_arrow(previous[schemas.LINKAGE_MODEL.name].select("model")).to_pylist()
    try:
        return (Model.from_json(rows[0]["model"]), previous[schemas.LINKAGE_FREQUENCIES.name]) if rows else None
    except (KeyError, ValueError, TypeError):
        return None
