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
            Column("is_learnt", "boolean", "Whether it was learnt and judged; a prior is not, and every refresh tries "
                   "again.", required=True),
            Column("is_kept", "boolean", "Whether it is its own predecessor: what was learnt last ranked worse.",
                   required=True),
            Column("learnt_until", "date", "Last day that it has seen.", required=True),
            Column("judged_on", "date", "Day of the back-test; null where nothing was learnt."),
            Column("horizon_days", "int64", "Days ahead that it foretells; null as long as the history is too short "
                   "for any.", unit="days"),
            Column("auc", "float64", "How well it ranked in its back-test; null where nothing was learnt.",
                   unit="share 0..1"),
            Column("learner", "string", "Version of the code, the libraries and the currency that it was learnt, or "
                   "last challenged, with.", required=True),
            Column("document", "string", "The model as JSON: parameters, back-test, and how the customers that it "
                   "was judged on were spread over each feature.", required=True),
        ),
        key=("scores",),
    )  # fmt: skip


CHURN_MODEL = _model("churn_model", "churn_risk", "who will not buy within the churn horizon")
PURCHASE_MODEL = _model("purchase_model", "purchase_propensity", "who will buy within 30 days")


def _unchallenged(name: str, scores: str, holds: str, is_learnt: str) -> TableSchema:
    return TableSchema(
        name,
        f"One row: {holds}, which `{scores}` is scored by: numbers that nobody is known by.",
        (
            Column("scores", "string", "The table that is scored by it.", required=True),
            Column("is_learnt", "boolean", f"Whether {is_learnt}; if not, it is tried again where a twentieth more "
                   "facts are there.", required=True),
            Column("learnt_until", "date", "Last day that it has seen.", required=True),
            Column("learner", "string", "Version of the code, the libraries and the currency that it was learnt with.",
                   required=True),
            Column("document", "string", "The model as JSON: parameters, back-test, and how many facts it was learnt "
                   "from.", required=True),
        ),
        key=("scores",),
    )  # fmt: skip


RESPONSE_MODEL = _unchallenged(
    "response_model",
    "engagement",
    "how people respond to messages, channel by channel, and at which hours they do something",
    "all channels in use had messages enough to learn from",
)
CANCELLATION_MODEL = _unchallenged(
    "cancellation_model",
    "subscription_risk",
    "who cancels a subscription within 30 days",
    "enough subscriptions were cancelled, and enough were not, to learn from",
)
VALUE_MODEL = _unchallenged(
    "value_model",
    "lifetime_value",
    "how often customers buy and what a purchase is worth",
    "enough customers came back to fit a model of dropping out, and it could be trusted",
)

MODELS = (CHURN_MODEL, PURCHASE_MODEL, RESPONSE_MODEL, CANCELLATION_MODEL, VALUE_MODEL)
"""All models that are trained."""
