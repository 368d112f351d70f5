"""The tables that approved models are kept in.

Belongs here: their columns. Does not belong here: what a document holds (`model_documents.py`).
"""

from __future__ import annotations

from cdp_assets.canonical.schema import Column, TableSchema


def _model(name: str, scores: str, foretells: str) -> TableSchema:
    return TableSchema(
        name,
        f"One row: the model that `{scores}` is scored by, {foretells}, as it was approved: numbers that nobody is "
        "known by.",
        (
            Column("scores", "string", "The table that is scored by it.", required=True),
            Column("model", "string", "What was approved: the learnt model, a named baseline, or the prior.",
                   required=True),
            Column("is_learnt", "boolean", "Whether it was learnt; a prior is not, and is tried again in every "
                   "refresh, or where a twentieth more facts are there.", required=True),
            Column("is_kept", "boolean", "Whether it, or a part of it, is its own predecessor: what was learnt last "
                   "did worse.", required=True),
            Column("learnt_until", "date", "Last day that it has seen.", required=True),
            Column("judged_on", "date", "Day of the last back-test; null where nothing could be compared."),
            Column("horizon_days", "int64", "Days ahead that it foretells; null where that is not fixed, or as long as "
                   "the history is too short for any.", unit="days"),
            Column("measure", "string", "What the back-test compared by: AUC, mean absolute error (of spend, in the "
                   "reporting currency) or log loss (per message); null where nothing could be compared."),
            Column("figure", "float64", "How what is published did in the last back-test, by that measure."),
            Column("learner", "string", "Version of the code, the libraries and the currency that it was learnt, or "
                   "last challenged, with.", required=True),
            Column("document", "string", "The model as JSON: parameters, back-test, what it was before that, and "
                   "how customers were spread over each figure.", required=True),
        ),
        key=("scores",),
    )  # fmt: skip


CHURN_MODEL = _model("churn_model", "churn_risk", "who will not buy within the churn horizon")
PURCHASE_MODEL = _model("purchase_model", "purchase_propensity", "who will buy within 30 days")


RESPONSE_MODEL = _model(
    "response_model",
    "engagement",
    "how people respond to messages, channel by channel, and at which hours they do something",
)
CANCELLATION_MODEL = _model("cancellation_model", "subscription_risk", "who cancels a subscription within 30 days")
VALUE_MODEL = _model("value_model", "lifetime_value", "how often customers buy and what a purchase is worth")

MODELS = (CHURN_MODEL, PURCHASE_MODEL, RESPONSE_MODEL, CANCELLATION_MODEL, VALUE_MODEL)
"""All models that are trained."""
