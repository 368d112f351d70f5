"""The decorator that makes a Dagster asset of a function from tables to a table: write, audit, publish.

The function's result is computed inside the engine into a staged table; its checks run on that; only if the blocking
ones pass is it swapped in. What the UI shows about every table (rows, schema, lineage, preview, bytes, seconds) is
emitted here, once, for all. Does not belong here: what any table contains.
"""

import inspect
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeAlias, cast

import dagster as dg
import ibis.expr.types as ir

from cdp_assets.canonical.schema import TableSchema
from cdp_assets.quality.checks import Check, Judged, standard_checks
from cdp_assets.warehouse import auditing, changes, standing
from cdp_assets.warehouse.built import Built, InPlace, Stands
from cdp_assets.warehouse.changes import last_published
from cdp_assets.warehouse.engine import Engine, TableRef
from cdp_assets.warehouse.hash_key import keep_to_key
from cdp_assets.warehouse.resources import ANEW_TAG, as_of_of, step
from cdp_assets.warehouse.standing import Note
from cdp_assets.warehouse.telling import check_result, column_schema, description_of, materialised, said_before

POOL = "warehouse"
"""Concurrency pool of the runs that write the warehouse: one at a time."""

LATER = {"dagster/priority": "-1"}
"""Tags of a step that gives way: the steps that the outbox needs go first, so that what is due is sent while others of
the same run are still to come."""

Input = str | TableRef | Sequence[TableRef]
Result: TypeAlias = ir.Table | Built | InPlace | Stands
Results = Mapping[str, Result]

_INJECTED = ("engine", "as_of", "since", "previous", "memory", "ledger", "settings", "tags", "config", "run_id")


@dataclass(frozen=True)
class _Plan:
    """Everything the decorator knows about one asset function."""

    stage: str
    schemas: tuple[TableSchema, ...]
    inputs: Mapping[str, Input]
    checks: Mapping[str, Sequence[Check]]
    judged: Mapping[str, Sequence[Judged]]
    wants: frozenset[str]
    definition: object
    compared: Mapping[str, str]
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
    definition: object = None,
    compared: str | None = None,
    later: bool = False,
    config: Mapping[str, dg.Field] | None = None,
) -> Callable[[Callable[..., Result]], dg.AssetsDefinition]:
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
        definition: What of the definitions the function depends on, told by its values; all of them if not given.
        compared: Column by which what is made as a whole is compared with what there was, so that only what differs is
            written and looked at, here and downstream; the table has a key.
        later: Whether it gives way to what the outbox needs.
        config: What whoever launches a run may give the asset as its run config, by name.

    The function may have parameters called ``engine``, ``as_of`` (UTC), ``settings``, ``since`` (`changes.Since`: what
    has changed since the table was last made, or None), ``previous`` (the table as last published), ``memory`` (what it
    wanted remembered with that, if code and definition are still the same), ``ledger``, ``config``, ``tags`` and
    ``run_id`` (the run's); all others are inputs. It returns a table, `Built`, `InPlace` or `Stands`.

    A function that takes none of the last six is not even called where all that goes into it is what it was: the table
    stands.
    """

    def decorate(function: Callable[..., Result]) -> dg.AssetsDefinition:
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
            definition=definition,
            compared={schema.name: compared} if compared else {},
            later=later,
            config=config or {},
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
    definition: object = None,
    compared: Mapping[str, str] | None = None,
    later: bool = False,
) -> Callable[[Callable[..., Results]], dg.AssetsDefinition]:
    """Make assets of a function that returns several tables by name, swapped in together in one transaction.

    Like `table_asset`, with ``checks`` and ``compared`` by table name; ``previous`` is a dict by table name. ``judged``
    are checks by table name whose outcome the function returns with its `Built`.
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
            definition=definition,
            compared=compared or {},
            later=later,
            config={},
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
    definition: object,
    compared: Mapping[str, str],
    later: bool,
    config: Mapping[str, dg.Field],
    op_name: str,
) -> dg.AssetsDefinition:
    unknown = wants - set(inputs) - set(_INJECTED)
    if unknown:
        raise TypeError(f"{op_name}: parameters {sorted(unknown)} are neither inputs nor one of {_INJECTED}")
    plan = _Plan(stage, schemas, inputs, checks, judged, wants, definition, compared, function)
    own = {(stage, schema.name) for schema in schemas}
    upstream = [dg.AssetKey(list(ref)) for ref in dict.fromkeys(plan.input_refs()) if ref not in own]
    specs = [
        dg.AssetSpec(
            key=[stage, schema.name],
            deps=upstream,
            description=description_of(schema, function),
            group_name=stage,
            kinds={"duckdb", *kinds},
            owners=list(owners or ["team:data"]),
            skippable=True,
            metadata={"dagster/column_schema": column_schema(schema)},
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
        op_tags=LATER if later else {},
        pool=POOL,
        config_schema=dict(config) or None,
        required_resource_keys={"warehouse", "ledger"},
    )
    def run(context: dg.AssetExecutionContext) -> Iterator[Any]:
        with step(context) as engine:
            yield from _write_audit_publish(context, plan, engine)

    return run


def _arguments(
    context: dg.AssetExecutionContext,
    plan: _Plan,
    engine: Engine,
    as_of: datetime,
    notes: Sequence[Note | None],
    parts: Mapping[str, str],
) -> dict[str, Any]:
    arguments: dict[str, Any] = {}
    for parameter, given in plan.inputs.items():
        if parameter not in plan.wants:
            continue
        tables = {name: engine.table(stage, name) for stage, name in _refs(parameter, given)}
        arguments[parameter] = next(iter(tables.values())) if _is_single(given) else tables
    offered: dict[str, Callable[[], Any]] = {
        "engine": lambda: engine,
        "settings": lambda: context.resources.warehouse.settings,
        "as_of": lambda: as_of,
        "ledger": lambda: context.resources.ledger.get(),
        "tags": lambda: dict(context.run.tags),
        "config": lambda: dict(context.op_execution_context.op_config or {}),
        "run_id": lambda: context.run_id,
        "since": lambda: changes.since_last_made(plan.stage, plan.schemas, plan.input_refs(), notes, parts, engine),
        "memory": lambda: standing.remembered(notes, parts),
        "previous": lambda: {schema.name: last_published(engine, plan.stage, schema) for schema in plan.schemas},
    }
    return arguments | {name: offer() for name, offer in offered.items() if name in plan.wants}


def _write_audit_publish(context: dg.AssetExecutionContext, plan: _Plan, engine: Engine) -> Iterator[Any]:
    started = time.perf_counter()
    settings = context.resources.warehouse.settings
    as_of = as_of_of(context, settings)
    keep_to_key(context.resources.ledger.get(), settings, run_id=context.run_id, as_of=as_of)
    parts = standing.made_of(
        plan.input_refs(), plan.wants, plan.definition, engine=engine, settings=settings, as_of=as_of
    )
    refs = [(plan.stage, schema.name) for schema in plan.schemas]
    anew = ANEW_TAG in context.run.tags
    notes = [None if anew else standing.note_of(engine, ref) for ref in refs]
    if standing.stands(notes, parts, plan.wants):
        yield from _as_it_stands(context, plan, notes)
        return
    why = standing.moved(notes, parts)
    arguments = _arguments(context, plan, engine, as_of, notes, parts)
    results = plan.function(**arguments)
    if set(results) != {schema.name for schema in plan.schemas}:
        raise TypeError(f"{plan.stage}: the function returned {sorted(results)}")
    if all(isinstance(result, Stands) for result in results.values()):
        for ref, note in zip(refs, notes, strict=True):
            engine.take_note(*ref, _stood(note, results[ref[1]], parts).to_text())
        yield from _as_it_stands(context, plan, notes)
        return

    staged = {
        schema.name: _written(plan, schema, results[schema.name], before, engine)
        for schema, before in zip(plan.schemas, notes, strict=True)
    }
    pending = [ref for ref in refs if not isinstance(results[ref[1]], InPlace | Stands)]
    to_look_at = {**staged, **_tables_read(arguments), **_evidence(results)}
    noted: dict[TableRef, Note] = {}
    passed = True
    for schema, before in zip(plan.schemas, notes, strict=True):
        result = results[schema.name]
        if isinstance(result, Stands):
            stood = noted[plan.stage, schema.name] = _stood(before, result, parts)
            yield from (check_result(plan.stage, schema, outcome) for outcome in stood.checks)
            continue
        alike = before if standing.made_alike(before, parts) else None
        told = isinstance(result, Built) and result.patch is not None
        news = auditing.news_of(engine, (plan.stage, schema.name), alike, told=told)
        with ThreadPoolExecutor(1) as beside:
            fingerprint = beside.submit(auditing.fingerprint, engine, staged[schema.name], result, before, news)
            asked = auditing.of_appended(plan.all_checks(schema), result, alike)
            found = auditing.audited(engine, asked, staged[schema.name], to_look_at, settings.docs, news)
        outcomes = [
            *auditing.in_words(found, result),
            *auditing.judged(f"{plan.stage}.{schema.name}", plan.judged.get(schema.name, ()), result),
        ]
        for outcome in outcomes:
            passed = passed and (outcome.passed or not outcome.blocking)
            yield check_result(plan.stage, schema, outcome)
        memory = result.memory if isinstance(result, Built | InPlace) else {}
        noted[plan.stage, schema.name] = Note(parts, fingerprint.result(), outcomes, memory)
    if not passed:
        engine.discard(pending)
        return
    for ref, before in zip(refs, notes, strict=True):
        if isinstance(results[ref[1]], Stands):
            continue
        kept, trail = changes.keep(ref, before, engine)
        noted[ref] = replace(noted[ref], trail=trail)
        pending.extend(kept)

    with ExitStack() as around:
        for result in results.values():
            if isinstance(result, Built) and result.publishing is not None:
                around.enter_context(result.publishing())
        engine.publish(pending, {ref: note.to_text() for ref, note in noted.items()})
    for ref in refs:
        if ref not in pending:
            engine.take_note(*ref, noted[ref].to_text())
    seconds = round(time.perf_counter() - started, 3)
    for schema in plan.schemas:
        note, result = noted[plan.stage, schema.name], results[schema.name]
        if isinstance(result, Stands):
            yield _still(context, plan, schema, note)
            continue
        # What was said of the whole is said still, where only some rows were made.
        follows = isinstance(result, Built) and result.patch is not None
        said = said_before(context.instance, plan.stage, schema.name) if follows else {}
        yield dg.MaterializeResult(
            asset_key=[plan.stage, schema.name],
            data_version=dg.DataVersion(note.fingerprint.version),
            metadata={**said, "seconds": seconds, **materialised(plan.stage, schema, result, note, engine, why)},
        )


def _tables_read(arguments: Mapping[str, Any]) -> dict[str, ir.Table]:
    """The tables among what a function is given, by their names."""
    inputs = {name: value for name, value in arguments.items() if name not in _INJECTED}
    return {
        name: table
        for parameter, value in inputs.items()
        for name, table in (value.items() if isinstance(value, dict) else [(parameter, value)])
    }


def _evidence(results: Mapping[str, Result]) -> dict[str, ir.Table]:
    """What checks of tables that were changed in place look at beside them."""
    return {
        name: table
        for result in results.values()
        if isinstance(result, InPlace)
        for name, table in result.evidence.items()
    }


def _written(plan: _Plan, schema: TableSchema, result: Result, before: Note | None, engine: Engine) -> ir.Table:
    """A table as it is to be published: staged, as a patch of the published one where it may be, or as it is there."""
    if isinstance(result, InPlace | Stands):
        return engine.table(plan.stage, schema.name)
    patch = result.patch if isinstance(result, Built) else None
    expression = result.table if isinstance(result, Built) else result
    if patch is None and before is not None and schema.name in plan.compared:
        expression = engine.scratch(expression)
        patch = changes.as_patch(plan.stage, schema, expression, plan.compared[schema.name], before, engine)
    if patch is not None and engine.can_patch(plan.stage, schema):
        return engine.stage_patch(plan.stage, schema, patch)
    return engine.stage_table(plan.stage, schema, expression)


def _stood(note: Note | None, result: Result, parts: Mapping[str, str]) -> Note:
    """What is noted with a table that stands, made of other things than before."""
    memory = cast("Stands", result).memory
    stood = replace(cast("Note", note), made_of=parts)
    return stood if memory is None else replace(stood, memory=memory)


def _as_it_stands(context: dg.AssetExecutionContext, plan: _Plan, notes: Sequence[Note | None]) -> Iterator[Any]:
    """Say of tables what was said of them when they were made."""
    for schema, note in zip(plan.schemas, notes, strict=True):
        assert note is not None
        yield from (check_result(plan.stage, schema, outcome) for outcome in note.checks)
        yield _still(context, plan, schema, note)


def _still(context: dg.AssetExecutionContext, plan: _Plan, schema: TableSchema, note: Note) -> dg.MaterializeResult:
    return dg.MaterializeResult(
        asset_key=[plan.stage, schema.name],
        data_version=dg.DataVersion(note.fingerprint.version),
        metadata={
            **said_before(context.instance, plan.stage, schema.name),
            "dagster/row_count": note.fingerprint.rows,
            "dagster/column_schema": column_schema(schema),
            "made_anew_for": "nothing: code, definitions and inputs are what they were",
            "seconds": 0.0,
        },
    )
