"""The tables of the privacy stage.

Belongs here: column lists. Does not belong here: the rules that fill them (`consent.py`, `suppression.py`).
"""

from __future__ import annotations

from cdp_assets.canonical.schema import INSTANT, Column, Pii, TableSchema

_CONTACT_POINT = Column(
    "contact_point",
    "string",
    "The normalised e-mail, phone or other contact point.",
    pii=Pii.DIRECT,
    required=True,
)

CONSENT_STATE = TableSchema(
    "consent_state",
    "One row per contact point, purpose and channel on which a word was ever given: the word that stands as of the "
    "run. No row means no word, which denies for marketing. A row whose purpose or channel is `any` speaks for all "
    "those that have no row of their own.",
    (
        _CONTACT_POINT,
        Column("purpose", "string", "`marketing`, `personalisation`, `analytics` …, or `any`.", required=True),
        Column("channel", "string", "`email`, `sms`, `ads` …, or `any`.", required=True),
        Column("status", "string", "`granted`, `denied` (refused or withdrawn), `pending` (double opt-in not "
               "completed) or `expired`. Only `granted` permits.", required=True),
        Column("explicit", "boolean", "True for the person's own word, false for a flag stamped by an export.",
               required=True),
        Column("since", INSTANT, "When the standing word was given.", required=True),
        Column("expires_at", INSTANT, "When it ends; null if it does not."),
        Column("legal_basis", "string", "Legal basis that came with it, e.g. `consent`."),
        Column("source", "string", "The source system that brought it.", required=True),
    ),
    key=("contact_point", "purpose", "channel"),
)  # fmt: skip

SUPPRESSIONS = TableSchema(
    "suppressions",
    "One row per reason why a contact point must not be written to, whatever its consent says.",
    (
        _CONTACT_POINT,
        Column("channel", "string", "The channel it holds for, or `any`.", required=True),
        Column("reason", "string", "`complained`, `bounced`, `invalid` or `unsubscribed`.", required=True),
        Column("since", INSTANT, "When it became known; null if the source does not say."),
    ),
    key=("contact_point", "channel", "reason"),
)
