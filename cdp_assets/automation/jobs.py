"""The two jobs: refresh (files → outbox) and activation (outbox → destinations).

Belongs here: which assets run together and how. Does not belong here: when (`schedules.py`, `sensors.py`).
"""

from collections.abc import Sequence

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

REFRESH = "refresh"
ACTIVATION = "activation"


def refresh_job(delivery_keys: Sequence[dg.AssetKey]) -> UnresolvedAssetJobDefinition:
    """Everything from the landing folders to the outbox and the serving snapshot; sends nothing."""
    selection: dg.AssetSelection = dg.AssetSelection.all()
    if delivery_keys:
        selection = selection - dg.AssetSelection.assets(*delivery_keys)
    return dg.define_asset_job(
        REFRESH,
        selection=selection,
        description="Refreshes every table from the landing folders to the outbox, then publishes the snapshot that "
        "readers see. Runs in one process, since the warehouse file has one writer.",
        executor_def=dg.in_process_executor,
    )


def activation_job(delivery_keys: Sequence[dg.AssetKey]) -> UnresolvedAssetJobDefinition:
    """Delivers what waits in the outbox; lives on the ledger alone, so it runs beside a refresh."""
    return dg.define_asset_job(
        ACTIVATION,
        selection=dg.AssetSelection.assets(*delivery_keys),
        description="Sends what waits in the outbox to the selected destinations. Never opens the warehouse, so that "
        "sending goes on during a refresh.",
        executor_def=dg.in_process_executor,
    )
