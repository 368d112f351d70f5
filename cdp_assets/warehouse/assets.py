"""The decorator that makes a Dagster asset of a function from tables to a table: write, audit, publish.

The function's result is computed inside the engine into a staged table; its checks run on that; only if the blocking
ones pass is it swapped in. What the UI shows about every table (rows, schema, lineage, preview, bytes, seconds) is
emitted here, once, for all. Does not belong here: what any table contains.
"""

import inspect
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, cast

import dagster as dg
import ibis.expr.types as ir

from cdp_assets.canonical.schema import TableSchema
from cdp_assets.quality.checks import Check, CheckResult, Judged, standard_checks
from cdp_assets.quality.runner import evaluate
from cdp_assets.warehouse import lineage, preview
from cdp_assets.warehouse.built import Built, InPlace, Markdown, Plot
from cdp_assets.warehouse.engine import Engine
from cdp_assets.warehouse.resources import as_of_of

POOL = "warehouse"
"""Concurrency pool of the runs that write the warehouse: one at a time."""

TableRef = tuple[str, str]
Input = str | TableRef | Sequence[TableRef]
Results = Mapping[str, ir.Table | Built | InPlace]

_INJECTED = ("engine", "as_of", "previous", "ledger", "settings", "tags")


@dataclass(frozen=True)
class _Plan:
    """Everything the decorator knows about one asset function."""

    stage: str
    schemas: tuple[TableSchema, ...]
    inputs: Mapping[str, Input]
    checks: Mapping[str, Sequence[Check]]
    judged: Mapping[str, Sequence[Judged]]
    wants: frozenset[str]
    function: Callable[..., Any] = field(repr=False)

    def all_checks(self, schema: TableSchema) -> list[Check]:
        return [*standard_checks(schema), *self.checks.get(schema.name, ())]

    def promised(self, schema: TableSchema) -> list[Check | Judged]:
        return [*self.all_checks(schema), *self.judged.get(schema.name, ())]

    def input_refs(self) -> list[TableRef]:
        refs: list[TableRef] = []
        for parameter, given in self.inputs.items():
            refs.extend(_refs(parameter, given))
        return refs


def _refs(parameter: str, given: Input) -> list[TableRef]:
    """The (stage, table) pairs that one input stands for."""
    if isinstance(given, str):
        return [(given, parameter)]
    if _is_single(given):
        return [cast("TableRef", given)]
    return list(cast("Sequence[TableRef]", given))


def _is_single(given: Input) -> bool:
    """Whether an input is one table rather than a list of them."""
    return isinstance(given, str) or (len(given) == 2 and all(isinstance(part, str) for part in given))


def table_asset(
    *,
    schema: TableSchema,
    stage: str,
    inputs: Mapping[str, Input] | None = None,
    checks: Sequence[Check] = (),
    judged: Sequence[Judged] = (),
    kinds: set[str] | None = None,
    owners: Sequence[str] | None = None,
    description: str | None = None,
    deps: Sequence[dg.AssetKey] = (),
    tags: Mapping[str, str] | None = None,
) -> Callable[[Callable[..., ir.Table | Built | InPlace]], dg.AssetsDefinition]:
    """Make an asset of a function from tables to one table.

    Args:
        schema: Shape and documentation of the table; its name is the last part of the asset key.
        stage: Group, first part of the asset key, and schema in the warehouse.
        inputs: Parameter → its stage (the table is called like the parameter), or → (stage, table), or → a list of
            such pairs (the parameter is then a dict from table name to table).
        checks: Data-quality checks besides those that follow from the schema.
        judged: Checks that the function judges itself.
        kinds: Badges in the UI besides the engine's.
        owners: Who answers for the table.
        description: Shown in the UI; the schema's description and the function's docstring if not given.
        deps: Assets that must come before without being read.
        tags: Asset tags.

    The function may have parameters called ``engine``, ``as_of`` (UTC), ``previous`` (the table as last published),
    ``ledger``, ``settings`` and ``tags`` (the run's); all others are inputs. It returns a table, `Built`, or `InPlace`.
    """

    def decorate(function: Callable[..., ir.Table | Built | InPlace]) -> dg.AssetsDefinition:
        def single(**arguments: Any) -> Results:
            if "previous" in arguments:
                arguments["previous"] = arguments["previous"][schema.name]
            return {schema.name: function(**arguments)}

        single.__doc__ = function.__doc__
        return _define(
            stage=stage,
            schemas=(schema,),
            inputs=inputs or {},
            checks={schema.name: checks},
            judged={schema.name: judged},
            function=single,
            wants=_wanted(function, inputs or {}),
            kinds=kinds or set(),
            owners=owners,
            description=description,
            deps=deps,
            tags=tags,
            op_name=f"{stage}__{schema.name}",
        )

    return decorate


def tables_asset(
    *,
    stage: str,
    schemas: Sequence[TableSchema],
    inputs: Mapping[str, Input] | None = None,
    checks: Mapping[str, Sequence[Check]] | None = None,
    judged: Mapping[str, Sequence[Judged]] | None = None,
    kinds: set[str] | None = None,
    owners: Sequence[str] | None = None,
    deps: Sequence[dg.AssetKey] = (),
    tags: Mapping[str, str] | None = None,
) -> Callable[[Callable[..., Results]], dg.AssetsDefinition]:
    """Make assets of a function that returns several tables by name, swapped in together in one transaction.

    Like `table_asset`, with ``checks`` by table name; ``previous`` is a dict by table name. ``judged`` are checks by
    table name whose outcome the function returns with its `Built`.
    """

    def decorate(function: Callable[..., Results]) -> dg.AssetsDefinition:
        return _define(
            stage=stage,
            schemas=tuple(schemas),
            inputs=inputs or {},
            checks=checks or {},
            judged=judged or {},
            function=function,
            wants=_wanted(function, inputs or {}),
            kinds=kinds or set(),
            owners=owners,
            description=None,
            deps=deps,
            tags=tags,
            op_name=f"{stage}__{getattr(function, '__name__', schemas[0].name)}",
        )

    return decorate


def _wanted(function: Callable[..., Any], inputs: Mapping[str, Input]) -> frozenset[str]:
    """What a function takes: its named parameters, and all inputs if it takes any keyword."""
    parameters = inspect.signature(function).parameters.values()
    named = {parameter.name for parameter in parameters if parameter.kind != inspect.Parameter.VAR_KEYWORD}
    return frozenset(named if len(named) == len(parameters) else named | set(inputs))


def _define(
    *,
    stage: str,
    schemas: tuple[TableSchema, ...],
    inputs: Mapping[str, Input],
    checks: Mapping[str, Sequence[Check]],
    judged: Mapping[str, Sequence[Judged]],
    function: Callable[..., Results],
    wants: frozenset[str],
    kinds: set[str],
    owners: Sequence[str] | None,
    description: str | None,
    deps: Sequence[dg.AssetKey],
    tags: Mapping[str, str] | None,
    op_name: str,
) -> dg.AssetsDefinition:
    unknown = wants - set(inputs) - set(_INJECTED)
    if unknown:
        raise TypeError(f"{op_name}: parameters {sorted(unknown)} are neither inputs nor one of {_INJECTED}")
    plan = _Plan(stage, schemas, inputs, checks, judged, wants, function)
    own = {(stage, schema.name) for schema in schemas}
    upstream = [dg.AssetKey(list(ref)) for ref in dict.fromkeys(plan.input_refs()) if ref not in own]
    specs = [
        dg.AssetSpec(
            key=[stage, schema.name],
            deps=[*upstream, *deps],
            description=description or _description(schema, function),
            group_name=stage,
            kinds={"duckdb", *kinds},
            owners=list(owners or ["team:data"]),
            skippable=True,
            metadata={"dagster/column_schema": _column_schema(schema)},
            tags=dict(tags or {}),
        )
        for schema in schemas
    ]
    check_specs = [
        dg.AssetCheckSpec(
            name=check.name,
            asset=dg.AssetKey([stage, schema.name]),
            description=check.description,
            blocking=check.blocking,
        )
        for schema in schemas
        for check in plan.promised(schema)
    ]

    @dg.multi_asset(
        name=op_name,
        specs=specs,
        check_specs=check_specs,
        pool=POOL,
        required_resource_keys={"warehouse", "ledger"},
    )
    def run(context: dg.AssetExecutionContext) -> Iterator[Any]:
        engine = context.resources.warehouse.engine
        try:
            yield from _write_audit_publish(context, plan, engine)
        finally:
            engine.drop_scratch()

    return run


def _description(schema: TableSchema, function: Callable[..., Any]) -> str:
    docstring = inspect.cleandoc(function.__doc__ or "")
    return f"{schema.description}\n\n{docstring}" if docstring else schema.description


def _column_schema(schema: TableSchema) -> dg.TableSchema:
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name=column.name,
                type=column.type,
                description=f"{column.description} Unit: {column.unit}." if column.unit else column.description,
                constraints=dg.TableColumnConstraints(nullable=not column.required),
                tags={"pii": column.pii.value},
            )
            for column in schema.columns
        ]
    )


def _arguments(context: dg.AssetExecutionContext, plan: _Plan, engine: Engine) -> dict[str, Any]:
    settings = context.resources.warehouse.settings
    arguments: dict[str, Any] = {}
    for parameter, given in plan.inputs.items():
        if parameter not in plan.wants:
            continue
        tables = {name: engine.table(stage, name) for stage, name in _refs(parameter, given)}
        arguments[parameter] = next(iter(tables.values())) if _is_single(given) else tables
    if "engine" in plan.wants:
        arguments["engine"] = engine
    if "settings" in plan.wants:
        arguments["settings"] = settings
    if "as_of" in plan.wants:
        arguments["as_of"] = as_of_of(context, settings)
    if "ledger" in plan.wants:
        arguments["ledger"] = context.resources.ledger.get()
    if "tags" in plan.wants:
        arguments["tags"] = dict(context.run.tags)
    if "previous" in plan.wants:
        arguments["previous"] = {schema.name: last_published(engine, plan.stage, schema) for schema in plan.schemas}
    return arguments


def last_published(engine: Engine, stage: str, schema: TableSchema) -> ir.Table:
    """A table as last published, in today's schema: new columns are null; empty and typed if there is none."""
    import ibis

    if not engine.has_table(stage, schema.name):
        return engine.from_arrow(schema.ibis_schema.to_pyarrow().empty_table(), schema.ibis_schema)
    table = engine.table(stage, schema.name)
    return table.select(
        **{
            column.name: table[column.name].cast(column.dtype)
            if column.name in table.columns
            else ibis.null(column.dtype)
            for column in schema.columns
        }
    )


def _write_audit_publish(context: dg.AssetExecutionContext, plan: _Plan, engine: Engine) -> Iterator[Any]:
    started = time.perf_counter()
    arguments = _arguments(context, plan, engine)
    inputs = {name: value for name, value in arguments.items() if name not in _INJECTED}
    tables = {
        name: table
        for parameter, value in inputs.items()
        for name, table in (value.items() if isinstance(value, dict) else [(parameter, value)])
    }
    docs = context.resources.warehouse.settings.docs
    results = plan.function(**arguments)
    if set(results) != {schema.name for schema in plan.schemas}:
        raise TypeError(f"{plan.stage}: the function returned {sorted(results)}")

    staged: dict[str, ir.Table] = {}
    pending: list[TableRef] = []
    for schema in plan.schemas:
        result = results[schema.name]
        if isinstance(result, InPlace):
            staged[schema.name] = engine.table(plan.stage, schema.name)
            tables |= result.evidence
        else:
            patch = result.patch if isinstance(result, Built) else None
            if patch is not None and engine.can_patch(plan.stage, schema):
                staged[schema.name] = engine.stage_patch(plan.stage, schema, patch)
            else:
                expression = result.table if isinstance(result, Built) else result
                staged[schema.name] = engine.stage_table(plan.stage, schema, expression)
            pending.append((plan.stage, schema.name))

    passed = True
    for schema in plan.schemas:
        outcomes = evaluate(engine, plan.all_checks(schema), staged[schema.name], {**staged, **tables}, docs)
        for outcome in (*outcomes, *_judged(plan, schema, results[schema.name])):
            passed = passed and (outcome.passed or not outcome.blocking)
            yield _check_result(plan.stage, schema, outcome)
    if not passed:
        engine.discard(pending)
        return

    with ExitStack() as around:
        for result in results.values():
            if isinstance(result, Built) and result.publishing is not None:
                around.enter_context(result.publishing())
        engine.publish(pending)
    seconds = time.perf_counter() - started
    for schema in plan.schemas:
        table = engine.table(plan.stage, schema.name)
        fingerprint = engine.fingerprint(table)
        yield dg.MaterializeResult(
            asset_key=[plan.stage, schema.name],
            data_version=dg.DataVersion(fingerprint.version),
            metadata={
                "dagster/row_count": fingerprint.rows,
                "bytes": fingerprint.bytes,
                "seconds": round(seconds, 3),
                "dagster/column_schema": _column_schema(schema),
                "preview": dg.MetadataValue.md(preview.masked_preview(engine, table, schema)),
                **_lineage_metadata(engine, results[schema.name]),
                **_shown(results[schema.name]),
            },
        )


def _judged(plan: _Plan, schema: TableSchema, result: ir.Table | Built | InPlace) -> Sequence[CheckResult]:
    """The outcomes that the function found itself: one for each check that was promised."""
    outcomes = result.judged if isinstance(result, Built) else ()
    promised = {check.name for check in plan.judged.get(schema.name, ())}
    if {outcome.name for outcome in outcomes} != promised:
        raise TypeError(f"{plan.stage}.{schema.name}: the function judged other checks than {sorted(promised)}")
    return outcomes


def _check_result(stage: str, schema: TableSchema, outcome: CheckResult) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=[stage, schema.name],
        check_name=outcome.name,
        passed=outcome.passed,
        severity=dg.AssetCheckSeverity.ERROR if outcome.blocking else dg.AssetCheckSeverity.WARN,
        metadata=outcome.metadata,
    )


def _lineage_metadata(engine: Engine, result: ir.Table | Built | InPlace) -> dict[str, Any]:
    declared = None if isinstance(result, ir.Table) else result.column_lineage
    if declared is None and isinstance(result, InPlace):
        return {}
    traced = declared or lineage.column_lineage(
        result.table if isinstance(result, Built) else result,
        engine.origins,
    )
    if not any(traced.values()):
        return {}
    return {
        "dagster/column_lineage": dg.TableColumnLineage(
            {
                column: [
                    dg.TableColumnDep(asset_key=dg.AssetKey([stage, table]), column_name=name)
                    for stage, table, name in sorted(sources)
                ]
                for column, sources in traced.items()
            }
        ),
        "column_lineage": dg.MetadataValue.md(lineage.as_markdown(traced)),
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
