"""The tables of the profiles stage, and the attributes a golden record has.

Belongs here: column lists. Does not belong here: which value survives (`survivorship.py`).
"""

from __future__ import annotations

from cdp_assets.canonical.schema import INSTANT, MONEY, Column, Pii, TableSchema
from cdp_assets.canonical.tables import CONTACT_POINTS, CONTACT_VALUES, CONTACTS

ADDRESS_PARTS = {
    "address_line_1": "line_1",
    "address_line_2": "line_2",
    "city": "city",
    "region": "region",
    "postal_code": "postal_code",
    "country": "country",
}
"""Address attributes of a golden record → columns of `contact_points`. They survive together or not at all."""

POINTS = ("email", "phone", "push_token", "push_subscription")
"""Attributes that are contact points of the kind of that name."""

ATTRIBUTES = (*CONTACT_VALUES, *POINTS, *ADDRESS_PARTS)
"""Everything survivorship chooses."""

_PROFILE_ID = Column("profile_id", "int64", "The profile.", pii=Pii.PSEUDONYM, required=True)

GOLDEN_RECORDS = TableSchema(
    "golden_records",
    "One row per profile: the surviving value of every attribute.",
    (
        _PROFILE_ID,
        Column("anonymous", "boolean", "Whether nothing says who this is: no record of a person, no identifier but "
               "those of devices and documents (orders, invoices, payments, tickets, deals), and no contact "
               "point.", required=True),
        Column("full_name", "string", "Name as one string; of its parts where the source has it in parts.",
               pii=Pii.DIRECT),
        *(CONTACTS.column(name) for name in CONTACT_VALUES if name != "full_name"),
        Column("email", "string", "E-mail address.", pii=Pii.DIRECT),
        Column("phone", "string", "Phone number, E.164; as it came where its country is not known.", pii=Pii.DIRECT),
        Column("push_token", "string", "Token by which an app on a device of theirs gets messages.", pii=Pii.DIRECT),
        Column("push_subscription", "string", "A browser's subscription to messages, JSON as its push service gave it.",
               pii=Pii.DIRECT),
        *(
            Column(name, "string", CONTACT_POINTS.column(part).description, pii=CONTACT_POINTS.column(part).pii)
            for name, part in ADDRESS_PARTS.items()
        ),
        Column("first_seen_at", INSTANT, "Earliest event time of the profile's rows."),
        Column("last_seen_at", INSTANT, "Latest event time of the profile's rows."),
        Column("records", "int64", "How many identity records the profile has.", unit="records", required=True),
        Column("sources", "string", "The systems that know the profile, sorted, separated by commas.", required=True),
    ),
    key=("profile_id",),
)  # fmt: skip

PROVENANCE = TableSchema(
    "provenance",
    "One row per surviving value: where it came from, when, and why it won over which others.",
    (
        _PROFILE_ID,
        Column("attribute", "string", "The column of `golden_records`.", required=True),
        Column("value", "string", "The surviving value as text.", pii=Pii.DIRECT, required=True),
        Column("source", "string", "The source system it came from.", required=True),
        Column("record_id", "int64", "The identity record it came from.", pii=Pii.PSEUDONYM, required=True),
        Column("observed_at", INSTANT, "When it last changed there; null if the source does not say."),
        Column("strategy", "string", "The rule that decided: a strategy's name, `only_value` where there was no other, "
               "`usable_first` where nobody can be reached by the others, or not from everywhere, or `tie_break` where "
               "all rules called it even.", required=True),
        Column("beaten", "string", "The values it beat, best first: JSON list of objects with place, value, source, "
               "record_id and observed_at. `[]` if none.", pii=Pii.DIRECT, required=True),
    ),
    key=("profile_id", "attribute"),
)  # fmt: skip

TIMELINE = TableSchema(
    "timeline",
    "One row per fact: everything each profile did and everything that was done to it, in one table.",
    (
        _PROFILE_ID,
        Column("occurred_at", INSTANT, "When it happened.", required=True),
        Column("kind", "string", "`event`, `order`, `refund`, `ticket`, `engagement`, `survey`, `consent`, "
               "`interaction`, `subscription`, `opportunity` or `loyalty`.", required=True),
        Column("source", "string", "The source system.", required=True),
        Column("native_id", "string", "The row's id at the source.", pii=Pii.PSEUDONYM, required=True),
        Column("title", "string", "What happened, in a few words.", pii=Pii.SENSITIVE, required=True),
        Column("amount_reporting", MONEY, "Order value net, or amount refunded, as positive numbers.",
               unit="reporting currency"),
    ),
    key=("kind", "source", "native_id"),
    event_time="occurred_at",
)  # fmt: skip
