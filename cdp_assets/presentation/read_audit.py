"""What the sources deliver, read from the snapshot: rows, span, freshness, and whom they know together.

Belongs here: queries. Does not belong here: measuring (`sources/audit.py`) and layout (`audit_text.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cdp_assets.warehouse.serving import Reader


@dataclass(frozen=True)
class Stream:
    """One stream. ``filled`` is the mean share of its columns that are filled; ``identifiers`` are their kinds."""

    source: str
    stream: str
    rows: int
    accepted: int
    quarantined: int
    columns: int
    filled: float
    earliest: datetime | None
    latest: datetime | None


@dataclass(frozen=True)
class Shared:
    """How many profiles of one source another one knows too (or it itself), and by which identifiers both know them."""

    source: str
    other: str
    profiles: int
    by: dict[str, int]


@dataclass(frozen=True)
class Contribution:
    """What a source knows: profiles in all, those known to it alone, and golden values that come from it."""

    source: str
    profiles: int
    alone: int
    golden_values: int


@dataclass(frozen=True)
class Audit:
    """The answer to "what do we have"."""

    streams: tuple[Stream, ...]
    shared: tuple[Shared, ...]
    contributions: tuple[Contribution, ...]
    untaken: tuple[str, ...] = ()
    """Files in the landing folder that no stream takes."""


_MEMBERS = """
    WITH members AS (
        SELECT DISTINCT r.source, m.profile_id
        FROM identity.profile_map m JOIN normalised.identity_records r USING (record_id)
        WHERE r.kind <> 'guest'
    )"""


def read_audit(reader: Reader) -> Audit:
    """Read the audit of the last run."""
    return Audit(tuple(_streams(reader)), tuple(_shared(reader)), tuple(_contributions(reader)))


def _streams(reader: Reader) -> list[Stream]:
    rows = reader.rows("""
        SELECT a.source, a.stream, any_value(a.rows) AS rows, coalesce(any_value(d.accepted), 0) AS accepted,
            coalesce(any_value(d.quarantined), 0) AS quarantined, count(*) AS columns,
            coalesce(avg(a.fill_rate), 0) AS filled, any_value(a.earliest_event_at) AS earliest,
            any_value(a.latest_event_at) AS latest
        FROM sources.source_audit a LEFT JOIN (
            SELECT source, stream, sum(rows) FILTER (disposition = 'accepted') AS accepted,
                sum(rows) FILTER (disposition = 'quarantined') AS quarantined
            FROM normalised.dispositions GROUP BY ALL) d ON a.source = d.source AND a.stream = d.stream
        GROUP BY a.source, a.stream ORDER BY a.source, a.stream""")
    return [Stream(**{**row, "accepted": int(row["accepted"]), "quarantined": int(row["quarantined"])}) for row in rows]


def _shared(reader: Reader) -> list[Shared]:
    pairs = reader.rows(f"""{_MEMBERS}
        SELECT a.source, b.source AS other, count(*) AS profiles
        FROM members a JOIN members b USING (profile_id) GROUP BY ALL ORDER BY 1, 2""")
    ties = reader.rows("""
        WITH known AS (
            SELECT DISTINCT r.source, i.namespace, i.identifier_type, i.identifier_value, m.profile_id
            FROM normalised.identifiers i
            JOIN normalised.identity_records r USING (record_id)
            JOIN identity.profile_map m USING (record_id)
        )
        SELECT a.source, b.source AS other, a.namespace || ' ' || a.identifier_type AS kind,
            count(DISTINCT a.profile_id) AS profiles
        FROM known a JOIN known b USING (namespace, identifier_type, identifier_value, profile_id)
        WHERE a.source <> b.source AND a.identifier_type <> 'email_base' GROUP BY ALL ORDER BY 1, 2, profiles DESC""")
    return [
        Shared(
            pair["source"],
            pair["other"],
            pair["profiles"],
            {
                tie["kind"]: tie["profiles"]
                for tie in ties
                if (tie["source"], tie["other"]) == (pair["source"], pair["other"])
            },
        )
        for pair in pairs
    ]


def _contributions(reader: Reader) -> list[Contribution]:
    rows = reader.rows(f"""{_MEMBERS},
        holders AS (SELECT profile_id, count(*) AS holders FROM members GROUP BY ALL),
        golden AS (SELECT source, count(*) AS golden_values FROM profiles.provenance GROUP BY ALL)
        SELECT m.source, count(*) AS profiles, count(*) FILTER (h.holders = 1) AS alone,
            coalesce(any_value(g.golden_values), 0) AS golden_values
        FROM members m JOIN holders h USING (profile_id) LEFT JOIN golden g USING (source)
        GROUP BY m.source ORDER BY 1""")
    return [Contribution(**row) for row in rows]
