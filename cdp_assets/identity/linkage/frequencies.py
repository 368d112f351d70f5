"""How often a value is seen among people: an equal rare value says more than an equal common one.

The frequencies belong to the model. They are counted when it is learned and kept with it, so that a pair weighs the
same as long as the model does, whoever came since: what is compared later is compared as everybody was.

Belongs here: counting, keeping and looking them up. Does not belong here: what follows for a weight (Splink).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir
from ibis import _

from cdp_assets.identity import schemas
from cdp_assets.identity.linkage.model import Model
from cdp_assets.warehouse.operations import stable_id
from cdp_assets.warehouse.stacking import stacked

if TYPE_CHECKING:
    from cdp_assets.warehouse.engine import Engine


def adjusted(model: Model) -> list[str]:
    """The columns of faces whose values weigh by how rare they are."""
    levels = (level for comparison in model.settings["comparisons"] for level in comparison["comparison_levels"])
    return sorted({name for level in levels if (name := level.get("tf_adjustment_column"))})


def counted(shown: ir.Table, model: Model, engine: Engine) -> dict[str, ir.Table]:
    """Column → value, faces: how many faces show each value.

    Args:
        shown: `faces.FACES`: those the model was learned from.
        model: The model.
        engine: Computes.
    """
    return {
        name: engine.scratch(shown.filter(shown[name].notnull()).group_by(value=_[name]).aggregate(faces=_.count()))
        for name in adjusted(model)
    }


def kept(counts: Mapping[str, ir.Table], engine: Engine) -> ir.Table:
    """`schemas.LINKAGE_FREQUENCIES` of counted values: those that more than one face shows.

    Args:
        counts: As from `counted`.
        engine: Computes.
    """
    schema = schemas.LINKAGE_FREQUENCIES.ibis_schema
    several = [
        table.filter(table.faces > 1).select(
            column_name=ibis.literal(name), value_id=stable_id(ibis.literal(name), table.value), faces="faces"
        )
        for name, table in counts.items()
    ]
    return stacked(several, schema, engine)


def looked_up(shown: ir.Table, frequencies: ir.Table, model: Model, engine: Engine) -> dict[str, ir.Table]:
    """Column → value, faces, as from `counted`, of the values of some faces; a value that is not kept was seen once.

    Args:
        shown: `faces.FACES`: those to be compared.
        frequencies: `schemas.LINKAGE_FREQUENCIES`.
        model: The model they belong to.
        engine: Computes.
    """
    found = {}
    for name in adjusted(model):
        values = shown.filter(shown[name].notnull()).select(value=shown[name]).distinct()
        values = values.mutate(value_id=stable_id(ibis.literal(name), values.value))
        known = frequencies.filter(frequencies.column_name == name).select("value_id", "faces")
        joined = values.left_join(known, "value_id")
        found[name] = engine.scratch(joined.select("value", faces=joined.faces.coalesce(1)))
    return found


def shares(counts: Mapping[str, ir.Table], model: Model) -> dict[str, ir.Table]:
    """Column → the column, tf_column: counts as the share of faces that show a value, which is what Splink reads.

    Args:
        counts: As from `counted`.
        model: The model they belong to.
    """
    return {
        name: table.select(**{name: table.value, f"tf_{name}": table.faces.cast("float64") / max(model.seen(name), 1)})
        for name, table in counts.items()
    }
