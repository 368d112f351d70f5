"""The jobs: refresh (files → outbox), training (files → models) and activation (outbox → destinations).

Belongs here: which assets run together and how. Does not belong here: when (`schedules.py`, `sensors.py`).
"""

from collections.abc import Sequence

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from cdp_assets.attributes.model_schemas import MODELS as MODEL_TABLES
from cdp_assets.attributes.model_training import TRAIN_TAG

REFRESH = "refresh"
TRAINING = "training"
ACTIVATION = "activation"

MODELS = [dg.AssetKey(["attributes", schema.name]) for schema in MODEL_TABLES]
"""What is trained."""


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


def training_job() -> UnresolvedAssetJobDefinition:
    """The models learnt anew, on tables that are brought up to date for it; the next refresh scores by them."""
    return dg.define_asset_job(
        TRAINING,
        selection=dg.AssetSelection.assets(*MODELS).upstream().required_multi_asset_neighbors(),
        description="Learns all models anew from everything up to the run's instant; of each it publishes "
        "whichever is better, what was learnt or what there was. The next refresh scores by them.",
        executor_def=dg.in_process_executor,
        tags={TRAIN_TAG: "true"},
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
