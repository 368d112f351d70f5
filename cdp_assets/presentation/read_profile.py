"""From the serving snapshot to one person's `Profile`: found by any identifier, read by its id.

Belongs here: queries about one profile. Does not belong here: how it is shown (`profile_page.py`, `profile_text.py`),
and queries over all profiles (`read_report.py`).
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from cdp_assets.presentation import views
from cdp_assets.warehouse.serving import PUBLISHED, Reader

MONTHS_SHOWN = 24
"""How far back the spend by month goes."""

_CONTACT_POINTS = """
    SELECT DISTINCT identifiers.identifier_value
    FROM normalised.identifiers AS identifiers JOIN identity.profile_map AS profile_map USING (record_id)
    WHERE profile_map.profile_id = ?
"""
"""The addresses and numbers of a profile."""

_GOLDEN_PARTS = (
    "full_name", "given_name", "family_name", "email", "phone", "push_token", "push_subscription", "address_line_1",
    "address_line_2", "city", "region", "postal_code", "country", "birth_date", "birth_year", "gender", "company",
    "job_title", "language", "timezone", "first_seen_at", "last_seen_at", "records", "sources",
)  # fmt: skip


@dataclass(frozen=True)
class Match:
    """A profile that an identifier leads to.

    Args:
        profile_id: The profile.
        by: What matched: ``profile id``, ``older profile id``, or the identifier's type.
        name, email, city: Enough of the golden record to choose between several.
    """

    profile_id: int
    by: str
    name: str | None = None
    email: str | None = None
    city: str | None = None


def as_of(reader: Reader) -> datetime:
    """The instant of the run that published the snapshot, UTC; of one that was not told it, that of its last change."""
    if told := reader.note(*PUBLISHED):
        return datetime.fromisoformat(told)
    for stage, table, column in (("segments", "segment_sizes", "as_of"), ("identity", "profile_changes", "as_of")):
        if reader.has(stage, table):
            row = reader.one(f"SELECT max({column}) AS instant FROM {stage}.{table}")
            if row and row["instant"] is not None:
                return _utc(row["instant"])
    row = reader.one("SELECT max(last_seen_at) AS instant FROM profiles.golden_records")
    return _utc(row["instant"]) if row and row["instant"] is not None else datetime(1970, 1, 1, tzinfo=UTC)


def reporting_currency(reader: Reader) -> str:
    """The currency of amounts that say `reporting`: that of the rates, or without rates that of the orders that have
    such amounts, since they needed none.
    """
    for query in (
        "SELECT min(reporting_currency) AS currency FROM normalised.exchange_rates",
        "SELECT any_value(currency) AS currency FROM normalised.orders WHERE net_reporting IS NOT NULL",
    ):
        row = reader.one(query)
        if row and row["currency"]:
            return str(row["currency"])
    return ""


def find(reader: Reader, identifier: str) -> list[Match]:
    """Profiles that an identifier leads to: profile id, older id, e-mail, phone, or a number at a source.

    A namespace may stand before the value (``shop:1001``). Several profiles come back where people share an identifier.
    """
    text = unicodedata.normalize("NFKC", identifier).strip()
    if text.isdigit() and (matches := _by_profile_id(reader, int(text))):
        return matches
    return _by_identifier(reader, text) or _by_native_id(reader, text)


def read_profile(reader: Reader, match: Match, *, moments: int = 150) -> views.Profile:
    """Everything the snapshot holds about one profile.

    Args:
        reader: The snapshot.
        match: From `find`.
        moments: How many entries of the timeline to read, latest first.

    Raises:
        LookupError: if the profile is not in the snapshot.
    """
    profile_id, now = match.profile_id, as_of(reader)
    golden = reader.one("SELECT * FROM profiles.golden_records WHERE profile_id = ?", [profile_id])
    if golden is None:
        raise LookupError(f"profile {profile_id} is not in the snapshot")
    timeline = reader.rows(
        "SELECT * FROM profiles.timeline WHERE profile_id = ? ORDER BY occurred_at DESC, kind, native_id LIMIT ?",
        [profile_id, moments],
    )
    total = reader.one("SELECT count(*) AS moments FROM profiles.timeline WHERE profile_id = ?", [profile_id])
    redirect = _redirect(match)
    return views.Profile(
        profile_id=profile_id,
        as_of=now,
        anonymous=bool(golden["anonymous"]),
        golden={name: _value(golden[name]) for name in _GOLDEN_PARTS if golden.get(name) is not None},
        redirected_from=redirect,
        survivals=tuple(_survivals(reader, profile_id)),
        attributes=_attributes(reader, profile_id, set(golden)),
        segments=tuple(
            views.Membership(row["segment"], _utc_or_none(row["entered_at"]))
            for row in reader.rows(
                "SELECT segment, entered_at FROM segments.memberships WHERE profile_id = ? ORDER BY segment",
                [profile_id],
            )
        ),
        consents=tuple(_consents(reader, profile_id)),
        suppressions=tuple(_suppressions(reader, profile_id)),
        identifiers=tuple(_identifiers(reader, profile_id)),
        records=tuple(_records(reader, profile_id)),
        timeline=tuple(
            views.Moment(
                occurred_at=_utc(row["occurred_at"]),
                kind=row["kind"],
                source=row["source"],
                title=row["title"] or "",
                native_id=row["native_id"],
                amount=row["amount_reporting"],
            )
            for row in timeline
        ),
        moments=int(total["moments"]) if total else 0,
        spend_by_month=_spend_by_month(reader, profile_id, now),
        currency=reporting_currency(reader),
    )


def ids_of(reader: Reader, profile_id: int) -> list[int]:
    """A profile's id, and those that were given up for it."""
    if not reader.has("identity", "redirects"):
        return [profile_id]
    older = "SELECT old_profile_id FROM identity.redirects WHERE profile_id = ? ORDER BY old_profile_id"
    return [profile_id, *(row["old_profile_id"] for row in reader.rows(older, [profile_id]))]


def _by_profile_id(reader: Reader, number: int) -> list[Match]:
    if number >= 1 << 63:
        return []
    found = _matches(reader, [(number, "profile id")])
    if found or not reader.has("identity", "redirects"):
        return found
    moved = reader.rows("SELECT profile_id FROM identity.redirects WHERE old_profile_id = ?", [number])
    return _matches(reader, [(row["profile_id"], f"older profile id {number}") for row in moved])


def _by_identifier(reader: Reader, text: str) -> list[Match]:
    namespace, _, rest = text.partition(":")
    rows = reader.rows(
        """
        SELECT DISTINCT profile_map.profile_id, identifiers.identifier_type
        FROM normalised.identifiers AS identifiers
        JOIN identity.profile_map AS profile_map USING (record_id)
        WHERE lower(identifiers.identifier_value) = lower(?)
           OR (identifiers.namespace = ? AND lower(identifiers.identifier_value) = lower(?))
           OR (identifiers.identifier_type = 'phone' AND (identifiers.identifier_value = ? OR
               (? <> '' AND ends_with(identifiers.identifier_value, ?))))
        ORDER BY ALL
        """,
        [text, namespace, rest, *_phone_forms(text)],
    )
    return _matches(reader, [(row["profile_id"], row["identifier_type"]) for row in rows])


def _by_native_id(reader: Reader, text: str) -> list[Match]:
    source, _, rest = text.partition(":")
    rows = reader.rows(
        """
        SELECT DISTINCT profile_map.profile_id, records.source
        FROM normalised.identity_records AS records
        JOIN identity.profile_map AS profile_map USING (record_id)
        WHERE records.native_id = ? OR (records.source = ? AND records.native_id = ?)
           OR CAST(records.record_id AS VARCHAR) = ?
        ORDER BY ALL
        """,
        [text, source, rest, text],
    )
    return _matches(reader, [(row["profile_id"], f"record of {row['source']}") for row in rows])


def _phone_forms(text: str) -> tuple[str, str, str]:
    """A phone number as typed → its international form, and the national digits to look for (twice, for the query)."""
    if any(letter.isalpha() or letter == "@" for letter in text):
        return "", "", ""
    digits = "".join(letter for letter in text if letter.isdigit())
    if text.startswith("+"):
        return f"+{digits}", "", ""
    if digits.startswith("00"):
        return f"+{digits[2:]}", "", ""
    national = digits.lstrip("0")
    national = national if len(national) >= 6 else ""
    return f"+{digits}", national, national


def _matches(reader: Reader, found: Iterable[tuple[int, str]]) -> list[Match]:
    by: dict[int, str] = {}
    for profile_id, reason in found:
        by.setdefault(profile_id, reason)
    if not by:
        return []
    rows = reader.rows(
        f"SELECT profile_id, full_name, email, city FROM profiles.golden_records "
        f"WHERE profile_id IN ({', '.join('?' * len(by))}) ORDER BY records DESC, profile_id",
        list(by),
    )
    return [
        Match(row["profile_id"], by[row["profile_id"]], row["full_name"], row["email"], row["city"]) for row in rows
    ]


def _redirect(match: Match) -> int | None:
    words = match.by.split()
    return int(words[-1]) if match.by.startswith("older profile id") else None


def _survivals(reader: Reader, profile_id: int) -> Iterable[views.Surviving]:
    rows = reader.rows(
        "SELECT attribute, value, source, record_id, observed_at, strategy, beaten "
        "FROM profiles.provenance WHERE profile_id = ?",
        [profile_id],
    )
    order = {name: position for position, name in enumerate(_GOLDEN_PARTS)}
    for row in sorted(rows, key=lambda each: (order.get(each["attribute"], len(order)), each["attribute"])):
        yield views.Surviving(
            attribute=row["attribute"],
            value=str(row["value"]),
            source=row["source"] or "",
            record_id=row["record_id"],
            observed_at=_utc_or_none(row["observed_at"]),
            strategy=str(row["strategy"] or "").replace("_", " "),
            beaten=_beaten(row["beaten"]),
        )


def _beaten(text: str | None) -> tuple[views.Beaten, ...]:
    return tuple(
        views.Beaten(
            value=str(item["value"]),
            source=str(item.get("source") or ""),
            observed_at=_utc(datetime.fromisoformat(item["observed_at"])) if item.get("observed_at") else None,
        )
        for item in json.loads(text or "[]")
    )


def _attributes(reader: Reader, profile_id: int, known: set[str]) -> dict[str, Any]:
    row = reader.one("SELECT * FROM attributes.customer_360 WHERE profile_id = ?", [profile_id]) or {}
    return {name: _value(item) for name, item in row.items() if name not in known}


def _consents(reader: Reader, profile_id: int) -> Iterable[views.Consent]:
    rows = reader.rows(
        f"SELECT * FROM privacy.consent_state WHERE contact_point IN ({_CONTACT_POINTS}) "
        "ORDER BY contact_point, purpose, channel",
        [profile_id],
    )
    for row in rows:
        yield views.Consent(
            contact_point=row["contact_point"],
            purpose=row["purpose"],
            channel=row["channel"],
            status=row["status"],
            explicit=bool(row["explicit"]),
            since=_utc_or_none(row["since"]),
            expires_at=_utc_or_none(row["expires_at"]),
            legal_basis=row["legal_basis"],
            source=row["source"],
        )


def _suppressions(reader: Reader, profile_id: int) -> Iterable[views.Suppression]:
    rows = reader.rows(
        f"SELECT * FROM privacy.suppressions WHERE contact_point IN ({_CONTACT_POINTS}) "
        "ORDER BY contact_point, channel, reason",
        [profile_id],
    )
    for row in rows:
        yield views.Suppression(row["contact_point"], row["channel"], row["reason"], _utc_or_none(row["since"]))


def _identifiers(reader: Reader, profile_id: int) -> Iterable[views.Identifier]:
    rows = reader.rows(
        """
        SELECT identifiers.namespace, identifiers.identifier_type, identifiers.identifier_value,
               list_sort(list_distinct(list(records.source))) AS sources,
               max(identifiers.last_seen_at) AS last_seen_at
        FROM identity.profile_map AS profile_map
        JOIN normalised.identifiers AS identifiers USING (record_id)
        JOIN normalised.identity_records AS records USING (record_id)
        WHERE profile_map.profile_id = ? AND identifiers.identifier_type <> 'email_base'
        GROUP BY ALL ORDER BY identifiers.identifier_type, identifiers.namespace, identifiers.identifier_value
        """,
        [profile_id],
    )
    for row in rows:
        yield views.Identifier(
            namespace=row["namespace"],
            identifier_type=row["identifier_type"],
            value=row["identifier_value"],
            sources=tuple(row["sources"]),
            last_seen_at=_utc_or_none(row["last_seen_at"]),
        )


def _records(reader: Reader, profile_id: int) -> Iterable[views.Record]:
    rows = reader.rows(
        """
        SELECT DISTINCT records.*
        FROM identity.profile_map AS profile_map JOIN normalised.identity_records AS records USING (record_id)
        WHERE profile_map.profile_id = ? ORDER BY records.kind = 'person' DESC, records.source, records.record_id
        """,
        [profile_id],
    )
    for row in rows:
        yield views.Record(
            record_id=row["record_id"],
            source=row["source"],
            stream=row["stream"],
            kind=row["kind"],
            native_id=row["native_id"],
            first_seen_at=_utc_or_none(row["first_seen_at"]),
            last_seen_at=_utc_or_none(row["last_seen_at"]),
            rows=row["rows"],
            closed=row.get("closed", False),  # a snapshot of an earlier version does not tell
        )


def _spend_by_month(reader: Reader, profile_id: int, now: datetime) -> tuple[tuple[date, float], ...]:
    rows = reader.rows(
        """
        SELECT CAST(date_trunc('month', occurred_at) AS DATE) AS month,
               sum(CASE WHEN kind = 'refund' THEN -amount_reporting ELSE amount_reporting END) AS spend
        FROM profiles.timeline WHERE profile_id = ? AND kind IN ('order', 'refund') AND amount_reporting IS NOT NULL
        GROUP BY ALL ORDER BY month
        """,
        [profile_id],
    )
    spend = {row["month"]: float(row["spend"]) for row in rows}
    if not spend:
        return ()
    latest = now.year * 12 + now.month - 1
    first = min(spend)
    earliest = max(first.year * 12 + first.month - 1, latest - MONTHS_SHOWN + 1)
    months = [date(number // 12, number % 12 + 1, 1) for number in range(earliest, latest + 1)]
    return tuple((month, spend.get(month, 0.0)) for month in months)


def _utc(value: datetime) -> datetime:
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _utc_or_none(value: datetime | None) -> datetime | None:
    return None if value is None else _utc(value)


def _value(item: Any) -> Any:
    return _utc(item) if isinstance(item, datetime) else item
