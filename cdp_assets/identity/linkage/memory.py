"""What likeness remembers of those who did not change, so that only those who did are compared.

A face is remembered by hashes of what brings it together with others (`schemas.FACES`). Whom a changed face has to be
compared with is looked up there; only the faces found are then read from the canonical tables.

Belongs here: remembering, and looking up. Does not belong here: comparing (`scoring.py`), and what follows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import ibis.expr.types as ir
from ibis import _

from cdp_assets.identity.linkage.blocking import blocking_columns, coded, in_crowd
from cdp_assets.identity.linkage.comparisons import ALSO_COMPARED
from cdp_assets.identity.linkage.faces import faces
from cdp_assets.warehouse.stacking import stack

if TYPE_CHECKING:
    from cdp_assets.identity.comparable import Comparable
    from cdp_assets.identity.linkage.blocking import Block
    from cdp_assets.identity.linkage.model import Model
    from cdp_assets.warehouse.engine import Engine

_SMALL = 2**31 - 1


@dataclass(frozen=True)
class Memory:
    """What the last run left of those who are not concerned by this one.

    Args:
        faces: `schemas.FACES`.
        joined: record_id, label: the group, joined by likeness, that each record of a person is in.
    """

    faces: ir.Table
    joined: ir.Table


@dataclass(frozen=True)
class Others:
    """Those with whom changed faces are compared.

    Args:
        faces: `faces.FACES`.
        labels: label, joined: the joined groups they are in.
        sizes: label, faces: how many faces their groups have, before likeness.
        joined_sizes: joined, faces: how many their joined groups have.
    """

    faces: ir.Table
    labels: ir.Table
    sizes: ir.Table
    joined_sizes: ir.Table


def faces_of(labels: ir.Table, told: Comparable, engine: Engine) -> ir.Table:
    """`faces.faces` of some records, without looking at what others say.

    Args:
        labels, engine: As there.
        told: What records say of people.
    """
    return faces(*told.of(labels, engine), labels, engine)


def remembered(shown: ir.Table) -> ir.Table:
    """`schemas.FACES` of `faces.FACES`."""
    return shown.select(
        "face",
        "label",
        **{f"code_{name}": _code(shown[name]) for name in blocking_columns()},
        **{f"has_{name}": shown[name].notnull() for name in ALSO_COMPARED},
    )


def described(memory: Memory, shown: ir.Table, engine: Engine) -> tuple[dict[str, float], int]:
    """Column → share of all faces that have it, and the number of all faces: of those remembered, and of ``shown``.

    Args:
        memory: What is remembered of others.
        shown: `schemas.FACES` of those concerned.
        engine: Computes.
    """
    every = memory.faces.union(shown.select(memory.faces.columns))
    counts = {name: every[f"code_{name}"].count() for name in blocking_columns()}
    counts |= {name: every[f"has_{name}"].sum().coalesce(0) for name in ALSO_COMPARED}
    row = engine.to_arrow(every.aggregate(**counts, faces=every.count())).to_pylist()[0]
    count = int(row.pop("faces"))
    return {name: value / max(count, 1) for name, value in row.items()}, count


def others(
    memory: Memory,
    shown: ir.Table,
    mine: ir.Table,
    model: Model,
    told: Comparable,
    engine: Engine,
) -> Others:
    """The faces that some block brings together with others, which changed.

    Args:
        memory: What is remembered.
        shown: `faces.FACES` of those that changed.
        mine: The same as `schemas.FACES`.
        model: Its blocks.
        told: What records say of people.
        engine: Computes.
    """
    found = [
        memory.faces.semi_join(_compared(mine, shown, block), [f"code_{name}" for name in block.columns]).select(
            "face", "label"
        )
        for block in model.blocks
        if block.used
    ]
    near = engine.scratch(stack(*found).distinct())
    placed = near.select("label", record_id="face")
    read = faces_of(placed, told, engine)
    homes = engine.scratch(_homes(memory))
    labels = engine.scratch(near.select("label").distinct().join(homes, "label"))
    sizes = memory.faces.semi_join(labels, "label").group_by("label").aggregate(faces=_.count())
    members = memory.faces.join(homes.semi_join(labels, "joined"), "label")
    return Others(
        read,
        labels,
        engine.scratch(sizes),
        engine.scratch(members.group_by("joined").aggregate(faces=members.count())),
    )


def _compared(mine: ir.Table, shown: ir.Table, block: Block) -> ir.Table:
    """Those of the changed faces that a block brings together with others."""
    return mine.anti_join(shown.filter(in_crowd(shown, block)), "face") if block.crowds else mine


def _homes(memory: Memory) -> ir.Table:
    """label, joined: groups before likeness, each named by one of its records, and after it."""
    labels = memory.faces.select("label").distinct()
    return labels.join(memory.joined.select(label="record_id", joined="label"), "label")


def _code(value: ir.Value) -> ir.IntegerValue:
    return (coded(value) % _SMALL).cast("int32")
