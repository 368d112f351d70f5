"""The pairs that wait for a steward, with what is known of both sides, unmasked.

Belongs here: the queries. Does not belong here: layout (`review_text.py`), keeping answers (`cli_identity.py`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cdp_assets.warehouse.serving import Reader

_FACTS = {
    "name": "SELECT DISTINCT coalesce(nullif(concat_ws(' ', given_name, family_name), ''), full_name) AS value "
    "FROM normalised.contacts JOIN members USING (record_id)",
    "birth date": "SELECT DISTINCT coalesce(CAST(birth_date AS VARCHAR), CAST(birth_year AS VARCHAR)) AS value "
    "FROM normalised.contacts JOIN members USING (record_id)",
    "company": "SELECT DISTINCT company AS value FROM normalised.contacts JOIN members USING (record_id)",
    "e-mail": "SELECT DISTINCT identifier_value AS value FROM normalised.identifiers JOIN members USING (record_id) "
    "WHERE identifier_type = 'email'",
    "phone": "SELECT DISTINCT identifier_value AS value FROM normalised.identifiers JOIN members USING (record_id) "
    "WHERE identifier_type = 'phone'",
    "address": "SELECT DISTINCT concat_ws(', ', line_1, postal_code, city, country) AS value "
    "FROM normalised.contact_points JOIN members USING (record_id) WHERE kind = 'postal'",
    "number": "SELECT DISTINCT namespace || ' ' || replace(identifier_type, '_', ' ') || ' ' || identifier_value "
    "AS value FROM normalised.identifiers JOIN members USING (record_id) WHERE namespace <> 'global' "
    "AND identifier_type NOT IN ('anonymous_id', 'device_id', 'click_id', 'order_number', 'invoice_number', "
    "'ticket_id')",
    "records": "SELECT count(*) || ' ' || source AS value FROM normalised.identity_records "
    "JOIN members USING (record_id) GROUP BY source",
    "known": "SELECT strftime(min(first_seen_at), '%d %b %Y') || ' to ' || strftime(max(last_seen_at), '%d %b %Y') "
    "AS value FROM normalised.identity_records JOIN members USING (record_id)",
}
"""What a steward wants to see of a profile → the query for it."""

COMPARABLE = ("name", "birth date", "company", "e-mail", "phone", "address", "number")
"""Facts whose difference says something."""


@dataclass(frozen=True)
class Weight:
    """One comparison of two records, and what it says for (or against) one person, as a binary logarithm."""

    comparison: str
    level: str
    weight: float


@dataclass(frozen=True)
class Candidate:
    """Two profiles that may be one person.

    Args:
        profiles: Their ids.
        records: The records compared, the smaller id first.
        probability: How likely they are one person.
        reason: Why it was not decided.
        waterfall: What spoke for and against it.
        left, right: Fact → values, unmasked.
    """

    profiles: tuple[int, int]
    records: tuple[int, int]
    probability: float
    reason: str
    waterfall: tuple[Weight, ...]
    left: dict[str, tuple[str, ...]]
    right: dict[str, tuple[str, ...]]


def read_review(reader: Reader) -> list[Candidate]:
    """All pairs in the queue, the likeliest first."""
    rows = reader.rows(
        "SELECT * FROM identity.review_queue ORDER BY probability DESC, left_profile_id, right_profile_id"
    )
    return [_candidate(reader, row) for row in rows]


def _candidate(reader: Reader, row: dict[str, Any]) -> Candidate:
    left, right = row["left_record_id"], row["right_record_id"]
    return Candidate(
        profiles=(row["left_profile_id"], row["right_profile_id"]),
        records=(min(left, right), max(left, right)),
        probability=row["probability"],
        reason=row["reason"],
        waterfall=tuple(Weight(**part) for part in json.loads(row["evidence"] or "[]")),
        left=_facts(reader, row["left_profile_id"]),
        right=_facts(reader, row["right_profile_id"]),
    )


def _facts(reader: Reader, profile: int) -> dict[str, tuple[str, ...]]:
    members = "WITH members AS (SELECT DISTINCT record_id FROM identity.profile_map WHERE profile_id = ?) "
    found = {}
    for name, query in _FACTS.items():
        rows = reader.rows(f"{members} SELECT value FROM ({query}) WHERE value <> '' ORDER BY value", [profile])
        found[name] = tuple(row["value"] for row in rows)
    return found
