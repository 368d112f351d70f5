"""The tables of this stage.

Belongs here: columns and their documentation. Does not belong here: how they are filled (`projection.py`).
"""

from __future__ import annotations

from cdp_assets.canonical.schema import INSTANT, Column, Pii, TableSchema

_DESTINATION = Column("destination", "string", "The destination's name.", required=True)
_PROFILE_ID = Column(
    "profile_id",
    "int64",
    "The profile, under the id that the destination knows it by (`identity.redirects` leads from there to today's).",
    pii=Pii.PSEUDONYM,
    required=True,
)
_SEQUENCE = Column(
    "sequence", "int64", "Number of the message among those of this destination and profile, from 1.", required=True
)
_KEY = Column(
    "idempotency_key", "string", "The key by which the receiver knows a repeat; unique.", pii=Pii.PSEUDONYM,
    required=True,
)  # fmt: skip
_SEGMENT = Column("segment", "string", "The segment it is about.", required=True)
_CHANGE = Column("change", "string", "`entered`, `updated` or `left`.", required=True)
_ARM = Column("arm", "string", "`treatment` or `control`; null without a holdout.")
_VARIANT = Column("variant", "string", "The variant of the campaign; null without variants.")

OUTBOX = TableSchema(
    "outbox",
    "One row per difference between a segment and what a destination had been told, found by the refresh as of this "
    "instant: put up for sending, or withheld with the reason.",
    (
        _DESTINATION,
        _PROFILE_ID,
        _SEQUENCE,
        _KEY,
        _SEGMENT,
        _CHANGE,
        _ARM,
        _VARIANT,
        Column("decision", "string", "`send`, `withhold` or `hold` (by the volume guard).", required=True),
        Column("gate", "string", "Why it was withheld or held; null if it was put up for sending."),
        Column("created_at", INSTANT, "The refresh's as-of instant.", required=True),
    ),
    key=("destination", "profile_id", "sequence"),
)

DESTINATION_STATE = TableSchema(
    "destination_state",
    "What each destination has been told of each profile, or why it was not: the truth that segments are compared "
    "with.",
    (
        _DESTINATION,
        _PROFILE_ID,
        Column("person_id", "int64", "The same profile under the id of today.", pii=Pii.PSEUDONYM, required=True),
        Column("member", "boolean", "Whether the destination takes the profile for a member.", required=True),
        Column("sequence", "int64", "Number of the last message; 0 if there was none.", required=True),
        Column("withheld_change", "string", "The change that is withheld at present, if one is."),
        Column("withheld_reason", "string", "Why it is withheld."),
        Column("changed_at", INSTANT, "As-of instant of the refresh that last changed it.", required=True),
    ),
    key=("destination", "profile_id"),
)

EXPOSURES = TableSchema(
    "exposures",
    "When each person of an experiment first came to the point where a message goes out or, for the control group, "
    "would have: who is compared with whom, by intention to treat.",
    (
        Column("campaign", "string", "The experiment; `global_control` is the one over all campaigns.", required=True),
        Column("profile_id", "int64", "The profile, under the id it had then.", pii=Pii.PSEUDONYM, required=True),
        Column("person_id", "int64", "The same profile under the id of today.", pii=Pii.PSEUDONYM, required=True),
        Column("arm", "string", "`treatment` or `control`.", required=True),
        Column("variant", "string", "The variant of the treated, where there are some."),
        Column(
            "contaminated",
            "boolean",
            "Whether the person turned out to have been in several arms or variants: leave them out of a comparison.",
            required=True,
        ),
        Column("exposed_at", INSTANT, "As-of instant of the refresh that brought them there.", required=True),
    ),
    key=("campaign", "profile_id"),
)

DELIVERIES = TableSchema(
    "deliveries",
    "One row per message of earlier refreshes and what has become of it, as the ledger knew it when this refresh ran. "
    "Rows of the refresh itself appear with the next one.",
    (
        _DESTINATION,
        _PROFILE_ID,
        _SEQUENCE,
        _KEY,
        _SEGMENT,
        _CHANGE,
        Column("channel", "string", "The channel it goes out on.", required=True),
        Column("purpose", "string", "The purpose it serves.", required=True),
        Column("status", "string", "`pending`, `failed` (will be tried again), `held`, `delivered`, `dead` or "
               "`withheld`.", required=True),
        Column("reason", "string", "Why it is not delivered (`bounced` also if it came back later), or `complained` "
               "if its receiver did; else null."),
        _ARM,
        _VARIANT,
        Column("attempts", "int64", "Tries so far.", unit="tries", required=True),
        Column("response_code", "int64", "The receiver's last answer."),
        Column("created_at", INSTANT, "As-of instant of the refresh that wrote it.", required=True),
        Column("sent_at", INSTANT, "When it was delivered."),
    ),
    key=("idempotency_key",),
    event_time="sent_at",
)  # fmt: skip
