"""The last step of a refresh: what readers see.

Belongs here: publishing the serving snapshot with its definitions and the data docs, and remembering what the run ran
on.
"""

import time
from collections.abc import Sequence
from datetime import datetime

import dagster as dg

from cdp_assets.automation.landing import changed_since
from cdp_assets.automation.refresh import FINGERPRINT, current_fingerprint
from cdp_assets.plan.definitions import DEFINITIONS, as_rows, texts_of
from cdp_assets.settings import Settings
from cdp_assets.warehouse.assets import LATER, POOL
from cdp_assets.warehouse.engine import Engine
from cdp_assets.warehouse.resources import as_of_of, step
from cdp_assets.warehouse.serving import PUBLISHED, unlike

HOLDS_EVERY_TABLE = "holds_every_table"


def snapshot_asset(upstream: Sequence[dg.AssetKey]) -> dg.AssetsDefinition:
    """The serving snapshot, published when everything in ``upstream`` has succeeded."""
    current = {".".join(key.path) for key in upstream}

    @dg.asset(
        key=["serving", "snapshot"],
        group_name="serving",
        deps=list(upstream),
        kinds={"duckdb"},
        owners=["team:data"],
        op_tags=LATER,
        pool=POOL,
        required_resource_keys={"warehouse", "ledger"},
        description="The read-only copy of all tables that pages, `cdp profile` and notebooks attach. Published as "
        "the last step of a successful refresh, by an atomic rename: readers see the last good state, never half of "
        "a run, and never hold up a writer.",
        check_specs=[
            dg.AssetCheckSpec(
                HOLDS_EVERY_TABLE,
                asset=["serving", "snapshot"],
                description="Every table of the refresh is in what readers see, with as many rows.",
            )
        ],
    )
    def snapshot(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        from cdp_assets.quality.docs import build_data_docs

        settings = context.resources.warehouse.settings
        as_of = as_of_of(context, settings)
        with step(context) as engine:
            _keep_definitions(engine, settings, as_of)
            started = time.perf_counter()
            size = engine.snapshot(settings.serving_file)
            seconds = time.perf_counter() - started
            missing = unlike(
                engine, settings.serving_file, [(stage, name) for stage, name in (key.path for key in upstream)]
            )
            docs = build_data_docs(settings.docs, current)
            _remember(context, settings, as_of)
        return dg.MaterializeResult(
            check_results=[
                dg.AssetCheckResult(
                    check_name=HOLDS_EVERY_TABLE,
                    passed=not missing,
                    metadata={"missing, or with other rows": [".".join(ref) for ref in missing]},
                )
            ],
            metadata={
                "bytes": size,
                "seconds": round(seconds, 3),
                "as_of": as_of.isoformat(),
                "data_docs": dg.MetadataValue.path(str(docs)),
            },
        )

    return snapshot


def _keep_definitions(engine: Engine, settings: Settings, as_of: datetime) -> None:
    """Put the definitions beside the tables they made, so that a plan can say what differs from them.

    The run's instant is noted with them: tables that stand do not tell it.
    """
    rows = engine.from_arrow(as_rows(texts_of(settings.defs)), DEFINITIONS.ibis_schema)
    engine.stage_table("serving", DEFINITIONS, rows)
    engine.publish([PUBLISHED], {PUBLISHED: as_of.isoformat()})
    engine.drop_scratch()


def _remember(context: dg.AssetExecutionContext, settings: Settings, as_of: datetime) -> None:
    """Note what the run ran on, unless a file came while it ran: the next run has to look at that one."""
    record = context.instance.get_run_record_by_id(context.run_id)
    if record is None or changed_since(settings.landing, record.create_timestamp):
        return
    engine = context.resources.warehouse.engine
    # As the run heard them: a word spoken while it ran is the next one's.
    words = engine.to_arrow(engine.table("identity", "steward_words").select("word"))["word"].to_pylist()
    context.resources.ledger.get().save_fingerprint(
        FINGERPRINT, current_fingerprint(settings, as_of, words), run_id=context.run_id, as_of=as_of
    )
