"""The canonical tables: what every source is mapped to and every later stage reads.

Belongs here: column lists. Does not belong here: how a table is filled (`normalised/`) or used.
"""

from __future__ import annotations

from cdp_assets.canonical.schema import INSTANT, MONEY, Column, Pii, TableSchema

RECORD_ID = Column(
    "record_id",
    "int64",
    "The identity observation this row hangs on (see `identity_records`).",
    pii=Pii.PSEUDONYM,
    required=True,
)

LINEAGE_COLUMNS = (
    Column("source", "string", "The source system the row came from.", required=True),
    Column(
        "native_id",
        "string",
        "The row's id at the source; unique within the source and table.",
        pii=Pii.PSEUDONYM,
        required=True,
    ),
    Column("updated_at", INSTANT, "When the row last changed at the source."),
    Column("load_id", "string", "The delivery that brought the row.", required=True),
    Column("source_row", "int64", "Row number within the delivered file, from 1.", required=True),
)


def _fact(
    name: str, description: str, *columns: Column, event_time: str, key: tuple[str, ...] = ("source", "native_id")
) -> TableSchema:
    return TableSchema(name, description, (RECORD_ID, *columns, *LINEAGE_COLUMNS), key=key, event_time=event_time)


IDENTITY_RECORDS = TableSchema(
    "identity_records",
    "One row per identity observation: a record of a person at a source (contact, account member), or one distinct "
    "set of identifiers that facts of a source carry. A fact without any identifier is a record of its own.",
    (
        RECORD_ID,
        Column("source", "string", "The source system.", required=True),
        Column("stream", "string", "The stream of the source.", required=True),
        Column("kind", "string", "`person` (a record about a person), `fact` (a set of identifiers on facts) or "
               "`guest` (a fact without identifiers).", required=True),
        Column("native_id", "string", "For persons: the id at the source. Null for facts.", pii=Pii.PSEUDONYM),
        Column("first_seen_at", INSTANT, "Earliest event time of the rows behind it."),
        Column("last_seen_at", INSTANT, "Latest event time of the rows behind it."),
        Column("rows", "int64", "How many rows hang on it.", unit="rows", required=True),
        Column("closed", "boolean", "Whether its source has deleted it, or leaves it out of its latest snapshot: what "
               "it said last ties it to its person, and reaches nobody.", required=True),
    ),
    key=("record_id",),
)  # fmt: skip

IDENTIFIERS = TableSchema(
    "identifiers",
    "One row per identifier that a record carries, normalised. E-mail and phone share the namespace `global`; "
    "numbers live in their system's namespace.",
    (
        RECORD_ID,
        Column("namespace", "string", "`global`, or the system the number belongs to.", required=True),
        Column("identifier_type", "string", "`user_id`, `customer_number`, `loyalty_number`, `email`, `email_base` "
               "(provider dots and tags removed; weaker), `phone`, `device_id`, `anonymous_id` …", required=True),
        Column("identifier_value", "string", "The normalised value.", pii=Pii.DIRECT, required=True),
        Column("first_seen_at", INSTANT, "When the record first carried it."),
        Column("last_seen_at", INSTANT, "When the record last carried it."),
    ),
    key=("record_id", "namespace", "identifier_type", "identifier_value"),
)  # fmt: skip

KNOWN_BY = ("email", "phone")
"""Contact points that are identifiers too, of the type of that name."""

IDENTIFIER_ALIASES = TableSchema(
    "identifier_aliases",
    "One row per renaming of an identifier by its own system (Segment's `alias`): the old value means the same person "
    "as the new one. Values are normalised as in `identifiers`.",
    (
        Column("namespace", "string", "Namespace of both values, as in `identifiers`.", required=True),
        Column("identifier_type", "string", "Type of both values, as in `identifiers`; mostly `user_id`.",
               required=True),
        Column("old_value", "string", "The value given up.", pii=Pii.DIRECT, required=True),
        Column("new_value", "string", "The value that takes its place.", pii=Pii.DIRECT, required=True),
        Column("occurred_at", INSTANT, "When it was renamed."),
        *LINEAGE_COLUMNS,
    ),
    key=("source", "native_id"),
)  # fmt: skip

_CONTACT_VALUES = (
    Column("full_name", "string", "Name as one string.", pii=Pii.DIRECT),
    Column("given_name", "string", "Given name.", pii=Pii.DIRECT),
    Column("family_name", "string", "Family name.", pii=Pii.DIRECT),
    Column("birth_date", "date", "Date of birth.", pii=Pii.DIRECT),
    Column("birth_year", "int64", "Year of birth, where a source tells no more.", unit="year", pii=Pii.DIRECT),
    Column("gender", "string", "Gender as the source spells it, lower case.", pii=Pii.DIRECT),
    Column("company", "string", "Employer or company.", pii=Pii.DIRECT),
    Column("job_title", "string", "Job title.", pii=Pii.DIRECT),
    Column("language", "string", "Preferred language, BCP 47 or ISO 639-1.", pii=Pii.NONE),
    Column("timezone", "string", "IANA time zone name.", pii=Pii.NONE),
)

CONTACT_VALUES = tuple(column.name for column in _CONTACT_VALUES)
"""The attributes of a contact that survivorship chooses between."""

CONTACTS = TableSchema(
    "contacts",
    "One row per record of a person at a source, with its current values and when each last changed.",
    (
        RECORD_ID,
        *_CONTACT_VALUES,
        Column("created_at", INSTANT, "When the source created the record."),
        *(
            Column(f"{name}_changed_at", INSTANT, f"When `{name}` last changed (a snapshot repeating it is not news).")
            for name in CONTACT_VALUES
        ),
        *LINEAGE_COLUMNS,
    ),
    key=("record_id",),
)

CONTACT_POINTS = TableSchema(
    "contact_points",
    "One row per way to reach a record's person: e-mail, phone, postal address or push.",
    (
        RECORD_ID,
        Column("kind", "string", "`email`, `phone`, `postal`, `push_token` (of an app) or `push_subscription` (of a "
               "browser, as JSON).", required=True),
        Column("value", "string", "The normalised value; for postal addresses the parts in one line.", pii=Pii.DIRECT,
               required=True),
        Column("line_1", "string", "First address line.", pii=Pii.DIRECT),
        Column("line_2", "string", "Second address line.", pii=Pii.DIRECT),
        Column("city", "string", "City.", pii=Pii.DIRECT),
        Column("region", "string", "Region, state or province.", pii=Pii.DIRECT),
        Column("postal_code", "string", "Postal code.", pii=Pii.DIRECT),
        Column("country", "string", "Country, ISO 3166-1 alpha-2.", pii=Pii.NONE),
        Column("verified", "boolean", "Whether the source verified it."),
        Column("status", "string", "`active`, `bounced`, `complained` or `invalid`.", required=True),
        Column("changed_at", INSTANT, "When the record first carried this value; where it had another one in between, "
               "when it came back to it."),
        *LINEAGE_COLUMNS,
    ),
    key=("record_id", "kind", "value"),
)  # fmt: skip

EVENTS = _fact(
    "events",
    "One row per event on web, app or elsewhere.",
    Column("event_id", "string", "The event's own id (message id).", required=True),
    Column("event_name", "string", "What happened; `page` and `screen` for views.", required=True),
    Column("occurred_at", INSTANT, "When it happened, corrected for the client's clock.", required=True),
    Column("received_at", INSTANT, "When it was received."),
    Column("session_id", "string", "The client's session id.", pii=Pii.PSEUDONYM),
    Column("page_url", "string", "URL of the page."),
    Column("referrer", "string", "Referring URL."),
    Column("utm_source", "string", "Campaign source."),
    Column("utm_medium", "string", "Campaign medium."),
    Column("utm_campaign", "string", "Campaign name."),
    Column("utm_term", "string", "Campaign term."),
    Column("utm_content", "string", "Campaign content."),
    Column("click_id", "string", "Ad click id (gclid, fbclid …).", pii=Pii.PSEUDONYM),
    Column("device_type", "string", "`desktop`, `mobile`, `tablet` …"),
    Column("locale", "string", "Locale of the client."),
    Column(
        "network",
        "string",
        "Keyed hash of the network that the client was on (of an IP address the first 24 bits, "
        "of an IPv6 address 48); null for private addresses.",
        pii=Pii.PSEUDONYM,
    ),
    Column(
        "place", "string", "City or other small area that the client was in, as the source tells it.", pii=Pii.PSEUDONYM
    ),
    Column("properties", "string", "All other properties as JSON text.", pii=Pii.SENSITIVE),
    event_time="occurred_at",
)

_ORDER_AMOUNTS = tuple(
    Column(f"{part}{suffix}", MONEY, f"{text}{', in the reporting currency' if suffix else ''}.", unit=unit)
    for suffix, unit in (("", "currency"), ("_reporting", "reporting currency"))
    for part, text in (
        ("gross", "List price of the lines"),
        ("discount", "Discount, as a positive number"),
        ("shipping", "Shipping"),
        ("tax", "Tax"),
        ("net", "gross − discount, without tax and shipping"),
    )
)

ORDERS = _fact(
    "orders",
    "One row per order, as placed: later refunds are facts of their own.",
    Column("order_id", "string", "Order number at the source.", pii=Pii.PSEUDONYM, required=True),
    Column("ordered_at", INSTANT, "When it was placed.", required=True),
    Column("sales_channel", "string", "`web`, `store` …"),
    Column("currency", "string", "ISO 4217 code of the amounts.", required=True),
    *_ORDER_AMOUNTS,
    event_time="ordered_at",
)

ORDER_LINES = _fact(
    "order_lines",
    "One row per line of an order.",
    Column("order_id", "string", "The order it belongs to.", pii=Pii.PSEUDONYM, required=True),
    Column(
        "ordered_at",
        INSTANT,
        "When the order was placed; that of the order where the line names none, and null "
        "as long as that order is not there.",
    ),
    Column("product_id", "string", "Product or SKU at the source."),
    Column("product_name", "string", "Product name."),
    Column("category", "string", "Product category."),
    Column("quantity", "float64", "Units ordered.", unit="units"),
    Column("unit_price", MONEY, "List price of one unit.", unit="currency"),
    Column("amount", MONEY, "quantity × unit price, before discount.", unit="currency"),
    Column("currency", "string", "ISO 4217 code of the amounts; that of the order where the line names none."),
    event_time="ordered_at",
)

REFUNDS = _fact(
    "refunds",
    "One row per refund or cancellation: a timed fact, never a changed order, so that back-tests cannot see the "
    "future.",
    Column("refund_id", "string", "Refund number at the source.", pii=Pii.PSEUDONYM, required=True),
    Column("order_id", "string", "The order refunded, where known.", pii=Pii.PSEUDONYM),
    Column("refunded_at", INSTANT, "When it was refunded.", required=True),
    Column("reason", "string", "Reason code."),
    Column("currency", "string", "ISO 4217 code of the amount.", required=True),
    Column("amount", MONEY, "Amount given back, as a positive number.", unit="currency", required=True),
    Column("amount_reporting", MONEY, "The same in the reporting currency.", unit="reporting currency"),
    event_time="refunded_at",
)

PRODUCTS = TableSchema(
    "products",
    "One row per product of a source.",
    (
        Column("product_id", "string", "Product or SKU at the source.", required=True),
        Column("product_name", "string", "Product name."),
        Column("category", "string", "Product category."),
        Column("unit_price", MONEY, "Latest list price seen.", unit="currency"),
        Column("currency", "string", "ISO 4217 code of the price."),
        *LINEAGE_COLUMNS,
    ),
    key=("source", "product_id"),
)

SUBSCRIPTIONS = _fact(
    "subscriptions",
    "One row per change of a subscription: start, renewal, cancellation.",
    Column("subscription_id", "string", "Subscription at the source.", pii=Pii.PSEUDONYM, required=True),
    Column("action", "string", "`started`, `renewed` or `cancelled`.", required=True),
    Column("occurred_at", INSTANT, "When.", required=True),
    Column("plan", "string", "Plan or product subscribed to."),
    Column("currency", "string", "ISO 4217 code of the amount."),
    Column("amount", MONEY, "Amount per period.", unit="currency"),
    event_time="occurred_at",
)

LOYALTY = _fact(
    "loyalty",
    "One row per movement of a loyalty account.",
    Column("movement", "string", "`joined`, `earned`, `redeemed`, `expired`, `tier_changed`.", required=True),
    Column("occurred_at", INSTANT, "When.", required=True),
    Column("points", "float64", "Points added (or taken, negative).", unit="points"),
    Column("tier", "string", "Tier after the movement."),
    event_time="occurred_at",
)

ENGAGEMENTS = _fact(
    "engagements",
    "One row per contact with a message or campaign.",
    Column("channel", "string", "`email`, `sms`, `whatsapp`, `web_push`, `app_push`, `ads`, `onsite` or `event`.",
           required=True),
    Column("campaign_id", "string", "Campaign at the source."),
    Column("variant", "string", "Variant of the message."),
    Column("action", "string", "`sent`, `delivered`, `opened`, `clicked`, `bounced`, `complained`, `unsubscribed`, "
           "`attended` or `viewed`.", required=True),
    Column("occurred_at", INSTANT, "When.", required=True),
    Column("contact_point", "string", "The normalised e-mail or phone it went to, where known.", pii=Pii.DIRECT),
    event_time="occurred_at",
)  # fmt: skip

INTERACTIONS = _fact(
    "interactions",
    "One row per call, chat or note.",
    Column("kind", "string", "`call`, `chat` or `note`.", required=True),
    Column("direction", "string", "`inbound` or `outbound`."),
    Column("occurred_at", INSTANT, "When it began.", required=True),
    Column("duration_seconds", "float64", "How long it took.", unit="seconds"),
    Column("topic", "string", "Topic."),
    Column("body", "string", "Text.", pii=Pii.SENSITIVE),
    event_time="occurred_at",
)

TICKETS = _fact(
    "tickets",
    "One row per support ticket in its latest state.",
    Column("ticket_id", "string", "Ticket at the source.", pii=Pii.PSEUDONYM, required=True),
    Column("opened_at", INSTANT, "When it was opened.", required=True),
    Column("first_response_at", INSTANT, "When it was first answered."),
    Column("resolved_at", INSTANT, "When it was resolved; null while open."),
    Column("status", "string", "`open`, `pending`, `resolved` or `closed`."),
    Column("priority", "string", "`low`, `normal`, `high` or `urgent`."),
    Column("topic", "string", "Topic."),
    Column("satisfaction", "string", "`good` or `bad`, as rated."),
    Column("subject", "string", "Subject line.", pii=Pii.SENSITIVE),
    event_time="opened_at",
)

SURVEY_RESPONSES = _fact(
    "survey_responses",
    "One row per answer to a survey.",
    Column("survey", "string", "Which survey (`nps` …).", required=True),
    Column("score", "float64", "Score given.", unit="points"),
    Column("comment", "string", "Free text.", pii=Pii.SENSITIVE),
    Column("responded_at", INSTANT, "When.", required=True),
    event_time="responded_at",
)

CONSENTS = _fact(
    "consents",
    "One row per word on consent: contact point × purpose × channel.",
    Column("contact_point", "string", "The normalised e-mail, phone or other contact point; null where the word is for "
           "all of the person's.", pii=Pii.DIRECT),
    Column("purpose", "string", "`marketing`, `personalisation`, `analytics` …", required=True),
    Column("channel", "string", "`email`, `sms`, `ads` …, as in `engagements`, or `any`.", required=True),
    Column("status", "string", "`granted`, `denied`, `withdrawn` or `pending`.", required=True),
    Column("explicit", "boolean", "True for the person's own word, false for a flag stamped by an export.",
           required=True),
    Column("legal_basis", "string", "Legal basis, e.g. `consent` or `legitimate_interest`."),
    Column("evidence", "string", "Where and how it was given.", pii=Pii.SENSITIVE),
    Column("occurred_at", INSTANT, "When it was said.", required=True),
    Column("expires_at", INSTANT, "When it ends; null if it does not."),
    event_time="occurred_at",
)  # fmt: skip

ACCOUNTS = TableSchema(
    "accounts",
    "One row per account (company) of a source that sells to companies.",
    (
        Column("account_id", "string", "Account at the source.", required=True),
        Column("account_name", "string", "Its name."),
        Column("parent_account_id", "string", "The account it belongs to."),
        Column("domain", "string", "Domain of its website."),
        Column("industry", "string", "Industry, as the source spells it."),
        Column("employees", "int64", "How many people work there.", unit="people"),
        Column("city", "string", "City."),
        Column("country", "string", "Country, ISO 3166-1 alpha-2."),
        Column("owner", "string", "Who answers for it at the seller."),
        Column("created_at", INSTANT, "When the source created it."),
        *LINEAGE_COLUMNS,
    ),
    key=("source", "account_id"),
)

OPPORTUNITIES = _fact(
    "opportunities",
    "One row per opportunity (deal) in its latest state.",
    Column("opportunity_id", "string", "Opportunity at the source.", pii=Pii.PSEUDONYM, required=True),
    Column("account_id", "string", "The account it is with, as in `accounts`."),
    Column("opportunity_name", "string", "Its name.", pii=Pii.SENSITIVE),
    Column("stage", "string", "Stage, as the source spells it.", required=True),
    Column("status", "string", "`open`, `won` or `lost`."),
    Column("currency", "string", "ISO 4217 code of the amount."),
    Column("amount", MONEY, "What it is worth.", unit="currency"),
    Column("owner", "string", "Who answers for it at the seller."),
    Column("opened_at", INSTANT, "When it was opened.", required=True),
    Column("closed_at", INSTANT, "When it was won or lost; null while open."),
    event_time="opened_at",
)

EXCHANGE_RATES = TableSchema(
    "exchange_rates",
    "One row per currency and day from which a rate holds, until the next one.",
    (
        Column("currency", "string", "ISO 4217 code.", required=True),
        Column("valid_from", "date", "First day the rate holds.", required=True),
        Column("rate", "float64", "Units of the reporting currency for one unit of `currency`.", required=True),
        Column("reporting_currency", "string", "ISO 4217 code of the reporting currency.", required=True),
    ),
    key=("currency", "valid_from"),
)

QUARANTINE = TableSchema(
    "quarantine",
    "One row per source row that was refused, as it came, with the reason; also per row that counts, but of which a "
    "map made nothing: no row of its order has what an order needs, or a later one bears the same id.",
    (
        Column("source", "string", "The source system.", required=True),
        Column("stream", "string", "The stream of the source.", required=True),
        Column("load_id", "string", "The delivery that brought the row.", required=True),
        Column("source_file", "string", "File name, relative to the landing folder.", required=True),
        Column("source_row", "int64", "Row number within the file, from 1.", required=True),
        Column("reason", "string", "Why it was refused: the rule that failed.", required=True),
        Column("column_name", "string", "The column at fault, where one is."),
        Column("raw", "string", "The row as it came: JSON of its columns, or the broken line.", pii=Pii.SENSITIVE),
    ),
    key=("source", "stream", "load_id", "source_row"),
)

DISPOSITIONS = TableSchema(
    "dispositions",
    "One row per delivery and disposition: what became of its source rows. The four dispositions of a delivery add up "
    "to the rows read; each row's own is in the typed rows of its stream.",
    (
        Column("source", "string", "The source system.", required=True),
        Column("stream", "string", "The stream of the source.", required=True),
        Column("load_id", "string", "The delivery that brought the rows.", required=True),
        Column("disposition", "string", "`accepted`, `duplicate`, `superseded` or `quarantined`.", required=True),
        Column("rows", "int64", "How many source rows.", unit="rows", required=True),
    ),
    key=("source", "stream", "load_id", "disposition"),
)

FACTS: tuple[TableSchema, ...] = (
    EVENTS,
    ORDERS,
    ORDER_LINES,
    REFUNDS,
    SUBSCRIPTIONS,
    LOYALTY,
    ENGAGEMENTS,
    INTERACTIONS,
    TICKETS,
    SURVEY_RESPONSES,
    CONSENTS,
    OPPORTUNITIES,
)
"""Tables of timed facts about a record's person; each carries `record_id` and an event time."""

MAPPED: tuple[TableSchema, ...] = (
    CONTACTS,
    CONTACT_POINTS,
    IDENTIFIER_ALIASES,
    *FACTS,
    PRODUCTS,
    ACCOUNTS,
    EXCHANGE_RATES,
)
"""The tables that a source's mapping may feed directly."""

TABLES: dict[str, TableSchema] = {
    table.name: table for table in (*MAPPED, IDENTITY_RECORDS, IDENTIFIERS, QUARANTINE, DISPOSITIONS)
}
