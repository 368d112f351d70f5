"""What Dagster is told of a table: its schema, lineage and preview, the outcome of its checks, and what its stage says.

Belongs here: turning what the warehouse knows into Dagster's terms. Does not belong here: making tables (`assets.py`).
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import dagster as dg
import ibis.expr.types as ir

from cdp_assets.canonical.schema import Column, TableSchema
from cdp_assets.quality.checks import CheckResult
from cdp_assets.warehouse import lineage, preview
from cdp_assets.warehouse.built import Built, ColumnLineage, InPlace, Markdown, Plot
from cdp_assets.warehouse.engine import Engine
from cdp_assets.warehouse.standing import Note


def materialised(
    stage: str, schema: TableSchema, result: ir.Table | Built | InPlace, note: Note, engine: Engine, why: Sequence[str]
) -> dict[str, Any]:
    """What is told of a table that was made.

    Args:
        stage: The table's stage.
        schema: Its schema.
        result: What its function returned.
        note: What is noted with it.
        engine: Holds it.
        why: What had moved since it was last made.
    """
    table = engine.table(stage, schema.name)
    return {
        "dagster/row_count": note.fingerprint.rows,
        "bytes": note.fingerprint.bytes,
        "dagster/column_schema": column_schema(schema),
        "made_anew_for": ", ".join(why) or "its own state",
        "preview": dg.MetadataValue.md(preview.masked_preview(engine, table, schema)),
        **_lineage(stage, schema, engine, result),
        **_shown(result),
    }


def said_before(instance: dg.DagsterInstance, stage: str, name: str) -> Mapping[str, Any]:
    """What was told of a table when it was last made."""
    event = instance.get_latest_materialization_event(dg.AssetKey([stage, name]))
    return event.asset_materialization.metadata if event and event.asset_materialization else {}


def description_of(schema: TableSchema, function: Callable[..., Any]) -> str:
    """What the UI says about a table that says nothing else: its schema's description, and what its function does."""
    docstring = inspect.cleandoc(function.__doc__ or "")
    return f"{schema.description}\n\n{docstring}" if docstring else schema.description


def column_schema(schema: TableSchema) -> dg.TableSchema:
    """A table's columns with their types, descriptions, units and classes of personal data."""
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name=column.name,
                type=column.type,
                description=_documented(column),
                constraints=dg.TableColumnConstraints(nullable=not column.required),
                tags={"pii": column.pii.value},
            )
            for column in schema.columns
        ]
    )


def _documented(column: Column) -> str:
    unit = f" Unit: {column.unit}." if column.unit else ""
    return f"{column.description}{unit}" + (f" Source: `{column.source}`." if column.source else "")


def check_result(stage: str, schema: TableSchema, outcome: CheckResult) -> dg.AssetCheckResult:
    """The outcome of one check."""
    return dg.AssetCheckResult(
        asset_key=[stage, schema.name],
        check_name=outcome.name,
        passed=outcome.passed,
        severity=dg.AssetCheckSeverity.ERROR if outcome.blocking else dg.AssetCheckSeverity.WARN,
        metadata=outcome.metadata,
    )


def _lineage(stage: str, schema: TableSchema, engine: Engine, result: ir.Table | Built | InPlace) -> dict[str, Any]:
    declared = None if isinstance(result, ir.Table) else result.column_lineage
    if declared is None and isinstance(result, InPlace):
        return {}
    traced = declared or lineage.column_lineage(
        result.table if isinstance(result, Built) else result,
        engine.origins,
    )
    # A table that is brought up to date is not made of itself.
    traced = {
        column: {place for place in places if place[:2] != (stage, schema.name)} for column, places in traced.items()
    }
    return lineage_metadata(traced) if any(traced.values()) else {}


def lineage_metadata(made_of: ColumnLineage) -> dict[str, Any]:
    """What columns are made of: as Dagster's own kind of metadata, and as a table, since its open UI draws none."""
    return {
        "dagster/column_lineage": dg.TableColumnLineage(
            {
                column: [
                    dg.TableColumnDep(asset_key=dg.AssetKey([stage, table]), column_name=name)
                    for stage, table, name in sorted(sources)
                ]
                for column, sources in made_of.items()
            }
        ),
        "column_lineage": dg.MetadataValue.md(lineage.as_markdown(made_of)),
    }


def _shown(result: ir.Table | Built | InPlace) -> dict[str, Any]:
    if isinstance(result, ir.Table):
        return {}
    return {name: metadata_value(value) for name, value in result.metadata.items()}


def metadata_value(value: Any) -> Any:
    """What a stage says about its result, as Dagster metadata."""
    import base64

    if isinstance(value, Markdown):
        return dg.MetadataValue.md(value.text)
    if isinstance(value, Plot):
        return dg.MetadataValue.md(f"![plot](data:{value.type};base64,{base64.b64encode(value.content).decode()})")
    return value
