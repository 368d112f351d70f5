"""The shapes of the stage's tables.

Belongs here: columns and their meaning. Does not belong here: how a table is computed.
"""

from __future__ import annotations

from cdp_assets.canonical.schema import INSTANT, Column, Pii, TableSchema
from cdp_assets.identity.linkage.blocking import blocking_columns
from cdp_assets.identity.linkage.comparisons import ALSO_COMPARED, COMPARED

STAGE = "identity"
"""Where these tables are."""


def _record(name: str, description: str, *, required: bool = True) -> Column:
    return Column(name, "int64", description, pii=Pii.PSEUDONYM, required=required)


CHANGES = ("created", "merged", "split", "moved", "removed")
"""What may happen to a profile."""

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
        Column("reason", "string", "`placeholder`, `hub`, `names_differ`, `ids_differ`, `dates_differ`, "
               "`numbers_differ`, `recycled`, `ambiguous`, `limit`, `too_large`, `kept_apart`, `steward` (a steward "
               "parted them) or `stewards_contradict` (a steward joined them, but others' words stand against it).",
               required=True),
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
               "`profile_id`, both stay; `removed`: no record is left of `profile_id`.", required=True, one_of=CHANGES),
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
        Column("evidence", "string", "JSON text: signal → its share, in percent, of all that speaks for or against the "
               "pair; negative where it speaks against."),
    ),
    key=("left_record_id", "right_record_id"),
)  # fmt: skip

LINKAGE_MODEL = TableSchema(
    "linkage_model",
    "How likeness is weighed: the model that compares profiles which share no identifier, learned from the data "
    "without labels. Used again until the data have doubled or halved, gain or lose a column, or `generation` is "
    "raised.",
    (
        Column("model_id", "string", "Hash of the model.", required=True),
        Column("trained_at", INSTANT, "The run that trained it.", required=True),
        Column("faces", "int64", "How many different appearances of people it was trained on.", unit="faces",
               required=True),
        Column("prior", "float64", "How likely two of them taken at random are one person.", unit="share 0..1",
               required=True),
        Column("model", "string", "JSON text: weights, blocks, and what it was learned from.", required=True),
    ),
    key=("model_id",),
)  # fmt: skip

LINKAGE_FREQUENCIES = TableSchema(
    "linkage_frequencies",
    "Part of the model of likeness: how many of the appearances of people that it was learned from showed a value. "
    "Values that only one showed are not kept.",
    (
        Column("column_name", "string", "What the value is: `given`, `postcode` …", required=True),
        Column("value_id", "int64", "Hash of the value.", pii=Pii.PSEUDONYM, required=True),
        Column("faces", "int64", "Appearances that showed it.", unit="faces", required=True),
    ),
    key=("column_name", "value_id"),
)  # fmt: skip

LIKENESS = TableSchema(
    "likeness",
    "What the links by likeness are made of, in bits (binary logarithm of the Bayes factor): one row a link. The "
    "weight also has how rare matches are at all, and is held down to what a household does not share.",
    (
        _record("left_record_id", "One record."),
        _record("right_record_id", "The other one."),
        Column("weight", "float64", "All together: log2 of the odds that both are one person.", unit="bits",
               required=True),
        *(Column(name, "float32", f"What `{name}` says; null where it is not compared.", unit="bits")
          for name in COMPARED),
    ),
    key=("left_record_id", "right_record_id"),
)  # fmt: skip

SUGGESTION_TESTS = TableSchema(
    "suggestion_tests",
    "How right device suggestions are: one row per score, for suggestions made as of a day in the past with what was "
    "known then, judged by who has been identified on the devices since.",
    (
        Column("threshold", "float64", "Suggestions with at least this score.", unit="share 0..1", required=True),
        Column("suggested_at", INSTANT, "The day in the past.", required=True),
        Column("right", "int64", "Suggested pairs that turned out to be one person.", unit="pairs", required=True),
        Column("wrong", "int64", "Suggested pairs that turned out to be two people.", unit="pairs", required=True),
        Column("unknown", "int64", "Suggested pairs of which one device at least is not identified to this day.",
               unit="pairs", required=True),
        Column("there_were", "int64", "Pairs of one person, identified since, that there were to find.", unit="pairs",
               required=True),
        Column("precision", "float64", "right ÷ (right + wrong).", unit="share 0..1"),
        Column("recall", "float64", "right ÷ there_were.", unit="share 0..1"),
    ),
    key=("threshold",),
)  # fmt: skip

HEALTH = TableSchema(
    "health",
    "How healthy the identity graph is: one row per run, figure and part of it, kept for trends.",
    (
        Column("as_of", INSTANT, "The run.", required=True),
        Column("metric", "string", "Name of the figure.", required=True),
        Column("part", "string", "What part of it: an identifier type, a reason, a class of sizes; empty for the "
               "figure as a whole.", required=True),
        Column("value", "float64", "The figure; null where there is nothing to measure."),
        Column("unit", "string", "Its unit.", required=True),
        Column("explanation", "string", "What it means.", required=True),
    ),
    key=("as_of", "metric", "part"),
)  # fmt: skip

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


OBSERVATIONS = TableSchema(
    "observations",
    "The evidence in integers: which record carries which identifier, and whether that may link anybody. Kept so that "
    "a run looks again only at what changed.",
    (
        _record("record_id", "The record."),
        Column("identifier_id", "int64", "Keyed hash of the identifier; values that an alias renames share one.",
               pii=Pii.PSEUDONYM, required=True),
        Column("type_id", "int16", "Number of its namespace and type.", required=True),
        Column("kind", "int8", "0 personal, 1 shareable, 2 device.", required=True),
        Column("first_seen_at", INSTANT, "When the record first carried it."),
        Column("last_seen_at", INSTANT, "When the record last carried it."),
        Column("flaw", "int8", "0 none; 1 it stands for 'nothing known'; 2 a hub; 3 namesakes; 4 a crowded address.",
               required=True),
        Column("place_id", "int64", "Of addresses: hash of the place without the person.", pii=Pii.PSEUDONYM),
    ),
)  # fmt: skip

COMPONENTS = TableSchema(
    "components",
    "One row per record: what it hangs together with, and the group that it was put into.",
    (
        _record("record_id", "The record."),
        _record("component", "The smallest record it hangs together with, over people's identifiers, or over devices "
                "where it carries nothing else; null if it carries nothing usable.", required=False),
        _record("label", "Of records of people: the smallest record it was put together with.", required=False),
        _record("together", "The smallest component among those that likeness has to look at together; of most records "
                "their own.", required=False),
        Column("settled", "boolean", "Of records of people: whether it is clear whose it is."),
        Column("rebuilt", "boolean", "Whether the component was rebuilt link by link.", required=True),
        Column("shared", "boolean", "Of records of devices: whether several people used them.", required=True),
        _record("home", "The smallest record of the group, devices included, that has the profile id."),
        Column("guest", "boolean", "Whether it is a fact without identifiers.", required=True),
        Column("said", "int64", "Hash of all that it says of the person; null without.", pii=Pii.PSEUDONYM),
        Column("first_seen_at", INSTANT, "When it was first seen: of the records of a new profile, the one seen first "
               "decides its id."),
    ),
    key=("record_id",),
)  # fmt: skip

FACES = TableSchema(
    "faces",
    "What likeness remembers of each appearance of a person: whose it is, and hashes of what brings it together with "
    "others. Kept so that a run compares only those who changed.",
    (
        _record("face", "The smallest record that shows it."),
        _record("label", "The smallest record of those put together by what they share."),
        *(Column(f"code_{name}", "int32", f"Hash of `{name}`; null without.", pii=Pii.PSEUDONYM)
          for name in blocking_columns()),
        *(Column(f"has_{name}", "boolean", f"Whether it shows `{name}`.", required=True) for name in ALSO_COMPARED),
    ),
    key=("face",),
)  # fmt: skip

UNDECIDED = TableSchema(
    "undecided",
    "Groups of records that look alike, but not enough to be joined unasked: what the review queue is drawn from.",
    (
        _record("pair_id", "Hash of both groups."),
        _record("label_l", "The smallest record of one group."),
        _record("label_r", "That of the other."),
        _record("face_l", "Of the appearances of both groups that are most alike, that of one."),
        _record("face_r", "That of the other."),
        Column("weight", "float64", "The mean over all appearances of both.", unit="bits", required=True),
        Column("best", "float64", "Of the two that are most alike.", unit="bits", required=True),
        *(Column(f"{kind}_{name}", "float32", f"What {what} `{name}` says of these two.", unit="bits")
          for kind, what in (("mw", ""), ("mw_tf_adj", "the rarity of")) for name in COMPARED),
    ),
    key=("pair_id",),
)  # fmt: skip

DIGESTS = TableSchema(
    "digests",
    "The evidence of every few records in one number, to find out quickly which records changed.",
    (
        Column("bucket", "int64", "The last digits of the records' ids.", required=True),
        Column("digest", "int64", "Sum of the hashes of everything identity reads about these records; 0 where it is "
               "to be found anew.", required=True),
    ),
    key=("bucket",),
)  # fmt: skip

RENAMED_IDENTIFIERS = TableSchema(
    "renamed_identifiers",
    "Identifiers that aliases made one.",
    (
        Column("identifier_id", "int64", "Keyed hash of one of the names.", pii=Pii.PSEUDONYM, required=True),
        Column(
            "stands_for", "int64", "The id that all of them have in the evidence.", pii=Pii.PSEUDONYM, required=True
        ),
    ),
    key=("identifier_id",),
)

RESOLUTION_STATE = TableSchema(
    "resolution_state",
    "One row: what the tables of this stage were made with. Where rules or code are other ones, nothing is built upon "
    "them and everything is computed again.",
    (
        Column("version", "string", "Hash of rules, identifier types and code.", required=True),
        Column("revision", "string", "Revision of the profile ids in the ledger; empty for none.", required=True),
        Column("components", "int64", "Components of records of people.", unit="components", required=True),
        Column("rebuilt", "int64", "Those rebuilt link by link.", unit="components", required=True),
    ),
)

STATE = (OBSERVATIONS, COMPONENTS, FACES, UNDECIDED, DIGESTS, RENAMED_IDENTIFIERS, RESOLUTION_STATE)
"""What the next run builds upon."""

TABLES = (
    LINKS, REJECTED_LINKS, PROFILE_MAP, PROFILE_CHANGES, REDIRECTS, REVIEW_QUEUE, STEWARD_WORDS, LINKAGE_MODEL,
    LINKAGE_FREQUENCIES, LIKENESS, *STATE,
)  # fmt: skip
"""The tables that are computed, and published, together."""
