"""The shapes of the stage's tables.

Belongs here: columns and their meaning. Does not belong here: how a table is computed.
"""

from __future__ import annotations

from cdp_assets.canonical.schema import INSTANT, Column, Pii, TableSchema


def _record(name: str, description: str, *, required: bool = True) -> Column:
    return Column(name, "int64", description, pii=Pii.PSEUDONYM, required=required)


_IDENTIFIER_COLUMNS = (
    Column("namespace", "string", "Namespace of the identifier, as in `identifiers`.", required=True),
    Column("identifier_type", "string", "Type of the identifier, as in `identifiers`.", required=True),
    Column("identifier_id", "int64", "Keyed hash of the identifier; values that an alias renames share one.",
           pii=Pii.PSEUDONYM, required=True),
)  # fmt: skip

LINKS = TableSchema(
    "links",
    "The evidence that holds profiles together: one row per record and identifier, tied to one record of the profile "
    "with the same identifier. Records of devices are tied to a record of each person they were given to. Where a "
    "steward joined two records, namespace and type are `steward`, and the identifier is the number of the decision.",
    (
        _record("left_record_id", "The record tied."),
        _record("right_record_id", "Of the profile's records with the same identifier, the one with the smallest id."),
        *_IDENTIFIER_COLUMNS,
        Column("strength", "float64", "How much the link weighs alone.", unit="share 0..1", required=True),
        Column("first_seen_at", INSTANT, "When the left record first carried the identifier."),
    ),
    key=("left_record_id", "right_record_id", "identifier_id"),
)

REJECTED_LINKS = TableSchema(
    "rejected_links",
    "Links that were refused, with the reason: one row per identifier that is nobody's own, one per pair of "
    "profiles that share an identifier and were still kept apart (each named by its earliest record with it), and one "
    "per pair of records that a steward parted.",
    (
        Column("link_id", "int64", "Hash of the row's records and identifier.", pii=Pii.PSEUDONYM, required=True),
        _record("left_record_id", "A record that carries the identifier."),
        _record("right_record_id", "The other one; null where the identifier as a whole was excluded.", required=False),
        *_IDENTIFIER_COLUMNS,
        Column("reason", "string", "`placeholder`, `hub`, `names_differ`, `ids_differ`, `recycled`, `ambiguous`, "
               "`limit`, `too_large`, `steward` (a steward parted them) or `stewards_contradict` (a steward joined "
               "them, but others' words stand against it).", required=True),
        Column("detail", "string", "The same in words, without the values."),
        Column("records", "int64", "How many records it keeps apart.", unit="records", required=True),
        Column("first_seen_at", INSTANT, "Since when the records carry the identifier."),
    ),
    key=("link_id",),
)  # fmt: skip

PROFILE_MAP = TableSchema(
    "profile_map",
    "Which profile a record belongs to, and when: one open row per record, but for records of devices that several "
    "people use, whose rows follow one another without gap or overlap.",
    (
        _record("record_id", "The record (see `identity_records`)."),
        _record("profile_id", "The profile it belongs to."),
        Column("valid_from", INSTANT, "From this instant on; null for since ever."),
        Column("valid_to", INSTANT, "Up to, and without, this instant; null for open end."),
    ),
)

PROFILE_CHANGES = TableSchema(
    "profile_changes",
    "The log of what happened to profiles, run by run; rows are added and never changed.",
    (
        Column("change_id", "int64", "Hash of the row.", pii=Pii.PSEUDONYM, required=True),
        Column("as_of", INSTANT, "The run that made the change.", required=True),
        Column("change", "string", "`created`; `merged`: `other_profile_id` became part of `profile_id`; `split`: "
               "`profile_id` is new and comes off `other_profile_id`; `moved`: records went from `other_profile_id` to "
               "`profile_id`, both stay; `removed`: no record is left of `profile_id`.", required=True),
        _record("profile_id", "The profile that has the records now (`removed`: that had them)."),
        _record("other_profile_id", "The profile they came from; null for `created` and `removed`.", required=False),
        Column("records", "int64", "How many records were concerned.", unit="records", required=True),
        Column("evidence", "string", "JSON text: how many links of each identifier type hold these records in their "
               "profile.", required=True),
        Column("cause", "string", "The steward's word behind it (`d3`, a decision; `r2`, a retraction; whether spoken "
               "or revoked); null where the data changed."),
    ),
    key=("change_id",),
)  # fmt: skip

REDIRECTS = TableSchema(
    "redirects",
    "Profile ids that are used no more, and where they lead.",
    (
        _record("old_profile_id", "The id given up in a merge."),
        _record("profile_id", "The profile in use that it became part of."),
        Column("since", INSTANT, "The run of the merge.", required=True),
    ),
    key=("old_profile_id",),
)

REVIEW_QUEUE = TableSchema(
    "review_queue",
    "Pairs of profiles that may be one person, for a steward to decide. Filled by probabilistic linking.",
    (
        _record("left_profile_id", "One profile."),
        _record("right_profile_id", "The other one."),
        Column("probability", "float64", "How likely they are one person.", unit="share 0..1", required=True),
        Column("reason", "string", "Why it was not decided.", required=True),
        Column("evidence", "string", 'JSON text: a list of {"comparison": …, "level": …, "weight": …}, the weight '
               "being the binary logarithm of the Bayes factor."),
        Column("since", INSTANT, "Since when the pair waits.", required=True),
        _record("left_record_id", "The record of the left profile that was compared."),
        _record("right_record_id", "The record of the right profile that was compared."),
    ),
    key=("left_profile_id", "right_profile_id"),
)  # fmt: skip

DEVICE_SUGGESTIONS = TableSchema(
    "device_suggestions",
    "Devices that behave alike and may be one person's. For analysis and stewards: never merges anything.",
    (
        _record("left_record_id", "A record of one device."),
        _record("right_record_id", "A record of the other one."),
        Column("score", "float64", "How much alike they behave.", unit="share 0..1", required=True),
        Column("evidence", "string", "JSON text: signal → its share of the score."),
    ),
    key=("left_record_id", "right_record_id"),
)

STEWARD_WORDS = TableSchema(
    "steward_words",
    "What stewards said and this run obeyed: who is one person and who is not, and which evidence does not count. Who "
    "said it and why is in the ledger (`cdp identity decisions`, `cdp identity retractions`).",
    (
        Column("word", "string", "How it is called: `d3` for a decision, `r2` for a retraction.", required=True),
        Column("kind", "string", "`same` or `different`: the two records are one person, or not; `observation`: that "
               "the left record carries the identifier does not count; `pair`: that the two records look alike does "
               "not; `rule`, `source`: nothing of this identifier type or source does.", required=True),
        Column("subject", "string", "Name of the identifier type or source."),
        _record("left_record_id", "A record.", required=False),
        _record("right_record_id", "The other one.", required=False),
        Column("identifier_id", "int64", "Keyed hash of the identifier.", pii=Pii.PSEUDONYM),
        Column("decided_at", INSTANT, "When it was said."),
    ),
    key=("word",),
)  # fmt: skip

TABLES = (
    LINKS, REJECTED_LINKS, PROFILE_MAP, PROFILE_CHANGES, REDIRECTS, REVIEW_QUEUE, DEVICE_SUGGESTIONS, STEWARD_WORDS,
)  # fmt: skip
